/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "cli/analysis.h"
#include "cli/ask.h"
#include "cli/opts.h"
#include "cli/relations.h"
#include "cli/stats.h"
#include "cli/text.h"
#include "cli/dispatch.h"

/* ---- callers and callees ------------------------------------------------------- */

static void add_neighbour(struct sq_rows *rows, const struct sqry_value *v)
{
	const char *name = sq_cli_text(v, "qualifiedName");
	struct sq_buf path = SQ_BUF_NULL;

	sq_text_uri_path(&path, sq_cli_text(v, "fileUri"));
	if (path.n && sq_buf_z(&path)) {
		sq_text_path(&rows->text, "", path.p);
		sq_buf_printf(&rows->text, ":%lld", sq_cli_number(v, "line"));
	} else {
		sq_buf_puts(&rows->text, "-");
	}
	sq_buf_deinit(&path);
	sq_rows_end_cell(rows);
	sq_rows_cell(rows, sq_cli_text(v, "kind"));
	sq_rows_cell(rows, *name ? name : sq_cli_text(v, "name"));
	if (sq_cli_number(v, "sites") > 1)
		sq_buf_printf(&rows->text, "%lld sites", sq_cli_number(v, "sites"));
	sq_rows_end_cell(rows);
	sq_text_safe(&rows->text, sq_slice_z(sq_cli_text(v, "via")));
	if (sqry_value_bool(sqry_value_get(v, "ambiguous"), false))
		sq_buf_puts(&rows->text, " (ambiguous)");
	sq_rows_end_cell(rows);
}

static int print_neighbours(const struct sq_cli *cli, const struct sqry_value *data, const char *key)
{
	static const enum sq_style styles[] = {
		SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_PLAIN,
		SQ_STYLE_DIM,
	};
	const struct sqry_value *list = sqry_value_get(data, key);
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++)
		add_neighbour(&rows, sqry_value_at(list, i));
	r = sq_cli_print_rows(cli, &rows);
	if (!r && !sq_cli_number(data, "total") && sqry_value_bool(sqry_value_get(data, "symbolFound"), true))
		sq_cli_note("%s has no %s", sq_cli_text(data, "target"), key);
	return r;
}

static int print_callers(const struct sq_cli *cli, const struct sqry_value *data)
{
	return print_neighbours(cli, data, "callers");
}

static int print_callees(const struct sq_cli *cli, const struct sqry_value *data)
{
	return print_neighbours(cli, data, "callees");
}

static int direct(struct sq_cli *cli, int argc, char **argv, bool callers)
{
	const struct sq_usage usage = {
		.synopsis = "SYMBOL [OPTION...]",
		.about = callers ?
			"Show what calls SYMBOL: a name or the end of a qualified "
			"one.\nExit status: 0 found, 1 none.\n" :
			"Show what SYMBOL calls; names that nothing defines here "
			"are listed as unresolved.\nExit status: 0 found, 1 none.\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	struct sq_ask a = { .has_pagination = true, .list = callers ? "callers" : "callees" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 500, "N",
		  "at most N (100)" },
		SQ_ASK_PAGE_OPTS(a, 500),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.symbol = args[0];
	return sq_ask(cli, callers ? "direct_callers" : "direct_callees", dir, &a,
		      callers ? print_callers : print_callees);
}

static int direct_callers(struct sq_cli *cli, int argc, char **argv)
{
	return direct(cli, argc, argv, true);
}

static int direct_callees(struct sq_cli *cli, int argc, char **argv)
{
	return direct(cli, argc, argv, false);
}

/* ---- stats ----------------------------------------------------------------------- */

static int print_stats(struct sq_cli *cli, const struct sqry_reply *reply,
		       const char *path)
{
	const struct sqry_value *w = sq_stats_find(sqry_reply_result(reply),
						   path);
	const struct sqry_value *graph = sqry_value_get(w, "graph");
	char *text;

	if (!graph)
		return sq_cli_error(cli, EX_UNAVAILABLE, "%s is not loaded; load it "
				    "with \"sqry index %s\"", path, path);
	if (!cli->json) {
		puts(sq_cli_text(w, "index_root"));
		sq_stats_print(graph);
		sq_stats_print_details(graph);
		return 0;
	}
	text = sqry_value_text(graph, 2);
	if (!text)
		return sq_cli_no_memory(cli);
	puts(text);
	sqry_free(text);
	return 0;
}

static int stats(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]",
		.about = "Show what the graph of a loaded workspace holds: files, "
			 "definitions, references,\nhow they were resolved, and the "
			 "memory it takes.\n",
		.max_args = 1,
	};
	struct sqry_reply *reply = NULL;
	char **args, *path;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, NULL, 0, argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_directory(cli, n ? args[0] : NULL, &path);
	if (r)
		return r;
	r = sq_cli_connect(cli, false, NULL);
	if (!r)
		r = sq_cli_call(cli, "daemon/status", sqry_params_new(), &reply);
	if (!r)
		r = print_stats(cli, reply, path);
	sqry_reply_free(reply);
	sq_free_libc(path);
	return r;
}

