/* SPDX-License-Identifier: MIT */
#include "bench/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "bench/process.h"
#include "sys/fd.h"

#define START_TIMEOUT_S 30
#define STOP_TIMEOUT_MS 15000
#define CALL_TIMEOUT_MS 3600000

/* ---- life ----------------------------------------------------------------------- */

int sq_target_init(struct sq_target *t, const char *sqryd, const char *socket, const char *scratch,
		   uint64_t memory_mb)
{
	t->is_ours = !socket;
	t->memory_mb = memory_mb;
	t->sqryd = sqryd ? sq_strdup(sqryd) : NULL;
	t->home = sq_asprintf("%s/daemon", scratch);
	t->socket = socket ? sq_strdup(socket) : sq_asprintf("%s/daemon/sqryd.sock", scratch);
	if (!t->socket || !t->home || (sqryd && !t->sqryd))
		return sq_error_origin(-ENOMEM);
	return mkdir(t->home, 0700) ? sq_error_origin(-errno) : 0;
}

void sq_target_deinit(struct sq_target *t)
{
	sq_target_stop(t);
	sq_free(t->sqryd);
	sq_free(t->socket);
	sq_free(t->home);
}

static int failed(struct sq_target *t, const char *what, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s: %s", what, why);
	return SQ_TARGET_E_FAILED;
}

static int run_daemon(struct sq_target *t)
{
	_cleanup_(sq_freep) char *socket = sq_asprintf("SQRY_DAEMON_SOCKET=%s", t->socket);
	_cleanup_(sq_freep) char *config = sq_asprintf("XDG_CONFIG_HOME=%s/config", t->home);
	_cleanup_(sq_freep) char *cache = sq_asprintf("XDG_CACHE_HOME=%s/cache", t->home);
	_cleanup_(sq_freep) char *out = sq_asprintf("%s/start.log", t->home);
	_cleanup_(sq_buf_deinit) struct sq_buf why = SQ_BUF_NULL;
	char memory[64];
	const char *argv[] = { t->sqryd, "start", "--detach", NULL };
	const char *env[] = { socket, config, cache, memory, NULL };
	struct sq_command c = { .argv = argv, .env = env, .timeout_s = START_TIMEOUT_S, .out = out };
	struct sq_run run;

	snprintf(memory, sizeof(memory), "SQRY_DAEMON_MEMORY_MB=%llu", (unsigned long long)t->memory_mb);
	if (!socket || !config || !cache || !out || sq_process_run(&c, &run))
		return failed(t, "sqryd", "cannot be started");
	if (sq_run_ok(&run))
		return 0;
	sq_run_text(&run, out, &why);
	return failed(t, t->sqryd, sq_buf_z(&why) ? sq_buf_z(&why) : "cannot be started");
}

int sq_target_client(struct sq_target *t, struct sqry_client **ret)
{
	struct sqry_options options = SQRY_OPTIONS_INIT;
	struct sqry_failure why;

	options.socket_path = t->socket;
	options.client_name = "sqry-bench";
	return sqry_connect(&options, ret, &why) ? failed(t, t->socket, why.message) : 0;
}

static void learn_pid(struct sq_target *t)
{
	struct sqry_reply *reply;

	if (sq_target_call(t, "daemon/status", NULL, &reply))
		return;
	t->pid = (pid_t)sqry_value_int(sqry_value_get(sqry_reply_result(reply), "pid"), 0);
	sqry_reply_free(reply);
}

int sq_target_start(struct sq_target *t)
{
	int r;

	if (t->client)
		return 0;
	r = t->is_ours ? run_daemon(t) : 0;
	if (!r)
		r = sq_target_client(t, &t->client);
	t->is_cut = false;
	if (!r)
		learn_pid(t);
	return r;
}

/* true when it has ended and was reaped */
static bool wait_for(pid_t pid, int timeout_ms, int *ret_status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool ended = fd >= 0 && poll(&p, 1, timeout_ms) > 0;

	sq_fd_close(fd);
	return ended && waitpid(pid, ret_status, 0) == pid;
}

void sq_target_stop(struct sq_target *t)
{
	struct sqry_reply *reply = NULL;
	struct sqry_failure why;

	if (t->client && t->is_ours && !sqry_call(t->client, "daemon/stop", NULL, 5000, &reply, &why))
		sqry_reply_free(reply);
	t->client = sqry_client_free(t->client);
	t->is_loaded = false;
	if (t->is_ours && t->pid && !wait_for(t->pid, STOP_TIMEOUT_MS, NULL)) {
		kill(t->pid, SIGKILL);
		(void)waitpid(t->pid, NULL, 0);
	}
	t->pid = 0;
}

