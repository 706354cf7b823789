/* SPDX-License-Identifier: MIT */
/*
 * Where a C file may be cut: at the end of a line, after a ";" or the "}" of a
 * function at file level. Conditional directives between such places are
 * pieces of their own; a conditional that begins or goes on anywhere else
 * stays, to its #endif, in one piece with what is around it.
 *
 * Only brackets, quotes, comments and directives are read. Branches of a
 * conditional begin at the depth of its #if. A "}" in the first column ends a
 * function whatever the depth, so that a bracket that is missing spoils one
 * function.
 */
#include <ctype.h>
#include <endian.h>

#include "lang/lang-c.h"

#define PIECE_MIN 1024u    /* a parse has a price of its own, some 2 us */
/* a file of which at least one part in so many is lines that need no parser: less
 * is not worth that the rest may be parsed twice */
#define RUN_PART 2u
#define RUN_MIN 160u       /* bytes of #defines that are worth a piece of their own */
#define NESTED_MAX 64u     /* conditionals; deeper ones: the file is one piece */

#define NUMBERS_MIN 1024u  /* bytes of an initialiser that are worth a parse around them */
#define NUMBERS_NESTED 8u  /* braces in it */

enum mark_kind { MARK_CUT, MARK_IF, MARK_ELSE, MARK_ENDIF, MARK_RUN, MARK_NUMBERS };

/* a place between two tokens */
struct state {
	uint32_t depth, parens;
	bool is_complete;      /* a declaration or a directive ended here */
	bool is_function;      /* the outermost open brace begins a function */
	char before;           /* the last byte of the last token */
};
struct open_if { struct state at; uint32_t group; };
struct scan {
	const char *p, *end, *line;
	const char *no_run;    /* no run begins before it */
	struct state s;
	struct open_if ifs[NESTED_MAX];
	uint32_t n_ifs;
	struct sq_cut *cut;
	const char *base;
	int error;
};

enum { WORD = 1, SPACE };
static const uint8_t classes[256] = {
	['0' ... '9'] = WORD, ['A' ... 'Z'] = WORD, ['a' ... 'z'] = WORD, ['_'] = WORD,
	[0x80 ... 0xff] = WORD,
	[' '] = SPACE, ['\t'] = SPACE, ['\r'] = SPACE, ['\f'] = SPACE, ['\v'] = SPACE,
};

static uint8_t class_of(char c)
{
	return classes[(unsigned char)c];
}

/* inside braces all else says nothing about where to cut */
static bool is_special(char c)
{
	return c == '{' || c == '}' || c == '"' || c == '#' || c == '\'' || c == '/' || c == '\\';
}

/* the first special byte at or after p, or end */
static const char *find_special(const char *p, const char *end)
{
	for (; end - p >= 16; p += 16) {
		uint64_t half[2];
		sq_bytes16 b;

		memcpy(&b, p, sizeof(b));
		b = (sq_bytes16)((b & 0xfe) == '"') | (sq_bytes16)(b == '\'') | (sq_bytes16)(b == '/') |
		    (sq_bytes16)(b == '\\') | (sq_bytes16)(b == '{') | (sq_bytes16)(b == '}');   /* "#" is behind the double quote */
		memcpy(half, &b, sizeof(half));
		if (half[0])
			return p + __builtin_ctzll(le64toh(half[0])) / 8;
		if (half[1])
			return p + 8 + __builtin_ctzll(le64toh(half[1])) / 8;
	}
	while (p < end && !is_special(*p))
		p++;
	return p;
}

static bool can_cut(const struct state *s)
{
	return s->is_complete && !s->depth && !s->parens;
}

static void mark(struct scan *s, const char *start, const char *end, enum mark_kind kind, uint32_t group)
{
	struct sq_mark m = { (uint32_t)(start - s->base), (uint32_t)(end - s->base), group, (uint8_t)kind };

	if (sq_vec_push(&s->cut->marks, m) < 0)
		s->error = -ENOMEM;
}

/* past the "/" that ends the comment at p: stars are frequent in one, slashes are not */
static const char *comment_end(const char *p, const char *end)
{
	if (end - p < 4)
		return end;
	for (p += 3; p < end && (p = memchr(p, '/', (size_t)(end - p))); p++)
		if (p[-1] == '*')
			return p + 1;
	return end;
}

/* past the comment at p, or p when there is none */
static const char *skip_comment(const char *p, const char *end)
{
	if (end - p < 2 || p[0] != '/')
		return p;
	if (p[1] == '*')
		return comment_end(p, end);
	if (p[1] != '/')
		return p;
	for (p += 2; p < end && *p != '\n'; p++)
		p += *p == '\\' && p + 1 < end;
	return p;
}

