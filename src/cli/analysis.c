/* SPDX-License-Identifier: MIT */
/* sqry unused, sqry cycles, sqry graph cycles, sqry graph is-in-cycle */
#include <stdio.h>
#include <stdlib.h>

#include "cli/analysis.h"
#include "cli/ask.h"
#include "cli/opts.h"
#include "cli/text.h"

static int print_unused(const struct sq_cli *cli, const struct sqry_value *data)
{
	static const enum sq_style styles[] = { SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM };
	const struct sqry_value *list = sqry_value_get(data, "symbols");
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);

		sq_ask_node(&rows, v);
		sq_rows_cell(&rows, sq_cli_text(v, "visibility"));
	}
	r = sq_cli_print_rows(cli, &rows);
	if (r)
		return r;
	if (!sq_cli_number(data, "total"))
		sq_cli_note("nothing is unused");
	return 0;
}

static int print_cycles(const struct sq_cli *cli, const struct sqry_value *data)
{
	const struct sqry_value *list = sqry_value_get(data, "cycles");
	int r = 0;

	for (size_t i = 0; !r && i < sqry_value_count(list); i++) {
		const struct sqry_value *v = sqry_value_at(list, i);
		struct sq_buf line = SQ_BUF_NULL;

		sq_buf_printf(&line, "%lld  ", sq_cli_number(v, "depth"));
		sq_text_safe(&line, sq_slice_z(sq_cli_text(v, "chain")));
		r = sq_cli_print_line(cli, &line);
	}
	if (r)
		return r;
	if (!sq_cli_number(data, "total"))
		sq_cli_note("no cycles");
	return 0;
}

static int print_in_cycle(const struct sq_cli *cli, const struct sqry_value *data)
{
	const struct sqry_value *list = sqry_value_get(data, "cycle");
	size_t n = sqry_value_count(list);
	struct sq_buf line = SQ_BUF_NULL;

	if (!n) {
		sq_cli_note("%s is in no cycle", sq_cli_text(data, "symbol"));
		return 0;
	}
	for (size_t i = 0; i <= n; i++)
		sq_ask_step(&line, sqry_value_string(sqry_value_at(list, i % n), NULL));
	return sq_cli_print_line(cli, &line);
}

int sq_cmd_unused(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]",
		.about = "List definitions that nothing in the tree uses.\n"
			 "Exit status: 0 some, 1 none.\n",
		.examples = "  sqry unused --scope private\n"
			    "  sqry unused --lang c --lang cpp --kind function --page-size 50\n",
		.max_args = 1,
	};
	struct sq_ask a = { .has_pagination = true, .list = "symbols" };
	const struct sq_opt opts[] = {
		{ "scope", 's', SQ_OPT_STRING, &a.scope, 0, 0, "SCOPE", "all, public, private, function or struct" },
		{ "lang", 'l', SQ_OPT_LIST, &a.langs, 0, 0, "LANG", "only c, cpp, python, ...; may be repeated" },
		{ "kind", 'k', SQ_OPT_LIST, &a.kinds, 0, 0, "KIND", "only function, struct, ...; may be repeated" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000, "N", "at most N (100)" },
		SQ_ASK_PAGE_OPTS(a, 500),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	return sq_ask(cli, "find_unused", n ? args[0] : NULL, &a, print_unused);
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
	struct sq_ask a = { .has_pagination = true, .list = "cycles" };
	const struct sq_opt opts[] = {
		{ "type", 't', SQ_OPT_STRING, &a.type, 0, 0, "TYPE", "calls, imports or modules (calls)" },
		{ "min-depth", 0, SQ_OPT_INT, &a.min_depth, 1, 1000000, "N", "at least N members (2)" },
		{ "max-depth", 0, SQ_OPT_INT, &a.max_depth, 1, 1000000, "N", "at most N members" },
		{ "self-loops", 0, SQ_OPT_FLAG, &a.self_loops, 0, 0, NULL, "what calls itself too" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 500, "N", "at most N (100)" },
		SQ_ASK_PAGE_OPTS(a, 500),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	return sq_ask(cli, "find_cycles", n ? args[0] : NULL, &a, print_cycles);
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
	struct sq_ask a = SQ_ASK_NULL;
	const struct sq_opt opts[] = {
		SQ_OPT_PATH(&dir),
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
	return sq_ask(cli, "is_node_in_cycle", dir, &a, print_in_cycle);
}
