/* SPDX-License-Identifier: MIT */
#include "graph/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/varint.h"
#include "graph/each.h"
#include "graph/name_order.h"

/* ---- trigrams: six bits a byte ----------------------------------------------------- */

#define N_GRAMS (1u << 18)
#define GRAM_MASK (N_GRAMS - 1)

static uint32_t fold(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		c |= 0x20;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1u;
	if (c >= '0' && c <= '9')
		return c - '0' + 27u;
	return c == '_' ? 37 : 38 + c % 26u;
}

/* calls @fn(arg, gram) for each trigram of a text */
#define EACH_GRAM(s, fn, arg) do { \
	uint32_t gram_ = 0; \
	for (size_t k_ = 0; k_ < (s).n; k_++) { \
		gram_ = (gram_ << 6 | fold((uint8_t)(s).p[k_])) & GRAM_MASK; \
		if (k_ >= 2) \
			fn(arg, gram_); \
	} \
} while (0)

/* ---- making one ------------------------------------------------------------------ */

/* what a worker knows of a trigram: of its own blocks first, then of all before them too */
struct gram {
	uint32_t seen;          /* 1 + the last block that has it */
	uint32_t first;         /* 1 + the first */
	uint32_t n_bytes;       /* of its list behind the first block; then where the next byte goes */
	bool is_bitmap;
};
/* a worker's share of the blocks */
struct range {
	struct gram *grams;     /* N_GRAMS */
	uint32_t from, to, block;
};
#define RANGES_MAX 8u           /* 4 MiB each while a dictionary is made */
struct maker {
	const struct sq_dict *d;
	const uint32_t *order;
	const bool *cancel;
	uint32_t n_blocks, n_ranges;
	struct range ranges[RANGES_MAX];
	uint8_t *lists;         /* NULL: only sizes are counted */
};
/* one worker at its work */
struct noting {
	const struct maker *m;
	struct range *r;
};

static void count(const struct noting *n, struct gram *g, uint32_t block)
{
	(void)n;
	if (g->seen)
		g->n_bytes += (uint32_t)sq_varint_len(block - g->seen);
	else
		g->first = block + 1;
}

static void put(const struct noting *n, struct gram *g, uint32_t block)
{
	uint8_t *lists = n->m->lists;

	if (g->is_bitmap)
		lists[g->n_bytes + block / 8] |= (uint8_t)(1u << block % 8);
	else
		g->n_bytes = (uint32_t)(sq_varint_put(lists + g->n_bytes, block - g->seen) - lists);
}

static void note(const struct noting *n, uint32_t gram)
{
	uint32_t block = n->r->block;
	struct gram *g = &n->r->grams[gram];

	if (g->seen == block + 1)
		return;
	if (n->m->lists)
		put(n, g, block);
	else
		count(n, g, block);
	g->seen = block + 1;
}

/* the names of a block lie all over the dictionary: ask for them ahead */
static void ask_for(const struct maker *m, uint32_t at)
{
	if (at + 16 < m->d->n)
		__builtin_prefetch(&m->d->offsets[m->order[at + 16]]);
	if (at + 8 < m->d->n)
		__builtin_prefetch(m->d->bytes + m->d->offsets[m->order[at + 8]]);
}

static int note_range(void *arg, unsigned worker)
{
	const struct maker *m = arg;
	struct noting n = { .m = m };
	struct range r;

	if (worker >= m->n_ranges)
		return 0;
	r = m->ranges[worker];
	n.r = &r;
	for (r.block = r.from; r.block < r.to; r.block++) {
		uint32_t at = r.block << SQ_NAME_BLOCK_SHIFT;
		uint32_t end = SQ_MIN(at + SQ_NAME_BLOCK, m->d->n);

		if (sq_is_cancelled(m->cancel))
			return sq_error_origin(-ECANCELED);
		for (; at < end; at++) {
			struct sq_slice s = sq_dict_get(m->d, m->d->first + m->order[at]);

			ask_for(m, at);
			EACH_GRAM(s, note, &n);
		}
	}
	return 0;
}

/* bytes of the list of trigram @k */
static uint32_t list_bytes(const struct maker *m, uint32_t k)
{
	uint32_t n = 0, seen = 0;

	for (uint32_t w = 0; w < m->n_ranges; w++) {
		const struct gram *g = &m->ranges[w].grams[k];

		if (!g->seen)
			continue;
		n += (uint32_t)sq_varint_len(g->first - 1 - seen) + g->n_bytes;
		seen = g->seen;
	}
	return n;
}

