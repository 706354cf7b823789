/* SPDX-License-Identifier: MIT */
/*
 * Recursive descent over the query text (query.md §1):
 *   query = join [ "|" stage ]        join = or [ word join ]
 *   or  = and { "OR" and }            and  = not { ["AND"] not }
 *   not = "NOT" not | "(" join ")" | predicate
 */
#include "base/error.h"
#include "query/parser.h"

#define MAX_DEPTH 200u

int sq_parser_expr(struct sq_parser *p, enum sq_expr_type type,
		   struct sq_expr *left, struct sq_expr *right,
		   struct sq_expr **ret_e)
{
	struct sq_expr *e = sq_arena_alloc(&p->q->arena, sizeof(*e));

	if (!e)
		return sq_error_origin(-ENOMEM);
	*e = (struct sq_expr){ .type = type, .left = left, .right = right };
	*ret_e = e;
	return 0;
}

enum sq_field sq_parser_join(struct sq_slice word)
{
	if (sq_slice_is(word, "CALLS"))
		return SQ_FIELD_CALLERS;
	if (sq_slice_is(word, "IMPORTS"))
		return SQ_FIELD_IMPORTS;
	if (sq_slice_is(word, "INHERITS"))
		return SQ_FIELD_INHERITS;
	return sq_slice_is(word, "IMPLEMENTS") ? SQ_FIELD_IMPL : SQ_FIELD_KIND;
}

static int parse_join(struct sq_parser *p, bool is_top, struct sq_expr **ret_e);

/* one more level of what may be nested */
static int enter(struct sq_parser *p)
{
	if (p->depth == MAX_DEPTH)
		return sq_parser_refuse(p, p->at, "nested over %u deep", MAX_DEPTH);
	p->depth++;
	return 0;
}

int sq_parser_group(struct sq_parser *p, struct sq_expr **ret_e)
{
	size_t open = p->at;
	int r = enter(p);

	if (r)
		return r;
	p->at++;
	r = parse_join(p, false, ret_e);
	p->depth--;
	if (r)
		return r;
	sq_parser_skip_space(p);
	if (sq_parser_peek(p) != ')')
		return sq_parser_refuse(p, open, "'(' without ')'");
	p->at++;
	return 0;
}

/* a word that cannot begin a predicate */
static bool is_operator(struct sq_slice word)
{
	return sq_slice_is(word, "AND") || sq_slice_is(word, "OR") ||
	       sq_parser_join(word) != SQ_FIELD_KIND;
}

static int parse_not(struct sq_parser *p, struct sq_expr **ret_e)
{
	struct sq_expr *inner = NULL;
	int r;

	sq_parser_skip_space(p);
	if (sq_parser_at_end(p) || sq_parser_peek(p) == ')' ||
	    sq_parser_peek(p) == '|' || is_operator(sq_parser_word(p)))
		return sq_parser_refuse(p, p->at, "a predicate is missing here");
	if (sq_parser_peek(p) == '(')
		return sq_parser_group(p, ret_e);
	if (!sq_parser_take(p, "NOT"))
		return sq_parser_predicate(p, ret_e);
	r = enter(p);
	if (!r)
		r = parse_not(p, &inner);
	if (!r)
		r = sq_parser_expr(p, SQ_EXPR_NOT, inner, NULL, ret_e);
	p->depth--;
	return r;
}

static bool and_follows(struct sq_parser *p)
{
	if (sq_parser_take(p, "AND"))
		return true;
	return !sq_parser_at_end(p) && sq_parser_peek(p) != ')' &&
	       sq_parser_peek(p) != '|' && !is_operator(sq_parser_word(p));
}

static int parse_and(struct sq_parser *p, struct sq_expr **ret_e)
{
	struct sq_expr *left = NULL, *right = NULL;
	int r = parse_not(p, &left);

	while (!r && and_follows(p)) {
		r = parse_not(p, &right);
		if (!r)
			r = sq_parser_expr(p, SQ_EXPR_AND, left, right, &left);
	}
	if (!r)
		*ret_e = left;
	return r;
}

static int parse_or(struct sq_parser *p, struct sq_expr **ret_e)
{
	struct sq_expr *left = NULL, *right = NULL;
	int r = parse_and(p, &left);

	while (!r && sq_parser_take(p, "OR")) {
		r = parse_and(p, &right);
		if (!r)
			r = sq_parser_expr(p, SQ_EXPR_OR, left, right, &left);
	}
	if (!r)
		*ret_e = left;
	return r;
}

/* "A CALLS B CALLS C": A calls such B as call C */
static int join_right(struct sq_parser *p, enum sq_field field, size_t offset,
		      struct sq_expr *left, struct sq_expr **ret_e)
{
	struct sq_expr *right = NULL, *relation = NULL;
	struct sq_pred *pred = NULL;
	int r = enter(p);

	if (!r) {
		r = parse_join(p, false, &right);
		p->depth--;
	}
	if (!r)
		r = sq_parser_new_pred(p, field, offset, &relation, &pred);
	if (r)
		return r;
	pred->sub = right;
	return sq_parser_expr(p, SQ_EXPR_AND, left, relation, ret_e);
}

