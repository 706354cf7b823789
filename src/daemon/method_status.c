/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "daemon/answer.h"
#include "daemon/memory.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/server.h"
#include "workspace/evict.h"

#define NS_A_SECOND 1000000000ull

static void kstrz(struct sq_jw *w, const char *key, const char *z)
{
	sq_jw_kstr(w, key, sq_slice_z(z));
}

static void knull(struct sq_jw *w, const char *key)
{
	sq_jw_key(w, key);
	sq_jw_null(w);
}

static void system_time(struct sq_jw *w, const char *key, uint64_t ns)
{
	if (!ns) {
		knull(w, key);
		return;
	}
	sq_jw_key(w, key);
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "secs_since_epoch", ns / NS_A_SECOND);
	sq_jw_ku64(w, "nanos_since_epoch", ns % NS_A_SECOND);
	sq_jw_end_object(w);
}

static void memory(struct sq_jw *w, struct sq_daemon *d, const struct sq_memory *m, uint64_t live_bytes)
{
	struct sq_admission_state a;

	sq_admission_read(sq_manager_admission(d->manager), &a);
	sq_jw_key(w, "memory");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "limit_bytes", a.limit);
	sq_jw_ku64(w, "current_bytes", sq_admission_committed(&a));
	sq_jw_ku64(w, "loaded_bytes", a.loaded);
	sq_jw_ku64(w, "reserved_bytes", a.reserved);
	sq_jw_ku64(w, "retained_bytes", a.retained);
	sq_jw_ku64(w, "high_water_bytes", a.high_water);
	sq_jw_ku64(w, "live_workspace_bytes", live_bytes);
	sq_jw_ku64(w, "resident_revision_bytes", 0);
	sq_jw_ku64(w, "evicted_total", sq_manager_n_evicted(d->manager));
	sq_memory_write(m, w);
	sq_jw_end_object(w);
}

/* who holds memory back, and for how long (RT-10) */
static void epochs(struct sq_jw *w, struct sq_daemon *d, const struct sq_ws_map *map)
{
	uint64_t oldest = 0, now = sq_clock_ns();
	struct sq_admission_state a;

	for (size_t i = 0; i < map->n; i++) {
		uint64_t ns = sq_graph_oldest_pin_ns(map->v[i]->graph);

		if (ns && (!oldest || ns < oldest))
			oldest = ns;
	}
	sq_admission_read(sq_manager_admission(d->manager), &a);
	sq_jw_key(w, "epochs");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "current", sq_epoch_number(d->epoch));
	sq_jw_ku64(w, "oldest_pin_ms", oldest && now > oldest ? (now - oldest) / 1000000u : 0);
	sq_jw_ku64(w, "retired_bytes", a.retained);
	sq_jw_end_object(w);
}

static void kept_trees(struct sq_jw *w, struct sq_daemon *d)
{
	struct sq_trees_stats s;

	sq_rebuild_trees(d->rebuild, &s);
	sq_jw_key(w, "kept_trees");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "bytes", s.bytes);
	sq_jw_ku64(w, "files", s.n_files);
	sq_jw_ku64(w, "reused_total", s.n_reused);
	sq_jw_ku64(w, "checked_total", s.n_checked);
	sq_jw_ku64(w, "differing_total", s.n_differing);
	sq_jw_ku64(w, "dropped_total", s.n_dropped);
	sq_jw_end_object(w);
}

static void links(struct sq_jw *w, const struct sq_version_stats *s)
{
	sq_jw_key(w, "links");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "unresolved", s->refs_by_state[SQ_LINK_UNRESOLVED]);
	sq_jw_ku64(w, "bound", s->refs_by_state[SQ_LINK_BOUND]);
	sq_jw_ku64(w, "ambiguous", s->refs_by_state[SQ_LINK_AMBIGUOUS]);
	sq_jw_ku64(w, "elided", s->refs_by_state[SQ_LINK_ELIDED]);
	sq_jw_end_object(w);
	sq_jw_key(w, "by_rule");
	sq_jw_begin_object(w);
	for (int i = SQ_RULE_NONE + 1; i < SQ_RULE_MAX; i++)
		if (s->refs_by_rule[i])
			sq_jw_ku64(w, sq_rule_name((enum sq_rule)i), s->refs_by_rule[i]);
	sq_jw_end_object(w);
}

