/* SPDX-License-Identifier: MIT */
/* Fields that no index answers read the source of one file at a time. */
#include <ctype.h>

#include "base/error.h"
#include "query/returns.h"
#include "query/run.h"

static int index_lines(struct sq_run_source *s)
{
	const char *p = s->text.p, *end = p + s->text.n;
	int r;

	sq_vec_clear(&s->lines);
	r = sq_vec_push(&s->lines, 0);
	while (!r && p < end && (p = memchr(p, '\n', (size_t)(end - p))))
		r = sq_vec_push(&s->lines, (uint32_t)(++p - s->text.p));
	return r;
}

/* the source of the file at hand. 0; 1: not to be had */
static int load(struct sq_run *run)
{
	struct sq_run_source *s = &run->source;
	uint64_t max = run->o->max_text_bytes ? run->o->max_text_bytes : SQ_QUERY_MAX_TEXT;
	int r;

	if (s->file == run->file)
		return s->is_there ? 0 : 1;
	if (s->n_bytes + run->bound->size_bytes > max) {
		run->cut = SQ_CUT_TEXT;
		return SQ_RUN_E_BUDGET;
	}
	/* reading is far from free: ask for the flag at each file */
	run->next_look = 0;
	r = sq_run_step(run, 1);
	if (r)
		return r;
	s->file = run->file;
	s->is_there = false;
	sq_buf_clear(&s->text);
	r = run->o->source->read(run->o->source->arg, run->bound, &s->text);
	if (!r && sq_buf_error(&s->text))
		r = -ENOMEM;
	if (r < 0)
		return sq_error_trace(r);
	s->n_bytes += s->text.n;
	if (r) {
		s->n_unread++;
		return 1;
	}
	r = index_lines(s);
	if (r < 0)
		return sq_error_trace(r);
	s->is_there = true;
	return 0;
}

int sq_run_text(struct sq_run *run, const struct sq_def *d, struct sq_slice *ret)
{
	const struct sq_run_source *s = &run->source;
	size_t from, to;
	int r = load(run);

	if (r)
		return r;
	if (!d->start_line || d->start_line > s->lines.n || d->end_line > s->lines.n ||
	    !d->end_line)
		return 1;
	from = (size_t)s->lines.v[d->start_line - 1] + d->start_col;
	to = (size_t)s->lines.v[d->end_line - 1] + d->end_col;
	if (from > to || to > s->text.n)
		return 1;
	*ret = sq_slice(s->text.p + from, to - from);
	return 0;
}

int sq_run_signature(struct sq_run *run, const struct sq_def *d, struct sq_slice *ret)
{
	int r = load(run);

	if (r)
		return r;
	if ((uint64_t)d->sig_off + d->sig_len > run->source.text.n)
		return 1;
	*ret = sq_slice(run->source.text.p + d->sig_off, d->sig_len);
	return 0;
}

/* ---- what a signature returns ---------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* where @name stands as a word of its own in front of a bracket; s.n: nowhere */
static size_t find_name(struct sq_slice s, struct sq_slice name)
{
	for (size_t i = 0; name.n && i + name.n <= s.n; i++) {
		size_t end = i + name.n;

		if (memcmp(s.p + i, name.p, name.n) || (i && is_word(s.p[i - 1])) ||
		    (end < s.n && is_word(s.p[end])))
			continue;
		while (end < s.n && isspace((unsigned char)s.p[end]))
			end++;
		if (end < s.n && strchr("(<[=:", s.p[end]))
			return i;
	}
	return s.n;
}

static struct sq_slice trim(struct sq_slice s)
{
	while (s.n && isspace((unsigned char)s.p[0]))
		s = sq_slice(s.p + 1, s.n - 1);
	while (s.n && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	return s;
}

/* what follows the parameters, the first bracket behind @at */
static struct sq_slice behind_parameters(struct sq_slice s, size_t at)
{
	unsigned depth = 0;

