/* SPDX-License-Identifier: MIT */
#include "daemon/metrics.h"

#include <inttypes.h>

#include "base/atomic.h"
#include "base/time.h"
#include "daemon/call.h"
#include "daemon/latency.h"
#include "daemon/memory.h"
#include "daemon/server.h"

#define NS_A_SECOND 1e9
#define FIRST_BUILD_BUCKET_NS 1000000ull
#define REQUEST_BUCKETS 13u            /* 1 us, 4 us, ... 16.8 s */
#define FIRST_REQUEST_BUCKET_NS 1024ull

static const char *const mode_names[] = { "incremental", "full" };
static const char *const outcome_names[SQ_BUILD_OUTCOMES] = {
	[SQ_OUTCOME_OK] = "published", [SQ_OUTCOME_BUILD] = "failed", [SQ_OUTCOME_BUDGET] = "over_budget",
	[SQ_OUTCOME_OVERSIZE] = "oversize", [SQ_OUTCOME_CANCELLED] = "cancelled", [SQ_OUTCOME_EVICTED] = "evicted",
};

/* where the bucket ends that @i is; the last one does not */
static uint64_t build_le(unsigned i)
{
	return FIRST_BUILD_BUCKET_NS << 2 * i;
}

void sq_build_metrics_add(struct sq_build_metrics *m, bool was_full, enum sq_outcome_code code, uint64_t ns)
{
	struct sq_build_mode *mode = &m->modes[was_full];
	unsigned i = 0;

	(void)sq_add_relaxed(&mode->n[code], 1);
	if (code != SQ_OUTCOME_OK)
		return;
	while (i < SQ_BUILD_BUCKETS - 1 && ns > build_le(i))
		i++;
	(void)sq_add_relaxed(&mode->buckets[i], 1);
	(void)sq_add_relaxed(&mode->sum_ns, ns);
}

/* ---- the format --------------------------------------------------------------------- */

static void family(struct sq_buf *b, const char *name, const char *type, const char *help)
{
	sq_buf_printf(b, "# HELP sqryd_%s %s\n# TYPE sqryd_%s %s\n", name, help, name, type);
}

/* a label's value: backslash, quote and line end are escaped */
static void label_value(struct sq_buf *b, struct sq_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n') {
			sq_buf_puts(b, "\\n");
			continue;
		}
		if (s.p[i] == '\\' || s.p[i] == '"')
			sq_buf_putc(b, '\\');
		sq_buf_putc(b, s.p[i]);
	}
}

static void one(struct sq_buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	family(b, name, type, help);
	sq_buf_printf(b, "sqryd_%s %" PRIu64 "\n", name, value);
}

static void labelled(struct sq_buf *b, const char *name, const char *label, struct sq_slice value, uint64_t n)
{
	sq_buf_printf(b, "sqryd_%s{%s=\"", name, label);
	label_value(b, value);
	sq_buf_printf(b, "\"} %" PRIu64 "\n", n);
}

/* ---- requests ------------------------------------------------------------------------- */

