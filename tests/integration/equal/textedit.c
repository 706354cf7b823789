/* SPDX-License-Identifier: MIT */
#include "textedit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t textedit_random(struct textedit *e)
{
	/* xorshift64 of G. Marsaglia */
	e->random ^= e->random << 13;
	e->random ^= e->random >> 7;
	e->random ^= e->random << 17;
	return e->random;
}

size_t textedit_below(struct textedit *e, size_t n)
{
	return n ? (size_t)(textedit_random(e) % n) : 0;
}

void textedit_replace(struct textedit *e, size_t at, size_t gone, const char *p, size_t n)
{
	struct sq_buf *text = &e->text;
	char *copy = malloc(text->n - gone + n + 1);

	if (!copy)
		abort();
	if (at)
		memcpy(copy, text->p, at);
	memcpy(copy + at, p, n);
	if (text->n > at + gone)
		memcpy(copy + at + n, text->p + at + gone, text->n - at - gone);
	n += text->n - gone;
	sq_buf_clear(text);
	sq_buf_add(text, copy, n);
	free(copy);
}

static size_t line_start(struct sq_slice text, size_t at)
{
	while (at && text.p[at - 1] != '\n')
		at--;
	return at;
}

size_t textedit_line(struct textedit *e, struct sq_slice text)
{
	return line_start(text, textedit_below(e, text.n));
}

size_t textedit_lines_length(struct sq_slice text, size_t at, size_t lines)
{
	size_t end = at;

	while (lines-- && end < text.n) {
		while (end < text.n && text.p[end] != '\n')
			end++;
		end += end < text.n;
	}
	return end - at;
}

void textedit_type_characters(struct textedit *e)
{
	static const char typed[] = "abxyz_019 \n\t(){}[];,.:=+-*/\"'#<>&|!?@\\";
	char s[8];
	size_t n = 1 + textedit_below(e, 4);

	for (size_t i = 0; i < n; i++)
		s[i] = typed[textedit_below(e, sizeof(typed) - 1)];
	textedit_replace(e, textedit_below(e, e->text.n + 1), 0, s, n);
}

void textedit_remove_characters(struct textedit *e)
{
	size_t at = textedit_below(e, e->text.n), n = 1 + textedit_below(e, 4);

	textedit_replace(e, at, SQ_MIN(n, e->text.n - at), "", 0);
}

void textedit_remove_lines(struct textedit *e)
{
	size_t at = textedit_line(e, sq_buf_slice(&e->text));

	textedit_replace(e, at, textedit_lines_length(sq_buf_slice(&e->text), at, 1 + textedit_below(e, 6)), "", 0);
}

void textedit_paste_lines(struct textedit *e, struct sq_slice from)
{
	size_t at = textedit_line(e, from), n = textedit_lines_length(from, at, 1 + textedit_below(e, 12));

	textedit_replace(e, line_start(sq_buf_slice(&e->text), textedit_below(e, e->text.n + 1)), 0,
			 from.p + at, n);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct sq_slice textedit_word(struct textedit *e, struct sq_slice text)
{
	size_t at = textedit_below(e, text.n), from, end;

	while (at < text.n && !is_word(text.p[at]))
		at++;
	for (from = at; from && is_word(text.p[from - 1]);)
		from--;
	for (end = at; end < text.n && is_word(text.p[end]);)
		end++;
	return sq_slice(text.p + from, end - from);
}

void textedit_rename_word(struct textedit *e)
{
	struct sq_slice word = textedit_word(e, sq_buf_slice(&e->text));
	char name[32];

	snprintf(name, sizeof(name), "name_%zu", textedit_below(e, 1000));
	if (word.n)
		textedit_replace(e, (size_t)(word.p - (const char *)e->text.p), word.n, name, strlen(name));
}

void textedit_toggle_comment(struct textedit *e, enum sq_lang lang)
{
	size_t at = textedit_line(e, sq_buf_slice(&e->text));
	const char *mark = lang == SQ_LANG_PYTHON ? "# " : "// ";
	size_t n = strlen(mark);

	if (e->text.n - at >= n && !memcmp(e->text.p + at, mark, n))
		textedit_replace(e, at, n, "", 0);
	else
		textedit_replace(e, at, 0, mark, n);
}

void textedit_comment_block(struct textedit *e)
{
	size_t at = textedit_line(e, sq_buf_slice(&e->text));
	size_t n = textedit_lines_length(sq_buf_slice(&e->text), at, 1 + textedit_below(e, 5));

	textedit_replace(e, at + n, 0, "*/\n", 3);
	textedit_replace(e, at, 0, "/*\n", 3);
}

void textedit_add_function(struct textedit *e, enum sq_lang lang, struct sq_slice name)
{
	const char *form = lang == SQ_LANG_PYTHON ? "\ndef %.*s(a):\n    return other(a)\n" :
			   lang == SQ_LANG_GO ? "\nfunc %.*s(a int) int { return other(a) }\n" :
			   lang == SQ_LANG_RUST ? "\nfn %.*s(a: i32) -> i32 { other(a) }\n" :
			   lang == SQ_LANG_JAVA ? "\nclass %.*s { int f(int a) { return g(a); } }\n" :
			   lang == SQ_LANG_C || lang == SQ_LANG_CPP ? "\nint %.*s(int a) { return other(a); }\n" :
			   "\nfunction %.*s(a) { return other(a); }\n";
	char s[256];

	snprintf(s, sizeof(s), form, (int)SQ_MIN(name.n, (size_t)100), name.p);
	textedit_replace(e, e->text.n, 0, s, strlen(s));
}
