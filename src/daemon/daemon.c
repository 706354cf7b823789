/* SPDX-License-Identifier: MIT */
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time.h"
#include "daemon/call.h"
#include "daemon/latency.h"
#include "daemon/preload.h"
#include "daemon/reload.h"
#include "daemon/run.h"
#include "daemon/server.h"
#include "daemon/service.h"
#include "daemon/takeover.h"
#include "sys/cpu.h"
#include "sys/fd.h"
#include "sys/sigfd.h"

#define TURN_THREADS 4u            /* workspaces whose turns run at once */
#define QUERY_QUEUE 4096u
#define NS_A_SECOND 1000000000ull

/* what only this file knows */
struct run {
	struct sq_daemon d;
	const struct sq_run *how;
	struct sq_service service;
	struct sq_op signal_op;
	struct sq_takeover takeover;
	struct sq_post heir_post;
	struct sq_conn *heir;              /* referenced until heir_post */
	int signal_fd;
	int result;                        /* of a takeover */
	bool is_stopping, is_replaced;
	struct sq_op drain_op;             /* until a retained entry is overdue */
	struct sq_post retained_post;
	bool is_retained_posted;           /* atomic */
};

static struct run *run_of(struct sq_daemon *d)
{
	return (struct run *)(void *)((char *)d - offsetof(struct run, d));
}

struct sq_slice sq_daemon_clock(const struct sq_daemon *d, const struct sq_workspace *ws, uint64_t generation,
				char *buf)
{
	uint64_t v = sq_workspace_clock(ws, generation);
	size_t n = strlen(d->clock_prefix);
	char digits[20], *p = digits + sizeof(digits);

	/* on the path of every answer: only the counter is formatted */
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	memcpy(buf, d->clock_prefix, n);
	memcpy(buf + n, p, (size_t)(digits + sizeof(digits) - p));
	return sq_slice(buf, n + (size_t)(digits + sizeof(digits) - p));
}

void sq_daemon_leave(struct sq_daemon *d, struct sq_epoch_record *record)
{
	if (sq_epoch_leave(record))
		sq_rebuild_kick(d->rebuild);
}

static void make_clock_prefix(struct sq_daemon *d)
{
	struct sq_buf boot = SQ_BUF_NULL;
	const char *id = "unknown";

	if (!sq_fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot) && sq_buf_z(&boot))
		id = boot.p;
	(void)snprintf(d->clock_prefix, sizeof(d->clock_prefix), "c:%.*s:%d:", (int)SQ_MIN(strcspn(id, "\n"), (size_t)40), id,
		       (int)getpid());
	sq_buf_deinit(&boot);
}

/* ---- the end --------------------------------------------------------------------- */

static void drained(void *arg)
{
	struct run *run = arg;

	sq_loop_stop(run->d.loop);
}

void sq_daemon_stop(struct sq_daemon *d, const char *why)
{
	struct run *run = run_of(d);

	if (run->is_stopping)
		return;
	run->is_stopping = true;
	sq_log_notice("stopping reason=%s", why);
	sq_service_stopping(&run->service, why);
	sq_rebuild_cancel_all(d->rebuild);
	sq_server_stop(d->server, d->config->ipc_shutdown_drain_secs * NS_A_SECOND, drained, run);
}

/* ---- replacing and being replaced --------------------------------------------------- */

static void left(void *arg)
{
	struct run *run = arg;

	sq_daemon_stop(&run->d, "replaced");
}

static void hand_over(struct sq_post *post)
{
	struct run *run = (struct run *)(void *)((char *)post - offsetof(struct run, heir_post));
	struct sq_conn *heir = SQ_TAKE(run->heir);
	int r = run->is_stopping ? -EBUSY :
		sq_server_hand_over(run->d.server, heir, run->how->instance->lock_fd, left, run);

	if (!r) {
		run->is_replaced = true;
		sq_log_notice("replaced by another daemon, answering what is under way");
	} else {
		sq_log_error("cannot hand over error=%s", strerrorname_np(-r));
	}
	sq_conn_unref(heir);
}

