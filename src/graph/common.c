/* SPDX-License-Identifier: MIT */
#include "graph/common.h"

#include <string.h>

#include "base/error.h"

/* resolving: each worker keeps what it found in its own linker */
struct resolving {
	const struct sq_common_job *job;
	struct sq_link_common *c;
	uint16_t *owner;        /* by index in job->files */
};

struct sq_link_common *sq_link_common_free(struct sq_link_common *c)
{
	if (!c)
		return NULL;
	sq_reach_free(c->reach);
	sq_import_graph_deinit(&c->graph);
	sq_free(c->first);
	sq_vec_deinit(&c->links);
	sq_vec_deinit(&c->files);
	sq_free(c);
	return NULL;
}

static int resolve_one(void *arg, unsigned worker, uint32_t i)
{
	struct resolving *s = arg;
	struct sq_linker *l = s->job->linkers[worker];
	sq_file f = s->job->files[i];

	s->owner[i] = (uint16_t)worker;
	s->c->first[f] = sq_imports_of(l, f);
	return l->error;
}

/* the workers' results one after the other; what was counted from a worker's
 * start is then counted from the common one */
static int gather(struct resolving *s, uint32_t width)
{
	struct sq_link_common *c = s->c;
	SQ_VEC(uint32_t) base = SQ_VEC_NULL;
	size_t n_links = 0, n_files = 0;
	int r = sq_vec_reserve(&base, width);

	for (uint32_t w = 0; w < width; w++) {
		n_links += s->job->linkers[w]->import_links.n;
		n_files += s->job->linkers[w]->import_files.n;
	}
	if (n_links >= UINT32_MAX || n_files >= UINT32_MAX)
		r = sq_error_origin(-EOVERFLOW);
	if (r >= 0)
		r = sq_vec_reserve(&c->links, n_links);
	if (r >= 0)
		r = sq_vec_reserve(&c->files, n_files);
	for (uint32_t w = 0; w < width && r >= 0; w++) {
		const struct sq_linker *l = s->job->linkers[w];

		base.v[w] = (uint32_t)c->links.n;
		for (size_t i = 0; i < l->import_links.n; i++) {
			struct sq_import_link link = l->import_links.v[i];

			link.first += (uint32_t)c->files.n;
			c->links.v[c->links.n++] = link;
		}
		if (l->import_files.n)
			memcpy(c->files.v + c->files.n, l->import_files.v, l->import_files.n * sizeof(sq_file));
		c->files.n += l->import_files.n;
	}
	for (uint32_t i = 0; i < s->job->n && r >= 0; i++)
		if (c->first[s->job->files[i]] != SQ_NONE)
			c->first[s->job->files[i]] += base.v[s->owner[i]];
	sq_vec_deinit(&base);
	return sq_error_trace(r);
}

static int resolve_all(const struct sq_common_job *job, struct sq_link_common *c)
{
	uint32_t n_ids = job->d->v->n_file_ids;
	struct resolving s = { .job = job, .c = c };
	int r;

	c->first = sq_malloc(((size_t)n_ids + 1) * sizeof(*c->first));
	s.owner = sq_malloc(((size_t)job->n + 1) * sizeof(*s.owner));
	if (!c->first || !s.owner) {
		sq_free(s.owner);
		return sq_error_origin(-ENOMEM);
	}
	memset(c->first, 0xff, ((size_t)n_ids + 1) * sizeof(*c->first));
	r = sq_draft_link_each(job->d, job->n, 32, resolve_one, &s);
	if (r >= 0)
		r = gather(&s, sq_parallel_width(sq_draft_link_par(job->d)));
	sq_free(s.owner);
	return sq_error_trace(r);
}