/* ---- dump ------------------------------------------------------------------------ */

struct ask {
	char *path;
	const char *cursor;
	bool hash;
};

static struct sqry_params *make_dump(const void *arg)
{
	const struct ask *a = arg;
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", a->path);
	if (a->hash)
		sqry_params_bool(p, "hash", true);
	sqry_params_string(p, "cursor", a->cursor);
	return p;
}

static int write_chunk(struct sq_cli *cli, const struct sqry_value *result)
{
	const struct sqry_value *text = sqry_value_get(result, "text");
	size_t n = 0;
	const char *p = sqry_value_string(text, &n);
	char *bytes = NULL;
	int r = 0;

	if (!text) {
		bytes = sqry_value_bytes(sqry_value_get(result, "text_b64"), &n);
		p = bytes;
		if (!bytes)
			r = sq_cli_error(cli, EX_PROTOCOL,
					 "a chunk of the dump is damaged");
	}
	if (!r && fwrite(p, 1, n, stdout) != n)
		r = sq_cli_error(cli, EX_IOERR, "cannot write the dump");
	sqry_free(bytes);
	return r;
}

static int write_dump(struct sq_cli *cli, struct ask *a)
{
	struct sqry_reply *reply = NULL;
	char *cursor = NULL;
	int r;

	do {
		const struct sqry_value *result;

		r = sq_cli_ask(cli, "daemon/dump", make_dump, a, a->path, &reply);
		if (r)
			break;
		result = sqry_reply_result(reply);
		r = write_chunk(cli, result);
		sq_free(cursor);
		cursor = sq_strdup(sq_cli_text(result, "next_cursor"));
		a->cursor = cursor && *cursor ? cursor : NULL;
		reply = sqry_reply_free(reply);
	} while (!r && a->cursor);
	sq_free(cursor);
	if (!r && fflush(stdout))
		r = sq_cli_error(cli, EX_IOERR, "cannot write the dump");
	return r;
}

static int write_hash(struct sq_cli *cli, struct ask *a)
{
	struct sqry_reply *reply = NULL;
	int r = sq_cli_ask(cli, "daemon/dump", make_dump, a, a->path, &reply);

	if (!r && cli->json)
		r = sq_cli_print_json(cli, reply);
	else if (!r)
		puts(sq_cli_text(sqry_reply_result(reply), "hash"));
	sqry_reply_free(reply);
	return r;
}

static int dump(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "--canonical [DIR] [OPTION...]",
		.about = "Write the whole graph as text, in byte order of the paths, "
			 "without ids and times:\nequal trees give equal dumps.\n",
		.examples = "  sqry graph dump --canonical > before.txt\n"
			    "  sqry graph dump --canonical --hash\n",
		.max_args = 1,
	};
	bool canonical = false;
	struct ask a = { .path = NULL };
	const struct sq_opt opts[] = {
		{ "canonical", 'c', SQ_OPT_FLAG, &canonical, 0, 0, NULL,
		  "the canonical text (the only form so far)" },
		{ "hash", 0, SQ_OPT_FLAG, &a.hash, 0, 0, NULL,
		  "only a hash of the text" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	if (!canonical)
		return sq_cli_error(cli, SQ_EXIT_USAGE, "--canonical is missing: it "
				    "is the only form so far");
	r = sq_cli_directory(cli, n ? args[0] : NULL, &a.path);
	if (r)
		return r;
	r = a.hash ? write_hash(cli, &a) : write_dump(cli, &a);
	sq_free_libc(a.path);
	return r;
}

int sq_cmd_graph(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_command commands[] = {
		{ "direct-callers", direct_callers, "what calls a symbol" },
		{ "direct-callees", direct_callees, "what a symbol calls" },
		{ "relations", sq_cmd_relations, "what is related to a symbol, and how" },
		{ "trace-path", sq_cmd_trace_path, "chains of calls from one symbol to another" },
		{ "dependency-tree", sq_cmd_dependency_tree, "what a symbol or a file refers to" },
		{ "complexity", sq_cmd_complexity, "how much functions decide" },
		{ "cycles", sq_cmd_cycles, "what calls or imports itself in a circle" },
		{ "is-in-cycle", sq_cmd_is_in_cycle, "is a symbol in such a circle" },
		{ "stats", stats, "what a graph holds" },
		{ "dump", dump, "the whole graph as text" },
	};

	return sq_dispatch(cli, "sqry graph", commands,
			   SQ_ARRAY_SIZE(commands), argc, argv);
}
