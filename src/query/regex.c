/* SPDX-License-Identifier: MIT */
#include "query/regex.h"

#include <stdio.h>

#include "base/error.h"
#include "query/automaton.h"

struct sq_regex {
	struct sq_program *program;
	struct sq_automaton *automaton;
	char *literal;
	size_t n_literal;
	bool literal_is_all;
	char *prefix;           /* every match begins the text with it */
	size_t n_prefix;
	bool prefix_is_all;     /* and beginning with it is enough */
	struct sq_slice needs[SQ_REGEX_MAX_NEEDS];
	unsigned n_needs;
	bool icase;
	char *needs_text;       /* what they point to */
};

/* some strings, each followed by a NUL, of which a match contains one */
struct literals {
	struct sq_buf text;
	unsigned n;
	size_t shortest;
};

/* one pass over the pattern: what it may hold, and the literals in it */
struct reader {
	struct sq_slice in;
	size_t at;
	struct sq_buf run;      /* plain bytes in a row, outside of groups */
	struct sq_buf best;     /* the longest run so far */
	struct sq_buf prefix;   /* the run behind a '^' that begins the pattern */
	bool in_prefix, prefix_is_all;
	/* of the best group of plain alternatives: what each makes of the run
	 * before the group; else the best runs of the pattern's alternatives */
	struct literals any;
	unsigned flags;
	unsigned depth;
	/* atoms with repetitions written out: of each open group, and of the
	 * item just read, which a repetition still multiplies */
	uint64_t atoms[SQ_REGEX_MAX_DEPTH + 1];
	uint64_t last;
	bool has_choice;        /* '|' outside of groups: no literal is certain */
	bool only_literal;
	int error;              /* -ENOMEM */
	char *message;
};

static int refuse(struct reader *r, const char *what)
{
	snprintf(r->message, SQ_REGEX_MESSAGE,
		 "bad regular expression at its byte %zu: %s", r->at, what);
	return SQ_REGEX_E_SYNTAX;
}

static void end_run(struct reader *r)
{
	/* clearing forgets that a run is not what it should be */
	if (sq_buf_error(&r->run))
		r->error = sq_buf_error(&r->run);
	if (r->in_prefix) {
		r->in_prefix = false;
		sq_buf_add_slice(&r->prefix, sq_buf_slice(&r->run));
		if (sq_buf_error(&r->prefix))
			r->error = sq_buf_error(&r->prefix);
	}
	if (r->run.n > r->best.n) {
		sq_buf_clear(&r->best);
		sq_buf_add_slice(&r->best, sq_buf_slice(&r->run));
		if (sq_buf_error(&r->best))
			r->error = sq_buf_error(&r->best);
	}
	sq_buf_clear(&r->run);
}

static void end_literal(struct literals *l, size_t n)
{
	sq_buf_putc(&l->text, '\0');
	l->shortest = l->n ? SQ_MIN(l->shortest, n) : n;
	l->n++;
}

/* the pattern's own alternatives: the best run of the one that ends here */
static void end_alternative(struct reader *r)
{
	sq_buf_add_slice(&r->any.text, sq_buf_slice(&r->best));
	end_literal(&r->any, r->best.n);
	sq_buf_clear(&r->best);
}

/* is what ends before @i in every match? x+ is, x+* is not */
static bool is_certain(const struct reader *r, size_t i)
{
	while (i < r->in.n && r->in.p[i] == '+')
		i++;
	return i == r->in.n || !strchr("*?{", r->in.p[i]);
}

/* the alternatives of a group, behind the run before it; false: not plain ones */
static bool read_plain_group(const struct reader *r, struct literals *l)
{
	size_t i = r->at + 1, n = r->run.n;

	if (i + 1 < r->in.n && r->in.p[i] == '?' && r->in.p[i + 1] == ':')
		i += 2;
	sq_buf_add_slice(&l->text, sq_buf_slice(&r->run));
	for (; i < r->in.n && l->n < SQ_REGEX_MAX_NEEDS; i++) {
		char c = r->in.p[i];

		if (c == '|' || c == ')') {
			end_literal(l, n);
			n = r->run.n;
			if (c == ')')
				return is_certain(r, i + 1);
			sq_buf_add_slice(&l->text, sq_buf_slice(&r->run));
		} else if (!c || strchr("\\^$.[(*+?{", c)) {
			return false;
		} else {
			sq_buf_putc(&l->text, c);
			n++;
		}
	}
	return false;
}

static void note_group(struct reader *r)
{
	struct literals l = { .text = SQ_BUF_NULL };

	if (!r->has_choice && read_plain_group(r, &l) && l.shortest > r->any.shortest) {
		struct literals t = r->any;

		r->any = l;
		l = t;
	}
	if (sq_buf_error(&l.text))
		r->error = sq_buf_error(&l.text);
	sq_buf_deinit(&l.text);
}

