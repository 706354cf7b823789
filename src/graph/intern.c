/* SPDX-License-Identifier: MIT */
#include "graph/intern.h"

#include "base/atomic.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/varint.h"

#define STRIPE_BITS 6u
#define FIRST_SLOTS 64u
#define FIRST_BLOCK 1024u
#define BLOCK (1u << 16)
#define BLOCK_HEAD 4u           /* so that no record is at 0 */
#define RECORD_HEAD (sizeof(uint32_t) + SQ_VARINT_MAX)

_Static_assert(SQ_INTERN_STRIPES == 1u << STRIPE_BITS, "stripe bits");

int sq_intern_init(struct sq_intern *in, const struct sq_version *prior)
{
	int r;

	*in = (struct sq_intern){ .prior = prior, .base = prior->n_names };
	for (; in->n_locks < SQ_INTERN_STRIPES; in->n_locks++) {
		r = sq_lock_init(&in->stripes[in->n_locks].lock, SQ_RANK_STRIPE, "intern.stripe");
		if (r < 0)
			return sq_error_trace(r);
	}
	return 0;
}

static void stripe_drop(struct sq_intern_stripe *s)
{
	for (size_t i = 0; i < s->blocks.n; i++)
		sq_free(s->blocks.v[i].p);
	sq_vec_deinit(&s->blocks);
	sq_free(s->slots);
	s->slots = NULL;
}

void sq_intern_deinit(struct sq_intern *in)
{
	for (unsigned i = 0; i < in->n_locks; i++) {
		stripe_drop(&in->stripes[i]);
		sq_lock_deinit(&in->stripes[i].lock);
	}
	in->n_locks = 0;
}

void sq_intern_scratch_deinit(struct sq_intern_scratch *s)
{
	sq_vec_deinit(&s->items);
	sq_vec_deinit(&s->order);
}

/* a record is: index u32, varint length, bytes */
static const char *record_read(const char *p, uint32_t *ret_index, struct sq_slice *ret_s)
{
	uint64_t len;

	memcpy(ret_index, p, sizeof(*ret_index));
	p = (const char *)sq_varint_get((const uint8_t *)p + sizeof(*ret_index), &len);
	*ret_s = sq_slice(p, len);
	return p + len;
}

static const char *record_at(const struct sq_intern_stripe *s, uint32_t at)
{
	return s->blocks.v[at >> 16].p + (at & (BLOCK - 1));
}

/* the top bits chose the stripe: the next ones give the home slot */
static uint32_t home_of(uint32_t n_slots, uint32_t tag)
{
	return (uint64_t)(uint32_t)(tag << STRIPE_BITS) * n_slots >> 32;
}

static int stripe_grow(struct sq_intern_stripe *s)
{
	uint32_t n_slots = s->n_slots ? s->n_slots * 2 : FIRST_SLOTS;
	struct sq_intern_slot *slots = sq_calloc(n_slots, sizeof(*slots));

	if (!slots)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; i < s->n_slots; i++) {
		uint32_t at;

		if (!s->slots[i].at)
			continue;
		at = home_of(n_slots, s->slots[i].tag);
		while (slots[at].at)
			at = (at + 1) & (n_slots - 1);
		slots[at] = s->slots[i];
	}
	sq_free(s->slots);
	s->slots = slots;
	s->n_slots = n_slots;
	return 0;
}

/* room for a record of @bytes in the last block; bigger ones get a block alone,
 * so that records stay in the order of their indices */
static int stripe_room(struct sq_intern_stripe *s, uint64_t bytes)
{
	uint64_t size = FIRST_BLOCK;
	char *p;

	if (s->room >= bytes)
		return 0;
	if (s->blocks.n >= BLOCK || bytes > UINT32_MAX - BLOCK_HEAD)
		return sq_error_origin(-EOVERFLOW);
	if (s->blocks.n)
		size = SQ_MIN((uint64_t)BLOCK, (uint64_t)FIRST_BLOCK << SQ_MIN(s->blocks.n, (size_t)6));
	size = SQ_MAX(size, bytes + BLOCK_HEAD);
	p = sq_malloc(size);
	if (!p)
		return sq_error_origin(-ENOMEM);
	if (sq_vec_push(&s->blocks, (struct sq_intern_block){ p, BLOCK_HEAD }) < 0) {
		sq_free(p);
		return sq_error_origin(-ENOMEM);
	}
	s->room = (uint32_t)(size - BLOCK_HEAD);
	return 0;
}

