/* SPDX-License-Identifier: MIT */
#include "tree/pattern.h"

#include <ctype.h>
#include <limits.h>

#include "base/error.h"

enum token_kind {
	TOKEN_BYTE,      /* this byte */
	TOKEN_ANY,       /* "?": a byte, no slash */
	TOKEN_SET,       /* "[...]": a byte of the set, no slash */
	TOKEN_STAR,      /* "*": any run without a slash */
	TOKEN_DEEP,      /* "**": any run */
	TOKEN_DEEP_SKIP, /* in front of TOKEN_DEEP '/': both may be left out */
};
struct sq_pattern_token {
	uint8_t kind;
	uint8_t byte;
	uint16_t set;
};

/*
 * Two stars always have a byte between them, and no path is longer than
 * PATH_MAX: a pattern of more tokens matches nothing.
 */
#define TOKENS_MAX (2 * PATH_MAX)

/* ---- compilation --------------------------------------------------------- */

struct compiler {
	const char *p, *end;            /* what is still to be read */
	const char *start;
	struct sq_pattern_token *tokens;
	uint64_t (*sets)[4];
	size_t n_tokens, n_sets;
	bool is_pathname;               /* "**" differs from "*" */
	bool is_bad;
};

static void emit(struct compiler *c, enum token_kind kind, char byte, size_t set)
{
	c->tokens[c->n_tokens++] = (struct sq_pattern_token){
		.kind = kind, .byte = (uint8_t)byte, .set = (uint16_t)set,
	};
}

static void set_add(uint64_t *set, unsigned first, unsigned last)
{
	for (unsigned b = first; b <= last; b++)
		set[b / 64] |= UINT64_C(1) << b % 64;
}

/* git's own: without vertical tab and form feed */
static int is_git_space(int b)
{
	return b == ' ' || b == '\t' || b == '\n' || b == '\r';
}

/* is @b in [:name:]? With @b < 0: is there such a class? */
static bool class_has(struct sq_slice name, int b)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
		{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
		{ "space", is_git_space }, { "upper", isupper }, { "xdigit", isxdigit },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(classes); i++)
		if (sq_slice_is(name, classes[i].name))
			return b < 0 || classes[i].is(b);
	return false;
}

enum { CLASS_NONE, CLASS_TAKEN, CLASS_BAD };

/* "[:alpha:]" inside of brackets; git wants the ':' right before the first ']' */
static int take_class(struct compiler *c, uint64_t *set)
{
	const char *name = c->p + 2, *end;

	if (c->end - c->p < 2 || c->p[0] != '[' || c->p[1] != ':')
		return CLASS_NONE;
	end = memchr(name, ']', (size_t)(c->end - name));
	if (!end)
		return CLASS_BAD;
	if (end == name || end[-1] != ':')
		return CLASS_NONE;
	if (!class_has(sq_slice(name, (size_t)(end - 1 - name)), -1))
		return CLASS_BAD;
	for (int b = 0; b < 128; b++)
		if (class_has(sq_slice(name, (size_t)(end - 1 - name)), b))
			set_add(set, (unsigned)b, (unsigned)b);
	c->p = end + 1;
	return CLASS_TAKEN;
}

/* one byte, perhaps escaped; -1 at the end of the pattern */
static int take_byte(struct compiler *c)
{
	if (c->p < c->end && *c->p == '\\')
		c->p++;
	return c->p < c->end ? (uint8_t)*c->p++ : -1;
}

/*
 * One element of a bracket expression. @prev is the byte that a following
 * '-' starts its range at; -1 when there is none.
 */
static bool take_element(struct compiler *c, uint64_t *set, int *prev)
{
	int b;

	switch (take_class(c, set)) {
	case CLASS_BAD:
		return false;
	case CLASS_TAKEN:
		*prev = -1;
		return true;
	default:
		break;
	}
	if (*c->p == '-' && *prev >= 0 && c->end - c->p > 1 && c->p[1] != ']') {
		c->p++;
		b = take_byte(c);
		if (b < 0)
			return false;
		if (*prev <= b)
			set_add(set, (unsigned)*prev, (unsigned)b);
		*prev = -1;
		return true;
	}
	b = take_byte(c);
	if (b < 0)
		return false;
	set_add(set, (unsigned)b, (unsigned)b);
	*prev = b;
	return true;
}