static void graph(struct sq_jw *w, const struct sq_version *v)
{
	const struct sq_version_stats *s = &v->stats;

	sq_jw_key(w, "graph");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "files", s->n_files);
	sq_jw_ku64(w, "skipped", s->n_skipped);
	sq_jw_ku64(w, "definitions", s->n_defs);
	sq_jw_ku64(w, "references", s->n_refs);
	sq_jw_ku64(w, "imports", s->n_imports);
	sq_jw_ku64(w, "names", s->n_names);
	sq_jw_ku64(w, "source_bytes", s->source_bytes);
	sq_jw_ku64(w, "bytes", sq_version_bytes(v));
	links(w, s);
	sq_jw_key(w, "bytes_by_kind");
	sq_jw_begin_object(w);
	for (int i = 0; i < SQ_PIECE_MAX; i++)
		sq_jw_ku64(w, sq_piece_kind_name((enum sq_piece_kind)i), s->bytes_by_kind[i]);
	sq_jw_end_object(w);
	sq_jw_end_object(w);
}

static void progress(struct sq_jw *w, const struct sq_build_status *b)
{
	if (b->pass == SQ_PASS_NONE) {
		knull(w, "progress");
		return;
	}
	sq_jw_key(w, "progress");
	sq_jw_begin_object(w);
	kstrz(w, "pass", sq_pass_name(b->pass));
	sq_jw_ku64(w, "files_done", b->pass == SQ_PASS_DISCOVER ? 0 : b->files_done);
	sq_jw_ku64(w, "files_total", b->pass == SQ_PASS_DISCOVER ? 0 : b->files_total);
	sq_jw_end_object(w);
}

static void stages(struct sq_jw *w, const struct sq_stages *s)
{
	const struct { const char *name; uint64_t ns; } v[] = {
		{ "plan", s->plan_ns }, { "read", s->read_ns }, { "cut", s->cut_ns },
		{ "parse", s->parse_ns }, { "walk", s->walk_ns }, { "encode", s->encode_ns },
		{ "put", s->put_ns }, { "link", s->link_ns }, { "publish", s->publish_ns },
	};

	sq_jw_key(w, "stages_us");
	sq_jw_begin_object(w);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(v); i++)
		sq_jw_ku64(w, v[i].name, v[i].ns / 1000u);
	sq_jw_end_object(w);
	sq_jw_ku64(w, "pieces", s->n_pieces);
	sq_jw_ku64(w, "pieces_parsed", s->n_parsed);
	sq_jw_ku64(w, "pieces_known", s->n_known);
	sq_jw_ku64(w, "bytes_parsed", s->parsed_bytes);
}

static void last_build(struct sq_jw *w, const struct sq_build_status *b)
{
	if (!b->has_last) {
		knull(w, "last_build");
		return;
	}
	sq_jw_key(w, "last_build");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "duration_ms", b->last_duration_ns / 1000000u);
	sq_jw_ku64(w, "duration_us", b->last_duration_ns / 1000u);
	sq_jw_ku64(w, "files", b->last_files);
	sq_jw_kbool(w, "was_full", b->last_was_full);
	kstrz(w, "mode", sq_mode_name(b->last_mode));
	stages(w, &b->last_stages);
	sq_jw_end_object(w);
}

static void totals(struct sq_jw *w, const struct sq_build_status *b)
{
	sq_jw_ku64(w, "parsed_total", b->n_parsed);
	sq_jw_ku64(w, "moved_total", b->n_moved);
	sq_jw_ku64(w, "relinked_total", b->n_relinked);
}

