/* SPDX-License-Identifier: MIT */
#include "graph/refgraph.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "graph/each.h"
#include "graph/numbers.h"

struct pair { uint32_t from, to; };
struct maker {
	const struct sq_version *v;
	const struct sq_analysis *a;
	enum sq_cycle_type type;
	struct sq_refgraph *g;
	SQ_VEC(struct pair) pairs;
	/* definitions: a node has a bit in both */
	struct sq_numbers numbers;
	struct sq_defset from, to;
	uint32_t *rank;                 /* nodes before each word of ->from */
	bool is_counting;               /* the first of two walks */
	sq_file f;
	/* directories */
	uint32_t *dir;                  /* [file] node; SQ_NONE */
};

void sq_refgraph_deinit(struct sq_refgraph *g)
{
	sq_free(g->nodes);
	sq_free(g->start);
	sq_free(g->edges);
	*g = (struct sq_refgraph)SQ_REFGRAPH_NULL;
}

uint32_t sq_refgraph_find(const struct sq_refgraph *g, sq_file f, uint32_t def)
{
	uint32_t lo = 0, hi = g->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct sq_cycle_node *n = &g->nodes[mid];

		if (n->file < f || (n->file == f && n->def < def))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < g->n && g->nodes[lo].file == f && g->nodes[lo].def == def ? lo : SQ_NONE;
}