static void compile_set(struct compiler *c)
{
	uint64_t *set = c->sets[c->n_sets];
	bool is_negated = false;
	int prev = -1;

	memset(set, 0, sizeof(c->sets[0]));
	c->p++;
	if (c->p < c->end && (*c->p == '!' || *c->p == '^')) {
		is_negated = true;
		c->p++;
	}
	/* a ']' in first place is an element */
	do {
		if (c->p >= c->end || !take_element(c, set, &prev)) {
			c->is_bad = true;
			return;
		}
	} while (c->p >= c->end || *c->p != ']');
	c->p++;
	for (int i = 0; is_negated && i < 4; i++)
		set[i] = ~set[i];
	emit(c, TOKEN_SET, 0, c->n_sets++);
}

static void compile_stars(struct compiler *c)
{
	const char *first = c->p;
	bool is_deep = false;

	while (c->p < c->end && *c->p == '*')
		c->p++;
	/* "**" is more than "*" only between slashes */
	if (c->is_pathname && c->p - first >= 2 &&
	    (first == c->start || first[-1] == '/'))
		is_deep = c->p == c->end || *c->p == '/' ||
			  (*c->p == '\\' && c->end - c->p > 1 && c->p[1] == '/');
	if (is_deep && c->p < c->end && *c->p == '/')
		emit(c, TOKEN_DEEP_SKIP, 0, 0);
	emit(c, is_deep ? TOKEN_DEEP : TOKEN_STAR, 0, 0);
}

static void compile_glob(struct compiler *c)
{
	while (c->p < c->end && !c->is_bad) {
		switch (*c->p) {
		case '*':
			compile_stars(c);
			break;
		case '[':
			compile_set(c);
			break;
		case '?':
			emit(c, TOKEN_ANY, 0, 0);
			c->p++;
			break;
		case '\\':
			/* a lone one at the end matches nothing */
			if (++c->p == c->end) {
				c->is_bad = true;
				break;
			}
			/* fall through */
		default:
			emit(c, TOKEN_BYTE, *c->p++, 0);
		}
	}
	if (c->n_tokens > TOKENS_MAX)
		c->is_bad = true;
}

static bool is_special(char ch)
{
	return ch == '*' || ch == '?' || ch == '[' || ch == '\\';
}

static size_t literal_bytes(struct sq_slice s)
{
	size_t n = 0;

	while (n < s.n && !is_special(s.p[n]))
		n++;
	return n;
}

/* trailing blanks go, unless the first of them is escaped */
static struct sq_slice trim(struct sq_slice s)
{
	size_t keep = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			continue;
		if (s.p[i] == '\\' && ++i == s.n)
			return s;
		keep = i + 1;
	}
	return sq_slice(s.p, keep);
}

/* what is behind the literal part goes through the glob matcher */
static int compile_rest(struct sq_arena *a, struct sq_pattern *p)
{
	const char *rest = p->text + p->n_literal;
	size_t n = p->n_text - p->n_literal;
	struct compiler c = {
		.p = rest, .start = rest, .end = rest + n,
		.is_pathname = !p->is_basename,
	};
	size_t n_sets = 0;

	/* no more tokens than bytes: of "**" only the "*" in front makes two */
	for (size_t i = 0; i < n; i++)
		n_sets += rest[i] == '[';
	c.tokens = sq_arena_alloc(a, (n + 1) * sizeof(*c.tokens));
	c.sets = sq_arena_alloc(a, (n_sets + 1) * sizeof(*c.sets));
	if (!c.tokens || !c.sets)
		return sq_error_origin(-ENOMEM);
	if (n_sets > UINT16_MAX)
		c.is_bad = true;
	compile_glob(&c);
	p->tokens = c.tokens;
	p->n_tokens = (uint32_t)c.n_tokens;
	p->sets = (const uint64_t (*)[4])c.sets;
	p->is_never = c.is_bad;
	return 0;
}

