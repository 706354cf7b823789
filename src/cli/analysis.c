/* SPDX-License-Identifier: MIT */
/* sqry unused, sqry cycles, sqry graph cycles, sqry graph is-in-cycle */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "cli/analysis.h"
#include "cli/opts.h"
#include "cli/text.h"

struct ask {
	char *path;
	const char *type, *scope, *symbol, *file;
	int64_t limit, min_depth, max_depth;
	bool self_loops;
};

static const char *get(const struct sqry_value *v, const char *key)
{
	return sqry_value_string(sqry_value_get(v, key), NULL);
}

static long long number(const struct sqry_value *v, const char *key)
{
	return sqry_value_int(sqry_value_get(v, key), 0);
}

static struct sqry_params *make(const void *arg)
{
	const struct ask *a = arg;
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", a->path);
	if (a->symbol)
		sqry_params_string(p, "symbol", a->symbol);
	if (a->file)
		sqry_params_string(p, "file_path", a->file);
	if (a->type)
		sqry_params_string(p, "cycle_type", a->type);
	if (a->scope)
		sqry_params_string(p, "scope", a->scope);
	if (a->limit)
		sqry_params_int(p, "max_results", a->limit);
	if (a->min_depth)
		sqry_params_int(p, "min_depth", a->min_depth);
	if (a->max_depth)
		sqry_params_int(p, "max_depth", a->max_depth);
	if (a->self_loops)
		sqry_params_bool(p, "include_self_loops", true);
	return p;
}

/* asks, prints, and tells by the exit status whether there was something */
static int ask(struct sq_cli *cli, const char *method, const char *dir, struct ask *a,
	       int (*print)(const struct sq_cli *cli, const struct sqry_value *data))
{
	struct sqry_reply *reply = NULL;
	const struct sqry_value *data;
	int r = sq_cli_directory(cli, dir, &a->path);

	if (r)
		return r;
	r = sq_cli_ask(cli, method, make, a, a->path, &reply);
	if (!r) {
		data = sqry_value_get(sqry_reply_result(reply), "data");
		r = cli->json ? sq_cli_print_json(cli, reply) : print(cli, data);
		sq_cli_warn_stale(reply);
		if (!r)
			r = number(data, "total") ? SQ_EXIT_FOUND : SQ_EXIT_NOT_FOUND;
	}
	sqry_reply_free(reply);
	sq_free_libc(a->path);
	return r;
}

static void note_rest(const struct sqry_value *data, const struct sqry_value *list)
{
	long long total = number(data, "total");

	if ((size_t)total > sqry_value_count(list))
		sq_cli_note("%zu of %lld; --limit shows more", sqry_value_count(list), total);
}

static void add_place(struct sq_rows *rows, const struct sqry_value *v)
{
	struct sq_buf path = SQ_BUF_NULL;

	sq_text_uri_path(&path, get(v, "fileUri"));
	if (path.n && sq_buf_z(&path))
		sq_text_path(&rows->text, "", path.p);
	sq_buf_printf(&rows->text, ":%lld", number(v, "line"));
	sq_buf_deinit(&path);
	sq_rows_end_cell(rows);
}

static int print_unused(const struct sq_cli *cli, const struct sqry_value *data)
{
	static const enum sq_style styles[] = { SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM };
	const struct sqry_value *list = sqry_value_get(data, "symbols");
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);

		add_place(&rows, v);
		sq_rows_cell(&rows, get(v, "kind"));
		sq_rows_cell(&rows, get(v, "qualifiedName"));
		sq_rows_cell(&rows, get(v, "visibility"));
	}
	r = sq_rows_print(&rows, cli->color);
	sq_rows_deinit(&rows);
	if (r < 0)
		return sq_cli_error(cli, EX_OSERR, "out of memory");
	if (!number(data, "total"))
		sq_cli_note("nothing is unused");
	note_rest(data, list);
	return 0;
}

