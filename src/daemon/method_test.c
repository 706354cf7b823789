/* SPDX-License-Identifier: MIT */
/*
 * Methods that only tests may call: what goes on inside, and things that go
 * wrong on demand. Compiled with --enable-test-hooks, unknown methods otherwise.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "base/atomic.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/time.h"
#include "daemon/answer.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/read.h"
#include "workspace/evict.h"

/* ---- shared ---------------------------------------------------------------------- */

static void done(struct sq_call *c)
{
	struct sq_jw w;

	sq_call_begin(c, &w);
	sq_call_end(c, &w, NULL);
}

/* the workspace of the canonical root @path, referenced; NULL: answered */
static struct sq_workspace *workspace_of(struct sq_call *c, struct sq_slice path)
{
	struct sq_workspace *ws;
	struct sq_slice rest;

	sq_epoch_enter(c->d->record);
	ws = sq_path_find(c->d, path, &rest);
	if (ws)
		ws = sq_workspace_ref(ws);
	sq_daemon_leave(c->d, c->d->record);
	if (!ws) {
		sq_answer_not_loaded(&c->out, c->req->id, path);
		sq_call_answered(c);
	}
	return ws;
}

/* the only parameter is {path}; the same */
static struct sq_workspace *workspace_param(struct sq_call *c)
{
	struct sq_slice path = SQ_SLICE_NULL;
	const struct sq_param table[] = { { "path", SQ_PARAM_STRING, true, 0, 0, &path } };

	return sq_params_read(c, table, SQ_ARRAY_SIZE(table), true) ? workspace_of(c, path) : NULL;
}

/* ---- holds ----------------------------------------------------------------------- */

/* holds a query thread until the call is cancelled */
static void hold(struct sq_call *c, struct sq_epoch_record *record)
{
	(void)record;
	while (!sq_load_relaxed(&c->cancel))   /* relaxed: nothing else is read on its behalf */
		sched_yield();
	sq_answer_internal(&c->job_out, c->req->id, "held until cancelled");
}

void sq_method_test_hold(struct sq_call *c)
{
	sq_call_start_job(c, hold, NULL);
}

/* test/hold_reads {on}: reads that are jobs begin when their call is cancelled, to end at their first look */
void sq_method_test_hold_reads(struct sq_call *c)
{
	bool on = true;
	const struct sq_param table[] = { { "on", SQ_PARAM_BOOL, false, 0, 0, &on } };

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	sq_store_relaxed(&c->d->holds_reads, on);   /* relaxed: see run_pinned() */
	done(c);
}

/* ---- memory ---------------------------------------------------------------------- */

static void write_retained(void *arg, const struct sq_workspace *ws, const struct sq_retained *e)
{
	struct sq_jw *w = arg;

	sq_jw_begin_object(w);
	sq_jw_kstr(w, "root", ws->key.root);
	sq_jw_ku64(w, "token", e->token);
	sq_jw_ku64(w, "bytes", e->bytes);
	sq_jw_kbool(w, "evicted", e->generation == UINT64_MAX);
	sq_jw_kbool(w, "warned", e->is_warned);
	sq_jw_end_object(w);
}

/* test/admission {}: the ledger at one moment, and by whom something is retained */
void sq_method_test_admission(struct sq_call *c)
{
	struct sq_admission_state a;
	struct sq_jw w;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_admission_read(sq_manager_admission(c->d->manager), &a);
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "limit", a.limit);
	sq_jw_ku64(&w, "loaded", a.loaded);
	sq_jw_ku64(&w, "reserved", a.reserved);
	sq_jw_ku64(&w, "retained_bytes", a.retained);
	sq_jw_ku64(&w, "committed", sq_admission_committed(&a));
	sq_jw_ku64(&w, "high_water", a.high_water);
	sq_jw_ku64(&w, "evicted_total", sq_manager_n_evicted(c->d->manager));
	sq_jw_key(&w, "retained");
	sq_jw_begin_array(&w);
	sq_manager_each_retained(c->d->manager, write_retained, &w);
	sq_jw_end_array(&w);
	sq_call_end(c, &w, NULL);
}

