/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/time.h"
#include "cli/opts.h"
#include "cli/progress.h"
#include "cli/stats.h"
#include "cli/text.h"

static int rebuild(struct sq_cli *cli, const char *path)
{
	struct sqry_params *p = sqry_params_new();
	struct sqry_reply *reply = NULL;
	struct sq_progress progress;
	int r;

	sqry_params_string(p, "path", path);
	sqry_params_bool(p, "force", true);
	sq_progress_start(&progress, cli, path);
	r = sq_cli_call(cli, "daemon/rebuild", p, &reply);
	sq_progress_stop(&progress);
	sqry_reply_free(reply);
	return r;
}

/* one object for scripts: what load said and the figures */
static int print_json(struct sq_cli *cli, const struct sqry_reply *load,
		      const struct sqry_value *w, uint64_t ms)
{
	char *a = sqry_value_text(sqry_reply_result(load), 0);
	char *b = sqry_value_text(sqry_value_get(w, "graph"), 0);
	char *c = sqry_value_text(sqry_reply_meta(load), 0);
	int r = 0;

	if (a && b && c)
		printf("{\"load\":%s,\"elapsed_ms\":%llu,\"graph\":%s,"
		       "\"meta\":%s}\n", a, (unsigned long long)ms, b, c);
	else
		r = sq_cli_no_memory(cli);
	sqry_free(a);
	sqry_free(b);
	sqry_free(c);
	return r;
}

static void print_figures(const char *path, const struct sqry_value *w,
			  uint64_t ms)
{
	const struct sqry_value *build = sqry_value_get(w, "last_build");
	int64_t build_ms = sqry_value_int(sqry_value_get(build, "duration_ms"), -1);
	/* answered at once: it was loaded before, and kept fresh since */
	bool was_loaded = build_ms >= 0 && (uint64_t)build_ms > ms;
	struct sq_buf b = SQ_BUF_NULL;

	sq_text_safe(&b, sq_slice_z(path));
	sq_buf_puts(&b, was_loaded ? "  is up to date" : "  indexed in ");
	if (!was_loaded)
		sq_text_duration(&b, ms);
	if (!sq_buf_error(&b))
		puts(sq_buf_z(&b));
	sq_buf_deinit(&b);
	sq_stats_print(sqry_value_get(w, "graph"));
}

static int report(struct sq_cli *cli, const char *path,
		  const struct sqry_reply *load, uint64_t ms)
{
	const char *root = sq_cli_text(sqry_reply_result(load), "root");
	struct sqry_reply *status = NULL;
	const struct sqry_value *w;
	int r;

	r = sq_cli_call(cli, "daemon/status", sqry_params_new(), &status);
	if (r)
		return r;
	w = sq_stats_find(sqry_reply_result(status), *root ? root : path);
	if (cli->json)
		r = print_json(cli, load, w, ms);
	else
		print_figures(*root ? root : path, w, ms);
	sqry_reply_free(status);
	return r;
}

static int index_directory(struct sq_cli *cli, const char *path, bool force)
{
	struct sqry_reply *load = NULL;
	uint64_t start = sq_now_ns();
	int r;

	r = sq_cli_connect(cli, true, NULL);
	if (!r)
		r = sq_cli_load(cli, path, &load);
	if (!r && force)
		r = rebuild(cli, path);
	if (!r)
		r = report(cli, path, load, (sq_now_ns() - start) / 1000000);
	sqry_reply_free(load);
	return r;
}

int sq_cmd_index(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]",
		.about = "Load a source tree (default: the current directory) into "
			 "the daemon, which\nkeeps it up to date from then on, and "
			 "print what it holds.\n",
		.examples = "  sqry index\n  sqry index ~/src/redis --force\n",
		.max_args = 1,
	};
	bool force = false;
	const struct sq_opt opts[] = {
		{ "force", 'f', SQ_OPT_FLAG, &force, 0, 0, NULL,
		  "build it anew even when it is loaded" },
	};
	char **args, *path;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_directory(cli, n ? args[0] : NULL, &path);
	if (r)
		return r;
	r = index_directory(cli, path, force);
	sq_free_libc(path);
	return r;
}
