/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "cli/opts.h"
#include "cli/text.h"

struct ask {
	char *path;
	const char *pattern, *kind, *lang, *mode;
	int64_t limit;          /* 0: the daemon's default */
};

static const char *get(const struct sqry_value *v, const char *key)
{
	return sqry_value_string(sqry_value_get(v, key), NULL);
}

static long long number(const struct sqry_value *v, const char *key)
{
	return sqry_value_int(sqry_value_get(v, key), 0);
}

static void add_item(struct sq_rows *rows, const char *root,
		     const struct sqry_value *v)
{
	const char *name = get(v, "qualified_name");
	const struct sqry_value *score = sqry_value_get(v, "score");

	sq_text_path(&rows->text, get(v, "file_path")[0] == '/' ? "" : root,
		     get(v, "file_path"));
	sq_buf_printf(&rows->text, ":%lld", number(v, "start_line"));
	sq_rows_end_cell(rows);
	sq_rows_cell(rows, get(v, "kind"));
	sq_rows_cell(rows, *name ? name : get(v, "name"));
	sq_rows_cell(rows, get(v, "language"));
	if (score)
		sq_buf_printf(&rows->text, "%.2f", sqry_value_real(score, 0));
	sq_rows_end_cell(rows);
}

static int print_items(const struct sq_cli *cli, const struct sqry_value *result)
{
	static const enum sq_style styles[] = {
		SQ_STYLE_PLACE, SQ_STYLE_KIND, SQ_STYLE_NAME, SQ_STYLE_DIM,
		SQ_STYLE_DIM,
	};
	const struct sqry_value *items = sqry_value_get(result, "items");
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(items); i++)
		add_item(&rows, get(result, "root"), sqry_value_at(items, i));
	r = sq_rows_print(&rows, cli->color);
	sq_rows_deinit(&rows);
	return r < 0 ? sq_cli_error(cli, EX_OSERR, "out of memory") : 0;
}

/* "VALUE  COUNT" a row */
static int print_groups(const struct sq_cli *cli, const struct sqry_value *groups)
{
	static const enum sq_style styles[] = { SQ_STYLE_NAME, SQ_STYLE_PLAIN };
	struct sq_rows rows;
	int r;

	sq_rows_init(&rows, SQ_ARRAY_SIZE(styles), styles);
	for (size_t i = 0; i < sqry_value_count(groups); i++) {
		const struct sqry_value *g = sqry_value_at(groups, i);

		sq_rows_cell(&rows, *get(g, "value") ? get(g, "value") : "-");
		sq_buf_printf(&rows.text, "%lld", number(g, "count"));
		sq_rows_end_cell(&rows);
	}
	r = sq_rows_print(&rows, cli->color);
	sq_rows_deinit(&rows);
	return r < 0 ? sq_cli_error(cli, EX_OSERR, "out of memory") : 0;
}

static int print_stats(const struct sq_cli *cli, const struct sqry_value *result)
{
	static const struct { const char *key, *title; } parts[] = {
		{ "by_kind", "by kind" }, { "by_lang", "by language" },
		{ "by_visibility", "by visibility" },
	};
	int r = 0;

	printf("total: %lld\n", number(result, "total"));
	for (size_t i = 0; !r && i < SQ_ARRAY_SIZE(parts); i++) {
		printf("\n%s\n", parts[i].title);
		r = print_groups(cli, sqry_value_get(result, parts[i].key));
	}
	return r;
}

static int print_result(const struct sq_cli *cli, const struct sqry_value *result)
{
	if (sqry_value_get(result, "groups"))
		return print_groups(cli, sqry_value_get(result, "groups"));
	if (sqry_value_get(result, "by_kind"))
		return print_stats(cli, result);
	return print_items(cli, result);
}

static void note_cut(const struct sqry_value *result, size_t shown)
{
	const char *why = get(result, "truncated_reason");

	if (*why && strcmp(why, "limit"))
		sq_cli_note("not all matches: cut by its %s", why);
	else if (sqry_value_get(result, "groups"))
		sq_cli_note("%zu of %lld groups; --limit shows more",
			    sqry_value_count(sqry_value_get(result, "groups")),
			    number(result, "groups_total"));
	else
		sq_cli_note("%zu of %lld matches; --limit shows more", shown,
			    number(result, "total"));
}

static int print_answer(const struct sq_cli *cli, const struct sqry_reply *reply)
{
	const struct sqry_value *result = sqry_reply_result(reply);
	const struct sqry_value *items = sqry_value_get(result, "items");
	long long total = number(result, "total");
	int r;

	if (cli->json) {
		r = sq_cli_print_json(cli, reply);
	} else if (sqry_value_bool(sqry_value_get(result, "count"), false)) {
		printf("%lld\n", total);
		r = 0;
	} else {
		r = print_result(cli, result);
	}
	sq_cli_warn_stale(reply);
	if (r)
		return r;
	if (!cli->json && sqry_value_bool(sqry_value_get(result, "truncated"),
					  false))
		note_cut(result, sqry_value_count(items));
	if (!total && cli->is_tty && !cli->json)
		sq_cli_note("no match");
	return total ? SQ_EXIT_FOUND : SQ_EXIT_NOT_FOUND;
}