static void write_lane(struct sq_jw *w, struct sq_workspace *ws)
{
	struct sq_lane_view v;

	sq_rebuild_peek_lane(ws, &v);
	sq_jw_kbool(w, "in_flight", v.in_flight);
	sq_jw_key(w, "lane");
	if (!v.is_parked) {
		sq_jw_null(w);
		return;
	}
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "files", v.n_files);
	sq_jw_kbool(w, "full", v.is_full);
	sq_jw_ku64(w, "enqueued_at", v.enqueued_ns);
	sq_jw_end_object(w);
}

/* test/ws {path} */
void sq_method_test_ws(struct sq_call *c)
{
	struct sq_workspace *ws = workspace_param(c);
	char error[SQ_WS_ERROR_MAX];
	struct sq_jw w;

	if (!ws)
		return;
	sq_call_begin(c, &w);
	/* relaxed, all of them: a moment's figures */
	sq_jw_kstr(&w, "state", sq_slice_z(sq_ws_state_name(sq_workspace_state(ws))));
	sq_jw_ku64(&w, "serial", ws->serial);
	sq_jw_kbool(&w, "evicted", sq_workspace_is_evicted(ws));
	sq_jw_kbool(&w, "cancelled", sq_load_relaxed(&ws->cancel_rebuild));
	sq_jw_kbool(&w, "pinned", sq_workspace_is_pinned(ws));
	sq_jw_ku64(&w, "last_accessed", sq_load_relaxed(&ws->last_access_ns));
	write_lane(&w, ws);
	sq_jw_ku64(&w, "last_good", sq_load_relaxed(&ws->last_good_ns));
	sq_jw_ku64(&w, "retry", sq_load_relaxed(&ws->retry_count));
	sq_jw_ku64(&w, "bytes", sq_load_relaxed(&ws->bytes));
	sq_jw_ku64(&w, "high_water", sq_load_relaxed(&ws->high_water_bytes));
	sq_jw_ku64(&w, "pending_files", sq_load_relaxed(&ws->pending_files));
	(void)sq_workspace_last_error(ws, error, sizeof(error));
	sq_jw_kstr(&w, "last_error", sq_slice_z(error));
	sq_call_end(c, &w, NULL);
	sq_workspace_unref(ws);
}

/* ---- states ---------------------------------------------------------------------- */

/* test/ws_set_state {index_root, state}: the workspace is registered when it is not (ST-10) */
void sq_method_test_ws_set_state(struct sq_call *c)
{
	struct sq_slice root = SQ_SLICE_NULL, name = SQ_SLICE_NULL;
	const struct sq_param table[] = {
		{ "index_root", SQ_PARAM_STRING, true, 0, 0, &root },
		{ "state", SQ_PARAM_STRING, true, 0, 0, &name },
	};
	struct sq_ws_key key = { .mode = SQ_ROOT_GIT };
	struct sq_workspace *ws;

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	key.root = root;
	if (sq_manager_get(c->d->manager, &key, &ws)) {
		sq_answer_internal(&c->out, c->req->id, "no workspace");
		sq_call_answered(c);
		return;
	}
	for (int s = 0; s < SQ_WS_STATE_MAX; s++)
		if (sq_slice_is(name, sq_ws_state_name((enum sq_ws_state)s)))
			sq_workspace_set_state(ws, (enum sq_ws_state)s);
	sq_workspace_unref(ws);
	done(c);
}

