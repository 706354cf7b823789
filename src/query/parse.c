/* SPDX-License-Identifier: MIT */
/*
 * Recursive descent over the query text (query.md §1):
 *   query = or { "|" stage }          or  = and { "OR" and }
 *   and   = not { ["AND"] not }       not = "NOT" not | "(" or ")" | predicate
 */
#include <stdio.h>

#include "base/error.h"
#include "query/expr.h"

#define MAX_DEPTH 200u

struct parser {
	struct sq_query *q;
	struct sq_slice in;
	size_t at;
	unsigned depth;
	struct sq_query_error *err;
};

/* a value as read: its text with quotes and escapes undone */
struct value {
	enum { VALUE_WORD, VALUE_STRING, VALUE_REGEX } type;
	struct sq_slice text;
	bool icase;
	size_t offset;
};

static const struct field { const char *name; enum sq_field field; } fields[] = {
	{ "kind", SQ_FIELD_KIND }, { "name", SQ_FIELD_NAME },
	{ "lang", SQ_FIELD_LANG }, { "language", SQ_FIELD_LANG },
	{ "path", SQ_FIELD_PATH }, { "file", SQ_FIELD_PATH },
	{ "callers", SQ_FIELD_CALLERS }, { "callees", SQ_FIELD_CALLEES },
	{ "references", SQ_FIELD_REFERENCES },
};

static int SQ_PRINTF(3, 4)
refuse(struct parser *p, size_t offset, const char *fmt, ...)
{
	va_list ap;

	p->err->offset = (uint32_t)offset;
	va_start(ap, fmt);
	vsnprintf(p->err->message, sizeof(p->err->message), fmt, ap);
	va_end(ap);
	return SQ_QUERY_E_SYNTAX;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct parser *p)
{
	while (p->at < p->in.n && is_space(p->in.p[p->at]))
		p->at++;
}

static char peek(const struct parser *p)
{
	return p->at < p->in.n ? p->in.p[p->at] : '\0';
}

static bool at_end(const struct parser *p)
{
	return p->at >= p->in.n;
}

static struct sq_slice rest(const struct parser *p)
{
	return sq_slice(p->in.p + p->at, p->in.n - p->at);
}

static bool ends_word(char c)
{
	return is_space(c) || c == '(' || c == ')' || c == '|' || c == '"';
}

static struct sq_slice word_at(const struct parser *p)
{
	struct sq_slice s = rest(p);
	size_t n = 0;

	while (n < s.n && !ends_word(s.p[n]))
		n++;
	return sq_slice(s.p, n);
}

