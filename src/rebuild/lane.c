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

static bool take_role(struct sq_lane *l)
{
	if (l->in_flight)
		return false;
	l->in_flight = true;
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

bool sq_lane_end_locked(struct sq_lane *l, struct sq_work *back, struct sq_waiter **ret_due)
{
	bool more = !sq_work_is_none(&l->parked);

	assert(l->in_flight);
	if (!back) {
		l->done_seq = l->running_seq;
	} else {
		struct sq_work newer = l->parked;

		/* the failed turn's part is the earlier one (LC-09) */
		l->parked = *back;
		back->changes = NULL;
		sq_work_merge_or_rescan(&l->parked, &newer);
		if (l->parked_seq < l->running_seq)
			l->parked_seq = l->running_seq;
	}
	*ret_due = due_up_to(l, l->running_seq);
	l->running_pending = 0;
	/* what failed alone is not run again at once: the next change, rebuild or sync does */
	l->in_flight = more;
	return more;
}

bool sq_lane_release_locked(struct sq_lane *l)
{
	assert(l->in_flight);
	l->in_flight = !sq_work_is_none(&l->parked) && l->parked_seq > l->running_seq;
	return l->in_flight;
}

void sq_lane_drop_locked(struct sq_lane *l)
{
	assert(l->in_flight);
	sq_work_deinit(&l->parked);
	l->running_seq = l->last_seq;
	l->running_pending = 0;
}

struct sq_waiter *sq_lane_clear_locked(struct sq_lane *l)
{
	sq_work_deinit(&l->parked);
	l->in_flight = false;
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
