/* SPDX-License-Identifier: MIT */
#include "graph/bfs.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "graph/each.h"
#include "graph/keys.h"

#define LOOK_STRIDE 256u        /* rows between two looks at the flag */
#define STOP 1                  /* of a callback: the row budget is used up */

void sq_bfs_deinit(struct sq_bfs *w)
{
	sq_vec_deinit(&w->nodes);
	sq_vec_deinit(&w->edges);
	sq_vec_deinit(&w->order);
	sq_free(w->slots);
	*w = (struct sq_bfs)SQ_BFS_NULL;
}

const char *sq_bfs_kind_name(uint8_t kind)
{
	static const char *const names[SQ_REF_MAX] = {
		[SQ_REF_CALL] = "calls", [SQ_REF_MACRO] = "macro_expansion", [SQ_REF_IMPORT] = "imports",
		[SQ_REF_INHERIT] = "inherits", [SQ_REF_IMPLEMENT] = "implements", [SQ_REF_TYPE] = "type_of",
	};

	return kind < SQ_REF_MAX && names[kind] ? names[kind] : "references";
}

/* ---- nodes ---- */

static uint32_t *slot_of(const struct sq_bfs *w, sq_file f, uint32_t def)
{
	uint32_t mask = w->n_slots - 1, i = (uint32_t)sq_hash_u64((uint64_t)f << 32 | def) & mask;

	while (w->slots[i]) {
		const struct sq_bfs_node *n = &w->nodes.v[w->slots[i] - 1];

		if (n->file == f && n->def == def)
			break;
		i = (i + 1) & mask;
	}
	return &w->slots[i];
}

uint32_t sq_bfs_find(const struct sq_bfs *w, sq_file f, uint32_t def)
{
	uint32_t at = w->n_slots ? *slot_of(w, f, def) : 0;

	return at - 1;   /* 0 becomes SQ_NONE */
}

/* slots anew for the nodes there are, in a table of @n_slots */
static int rehash(struct sq_bfs *w, uint32_t n_slots)
{
	uint32_t *slots;

	if (n_slots != w->n_slots) {
		slots = sq_malloc((size_t)n_slots * sizeof(*slots));
		if (!slots)
			return sq_error_origin(-ENOMEM);
		sq_free(w->slots);
		w->slots = slots;
		w->n_slots = n_slots;
	}
	memset(w->slots, 0, (size_t)n_slots * sizeof(*w->slots));
	for (uint32_t i = 0; i < w->nodes.n; i++)
		*slot_of(w, w->nodes.v[i].file, w->nodes.v[i].def) = i + 1;
	return 0;
}

static int add_node(struct sq_bfs *w, sq_file f, uint32_t def, uint32_t depth, uint32_t *ret)
{
	uint32_t *slot;
	int r = 0;

	if (w->nodes.n >= w->n_slots / 2)
		r = rehash(w, w->n_slots ? w->n_slots * 2 : 64);
	if (r < 0)
		return r;
	slot = slot_of(w, f, def);
	if (!*slot) {
		r = sq_vec_push(&w->nodes, (struct sq_bfs_node){ f, def, depth });
		if (r < 0)
			return sq_error_trace(r);
		*slot = (uint32_t)w->nodes.n;
	}
	*ret = *slot - 1;
	return 0;
}

int sq_bfs_add(struct sq_bfs *w, sq_file f, uint32_t def, uint32_t *ret)
{
	uint32_t at = sq_bfs_find(w, f, def);

	if (at == SQ_NONE && w->ask.max_nodes && w->nodes.n >= w->ask.max_nodes) {
		w->cut = SQ_BFS_CUT_NODES;
		return SQ_BFS_E_FULL;
	}
	if (at == SQ_NONE)
		return add_node(w, f, def, w->depth + 1, ret);
	*ret = at;
	return 0;
}

static int cmp_nodes(const void *pa, const void *pb, void *arg)
{
	const struct sq_bfs *w = arg;
	const struct sq_bfs_node *a = &w->nodes.v[*(const uint32_t *)pa], *b = &w->nodes.v[*(const uint32_t *)pb];

	if (a->file != b->file)
		return sq_slice_cmp(sq_version_bound(w->v, a->file)->path, sq_version_bound(w->v, b->file)->path);
	/* the file itself (SQ_NONE) before what it defines */
	return a->def + 1 < b->def + 1 ? -1 : a->def + 1 > b->def + 1;
}