static void request_histogram(struct sq_buf *b, const char *method, const struct sq_latency *l)
{
	uint64_t seen = 0;
	unsigned at = 0;

	for (unsigned i = 0; i < REQUEST_BUCKETS; i++) {
		uint64_t le = FIRST_REQUEST_BUCKET_NS << 2 * i;

		while (at < SQ_LATENCY_BUCKETS && sq_latency_le(at) < le)
			seen += l->counts[at++];
		sq_buf_printf(b, "sqryd_request_duration_seconds_bucket{method=\"%s\",le=\"%.9g\"} %" PRIu64 "\n", method,
			      (double)le / NS_A_SECOND, seen);
	}
	sq_buf_printf(b, "sqryd_request_duration_seconds_bucket{method=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		      "sqryd_request_duration_seconds_sum{method=\"%s\"} %.9f\n"
		      "sqryd_request_duration_seconds_count{method=\"%s\"} %" PRIu64 "\n",
		      method, l->n, method, (double)l->sum_ns / NS_A_SECOND, method, l->n);
}

static void requests(struct sq_buf *b, const struct sq_daemon *d)
{
	family(b, "request_duration_seconds", "histogram", "Time from the frame of a request to its answer, by method.");
	for (size_t i = 0; i < sq_methods_count(); i++)
		if (d->latencies[i].n)
			request_histogram(b, sq_methods_at(i)->name, &d->latencies[i]);
	/* relaxed: a figure */
	one(b, "requests_cancelled_total", "counter", "Queries that ended because nobody waited for them any more.",
	    sq_load_relaxed(&d->n_cancelled));
}

static void connections(struct sq_buf *b, const struct sq_daemon *d)
{
	struct sq_server_counters n;

	sq_server_read_counters(d->server, &n);
	one(b, "connections", "gauge", "Clients that are connected.", n.n_connections);
	one(b, "requests_outstanding", "gauge", "Requests that are not yet answered.", n.n_outstanding);
	one(b, "connections_accepted_total", "counter", "Connections that were accepted.", n.n_accepted);
	family(b, "connections_refused_total", "counter", "Connections that were refused, by reason.");
	labelled(b, "connections_refused_total", "reason", SQ_LIT("user"), n.n_foreign);
	labelled(b, "connections_refused_total", "reason", SQ_LIT("limit"), n.n_refused - n.n_foreign);
	one(b, "frames_total", "counter", "Frames of requests that were read.", n.n_requests);
	one(b, "frames_bad_total", "counter", "Frames that ended their connection.", n.n_bad_frames);
	one(b, "connection_turns_total", "counter", "Times that a connection left the others their turn.", n.n_turns);
	one(b, "loop_wakeups_total", "counter", "Times that the event loop came back from the kernel.",
	    sq_loop_wakeups(d->loop));
}

/* ---- builds --------------------------------------------------------------------------- */

static void build_histogram(struct sq_buf *b, const char *mode, const struct sq_build_mode *m)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < SQ_BUILD_BUCKETS; i++) {
		seen += sq_load_relaxed(&m->buckets[i]);
		if (i < SQ_BUILD_BUCKETS - 1)
			sq_buf_printf(b, "sqryd_build_duration_seconds_bucket{mode=\"%s\",le=\"%.9g\"} %" PRIu64 "\n",
				      mode, (double)build_le(i) / NS_A_SECOND, seen);
	}
	/* the count is what the buckets say: a build may end between two of these lines */
	sq_buf_printf(b, "sqryd_build_duration_seconds_bucket{mode=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		      "sqryd_build_duration_seconds_sum{mode=\"%s\"} %.9f\n"
		      "sqryd_build_duration_seconds_count{mode=\"%s\"} %" PRIu64 "\n",
		      mode, seen, mode, (double)sq_load_relaxed(&m->sum_ns) / NS_A_SECOND, mode, seen);
}

static void builds(struct sq_buf *b, const struct sq_daemon *d)
{
	family(b, "builds_total", "counter", "Builds that ended, by mode and outcome.");
	for (unsigned mode = 0; mode < SQ_ARRAY_SIZE(mode_names); mode++)
		for (unsigned i = 0; i < SQ_BUILD_OUTCOMES; i++)
			if (outcome_names[i])
				sq_buf_printf(b, "sqryd_builds_total{mode=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
					      mode_names[mode], outcome_names[i],
					      sq_load_relaxed(&d->builds.modes[mode].n[i]));
	family(b, "build_duration_seconds", "histogram", "Time of builds that were published, by mode.");
	for (unsigned mode = 0; mode < SQ_ARRAY_SIZE(mode_names); mode++)
		build_histogram(b, mode_names[mode], &d->builds.modes[mode]);
}

/* ---- memory and caches ------------------------------------------------------------------ */

