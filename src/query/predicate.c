/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/error.h"
#include "query/parser.h"

int sq_parser_new_pred(struct sq_parser *p, enum sq_field field, size_t offset,
		       struct sq_expr **ret_e, struct sq_pred **ret_pred)
{
	struct sq_query *q = p->q;
	int r;

	if (q->n_preds == SQ_QUERY_MAX_PREDICATES)
		return sq_parser_refuse(p, offset, "more than %u predicates",
					SQ_QUERY_MAX_PREDICATES);
	r = sq_parser_expr(p, SQ_EXPR_PRED, NULL, NULL, ret_e);
	if (r < 0)
		return r;
	(*ret_e)->pred = q->n_preds++;
	*ret_pred = &q->preds[(*ret_e)->pred];
	(*ret_pred)->field = field;
	(*ret_pred)->offset = (uint32_t)offset;
	return 0;
}

/* ---- the value of each type of field ------------------------------------------ */

static int compile(struct sq_parser *p, struct sq_pred *pred,
		   const struct sq_value *v, bool glob)
{
	char message[SQ_REGEX_MESSAGE];
	unsigned flags = v->flags;
	int r;

	if (!v->text.n)
		return sq_parser_refuse(p, v->offset, "the regular expression is empty");
	/* a name is one line */
	if (pred->field != SQ_FIELD_TEXT)
		flags = (flags & ~SQ_REGEXF_LINES) | SQ_REGEXF_DOT_ALL;
	if (glob)
		r = sq_regex_new_glob(v->text, &pred->re, message);
	else
		r = sq_regex_new_flags(v->text, flags, &pred->re, message);
	if (r > 0)
		return sq_parser_refuse(p, v->offset, "%s", message);
	return r;
}

static bool is_glob(struct sq_slice s)
{
	return memchr(s.p, '*', s.n) || memchr(s.p, '?', s.n) ||
	       memchr(s.p, '[', s.n);
}

