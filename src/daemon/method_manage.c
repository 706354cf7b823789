/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/time.h"
#include "base/vec.h"
#include "daemon/items.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/read.h"
#include "daemon/server.h"
#include "sys/fd.h"

#define SYNC_TIMEOUT_MS 5000
#define SYNC_TIMEOUT_MAX_MS 3600000
#define NOTIFY_PATHS_MAX 1000
#define CHANGES_LIMIT 1000
#define CHANGES_LIMIT_MAX 8192
#define REBUILD_TIMEOUT_MS 600000     /* and no more */

/* parameters and what the path job found; in c->args */
struct manage_args {
	struct sq_slice path, mode;
	uint64_t fingerprint;
	bool force;
	struct sq_slice since;
	int64_t limit;
	const struct sq_json *paths;
	struct sq_work work;          /* of notify */
	int64_t timeout_ms;
	char *real;                   /* canonical path, freed by its user */
	int error;                    /* errno of the path */
	void (*then)(struct sq_call *c);   /* the workspace is in c->ws */
};

static struct manage_args *args_of(struct sq_call *c)
{
	return c->args;
}

static void drop_args(struct sq_call *c)
{
	sq_free(SQ_TAKE(args_of(c)->real));
	sq_work_deinit(&args_of(c)->work);
}

static bool args_new(struct sq_call *c)
{
	c->args = sq_calloc(1, sizeof(struct manage_args));
	c->drop = drop_args;
	if (c->args)
		return true;
	sq_answer_internal(&c->out, c->req->id, "out of memory");
	sq_call_answered(c);
	return false;
}

static void answer_errno(struct sq_call *c, int error)
{
	sq_answer_internal(&c->out, c->req->id, strerrordesc_np(error < 0 ? -error : error));
	sq_call_answered(c);
}

static void answer_outcome(struct sq_call *c, const struct sq_outcome *o)
{
	sq_answer_outcome(&c->out, c->req->id, c->ws, o);
	sq_call_answered(c);
}

/* ---- the workspace of a path --------------------------------------------------- */

/* look it up and keep a reference in c->ws */
static bool find_workspace(struct sq_call *c, struct sq_slice path)
{
	struct sq_daemon *d = c->d;
	struct sq_workspace *ws;
	struct sq_slice rest;

	sq_epoch_enter(d->record);
	ws = sq_path_find(d, path, &rest);
	if (ws)
		c->ws = sq_workspace_ref(ws);
	sq_daemon_leave(d, d->record);
	return ws != NULL;
}

static void real_path_job(struct sq_call *c, struct sq_epoch_record *record)
{
	struct manage_args *a = args_of(c);

	(void)record;
	a->real = sq_path_real(a->path, &a->error);
}

static void found_real_path(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	_cleanup_(sq_freep) char *real = SQ_TAKE(a->real);

	if (real && find_workspace(c, sq_slice_z(real))) {
		a->then(c);
		return;
	}
	if (a->error == EINVAL)
		sq_rpc_invalid_params(&c->out, c->req->id, SQ_LIT("path must be absolute"));
	else
		sq_answer_not_loaded(&c->out, c->req->id, a->path);
	sq_call_answered(c);
}

static void with_workspace(struct sq_call *c, void (*then)(struct sq_call *c))
{
	if (find_workspace(c, args_of(c)->path)) {
		then(c);
		return;
	}
	args_of(c)->then = then;
	sq_call_start_job(c, real_path_job, found_real_path);
}

/* ---- daemon/load ---------------------------------------------------------------- */

static void directory_job(struct sq_call *c, struct sq_epoch_record *record)
{
	struct manage_args *a = args_of(c);
	struct stat st;

	(void)record;
	a->real = sq_path_real(a->path, &a->error);
	if (!a->real)
		return;
	if (stat(a->real, &st) < 0)
		a->error = errno;
	else if (!S_ISDIR(st.st_mode))
		a->error = ENOTDIR;
	else if (access(a->real, R_OK | X_OK) < 0)
		a->error = errno;
	else
		return;
	sq_free(SQ_TAKE(a->real));
}