static uint32_t moved(const struct sq_bfs *w, const uint32_t *to, uint32_t node)
{
	return node < w->first ? node : to[node - w->first];
}

/* the nodes from ->first on into their order, with the edges added since @n_edges */
static int arrange(struct sq_bfs *w, size_t n_edges)
{
	uint32_t n = (uint32_t)w->nodes.n - w->first, *by_rank, *to;
	struct sq_bfs_node *copy;
	int r;

	if (!n)
		return 0;   /* edges between nodes that have their place */
	sq_vec_clear(&w->order);
	r = sq_vec_reserve(&w->order, 2ull * n);
	if (r < 0)
		return sq_error_trace(r);
	copy = sq_malloc(n * sizeof(*copy));
	if (!copy)
		return sq_error_origin(-ENOMEM);
	by_rank = w->order.v;
	to = w->order.v + n;
	for (uint32_t i = 0; i < n; i++)
		by_rank[i] = w->first + i;
	qsort_r(by_rank, n, sizeof(*by_rank), cmp_nodes, w);
	for (uint32_t i = 0; i < n; i++) {
		copy[i] = w->nodes.v[by_rank[i]];
		to[by_rank[i] - w->first] = w->first + i;
	}
	for (size_t i = n_edges; i < w->edges.n; i++) {
		w->edges.v[i].from = moved(w, to, w->edges.v[i].from);
		w->edges.v[i].to = moved(w, to, w->edges.v[i].to);
	}
	memcpy(&w->nodes.v[w->first], copy, n * sizeof(*copy));
	sq_free(copy);
	return rehash(w, w->n_slots);
}

/* no more than max_nodes, and no edges of the others */
static int cut_nodes(struct sq_bfs *w)
{
	size_t n = 0;

	if (!w->ask.max_nodes || w->nodes.n <= w->ask.max_nodes)
		return 0;
	w->nodes.n = w->ask.max_nodes;
	w->cut = SQ_BFS_CUT_NODES;
	for (size_t i = 0; i < w->edges.n; i++)
		if (w->edges.v[i].from < w->nodes.n && w->edges.v[i].to < w->nodes.n)
			w->edges.v[n++] = w->edges.v[i];
	w->edges.n = n;
	return rehash(w, w->n_slots);
}

/* ---- edges ---- */

static int count_row(struct sq_bfs *w)
{
	if (++w->n_rows % LOOK_STRIDE == 0 && sq_is_cancelled(w->ask.cancel))
		return sq_error_origin(-ECANCELED);
	if (w->n_rows <= w->ask.max_rows)
		return 0;
	w->cut = SQ_BFS_CUT_ROWS;
	return STOP;
}

static bool is_wanted(const struct sq_bfs *w, sq_file f, sq_file other)
{
	uint8_t lang = sq_version_bound(w->v, other)->lang;

	if (w->ask.langs && !(w->ask.langs >> lang & 1))
		return false;
	return !w->ask.same_language || sq_version_bound(w->v, f)->lang == lang;
}

/* an edge between the node at hand and (f, def) */
static int add_edge(struct sq_bfs *w, bool is_in, sq_file f, uint32_t def, const struct sq_bfs_edge *like)
{
	struct sq_bfs_edge e = *like;
	uint32_t other;
	int r;

	if (e.confidence < w->ask.min_confidence || !is_wanted(w, w->nodes.v[w->at].file, f))
		return 0;
	r = add_node(w, f, def, w->depth + 1, &other);
	if (r < 0)
		return r;
	e.from = is_in ? other : w->at;
	e.to = is_in ? w->at : other;
	return sq_vec_push(&w->edges, e);
}

static struct sq_bfs_edge edge_of(const struct sq_edge *e)
{
	uint8_t percent = sq_rule_confidence((enum sq_rule)e->link->rule);

	if (e->ambiguous && sq_link_n_total(e->link))
		percent = (uint8_t)(percent / sq_link_n_total(e->link));
	return (struct sq_bfs_edge){
		.line = e->ref.line, .kind = e->ref.kind, .rule = e->link->rule, .confidence = percent,
		.ambiguous = e->ambiguous,
	};
}

