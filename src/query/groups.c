/* SPDX-License-Identifier: MIT */
/* "| group_by f", "| top n f", "| stats": matches counted by the value of a field. */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "query/run.h"

#define NO_KEY UINT64_MAX       /* of a free slot */
#define NO_VALUE (UINT64_MAX - 1)       /* a definition that has no parent */

struct slot { uint64_t key, count; };
struct table {
	enum sq_field field;
	struct slot *slots;             /* open addressing */
	size_t n, n_slots;
};
struct sq_grouping {
	struct sq_run *run;
	struct table tables[SQ_RESULT_GROUPS];
	unsigned n;
};

static int table_resize(struct table *t, size_t n_slots)
{
	struct slot *slots = sq_malloc(n_slots * sizeof(*slots));

	if (!slots)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < n_slots; i++)
		slots[i] = (struct slot){ NO_KEY, 0 };
	for (size_t i = 0; i < t->n_slots; i++) {
		size_t at;

		if (t->slots[i].key == NO_KEY)
			continue;
		at = sq_hash_u64(t->slots[i].key) & (n_slots - 1);
		while (slots[at].key != NO_KEY)
			at = (at + 1) & (n_slots - 1);
		slots[at] = t->slots[i];
	}
	sq_free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
	return 0;
}

/* 0; 1: too many groups; -ENOMEM */
static int table_add(struct table *t, uint64_t key)
{
	size_t at = sq_hash_u64(key) & (t->n_slots - 1);

	for (; t->slots[at].key != NO_KEY; at = (at + 1) & (t->n_slots - 1)) {
		if (t->slots[at].key != key)
			continue;
		t->slots[at].count++;
		return 0;
	}
	if (t->n == SQ_QUERY_MAX_GROUPS)
		return 1;
	t->slots[at] = (struct slot){ key, 1 };
	if (++t->n * 2 > t->n_slots)
		return table_resize(t, t->n_slots * 2);
	return 0;
}

int sq_grouping_new(struct sq_run *run, struct sq_grouping **ret_g)
{
	static const enum sq_field stats[] = {
		SQ_FIELD_KIND, SQ_FIELD_LANG, SQ_FIELD_VISIBILITY,
	};
	struct sq_grouping *g = sq_calloc(1, sizeof(*g));
	int r = 0;

	if (!g)
		return sq_error_origin(-ENOMEM);
	g->run = run;
	g->n = run->q->stage == SQ_STAGE_STATS ? 3 : 1;
	for (unsigned i = 0; !r && i < g->n; i++) {
		g->tables[i].field = g->n == 1 ? run->q->group : stats[i];
		r = table_resize(&g->tables[i], 64);
	}
	if (r < 0)
		sq_grouping_free(g);
	else
		*ret_g = g;
	return r;
}

struct sq_grouping *sq_grouping_free(struct sq_grouping *g)
{
	for (unsigned i = 0; g && i < g->n; i++)
		sq_free(g->tables[i].slots);
	sq_free(g);
	return NULL;
}

/* ---- values as numbers and back ------------------------------------------------- */

static uint64_t parent_key(const struct sq_run *run, enum sq_field field,
			   const struct sq_def *d)
{
	struct sq_def up;

	if (d->parent == SQ_NONE)
		return NO_VALUE;
	sq_defs_get(&run->bound->columns, d->parent, &up);
	if (field == SQ_FIELD_SCOPE_TYPE)
		return up.kind;
	if (field == SQ_FIELD_SCOPE)
		return up.kind == SQ_KIND_MODULE ? 0 : up.kind == SQ_KIND_FUNCTION ||
		       up.kind == SQ_KIND_METHOD || up.kind == SQ_KIND_MACRO ? 1 : 2;
	return run->bound->names[up.name];
}

static uint64_t key_of(const struct sq_run *run, enum sq_field field, sq_file f,
		       const struct sq_def *d)
{
	switch (field) {
	case SQ_FIELD_KIND:
		return d->kind;
	case SQ_FIELD_LANG:
		return run->bound->lang;
	case SQ_FIELD_PATH:
		return f;
	case SQ_FIELD_NAME:
		return run->bound->names[d->name];
	case SQ_FIELD_VISIBILITY:
		return d->flags & SQ_DEF_VIS_MASK;
	case SQ_FIELD_ASYNC:
		return (d->flags & SQ_DEF_ASYNC) != 0;
	case SQ_FIELD_STATIC:
		return (d->flags & SQ_DEF_STATIC) != 0;
	default:
		return parent_key(run, field, d);
	}
}

static struct sq_slice value_of(const struct sq_run *run, enum sq_field field, uint64_t key)
{
	static const char *const vis[] = { "public", "private", "protected", "package" };
	static const char *const scopes[] = { "module", "function", "class" };

	if (key == NO_VALUE)
		return field == SQ_FIELD_SCOPE || field == SQ_FIELD_SCOPE_TYPE ?
		       SQ_LIT("file") : SQ_LIT("");
	switch (field) {
	case SQ_FIELD_KIND:
	case SQ_FIELD_SCOPE_TYPE:
		return sq_slice_z(sq_kind_name((enum sq_kind)key));
	case SQ_FIELD_LANG:
		return sq_slice_z(sq_lang_name((enum sq_lang)key));
	case SQ_FIELD_PATH:
		return sq_version_bound(run->v, (sq_file)key)->path;
	case SQ_FIELD_VISIBILITY:
		return sq_slice_z(vis[key & 3]);
	case SQ_FIELD_SCOPE:
		return sq_slice_z(scopes[key]);
	case SQ_FIELD_ASYNC:
	case SQ_FIELD_STATIC:
		return key ? SQ_LIT("true") : SQ_LIT("false");
	default:
		return sq_version_string(run->v, (sq_name)key);
	}
}

int sq_grouping_add(struct sq_grouping *g, sq_file f, uint32_t def, const struct sq_def *d)
{
	int r = 0;

	(void)def;
	for (unsigned i = 0; !r && i < g->n; i++)
		r = table_add(&g->tables[i], key_of(g->run, g->tables[i].field, f, d));
	if (r <= 0)
		return sq_error_trace(r);
	g->run->cut = SQ_CUT_GROUPS;
	return SQ_RUN_E_BUDGET;
}

static int cmp_groups(const void *a, const void *b)
{
	const struct sq_group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return sq_slice_cmp(x->value, y->value);
}

static int finish_table(struct sq_grouping *g, const struct table *t, struct sq_groups *out)
{
	out->field = sq_fields[t->field].name;
	out->total = t->n;
	out->v = sq_malloc((t->n + 1) * sizeof(*out->v));
	if (!out->v)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i].key != NO_KEY)
			out->v[out->n++] = (struct sq_group){
				value_of(g->run, t->field, t->slots[i].key),
				t->slots[i].count,
			};
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), cmp_groups);
	return 0;
}

int sq_grouping_finish(struct sq_grouping *g, struct sq_result *res)
{
	const struct sq_query *q = g->run->q;
	int r = 0;

	for (unsigned i = 0; !r && i < g->n; i++) {
		struct sq_groups *out = &res->groups[res->n_groups++];

		r = finish_table(g, &g->tables[i], out);
		if (q->stage == SQ_STAGE_TOP)
			out->n = SQ_MIN(out->n, (size_t)q->top);
		if (out->n <= g->run->o->limit || q->stage == SQ_STAGE_STATS)
			continue;
		out->n = g->run->o->limit;
		if (res->cut == SQ_CUT_NONE)
			res->cut = SQ_CUT_LIMIT;
	}
	return r;
}
