/* SPDX-License-Identifier: MIT */
/* Walks and traces against naive answers over random trees of four languages. */
#include "graph-rig.h"

#include "graph/trace.h"

#define MAX_NODES 400u
#define MAX_EDGES 20000u

struct arc { uint32_t from, to; uint8_t kind, confidence; };
static struct sq_bfs_node nodes[MAX_NODES];
static uint32_t n_nodes;
static struct arc arcs[MAX_EDGES];
static size_t n_arcs, n_own;            /* all; before add_root_arcs() */

static uint32_t node_of(sq_file f, uint32_t def)
{
	for (uint32_t i = 0; i < n_nodes; i++)
		if (nodes[i].file == f && nodes[i].def == def)
			return i;
	ck_assert_uint_lt(n_nodes, MAX_NODES);
	nodes[n_nodes] = (struct sq_bfs_node){ f, def, 0 };
	return n_nodes++;
}

static void add_arc(uint32_t from, uint32_t to, uint8_t kind, uint32_t confidence)
{
	ck_assert_uint_lt(n_arcs, MAX_EDGES);
	arcs[n_arcs++] = (struct arc){ from, to, kind, (uint8_t)confidence };
}

/* every reference of the version as an arc, read one by one */
static void read_refs(const struct sq_version *v, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(v, f);
	struct sq_ref_cursor it;
	struct sq_ref ref;

	sq_refs_begin(&s.bound->columns, &it);
	for (uint32_t i = 0; sq_refs_next(&it, &ref); i++) {
		const struct sq_link *l = sq_links_of_ref(s.links, i);
		uint32_t percent = sq_rule_confidence((enum sq_rule)l->rule);

		if (l->state != SQ_LINK_BOUND && sq_link_n_total(l))
			percent /= sq_link_n_total(l);
		for (uint32_t k = 0; k < l->n_listed; k++) {
			const struct sq_target *t = &s.links->targets[l->first + k];
			uint32_t def = sq_bound_find_def(sq_version_bound(v, t->file), t->name, t->ordinal);

			add_arc(node_of(f, ref.encl), node_of(t->file, def), ref.kind, percent);
		}
	}
}

static void read_imports(const struct sq_version *v, sq_file f)
{
	const struct sq_links *l = sq_version_slot(v, f).links;

	for (uint32_t i = 0; i < l->n_imports; i++)
		for (uint32_t k = 0; k < l->imports[i].n; k++)
			add_arc(node_of(f, SQ_NONE), node_of(l->files[l->imports[i].first + k], SQ_NONE), SQ_REF_IMPORT,
				sq_rule_confidence(SQ_RULE_IMPORT) /
				(l->imports[i].state == SQ_LINK_BOUND ? 1u : l->imports[i].n));
}

static void read_version(const struct sq_version *v)
{
	n_nodes = 0;
	n_arcs = 0;
	for (sq_file f = 0; f < v->n_file_ids; f++) {
		const struct sq_file_slot s = sq_version_slot(v, f);

		if (!s.links)
			continue;
		for (uint32_t d = 0; d < s.bound->columns.n_defs; d++)
			node_of(f, d);
		read_refs(v, f);
		read_imports(v, f);
	}
}

static bool is_within(const struct sq_version *v, uint32_t node, uint32_t outer)
{
	struct sq_def d;
	uint32_t def = nodes[node].def;

	if (nodes[node].file != nodes[outer].file || nodes[outer].def == SQ_NONE)
		return node == outer;
	while (def != SQ_NONE && def != nodes[outer].def) {
		sq_defs_get(&sq_version_bound(v, nodes[node].file)->columns, def, &d);
		def = d.parent;
	}
	return def == nodes[outer].def;
}

/* what lies inside of the root is the root's too */
static void add_root_arcs(const struct sq_version *v, uint32_t root)
{
	n_own = n_arcs;
	for (size_t i = 0; i < n_own; i++)
		if (arcs[i].from != root && arcs[i].kind != SQ_REF_IMPORT && is_within(v, arcs[i].from, root))
			add_arc(root, arcs[i].to, arcs[i].kind, arcs[i].confidence);
}

static void plant(struct rig *rig, struct rig_random *rnd)
{
	struct sq_draft_opts opts = { .clear = true };
	struct rig_tree tree;

	for (uint32_t i = 0; i < RIG_PATHS; i++)
		tree.seed[i] = rig_below(rnd, 5) ? 2 + rig_below(rnd, 1000) : 0;
	rig_init(rig);
	ck_assert_int_eq(rig_update(rig, NULL, &tree, &opts), 0);
	read_version(sq_graph_current(rig->g));
}