	for (; at < s.n; at++) {
		if (s.p[at] == '(')
			depth++;
		else if (s.p[at] == ')' && depth && !--depth)
			return trim(sq_slice(s.p + at + 1, s.n - at - 1));
	}
	return SQ_SLICE_NULL;
}

static bool is_modifier(struct sq_slice w)
{
	static const char *const words[] = {
		"static", "inline", "extern", "virtual", "explicit", "constexpr",
		"friend", "public", "protected", "private", "final", "abstract",
		"synchronized", "native", "default", "strictfp", "__inline",
		"__inline__", "__always_inline", "__init", "__exit", "noinline",
		"consteval",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(words); i++)
		if (sq_slice_is(w, words[i]))
			return true;
	return w.n && w.p[0] == '@';
}

/* "static inline int": "int" */
static struct sq_slice drop_modifiers(struct sq_slice s)
{
	for (;;) {
		size_t n = 0;

		s = trim(s);
		while (n < s.n && (is_word(s.p[n]) || s.p[n] == '@' || s.p[n] == '.'))
			n++;
		if (!n || !is_modifier(sq_slice(s.p, n)))
			return s;
		s = sq_slice(s.p + n, s.n - n);
	}
}

/* "int Foo::bar(": what stands in front of the name and of its qualifiers */
static struct sq_slice before_name(struct sq_slice s, size_t at)
{
	while (at >= 2 && s.p[at - 1] == ':' && s.p[at - 2] == ':') {
		at -= 2;
		while (at && (is_word(s.p[at - 1]) || s.p[at - 1] == '~'))
			at--;
	}
	return drop_modifiers(sq_slice(s.p, at));
}

static struct sq_slice behind_arrow(struct sq_slice s)
{
	if (sq_slice_has_prefix(s, SQ_LIT("->")))
		return trim(sq_slice(s.p + 2, s.n - 2));
	return SQ_SLICE_NULL;
}

static struct sq_slice until_where(struct sq_slice s)
{
	const char *where = s.n ? memmem(s.p, s.n, "where", 5) : NULL;

	if (where && where > s.p && isspace((unsigned char)where[-1]))
		s.n = (size_t)(where - s.p);
	return trim(s);
}

static struct sq_slice returns_c(struct sq_slice sig, size_t at)
{
	struct sq_slice type = before_name(sig, at), rest;
	const char *arrow;

	if (!sq_slice_is(type, "auto"))
		return type;
	rest = behind_parameters(sig, at);
	arrow = rest.n ? memmem(rest.p, rest.n, "->", 2) : NULL;
	if (!arrow)
		return type;
	return behind_arrow(sq_slice(arrow, rest.n - (size_t)(arrow - rest.p)));
}

struct sq_slice sq_returns_of(enum sq_lang lang, struct sq_slice sig, struct sq_slice name)
{
	size_t at = find_name(sig, name);
	struct sq_slice rest;

	if (at == sig.n)
		return SQ_SLICE_NULL;
	if (lang == SQ_LANG_C || lang == SQ_LANG_CPP)
		return returns_c(sig, at);
	if (lang == SQ_LANG_JAVA)
		return before_name(sig, at);
	rest = behind_parameters(sig, at);
	switch (lang) {
	case SQ_LANG_RUST:
		return until_where(behind_arrow(rest));
	case SQ_LANG_PYTHON:
		return behind_arrow(rest);
	case SQ_LANG_GO:
		return rest;
	default:
		if (rest.n && rest.p[0] == ':')
			return trim(sq_slice(rest.p + 1, rest.n - 1));
		return SQ_SLICE_NULL;
	}
}

bool sq_returns_match(struct sq_slice type, struct sq_slice want)
{
	for (size_t i = 0; i + want.n <= type.n; i++) {
		size_t end = i + want.n;

		if (memcmp(type.p + i, want.p, want.n))
			continue;
		if (is_word(want.p[0]) && i && is_word(type.p[i - 1]))
			continue;
		if (is_word(want.p[want.n - 1]) && end < type.n && is_word(type.p[end]))
			continue;
		return true;
	}
	return false;
}
