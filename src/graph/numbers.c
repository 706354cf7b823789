/* SPDX-License-Identifier: MIT */
#include "graph/numbers.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "graph/each.h"

struct item { sq_name name; uint32_t ordinal, at; };
struct slot { sq_name name; uint32_t first; };  /* first definition + 1; 0: none (yet) */
/* the names that one file is asked for, with its definitions of each */
struct table {
	SQ_VEC(struct slot) slots;      /* a power of two, open addressing */
	SQ_VEC(uint32_t) next;          /* [definition] the next one of its name + 1 */
	SQ_VEC(uint32_t) names;         /* [definition] local string */
	unsigned shift;
};
struct batch {
	const struct sq_version *v;
	const struct sq_analysis *a;
	struct sq_numbers *n;
	uint32_t *start;                /* [n_files + 1] items of each file, then its end */
	struct item *items;
	uint32_t from, to;              /* target files */
	struct table *tables;           /* [workers] */
};

void sq_numbers_deinit(struct sq_numbers *n)
{
	sq_free(n->base);
	sq_free(n->def);
	*n = (struct sq_numbers)SQ_NUMBERS_NULL;
}

static void *resize(void **v, size_t *cap, size_t n, size_t item)
{
	if (n <= *cap)
		return *v;
	sq_free(*v);
	*v = sq_malloc(n * item);
	*cap = *v ? n : 0;
	return *v;
}
#define RESIZE(vec, count) resize((void **)&(vec)->v, &(vec)->cap, (count), sizeof(*(vec)->v))

static struct slot *slot_of(const struct table *t, sq_name name)
{
	size_t mask = t->slots.n - 1;
	size_t i = (name * 0x9e3779b1u) >> t->shift;

	while (t->slots.v[i].name != name && t->slots.v[i].name != SQ_NAME_NONE)
		i = (i + 1) & mask;
	return &t->slots.v[i];
}

static int clear_table(struct table *t, uint32_t n_names, uint32_t n_defs)
{
	unsigned bits = 4;

	while ((1u << bits) < n_names * 2ull)
		bits++;
	if (!RESIZE(&t->slots, (size_t)1 << bits) || !RESIZE(&t->next, n_defs + 1ull) ||
	    !RESIZE(&t->names, n_defs + 1ull))
		return sq_error_origin(-ENOMEM);
	t->slots.n = (size_t)1 << bits;
	t->shift = 32 - bits;
	memset(t->slots.v, 0xff, t->slots.n * sizeof(*t->slots.v));
	return 0;
}

/* definitions from the last to the first, so that each chain ascends */
static void add_defs(struct table *t, const struct sq_bound *b)
{
	for (uint32_t i = b->columns.n_defs; i-- > 0;) {
		sq_name name = b->names[t->names.v[i]];
		struct slot *s = slot_of(t, name);

		if (s->name == SQ_NAME_NONE)
			continue;
		t->next.v[i] = s->first;
		s->first = i + 1;
	}
}

static uint32_t find(const struct table *t, const struct item *item)
{
	uint32_t at = slot_of(t, item->name)->first;

	for (uint32_t k = item->ordinal; at && k; k--)
		at = t->next.v[at - 1];
	return at - 1;   /* 0 becomes SQ_NONE */
}

static int resolve_file(void *arg, unsigned worker, uint32_t i)
{
	struct batch *b = arg;
	struct table *t = &b->tables[worker];
	sq_file f = b->from + i;
	const struct item *items = b->items + b->start[i];
	uint32_t n = b->start[i + 1] - b->start[i];
	const struct sq_bound *bound = sq_version_bound(b->v, f);
	int r;

	if (!n)
		return 0;
	r = clear_table(t, n, bound ? bound->columns.n_defs : 0);
	if (r < 0)
		return r;
	for (uint32_t k = 0; k < n; k++)
		*slot_of(t, items[k].name) = (struct slot){ items[k].name, 0 };
	if (bound) {
		sq_defs_names(&bound->columns, t->names.v);
		add_defs(t, bound);
	}
	for (uint32_t k = 0; k < n; k++)
		b->n->def[items[k].at] = find(t, &items[k]);
	return 0;
}

