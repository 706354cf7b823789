/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/time.h"
#include "cli/dispatch.h"
#include "cli/logs.h"
#include "cli/opts.h"
#include "cli/progress.h"
#include "cli/service.h"
#include "cli/text.h"

#define STOP_POLL_MS 50

/* ---- start, stop ----------------------------------------------------------------- */

static int start(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[OPTION...]",
		.about = "Start the daemon in the background unless it runs.\n",
	};
	int64_t timeout_s = 10;
	bool down = false;
	const struct sq_opt opts[] = {
		{ "sqryd-path", 0, SQ_OPT_STRING, &cli->sqryd, 0, 0, "PATH",
		  "program of the daemon" },
		{ "timeout", 't', SQ_OPT_INT, &timeout_s, 1, 60, "SECONDS",
		  "until it is ready (10)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	cli->start_timeout_ms = (int)timeout_s * 1000 + 2000;
	r = sq_cli_connect(cli, false, &down);
	if (r && down)
		r = sq_cli_connect(cli, true, NULL);
	if (r)
		return r;
	if (cli->json)
		printf("{\"started\":%s,\"daemon_version\":\"%s\"}\n",
		       down ? "true" : "false",
		       sqry_client_daemon_version(cli->client));
	else
		printf("sqryd %s %s\n", sqry_client_daemon_version(cli->client),
		       down ? "started" : "was running already");
	return 0;
}

/* 0 once nobody listens any more; a daemon that ends may still accept and hang up */
static int await_end(struct sq_cli *cli, uint64_t deadline_ns)
{
	struct sqry_options o = SQRY_OPTIONS_INIT;
	struct sqry_client *c = NULL;

	o.socket_path = cli->socket;
	o.hello_timeout_ms = 1000;
	cli->client = sqry_client_free(cli->client);
	while (sq_now_ns() < deadline_ns) {
		if (sqry_connect(&o, &c, NULL) == SQRY_E_NOT_RUNNING)
			return 0;
		c = sqry_client_free(c);
		poll(NULL, 0, STOP_POLL_MS);
	}
	return sq_cli_error(cli, EX_TEMPFAIL, "the daemon has not ended yet");
}

static int stop(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[OPTION...]",
		.about = "Stop the daemon, and wait until it has ended. That it does "
			 "not run is no error.\n",
	};
	struct sqry_reply *reply = NULL;
	int64_t timeout_s = 15;
	bool down = false;
	const struct sq_opt opts[] = {
		{ "timeout", 't', SQ_OPT_INT, &timeout_s, 1, 3600, "SECONDS",
		  "until it has ended (15)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_connect(cli, false, &down);
	if (down) {
		puts(cli->json ? "{\"stopped\":false}" : "sqryd is not running");
		return 0;
	}
	if (!r)
		r = sq_cli_call(cli, "daemon/stop", sqry_params_new(), &reply);
	if (!r)
		r = await_end(cli, sq_now_ns() + (uint64_t)timeout_s * 1000000000);
	if (!r)
		puts(cli->json ? "{\"stopped\":true}" : "sqryd stopped");
	sqry_reply_free(reply);
	return r;
}

/* ---- status ---------------------------------------------------------------------- */

static void print_state(struct sq_buf *b, const struct sqry_value *w)
{
	const struct sqry_value *progress = sqry_value_get(w, "progress");
	const char *state = sq_cli_text(w, "state");

	sq_buf_putc(b, '[');
	for (; *state; state++)
		sq_buf_putc(b, (char)(*state >= 'A' && *state <= 'Z' ?
				      *state | 0x20 : *state));
	if (*sq_cli_text(progress, "pass")) {
		sq_buf_printf(b, ": %s ", sq_cli_text(progress, "pass"));
		sq_text_count(b, sq_cli_count(progress, "files_done"));
		sq_buf_puts(b, " of ");
		sq_text_count(b, sq_cli_count(progress, "files_total"));
	}
	sq_buf_putc(b, ']');
}

static void print_watch(struct sq_buf *b, const struct sqry_value *w)
{
	const char *how = sq_cli_text(w, "watch_mechanism");
	bool watching = sqry_value_bool(sqry_value_get(w, "watching"), false);

	sq_buf_puts(b, "      ");
	if (watching)
		sq_buf_printf(b, "watched by %s", *how ? how : "the kernel");
	else
		sq_buf_puts(b, "not watched");
	if (sq_cli_count(w, "pending_files"))
		sq_buf_printf(b, ", %llu files pending",
			      (unsigned long long)sq_cli_count(w, "pending_files"));
	if (sq_cli_count(w, "overflows"))
		sq_buf_printf(b, ", %llu overflows",
			      (unsigned long long)sq_cli_count(w, "overflows"));
}

static void add_workspace(struct sq_buf *b, const struct sqry_value *w)
{
	sq_buf_puts(b, "  ");
	sq_text_safe(b, sq_slice_z(sq_cli_text(w, "index_root")));
	sq_buf_puts(b, "  ");
	sq_text_bytes(b, sq_cli_count(w, "current_bytes"));
	sq_buf_puts(b, " (peak: ");
	sq_text_bytes(b, sq_cli_count(w, "high_water_bytes"));
	sq_buf_puts(b, ")  ");
	print_state(b, w);
	sq_buf_putc(b, '\n');
	print_watch(b, w);
	sq_buf_putc(b, '\n');
	if (*sq_cli_text(w, "last_error")) {
		sq_buf_puts(b, "      last error: ");
		sq_text_safe(b, sq_slice_z(sq_cli_text(w, "last_error")));
		sq_buf_putc(b, '\n');
	}
}

#define MAX_KINDS 32u

struct kind { const char *name; uint64_t bytes; };

static int more_bytes(const void *a, const void *b)
{
	uint64_t x = ((const struct kind *)a)->bytes, y = ((const struct kind *)b)->bytes;

	return x > y ? -1 : x < y;
}

/* what it is used for, the biggest first; what is less than a percent is added up */
static void add_resident(struct sq_buf *b, const struct sqry_value *resident)
{
	const struct sqry_value *by_kind = sqry_value_get(resident, "by_kind");
	uint64_t all = sq_cli_count(resident, "accounted_bytes"), rest = 0;
	size_t n = sqry_value_count(by_kind);
	struct kind kinds[MAX_KINDS];

	if (!all || n > MAX_KINDS)
		return;
	for (size_t i = 0; i < n; i++)
		kinds[i] = (struct kind){ sqry_value_key(by_kind, i), sq_cli_count(by_kind, sqry_value_key(by_kind, i)) };
	qsort(kinds, n, sizeof(kinds[0]), more_bytes);
	sq_buf_puts(b, "In use: ");
	sq_text_bytes(b, all);
	for (size_t i = 0; i < n; i++) {
		if (kinds[i].bytes < all / 100) {
			rest += kinds[i].bytes;
			continue;
		}
		sq_buf_puts(b, i ? ", " : ": ");
		for (const char *p = kinds[i].name; *p; p++)
			sq_buf_putc(b, *p == '_' ? ' ' : *p);
		sq_buf_putc(b, ' ');
		sq_text_bytes(b, kinds[i].bytes);
	}
	if (rest) {
		sq_buf_puts(b, ", other ");
		sq_text_bytes(b, rest);
	}
	sq_buf_putc(b, '\n');
}

static void add_status(struct sq_buf *b, const struct sqry_value *s)
{
	const struct sqry_value *memory = sqry_value_get(s, "memory");
	const struct sqry_value *all = sqry_value_get(s, "workspaces");

	sq_buf_puts(b, "sqryd ");
	sq_text_safe(b, sq_slice_z(sq_cli_text(s, "daemon_version")));
	sq_buf_puts(b, "  up ");
	if (sq_cli_count(s, "uptime_seconds") < 60)
		sq_buf_printf(b, "%us", (unsigned)sq_cli_count(s, "uptime_seconds"));
	else
		sq_text_duration(b, sq_cli_count(s, "uptime_seconds") * 1000);
	sq_buf_printf(b, "\nMemory: %llu MB / %llu MB (peak: %llu MB)\n",
		      (unsigned long long)sq_cli_count(memory, "current_bytes") >> 20,
		      (unsigned long long)sq_cli_count(memory, "limit_bytes") >> 20,
		      (unsigned long long)sq_cli_count(memory, "high_water_bytes") >> 20);
	add_resident(b, sqry_value_get(memory, "resident"));
	sq_buf_printf(b, "Workspaces (%zu loaded):\n", sqry_value_count(all));
	for (size_t i = 0; i < sqry_value_count(all); i++)
		add_workspace(b, sqry_value_at(all, i));
}

/* ask for something without parameters, and show it by @print or as JSON */
static int show(struct sq_cli *cli, const struct sq_usage *usage, const char *method, int argc, char **argv,
		int (*print)(const struct sq_cli *cli, const struct sqry_value *result))
{
	struct sqry_reply *reply = NULL;
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, usage, NULL, 0, argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_connect(cli, false, NULL);
	if (!r)
		r = sq_cli_call(cli, method, sqry_params_new(), &reply);
	if (!r)
		r = cli->json ? sq_cli_print_json(cli, reply) : print(cli, sqry_reply_result(reply));
	sqry_reply_free(reply);
	return r;
}

static int print_status(const struct sq_cli *cli, const struct sqry_value *s)
{
	struct sq_buf b = SQ_BUF_NULL;
	int r = 0;

	add_status(&b, s);
	if (sq_buf_error(&b))
		r = sq_cli_no_memory(cli);
	else
		fputs(sq_buf_z(&b), stdout);
	sq_buf_deinit(&b);
	return r;
}

static int status(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[OPTION...]",
		.about = "Show the daemon's version, memory and workspaces. \"Memory\"\n"
			 "is what graphs take of their limit, \"In use\" what the\n"
			 "program has from the kernel, and for what.\n"
			 "Exit status: 69 when it does not run.\n",
	};

	return show(cli, &usage, "daemon/status", argc, argv, print_status);
}

/* ---- metrics --------------------------------------------------------------------- */

static int print_times(const struct sq_cli *cli, const struct sqry_value *result)
{
	static const enum sq_style styles[] = {
		SQ_STYLE_NAME, SQ_STYLE_PLAIN, SQ_STYLE_PLAIN, SQ_STYLE_PLAIN, SQ_STYLE_PLAIN,
	};
	const struct sqry_value *list = sqry_value_get(result, "methods");
	static const char *const times[] = { "p50_ns", "p99_ns", "max_ns" };
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);

		sq_rows_cell(&rows, sq_cli_text(v, "method"));
		sq_buf_printf(&rows.text, "%lld", (long long)sq_cli_count(v, "count"));
		sq_rows_end_cell(&rows);
		for (size_t k = 0; k < SQ_ARRAY_SIZE(times); k++) {
			sq_buf_printf(&rows.text, "%.3f ms", (double)sq_cli_count(v, times[k]) / 1e6);
			sq_rows_end_cell(&rows);
		}
	}
	r = sq_rows_print(&rows, cli->color);
	sq_rows_deinit(&rows);
	return r < 0 ? sq_cli_error(cli, EX_OSERR, "out of memory") : 0;
}

