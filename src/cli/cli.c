/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/text.h"

#define SYNC_MAX_MS 3600000   /* what daemon/sync takes */

static void print_line(const char *prefix, const char *message)
{
	struct sq_buf b = SQ_BUF_NULL;

	sq_text_safe(&b, sq_slice_z(message));
	if (!sq_buf_error(&b))
		fprintf(stderr, "%s%s\n", prefix, sq_buf_z(&b));
	sq_buf_deinit(&b);
}

/* {"error": {"code": ..., "message": ...}} through the library's writer */
static void print_error_json(int status, const char *message)
{
	struct sqry_params *p = sqry_params_new();
	const char *json;

	sqry_params_int(p, "code", status == EX_NOINPUT ?
			SQRY_CODE_INVALID_PARAMS : status);
	sqry_params_string(p, "message", message);
	json = sqry_params_json(p);
	if (json)
		printf("{\"error\":%s}\n", json);
	sqry_params_free(p);
}

int sq_cli_error(const struct sq_cli *cli, int status, const char *fmt, ...)
{
	char message[1024], prefix[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	snprintf(prefix, sizeof(prefix), "%s: ", cli->command);
	print_line(prefix, message);
	if (cli->json)
		print_error_json(status, message);
	return status;
}

int sq_cli_no_memory(const struct sq_cli *cli)
{
	return sq_cli_error(cli, EX_OSERR, "out of memory");
}

void sq_cli_note(const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	print_line("", message);
}

/* ---- connection --------------------------------------------------------------- */

static int status_of_condition(int r, const struct sqry_failure *f)
{
	switch (r) {
	case SQRY_E_START:
		return f->code >= EX__BASE && f->code <= EX__MAX ?
		       f->code : EX_UNAVAILABLE;
	case SQRY_E_NOT_RUNNING:
	case SQRY_E_CLOSED:
		return EX_UNAVAILABLE;
	case SQRY_E_TIMEOUT:
		return EX_TEMPFAIL;
	case SQRY_E_INCOMPATIBLE:
	case SQRY_E_PROTOCOL:
		return EX_PROTOCOL;
	default:
		return r == -EACCES || r == -EPERM ? EX_NOPERM : EX_OSERR;
	}
}

static int status_of_code(int code)
{
	switch (code) {
	case SQRY_CODE_INVALID_PARAMS:
		return SQ_EXIT_USAGE;
	case SQRY_CODE_TOOL_TIMEOUT:
	case SQRY_CODE_STALE_EXPIRED:
	case SQRY_CODE_MEMORY_BUDGET:
	case SQRY_CODE_OVERSIZE:
		return EX_TEMPFAIL;
	case SQRY_CODE_NOT_LOADED:
	case SQRY_CODE_SOCKET_SETUP:
		return EX_UNAVAILABLE;
	case SQRY_CODE_METHOD_NOT_FOUND:
	case SQRY_CODE_INVALID_REQUEST:
		return EX_PROTOCOL;
	default:
		return EX_SOFTWARE;
	}
}

int sq_cli_connect(struct sq_cli *cli, bool autostart, bool *ret_down)
{
	struct sqry_options o = SQRY_OPTIONS_INIT;
	struct sqry_failure f;
	int r;

	if (cli->client)
		return 0;
	o.socket_path = cli->socket;
	o.client_name = "sqry " PACKAGE_VERSION;
	o.autostart = autostart;
	o.sqryd_path = cli->sqryd;
	o.start_timeout_ms = cli->start_timeout_ms;
	r = sqry_connect(&o, &cli->client, &f);
	if (!r)
		return 0;
	if (r == SQRY_E_NOT_RUNNING && ret_down) {
		*ret_down = true;
		return EX_UNAVAILABLE;
	}
	return sq_cli_error(cli, status_of_condition(r, &f), "%s", f.message);
}

/* the daemon's error in its own words; with --json all of it */
static int remote_error(const struct sq_cli *cli, struct sqry_reply *reply,
			const struct sqry_failure *f)
{
	const struct sqry_value *data = sqry_reply_data(reply);
	const char *hint = sq_cli_text(data, "hint");
	char prefix[64], message[1024];
	char *json;

	snprintf(prefix, sizeof(prefix), "%s: ", cli->command);
	if (strstr(f->message, hint))
		hint = "";
	snprintf(message, sizeof(message), "%s%s%s", f->message,
		 *hint ? "; " : "", hint);
	print_line(prefix, message);
	json = cli->json ? sqry_reply_text(reply, 2) : NULL;
	if (json)
		puts(json);
	sqry_free(json);
	sqry_reply_free(reply);
	return status_of_code(f->code);
}

/* what a caller handles itself: set instead of an error message */
struct exceptions {
	bool wants_late, is_late;               /* the time was up */
	bool wants_not_loaded, is_not_loaded;   /* the workspace is not loaded */
	bool wants_loading, is_loading;         /* another client is loading it */
};

static int call(struct sq_cli *cli, const char *method,
		struct sqry_params *params, int timeout_ms,
		struct sqry_reply **ret_reply, struct exceptions *x)
{
	const char *json = sqry_params_json(params);
	struct sqry_reply *reply = NULL;
	struct sqry_failure f;
	int r;

	if (!json) {
		sqry_params_free(params);
		return sq_cli_no_memory(cli);
	}
	r = sqry_call(cli->client, method, json, timeout_ms, &reply, &f);
	sqry_params_free(params);
	if (!r) {
		*ret_reply = reply;
		return 0;
	}
	x->is_late = r == SQRY_E_TIMEOUT && x->wants_late;
	if (x->is_late)
		return EX_TEMPFAIL;
	if (r != SQRY_E_REMOTE)
		return sq_cli_error(cli, status_of_condition(r, &f), "%s",
				    f.message);
	x->is_not_loaded = f.code == SQRY_CODE_NOT_LOADED && x->wants_not_loaded;
	x->is_loading = f.code == SQRY_CODE_BUILD_FAILED && x->wants_loading && strstr(f.message, "load is in progress");
	if (x->is_not_loaded || x->is_loading) {
		sqry_reply_free(reply);
		return EX_UNAVAILABLE;
	}
	return remote_error(cli, reply, &f);
}

int sq_cli_call(struct sq_cli *cli, const char *method,
		struct sqry_params *params, struct sqry_reply **ret_reply)
{
	struct exceptions none = { 0 };

	return call(cli, method, params, -1, ret_reply, &none);
}

int sq_cli_call_within(struct sq_cli *cli, const char *method,
		       struct sqry_params *params, int timeout_ms,
		       struct sqry_reply **ret_reply, bool *ret_late)
{
	struct exceptions late = { .wants_late = true };
	int r = call(cli, method, params, timeout_ms, ret_reply, &late);

	*ret_late = late.is_late;
	return r;
}

/* ---- workspaces ---------------------------------------------------------------- */

int sq_cli_directory(const struct sq_cli *cli, const char *dir, char **ret_path)
{
	const char *given = dir ? dir : ".";
	char *path = realpath(given, NULL);
	struct stat st;
	int e = 0;

	if (!path || stat(path, &st) < 0)
		e = errno;
	else if (!S_ISDIR(st.st_mode))
		e = ENOTDIR;
	else if (access(path, R_OK | X_OK) < 0)
		e = errno;
	if (!e) {
		*ret_path = path;
		return 0;
	}
	sq_free_libc(path);
	return sq_cli_error(cli, EX_NOINPUT, "%s: %s; give a directory that can "
			    "be read", given, strerror(e));
}

/* the nearest directory upwards that is a git work tree, else @path itself */
static void find_root(const char *path, struct sq_buf *ret)
{
	struct sq_slice dir = sq_slice_z(path);

	while (dir.n) {
		sq_buf_clear(ret);
		sq_buf_add_slice(ret, dir);
		sq_buf_puts(ret, "/.git");
		if (sq_buf_z(ret) && access(ret->p, F_OK) == 0)
			break;
		dir = sq_path_dir(dir);
	}
	sq_buf_clear(ret);
	if (dir.n)
		sq_buf_add_slice(ret, dir);
	else
		sq_buf_puts(ret, path);
}

static int call_load(struct sq_cli *cli, const char *path, struct sqry_reply **ret_reply, struct exceptions *x)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "index_root", path);
	return call(cli, "daemon/load", p, -1, ret_reply, x);
}