static void loaded(struct sq_call *c)
{
	struct sq_jw w;

	if (c->outcome.code != SQ_OUTCOME_OK) {
		answer_outcome(c, &c->outcome);
		return;
	}
	sq_workspace_touch(c->ws, c->started_ns);   /* LD-01, LD-13 */
	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_ku64(&w, "current_bytes", sq_load_relaxed(&c->ws->bytes));   /* relaxed: a figure */
	sq_jw_kstr(&w, "state", SQ_LIT("Loaded"));
	sq_call_end(c, &w, sq_ws_state_name(SQ_WS_LOADED));
}

static void refuse_path(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	struct sq_buf text = SQ_BUF_NULL;

	sq_buf_add_escaped(&text, a->path);
	sq_buf_puts(&text, ": ");
	sq_buf_puts(&text, a->error == EINVAL ? "index_root must be an absolute path" : strerrordesc_np(a->error));
	sq_call_invalid(c, "%s", sq_buf_z(&text) ? sq_buf_z(&text) : "bad path");
	sq_buf_deinit(&text);
}

static bool is_excluded(const struct sq_config *config, struct sq_slice root)
{
	const struct sq_config_workspace *w = sq_config_workspace(config, root);

	return w && w->exclude;
}

static void load_directory(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	_cleanup_(sq_freep) char *real = SQ_TAKE(a->real);
	struct sq_ws_key key = { .fingerprint = a->fingerprint };
	int mode = a->mode.n ? sq_root_mode_parse(a->mode) : SQ_ROOT_GIT, r;

	if (!real) {
		refuse_path(c);
		return;
	}
	if (is_excluded(c->d->config, sq_slice_z(real))) {
		sq_call_invalid(c, "the configuration excludes this workspace");
		return;
	}
	key.root = sq_slice_z(real);
	key.mode = (uint8_t)mode;
	r = sq_rebuild_load(c->d->rebuild, &key, sq_call_prepare_wait(c, loaded), &c->ws);
	if (!r)
		return;
	if (r == SQ_REBUILD_E_LOADING) {
		struct sq_outcome busy = { .code = SQ_OUTCOME_BUILD, .message = "a load is in progress (state Loading)" };

		answer_outcome(c, &busy);
	} else if (r == SQ_MANAGER_E_FULL) {
		sq_call_invalid(c, "%u workspaces are loaded, the limit is %u", SQ_WORKSPACES_MAX, SQ_WORKSPACES_MAX);
	} else {
		answer_errno(c, r);
	}
	sq_call_abandon_wait(c);
}

static bool read_load_params(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	const struct sq_param table[] = {
		{ "index_root", SQ_PARAM_STRING, true, 0, 0, &a->path },
		{ "root_mode", SQ_PARAM_STRING, false, 0, 0, &a->mode },
		{ "config_fingerprint", SQ_PARAM_U64_OR_STRING, false, 0, 0, &a->fingerprint },
	};

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return false;
	if (a->mode.n && sq_root_mode_parse(a->mode) < 0) {
		sq_call_invalid(c, "root_mode must be gitRoot, workspaceFolder or workspaceRoot");
		return false;
	}
	return true;
}

void sq_method_load(struct sq_call *c)
{
	if (args_new(c) && read_load_params(c))
		sq_call_start_job(c, directory_job, load_directory);
}

/* ---- daemon/unload -------------------------------------------------------------- */

static void answer_unloaded(struct sq_call *c, struct sq_slice root, bool was_loaded)
{
	struct sq_jw w;

	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", root);
	sq_jw_kbool(&w, "was_loaded", was_loaded);
	sq_call_end(c, &w, NULL);
}

/* the very key, not an ancestor; the path may be gone from the disk */
static void unload(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	_cleanup_(sq_freep) char *real = SQ_TAKE(a->real);
	struct sq_ws_key key = { .fingerprint = a->fingerprint, .root = real ? sq_slice_z(real) : a->path };
	struct sq_workspace *ws;
	bool was_loaded = false;

	key.mode = (uint8_t)(a->mode.n ? sq_root_mode_parse(a->mode) : SQ_ROOT_GIT);
	sq_epoch_enter(c->d->record);
	ws = sq_manager_find(c->d->manager, &key);
	if (ws)
		c->ws = sq_workspace_ref(ws);
	sq_daemon_leave(c->d, c->d->record);
	if (ws)
		was_loaded = sq_rebuild_unload(c->d->rebuild, ws);
	answer_unloaded(c, key.root, was_loaded);
}

