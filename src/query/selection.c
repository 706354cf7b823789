/* SPDX-License-Identifier: MIT */
#include "query/selection.h"

#include "base/error.h"

void sq_numbering_deinit(struct sq_numbering *n)
{
	sq_free(n->first);
	n->first = NULL;
}

int sq_numbering_make(struct sq_numbering *n)
{
	uint64_t sum = 0;
	uint32_t *first;

	if (n->first)
		return 0;
	first = sq_malloc(((size_t)n->v->n_file_ids + 1) * sizeof(*first));
	if (!first)
		return sq_error_origin(-ENOMEM);
	for (sq_file f = 0; f < n->v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(n->v, f);

		first[f] = (uint32_t)sum;
		sum += b ? b->columns.n_defs : 0;
	}
	first[n->v->n_file_ids] = (uint32_t)sum;
	if (sum > UINT32_MAX) {
		sq_free(first);
		return sq_error_origin(-EOVERFLOW);
	}
	n->first = first;
	return 0;
}

void sq_selection_deinit(struct sq_selection *s)
{
	sq_vec_deinit(&s->keys);
	sq_free(s->bits);
	s->bits = NULL;
	s->n = 0;
}

static void set_bit(struct sq_selection *s, uint64_t key)
{
	uint32_t i = sq_number(s->numbering, sq_key_file(key), sq_key_def(key));

	s->bits[i >> 6] |= 1ull << (i & 63);
}

static int to_bits(struct sq_selection *s)
{
	int r = sq_numbering_make(s->numbering);

	if (r < 0)
		return sq_error_trace(r);
	s->bits = sq_calloc(sq_numbering_total(s->numbering) / 64 + 1, sizeof(*s->bits));
	if (!s->bits)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < s->keys.n; i++)
		set_bit(s, s->keys.v[i]);
	sq_vec_deinit(&s->keys);
	return 0;
}

int sq_selection_add(struct sq_selection *s, sq_file f, uint32_t def)
{
	int r;

	if (!s->bits && s->keys.n < SQ_SELECTION_FEW)
		return sq_vec_push(&s->keys, sq_key(f, def));
	if (!s->bits) {
		r = to_bits(s);
		if (r < 0)
			return sq_error_trace(r);
	}
	set_bit(s, sq_key(f, def));
	return 0;
}

int sq_selection_add_keys(struct sq_selection *s, const struct sq_keyset *keys)
{
	int r = 0;

	for (size_t i = 0; !r && i < keys->n; i++)
		r = sq_selection_add(s, sq_key_file(keys->v[i]), sq_key_def(keys->v[i]));
	return sq_error_trace(r);
}

void sq_selection_seal(struct sq_selection *s)
{
	size_t n = 0;

	if (!s->bits) {
		sq_keyset_seal(&s->keys);
		s->n = s->keys.n;
		return;
	}
	for (uint32_t i = 0; i <= sq_numbering_total(s->numbering) / 64; i++)
		n += (size_t)__builtin_popcountll(s->bits[i]);
	s->n = n;
}

bool sq_selection_has(const struct sq_selection *s, sq_file f, uint32_t def)
{
	uint32_t i;

	if (!s->bits)
		return sq_keyset_has(&s->keys, sq_key(f, def));
	i = sq_number(s->numbering, f, def);
	return s->bits[i >> 6] >> (i & 63) & 1;
}

bool sq_selection_next(struct sq_selection_cursor *c, uint64_t *ret_key)
{
	const struct sq_selection *s = c->s;
	uint64_t bits, total;

	if (!s->bits) {
		if (c->at >= s->keys.n)
			return false;
		*ret_key = s->keys.v[c->at++];
		return true;
	}
	total = sq_numbering_total(s->numbering);
	for (; c->at < total; c->at = (c->at | 63) + 1) {
		bits = s->bits[c->at >> 6] >> (c->at & 63);
		if (bits)
			break;
	}
	if (c->at >= total)
		return false;
	c->at += (uint64_t)__builtin_ctzll(bits);
	while (s->numbering->first[c->file + 1] <= c->at)
		c->file++;
	*ret_key = sq_key(c->file, (uint32_t)(c->at - s->numbering->first[c->file]));
	c->at++;
	return true;
}