static int stripe_append(struct sq_intern_stripe *s, struct sq_slice str, uint32_t *ret_at)
{
	struct sq_intern_block *b;
	char *p, *end;
	int r = stripe_room(s, str.n + RECORD_HEAD);

	if (r < 0)
		return sq_error_trace(r);
	b = &s->blocks.v[s->blocks.n - 1];
	p = b->p + b->used;
	*ret_at = (uint32_t)(s->blocks.n - 1) << 16 | b->used;
	memcpy(p, &s->n, sizeof(s->n));
	end = (char *)sq_varint_put((uint8_t *)p + sizeof(s->n), str.n);
	if (str.n)
		memcpy(end, str.p, str.n);
	end += str.n;
	b->used += (uint32_t)(end - p);
	s->room -= (uint32_t)(end - p);
	return 0;
}

static int stripe_add(struct sq_intern *in, struct sq_intern_stripe *s, struct sq_slice str,
		      uint32_t tag, uint32_t slot, uint32_t *ret_index)
{
	uint32_t stripe = (uint32_t)(s - in->stripes), at;
	int r;

	if ((uint64_t)in->base + (uint64_t)s->n * SQ_INTERN_STRIPES + stripe >= SQ_NAME_NONE)
		return sq_error_origin(-EOVERFLOW);
	r = stripe_append(s, str, &at);
	if (r < 0)
		return sq_error_trace(r);
	s->slots[slot] = (struct sq_intern_slot){ at, tag };
	s->n_bytes += str.n;
	*ret_index = s->n++;
	return 0;
}

static int stripe_find(struct sq_intern *in, struct sq_intern_stripe *s, struct sq_slice str,
		       uint32_t tag, uint32_t *ret_index)
{
	uint32_t at;
	int r;

	if (s->n + s->n / 2 >= s->n_slots) {
		r = stripe_grow(s);
		if (r < 0)
			return sq_error_trace(r);
	}
	at = home_of(s->n_slots, tag);
	for (; s->slots[at].at; at = (at + 1) & (s->n_slots - 1)) {
		struct sq_slice have;

		if (s->slots[at].tag != tag)
			continue;
		record_read(record_at(s, s->slots[at].at), ret_index, &have);
		if (sq_slice_eq(have, str))
			return 0;
	}
	return sq_error_trace(stripe_add(in, s, str, tag, at, ret_index));
}

/* Names are spread over far more memory than the caches hold: ask for the
 * slots of the whole group, then for the records, before the first is read. */
static void prefetch(const struct sq_intern_stripe *s, const struct sq_intern_item *items,
		     const uint32_t *order, uint32_t n)
{
	if (!s->n_slots)
		return;
	for (uint32_t k = 0; k < n; k++)
		__builtin_prefetch(&s->slots[home_of(s->n_slots, items[order[k]].hash >> 32)]);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t tag = items[order[k]].hash >> 32;
		const struct sq_intern_slot *slot = &s->slots[home_of(s->n_slots, tag)];

		if (slot->at && slot->tag == tag)
			__builtin_prefetch(record_at(s, slot->at));
	}
}

static int stripe_batch(struct sq_intern *in, uint32_t stripe, const struct sq_intern_item *items,
			const uint32_t *order, uint32_t n, const struct sq_slice *strings, sq_name *ids)
{
	struct sq_intern_stripe *s = &in->stripes[stripe];
	int r = 0;

	sq_lock(&s->lock);
	prefetch(s, items, order, n);
	for (uint32_t k = 0; k < n && r >= 0; k++) {
		const struct sq_intern_item *item = &items[order[k]];
		uint32_t index = 0;

		r = stripe_find(in, s, strings[item->i], item->hash >> 32, &index);
		ids[item->i] = in->base + index * SQ_INTERN_STRIPES + stripe;
	}
	sq_unlock(&s->lock);
	return sq_error_trace(r);
}

/* strings that the prior version lacks, with their hashes */
static void collect_items(struct sq_intern *in, struct sq_intern_scratch *scratch,
			  const struct sq_slice *strings, uint32_t n, sq_name *ids)
{
	scratch->items.n = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash;

		if (ids[i] != SQ_NAME_NONE)
			continue;
		hash = sq_hash64(strings[i].p, strings[i].n, 0);
		ids[i] = sq_version_find_hash(in->prior, strings[i], hash);
		if (ids[i] == SQ_NAME_NONE)
			scratch->items.v[scratch->items.n++] = (struct sq_intern_item){ hash, i };
	}
}

