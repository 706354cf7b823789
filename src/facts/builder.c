/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/hash.h"
#include "base/vec.h"
#include "facts/facts.h"
#include "facts/encode.h"

struct string {
	uint64_t hash;
	uint32_t off, len;   /* in bytes */
	uint32_t slot;       /* where table holds it */
};

struct sq_facts_builder {
	SQ_VEC(struct string) strings;
	struct sq_buf bytes;
	uint32_t *table;     /* string index + 1, linear probing */
	uint32_t table_mask;
	SQ_VEC(struct sq_def) defs;
	SQ_VEC(struct sq_ref) refs;
	SQ_VEC(struct sq_import) imports;
	SQ_VEC(struct sq_part) parts;
	SQ_VEC(struct sq_typed) typed;
	SQ_VEC(uint32_t) order, rank;   /* scratch of reordering */
	struct sq_encoder encoder;
	enum sq_lang lang;
	bool defs_unordered;
	int error;
};

#define TABLE_MIN 1024u

int sq_facts_builder_new(struct sq_facts_builder **ret_b)
{
	struct sq_facts_builder *b = sq_calloc(1, sizeof(*b));

	if (!b)
		return sq_error_origin(-ENOMEM);
	b->table = sq_calloc(TABLE_MIN, sizeof(*b->table));
	if (!b->table) {
		sq_free(b);
		return sq_error_origin(-ENOMEM);
	}
	b->table_mask = TABLE_MIN - 1;
	*ret_b = b;
	return 0;
}

struct sq_facts_builder *sq_facts_builder_free(struct sq_facts_builder *b)
{
	if (!b)
		return NULL;
	sq_vec_deinit(&b->strings);
	sq_vec_deinit(&b->defs);
	sq_vec_deinit(&b->refs);
	sq_vec_deinit(&b->imports);
	sq_vec_deinit(&b->parts);
	sq_vec_deinit(&b->typed);
	sq_vec_deinit(&b->order);
	sq_vec_deinit(&b->rank);
	sq_buf_deinit(&b->bytes);
	sq_encoder_deinit(&b->encoder);
	sq_free(b->table);
	sq_free(b);
	return NULL;
}

void sq_facts_builder_reset(struct sq_facts_builder *b, enum sq_lang lang)
{
	/* by slot, so that a small file does not pay for the biggest one before it */
	for (size_t i = 0; i < b->strings.n; i++)
		b->table[b->strings.v[i].slot] = 0;
	sq_vec_clear(&b->strings);
	sq_vec_clear(&b->defs);
	sq_vec_clear(&b->refs);
	sq_vec_clear(&b->imports);
	sq_vec_clear(&b->parts);
	sq_vec_clear(&b->typed);
	sq_buf_clear(&b->bytes);
	b->bytes.error = 0;
	b->lang = lang;
	b->error = 0;
}

static void place(struct sq_facts_builder *b, uint32_t i)
{
	uint32_t slot = (uint32_t)b->strings.v[i].hash & b->table_mask;

	while (b->table[slot])
		slot = (slot + 1) & b->table_mask;
	b->table[slot] = i + 1;
	b->strings.v[i].slot = slot;
}

static int grow_table(struct sq_facts_builder *b)
{
	uint32_t size = (b->table_mask + 1) * 2;
	uint32_t *table = sq_calloc(size, sizeof(*table));

	if (!table)
		return sq_error_origin(-ENOMEM);
	sq_free(b->table);
	b->table = table;
	b->table_mask = size - 1;
	for (uint32_t i = 0; i < b->strings.n; i++)
		place(b, i);
	return 0;
}

static uint32_t fail(struct sq_facts_builder *b, int r)
{
	b->error = r;
	return 0;
}

