/* SPDX-License-Identifier: MIT */
#include "rebuild/lane.h"

#include <assert.h>

#include "base/error.h"

int sq_lane_init(struct sq_lane *l)
{
	*l = (struct sq_lane){ .in_flight = false };
	return sq_lock_init(&l->lock, SQ_RANK_LANE, "lane");
}

void sq_lane_deinit(struct sq_lane *l)
{
	assert(!l->waiters && !l->in_flight);
	sq_work_deinit(&l->parked);
	sq_lock_deinit(&l->lock);
}

static void push_waiter(struct sq_lane *l, struct sq_waiter *w, uint64_t ticket)
{
	w->ticket = ticket;
	w->next = l->waiters;
	l->waiters = w;
}

/*
 * RR-08 RR-09: the only place that writes it, under the lock. Callers: the ways
 * to get the role, the ways to give it back, and the sentinel.
 */
static void set_in_flight(struct sq_lane *l, bool on) SQ_REQUIRES(&l->lock)
{
	sq_lock_assert_held(&l->lock);
	l->in_flight = on;
	l->is_chore = false;
}

static bool take_role(struct sq_lane *l) SQ_REQUIRES(&l->lock)
{
	if (l->in_flight)
		return false;
	set_in_flight(l, true);
	return true;
}

bool sq_lane_add_locked(struct sq_lane *l, struct sq_work *work, struct sq_waiter *w)
{
	sq_work_merge_or_rescan(&l->parked, work);
	l->parked_seq = ++l->last_seq;
	if (w)
		push_waiter(l, w, l->last_seq);
	return take_role(l);
}

bool sq_lane_wait_locked(struct sq_lane *l, struct sq_waiter *w, bool *ret_run)
{
	bool parked = !sq_work_is_none(&l->parked);

	*ret_run = false;
	if (!parked && (!l->in_flight || l->running_seq <= l->done_seq))
		return false;
	if (parked && l->parked_seq <= l->running_seq && l->in_flight)
		/* a failed entry beside a turn: it counts as new work, so that it runs again */
		l->parked_seq = ++l->last_seq;
	push_waiter(l, w, parked ? l->parked_seq : l->running_seq);
	if (parked)
		*ret_run = take_role(l);
	return true;
}

bool sq_lane_take_locked(struct sq_lane *l, struct sq_work *ret_work)
{
	assert(l->in_flight);
	if (sq_work_is_none(&l->parked))
		return false;
	*ret_work = l->parked;
	l->parked = (struct sq_work)SQ_WORK_NULL;
	l->running_seq = l->parked_seq;
	l->running_pending = sq_work_pending(ret_work);
	return true;
}

/* waiters of numbers up to @seq, in order of arrival */
static struct sq_waiter *due_up_to(struct sq_lane *l, uint64_t seq)
{
	struct sq_waiter **at = &l->waiters, *due = NULL;

	while (*at) {
		struct sq_waiter *w = *at;

		if (w->ticket > seq) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = due;   /* the list was in reverse, so this one is in order */
		due = w;
	}
	return due;
}

/* the part of a turn that did not publish is the earlier one (LC-09) */
static void give_back(struct sq_lane *l, struct sq_work *back)
{
	struct sq_work newer = l->parked;

	l->parked = *back;
	back->changes = NULL;
	sq_work_merge_or_rescan(&l->parked, &newer);
	if (l->parked_seq < l->running_seq)
		l->parked_seq = l->running_seq;
}

bool sq_lane_end_locked(struct sq_lane *l, struct sq_work *back, bool halt, struct sq_waiter **ret_due)
{
	bool more = !halt && !sq_work_is_none(&l->parked);

	assert(l->in_flight);
	if (!back)
		l->done_seq = l->running_seq;
	else
		give_back(l, back);
	*ret_due = due_up_to(l, halt ? l->last_seq : l->running_seq);
	l->running_pending = 0;
	/* what failed alone is not run again at once: the next change, rebuild, sync or retry does */
	set_in_flight(l, more);
	return more;
}

bool sq_lane_chore_locked(struct sq_lane *l)
{
	if (!take_role(l))
		return false;
	l->is_chore = true;
	return true;
}

bool sq_lane_release_locked(struct sq_lane *l)
{
	assert(l->in_flight);
	set_in_flight(l, !sq_work_is_none(&l->parked) && l->parked_seq > l->running_seq);
	return l->in_flight;
}

void sq_lane_drop_locked(struct sq_lane *l)
{
	assert(l->in_flight);
	sq_work_deinit(&l->parked);
	l->running_seq = l->last_seq;
	l->running_pending = 0;
}

void sq_lane_keep_locked(struct sq_lane *l)
{
	set_in_flight(l, true);
}

bool sq_lane_retry_locked(struct sq_lane *l)
{
	if (sq_work_is_none(&l->parked))
		return false;
	/* beside a chore it counts as new work, so that the release finds it */
	if (l->parked_seq <= l->running_seq)
		l->parked_seq = ++l->last_seq;
	return take_role(l);
}

bool sq_sentinel_end(struct sq_sentinel *s, struct sq_waiter **ret_due)
{
	struct sq_lane *l = SQ_TAKE(s->lane);

	if (!l)
		return false;
	sq_lock(&l->lock);
	if (!sq_work_is_none(&s->work)) {
		s->work.full = true;
		give_back(l, &s->work);
	}
	*ret_due = due_up_to(l, l->running_seq);
	l->running_pending = 0;
	set_in_flight(l, false);
	sq_unlock(&l->lock);
	return true;
}

struct sq_waiter *sq_lane_clear_locked(struct sq_lane *l)
{
	sq_work_deinit(&l->parked);
	set_in_flight(l, false);
	l->running_pending = 0;
	return due_up_to(l, UINT64_MAX);
}

uint64_t sq_lane_pending_locked(const struct sq_lane *l)
{
	return l->running_pending + sq_work_pending(&l->parked);
}

void sq_waiters_tell(struct sq_waiter *due, const struct sq_outcome *o)
{
	while (due) {
		struct sq_waiter *w = due;

		due = w->next;   /* done() may free it */
		w->done(w, o);
	}
}
