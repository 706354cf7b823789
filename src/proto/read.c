/* SPDX-License-Identifier: MIT */
/*
 * RFC 8259, nothing more: a request is read in a microsecond because there is
 * one allocation for a small document and no object for a value. Children are
 * collected on a stack and move into the arena when their container is closed.
 */
#include "proto/tree.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "proto/plain.h"

#define DEPTH_MAX 2048u
#define STACK_FIRST 64u
#define FEW_MEMBERS 16u         /* so many are compared each with each */
#define NUMBER_MAX 64u          /* bytes of a real that needs no allocation */

struct reader {
	const char *text, *p, *end;
	struct sq_arena *arena;
	struct sq_json *stack;          /* first, or grown in the heap */
	size_t n, cap;
	unsigned depth;
	const char *fault;              /* NULL: out of memory */
	struct sq_json first[STACK_FIRST];
};

/* ---- small things ------------------------------------------------------------- */

static bool fail(struct reader *r, const char *what)
{
	r->fault = what;
	return false;
}

static bool no_memory(struct reader *r)
{
	return fail(r, NULL);
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool push(struct reader *r, const struct sq_json *v)
{
	if (r->n == r->cap) {
		bool is_first = r->stack == r->first;
		struct sq_json *grown = sq_realloc(is_first ? NULL : r->stack, r->cap * 2 * sizeof(*v));

		if (!grown)
			return no_memory(r);
		if (is_first)
			memcpy(grown, r->first, sizeof(r->first));
		r->stack = grown;
		r->cap *= 2;
	}
	r->stack[r->n++] = *v;
	return true;
}

/* ---- strings ------------------------------------------------------------------ */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* four hex digits at r->p; -1: they are not */
static int take_hex4(struct reader *r)
{
	int code = 0;

	if (r->end - r->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*r->p++);

		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* behind "\u": one character, of two halves where it is above U+FFFF */
static char *unescape_unicode(struct reader *r, char *to)
{
	int high = take_hex4(r), low;

	if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
		return NULL;
	if (high < 0xd800 || high > 0xdfff)
		return put_utf8(to, (uint32_t)high);
	if (!take(r, '\\') || !take(r, 'u'))
		return NULL;
	low = take_hex4(r);
	if (low < 0xdc00 || low > 0xdfff)
		return NULL;
	return put_utf8(to, 0x10000u + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
}

/* behind the backslash */
static char *unescape(struct reader *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", what[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c = r->p < r->end ? *r->p++ : '\0';

	if (c == 'u')
		return unescape_unicode(r, to);
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return NULL;
	*to++ = what[at - from];
	return to;
}

/* with r->p where the first byte that is not plain stands; @to has what came before */
static bool read_rest(struct reader *r, char *to, const char **ret_end)
{
	for (;;) {
		size_t bad, n;

		if (r->p == r->end)
			return fail(r, "a string does not end");
		if (sq_plain_is((unsigned char)*r->p)) {
			*to++ = *r->p++;
		} else if (*r->p == '"') {
			*ret_end = to;
			return true;
		} else if (*r->p == '\\') {
			r->p++;
			to = unescape(r, to);
			if (!to)
				return fail(r, "a wrong escape");
		} else {
			n = (unsigned char)*r->p < 0x20 ? 0 :
			    sq_utf8_span(r->p, (size_t)(r->end - r->p), &bad);
			if (!n)
				return fail(r, "a control character, or no UTF-8");
			memcpy(to, r->p, n);
			to += n;
			r->p += n;
		}
	}
}

/* an unescaped string is never longer than its source */
static bool read_special(struct reader *r, const char *start, struct sq_json *ret)
{
	const char *scan = r->p, *last;
	char *to;

	while (scan < r->end && *scan != '"')
		scan += *scan == '\\' && scan + 1 < r->end ? 2 : 1;
	to = sq_arena_alloc(r->arena, (size_t)(scan - start) + 1);
	if (!to)
		return no_memory(r);
	ret->s = to;
	memcpy(to, start, (size_t)(r->p - start));
	if (!read_rest(r, to + (r->p - start), &last))
		return false;
	ret->n = (uint32_t)(last - ret->s);
	to[ret->n] = '\0';
	r->p++;
	return true;
}

/* on the opening quote */
static bool read_string(struct reader *r, struct sq_json *ret)
{
	const char *start = ++r->p;
	char *to;

	ret->type = SQ_JSON_STRING;
	r->p += sq_plain_span(r->p, (size_t)(r->end - r->p));
	if (r->p == r->end || *r->p != '"')
		return read_special(r, start, ret);
	ret->n = (uint32_t)(r->p - start);
	to = sq_arena_alloc(r->arena, ret->n + 1u);
	if (!to)
		return no_memory(r);
	memcpy(to, start, ret->n);
	to[ret->n] = '\0';
	ret->s = to;
	r->p++;
	return true;
}

/* ---- numbers ------------------------------------------------------------------ */

static bool skip_digits(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > start;
}

/* strtod follows the host's locale, JSON's point does not */
static bool read_real(struct reader *r, struct sq_slice source, struct sq_json *ret)
{
	const char *point = localeconv()->decimal_point;
	size_t cap = source.n + strlen(point) + 1, n = 0;
	char few[NUMBER_MAX], *z = cap <= sizeof(few) ? few : sq_malloc(cap);

	if (!z)
		return no_memory(r);
	for (size_t i = 0; i < source.n; i++) {
		if (source.p[i] != '.') {
			z[n++] = source.p[i];
			continue;
		}
		memcpy(z + n, point, strlen(point));
		n += strlen(point);
	}
	z[n] = '\0';
	ret->type = SQ_JSON_REAL;
	ret->r = strtod(z, NULL);
	if (z != few)
		sq_free(z);
	return isfinite(ret->r) || fail(r, "a number that is too large");
}

/* false: more than an int64_t holds */
static bool to_integer(struct sq_slice s, int64_t *ret)
{
	bool negative = s.p[0] == '-';
	int64_t v = 0;

	for (size_t i = negative; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return false;
	}
	*ret = v;
	return true;
}

static bool read_number(struct reader *r, struct sq_json *ret)
{
	const char *start = r->p;
	bool is_real = false;
	struct sq_slice s;

	(void)take(r, '-');
	if (!take(r, '0') && !skip_digits(r))
		return fail(r, "neither a value nor an end");
	if (take(r, '.')) {
		is_real = true;
		if (!skip_digits(r))
			return fail(r, "a point without digits");
	}
	if (take(r, 'e') || take(r, 'E')) {
		is_real = true;
		if (!take(r, '+'))
			(void)take(r, '-');
		if (!skip_digits(r))
			return fail(r, "an exponent without digits");
	}
	s = sq_slice(start, (size_t)(r->p - start));
	ret->type = SQ_JSON_INT;
	return (!is_real && to_integer(s, &ret->i)) || read_real(r, s, ret);
}

/* ---- containers --------------------------------------------------------------- */

static bool read_value(struct reader *r, struct sq_json *ret);

/* what stands above @base on the stack becomes the children of @ret */
static bool close_container(struct reader *r, size_t base, struct sq_json *ret)
{
	size_t bytes = (r->n - base) * sizeof(r->stack[0]);
	struct sq_json *v = NULL;

	if (bytes) {
		v = sq_arena_alloc(r->arena, bytes);
		if (!v)
			return no_memory(r);
		memcpy(v, r->stack + base, bytes);
	}
	ret->v = v;
	r->n = base;
	return true;
}

static bool read_array(struct reader *r, struct sq_json *ret)
{
	size_t base = r->n;
	struct sq_json v;

	ret->type = SQ_JSON_ARRAY;
	skip_space(r);
	while (!take(r, ']')) {
		if (r->n > base && !take(r, ','))
			return fail(r, "neither ',' nor ']'");
		if (!read_value(r, &v) || !push(r, &v))
			return false;
		skip_space(r);
	}
	ret->n = (uint32_t)(r->n - base);
	return close_container(r, base, ret);
}

static struct sq_slice key_of(const struct sq_json *key)
{
	return sq_slice(key->s, key->n);
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct sq_json *members = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = sq_slice_cmp(key_of(&members[2 * (size_t)x]), key_of(&members[2 * (size_t)y]));

	return r ? r : (x > y) - (x < y);
}

/* the first member with a key keeps its place and gets the last one's value */
static size_t squeeze(struct sq_json *members, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!members[2 * i].s)
			continue;
		memmove(&members[2 * kept], &members[2 * i], 2 * sizeof(members[0]));
		kept++;
	}
	return kept;
}

static bool drop_repeated_sorted(struct reader *r, struct sq_json *members, size_t *n)
{
	uint32_t *order = sq_malloc(*n * sizeof(*order)), first;

	if (!order)
		return no_memory(r);
	for (size_t i = 0; i < *n; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, *n, sizeof(*order), by_key, members);
	first = order[0];
	for (size_t i = 1; i < *n; i++) {
		struct sq_json *key = &members[2 * (size_t)order[i]];

		if (!sq_slice_eq(key_of(&members[2 * (size_t)first]), key_of(key))) {
			first = order[i];
			continue;
		}
		members[2 * (size_t)first + 1] = key[1];
		key->s = NULL;
	}
	sq_free(order);
	*n = squeeze(members, *n);
	return true;
}

/* the last one counts: an earlier one of the same key has its place taken */
static bool drop_repeated(struct reader *r, size_t base)
{
	struct sq_json *members = r->stack + base;
	size_t n = (r->n - base) / 2;
	bool any = false;

	if (n > FEW_MEMBERS) {
		if (!drop_repeated_sorted(r, members, &n))
			return false;
		r->n = base + 2 * n;
		return true;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (members[2 * k].s && sq_slice_eq(key_of(&members[2 * i]), key_of(&members[2 * k]))) {
				members[2 * k + 1] = members[2 * i + 1];
				members[2 * i].s = NULL;
				any = true;
				break;
			}
	if (any)
		r->n = base + 2 * squeeze(members, n);
	return true;
}

static bool read_member(struct reader *r)
{
	struct sq_json key = { .at = (uint32_t)(r->p - r->text) }, v;

	if (r->p == r->end || *r->p != '"')
		return fail(r, "a key is no string");
	if (!read_string(r, &key))
		return false;
	if (memchr(key.s, '\0', key.n))
		return fail(r, "a key with a NUL");
	key.end = (uint32_t)(r->p - r->text);
	skip_space(r);
	if (!take(r, ':'))
		return fail(r, "no ':' behind a key");
	return push(r, &key) && read_value(r, &v) && push(r, &v);
}

static bool read_object(struct reader *r, struct sq_json *ret)
{
	size_t base = r->n;

	ret->type = SQ_JSON_OBJECT;
	skip_space(r);
	while (!take(r, '}')) {
		if (r->n > base) {
			if (!take(r, ','))
				return fail(r, "neither ',' nor '}'");
			skip_space(r);
		}
		if (!read_member(r))
			return false;
		skip_space(r);
	}
	if (!drop_repeated(r, base))
		return false;
	ret->n = (uint32_t)((r->n - base) / 2);
	return close_container(r, base, ret);
}

/* ---- values ------------------------------------------------------------------- */

static bool read_word(struct reader *r, const char *word, struct sq_json *ret, enum sq_json_type type, bool b)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n))
		return fail(r, "neither a value nor an end");
	r->p += n;
	ret->type = (uint8_t)type;
	ret->b = b;
	return true;
}