/* past the literal at p; it does not go on in the next line */
static const char *skip_quoted(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote && *p != '\n')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end && *p == quote ? p + 1 : SQ_MIN(p, end);
}

/* the start of the line after the directive that p is in */
static const char *skip_directive(const char *p, const char *end)
{
	while (p < end && *p != '\n') {
		const char *after = skip_comment(p, end);

		if (after != p)
			p = after;
		else if (*p == '"' || *p == '\'')
			p = skip_quoted(p, end);
		else
			p += *p == '\\' && p + 1 < end ? 2 : 1;
	}
	return p < end ? p + 1 : end;
}

static void open_if(struct scan *s, const char *end)
{
	uint32_t group = (uint32_t)s->cut->groups.n;

	if (s->n_ifs == NESTED_MAX) {
		s->error = -E2BIG;
		return;
	}
	if (sq_vec_push(&s->cut->groups, can_cut(&s->s)) < 0)
		s->error = -ENOMEM;
	else
		s->ifs[s->n_ifs++] = (struct open_if){ s->s, group };
	mark(s, s->line, end, MARK_IF, group);
}

static void next_branch(struct scan *s, const char *end, bool is_last)
{
	struct open_if *top;

	if (!s->n_ifs)
		return;
	top = &s->ifs[s->n_ifs - 1];
	s->cut->groups.v[top->group] &= can_cut(&s->s);
	mark(s, s->line, end, is_last ? MARK_ENDIF : MARK_ELSE, top->group);
	if (is_last)
		s->n_ifs--;
	else
		s->s = top->at;
}

/* the run that begins on this line, if there is one; it may be cut after each of its lines */
static bool run(struct scan *s)
{
	const char *p = s->line, *next;
	size_t n = 0, first = s->cut->marks.n;
	struct sq_c_line l;

	mark(s, p, p, MARK_RUN, 0);
	while (p < s->end && (next = sq_c_run_line(p, s->end, &l))) {
		n += l.name ? (size_t)(next - p) : 0;
		p = next;
		mark(s, p, p, MARK_CUT, 0);
	}
	s->no_run = p;
	if (n < RUN_MIN || s->error) {
		s->cut->marks.n = SQ_MIN(first, s->cut->marks.n);
		return false;
	}
	s->cut->marks.v[first].end = (uint32_t)(p - s->base);
	s->p = s->line = p;
	return true;
}

static void directive(struct scan *s)
{
	const char *p = s->p + 1, *end = skip_directive(s->p, s->end), *from;
	struct sq_slice word;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	for (from = p; p < end && class_of(*p) == WORD; p++)
		;
	word = sq_slice(from, (size_t)(p - from));
	if (sq_slice_is(word, "if") || sq_slice_is(word, "ifdef") || sq_slice_is(word, "ifndef"))
		open_if(s, end);
	else if (sq_slice_has_prefix(word, SQ_LIT("el")))
		next_branch(s, end, false);
	else if (sq_slice_is(word, "endif"))
		next_branch(s, end, true);
	s->p = s->line = end;
	if (can_cut(&s->s))
		mark(s, end, end, MARK_CUT, 0);
}

/* extern "C" { in a conditional: its end is in another one */
static bool is_linkage(const struct scan *s)
{
	return s->s.before == '"' && !s->s.depth && s->n_ifs;
}

/* past the comment at p, unless a backslash may make a line of it go on */
static const char *skip_plain_comment(const char *p, const char *end)
{
	const char *after = skip_comment(p, end);

	return after - p > 1 && p[1] == '/' && memchr(p, '\\', (size_t)(after - p)) ? p : after;
}

/* past the spaces, newlines and comments at p */
static const char *skip_space(const char *p, const char *end)
{
	const char *from;

	do {
		from = p;
		while (p < end && (class_of(*p) == SPACE || *p == '\n'))
			p++;
		p = skip_plain_comment(p, end);
	} while (p != from);
	return p;
}

/* past the whole number at p; NULL: there is none that is surely one */
static const char *skip_number(const char *p, const char *end)
{
	const char *digits;

	p += p < end && *p == '-';
	if (end - p > 2 && p[0] == '0' && (p[1] | 0x20) == 'x')
		for (digits = p += 2; p < end && isxdigit((unsigned char)*p); p++)
			;
	else
		for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
			;
	if (p == digits)
		return NULL;
	while (p < end && strchr("uUlL", *p) && *p)
		p++;
	return p < end && (class_of(*p) == WORD || *p == '.' || *p == '\'') ? NULL : p;
}

