/* SPDX-License-Identifier: MIT */
#include "graph/dict.h"

#include "base/atomic.h"
#include "base/error.h"
#include "base/hash.h"

/* four fifths full; 32 bits of the hash give the home, so 2^32 at most */
static uint64_t slots_for(uint32_t n)
{
	return (uint64_t)n + n / 4 + 1;
}

static uint32_t home_of(const struct sq_dict *d, uint32_t hash32)
{
	return (uint64_t)hash32 * d->n_slots >> 32;
}

static uint32_t after(const struct sq_dict *d, uint32_t slot)
{
	return slot + 1 < d->n_slots ? slot + 1 : 0;
}

/* the bits of a slot that are its tag */
static uint32_t tag_of(const struct sq_dict *d, uint32_t hash32)
{
	return (uint32_t)((uint64_t)hash32 << d->index_bits);
}

int sq_dict_new(struct sq_birth birth, sq_name first, uint32_t n, uint64_t n_string_bytes,
		struct sq_dict **ret_d)
{
	uint64_t n_slots = slots_for(n);
	uint64_t bytes = sizeof(struct sq_dict);
	struct sq_dict *d;

	if (n_string_bytes > UINT32_MAX || n_slots > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	bytes += ((uint64_t)n + 1 + n_slots) * sizeof(uint32_t) + n_string_bytes;
	d = sq_piece_alloc(SQ_PIECE_DICT, birth, bytes);
	if (!d)
		return sq_error_origin(-ENOMEM);
	d->index = NULL;
	d->first = first;
	d->n = n;
	d->n_slots = (uint32_t)n_slots;
	d->index_bits = n ? 32 - (uint32_t)__builtin_clz(n) : 1;
	d->n_string_bytes = (uint32_t)n_string_bytes;
	d->offsets = (const uint32_t *)(d + 1);
	d->slots = d->offsets + n + 1;
	d->bytes = (const char *)(d->slots + n_slots);
	memset((uint32_t *)d->slots, 0, n_slots * sizeof(uint32_t));
	sq_dict_offsets(d)[0] = 0;
	sq_dict_offsets(d)[n] = d->n_string_bytes;
	*ret_d = d;
	return 0;
}

void sq_dict_place(struct sq_dict *d, uint32_t i, uint32_t hash32)
{
	uint32_t *slots = (uint32_t *)d->slots;
	uint32_t at = home_of(d, hash32), slot = (i + 1) | tag_of(d, hash32);

	for (;; at = after(d, at)) {
		uint32_t empty = 0;

		/* relaxed: a slot's value says nothing about other memory;
		 * readers see the table only after its makers have joined */
		if (!sq_load_relaxed(&slots[at]) && sq_cas_acq_rel(&slots[at], &empty, slot))
			return;
	}
}

static uint32_t hash32_of(struct sq_slice s)
{
	return (uint32_t)(sq_hash64(s.p, s.n, 0) >> 32);
}

int sq_dict_make(struct sq_birth birth, sq_name first, const struct sq_slice *strings, uint32_t n,
		 struct sq_dict **ret_d)
{
	uint64_t total = 0;
	uint32_t at = 0;
	struct sq_dict *d;
	int r;

	for (uint32_t i = 0; i < n; i++)
		total += strings[i].n;
	r = sq_dict_new(birth, first, n, total, &d);
	if (r < 0)
		return sq_error_trace(r);
	for (uint32_t i = 0; i < n; i++) {
		sq_dict_offsets(d)[i] = at;
		if (strings[i].n)
			memcpy(sq_dict_bytes(d) + at, strings[i].p, strings[i].n);
		at += (uint32_t)strings[i].n;
		sq_dict_place(d, i, hash32_of(strings[i]));
	}
	*ret_d = d;
	return 0;
}

/* append the strings of @src to @d from local index @i on */
static void copy_into(struct sq_dict *d, uint32_t i, uint32_t at, const struct sq_dict *src)
{
	memcpy(sq_dict_bytes(d) + at, src->bytes, src->n_string_bytes);
	for (uint32_t k = 0; k < src->n; k++) {
		sq_dict_offsets(d)[i + k] = at + src->offsets[k];
		sq_dict_place(d, i + k, hash32_of(sq_dict_get(src, src->first + k)));
	}
}

int sq_dict_merge(struct sq_birth birth, const struct sq_dict *a, const struct sq_dict *b,
		  struct sq_dict **ret_d)
{
	struct sq_dict *d;
	int r;

	r = sq_dict_new(birth, a->first, a->n + b->n,
			(uint64_t)a->n_string_bytes + b->n_string_bytes, &d);
	if (r < 0)
		return sq_error_trace(r);
	copy_into(d, 0, 0, a);
	copy_into(d, a->n, a->n_string_bytes, b);
	*ret_d = d;
	return 0;
}

sq_name sq_dict_find(const struct sq_dict *d, struct sq_slice s, uint64_t hash)
{
	uint32_t hash32 = (uint32_t)(hash >> 32), tag = tag_of(d, hash32);
	uint32_t mask = (uint32_t)((1ull << d->index_bits) - 1);

	for (uint32_t at = home_of(d, hash32); d->slots[at]; at = after(d, at)) {
		sq_name id = d->first + (d->slots[at] & mask) - 1;

		if ((d->slots[at] & ~mask) == tag && sq_slice_eq(sq_dict_get(d, id), s))
			return id;
	}
	return SQ_NAME_NONE;
}
