/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/items.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/query_result.h"
#include "daemon/source.h"

#define SEARCH_LIMIT 100
#define FUZZY_LIMIT 50
#define QUERY_LIMIT 1000
#define ITEMS_MAX 10000        /* of one answer */
#define VARIABLES_MAX 32u

/* a job's work starts with what read.c keeps; a method's own parameters live in the call */
struct query_args {
	struct sq_search search;
	struct sq_slice text;
	int64_t limit;
	struct sq_query_var vars[VARIABLES_MAX];
	char var_text[VARIABLES_MAX][24];      /* of numbers and booleans */
	size_t n_vars;
};

static struct query_args *args_of(struct sq_call *c)
{
	return c->args;
}

static bool args_new(struct sq_call *c)
{
	c->args = sq_calloc(1, sizeof(struct query_args));
	if (c->args)
		return true;
	sq_answer_internal(&c->out, c->req->id, "out of memory");
	sq_call_answered(c);
	return false;
}

/* ---- daemon/search ------------------------------------------------------------- */

static void search(struct sq_read *r)
{
	struct query_args *a = args_of(r->c);
	struct sq_query_error err;
	struct sq_result res;
	int e;

	a->search.below = r->rest;
	e = sq_search_run(r->v, &a->search, &res, &err);
	if (e < 0) {
		sq_read_errno(r, e);
	} else if (e > 0) {
		sq_query_refused(r, e, &err, "pattern");
	} else {
		sq_search_result_write(r, &res, a->search.mode == SQ_SEARCH_FUZZY);
		sq_result_deinit(&res);
	}
}

static int parse_mode(struct sq_slice mode)
{
	static const char *const names[] = { "exact", "regex", "fuzzy" };

	for (int i = 0; i < 3; i++)
		if (sq_slice_is(mode, names[i]))
			return i;
	return -1;
}

/* a wire name; an empty one means any. -2: unknown */
static int parse_name(struct sq_slice name, int (*parse)(const char *))
{
	char text[40];
	int n;

	if (!name.n)
		return -1;
	if (name.n >= sizeof(text))
		return -2;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	n = parse(text);
	return n < 0 ? -2 : n;
}

