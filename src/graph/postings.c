/* SPDX-License-Identifier: MIT */
#include "graph/postings.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "facts/scan.h"
#include "graph/keys.h"
#include "graph/qualifier.h"

#define MARK_DEF 0x100u         /* the low byte holds class bits */
#define MARK_MENTION 0x200u
#define MARK_QUALIFIER 0x400u   /* its components are done */
#define EXTRA_DROPPED 0xffu     /* in the place of class bits: order stays */
#define SCOPE_TOP 0x80u         /* file level, or inside modules only */

_Static_assert(SQ_KIND_MAX <= SCOPE_TOP, "kind and top bit share a byte");

void sq_postings_deinit(struct sq_postings *p)
{
	sq_vec_deinit(&p->keys);
	sq_vec_deinit(&p->marks);
	sq_vec_deinit(&p->scopes);
	sq_vec_deinit(&p->extra);
}

static struct sq_slice optional(const struct sq_extra_source *src, uint32_t local)
{
	return local == SQ_NONE ? SQ_SLICE_NULL : src->string(src->arg, local);
}

static struct sq_slice package_of(const struct sq_extra_source *src)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(src->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.kind == SQ_IMPORT_PACKAGE || imp.kind == SQ_IMPORT_ROOT)
			return src->string(src->arg, imp.target);
	return SQ_SLICE_NULL;
}

static int emit_keys(const struct sq_keys *k, enum sq_list list,
		     int (*emit)(void *arg, enum sq_list list, struct sq_slice s), void *arg)
{
	int r = 0;

	for (unsigned i = 0; i < k->n && r >= 0; i++)
		r = emit(arg, list, k->key[i]);
	return r;
}

int sq_extra_names(const struct sq_extra_source *src,
		   int (*emit)(void *arg, enum sq_list list, struct sq_slice s), void *arg)
{
	struct sq_import_cursor it;
	struct sq_import imp;
	struct sq_keys k;
	int r;

	r = emit(arg, SQ_LIST_KEY, src->path);
	if (r >= 0)
		r = emit(arg, SQ_LIST_KEY, sq_path_base(src->path));
	if (r < 0 || !src->traits)
		return r;
	sq_keys_of_file(src->traits, src->path, package_of(src), &k);
	r = emit_keys(&k, SQ_LIST_KEY, emit, arg);
	sq_imports_begin(src->columns, &it);
	while (r >= 0 && sq_imports_next(&it, &imp)) {
		/* what a file says of itself is no import */
		if (imp.kind == SQ_IMPORT_PACKAGE || imp.kind == SQ_IMPORT_ROOT)
			continue;
		sq_keys_of_import(src->traits, optional(src, imp.target), optional(src, imp.name), &k);
		r = emit_keys(&k, SQ_LIST_IMPORTER, emit, arg);
	}
	return r;
}

struct collector {
	struct sq_postings *p;
	const struct sq_version *v;
	const struct sq_bound *b;
};

static struct sq_slice string_of(const void *arg, uint32_t local)
{
	const struct collector *c = arg;

	return sq_version_string(c->v, c->b->names[local]);
}

static unsigned filter_bit(sq_name name)
{
	return (name * 0x9e3779b1u) >> 24;
}

static int add_extra(void *arg, enum sq_list list, struct sq_slice s)
{
	struct collector *c = arg;
	sq_name name = sq_version_find(c->v, s);
	unsigned bit = filter_bit(name);

	assert(name != SQ_NAME_NONE); /* sq_draft_put() added all of them */
	c->p->seen[bit / 64] |= 1ull << bit % 64;
	return sq_vec_push(&c->p->extra, sq_posting_key_of(name, list, 0));
}

static int add_qualifier(struct collector *c, uint32_t local)
{
	struct sq_slice text, part;
	int r = 0;

	if (c->p->marks.v[local] & MARK_QUALIFIER)
		return 0;
	c->p->marks.v[local] |= MARK_QUALIFIER;
	text = string_of(c, local);
	if (!sq_qualifier_is_path(text)) {
		c->p->marks.v[local] |= MARK_MENTION;
		return 0;
	}
	while (r >= 0 && sq_qualifier_next(&text, &part))
		r = add_extra(c, SQ_LIST_MENTION, part);
	return r;
}

static void mark_defs(struct collector *c)
{
	uint8_t *scopes = c->p->scopes.v;
	struct sq_def_cursor it;
	struct sq_def d;

	sq_defs_begin(&c->b->columns, &it);
	for (uint32_t i = 0; sq_defs_next(&it, &d); i++) {
		bool nested = d.parent != SQ_NONE;
		uint8_t parent = nested ? scopes[d.parent] : SCOPE_TOP;
		bool top = parent & SCOPE_TOP;
		int kind = nested ? (int)(parent & ~SCOPE_TOP) : -1;

		c->p->marks.v[d.name] |= MARK_DEF | sq_class_bits(&d, kind, top);
		scopes[i] = d.kind | (top && d.kind == SQ_KIND_MODULE ? SCOPE_TOP : 0);
	}
}