/* something that is not one plain byte */
static void not_plain(struct reader *r)
{
	r->only_literal = false;
	end_run(r);
}

static void add_plain(struct reader *r, char c)
{
	if (!r->depth)
		sq_buf_putc(&r->run, c);
}

static int read_escape(struct reader *r)
{
	char c;

	if (r->at + 1 >= r->in.n)
		return refuse(r, "a backslash at the end");
	c = r->in.p[++r->at];
	r->last = 1;
	if (!c)
		return refuse(r, "a NUL byte");
	if (c >= '0' && c <= '9')
		return refuse(r, "back references are not supported");
	if (c == 'n' || c == 't') {
		add_plain(r, c == 'n' ? '\n' : '\t');
	} else if (strchr("dDwWsSbB<>", c)) {
		not_plain(r);
	} else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
		return refuse(r, "an unknown escape");
	} else {
		add_plain(r, c);
	}
	return 0;
}

/* behind ":alpha:]", ".x.]" or "=x=]" at @i */
static size_t skip_named_class(const struct reader *r, size_t i)
{
	char kind = r->in.p[i++];

	while (i + 1 < r->in.n && (r->in.p[i] != kind || r->in.p[i + 1] != ']'))
		i++;
	return SQ_MIN(i + 2, r->in.n);
}

/* up to its ']'; what it holds is the compiler's business, but for escapes */
static int read_class(struct reader *r)
{
	size_t start = r->at, i = r->at + 1, first;

	not_plain(r);
	r->last = 1;
	i += i < r->in.n && r->in.p[i] == '^';
	for (first = i; i < r->in.n; i++) {
		char c = r->in.p[i], next = i + 1 < r->in.n ? r->in.p[i + 1] : '\0';

		if (!c)
			return refuse(r, "a NUL byte");
		if (c == ']' && i > first) {
			r->at = i;
			return 0;
		}
		if (c == '\\' && next) {
			if ((next >= '0' && next <= '9') ||
			    ((next | 0x20) >= 'a' && (next | 0x20) <= 'z' && !strchr("dDwWsSnt", next)))
				return refuse(r, "an unknown escape in a class");
			i++;
		} else if (c == '[' && next && strchr(":.=", next)) {
			/* the ']' of [:alpha:] does not end the class */
			i = skip_named_class(r, i + 1) - 1;
		}
	}
	r->at = start;
	return refuse(r, "'[' without ']'");
}

