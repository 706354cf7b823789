/* SPDX-License-Identifier: MIT */
#include "rebuild/run.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "rebuild/fill.h"

static void drain(void *arg, unsigned thread);

void sq_run_start(struct sq_build *b)
{
	int r;

	sq_workspace_ref(b->ws);   /* the job's */
	r = sq_jobs_submit(b->rb->turns, drain, b);
	assert(!r);   /* one job a workspace: the queue has room */
	(void)r;
}

void sq_run_submit(struct sq_build *b, struct sq_work *work, struct sq_waiter *w)
{
	bool must_run = false, evicted;

	sq_lock(&b->lane.lock);
	evicted = sq_workspace_is_evicted(b->ws);
	if (!evicted) {
		must_run = sq_lane_add_locked(&b->lane, work, w);
		sq_build_update_pending_locked(b);
	}
	sq_unlock(&b->lane.lock);
	if (must_run)
		sq_run_start(b);
	if (evicted) {
		struct sq_outcome o = { .code = SQ_OUTCOME_EVICTED };

		sq_work_deinit(work);
		if (w)
			w->done(w, &o);
	}
}

void sq_run_evicted(struct sq_build *b)
{
	struct sq_outcome o = { .code = SQ_OUTCOME_EVICTED };
	struct sq_waiter *due = NULL;
	bool is_idle;

	sq_lock(&b->lane.lock);
	is_idle = !b->lane.in_flight;
	if (is_idle)
		due = sq_lane_clear_locked(&b->lane);
	sq_unlock(&b->lane.lock);
	sq_waiters_tell(due, &o);
	/* WB-18 HZ-04: not when the last reader lets go, whenever that is; else the turn in flight does it */
	if (is_idle)
		sq_build_unwatch(b);
}

/* ---- reclamation -------------------------------------------------------------- */

static void count_waiting(struct sq_rebuild *rb, bool *flag, bool waits)
{
	sq_lock(&rb->waiting_lock);
	if (*flag != waits) {
		*flag = waits;
		rb->n_waiting += waits ? 1 : -1u;
		if (rb->n_waiting == (waits ? 1 : 0))
			sq_epoch_want_reclaim(rb->cfg.epoch, waits);
	}
	sq_unlock(&rb->waiting_lock);
}

void sq_run_note_waiting(struct sq_build *b, bool waits)
{
	count_waiting(b->rb, &b->waits, waits);
}

/*
 * Free what is due. When entries still wait for a reader, ask readers to say
 * when they leave, and look once more: who left before the flag was up is seen
 * by that look, who leaves later sees the flag.
 */
static void reclaim(struct sq_build *b)
{
	struct sq_workspace *ws = b->ws;

	(void)sq_workspace_reclaim(ws);
	if (!sq_epoch_poll(ws->writer)) {   /* pins may hold bundles, an unpin kicks */
		sq_run_note_waiting(b, false);
		return;
	}
	sq_run_note_waiting(b, true);
	(void)sq_workspace_reclaim(ws);
	if (!sq_epoch_poll(ws->writer))
		sq_run_note_waiting(b, false);
}

static void reclaim_manager(struct sq_rebuild *rb)
{
	if (!sq_manager_reclaim(rb->manager)) {
		count_waiting(rb, &rb->manager_waits, false);
		return;
	}
	count_waiting(rb, &rb->manager_waits, true);
	if (!sq_manager_reclaim(rb->manager))
		count_waiting(rb, &rb->manager_waits, false);
}

static void reclaim_one(struct sq_build *b)
{
	bool is_mine, more = false;

	sq_lock(&b->lane.lock);
	is_mine = sq_lane_chore_locked(&b->lane);
	sq_unlock(&b->lane.lock);
	if (!is_mine)
		return;   /* the turn in flight reclaims when it ends */
	reclaim(b);
	sq_lock(&b->lane.lock);
	more = sq_lane_release_locked(&b->lane);
	sq_unlock(&b->lane.lock);
	if (more)
		sq_run_start(b);
	if (sq_workspace_is_evicted(b->ws))
		sq_run_evicted(b);
}

void sq_rebuild_reclaim(struct sq_rebuild *rb)
{
	struct sq_workspace *ws[64];
	size_t n;

	reclaim_manager(rb);
	n = sq_manager_collect_retained(rb->manager, ws, SQ_ARRAY_SIZE(ws));
	for (size_t i = 0; i < n; i++) {
		reclaim_one(sq_build_of(ws[i]));
		sq_workspace_unref(ws[i]);
	}
	if (n == SQ_ARRAY_SIZE(ws))
		sq_rebuild_kick(rb);
}