static void watching(struct sq_jw *w, const struct sq_build_status *b)
{
	sq_jw_kbool(w, "watching", b->tier != SQ_WATCH_NONE);
	kstrz(w, "watch_mechanism", b->tier == SQ_WATCH_NONE ? "none" : sq_watch_tier_name(b->tier));
	if (b->watch_reason[0])
		kstrz(w, "watch_reason", b->watch_reason);
	sq_jw_ku64(w, "overflows", b->watch.n_overflows);
	sq_jw_key(w, "watch");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "events", b->watch.n_events);
	sq_jw_ku64(w, "ignored", b->watch.n_ignored);
	sq_jw_ku64(w, "rescans", b->watch.n_rescans);
	sq_jw_ku64(w, "marks", b->watch.n_marks);
	sq_jw_ku64(w, "change_sets", b->watch.n_sets);
	sq_jw_end_object(w);
}

static void khex(struct sq_jw *w, const char *key, const uint8_t id[20])
{
	char hex[41];

	for (size_t i = 0; i < 20; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
	kstrz(w, key, hex);
}

/* absent: not in a work tree of git */
static void git(struct sq_jw *w, const struct sq_build_status *b)
{
	if (!b->git.is_git && !b->git.why[0])
		return;
	sq_jw_key(w, "git");
	sq_jw_begin_object(w);
	if (b->git.why[0])
		kstrz(w, "reason", b->git.why);
	if (b->git.is_git && b->git.seen.known) {
		kstrz(w, "ref", b->git.seen.ref);
		khex(w, "commit", b->git.seen.commit);
	}
	if (b->git.has_baseline && b->git.baseline.known)
		khex(w, "published_commit", b->git.baseline.commit);
	kstrz(w, "last_class", sq_git_class_name(b->git.last_class));
	sq_jw_end_object(w);
}

static void workspace(struct sq_jw *w, struct sq_daemon *d, struct sq_workspace *ws)
{
	const struct sq_version *v = sq_graph_current(ws->graph);
	struct sq_build_status b;
	char error[SQ_WS_ERROR_MAX], clock[SQ_CLOCK_MAX];
	uint64_t pending;

	sq_rebuild_status(ws, &b);
	pending = sq_rebuild_pending(ws);
	(void)sq_workspace_last_error(ws, error, sizeof(error));
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "index_root", ws->key.root);
	kstrz(w, "root_mode", sq_root_mode_name((enum sq_root_mode)ws->key.mode));
	sq_jw_ku64(w, "config_fingerprint", ws->key.fingerprint);
	kstrz(w, "state", sq_ws_state_name(sq_workspace_state(ws)));
	sq_jw_kbool(w, "pinned", sq_workspace_is_pinned(ws));
	/* relaxed: a moment's figures */
	sq_jw_ku64(w, "current_bytes", sq_load_relaxed(&ws->bytes));
	sq_jw_ku64(w, "high_water_bytes", sq_load_relaxed(&ws->high_water_bytes));
	system_time(w, "last_good_at", sq_load_relaxed(&ws->last_good_ns));
	if (error[0])
		kstrz(w, "last_error", error);
	else
		knull(w, "last_error");
	sq_jw_ku64(w, "retry_count", sq_load_relaxed(&ws->retry_count));
	if (b.retries)
		sq_jw_ku64(w, "retry_in_seconds", b.retry_in_ns / NS_A_SECOND);
	else
		knull(w, "retry_in_seconds");
	kstrz(w, "last_mode", sq_mode_name(b.last_mode));
	kstrz(w, "last_outcome", b.last_outcome);
	sq_jw_kstr(w, "clock", sq_daemon_clock(d, ws, v->generation, clock));
	sq_jw_ku64(w, "pending_files", pending || !b.watch_pending ? pending : 1);
	watching(w, &b);
	git(w, &b);
	progress(w, &b);
	last_build(w, &b);
	totals(w, &b);
	graph(w, v);
	sq_jw_end_object(w);
}

