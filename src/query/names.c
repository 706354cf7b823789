/* SPDX-License-Identifier: MIT */
#include "query/names.h"

#include "base/atomic.h"
#include "base/error.h"

#define CANCEL_STRIDE 4096u     /* names between two looks at the flag */

static void add(struct sq_name_set *s, sq_name id)
{
	s->bits[id >> 6] |= 1ull << (id & 63);
	s->n++;
}

static bool is_canceled(const bool *cancel)
{
	/* no order needed: nothing else is read on behalf of the flag */
	return cancel && sq_load_relaxed(cancel);
}

static int match_each(const struct sq_dict *d, const struct sq_regex *re,
		      const bool *cancel, struct sq_name_set *s)
{
	for (uint32_t i = 0; i < d->n; i++) {
		if (i % CANCEL_STRIDE == 0 && is_canceled(cancel))
			return -ECANCELED;
		if (sq_regex_match(re, sq_dict_get(d, d->first + i)))
			add(s, d->first + i);
	}
	return 0;
}

/* index of the string that holds byte @at, which is >= offsets[from] */
static uint32_t string_at(const struct sq_dict *d, uint32_t from, uint32_t at)
{
	uint32_t lo = from, hi = d->n;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (d->offsets[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static bool is_match(const struct sq_regex *re, struct sq_slice name, const char *at,
		     size_t n)
{
	if (!re)
		return at + n <= name.p + name.n;
	return sq_regex_match(re, name);
}

/* @re: NULL when holding the literal is enough */
static int match_literal(const struct sq_dict *d, const struct sq_regex *re,
			 struct sq_slice literal, const bool *cancel,
			 struct sq_name_set *s)
{
	const char *end = d->bytes + d->n_string_bytes;
	const char *at = d->bytes;
	uint32_t i = 0, n_hits = 0;

	while ((at = memmem(at, (size_t)(end - at), literal.p, literal.n))) {
		if (n_hits++ % CANCEL_STRIDE == 0 && is_canceled(cancel))
			return -ECANCELED;
		i = string_at(d, i, (uint32_t)(at - d->bytes));
		/* a hit across two strings is none */
		if (is_match(re, sq_dict_get(d, d->first + i), at, literal.n)) {
			add(s, d->first + i);
			if (++i == d->n)
				break;
			at = d->bytes + d->offsets[i];
		} else {
			at++;
		}
	}
	return 0;
}

static int match_all(const struct sq_version *v, const struct sq_regex *re,
		     struct sq_slice literal, const bool *cancel,
		     struct sq_name_set *ret_s)
{
	struct sq_name_set s = { .n_names = v->n_names };
	int r = 0;

	s.bits = sq_calloc(s.n_names / 64 + 1, sizeof(*s.bits));
	if (!s.bits)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; !r && i < v->n_dicts; i++) {
		if (literal.n)
			r = match_literal(v->dicts[i], re, literal, cancel, &s);
		else
			r = match_each(v->dicts[i], re, cancel, &s);
	}
	if (r < 0)
		sq_name_set_deinit(&s);
	else
		*ret_s = s;
	return r;
}

int sq_name_set_match(const struct sq_version *v, const struct sq_regex *re,
		      const bool *cancel, struct sq_name_set *ret_s)
{
	bool is_all;
	struct sq_slice literal = sq_regex_literal(re, &is_all);

	return match_all(v, is_all && literal.n ? NULL : re, literal, cancel, ret_s);
}

int sq_name_set_contain(const struct sq_version *v, struct sq_slice text,
			const bool *cancel, struct sq_name_set *ret_s)
{
	return match_all(v, NULL, text, cancel, ret_s);
}

void sq_name_set_deinit(struct sq_name_set *s)
{
	sq_free(s->bits);
	*s = (struct sq_name_set){ 0 };
}

sq_name sq_name_set_next(const struct sq_name_set *s, sq_name from)
{
	for (uint32_t w = from >> 6; from < s->n_names; from = ++w << 6) {
		uint64_t bits = s->bits[w] & ~0ull << (from & 63);

		if (bits)
			return (w << 6) + (uint32_t)__builtin_ctzll(bits);
	}
	return SQ_NAME_NONE;
}