/*
 * Elements of an initialiser from p on that are numbers, or braces with such: whoever
 * leaves them out reads the same. *ret_from: behind the first element's comma.
 * Return: behind the last one's
 */
static const char *skip_numbers(const char *p, const char *end, const char **ret_from)
{
	uint32_t depth = 0;
	bool is_element = false;   /* is an element behind us, and a comma before us? */

	*ret_from = NULL;
	for (const char *last = p;;) {
		p = skip_space(p, end);
		if (p == end)
			return last;
		if (!is_element && *p == '{' && depth < NUMBERS_NESTED) {
			depth++;
			p++;
		} else if (*p == '}' && depth) {
			depth--;
			p++;
			is_element = true;
		} else if (is_element && *p == ',') {
			p++;
			is_element = false;
			last = depth ? last : p;
			if (!depth && !*ret_from)
				*ret_from = p;
		} else if (is_element || !(p = skip_number(p, end))) {
			return last;
		} else {
			is_element = true;
		}
	}
}

/* the numbers that an initialiser at file level begins with, if they are many */
static void skip_initialiser(struct scan *s)
{
	const char *from, *to = skip_numbers(s->p + 1, s->end, &from), *newline;

	if (!from || to - from < (ptrdiff_t)NUMBERS_MIN)
		return;
	mark(s, from, to, MARK_NUMBERS, 0);
	newline = memrchr(s->p, '\n', (size_t)(to - s->p));
	if (newline)
		s->line = newline + 1;
	s->p = to - 1;   /* other() goes on behind it */
}

static void bracket(struct scan *s, char c)
{
	struct state *t = &s->s;

	if (c == '{') {
		t->is_complete = is_linkage(s);
		if (t->is_complete)
			return;
		if (!t->depth++)
			t->is_function = t->before == ')' || s->p == s->line;
		if (t->depth == 1 && t->before == '=' && s->cut->want_runs)
			skip_initialiser(s);
	} else if (c == '}') {
		if (t->depth)
			t->depth = s->p == s->line && t->is_function ? 0 : t->depth - 1;
		else
			t->is_function = true;   /* the other end of a linkage */
		if (!t->depth)
			t->parens = 0;
		t->is_complete = !t->depth && t->is_function;
	} else {
		t->is_complete = false;
		if (c == '(' && !t->depth)
			t->parens++;
		else if (c == ')' && !t->depth && t->parens)
			t->parens--;
	}
}

static void newline(struct scan *s)
{
	s->line = ++s->p;
	if (can_cut(&s->s))
		mark(s, s->p, s->p, MARK_CUT, 0);
}

static bool is_first_of_line(const struct scan *s)
{
	for (const char *p = s->p; p > s->line; p--)
		if (class_of(p[-1]) != SPACE)
			return false;
	return true;
}

static void other(struct scan *s)
{
	char c = *s->p;

	switch (c) {
	case '"':
	case '\'':
		s->p = skip_quoted(s->p, s->end);
		s->s.is_complete = false;
		s->s.before = c;
		return;
	case '{':
	case '}':
	case '(':
	case ')':
		bracket(s, c);
		break;
	case ';':
		s->s.is_complete = true;
		break;
	default:
		s->s.is_complete = false;
	}
	s->s.before = c;
	s->p++;
}

/* to the next byte that may end what is in braces, or hide one that does */
static void skip_plain(struct scan *s)
{
	const char *from = s->p, *newline;

	s->p = find_special(from, s->end);
	newline = memrchr(from, '\n', (size_t)(s->p - from));
	if (newline)
		s->line = newline + 1;
}

static void step(struct scan *s)
{
	const char *after;
	char c;

	if (s->s.depth) {
		skip_plain(s);
		if (s->p == s->end)
			return;
	}
	c = *s->p;
	if (class_of(c) == SPACE) {
		s->p++;
	} else if (class_of(c) == WORD) {
		while (s->p < s->end && class_of(*s->p) == WORD)
			s->p++;
		s->s.is_complete = false;
		s->s.before = s->p[-1];
	} else if (c == '\n') {
		newline(s);
	} else if (c == '/' && (after = skip_comment(s->p, s->end)) != s->p) {
		s->p = after;
	} else if (c == '#' && is_first_of_line(s)) {
		if (s->line < s->no_run || !can_cut(&s->s) || !run(s))
			directive(s);
	} else if (c == '\\' && s->p + 1 < s->end) {
		s->p += 2;   /* a line that goes on */
	} else {
		other(s);
	}
}

/* ---- from marks to pieces ---------------------------------------------------- */

struct pieces {
	struct sq_cut *cut;
	const char *base;
	uint32_t from, row, counted;   /* row of byte counted */
	uint32_t skip, skip_end;       /* the longest numbers behind from */
	int error;
};

