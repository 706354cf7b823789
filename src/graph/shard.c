/* SPDX-License-Identifier: MIT */
#include "graph/shard.h"

#include <string.h>

#include "base/error.h"

int sq_shard_new(struct sq_birth birth, uint32_t n_names, const uint32_t *places, const uint8_t *data,
		 struct sq_shard **ret_s)
{
	uint32_t n_data = places[n_names];
	bool is_wide = n_data > UINT16_MAX;
	size_t n_places = n_names + 1ul, width = is_wide ? sizeof(uint32_t) : sizeof(uint16_t);
	struct sq_shard *s = sq_piece_alloc(SQ_PIECE_SHARD, birth, sizeof(*s) + n_places * width + n_data);

	if (!s)
		return sq_error_origin(-ENOMEM);
	s->n_names = n_names;
	s->is_wide = is_wide;
	s->places = s + 1;
	s->data = (const uint8_t *)s->places + n_places * width;
	if (is_wide)
		memcpy((void *)s->places, places, n_places * width);
	for (size_t i = 0; !is_wide && i < n_places; i++)
		((uint16_t *)s->places)[i] = (uint16_t)places[i];
	if (n_data)
		memcpy((void *)s->data, data, n_data);
	*ret_s = s;
	return 0;
}

uint8_t *sq_record_close(uint8_t *at, const uint32_t lens[SQ_LIST_MAX])
{
	const uint8_t *lists = at + SQ_RECORD_HEAD_MAX;
	unsigned mask = 0;
	uint32_t sum = 0;

	for (unsigned k = 0; k < SQ_LIST_MAX; k++) {
		mask |= (lens[k] != 0) << k;
		sum += lens[k];
	}
	if (!mask)
		return at;
	*at++ = (uint8_t)mask;
	for (unsigned k = 0; mask >> (k + 1); k++)
		if (lens[k])
			at = sq_varint_put(at, lens[k]);
	memmove(at, lists, sum);
	return at + sum;
}

/* one list of the record of name @i */
static void iter_at(const struct sq_shard *s, uint32_t i, enum sq_list which, struct sq_posting_iter *ret)
{
	const uint8_t *at = s->data + sq_shard_place(s, i), *end = s->data + sq_shard_place(s, i + 1);
	uint32_t before = 0, mine = 0, len;
	unsigned mask;

	*ret = (struct sq_posting_iter){ .at = NULL };
	if (at == end)
		return;
	mask = *at++;
	if (!(mask >> which & 1))
		return;
	for (unsigned k = 0; mask >> (k + 1); k++) {
		if (!(mask >> k & 1))
			continue;
		at = sq_varint_get32(at, &len);
		before += k < which ? len : 0;
		mine = k == which ? len : mine;
	}
	ret->at = at + before;
	ret->end = mask >> (which + 1) ? ret->at + mine : end;
	ret->with_class = which == SQ_LIST_DEF;
}

void sq_shard_iter(const struct sq_shard *s, sq_name name, enum sq_list which,
		   struct sq_posting_iter *ret)
{
	uint32_t i = name & (SQ_SHARD_NAMES - 1);

	if (i >= s->n_names)
		*ret = (struct sq_posting_iter){ .at = NULL };
	else
		iter_at(s, i, which, ret);
}

uint32_t sq_shard_n_live(const struct sq_shard *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; s && i < s->n_names; i++)
		n += sq_shard_place(s, i) != sq_shard_place(s, i + 1);
	return n;
}

/* one list: the old postings with the changes [c, end) merged in */
static uint8_t *merge_list(uint8_t *out, struct sq_posting_iter *it, enum sq_list which,
			   const struct sq_posting_change *c, const struct sq_posting_change *end)
{
	struct sq_posting old = { 0 };
	bool have = sq_posting_next(it, &old);
	uint32_t last = 0;

	while (have || c < end) {
		if (c == end || (have && old.file < c->file)) {
			out = sq_posting_put(out, old.file - last, which, old.class_bits);
			last = old.file;
			have = sq_posting_next(it, &old);
			continue;
		}
		if (have && old.file == c->file)
			have = sq_posting_next(it, &old);
		if (!c->remove) {
			out = sq_posting_put(out, c->file - last, which, c->class_bits);
			last = c->file;
		}
		c++;
	}
	return out;
}