int sq_pattern_compile(struct sq_arena *a, struct sq_slice line, struct sq_pattern *ret_p)
{
	struct sq_pattern p = { .text = NULL };
	const char *nul;
	size_t n_literal;
	int r = 0;

	if (!line.n || line.p[0] == '#')
		return SQ_PATTERN_E_NONE;
	if (line.p[line.n - 1] == '\r')
		line.n--;
	nul = line.n ? memchr(line.p, '\0', line.n) : NULL;
	if (nul)
		line.n = (size_t)(nul - line.p);
	line = trim(line);
	if (line.n && line.p[0] == '!') {
		p.is_negative = true;
		line = sq_slice(line.p + 1, line.n - 1);
	}
	if (!line.n || line.n > UINT32_MAX)
		return SQ_PATTERN_E_NONE;
	n_literal = literal_bytes(line);
	p.is_suffix = line.p[0] == '*' &&
		      literal_bytes(sq_slice(line.p + 1, line.n - 1)) == line.n - 1;
	if (line.p[line.n - 1] == '/') {
		p.is_dir_only = true;
		line.n--;
	}
	p.is_basename = !line.n || !memchr(line.p, '/', line.n);
	n_literal = SQ_MIN(n_literal, line.n);
	if (!p.is_basename && line.p[0] == '/') {
		line = sq_slice(line.p + 1, line.n - 1);
		n_literal--;
	}
	p.text = sq_arena_memdup(a, line.p, line.n);
	if (!p.text)
		return sq_error_origin(-ENOMEM);
	p.n_text = (uint32_t)line.n;
	p.n_literal = (uint32_t)n_literal;
	if (!p.is_basename)
		p.is_suffix = false;
	if (!p.is_suffix && p.n_literal < p.n_text)
		r = compile_rest(a, &p);
	if (!r)
		*ret_p = p;
	return r;
}

/* ---- matching ------------------------------------------------------------ */

/* for the tokens that take exactly one byte */
static bool token_takes(const struct sq_pattern *p, const struct sq_pattern_token *t, uint8_t b)
{
	switch (t->kind) {
	case TOKEN_BYTE:
		return b == t->byte;
	case TOKEN_ANY:
		return b != '/';
	case TOKEN_SET:
		return b != '/' && (p->sets[t->set][b / 64] >> b % 64 & 1);
	default:
		return false;
	}
}

/*
 * A name has at most 255 bytes and no slash, so going back to the last star is
 * cheap enough, and in the usual case there is nothing to go back to.
 */
static bool name_match(const struct sq_pattern *p, struct sq_slice text)
{
	size_t t = 0, i = 0, after_star = 0, star_end = 0;

	while (i < text.n) {
		if (t < p->n_tokens && p->tokens[t].kind == TOKEN_STAR) {
			after_star = ++t;
			star_end = i;
		} else if (t < p->n_tokens && token_takes(p, &p->tokens[t], (uint8_t)text.p[i])) {
			t++;
			i++;
		} else if (after_star) {
			t = after_star;
			i = ++star_end;
		} else {
			return false;
		}
	}
	while (t < p->n_tokens && p->tokens[t].kind == TOKEN_STAR)
		t++;
	return t == p->n_tokens;
}

#define WORDS_MAX (TOKENS_MAX / 64 + 1)

/*
 * The tokens are a nondeterministic automaton: bit i is "tokens before i have
 * matched". Steps that take no byte only go forward, so one ascending pass
 * over the bits closes a state set.
 */
struct states {
	uint64_t v[WORDS_MAX];
};

static void state_add(struct states *s, size_t i)
{
	s->v[i / 64] |= UINT64_C(1) << i % 64;
}

