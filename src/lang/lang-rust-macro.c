/* SPDX-License-Identifier: MIT */
/*
 * Rust: the arguments of macros are tokens to the grammar. Most of them are
 * expressions all the same; what a name is, its neighbours tell.
 */
#include "lang/lang-rust.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name_byte(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* end of the text in front of @at, without white space */
static uint32_t before(const struct sq_walk *w, uint32_t from, uint32_t at)
{
	while (at > from && is_space(w->bytes.p[at - 1]))
		at--;
	return at;
}

static char next_byte(const struct sq_walk *w, uint32_t at, uint32_t end, char *ret_second)
{
	while (at < end && is_space(w->bytes.p[at]))
		at++;
	*ret_second = at + 1 < end ? w->bytes.p[at + 1] : '\0';
	return at < end ? w->bytes.p[at] : '\0';
}

#define PATH_MAX_BYTES 256u   /* a longer one is no qualifier anyway */

/* start of the path a.b::c that ends at @end; @end when there is none */
static uint32_t path_start(const struct sq_walk *w, uint32_t from, uint32_t end)
{
	uint32_t at, start = end;

	from = SQ_MAX(from, end > PATH_MAX_BYTES ? end - PATH_MAX_BYTES : 0);
	at = before(w, from, end);

	for (;;) {
		uint32_t name_end = at;

		while (at > from && is_name_byte(w->bytes.p[at - 1]))
			at--;
		if (at == name_end)
			return end;   /* a call, an index: no path */
		start = at;
		at = before(w, from, at);
		if (at > from && w->bytes.p[at - 1] == '.' && (at < 2 || w->bytes.p[at - 2] != '.'))
			at = before(w, from, at - 1);
		else if (at > from + 1 && w->bytes.p[at - 1] == ':' && w->bytes.p[at - 2] == ':')
			at = before(w, from, at - 2);
		else
			return start;
	}
}

static void use_member(struct sq_walk *w, struct sq_frame *f, uint32_t sym, enum sq_role role,
		       uint32_t separator)
{
	uint32_t start = path_start(w, f[-1].start + 1, separator), qual = SQ_NONE;
	unsigned flags = 0;

	if (start == separator)
		flags = SQ_REFF_EXPR;
	else if (w->bytes.p[separator] == ':')
		qual = sq_walk_type_path(w, sq_slice(w->bytes.p + start, separator - start));
	else
		qual = sq_walk_qual(w, start, separator, &flags);
	if (qual != SQ_NONE && w->bytes.p[separator] == ':' &&
	    sq_slice_is(sq_walk_text(w, qual), "self"))
		qual = SQ_NONE;   /* self::f is f here */
	(void)sq_walk_ref(w, f, sq_ref_kind_of_role(role), sym, qual, flags);
}

/* words that the grammar does not tell from names among tokens */
static bool is_keyword(struct sq_slice s)
{
	static const char *const words[] = { "in", "else", "move", "ref", "dyn", "fn", "extern" };

	for (size_t i = 0; s.n <= 6 && i < SQ_ARRAY_SIZE(words); i++)
		if (sq_slice_is(s, words[i]))
			return true;
	return false;
}

void sq_rust_use_token(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_frame *tokens = &f[-1];
	const char *p = w->bytes.p;
	struct sq_slice text = sq_frame_text(w, f);
	uint32_t from = tokens->start + 1, at = before(w, from, f->start);
	char second, next = next_byte(w, f->end, tokens->end, &second);
	enum sq_role role = next == '(' ? SQ_ROLE_CALLEE : SQ_ROLE_VALUE;

	if (sq_rust_is_prelude(text) || is_keyword(text) || (at > from && p[at - 1] == '$'))
		return;
	if (next == '!' && second != '=') {
		(void)sq_walk_ref(w, f, SQ_REF_MACRO, sym, SQ_NONE, 0);
		return;
	}
	if (next == ':' && second == ':') {   /* on the way of a path: a type, or a module */
		if (!sq_rust_is_upper(text))
			return;
		role = SQ_ROLE_TYPE;
	}
	if (at > from && p[at - 1] == '.' && (at < 2 || p[at - 2] != '.'))
		use_member(w, f, sym, role, at - 1);
	else if (at > from + 1 && p[at - 1] == ':' && p[at - 2] == ':')
		use_member(w, f, sym, role, at - 2);
	else if (role == SQ_ROLE_TYPE || !sq_walk_is_local(w, sym))
		(void)sq_walk_ref(w, f, sq_ref_kind_of_role(role), sym, SQ_NONE, 0);
}