bool sq_target_is_dead(struct sq_target *t)
{
	int status;

	/* its sockets close before it can be reaped */
	if (!t->is_ours || !t->pid || !wait_for(t->pid, t->is_cut ? STOP_TIMEOUT_MS : 0, &status))
		return false;
	t->pid = 0;
	t->client = sqry_client_free(t->client);
	t->is_loaded = false;
	if (WIFSIGNALED(status))
		snprintf(t->why, sizeof(t->why), "the daemon died: signal %d (%s)", WTERMSIG(status),
			 sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(t->why, sizeof(t->why), "the daemon ended: exit status %d", WEXITSTATUS(status));
	return true;
}

/* ---- calls ---------------------------------------------------------------------- */

int sq_target_call(struct sq_target *t, const char *method, struct sqry_params *params,
		   struct sqry_reply **ret_reply)
{
	struct sqry_reply *reply = NULL;
	struct sqry_failure why = { .code = 0 };
	const char *json = params ? sqry_params_json(params) : NULL;
	int code, r;

	if (!t->client) {
		sqry_params_free(params);
		return failed(t, method, "no connection to the daemon");
	}
	r = sqry_call(t->client, method, json, CALL_TIMEOUT_MS, &reply, &why);
	sqry_params_free(params);
	code = reply ? sqry_reply_code(reply) : 0;
	if (r) {
		t->is_cut |= r == SQRY_E_CLOSED || r == -ECONNRESET || r == -EPIPE;
		sqry_reply_free(reply);
		failed(t, method, why.message);
		return r == SQRY_E_REMOTE && code == SQRY_CODE_METHOD_NOT_FOUND ? SQ_TARGET_E_UNSUPPORTED
										: SQ_TARGET_E_FAILED;
	}
	if (ret_reply)
		*ret_reply = reply;
	else
		sqry_reply_free(reply);
	return 0;
}

static int call_dir(struct sq_target *t, const char *method, const char *key, const char *dir)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, key, dir);
	return sq_target_call(t, method, p, NULL);
}

int sq_target_load(struct sq_target *t, const char *dir)
{
	return call_dir(t, "daemon/load", "index_root", dir);
}

int sq_target_unload(struct sq_target *t, const char *dir)
{
	return call_dir(t, "daemon/unload", "index_root", dir);
}

int sq_target_sync(struct sq_target *t, const char *dir)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", dir);
	sqry_params_int(p, "timeout_ms", 600000);
	return sq_target_call(t, "daemon/sync", p, NULL);
}

int sq_target_rebuild(struct sq_target *t, const char *dir)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", dir);
	sqry_params_bool(p, "force", true);
	return sq_target_call(t, "daemon/rebuild", p, NULL);
}

struct sqry_params *sq_search_params(const char *dir, const char *name)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "search_path", dir);
	sqry_params_string(p, "pattern", name);
	sqry_params_string(p, "mode", "exact");
	return p;
}

int sq_target_count(struct sq_target *t, const char *dir, const char *regex, int64_t *ret_total)
{
	struct sqry_params *p = sqry_params_new();
	struct sqry_reply *reply;
	int r;

	sqry_params_string(p, "search_path", dir);
	sqry_params_string(p, "pattern", regex);
	sqry_params_string(p, "mode", "regex");
	sqry_params_int(p, "limit", 1);
	r = sq_target_call(t, "daemon/search", p, &reply);
	if (r)
		return r;
	*ret_total = sqry_value_int(sqry_value_get(sqry_reply_result(reply), "total"), -1);
	sqry_reply_free(reply);
	return 0;
}

int sq_target_find(struct sq_target *t, const char *dir, const char *name, int64_t *ret_total,
		   int64_t *ret_end_line)
{
	const struct sqry_value *result, *first;
	struct sqry_reply *reply;
	int r = sq_target_call(t, "daemon/search", sq_search_params(dir, name), &reply);

	if (r)
		return r;
	result = sqry_reply_result(reply);
	first = sqry_value_at(sqry_value_get(result, "items"), 0);
	*ret_total = sqry_value_int(sqry_value_get(result, "total"), -1);
	if (ret_end_line)
		*ret_end_line = sqry_value_int(sqry_value_get(first, "end_line"), -1);
	sqry_reply_free(reply);
	return 0;
}

