/* SPDX-License-Identifier: MIT */
/* Which pairs a join at the top of a query is made of: for each item of the
 * answer, the definitions on the right that it calls, inherits or implements, or that its
 * file imports. */
#include <stdlib.h>

#include "base/error.h"
#include "graph/edges.h"
#include "query/run.h"

struct gather {
	struct sq_run *run;
	const struct sq_selection *right;
	enum sq_field field;
	struct sq_match left;
	size_t first;                   /* pair of this item */
	struct sq_pair_list pairs;
};

int sq_pair_list_add(struct sq_pair_list *l, size_t first, struct sq_pair p)
{
	for (size_t i = first; i < l->n; i++)
		if (l->v[i].right.file == p.right.file && l->v[i].right.def == p.right.def)
			return 0;
	return l->n == SQ_QUERY_MAX_PAIRS ? SQ_RUN_E_BUDGET : sq_vec_push(l, p);
}

static bool makes_pair(enum sq_field field, const struct sq_ref *ref)
{
	switch (field) {
	case SQ_FIELD_CALLERS:
		return sq_ref_is_call(ref);
	case SQ_FIELD_INHERITS:
		return ref->kind == SQ_REF_INHERIT;
	default:
		return ref->kind == SQ_REF_IMPLEMENT || ref->kind == SQ_REF_INHERIT;
	}
}

static int take_edge(void *arg, const struct sq_edge *e)
{
	struct gather *g = arg;
	uint32_t def;
	int r = sq_run_step(g->run, 1);

	if (r || e->target.file == SQ_FILE_NONE || e->ref.encl != g->left.def ||
	    !makes_pair(g->field, &e->ref))
		return r;
	def = sq_bound_find_def(sq_version_bound(g->run->v, e->target.file), e->target.name,
				e->target.ordinal);
	if (def == SQ_NONE || !sq_selection_has(g->right, e->target.file, def))
		return 0;
	return sq_pair_list_add(&g->pairs, g->first, (struct sq_pair){
		g->left, { e->target.file, def, 0 }, e->ref.line });
}

int sq_run_pairs(struct sq_run *run, struct sq_result *res)
{
	struct sq_selection right = { .numbering = &run->numbering };
	struct gather g = { .run = run, .right = &right, .field = run->q->join };
	bool imports = g.field == SQ_FIELD_IMPORTS;
	int r = sq_run_subset(run, run->q->join_right, &right);

	res->is_join = true;
	if (!r && imports)
		r = sq_run_import_pairs(run, &right, res, &g.pairs);
	for (size_t i = 0; !r && !imports && right.n && i < res->n_items; i++) {
		g.left = res->items[i];
		g.first = g.pairs.n;
		r = sq_edges_out(run->v, g.left.file, g.left.def, take_edge, &g);
	}
	if (r == SQ_RUN_E_BUDGET) {
		res->pairs_cut = true;
		r = 0;
	}
	res->pairs = g.pairs.v;
	res->n_pairs = g.pairs.n;
	sq_selection_deinit(&right);
	return r;
}
