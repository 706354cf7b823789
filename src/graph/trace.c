/* SPDX-License-Identifier: MIT */
#include "graph/trace.h"

#include <stdlib.h>
#include <string.h>

#include "graph/each.h"

#define IN_COST 4u              /* callers of a definition cost that many times its callees */
#define MAX_TRIES (4u << 20)    /* edges tried while chains are read off */

/* the nodes of both walks under one numbering: those of ->out, then those of ->in alone */
struct run {
	const struct sq_version *v;
	const struct sq_trace_ask *ask;
	struct sq_bfs out, in;
	uint32_t n;                     /* nodes */
	SQ_VEC(struct sq_bfs_node) nodes;
	SQ_VEC(struct sq_bfs_edge) edges;      /* by (from, best first) */
	uint32_t *start;                /* [n + 1] into edges */
	uint32_t *to_goal;              /* [n] steps to the nearest target; SQ_NONE */
	bool *is_source, *on_path;      /* [n] */
	uint32_t path[SQ_TRACE_MAX_HOPS + 1], via[SQ_TRACE_MAX_HOPS + 1];     /* nodes; edges that lead to them */
	uint64_t n_tries;
	struct sq_traces *t;
};

void sq_traces_deinit(struct sq_traces *t)
{
	sq_vec_deinit(&t->steps);
	sq_vec_deinit(&t->paths);
	*t = (struct sq_traces)SQ_TRACES_NULL;
}

/* ---- what both walks found, together ---- */

static int cmp_places(const struct run *run, const struct sq_bfs_node *a, const struct sq_bfs_node *b)
{
	if (a->file != b->file)
		return sq_slice_cmp(sq_version_bound(run->v, a->file)->path, sq_version_bound(run->v, b->file)->path);
	return a->def + 1 < b->def + 1 ? -1 : a->def + 1 > b->def + 1;
}

static int cmp_edges(const void *pa, const void *pb, void *arg)
{
	const struct run *run = arg;
	const struct sq_bfs_edge *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->confidence != b->confidence)
		return a->confidence > b->confidence ? -1 : 1;
	if (a->to != b->to)
		return cmp_places(run, &run->nodes.v[a->to], &run->nodes.v[b->to]);
	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static void free_joined(struct run *run)
{
	sq_free(run->start);
	sq_free(run->to_goal);
	sq_free(run->is_source);
	sq_free(run->on_path);
	run->start = run->to_goal = NULL;
	run->is_source = run->on_path = NULL;
}

/* one numbering for the nodes of both */
static int join_nodes(struct run *run, uint32_t *of_in)
{
	int r;

	sq_vec_clear(&run->nodes);
	r = sq_vec_reserve(&run->nodes, run->out.nodes.n + run->in.nodes.n);
	if (r < 0)
		return sq_error_trace(r);
	for (size_t i = 0; i < run->out.nodes.n; i++)
		run->nodes.v[run->nodes.n++] = run->out.nodes.v[i];
	for (size_t i = 0; i < run->in.nodes.n; i++) {
		const struct sq_bfs_node *n = &run->in.nodes.v[i];

		of_in[i] = sq_bfs_find(&run->out, n->file, n->def);
		if (of_in[i] != SQ_NONE)
			continue;
		of_in[i] = (uint32_t)run->nodes.n;
		run->nodes.v[run->nodes.n++] = *n;
	}
	run->n = (uint32_t)run->nodes.n;
	return 0;
}

/* every edge of both, the best of each pair of nodes, by its source */
static int join_edges(struct run *run, const uint32_t *of_in)
{
	size_t n = 0;
	int r;

	sq_vec_clear(&run->edges);
	r = sq_vec_reserve(&run->edges, run->out.edges.n + run->in.edges.n);
	if (r < 0)
		return sq_error_trace(r);
	for (size_t i = 0; i < run->out.edges.n; i++)
		run->edges.v[run->edges.n++] = run->out.edges.v[i];
	for (size_t i = 0; i < run->in.edges.n; i++) {
		struct sq_bfs_edge e = run->in.edges.v[i];

		e.from = of_in[e.from];
		e.to = of_in[e.to];
		run->edges.v[run->edges.n++] = e;
	}
	if (run->edges.n)
		qsort_r(run->edges.v, run->edges.n, sizeof(*run->edges.v), cmp_edges, run);
	for (size_t i = 0; i < run->edges.n; i++)
		if (!n || run->edges.v[n - 1].from != run->edges.v[i].from ||
		    run->edges.v[n - 1].to != run->edges.v[i].to)
			run->edges.v[n++] = run->edges.v[i];
	run->edges.n = n;
	return 0;
}