static int print_cycles(const struct sq_cli *cli, const struct sqry_value *data)
{
	const struct sqry_value *list = sqry_value_get(data, "cycles");

	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);
		struct sq_buf line = SQ_BUF_NULL;

		sq_buf_printf(&line, "%lld  ", number(v, "depth"));
		sq_text_safe(&line, sq_slice_z(get(v, "chain")));
		if (!sq_buf_z(&line))
			return sq_cli_error(cli, EX_OSERR, "out of memory");
		puts(line.p);
		sq_buf_deinit(&line);
	}
	if (!number(data, "total"))
		sq_cli_note("no cycles");
	note_rest(data, list);
	return 0;
}

static int print_in_cycle(const struct sq_cli *cli, const struct sqry_value *data)
{
	const struct sqry_value *list = sqry_value_get(data, "cycle");
	size_t n = sqry_value_count(list);
	struct sq_buf line = SQ_BUF_NULL;

	if (!n) {
		sq_cli_note("%s is in no cycle", get(data, "symbol"));
		return 0;
	}
	for (size_t i = 0; i <= n; i++) {
		sq_buf_puts(&line, i ? " -> " : "");
		sq_text_safe(&line, sq_slice_z(sqry_value_string(sqry_value_at(list, i % n), NULL)));
	}
	if (!sq_buf_z(&line))
		return sq_cli_error(cli, EX_OSERR, "out of memory");
	puts(line.p);
	sq_buf_deinit(&line);
	return 0;
}

int sq_cmd_unused(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]",
		.about = "List definitions that nothing in the tree uses.\n"
			 "Exit status: 0 some, 1 none.\n",
		.examples = "  sqry unused --scope private\n",
		.max_args = 1,
	};
	struct ask a = { .path = NULL };
	const struct sq_opt opts[] = {
		{ "scope", 's', SQ_OPT_STRING, &a.scope, 0, 0, "SCOPE", "all, public, private, function or struct" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000, "N", "at most N (100)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	return ask(cli, "find_unused", n ? args[0] : NULL, &a, print_unused);
}

int sq_cmd_cycles(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]",
		.about = "List groups of definitions that call each other in a circle, or of files\n"
			 "or directories that import each other: their size, and a shortest circle.\n"
			 "Exit status: 0 some, 1 none.\n",
		.examples = "  sqry cycles --type imports\n",
		.max_args = 1,
	};
	struct ask a = { .path = NULL };
	const struct sq_opt opts[] = {
		{ "type", 't', SQ_OPT_STRING, &a.type, 0, 0, "TYPE", "calls, imports or modules (calls)" },
		{ "min-depth", 0, SQ_OPT_INT, &a.min_depth, 1, 1000000, "N", "at least N members (2)" },
		{ "max-depth", 0, SQ_OPT_INT, &a.max_depth, 1, 1000000, "N", "at most N members" },
		{ "self-loops", 0, SQ_OPT_FLAG, &a.self_loops, 0, 0, NULL, "what calls itself too" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 500, "N", "at most N (100)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	return ask(cli, "find_cycles", n ? args[0] : NULL, &a, print_cycles);
}

int sq_cmd_is_in_cycle(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "SYMBOL [OPTION...]",
		.about = "Show a shortest circle of calls (or imports) through SYMBOL.\n"
			 "Exit status: 0 there is one, 1 none.\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	struct ask a = { .path = NULL };
	const struct sq_opt opts[] = {
		{ "path", 'p', SQ_OPT_STRING, &dir, 0, 0, "DIR",
		  "in the workspace of DIR (default: the current directory)" },
		{ "file", 'f', SQ_OPT_STRING, &a.file, 0, 0, "FILE", "the one that FILE defines, as seen from the root" },
		{ "type", 't', SQ_OPT_STRING, &a.type, 0, 0, "TYPE", "calls, imports or modules (calls)" },
		{ "self-loops", 0, SQ_OPT_FLAG, &a.self_loops, 0, 0, NULL, "calling itself counts" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.symbol = args[0];
	return ask(cli, "is_node_in_cycle", dir, &a, print_in_cycle);
}
