/* SPDX-License-Identifier: MIT */
/* sqry impact, subgraph, export; sqry graph relations, trace-path, dependency-tree, complexity */
#include "cli/relations.h"

#include <stdio.h>

#include "cli/ask.h"
#include "cli/opts.h"

/* ---- edges: "from  type  to" ------------------------------------------------------------ */

static int print_edges(const struct sq_cli *cli, const struct sqry_value *list)
{
	static const enum sq_style styles[] = {
		SQ_STYLE_PLACE, SQ_STYLE_NAME, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_PLACE, SQ_STYLE_DIM,
	};
	struct sq_rows rows;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *e = sqry_value_at(list, i), *to = sqry_value_get(e, "to");

		sq_ask_place(&rows, sqry_value_get(e, "from"));
		sq_rows_cell(&rows, sq_cli_text(sqry_value_get(e, "from"), "qualifiedName"));
		sq_rows_cell(&rows, sq_cli_text(e, "type"));
		sq_rows_cell(&rows, to ? sq_cli_text(to, "qualifiedName") : "");
		if (to)
			sq_ask_place(&rows, to);
		else
			sq_rows_end_cell(&rows);
		sq_buf_puts(&rows.text, sqry_value_bool(sqry_value_get(sqry_value_get(e, "metadata"), "ambiguous"), false) ?
			    "(ambiguous)" : "");
		sq_rows_end_cell(&rows);
	}
	return sq_cli_print_rows(cli, &rows);
}

static int print_relations(const struct sq_cli *cli, const struct sqry_value *data)
{
	return print_edges(cli, sqry_value_get(data, "relations"));
}

static int print_graph(const struct sq_cli *cli, const struct sqry_value *data)
{
	const char *rendered = sq_cli_text(data, "rendered");

	if (!rendered || !*rendered)
		return print_edges(cli, sqry_value_get(data, "edges"));
	fputs(rendered, stdout);   /* for another program; names in it are quoted */
	return 0;
}

/* ---- others ------------------------------------------------------------------------------ */

static int print_impact(const struct sq_cli *cli, const struct sqry_value *data)
{
	static const enum sq_style styles[] = { SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM };
	const struct sqry_value *list = sqry_value_get(data, "impactedSymbols");
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);

		sq_ask_node(&rows, sqry_value_get(v, "symbol"));
		sq_buf_printf(&rows.text, "depth %lld", sq_cli_number(v, "depth"));
		sq_rows_end_cell(&rows);
	}
	r = sq_cli_print_rows(cli, &rows);
	if (!r && !sqry_value_count(list))
		sq_cli_note("nothing refers to %s", sq_cli_text(data, "targetSymbol"));
	return r;
}

static int print_paths(const struct sq_cli *cli, const struct sqry_value *data)
{
	const struct sqry_value *list = sqry_value_get(data, "paths");
	int r = 0;

	for (size_t i = 0; !r && i < sqry_value_count(list); i++) {
		const struct sqry_value *steps = sqry_value_get(sqry_value_at(list, i), "steps");
		struct sq_buf line = SQ_BUF_NULL;

		for (size_t k = 0; k < sqry_value_count(steps); k++)
			sq_ask_step(&line, sq_cli_text(sqry_value_get(sqry_value_at(steps, k), "symbol"),
						       "qualifiedName"));
		r = sq_cli_print_line(cli, &line);
	}
	if (!sqry_value_count(list))
		sq_cli_note("no path from %s to %s", sq_cli_text(data, "fromSymbol"), sq_cli_text(data, "toSymbol"));
	return r;
}

static int print_metrics(const struct sq_cli *cli, const struct sqry_value *data)
{
	static const enum sq_style styles[] = {
		SQ_STYLE_PLAIN, SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM,
	};
	const struct sqry_value *list = sqry_value_get(data, "metrics");
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);

		sq_buf_printf(&rows.text, "%lld", sq_cli_number(v, "complexity"));
		sq_rows_end_cell(&rows);
		sq_text_safe(&rows.text, sq_slice_z(sq_cli_text(v, "filePath")));
		sq_buf_printf(&rows.text, ":%lld", sq_cli_number(v, "line"));
		sq_rows_end_cell(&rows);
		sq_rows_cell(&rows, sq_cli_text(v, "kind"));
		sq_rows_cell(&rows, sq_cli_text(v, "qualifiedName"));
		sq_buf_printf(&rows.text, "%lld lines", sq_cli_number(v, "lines"));
		sq_rows_end_cell(&rows);
	}
	r = sq_cli_print_rows(cli, &rows);
	return r;
}