void sq_daemon_hand_over(struct sq_daemon *d, struct sq_conn *conn)
{
	struct run *run = run_of(d);

	if (run->heir)
		return;
	run->heir = sq_conn_ref(conn);
	run->heir_post.fn = hand_over;
	sq_loop_post(d->loop, &run->heir_post);
}

static void serve(struct run *run)
{
	const struct sq_run *how = run->how;

	sq_log_notice("serving socket=%s loop=\"%s\" workers=%u", how->socket_path, sq_loop_name(run->d.loop),
		      sq_rebuild_n_workers(run->d.rebuild));
	sq_preload(&run->d);
	how->ready(how->arg);
	sq_service_start(&run->service, &run->d, how->ends_idle);
}

static void taken(void *arg, int result)
{
	struct run *run = arg;

	if (!result) {
		serve(run);
		return;
	}
	sq_log_error("cannot take over, the other daemon goes on error=%s", strerrorname_np(-result));
	run->result = result;
	sq_loop_stop(run->d.loop);
}

static void reload(struct run *run)
{
	sq_service_reloading();
	sq_reload(&run->d, run->how->reopen_log, run->how->arg);
	sq_service_reloaded(&run->service);
}

static void signalled(struct sq_op *op, int res)
{
	struct run *run = (struct run *)(void *)((char *)op - offsetof(struct run, signal_op));
	int sig;

	while (res >= 0 && sq_sigfd_next(run->signal_fd, &sig) > 0) {
		if (sig != SIGHUP)
			sq_daemon_stop(&run->d, strsignal(sig));
		else if (!run->is_stopping)
			reload(run);
	}
}

/* ---- what turns report ------------------------------------------------------------- */

static void published(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	(void)arg;
	(void)v;
	sq_log_debug("published root=%s bytes=%" PRIu64, ws->key.root.p, sq_load_relaxed(&ws->bytes));
}

/* RT-04: said once; nothing is freed, and nothing stops being counted */
static void late(void *arg, const struct sq_workspace *ws, const struct sq_retained *e)
{
	const struct sq_daemon *d = arg;
	struct sq_buf root = SQ_BUF_NULL;

	sq_buf_add_escaped(&root, ws->key.root);
	sq_log_warning("readers hold what was replaced root=%s token=%" PRIu64 " bytes=%" PRIu64
		       " longer_than_ms=%" PRIu32, sq_buf_z(&root) ? sq_buf_z(&root) : "?", e->token, e->bytes,
		       d->config->rebuild_drain_timeout_ms);
	sq_buf_deinit(&root);
}

static void drain_timer_fired(struct sq_op *op, int res)
{
	struct run *run = (struct run *)(void *)((char *)op - offsetof(struct run, drain_op));

	if (!res)
		sq_daemon_check_retained(&run->d);
}

void sq_daemon_check_retained(struct sq_daemon *d)
{
	struct run *run = run_of(d);
	uint64_t timeout = d->config->rebuild_drain_timeout_ms * 1000000ull, now, next;

	if (run->is_stopping || !d->rebuild)   /* posted late: the manager is gone */
		return;
	next = sq_manager_overdue(d->manager, timeout, late, d);
	/* armed only while somebody has yet to be warned of: idle, nothing wakes */
	if (!next || run->drain_op.is_armed)
		return;
	now = sq_clock_ns();
	sq_loop_timeout(d->loop, &run->drain_op, next > now ? next - now : 1, drain_timer_fired);
}

static void retained_posted(struct sq_post *post)
{
	struct run *run = (struct run *)(void *)((char *)post - offsetof(struct run, retained_post));

	/* pairs with retained(): what is retained from now on posts again */
	(void)sq_xchg_acq_rel(&run->is_retained_posted, false);
	sq_daemon_check_retained(&run->d);
}