static int mark_refs(struct collector *c)
{
	const struct sq_columns *columns = &c->b->columns;
	struct sq_ref_texts t;
	int r = 0;

	for (uint32_t first = 0; first < columns->n_refs && r >= 0; first += SQ_FACTS_STRIDE) {
		sq_ref_texts_read(columns, first, &t);
		for (uint32_t i = 0; i < t.n; i++)
			c->p->marks.v[t.name[i]] |= MARK_MENTION;
		for (uint32_t i = 0; i < t.n && r >= 0; i++)
			if (t.qual[i] != SQ_NONE)
				r = add_qualifier(c, t.qual[i]);
	}
	return r;
}

static void mark_imports(struct collector *c)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&c->b->columns, &it);
	while (sq_imports_next(&it, &imp)) {
		if (imp.name != SQ_NONE)
			c->p->marks.v[imp.name] |= MARK_MENTION;
		if (imp.alias != SQ_NONE)
			c->p->marks.v[imp.alias] |= MARK_MENTION;
	}
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_keys(sq_posting_key *keys, size_t n)
{
	if (n > 1)
		qsort(keys, n, sizeof(*keys), compare_keys);
}

/* drop the mention of @name from the sorted extras: a local string says it already */
static void drop_extra(struct sq_postings *p, sq_name name)
{
	unsigned bit = filter_bit(name);
	sq_posting_key key = sq_posting_key_of(name, SQ_LIST_MENTION, 0), *found;

	if (!(p->seen[bit / 64] >> bit % 64 & 1) || !p->extra.n)
		return;
	found = bsearch(&key, p->extra.v, p->extra.n, sizeof(key), compare_keys);
	if (found)
		*found |= EXTRA_DROPPED;
}

static void add_locals(struct collector *c)
{
	struct sq_postings *p = c->p;

	for (uint32_t i = 0; i < c->b->columns.n_strings; i++) {
		uint16_t mark = p->marks.v[i];
		sq_name name = c->b->names[i];

		if (mark & MARK_DEF)
			p->keys.v[p->keys.n++] = sq_posting_key_of(name, SQ_LIST_DEF, mark & 0xff);
		if (mark & MARK_MENTION) {
			p->keys.v[p->keys.n++] = sq_posting_key_of(name, SQ_LIST_MENTION, 0);
			drop_extra(p, name);
		}
	}
}

static int prepare(struct sq_postings *p, const struct sq_bound *b)
{
	const struct sq_columns *c = &b->columns;

	if (sq_vec_reserve(&p->marks, (size_t)c->n_strings) < 0 ||
	    sq_vec_reserve(&p->scopes, (size_t)c->n_defs) < 0)
		return -ENOMEM;
	if (c->n_strings)
		memset(p->marks.v, 0, c->n_strings * sizeof(*p->marks.v));
	return 0;
}

static int collect(struct collector *c)
{
	const struct sq_extra_source src = {
		.traits = c->v->traits[c->b->lang],
		.path = c->b->path,
		.columns = &c->b->columns,
		.string = string_of,
		.arg = c,
	};
	int r;

	mark_defs(c);
	mark_imports(c);
	r = mark_refs(c);
	if (r < 0)
		return r;
	return sq_extra_names(&src, add_extra, c);
}

int sq_postings_of(struct sq_postings *p, const struct sq_version *v, const struct sq_bound *b)
{
	struct collector c = { p, v, b };
	size_t n = 0;
	int r;

	sq_vec_clear(&p->keys);
	sq_vec_clear(&p->extra);
	memset(p->seen, 0, sizeof(p->seen));
	if (!b)
		return 0;
	r = prepare(p, b);
	if (r >= 0)
		r = collect(&c);
	if (r < 0)
		return sq_error_trace(r);
	sort_keys(p->extra.v, p->extra.n);
	for (size_t i = 0; i < p->extra.n; i++)
		if (!n || p->extra.v[i] != p->extra.v[n - 1])
			p->extra.v[n++] = p->extra.v[i];
	p->extra.n = n;
	if (sq_vec_reserve(&p->keys, (size_t)b->columns.n_strings * 2 + n) < 0)
		return sq_error_origin(-ENOMEM);
	add_locals(&c);
	for (size_t i = 0; i < n; i++)
		if (sq_posting_key_bits(p->extra.v[i]) != EXTRA_DROPPED)
			p->keys.v[p->keys.n++] = p->extra.v[i];
	return 0;
}

void sq_postings_sort(struct sq_postings *p)
{
	sort_keys(p->keys.v, p->keys.n);
}