static int parse_join(struct sq_parser *p, bool is_top, struct sq_expr **ret_e)
{
	struct sq_expr *left = NULL;
	enum sq_field field;
	size_t offset;
	int r = parse_or(p, &left);

	if (r)
		return r;
	sq_parser_skip_space(p);
	offset = p->at;
	field = sq_parser_join(sq_parser_word(p));
	if (field == SQ_FIELD_KIND) {
		*ret_e = left;
		return 0;
	}
	p->at += sq_parser_word(p).n;
	r = join_right(p, field, offset, left, ret_e);
	if (!r && is_top) {
		p->q->join = field;
		p->q->join_right = p->q->preds[(*ret_e)->right->pred].sub;
	}
	return r;
}

/* ---- stages ------------------------------------------------------------------- */

static int parse_group_field(struct sq_parser *p)
{
	struct sq_slice name;
	int f;

	sq_parser_skip_space(p);
	name = sq_parser_ident(p);
	f = sq_field_find(name);
	if (f < 0 || !sq_fields[f].can_group)
		return sq_parser_refuse(p, p->at, "groups are made by kind, name, path, "
					"lang, parent, scope, scope.type, scope.name, "
					"visibility, async or static");
	p->q->group = (enum sq_field)f;
	p->at += name.n;
	return 0;
}

static int parse_top(struct sq_parser *p)
{
	struct sq_slice word;

	sq_parser_skip_space(p);
	word = sq_parser_word(p);
	for (size_t i = 0; i < word.n; i++) {
		unsigned digit = (unsigned)(word.p[i] - '0');

		if (digit > 9 || p->q->top > SQ_QUERY_MAX_GROUPS)
			break;
		p->q->top = p->q->top * 10 + digit;
	}
	if (!p->q->top || p->q->top > SQ_QUERY_MAX_GROUPS ||
	    word.p[word.n - 1] < '0' || word.p[word.n - 1] > '9')
		return sq_parser_refuse(p, p->at, "| top takes a number of groups and "
					"a field: | top 10 lang");
	p->at += word.n;
	return parse_group_field(p);
}

static int parse_stage(struct sq_parser *p)
{
	if (sq_parser_take(p, "count")) {
		p->q->stage = SQ_STAGE_COUNT;
		return 0;
	}
	if (sq_parser_take(p, "stats")) {
		p->q->stage = SQ_STAGE_STATS;
		return 0;
	}
	if (sq_parser_take(p, "group_by")) {
		p->q->stage = SQ_STAGE_GROUP_BY;
		return parse_group_field(p);
	}
	if (sq_parser_take(p, "top")) {
		p->q->stage = SQ_STAGE_TOP;
		return parse_top(p);
	}
	return sq_parser_refuse(p, p->at, "stages are | count, | group_by FIELD, "
				"| top N FIELD, | stats");
}

static int parse_stages(struct sq_parser *p)
{
	int r;

	for (sq_parser_skip_space(p); sq_parser_peek(p) == '|'; sq_parser_skip_space(p)) {
		p->at++;
		if (p->q->stage != SQ_STAGE_NONE)
			return sq_parser_refuse(p, p->at, "one stage ends a query: "
						"nothing may follow it");
		r = parse_stage(p);
		if (r)
			return r;
	}
	if (sq_parser_at_end(p))
		return 0;
	return sq_parser_refuse(p, p->at, sq_parser_peek(p) == ')' ?
				"')' without '('" : "nothing may follow a stage");
}

static int parse(struct sq_parser *p)
{
	int r;

	if (p->in.n > SQ_QUERY_MAX_BYTES)
		return sq_parser_refuse(p, SQ_QUERY_MAX_BYTES, "longer than %u bytes",
					SQ_QUERY_MAX_BYTES);
	if (memchr(p->in.p, '\0', p->in.n))
		return sq_parser_refuse(p, strlen(p->in.p), "a NUL byte");
	sq_parser_skip_space(p);
	if (sq_parser_at_end(p))
		return sq_parser_refuse(p, 0, "the query is empty");
	r = parse_join(p, true, &p->q->root);
	return r ? r : parse_stages(p);
}

int sq_query_parse_with(struct sq_slice text, const struct sq_query_var *vars,
			size_t n_vars, struct sq_query **ret_q,
			struct sq_query_error *ret_err)
{
	struct sq_query *q = sq_calloc(1, sizeof(*q));
	struct sq_parser p = { .q = q, .err = ret_err, .vars = vars, .n_vars = n_vars };
	char *copy;
	int r;

	if (!q)
		return sq_error_origin(-ENOMEM);
	*ret_err = (struct sq_query_error){ .offset = 0 };
	copy = sq_arena_alloc(&q->arena, text.n + 1);
	if (!copy) {
		sq_query_free(q);
		return sq_error_origin(-ENOMEM);
	}
	memcpy(copy, text.p ? text.p : "", text.n);
	copy[text.n] = '\0';
	p.in = q->text = sq_slice(copy, text.n);
	r = parse(&p);
	if (r) {
		sq_query_free(q);
		return r;
	}
	*ret_q = q;
	return 0;
}

int sq_query_parse(struct sq_slice text, struct sq_query **ret_q,
		   struct sq_query_error *ret_err)
{
	return sq_query_parse_with(text, NULL, 0, ret_q, ret_err);
}

struct sq_query *sq_query_free(struct sq_query *q)
{
	if (!q)
		return NULL;
	for (uint32_t i = 0; i < q->n_preds; i++)
		sq_regex_free(q->preds[i].re);
	sq_arena_deinit(&q->arena);
	sq_free(q);
	return NULL;
}
