/* SPDX-License-Identifier: MIT */
/* The passes that turn puts into a version: ids, names, chunks, shards, links. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "graph/bound.h"
#include "graph/draft_state.h"
#include "graph/name_index.h"
#include "graph/shards.h"
#include "graph/stats.h"

static int each(const struct sq_draft *d, const struct sq_parallel *par, uint32_t n, uint32_t grain,
		int (*fn)(void *arg, unsigned worker, uint32_t i), void *arg)
{
	const struct sq_each all = {
		.par = par,
		.cancel = d->opts.cancel,
		.n = n,
		.grain = grain,
		.fn = fn,
		.arg = arg,
	};

	return sq_error_trace(sq_each_run(&all));
}

int sq_draft_each(struct sq_draft *d, uint32_t n, uint32_t grain,
		  int (*fn)(void *arg, unsigned worker, uint32_t i), void *arg)
{
	return each(d, d->opts.par, n, grain, fn, arg);
}

int sq_draft_link_each(struct sq_draft *d, uint32_t n, uint32_t grain,
		       int (*fn)(void *arg, unsigned worker, uint32_t i), void *arg)
{
	return each(d, sq_draft_link_par(d), n, grain, fn, arg);
}

int sq_draft_made(struct sq_draft *d, void *piece)
{
	int r = sq_vec_push(&d->made, piece);

	if (r < 0)
		sq_piece_free(piece);
	return sq_error_trace(r);
}

static int note_dead(struct sq_draft *d, const void *piece)
{
	return piece ? sq_vec_push(&d->dead, (void *)piece) : 0;
}

/* ---- file ids ---- */

static int compare_paths(const void *a, const void *b)
{
	const struct sq_draft_entry *x = *(struct sq_draft_entry *const *)a;
	const struct sq_draft_entry *y = *(struct sq_draft_entry *const *)b;

	return sq_slice_cmp(x->path, y->path);
}

/*
 * New files take ids that were free in the prior version, never ids that this
 * draft frees: so a change of a list concerns one file, not two. By path, since
 * neighbours in a directory are then neighbours in the posting lists.
 */
static uint32_t assign_ids(const struct sq_version *prior, struct sq_draft_entry **entries, size_t n)
{
	uint64_t n_used = prior->stats.n_files + prior->stats.n_skipped;
	sq_file f = 0;

	if (n_used == prior->n_file_ids)
		f = prior->n_file_ids;
	if (n > 1)
		qsort(entries, n, sizeof(*entries), compare_paths);
	for (size_t i = 0; i < n; i++) {
		while (f < prior->n_file_ids && sq_version_bound(prior, f))
			f++;
		entries[i]->file = f++;
	}
	return SQ_MAX(f, prior->n_file_ids);
}

static int note_change(struct sq_draft *d, struct sq_draft_entry *e)
{
	const struct sq_bound *old = sq_version_bound(d->prior, e->base_file);

	if (e->op == SQ_DRAFT_REMOVE)
		return sq_vec_push(&d->changes, (struct sq_file_change){ e->base_file, old, NULL });
	return sq_vec_push(&d->changes, (struct sq_file_change){ e->file, old, e->bound });
}

static int assign_files(struct sq_draft *d, uint32_t *ret_n_file_ids)
{
	_cleanup_(sq_freep) struct sq_draft_entry **fresh = NULL;
	size_t n = 0;
	int r = 0;

	fresh = sq_malloc(d->entries.n * sizeof(*fresh) + 1);
	if (!fresh)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < d->entries.n; i++) {
		struct sq_draft_entry *e = &d->entries.v[i];

		e->file = e->base_file;
		if (e->op == SQ_DRAFT_PUT && e->base_file == SQ_FILE_NONE)
			fresh[n++] = e;
	}
	*ret_n_file_ids = assign_ids(d->prior, fresh, n);
	for (size_t i = 0; i < d->entries.n && r >= 0; i++)
		if (d->entries.v[i].op == SQ_DRAFT_PUT || d->entries.v[i].op == SQ_DRAFT_REMOVE)
			r = note_change(d, &d->entries.v[i]);
	return sq_error_trace(r);
}

