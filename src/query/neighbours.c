/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/error.h"
#include "graph/each.h"
#include "graph/edges.h"
#include "query/keys.h"
#include "query/picks.h"
#include "query/run.h"

/* one call site; several make a neighbour */
struct site {
	sq_file file;           /* of the neighbour; SQ_FILE_NONE: unresolved */
	uint32_t def;           /* SQ_NONE: file level */
	sq_name name;
	sq_file at_file;        /* where the call is written */
	uint32_t at_ref, line;
	uint8_t rule;
	bool ambiguous;
};
struct gather {
	const struct sq_version *v;
	const struct sq_neighbours_ask *ask;
	uint64_t n_rows, max_rows;
	SQ_VEC(struct site) sites;
};
#define STOP 1                  /* of a callback: the row budget is used up */
#define ROWS_PER_LOOK 256u

static int take_rows(struct gather *g, uint64_t n)
{
	uint64_t before = g->n_rows;

	g->n_rows += n;
	if (before / ROWS_PER_LOOK != g->n_rows / ROWS_PER_LOOK && sq_is_cancelled(g->ask->cancel))
		return -ECANCELED;
	return g->n_rows > g->max_rows ? STOP : 0;
}

static int take_caller(void *arg, const struct sq_edge *e)
{
	struct gather *g = arg;
	const struct site s = {
		.file = e->from_file, .def = e->ref.encl,
		.name = SQ_NAME_NONE, .at_file = e->from_file,
		.at_ref = e->from_ref, .line = e->ref.line,
		.rule = e->link->rule, .ambiguous = e->ambiguous,
	};

	int r = take_rows(g, 1);

	return r || !sq_ref_is_call(&e->ref) ? r : sq_vec_push(&g->sites, s);
}

static int take_callee(void *arg, const struct sq_edge *e)
{
	struct gather *g = arg;
	const struct sq_bound *b = sq_version_bound(g->v, e->from_file);
	struct site s = {
		.file = e->target.file, .def = SQ_NONE,
		.name = b->names[e->ref.name], .at_file = e->from_file,
		.at_ref = e->from_ref, .line = e->ref.line,
		.rule = e->link->rule, .ambiguous = e->ambiguous,
	};

	int r = take_rows(g, 1);

	if (r || !sq_ref_is_call(&e->ref))
		return r;
	if (s.file != SQ_FILE_NONE) {
		s.name = e->target.name;
		s.def = sq_bound_find_def(sq_version_bound(g->v, s.file),
					  s.name, e->target.ordinal);
	}
	return sq_vec_push(&g->sites, s);
}

#define CMP(a, b) ((a) < (b) ? -1 : (a) > (b))

/* unresolved names come last, by their text */
static int cmp_neighbour(const struct sq_version *v, const struct site *a,
			 const struct site *b)
{
	int r;

	if (a->file == SQ_FILE_NONE || b->file == SQ_FILE_NONE) {
		if (a->file != b->file)
			return a->file == SQ_FILE_NONE ? 1 : -1;
		if (a->name == b->name)
			return 0;
		return sq_slice_cmp(sq_version_string(v, a->name),
				    sq_version_string(v, b->name));
	}
	r = sq_file_cmp(v, a->file, b->file);
	return r ? r : CMP(a->def, b->def);
}

/* the same call site of one neighbour together, what is certain first */
static int cmp_sites(const void *pa, const void *pb, void *arg)
{
	const struct site *a = pa, *b = pb;
	int r = cmp_neighbour(arg, a, b);

	if (r)
		return r;
	r = a->at_file == b->at_file ? 0 :
	    sq_file_cmp(arg, a->at_file, b->at_file);
	if (r)
		return r;
	if (a->at_ref != b->at_ref)
		return CMP(a->at_ref, b->at_ref);
	return CMP(a->ambiguous, b->ambiguous);
}

static void join(struct sq_neighbour *n, const struct site *s)
{
	bool better = n->ambiguous && !s->ambiguous;

	if (n->ambiguous == s->ambiguous)
		better = sq_rule_confidence(s->rule) > sq_rule_confidence(n->rule);
	if (better)
		n->rule = s->rule;
	n->ambiguous &= s->ambiguous;
	n->n_sites++;
}