static void memory(struct sq_buf *b, struct sq_daemon *d)
{
	struct sq_admission_state a;
	struct sq_memory m;

	sq_admission_read(sq_manager_admission(d->manager), &a);
	sq_memory_read(d->manager, d->rebuild, &m);
	one(b, "memory_limit_bytes", "gauge", "Limit of what graphs take.", a.limit);
	family(b, "memory_committed_bytes", "gauge", "What counts against the limit, by tier.");
	labelled(b, "memory_committed_bytes", "tier", SQ_LIT("loaded"), a.loaded);
	labelled(b, "memory_committed_bytes", "tier", SQ_LIT("reserved"), a.reserved);
	labelled(b, "memory_committed_bytes", "tier", SQ_LIT("retained"), a.retained);
	one(b, "memory_high_water_bytes", "gauge", "Highest sum of what was committed.", a.high_water);
	family(b, "memory_used_bytes", "gauge", "What memory is used for, by kind.");
	for (int i = 0; i < SQ_PIECE_MAX; i++)
		labelled(b, "memory_used_bytes", "kind", sq_slice_z(sq_piece_kind_name((enum sq_piece_kind)i)), m.pieces[i]);
	labelled(b, "memory_used_bytes", "kind", SQ_LIT("retained"), m.retained_bytes);
	labelled(b, "memory_used_bytes", "kind", SQ_LIT("building"), m.building_bytes);
	labelled(b, "memory_used_bytes", "kind", SQ_LIT("allocator_slack"), m.slack_bytes);
	labelled(b, "memory_used_bytes", "kind", SQ_LIT("kept_trees"), m.kept_tree_bytes);
	labelled(b, "memory_used_bytes", "kind", SQ_LIT("tables"), m.table_bytes);
	family(b, "memory_resident_bytes", "gauge", "What the kernel says, by kind.");
	labelled(b, "memory_resident_bytes", "kind", SQ_LIT("anonymous"), m.rss_anon_bytes);
	labelled(b, "memory_resident_bytes", "kind", SQ_LIT("shared"), m.rss_shmem_bytes);
}

static void caches(struct sq_buf *b, struct sq_daemon *d)
{
	struct sq_trees_stats s;

	sq_rebuild_trees(d->rebuild, &s);
	one(b, "tree_cache_bytes", "gauge", "Syntax trees of edited files that are kept.", s.bytes);
	one(b, "tree_cache_files", "gauge", "Files whose syntax tree is kept.", s.n_files);
	one(b, "tree_cache_reused_total", "counter", "Parses that began with a kept tree.", s.n_reused);
	one(b, "tree_cache_checked_total", "counter", "Parses that were compared with one from nothing.", s.n_checked);
	one(b, "tree_cache_differing_total", "counter", "Comparisons that found a difference.", s.n_differing);
	one(b, "tree_cache_dropped_total", "counter", "Trees that were dropped to make room.", s.n_dropped);
}

/* ---- workspaces, epochs ------------------------------------------------------------------- */

/* one family of a figure of each workspace */
static void each(struct sq_buf *b, struct sq_daemon *d, const char *name, const char *type, const char *help,
		 uint64_t (*read)(struct sq_workspace *ws, const struct sq_build_status *s))
{
	const struct sq_ws_map *map = sq_manager_map(d->manager);
	struct sq_build_status s;

	family(b, name, type, help);
	for (size_t i = 0; i < map->n; i++) {
		sq_rebuild_status(map->v[i], &s);
		labelled(b, name, "root", map->v[i]->key.root, read(map->v[i], &s));
	}
}

/* relaxed in all of them: figures of a moment */
static uint64_t ws_bytes(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)s;
	return sq_load_relaxed(&ws->bytes);
}

static uint64_t ws_retained(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)s;
	return sq_graph_retained_bytes(ws->graph);
}

static uint64_t ws_definitions(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)s;
	return sq_graph_current(ws->graph)->stats.n_defs;
}

static uint64_t ws_files(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)s;
	return sq_graph_current(ws->graph)->stats.n_files;
}

static uint64_t ws_pending(struct sq_workspace *ws, const struct sq_build_status *s)
{
	uint64_t pending = sq_rebuild_pending(ws);

	return pending || !s->watch_pending ? pending : 1;
}

