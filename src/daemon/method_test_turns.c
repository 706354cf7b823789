/* SPDX-License-Identifier: MIT */
/*
 * Methods that only tests may call, about turns: hold them, see what they were
 * asked and in which order they went, move their clock, feed their lane.
 */
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/fault.h"
#include "base/time.h"
#include "daemon/answer.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/read.h"
#include "rebuild/capture.h"
#include "rebuild/gate.h"

static void done(struct sq_call *c)
{
	struct sq_jw w;

	sq_call_begin(c, &w);
	sq_call_end(c, &w, NULL);
}

/* one optional number */
static bool number_param(struct sq_call *c, const char *name, int64_t max, int64_t *n)
{
	const struct sq_param table[] = { { name, SQ_PARAM_INT, false, 0, max, n } };

	return sq_params_read(c, table, SQ_ARRAY_SIZE(table), true);
}

/* ---- gates ------------------------------------------------------------------------ */

/* test/gate_set {hold}: the first so many turns wait before they do anything */
void sq_method_test_gate_set(struct sq_call *c)
{
	int64_t hold = 1;

	if (!number_param(c, "hold", 1 << 20, &hold))
		return;
	if (sq_gate_install(sq_rebuild_gate(c->d->rebuild), (unsigned)hold))
		sq_call_invalid(c, "a gate is installed");
	else
		done(c);
}

void sq_method_test_gate_release(struct sq_call *c)
{
	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_gate_release(sq_rebuild_gate(c->d->rebuild));
	done(c);
}

static void wait_at(struct sq_call *c, struct sq_gate *gate)
{
	struct sq_rpc_meta meta = sq_answer_management(NULL);
	bool reached = sq_gate_wait(gate, &c->cancel);
	struct sq_jw w;

	sq_jw_init(&w, &c->job_out);
	sq_rpc_result_begin(&w, c->req->id);
	sq_jw_begin_object(&w);
	sq_jw_kbool(&w, "reached", reached);
	sq_jw_ku64(&w, "waiting", sq_gate_waiting(gate));
	sq_jw_end_object(&w);
	sq_rpc_result_end(&w, &meta);
}

static void gate_wait(struct sq_call *c, struct sq_epoch_record *record)
{
	(void)record;
	wait_at(c, sq_rebuild_gate(c->d->rebuild));
}

/* test/gate_wait {}: answers when a turn waits there, or did since the gate was set */
void sq_method_test_gate_wait(struct sq_call *c)
{
	if (sq_params_read(c, NULL, 0, true))
		sq_call_start_job(c, gate_wait, NULL);
}

/* test/postres_hold {n}: so many more turns wait with their reservation, before they build */
void sq_method_test_postres_hold(struct sq_call *c)
{
	int64_t n = 1;

	if (!number_param(c, "n", 1 << 20, &n))
		return;
	sq_gate_hold(sq_rebuild_postres(c->d->rebuild), (unsigned)n);
	done(c);
}

static void postres_wait(struct sq_call *c, struct sq_epoch_record *record)
{
	(void)record;
	wait_at(c, sq_rebuild_postres(c->d->rebuild));
}

void sq_method_test_postres_wait(struct sq_call *c)
{
	if (sq_params_read(c, NULL, 0, true))
		sq_call_start_job(c, postres_wait, NULL);
}

void sq_method_test_postres_release(struct sq_call *c)
{
	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_gate_release(sq_rebuild_postres(c->d->rebuild));
	done(c);
}

/* test/cancel_path {no_forwarder, precancel}: see struct sq_rebuild */
void sq_method_test_cancel_path(struct sq_call *c)
{
	bool no_forwarder = false, precancel = false;
	const struct sq_param table[] = {
		{ "no_forwarder", SQ_PARAM_BOOL, false, 0, 0, &no_forwarder },
		{ "precancel", SQ_PARAM_BOOL, false, 0, 0, &precancel },
	};

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	sq_rebuild_set_cancel_test(c->d->rebuild, no_forwarder, precancel);
	done(c);
}

/* ---- capture ---------------------------------------------------------------------- */

static void write_hex(struct sq_jw *w, const char *key, const uint8_t *p, size_t n)
{
	char hex[41];

	for (size_t i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", p[i]);
	sq_jw_kstr(w, key, sq_slice(hex, 2 * n));
}

static void write_snapshot(struct sq_jw *w, const char *key, const struct sq_git_snapshot *s)
{
	sq_jw_key(w, key);
	if (!s) {
		sq_jw_null(w);
		return;
	}
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "ref", sq_slice_z(s->ref));
	write_hex(w, "commit", s->commit, sizeof(s->commit));
	write_hex(w, "tree", s->tree, sizeof(s->tree));
	sq_jw_end_object(w);
}