void sq_method_unload(struct sq_call *c)
{
	if (args_new(c) && read_load_params(c))
		sq_call_start_job(c, real_path_job, unload);
}

/* ---- daemon/rebuild, daemon/cancel_rebuild -------------------------------------- */

/* @disposition: was or is it a turn of its own, or part of a later one (RR-11)? NULL: neither */
static void answer_rebuild(struct sq_call *c, const char *status, const char *disposition, const struct sq_outcome *o)
{
	struct sq_jw w;

	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_kstr(&w, "status", sq_slice_z(status));
	if (disposition)
		sq_jw_kstr(&w, "disposition", sq_slice_z(disposition));
	if (o) {
		sq_jw_ku64(&w, "duration_ms", o->duration_ns / 1000000u);
		sq_jw_ku64(&w, "nodes", o->n_defs);
		sq_jw_ku64(&w, "edges", o->n_edges);
		sq_jw_ku64(&w, "files_indexed", o->n_files);
		sq_jw_kbool(&w, "was_full", o->was_full);
	}
	sq_call_end(c, &w, NULL);
}

static void rebuilt(struct sq_call *c)
{
	if (c->outcome.code == SQ_OUTCOME_OK)
		answer_rebuild(c, "completed", "ran", &c->outcome);
	else
		answer_outcome(c, &c->outcome);
}

static void rebuild_late(struct sq_call *c)
{
	sq_answer_tool_timeout(&c->out, c->req->id, (uint64_t)args_of(c)->timeout_ms);
	sq_call_answered(c);
}

static bool is_serving(enum sq_ws_state s)
{
	return s == SQ_WS_LOADED || s == SQ_WS_REBUILDING || s == SQ_WS_FAILED;
}

static void rebuild(struct sq_call *c)
{
	int64_t timeout_ms = args_of(c)->timeout_ms;
	enum sq_disposition how;
	int r;

	if (!is_serving(sq_workspace_state(c->ws))) {
		sq_answer_not_loaded(&c->out, c->req->id, c->ws->key.root);
		sq_call_answered(c);
		return;
	}
	r = sq_rebuild_run(c->d->rebuild, c->ws, args_of(c)->force, false, sq_call_prepare_wait(c, rebuilt), &how);
	if (!r && how == SQ_DISPOSITION_RUN) {
		if (timeout_ms)
			sq_call_limit_wait(c, (uint64_t)timeout_ms * 1000000u, rebuild_late);
		else
			answer_rebuild(c, "started", "ran", NULL);   /* the waiter finds it answered */
		return;
	}
	if (r < 0)
		answer_errno(c, r);
	else if (how == SQ_DISPOSITION_REJECTED)
		answer_rebuild(c, "rejected", NULL, NULL);
	else
		answer_rebuild(c, "coalesced", "coalesced", NULL);
	sq_call_abandon_wait(c);
}

void sq_method_rebuild(struct sq_call *c)
{
	if (!args_new(c))
		return;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->path },
		{ "force", SQ_PARAM_BOOL, false, 0, 0, &args_of(c)->force },
		{ "timeout_ms", SQ_PARAM_INT, false, 0, REBUILD_TIMEOUT_MS, &args_of(c)->timeout_ms },
	};
	args_of(c)->timeout_ms = REBUILD_TIMEOUT_MS;
	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		with_workspace(c, rebuild);
}

static void cancel(struct sq_call *c)
{
	bool cancelled = sq_rebuild_cancel(c->d->rebuild, c->ws);
	struct sq_jw w;

	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_kbool(&w, "cancelled", cancelled);
	sq_call_end(c, &w, NULL);
}


/* ---- daemon/pin, daemon/unpin, daemon/reset --------------------------------------- */

static void set_pinned(struct sq_call *c, bool pinned)
{
	struct sq_jw w;

	if (sq_manager_set_pinned(c->d->manager, c->ws, pinned)) {
		sq_answer_not_loaded(&c->out, c->req->id, c->ws->key.root);
		sq_call_answered(c);
		return;
	}
	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_kbool(&w, "pinned", pinned);
	sq_call_end(c, &w, NULL);
}

static void pin(struct sq_call *c)
{
	set_pinned(c, true);
}

