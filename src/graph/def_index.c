/* SPDX-License-Identifier: MIT */
#include "graph/def_index.h"

#include <string.h>

#include "base/hash.h"

#define MAX_WORDS (4u << 20)            /* 16 MiB a linker */
#define MAX_LINEAR 32u                  /* definitions that are faster searched than indexed */

void sq_def_index_clear(struct sq_def_index *x)
{
	sq_memo_clear(&x->files);
	sq_vec_clear(&x->words);
	x->at = SQ_NONE;
}

void sq_def_index_deinit(struct sq_def_index *x)
{
	sq_memo_deinit(&x->files);
	sq_vec_deinit(&x->words);
	sq_vec_deinit(&x->names);
}

/* layout: mask · (mask + 1) pairs of name and first definition + 1 · n_defs
 * times the next definition + 1 with the same name */
static uint32_t *slot_of(uint32_t *base, sq_name name)
{
	uint32_t mask = base[0], at = (uint32_t)sq_hash_u64(name) & mask;

	while (base[2 + 2 * (size_t)at] && base[1 + 2 * (size_t)at] != name)
		at = (at + 1) & mask;
	return base + 1 + 2 * (size_t)at;
}

static uint32_t *nexts(uint32_t *base)
{
	return base + 1 + 2 * ((size_t)base[0] + 1);
}

static void fill(const struct sq_def_index *x, uint32_t *base, const struct sq_bound *b)
{
	uint32_t *next = nexts(base);

	/* from the last one on, so that each chain begins with the first */
	for (uint32_t i = b->columns.n_defs; i-- > 0;) {
		sq_name name = b->names[x->names.v[i]];
		uint32_t *slot = slot_of(base, name);

		next[i] = slot[1];
		slot[0] = name;
		slot[1] = i + 1;
	}
}

static int build(struct sq_def_index *x, sq_file f, const struct sq_bound *b)
{
	uint32_t n = b->columns.n_defs, n_slots = 16;
	struct sq_memo_slot *s;
	size_t n_words;

	while (n_slots < n + n / 2)
		n_slots *= 2;
	n_words = 1 + 2 * (size_t)n_slots + n;
	if (x->words.n + n_words > MAX_WORDS)
		sq_def_index_clear(x);
	sq_vec_clear(&x->names);
	if (sq_vec_reserve(&x->words, n_words) < 0 || sq_vec_reserve(&x->names, n) < 0)
		return sq_error_origin(-ENOMEM);
	x->at = (uint32_t)x->words.n;
	x->words.n += n_words;
	memset(x->words.v + x->at, 0, n_words * sizeof(uint32_t));
	x->words.v[x->at] = n_slots - 1;
	sq_defs_names(&b->columns, x->names.v);
	fill(x, x->words.v + x->at, b);
	s = (struct sq_memo_slot *)sq_memo_get(&x->files, f);
	if (!s)
		return sq_memo_put(&x->files, f, x->at, 0);
	s->first = x->at;
	return 0;
}

static uint32_t search(struct sq_def_index *x, const struct sq_bound *b, sq_name name)
{
	x->at = SQ_NONE;
	return sq_bound_first_def(b, name, &x->local);
}

int sq_def_index_find(struct sq_def_index *x, sq_file f, const struct sq_bound *b, sq_name name,
		      uint32_t *ret_def)
{
	const struct sq_memo_slot *s;
	int r = 0;

	if (b->columns.n_defs <= MAX_LINEAR) {
		*ret_def = search(x, b, name);
		return 0;
	}
	s = sq_memo_get(&x->files, f);
	if (!s) {
		*ret_def = search(x, b, name);
		return sq_error_trace(sq_memo_put(&x->files, f, SQ_NONE, 0));
	}
	if (s->first == SQ_NONE)
		r = build(x, f, b);
	else
		x->at = s->first;
	if (r < 0)
		return sq_error_trace(r);
	/* 0 - 1 is SQ_NONE */
	*ret_def = slot_of(x->words.v + x->at, name)[1] - 1;
	return 0;
}

uint32_t sq_def_index_next(const struct sq_def_index *x, const struct sq_bound *b, uint32_t def)
{
	if (x->at == SQ_NONE)
		return sq_bound_next_def(b, x->local, def);
	return nexts(x->words.v + x->at)[def] - 1;
}
