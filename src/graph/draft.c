/* SPDX-License-Identifier: MIT */
/* Making a draft and putting files into it; finish.c does the rest. */
#include "graph/draft.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "graph/bound.h"
#include "graph/draft_state.h"
#include "graph/postings.h"
#include "graph/qualifier.h"

int sq_draft_new(struct sq_graph *g, const struct sq_draft_opts *opts, struct sq_draft **ret_d)
{
	struct sq_draft *d = sq_calloc(1, sizeof(*d));
	int r;

	if (!d)
		return sq_error_origin(-ENOMEM);
	d->g = g;
	d->opts = *opts;
	/* the writer alone replaces the root: it needs no section to read it */
	d->base = sq_graph_current(g);
	d->birth = (struct sq_birth){ sq_graph_heap(g), sq_graph_next_generation(g) };
	d->empty.traits = d->base->traits;
	d->prior = opts->clear ? &d->empty : d->base;
	r = sq_lock_init(&d->lock, SQ_RANK_DRAFT, "draft");
	if (r < 0) {
		sq_free(d);
		return sq_error_trace(r);
	}
	r = sq_intern_init(&d->intern, d->prior);
	if (r >= 0) {
		d->workers = sq_calloc(sq_parallel_width(opts->par), sizeof(*d->workers));
		if (!d->workers)
			r = sq_error_origin(-ENOMEM);
	}
	if (r < 0) {
		sq_draft_free(d);
		return sq_error_trace(r);
	}
	*ret_d = d;
	return 0;
}

void sq_draft_forget(struct sq_draft *d)
{
	for (unsigned i = 0; d->workers && i < sq_parallel_width(d->opts.par); i++) {
		sq_vec_deinit(&d->workers[i].strings);
		sq_vec_deinit(&d->workers[i].ids);
		sq_intern_scratch_deinit(&d->workers[i].scratch);
	}
	sq_free(d->workers);
	sq_intern_deinit(&d->intern);
	sq_vec_deinit(&d->entries);
	sq_vec_deinit(&d->changes);
	sq_vec_deinit(&d->made);
	sq_vec_deinit(&d->dead);
	sq_free(d->index);
	sq_lock_deinit(&d->lock);
	sq_free(d);
}

struct sq_draft *sq_draft_free(struct sq_draft *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->entries.n; i++)
		sq_piece_free(d->entries.v[i].bound);
	for (size_t i = 0; i < d->made.n; i++)
		sq_piece_free(d->made.v[i]);
	sq_bundle_free(d->bundle);
	sq_draft_forget(d);
	return NULL;
}

/* ---- the table of entries; d->lock is held ---- */

static uint32_t *index_slot(struct sq_draft *d, struct sq_slice path, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (d->n_index - 1);

	for (; d->index[at]; at = (at + 1) & (d->n_index - 1)) {
		const struct sq_draft_entry *e = &d->entries.v[d->index[at] - 1];

		if (e->hash == hash && sq_slice_eq(e->path, path))
			break;
	}
	return &d->index[at];
}

static int index_grow(struct sq_draft *d)
{
	uint32_t n = d->n_index ? d->n_index * 2 : 64;
	uint32_t *index = sq_calloc(n, sizeof(*index));

	if (!index)
		return sq_error_origin(-ENOMEM);
	sq_free(d->index);
	d->index = index;
	d->n_index = n;
	for (size_t i = 0; i < d->entries.n; i++) {
		uint32_t at = (uint32_t)d->entries.v[i].hash & (n - 1);

		while (index[at])
			at = (at + 1) & (n - 1);
		index[at] = (uint32_t)i + 1;
	}
	return 0;
}

static int find_or_add(struct sq_draft *d, struct sq_slice path, struct sq_draft_entry **ret_e)
{
	uint64_t hash = sq_hash64(path.p, path.n, 0);
	uint32_t *slot;
	int r = 0;

	if (d->entries.n * 2 >= d->n_index)
		r = index_grow(d);
	if (r >= 0)
		r = sq_vec_reserve(&d->entries, 1);
	if (r < 0)
		return sq_error_trace(r);
	slot = index_slot(d, path, hash);
	if (!*slot) {
		d->entries.v[d->entries.n++] = (struct sq_draft_entry){
			.path = path,
			.hash = hash,
			.base_file = SQ_FILE_NONE,
			.file = SQ_FILE_NONE,
			.op = SQ_DRAFT_NOTHING,
		};
		*slot = (uint32_t)d->entries.n;
	}
	*ret_e = &d->entries.v[*slot - 1];
	return 0;
}