static struct sqry_params *make_search(const void *arg)
{
	const struct ask *a = arg;
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "search_path", a->path);
	sqry_params_string(p, "pattern", a->pattern);
	sqry_params_string(p, "mode", a->mode);
	sqry_params_string(p, "kind", a->kind);
	sqry_params_string(p, "lang", a->lang);
	if (a->limit)
		sqry_params_int(p, "limit", a->limit);
	return p;
}

static struct sqry_params *make_query(const void *arg)
{
	const struct ask *a = arg;
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "search_path", a->path);
	sqry_params_string(p, "query", a->pattern);
	if (a->limit)
		sqry_params_int(p, "limit", a->limit);
	return p;
}

static int ask(struct sq_cli *cli, const char *method,
	       struct sqry_params *(*make)(const void *), struct ask *a,
	       const char *dir)
{
	struct sqry_reply *reply = NULL;
	int r = sq_cli_directory(cli, dir, &a->path);

	if (r)
		return r;
	r = sq_cli_ask(cli, method, make, a, a->path, &reply);
	if (!r)
		r = print_answer(cli, reply);
	sqry_reply_free(reply);
	sq_free_libc(a->path);
	return r;
}

int sq_cmd_search(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "PATTERN [OPTION...]",
		.about = "Find definitions by name. PATTERN is a name or the end "
			 "of a qualified one\n(\"Class.method\", \"ns::name\"). "
			 "Exit status: 0 found, 1 not found.\n",
		.examples = "  sqry search main\n"
			    "  sqry search --regex '^get_.*_by_id$' --kind function\n"
			    "  sqry search --fuzzy procesReqest --limit 5\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	bool regex = false, fuzzy = false;
	struct ask a = { .mode = "exact" };
	const struct sq_opt opts[] = {
		{ "path", 'p', SQ_OPT_STRING, &dir, 0, 0, "DIR",
		  "in the workspace of DIR (default: the current directory)" },
		{ "kind", 'k', SQ_OPT_STRING, &a.kind, 0, 0, "KIND",
		  "only function, method, class, struct, ..." },
		{ "lang", 'l', SQ_OPT_STRING, &a.lang, 0, 0, "LANG",
		  "only c, cpp, python, rust, ..." },
		{ "regex", 'r', SQ_OPT_FLAG, &regex, 0, 0, NULL,
		  "PATTERN is a regular expression on the name" },
		{ "fuzzy", 'f', SQ_OPT_FLAG, &fuzzy, 0, 0, NULL,
		  "names like PATTERN, the most alike first" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000000, "N",
		  "at most N matches (100; fuzzy 50)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	if (regex && fuzzy)
		return sq_cli_error(cli, SQ_EXIT_USAGE,
				    "--regex and --fuzzy exclude each other");
	a.pattern = args[0];
	a.mode = regex ? "regex" : fuzzy ? "fuzzy" : "exact";
	return ask(cli, "daemon/search", make_search, &a, dir);
}

int sq_cmd_query(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "EXPRESSION [OPTION...]",
		.about = "Find definitions by an expression over the fields kind, "
			 "name, path, lang,\nparent, scope, scope.type, scope.name, "
			 "scope.parent, scope.ancestor, text,\ncallers (what calls "
			 "X), callees (what X calls), references (what refers to\n"
			 "X), imports, exports, returns, impl, duplicates, unused, "
			 "circular, async,\nstatic, visibility, address_taken, "
			 "resolved_via, callsite_promiscuous.\nAND, OR, NOT, "
			 "parentheses; ':' is equality, '~=' a regular expression; "
			 "a bare\nword is a regular expression on the name; "
			 "callers:(...) takes a query; joins\nare A CALLS, IMPORTS, "
			 "INHERITS or IMPLEMENTS B; a stage ends it: | count,\n"
			 "| group_by FIELD, | top N FIELD, | stats.\n"
			 "Exit status: 0 found, 1 not found.\n",
		.examples = "  sqry query 'kind:function AND name ~= ^parse'\n"
			    "  sqry query 'callers:malloc AND NOT path:tests/**'\n"
			    "  sqry query 'lang:python kind:class | count'\n"
			    "  sqry query 'kind:function CALLS (name ~= ^str)'\n"
			    "  sqry query 'unused:private | group_by lang'\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	struct ask a = { .mode = NULL };
	const struct sq_opt opts[] = {
		{ "path", 'p', SQ_OPT_STRING, &dir, 0, 0, "DIR",
		  "in the workspace of DIR (default: the current directory)" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000000, "N",
		  "at most N matches (1000)" },
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.pattern = args[0];
	return ask(cli, "daemon/query", make_query, &a, dir);
}