static int make_joined(struct run *run)
{
	free_joined(run);
	run->start = sq_calloc((size_t)run->n + 1, sizeof(*run->start));
	run->to_goal = sq_malloc(((size_t)run->n + 1) * sizeof(*run->to_goal));
	run->is_source = sq_calloc((size_t)run->n + 1, sizeof(*run->is_source));
	run->on_path = sq_calloc((size_t)run->n + 1, sizeof(*run->on_path));
	if (!run->start || !run->to_goal || !run->is_source || !run->on_path)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < run->edges.n; i++)
		run->start[run->edges.v[i].from + 1]++;
	for (uint32_t i = 0; i < run->n; i++)
		run->start[i + 1] += run->start[i];
	for (uint32_t i = 0; i < run->out.nodes.n && !run->out.nodes.v[i].depth; i++)
		run->is_source[i] = true;
	return 0;
}

/* how far each node is from a target: one pass over the edges a step */
static void measure(struct run *run, const uint32_t *of_in, uint32_t n_steps)
{
	memset(run->to_goal, 0xff, ((size_t)run->n + 1) * sizeof(*run->to_goal));
	for (uint32_t i = 0; i < run->in.nodes.n && !run->in.nodes.v[i].depth; i++)
		run->to_goal[of_in[i]] = 0;
	for (uint32_t d = 0; d < n_steps; d++)
		for (size_t i = 0; i < run->edges.n; i++) {
			const struct sq_bfs_edge *e = &run->edges.v[i];

			if (run->to_goal[e->to] == d && run->to_goal[e->from] == SQ_NONE)
				run->to_goal[e->from] = d + 1;
		}
}

/* ---- reading chains off ---- */

static int emit(struct run *run, uint32_t length)
{
	struct sq_traces *t = run->t;
	int r = sq_vec_push(&t->paths, (struct sq_trace_path){ (uint32_t)t->steps.n, length + 1 });

	for (uint32_t i = 0; i <= length && r >= 0; i++) {
		const struct sq_bfs_node *n = &run->nodes.v[run->path[i]];
		struct sq_trace_step s = { .file = n->file, .def = n->def };

		if (i) {
			const struct sq_bfs_edge *e = &run->edges.v[run->via[i]];

			s.kind = e->kind;
			s.rule = e->rule;
			s.confidence = e->confidence;
		}
		r = sq_vec_push(&t->steps, s);
	}
	return sq_error_trace(r);
}

static bool is_promising(const struct run *run, uint32_t node, uint32_t left)
{
	/* a chain of this length ends where it first meets a target */
	return run->to_goal[node] <= left && !run->on_path[node] && !run->is_source[node] &&
	       (run->to_goal[node] || !left);
}

/* chains of exactly @length from @source, depth first without recursion; 1: enough */
static int follow(struct run *run, uint32_t source, uint32_t length)
{
	uint32_t next[SQ_TRACE_MAX_HOPS + 1], at = 0;
	int r = 0;

	run->path[0] = source;
	run->on_path[source] = true;
	next[0] = run->start[source];
	while (!r) {
		uint32_t node = run->path[at];

		if (at == length || next[at] == run->start[node + 1]) {
			if (at == length)
				r = run->t->paths.n < run->ask->max_paths ? emit(run, length) : 1;
			run->on_path[node] = false;
			if (!at--)
				break;
			continue;
		}
		if (++run->n_tries > MAX_TRIES) {
			run->t->is_cut = true;
			r = 1;
		}
		if (is_promising(run, run->edges.v[next[at]].to, length - at - 1)) {
			uint32_t edge = next[at]++;

			at++;
			run->via[at] = edge;
			run->path[at] = run->edges.v[edge].to;
			run->on_path[run->path[at]] = true;
			next[at] = run->start[run->path[at]];
		} else {
			next[at]++;
		}
	}
	return r;
}