/* targets in files [from, to), sorted by file; ->start holds where each begins */
static void scatter(struct batch *b)
{
	for (sq_file f = 0; f < b->n->n_files; f++) {
		const struct sq_links *l = sq_version_slot(b->v, f).links;

		for (uint32_t k = 0; l && k < l->n_targets; k++) {
			const struct sq_target *t = &l->targets[k];
			uint32_t i = t->file - b->from;

			if (t->file < b->from || t->file >= b->to)
				continue;
			b->items[b->start[i]++] =
				(struct item){ t->name, t->ordinal, b->n->base[f] + k };
		}
	}
	/* each start has become its end, the start of the next */
	memmove(b->start + 1, b->start, (size_t)(b->to - b->from) * sizeof(*b->start));
	b->start[0] = 0;
}

static int run_batch(struct batch *b, const uint32_t *counts)
{
	struct sq_each each = {
		.par = b->a->par, .cancel = b->a->cancel, .n = b->to - b->from, .grain = 64,
		.fn = resolve_file, .arg = b,
	};
	uint32_t sum = 0;

	for (uint32_t i = 0; i < each.n; i++) {
		b->start[i] = sum;
		sum += counts[b->from + i];
	}
	b->start[each.n] = sum;
	scatter(b);
	return sq_error_trace(sq_each_run(&each));
}

/* how many targets each file has, and in *ret_n all */
static int count_targets(struct sq_numbers *n, const struct sq_version *v, uint32_t *counts)
{
	uint64_t sum = 0;

	for (sq_file f = 0; f < n->n_files; f++) {
		const struct sq_links *l = sq_version_slot(v, f).links;

		n->base[f] = (uint32_t)sum;
		if (!l)
			continue;
		sum += l->n_targets;
		if (sum > UINT32_MAX)
			return sq_error_origin(-EOVERFLOW);
		for (uint32_t k = 0; k < l->n_targets; k++)
			counts[l->targets[k].file]++;
	}
	n->base[n->n_files] = (uint32_t)sum;
	return 0;
}

static int run_batches(struct batch *b, const uint32_t *counts)
{
	uint32_t n_files = b->n->n_files, room = 0;
	int r = 0;

	for (sq_file f = 0; f < n_files; f++)
		room = SQ_MAX(room, counts[f]);
	room = SQ_MAX(room, SQ_MIN(SQ_NUMBERS_BATCH, b->n->base[n_files]));
	b->items = sq_malloc(((size_t)room + 1) * sizeof(*b->items));
	b->start = sq_malloc(((size_t)n_files + 1) * sizeof(*b->start));
	b->tables = sq_calloc(sq_parallel_width(b->a->par), sizeof(*b->tables));
	if (!b->items || !b->start || !b->tables)
		return sq_error_origin(-ENOMEM);
	while (!r && b->from < n_files) {
		uint32_t sum = 0;

		for (b->to = b->from; b->to < n_files && sum + counts[b->to] <= room; b->to++)
			sum += counts[b->to];
		r = run_batch(b, counts);
		b->from = b->to;
	}
	return sq_error_trace(r);
}

static void batch_deinit(struct batch *b)
{
	for (unsigned i = 0; b->tables && i < sq_parallel_width(b->a->par); i++) {
		sq_vec_deinit(&b->tables[i].slots);
		sq_vec_deinit(&b->tables[i].next);
		sq_vec_deinit(&b->tables[i].names);
	}
	sq_free(b->tables);
	sq_free(b->items);
	sq_free(b->start);
}

int sq_numbers_init(struct sq_numbers *n, const struct sq_version *v, const struct sq_analysis *a)
{
	struct sq_numbers made = { .n_files = v->n_file_ids };
	struct batch b = { .v = v, .a = a, .n = &made };
	uint32_t *counts = sq_calloc((size_t)made.n_files + 1, sizeof(*counts));
	int r = -ENOMEM;

	made.base = sq_malloc(((size_t)made.n_files + 1) * sizeof(*made.base));
	if (!counts || !made.base)
		goto out;
	r = count_targets(&made, v, counts);
	if (r < 0)
		goto out;
	r = -ENOMEM;
	made.def = sq_malloc(((size_t)made.base[made.n_files] + 1) * sizeof(*made.def));
	if (made.def)
		r = run_batches(&b, counts);
out:
	batch_deinit(&b);
	sq_free(counts);
	if (r < 0)
		sq_numbers_deinit(&made);
	else
		*n = made;
	return sq_error_trace(r);
}
