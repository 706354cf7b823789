/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * work — what a turn is asked to do: a change set, how thorough to be, and what
 * git said of it. Merging is a union: it loses nothing, and whether a whole
 * comparison is due does not depend on who came first. Of two classes that
 * do not force one, and of two snapshots, the later counts.
 * Ownership: embedded; owns its change set. SQ_WORK_NULL asks for nothing.
 * Threads:   as its owner; a parked one under the lane's lock.
 */
#include <stdbool.h>

#include "tree/gitstate.h"
#include "watch/watch.h"

struct sq_work {
	struct sq_change_set *changes;     /* NULL: no work at all */
	bool full;                         /* from nothing: first load, forced rebuild, after a broken turn */
	bool git_state_changed;
	bool paths_known;                  /* a class that forces full: the changes hold all that differs */
	bool over_budget;                  /* was stopped for its time once: not again (LX-22) */
	uint8_t git_class;                 /* enum sq_git_class; NONE: missing */
	bool has_snapshot;
	struct sq_git_snapshot snapshot;   /* becomes the baseline when this is published (GB-04) */
	uint64_t enqueued_ns;              /* of the latest part */
};
#define SQ_WORK_NULL { .changes = NULL }
void sq_work_deinit(struct sq_work *w);
/** sq_work_init() - an empty change set: a legal no-op that still publishes (DF-02). */
int sq_work_init(struct sq_work *w) sq_must_check;
static inline bool sq_work_is_none(const struct sq_work *w) { return !w->changes; }
/** sq_work_is_empty() - nothing is said to have changed, neither files nor git's state (DF-14). */
bool sq_work_is_empty(const struct sq_work *w);
/** sq_work_is_whole() - the whole root must be compared, whatever paths there are. */
bool sq_work_is_whole(const struct sq_work *w);
/** sq_work_set_snapshot() - the state of git that @w leads to, if it is known. */
void sq_work_set_snapshot(struct sq_work *w, const struct sq_git_snapshot *snapshot);
/**
 * sq_git_class_merge() - one that forces a whole comparison makes the result
 * TREE_DIVERGED; NONE is absorbed; else the later one counts (LC-04..06).
 */
enum sq_git_class sq_git_class_merge(enum sq_git_class earlier, enum sq_git_class later);
/**
 * sq_work_merge() - @later joins @into (the parked one is the earlier, LC-09).
 * @later: consumed on success, unchanged otherwise
 */
int sq_work_merge(struct sq_work *into, struct sq_work *later) sq_must_check;
/** sq_work_merge_or_rescan() - the same, but never fails: short of memory the
 *  paths are dropped and the whole root is compared instead. @later is consumed. */
void sq_work_merge_or_rescan(struct sq_work *into, struct sq_work *later);
/** sq_work_pending() - files that wait: at least 1 when anything does. */
uint64_t sq_work_pending(const struct sq_work *w);