/* until the load of somebody else is over, well or badly */
static int wait_for_load(struct sq_cli *cli, const char *path)
{
	struct sqry_params *p = sqry_params_new();
	struct sqry_reply *reply = NULL;
	int r;

	sqry_params_string(p, "path", path);
	sqry_params_int(p, "timeout_ms", SYNC_MAX_MS);
	r = sq_cli_call(cli, "daemon/sync", p, &reply);
	sqry_reply_free(reply);
	return r;
}

int sq_cli_load(struct sq_cli *cli, const char *path,
		struct sqry_reply **ret_reply)
{
	struct exceptions first = { .wants_loading = true }, none = { 0 };
	struct sq_progress progress;
	int r;

	sq_progress_start(&progress, cli, path);
	r = call_load(cli, path, ret_reply, &first);
	if (first.is_loading) {
		r = wait_for_load(cli, path);
		if (!r)
			r = call_load(cli, path, ret_reply, &none);
	}
	sq_progress_stop(&progress);
	return r;
}

static int load_for(struct sq_cli *cli, const char *path)
{
	struct sqry_reply *reply = NULL;
	struct sq_buf root = SQ_BUF_NULL;
	int r;

	find_root(path, &root);
	if (!sq_buf_z(&root)) {
		sq_buf_deinit(&root);
		return sq_cli_no_memory(cli);
	}
	if (isatty(STDERR_FILENO))
		sq_cli_note("loading %s, which is not loaded yet", root.p);
	r = sq_cli_load(cli, root.p, &reply);
	sqry_reply_free(reply);
	sq_buf_deinit(&root);
	return r;
}