static uint32_t row_at(struct pieces *x, uint32_t byte)
{
	x->row += sq_count_lines(x->base + x->counted, byte - x->counted);
	x->counted = byte;
	return x->row;
}

static void add_piece(struct pieces *x, uint32_t start, uint32_t end, enum sq_piece_kind kind)
{
	struct sq_piece piece = { .start = start, .end = end, .row = row_at(x, start), .kind = (uint8_t)kind };

	if (x->skip >= start && x->skip_end <= end) {
		piece.skip = x->skip;
		piece.skip_end = x->skip_end;
	}
	x->skip = x->skip_end = 0;
	if (sq_vec_push(&x->cut->pieces, piece) < 0)
		x->error = -ENOMEM;
}

/* one half of a linkage, or nothing but space */
static bool says_nothing(const char *p, const char *end)
{
	while (p < end && (class_of(*p) == SPACE || *p == '\n'))
		p++;
	while (end > p && (class_of(end[-1]) == SPACE || end[-1] == '\n'))
		end--;
	return p == end || (end - p == 1 && *p == '}') ||
	       (end - p < 32 && sq_slice_has_prefix(sq_slice(p, (size_t)(end - p)), SQ_LIT("extern \"C")) &&
		end[-1] == '{');
}

static void end_piece(struct pieces *x, uint32_t end)
{
	if (!says_nothing(x->base + x->from, x->base + end))
		add_piece(x, x->from, end, SQ_PIECE_TEXT);
	x->from = end;
}

static void make_pieces(struct pieces *x, bool with_runs)
{
	uint32_t n_whole = 0;   /* open conditionals that stay in their piece */

	for (size_t i = 0; i < x->cut->marks.n; i++) {
		const struct sq_mark *m = &x->cut->marks.v[i];

		if (m->kind == MARK_CUT) {
			if (!n_whole && m->end >= x->from + PIECE_MIN)   /* not in a run */
				end_piece(x, m->end);
		} else if (m->kind == MARK_NUMBERS) {
			if (m->end - m->start > x->skip_end - x->skip) {
				x->skip = m->start;
				x->skip_end = m->end;
			}
		} else if (m->kind == MARK_RUN) {
			if (n_whole || !with_runs)
				continue;
			end_piece(x, m->start);
			add_piece(x, m->start, m->end, SQ_PIECE_DEFINES);
			x->from = m->end;
		} else if (!x->cut->groups.v[m->group]) {
			n_whole += m->kind == MARK_IF;
			n_whole -= m->kind == MARK_ENDIF;
		} else if (!n_whole) {
			end_piece(x, m->start);
			if (m->kind != MARK_ENDIF)
				add_piece(x, m->start, m->end, SQ_PIECE_CONDITION);
			x->from = m->end;
		}
	}
}

/* bytes of runs that are not in a conditional that stays whole */
static uint64_t count_run_bytes(const struct sq_cut *c)
{
	uint32_t n_whole = 0;
	uint64_t n = 0;

	for (size_t i = 0; i < c->marks.n; i++) {
		const struct sq_mark *m = &c->marks.v[i];

		if (m->kind == MARK_RUN)
			n += n_whole ? 0 : m->end - m->start;
		else if (m->kind != MARK_CUT && m->kind != MARK_NUMBERS && !c->groups.v[m->group])
			n_whole += m->kind == MARK_IF ? 1 : m->kind == MARK_ENDIF ? -1u : 0;
	}
	return n;
}

int sq_c_cut(struct sq_slice bytes, struct sq_cut *c)
{
	struct scan s = {
		.p = bytes.p, .end = bytes.p + bytes.n, .line = bytes.p, .no_run = bytes.p,
		.base = bytes.p, .cut = c, .s = { .is_complete = true },
	};
	struct pieces x = { .cut = c, .base = bytes.p };

	sq_vec_clear(&c->pieces);
	sq_vec_clear(&c->marks);
	sq_vec_clear(&c->groups);
	while (s.p < s.end && !s.error)
		step(&s);
	if (s.error == -E2BIG)
		return sq_cut_whole(bytes, c);
	while (s.n_ifs)
		c->groups.v[s.ifs[--s.n_ifs].group] = false;
	if (!s.error) {
		c->run_bytes = count_run_bytes(c);
		c->has_runs = c->run_bytes && c->run_bytes >= bytes.n / RUN_PART;
		make_pieces(&x, c->has_runs && c->want_runs);
	}
	if (!s.error && !x.error)
		end_piece(&x, (uint32_t)bytes.n);
	return s.error || x.error ? sq_error_origin(-ENOMEM) : 0;
}