static uint32_t append_string(struct sq_facts_builder *b, struct sq_slice s, uint64_t hash)
{
	struct string item = { .hash = hash, .off = (uint32_t)b->bytes.n, .len = (uint32_t)s.n };
	int r;

	if (b->strings.n + 1 > (b->table_mask + 1) / 2) {
		r = grow_table(b);
		if (r < 0)
			return fail(b, r);
	}
	sq_buf_add_slice(&b->bytes, s);
	r = sq_buf_error(&b->bytes);
	if (!r)
		r = sq_vec_push(&b->strings, item);
	if (r < 0)
		return fail(b, r);
	place(b, (uint32_t)b->strings.n - 1);
	return (uint32_t)b->strings.n - 1;
}

uint32_t sq_facts_add_string(struct sq_facts_builder *b, struct sq_slice s)
{
	uint64_t hash = sq_hash64(s.p, s.n, 0);
	uint32_t slot = (uint32_t)hash & b->table_mask;

	for (; b->table[slot]; slot = (slot + 1) & b->table_mask) {
		const struct string *t = &b->strings.v[b->table[slot] - 1];

		if (t->hash == hash && sq_slice_eq(sq_slice(b->bytes.p + t->off, t->len), s))
			return b->table[slot] - 1;
	}
	return append_string(b, s, hash);
}

struct sq_slice sq_facts_string(const struct sq_facts_builder *b, uint32_t i)
{
	if (i >= b->strings.n)
		return SQ_SLICE_NULL;
	return sq_slice(b->bytes.p + b->strings.v[i].off, b->strings.v[i].len);
}

static bool starts_before(const struct sq_def *a, const struct sq_def *b)
{
	return a->start_line < b->start_line ||
	       (a->start_line == b->start_line && a->start_col < b->start_col);
}

uint32_t sq_facts_add_def(struct sq_facts_builder *b, const struct sq_def *def)
{
	int r = sq_vec_push(&b->defs, *def);

	if (r < 0) {
		fail(b, r);
		return SQ_NONE;
	}
	return (uint32_t)b->defs.n - 1;
}

struct sq_def *sq_facts_def(struct sq_facts_builder *b, uint32_t i)
{
	return i < b->defs.n ? &b->defs.v[i] : NULL;
}

uint32_t sq_facts_n_defs(const struct sq_facts_builder *b)
{
	return (uint32_t)b->defs.n;
}

uint32_t sq_facts_add_ref(struct sq_facts_builder *b, const struct sq_ref *ref)
{
	int r = sq_vec_push(&b->refs, *ref);

	if (r < 0) {
		fail(b, r);
		return SQ_NONE;
	}
	return (uint32_t)b->refs.n - 1;
}

struct sq_ref *sq_facts_add_refs(struct sq_facts_builder *b, size_t n)
{
	int r = sq_vec_reserve(&b->refs, n);

	if (r < 0) {
		fail(b, r);
		return NULL;
	}
	b->refs.n += n;
	return b->refs.v + b->refs.n - n;
}

struct sq_ref *sq_facts_ref(struct sq_facts_builder *b, uint32_t i)
{
	return i < b->refs.n ? &b->refs.v[i] : NULL;
}

uint32_t sq_facts_n_refs(const struct sq_facts_builder *b)
{
	return (uint32_t)b->refs.n;
}

void sq_facts_add_import(struct sq_facts_builder *b, const struct sq_import *imp)
{
	int r = sq_vec_push(&b->imports, *imp);

	if (r < 0)
		fail(b, r);
}

void sq_facts_add_part(struct sq_facts_builder *b, const struct sq_part *part)
{
	int r = sq_vec_push(&b->parts, *part);

	if (r < 0)
		fail(b, r);
	else
		b->parts.v[b->parts.n - 1].n_typed = 0;
}

void sq_facts_add_typed(struct sq_facts_builder *b, const struct sq_typed *typed)
{
	int r = sq_vec_push(&b->typed, *typed);

	if (r < 0)
		fail(b, r);
	else if (b->parts.n)   /* else adding it has failed */
		b->parts.v[b->parts.n - 1].n_typed++;
}

/* a definition that was opened and got no name is left out */
static bool is_dropped(const struct sq_def *d)
{
	return d->name == SQ_NONE;
}