static bool is_asked(const struct sq_bfs_ask *ask, const struct arc *a)
{
	return (ask->kinds >> a->kind & 1) && a->confidence >= ask->min_confidence;
}

/* distances by relaxing every arc until nothing moves */
static void measure(const struct sq_bfs_ask *ask, uint32_t root, uint32_t max_depth, uint32_t *dist)
{
	memset(dist, 0xff, MAX_NODES * sizeof(*dist));
	dist[root] = 0;
	for (uint32_t round = 0; round < max_depth; round++)
		for (size_t i = 0; i < n_arcs; i++) {
			const struct arc *a = &arcs[i];

			if (!is_asked(ask, a))
				continue;
			if ((ask->directions & SQ_BFS_OUT) && dist[a->from] == round && dist[a->to] == SQ_NONE)
				dist[a->to] = round + 1;
			if ((ask->directions & SQ_BFS_IN) && dist[a->to] == round && dist[a->from] == SQ_NONE)
				dist[a->from] = round + 1;
		}
}

static bool has_arc(const struct sq_bfs *w, const struct sq_bfs_edge *e)
{
	uint32_t from = node_of(w->nodes.v[e->from].file, w->nodes.v[e->from].def);
	uint32_t to = node_of(w->nodes.v[e->to].file, w->nodes.v[e->to].def);

	for (size_t i = 0; i < n_arcs; i++)
		if (arcs[i].from == from && arcs[i].to == to && arcs[i].kind == e->kind &&
		    arcs[i].confidence == e->confidence)
			return true;
	return false;
}

static bool has_edge(const struct sq_bfs *w, const struct arc *a)
{
	uint32_t from = sq_bfs_find(w, nodes[a->from].file, nodes[a->from].def);
	uint32_t to = sq_bfs_find(w, nodes[a->to].file, nodes[a->to].def);

	for (size_t i = 0; i < w->edges.n; i++)
		if (w->edges.v[i].from == from && w->edges.v[i].to == to && w->edges.v[i].kind == a->kind)
			return true;
	return false;
}

static void compare(const struct sq_version *v, const struct sq_bfs *w, const struct sq_bfs_ask *ask,
		    const uint32_t *dist, uint32_t max_depth)
{
	size_t n = 0;

	for (uint32_t i = 0; i < n_nodes; i++) {
		uint32_t at = sq_bfs_find(w, nodes[i].file, nodes[i].def);

		ck_assert_int_eq(at != SQ_NONE, dist[i] != SQ_NONE);
		if (at != SQ_NONE)
			ck_assert_uint_eq(w->nodes.v[at].depth, dist[i]);
		n += at != SQ_NONE;
	}
	ck_assert_uint_eq(n, w->nodes.n);
	for (size_t i = 0; i < w->edges.n; i++)
		ck_assert(has_arc(w, &w->edges.v[i]));
	for (size_t i = 0; i < n_arcs; i++) {
		bool seen = is_asked(ask, &arcs[i]) &&
			    (((ask->directions & SQ_BFS_OUT) && dist[arcs[i].from] < max_depth) ||
			     (i < n_own && (ask->directions & SQ_BFS_IN) && dist[arcs[i].to] < max_depth));

		if (seen)
			ck_assert_msg(has_edge(w, &arcs[i]), "kind %u: %.*s def %u -> %.*s def %u", arcs[i].kind,
				      (int)sq_version_bound(v, nodes[arcs[i].from].file)->path.n,
				      sq_version_bound(v, nodes[arcs[i].from].file)->path.p, nodes[arcs[i].from].def,
				      (int)sq_version_bound(v, nodes[arcs[i].to].file)->path.n,
				      sq_version_bound(v, nodes[arcs[i].to].file)->path.p, nodes[arcs[i].to].def);
	}
	for (size_t i = 1; i < w->nodes.n; i++) {
		const struct sq_bfs_node *a = &w->nodes.v[i - 1], *b = &w->nodes.v[i];
		int c = sq_slice_cmp(sq_version_bound(v, a->file)->path, sq_version_bound(v, b->file)->path);

		ck_assert(a->depth < b->depth || c < 0 || (!c && a->def + 1 < b->def + 1));
	}
}