/* any thread */
static void retained(void *arg)
{
	struct sq_daemon *d = arg;
	struct run *run = run_of(d);

	/* pairs with retained_posted(); before the loop is there nobody is told */
	if (d->loop && !sq_xchg_acq_rel(&run->is_retained_posted, true))
		sq_loop_post(d->loop, &run->retained_post);
}

static void ended(void *arg, const struct sq_outcome *o)
{
	struct sq_daemon *d = arg;

	sq_build_metrics_add(&d->builds, o->was_full, o->code, o->duration_ns);
}

static void log_root(enum sq_log_level level, const char *what, const struct sq_workspace *ws, const char *more)
{
	struct sq_buf root = SQ_BUF_NULL;

	sq_buf_add_escaped(&root, ws->key.root);
	sq_log(level, "%s root=%s%s", what, sq_buf_z(&root) ? sq_buf_z(&root) : "?", more);
	sq_buf_deinit(&root);
}

static void over_budget(void *arg, struct sq_workspace *ws, bool stops)
{
	(void)arg;
	log_root(SQ_LOG_WARNING, "turn over budget", ws, stops ? " action=stop" : " action=none");
}

static void abnormal_end(void *arg, struct sq_workspace *ws)
{
	(void)arg;
	log_root(SQ_LOG_ERROR, "drain loop ended abnormally", ws, " action=\"the next turn is a full one\"");
}

static void watch_lost(void *arg, struct sq_workspace *ws, const char *why)
{
	char more[200];

	(void)arg;
	(void)snprintf(more, sizeof(more), " reason=\"%s\" action=\"swept from now on\"", why ? why : "unknown");
	log_root(SQ_LOG_ERROR, "watch lost", ws, more);
}

static void failed(void *arg, struct sq_workspace *ws, const struct sq_outcome *o)
{
	struct sq_buf root = SQ_BUF_NULL;

	(void)arg;
	sq_buf_add_escaped(&root, ws->key.root);
	sq_log_warning("build failed root=%s error=\"%s\"", sq_buf_z(&root) ? sq_buf_z(&root) : "?", o->message);
	sq_buf_deinit(&root);
}

/* ---- the beginning ------------------------------------------------------------------ */

static bool wanted_name(struct sq_slice path)
{
	return sq_lang_detect(path) != SQ_LANG_NONE || sq_ignore_is_rule_file(path);
}

static int start_rebuild(struct sq_daemon *d)
{
	const struct sq_config *c = d->config;
	struct sq_rebuild_config cfg = {
		.epoch = d->epoch,
		.registry = d->registry,
		.memory_limit_bytes = c->memory_limit_mb << 20,
		.n_workers = c->workers ? c->workers : sq_cpu_count(),
		.n_turns = TURN_THREADS,
		.max_file_bytes = c->max_file_mb << 20,
		.kept_trees_bytes = c->kept_trees_mb << 20,
		.excludes = (const char *const *)c->excludes,
		.use_gitignore = c->use_gitignore,
		.link_flags = c->bind_unknown_receivers ? 0 : SQ_LINKF_NO_DUCK,
		.watch = c->watch_tier != SQ_WATCH_NONE,
		.watch_config = {
			.quiet_ms = c->debounce_ms, .max_wait_ms = c->max_wait_ms, .drain_ms = 5,
			.force_tier = c->watch_tier, .want = wanted_name,
		},
		.fork = { .floor_files = c->incremental_threshold, .percent = c->closure_limit_percent },
		.budget_ns = c->turn_budget_secs * NS_A_SECOND,
		.on_publish = { published, d }, .on_retained = retained, .on_failure = failed,
		.on_over_budget = over_budget, .on_abnormal_end = abnormal_end, .on_outcome = ended, .on_watch_lost = watch_lost,
		.arg = d,
	};
	int r = sq_rebuild_new(&cfg, &d->rebuild);

	if (r < 0)
		return sq_error_trace(r);
	d->manager = sq_rebuild_manager(d->rebuild);
	return 0;
}