/* ---- names ---- */

struct dicts { SQ_VEC(const struct sq_dict *) v; };

static int note_dead_dict(struct sq_draft *d, const struct sq_dict *dict)
{
	int r = note_dead(d, dict->index);

	return r < 0 ? r : note_dead(d, dict);
}

/* a dictionary that a merge has taken in; one of this draft has no index yet */
static int drop_dict(struct sq_draft *d, const struct sq_dict *dict)
{
	if (dict->piece.birth != d->birth.generation)
		return note_dead_dict(d, dict);
	for (size_t i = d->made.n; i-- > 0;)
		if (d->made.v[i] == dict) {
			d->made.v[i] = d->made.v[--d->made.n];
			sq_piece_free((void *)dict);
			return 0;
		}
	return 0;
}

/* keep each dictionary at least twice as big as the next: O(log n) of them, and
 * a name is copied O(log n) times in its life */
static int merge_dicts(struct sq_draft *d, struct dicts *list)
{
	while (list->v.n > 1) {
		const struct sq_dict *a = list->v.v[list->v.n - 2], *b = list->v.v[list->v.n - 1];
		struct sq_dict *merged;
		int r;

		if (a->n >= 2 * (uint64_t)b->n)
			break;
		r = sq_dict_merge(d->birth, a, b, &merged);
		if (r == -EOVERFLOW)
			break;
		if (r >= 0)
			r = sq_draft_made(d, merged);
		if (r >= 0)
			r = drop_dict(d, a);
		if (r >= 0)
			r = drop_dict(d, b);
		if (r < 0)
			return sq_error_trace(r);
		list->v.v[--list->v.n - 1] = merged;
	}
	return 0;
}

static int index_dict(struct sq_draft *d, struct sq_dict *dict)
{
	struct sq_name_index *x;
	int r;

	if (dict->n < SQ_NAME_INDEX_MIN)
		return 0;
	r = sq_name_index_make(d->birth, dict, d->opts.par, d->opts.cancel, &x);
	if (r >= 0)
		r = sq_draft_made(d, x);
	if (r >= 0)
		dict->index = x;
	return sq_error_trace(r);
}

static int finish_dicts(struct sq_draft *d, struct dicts *list)
{
	const struct sq_parallel *par = sq_intern_n_new(&d->intern) > 4096 ? d->opts.par : NULL;
	struct sq_dict *fresh;
	int r;

	if (sq_vec_reserve(&list->v, (size_t)d->prior->n_dicts + 1) < 0)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = 0; i < d->prior->n_dicts; i++)
		list->v.v[list->v.n++] = d->prior->dicts[i];
	r = sq_intern_flatten(&d->intern, par, d->birth, &fresh);
	if (r < 0)
		return sq_error_trace(r);
	if (!fresh)
		return 0;
	r = sq_draft_made(d, fresh);
	if (r < 0)
		return sq_error_trace(r);
	list->v.v[list->v.n++] = fresh;
	r = merge_dicts(d, list);
	return r < 0 ? sq_error_trace(r) : sq_error_trace(index_dict(d, (struct sq_dict *)list->v.v[list->v.n - 1]));
}

static int final_names(void *arg, unsigned worker, uint32_t i)
{
	struct sq_draft *d = arg;
	struct sq_draft_entry *e = &d->entries.v[i];
	sq_name *names;

	(void)worker;
	if (e->op != SQ_DRAFT_PUT)
		return 0;
	names = sq_bound_names(e->bound);
	for (uint32_t k = 0; k < e->bound->columns.n_strings; k++)
		names[k] = sq_intern_final(&d->intern, names[k]);
	e->bound->base_name = sq_intern_final(&d->intern, e->bound->base_name);
	sq_bound_index(e->bound);
	return 0;
}