/* {m}, {m,}, {m,n}: copied; its size multiplies */
static int read_interval(struct reader *r)
{
	uint64_t m = 0, largest = 0;
	size_t i = r->at + 1;
	bool is_open;

	for (; i < r->in.n && r->in.p[i] != '}'; i++) {
		char c = r->in.p[i];

		if (c == ',') {
			m = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return refuse(r, "'{' without a count (write \\{)");
		m = m * 10 + (uint64_t)(c - '0');
		largest = SQ_MAX(largest, m);
		if (largest > SQ_REGEX_MAX_REPEAT)
			return refuse(r, "a repetition over 1000");
	}
	if (i == r->in.n)
		return refuse(r, "'{' without '}' (write \\{)");
	/* without an end there is one more, which repeats */
	is_open = r->in.p[i - 1] == ',';
	r->last *= SQ_MAX(largest + is_open, (uint64_t)1);
	r->at = i;
	return 0;
}

static int read_repeat(struct reader *r, char c)
{
	int ret = 0;

	if (!r->last)
		return refuse(r, "nothing to repeat");
	r->only_literal = false;
	if (r->run.n && !is_certain(r, r->at))
		r->run.n--;
	end_run(r);
	if (c == '{')
		ret = read_interval(r);
	if (c == '+')
		r->last *= 2;   /* x++++ is no pattern, but nests as deep as it is long */
	if (!ret && r->at + 1 < r->in.n && r->in.p[r->at + 1] == '?')
		return refuse(r, "lazy repetition is not supported");
	return ret;
}

static int open_group(struct reader *r)
{
	if (!r->depth)
		note_group(r);
	not_plain(r);
	if (r->depth == SQ_REGEX_MAX_DEPTH)
		return refuse(r, "groups nested over 50 deep");
	if (r->at + 1 < r->in.n && r->in.p[r->at + 1] == '?') {
		if (r->at + 2 >= r->in.n || r->in.p[r->at + 2] != ':')
			return refuse(r, "only (?:...) is supported of (?...)");
		r->at += 2;
	}
	r->atoms[++r->depth] = 0;
	r->last = 0;
	return 0;
}

static int close_group(struct reader *r)
{
	if (!r->depth)
		return refuse(r, "')' without '('");
	r->last = r->atoms[r->depth--] + 1;
	return 0;
}

/* a '|' outside of groups: what groups before it hold is not certain */
static void note_choice(struct reader *r)
{
	if (!r->has_choice) {
		int error = sq_buf_error(&r->any.text);

		if (error)
			r->error = error;
		sq_buf_clear(&r->any.text);
		r->any.n = 0;
	}
	r->has_choice = true;
	end_alternative(r);
}

static int read_one(struct reader *r)
{
	char c = r->in.p[r->at];
	int ret = 0;

	/* what stands before is complete unless it is repeated now */
	if (!c || !strchr("*+?{", c)) {
		r->atoms[r->depth] += r->last;
		r->last = 0;
	}
	switch (c) {
	case '\0':
		return refuse(r, "a NUL byte");
	case '\\':
		return read_escape(r);
	case '[':
		return read_class(r);
	case '(':
		return open_group(r);
	case ')':
		return close_group(r);
	case '*':
	case '+':
	case '?':
	case '{':
		return read_repeat(r, c);
	case '|':
		not_plain(r);
		if (!r->depth)
			note_choice(r);
		break;
	case '^':
	case '$':
		not_plain(r);
		r->in_prefix = c == '^' && !r->at && !(r->flags & SQ_REGEXF_LINES);
		break;
	case '.':
		r->last = 1;
		not_plain(r);
		break;
	default:
		r->last = 1;
		add_plain(r, c);
	}
	return ret;
}

static int read_all(struct reader *r)
{
	int ret = 0;

	if (r->in.n > SQ_REGEX_MAX_BYTES)
		return refuse(r, "longer than 1024 bytes");
	for (; !ret && r->at < r->in.n; r->at++) {
		ret = read_one(r);
		if (!ret && r->atoms[r->depth] + r->last > SQ_REGEX_MAX_ATOMS)
			ret = refuse(r, "too large with repetitions written out");
	}
	if (ret)
		return ret;
	if (r->depth)
		return refuse(r, "'(' without ')'");
	r->prefix_is_all = r->in_prefix;
	end_run(r);
	if (r->has_choice)
		end_alternative(r);
	return 0;
}

static int compile(struct sq_regex *re, struct reader *r)
{
	const char *why;
	int ret;

	if (r->error)
		return sq_error_origin(-ENOMEM);
	ret = sq_program_new(r->in, r->flags, &re->program, &why);
	if (ret < 0)
		return sq_error_trace(ret);
	if (!ret)
		return sq_error_trace(sq_automaton_new(re->program, &re->automaton));
	r->at = 0;
	return refuse(r, why);
}

static void reader_deinit(struct reader *r)
{
	sq_buf_deinit(&r->run);
	sq_buf_deinit(&r->best);
	sq_buf_deinit(&r->prefix);
	sq_buf_deinit(&r->any.text);
}

/* a set of literals replaces the one when its shortest is longer */
static int take_needs(struct sq_regex *re, struct reader *r)
{
	const char *at;

	if (!r->has_choice && (r->best.n >= r->any.shortest || !r->any.n)) {
		sq_buf_clear(&r->any.text);
		r->any.n = 0;
		sq_buf_add_slice(&r->any.text, sq_buf_slice(&r->best));
		end_literal(&r->any, r->best.n);
	}
	if (sq_buf_error(&r->any.text))
		return sq_error_origin(-ENOMEM);
	if (!r->any.shortest || r->any.n > SQ_REGEX_MAX_NEEDS)
		return 0;
	at = re->needs_text = SQ_TAKE(r->any.text.p);
	for (; re->n_needs < r->any.n; at += strlen(at) + 1)
		re->needs[re->n_needs++] = sq_slice_z(at);
	return 0;
}

static void take_literals(struct sq_regex *re, struct reader *r)
{
	re->literal_is_all = r->only_literal;
	re->n_literal = r->best.n;
	re->literal = SQ_TAKE(r->best.p);
	re->prefix_is_all = r->prefix_is_all;
	re->n_prefix = r->prefix.n;
	re->prefix = SQ_TAKE(r->prefix.p);
}

int sq_regex_new_flags(struct sq_slice pattern, unsigned flags, struct sq_regex **ret_re,
		       char ret_message[SQ_REGEX_MESSAGE])
{
	struct reader r = {
		.in = pattern, .message = ret_message, .only_literal = true,
		.flags = flags,
	};
	struct sq_regex *re = sq_calloc(1, sizeof(*re));
	int ret;

	if (!re)
		return sq_error_origin(-ENOMEM);
	ret = read_all(&r);
	if (!ret)
		ret = compile(re, &r);
	if (!ret) {
		re->icase = flags & SQ_REGEXF_ICASE;
		ret = take_needs(re, &r);
		if (!re->icase && !r.has_choice)
			take_literals(re, &r);
	}
	if (ret)
		sq_regex_free(re);
	else
		*ret_re = re;
	reader_deinit(&r);
	return ret;
}

int sq_regex_new(struct sq_slice pattern, bool icase, struct sq_regex **ret_re,
		 char ret_message[SQ_REGEX_MESSAGE])
{
	unsigned flags = SQ_REGEXF_DOT_ALL | (icase ? SQ_REGEXF_ICASE : 0);

	return sq_regex_new_flags(pattern, flags, ret_re, ret_message);
}

static void add_glob(struct sq_slice g, struct sq_buf *out)
{
	sq_buf_putc(out, '^');
	for (size_t i = 0; i < g.n; i++) {
		struct sq_slice rest = sq_slice(g.p + i, g.n - i);

		if (sq_slice_has_prefix(rest, SQ_LIT("**/"))) {
			sq_buf_puts(out, "(.*/)?");
			i += 2;
		} else if (sq_slice_has_prefix(rest, SQ_LIT("**"))) {
			sq_buf_puts(out, ".*");
			i++;
		} else if (g.p[i] == '*') {
			sq_buf_puts(out, "[^/]*");
		} else if (g.p[i] == '?') {
			sq_buf_puts(out, "[^/]");
		} else if (sq_slice_has_prefix(rest, SQ_LIT("[!"))) {
			sq_buf_puts(out, "[^");
			i++;
		} else {
			if (strchr("\\^$.|()+{}", g.p[i]))
				sq_buf_putc(out, '\\');
			sq_buf_putc(out, g.p[i]);
		}
	}
	sq_buf_putc(out, '$');
}

int sq_regex_new_glob(struct sq_slice glob, struct sq_regex **ret_re,
		      char ret_message[SQ_REGEX_MESSAGE])
{
	struct sq_buf b = SQ_BUF_NULL;
	int r;

	add_glob(glob, &b);
	r = sq_buf_error(&b);
	if (!r)
		r = sq_regex_new(sq_buf_slice(&b), false, ret_re, ret_message);
	sq_buf_deinit(&b);
	return r;
}

struct sq_regex *sq_regex_free(struct sq_regex *re)
{
	if (re) {
		sq_automaton_free(re->automaton);
		sq_program_free(re->program);
		sq_free(re->literal);
		sq_free(re->prefix);
		sq_free(re->needs_text);
		sq_free(re);
	}
	return NULL;
}

/* memmem() is faster than a look a byte */
static bool has_need(const struct sq_regex *re, struct sq_slice text)
{
	if (re->n_needs < 2 || re->icase)
		return true;
	for (unsigned i = 0; i < re->n_needs; i++)
		if (text.n >= re->needs[i].n &&
		    memmem(text.p, text.n, re->needs[i].p, re->needs[i].n))
			return true;
	return false;
}

/* can the literals decide? 0 or 1; -1: they cannot */
static int match_literals(const struct sq_regex *re, struct sq_slice text)
{
	if (re->n_prefix && (text.n < re->n_prefix ||
			     memcmp(text.p, re->prefix, re->n_prefix)))
		return 0;
	if (re->prefix_is_all)
		return 1;
	if (text.n < re->n_literal ||
	    (re->n_literal &&
	     !memmem(text.p, text.n, re->literal, re->n_literal)))
		return 0;
	if (re->literal_is_all)
		return 1;
	return has_need(re, text) ? -1 : 0;
}

bool sq_regex_match(const struct sq_regex *re, struct sq_slice text)
{
	int yes = match_literals(re, text);

	return (yes < 0 ? sq_automaton_match(re->automaton, text, NULL) : yes) == 1;
}

int sq_regex_match_long(const struct sq_regex *re, struct sq_slice text, const bool *cancel,
			uint64_t *ret_work)
{
	int yes = match_literals(re, text);
	uint64_t before = sq_automaton_work(re->automaton);

	if (yes < 0)
		yes = sq_automaton_match(re->automaton, text, cancel);
	*ret_work = sq_automaton_work(re->automaton) - before;
	return yes;
}

struct sq_regex_needs sq_regex_needs(const struct sq_regex *re)
{
	return (struct sq_regex_needs){
		.v = re->needs, .n = re->n_needs, .icase = re->icase,
		.is_enough = re->literal_is_all && re->n_needs,
	};
}

bool sq_regex_prefix_is_all(const struct sq_regex *re)
{
	return re->prefix_is_all;
}

struct sq_slice sq_regex_literal(const struct sq_regex *re, bool *ret_is_all)
{
	*ret_is_all = re->literal_is_all;
	return sq_slice(re->literal, re->n_literal);
}

struct sq_slice sq_regex_prefix(const struct sq_regex *re)
{
	return sq_slice(re->prefix, re->n_prefix);
}