static bool is_ident(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static struct sq_slice ident_at(const struct parser *p)
{
	struct sq_slice s = rest(p);
	size_t n = 0;

	while (n < s.n && is_ident(s.p[n]))
		n++;
	return sq_slice(s.p, n);
}

static bool take_keyword(struct parser *p, const char *word)
{
	skip_space(p);
	if (!sq_slice_is(word_at(p), word))
		return false;
	p->at += strlen(word);
	return true;
}

static int new_expr(struct parser *p, enum sq_expr_type type,
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

/* ---- values --------------------------------------------------------------- */

/* text up to @quote; a backslash before @quote or itself is dropped */
static int read_quoted(struct parser *p, char quote, struct value *ret)
{
	char *out = sq_arena_alloc(&p->q->arena, p->in.n - p->at + 1);
	size_t start = p->at++, n = 0;

	if (!out)
		return sq_error_origin(-ENOMEM);
	for (; p->at < p->in.n; p->at++) {
		char c = p->in.p[p->at];

		if (c == quote) {
			p->at++;
			ret->text = sq_slice(out, n);
			return 0;
		}
		if (c == '\\' && p->at + 1 < p->in.n) {
			char next = p->in.p[p->at + 1];

			/* in a regex, "\\" is the regex's own escape */
			if (next == quote || (next == '\\' && quote == '"'))
				c = p->in.p[++p->at];
			else if (next == '\\')
				out[n++] = p->in.p[p->at++];
		}
		out[n++] = c;
	}
	return refuse(p, start, "%s without its end",
		      quote == '"' ? "a quoted string" : "a /regular expression/");
}

static int read_regex(struct parser *p, struct value *ret)
{
	int r = read_quoted(p, '/', ret);

	ret->type = VALUE_REGEX;
	for (; !r && !at_end(p) && !ends_word(peek(p)); p->at++) {
		if (peek(p) == 'i')
			ret->icase = true;
		else if (peek(p) != 'm' && peek(p) != 's')
			r = refuse(p, p->at, "the flags of a regular expression "
				   "are i, m and s");
	}
	return r;
}

static int read_value(struct parser *p, const char *field, struct value *ret)
{
	*ret = (struct value){ .offset = p->at };
	switch (peek(p)) {
	case '"':
		ret->type = VALUE_STRING;
		return read_quoted(p, '"', ret);
	case '/':
		return read_regex(p, ret);
	case '$':
		return refuse(p, p->at, "variables are not supported here");
	case '(':
		return refuse(p, p->at, "a subquery is not supported as the "
			      "value of %s:", field);
	default:
		ret->text = word_at(p);
		p->at += ret->text.n;
	}
	if (!ret->text.n)
		return refuse(p, ret->offset, "a value is missing after %s",
			      field);
	return 0;
}

/* ---- predicates ----------------------------------------------------------- */

static int new_pred(struct parser *p, enum sq_field field, size_t offset,
		    struct sq_expr **ret_e, struct sq_pred **ret_pred)
{
	struct sq_query *q = p->q;
	int r;

	if (q->n_preds == SQ_QUERY_MAX_PREDICATES)
		return refuse(p, offset, "more than %u predicates",
			      SQ_QUERY_MAX_PREDICATES);
	r = new_expr(p, SQ_EXPR_PRED, NULL, NULL, ret_e);
	if (r < 0)
		return r;
	(*ret_e)->pred = q->n_preds++;
	*ret_pred = &q->preds[(*ret_e)->pred];
	(*ret_pred)->field = field;
	(*ret_pred)->offset = (uint32_t)offset;
	return 0;
}

static int compile(struct parser *p, struct sq_pred *pred,
		   const struct value *v, bool glob)
{
	char message[SQ_REGEX_MESSAGE];
	int r;

	if (!v->text.n)
		return refuse(p, v->offset, "the regular expression is empty");
	if (glob)
		r = sq_regex_new_glob(v->text, &pred->re, message);
	else
		r = sq_regex_new(v->text, v->icase, &pred->re, message);
	if (r > 0)
		return refuse(p, v->offset, "%s", message);
	return r;
}

static uint64_t kinds_matching(const struct sq_regex *re)
{
	uint64_t mask = 0;

	for (int i = 0; i < SQ_KIND_MAX; i++)
		if (sq_regex_match(re, sq_slice_z(sq_kind_name(i))))
			mask |= 1ull << i;
	return mask;
}

static uint64_t langs_matching(const struct sq_regex *re)
{
	uint64_t mask = 0;

	for (int i = SQ_LANG_NONE + 1; i < SQ_LANG_MAX; i++)
		if (sq_regex_match(re, sq_slice_z(sq_lang_name(i))))
			mask |= 1ull << i;
	return mask;
}

static int set_kind(struct parser *p, struct sq_pred *pred,
		    const struct value *v)
{
	int kind;

	if (pred->re) {
		pred->mask = kinds_matching(pred->re);
		return 0;
	}
	kind = sq_query_kind(v->text);
	if (kind < 0)
		return refuse(p, v->offset, "no such kind; kinds are function, "
			      "method, class, interface, trait, module, variable, "
			      "constant, type, struct, enum, enum_variant, macro, "
			      "property, annotation, type_parameter");
	pred->mask = kind == SQ_KIND_MAX ? 0 : 1ull << kind;
	return 0;
}

static int set_lang(struct parser *p, struct sq_pred *pred,
		    const struct value *v)
{
	int lang;

	if (pred->re) {
		pred->mask = langs_matching(pred->re);
		return 0;
	}
	lang = sq_query_lang(v->text);
	if (lang < 0)
		return refuse(p, v->offset, "no such language; languages are c, "
			      "cpp, python, javascript, typescript, tsx, go, "
			      "rust, java");
	pred->mask = 1ull << lang;
	return 0;
}

static bool is_glob(struct sq_slice s)
{
	return memchr(s.p, '*', s.n) || memchr(s.p, '?', s.n) ||
	       memchr(s.p, '[', s.n);
}

/* a glob without '/' is about the last component, wherever it lies */
static int set_path(struct parser *p, struct sq_pred *pred,
		    const struct value *v)
{
	struct value glob = *v;
	char *text;

	if (pred->re || !is_glob(v->text))
		return 0;
	if (memchr(v->text.p, '/', v->text.n))
		return compile(p, pred, v, true);
	text = sq_arena_alloc(&p->q->arena, v->text.n + 3);
	if (!text)
		return sq_error_origin(-ENOMEM);
	memcpy(text, "**/", 3);
	memcpy(text + 3, v->text.p, v->text.n);
	glob.text = sq_slice(text, v->text.n + 3);
	return compile(p, pred, &glob, true);
}

static int set_value(struct parser *p, struct sq_pred *pred,
		     const struct value *v, bool is_regex)
{
	int r;

	pred->value = v->text;
	if (is_regex || v->type == VALUE_REGEX) {
		r = compile(p, pred, v, false);
		if (r)
			return r;
	} else if (!v->text.n) {
		return refuse(p, v->offset, "the value is empty");
	}
	switch (pred->field) {
	case SQ_FIELD_KIND:
		return set_kind(p, pred, v);
	case SQ_FIELD_LANG:
		return set_lang(p, pred, v);
	case SQ_FIELD_PATH:
		return set_path(p, pred, v);
	default:
		return 0;
	}
}

static const struct field *find_field(struct sq_slice name)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(fields); i++)
		if (sq_slice_is(name, fields[i].name))
			return &fields[i];
	return NULL;
}