static bool read_any(struct reader *r, struct sq_json *ret)
{
	switch (*r->p) {
	case '"':
		return read_string(r, ret);
	case '{':
	case '[':
		return *r->p++ == '{' ? read_object(r, ret) : read_array(r, ret);
	case 't':
		return read_word(r, "true", ret, SQ_JSON_BOOL, true);
	case 'f':
		return read_word(r, "false", ret, SQ_JSON_BOOL, false);
	case 'n':
		return read_word(r, "null", ret, SQ_JSON_NULL, false);
	default:
		return read_number(r, ret);
	}
}

static bool read_value(struct reader *r, struct sq_json *ret)
{
	skip_space(r);
	if (r->p == r->end)
		return fail(r, "the text ends early");
	*ret = (struct sq_json){ .at = (uint32_t)(r->p - r->text) };
	if (++r->depth > DEPTH_MAX)
		return fail(r, "nested too deeply");
	if (!read_any(r, ret))
		return false;
	r->depth--;
	ret->end = (uint32_t)(r->p - r->text);
	return true;
}

int sq_json_read(struct sq_slice text, struct sq_json_doc *d, struct sq_json_fault *ret_fault)
{
	struct reader r;
	bool ok;

	/* not all of it: the stack is large */
	r.text = r.p = text.n ? text.p : "";
	r.end = r.text + text.n;
	r.arena = &d->arena;
	r.stack = r.first;
	r.n = 0;
	r.cap = STACK_FIRST;
	r.depth = 0;
	r.fault = NULL;
	if (text.n >= UINT32_MAX)
		ok = fail(&r, "longer than 4 GiB");
	else
		ok = read_value(&r, &d->root);
	if (ok) {
		skip_space(&r);
		ok = r.p == r.end || fail(&r, "something behind the end");
	}
	if (r.stack != r.first)
		sq_free(r.stack);
	if (ok)
		return 0;
	if (!r.fault)
		return sq_error_origin(-ENOMEM);
	*ret_fault = (struct sq_json_fault){ (size_t)(r.p - r.text), r.fault };
	return SQ_JSON_E_SYNTAX;
}