static void write_turn(void *arg, const struct sq_captured *t)
{
	struct sq_jw *w = arg;

	sq_jw_begin_object(w);
	sq_jw_kstr(w, "root", sq_slice_z(t->root));
	sq_jw_kstr(w, "mode", sq_slice_z(sq_mode_name((enum sq_mode)t->mode)));
	sq_jw_key(w, "files");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < t->n_files; i++)
		sq_jw_string(w, sq_slice_z(t->files[i]));
	sq_jw_end_array(w);
	sq_jw_kbool(w, "full", t->full);
	sq_jw_kbool(w, "rescan", t->rescan);
	sq_jw_kbool(w, "git_state_changed", t->git_state_changed);
	sq_jw_kstr(w, "git_class", sq_slice_z(sq_git_class_name((enum sq_git_class)t->git_class)));
	write_snapshot(w, "git_snapshot", t->has_snapshot ? &t->snapshot : NULL);
	sq_jw_ku64(w, "prior", t->prior);
	sq_jw_ku64(w, "enqueued_at", t->enqueued_ns);
	sq_jw_ku64(w, "started_at", t->started_ns);
	sq_jw_key(w, "events");
	sq_jw_begin_array(w);
	for (unsigned i = 0; i < t->n_events; i++)
		sq_jw_string(w, sq_slice_z(t->events[i]));
	sq_jw_end_array(w);
	sq_jw_end_object(w);
}

/* test/capture {}: turns are recorded from the first call on; those so far */
void sq_method_test_capture(struct sq_call *c)
{
	struct sq_capture *capture = sq_rebuild_capture(c->d->rebuild);
	bool is_first;
	struct sq_jw w;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	is_first = !sq_capture_install(capture);
	sq_call_begin(c, &w);
	sq_jw_kbool(&w, "installed", is_first);
	sq_jw_ku64(&w, "max_bodies", sq_rebuild_max_bodies(c->d->rebuild));
	sq_jw_key(&w, "iterations");
	sq_jw_begin_array(&w);
	sq_capture_each(capture, write_turn, &w);
	sq_jw_end_array(&w);
	sq_call_end(c, &w, NULL);
}

/* ---- clock ------------------------------------------------------------------------ */

/* test/clock {advance_ms | set: seconds since 1970}; how many deadlines are set */
void sq_method_test_clock(struct sq_call *c)
{
	int64_t advance_ms = 0, set = -1;
	const struct sq_param table[] = {
		{ "advance_ms", SQ_PARAM_INT, false, 0, INT64_MAX / 1000000, &advance_ms },
		{ "set", SQ_PARAM_INT, false, 0, INT64_MAX / 1000000000, &set },
	};
	uint64_t n_wakeups;
	struct sq_jw w;

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	if (set >= 0)
		sq_wall_set((uint64_t)set * 1000000000u);
	sq_clock_advance((uint64_t)advance_ms * 1000000u);
	sq_rebuild_clock_moved(c->d->rebuild);
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "alarms", sq_rebuild_alarms(c->d->rebuild, &n_wakeups));
	sq_jw_ku64(&w, "alarm_wakeups", n_wakeups);
	sq_jw_ku64(&w, "clock_ns", sq_clock_ns());
	sq_call_end(c, &w, NULL);
}

/* ---- events ----------------------------------------------------------------------- */

static bool hex_param(struct sq_slice s, uint8_t *to, size_t n)
{
	char z[41] = "";
	unsigned byte;

	if (s.n != 2 * n)
		return false;
	memcpy(z, s.p, s.n);
	for (size_t i = 0; i < n; i++) {
		if (sscanf(z + 2 * i, "%2x", &byte) != 1)
			return false;
		to[i] = (uint8_t)byte;
	}
	return true;
}

static void parse_class(struct sq_slice name, struct sq_work *work)
{
	for (int i = 0; i < SQ_GIT_CLASS_MAX; i++)
		if (sq_slice_is(name, sq_git_class_name((enum sq_git_class)i)))
			work->git_class = (uint8_t)i;
	work->git_state_changed = work->git_class > SQ_GIT_NOISE;
}

/* @events: paths, one a line; "/" at the end: a subtree */
static int add_events(struct sq_change_set *set, struct sq_slice events)
{
	int r = 0;

	while (events.n && !r) {
		const char *eol = memchr(events.p, '\n', events.n);
		size_t n = eol ? (size_t)(eol - events.p) : events.n;
		bool is_dir = n && events.p[n - 1] == '/';

		r = sq_change_set_add(set, sq_slice(events.p, n - is_dir), is_dir ? SQ_CHANGE_SUBTREE : SQ_CHANGE_FILE);
		n += eol != NULL;
		events = sq_slice(events.p + n, events.n - n);
	}
	sq_change_set_sort(set);
	return r;
}

