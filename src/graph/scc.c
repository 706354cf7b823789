/* SPDX-License-Identifier: MIT */
#include "graph/scc.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/each.h"
#include "graph/refgraph.h"
#include "graph/tarjan.h"

static const char *const type_names[SQ_CYCLE_MAX] = { "calls", "imports", "modules", "all" };

struct member { uint32_t comp, node; };
struct run {
	const struct sq_version *v;
	const struct sq_analysis *a;
	const struct sq_cycles_ask *ask;
	struct sq_refgraph g;
	uint32_t *comp, *size;          /* [node]; [component] members, 0: not asked for */
	uint32_t n_comps;
	struct member *members;
	uint32_t n_members;
	uint32_t *prev, *queue;         /* [node] of the search for a chain */
	uint32_t only;                  /* the one component asked for, or SQ_NONE */
	uint32_t root;                  /* its node that stands first */
};

int sq_cycle_type_parse(struct sq_slice name)
{
	for (int i = 0; i < SQ_CYCLE_MAX; i++)
		if (sq_slice_is(name, type_names[i]))
			return i;
	return -1;
}

const char *sq_cycle_type_name(enum sq_cycle_type type)
{
	return type < SQ_CYCLE_MAX ? type_names[type] : "";
}

void sq_cycles_deinit(struct sq_cycles *c)
{
	sq_free(c->nodes);
	sq_free(c->v);
	*c = (struct sq_cycles)SQ_CYCLES_NULL;
}

static bool has_self_loop(const struct sq_refgraph *g, uint32_t node)
{
	for (uint32_t e = g->start[node]; e < g->start[node + 1]; e++)
		if (g->edges[e] == node)
			return true;
	return false;
}

static bool is_asked_for(const struct run *run, uint32_t node)
{
	uint32_t n = run->size[run->comp[node]];

	if (run->only != SQ_NONE && run->comp[node] != run->only)
		return false;
	if (n == 1)
		return run->ask->self_loops && has_self_loop(&run->g, node);
	return n >= run->ask->min_size && (!run->ask->max_size || n <= run->ask->max_size);
}

static int cmp_nodes(const struct run *run, uint32_t a, uint32_t b)
{
	const struct sq_cycle_node *x = &run->g.nodes[a], *y = &run->g.nodes[b];

	if (x->file != y->file)
		return sq_slice_cmp(sq_version_bound(run->v, x->file)->path,
				    sq_version_bound(run->v, y->file)->path);
	return x->def < y->def ? -1 : x->def > y->def;
}

static int cmp_members(const void *pa, const void *pb, void *arg)
{
	const struct member *a = pa, *b = pb;

	if (a->comp != b->comp)
		return a->comp < b->comp ? -1 : 1;
	return cmp_nodes(arg, a->node, b->node);
}

static int collect(struct run *run)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->g.n; i++)
		run->size[run->comp[i]]++;
	for (uint32_t i = 0; i < run->g.n; i++)
		n += is_asked_for(run, i);
	run->members = sq_malloc(((size_t)n + 1) * sizeof(*run->members));
	if (!run->members)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; i < run->g.n; i++)
		if (is_asked_for(run, i))
			run->members[run->n_members++] = (struct member){ run->comp[i], i };
	qsort_r(run->members, run->n_members, sizeof(*run->members), cmp_members, run);
	return 0;
}

/* breadth first from @root within its component, until an edge leads back.
 * Return: the last node of the shortest cycle. */
static uint32_t search(struct run *run, uint32_t root)
{
	const struct sq_refgraph *g = &run->g;
	uint32_t n = 0;

	run->queue[n++] = root;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t node = run->queue[i];

		for (uint32_t e = g->start[node]; e < g->start[node + 1]; e++) {
			uint32_t next = g->edges[e];

			if (next == root && (node != root || run->size[run->comp[root]] == 1))
				return node;
			if (next == root || run->comp[next] != run->comp[root] || run->prev[next] != SQ_NONE)
				continue;
			run->prev[next] = node;
			run->queue[n++] = next;
		}
	}
	return root;   /* a component of one without a loop: not asked for */
}

/* put the chain through @root before the other members; @m: those of one component */
static uint32_t arrange(struct run *run, struct member *m, uint32_t n, uint32_t root)
{
	uint32_t last, length = 1, k, kept;

	for (uint32_t i = 0; i < n; i++)
		run->prev[m[i].node] = SQ_NONE;
	last = search(run, root);
	for (uint32_t at = last; at != root; at = run->prev[at])
		length++;
	/* queue is free again: the chain, marked in prev by its own number */
	k = length;
	for (uint32_t at = last; k; k--) {
		uint32_t before = run->prev[at];

		run->queue[k - 1] = at;
		run->prev[at] = SQ_NONE - 1;
		at = before;
	}
	kept = n;
	for (uint32_t i = n; i-- > 0;)
		if (run->prev[m[i].node] != SQ_NONE - 1)
			m[--kept] = m[i];
	for (uint32_t i = 0; i < length; i++)
		m[i].node = run->queue[i];
	return length;
}

struct group { struct sq_cycle c; uint32_t smallest; };

static int cmp_groups(const void *pa, const void *pb, void *arg)
{
	return cmp_nodes(arg, ((const struct group *)pa)->smallest, ((const struct group *)pb)->smallest);
}