static void machinery(struct sq_jw *w, struct sq_daemon *d)
{
	struct sq_server_counters n;
	uint64_t at_boundary, at_publish;
	const char *why;

	sq_server_read_counters(d->server, &n);
	kstrz(w, "reader", sq_reader_mode_name(sq_rebuild_reader(d->rebuild, &why)));
	if (why)
		kstrz(w, "reader_reason", why);
	kstrz(w, "event_loop", sq_loop_name(d->loop));
	sq_jw_ku64(w, "wakeups", sq_loop_wakeups(d->loop));
	sq_jw_ku64(w, "workers", sq_rebuild_n_workers(d->rebuild));
	sq_jw_ku64(w, "query_threads", d->n_query_threads);
	sq_jw_ku64(w, "dispatched_total", sq_rebuild_n_dispatched(d->rebuild));
	kstrz(w, "last_mode", sq_mode_name(sq_rebuild_last_mode(d->rebuild)));
	sq_rebuild_n_cancelled(d->rebuild, &at_boundary, &at_publish);
	sq_jw_ku64(w, "cancelled_at_boundary_total", at_boundary);
	sq_jw_ku64(w, "cancelled_at_publish_total", at_publish);
	sq_jw_ku64(w, "debounce_ms", d->config->debounce_ms);
	sq_jw_ku64(w, "max_wait_ms", d->config->max_wait_ms);
	sq_jw_key(w, "server");
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "connections", n.n_connections);
	sq_jw_ku64(w, "outstanding", n.n_outstanding);
	sq_jw_ku64(w, "accepted", n.n_accepted);
	sq_jw_ku64(w, "refused", n.n_refused);
	sq_jw_ku64(w, "refused_users", n.n_foreign);
	sq_jw_ku64(w, "requests", n.n_requests);
	sq_jw_ku64(w, "bad_frames", n.n_bad_frames);
	sq_jw_end_object(w);
}

void sq_method_status(struct sq_call *c)
{
	struct sq_daemon *d = c->d;
	const struct sq_ws_map *map;
	struct sq_memory m;
	uint64_t live = 0;
	struct sq_jw w;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "uptime_seconds", (sq_now_ns() - d->started_ns) / NS_A_SECOND);
	kstrz(&w, "daemon_version", PACKAGE_VERSION);
	sq_jw_ku64(&w, "pid", (uint64_t)getpid());
	kstrz(&w, "socket", d->socket_path);
	machinery(&w, d);
	sq_jw_key(&w, "workspaces");
	sq_jw_begin_array(&w);
	sq_epoch_enter(d->record);
	map = sq_manager_map(d->manager);
	for (size_t i = 0; i < map->n; i++) {
		workspace(&w, d, map->v[i]);
		live += sq_load_relaxed(&map->v[i]->bytes);   /* relaxed: a figure */
	}
	sq_memory_read(d->manager, d->rebuild, &m);
	sq_jw_end_array(&w);
	epochs(&w, d, map);
	sq_daemon_leave(d, d->record);
	memory(&w, d, &m, live);
	kept_trees(&w, d);
	sq_jw_key(&w, "revisions");
	sq_jw_begin_array(&w);
	sq_jw_end_array(&w);
	sq_call_end(c, &w, NULL);
}

/* ---- daemon/active-artifacts ----------------------------------------------------- */

/* the directories that a cleaner must leave alone now: where a tree keeps what belongs to its graph */
void sq_method_active_artifacts(struct sq_call *c)
{
	const struct sq_ws_map *map;
	struct sq_buf path = SQ_BUF_NULL;
	struct sq_jw w;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_call_begin(c, &w);
	sq_jw_key(&w, "artifacts");
	sq_jw_begin_array(&w);
	sq_epoch_enter(c->d->record);
	map = sq_manager_map(c->d->manager);
	for (size_t i = 0; i < map->n; i++) {
		enum sq_ws_state s = sq_workspace_state(map->v[i]);

		if (s != SQ_WS_LOADING && s != SQ_WS_LOADED && s != SQ_WS_REBUILDING)
			continue;
		sq_buf_clear(&path);
		sq_buf_printf(&path, "%s/.sqryd", map->v[i]->key.root.p);
		sq_jw_string(&w, sq_buf_slice(&path));
	}
	sq_daemon_leave(c->d, c->d->record);
	sq_jw_end_array(&w);
	sq_buf_deinit(&path);
	sq_call_end(c, &w, NULL);
}
