/* SPDX-License-Identifier: MIT */
#include "rebuild/rebuild.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "rebuild/build.h"
#include "rebuild/run.h"
#include "sys/fd.h"

#define TURNS_MAX 8u
/* one entry a workspace, one for its end, a reclaim, and one a thread (drop_turn_tools): a submit never fails */
#define TURN_QUEUE (2u * SQ_WORKSPACES_MAX + TURNS_MAX + 1u)

static int on_new(void *arg, struct sq_workspace *ws)
{
	struct sq_build *b = sq_calloc(1, sizeof(*b));
	int r;

	if (!b)
		return sq_error_origin(-ENOMEM);
	b->rb = arg;
	b->ws = ws;
	b->root_fd = -1;
	sq_run_init_alarms(b);
	r = sq_lane_init(&b->lane);
	if (r < 0) {
		sq_free(b);
		return sq_error_trace(r);
	}
	ws->build = b;
	return 0;
}

static void on_retained(void *arg)
{
	struct sq_rebuild *rb = arg;

	if (rb->cfg.on_retained)
		rb->cfg.on_retained(rb->cfg.arg);
}

static void free_now(void *arg, struct sq_workspace *ws)
{
	struct sq_build *b = sq_build_of(ws);
	struct sq_rebuild *rb = arg;

	sq_trees_drop(rb->trees, b);
	sq_build_unwatch(b);
	sq_run_note_waiting(b, false);
	assert(!b->retry.at_ns && !b->budget.at_ns);
	b->root_fd = sq_fd_close(b->root_fd);
	sq_ignore_unref(b->ignore);
	for (size_t i = 0; i < b->rule_dirs.n; i++)
		sq_free(b->rule_dirs.v[i]);
	sq_free(b->rule_dirs.v);
	sq_bridge_deinit(&b->bridge);
	sq_journal_deinit(&b->journal);
	sq_lane_deinit(&b->lane);
	sq_free(b);
	sq_workspace_free(ws);
}

static void free_workspace(void *arg, unsigned thread)
{
	struct sq_workspace *ws = arg;
	struct sq_rebuild *rb = sq_build_of(ws)->rb;

	free_now(rb, ws);
	/* last: on a loaded machine the pool takes its time, retained bytes must not wait for it */
	sq_run_drop_tools(rb, thread);
}

static void on_last_unref(void *arg, struct sq_workspace *ws)
{
	struct sq_rebuild *rb = arg;
	int r = sq_jobs_submit(rb->turns, free_workspace, ws);

	assert(!r);   /* TURN_QUEUE has room for every workspace */
	(void)r;
}

static void on_evict(void *arg, struct sq_workspace *ws)
{
	struct sq_rebuild *rb = arg;
	struct sq_build *b = sq_build_of(ws);

	sq_build_cancel(b);
	sq_run_forget_retry(b);
	sq_run_evicted(b);
	sq_trees_drop(rb->trees, b);
	on_retained(rb);
}

static void reclaim_all(void *arg)
{
	sq_rebuild_reclaim(arg);
}

void sq_rebuild_submit(struct sq_workspace *ws, struct sq_work *work)
{
	sq_run_submit(sq_build_of(ws), work, NULL);
}

static void sink(void *arg, void *cookie, struct sq_change_set *set)
{
	struct sq_work work = { .changes = set, .enqueued_ns = sq_now_ns() };

	(void)arg;
	if (sq_bridge_look(sq_build_of(cookie), &work))
		sq_rebuild_submit(cookie, &work);
	else
		sq_work_deinit(&work);   /* nothing to do */
}

/* the workspace, referenced, while it is listed */
static struct sq_workspace *find_listed(struct sq_rebuild *rb, const void *build)
{
	const struct sq_ws_map *map;
	struct sq_workspace *ws = NULL;

	sq_epoch_enter(rb->check_record);
	map = sq_manager_map(rb->manager);
	for (size_t i = 0; i < map->n && !ws; i++)
		if (map->v[i]->build == build)
			ws = sq_workspace_ref(map->v[i]);
	if (sq_epoch_leave(rb->check_record))
		sq_rebuild_kick(rb);
	return ws;
}