static void reclaim_job(void *arg, unsigned thread)
{
	struct sq_rebuild *rb = arg;

	/* pairs with the exchange in sq_rebuild_kick: who kicks from now on is served by another job */
	(void)sq_xchg_acq_rel(&rb->kicked, false);
	(void)thread;
	sq_rebuild_reclaim(rb);
}

void sq_rebuild_kick(struct sq_rebuild *rb)
{
	/* pairs with the exchange in reclaim_job */
	if (!sq_xchg_acq_rel(&rb->kicked, true) && sq_jobs_submit(rb->turns, reclaim_job, rb))
		(void)sq_xchg_acq_rel(&rb->kicked, false);   /* stopping: the end reclaims everything */
}

/* ---- the drain loop ------------------------------------------------------------ */

/*
 * A fresh token for every turn (CX-01): cleared first, then the purposes are
 * read; see sq_build_cancel.
 */
static void turn_begins(struct sq_build *b)
{
	/* relaxed: ordered by the fence */
	sq_store_relaxed(&b->turn_cancel, false);
	sq_fence_seq_cst();
	/* acquire: pairs with sq_rebuild_cancel_all and sq_manager_remove */
	if (sq_load_acquire(&b->rb->stopping) || sq_workspace_is_evicted(b->ws) ||
	    sq_load_acquire(&b->ws->cancel_rebuild) || sq_load_acquire(&b->ws->cancel_reset))
		sq_store_relaxed(&b->turn_cancel, true);
	sq_store_relaxed(&b->is_over_budget, false);   /* relaxed: no alarm is set */
}

/* Evicted is never overwritten (HZ-09) */
static void set_state_unless_evicted(struct sq_workspace *ws, enum sq_ws_state to)
{
	enum sq_ws_state from = sq_workspace_state(ws);

	while (from != SQ_WS_EVICTED && !sq_workspace_cas_state(ws, from, to))
		from = sq_workspace_state(ws);
}

/* out of marks: the watcher gives a root up, and says so only there */
static void update_watched(struct sq_build *b)
{
	bool is_watched = b->watch && sq_watch_root_tier(b->watch) != SQ_WATCH_NONE;
	/* relaxed: the runner wrote it */
	bool was_watched = sq_load_relaxed(&b->is_watched);

	/* pairs with sq_rebuild_is_watched */
	sq_store_release(&b->is_watched, is_watched);
	if (was_watched && !is_watched && b->watch && b->rb->cfg.on_watch_lost)
		b->rb->cfg.on_watch_lost(b->rb->cfg.arg, b->ws, sq_watch_root_why(b->watch));
}

static void set_baseline(struct sq_build *b, const struct sq_work *work)
{
	if (!work->has_snapshot)
		return;
	sq_lock(&b->ws->record);
	b->baseline = work->snapshot;
	b->has_baseline = true;
	sq_unlock(&b->ws->record);
	sq_build_event(b, "baseline");
}

static void turn_succeeded(struct sq_build *b, const struct sq_work *work)
{
	update_watched(b);
	set_baseline(b, work);
	if (!sq_load_relaxed(&b->ws->last_good_ns))   /* relaxed: the runner wrote it */
		sq_workspace_touch(b->ws, sq_now_ns());   /* LD-10: loaded is used */
	sq_workspace_record_success(b->ws, sq_wall_ns());
	sq_build_event(b, "success");
	set_state_unless_evicted(b->ws, SQ_WS_LOADED);
	sq_build_event(b, "loaded");
	/* relaxed: a counter for people */
	(void)sq_add_relaxed(&b->rb->n_dispatched, 1);
	sq_build_event(b, "dispatched");
}

static void turn_failed(struct sq_build *b, const struct sq_outcome *o)
{
	struct sq_workspace *ws = b->ws;

	if (o->code == SQ_OUTCOME_EVICTED)
		return;
	if (o->code == SQ_OUTCOME_CANCELLED) {
		/* relaxed: the runner wrote it */
		set_state_unless_evicted(ws, sq_load_relaxed(&ws->last_good_ns) ? SQ_WS_LOADED : SQ_WS_UNLOADED);
		return;
	}
	(void)sq_workspace_record_failure(ws, (int)o->code, o->message);
	set_state_unless_evicted(ws, SQ_WS_FAILED);
	if (b->rb->cfg.on_failure)
		b->rb->cfg.on_failure(b->rb->cfg.arg, ws, o);
}