/* order by stripe; ends[k] becomes the end of stripe k */
static void sort_items(struct sq_intern_scratch *scratch, uint32_t *ends)
{
	uint32_t sum = 0;

	memset(ends, 0, SQ_INTERN_STRIPES * sizeof(*ends));
	for (size_t k = 0; k < scratch->items.n; k++)
		ends[scratch->items.v[k].hash >> (64 - STRIPE_BITS)]++;
	for (unsigned k = 0; k < SQ_INTERN_STRIPES; k++) {
		uint32_t n = ends[k];

		ends[k] = sum;
		sum += n;
	}
	for (size_t k = 0; k < scratch->items.n; k++)
		scratch->order.v[ends[scratch->items.v[k].hash >> (64 - STRIPE_BITS)]++] = (uint32_t)k;
}

int sq_intern_batch(struct sq_intern *in, struct sq_intern_scratch *scratch, unsigned start,
		    const struct sq_slice *strings, uint32_t n, sq_name *ids)
{
	uint32_t ends[SQ_INTERN_STRIPES];
	int r = 0;

	sq_vec_clear(&scratch->items);
	sq_vec_clear(&scratch->order);
	if (sq_vec_reserve(&scratch->items, n) < 0 || sq_vec_reserve(&scratch->order, n) < 0)
		return sq_error_origin(-ENOMEM);
	collect_items(in, scratch, strings, n, ids);
	sort_items(scratch, ends);
	for (unsigned k = 0; k < SQ_INTERN_STRIPES && r >= 0; k++) {
		unsigned stripe = (start + k) % SQ_INTERN_STRIPES;
		uint32_t from = stripe ? ends[stripe - 1] : 0;

		if (ends[stripe] > from)
			r = stripe_batch(in, stripe, scratch->items.v, scratch->order.v + from,
					 ends[stripe] - from, strings, ids);
	}
	return sq_error_trace(r);
}

uint64_t sq_intern_n_new(const struct sq_intern *in)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SQ_INTERN_STRIPES; i++)
		n += in->stripes[i].n;
	return n;
}

struct flatten {
	struct sq_intern *in;
	struct sq_dict *d;
	uint32_t first_byte[SQ_INTERN_STRIPES];
	unsigned next;
};

static void flatten_stripe(struct sq_dict *d, struct sq_intern_stripe *s, uint32_t at)
{
	uint32_t first = s->first - d->first, index;

	for (size_t k = 0; k < s->blocks.n; k++) {
		const char *p = s->blocks.v[k].p + BLOCK_HEAD;
		const char *end = s->blocks.v[k].p + s->blocks.v[k].used;

		while (p < end) {
			struct sq_slice str;

			p = record_read(p, &index, &str);
			if (str.n)
				memcpy(sq_dict_bytes(d) + at, str.p, str.n);
			sq_dict_offsets(d)[first + index] = at;
			at += (uint32_t)str.n;
			sq_dict_place(d, first + index, sq_hash64(str.p, str.n, 0) >> 32);
		}
	}
	stripe_drop(s);
}

static int flatten_run(void *arg, unsigned worker)
{
	struct flatten *f = arg;
	unsigned i;

	(void)worker;
	/* relaxed: only hands out numbers; run() itself orders the rest */
	while ((i = sq_add_relaxed(&f->next, 1)) < SQ_INTERN_STRIPES)
		flatten_stripe(f->d, &f->in->stripes[i], f->first_byte[i]);
	return 0;
}

int sq_intern_flatten(struct sq_intern *in, const struct sq_parallel *par, struct sq_birth birth,
		      struct sq_dict **ret_d)
{
	struct flatten f = { .in = in };
	uint64_t n = sq_intern_n_new(in), bytes = 0;
	sq_name first = in->base;
	int r;

	if (!n) {
		*ret_d = NULL;
		return 0;
	}
	if (in->base + n >= SQ_NAME_NONE)
		return sq_error_origin(-EOVERFLOW);
	for (unsigned i = 0; i < SQ_INTERN_STRIPES; i++) {
		in->stripes[i].first = first;
		f.first_byte[i] = (uint32_t)bytes;
		first += in->stripes[i].n;
		bytes += in->stripes[i].n_bytes;
	}
	r = sq_dict_new(birth, in->base, (uint32_t)n, bytes, &f.d);
	if (r < 0)
		return sq_error_trace(r);
	r = sq_parallel_run(par, flatten_run, &f);
	if (r < 0) {
		sq_piece_free(f.d);
		return sq_error_trace(r);
	}
	*ret_d = f.d;
	return 0;
}