/* on the checking thread: the file is read again, from nothing */
static void trees_differ(void *arg, const void *build, struct sq_slice path)
{
	struct sq_workspace *ws = find_listed(arg, build);
	struct sq_work work;

	if (!ws)
		return;
	if (!sq_work_init(&work)) {
		if (sq_change_set_add(work.changes, path, SQ_CHANGE_FILE | SQ_CHANGE_PARSE) < 0)
			work.changes->rescan = true;
		sq_run_submit(sq_build_of(ws), &work, NULL);
	}
	sq_workspace_unref(ws);
}

static int start_trees(struct sq_rebuild *rb)
{
	struct sq_trees_config cfg = {
		.registry = rb->cfg.registry, .budget_bytes = rb->cfg.kept_trees_bytes,
		.quiet_ns = rb->cfg.check_trees_ns, .on_differ = trees_differ, .arg = rb,
	};
	int r = sq_epoch_record_acquire(rb->cfg.epoch, &rb->check_record);

	return r < 0 ? sq_error_trace(r) : sq_trees_new(&cfg, &rb->trees);
}

static int start_watch(struct sq_rebuild *rb)
{
	const char *why = NULL;
	int r;

	if (!rb->cfg.watch) {
		(void)snprintf(rb->watch_reason, sizeof(rb->watch_reason), "switched off by configuration");
		return 0;
	}
	r = sq_watch_new(&rb->cfg.watch_config, sink, rb, &rb->watch);
	if (r == -ENOMEM)
		return sq_error_trace(r);
	if (r < 0)
		(void)snprintf(rb->watch_reason, sizeof(rb->watch_reason), "fanotify: %s", strerrordesc_np(-r));
	else if (sq_watch_best_tier(rb->watch, &why) != SQ_WATCH_FILESYSTEM && why)
		(void)snprintf(rb->watch_reason, sizeof(rb->watch_reason), "%s", why);
	return 0;
}

static int start_threads(struct sq_rebuild *rb)
{
	int r;

	rb->tools = sq_calloc(rb->cfg.n_workers, sizeof(*rb->tools));
	rb->threads = sq_calloc(rb->cfg.n_turns, sizeof(*rb->threads));
	if (!rb->tools || !rb->threads)
		return sq_error_origin(-ENOMEM);
	for (unsigned i = 0; i < rb->cfg.n_turns; i++) {
		r = sq_epoch_record_acquire(rb->cfg.epoch, &rb->threads[i].record);
		if (r < 0)
			return sq_error_trace(r);
	}
	r = sq_alarms_new(&rb->alarms);
	if (r >= 0)
		r = sq_pool_new(rb->cfg.n_workers, "sq-parse", true, &rb->pool);
	if (r >= 0)
		r = sq_pool_new(rb->cfg.n_workers, "sq-fore", false, &rb->fore);
	if (r < 0)
		return sq_error_trace(r);
	return sq_jobs_new(rb->cfg.n_turns, TURN_QUEUE, "sq-turn", false, &rb->turns);
}

int sq_rebuild_new(const struct sq_rebuild_config *cfg, struct sq_rebuild **ret_rb)
{
	struct sq_rebuild *rb = sq_calloc(1, sizeof(*rb));
	struct sq_manager_hooks hooks = {
		.on_new = on_new, .on_last_unref = on_last_unref, .free_now = free_now, .on_evict = on_evict,
		.reclaim = reclaim_all, .on_retained = on_retained, .arg = rb,
	};
	int r;

	if (!rb)
		return sq_error_origin(-ENOMEM);
	rb->cfg = *cfg;
	if (!rb->cfg.fork.percent)
		rb->cfg.fork = (struct sq_fork_limits){ .floor_files = 2000, .percent = 50 };
	assert(cfg->n_turns <= TURNS_MAX);
	r = sq_lock_init(&rb->waiting_lock, SQ_RANK_RECORD, "reclaim");
	if (r < 0) {
		sq_free(rb);
		return sq_error_trace(r);
	}
#ifdef SQ_TEST_HOOKS
	r = sq_lock_init(&rb->fault_lock, SQ_RANK_RECORD, "faults");
	if (!r)
		r = sq_gate_init(&rb->gate, "gate");
	if (!r)
		r = sq_gate_init(&rb->postres, "post-reserve gate");
	if (!r)
		r = sq_capture_init(&rb->capture);
#endif
	if (!r)
		r = sq_rebuild_set_rules(rb, cfg->excludes, cfg->link_flags);
	rb->reader_mode = sq_reader_probe(&rb->reader_why);
	if (!r)
		r = sq_manager_new(cfg->epoch, sq_lang_traits_table(), cfg->memory_limit_bytes, &hooks, &rb->manager);
	if (!r)
		sq_manager_set_hook(rb->manager, &rb->cfg.on_publish);
	if (!r)
		r = start_trees(rb);
	if (!r)
		r = start_threads(rb);
	if (!r)
		r = start_watch(rb);
	if (r < 0) {
		sq_rebuild_free(rb);
		return sq_error_trace(r);
	}
	*ret_rb = rb;
	return 0;
}