static int print_metrics(const struct sq_cli *cli, const struct sqry_value *result)
{
	(void)cli;
	fputs(sqry_value_string(sqry_value_get(result, "text"), NULL), stdout);
	return 0;
}

static int metrics(struct sq_cli *cli, int argc, char **argv)
{
	bool times = false;
	const struct sq_opt opts[] = {
		{ "times", 't', SQ_OPT_FLAG, &times, 0, 0, NULL,
		  "a table of how often each method was called and how long it took: half of the answers at most, "
		  "99 of 100 at most, the longest" },
	};
	static const struct sq_usage usage = {
		.synopsis = "[OPTION...]",
		.about = "Print the daemon's figures in the text format of Prometheus.\n"
			 "Exit status: 69 when the daemon does not run.\n",
	};
	struct sqry_reply *reply = NULL;
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_connect(cli, false, NULL);
	if (!r)
		r = sq_cli_call(cli, "daemon/metrics", sqry_params_new(), &reply);
	if (!r)
		r = cli->json ? sq_cli_print_json(cli, reply) :
		    (times ? print_times : print_metrics)(cli, sqry_reply_result(reply));
	sqry_reply_free(reply);
	return r;
}

/* ---- workspaces ------------------------------------------------------------------- */

/* an action on one directory whose answer is an object with a few members */
struct action {
	const char *method, *key;       /* parameter that names the directory */
	const char *about;
	bool autostart, has_timeout, has_force;
	bool daemon_limits;             /* the time limit is the daemon's parameter */
	int64_t timeout_s;
};

