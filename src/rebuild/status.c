/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/time.h"
#include "rebuild/build.h"
#include "rebuild/run.h"

const char *sq_pass_name(enum sq_pass p)
{
	static const char *const names[SQ_PASS_MAX] = { "none", "discover", "read", "link", "publish" };

	return p < SQ_PASS_MAX ? names[p] : "unknown";
}

static const char *outcome_name(uint8_t last)
{
	if (!last)
		return "none";
	switch ((enum sq_outcome_code)(last - 1)) {
	case SQ_OUTCOME_OK:
		return "completed";
	case SQ_OUTCOME_EVICTED:
	case SQ_OUTCOME_CANCELLED:
		return "cancelled";
	default:
		return "failed";
	}
}

static void read_retry(struct sq_build *b, struct sq_build_status *ret)
{
	uint64_t at = sq_alarm_at(b->rb->alarms, &b->retry), now = sq_clock_ns();

	ret->retries = at != 0;
	ret->retry_in_ns = at > now ? at - now : 0;
}

void sq_rebuild_status(struct sq_workspace *ws, struct sq_build_status *ret)
{
	struct sq_build *b = sq_build_of(ws);
	const char *why;

	*ret = (struct sq_build_status){ .tier = SQ_WATCH_NONE };
	/* relaxed: a moment's figures for people */
	ret->pass = (enum sq_pass)sq_load_relaxed(&b->pass);
	ret->files_done = sq_load_relaxed(&b->files_done);
	ret->files_total = sq_load_relaxed(&b->files_total);
	ret->n_parsed = sq_load_relaxed(&b->n_parsed);
	ret->n_moved = sq_load_relaxed(&b->n_moved);
	ret->n_relinked = sq_load_relaxed(&b->n_relinked);
	read_retry(b, ret);
	sq_lock(&ws->record);
	if (b->watch) {
		ret->tier = sq_watch_root_tier(b->watch);
		sq_watch_root_stats(b->watch, &ret->watch);
		ret->watch_pending = sq_watch_root_pending(b->watch);
	}
	why = b->watch_reason[0] ? b->watch_reason :
	      ret->tier == SQ_WATCH_FILESYSTEM ? "" : b->rb->watch_reason;
	(void)snprintf(ret->watch_reason, sizeof(ret->watch_reason), "%s", why);
	ret->git.is_git = b->bridge.is_git;
	ret->git.has_baseline = b->has_baseline;
	ret->git.seen = b->bridge.seen;
	ret->git.baseline = b->baseline;
	ret->git.last_class = b->bridge.last_class;
	(void)snprintf(ret->git.why, sizeof(ret->git.why), "%s", b->bridge.why);
	ret->has_last = b->last.is_set;
	ret->last_was_full = b->last.was_full;
	ret->last_mode = sq_mode_decode(sq_load_relaxed(&b->last_mode));   /* relaxed, both: a moment's figures */
	ret->last_outcome = outcome_name(sq_load_relaxed(&b->last_outcome));
	ret->last_duration_ns = b->last.duration_ns;
	ret->last_files = b->last.n_files;
	ret->last_stages = b->last.stages;
	sq_unlock(&ws->record);
}

size_t sq_rebuild_watchers(const struct sq_rebuild *rb, struct sq_watch_entry *v, size_t max)
{
	return rb->watch ? sq_watch_list(rb->watch, v, max) : 0;
}

/* one version as a whole, so that its number is a clock to go on from */
static int tell_version(const struct sq_journal *j, size_t *at, int (*each)(void *arg, struct sq_slice path, bool is_gone),
			void *arg)
{
	uint64_t generation = sq_journal_at(j, *at)->generation;
	int r = 0;

	for (; !r && *at < j->n && sq_journal_at(j, *at)->generation == generation; ++*at) {
		const struct sq_journal_entry *e = sq_journal_at(j, *at);

		r = each(arg, sq_slice(e->path, e->n), e->is_gone);
	}
	return r;
}

int sq_rebuild_changes(struct sq_workspace *ws, uint64_t since, size_t limit,
		       int (*each)(void *arg, struct sq_slice path, bool is_gone), void *arg,
		       struct sq_changes_since *ret)
{
	struct sq_build *b = sq_build_of(ws);
	const struct sq_journal *j = &b->journal;
	size_t at, first;
	int r = 0;

	sq_lock(&ws->record);
	*ret = (struct sq_changes_since){ .upto = j->upto };
	/* published a moment ago, and not noted yet; pairs with publish() in turn.c */
	if (since > j->upto && since <= sq_load_acquire(&b->generation))
		ret->upto = since;
	else
		ret->is_fresh = !sq_journal_reaches(j, since);
	first = at = ret->is_fresh ? j->n : sq_journal_next(j, since, 0);
	while (!r && at < j->n && at - first < limit)
		r = tell_version(j, &at, each, arg);
	ret->n = at - first;
	if (at < j->n) {
		ret->is_truncated = true;
		ret->upto = at > first ? sq_journal_at(j, at - 1)->generation : since;
	}
	sq_unlock(&ws->record);
	return r;
}

void sq_rebuild_notify(struct sq_workspace *ws, struct sq_work *work, struct sq_waiter *w)
{
	sq_run_submit(sq_build_of(ws), work, w);
}

bool sq_rebuild_is_watched(const struct sq_workspace *ws)
{
	/* pairs with the release in watch_root and sq_build_unwatch */
	return sq_load_acquire(&sq_build_of(ws)->is_watched);
}

uint64_t sq_rebuild_pending(struct sq_workspace *ws)
{
	/* relaxed: a moment's figure */
	return sq_load_relaxed(&ws->pending_files);
}

