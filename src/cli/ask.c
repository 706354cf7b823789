/* SPDX-License-Identifier: MIT */
#include "cli/ask.h"

#include <string.h>

static void add_int(struct sqry_params *p, const char *key, int64_t v)
{
	if (v)
		sqry_params_int(p, key, v);
}

static void add_true(struct sqry_params *p, const char *key, bool v)
{
	if (v)
		sqry_params_bool(p, key, true);
}

static void add_false(struct sqry_params *p, const char *key, bool v)
{
	if (v)
		sqry_params_bool(p, key, false);
}

static void add_list(struct sqry_params *p, const char *key, const struct sq_opt_list *l)
{
	if (l->n)
		sqry_params_strings(p, key, l->v, l->n);
}

static void add_page(struct sqry_params *p, const struct sq_ask *a)
{
	if (a->has_pagination && (a->page || a->cursor)) {
		sqry_params_begin(p, "pagination");
		add_int(p, "page_size", a->page);
		sqry_params_string(p, "cursor", a->cursor);
		sqry_params_end(p);
	} else if (!a->has_pagination) {
		add_int(p, "page_size", a->page);
		sqry_params_string(p, "page_token", a->cursor);
	}
}

static struct sqry_params *make(const void *arg)
{
	const struct sq_ask *a = arg;
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "path", a->path);
	sqry_params_string(p, "symbol", a->symbol);
	sqry_params_string(p, "symbol_name", a->name);
	sqry_params_string(p, "from_symbol", a->from);
	sqry_params_string(p, "to_symbol", a->to);
	sqry_params_string(p, "target", a->target);
	sqry_params_string(p, "file_path", a->file);
	sqry_params_string(p, "cycle_type", a->type);
	sqry_params_string(p, "relation_type", a->relation);
	sqry_params_string(p, "scope", a->scope);
	sqry_params_string(p, "format", a->format);
	if (a->n_symbols)
		sqry_params_strings(p, "symbols", a->symbols, a->n_symbols);
	add_int(p, "max_results", a->limit);
	add_int(p, "max_nodes", a->nodes);
	add_page(p, a);
	add_list(p, "language", &a->langs);
	add_list(p, "symbol_kind", &a->kinds);
	add_list(p, "include", &a->include);
	add_int(p, "min_depth", a->min_depth);
	add_int(p, "max_depth", a->max_depth);
	add_int(p, "max_hops", a->hops);
	add_int(p, "max_paths", a->paths);
	add_int(p, "min_complexity", a->min_complexity);
	add_true(p, "include_self_loops", a->self_loops);
	add_true(p, "include_imports", a->imports);
	add_true(p, "verbose", a->is_verbose);
	add_false(p, "include_indirect", a->is_direct);
	add_false(p, "include_callers", a->no_callers);
	add_false(p, "include_callees", a->no_callees);
	return p;
}

/* that there is more of the list, and how to get it */
static void note_rest(const struct sq_ask *a, const struct sqry_value *result, const struct sqry_value *data)
{
	const char *next = sq_cli_text(result, "next_page_token");
	size_t n = a->list ? sqry_value_count(sqry_value_get(data, a->list)) : 0;
	long long total = sq_cli_number(result, "total");

	if (*next)
		sq_cli_note("%zu of %lld; \"--cursor %s\" shows the next", n, total, next);
	else if (a->list && !a->cursor && (size_t)total > n)
		sq_cli_note("%zu of %lld; --limit shows more", n, total);
}

/* what note_rest() does not tell */
static void note_cut(const struct sqry_value *result)
{
	const char *why = sq_cli_text(result, "truncated_reason");

	if (sqry_value_bool(sqry_value_get(result, "truncated"), false) && *why && strcmp(why, "max_results") != 0)
		sq_cli_note("not all is shown: %s", why);
}

static void note_absent(const struct sq_ask *a)
{
	const char *symbol = a->symbol ? a->symbol : a->name;

	if (symbol)
		sq_cli_note("nothing named %s is defined here", symbol);
	else
		sq_cli_note("nothing of that name is defined here");
}

int sq_ask(struct sq_cli *cli, const char *method, const char *dir, struct sq_ask *a,
	   int (*print)(const struct sq_cli *cli, const struct sqry_value *data))
{
	struct sqry_reply *reply = NULL;
	const struct sqry_value *result, *data;
	int r = sq_cli_directory(cli, dir, &a->path);

	if (r)
		return r;
	r = sq_cli_ask(cli, method, make, a, a->path, &reply);
	if (!r) {
		result = sqry_reply_result(reply);
		data = sqry_value_get(result, "data");
		r = cli->json ? sq_cli_print_json(cli, reply) : print(cli, data);
		sq_cli_warn_stale(reply);
		if (!r && !cli->json && !sqry_value_bool(sqry_value_get(data, "symbolFound"), true))
			note_absent(a);
		if (!r && !cli->json)
			note_cut(result);
		if (!r && !cli->json)
			note_rest(a, result, data);
		if (!r)
			r = sq_cli_number(result, "total") ? SQ_EXIT_FOUND : SQ_EXIT_NOT_FOUND;
	}
	sqry_reply_free(reply);
	sq_free_libc(a->path);
	return r;
}

void sq_ask_step(struct sq_buf *line, const char *name)
{
	if (line->n)
		sq_buf_puts(line, " -> ");
	sq_text_safe(line, sq_slice_z(name));
}

void sq_ask_node(struct sq_rows *rows, const struct sqry_value *v)
{
	sq_ask_place(rows, v);
	sq_rows_cell(rows, sq_cli_text(v, "kind"));
	sq_rows_cell(rows, sq_cli_text(v, "qualifiedName"));
}

void sq_ask_place(struct sq_rows *rows, const struct sqry_value *v)
{
	const struct sqry_value *start = sqry_value_get(sqry_value_get(v, "range"), "start");
	struct sq_buf path = SQ_BUF_NULL;

	sq_text_uri_path(&path, sq_cli_text(v, "fileUri"));
	if (path.n && sq_buf_z(&path))
		sq_text_path(&rows->text, "", path.p);
	sq_buf_printf(&rows->text, ":%lld", start ? sq_cli_number(start, "line") : sq_cli_number(v, "line"));
	sq_buf_deinit(&path);
	sq_rows_end_cell(rows);
}
