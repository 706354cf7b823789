/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * work — what a turn is asked to do: a change set and how thorough to be.
 * Merging is a union (LC-01..09): it loses nothing and its result does not
 * depend on who came first.
 * Ownership: embedded; owns its change set. SQ_WORK_NULL asks for nothing.
 * Threads:   as its owner; a parked one under the lane's lock.
 */
#include <stdbool.h>

#include "watch/watch.h"

struct sq_work {
	struct sq_change_set *changes;     /* NULL: no work at all */
	bool full;                         /* from nothing: first load, forced rebuild */
	uint64_t enqueued_ns;              /* of the latest part */
};
#define SQ_WORK_NULL { .changes = NULL }
void sq_work_deinit(struct sq_work *w);
/** sq_work_init() - an empty change set: a legal no-op that still publishes (DF-02). */
int sq_work_init(struct sq_work *w) sq_must_check;
static inline bool sq_work_is_none(const struct sq_work *w) { return !w->changes; }
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