/* ---- trying again ----------------------------------------------------------------- */

/* on the alarm thread */
static void retry_due(struct sq_alarm *a)
{
	struct sq_build *b = (struct sq_build *)(void *)((char *)a - offsetof(struct sq_build, retry));
	struct sq_workspace *ws = b->ws;
	bool must_run = false;

	sq_lock(&b->lane.lock);
	if (!sq_workspace_is_evicted(ws))
		must_run = sq_lane_retry_locked(&b->lane);
	sq_unlock(&b->lane.lock);
	if (must_run)
		sq_run_start(b);
	sq_workspace_unref(ws);   /* the alarm's */
}

void sq_run_forget_retry(struct sq_build *b)
{
	if (sq_alarm_clear(b->rb->alarms, &b->retry))
		sq_workspace_unref(b->ws);
}

/*
 * What is kept of a turn that failed or was cancelled runs again by itself after
 * a while; a change, a request or a load does not wait for that. Of an eviction
 * meanwhile either its own clear sees this alarm or we see the eviction.
 */
static void retry_later(struct sq_build *b)
{
	/* relaxed: the runner wrote it. A cancel is no failure (RY-05), but its work waits as after the first one */
	uint32_t n = sq_load_relaxed(&b->ws->retry_count);
	uint64_t delay_ns = sq_retry_delay_s(SQ_MAX(n, 1u)) * 1000000000ull;

	if (sq_load_acquire(&b->rb->stopping))   /* pairs with sq_rebuild_cancel_all */
		return;
	sq_workspace_ref(b->ws);
	if (!sq_alarm_set(b->rb->alarms, &b->retry, sq_clock_ns() + delay_ns))
		sq_workspace_unref(b->ws);
	if (sq_workspace_is_evicted(b->ws))
		sq_run_forget_retry(b);
}

/* on the alarm thread: the turn in flight takes too long. The runner clears the alarm before its turn is over. */
static void budget_spent(struct sq_alarm *a)
{
	struct sq_build *b = (struct sq_build *)(void *)((char *)a - offsetof(struct sq_build, budget));
	/* relaxed: written before the alarm was set, under its lock */
	bool stops = sq_load_relaxed(&b->may_stop);

	if (stops) {
		sq_store_relaxed(&b->is_over_budget, true);   /* relaxed: ordered by the fence in sq_build_cancel */
		sq_build_cancel(b);
	}
	if (b->rb->cfg.on_over_budget)
		b->rb->cfg.on_over_budget(b->rb->cfg.arg, b->ws, stops);
}

void sq_run_init_alarms(struct sq_build *b)
{
	b->retry.fire = retry_due;
	b->budget.fire = budget_spent;
}

/* ---- the end of a turn -------------------------------------------------------------- */

/* @work goes back into the lane when the turn failed; Return: another turn is due */
static bool turn_ends(struct sq_build *b, struct sq_work *work, struct sq_work *again, struct sq_outcome *o)
{
	bool halt, more = false, waits;
	struct sq_waiter *due = NULL;

	work->over_budget |= o->over_budget;
	work->full |= o->is_broken;
	sq_lock(&b->lane.lock);
	/* consumed on every exit, or it would poison the next turn (HZ-02); set under this lock */
	halt = sq_xchg_acq_rel(&b->ws->cancel_rebuild, false) && o->code == SQ_OUTCOME_CANCELLED;
	if (sq_workspace_is_evicted(b->ws)) {
		o->code = SQ_OUTCOME_EVICTED;
		due = sq_lane_clear_locked(&b->lane);
	} else {
		more = sq_lane_end_locked(&b->lane, o->code == SQ_OUTCOME_OK ? NULL : work, halt, &due);
		if (!sq_work_is_none(again))
			sq_work_merge_or_rescan(&b->lane.parked, again);
		/* HZ-01: a reset that came too late to end this turn is done before the role is free */
		if (sq_load_acquire(&b->ws->cancel_reset)) {   /* pairs with sq_rebuild_reset */
			sq_lane_keep_locked(&b->lane);
			more = true;
		}
	}
	waits = !more && !sq_work_is_none(&b->lane.parked);
	sq_build_update_pending_locked(b);
	sq_unlock(&b->lane.lock);
	/* relaxed: for people */
	sq_store_relaxed(&b->last_outcome, (uint8_t)(1 + o->code));
	/* files that a good turn could not read wait for a later one, whenever that is: they may never be readable */
	if (o->code == SQ_OUTCOME_OK)
		sq_run_forget_retry(b);
	else if (waits && o->code != SQ_OUTCOME_EVICTED)
		retry_later(b);
	sq_waiters_tell(due, o);
	return more;
}