START_TEST(walks)
{
	static const unsigned kinds[] = { SQ_BFS_CALLS, SQ_BFS_ALL, SQ_BFS_ALL | SQ_BFS_IMPORTS };
	struct rig_random rnd = { (uint64_t)_i };
	struct sq_bfs w = SQ_BFS_NULL;
	uint32_t dist[MAX_NODES];
	struct rig rig;

	plant(&rig, &rnd);
	for (uint32_t round = 0; n_nodes && round < 10; round++) {
		struct sq_bfs_ask ask = {
			.directions = 1 + rig_below(&rnd, 3), .kinds = kinds[rig_below(&rnd, 3)],
			.min_confidence = (uint8_t)(rig_below(&rnd, 3) * 30),
		};
		uint32_t root = rig_below(&rnd, n_nodes), depth = 1 + rig_below(&rnd, 4);

		add_root_arcs(sq_graph_current(rig.g), root);
		measure(&ask, root, depth, dist);
		ck_assert_int_eq(sq_bfs_run(&w, sq_graph_current(rig.g), &ask, &nodes[root], 1, depth), 0);
		ck_assert_int_eq(w.cut, SQ_BFS_WHOLE);
		compare(sq_graph_current(rig.g), &w, &ask, dist, depth);
		n_arcs = n_own;
	}
	sq_bfs_deinit(&w);
	rig_deinit(&rig);
}
END_TEST

START_TEST(cuts)
{
	struct rig_random rnd = { (uint64_t)_i };
	struct sq_bfs whole = SQ_BFS_NULL, w = SQ_BFS_NULL;
	struct sq_bfs_ask ask = { .directions = SQ_BFS_IN | SQ_BFS_OUT, .kinds = SQ_BFS_ALL };
	bool cancel = true;
	struct rig rig;

	plant(&rig, &rnd);
	for (uint32_t root = 0; root < n_nodes; root += 7) {
		ask.max_nodes = 0;
		ask.max_rows = 0;
		ask.cancel = NULL;
		ck_assert_int_eq(sq_bfs_run(&whole, sq_graph_current(rig.g), &ask, &nodes[root], 1, 4), 0);
		for (ask.max_nodes = 1; ask.max_nodes < whole.nodes.n; ask.max_nodes += 3) {
			ck_assert_int_eq(sq_bfs_run(&w, sq_graph_current(rig.g), &ask, &nodes[root], 1, 4), 0);
			ck_assert_int_eq(w.cut, SQ_BFS_CUT_NODES);
			ck_assert_uint_eq(w.nodes.n, ask.max_nodes);
			ck_assert_int_eq(memcmp(w.nodes.v, whole.nodes.v, w.nodes.n * sizeof(*w.nodes.v)), 0);
			for (size_t i = 0; i < w.edges.n; i++)
				ck_assert(w.edges.v[i].from < w.nodes.n && w.edges.v[i].to < w.nodes.n);
			ck_assert_uint_eq(sq_bfs_find(&w, whole.nodes.v[ask.max_nodes].file,
						       whole.nodes.v[ask.max_nodes].def), SQ_NONE);
		}
		ask.max_nodes = (uint32_t)whole.nodes.n;
		ck_assert_int_eq(sq_bfs_run(&w, sq_graph_current(rig.g), &ask, &nodes[root], 1, 4), 0);
		ck_assert_int_eq(w.cut, SQ_BFS_WHOLE);
		ask.max_nodes = 0;
		ask.max_rows = 1;
		ck_assert_int_eq(sq_bfs_run(&w, sq_graph_current(rig.g), &ask, &nodes[root], 1, 4), 0);
		ck_assert_int_eq(w.cut, whole.nodes.n > 1 ? SQ_BFS_CUT_ROWS : w.cut);
		ask.cancel = &cancel;
		ck_assert_int_eq(sq_bfs_run(&w, sq_graph_current(rig.g), &ask, &nodes[root], 1, 4), -ECANCELED);
	}
	sq_bfs_deinit(&w);
	sq_bfs_deinit(&whole);
	rig_deinit(&rig);
}
END_TEST

/* ---- traces ---- */

struct count { uint64_t of[8]; };
static bool on_path[MAX_NODES];

/* chains of each length by trying everything */
static void count_chains(const struct sq_bfs_ask *ask, uint32_t at, uint32_t goal, uint32_t length, uint32_t max,
			 struct count *c)
{
	bool next[MAX_NODES] = { false };

