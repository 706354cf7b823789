/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#include "cli/matches.h"
#include "cli/opts.h"

struct ask {
	char *path;
	const char *pattern, *kind, *lang, *mode;
	int64_t limit;          /* 0: the daemon's default */
	const struct sq_opt_list *vars;
	struct sq_matches matches;
};

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

/* "NAME=VALUE", which check_variables() has seen */
static void add_variables(struct sqry_params *p, const struct sq_opt_list *vars)
{
	const char *names[SQ_OPT_LIST_MAX], *values[SQ_OPT_LIST_MAX];
	char text[SQ_OPT_LIST_MAX][64];

	for (unsigned i = 0; i < vars->n; i++) {
		const char *sign = strchr(vars->v[i], '=');

		snprintf(text[i], sizeof(text[i]), "%.*s", (int)(sign - vars->v[i]), vars->v[i]);
		names[i] = text[i];
		values[i] = sign + 1;
	}
	if (vars->n)
		sqry_params_map(p, "variables", names, values, vars->n);
}

static int check_variables(const struct sq_cli *cli, const struct sq_opt_list *vars)
{
	for (unsigned i = 0; i < vars->n; i++) {
		const char *sign = strchr(vars->v[i], '=');

		if (!sign || sign == vars->v[i] || sign - vars->v[i] > 63)
			return sq_cli_error(cli, SQ_EXIT_USAGE, "--var takes NAME=VALUE, not \"%s\"", vars->v[i]);
	}
	return 0;
}

static struct sqry_params *make_query(const void *arg)
{
	const struct ask *a = arg;
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "search_path", a->path);
	sqry_params_string(p, "query", a->pattern);
	if (a->limit)
		sqry_params_int(p, "limit", a->limit);
	add_variables(p, a->vars);
	return p;
}

/* nothing here does not mean nothing elsewhere in the tree */
static void note_below(const struct sq_cli *cli, const char *path, const struct sqry_reply *reply)
{
	const char *root = sqry_value_string(sqry_value_get(sqry_reply_result(reply), "root"), NULL);

	if (root && strcmp(root, path) != 0 && !cli->json)
		sq_cli_note("only %s was searched; \"--path %s\" searches the whole tree", path, root);
}

static int ask(struct sq_cli *cli, const char *method,
	       struct sqry_params *(*make)(const void *), struct ask *a,
	       const char *dir)
{
	struct sqry_reply *reply = NULL;
	int r = sq_matches_check(cli, &a->matches);

	if (!r)
		r = sq_cli_directory(cli, dir, &a->path);
	if (r)
		return r;
	r = sq_cli_ask(cli, method, make, a, a->path, &reply);
	if (!r)
		r = sq_matches_print(cli, &a->matches, reply);
	if (r == SQ_EXIT_NOT_FOUND)
		note_below(cli, a->path, reply);
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
	struct ask a = { .mode = "exact", .matches = SQ_MATCHES_NULL };
	const struct sq_opt opts[] = {
		{ "path", 'p', SQ_OPT_STRING, &dir, 0, 0, "DIR",
		  "below DIR (default: the current directory)" },
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
		SQ_MATCHES_OPTS(a.matches),
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
			    "  sqry query 'unused:private | group_by lang'\n"
			    "  sqry query 'callers:$f' --var f=malloc --csv --headers\n",
		.min_args = 1, .max_args = 1,
	};
	const char *dir = NULL;
	struct sq_opt_list vars = { .n = 0 };
	struct ask a = { .vars = &vars, .matches = SQ_MATCHES_NULL };
	const struct sq_opt opts[] = {
		{ "path", 'p', SQ_OPT_STRING, &dir, 0, 0, "DIR",
		  "below DIR (default: the current directory)" },
		{ "limit", 'n', SQ_OPT_INT, &a.limit, 1, 1000000, "N",
		  "at most N matches (1000)" },
		{ "var", 0, SQ_OPT_LIST, &vars, 0, 0, "NAME=VALUE",
		  "VALUE for $NAME in the expression; may be repeated" },
		SQ_MATCHES_OPTS(a.matches),
	};
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	a.pattern = args[0];
	r = check_variables(cli, &vars);
	return r ? r : ask(cli, "daemon/query", make_query, &a, dir);
}