/* each worker goes on where the one before it will have ended */
static void place_list(struct maker *m, uint32_t k, uint32_t at, bool is_bitmap)
{
	uint32_t seen = 0;

	for (uint32_t w = 0; w < m->n_ranges; w++) {
		struct gram *g = &m->ranges[w].grams[k], own = *g;

		*g = (struct gram){ .seen = seen, .n_bytes = at, .is_bitmap = is_bitmap };
		if (!own.seen)
			continue;
		if (!is_bitmap)
			at += (uint32_t)sq_varint_len(own.first - 1 - seen) + own.n_bytes;
		seen = own.seen;
	}
}

/* the shorter form for each list; bytes of all */
static uint64_t measure(const struct maker *m, uint32_t *ret_n_grams)
{
	uint32_t bitmap = (m->n_blocks + 7) / 8, n = 0;
	uint64_t sum = 0;

	for (uint32_t k = 0; k < N_GRAMS; k++) {
		uint32_t bytes = list_bytes(m, k);

		n += bytes > 0;
		sum += SQ_MIN(bytes, bitmap);
	}
	*ret_n_grams = n;
	return sum;
}

static void lay_out(struct maker *m, struct sq_name_index *x)
{
	uint32_t *grams = (uint32_t *)x->grams, *at = (uint32_t *)x->at;
	uint32_t bitmap = (m->n_blocks + 7) / 8, n = 0, sum = 0;

	for (uint32_t k = 0; k < N_GRAMS; k++) {
		uint32_t bytes = list_bytes(m, k);
		bool is_bitmap = bytes > bitmap;

		if (!bytes)
			continue;
		grams[n] = k << 1 | is_bitmap;
		at[n++] = sum;
		place_list(m, k, sum, is_bitmap);
		sum += SQ_MIN(bytes, bitmap);
	}
	at[n] = sum;
	m->lists = (uint8_t *)x->lists;
	memset(m->lists, 0, sum);
}

static int make_lists(struct maker *m, struct sq_birth birth, const struct sq_parallel *par,
		      struct sq_name_index **ret_x)
{
	struct sq_name_index *x;
	uint32_t n = m->d->n, n_grams;
	uint64_t n_lists;
	int r = sq_parallel_run(par, note_range, m);