static void unpin(struct sq_call *c)
{
	set_pinned(c, false);
}

static void with_path(struct sq_call *c, void (*then)(struct sq_call *c))
{
	if (!args_new(c))
		return;
	const struct sq_param table[] = { { "path", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->path } };

	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		with_workspace(c, then);
}

void sq_method_cancel_rebuild(struct sq_call *c)
{
	with_path(c, cancel);
}

void sq_method_pin(struct sq_call *c)
{
	with_path(c, pin);
}

void sq_method_unpin(struct sq_call *c)
{
	with_path(c, unpin);
}

static void was_reset(struct sq_call *c)
{
	struct sq_jw w;

	if (!c->outcome.was_reset || c->outcome.code != SQ_OUTCOME_CANCELLED) {
		answer_outcome(c, &c->outcome);
		return;
	}
	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_kbool(&w, "reset", true);
	sq_call_end(c, &w, NULL);
}

static void reset(struct sq_call *c)
{
	int r = sq_rebuild_reset(c->d->rebuild, c->ws, args_of(c)->force, sq_call_prepare_wait(c, was_reset));

	if (!r)
		return;
	if (r < 0) {
		answer_errno(c, r);
	} else {
		sq_answer_reset_refused(&c->out, c->req->id, c->ws, r);
		sq_call_answered(c);
	}
	sq_call_abandon_wait(c);
}

void sq_method_reset(struct sq_call *c)
{
	if (!args_new(c))
		return;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->path },
		{ "force", SQ_PARAM_BOOL, false, 0, 0, &args_of(c)->force },
	};
	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		with_workspace(c, reset);
}

/* ---- daemon/sync ---------------------------------------------------------------- */

static void synced(struct sq_call *c)
{
	char clock[SQ_CLOCK_MAX];
	struct sq_jw w;

	if (c->outcome.code != SQ_OUTCOME_OK) {
		answer_outcome(c, &c->outcome);
		return;
	}
	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_kstr(&w, "clock", sq_daemon_clock(c->d, c->ws, c->outcome.generation, clock));
	sq_call_end(c, &w, NULL);
}

static void sync_late(struct sq_call *c)
{
	sq_answer_tool_timeout(&c->out, c->req->id, (uint64_t)args_of(c)->timeout_ms);
	sq_call_answered(c);
}

static void sync_workspace(struct sq_call *c)
{
	struct sq_waiter *w;

	if (sq_workspace_state(c->ws) == SQ_WS_UNLOADED) {   /* reset: nothing to bring up to date */
		sq_answer_not_loaded(&c->out, c->req->id, c->ws->key.root);
		sq_call_answered(c);
		return;
	}
	w = sq_call_prepare_wait(c, synced);
	sq_call_limit_wait(c, (uint64_t)args_of(c)->timeout_ms * 1000000u, sync_late);
	sq_rebuild_sync(c->d->rebuild, c->ws, w);
}

void sq_method_sync(struct sq_call *c)
{
	if (!args_new(c))
		return;
	args_of(c)->timeout_ms = SYNC_TIMEOUT_MS;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->path },
		{ "timeout_ms", SQ_PARAM_INT, false, 1, SYNC_TIMEOUT_MAX_MS, &args_of(c)->timeout_ms },
	};
	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		with_workspace(c, sync_workspace);
}

/* ---- daemon/notify -------------------------------------------------------------- */

static void notified(struct sq_call *c)
{
	char clock[SQ_CLOCK_MAX];
	struct sq_jw w;

	if (c->outcome.code != SQ_OUTCOME_OK) {
		answer_outcome(c, &c->outcome);
		return;
	}
	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_ku64(&w, "paths", sq_json_len(args_of(c)->paths));
	sq_jw_kstr(&w, "clock", sq_daemon_clock(c->d, c->ws, c->outcome.generation, clock));
	sq_call_end(c, &w, NULL);
}

static void submit_notified(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	struct sq_waiter *w;

	if (a->error == EINVAL)
		sq_call_invalid(c, "paths must be below the root, without empty, \".\" or \"..\" parts");
	else if (a->error)
		answer_errno(c, a->error);
	if (a->error)
		return;
	w = sq_call_prepare_wait(c, notified);
	sq_call_limit_wait(c, (uint64_t)a->timeout_ms * 1000000u, sync_late);
	sq_rebuild_notify(c->ws, &a->work, w);
}