/* ---- the root and its chunks ---- */

static uint32_t units_of(uint32_t n, unsigned shift)
{
	return (uint32_t)(((uint64_t)n + (1u << shift) - 1) >> shift);
}

static void *take(char **at, size_t n)
{
	void *p = *at;

	*at += n * sizeof(void *);
	return p;
}

static void copy_pointers(void *to, const void *from, size_t n)
{
	if (n)
		memcpy(to, from, n * sizeof(void *));
}

/* a root with the prior version's chunks and shards; new slots are NULL */
static int make_root(struct sq_draft *d, const struct dicts *dicts, uint32_t n_file_ids)
{
	const struct sq_version *prior = d->prior;
	uint32_t n_names = prior->n_names + (uint32_t)sq_intern_n_new(&d->intern);
	uint32_t n_chunks = units_of(n_file_ids, SQ_CHUNK_SHIFT);
	uint32_t n_shards = units_of(n_names, SQ_SHARD_SHIFT);
	size_t pointers = dicts->v.n + n_chunks + n_shards;
	struct sq_version *v = sq_piece_alloc(SQ_PIECE_ROOT, d->birth, sizeof(*v) + pointers * sizeof(void *));
	struct sq_piece piece;
	char *at;
	int r;

	if (!v)
		return sq_error_origin(-ENOMEM);
	r = sq_draft_made(d, v);
	if (r < 0)
		return sq_error_trace(r);
	piece = v->piece;
	memset(v, 0, sizeof(*v) + pointers * sizeof(void *));
	v->piece = piece;
	v->generation = d->birth.generation;
	v->link_flags = d->opts.link_flags;
	v->n_dicts = (uint32_t)dicts->v.n;
	v->n_chunks = n_chunks;
	v->n_shards = n_shards;
	v->n_names = n_names;
	v->n_file_ids = n_file_ids;
	v->traits = prior->traits;
	v->stats = prior->stats;
	at = (char *)(v + 1);
	v->dicts = take(&at, v->n_dicts);
	v->chunks = take(&at, n_chunks);
	v->shards = take(&at, n_shards);
	copy_pointers(v->dicts, dicts->v.v, v->n_dicts);
	copy_pointers(v->chunks, prior->chunks, prior->n_chunks);
	copy_pointers(v->shards, prior->shards, prior->n_shards);
	d->v = v;
	return 0;
}

int sq_draft_chunk(struct sq_draft *d, sq_file f, struct sq_chunk **ret_c)
{
	uint32_t i = f >> SQ_CHUNK_SHIFT;
	const struct sq_chunk *old = d->v->chunks[i];
	struct sq_chunk *c = (struct sq_chunk *)old;
	int r;

	if (!old || old->piece.birth != d->birth.generation) {
		c = sq_piece_alloc(SQ_PIECE_CHUNK, d->birth, sizeof(*c));
		if (!c)
			return sq_error_origin(-ENOMEM);
		r = sq_draft_made(d, c);
		if (r >= 0)
			r = note_dead(d, old);
		if (r < 0)
			return sq_error_trace(r);
		if (old)
			memcpy(c->slots, old->slots, sizeof(c->slots));
		else
			memset(c->slots, 0, sizeof(c->slots));
		d->v->chunks[i] = c;
	}
	*ret_c = c;
	return 0;
}