/* pairs to lists of successors */
static int make_lists(struct maker *m)
{
	struct sq_refgraph *g = m->g;
	uint32_t sum = 0;

	if (m->pairs.n > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	g->start = sq_calloc((size_t)g->n + 2, sizeof(*g->start));
	g->edges = sq_malloc((m->pairs.n + 1) * sizeof(*g->edges));
	if (!g->start || !g->edges)
		return sq_error_origin(-ENOMEM);
	/* counted one ahead: filling moves each start to where the next one is */
	for (size_t i = 0; i < m->pairs.n; i++)
		g->start[m->pairs.v[i].from + 2]++;
	for (uint32_t i = 0; i < g->n; i++) {
		sum += g->start[i + 2];
		g->start[i + 2] = sum;
	}
	for (size_t i = 0; i < m->pairs.n; i++)
		g->edges[g->start[m->pairs.v[i].from + 1]++] = m->pairs.v[i].to;
	return 0;
}

/* ---- definitions ---- */

static uint32_t node_of(const struct maker *m, uint32_t bit)
{
	uint64_t before = m->from.bits[bit >> 6] & ((1ull << (bit & 63)) - 1);

	return m->rank[bit >> 6] + (uint32_t)__builtin_popcountll(before);
}

static bool has(const struct sq_defset *s, uint32_t bit)
{
	return s->bits[bit >> 6] >> (bit & 63) & 1;
}

static int add_edge(struct maker *m, uint32_t encl, sq_file f, uint32_t def)
{
	uint32_t from = sq_defset_bit(&m->from, m->f, encl), to = sq_defset_bit(&m->from, f, def);

	if (m->is_counting) {
		m->from.bits[from >> 6] |= 1ull << (from & 63);
		m->to.bits[to >> 6] |= 1ull << (to & 63);
		return 0;
	}
	if (!has(&m->from, from) || !has(&m->from, to))
		return 0;
	return sq_vec_push(&m->pairs, (struct pair){ node_of(m, from), node_of(m, to) });
}

static int read_file(struct maker *m, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(m->v, f);
	struct sq_ref_cursor it;
	const uint8_t *at;
	struct sq_ref ref;
	uint32_t i;
	int r = 0;

	if (!s.links)
		return 0;
	if (sq_is_cancelled(m->a->cancel))
		return sq_error_origin(-ECANCELED);
	m->f = f;
	at = s.links->ref_link;
	sq_refs_begin(&s.bound->columns, &it);
	while (!r && sq_refs_next(&it, &ref)) {
		const struct sq_link *link;
		uint32_t def;

		at = sq_varint_get32(at, &i);
		link = &s.links->links[i];
		if (link->state != SQ_LINK_BOUND || ref.encl == SQ_NONE || ref.kind == SQ_REF_DECLARATION ||
		    (m->type == SQ_CYCLE_CALLS && ref.kind != SQ_REF_CALL))
			continue;
		def = sq_numbers_def(&m->numbers, f, link->first);
		if (def != SQ_NONE)
			r = add_edge(m, ref.encl, s.links->targets[link->first].file, def);
	}
	return sq_error_trace(r);
}

static int read_all(struct maker *m, bool is_counting)
{
	int r = 0;

	m->is_counting = is_counting;
	for (sq_file f = 0; f < m->v->n_file_ids && !r; f++)
		r = read_file(m, f);
	return r;
}

static int number_nodes(struct maker *m)
{
	size_t n_words = m->from.base[m->from.n_files] / 64 + 1;
	struct sq_refgraph *g = m->g;
	uint32_t n = 0;

	m->rank = sq_malloc(n_words * sizeof(*m->rank));
	if (!m->rank)
		return sq_error_origin(-ENOMEM);
	for (size_t w = 0; w < n_words; w++) {
		m->from.bits[w] &= m->to.bits[w];
		m->rank[w] = n;
		n += (uint32_t)__builtin_popcountll(m->from.bits[w]);
	}
	g->nodes = sq_malloc(((size_t)n + 1) * sizeof(*g->nodes));
	if (!g->nodes)
		return sq_error_origin(-ENOMEM);
	for (sq_file f = 0; f < m->from.n_files; f++)
		for (uint32_t d = sq_defset_next(&m->from, f, 0); d != SQ_NONE;
		     d = sq_defset_next(&m->from, f, d + 1))
			g->nodes[g->n++] = (struct sq_cycle_node){ f, d };
	return 0;
}

static int make_defs(struct maker *m)
{
	int r = sq_defset_init(&m->from, m->v);

	if (!r)
		r = sq_defset_init(&m->to, m->v);
	if (!r)
		r = sq_numbers_init(&m->numbers, m->v, m->a);
	if (!r)
		r = read_all(m, true);
	if (!r)
		r = number_nodes(m);
	return r ? r : read_all(m, false);
}

/* ---- files and directories ---- */

static int add_imports(struct maker *m, sq_file f)
{
	const struct sq_links *l = sq_version_slot(m->v, f).links;
	int r = 0;

	for (uint32_t i = 0; l && i < l->n_imports && !r; i++) {
		const struct sq_import_link *imp = &l->imports[i];

		if (imp->state != SQ_LINK_BOUND)
			continue;
		for (uint32_t k = 0; k < imp->n && !r; k++) {
			uint32_t from = m->dir ? m->dir[f] : f;
			uint32_t to = m->dir ? m->dir[l->files[imp->first + k]] : l->files[imp->first + k];

			/* a directory whose files import each other is no cycle */
			if (!m->dir || from != to)
				r = sq_vec_push(&m->pairs, (struct pair){ from, to });
		}
	}
	return r;
}

static int add_all_imports(struct maker *m)
{
	int r = 0;

	for (sq_file f = 0; f < m->v->n_file_ids && !r; f++)
		r = add_imports(m, f);
	return sq_error_trace(r);
}

static int make_files(struct maker *m)
{
	struct sq_refgraph *g = m->g;

	g->nodes = sq_malloc(((size_t)m->v->n_file_ids + 1) * sizeof(*g->nodes));
	if (!g->nodes)
		return sq_error_origin(-ENOMEM);
	for (; g->n < m->v->n_file_ids; g->n++)
		g->nodes[g->n] = (struct sq_cycle_node){ g->n, SQ_NONE };
	return add_all_imports(m);
}

static int cmp_dirs(const void *pa, const void *pb, void *arg)
{
	const struct sq_version *v = arg;
	const struct sq_bound *a = sq_version_bound(v, *(const sq_file *)pa);
	const struct sq_bound *b = sq_version_bound(v, *(const sq_file *)pb);
	int r = sq_slice_cmp(sq_path_dir(a->path), sq_path_dir(b->path));

	return r ? r : sq_slice_cmp(a->path, b->path);
}

static bool same_dir(const struct sq_version *v, sq_file a, sq_file b)
{
	return sq_slice_eq(sq_path_dir(sq_version_bound(v, a)->path), sq_path_dir(sq_version_bound(v, b)->path));
}

/* a directory's node is its first file, in byte order */
static int make_dirs(struct maker *m)
{
	struct sq_refgraph *g = m->g;
	sq_file *files = sq_malloc(((size_t)m->v->n_file_ids + 1) * sizeof(*files));
	uint32_t n = 0;

	g->nodes = sq_malloc(((size_t)m->v->n_file_ids + 1) * sizeof(*g->nodes));
	m->dir = sq_malloc(((size_t)m->v->n_file_ids + 1) * sizeof(*m->dir));
	if (!files || !g->nodes || !m->dir) {
		sq_free(files);
		return sq_error_origin(-ENOMEM);
	}
	for (sq_file f = 0; f < m->v->n_file_ids; f++)
		if (sq_version_bound(m->v, f))
			files[n++] = f;
	qsort_r(files, n, sizeof(*files), cmp_dirs, (void *)m->v);
	for (uint32_t i = 0; i < n; i++) {
		if (!i || !same_dir(m->v, files[i], files[i - 1]))
			g->nodes[g->n++] = (struct sq_cycle_node){ files[i], SQ_NONE };
		m->dir[files[i]] = g->n - 1;
	}
	sq_free(files);
	return add_all_imports(m);
}

int sq_refgraph_init(struct sq_refgraph *g, const struct sq_version *v, const struct sq_analysis *a,
		     enum sq_cycle_type type)
{
	struct sq_refgraph made = SQ_REFGRAPH_NULL;
	struct maker m = { .v = v, .a = a, .type = type, .g = &made };
	int r;

	if (type == SQ_CYCLE_IMPORTS)
		r = make_files(&m);
	else if (type == SQ_CYCLE_MODULES)
		r = make_dirs(&m);
	else
		r = make_defs(&m);
	sq_numbers_deinit(&m.numbers);
	sq_defset_deinit(&m.from);
	sq_defset_deinit(&m.to);
	sq_free(m.rank);
	sq_free(m.dir);
	if (!r)
		r = make_lists(&m);
	sq_vec_deinit(&m.pairs);
	if (r)
		sq_refgraph_deinit(&made);
	else
		*g = made;
	return sq_error_trace(r);
}