	if (at == goal) {
		c->of[length]++;
		return;
	}
	if (length == max)
		return;
	on_path[at] = true;
	for (size_t i = 0; i < n_arcs; i++)
		if (arcs[i].from == at && is_asked(ask, &arcs[i]) && !on_path[arcs[i].to])
			next[arcs[i].to] = true;
	for (uint32_t i = 0; i < n_nodes; i++)
		if (next[i])
			count_chains(ask, i, goal, length + 1, max, c);
	on_path[at] = false;
}

static void check_chain(const struct sq_bfs_ask *ask, const struct sq_trace_step *s, uint32_t n, uint32_t from,
			uint32_t to)
{
	ck_assert_uint_eq(node_of(s[0].file, s[0].def), from);
	ck_assert_uint_eq(node_of(s[n - 1].file, s[n - 1].def), to);
	for (uint32_t i = 1; i < n; i++) {
		uint32_t a = node_of(s[i - 1].file, s[i - 1].def), b = node_of(s[i].file, s[i].def);
		bool found = false;

		for (size_t k = 0; k < n_arcs; k++)
			found |= arcs[k].from == a && arcs[k].to == b && is_asked(ask, &arcs[k]) &&
				 arcs[k].kind == s[i].kind && arcs[k].confidence == s[i].confidence;
		ck_assert(found);
		for (uint32_t k = 0; k < i; k++)
			ck_assert_uint_ne(node_of(s[k].file, s[k].def), b);
	}
}

static bool same_chain(const struct sq_traces *t, const struct sq_trace_path *a, const struct sq_trace_path *b)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->n != b->n || t->steps.v[a->first + i].file != t->steps.v[b->first + i].file ||
		    t->steps.v[a->first + i].def != t->steps.v[b->first + i].def)
			return false;
	return true;
}

START_TEST(traces)
{
	struct rig_random rnd = { (uint64_t)_i };
	const struct sq_bfs_ask kinds = { .kinds = SQ_BFS_CALLS, .min_confidence = 20 };
	struct rig rig;

	plant(&rig, &rnd);
	for (uint32_t round = 0; n_nodes && round < 12; round++) {
		uint32_t from = rig_below(&rnd, n_nodes), to = rig_below(&rnd, n_nodes);
		struct sq_trace_ask ask = { .max_hops = 1 + rig_below(&rnd, 5), .max_paths = 1 + rig_below(&rnd, 20),
					    .min_confidence = 20 };
		struct sq_traces t = SQ_TRACES_NULL;
		struct count c = { { 0 } };
		uint64_t before = 0, all = 0;
		size_t k = 0;

		if (from == to)
			continue;
		add_root_arcs(sq_graph_current(rig.g), from);
		count_chains(&kinds, from, to, 0, ask.max_hops, &c);
		ck_assert_int_eq(sq_trace_find(sq_graph_current(rig.g), &ask, &nodes[from], 1, &nodes[to], 1, &t), 0);
		ck_assert(!t.is_cut);
		for (uint32_t length = 1; length <= ask.max_hops; length++)
			all += c.of[length];
		ck_assert_uint_eq(t.paths.n, SQ_MIN(all, ask.max_paths));
		ck_assert_int_eq(t.has_more, all > ask.max_paths);
		/* as many of each length as there are, shorter ones first */
		for (uint32_t length = 1; length <= ask.max_hops; before += c.of[length++])
			for (uint64_t i = 0; i < c.of[length] && before + i < ask.max_paths; i++, k++) {
				ck_assert_uint_eq(t.paths.v[k].n, length + 1);
				check_chain(&kinds, &t.steps.v[t.paths.v[k].first], length + 1, from, to);
				for (size_t j = 0; j < k; j++)
					ck_assert(!same_chain(&t, &t.paths.v[j], &t.paths.v[k]));
			}
		sq_traces_deinit(&t);
		n_arcs = n_own;
	}
	rig_deinit(&rig);
}
END_TEST

START_TEST(trace_stops)
{
	struct rig_random rnd = { 3 };
	bool cancel = true;
	const struct sq_trace_ask ask = { .max_hops = 3, .max_paths = 3, .cancel = &cancel };
	struct sq_traces t;
	struct rig rig;

	plant(&rig, &rnd);
	ck_assert_uint_gt(n_nodes, 1);
	ck_assert_int_eq(sq_trace_find(sq_graph_current(rig.g), &ask, &nodes[0], 1, &nodes[1], 1, &t), -ECANCELED);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-bfs");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, walks, 0, 60);
	tcase_add_loop_test(tc, cuts, 0, 10);
	tcase_add_loop_test(tc, traces, 0, 40);
	tcase_add_test(tc, trace_stops);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