/* state @i of @now reads @b (-1: the end, nothing to read) */
static bool state_step(const struct sq_pattern *p, size_t i, int b, struct states *now,
		       struct states *next)
{
	const struct sq_pattern_token *t = &p->tokens[i];

	switch (t->kind) {
	case TOKEN_DEEP_SKIP:
		state_add(now, i + 1);
		state_add(now, i + 3);
		return false;
	case TOKEN_STAR:
	case TOKEN_DEEP:
		state_add(now, i + 1);
		if (b < 0 || (b == '/' && t->kind == TOKEN_STAR))
			return false;
		state_add(next, i);
		return true;
	default:
		break;
	}
	if (b < 0 || !token_takes(p, t, (uint8_t)b))
		return false;
	state_add(next, i + 1);
	return true;
}

/* Return: is any state left? @now is closed afterwards. */
static bool states_step(const struct sq_pattern *p, size_t n_words, int b,
			struct states *now, struct states *next)
{
	bool any = false;

	memset(next->v, 0, n_words * sizeof(next->v[0]));
	for (size_t w = 0; w < n_words; w++) {
		uint64_t done = 0, left;

		/* a step may add a higher bit to this very word */
		while ((left = now->v[w] & ~done)) {
			unsigned bit = (unsigned)__builtin_ctzll(left);
			size_t i = w * 64 + bit;

			done |= UINT64_C(1) << bit;
			if (i < p->n_tokens && state_step(p, i, b, now, next))
				any = true;
		}
	}
	return any;
}

static bool path_match(const struct sq_pattern *p, struct sq_slice text)
{
	/* state n_tokens is "all matched" */
	const size_t n_words = p->n_tokens / 64 + 1;
	struct states a, b, *now = &a, *next = &b, *t;

	memset(now->v, 0, n_words * sizeof(now->v[0]));
	state_add(now, 0);
	for (size_t i = 0; i < text.n; i++) {
		if (!states_step(p, n_words, (uint8_t)text.p[i], now, next))
			return false;
		t = now;
		now = next;
		next = t;
	}
	(void)states_step(p, n_words, -1, now, next);
	return now->v[p->n_tokens / 64] >> p->n_tokens % 64 & 1;
}

static bool match_basename(const struct sq_pattern *p, struct sq_slice base)
{
	if (p->is_suffix)
		return sq_slice_has_suffix(base, sq_slice(p->text + 1, p->n_text - 1));
	if (p->n_literal == p->n_text)
		return sq_slice_eq(base, sq_slice(p->text, p->n_text));
	if (!sq_slice_has_prefix(base, sq_slice(p->text, p->n_literal)))
		return false;
	return name_match(p, sq_slice(base.p + p->n_literal, base.n - p->n_literal));
}

bool sq_pattern_match(const struct sq_pattern *p, struct sq_slice rel, struct sq_slice base, bool is_dir)
{
	if (p->is_never || (p->is_dir_only && !is_dir))
		return false;
	if (p->is_basename)
		return match_basename(p, base);
	if (!sq_slice_has_prefix(rel, sq_slice(p->text, p->n_literal)))
		return false;
	if (p->n_literal == p->n_text)
		return rel.n == p->n_literal;
	return path_match(p, sq_slice(rel.p + p->n_literal, rel.n - p->n_literal));
}

struct sq_pattern_key sq_pattern_key(const struct sq_pattern *p)
{
	struct sq_pattern_key k = {
		.first = p->n_literal ? (uint8_t)p->text[0] : 0,
		.is_basename = p->is_basename, .is_dir_only = p->is_dir_only,
	};

	/* a slash at the end is there only where "**" may leave it out: "a**" "//" */
	if (p->n_tokens && p->tokens[p->n_tokens - 1].kind == TOKEN_BYTE &&
	    p->tokens[p->n_tokens - 1].byte != '/')
		k.last = p->tokens[p->n_tokens - 1].byte;
	else if (!p->n_tokens && p->n_text > p->is_suffix)
		k.last = (uint8_t)p->text[p->n_text - 1];
	return k;
}