int sq_cli_ask(struct sq_cli *cli, const char *method,
	       struct sqry_params *(*make)(const void *arg), const void *arg,
	       const char *path, struct sqry_reply **ret_reply)
{
	struct exceptions x = { .wants_not_loaded = true };
	int r;

	r = sq_cli_connect(cli, true, NULL);
	if (!r)
		r = call(cli, method, make(arg), -1, ret_reply, &x);
	if (!x.is_not_loaded)
		return r;
	r = load_for(cli, path);
	return r ? r : sq_cli_call(cli, method, make(arg), ret_reply);
}

/* ---- answers ------------------------------------------------------------------- */

const char *sq_cli_text(const struct sqry_value *v, const char *key)
{
	return sqry_value_string(sqry_value_get(v, key), NULL);
}

long long sq_cli_number(const struct sqry_value *v, const char *key)
{
	return sqry_value_int(sqry_value_get(v, key), 0);
}

uint64_t sq_cli_count(const struct sqry_value *v, const char *key)
{
	long long n = sq_cli_number(v, key);

	return n > 0 ? (uint64_t)n : 0;
}

int sq_cli_print_rows(const struct sq_cli *cli, struct sq_rows *rows)
{
	int r = sq_rows_print(rows, cli->color);

	sq_rows_deinit(rows);
	return r < 0 ? sq_cli_no_memory(cli) : 0;
}

int sq_cli_print_line(const struct sq_cli *cli, struct sq_buf *line)
{
	const char *z = sq_buf_z(line);

	if (z)
		puts(z);
	sq_buf_deinit(line);
	return z ? 0 : sq_cli_no_memory(cli);
}

int sq_cli_print_json(const struct sq_cli *cli, const struct sqry_reply *reply)
{
	char *text = sqry_reply_text(reply, 2);

	if (!text)
		return sq_cli_no_memory(cli);
	puts(text);
	sqry_free(text);
	return 0;
}

void sq_cli_warn_stale(const struct sqry_reply *reply)
{
	const struct sqry_value *meta = sqry_reply_meta(reply);
	long long pending = sq_cli_number(meta, "pending_files");

	if (sqry_value_bool(sqry_value_get(meta, "stale"), false))
		sq_cli_note("[stale: as of %s; %s]", sq_cli_text(meta, "last_good_at"),
			    sq_cli_text(meta, "last_error"));
	if (!sqry_value_bool(sqry_value_get(meta, "watching"), true))
		sq_cli_note("[not watched: \"sqry daemon sync\" makes it fresh]");
	if (pending > 0)
		sq_cli_note("[%lld changed files are not in this answer yet]", pending);
}
