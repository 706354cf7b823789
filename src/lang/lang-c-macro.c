/* SPDX-License-Identifier: MIT */
/*
 * The body of a #define is one token to the grammar. Its names are references
 * all the same: a call when "(" follows, else a read.
 */
#include "lang/lang-c.h"

struct scan {
	const char *p, *end;
	uint32_t line, col;
};

static const char *const keywords[] = {
	"__attribute__", "__extension__", "__typeof__", "_Generic", "__asm__", "asm", "auto", "break", "case", "char",
	"const", "continue", "defined", "default", "do", "double", "else", "enum", "extern", "float", "for",
	"goto", "if", "inline", "int", "long", "register", "return", "short", "signed", "sizeof",
	"static", "struct", "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile",
	"while", "bool", "_Bool", "__volatile__", "__const", "__inline__", "__inline", "__asm", "true", "false",
	"NULL", "__typeof", "__VA_ARGS__", "__VA_OPT__", "__FILE__", "__LINE__", "__func__", "__FUNCTION__",
	"nullptr", "this", "class", "template", "typename", "new", "delete", "public", "private",
	"protected", "namespace", "using", "static_cast", "reinterpret_cast", "const_cast", "dynamic_cast",
	"operator", "virtual", "friend", "try", "catch", "throw", "noexcept", "constexpr",
};

static bool is_keyword(struct sq_slice s)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(keywords); i++)
		if (keywords[i][0] == s.p[0] && sq_slice_is(s, keywords[i]))
			return true;
	return false;
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void step(struct scan *s)
{
	if (*s->p++ == '\n') {
		s->line++;
		s->col = 0;
	} else {
		s->col++;
	}
}

static void skip_quoted(struct scan *s)
{
	char quote = *s->p;

	step(s);
	while (s->p < s->end && *s->p != quote && *s->p != '\n') {
		if (*s->p == '\\' && s->p + 1 < s->end)
			step(s);
		step(s);
	}
	if (s->p < s->end)
		step(s);
}

static void skip_comment(struct scan *s)
{
	bool is_line = s->p[1] == '/';

	while (s->p < s->end) {
		bool is_end = is_line ? *s->p == '\n' :
			      *s->p == '/' && s->p[-1] == '*';

		step(s);
		if (is_end)
			return;
	}
}

static bool is_followed_by_paren(const struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	return p < s->end && *p == '(';
}

/* number of arguments of the call whose "(" is next, nested brackets respected */
static unsigned count_arguments(const struct scan *s)
{
	unsigned depth = 0, n = 0;
	bool is_empty = true;

	for (const char *p = s->p; p < s->end; p++) {
		if (*p == '(' || *p == '[' || *p == '{') {
			is_empty &= !depth;
			depth++;
		} else if (*p == ')' || *p == ']' || *p == '}') {
			if (depth && !--depth)
				return SQ_MIN(n + !is_empty, SQ_ARGC_UNKNOWN - 1);
		} else if (*p == '"' || *p == '\'') {
			return SQ_ARGC_UNKNOWN;
		} else if (*p == ',' && depth == 1) {
			n++;
		} else if (*p != ' ' && *p != '\t' && *p != '\\' && *p != '\n') {
			is_empty &= !depth;
		}
	}
	return SQ_ARGC_UNKNOWN;
}

enum before { BEFORE_NOTHING, BEFORE_MEMBER, BEFORE_TAG };

static void take_name(struct sq_walk *w, struct scan *s, enum before *before)
{
	uint32_t line = s->line, col = s->col, sym;
	struct sq_slice name = sq_slice(s->p, 0);
	enum before was = *before;
	uint32_t ref;

	while (s->p < s->end && (is_name_start(*s->p) || is_digit(*s->p)))
		step(s);
	name.n = (size_t)(s->p - name.p);
	*before = BEFORE_NOTHING;
	if (sq_slice_is(name, "struct") || sq_slice_is(name, "union") || sq_slice_is(name, "enum"))
		*before = BEFORE_TAG;
	if (is_keyword(name))
		return;
	sym = sq_walk_sym(w, name);
	if (sq_walk_is_local(w, sym))
		return;
	if (is_followed_by_paren(s))
		ref = sq_walk_ref_text(w, line, col, SQ_REF_CALL, name, count_arguments(s));
	else
		ref = sq_walk_ref_text(w, line, col, was == BEFORE_TAG ? SQ_REF_TYPE : SQ_REF_READ,
				       name, SQ_ARGC_UNKNOWN);
	if (was == BEFORE_MEMBER && ref != SQ_NONE)
		sq_facts_ref(w->builder, ref)->flags |= SQ_REFF_EXPR;
}

static void take_other(struct scan *s, enum before *before)
{
	char c = *s->p;

	if (c == '"' || c == '\'') {
		skip_quoted(s);
	} else if (c == '/' && s->p + 1 < s->end && (s->p[1] == '/' || s->p[1] == '*')) {
		skip_comment(s);
		return;
	} else if (is_digit(c)) {
		while (s->p < s->end && (is_name_start(*s->p) || is_digit(*s->p)))
			step(s);
	} else {
		step(s);
		if (c == ' ' || c == '\t' || c == '\\' || c == '\n')
			return;
		if (c == '.' || (c == '>' && s->p[-2] == '-')) {
			*before = BEFORE_MEMBER;
			return;
		}
	}
	*before = BEFORE_NOTHING;
}

void sq_c_scan_macro(struct sq_walk *w, struct sq_frame *f)
{
	TSPoint at = ts_node_start_point(f->node);
	struct scan s = {
		.p = w->bytes.p + f->start, .end = w->bytes.p + f->end,
		.line = at.row + 1, .col = at.column,
	};
	enum before before = BEFORE_NOTHING;

	while (s.p < s.end) {
		if (is_name_start(*s.p))
			take_name(w, &s, &before);
		else
			take_other(&s, &before);
	}
}