static int emit(struct run *run, struct group *groups, uint32_t n, struct sq_cycles *c)
{
	c->nodes = sq_malloc(((size_t)run->n_members + 1) * sizeof(*c->nodes));
	c->v = sq_malloc(((size_t)n + 1) * sizeof(*c->v));
	if (!c->nodes || !c->v)
		return sq_error_origin(-ENOMEM);
	qsort_r(groups, n, sizeof(*groups), cmp_groups, run);
	for (uint32_t i = 0; i < n; i++) {
		struct member *m = run->members + groups[i].c.first;
		uint32_t root = run->only == SQ_NONE ? groups[i].smallest : run->root;

		c->v[i] = groups[i].c;
		c->v[i].n_chain = arrange(run, m, groups[i].c.n, root);
		c->v[i].first = c->n_nodes;
		for (uint32_t k = 0; k < groups[i].c.n; k++)
			c->nodes[c->n_nodes++] = run->g.nodes[m[k].node];
	}
	c->n = n;
	return 0;
}

static int group(struct run *run, struct sq_cycles *c)
{
	struct group *groups = sq_malloc(((size_t)run->n_members + 1) * sizeof(*groups));
	uint32_t n = 0;
	int r;

	if (!groups)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; i < run->n_members; i++) {
		if (i && run->members[i].comp == run->members[i - 1].comp)
			groups[n - 1].c.n++;
		else
			groups[n++] = (struct group){ { i, 1, 0 }, run->members[i].node };
	}
	r = emit(run, groups, n, c);
	sq_free(groups);
	return r;
}

static int find_components(struct run *run)
{
	size_t n = (size_t)run->g.n + 1;
	int r;

	run->comp = sq_malloc(n * sizeof(*run->comp));
	run->size = sq_calloc(n, sizeof(*run->size));
	run->prev = sq_malloc(n * sizeof(*run->prev));
	run->queue = sq_malloc(n * sizeof(*run->queue));
	if (!run->comp || !run->size || !run->prev || !run->queue)
		return sq_error_origin(-ENOMEM);
	r = sq_tarjan(run->g.n, run->g.start, run->g.edges, run->a->cancel, run->comp, &run->n_comps);
	return sq_error_trace(r);
}

static void run_deinit(struct run *run)
{
	sq_refgraph_deinit(&run->g);
	sq_free(run->comp);
	sq_free(run->size);
	sq_free(run->members);
	sq_free(run->prev);
	sq_free(run->queue);
}

/* the node that stands for @want; SQ_NONE when it has no edge in or none out */
static uint32_t node_of(const struct run *run, struct sq_cycle_node want)
{
	struct sq_slice dir = sq_path_dir(sq_version_bound(run->v, want.file)->path);

	if (run->ask->type == SQ_CYCLE_IMPORTS)
		return sq_refgraph_find(&run->g, want.file, SQ_NONE);
	if (run->ask->type != SQ_CYCLE_MODULES)
		return sq_refgraph_find(&run->g, want.file, want.def);
	for (uint32_t i = 0; i < run->g.n; i++)
		if (sq_slice_eq(dir, sq_path_dir(sq_version_bound(run->v, run->g.nodes[i].file)->path)))
			return i;
	return SQ_NONE;
}

static int find(const struct sq_version *v, const struct sq_analysis *a, const struct sq_cycles_ask *ask,
		const struct sq_cycle_node *through, struct sq_cycles *ret_c)
{
	struct run run = { .v = v, .a = a, .ask = ask, .g = SQ_REFGRAPH_NULL, .only = SQ_NONE };
	struct sq_cycles c = SQ_CYCLES_NULL;
	int r = sq_refgraph_init(&run.g, v, a, ask->type);

	if (!r)
		r = find_components(&run);
	if (!r && through) {
		run.root = node_of(&run, *through);
		/* a number that no component has: nothing is found */
		run.only = run.root == SQ_NONE ? run.n_comps : run.comp[run.root];
	}
	if (!r)
		r = collect(&run);
	if (!r)
		r = group(&run, &c);
	run_deinit(&run);
	if (r)
		sq_cycles_deinit(&c);
	else
		*ret_c = c;
	return sq_error_trace(r);
}

int sq_cycles_find(const struct sq_version *v, const struct sq_analysis *a, const struct sq_cycles_ask *ask,
		   struct sq_cycles *ret_c)
{
	return find(v, a, ask, NULL, ret_c);
}

int sq_cycles_through(const struct sq_version *v, const struct sq_analysis *a, const struct sq_cycles_ask *ask,
		      struct sq_cycle_node node, struct sq_cycles *ret_c)
{
	return find(v, a, ask, &node, ret_c);
}

static void add_file(struct sq_defset *set, sq_file f)
{
	for (uint32_t d = 0; d < set->base[f + 1] - set->base[f]; d++)
		(void)sq_defset_add(set, f, d);
}

static void add_dir(const struct sq_version *v, struct sq_defset *set, sq_file of)
{
	struct sq_slice dir = sq_path_dir(sq_version_bound(v, of)->path);

	for (sq_file f = 0; f < v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(v, f);

		if (b && sq_slice_eq(sq_path_dir(b->path), dir))
			add_file(set, f);
	}
}

int sq_cycles_set(const struct sq_version *v, const struct sq_cycles *c, bool is_modules,
		  struct sq_defset *ret_set)
{
	struct sq_defset set = SQ_DEFSET_NULL;
	int r = sq_defset_init(&set, v);

	if (r)
		return sq_error_trace(r);
	for (uint32_t i = 0; i < c->n_nodes; i++) {
		const struct sq_cycle_node *n = &c->nodes[i];

		if (n->def != SQ_NONE)
			(void)sq_defset_add(&set, n->file, n->def);
		else if (is_modules)
			add_dir(v, &set, n->file);
		else
			add_file(&set, n->file);
	}
	*ret_set = set;
	return 0;
}
