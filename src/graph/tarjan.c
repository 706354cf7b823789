/* SPDX-License-Identifier: MIT */
#include "graph/tarjan.h"

#include "base/error.h"
#include "graph/each.h"

#define CANCEL_STRIDE 65536u    /* nodes between two looks at the flag */

struct run {
	const uint32_t *start, *edges;
	uint32_t *num;          /* [node] in order of meeting, from 1; 0: not met */
	uint32_t *low;          /* [node] smallest number known to be reached that has no component yet */
	uint32_t *at;           /* [node] next edge of a node on the path */
	uint32_t *path;         /* nodes that are being looked at, outermost first */
	uint32_t *open;         /* nodes met whose component is not known */
	uint32_t n_path, n_open, n_met, n_comps;
	uint32_t *comp;         /* UINT32_MAX: not known */
};

static void meet(struct run *r, uint32_t node)
{
	r->low[node] = r->num[node] = ++r->n_met;
	r->at[node] = r->start[node];
	r->path[r->n_path++] = node;
	r->open[r->n_open++] = node;
}

/* what lies on the open stack from @node up is one component */
static void close_component(struct run *r, uint32_t node)
{
	uint32_t top;

	do {
		top = r->open[--r->n_open];
		r->comp[top] = r->n_comps;
	} while (top != node);
	r->n_comps++;
}

static void leave(struct run *r, uint32_t node)
{
	r->n_path--;
	if (r->low[node] == r->num[node]) {
		close_component(r, node);
	} else {
		uint32_t outer = r->path[r->n_path - 1];

		r->low[outer] = SQ_MIN(r->low[outer], r->low[node]);
	}
}

static void walk_from(struct run *r, uint32_t root)
{
	meet(r, root);
	while (r->n_path) {
		uint32_t node = r->path[r->n_path - 1], next;

		if (r->at[node] == r->start[node + 1]) {
			leave(r, node);
			continue;
		}
		next = r->edges[r->at[node]++];
		if (!r->num[next])
			meet(r, next);
		else if (r->comp[next] == UINT32_MAX)
			r->low[node] = SQ_MIN(r->low[node], r->num[next]);
	}
}

static int walk_all(struct run *r, uint32_t n, const bool *cancel)
{
	for (uint32_t i = 0; i < n; i++) {
		r->num[i] = 0;
		r->comp[i] = UINT32_MAX;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (i % CANCEL_STRIDE == 0 && sq_is_cancelled(cancel))
			return sq_error_origin(-ECANCELED);
		if (!r->num[i])
			walk_from(r, i);
	}
	return 0;
}

int sq_tarjan(uint32_t n, const uint32_t *start, const uint32_t *edges, const bool *cancel,
	      uint32_t *ret_comp, uint32_t *ret_n)
{
	struct run run = { .start = start, .edges = edges, .comp = ret_comp };
	uint32_t *scratch = sq_malloc(5 * ((size_t)n + 1) * sizeof(*scratch));
	int r;

	if (!scratch)
		return sq_error_origin(-ENOMEM);
	run.num = scratch;
	run.low = run.num + n;
	run.at = run.low + n;
	run.path = run.at + n;
	run.open = run.path + n;
	r = walk_all(&run, n, cancel);
	if (!r)
		*ret_n = run.n_comps;
	sq_free(scratch);
	return r;
}