/* a glob without '/' is about the last component, wherever it lies */
static int set_path(struct sq_parser *p, struct sq_pred *pred,
		    const struct sq_value *v)
{
	struct sq_value glob = *v;
	char *text;

	if (!is_glob(v->text))
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

static int set_choice(struct sq_parser *p, struct sq_pred *pred,
		      const struct sq_value *v)
{
	const char *allowed;

	if (pred->re) {
		pred->mask = sq_field_choice_regex(pred->field, pred->re);
		return 0;
	}
	if (sq_field_choice(pred->field, v->text, &pred->mask, &allowed))
		return sq_parser_refuse(p, v->offset, "no such value; %s", allowed);
	return 0;
}

static int set_number(struct sq_parser *p, struct sq_pred *pred,
		      const struct sq_value *v)
{
	for (size_t i = 0; i < v->text.n; i++) {
		unsigned digit = (unsigned)(v->text.p[i] - '0');

		if (digit > 9 || pred->number > UINT32_MAX)
			return sq_parser_refuse(p, v->offset, "a number is compared "
						"with a number from 0 to 2^32");
		pred->number = pred->number * 10 + digit;
	}
	return 0;
}

static int set_plain(struct sq_parser *p, struct sq_pred *pred,
		     const struct sq_value *v)
{
	const struct sq_field_info *f = &sq_fields[pred->field];

	if (!v->text.n)
		return sq_parser_refuse(p, v->offset, "the value is empty");
	if (f->type == SQ_TAKES_REGEX_ONLY)
		return sq_parser_refuse(p, v->offset, "%s is searched for a regular "
					"expression: %s ~= ... or %s:/.../",
					f->name, f->name, f->name);
	if (f->type == SQ_TAKES_CHOICE || f->type == SQ_TAKES_BOOL)
		return set_choice(p, pred, v);
	return pred->field == SQ_FIELD_PATH ? set_path(p, pred, v) : 0;
}

static int set_regex(struct sq_parser *p, struct sq_pred *pred,
		     const struct sq_value *v)
{
	const struct sq_field_info *f = &sq_fields[pred->field];
	int r;

	pred->op = SQ_OP_REGEX;
	if (f->no_regex)
		return sq_parser_refuse(p, v->offset, "%s takes no regular expression",
					f->name);
	r = compile(p, pred, v, false);
	if (r)
		return r;
	return f->type == SQ_TAKES_CHOICE ? set_choice(p, pred, v) : 0;
}

static int set_value(struct sq_parser *p, struct sq_pred *pred,
		     const struct sq_value *v, enum sq_op op)
{
	pred->value = v->text;
	pred->op = op;
	if (v->type == SQ_VALUE_SUBQUERY) {
		pred->sub = v->sub;
		return 0;
	}
	if (op > SQ_OP_REGEX)
		return set_number(p, pred, v);
	if (op == SQ_OP_REGEX || v->type == SQ_VALUE_REGEX)
		return set_regex(p, pred, v);
	return set_plain(p, pred, v);
}

/* ---- operators ---------------------------------------------------------------- */

/* what stands behind a word; -1: nothing, -2: "=" or the like */
static int operator_at(const struct sq_parser *p, size_t at, size_t *ret_end)
{
	static const struct { const char *text; enum sq_op op; } ops[] = {
		{ "~=", SQ_OP_REGEX }, { ">=", SQ_OP_GE }, { "<=", SQ_OP_LE },
		{ ">", SQ_OP_GT }, { "<", SQ_OP_LT },
	};
	size_t gap = at;
	struct sq_slice s;

	while (gap < p->in.n && sq_parser_is_space(p->in.p[gap]))
		gap++;
	s = sq_slice(p->in.p + gap, p->in.n - gap);
	*ret_end = gap;
	/* "a::b" is a word, "a :b" two */
	if (gap == at && sq_slice_has_prefix(s, SQ_LIT(":")) &&
	    !sq_slice_has_prefix(s, SQ_LIT("::"))) {
		*ret_end = gap + 1;
		return SQ_OP_EQUAL;
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(ops); i++) {
		if (!sq_slice_has_prefix(s, sq_slice_z(ops[i].text)))
			continue;
		*ret_end = gap + strlen(ops[i].text);
		return (int)ops[i].op;
	}
	return s.n && s.p[0] == '=' ? -2 : -1;
}

static int parse_field(struct sq_parser *p, enum sq_field f, enum sq_op op,
		       size_t value_at, struct sq_expr **ret_e)
{
	static const char *const signs[] = { ":", " ~=", " >", " <", " >=", " <=" };
	size_t offset = p->at;
	struct sq_pred *pred = NULL;
	struct sq_value v;
	char before[48];
	int r;

	p->at = value_at;
	sq_parser_skip_space(p);
	if (sq_parser_peek(p) == '(' &&
	    (op != SQ_OP_EQUAL || sq_fields[f].type != SQ_TAKES_RELATION))
		return sq_parser_refuse(p, p->at, "a subquery stands behind ':' of "
					"callers, callees, imports, exports, impl or "
					"references; quote a '(' that is meant");
	snprintf(before, sizeof(before), "%s%s", sq_fields[f].name, signs[op]);
	r = sq_parser_value(p, before, &v);
	if (!r)
		r = sq_parser_new_pred(p, f, offset, ret_e, &pred);
	return r ? r : set_value(p, pred, &v, op);
}

/* a bare word is a regex on the name, a bare string the name itself */
static int parse_bare(struct sq_parser *p, struct sq_expr **ret_e)
{
	struct sq_pred *pred = NULL;
	size_t offset = p->at;
	struct sq_value v;
	int r;

	r = sq_parser_value(p, "NOT", &v);
	if (!r)
		r = sq_parser_new_pred(p, SQ_FIELD_NAME, offset, ret_e, &pred);
	if (r)
		return r;
	return set_value(p, pred, &v,
			 v.type == SQ_VALUE_WORD ? SQ_OP_REGEX : SQ_OP_EQUAL);
}

static int no_field(struct sq_parser *p, struct sq_slice name)
{
	return sq_parser_refuse(p, p->at, "no field \"%.*s\"; fields are kind, name, "
				"path, lang, parent, scope[.type|.name|.parent|"
				".ancestor], text, callers, callees, imports, exports, "
				"returns, impl, references, duplicates, unused, "
				"circular, async, static, visibility, ...",
				(int)SQ_MIN(name.n, (size_t)24), name.p);
}

int sq_parser_predicate(struct sq_parser *p, struct sq_expr **ret_e)
{
	struct sq_slice name = sq_parser_ident(p);
	int f = sq_field_find(name);
	int op = -1;
	size_t end = 0;

	if (name.n)
		op = operator_at(p, p->at + name.n, &end);
	if (f >= 0 && (op == -2 || (op > SQ_OP_REGEX && !sq_fields[f].has_order)))
		return sq_parser_refuse(p, end - (op < 0 ? 0 : op >= SQ_OP_GE ? 2 : 1),
					"%s has no order; its operators are "
					"':' and '~='; callers, callees and "
					"references can be compared with a number",
					sq_fields[f].name);
	if (op < 0 || (f < 0 && op > SQ_OP_REGEX))
		return parse_bare(p, ret_e);
	if (f < 0)
		return no_field(p, name);
	return parse_field(p, (enum sq_field)f, (enum sq_op)op, end, ret_e);
}