/* the links of a file with new facts are made afresh: none until then */
static int set_slot(struct sq_draft *d, const struct sq_draft_entry *e)
{
	const struct sq_bound *old = sq_version_bound(d->prior, e->base_file);
	struct sq_file_slot *slot;
	struct sq_chunk *c;
	int r;

	if (e->op == SQ_DRAFT_KEEP || e->op == SQ_DRAFT_NOTHING)
		return 0;
	r = sq_draft_chunk(d, e->file, &c);
	if (r >= 0)
		r = note_dead(d, old);
	if (r < 0)
		return sq_error_trace(r);
	slot = &c->slots[e->file & (SQ_CHUNK_FILES - 1)];
	slot->bound = e->op == SQ_DRAFT_REMOVE ? NULL : e->bound;
	if (e->op != SQ_DRAFT_SAME) {
		sq_stats_add_bound(&d->v->stats, old, -1);
		sq_stats_add_bound(&d->v->stats, slot->bound, 1);
		slot->links = NULL;
	}
	return 0;
}

static int make_chunks(struct sq_draft *d)
{
	struct sq_chunk *c;
	int r = 0;

	/* ids past the last entry's chunk exist only when nothing uses them */
	for (uint32_t i = d->prior->n_chunks; i < d->v->n_chunks && r >= 0; i++)
		r = sq_draft_chunk(d, i << SQ_CHUNK_SHIFT, &c);
	for (size_t i = 0; i < d->entries.n && r >= 0; i++)
		r = set_slot(d, &d->entries.v[i]);
	return sq_error_trace(r);
}

static int pass_names(struct sq_draft *d)
{
	struct dicts dicts = { SQ_VEC_NULL };
	uint32_t n_file_ids;
	int r;

	r = assign_files(d, &n_file_ids);
	if (r >= 0)
		r = finish_dicts(d, &dicts);
	if (r >= 0)
		r = sq_draft_each(d, (uint32_t)d->entries.n, 64, final_names, d);
	if (r >= 0)
		r = make_root(d, &dicts, n_file_ids);
	sq_vec_deinit(&dicts.v);
	if (r >= 0)
		r = make_chunks(d);
	return sq_error_trace(r);
}

/* ---- shards ---- */

static int place_shards(struct sq_draft *d, struct sq_shard **made)
{
	int r = 0;

	for (uint32_t i = 0; i < d->v->n_shards; i++) {
		const struct sq_shard *old = d->v->shards[i];

		if (!made[i])
			continue;
		if (r >= 0)
			r = note_dead(d, old);
		d->v->stats.n_names += sq_shard_n_live(made[i]);
		d->v->stats.n_names -= old ? sq_shard_n_live(old) : 0;
		d->v->shards[i] = made[i];
	}
	return sq_error_trace(r);
}

static int pass_shards(struct sq_draft *d)
{
	uint64_t n_prior = d->prior->stats.n_files + d->prior->stats.n_skipped;
	_cleanup_(sq_freep) struct sq_shard **made = NULL;
	struct sq_shards_job job;
	int r;

	made = sq_calloc((size_t)d->v->n_shards + 1, sizeof(*made));
	if (!made || sq_vec_reserve(&d->made, d->v->n_shards) < 0)
		return sq_error_origin(-ENOMEM);
	job = (struct sq_shards_job){ d->v, d->opts.par, d->opts.cancel, d->birth, made };
	/* past half of the files, diffing costs more than starting again */
	if (d->changes.n * 2 > n_prior)
		r = sq_shards_build(&job);
	else
		r = sq_shards_update(&job, d->prior, d->changes.v, (uint32_t)d->changes.n);
	for (uint32_t i = 0; i < d->v->n_shards; i++)
		if (made[i])
			d->made.v[d->made.n++] = made[i];
	if (r >= 0)
		r = place_shards(d, made);
	return sq_error_trace(r);
}

/* ---- freezing ---- */