/* the import targets of one file, whichever place knows them */
static const sq_file *targets(const struct sq_link_common *c, const struct sq_version *v, sq_file f, uint32_t *ret_n)
{
	const struct sq_links *links = sq_version_slot(v, f).links;
	uint32_t n;

	*ret_n = 0;
	if (c->first[f] != SQ_NONE) {
		n = sq_version_bound(v, f)->columns.n_imports;
		if (!n)
			return NULL;
		for (uint32_t i = 0; i < n; i++)
			*ret_n += c->links.v[c->first[f] + i].n;
		return c->files.v + c->links.v[c->first[f]].first;
	}
	if (links)
		*ret_n = links->n_files;
	return links ? links->files : NULL;
}

static int make_graph(struct sq_link_common *c, const struct sq_version *v)
{
	struct sq_import_graph *g = &c->graph;
	uint64_t total = 0;
	uint32_t n;

	for (sq_file f = 0; f < v->n_file_ids; f++) {
		(void)targets(c, v, f, &n);
		total += n;
	}
	if (total > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	g->n_files = v->n_file_ids;
	g->first = sq_malloc(((size_t)g->n_files + 1) * sizeof(*g->first));
	g->to = sq_malloc(((size_t)total + 1) * sizeof(*g->to));
	if (!g->first || !g->to)
		return sq_error_origin(-ENOMEM);
	total = 0;
	for (sq_file f = 0; f < v->n_file_ids; f++) {
		const sq_file *to = targets(c, v, f, &n);

		g->first[f] = (uint32_t)total;
		if (n)
			memcpy(g->to + total, to, n * sizeof(*to));
		total += n;
	}
	g->first[g->n_files] = (uint32_t)total;
	return 0;
}

int sq_link_common_new(const struct sq_common_job *job, struct sq_link_common **ret_c)
{
	struct sq_link_common *c = sq_calloc(1, sizeof(*c));
	int r;

	if (!c)
		return sq_error_origin(-ENOMEM);
	c->is_whole = job->is_whole;
	r = resolve_all(job, c);
	if (r >= 0)
		r = make_graph(c, job->d->v);
	if (r >= 0)
		r = sq_reach_new(&c->graph, &c->reach);
	if (r < 0) {
		sq_link_common_free(c);
		return sq_error_trace(r);
	}
	*ret_c = c;
	return 0;
}

static void drop_imports(struct sq_linker *l)
{
	if (l->common && l->common->is_whole) {
		l->import_links.v = NULL;
		l->import_files.v = NULL;
	}
	sq_vec_deinit(&l->import_links);
	sq_vec_deinit(&l->import_files);
	sq_memo_clear(&l->import_memo);
}

static int reserve_near(struct sq_linker *l, uint32_t n_words)
{
	uint64_t *near;

	if (n_words <= l->near_cap)
		return 0;
	near = sq_malloc(n_words * sizeof(*near));
	if (!near)
		return sq_error_origin(-ENOMEM);
	sq_free(l->near);
	l->near = near;
	l->near_cap = n_words;
	return 0;
}

/* a pass over some files may come to ask for the imports of others: it goes on by itself */
static int copy_imports(struct sq_linker *l, const struct sq_link_common *c)
{
	if (sq_vec_reserve(&l->import_links, c->links.n) < 0 || sq_vec_reserve(&l->import_files, c->files.n) < 0)
		return sq_error_origin(-ENOMEM);
	l->import_links.n = c->links.n;
	l->import_files.n = c->files.n;
	if (c->links.n)
		memcpy(l->import_links.v, c->links.v, c->links.n * sizeof(*c->links.v));
	if (c->files.n)
		memcpy(l->import_files.v, c->files.v, c->files.n * sizeof(*c->files.v));
	return 0;
}

void sq_linker_share(struct sq_linker *l, const struct sq_link_common *c)
{
	drop_imports(l);
	l->common = c;
	l->marked_for = SQ_FILE_NONE;
	if (!c)
		return;
	sq_linker_fail(l, reserve_near(l, sq_reach_n_words(c->reach)));
	if (!c->is_whole) {
		sq_linker_fail(l, copy_imports(l, c));
		return;
	}
	/* nothing is ever added to what is whole */
	l->import_links.v = c->links.v;
	l->import_links.n = c->links.n;
	l->import_files.v = c->files.v;
	l->import_files.n = c->files.n;
}