/* @path lives as long as the draft: in @bound or in the base version */
static int set_entry(struct sq_draft *d, struct sq_slice path, sq_file base_file,
		     enum sq_draft_op op, struct sq_bound *bound)
{
	struct sq_draft_entry *e;
	struct sq_bound *old = NULL;
	int r;

	sq_lock(&d->lock);
	r = find_or_add(d, path, &e);
	if (r >= 0) {
		old = e->bound;
		e->path = path;
		e->bound = bound;
		e->base_file = base_file;
		e->op = op;
	}
	sq_unlock(&d->lock);
	sq_piece_free(r < 0 ? bound : old);
	return sq_error_trace(r);
}

/* ---- putting ---- */

static struct sq_slice string_of(const void *arg, uint32_t local)
{
	const struct sq_draft_worker *w = arg;

	return w->strings.v[local];
}

static int add_string(void *arg, enum sq_list list, struct sq_slice s)
{
	struct sq_draft_worker *w = arg;

	(void)list;
	return sq_vec_push(&w->strings, s);
}

/* Every local string that looks like a qualifier is taken for one: finding out
 * which are would cost a pass over the references here. */
static int add_components(struct sq_draft_worker *w, uint32_t n_local)
{
	struct sq_slice rest, part;
	int r = 0;

	for (uint32_t i = 0; i < n_local; i++) {
		rest = w->strings.v[i];
		if (!sq_qualifier_is_path(rest))
			continue;
		while (r >= 0 && sq_qualifier_next(&rest, &part))
			r = sq_vec_push(&w->strings, part);
	}
	return r;
}

/* all strings under which the file may be posted: local ones, then path, base name, ... */
static int gather_strings(struct sq_draft *d, struct sq_draft_worker *w, const struct sq_put *put,
			  const struct sq_bound *b)
{
	const struct sq_extra_source src = {
		.traits = d->base->traits[b->lang],
		.path = b->path,
		.columns = &b->columns,
		.string = string_of,
		.arg = w,
	};
	struct sq_string_cursor it;
	struct sq_slice s;
	int r;

	sq_vec_clear(&w->strings);
	if (sq_vec_reserve(&w->strings, (size_t)b->columns.n_strings + 16) < 0)
		return sq_error_origin(-ENOMEM);
	if (put->facts) {
		sq_strings_begin(put->facts, &it);
		while (sq_strings_next(&it, &s))
			w->strings.v[w->strings.n++] = s;
	}
	for (uint32_t i = 0; put->from && i < b->columns.n_strings; i++)
		w->strings.v[w->strings.n++] = sq_version_string(d->prior, put->from->names[i]);
	r = sq_extra_names(&src, add_string, w);
	if (r >= 0)
		r = add_components(w, b->columns.n_strings);
	return sq_error_trace(r);
}

/* names of the local strings as far as the base version tells; others stay as they are */
static void known_names(const struct sq_draft *d, const struct sq_put *put, uint32_t n_local, sq_name *names)
{
	const struct sq_bound *base = sq_version_bound(d->prior, sq_version_file(d->prior, put->path));
	const uint32_t *same = base && base == put->before ? put->same : NULL;

	for (uint32_t i = 0; put->from && i < n_local; i++)
		names[i] = put->from->names[i];
	for (uint32_t i = 0; !put->from && same && i < n_local; i++)
		if (same[i] != SQ_NONE)
			names[i] = base->names[same[i]];
}

static int intern_strings(struct sq_draft *d, unsigned worker, const struct sq_put *put, struct sq_bound *b)
{
	struct sq_draft_worker *w = &d->workers[worker];
	unsigned start = worker * SQ_INTERN_STRIPES / sq_parallel_width(d->opts.par);
	uint32_t n_local = b->columns.n_strings;
	int r;

	sq_vec_clear(&w->ids);
	if (sq_vec_reserve(&w->ids, w->strings.n) < 0)
		return sq_error_origin(-ENOMEM);
	memset(w->ids.v, 0xff, w->strings.n * sizeof(*w->ids.v));
	known_names(d, put, n_local, w->ids.v);
	r = sq_intern_batch(&d->intern, &w->scratch, start, w->strings.v, (uint32_t)w->strings.n, w->ids.v);
	if (r < 0)
		return sq_error_trace(r);
	if (n_local)
		memcpy(sq_bound_names(b), w->ids.v, n_local * sizeof(sq_name));
	b->base_name = w->ids.v[n_local + 1];
	return 0;
}