enum operator { OPERATOR_NONE, OPERATOR_EQUAL, OPERATOR_REGEX, OPERATOR_ORDER };

/* what stands behind a word, with the index behind it */
static enum operator operator_at(const struct parser *p, size_t at,
				 size_t *ret_end)
{
	size_t gap = at;
	struct sq_slice s;

	while (gap < p->in.n && is_space(p->in.p[gap]))
		gap++;
	s = sq_slice(p->in.p + gap, p->in.n - gap);
	*ret_end = gap;
	if (sq_slice_has_prefix(s, SQ_LIT("~="))) {
		*ret_end = gap + 2;
		return OPERATOR_REGEX;
	}
	/* "a::b" is a word, "a :b" two */
	if (gap == at && sq_slice_has_prefix(s, SQ_LIT(":")) &&
	    !sq_slice_has_prefix(s, SQ_LIT("::"))) {
		*ret_end = gap + 1;
		return OPERATOR_EQUAL;
	}
	return s.n && strchr("<>=", s.p[0]) ? OPERATOR_ORDER : OPERATOR_NONE;
}

static int parse_field(struct parser *p, const struct field *f, bool is_regex,
		       size_t value_at, struct sq_expr **ret_e)
{
	size_t offset = p->at;
	struct sq_pred *pred = NULL;
	char before[48];
	struct value v;
	int r;

	p->at = value_at;
	skip_space(p);
	snprintf(before, sizeof(before), "%s%s", f->name,
		 is_regex ? " ~=" : ":");
	r = read_value(p, before, &v);
	if (!r)
		r = new_pred(p, f->field, offset, ret_e, &pred);
	return r ? r : set_value(p, pred, &v, is_regex);
}

static bool is_join(struct sq_slice w)
{
	return sq_slice_is(w, "CALLS") || sq_slice_is(w, "IMPORTS") ||
	       sq_slice_is(w, "INHERITS") || sq_slice_is(w, "IMPLEMENTS");
}

/* a bare word is a regex on the name, a bare string the name itself */
static int parse_bare(struct parser *p, struct sq_expr **ret_e)
{
	struct sq_pred *pred = NULL;
	size_t offset = p->at;
	struct value v;
	int r;

	if (is_join(word_at(p)))
		return refuse(p, offset, "joins are not supported yet");
	r = read_value(p, "NOT", &v);
	if (!r)
		r = new_pred(p, SQ_FIELD_NAME, offset, ret_e, &pred);
	return r ? r : set_value(p, pred, &v, v.type == VALUE_WORD);
}

static int parse_predicate(struct parser *p, struct sq_expr **ret_e)
{
	struct sq_slice name = ident_at(p);
	const struct field *f = find_field(name);
	enum operator op = OPERATOR_NONE;
	size_t end;

	if (name.n)
		op = operator_at(p, p->at + name.n, &end);
	if (f && op == OPERATOR_ORDER)
		return refuse(p, end, "%s has no order; its operators are ':' "
			      "and '~='", f->name);
	if (op == OPERATOR_NONE || op == OPERATOR_ORDER)
		return parse_bare(p, ret_e);
	if (!f)
		return refuse(p, p->at, "no field \"%.*s\"; fields are kind, "
			      "name, lang, path, callers, callees, references",
			      (int)SQ_MIN(name.n, (size_t)40), name.p);
	return parse_field(p, f, op == OPERATOR_REGEX, end, ret_e);
}