void sq_method_search(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT("."), mode = SQ_SLICE_NULL, kind = SQ_SLICE_NULL, lang = SQ_SLICE_NULL;
	bool generated = false;
	int64_t limit = 0;
	int m, k, l;

	if (!args_new(c))
		return;
	const struct sq_param table[] = {
		{ "search_path", SQ_PARAM_STRING, true, 0, 0, &path },
		{ "pattern", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->search.pattern },
		{ "mode", SQ_PARAM_STRING, false, 0, 0, &mode },
		{ "kind", SQ_PARAM_STRING, false, 0, 0, &kind },
		{ "lang", SQ_PARAM_STRING, false, 0, 0, &lang },
		{ "limit", SQ_PARAM_INT, false, 1, ITEMS_MAX, &limit },
		{ "include_generated", SQ_PARAM_BOOL, false, 0, 0, &generated },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	m = mode.n ? parse_mode(mode) : SQ_SEARCH_EXACT;
	k = parse_name(kind, sq_kind_parse);
	l = parse_name(lang, sq_lang_parse);
	if (m < 0 || k < -1 || l < -1) {
		sq_call_invalid(c, "%s is not known", m < 0 ? "mode" : k < -1 ? "kind" : "lang");
		return;
	}
	if (!args_of(c)->search.pattern.n) {
		sq_call_invalid(c, "pattern must not be empty");
		return;
	}
	args_of(c)->search.mode = (enum sq_search_mode)m;
	args_of(c)->search.kind = k;
	args_of(c)->search.lang = l;
	args_of(c)->search.limit = limit ? (size_t)limit : m == SQ_SEARCH_FUZZY ? FUZZY_LIMIT : SEARCH_LIMIT;
	args_of(c)->search.cancel = &c->cancel;
	args_of(c)->search.max_rows = sq_config_u64(&c->d->config->query_max_rows);
	sq_read_run(c, path, sq_search_is_cheap(&args_of(c)->search) &&
		    sq_read_is_little(c, path, true, args_of(c)->search.pattern, SQ_LIST_DEF), search);
}

/* ---- daemon/query -------------------------------------------------------------- */

/* {"name": "text" | 12 | true} to values. Return: how many; -1 when answered */
static int read_variables(struct sq_call *c, const struct sq_json *from, struct sq_query_var *vars, char (*text)[24])
{
	size_t n = sq_json_len(from);

	for (size_t i = 0; i < n && i < VARIABLES_MAX; i++) {
		const struct sq_json *v;

		vars[i].name = sq_slice_z(sq_json_member(from, i, &v));
		text[i][0] = '\0';
		if (sq_json_type(v) == SQ_JSON_INT)
			(void)snprintf(text[i], sizeof(text[i]), "%lld", (long long)sq_json_int(v, 0));
		else if (sq_json_type(v) == SQ_JSON_BOOL)
			(void)snprintf(text[i], sizeof(text[i]), "%s", sq_json_bool(v, false) ? "true" : "false");
		vars[i].value = text[i][0] ? sq_slice_z(text[i]) : sq_json_string(v);
		if (!text[i][0] && sq_json_type(v) != SQ_JSON_STRING)
			n = VARIABLES_MAX + 1;
	}
	if (n <= VARIABLES_MAX)
		return (int)n;
	sq_call_invalid(c, "variables are at most %u strings, integers or booleans by name", VARIABLES_MAX);
	return -1;
}

static void run_query(struct sq_read *r, const struct sq_query *q)
{
	const struct sq_config *config = r->c->d->config;
	struct query_args *a = args_of(r->c);
	struct sq_disk_source source;
	struct sq_query_opts o = {
		.limit = (size_t)a->limit, .below = r->rest, .cancel = &r->c->cancel, .par = sq_rebuild_parallel(r->c->d->rebuild),
		.source = &source.source,
		.max_rows = sq_config_u64(&config->query_max_rows),
		.gate = { sq_config_u32(&config->cost_gate_node_limit), sq_config_u32(&config->cost_gate_min_prefix),
			  sq_config_u32(&config->cost_gate_min_literal) },
	};
	struct sq_query_error err = { .offset = 0 };
	struct sq_result res;
	int e;

	sq_disk_source_open(&source, r->ws->key.root.p);
	e = sq_query_run_with(q, r->v, &o, &res, &err);
	sq_disk_source_close(&source);
	if (e < 0) {
		sq_read_errno(r, e);
	} else if (e > 0) {
		sq_query_refused(r, e, &err, "query");
	} else {
		sq_query_result_write(r, &res);
		sq_result_deinit(&res);
	}
}

static void query(struct sq_read *r)
{
	struct query_args *a = args_of(r->c);
	struct sq_query_error err;
	struct sq_query *q;
	int e = sq_query_parse_with(a->text, a->vars, a->n_vars, &q, &err);

	if (e < 0) {
		sq_read_errno(r, e);
	} else if (e > 0) {
		sq_query_refused(r, e, &err, "query");
	} else {
		run_query(r, q);
		sq_query_free(q);
	}
}

void sq_method_query(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT(".");
	const struct sq_json *variables = NULL;
	int n;

	if (!args_new(c))
		return;
	args_of(c)->limit = QUERY_LIMIT;
	const struct sq_param table[] = {
		{ "search_path", SQ_PARAM_STRING, true, 0, 0, &path },
		{ "query", SQ_PARAM_STRING, true, 0, 0, &args_of(c)->text },
		{ "limit", SQ_PARAM_INT, false, 1, ITEMS_MAX, &args_of(c)->limit },
		{ "variables", SQ_PARAM_OBJECT, false, 0, 0, &variables },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	n = read_variables(c, variables, args_of(c)->vars, args_of(c)->var_text);
	if (n < 0)
		return;
	args_of(c)->n_vars = (size_t)n;
	sq_read_run(c, path, false, query);
}