static int note_all_dead(struct sq_draft *d, const struct sq_version *v)
{
	int r = 0;

	for (uint32_t i = 0; i < v->n_dicts && r >= 0; i++)
		r = note_dead_dict(d, v->dicts[i]);
	for (uint32_t i = 0; i < v->n_shards && r >= 0; i++)
		r = note_dead(d, v->shards[i]);
	for (uint32_t i = 0; i < v->n_chunks && r >= 0; i++)
		r = note_dead(d, v->chunks[i]);
	for (sq_file f = 0; f < v->n_file_ids && r >= 0; f++) {
		struct sq_file_slot s = sq_version_slot(v, f);

		r = note_dead(d, s.bound);
		if (r >= 0)
			r = note_dead(d, s.links);
	}
	return sq_error_trace(r);
}

static void count_bytes(struct sq_draft *d)
{
	uint64_t *by_kind = d->v->stats.bytes_by_kind;

	for (size_t i = 0; i < d->made.n; i++) {
		const struct sq_piece *p = d->made.v[i];

		by_kind[p->kind] += p->n_bytes;
	}
	for (size_t i = 0; i < d->entries.n; i++)
		if (sq_draft_has_bound(&d->entries.v[i]))
			by_kind[SQ_PIECE_BOUND] += d->entries.v[i].bound->piece.n_bytes;
	/* a cleared draft did not start from the base's counts */
	for (size_t i = 0; i < d->dead.n && !d->opts.clear; i++) {
		const struct sq_piece *p = d->dead.v[i];

		by_kind[p->kind] -= p->n_bytes;
	}
}

/* links of files with new facts or none, unless they came out equal */
static int note_dead_links(struct sq_draft *d)
{
	int r = 0;

	for (size_t i = 0; i < d->changes.n && r >= 0; i++) {
		sq_file f = d->changes.v[i].file;
		const struct sq_links *old = sq_version_slot(d->prior, f).links;

		if (old != sq_version_slot(d->v, f).links)
			r = note_dead(d, old);
	}
	return r;
}

static int freeze(struct sq_draft *d)
{
	int r = note_dead_links(d);

	if (r >= 0 && d->opts.clear)
		r = note_all_dead(d, d->base);
	if (r >= 0)
		r = note_dead(d, d->base);
	if (r < 0)
		return sq_error_trace(r);
	count_bytes(d);
	r = sq_bundle_new(d->birth.generation, d->dead.v, d->dead.n, &d->bundle);
	if (r < 0)
		return sq_error_trace(r);
	d->dead.v = NULL;
	d->dead.n = d->dead.cap = 0;
	return 0;
}

static void count_entries(const struct sq_draft *d, struct sq_draft_report *rep)
{
	for (size_t i = 0; i < d->entries.n; i++) {
		uint8_t op = d->entries.v[i].op;

		rep->n_removed += op == SQ_DRAFT_REMOVE;
		rep->n_rebound += op == SQ_DRAFT_PUT;
		rep->n_put += op != SQ_DRAFT_REMOVE && op != SQ_DRAFT_NOTHING;
	}
	rep->n_relinked = d->n_relinked;
	rep->n_links_changed = d->n_links_changed;
}

/* run one pass; @ret_ns: its time */
static int timed(struct sq_draft *d, int (*pass)(struct sq_draft *d), uint64_t *ret_ns)
{
	uint64_t start = sq_now_ns();
	int r;

	if (sq_is_cancelled(d->opts.cancel))
		return sq_error_origin(-ECANCELED);
	r = pass(d);
	*ret_ns = sq_now_ns() - start;
	return sq_error_trace(r);
}

int sq_draft_finish(struct sq_draft *d, struct sq_draft_report *ret_rep)
{
	struct sq_draft_report rep = { 0 };
	int r;

	r = timed(d, pass_names, &rep.ns_names);
	if (r >= 0)
		r = timed(d, pass_shards, &rep.ns_shards);
	if (r >= 0)
		r = timed(d, sq_draft_link, &rep.ns_link);
	if (r >= 0)
		r = timed(d, freeze, &rep.ns_freeze);
	if (r < 0)
		return sq_error_trace(r);
	count_entries(d, &rep);
	if (ret_rep)
		*ret_rep = rep;
	return 0;
}