/* @path without the root that it may begin with; Return: is it one below the root? */
static bool below_root(const struct sq_workspace *ws, struct sq_slice *path)
{
	struct sq_slice rest = *path, root = ws->key.root;

	if (rest.n && rest.p[0] == '/') {
		if (!sq_slice_has_prefix(rest, root) || rest.n <= root.n || rest.p[root.n] != '/')
			return false;
		rest = sq_slice(rest.p + root.n + 1, rest.n - root.n - 1);
	}
	while (rest.n > 1 && rest.p[rest.n - 1] == '/')
		rest.n--;
	*path = rest;
	for (size_t from = 0, i = 0; i <= rest.n; i++) {
		struct sq_slice part = sq_slice(rest.p + from, i - from);

		if (i < rest.n && rest.p[i] != '/')
			continue;
		if (!part.n || sq_slice_is(part, ".") || sq_slice_is(part, ".."))
			return false;
		from = i + 1;
	}
	return !memchr(rest.p, 0, rest.n);
}

/* a file is one path; a directory, or what may have been one, is all below it */
static uint8_t what_changed(int root_fd, struct sq_slice path)
{
	_cleanup_(sq_freep) char *z = sq_strndup(path.p, path.n);
	_cleanup_(sq_fd_closep) int fd = -1;
	struct stat st;

	if (z && !sq_fd_open_beneath(root_fd, z, O_PATH | O_NOFOLLOW, 0, &fd) && !fstat(fd, &st) && !S_ISDIR(st.st_mode))
		return SQ_CHANGE_FILE;
	return SQ_CHANGE_SUBTREE;
}

static void notify_job(struct sq_call *c, struct sq_epoch_record *record)
{
	struct manage_args *a = args_of(c);
	_cleanup_(sq_fd_closep) int root_fd = open(c->ws->key.root.p, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = sq_work_init(&a->work);

	(void)record;
	for (size_t i = 0; i < sq_json_len(a->paths) && r >= 0; i++) {
		struct sq_slice path = sq_json_string(sq_json_at(a->paths, i));

		if (!below_root(c->ws, &path))
			r = -EINVAL;
		else if (sq_ignore_is_rule_file(path))
			a->work.changes->rules_changed = true;
		else
			r = sq_change_set_add(a->work.changes, path, what_changed(root_fd, path));
	}
	if (r >= 0)
		sq_change_set_sort(a->work.changes);
	else
		sq_work_deinit(&a->work);
	a->error = r < 0 ? -r : 0;
}

static void notify(struct sq_call *c)
{
	if (!is_serving(sq_workspace_state(c->ws))) {
		sq_answer_not_loaded(&c->out, c->req->id, c->ws->key.root);
		sq_call_answered(c);
		return;
	}
	sq_call_start_job(c, notify_job, submit_notified);
}

void sq_method_notify(struct sq_call *c)
{
	if (!args_new(c))
		return;
	args_of(c)->timeout_ms = SYNC_TIMEOUT_MS;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->path },
		{ "paths", SQ_PARAM_STRINGS, true, 0, 0, &args_of(c)->paths },
		{ "timeout_ms", SQ_PARAM_INT, false, 1, SYNC_TIMEOUT_MAX_MS, &args_of(c)->timeout_ms },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	if (sq_json_len(args_of(c)->paths) > NOTIFY_PATHS_MAX)
		sq_call_violates(c, &(struct sq_violation){ "range", "paths", NULL, 0, NOTIFY_PATHS_MAX,
				 (int64_t)sq_json_len(args_of(c)->paths) }, "too many paths: ask for daemon/sync");
	else
		with_workspace(c, notify);
}

/* ---- daemon/changes ------------------------------------------------------------- */

struct changed { struct sq_slice path; bool is_gone; };
struct changed_list { struct changed *v; size_t n, cap; };

static int copy_changed(void *arg, struct sq_slice path, bool is_gone)
{
	struct changed_list *list = arg;
	char *copy = sq_strndup(path.p, path.n);
	int r = copy ? sq_vec_push(list, ((struct changed){ sq_slice(copy, path.n), is_gone })) : -ENOMEM;

	if (r < 0)
		sq_free(copy);
	return r;
}