/* ---- structure ------------------------------------------------------------- */

static int parse_or(struct parser *p, struct sq_expr **ret_e);

static int parse_group(struct parser *p, struct sq_expr **ret_e)
{
	size_t open = p->at++;
	int r;

	r = parse_or(p, ret_e);
	if (r)
		return r;
	skip_space(p);
	if (peek(p) != ')')
		return refuse(p, open, "'(' without ')'");
	p->at++;
	return 0;
}

static int parse_not(struct parser *p, struct sq_expr **ret_e)
{
	struct sq_expr *inner = NULL;
	int r;

	skip_space(p);
	if (at_end(p) || peek(p) == ')' || peek(p) == '|')
		return refuse(p, p->at, "a predicate is missing here");
	if (p->depth == MAX_DEPTH)
		return refuse(p, p->at, "nested over %u deep", MAX_DEPTH);
	p->depth++;
	if (take_keyword(p, "NOT")) {
		r = parse_not(p, &inner);
		if (!r)
			r = new_expr(p, SQ_EXPR_NOT, inner, NULL, ret_e);
	} else if (peek(p) == '(') {
		r = parse_group(p, ret_e);
	} else if (sq_slice_is(word_at(p), "AND") ||
		   sq_slice_is(word_at(p), "OR")) {
		r = refuse(p, p->at, "a predicate is missing here");
	} else {
		r = parse_predicate(p, ret_e);
	}
	p->depth--;
	return r;
}

static bool and_follows(struct parser *p)
{
	bool explicit = take_keyword(p, "AND");

	skip_space(p);
	return explicit || (!at_end(p) && peek(p) != ')' && peek(p) != '|' &&
			    !sq_slice_is(word_at(p), "OR"));
}

static int parse_and(struct parser *p, struct sq_expr **ret_e)
{
	struct sq_expr *left = NULL, *right = NULL;
	int r = parse_not(p, &left);

	while (!r && and_follows(p)) {
		r = parse_not(p, &right);
		if (!r)
			r = new_expr(p, SQ_EXPR_AND, left, right, &left);
	}
	if (!r)
		*ret_e = left;
	return r;
}

static int parse_or(struct parser *p, struct sq_expr **ret_e)
{
	struct sq_expr *left = NULL, *right = NULL;
	int r = parse_and(p, &left);

	while (!r && take_keyword(p, "OR")) {
		r = parse_and(p, &right);
		if (!r)
			r = new_expr(p, SQ_EXPR_OR, left, right, &left);
	}
	if (!r)
		*ret_e = left;
	return r;
}

static int parse_stages(struct parser *p)
{
	for (skip_space(p); peek(p) == '|'; skip_space(p)) {
		p->at++;
		if (p->q->is_count)
			return refuse(p, p->at, "nothing may follow | count");
		if (!take_keyword(p, "count"))
			return refuse(p, p->at, "the only stage is | count");
		p->q->is_count = true;
	}
	if (!at_end(p))
		return refuse(p, p->at, "')' without '('");
	return 0;
}

static int parse(struct parser *p)
{
	int r;

	if (p->in.n > SQ_QUERY_MAX_BYTES)
		return refuse(p, SQ_QUERY_MAX_BYTES, "longer than %u bytes",
			      SQ_QUERY_MAX_BYTES);
	if (memchr(p->in.p, '\0', p->in.n))
		return refuse(p, strlen(p->in.p), "a NUL byte");
	skip_space(p);
	if (at_end(p))
		return refuse(p, 0, "the query is empty");
	r = parse_or(p, &p->q->root);
	return r ? r : parse_stages(p);
}

int sq_query_parse(struct sq_slice text, struct sq_query **ret_q,
		   struct sq_query_error *ret_err)
{
	struct sq_query *q = sq_calloc(1, sizeof(*q));
	struct parser p = { .q = q, .err = ret_err };
	char *copy;
	int r;

	if (!q)
		return sq_error_origin(-ENOMEM);
	ret_err->message[0] = '\0';
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