/* all chains of at most @n_steps; 1: as many as asked for, and there are more */
static int read_off(struct run *run, uint32_t n_steps)
{
	int r = 0;

	sq_vec_clear(&run->t->paths);
	sq_vec_clear(&run->t->steps);
	for (uint32_t length = 1; length <= n_steps && !r; length++)
		for (uint32_t i = 0; i < run->n && run->is_source[i] && !r; i++) {
			if (sq_is_cancelled(run->ask->cancel))
				return sq_error_origin(-ECANCELED);
			if (run->to_goal[i] && run->to_goal[i] <= length)
				r = follow(run, i, length);
		}
	return r;
}

static int look(struct run *run, uint32_t n_steps)
{
	uint32_t *of_in = sq_malloc((run->in.nodes.n + 1) * sizeof(*of_in));
	int r = of_in ? join_nodes(run, of_in) : sq_error_origin(-ENOMEM);

	if (!r)
		r = join_edges(run, of_in);
	if (!r)
		r = make_joined(run);
	if (!r) {
		measure(run, of_in, n_steps);
		r = read_off(run, n_steps);
	}
	sq_free(of_in);
	return r;
}

/* ---- the walks ---- */

/* do they touch? Only then is there something to read off */
static bool has_met(const struct run *run)
{
	for (size_t i = 0; i < run->in.nodes.n; i++)
		if (sq_bfs_find(&run->out, run->in.nodes.v[i].file, run->in.nodes.v[i].def) != SQ_NONE)
			return true;
	return false;
}

/* a step of the cheaper one; 1 when no step can add a chain */
static int advance(struct run *run)
{
	uint32_t out = sq_bfs_frontier(&run->out), in = sq_bfs_frontier(&run->in);

	if (!out || !in)
		return 1;
	/* what lies inside of a source counts as the source's, which only its own step knows */
	if (!sq_bfs_depth(&run->out) || out <= (uint64_t)in * IN_COST)
		return sq_bfs_step(&run->out);
	return sq_bfs_step(&run->in);
}

static int find(struct run *run)
{
	uint32_t n_steps = 0;
	int r = 0, enough;

	while (!r && n_steps < run->ask->max_hops) {
		r = advance(run);
		if (r < 0)
			return r;
		n_steps = sq_bfs_depth(&run->out) + sq_bfs_depth(&run->in);
		if (run->out.cut || run->in.cut)
			run->t->is_cut = true;
		else if (r)
			n_steps = run->ask->max_hops;   /* one side knows all there is */
		if (!has_met(run))
			continue;
		enough = look(run, n_steps);
		if (enough < 0)
			return enough;
		run->t->has_more = enough > 0 && !run->t->is_cut;
		r |= enough;
	}
	return 0;
}

int sq_trace_find(const struct sq_version *v, const struct sq_trace_ask *ask,
		  const struct sq_bfs_node *from, size_t n_from, const struct sq_bfs_node *to, size_t n_to,
		  struct sq_traces *ret_t)
{
	struct sq_bfs_ask along = {
		.directions = SQ_BFS_OUT, .kinds = SQ_BFS_CALLS, .same_language = ask->same_language,
		.min_confidence = ask->min_confidence, .max_rows = ask->max_rows, .cancel = ask->cancel,
	};
	struct sq_bfs_ask against = along;
	struct sq_traces t = SQ_TRACES_NULL;
	struct run run = { .v = v, .ask = ask, .t = &t };
	int r;

	against.directions = SQ_BFS_IN;
	r = sq_bfs_begin(&run.out, v, &along, from, n_from);
	if (!r)
		r = sq_bfs_begin(&run.in, v, &against, to, n_to);
	if (!r)
		r = find(&run);
	free_joined(&run);
	sq_vec_deinit(&run.nodes);
	sq_vec_deinit(&run.edges);
	sq_bfs_deinit(&run.out);
	sq_bfs_deinit(&run.in);
	if (r < 0)
		sq_traces_deinit(&t);
	else
		*ret_t = t;
	return sq_error_trace(r);
}
