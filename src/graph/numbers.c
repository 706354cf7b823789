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
/* source files [from, to), whose targets one worker sorts */
struct part {
	sq_file from, to;
	uint32_t *at;                   /* [n_files] targets there are in each file; then where the next one goes */
};
struct batch {
	const struct sq_version *v;
	const struct sq_analysis *a;
	struct sq_numbers *n;
	struct part *parts;             /* [workers] */
	uint32_t *start;                /* [n_files + 1] items of each file of the batch */
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

static uint32_t find(const struct table *t, sq_name name, uint32_t ordinal)
{
	uint32_t at = slot_of(t, name)->first;

	for (; at && ordinal; ordinal--)
		at = t->next.v[at - 1];
	return at - 1;   /* 0 becomes SQ_NONE */
}

/* the names that file @f is asked for: by others, and in its own links */
static int open_table(struct batch *b, struct table *t, sq_file f, struct sq_file_slot s)
{
	const struct item *items = b->items + b->start[f - b->from];
	uint32_t n = b->start[f - b->from + 1] - b->start[f - b->from];
	uint32_t n_own = s.links ? s.links->n_targets : 0;
	int r = clear_table(t, n + n_own, s.bound ? s.bound->columns.n_defs : 0);

	if (r < 0)
		return r;
	for (uint32_t k = 0; k < n; k++)
		*slot_of(t, items[k].name) = (struct slot){ items[k].name, 0 };
	for (uint32_t k = 0; k < n_own; k++)
		if (s.links->targets[k].file == f)
			*slot_of(t, s.links->targets[k].name) = (struct slot){ s.links->targets[k].name, 0 };
	if (s.bound) {
		sq_defs_names(&s.bound->columns, t->names.v);
		add_defs(t, s.bound);
	}
	return 0;
}

static int resolve_file(void *arg, unsigned worker, uint32_t i)
{
	struct batch *b = arg;
	struct table *t = &b->tables[worker];
	sq_file f = b->from + i;
	struct sq_file_slot s = sq_version_slot(b->v, f);
	const struct item *items = b->items;
	int r;

	if (b->start[i] == b->start[i + 1] && (!s.links || !s.links->n_targets))
		return 0;
	r = open_table(b, t, f, s);
	if (r < 0)
		return r;
	for (uint32_t k = b->start[i]; k < b->start[i + 1]; k++)
		b->n->def[items[k].at] = find(t, items[k].name, items[k].ordinal);
	for (uint32_t k = 0; s.links && k < s.links->n_targets; k++) {
		const struct sq_target *own = &s.links->targets[k];

		if (own->file == f)
			b->n->def[b->n->base[f] + k] = find(t, own->name, own->ordinal);
	}
	return 0;
}

/* how many targets of a part each file has; those of links to their own file are not sorted */
static int count_part(void *arg, unsigned worker, uint32_t i)
{
	const struct batch *b = arg;
	const struct part *p = &b->parts[i];

	(void)worker;
	for (sq_file f = p->from; f < p->to; f++) {
		const struct sq_links *l = sq_version_slot(b->v, f).links;

		for (uint32_t k = 0; l && k < l->n_targets; k++)
			p->at[l->targets[k].file] += l->targets[k].file != f;
	}
	return 0;
}

/* targets of a part in files [from, to), sorted by file */
static int scatter_part(void *arg, unsigned worker, uint32_t i)
{
	const struct batch *b = arg;
	const struct part *p = &b->parts[i];

	(void)worker;
	for (sq_file f = p->from; f < p->to; f++) {
		const struct sq_links *l = sq_version_slot(b->v, f).links;

		for (uint32_t k = 0; l && k < l->n_targets; k++) {
			const struct sq_target *t = &l->targets[k];

			if (t->file < b->from || t->file >= b->to || t->file == f)
				continue;
			b->items[p->at[t->file]++] = (struct item){ t->name, t->ordinal, b->n->base[f] + k };
		}
	}
	return 0;
}

static int each_part(struct batch *b, int (*fn)(void *arg, unsigned worker, uint32_t i))
{
	const struct sq_each each = {
		.par = b->a->par, .cancel = b->a->cancel, .n = sq_parallel_width(b->a->par), .grain = 1,
		.fn = fn, .arg = b,
	};

	return sq_error_trace(sq_each_run(&each));
}

/* of all parts */
static uint32_t count_of(const struct batch *b, sq_file f)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < sq_parallel_width(b->a->par); i++)
		n += b->parts[i].at[f];
	return n;
}

