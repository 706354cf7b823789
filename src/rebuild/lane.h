/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lane — what waits for a workspace's next turn, and who waits for its result.
 * LC-15: only rebuild/ touches it: neither eviction nor publish nor retirement do.
 *
 * At most one turn runs and at most one merged entry is parked (LC-11, RR-06).
 * Every enqueue gets a number; a turn covers all numbers up to the highest that
 * was merged into it. A waiter names the number that it needs; it is told when
 * a turn that covers it has ended, well or badly.
 * Ownership: embedded in sq_build. Waiters are embedded in who waits; each is
 *            called exactly once, outside of the lock, by any thread.
 * Threads:   every field under LANE.lock. Nothing is called while it is held.
 * Invariants: in_flight goes up and down only here, under the lock, so a parker
 *            sees "still running" or "free" and nothing is stranded (DL-08).
 *            It has nothing to do with any cancel flag.
 */
#include "base/lock.h"
#include "rebuild/outcome.h"
#include "rebuild/work.h"

struct sq_waiter {
	void (*done)(struct sq_waiter *w, const struct sq_outcome *o);
	uint64_t ticket;
	void *owner;                   /* rebuild/'s */
	struct sq_waiter *next;
};
struct sq_lane {
	struct sq_lock lock;
	bool in_flight;                /* the runner role is taken; see set_in_flight() */
	bool is_chore;                 /* for something else than a turn */
	struct sq_work parked;
	uint64_t last_seq;             /* of the latest enqueue */
	uint64_t parked_seq;           /* highest enqueue merged into parked */
	uint64_t running_seq;          /* highest enqueue covered by the turn in flight */
	uint64_t done_seq;             /* published up to here */
	uint64_t running_pending;      /* files of the turn in flight */
	struct sq_waiter *waiters;
};
int sq_lane_init(struct sq_lane *l) sq_must_check;
void sq_lane_deinit(struct sq_lane *l);
/**
 * sq_lane_add_locked() - merge @work (consumed) into the parked entry.
 * @w:      waits for it; may be NULL
 * Return: true when the caller now holds the runner role and must arrange a run.
 */
bool sq_lane_add_locked(struct sq_lane *l, struct sq_work *work, struct sq_waiter *w) SQ_REQUIRES(&l->lock);
/**
 * sq_lane_wait_locked() - wait for all that was enqueued so far.
 * @ret_run: the caller now holds the runner role (a failed entry was parked)
 * Return: false when there is nothing to wait for; @w is not kept then.
 */
bool sq_lane_wait_locked(struct sq_lane *l, struct sq_waiter *w, bool *ret_run) SQ_REQUIRES(&l->lock);
/** sq_lane_take_locked() - the runner: parked becomes @ret_work. false: nothing parked. */
bool sq_lane_take_locked(struct sq_lane *l, struct sq_work *ret_work) SQ_REQUIRES(&l->lock);
/**
 * sq_lane_end_locked() - the runner: the turn ended.
 * @back: NULL after a publish; else its work, merged back into the lane
 * @halt: what is parked waits, too, for the next event, request or retry
 * @ret_due: waiters to be told now
 * Return: true when something new is parked and the role is kept; else the role is free.
 */
bool sq_lane_end_locked(struct sq_lane *l, struct sq_work *back, bool halt,
			struct sq_waiter **ret_due) SQ_REQUIRES(&l->lock);
/** sq_lane_chore_locked() - take the role for something else than a turn. false: it is taken. */
bool sq_lane_chore_locked(struct sq_lane *l) SQ_REQUIRES(&l->lock);
/** sq_lane_release_locked() - give up a role taken for something else than a turn.
 *  Return: true when work arrived meanwhile; the role is kept then. */
bool sq_lane_release_locked(struct sq_lane *l) SQ_REQUIRES(&l->lock);
/** sq_lane_drop_locked() - the runner, for a reset: drop what is parked; the turn in flight ends it, too. */
void sq_lane_drop_locked(struct sq_lane *l) SQ_REQUIRES(&l->lock);
/** sq_lane_keep_locked() - the runner, after its turn ended: something else is to be done first. */
void sq_lane_keep_locked(struct sq_lane *l) SQ_REQUIRES(&l->lock);
/** sq_lane_retry_locked() - what failed is due again. Return: as of sq_lane_add_locked(). */
bool sq_lane_retry_locked(struct sq_lane *l) SQ_REQUIRES(&l->lock);
/** sq_lane_has_turn_locked() - a turn runs, or one is about to. */
static inline bool sq_lane_has_turn_locked(const struct sq_lane *l) { return l->in_flight && !l->is_chore; }
/** sq_lane_clear_locked() - eviction: drop what is parked, free the role, hand out all waiters. */
struct sq_waiter *sq_lane_clear_locked(struct sq_lane *l) SQ_REQUIRES(&l->lock);

/*
 * A sentinel watches over a role: who leaves without having given it back is
 * found out, and the work at hand is not lost (RR-12).
 */
struct sq_sentinel {
	struct sq_lane *lane;          /* NULL: disarmed */
	struct sq_work work;           /* of the turn at hand, while nobody else holds it */
};
#define SQ_SENTINEL_NULL { .lane = NULL }
/**
 * sq_sentinel_end() - no-op when disarmed. Else the role is given up, and the
 * work goes back into the lane to be done from nothing: what the broken turn left
 * behind is not trusted (LX-33). It waits for the next dispatch.
 * @ret_due: waiters to be told now
 * Return: true when it was armed.
 */
bool sq_sentinel_end(struct sq_sentinel *s, struct sq_waiter **ret_due);
/** sq_lane_pending_locked() - files seen and not yet published. */
uint64_t sq_lane_pending_locked(const struct sq_lane *l);
/** sq_waiters_tell() - call each with @o, in order of arrival. Outside of all locks. */
void sq_waiters_tell(struct sq_waiter *due, const struct sq_outcome *o);