void sq_rebuild_trees(struct sq_rebuild *rb, struct sq_trees_stats *ret)
{
	sq_trees_read_stats(rb->trees, ret);
}

uint64_t sq_rebuild_n_dispatched(const struct sq_rebuild *rb)
{
	/* relaxed: a counter for people */
	return sq_load_relaxed(&rb->n_dispatched);
}

enum sq_mode sq_rebuild_last_mode(const struct sq_rebuild *rb)
{
	/* relaxed: for people */
	return sq_mode_decode(sq_load_relaxed(&rb->last_mode));
}

void sq_rebuild_n_cancelled(const struct sq_rebuild *rb, uint64_t *ret_at_boundary, uint64_t *ret_at_publish)
{
	/* relaxed: counters for people */
	*ret_at_boundary = sq_load_relaxed(&rb->n_cancelled_at_boundary);
	*ret_at_publish = sq_load_relaxed(&rb->n_cancelled_at_publish);
}

bool sq_rebuild_baseline(struct sq_workspace *ws, struct sq_git_snapshot *ret_s)
{
	struct sq_build *b = sq_build_of(ws);
	bool has;

	sq_lock(&ws->record);
	has = b->has_baseline;
	if (has)
		*ret_s = b->baseline;
	sq_unlock(&ws->record);
	return has;
}

void sq_rebuild_prime_baseline(struct sq_workspace *ws, const struct sq_git_snapshot *s)
{
	struct sq_build *b = sq_build_of(ws);

	sq_lock(&ws->record);
	if (!b->has_baseline && s->known) {
		b->has_baseline = true;
		b->baseline = *s;
	}
	sq_unlock(&ws->record);
}

enum sq_reader_mode sq_rebuild_reader(const struct sq_rebuild *rb, const char **ret_why)
{
	*ret_why = rb->reader_mode == SQ_READER_PLAIN ? rb->reader_why : NULL;
	return rb->reader_mode;
}

unsigned sq_rebuild_n_workers(const struct sq_rebuild *rb)
{
	return rb->cfg.n_workers;
}

#ifdef SQ_TEST_HOOKS
void sq_rebuild_peek_lane(struct sq_workspace *ws, struct sq_lane_view *ret)
{
	struct sq_lane *l = &sq_build_of(ws)->lane;

	sq_lock(&l->lock);
	*ret = (struct sq_lane_view){
		.in_flight = l->in_flight, .is_parked = !sq_work_is_none(&l->parked), .is_full = l->parked.full,
		.n_files = sq_work_is_none(&l->parked) ? 0 : l->parked.changes->n_changes,
		.enqueued_ns = l->parked.enqueued_ns, .has_snapshot = l->parked.has_snapshot,
		.git_class = l->parked.git_class,
		/* pairs with the release in publish (turn.c) */
		.generation = sq_load_acquire(&sq_build_of(ws)->generation),
	};
	sq_unlock(&l->lock);
}

struct sq_gate *sq_rebuild_gate(struct sq_rebuild *rb)
{
	return &rb->gate;
}

struct sq_gate *sq_rebuild_postres(struct sq_rebuild *rb)
{
	return &rb->postres;
}

struct sq_capture *sq_rebuild_capture(struct sq_rebuild *rb)
{
	return &rb->capture;
}

unsigned sq_rebuild_max_bodies(const struct sq_rebuild *rb)
{
	return sq_load_relaxed(&rb->max_bodies);   /* relaxed: a figure for tests */
}

void sq_rebuild_set_cancel_test(struct sq_rebuild *rb, bool no_forwarder, bool precancel)
{
	/* relaxed: a test sets them, then starts turns */
	sq_store_relaxed(&rb->no_forwarder, no_forwarder);
	sq_store_relaxed(&rb->precancel, precancel);
}

void sq_rebuild_clock_moved(struct sq_rebuild *rb)
{
	sq_alarms_look(rb->alarms);
}

size_t sq_rebuild_alarms(struct sq_rebuild *rb, uint64_t *ret_wakeups)
{
	return sq_alarms_count(rb->alarms, ret_wakeups);
}

void sq_rebuild_set_fault(struct sq_rebuild *rb, enum sq_fault_site site, int error, unsigned count)
{
	sq_lock(&rb->fault_lock);
	rb->faults[site] = (struct sq_fault){ error, count };
	sq_unlock(&rb->fault_lock);
}

int sq_fault_take(struct sq_rebuild *rb, enum sq_fault_site site)
{
	struct sq_fault *f = &rb->faults[site];
	int error = 0;

	sq_lock(&rb->fault_lock);
	if (f->count) {
		f->count--;
		error = f->error;
	}
	sq_unlock(&rb->fault_lock);
	return error;
}

void sq_fault_allocs(struct sq_rebuild *rb, bool arm)
{
	struct sq_fault *f = &rb->faults[SQ_FAULT_ALLOC];
	unsigned n = 0;

	sq_lock(&rb->fault_lock);
	if (arm) {
		n = f->count;
		f->count = 0;
	}
	rb->fail_at = n ? sq_alloc_count() + n : 0;
	sq_unlock(&rb->fault_lock);
	sq_alloc_fail_after(n);
}

void sq_fault_pause(struct sq_rebuild *rb, bool pause)
{
	uint64_t now = sq_alloc_count(), left;

	sq_lock(&rb->fault_lock);
	if (pause)
		rb->fail_left = rb->fail_at > now ? rb->fail_at - now : 0;
	left = pause ? 0 : rb->fail_left;
	if (!pause)
		rb->fail_at = left ? now + left : 0;
	sq_unlock(&rb->fault_lock);
	sq_alloc_fail_after(left);
}
#endif