static int collect_worker(void *arg, unsigned worker)
{
	(void)arg;
	(void)worker;
	sq_alloc_collect();
	return 0;
}

static int drop_tools(void *arg, unsigned worker)
{
	struct sq_rebuild *rb = arg;

	sq_tools_deinit(&rb->tools[worker]);
	sq_alloc_collect();
	return 0;
}

void sq_run_collect(struct sq_rebuild *rb)
{
	int r = sq_pool_try_run(rb->pool, drop_tools, rb);

	(void)r;   /* busy: see run.h */
	r = sq_pool_try_run(rb->fore, collect_worker, NULL);
	(void)r;
	sq_alloc_collect();
}

static void drop_own_tools(void *arg, unsigned thread)
{
	struct sq_rebuild *rb = arg;

	sq_tools_deinit(&rb->threads[thread].tools);
	sq_alloc_collect();
	/* relaxed: see drop_turn_tools() */
	(void)sq_sub_relaxed(&rb->n_dropping, 1);
}

/* a job for each turn thread: the idle ones wake and take one each, the busy ones keep theirs */
static void drop_turn_tools(struct sq_rebuild *rb)
{
	unsigned none = 0;

	/* pairs with nothing: it guards only the room in the queue */
	if (!sq_cas_acq_rel(&rb->n_dropping, &none, rb->cfg.n_turns))
		return;   /* another unload's are still queued */
	for (unsigned i = 0; i < rb->cfg.n_turns; i++)
		if (sq_jobs_submit(rb->turns, drop_own_tools, rb))
			(void)sq_sub_relaxed(&rb->n_dropping, 1);   /* relaxed: as above; stopping: all goes anyway */
}

void sq_run_drop_tools(struct sq_rebuild *rb, unsigned thread)
{
	int r = sq_pool_try_run(rb->pool, drop_tools, rb);

	(void)r;   /* busy: they are in use */
	r = sq_pool_try_run(rb->fore, collect_worker, NULL);
	(void)r;
	sq_tools_deinit(&rb->threads[thread].tools);
	sq_alloc_collect();
	drop_turn_tools(rb);
}

/*
 * A reset: the graph and what waits are dropped, the entry stays. Unloaded comes
 * first, and a grace period before the empty version: nobody who found the
 * workspace loaded sees that (SV-08). A load that comes meanwhile is parked and
 * runs next.
 */
static bool one_reset(struct sq_build *b)
{
	struct sq_outcome o = { .code = SQ_OUTCOME_CANCELLED, .message = "the workspace was reset", .was_reset = true };
	struct sq_work none = SQ_WORK_NULL, again = SQ_WORK_NULL;
	struct sq_workspace *ws = b->ws;
	int r;

	sq_lock(&b->lane.lock);
	(void)sq_xchg_acq_rel(&ws->cancel_reset, false);
	(void)sq_xchg_acq_rel(&ws->cancel_rebuild, false);
	sq_lane_drop_locked(&b->lane);
	sq_workspace_record_reset(ws);
	set_state_unless_evicted(ws, SQ_WS_UNLOADED);
	sq_build_update_pending_locked(b);
	sq_unlock(&b->lane.lock);
	sq_build_unwatch(b);
	sq_ignore_unref(b->ignore);
	b->ignore = NULL;
	sq_trees_drop(b->rb->trees, b);
	sq_run_forget_retry(b);
	sq_lock(&ws->record);
	b->has_baseline = false;
	sq_unlock(&ws->record);
	sq_epoch_barrier(ws->writer);
	r = sq_manager_clear(b->rb->manager, ws);
	if (r < 0) {
		o.code = SQ_OUTCOME_BUILD;
		(void)snprintf(o.message, sizeof(o.message), "reset: %s", strerrordesc_np(-r));
	}
	reclaim(b);
	return turn_ends(b, &none, &again, &o);
}