/* test/ws_set_last_good {path, age_hours, error}: last built that long ago; error: what went wrong since */
void sq_method_test_ws_set_last_good(struct sq_call *c)
{
	struct sq_slice path = SQ_SLICE_NULL, error = SQ_SLICE_NULL;
	int64_t age = 0;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &path },
		{ "age_hours", SQ_PARAM_INT, false, -100000, 100000, &age },
		{ "error", SQ_PARAM_STRING, false, 0, 0, &error },
	};
	struct sq_workspace *ws;
	char text[200];

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	ws = workspace_of(c, path);
	if (!ws)
		return;
	sq_workspace_record_success(ws, sq_realtime_ns() - (uint64_t)age * 3600u * 1000000000u);
	if (error.n) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)error.n, error.p);
		(void)sq_workspace_record_failure(ws, SQ_OUTCOME_BUILD, text);
	}
	sq_workspace_unref(ws);
	done(c);
}

/* ---- readers ---------------------------------------------------------------------- */

/* slow queries of a test: loop thread */
static struct reader { struct sq_workspace *ws; const struct sq_version *v; } readers[64];

/* test/reader_pin {path}: hold the version that is served now. {id} */
void sq_method_test_reader_pin(struct sq_call *c)
{
	struct sq_workspace *ws = workspace_param(c);
	size_t id = 0;
	struct sq_jw w;

	if (!ws)
		return;
	while (id < SQ_ARRAY_SIZE(readers) - 1 && readers[id].ws)
		id++;
	sq_epoch_enter(c->d->record);
	readers[id] = (struct reader){ ws, sq_graph_current(ws->graph) };
	if (sq_graph_pin(ws->graph, readers[id].v) < 0)
		readers[id].v = NULL;
	sq_daemon_leave(c->d, c->d->record);
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "id", id);
	sq_jw_ku64(&w, "generation", readers[id].v ? readers[id].v->generation : 0);
	sq_call_end(c, &w, NULL);
}

static struct reader *reader_param(struct sq_call *c)
{
	int64_t id = -1;
	const struct sq_param table[] = {
		{ "id", SQ_PARAM_INT, true, 0, (int64_t)SQ_ARRAY_SIZE(readers) - 1, &id } };

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return NULL;
	if (readers[id].ws)
		return &readers[id];
	sq_call_invalid(c, "no such reader");
	return NULL;
}

/* test/reader_read {id}: what that version says, through its own pieces */
void sq_method_test_reader_read(struct sq_call *c)
{
	struct reader *r = reader_param(c);
	uint64_t n_defs = 0, n_files = 0, sum = 0;
	struct sq_jw w;

	if (!r)
		return;
	for (sq_file f = 0; f < r->v->n_file_ids; f++) {
		struct sq_file_slot slot = sq_version_slot(r->v, f);

		if (!slot.bound)
			continue;
		n_files++;
		n_defs += slot.bound->columns.n_defs;
		sum = sq_hash64(slot.bound->columns.p, slot.bound->columns.n_bytes, sum);
	}
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "generation", r->v->generation);
	sq_jw_ku64(&w, "files", n_files);
	sq_jw_ku64(&w, "definitions", n_defs);
	sq_jw_ku64(&w, "definitions_counted", r->v->stats.n_defs);
	sq_jw_ku64(&w, "checksum", sum >> 1);
	sq_call_end(c, &w, NULL);
}

/* test/reader_unpin {id} */
void sq_method_test_reader_unpin(struct sq_call *c)
{
	struct reader *r = reader_param(c);

	if (!r)
		return;
	if (sq_graph_unpin(r->ws->graph, r->v))
		sq_rebuild_kick(c->d->rebuild);
	sq_workspace_unref(r->ws);
	*r = (struct reader){ .ws = NULL };
	done(c);
}

/* test/evict_lru {}: {root} or {root: null} */
void sq_method_test_evict_lru(struct sq_call *c)
{
	struct sq_workspace *ws = NULL;
	struct sq_jw w;
	int r;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	r = sq_manager_evict_lru(c->d->manager, &ws);
	sq_call_begin(c, &w);
	sq_jw_key(&w, "root");
	if (r > 0)
		sq_jw_string(&w, ws->key.root);
	else
		sq_jw_null(&w);
	sq_call_end(c, &w, NULL);
	sq_workspace_unref(ws);
	sq_rebuild_kick(c->d->rebuild);
}