/* sorted sites to neighbours; the first of them are kept, all are counted */
static int fold(const struct gather *g, struct sq_neighbours *n)
{
	SQ_VEC(struct sq_neighbour) out = SQ_VEC_NULL;
	const struct site *last = NULL;
	bool kept = false;
	int r = 0;

	for (size_t i = 0; i < g->sites.n; i++) {
		const struct site *s = &g->sites.v[i];

		if (last && !cmp_neighbour(g->v, last, s)) {
			bool again = last->at_file == s->at_file &&
				     last->at_ref == s->at_ref;

			if (kept && !again)
				join(&out.v[out.n - 1], s);
			last = s;
			continue;
		}
		last = s;
		n->total++;
		kept = out.n < g->ask->limit;
		if (kept)
			r = sq_vec_push(&out, (struct sq_neighbour){
				.file = s->file, .def = s->def, .name = s->name,
				.n_sites = 1, .first_line = s->line,
				.rule = s->rule, .ambiguous = s->ambiguous,
			});
		if (r < 0) {
			sq_vec_deinit(&out);
			return sq_error_trace(r);
		}
	}
	n->v = out.v;
	n->n = out.n;
	n->cut = g->n_rows > g->max_rows ? SQ_CUT_ROWS : n->total > n->n ? SQ_CUT_LIMIT : SQ_CUT_NONE;
	return 0;
}

static int gather_in(struct gather *g, const struct sq_keyset *of)
{
	SQ_VEC(struct sq_edge_end) ends = SQ_VEC_NULL;
	int r = 0;

	for (size_t i = 0; !r && i < of->n; i++)
		r = sq_vec_push(&ends, (struct sq_edge_end){ sq_key_file(of->v[i]), sq_key_def(of->v[i]) });
	if (!r)
		r = sq_edges_in_all(g->v, ends.v, ends.n, g->ask->cancel, take_caller, g);
	sq_vec_deinit(&ends);
	return r;
}

static int gather_out(struct gather *g, const struct sq_keyset *of)
{
	int r = 0;

	for (size_t i = 0; !r && i < of->n; i++) {
		r = take_rows(g, 1);
		if (!r)
			r = sq_edges_out(g->v, sq_key_file(of->v[i]), sq_key_def(of->v[i]), take_callee, g);
	}
	return r;
}

static int gather(struct gather *g, struct sq_slice symbol, bool in)
{
	struct sq_keyset of = SQ_KEYSET_NULL;
	int r = sq_keyset_add_symbol(&of, g->v, symbol);

	if (!r)
		sq_keyset_seal(&of);
	if (!r && sq_is_cancelled(g->ask->cancel))
		r = -ECANCELED;
	if (!r)
		r = in ? gather_in(g, &of) : gather_out(g, &of);
	sq_vec_deinit(&of);
	return r == STOP ? 0 : sq_error_trace(r);
}

static int neighbours(const struct sq_version *v, struct sq_slice symbol, bool in,
		      const struct sq_neighbours_ask *ask, struct sq_neighbours *ret_n)
{
	struct gather g = {
		.v = v, .ask = ask, .max_rows = ask->max_rows ? ask->max_rows : SQ_QUERY_MAX_ROWS,
	};
	struct sq_neighbours n = { .v = NULL };
	int r;

	r = gather(&g, symbol, in);
	if (!r && g.sites.n > 1)
		qsort_r(g.sites.v, g.sites.n, sizeof(*g.sites.v), cmp_sites,
			(void *)v);
	if (!r)
		r = fold(&g, &n);
	if (!r)
		*ret_n = n;
	sq_vec_deinit(&g.sites);
	return r;
}

int sq_direct_callers(const struct sq_version *v, struct sq_slice symbol, const struct sq_neighbours_ask *ask,
		      struct sq_neighbours *ret_n)
{
	return neighbours(v, symbol, true, ask, ret_n);
}

int sq_direct_callees(const struct sq_version *v, struct sq_slice symbol, const struct sq_neighbours_ask *ask,
		      struct sq_neighbours *ret_n)
{
	return neighbours(v, symbol, false, ask, ret_n);
}

void sq_neighbours_deinit(struct sq_neighbours *n)
{
	sq_free(n->v);
	*n = (struct sq_neighbours){ .v = NULL };
}