static void print_answer(const struct sqry_value *v)
{
	const char *key;

	for (size_t i = 0; (key = sqry_value_key(v, i)); i++) {
		const struct sqry_value *m = sqry_value_get(v, key);
		struct sq_buf b = SQ_BUF_NULL;
		char *text = sqry_value_type(m) == SQRY_STRING ? NULL :
			     sqry_value_text(m, 0);
		const char *z;

		sq_text_safe(&b, sq_slice_z(text ? text :
					    sqry_value_string(m, NULL)));
		z = sq_buf_z(&b);
		printf("%s%s: %s", i ? "  " : "", key, z ? z : "");
		sq_buf_deinit(&b);
		sqry_free(text);
	}
	putchar('\n');
}

/* the client's own time limit; 0: sent and not waited for */
static int call_within(struct sq_cli *cli, const char *method,
		       struct sqry_params *p, int64_t timeout_s,
		       struct sqry_reply **ret_reply)
{
	bool late = false;
	int r = sq_cli_call_within(cli, method, p, (int)timeout_s * 1000,
				   ret_reply, &late);

	if (!late)
		return r;
	if (timeout_s)
		return sq_cli_error(cli, r, "not done after %lld s; it goes on in "
				    "the daemon", (long long)timeout_s);
	puts(cli->json ? "{\"status\":\"started\"}" : "status: started");
	return 0;
}

