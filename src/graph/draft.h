/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * draft — a version under construction: the current version plus puts and
 * removals. Finishing interns names, makes the new shards and chunks, links
 * what must be linked again (graph/relink.h), and counts.
 * A full build is a draft with clear=true into which every file is put; the
 * passes are the same and so is the result, whatever the order of puts, the
 * number of workers, or the history of the graph.
 * Ownership: the writer's; sq_draft_free() drops everything it made and leaves
 *            the graph as it was.
 * Threads:   put/skip/keep from any worker concurrently; the rest by the writer.
 */
#include <stdbool.h>

#include "base/parallel.h"
#include "graph/graph.h"

struct sq_draft;
struct sq_draft_opts {
	bool clear;                     /* start from no files (names of the prior version are not kept) */
	uint8_t link_flags;             /* SQ_LINKF_*; others than the base's: everything is linked again */
	const struct sq_parallel *par;  /* NULL: the caller's thread only */
	/* of the linking pass, when it is wide though the puts are few; NULL: @par */
	const struct sq_parallel *link_par;
	/* of so many files to link again: link all of them instead? The caller's thread; NULL: never */
	bool (*links_whole)(void *arg, uint64_t n_relink);
	void *links_whole_arg;
	const bool *cancel;             /* relaxed flag, checked at pass boundaries and in loops; may be NULL */
	unsigned disabled_triggers;     /* test hook: bit mask of enum sq_trigger (relink.h), 0 in production */
	bool links_alone;               /* test hook: nothing is worked out for all files at once */
};
int sq_draft_new(struct sq_graph *g, const struct sq_draft_opts *opts, struct sq_draft **ret_d) sq_must_check;
struct sq_draft *sq_draft_free(struct sq_draft *d);
/**
 * sq_draft_put() - the file at @path now says @facts (replaces what was there).
 * @identity: 40 opaque bytes kept in the segment; may be NULL
 * The facts are copied; a put of the same content hash and path as in the base
 * version keeps the bound piece and only notes the identity when it differs.
 */
struct sq_put {
	struct sq_slice path;
	enum sq_lang lang;
	const struct sq_facts *facts;   /* NULL: @from, or listed as skipped, with @skip */
	const struct sq_bound *from;    /* of the base version: what that file says; not with clear */
	uint8_t skip;
	uint64_t content_hash, size_bytes;
	const void *identity;
	/* may be NULL: what the base version says of the file, and for each local string of @facts
	 * the local string of that one which it is, or SQ_NONE; they are not looked up again */
	const struct sq_bound *before;
	const uint32_t *same;
};
int sq_draft_put(struct sq_draft *d, unsigned worker, const struct sq_put *put) sq_must_check;
/** sq_draft_remove() - the file is gone; unknown paths are fine. Writer only. */
int sq_draft_remove(struct sq_draft *d, struct sq_slice path) sq_must_check;
struct sq_draft_report {
	uint64_t n_put, n_removed, n_rebound, n_relinked, n_links_changed;
	uint64_t ns_names, ns_shards, ns_link, ns_freeze;
};
/** sq_draft_finish() - Return: 0; -ECANCELED; -ENOMEM; -EOVERFLOW (2^32 names or files); the draft can then only be freed. */
int sq_draft_finish(struct sq_draft *d, struct sq_draft_report *ret_rep) sq_must_check;
/** sq_draft_version() - the finished, private version. */
const struct sq_version *sq_draft_version(const struct sq_draft *d);
/** sq_draft_new_bytes() - bytes that publishing adds (pieces made by this draft). */
uint64_t sq_draft_new_bytes(const struct sq_draft *d);
