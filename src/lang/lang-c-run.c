/* SPDX-License-Identifier: MIT */
/*
 * Runs of one-line #defines, with the blank lines and comments among them,
 * read without the parser. A third of the kernel's bytes are such lines.
 *
 * A line is taken only when the grammar can read it in one way: a plain name,
 * then white space and a text without backslash, carriage return, control or
 * non-ASCII byte, and with no slash but that of one comment at its end. All
 * other lines end the run.
 */
#include "lang/lang-c.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static bool is_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* after the comment at p, which begins with a slash; NULL: it does not end before @end */
static const char *skip_comment(const char *p, const char *end)
{
	const char *close = end - p < 4 || p[1] != '*' ? NULL :
			    memmem(p + 2, (size_t)(end - p - 2), "*/", 2);

	return close ? close + 2 : NULL;
}

/* after a comment of any number of lines with nothing but blanks behind it */
static const char *comment_line(const char *p, const char *end)
{
	p = skip_comment(p, end);
	if (!p)
		return NULL;
	p = skip_blanks(p, end);
	return p < end && *p == '\n' ? p + 1 : NULL;
}

/* after the comment that ends a directive: the grammar wants its newline at once */
static const char *last_comment(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline && skip_comment(p, newline) == newline ? newline + 1 : NULL;
}

/* the text of a macro from p on; NULL: not that simple */
static const char *macro_text(const char *p, const char *end, struct sq_c_line *l)
{
	l->text = p;
	while (p < end && *p != '\n') {
		unsigned char c = (unsigned char)*p;

		if (c == '/') {
			l->text_end = p;
			return p > l->text ? last_comment(p, end) : NULL;
		}
		if (c == '\\' || c >= 0x7f || (c < ' ' && c != '\t'))
			return NULL;
		p++;
	}
	l->text_end = p;
	return p < end ? p + 1 : NULL;
}

static const char *define_line(const char *p, const char *end, struct sq_c_line *l)
{
	static const char word[] = "define";

	l->start = p;
	p = skip_blanks(p + 1, end);
	if (end - p < (ptrdiff_t)sizeof(word) || memcmp(p, word, sizeof(word) - 1) != 0 ||
	    !is_blank(p[sizeof(word) - 1]))
		return NULL;
	p = skip_blanks(p + sizeof(word), end);
	for (l->name = p; p < end && is_name(*p, p == l->name); p++)
		;
	l->name_end = p;
	if (p == l->name || p == end || !(is_blank(*p) || *p == '\n'))
		return NULL;
	if (is_blank(*p) && *skip_blanks(p, end - 1) == '\n')
		return NULL;   /* blanks instead of a text: an error to the grammar */
	return macro_text(skip_blanks(p, end), end, l);
}

const char *sq_c_run_line(const char *p, const char *end, struct sq_c_line *ret_l)
{
	*ret_l = (struct sq_c_line){ .name = NULL };
	p = skip_blanks(p, end);
	if (p == end)
		return NULL;
	if (*p == '\n')
		return p + 1;
	if (*p == '/')
		return comment_line(p, end);
	return *p == '#' ? define_line(p, end, ret_l) : NULL;
}

/* as the walk does it for a preproc_def */
static void add_define(struct sq_walk *w, const struct sq_c_line *l, const char *line,
		       const char *next, uint32_t row)
{
	const char *end = next;
	uint32_t sym = sq_walk_sym(w, sq_slice(l->name, (size_t)(l->name_end - l->name)));
	uint32_t outer = w->encl;

	while (end > l->start && (is_blank(end[-1]) || end[-1] == '\n'))
		end--;
	w->encl = sq_walk_def_line(w, sq_slice(l->start, (size_t)(end - l->start)), row + 1,
				   (uint32_t)(l->start - line), SQ_KIND_MACRO, sym);
	if (l->text_end > l->text)
		sq_c_scan_text(w, sq_slice(l->text, (size_t)(l->text_end - l->text)), row + 1,
			       (uint32_t)(l->text - line));
	w->encl = outer;
}

void sq_c_run(struct sq_walk *w, const struct sq_piece *piece)
{
	const char *p = w->bytes.p + piece->start, *end = w->bytes.p + piece->end, *next;
	uint32_t row = piece->row;
	struct sq_c_line l;

	for (; p < end && (next = sq_c_run_line(p, end, &l)); p = next) {
		if (l.name) {
			add_define(w, &l, p, next, row);
			row++;   /* a define is one line */
		} else {
			row += sq_count_lines(p, (size_t)(next - p));
		}
	}
}