/* ---- commands ----------------------------------------------------------------------------- */

int sq_cmd_relations(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "SYMBOL [OPTION...]",
		.about = "Show what is related to SYMBOL: its callers or callees, the files that its file\n"
			 "imports, the file that exports it, what returns it, or what makes objects of it.\n"
			 "Exit status: 0 some, 1 none.\n",
		.examples = "  sqry graph relations kmalloc --depth 2\n"
			    "  sqry graph relations Result --type returns\n"
			    "  sqry graph relations Client --type instantiations\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	struct sq_ask a = { .relation = "callers", .limit = 200, .list = "relations" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "type", 't', SQ_OPT_STRING, &a.relation, 0, 0, "TYPE",
		  "callers, callees, imports, exports, returns or instantiations (callers)" },
		{ "depth", 'd', SQ_OPT_INT, &a.max_depth, 1, 5, "N", "callers of callers and so on, N deep (1)" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 500, "N", "at most N (200)" },
		SQ_ASK_PAGE_OPTS(a, 500),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.symbol = args[0];
	a.page = a.page ? a.page : a.limit;
	return sq_ask(cli, "relation_query", dir, &a, print_relations);
}

int sq_cmd_impact(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "SYMBOL [OPTION...]",
		.about = "List what a change of SYMBOL may touch: all that refers to it, and to that.\n"
			 "Exit status: 0 some, 1 nothing.\n",
		.examples = "  sqry impact struct_name --depth 1\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	struct sq_ask a = { .limit = 500, .list = "impactedSymbols" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "file", 'f', SQ_OPT_STRING, &a.file, 0, 0, "FILE", "the one that FILE defines, as seen from the root" },
		{ "depth", 'd', SQ_OPT_INT, &a.max_depth, 1, 10, "N", "N references away at most (3)" },
		{ "direct", 0, SQ_OPT_FLAG, &a.is_direct, 0, 0, NULL, "what refers to it itself only" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 500, "N", "at most N (500)" },
		SQ_ASK_PAGE_OPTS(a, 500),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.symbol = args[0];
	a.page = a.page ? a.page : a.limit;
	return sq_ask(cli, "dependency_impact", dir, &a, print_impact);
}

int sq_cmd_trace_path(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "FROM TO [OPTION...]",
		.about = "Show shortest chains of calls from FROM to TO.\n"
			 "Exit status: 0 there is one, 1 none.\n",
		.examples = "  sqry graph trace-path main zmalloc --hops 4\n",
		.min_args = 2, .max_args = 2,
	};
	const char *dir = NULL;
	struct sq_ask a = SQ_ASK_NULL;
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "hops", 0, SQ_OPT_INT, &a.hops, 1, 10, "N", "at most N calls (5)" },
		{ "limit", 'n', SQ_OPT_INT, &a.paths, 1, 20, "N", "at most N chains (5)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.from = args[0];
	a.to = args[1];
	return sq_ask(cli, "trace_path", dir, &a, print_paths);
}