static int perform(struct sq_cli *cli, const struct action *a, const char *path,
		   bool force, int64_t timeout_s)
{
	struct sqry_params *p;
	struct sqry_reply *reply = NULL;
	struct sq_progress progress;
	int r = sq_cli_connect(cli, a->autostart, NULL);

	if (r)
		return r;
	p = sqry_params_new();
	sqry_params_string(p, a->key, path);
	if (force)
		sqry_params_bool(p, "force", true);
	if (a->daemon_limits)
		sqry_params_int(p, "timeout_ms", timeout_s * 1000);
	sq_progress_start(&progress, cli, path);
	if (a->has_timeout && !a->daemon_limits)
		r = call_within(cli, a->method, p, timeout_s, &reply);
	else
		r = sq_cli_call(cli, a->method, p, &reply);
	sq_progress_stop(&progress);
	if (!r && reply && cli->json)
		r = sq_cli_print_json(cli, reply);
	else if (!r && reply)
		print_answer(sqry_reply_result(reply));
	sqry_reply_free(reply);
	return r;
}

static int act(struct sq_cli *cli, const struct action *a, int argc, char **argv)
{
	const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]", .about = a->about, .max_args = 1,
	};
	int64_t timeout_s = a->timeout_s;
	bool force = false;
	const struct sq_opt all[] = {
		{ "timeout", 't', SQ_OPT_INT, &timeout_s, 0, 86400, "SECONDS",
		  "wait at most so long" },
		{ "force", 'f', SQ_OPT_FLAG, &force, 0, 0, NULL,
		  "build the whole graph anew" },
	};
	char **args, *path;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, all,
			      a->has_force ? 2 : a->has_timeout ? 1 : 0, argc,
			      argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_directory(cli, n ? args[0] : NULL, &path);
	if (r)
		return r;
	r = perform(cli, a, path, force, timeout_s);
	sq_free_libc(path);
	return r;
}

static int load(struct sq_cli *cli, int argc, char **argv)
{
	static const struct action a = {
		.method = "daemon/load", .key = "index_root", .autostart = true,
		.about = "Load a source tree (default: the current directory).\n",
	};

	return act(cli, &a, argc, argv);
}

static int unload(struct sq_cli *cli, int argc, char **argv)
{
	static const struct action a = {
		.method = "daemon/unload", .key = "index_root",
		.about = "Forget a source tree and free its memory.\n",
	};

	return act(cli, &a, argc, argv);
}

static int rebuild(struct sq_cli *cli, int argc, char **argv)
{
	static const struct action a = {
		.method = "daemon/rebuild", .key = "path", .has_timeout = true,
		.has_force = true, .timeout_s = 1800,
		.about = "Compare a loaded tree with its files and rebuild what "
			 "differs.\n--timeout 0 does not wait.\n",
	};

	return act(cli, &a, argc, argv);
}

static int cancel_rebuild(struct sq_cli *cli, int argc, char **argv)
{
	static const struct action a = {
		.method = "daemon/cancel_rebuild", .key = "path",
		.about = "End the rebuild of a tree that is under way; the graph stays as it was.\n",
	};

	return act(cli, &a, argc, argv);
}

static int sync_tree(struct sq_cli *cli, int argc, char **argv)
{
	static const struct action a = {
		.method = "daemon/sync", .key = "path", .has_timeout = true,
		.daemon_limits = true, .timeout_s = 5,
		.about = "Wait until every change made so far is in the graph, and "
			 "show the clock that\nproves it.\n",
	};

	return act(cli, &a, argc, argv);
}

int sq_cmd_daemon(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_command commands[] = {
		{ "start", start, "start it in the background" },
		{ "stop", stop, "stop it" },
		{ "status", status, "version, memory, workspaces" },
		{ "load", load, "load a source tree" },
		{ "unload", unload, "forget a source tree" },
		{ "rebuild", rebuild, "rebuild a graph" },
		{ "cancel-rebuild", cancel_rebuild, "end a rebuild that is under way" },
		{ "sync", sync_tree, "wait for what changed so far" },
		{ "changes", sq_cmd_changes, "files that changed after a clock" },
		{ "metrics", metrics, "how long its answers took" },
		{ "logs", sq_cmd_logs, "show its log" },
		{ "install", sq_cmd_install, "make it a service of systemd" },
	};

	return sq_dispatch(cli, "sqry daemon", commands, SQ_ARRAY_SIZE(commands),
			   argc, argv);
}
