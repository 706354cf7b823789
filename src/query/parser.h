/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * parser — reading a query text: where it stands and what it makes. parse.c
 * has the structure, predicate.c one predicate, lex.c words and values.
 * Ownership: on the stack of sq_query_parse_with(). Threads: one.
 */
#include "query/expr.h"

struct sq_parser {
	struct sq_query *q;
	struct sq_slice in;
	size_t at;
	unsigned depth;
	const struct sq_query_var *vars;
	size_t n_vars;
	struct sq_query_error *err;
};

/* a value as read: its text with quotes and escapes undone */
struct sq_value {
	enum { SQ_VALUE_WORD, SQ_VALUE_STRING, SQ_VALUE_REGEX, SQ_VALUE_SUBQUERY } type;
	struct sq_slice text;
	unsigned flags;             /* SQ_REGEXF_* */
	struct sq_expr *sub;
	size_t offset;
};

/* lex.c; each returns 0, SQ_QUERY_E_SYNTAX with the parser's error filled, or -ENOMEM */
int sq_parser_refuse(struct sq_parser *p, size_t offset, const char *fmt, ...) SQ_PRINTF(3, 4);
bool sq_parser_is_space(char c);
void sq_parser_skip_space(struct sq_parser *p);
/** sq_parser_peek() - the next byte, 0 at the end. */
static inline char sq_parser_peek(const struct sq_parser *p)
{
	return p->at < p->in.n ? p->in.p[p->at] : '\0';
}
static inline bool sq_parser_at_end(const struct sq_parser *p)
{
	return p->at >= p->in.n;
}
struct sq_slice sq_parser_word(const struct sq_parser *p);      /* up to space, bracket, '|' or '"' */
struct sq_slice sq_parser_ident(const struct sq_parser *p);     /* a field's name */
/** sq_parser_take() - skip @word when it is the next word. */
bool sq_parser_take(struct sq_parser *p, const char *word);
/** sq_parser_value() - @field: what stands in front, for the message. */
int sq_parser_value(struct sq_parser *p, const char *field, struct sq_value *ret) sq_must_check;

/* predicate.c */
int sq_parser_predicate(struct sq_parser *p, struct sq_expr **ret_e) sq_must_check;
int sq_parser_new_pred(struct sq_parser *p, enum sq_field field, size_t offset, struct sq_expr **ret_e,
		       struct sq_pred **ret_pred) sq_must_check;

/* parse.c */
int sq_parser_expr(struct sq_parser *p, enum sq_expr_type type, struct sq_expr *left,
		   struct sq_expr *right, struct sq_expr **ret_e) sq_must_check;
/** sq_parser_group() - "(" query ")". */
int sq_parser_group(struct sq_parser *p, struct sq_expr **ret_e) sq_must_check;
/** sq_parser_join() - the field that a join's word means; SQ_FIELD_KIND: it is none. */
enum sq_field sq_parser_join(struct sq_slice word);