/* test/emit_fs {path, events: "a.c\nb/", rescan, git_class, paths_known, ref, commit, tree}: as if the watcher had seen it */
void sq_method_test_emit_fs(struct sq_call *c)
{
	struct sq_slice path = SQ_SLICE_NULL, events = SQ_SLICE_NULL, class = SQ_SLICE_NULL, ref = SQ_SLICE_NULL,
			commit = SQ_SLICE_NULL, tree = SQ_SLICE_NULL, rest;
	struct sq_git_snapshot snapshot = { .known = true };
	struct sq_work work = SQ_WORK_NULL;
	struct sq_workspace *ws;
	bool rescan = false, paths_known = false;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &path },
		{ "events", SQ_PARAM_STRING, false, 0, 0, &events },
		{ "rescan", SQ_PARAM_BOOL, false, 0, 0, &rescan },
		{ "git_class", SQ_PARAM_STRING, false, 0, 0, &class },
		{ "paths_known", SQ_PARAM_BOOL, false, 0, 0, &paths_known },
		{ "ref", SQ_PARAM_STRING, false, 0, 0, &ref },
		{ "commit", SQ_PARAM_STRING, false, 0, 0, &commit },
		{ "tree", SQ_PARAM_STRING, false, 0, 0, &tree },
	};

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	if (sq_work_init(&work) || add_events(work.changes, events)) {
		sq_work_deinit(&work);
		sq_call_invalid(c, "no events");
		return;
	}
	work.changes->rescan = rescan;
	work.paths_known = paths_known;
	parse_class(class, &work);
	if (ref.n) {
		(void)snprintf(snapshot.ref, sizeof(snapshot.ref), "%.*s", (int)ref.n, ref.p);
		(void)hex_param(commit, snapshot.commit, sizeof(snapshot.commit));
		(void)hex_param(tree, snapshot.tree, sizeof(snapshot.tree));
		sq_work_set_snapshot(&work, &snapshot);
	}
	sq_epoch_enter(c->d->record);
	ws = sq_path_find(c->d, path, &rest);
	if (ws)
		sq_workspace_ref(ws);
	sq_daemon_leave(c->d, c->d->record);
	if (ws) {
		sq_rebuild_submit(ws, &work);
		sq_workspace_unref(ws);
		done(c);
	} else {
		sq_work_deinit(&work);
		sq_answer_not_loaded(&c->out, c->req->id, path);
		sq_call_answered(c);
	}
}

/* test/baseline {path}: git's state that the served version is of, or null */
void sq_method_test_baseline(struct sq_call *c)
{
	struct sq_slice path = SQ_SLICE_NULL, rest;
	const struct sq_param table[] = { { "path", SQ_PARAM_STRING, true, 0, 0, &path } };
	struct sq_git_snapshot s;
	struct sq_workspace *ws;
	bool has = false;
	struct sq_jw w;

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	sq_epoch_enter(c->d->record);
	ws = sq_path_find(c->d, path, &rest);
	if (ws)
		has = sq_rebuild_baseline(ws, &s);
	sq_daemon_leave(c->d, c->d->record);
	sq_call_begin(c, &w);
	write_snapshot(&w, "baseline", has ? &s : NULL);
	sq_call_end(c, &w, NULL);
}

/* ---- faults ----------------------------------------------------------------------- */

/* the sites that count allocations or parses have a table of their own */
static bool is_counted(struct sq_slice site, enum sq_fault_site *ret)
{
	*ret = sq_slice_is(site, "alloc") ? SQ_FAULT_ALLOC : SQ_FAULT_TREES;
	return sq_slice_is(site, "alloc") || sq_slice_is(site, "trees");
}

/* test/fault {site, kind: error|sleep, error: errno, count, ms}: the next count passes fail there, or take so long */
void sq_method_test_fault(struct sq_call *c)
{
	struct sq_slice site = SQ_SLICE_NULL, kind = SQ_SLICE_NULL;
	int64_t error = 28, count = 1, ms = 0;
	const struct sq_param table[] = {
		{ "site", SQ_PARAM_STRING, true, 0, 0, &site },
		{ "kind", SQ_PARAM_STRING, false, 0, 0, &kind },
		{ "error", SQ_PARAM_INT, false, 1, 200, &error },
		{ "count", SQ_PARAM_INT, false, 0, 1 << 30, &count },
		{ "ms", SQ_PARAM_INT, false, 0, 3600000, &ms },
	};
	struct sq_fault_plan plan;
	enum sq_fault_site counted;
	char name[32];

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	plan = (struct sq_fault_plan){
		.error = sq_slice_is(kind, "sleep") ? 0 : -(int)error, .count = (unsigned)count, .sleep_ms = (uint64_t)ms,
	};
	(void)snprintf(name, sizeof(name), "%.*s", (int)site.n, site.p);
	if (is_counted(site, &counted)) {
		sq_rebuild_set_fault(c->d->rebuild, counted, plan.error, plan.count);
		done(c);
	} else if (sq_fault_arm(name, &plan)) {
		sq_call_invalid(c, "no such site");
	} else {
		done(c);
	}
}