static uint64_t ws_failures(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)s;
	return sq_load_relaxed(&ws->retry_count);
}

static uint64_t ws_events(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)ws;
	return s->watch.n_events;
}

static uint64_t ws_ignored(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)ws;
	return s->watch.n_ignored;
}

static uint64_t ws_overflows(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)ws;
	return s->watch.n_overflows;
}

static uint64_t ws_rescans(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)ws;
	return s->watch.n_rescans;
}

static uint64_t ws_sets(struct sq_workspace *ws, const struct sq_build_status *s)
{
	(void)ws;
	return s->watch.n_sets;
}

static void workspaces(struct sq_buf *b, struct sq_daemon *d)
{
	one(b, "workspaces", "gauge", "Workspaces that are known.", sq_manager_map(d->manager)->n);
	each(b, d, "workspace_bytes", "gauge", "Graph that is served.", ws_bytes);
	each(b, d, "workspace_retained_bytes", "gauge", "Replaced pieces that readers still hold.", ws_retained);
	each(b, d, "workspace_definitions", "gauge", "Definitions of the graph.", ws_definitions);
	each(b, d, "workspace_files", "gauge", "Files of the graph.", ws_files);
	each(b, d, "workspace_pending_files", "gauge", "Files seen to change, not yet published.", ws_pending);
	each(b, d, "workspace_failed_builds", "gauge", "Builds that failed since the last good one.", ws_failures);
	each(b, d, "watch_events_total", "counter", "Events of the kernel that were read.", ws_events);
	each(b, d, "watch_events_ignored_total", "counter", "Events of files that nothing indexes.", ws_ignored);
	each(b, d, "watch_overflows_total", "counter", "Times that the kernel's queue overflowed.", ws_overflows);
	each(b, d, "watch_rescans_total", "counter", "Times that a whole root was compared.", ws_rescans);
	each(b, d, "watch_change_sets_total", "counter", "Change sets that were handed on.", ws_sets);
}

/* how long the oldest pin is held; how long the oldest change waits is its share of the lag */
static void epochs(struct sq_buf *b, struct sq_daemon *d)
{
	const struct sq_ws_map *map = sq_manager_map(d->manager);
	uint64_t now = sq_clock_ns();

	family(b, "epoch_oldest_pin_age_seconds", "gauge", "How long the oldest pin of a reader is held, 0: none.");
	for (size_t i = 0; i < map->n; i++) {
		uint64_t since = sq_graph_oldest_pin_ns(map->v[i]->graph);

		sq_buf_puts(b, "sqryd_epoch_oldest_pin_age_seconds{root=\"");
		label_value(b, map->v[i]->key.root);
		sq_buf_printf(b, "\"} %.9f\n", since && now > since ? (double)(now - since) / NS_A_SECOND : 0.0);
	}
	family(b, "epoch_lag_generations", "gauge", "Versions published since the oldest one that a reader holds.");
	for (size_t i = 0; i < map->n; i++) {
		uint64_t current = sq_graph_current(map->v[i]->graph)->generation;
		uint64_t oldest = sq_graph_oldest_pin_generation(map->v[i]->graph);

		labelled(b, "epoch_lag_generations", "root", map->v[i]->key.root,
			 oldest && current > oldest ? current - oldest : 0);
	}
}

void sq_metrics_write(struct sq_daemon *d, struct sq_buf *out)
{
	family(out, "build_info", "gauge", "Version of the daemon.");
	labelled(out, "build_info", "version", SQ_LIT(PACKAGE_VERSION), 1);
	family(out, "uptime_seconds", "gauge", "Time since the daemon was started.");
	sq_buf_printf(out, "sqryd_uptime_seconds %.3f\n", (double)(sq_now_ns() - d->started_ns) / NS_A_SECOND);
	requests(out, d);
	connections(out, d);
	builds(out, d);
	memory(out, d);
	caches(out, d);
	workspaces(out, d);
	epochs(out, d);
}