int sq_cmd_subgraph(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "SYMBOL... [OPTION...]",
		.about = "Show the calls around some symbols.\nExit status: 0 found, 1 no such symbol.\n",
		.examples = "  sqry subgraph processCommand --depth 1 --no-callers\n",
		.min_args = 1, .max_args = 100,
	};
	const char *dir = NULL;
	struct sq_ask a = { .nodes = 50, .list = "nodes" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "depth", 'd', SQ_OPT_INT, &a.max_depth, 1, 5, "N", "N calls away at most (2)" },
		{ "no-callers", 0, SQ_OPT_FLAG, &a.no_callers, 0, 0, NULL, "what they call only" },
		{ "no-callees", 0, SQ_OPT_FLAG, &a.no_callees, 0, 0, NULL, "what calls them only" },
		{ "imports", 0, SQ_OPT_FLAG, &a.imports, 0, 0, NULL, "their files and what those import too" },
		{ "limit", 'n', SQ_OPT_INT, &a.nodes, 1, 200, "N", "at most N definitions (50)" },
		SQ_ASK_PAGE_OPTS(a, 200),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.symbols = (const char *const *)args;
	a.n_symbols = n;
	a.page = a.page ? a.page : a.nodes;
	return sq_ask(cli, "subgraph", dir, &a, print_graph);
}

int sq_cmd_dependency_tree(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[SYMBOL] [OPTION...]",
		.about = "Show what SYMBOL, or a file, refers to and imports.\n"
			 "Exit status: 0 found, 1 no such symbol.\n",
		.examples = "  sqry graph dependency-tree --file src/server.c --depth 1\n",
		.max_args = 1,
	};
	const char *dir = NULL;
	struct sq_ask a = { .limit = 500, .list = "nodes" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "file", 'f', SQ_OPT_STRING, &a.file, 0, 0, "FILE", "what FILE refers to, in place of a symbol" },
		{ "depth", 'd', SQ_OPT_INT, &a.max_depth, 1, 5, "N", "N references away at most (2)" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000, "N", "at most N definitions and files (500)" },
		SQ_ASK_PAGE_OPTS(a, 1000),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.name = n ? args[0] : NULL;
	a.page = a.page ? a.page : a.limit;
	return sq_ask(cli, "show_dependencies", dir, &a, print_graph);
}

int sq_cmd_complexity(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[SYMBOL|FILE] [OPTION...]",
		.about = "List functions by cyclomatic complexity, read from their source: 1, and one more for\n"
			 "each if, loop, case, catch, && and || and ?: (FILE as seen from the root).\n"
			 "Exit status: 0 some, 1 none.\n",
		.examples = "  sqry graph complexity --min 20\n",
		.max_args = 1,
	};
	const char *dir = NULL;
	struct sq_ask a = { .list = "metrics" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "min", 'm', SQ_OPT_INT, &a.min_complexity, 1, 100, "N", "N at least (1)" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000, "N", "at most N (100)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.target = n ? args[0] : NULL;
	return sq_ask(cli, "complexity_metrics", dir, &a, print_metrics);
}

int sq_cmd_export(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[SYMBOL...] [OPTION...]",
		.about = "Write the calls around symbols or a file for a program that draws; the picture\n"
			 "is that of all, on the first page.\n"
			 "Exit status: 0 found, 1 no such symbol.\n",
		.examples = "  sqry export processCommand --format dot | dot -Tsvg > calls.svg\n",
		.max_args = 100,
	};
	const char *dir = NULL;
	struct sq_ask a = { .limit = 1000, .format = "dot", .list = "nodes" };
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
		{ "format", 'F', SQ_OPT_STRING, &a.format, 0, 0, "FORMAT", "dot, d2, mermaid or json (dot)" },
		{ "file", 'f', SQ_OPT_STRING, &a.file, 0, 0, "FILE", "what FILE defines" },
		{ "depth", 'd', SQ_OPT_INT, &a.max_depth, 1, 5, "N", "N calls away at most (2)" },
		{ "include", 'i', SQ_OPT_LIST, &a.include, 0, 0, "EDGES", "calls, imports, exports or returns (calls); may be repeated" },
		{ "verbose", 'v', SQ_OPT_FLAG, &a.is_verbose, 0, 0, NULL, "kinds and places in the labels" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000, "N", "at most N definitions (1000)" },
		SQ_ASK_PAGE_OPTS(a, 1000),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.symbols = (const char *const *)args;
	a.n_symbols = n;
	a.page = a.page ? a.page : a.limit;
	cli->json |= sq_slice_is(sq_slice_z(a.format), "json");
	return sq_ask(cli, "export_graph", dir, &a, print_graph);
}
