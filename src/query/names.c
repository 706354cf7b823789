/* SPDX-License-Identifier: MIT */
#include "query/names.h"

#include <string.h>

#include "base/atomic.h"
#include "base/error.h"

#define CANCEL_STRIDE 4096u     /* names between two looks at the flag */

/* what is looked for */
struct want {
	const struct sq_regex *re;      /* NULL: a text of ->needs is enough */
	struct sq_regex_needs needs;
	const bool *cancel;
};

static void add(struct sq_name_set *s, sq_name id)
{
	uint64_t bit = 1ull << (id & 63);

	s->n += !(s->bits[id >> 6] & bit);
	s->bits[id >> 6] |= bit;
}

static bool is_canceled(const bool *cancel)
{
	/* no order needed: nothing else is read on behalf of the flag */
	return cancel && sq_load_relaxed(cancel);
}

static bool is_match(const struct want *w, struct sq_slice name)
{
	if (w->re)
		return sq_regex_match(w->re, name);
	return memmem(name.p, name.n, w->needs.v[0].p, w->needs.v[0].n);
}

static int match_each(const struct sq_dict *d, const struct want *w, struct sq_name_set *s)
{
	for (uint32_t i = 0; i < d->n; i++) {
		if (i % CANCEL_STRIDE == 0 && is_canceled(w->cancel))
			return -ECANCELED;
		if (is_match(w, sq_dict_get(d, d->first + i)))
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

/* does the hit of @n bytes at @at lie in the name, and is the name meant? */
static bool is_hit(const struct want *w, struct sq_slice name, const char *at, size_t n)
{
	if (at + n > name.p + name.n)
		return false;   /* it goes over into the next one */
	return !w->re || w->needs.is_enough || sq_regex_match(w->re, name);
}

static int match_literal(const struct sq_dict *d, const struct want *w, struct sq_slice literal,
			 struct sq_name_set *s)
{
	const char *end = d->bytes + d->n_string_bytes;
	const char *at = d->bytes;
	uint32_t i = 0, n_hits = 0;

	while ((at = memmem(at, (size_t)(end - at), literal.p, literal.n))) {
		if (n_hits++ % CANCEL_STRIDE == 0 && is_canceled(w->cancel))
			return -ECANCELED;
		i = string_at(d, i, (uint32_t)(at - d->bytes));
		if (sq_name_set_has(s, d->first + i) ||
		    is_hit(w, sq_dict_get(d, d->first + i), at, literal.n)) {
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

static int match_literals(const struct sq_dict *d, const struct want *w, struct sq_name_set *s)
{
	int r = 0;

	if (!w->needs.n || w->needs.icase)
		return match_each(d, w, s);
	for (unsigned i = 0; !r && i < w->needs.n; i++)
		r = match_literal(d, w, w->needs.v[i], s);
	return r;
}

/* ---- by the index of a big dictionary ---------------------------------------------- */

/* the names at places [from, to) of the order that match */
static int match_places(const struct sq_dict *d, const struct want *w, uint32_t from, uint32_t to,
			bool all, struct sq_name_set *s)
{
	for (uint32_t at = from; at < to; at++) {
		sq_name id = d->first + d->index->order[at];

		if (at % CANCEL_STRIDE == 0 && is_canceled(w->cancel))
			return -ECANCELED;
		if (all || is_match(w, sq_dict_get(d, id)))
			add(s, id);
	}
	return 0;
}

static int match_blocks(const struct sq_dict *d, const struct want *w, const uint8_t *set,
			struct sq_name_set *s)
{
	int r = 0;

	for (uint32_t b = 0; !r && b < d->index->n_blocks; b++)
		if (sq_name_blocks_has(set, b))
			r = match_places(d, w, b << SQ_NAME_BLOCK_SHIFT,
					 SQ_MIN((b + 1) << SQ_NAME_BLOCK_SHIFT, d->n), false, s);
	return r;
}

/* the blocks that may have a match, to @set; names in them; UINT32_MAX: cannot tell */
static uint32_t choose_blocks(const struct sq_name_index *x, const struct want *w, uint8_t *set,
			      uint8_t *one)
{
	size_t n_bytes = sq_name_blocks_bytes(x);
	uint64_t n = 0;

	memset(set, 0, n_bytes);
	for (unsigned i = 0; i < w->needs.n; i++) {
		if (w->needs.v[i].n < 3)
			return UINT32_MAX;
		memset(one, 0xff, n_bytes);
		sq_name_index_narrow(x, w->needs.v[i], one);
		for (size_t k = 0; k < n_bytes; k++)
			set[k] |= one[k];
	}
	for (uint32_t b = 0; b < x->n_blocks; b++)
		n += sq_name_blocks_has(set, b);
	return w->needs.n ? (uint32_t)SQ_MIN(n << SQ_NAME_BLOCK_SHIFT, (uint64_t)x->n) : UINT32_MAX;
}

/* reading a name by its place costs about as much as four in a row */
static bool is_few(const struct sq_dict *d, const struct want *w, uint32_t n)
{
	return n <= (w->needs.n && !w->needs.icase ? d->n / 4 : d->n);
}

static int match_indexed(const struct sq_dict *d, const struct want *w, struct sq_name_set *s)
{
	struct sq_slice prefix = w->re ? sq_regex_prefix(w->re) : SQ_SLICE_NULL;
	bool all = w->re && prefix.n && sq_regex_prefix_is_all(w->re);
	size_t n_bytes = sq_name_blocks_bytes(d->index);
	_cleanup_(sq_freep) uint8_t *set = NULL;
	uint32_t from = 0, to = UINT32_MAX, n;

	if (prefix.n)
		sq_name_index_prefix(d->index, d, prefix, &from, &to);
	if (all || to - from <= SQ_NAME_BLOCK)
		return match_places(d, w, from, to, all, s);
	set = sq_malloc(2 * n_bytes);
	if (!set)
		return sq_error_origin(-ENOMEM);
	n = choose_blocks(d->index, w, set, set + n_bytes);
	if (prefix.n && to - from <= n && is_few(d, w, to - from))
		return match_places(d, w, from, to, false, s);
	if (n != UINT32_MAX && is_few(d, w, n))
		return match_blocks(d, w, set, s);
	return match_literals(d, w, s);
}

static int match_all(const struct sq_version *v, const struct want *w, struct sq_name_set *ret_s)
{
	struct sq_name_set s = { .n_names = v->n_names };
	int r = 0;

	s.bits = sq_calloc(s.n_names / 64 + 1, sizeof(*s.bits));
	if (!s.bits)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; !r && i < v->n_dicts; i++)
		r = v->dicts[i]->index ? match_indexed(v->dicts[i], w, &s) :
					 match_literals(v->dicts[i], w, &s);
	if (r < 0)
		sq_name_set_deinit(&s);
	else
		*ret_s = s;
	return r;
}

int sq_name_set_match(const struct sq_version *v, const struct sq_regex *re,
		      const bool *cancel, struct sq_name_set *ret_s)
{
	struct want w = { .re = re, .needs = sq_regex_needs(re), .cancel = cancel };

	return match_all(v, &w, ret_s);
}

int sq_name_set_contain(const struct sq_version *v, struct sq_slice text,
			const bool *cancel, struct sq_name_set *ret_s)
{
	struct want w = { .needs = { .v = &text, .n = 1, .is_enough = true }, .cancel = cancel };

	return match_all(v, &w, ret_s);
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
