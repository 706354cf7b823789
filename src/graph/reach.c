/* SPDX-License-Identifier: MIT */
#include "graph/reach.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"

#define BLOCK_WORDS 8u                  /* 512 bits: a cache line */
#define BLOCK_BITS (BLOCK_WORDS * 64)
#define MIXED UINT32_MAX                /* a block under construction */

struct block { uint64_t w[BLOCK_WORDS]; };

struct sq_reach {
	const struct sq_import_graph *g;
	/* by file; a component's number is above those it reaches. Once the rows
	 * are made: the component's bit */
	uint32_t *component;
	uint32_t n_components;
	uint32_t *members;      /* files, component after component */
	uint32_t *member_first; /* [n_components + 1] */
	uint32_t *bit;          /* by component; SQ_NONE: nobody imports it */
	uint32_t n_bits, n_blocks;
	uint32_t *rows;         /* [n_bits * n_blocks] numbers of blocks; 0: the empty one */
	SQ_VEC(struct block) blocks;
	uint32_t *table;        /* content -> block, open addressing, 0: free */
	uint32_t n_table;
};

void sq_import_graph_deinit(struct sq_import_graph *g)
{
	sq_free(g->first);
	sq_free(g->to);
	*g = (struct sq_import_graph){ .n_files = 0 };
}

struct sq_reach *sq_reach_free(struct sq_reach *x)
{
	if (!x)
		return NULL;
	sq_free(x->component);
	sq_free(x->members);
	sq_free(x->member_first);
	sq_free(x->bit);
	sq_free(x->rows);
	sq_vec_deinit(&x->blocks);
	sq_free(x->table);
	sq_free(x);
	return NULL;
}

/* ---- components: Tarjan's algorithm without recursion -------------------------- */

struct frame { sq_file f; uint32_t at; };
struct tarjan {
	struct sq_reach *x;
	uint32_t *index, *low;  /* index: 0 unseen, else order of visit + 1 */
	sq_file *stack;
	struct frame *frames;
	uint32_t n_stack, n_frames, n_seen;
};

static void enter(struct tarjan *t, sq_file f)
{
	t->index[f] = t->low[f] = ++t->n_seen;
	t->stack[t->n_stack++] = f;
	t->frames[t->n_frames++] = (struct frame){ f, t->x->g->first[f] };
}

/* all of @f's imports are done: it is the root of a component, or part of its caller's */
static void leave(struct tarjan *t, sq_file f)
{
	struct sq_reach *x = t->x;
	sq_file member;

	t->n_frames--;
	if (t->n_frames) {
		sq_file above = t->frames[t->n_frames - 1].f;

		t->low[above] = SQ_MIN(t->low[above], t->low[f]);
	}
	if (t->low[f] != t->index[f])
		return;
	do {
		member = t->stack[--t->n_stack];
		x->component[member] = x->n_components;
	} while (member != f);
	x->n_components++;
}

static void visit(struct tarjan *t, sq_file root)
{
	const struct sq_import_graph *g = t->x->g;

	enter(t, root);
	while (t->n_frames) {
		struct frame *top = &t->frames[t->n_frames - 1];
		sq_file to;

		if (top->at == g->first[top->f + 1]) {
			leave(t, top->f);
			continue;
		}
		to = g->to[top->at++];
		if (!t->index[to])
			enter(t, to);
		else if (t->x->component[to] == SQ_NONE)        /* on the stack */
			t->low[top->f] = SQ_MIN(t->low[top->f], t->index[to]);
	}
}

static int find_components(struct sq_reach *x)
{
	size_t n = (size_t)x->g->n_files + 1;
	struct tarjan t = { .x = x };
	int failed;

	x->component = sq_malloc(n * sizeof(*x->component));
	t.index = sq_calloc(n, sizeof(*t.index));
	t.low = sq_malloc(n * sizeof(*t.low));
	t.stack = sq_malloc(n * sizeof(*t.stack));
	t.frames = sq_malloc(n * sizeof(*t.frames));
	failed = !x->component || !t.index || !t.low || !t.stack || !t.frames;
	if (!failed) {
		memset(x->component, 0xff, n * sizeof(*x->component));
		for (sq_file f = 0; f < x->g->n_files; f++)
			if (!t.index[f])
				visit(&t, f);
	}
	sq_free(t.index);
	sq_free(t.low);
	sq_free(t.stack);
	sq_free(t.frames);
	return failed ? sq_error_origin(-ENOMEM) : 0;
}

