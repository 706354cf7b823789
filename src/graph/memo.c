/* SPDX-License-Identifier: MIT */
#include "graph/memo.h"

#include "base/error.h"
#include "base/hash.h"

void sq_memo_clear(struct sq_memo *m)
{
	m->used = 0;
	if (++m->stamp)
		return;
	/* the stamp wrapped: old slots could look current again */
	for (uint32_t i = 0; i < m->n_slots; i++)
		m->slots[i].stamp = 0;
	m->stamp = 1;
}

void sq_memo_deinit(struct sq_memo *m)
{
	sq_free(m->slots);
	*m = (struct sq_memo)SQ_MEMO_NULL;
}

static struct sq_memo_slot *probe(const struct sq_memo *m, uint64_t key)
{
	uint32_t mask = m->n_slots - 1;

	for (uint32_t i = (uint32_t)sq_hash_u64(key) & mask;; i = (i + 1) & mask) {
		struct sq_memo_slot *s = &m->slots[i];

		if (s->stamp != m->stamp || s->key == key)
			return s;
	}
}

const struct sq_memo_slot *sq_memo_get(const struct sq_memo *m, uint64_t key)
{
	const struct sq_memo_slot *s;

	if (!m->used)
		return NULL;
	s = probe(m, key);
	return s->stamp == m->stamp ? s : NULL;
}

static int grow(struct sq_memo *m)
{
	struct sq_memo bigger = { .n_slots = m->n_slots ? m->n_slots * 2 : 1024, .stamp = 1 };

	bigger.slots = sq_calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].stamp == m->stamp && m->used) {
			struct sq_memo_slot *s = probe(&bigger, m->slots[i].key);

			*s = m->slots[i];
			s->stamp = 1;
		}
	bigger.used = m->used;
	sq_free(m->slots);
	*m = bigger;
	return 0;
}

int sq_memo_put(struct sq_memo *m, uint64_t key, uint32_t first, uint32_t n)
{
	struct sq_memo_slot *s;

	if ((uint64_t)m->used * 4 >= (uint64_t)m->n_slots * 3) {
		int r = grow(m);

		if (r)
			return r;
	}
	s = probe(m, key);
	*s = (struct sq_memo_slot){ .key = key, .stamp = m->stamp, .first = first, .n = n };
	m->used++;
	return 0;
}
