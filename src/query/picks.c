/* SPDX-License-Identifier: MIT */
#include "query/picks.h"

#include <stdlib.h>

#include "base/error.h"

#define SLACK 4096u     /* matches kept over the limit before sorting */

int sq_file_cmp(const struct sq_version *v, sq_file a, sq_file b)
{
	if (a == b)
		return 0;
	return sq_slice_cmp(sq_version_bound(v, a)->path,
			    sq_version_bound(v, b)->path);
}

static int cmp(const struct sq_picks *p, const struct sq_match *a,
	       const struct sq_match *b)
{
	int r;

	if (p->order == SQ_PICKS_BY_SCORE && a->score != b->score)
		return a->score > b->score ? -1 : 1;
	r = sq_file_cmp(p->v, a->file, b->file);
	if (r)
		return r;
	return a->def < b->def ? -1 : a->def > b->def;
}

static int cmp_items(const void *a, const void *b, void *arg)
{
	return cmp(arg, a, b);
}

void sq_picks_init(struct sq_picks *p, const struct sq_version *v, size_t limit,
		   enum sq_picks_order order)
{
	*p = (struct sq_picks){
		.v = v, .order = order, .limit = limit,
		.last_file = SQ_FILE_NONE,
	};
}

void sq_picks_deinit(struct sq_picks *p)
{
	sq_free(p->items);
	*p = (struct sq_picks){ 0 };
}

static void cut(struct sq_picks *p)
{
	if (p->n > 1)
		qsort_r(p->items, p->n, sizeof(*p->items), cmp_items, p);
	if (p->n < p->limit)
		return;
	p->n = p->limit;
	p->has_bar = p->n > 0;
	if (p->has_bar)
		p->bar = p->items[p->n - 1];
	p->last_file = SQ_FILE_NONE;
}

/* comparing paths once a file, not once a match */
static bool is_beyond_bar(struct sq_picks *p, const struct sq_match *m)
{
	if (!p->has_bar)
		return false;
	if (p->order == SQ_PICKS_BY_SCORE || m->file == p->bar.file)
		return cmp(p, m, &p->bar) > 0;
	if (m->file != p->last_file) {
		p->last_file = m->file;
		p->last_file_out = sq_file_cmp(p->v, m->file, p->bar.file) > 0;
	}
	return p->last_file_out;
}

static int grow(struct sq_picks *p)
{
	size_t cap = SQ_MAX(p->cap * 2, (size_t)16);
	struct sq_match *items = sq_realloc(p->items, cap * sizeof(*items));

	if (!items)
		return sq_error_origin(-ENOMEM);
	p->items = items;
	p->cap = cap;
	return 0;
}

int sq_picks_add(struct sq_picks *p, struct sq_match m)
{
	p->total++;
	if (!p->limit || is_beyond_bar(p, &m))
		return 0;
	if (p->n / 2 >= p->limit && p->n - p->limit >= SLACK)
		cut(p);
	if (p->n == p->cap && grow(p) < 0)
		return sq_error_trace(-ENOMEM);
	p->items[p->n++] = m;
	return 0;
}

void sq_picks_finish(struct sq_picks *p, struct sq_result *ret_r)
{
	cut(p);
	*ret_r = (struct sq_result){
		.items = SQ_TAKE(p->items), .n_items = p->n, .total = p->total,
		.truncated = p->total > p->n,
		.cut = p->total > p->n ? SQ_CUT_LIMIT : SQ_CUT_NONE,
	};
	p->n = p->cap = 0;
}