static int take_in(void *arg, const struct sq_edge *e)
{
	struct sq_bfs *w = arg;
	const struct sq_bfs_edge like = edge_of(e);
	int r = count_row(w);

	if (r || !(w->ask.kinds >> e->ref.kind & 1))
		return r;
	return add_edge(w, true, e->from_file, e->ref.encl, &like);
}

static int take_out(void *arg, const struct sq_edge *e)
{
	struct sq_bfs *w = arg;
	const struct sq_bfs_edge like = edge_of(e);
	uint32_t def;
	int r = count_row(w);

	if (r || !(w->ask.kinds >> e->ref.kind & 1) || e->target.file == SQ_FILE_NONE)
		return r;
	/* what a definition encloses speaks for itself, but for a root */
	if (w->depth && e->ref.encl != w->nodes.v[w->at].def)
		return 0;
	def = sq_bound_find_def(sq_version_bound(w->v, e->target.file), e->target.name, e->target.ordinal);
	return def == SQ_NONE ? 0 : add_edge(w, false, e->target.file, def, &like);
}

/* ---- files ---- */

static struct sq_bfs_edge edge_of_import(const struct sq_import_link *l)
{
	bool ambiguous = l->state != SQ_LINK_BOUND;
	uint8_t percent = sq_rule_confidence(SQ_RULE_IMPORT);

	if (ambiguous && l->n)
		percent = (uint8_t)(percent / l->n);
	return (struct sq_bfs_edge){ .kind = SQ_REF_IMPORT, .rule = SQ_RULE_IMPORT, .confidence = percent,
				      .ambiguous = ambiguous };
}

static int imports_out(struct sq_bfs *w, sq_file f)
{
	const struct sq_links *l = sq_version_slot(w->v, f).links;
	int r = 0;

	for (uint32_t i = 0; l && i < l->n_imports && !r; i++) {
		const struct sq_bfs_edge like = edge_of_import(&l->imports[i]);

		for (uint32_t k = 0; k < l->imports[i].n && !r; k++) {
			r = count_row(w);
			if (!r)
				r = add_edge(w, false, l->files[l->imports[i].first + k], SQ_NONE, &like);
		}
	}
	return r;
}

/* does @g import @f? */
static int imports_of(struct sq_bfs *w, sq_file g, sq_file f)
{
	const struct sq_links *l = sq_version_slot(w->v, g).links;
	int r = count_row(w);

	for (uint32_t i = 0; l && i < l->n_imports && !r; i++) {
		const struct sq_bfs_edge like = edge_of_import(&l->imports[i]);

		for (uint32_t k = 0; k < l->imports[i].n && !r; k++)
			if (l->files[l->imports[i].first + k] == f)
				r = add_edge(w, true, g, SQ_NONE, &like);
	}
	return r;
}

/* the target of a package clause, which is one of the names a file is found by */
static struct sq_slice package_of(const struct sq_version *v, const struct sq_bound *b)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.kind == SQ_IMPORT_PACKAGE || imp.kind == SQ_IMPORT_ROOT)
			return sq_version_string(v, b->names[imp.target]);
	return SQ_SLICE_NULL;
}

/* who may import a file is known by the last components of its names */
static int imports_in(struct sq_bfs *w, sq_file f)
{
	const struct sq_bound *b = sq_version_bound(w->v, f);
	const struct sq_lang_traits *t = w->v->traits[b->lang];
	struct sq_keys k;
	int r = 0;

	if (!t)
		return 0;
	sq_keys_of_file(t, b->path, package_of(w->v, b), &k);
	for (unsigned i = 0; i < k.n && !r; i++) {
		sq_name name = sq_version_find(w->v, k.key[i]);
		struct sq_posting_iter it;
		struct sq_posting p;

		if (name == SQ_NAME_NONE)
			continue;
		sq_version_postings(w->v, name, SQ_LIST_IMPORTER, &it);
		while (!r && sq_posting_next(&it, &p))
			r = imports_of(w, p.file, f);
	}
	return r;
}