struct merge {
	const struct sq_shard *old;     /* may be NULL */
	uint32_t n_old;                 /* names of old */
	uint32_t *places;
	uint8_t *data, *at;
};

/* the records of names [from, to) as they were: most of a shard, so not one by one */
static void copy_records(struct merge *m, uint32_t from, uint32_t to)
{
	uint32_t known = SQ_MIN(to, m->n_old), shift;

	if (from < known) {
		uint32_t first = sq_shard_place(m->old, from), n = sq_shard_place(m->old, known) - first;

		shift = (uint32_t)(m->at - m->data) - first;
		for (uint32_t i = from; i < known; i++)
			m->places[i] = sq_shard_place(m->old, i) + shift;
		if (n)
			memcpy(m->at, m->old->data + first, n);
		m->at += n;
		from = known;
	}
	for (; from < to; from++)
		m->places[from] = (uint32_t)(m->at - m->data);
}

/* the record of name @i with the changes [c, end), which are all of that name */
static void merge_record(struct merge *m, uint32_t i, const struct sq_posting_change *c,
			 const struct sq_posting_change *end)
{
	uint8_t *at = m->at + SQ_RECORD_HEAD_MAX;
	uint32_t lens[SQ_LIST_MAX];

	for (unsigned list = 0; list < SQ_LIST_MAX; list++) {
		const struct sq_posting_change *from = c;
		struct sq_posting_iter it = { .at = NULL };
		uint8_t *begin = at;

		while (c < end && c->list == list)
			c++;
		if (i < m->n_old)
			iter_at(m->old, i, list, &it);
		at = merge_list(at, &it, list, from, c);
		lens[list] = (uint32_t)(at - begin);
	}
	m->places[i] = (uint32_t)(m->at - m->data);
	m->at = sq_record_close(m->at, lens);
}

/* all records of the shard, those of @c with changes */
static void merge_all(struct merge *m, uint32_t first, uint32_t n_names,
		      const struct sq_posting_change *c, const struct sq_posting_change *end)
{
	uint32_t done = 0;

	while (c < end) {
		const struct sq_posting_change *from = c;
		uint32_t i = c->name - first;

		while (c < end && c->name == from->name)
			c++;
		copy_records(m, done, i);
		merge_record(m, i, from, c);
		done = i + 1;
	}
	copy_records(m, done, n_names);
	m->places[n_names] = (uint32_t)(m->at - m->data);
}

int sq_shard_make(struct sq_birth birth, const struct sq_shard *old, uint32_t first, uint32_t n_names,
		  const struct sq_posting_change *changes, size_t n, struct sq_shard **ret_s)
{
	uint64_t n_old = old ? sq_shard_place(old, old->n_names) : 0;
	/* a posting put in makes the next one's difference anew, and its list's and record's heads */
	uint64_t most = n_old + n * (2 * SQ_POSTING_MAX_BYTES + SQ_RECORD_HEAD_MAX) + SQ_RECORD_HEAD_MAX;
	_cleanup_(sq_freep) uint8_t *data = NULL;
	_cleanup_(sq_freep) uint32_t *places = NULL;
	struct merge m = { .old = old };

	if (most > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	data = sq_malloc(most);
	places = sq_malloc((n_names + 1ul) * sizeof(*places));
	if (!data || !places)
		return sq_error_origin(-ENOMEM);
	m.n_old = old ? old->n_names : 0;
	m.places = places;
	m.data = m.at = data;
	merge_all(&m, first, n_names, changes, changes + n);
	return sq_error_trace(sq_shard_new(birth, n_names, places, data, ret_s));
}