static void set_identity(struct sq_bound *b, const void *identity)
{
	if (identity)
		memcpy(b->identity, identity, sizeof(b->identity));
}

/* equal bytes with other facts: what a kept tree said was wrong, and is corrected */
static uint64_t facts_hash(const struct sq_put *put)
{
	if (put->from)
		return put->from->facts_hash;
	return put->facts ? sq_hash64(put->facts->blob, put->facts->n_bytes, 0) : 0;
}

static uint8_t lang_of(const struct sq_put *put)
{
	return put->facts || put->from ? (uint8_t)put->lang : SQ_LANG_NONE;
}

static int make_bound(struct sq_draft *d, unsigned worker, const struct sq_put *put,
		      struct sq_bound **ret_b)
{
	static const struct sq_columns none = { .p = NULL };
	const struct sq_columns *columns = put->facts ? &put->facts->columns :
					   put->from ? &put->from->columns : &none;
	struct sq_bound *b;
	int r;

	r = sq_bound_new(d->birth, columns, put->path, &b);
	if (r < 0)
		return sq_error_trace(r);
	b->lang = lang_of(put);
	b->skip = put->skip;
	b->has_error = put->facts ? put->facts->has_error : put->from && put->from->has_error;
	b->content_hash = put->content_hash;
	b->facts_hash = facts_hash(put);
	b->size_bytes = put->size_bytes;
	set_identity(b, put->identity);
	r = gather_strings(d, &d->workers[worker], put, b);
	if (r >= 0)
		r = intern_strings(d, worker, put, b);
	if (r < 0) {
		sq_piece_free(b);
		return sq_error_trace(r);
	}
	*ret_b = b;
	return 0;
}

static bool is_same(const struct sq_bound *b, const struct sq_put *put)
{
	return b && b->content_hash == put->content_hash && b->size_bytes == put->size_bytes &&
	       b->lang == lang_of(put) && b->skip == put->skip && b->facts_hash == facts_hash(put);
}

static int put_same(struct sq_draft *d, sq_file file, const struct sq_bound *base, const void *identity)
{
	struct sq_bound *b;
	int r;

	if (!identity || !memcmp(base->identity, identity, sizeof(base->identity)))
		return set_entry(d, base->path, file, SQ_DRAFT_KEEP, NULL);
	r = sq_bound_copy(d->birth, base, &b);
	if (r < 0)
		return sq_error_trace(r);
	set_identity(b, identity);
	return set_entry(d, b->path, file, SQ_DRAFT_SAME, b);
}

int sq_draft_put(struct sq_draft *d, unsigned worker, const struct sq_put *put)
{
	sq_file file = sq_version_file(d->prior, put->path);
	const struct sq_bound *base = sq_version_bound(d->prior, file);
	struct sq_bound *b;
	int r;

	if (is_same(base, put))
		return sq_error_trace(put_same(d, file, base, put->identity));
	r = make_bound(d, worker, put, &b);
	if (r < 0)
		return sq_error_trace(r);
	return sq_error_trace(set_entry(d, b->path, file, SQ_DRAFT_PUT, b));
}

int sq_draft_remove(struct sq_draft *d, struct sq_slice path)
{
	sq_file file = sq_version_file(d->prior, path);
	const struct sq_bound *base = sq_version_bound(d->prior, file);
	uint32_t *slot;

	if (base)
		return sq_error_trace(set_entry(d, base->path, file, SQ_DRAFT_REMOVE, NULL));
	sq_lock(&d->lock);
	if (d->n_index) {
		slot = index_slot(d, path, sq_hash64(path.p, path.n, 0));
		if (*slot)
			d->entries.v[*slot - 1].op = SQ_DRAFT_NOTHING;
	}
	sq_unlock(&d->lock);
	return 0;
}

const struct sq_version *sq_draft_version(const struct sq_draft *d)
{
	return d->v;
}

uint64_t sq_draft_new_bytes(const struct sq_draft *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < d->made.n; i++)
		sum += ((const struct sq_piece *)d->made.v[i])->n_bytes;
	for (size_t i = 0; i < d->entries.n; i++)
		if (sq_draft_has_bound(&d->entries.v[i]))
			sum += d->entries.v[i].bound->piece.n_bytes;
	return sum;
}