static int list_members(struct sq_reach *x)
{
	uint32_t n = x->g->n_files, *first;

	x->member_first = first = sq_calloc((size_t)x->n_components + 2, sizeof(*first));
	x->members = sq_malloc(((size_t)n + 1) * sizeof(*x->members));
	if (!first || !x->members)
		return sq_error_origin(-ENOMEM);
	for (sq_file f = 0; f < n; f++)
		first[x->component[f] + 2]++;
	for (uint32_t c = 0; c < x->n_components; c++)
		first[c + 2] += first[c + 1];
	for (sq_file f = 0; f < n; f++)
		x->members[first[x->component[f] + 1]++] = f;
	return 0;
}

/* only what somebody imports needs a bit; the low ones go to what is reached first */
static int number_bits(struct sq_reach *x)
{
	const struct sq_import_graph *g = x->g;

	x->bit = sq_malloc(((size_t)x->n_components + 1) * sizeof(*x->bit));
	if (!x->bit)
		return sq_error_origin(-ENOMEM);
	memset(x->bit, 0xff, ((size_t)x->n_components + 1) * sizeof(*x->bit));
	for (sq_file f = 0; f < g->n_files; f++)
		for (uint32_t i = g->first[f]; i < g->first[f + 1]; i++)
			x->bit[x->component[g->to[i]]] = 0;
	for (uint32_t c = 0; c < x->n_components; c++)
		if (x->bit[c] != SQ_NONE)
			x->bit[c] = x->n_bits++;
	x->n_blocks = (x->n_bits + BLOCK_BITS - 1) / BLOCK_BITS;
	return 0;
}

/* ---- rows ------------------------------------------------------------------------ */

static uint32_t *table_slot(const struct sq_reach *x, const struct block *b)
{
	uint32_t mask = x->n_table - 1, at = (uint32_t)sq_hash64(b, sizeof(*b), 0) & mask;

	while (x->table[at] && memcmp(&x->blocks.v[x->table[at]], b, sizeof(*b)))
		at = (at + 1) & mask;
	return &x->table[at];
}

static int grow_table(struct sq_reach *x)
{
	uint32_t n = x->n_table ? x->n_table * 2 : 1024;
	uint32_t *table = sq_calloc(n, sizeof(*table));

	if (!table)
		return sq_error_origin(-ENOMEM);
	sq_free(x->table);
	x->table = table;
	x->n_table = n;
	for (uint32_t i = 1; i < x->blocks.n; i++)
		*table_slot(x, &x->blocks.v[i]) = i;
	return 0;
}

/* the number of the one block with this content */
static int intern_block(struct sq_reach *x, const struct block *b, uint32_t *ret_id)
{
	uint32_t *slot;
	int r = 0;

	if (x->blocks.n * 2 >= x->n_table)
		r = grow_table(x);
	if (r >= 0)
		r = sq_vec_reserve(&x->blocks, 1);
	if (r < 0)
		return sq_error_trace(r);
	slot = table_slot(x, b);
	if (!*slot) {
		*slot = (uint32_t)x->blocks.n;
		x->blocks.v[x->blocks.n++] = *b;
	}
	*ret_id = *slot;
	return 0;
}

/* a row while sets are added to it: either a block's number or words of its own */
struct accumulator { uint32_t *id; struct block *own; uint32_t n; };

static struct block *own_block(const struct sq_reach *x, struct accumulator *a, uint32_t k)
{
	if (a->id[k] != MIXED) {
		a->own[k] = x->blocks.v[a->id[k]];
		a->id[k] = MIXED;
	}
	return &a->own[k];
}

static void add_row(const struct sq_reach *x, struct accumulator *a, const uint32_t *row)
{
	for (uint32_t k = 0; k < a->n; k++) {
		const struct block *from;
		struct block *to;

		if (!row[k] || row[k] == a->id[k])
			continue;
		if (!a->id[k]) {
			a->id[k] = row[k];
			continue;
		}
		from = &x->blocks.v[row[k]];
		to = own_block(x, a, k);
		for (unsigned w = 0; w < BLOCK_WORDS; w++)
			to->w[w] |= from->w[w];
	}
}

/* add what the imports of @f reach; @from: the component of @f, left out */
static void add_imports(const struct sq_reach *x, struct accumulator *a, sq_file f)
{
	const struct sq_import_graph *g = x->g;
	uint32_t own = x->component[f], last = own;

	for (uint32_t i = g->first[f]; i < g->first[f + 1]; i++) {
		uint32_t c = x->component[g->to[i]];

		if (c != own && c != last)
			add_row(x, a, x->rows + (size_t)x->bit[c] * x->n_blocks);
		last = c;
	}
}