static int cmp_defs(const void *pa, const void *pb, void *arg)
{
	const struct sq_def *defs = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (starts_before(&defs[a], &defs[b]))
		return -1;
	if (starts_before(&defs[b], &defs[a]))
		return 1;
	return a < b ? -1 : a > b;
}

/* the nearest enclosing definition that stays */
static uint32_t kept_parent(const struct sq_facts_builder *b, uint32_t i)
{
	while (i != SQ_NONE && is_dropped(&b->defs.v[i]))
		i = b->defs.v[i].parent;
	return i;
}

static bool needs_order(struct sq_facts_builder *b)
{
	bool has_dropped = b->defs.n && is_dropped(&b->defs.v[0]);

	b->defs_unordered = false;
	for (size_t i = 1; i < b->defs.n; i++) {
		has_dropped |= is_dropped(&b->defs.v[i]);
		b->defs_unordered |= starts_before(&b->defs.v[i], &b->defs.v[i - 1]);
	}
	return has_dropped || b->defs_unordered;
}

/* order[] = kept definitions by start; rank[] = its inverse */
static int rank_defs(struct sq_facts_builder *b)
{
	int r;

	sq_vec_clear(&b->order);
	sq_vec_clear(&b->rank);
	r = sq_vec_reserve(&b->order, b->defs.n);
	if (!r)
		r = sq_vec_reserve(&b->rank, b->defs.n);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < b->defs.n; i++)
		if (!is_dropped(&b->defs.v[i]))
			b->order.v[b->order.n++] = i;
	if (b->defs_unordered)
		qsort_r(b->order.v, b->order.n, sizeof(*b->order.v), cmp_defs, b->defs.v);
	for (uint32_t i = 0; i < b->order.n; i++)
		b->rank.v[b->order.v[i]] = i;
	return 0;
}

static int order_defs(struct sq_facts_builder *b)
{
	SQ_VEC(struct sq_def) defs = SQ_VEC_NULL;
	int r;

	if (!needs_order(b))
		return 0;
	r = rank_defs(b);
	if (!r)
		r = sq_vec_reserve(&defs, b->order.n + 1);
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->refs.n; i++) {
		uint32_t encl = kept_parent(b, b->refs.v[i].encl);

		b->refs.v[i].encl = encl == SQ_NONE ? SQ_NONE : b->rank.v[encl];
	}
	for (size_t i = 0; i < b->order.n; i++) {
		struct sq_def d = b->defs.v[b->order.v[i]];

		d.parent = kept_parent(b, d.parent);
		if (d.parent != SQ_NONE)
			d.parent = b->rank.v[d.parent];
		/* a parent that starts behind its child is none */
		if (d.parent != SQ_NONE && d.parent >= i)
			d.parent = SQ_NONE;
		defs.v[defs.n++] = d;
	}
	sq_free(b->defs.v);
	b->defs.v = defs.v;
	b->defs.n = defs.n;
	b->defs.cap = defs.cap;
	return 0;
}

static int cmp_refs(const void *pa, const void *pb, void *arg)
{
	const struct sq_ref *a = pa, *b = pb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->col != b->col)
		return a->col < b->col ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	/* not by number, which depends on the order of adding */
	return a->name == b->name ? 0 : sq_slice_cmp(sq_facts_string(arg, a->name), sq_facts_string(arg, b->name));
}

/* equal ones (a name reached twice) are one reference */
static void order_refs(struct sq_facts_builder *b)
{
	size_t n = 0;
	bool sorted = true;

	for (size_t i = 1; i < b->refs.n && sorted; i++)
		sorted = cmp_refs(&b->refs.v[i - 1], &b->refs.v[i], b) < 0;
	if (sorted)
		return;
	qsort_r(b->refs.v, b->refs.n, sizeof(*b->refs.v), cmp_refs, b);
	for (size_t i = 0; i < b->refs.n; i++)
		if (!n || cmp_refs(&b->refs.v[n - 1], &b->refs.v[i], b))
			b->refs.v[n++] = b->refs.v[i];
	b->refs.n = n;
}