static int expand_file(struct sq_bfs *w, sq_file f)
{
	bool imports = w->ask.kinds & SQ_BFS_IMPORTS;
	int r = 0;

	if (w->ask.directions & SQ_BFS_OUT) {
		if (imports)
			r = imports_out(w, f);
		if (!r)
			r = sq_edges_out_of_file(w->v, f, take_out, w);
	}
	if (!r && imports && (w->ask.directions & SQ_BFS_IN))
		r = imports_in(w, f);
	return r;
}

/* ---- steps ---- */

static int expand(struct sq_bfs *w, uint32_t at)
{
	const struct sq_bfs_node n = w->nodes.v[at];
	int r = count_row(w);

	if (r)
		return r;
	if (sq_is_cancelled(w->ask.cancel))
		return sq_error_origin(-ECANCELED);
	w->at = at;
	if (!sq_version_slot(w->v, n.file).links)
		return 0;
	if (n.def == SQ_NONE)
		return expand_file(w, n.file);
	if (w->ask.directions & SQ_BFS_OUT)
		r = sq_edges_out(w->v, n.file, n.def, take_out, w);
	if (!r && (w->ask.directions & SQ_BFS_IN))
		r = sq_edges_in(w->v, n.file, n.def, take_in, w);
	return r;
}

int sq_bfs_begin(struct sq_bfs *w, const struct sq_version *v, const struct sq_bfs_ask *ask,
		  const struct sq_bfs_node *roots, size_t n)
{
	uint32_t ignored;
	int r = 0;

	w->v = v;
	w->ask = *ask;
	if (!w->ask.max_rows)
		w->ask.max_rows = SQ_BFS_MAX_ROWS;
	w->cut = SQ_BFS_WHOLE;
	w->first = w->depth = w->at = 0;
	w->n_rows = 0;
	sq_vec_clear(&w->nodes);
	sq_vec_clear(&w->edges);
	if (w->n_slots)
		memset(w->slots, 0, (size_t)w->n_slots * sizeof(*w->slots));
	for (size_t i = 0; i < n && r >= 0; i++)
		r = add_node(w, roots[i].file, roots[i].def, 0, &ignored);
	if (r >= 0)
		r = arrange(w, 0);
	return r < 0 ? r : cut_nodes(w);
}

int sq_bfs_step(struct sq_bfs *w)
{
	uint32_t end = (uint32_t)w->nodes.n;
	size_t n_edges = w->edges.n;
	int r = 0;

	if (w->cut || w->first == end)
		return SQ_BFS_E_DONE;
	for (uint32_t i = w->first; i < end && !r; i++)
		r = expand(w, i);
	if (r < 0)
		return sq_error_trace(r);
	w->first = end;
	w->depth++;
	r = arrange(w, n_edges);
	return r < 0 ? r : cut_nodes(w);
}

#define CMP(a, b) if ((a) != (b)) return (a) < (b) ? -1 : 1

/* the best of equal edges first */
static int cmp_edges(const void *pa, const void *pb)
{
	const struct sq_bfs_edge *a = pa, *b = pb;

	CMP(a->from, b->from);
	CMP(a->to, b->to);
	CMP(a->kind, b->kind);
	CMP(a->ambiguous, b->ambiguous);
	CMP(b->confidence, a->confidence);
	CMP(a->line, b->line);
	return 0;
}

void sq_bfs_seal(struct sq_bfs *w)
{
	size_t n = 0;

	if (!w->edges.n)
		return;
	qsort(w->edges.v, w->edges.n, sizeof(*w->edges.v), cmp_edges);
	for (size_t i = 0; i < w->edges.n; i++) {
		const struct sq_bfs_edge *e = &w->edges.v[i], *last = n ? &w->edges.v[n - 1] : NULL;

		if (!last || last->from != e->from || last->to != e->to || last->kind != e->kind)
			w->edges.v[n++] = *e;
	}
	w->edges.n = n;
}

int sq_bfs_run(struct sq_bfs *w, const struct sq_version *v, const struct sq_bfs_ask *ask,
		const struct sq_bfs_node *roots, size_t n, uint32_t max_depth)
{
	int r = sq_bfs_begin(w, v, ask, roots, n);

	while (!r && w->depth < max_depth)
		r = sq_bfs_step(w);
	if (r < 0)
		return sq_error_trace(r);
	sq_bfs_seal(w);
	return 0;
}