static void reclaim_job(struct sq_call *c, struct sq_epoch_record *record)
{
	(void)record;
	sq_rebuild_reclaim(c->d->rebuild);
}

static void reclaimed(struct sq_call *c)
{
	sq_daemon_check_retained(c->d);
	done(c);
}

/* test/reclaim_now {}: a pass, and a look at who holds for too long; done when the answer comes */
void sq_method_test_reclaim_now(struct sq_call *c)
{
	if (sq_params_read(c, NULL, 0, true))
		sq_call_start_job(c, reclaim_job, reclaimed);
}

/* ---- the publish hook -------------------------------------------------------------- */

/* what the hook of a test saw; under its lock */
static struct sq_lock hook_lock = SQ_LOCK_STATIC(SQ_RANK_FAULT, "test hook");
static struct { uint64_t n_fired, generation, n_defs; char root[256]; } hook_saw;
static bool hook_holds;   /* atomic */

static void note_publish(const struct sq_workspace *ws, const struct sq_version *v)
{
	sq_lock(&hook_lock);
	hook_saw.n_fired++;
	hook_saw.generation = v->generation;
	hook_saw.n_defs = v->stats.n_defs;
	(void)snprintf(hook_saw.root, sizeof(hook_saw.root), "%s", ws->key.root.p);
	sq_unlock(&hook_lock);
}

static void hook_record(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	(void)arg;
	note_publish(ws, v);
}

/* what a hook may do (HK-04): unload, load, status, set_hook */
static void hook_reenter(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	static const struct sq_publish_hook next = { .fn = hook_record };
	struct sq_daemon *d = arg;
	struct sq_admission_state a;
	struct sq_workspace *other = NULL;
	struct sq_ws_key key = { .root = ws->key.root, .mode = SQ_ROOT_FOLDER };

	note_publish(ws, v);
	sq_admission_read(sq_manager_admission(d->manager), &a);
	sq_manager_set_hook(d->manager, &next);
	(void)sq_rebuild_unload(d->rebuild, ws);
	if (!sq_manager_get(d->manager, &key, &other))
		sq_workspace_unref(other);
}

static void hook_hold(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	(void)arg;
	note_publish(ws, v);
	while (sq_load_acquire(&hook_holds))   /* pairs with sq_method_test_hook */
		sched_yield();
}

/* test/hook {action}: record, reenter or hold publishes from now on, release the held ones, or just
 * look. {fired, root, generation, definitions} */
void sq_method_test_hook(struct sq_call *c)
{
	struct sq_slice action = SQ_SLICE_NULL;
	const struct sq_param table[] = { { "action", SQ_PARAM_STRING, false, 0, 0, &action } };
	struct sq_publish_hook hook = { .arg = c->d };
	struct sq_jw w;

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	if (sq_slice_is(action, "record"))
		hook.fn = hook_record;
	else if (sq_slice_is(action, "reenter"))
		hook.fn = hook_reenter;
	else if (sq_slice_is(action, "hold"))
		hook.fn = hook_hold;
	if (sq_slice_is(action, "hold"))
		sq_store_release(&hook_holds, true);    /* pairs with hook_hold */
	if (sq_slice_is(action, "release"))
		sq_store_release(&hook_holds, false);   /* as above */
	if (hook.fn || sq_slice_is(action, "none"))
		sq_manager_set_hook(c->d->manager, &hook);
	sq_call_begin(c, &w);
	sq_lock(&hook_lock);
	sq_jw_ku64(&w, "fired", hook_saw.n_fired);
	sq_jw_kstr(&w, "root", sq_slice_z(hook_saw.root));
	sq_jw_ku64(&w, "generation", hook_saw.generation);
	sq_jw_ku64(&w, "definitions", hook_saw.n_defs);
	sq_unlock(&hook_lock);
	sq_call_end(c, &w, NULL);
}