static int start_queries(struct sq_daemon *d)
{
	unsigned n = d->config->query_threads;
	int r = 0;

	if (!n)
		n = SQ_MAX(2u, sq_cpu_count());
	d->query_threads = sq_calloc(n, sizeof(*d->query_threads));
	if (!d->query_threads)
		return sq_error_origin(-ENOMEM);
	d->n_query_threads = n;
	d->latencies = sq_calloc(sq_methods_count(), sizeof(*d->latencies));
	if (!d->latencies)
		return sq_error_origin(-ENOMEM);
	for (unsigned i = 0; i < n && !r; i++)
		r = sq_epoch_record_acquire(d->epoch, &d->query_threads[i].record);
	if (!r)
		r = sq_jobs_new(n, QUERY_QUEUE, "sq-query", false, &d->queries);
	return r < 0 ? sq_error_trace(r) : 0;
}

/* SQRYD_LOOP=epoll shows what a container without rings would get */
static enum sq_loop_backend wanted_loop(void)
{
	const char *name = getenv("SQRYD_LOOP");

	if (!name)
		return SQ_LOOP_AUTO;
	return !strcmp(name, "epoll") ? SQ_LOOP_EPOLL : !strcmp(name, "io_uring") ? SQ_LOOP_URING : SQ_LOOP_AUTO;
}

static int start(struct run *run, int listen_fd)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	struct sq_daemon *d = &run->d;
	int r;

	r = sq_sigfd_open(signals, &run->signal_fd);
	if (!r)
		r = sq_epoch_new(&d->epoch);
	if (!r)
		r = sq_epoch_record_acquire(d->epoch, &d->record);
	if (!r)
		r = sq_lang_registry_new(d->config->grammar_dir, &d->registry);
	if (!r)
		r = start_rebuild(d);
	if (!r)
		r = start_queries(d);
	if (!r)
		r = sq_loop_new(wanted_loop(), &d->loop);
	if (!r)
		r = sq_server_new(d, listen_fd, &d->server);
	if (!r)
		sq_loop_poll(d->loop, &run->signal_op, run->signal_fd, signalled);
	return r < 0 ? sq_error_trace(r) : 0;
}

/* the reverse of start */
static void finish(struct run *run)
{
	struct sq_daemon *d = &run->d;

	d->queries = sq_jobs_free(d->queries);      /* runs what is queued; their answers are dropped */
	d->rebuild = sq_rebuild_free(d->rebuild);   /* tells whoever still waits */
	d->loop = sq_loop_free(d->loop);            /* delivers what was posted */
	d->server = sq_server_free(d->server);
	for (unsigned i = 0; i < d->n_query_threads; i++)
		sq_epoch_record_release(d->query_threads[i].record);
	sq_free(d->query_threads);
	sq_free(d->latencies);
	d->registry = sq_lang_registry_free(d->registry);
	sq_epoch_record_release(d->record);
	d->epoch = sq_epoch_free(d->epoch);
	run->signal_fd = sq_fd_close(run->signal_fd);
}

int sq_daemon_run(const struct sq_run *how)
{
	struct run run = {
		.d = { .config = how->config, .started_ns = sq_now_ns(), .socket_path = how->socket_path },
		.how = how, .signal_fd = -1, .takeover = SQ_TAKEOVER_NULL, .retained_post = { .fn = retained_posted },
	};
	int r;

	make_clock_prefix(&run.d);
	r = start(&run, how->listen_fd);
	if (!r) {
		run.service.d = &run.d;
		if (how->replaces)
			r = sq_takeover_start(&run.takeover, &run.d, how->instance, taken, &run);
		else
			serve(&run);
		if (!r)
			r = sq_loop_run(run.d.loop);
	}
	finish(&run);
	sq_takeover_deinit(&run.takeover);
	if (!r)
		r = run.result;
	if (r < 0)
		return sq_error_trace(r);
	return run.is_replaced ? SQ_RUN_E_REPLACED : 0;
}
