/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/error.h"
#include "query/parser.h"

int sq_parser_refuse(struct sq_parser *p, size_t offset, const char *fmt, ...)
{
	va_list ap;

	p->err->offset = (uint32_t)offset;
	va_start(ap, fmt);
	vsnprintf(p->err->message, sizeof(p->err->message), fmt, ap);
	va_end(ap);
	return SQ_QUERY_E_SYNTAX;
}

bool sq_parser_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void sq_parser_skip_space(struct sq_parser *p)
{
	while (p->at < p->in.n && sq_parser_is_space(p->in.p[p->at]))
		p->at++;
}

static struct sq_slice rest(const struct sq_parser *p)
{
	return sq_slice(p->in.p + p->at, p->in.n - p->at);
}

static bool ends_word(char c)
{
	return sq_parser_is_space(c) || c == '(' || c == ')' || c == '|' || c == '"';
}

struct sq_slice sq_parser_word(const struct sq_parser *p)
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

struct sq_slice sq_parser_ident(const struct sq_parser *p)
{
	struct sq_slice s = rest(p);
	size_t n = 0;

	while (n < s.n && is_ident(s.p[n]))
		n++;
	return sq_slice(s.p, n);
}

bool sq_parser_take(struct sq_parser *p, const char *word)
{
	sq_parser_skip_space(p);
	if (!sq_slice_is(sq_parser_word(p), word))
		return false;
	p->at += strlen(word);
	return true;
}

/* text up to @quote; a backslash before @quote or itself is dropped */
static int read_quoted(struct sq_parser *p, char quote, struct sq_value *ret)
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
	return sq_parser_refuse(p, start, "%s without its end",
				quote == '"' ? "a quoted string" :
					       "a /regular expression/");
}

static int read_regex(struct sq_parser *p, struct sq_value *ret)
{
	int r = read_quoted(p, '/', ret);

	ret->type = SQ_VALUE_REGEX;
	for (; !r && !sq_parser_at_end(p) && !ends_word(sq_parser_peek(p)); p->at++) {
		char c = sq_parser_peek(p);

		if (c != 'i' && c != 'm' && c != 's')
			return sq_parser_refuse(p, p->at, "the flags of a regular "
						"expression are i, m and s");
		ret->flags |= c == 'i' ? SQ_REGEXF_ICASE :
			      c == 'm' ? SQ_REGEXF_LINES : SQ_REGEXF_DOT_ALL;
	}
	return r;
}

/* "$name": the value that the caller gave for it */
static int read_variable(struct sq_parser *p, struct sq_value *ret)
{
	struct sq_slice name;
	char *copy;

	p->at++;
	name = sq_parser_ident(p);
	ret->type = SQ_VALUE_STRING;
	for (size_t i = 0; i < p->n_vars; i++) {
		const struct sq_query_var *v = &p->vars[i];

		if (!name.n || !sq_slice_eq(v->name, name))
			continue;
		copy = sq_arena_alloc(&p->q->arena, v->value.n + 1);
		if (!copy)
			return sq_error_origin(-ENOMEM);
		if (v->value.n)
			memcpy(copy, v->value.p, v->value.n);
		ret->text = sq_slice(copy, v->value.n);
		p->at += name.n;
		return 0;
	}
	p->err->code = "unbound_variable";
	return sq_parser_refuse(p, ret->offset, "no value was given for the "
				"variable $%.*s", (int)SQ_MIN(name.n, (size_t)40),
				name.p);
}

int sq_parser_value(struct sq_parser *p, const char *field, struct sq_value *ret)
{
	*ret = (struct sq_value){ .offset = p->at };
	switch (sq_parser_peek(p)) {
	case '"':
		ret->type = SQ_VALUE_STRING;
		return read_quoted(p, '"', ret);
	case '/':
		return read_regex(p, ret);
	case '$':
		return read_variable(p, ret);
	case '(':
		ret->type = SQ_VALUE_SUBQUERY;
		return sq_parser_group(p, &ret->sub);
	default:
		ret->text = sq_parser_word(p);
		p->at += ret->text.n;
	}
	if (!ret->text.n)
		return sq_parser_refuse(p, ret->offset, "a value is missing after %s",
					field);
	return 0;
}