void sq_rebuild_cancel_all(struct sq_rebuild *rb)
{
	struct sq_epoch_record *rec;
	const struct sq_ws_map *map;

	/* pairs with the acquire in turn_begins (run.c) */
	sq_store_release(&rb->stopping, true);
#ifdef SQ_TEST_HOOKS
	sq_gate_open(&rb->gate);
	sq_gate_open(&rb->postres);
#endif
	if (sq_epoch_record_acquire(rb->cfg.epoch, &rec) < 0)
		return;   /* the turns end by themselves, later */
	sq_epoch_enter(rec);
	map = sq_manager_map(rb->manager);
	for (size_t i = 0; i < map->n; i++)
		sq_build_cancel(sq_build_of(map->v[i]));
	(void)sq_epoch_leave(rec);
	sq_epoch_record_release(rec);
}

static void unload_all(struct sq_rebuild *rb)
{
	for (;;) {
		struct sq_workspace *ws = sq_manager_first(rb->manager);

		if (!ws)
			break;
		(void)sq_rebuild_unload(rb, ws);
		sq_workspace_unref(ws);
	}
	sq_jobs_drain(rb->turns);
	/* nobody reads any more: the map's references go, and queue the workspaces' ends */
	sq_manager_quiesce(rb->manager);
	sq_jobs_drain(rb->turns);
}

struct sq_rebuild *sq_rebuild_free(struct sq_rebuild *rb)
{
	if (!rb)
		return NULL;
	if (rb->turns) {
		sq_rebuild_cancel_all(rb);
		unload_all(rb);
	}
	rb->turns = sq_jobs_free(rb->turns);
	rb->alarms = sq_alarms_free(rb->alarms);
	rb->trees = sq_trees_free(rb->trees);
	if (rb->check_record)
		sq_epoch_record_release(rb->check_record);
	rb->watch = sq_watch_free(rb->watch);
	rb->pool = sq_pool_free(rb->pool);
	rb->fore = sq_pool_free(rb->fore);
	for (unsigned i = 0; rb->tools && i < rb->cfg.n_workers; i++)
		sq_tools_deinit(&rb->tools[i]);
	for (unsigned i = 0; rb->threads && i < rb->cfg.n_turns; i++) {
		sq_tools_deinit(&rb->threads[i].tools);
		sq_epoch_record_release(rb->threads[i].record);
	}
	sq_manager_free(rb->manager);
	sq_rules_drop(rb);
	sq_free(rb->tools);
	sq_free(rb->threads);
#ifdef SQ_TEST_HOOKS
	sq_lock_deinit(&rb->fault_lock);
	sq_gate_deinit(&rb->gate);
	sq_gate_deinit(&rb->postres);
	sq_capture_deinit(&rb->capture);
#endif
	sq_lock_deinit(&rb->waiting_lock);
	sq_free(rb);
	return NULL;
}

struct sq_manager *sq_rebuild_manager(struct sq_rebuild *rb)
{
	return rb->manager;
}

void sq_rebuild_set_windows(struct sq_rebuild *rb, unsigned quiet_ms, unsigned max_wait_ms)
{
	if (rb->watch)
		sq_watch_set_windows(rb->watch, quiet_ms, max_wait_ms);
}

const struct sq_parallel *sq_rebuild_parallel(const struct sq_rebuild *rb)
{
	return sq_pool_parallel_now(rb->fore);
}

/* ---- requests ---------------------------------------------------------------- */

static void served(struct sq_build *b, struct sq_outcome *o)
{
	/* pairs with the release in publish (turn.c) */
	*o = (struct sq_outcome){ .code = SQ_OUTCOME_OK, .generation = sq_load_acquire(&b->generation) };
}

