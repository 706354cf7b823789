/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * plan — what a turn will do to each file: read it, list it as skipped, drop
 * it, take over what a dropped one said, or nothing. Made by comparing the tree with the version that is served.
 * Ownership: items borrow their paths from the work, from the discoveries that
 *            the plan keeps, or from the prior version.
 * Threads:   the runner.
 * Invariants: a path occurs once; a path that is neither in the tree nor in
 *            the version does not occur.
 */
#include "rebuild/build.h"

enum { SQ_PLAN_READ, SQ_PLAN_SKIP, SQ_PLAN_REMOVE, SQ_PLAN_MOVE };
struct sq_plan_item {
	struct sq_slice path;
	struct sq_identity id;          /* READ: size for the schedule; SKIP, MOVE: kept */
	const struct sq_bound *bound;   /* REMOVE: what goes; MOVE: what is at @path now */
	uint8_t what;
	bool is_named;                  /* by an event: its bytes are looked at, whatever its times say */
	bool must_parse;                /* even with the bytes that are known */
	uint8_t skip;                   /* enum sq_skip of a SKIP */
};
struct sq_plan {
	struct sq_plan_item *v;
	size_t n, cap;
	size_t n_read, n_removed, n_moved;
	uint64_t read_bytes;
	struct { struct sq_discovery **v; size_t n, cap; } found;
	struct { const struct sq_bound **v; size_t n, cap; } gone;   /* dropped files with facts, by content */
	struct { struct sq_identity *v; size_t n, cap; } linked;     /* written files that have other names, too */
	const struct sq_version *prior;
	const struct sq_parallel *par;  /* for walks */
	const bool *cancel;             /* relaxed flag, looked at for every file */
};
#define SQ_PLAN_NULL { .v = NULL }
void sq_plan_deinit(struct sq_plan *p);
/**
 * sq_plan_whole() - walk the whole root; hand its directories to the watcher.
 * @all: every file is read (a build from nothing); else those whose identity
 *       is not what the version says
 */
int sq_plan_whole(struct sq_build *b, struct sq_plan *p, bool all) sq_must_check;
/** sq_plan_gone() - a file that this plan drops and that had the same content, or NULL. */
const struct sq_bound *sq_plan_gone(const struct sq_plan *p, enum sq_lang lang, uint64_t content_hash, uint64_t size);
enum { SQ_PLAN_E_RULES = 1 };
/**
 * sq_plan_changes() - only the paths of @set.
 * Return: 0; SQ_PLAN_E_RULES when rule files came or went with a directory, so
 * that the whole root must be compared (the plan is empty then); -errno.
 */
int sq_plan_changes(struct sq_build *b, struct sq_plan *p, const struct sq_change_set *set) sq_must_check;