/* ---- status --------------------------------------------------------------------- */

static int64_t number(const struct sqry_value *v, const char *key)
{
	return sqry_value_int(sqry_value_get(v, key), -1);
}

static void read_workspace(const struct sqry_value *ws, struct sq_target_status *s)
{
	const struct sqry_value *graph = sqry_value_get(ws, "graph");
	const struct sqry_value *links = sqry_value_get(graph, "links");
	const struct sqry_value *last = sqry_value_get(ws, "last_build");
	const struct sqry_value *watch = sqry_value_get(ws, "watch");

	s->files = number(graph, "files");
	s->definitions = number(graph, "definitions");
	s->references = number(graph, "references");
	s->bound = number(links, "bound");
	s->ambiguous = number(links, "ambiguous");
	s->unresolved = number(links, "unresolved");
	s->bytes = number(ws, "current_bytes");
	s->last_files = number(last, "files");
	s->last_us = number(last, "duration_us");
	s->last_us_is_exact = s->last_us >= 0;
	if (!s->last_us_is_exact && number(last, "duration_ms") >= 0)
		s->last_us = number(last, "duration_ms") * 1000;
	s->parsed_total = number(ws, "parsed_total");
	s->overflows = number(ws, "overflows");
	s->rescans = number(watch, "rescans");
	s->pending = number(ws, "pending_files");
	s->watching = sqry_value_bool(sqry_value_get(ws, "watching"), false);
}

int sq_target_status(struct sq_target *t, const char *dir, struct sq_target_status *ret)
{
	const struct sqry_value *result, *all, *ws = NULL;
	struct sqry_reply *reply;
	struct sq_target_status s = { .workers = -1 };
	int r = sq_target_call(t, "daemon/status", NULL, &reply);

	if (r)
		return r;
	result = sqry_reply_result(reply);
	all = sqry_value_get(result, "workspaces");
	for (size_t i = 0; i < sqry_value_count(all); i++) {
		const struct sqry_value *w = sqry_value_at(all, i);

		if (!strcmp(sqry_value_string(sqry_value_get(w, "index_root"), NULL), dir))
			ws = w;
	}
	s.workers = number(result, "workers");
	s.debounce_ms = number(result, "debounce_ms");
	s.has_store = sqry_value_type(sqry_value_get(result, "store")) == SQRY_OBJECT;
	read_workspace(ws, &s);
	sqry_reply_free(reply);
	*ret = s;
	return 0;
}

bool sq_target_histogram(struct sq_target *t, const char *method, struct sq_histogram *ret)
{
	struct sqry_reply *reply;

	if (sq_target_call(t, "daemon/metrics", NULL, &reply))
		return false;
	sq_histogram_read(ret, sqry_reply_result(reply), method);
	sqry_reply_free(reply);
	return ret->is_known;
}

/* ---- /proc ---------------------------------------------------------------------- */

static uint64_t line_value(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static bool read_proc(const char *path, struct sq_buf *text)
{
	sq_buf_clear(text);
	/* those of a dead process are empty */
	return sq_fd_read_file(AT_FDCWD, path, 1u << 16, text) >= 0 && sq_buf_z(text) && text->n;
}

bool sq_target_memory(const struct sq_target *t, struct sq_memory *ret)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)t->pid);
	if (!t->pid || !read_proc(path, &text))
		return false;
	ret->peak = line_value(text.p, "VmHWM:") << 10;
	ret->resident = line_value(text.p, "VmRSS:") << 10;
	ret->anonymous = (line_value(text.p, "RssAnon:") + line_value(text.p, "RssShmem:")) << 10;
	return true;
}

bool sq_target_effort(const struct sq_target *t, struct sq_effort *ret)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	struct sq_effort sum = { 0, 0 };
	struct dirent *e;
	char path[400];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)t->pid);
	dir = t->pid ? opendir(path) : NULL;
	if (!dir)
		return false;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)t->pid, e->d_name);
		if (read_proc(path, &text))
			sum.cpu_s += (double)strtoull(text.p, NULL, 10) / 1e9;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)t->pid, e->d_name);
		if (read_proc(path, &text))
			sum.switches += line_value(text.p, "\nvoluntary_ctxt_switches:");
	}
	closedir(dir);
	*ret = sum;
	return true;
}