/* after a reset nothing is loaded by what the watcher still had to say */
static bool is_wanted(const struct sq_build *b, const struct sq_work *work)
{
	return work->full || sq_workspace_state(b->ws) != SQ_WS_UNLOADED;
}

#ifdef SQ_TEST_HOOKS
/* RR-06 LX-23: how many turns of one workspace run at once; a test reads the most ever */
static void count_body(struct sq_build *b, bool begins)
{
	unsigned n, max;

	/* relaxed: counts; a second body would be there for as long as a turn takes */
	if (!begins) {
		(void)sq_sub_relaxed(&b->n_bodies, 1);
		return;
	}
	n = sq_add_relaxed(&b->n_bodies, 1) + 1;
	max = sq_load_relaxed(&b->rb->max_bodies);
	while (n > max && !sq_cas_acq_rel(&b->rb->max_bodies, &max, n))
		continue;
}
#else
static inline void count_body(struct sq_build *b, bool begins) { (void)b; (void)begins; }
#endif

/* Return: another one is due; @s is armed while the turn is underway, and stays so when it is left abnormally */
static bool one_turn(struct sq_build *b, unsigned thread, struct sq_sentinel *s)
{
	struct sq_work again = SQ_WORK_NULL, *work = &s->work;
	struct sq_outcome o;
	bool have, more;

	if (sq_load_acquire(&b->ws->cancel_reset))   /* pairs with sq_rebuild_reset */
		return one_reset(b);
	sq_lock(&b->lane.lock);
	have = sq_lane_take_locked(&b->lane, work);
	sq_unlock(&b->lane.lock);
	if (have && !is_wanted(b, work)) {
		o = (struct sq_outcome){ .code = SQ_OUTCOME_CANCELLED, .message = "the workspace is not loaded" };
		sq_work_deinit(work);
		return turn_ends(b, work, &again, &o);
	}
	if (!have) {   /* cleared by an eviction */
		sq_lock(&b->lane.lock);
		more = sq_lane_release_locked(&b->lane);
		sq_unlock(&b->lane.lock);
		return more;
	}
	s->lane = &b->lane;
	turn_begins(b);
	count_body(b, true);
	sq_turn_run(b, &b->rb->threads[thread], work, &again, &o);
	count_body(b, false);
	if (b->rb->cfg.on_outcome)
		b->rb->cfg.on_outcome(b->rb->cfg.arg, &o);
	if (sq_fault_at("runner_abort")) {
		sq_work_deinit(&again);
		return false;
	}
	s->lane = NULL;
	if (o.code == SQ_OUTCOME_OK)
		turn_succeeded(b, work);
	else
		turn_failed(b, &o);
	reclaim(b);
	if (o.code == SQ_OUTCOME_OK)
		sq_manager_published(b->rb->manager, b->ws);
	/* before the waiters hear of it: who asks then sees what memory the graph takes */
	if (o.read_bytes > SQ_FILL_BIG_BYTES)
		sq_run_collect(b->rb);
	more = turn_ends(b, work, &again, &o);
	sq_work_deinit(work);
	sq_work_deinit(&again);
	return more;
}

/* the role was not given back: whatever the turn did, its work is done once more, from nothing, at the next dispatch */
static void left_abnormally(struct sq_build *b, struct sq_sentinel *s)
{
	struct sq_outcome o = { .code = SQ_OUTCOME_BUILD, .message = "the drain loop ended abnormally" };
	struct sq_waiter *due;

	if (!sq_sentinel_end(s, &due))
		return;
	(void)sq_workspace_record_failure(b->ws, (int)o.code, o.message);
	set_state_unless_evicted(b->ws, SQ_WS_FAILED);
	if (b->rb->cfg.on_abnormal_end)
		b->rb->cfg.on_abnormal_end(b->rb->cfg.arg, b->ws);
	retry_later(b);
	sq_waiters_tell(due, &o);
	if (sq_workspace_is_evicted(b->ws))
		sq_run_evicted(b);
}

static void drain(void *arg, unsigned thread)
{
	struct sq_build *b = arg;
	struct sq_sentinel s = SQ_SENTINEL_NULL;

	while (one_turn(b, thread, &s))
		;
	left_abnormally(b, &s);
	if (sq_workspace_is_evicted(b->ws))
		sq_run_evicted(b);
	sq_workspace_unref(b->ws);
}