/* stable, and linear when they are in order, which they are nearly always */
static void order_imports(struct sq_facts_builder *b)
{
	for (size_t i = 1; i < b->imports.n; i++) {
		struct sq_import m = b->imports.v[i];
		size_t j = i;

		for (; j && b->imports.v[j - 1].line > m.line; j--)
			b->imports.v[j] = b->imports.v[j - 1];
		b->imports.v[j] = m;
	}
}

static inline void renumber(struct sq_facts_builder *b, uint32_t *string)
{
	if (*string == SQ_NONE)
		return;
	if (b->rank.v[*string] == SQ_NONE) {
		b->rank.v[*string] = (uint32_t)b->order.n;
		b->order.v[b->order.n++] = *string;
	}
	*string = b->rank.v[*string];
}

/* order[] = the strings in order of first use; those without a use are left out */
static int order_strings(struct sq_facts_builder *b)
{
	int r;

	sq_vec_clear(&b->order);
	sq_vec_clear(&b->rank);
	r = sq_vec_reserve(&b->order, b->strings.n + 1);
	if (!r)
		r = sq_vec_reserve(&b->rank, b->strings.n + 1);
	if (r < 0)
		return r;
	memset(b->rank.v, 0xff, b->strings.n * sizeof(*b->rank.v));
	for (size_t i = 0; i < b->defs.n; i++)
		renumber(b, &b->defs.v[i].name);
	for (size_t i = 0; i < b->refs.n; i++) {
		renumber(b, &b->refs.v[i].name);
		renumber(b, &b->refs.v[i].qual);
	}
	for (size_t i = 0; i < b->imports.n; i++) {
		renumber(b, &b->imports.v[i].target);
		renumber(b, &b->imports.v[i].name);
		renumber(b, &b->imports.v[i].alias);
	}
	for (size_t i = 0; i < b->typed.n; i++) {
		renumber(b, &b->typed.v[i].name);
		renumber(b, &b->typed.v[i].type);
	}
	return 0;
}

static int encode_strings(struct sq_facts_builder *b)
{
	struct sq_encoder *e = &b->encoder;

	sq_encoder_begin_strings(e);
	for (size_t i = 0; i < b->order.n; i++)
		sq_encoder_string_len(e, b->strings.v[b->order.v[i]].len);
	sq_encoder_begin_bytes(e);
	for (size_t i = 0; i < b->order.n; i++)
		sq_encoder_string(e, sq_facts_string(b, b->order.v[i]));
	sq_encoder_end_strings(e);
	return sq_encoder_error(e);
}

int sq_facts_builder_finish(struct sq_facts_builder *b, bool has_error, struct sq_facts *ret_f)
{
	struct sq_encoder *e = &b->encoder;
	struct sq_encode_counts n;
	int r = b->error;

	if (!r)
		r = order_defs(b);
	if (r < 0)
		return sq_error_trace(r);
	order_refs(b);
	order_imports(b);
	r = order_strings(b);
	if (r < 0)
		return sq_error_trace(r);
	n = (struct sq_encode_counts){
		.strings = (uint32_t)b->order.n, .defs = (uint32_t)b->defs.n,
		.refs = (uint32_t)b->refs.n, .imports = (uint32_t)b->imports.n,
	};
	sq_encoder_begin(e, b->lang, has_error, &n);
	sq_encode_defs(e, b->defs.v, n.defs);
	sq_encode_refs(e, b->refs.v, n.refs);
	sq_encode_imports(e, b->imports.v, n.imports);
	sq_encode_parts(e, b->parts.v, b->parts.n, b->typed.v);
	r = encode_strings(b);
	if (r < 0)
		return sq_error_trace(r);
	return sq_encoder_finish(e, ret_f);
}

uint32_t sq_facts_builder_rank(const struct sq_facts_builder *b, uint32_t i)
{
	return b->rank.v[i];
}