static int make_row(struct sq_reach *x, uint32_t c, struct accumulator *a)
{
	uint32_t bit = x->bit[c], *row = x->rows + (size_t)bit * x->n_blocks;

	memset(a->id, 0, a->n * sizeof(*a->id));
	for (uint32_t m = x->member_first[c]; m < x->member_first[c + 1]; m++)
		add_imports(x, a, x->members[m]);
	own_block(x, a, bit / BLOCK_BITS)->w[bit % BLOCK_BITS / 64] |= 1ULL << bit % 64;
	for (uint32_t k = 0; k < a->n; k++) {
		int r = 0;

		if (a->id[k] == MIXED)
			r = intern_block(x, &a->own[k], &a->id[k]);
		if (r < 0)
			return sq_error_trace(r);
		row[k] = a->id[k];
	}
	return 0;
}

static int make_rows(struct sq_reach *x)
{
	struct accumulator a = { .n = x->n_blocks };
	int r = 0;

	x->rows = sq_malloc(((size_t)x->n_bits * x->n_blocks + 1) * sizeof(*x->rows));
	a.id = sq_malloc((a.n + 1) * sizeof(*a.id));
	a.own = sq_malloc((a.n + 1) * sizeof(*a.own));
	if (!x->rows || !a.id || !a.own)
		r = sq_error_origin(-ENOMEM);
	if (!r)
		r = sq_vec_push(&x->blocks, (struct block){ .w = { 0 } });
	/* a component's number is above those of all it reaches: their rows are there */
	for (uint32_t c = 0; c < x->n_components && r >= 0; c++)
		if (x->bit[c] != SQ_NONE)
			r = make_row(x, c, &a);
	sq_free(a.id);
	sq_free(a.own);
	return r < 0 ? sq_error_trace(r) : 0;
}

/* from here on only bits of files are asked for */
static void drop_components(struct sq_reach *x)
{
	for (sq_file f = 0; f < x->g->n_files; f++)
		x->component[f] = x->bit[x->component[f]];
	sq_free(SQ_TAKE(x->bit));
	sq_free(SQ_TAKE(x->members));
	sq_free(SQ_TAKE(x->member_first));
	sq_free(SQ_TAKE(x->table));
	x->n_table = 0;
}

int sq_reach_new(const struct sq_import_graph *g, struct sq_reach **ret_r)
{
	struct sq_reach *x = sq_calloc(1, sizeof(*x));
	int r;

	if (!x)
		return sq_error_origin(-ENOMEM);
	x->g = g;
	r = find_components(x);
	if (r >= 0)
		r = list_members(x);
	if (r >= 0)
		r = number_bits(x);
	if (r >= 0)
		r = make_rows(x);
	if (r < 0) {
		sq_reach_free(x);
		return sq_error_trace(r);
	}
	drop_components(x);
	*ret_r = x;
	return 0;
}

/* ---- asking ------------------------------------------------------------------------ */

uint32_t sq_reach_n_words(const struct sq_reach *x)
{
	return x->n_blocks * BLOCK_WORDS;
}

static void or_row(const struct sq_reach *x, const uint32_t *row, const uint32_t *last, uint64_t *words)
{
	for (uint32_t k = 0; k < x->n_blocks; k++) {
		const struct block *b = &x->blocks.v[row[k]];

		if (!row[k] || (last && last[k] == row[k]))
			continue;
		for (unsigned w = 0; w < BLOCK_WORDS; w++)
			words[k * BLOCK_WORDS + w] |= b->w[w];
	}
}

void sq_reach_of(const struct sq_reach *x, sq_file f, uint64_t *words)
{
	const struct sq_import_graph *g = x->g;
	uint32_t bit = sq_reach_bit(x, f);
	const uint32_t *last = NULL;

	if (!x->n_blocks)
		return;   /* nothing is included at all */
	memset(words, 0, sq_reach_n_words(x) * sizeof(*words));
	if (bit != SQ_NONE) {
		or_row(x, x->rows + (size_t)bit * x->n_blocks, NULL, words);
		return;
	}
	for (uint32_t i = g->first[f]; i < g->first[f + 1]; i++) {
		const uint32_t *row = x->rows + (size_t)sq_reach_bit(x, g->to[i]) * x->n_blocks;

		or_row(x, row, last, words);
		last = row;
	}
}

uint32_t sq_reach_bit(const struct sq_reach *x, sq_file f)
{
	return x->component[f];
}