/* what a load must do; under the lane's lock */
static int load_work(struct sq_workspace *ws, struct sq_work *work)
{
	int r = sq_work_init(work);

	if (r < 0)
		return sq_error_trace(r);
	if (sq_load_relaxed(&ws->last_good_ns)) {   /* relaxed: ordered by the lane's lock */
		work->changes->rescan = true;
		work->changes->root_gone = true;    /* look at the root again, too */
		sq_workspace_set_state(ws, SQ_WS_REBUILDING);
	} else {
		work->full = true;
		sq_workspace_set_state(ws, SQ_WS_LOADING);
	}
	return 0;
}

/* Return: 0 started; 1 told at once by the caller; SQ_REBUILD_E_LOADING; -errno */
static int load_locked(struct sq_build *b, struct sq_waiter *w, bool *ret_run) SQ_REQUIRES(&b->lane.lock)
{
	struct sq_work work;
	int r;

	switch (sq_workspace_state(b->ws)) {
	case SQ_WS_LOADED:
	case SQ_WS_REBUILDING:
		return 1;
	case SQ_WS_LOADING:
		return SQ_REBUILD_E_LOADING;
	default:
		r = load_work(b->ws, &work);
		if (r < 0)
			return sq_error_trace(r);
		*ret_run = sq_lane_add_locked(&b->lane, &work, w);
		sq_build_update_pending_locked(b);
		return 0;
	}
}

int sq_rebuild_load(struct sq_rebuild *rb, const struct sq_ws_key *key, struct sq_waiter *w,
		    struct sq_workspace **ret_ws)
{
	struct sq_workspace *ws;
	struct sq_build *b;
	bool must_run = false;
	struct sq_outcome o;
	int r;

	for (;;) {
		r = sq_manager_get(rb->manager, key, &ws);
		if (r)
			return r < 0 ? sq_error_trace(r) : r;
		if (!sq_workspace_is_evicted(ws))
			break;
		sq_workspace_unref(ws);   /* it is off the map by now */
	}
	b = sq_build_of(ws);
	/* RR-02: the map was let go by sq_manager_get() */
	sq_lock(&b->lane.lock);
	r = load_locked(b, w, &must_run);
	sq_unlock(&b->lane.lock);
	if (r < 0) {
		sq_workspace_unref(ws);
		return sq_error_trace(r);
	}
	*ret_ws = ws;
	if (r == SQ_REBUILD_E_LOADING)
		return r;
	if (must_run)
		sq_run_start(b);
	if (r > 0) {
		served(b, &o);
		w->done(w, &o);
	}
	return 0;
}

bool sq_rebuild_unload(struct sq_rebuild *rb, struct sq_workspace *ws)
{
	int r = sq_manager_remove(rb->manager, ws);

	if (r)
		return false;
	on_evict(rb, ws);
	sq_rebuild_kick(rb);
	return true;
}

int sq_rebuild_run(struct sq_rebuild *rb, struct sq_workspace *ws, bool force, bool wait,
		   struct sq_waiter *w, enum sq_disposition *ret_how)
{
	struct sq_build *b = sq_build_of(ws);
	struct sq_work work;
	bool must_run = false, evicted;
	int r;

	/* acquire: pairs with sq_rebuild_cancel_all */
	if (sq_load_acquire(&rb->stopping)) {
		*ret_how = SQ_DISPOSITION_REJECTED;
		return 0;
	}
	r = sq_work_init(&work);
	if (r < 0)
		return sq_error_trace(r);
	work.full = force;
	if (force)
		work.git_class = SQ_GIT_TREE_DIVERGED;
	work.changes->rescan = !sq_rebuild_is_watched(ws);
	sq_lock(&b->lane.lock);
	evicted = sq_workspace_is_evicted(ws);
	if (!evicted) {
		*ret_how = sq_lane_has_turn_locked(&b->lane) ? SQ_DISPOSITION_COALESCED : SQ_DISPOSITION_RUN;
		must_run = sq_lane_add_locked(&b->lane, &work, *ret_how == SQ_DISPOSITION_RUN || wait ? w : NULL);
		sq_build_update_pending_locked(b);
	}
	sq_unlock(&b->lane.lock);
	if (must_run)
		sq_run_start(b);
	if (evicted) {
		struct sq_outcome o = { .code = SQ_OUTCOME_EVICTED };

		sq_work_deinit(&work);
		*ret_how = SQ_DISPOSITION_RUN;
		w->done(w, &o);
	}
	return 0;
}