/* a file that changed several times is listed once, as it is now */
static void write_changed(struct sq_jw *w, const struct changed_list *list)
{
	sq_jw_key(w, "files");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < list->n; i++) {
		const struct changed *e = &list->v[i];

		if (i + 1 < list->n && sq_slice_eq(e->path, list->v[i + 1].path))
			continue;
		sq_jw_begin_object(w);
		sq_path_write(w, e->path);
		sq_jw_kbool(w, "exists", !e->is_gone);
		sq_jw_end_object(w);
	}
	sq_jw_end_array(w);
}

static void merge_down(struct changed *v, struct changed *tmp, size_t n)
{
	size_t half = n / 2, i = 0, k = half, to = 0;

	if (n < 2)
		return;
	merge_down(v, tmp, half);
	merge_down(v + half, tmp, n - half);
	/* stable: of equal paths the later one stays behind */
	while (i < half || k < n)
		tmp[to++] = k == n || (i < half && sq_slice_cmp(v[i].path, v[k].path) <= 0) ? v[i++] : v[k++];
	memcpy(v, tmp, n * sizeof(*v));
}

/* Return: whether the clock is one of this workspace, in this process */
static bool read_clock(const struct sq_call *c, struct sq_slice clock, uint64_t *ret_generation)
{
	struct sq_slice prefix = sq_slice_z(c->d->clock_prefix);
	uint64_t v = 0;

	if (!sq_slice_has_prefix(clock, prefix) || clock.n == prefix.n || clock.n > prefix.n + 20)
		return false;
	for (size_t i = prefix.n; i < clock.n; i++) {
		if (clock.p[i] < '0' || clock.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(clock.p[i] - '0');
	}
	*ret_generation = v & UINT32_MAX;
	return v >> 32 == c->ws->serial;
}

static void answer_changes(struct sq_call *c, struct changed_list *list, const struct sq_changes_since *s)
{
	struct changed *tmp = list->n ? sq_malloc(list->n * sizeof(*tmp)) : NULL;
	char clock[SQ_CLOCK_MAX];
	struct sq_jw w;

	if (list->n && !tmp) {
		answer_errno(c, ENOMEM);
		return;
	}
	merge_down(list->v, tmp, list->n);
	sq_call_begin(c, &w);
	sq_jw_kstr(&w, "root", c->ws->key.root);
	sq_jw_kstr(&w, "clock", sq_daemon_clock(c->d, c->ws, s->upto, clock));
	sq_jw_kbool(&w, "is_fresh_instance", s->is_fresh);
	sq_jw_kbool(&w, "truncated", s->is_truncated);
	write_changed(&w, list);
	sq_call_end(c, &w, NULL);
	sq_free(tmp);
}

static void changes(struct sq_call *c)
{
	struct manage_args *a = args_of(c);
	struct changed_list list = { NULL, 0, 0 };
	struct sq_changes_since s;
	uint64_t since = UINT64_MAX;   /* of another boot, process or load: not known */
	int r;

	if (a->since.n && !read_clock(c, a->since, &since))
		since = UINT64_MAX;
	r = sq_rebuild_changes(c->ws, since, (size_t)a->limit, copy_changed, &list, &s);
	if (r < 0)
		answer_errno(c, r);
	else
		answer_changes(c, &list, &s);
	for (size_t i = 0; i < list.n; i++)
		sq_free((char *)(uintptr_t)list.v[i].path.p);
	sq_vec_deinit(&list);
}

void sq_method_changes(struct sq_call *c)
{
	if (!args_new(c))
		return;
	args_of(c)->limit = CHANGES_LIMIT;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->path },
		{ "since", SQ_PARAM_STRING, false, 0, 0, &args_of(c)->since },
		{ "limit", SQ_PARAM_INT, false, 1, CHANGES_LIMIT_MAX, &args_of(c)->limit },
	};
	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		with_workspace(c, changes);
}

/* ---- daemon/stop ---------------------------------------------------------------- */

void sq_method_stop(struct sq_call *c)
{
	struct sq_daemon *d = c->d;
	struct sq_jw w;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_call_begin(c, &w);
	sq_jw_kbool(&w, "scheduled", true);
	sq_call_end(c, &w, NULL);
	sq_daemon_stop(d, "daemon/stop");
}
