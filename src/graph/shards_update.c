/* SPDX-License-Identifier: MIT */
/* The shards that a set of changed files changes. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/alike.h"
#include "graph/postings.h"
#include "graph/shards.h"

struct worker {
	struct sq_postings before, after;
	SQ_VEC(struct sq_posting_change) changes;
};
struct update {
	const struct sq_shards_job *job;
	const struct sq_version *before;
	const struct sq_file_change *files;
	struct worker *workers;
	struct sq_posting_change *changes;      /* grouped by shard */
	size_t n_changes;
	size_t *ends;                           /* [n_shards] into changes */
};

static int note(struct worker *w, sq_file file, sq_posting_key k, bool remove)
{
	return sq_vec_push(&w->changes, (struct sq_posting_change){
		.name = sq_posting_key_name(k),
		.file = file,
		.list = sq_posting_key_list(k),
		.class_bits = sq_posting_key_bits(k),
		.remove = remove,
	});
}

/* the difference of two sorted sets, in which a key's low byte is its value */
static int diff_sets(struct worker *w, sq_file file)
{
	const sq_posting_key *a = w->before.keys.v, *a_end = a + w->before.keys.n;
	const sq_posting_key *b = w->after.keys.v, *b_end = b + w->after.keys.n;
	int r = 0;

	while ((a < a_end || b < b_end) && r >= 0) {
		if (b == b_end || (a < a_end && *a >> 8 < *b >> 8)) {
			r = note(w, file, *a++, true);
		} else if (a == a_end || *b >> 8 < *a >> 8) {
			r = note(w, file, *b++, false);
		} else {
			if (*a != *b)
				r = note(w, file, *b, false);
			a++;
			b++;
		}
	}
	return r;
}

/* Both are in the order of their strings' first use: what an edit leaves stays in order. */
static void strike(struct sq_postings *before, struct sq_postings *after)
{
	struct sq_alike a = { (char *)before->keys.v, before->keys.n }, b = { (char *)after->keys.v, after->keys.n };

	sq_alike_strike(&a, &b, sizeof(sq_posting_key));
	before->keys.n = a.n;
	after->keys.n = b.n;
}

static int diff_file(void *arg, unsigned worker, uint32_t i)
{
	struct update *u = arg;
	struct worker *w = &u->workers[worker];
	const struct sq_file_change *c = &u->files[i];
	int r;

	/* names only grow: those of the old facts are known to the new version */
	r = sq_postings_of(&w->before, u->job->v, c->old_bound);
	if (r >= 0)
		r = sq_postings_of(&w->after, u->job->v, c->new_bound);
	if (r < 0)
		return sq_error_trace(r);
	strike(&w->before, &w->after);
	sq_postings_sort(&w->before);
	sq_postings_sort(&w->after);
	return sq_error_trace(diff_sets(w, c->file));
}

/* gather the workers' changes by shard */
static int group(struct update *u)
{
	uint32_t width = sq_parallel_width(u->job->par), n_shards = u->job->v->n_shards;
	size_t sum = 0;

	for (uint32_t k = 0; k < width; k++) {
		u->n_changes += u->workers[k].changes.n;
		for (size_t i = 0; i < u->workers[k].changes.n; i++)
			u->ends[u->workers[k].changes.v[i].name >> SQ_SHARD_SHIFT]++;
	}
	u->changes = sq_malloc(u->n_changes * sizeof(*u->changes) + 1);
	if (!u->changes)
		return sq_error_origin(-ENOMEM);
	for (uint32_t s = 0; s < n_shards; s++) {
		size_t n = u->ends[s];

		u->ends[s] = sum;
		sum += n;
	}
	for (uint32_t k = 0; k < width; k++)
		for (size_t i = 0; i < u->workers[k].changes.n; i++) {
			struct sq_posting_change *c = &u->workers[k].changes.v[i];

			u->changes[u->ends[c->name >> SQ_SHARD_SHIFT]++] = *c;
		}
	return 0;
}

static int compare_changes(const void *a, const void *b)
{
	const struct sq_posting_change *x = a, *y = b;

	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->list != y->list)
		return x->list < y->list ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

static int make_shard(void *arg, unsigned worker, uint32_t shard)
{
	struct update *u = arg;
	size_t from = shard ? u->ends[shard - 1] : 0, n = u->ends[shard] - from;
	const struct sq_shard *old = shard < u->before->n_shards ? u->before->shards[shard] : NULL;
	int r;

	(void)worker;
	/* every shard of the version must exist, even when nothing is posted */
	if (!n && old)
		return 0;
	if (n > 1)
		qsort(u->changes + from, n, sizeof(*u->changes), compare_changes);
	r = sq_shard_make(u->job->birth, old, shard << SQ_SHARD_SHIFT, sq_shard_n_names(u->job->v, shard),
			  u->changes + from, n, &u->job->made[shard]);
	return sq_error_trace(r);
}

static int run(struct update *u, uint32_t n, uint32_t grain,
	       int (*fn)(void *arg, unsigned worker, uint32_t i))
{
	const struct sq_each each = {
		.par = u->job->par,
		.cancel = u->job->cancel,
		.n = n,
		.grain = grain,
		.fn = fn,
		.arg = u,
	};

	return sq_error_trace(sq_each_run(&each));
}

static void update_drop(struct update *u)
{
	for (uint32_t k = 0; u->workers && k < sq_parallel_width(u->job->par); k++) {
		sq_postings_deinit(&u->workers[k].before);
		sq_postings_deinit(&u->workers[k].after);
		sq_vec_deinit(&u->workers[k].changes);
	}
	sq_free(u->workers);
	sq_free(u->changes);
	sq_free(u->ends);
}

int sq_shards_update(const struct sq_shards_job *job, const struct sq_version *before,
		     const struct sq_file_change *changes, uint32_t n)
{
	struct update u = { .job = job, .before = before, .files = changes };
	int r = 0;

	u.workers = sq_calloc(sq_parallel_width(job->par), sizeof(*u.workers));
	u.ends = sq_calloc((size_t)job->v->n_shards + 1, sizeof(*u.ends));
	if (!u.workers || !u.ends)
		r = sq_error_origin(-ENOMEM);
	if (r >= 0)
		r = run(&u, n, 4, diff_file);
	if (r >= 0)
		r = group(&u);
	/* most shards of a small change are untouched: not worth waking anybody */
	if (r >= 0)
		r = run(&u, job->v->n_shards, u.n_changes > 4096 ? 64 : UINT32_MAX, make_shard);
	update_drop(&u);
	return sq_error_trace(r);
}