	if (r < 0)
		return sq_error_trace(r);
	n_lists = measure(m, &n_grams);
	if (n_lists > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	x = sq_piece_alloc(SQ_PIECE_NAME_INDEX, birth, sizeof(*x) +
			   ((uint64_t)n + 2 * (uint64_t)n_grams + 1) * sizeof(uint32_t) + n_lists);
	if (!x)
		return sq_error_origin(-ENOMEM);
	x->n = n;
	x->n_blocks = m->n_blocks;
	x->n_grams = n_grams;
	x->order = (const uint32_t *)(x + 1);
	x->grams = x->order + n;
	x->at = x->grams + n_grams;
	x->lists = (const uint8_t *)(x->at + n_grams + 1);
	memcpy((uint32_t *)x->order, m->order, (size_t)n * sizeof(*m->order));
	lay_out(m, x);
	r = sq_parallel_run(par, note_range, m);
	if (r < 0)
		sq_piece_free(x);
	else
		*ret_x = x;
	return sq_error_trace(r);
}

/* shares of whole bytes of a bitmap, so that no two workers write to one */
static void share_out(struct maker *m, unsigned n_workers, struct gram *grams)
{
	uint32_t bytes = (m->n_blocks + 7) / 8, from = 0;

	m->n_ranges = SQ_MIN(SQ_MIN(n_workers, bytes), RANGES_MAX);
	for (uint32_t w = 0; w < m->n_ranges; w++) {
		uint32_t to = (uint32_t)((uint64_t)bytes * (w + 1) / m->n_ranges) * 8;

		to = SQ_MIN(to, m->n_blocks);
		m->ranges[w] = (struct range){ .grams = grams + (size_t)w * N_GRAMS, .from = from, .to = to };
		from = to;
	}
}

int sq_name_index_make(struct sq_birth birth, const struct sq_dict *d, const struct sq_parallel *par,
		       const bool *cancel, struct sq_name_index **ret_x)
{
	_cleanup_(sq_freep) uint32_t *order = sq_malloc((size_t)d->n * sizeof(*order) + 1);
	_cleanup_(sq_freep) struct gram *grams = NULL;
	struct maker m = { .d = d, .order = order, .cancel = cancel };
	unsigned n = SQ_MIN(sq_parallel_width(par), RANGES_MAX);
	int r;

	if (!order)
		return sq_error_origin(-ENOMEM);
	r = sq_name_order(d, par, cancel, order);
	if (r < 0)
		return sq_error_trace(r);
	grams = sq_calloc((size_t)n * N_GRAMS, sizeof(*grams));
	if (!grams)
		return sq_error_origin(-ENOMEM);
	m.n_blocks = (uint32_t)(((uint64_t)d->n + SQ_NAME_BLOCK - 1) >> SQ_NAME_BLOCK_SHIFT);
	share_out(&m, n, grams);
	return sq_error_trace(make_lists(&m, birth, par, ret_x));
}

/* ---- using one -------------------------------------------------------------------- */

/* the first name that does not compare less than @prefix, cut to its length;
 * @past: the first that compares greater */
static uint32_t bound(const struct sq_name_index *x, const struct sq_dict *d, struct sq_slice prefix,
		      bool past)
{
	uint32_t lo = 0, hi = x->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		struct sq_slice s = sq_dict_get(d, d->first + x->order[mid]);
		int c = sq_slice_cmp(sq_slice(s.p, SQ_MIN(s.n, prefix.n)), prefix);

		if (c < 0 || (past && !c))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void sq_name_index_prefix(const struct sq_name_index *x, const struct sq_dict *d, struct sq_slice prefix,
			  uint32_t *ret_from, uint32_t *ret_to)
{
	*ret_from = bound(x, d, prefix, false);
	*ret_to = bound(x, d, prefix, true);
}

/* the list of a trigram, to be read block by block */
struct cursor {
	const uint8_t *p, *end;         /* varints; or: */
	const uint8_t *bits;
	uint32_t next, n_blocks;
};

static struct cursor find(const struct sq_name_index *x, uint32_t gram)
{
	struct cursor c = { .n_blocks = x->n_blocks };
	uint32_t lo = 0, hi = x->n_grams;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (x->grams[mid] >> 1 < gram)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == x->n_grams || x->grams[lo] >> 1 != gram)
		return c;
	if (x->grams[lo] & 1) {
		c.bits = x->lists + x->at[lo];
	} else {
		c.p = x->lists + x->at[lo];
		c.end = x->lists + x->at[lo + 1];
	}
	return c;
}

static bool next(struct cursor *c, uint32_t *ret_block)
{
	uint32_t gap;

	if (c->bits) {
		while (c->next < c->n_blocks && !sq_name_blocks_has(c->bits, c->next))
			c->next++;
		if (c->next == c->n_blocks)
			return false;
		*ret_block = c->next++;
		return true;
	}
	if (c->p == c->end)
		return false;
	c->p = sq_varint_get32(c->p, &gap);
	*ret_block = c->next + gap;
	c->next = *ret_block + 1;
	return true;
}

static void clear_run(uint8_t *set, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		set[from >> 3] &= (uint8_t)~(1u << (from & 7));
}

static void narrow(const struct sq_name_index *x, uint32_t gram, uint8_t *set)
{
	struct cursor c = find(x, gram);
	uint32_t block, from = 0;

	if (c.bits) {
		for (size_t i = 0; i < sq_name_blocks_bytes(x); i++)
			set[i] &= c.bits[i];
		return;
	}
	for (; next(&c, &block); from = block + 1)
		clear_run(set, from, block);
	clear_run(set, from, x->n_blocks);
}

struct narrowing { const struct sq_name_index *x; uint8_t *set; };

static void narrow_by(struct narrowing *n, uint32_t gram)
{
	narrow(n->x, gram, n->set);
}

void sq_name_index_narrow(const struct sq_name_index *x, struct sq_slice text, uint8_t *set)
{
	struct narrowing n = { x, set };

	EACH_GRAM(text, narrow_by, &n);
}

/* ---- for tests --------------------------------------------------------------------- */

struct check { const struct sq_name_index *x; uint32_t block; bool ok; };

static void check_gram(struct check *c, uint32_t gram)
{
	struct cursor it = find(c->x, gram);
	uint32_t block = UINT32_MAX;

	while (next(&it, &block) && block < c->block)
		;
	c->ok &= block == c->block;
}

bool sq_name_index_check(const struct sq_name_index *x, const struct sq_dict *d)
{
	struct check c = { .x = x, .ok = x->n == d->n };
	struct sq_slice last = SQ_SLICE_NULL;

	for (uint32_t at = 0; at < x->n && c.ok; at++) {
		struct sq_slice s;

		if (x->order[at] >= d->n)
			return false;
		s = sq_dict_get(d, d->first + x->order[at]);
		c.ok = !at || sq_slice_cmp(last, s) < 0;
		last = s;
		c.block = at >> SQ_NAME_BLOCK_SHIFT;
		/* each name's trigrams are a test of many lists: one in sixteen */
		if (at % 16 == 0)
			EACH_GRAM(s, check_gram, &c);
	}
	return c.ok;
}