static int reset_locked(struct sq_build *b, bool force, struct sq_waiter *w, bool *ret_run)
	SQ_REQUIRES(&b->lane.lock)
{
	struct sq_work work;
	int r;

	if (sq_workspace_state(b->ws) == SQ_WS_LOADING)
		return SQ_RESET_E_LOADING;
	if (sq_workspace_is_pinned(b->ws) && !force)
		return SQ_RESET_E_PINNED;
	if (sq_lane_has_turn_locked(&b->lane)) {
		/* pairs with one_turn and turn_ends: the runner looks after this lock was released */
		(void)sq_xchg_acq_rel(&b->ws->cancel_reset, true);
		return SQ_RESET_E_BUSY;
	}
	r = sq_work_init(&work);
	if (r < 0)
		return sq_error_trace(r);
	(void)sq_xchg_acq_rel(&b->ws->cancel_reset, true);   /* as above */
	*ret_run = sq_lane_add_locked(&b->lane, &work, w);
	return 0;
}

int sq_rebuild_reset(struct sq_rebuild *rb, struct sq_workspace *ws, bool force, struct sq_waiter *w)
{
	struct sq_build *b = sq_build_of(ws);
	bool must_run = false;
	int r;

	(void)rb;
	sq_lock(&b->lane.lock);
	r = reset_locked(b, force, w, &must_run);
	sq_unlock(&b->lane.lock);
	if (must_run)
		sq_run_start(b);
	if (r == SQ_RESET_E_BUSY)
		sq_build_cancel(b);
	return r < 0 ? sq_error_trace(r) : r;
}

bool sq_rebuild_cancel(struct sq_rebuild *rb, struct sq_workspace *ws)
{
	struct sq_build *b = sq_build_of(ws);
	bool in_flight;

	(void)rb;
	sq_lock(&b->lane.lock);
	/* an idle cancel must not poison the next turn; the one in flight consumes it when it ends, under this lock */
	in_flight = sq_lane_has_turn_locked(&b->lane);
	if (in_flight)
		/* relaxed: ordered by the fence in sq_build_cancel */
		sq_store_relaxed(&ws->cancel_rebuild, true);
	sq_unlock(&b->lane.lock);
	if (in_flight)
		sq_build_cancel(b);
	return in_flight;
}

/* everything that was seen is in the lane now: wait for it */
static void wait_for_lane(struct sq_build *b, struct sq_waiter *w)
{
	struct sq_outcome o;
	bool must_run = false, waits;

	sq_lock(&b->lane.lock);
	waits = sq_lane_wait_locked(&b->lane, w, &must_run);
	sq_unlock(&b->lane.lock);
	if (must_run)
		sq_run_start(b);
	if (waits)
		return;
	if (sq_workspace_is_evicted(b->ws))
		o = (struct sq_outcome){ .code = SQ_OUTCOME_EVICTED };
	else
		served(b, &o);
	w->done(w, &o);
}

/* on the watch thread */
static void flushed(void *arg)
{
	struct sq_waiter *w = arg;

	wait_for_lane((struct sq_build *)w->owner, w);
}

static bool flush_watch(struct sq_build *b, struct sq_waiter *w)
{
	bool is_watched;

	/* under the lock, so that the root is not removed beneath us */
	sq_lock(&b->ws->record);
	is_watched = b->watch && sq_watch_root_tier(b->watch) != SQ_WATCH_NONE;
	if (is_watched)
		sq_watch_flush(b->watch, flushed, w);
	sq_unlock(&b->ws->record);
	return is_watched;
}

void sq_rebuild_sync(struct sq_rebuild *rb, struct sq_workspace *ws, struct sq_waiter *w)
{
	struct sq_build *b = sq_build_of(ws);
	struct sq_work work;

	(void)rb;
	w->owner = b;
	if (flush_watch(b, w))
		return;
	/* T0: a sweep, unless the first load is about to do it anyway */
	if (sq_work_init(&work) < 0) {
		struct sq_outcome o = { .code = SQ_OUTCOME_BUILD, .message = "sync: out of memory" };

		w->done(w, &o);
		return;
	}
	work.changes->rescan = true;
	sq_run_submit(b, &work, w);
}