/* where the items of each part go, file by file: no two workers write to one place */
static void place_parts(struct batch *b)
{
	uint32_t sum = 0;

	for (sq_file f = b->from; f < b->to; f++) {
		b->start[f - b->from] = sum;
		for (unsigned i = 0; i < sq_parallel_width(b->a->par); i++) {
			uint32_t n = b->parts[i].at[f];

			b->parts[i].at[f] = sum;
			sum += n;
		}
	}
	b->start[b->to - b->from] = sum;
}

static int run_batch(struct batch *b)
{
	const struct sq_each each = {
		.par = b->a->par, .cancel = b->a->cancel, .n = b->to - b->from, .grain = 64,
		.fn = resolve_file, .arg = b,
	};
	int r;

	place_parts(b);
	r = each_part(b, scatter_part);
	return sq_error_trace(r ? r : sq_each_run(&each));
}

static int number_targets(struct sq_numbers *n, const struct sq_version *v)
{
	uint64_t sum = 0;

	for (sq_file f = 0; f < n->n_files; f++) {
		const struct sq_links *l = sq_version_slot(v, f).links;

		n->base[f] = (uint32_t)sum;
		sum += l ? l->n_targets : 0;
		if (sum > UINT32_MAX)
			return sq_error_origin(-EOVERFLOW);
	}
	n->base[n->n_files] = (uint32_t)sum;
	return 0;
}

/* parts of about as many targets each */
static int make_parts(struct batch *b)
{
	unsigned n = sq_parallel_width(b->a->par);
	sq_file f = 0;

	b->parts = sq_calloc(n, sizeof(*b->parts));
	if (!b->parts)
		return sq_error_origin(-ENOMEM);
	for (unsigned i = 0; i < n; i++) {
		uint64_t end = (uint64_t)b->n->base[b->n->n_files] * (i + 1) / n;

		b->parts[i].from = f;
		while (f < b->n->n_files && (b->n->base[f] < end || i + 1 == n))
			f++;
		b->parts[i].to = f;
		b->parts[i].at = sq_calloc(b->n->n_files + 1ul, sizeof(*b->parts[i].at));
		if (!b->parts[i].at)
			return sq_error_origin(-ENOMEM);
	}
	return each_part(b, count_part);
}

static int run_batches(struct batch *b)
{
	uint32_t n_files = b->n->n_files, room = 0;
	uint64_t sum = 0;
	int r = 0;

	for (sq_file f = 0; f < n_files; f++) {
		uint32_t n = count_of(b, f);

		room = SQ_MAX(room, n);
		sum += n;
	}
	room = SQ_MAX(room, (uint32_t)SQ_MIN(SQ_NUMBERS_BATCH, sum));
	b->items = sq_malloc(((size_t)room + 1) * sizeof(*b->items));
	b->start = sq_malloc(((size_t)n_files + 1) * sizeof(*b->start));
	b->tables = sq_calloc(sq_parallel_width(b->a->par), sizeof(*b->tables));
	if (!b->items || !b->start || !b->tables)
		return sq_error_origin(-ENOMEM);
	while (!r && b->from < n_files) {
		uint32_t n = 0;

		for (b->to = b->from; b->to < n_files && n + count_of(b, b->to) <= room; b->to++)
			n += count_of(b, b->to);
		r = run_batch(b);
		b->from = b->to;
	}
	return sq_error_trace(r);
}

static void batch_deinit(struct batch *b)
{
	for (unsigned i = 0; i < sq_parallel_width(b->a->par); i++) {
		if (b->tables) {
			sq_vec_deinit(&b->tables[i].slots);
			sq_vec_deinit(&b->tables[i].next);
			sq_vec_deinit(&b->tables[i].names);
		}
		if (b->parts)
			sq_free(b->parts[i].at);
	}
	sq_free(b->tables);
	sq_free(b->parts);
	sq_free(b->items);
	sq_free(b->start);
}

int sq_numbers_init(struct sq_numbers *n, const struct sq_version *v, const struct sq_analysis *a)
{
	struct sq_numbers made = { .n_files = v->n_file_ids };
	struct batch b = { .v = v, .a = a, .n = &made };
	int r = -ENOMEM;

	made.base = sq_malloc(((size_t)made.n_files + 1) * sizeof(*made.base));
	if (!made.base)
		goto out;
	r = number_targets(&made, v);
	if (r < 0)
		goto out;
	r = -ENOMEM;
	made.def = sq_malloc(((size_t)made.base[made.n_files] + 1) * sizeof(*made.def));
	if (!made.def)
		goto out;
	r = make_parts(&b);
	if (!r)
		r = run_batches(&b);
out:
	batch_deinit(&b);
	if (r < 0)
		sq_numbers_deinit(&made);
	else
		*n = made;
	return sq_error_trace(r);
}
