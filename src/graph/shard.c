/* SPDX-License-Identifier: MIT */
#include "graph/shard.h"

#include <string.h>

#include "base/error.h"

int sq_shard_new(struct sq_birth birth, uint32_t n_names, uint64_t n_data, struct sq_shard **ret_s)
{
	uint64_t n_offsets = (uint64_t)n_names * SQ_LIST_MAX + 1;
	struct sq_shard *s;

	if (n_data > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	s = sq_piece_alloc(SQ_PIECE_SHARD, birth, sizeof(*s) + n_offsets * sizeof(uint32_t) + n_data);
	if (!s)
		return sq_error_origin(-ENOMEM);
	s->n_names = n_names;
	s->offsets = (const uint32_t *)(s + 1);
	s->data = (const uint8_t *)(s->offsets + n_offsets);
	sq_shard_offsets(s)[0] = 0;
	sq_shard_offsets(s)[n_offsets - 1] = (uint32_t)n_data;
	*ret_s = s;
	return 0;
}

static void iter_at(const struct sq_shard *s, uint32_t list, struct sq_posting_iter *ret)
{
	*ret = (struct sq_posting_iter){
		.at = s->data + s->offsets[list],
		.end = s->data + s->offsets[list + 1],
		.with_class = list % SQ_LIST_MAX == SQ_LIST_DEF,
	};
}

void sq_shard_iter(const struct sq_shard *s, sq_name name, enum sq_list which,
		   struct sq_posting_iter *ret)
{
	uint32_t i = name & (SQ_SHARD_NAMES - 1);

	if (i >= s->n_names)
		*ret = (struct sq_posting_iter){ .at = NULL };
	else
		iter_at(s, i * SQ_LIST_MAX + which, ret);
}

uint32_t sq_shard_n_live(const struct sq_shard *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; s && i < s->n_names; i++)
		n += s->offsets[i * SQ_LIST_MAX] != s->offsets[(i + 1) * SQ_LIST_MAX];
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
	uint32_t n_old;                 /* lists of old */
	uint32_t *offsets;
	uint8_t *data, *at;
};

/* lists [from, to) as they were: most of a shard, so not one by one */
static void copy_lists(struct merge *m, uint32_t from, uint32_t to)
{
	uint32_t known = SQ_MIN(to, m->n_old), shift;

	if (from < known) {
		uint32_t first = m->old->offsets[from], n = m->old->offsets[known] - first;

		shift = (uint32_t)(m->at - m->data) - first;
		for (uint32_t i = from; i < known; i++)
			m->offsets[i] = m->old->offsets[i] + shift;
		if (n)
			memcpy(m->at, m->old->data + first, n);
		m->at += n;
		from = known;
	}
	for (; from < to; from++)
		m->offsets[from] = (uint32_t)(m->at - m->data);
}

/* all lists of the shard, those of @c with changes */
static void merge_all(struct merge *m, uint32_t first, uint32_t n_lists,
		      const struct sq_posting_change *c, const struct sq_posting_change *end)
{
	uint32_t done = 0;

	while (c < end) {
		const struct sq_posting_change *from = c;
		uint32_t list = (c->name - first) * SQ_LIST_MAX + c->list;
		struct sq_posting_iter it = { .at = NULL };

		while (c < end && c->name == from->name && c->list == from->list)
			c++;
		copy_lists(m, done, list);
		if (list < m->n_old)
			iter_at(m->old, list, &it);
		m->offsets[list] = (uint32_t)(m->at - m->data);
		m->at = merge_list(m->at, &it, list % SQ_LIST_MAX, from, c);
		done = list + 1;
	}
	copy_lists(m, done, n_lists);
}

int sq_shard_make(struct sq_birth birth, const struct sq_shard *old, uint32_t first, uint32_t n_names,
		  const struct sq_posting_change *changes, size_t n, struct sq_shard **ret_s)
{
	uint64_t n_old = old ? old->offsets[old->n_names * SQ_LIST_MAX] : 0;
	uint64_t most = n_old + (n * 2 + 1) * SQ_POSTING_MAX_BYTES;
	uint32_t n_lists = n_names * SQ_LIST_MAX;
	_cleanup_(sq_freep) uint8_t *data = NULL;
	_cleanup_(sq_freep) uint32_t *offsets = NULL;
	struct sq_shard *s;
	struct merge m = { .old = old };
	uint32_t n_data;
	int r;

	data = sq_malloc(most);
	offsets = sq_malloc(n_lists * sizeof(*offsets) + 1);
	if (!data || !offsets)
		return sq_error_origin(-ENOMEM);
	m.n_old = old ? old->n_names * SQ_LIST_MAX : 0;
	m.offsets = offsets;
	m.data = m.at = data;
	merge_all(&m, first, n_lists, changes, changes + n);
	n_data = (uint32_t)(m.at - data);
	r = sq_shard_new(birth, n_names, n_data, &s);
	if (r < 0)
		return sq_error_trace(r);
	memcpy(sq_shard_offsets(s), offsets, n_lists * sizeof(*offsets));
	memcpy(sq_shard_data(s), data, n_data);
	*ret_s = s;
	return 0;
}
