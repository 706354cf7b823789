/* SPDX-License-Identifier: MIT */
#include "graph/name_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/each.h"

#define N_BUCKETS (1u << 16)    /* by the first two bytes */
#define BUCKET_DEPTH 2u
#define FEW 16u                 /* items for which plain insertion is faster */
#define DEEP 1024u              /* common bytes past which no more keys are read */

/* eight bytes of a string from some depth on, the first on top */
struct item { uint64_t key; uint32_t i; };

static uint64_t key_at(struct sq_slice s, size_t depth)
{
	uint8_t bytes[8] = { 0 };
	uint64_t key = 0;

	if (s.n > depth)
		memcpy(bytes, s.p + depth, SQ_MIN(s.n - depth, sizeof(bytes)));
	for (unsigned k = 0; k < sizeof(bytes); k++)
		key = key << 8 | bytes[k];
	return key;
}

static struct sq_slice text_of(const struct sq_dict *d, uint32_t i)
{
	return sq_dict_get(d, d->first + i);
}

static int compare_texts(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;

	return sq_slice_cmp(text_of(arg, x->i), text_of(arg, y->i));
}

static int compare_keys(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void insert_by_text(const struct sq_dict *d, struct item *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct item new = v[i];
		size_t k = i;

		for (; k && compare_texts(&new, &v[k - 1], (void *)d) < 0; k--)
			v[k] = v[k - 1];
		v[k] = new;
	}
}

static void insert_by_key(struct item *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct item new = v[i];
		size_t k = i;

		for (; k && new.key < v[k - 1].key; k--)
			v[k] = v[k - 1];
		v[k] = new;
	}
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
	return a < b ? (b < c ? b : SQ_MAX(a, c)) : (a < c ? a : SQ_MAX(b, c));
}

/* Hoare's partition: [0, ret] <= pivot <= [ret + 1, n), both not empty */
static size_t split(struct item *v, size_t n)
{
	uint64_t pivot = median(v[0].key, v[n / 2].key, v[n - 2].key);
	size_t i = 0, k = n - 1;

	for (;; i++, k--) {
		struct item t;

		while (v[i].key < pivot)
			i++;
		while (v[k].key > pivot)
			k--;
		if (i >= k)
			return SQ_MIN(k, n - 2);
		t = v[i];
		v[i] = v[k];
		v[k] = t;
	}
}

/* @levels: of bad luck that are left before the C library takes over */
static void sort_by_key(struct item *v, size_t n, unsigned levels)
{
	while (n > FEW) {
		size_t at;

		if (!levels--) {
			qsort(v, n, sizeof(*v), compare_keys);
			return;
		}
		at = split(v, n) + 1;
		/* the smaller side by recursion: the stack stays short */
		if (at < n - at) {
			sort_by_key(v, at, levels);
			v += at;
			n -= at;
		} else {
			sort_by_key(v + at, n - at, levels);
			n = at;
		}
	}
	insert_by_key(v, n);
}

/* the strings of @v are equal up to @depth */
static void sort_texts(const struct sq_dict *d, struct item *v, size_t n, size_t depth)
{
	if (n <= FEW) {
		insert_by_text(d, v, n);
		return;
	}
	if (depth > DEEP) {
		qsort_r(v, n, sizeof(*v), compare_texts, (void *)d);
		return;
	}
	for (size_t i = 0; i < n; i++)
		v[i].key = key_at(text_of(d, v[i].i), depth);
	sort_by_key(v, n, 64);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].key == v[i].key; end++)
			;
		if (end - i > 1)
			sort_texts(d, v + i, end - i, depth + sizeof(v->key));
	}
}

struct job {
	const struct sq_dict *d;
	uint32_t *order;
	uint32_t *ends;         /* of each bucket */
};

static int sort_bucket(void *arg, unsigned worker, uint32_t bucket)
{
	const struct job *job = arg;
	uint32_t from = bucket ? job->ends[bucket - 1] : 0;
	uint32_t n = job->ends[bucket] - from;
	struct item *v;

	(void)worker;
	if (n < 2)
		return 0;
	v = sq_malloc((size_t)n * sizeof(*v));
	if (!v)
		return sq_error_origin(-ENOMEM);
	for (uint32_t k = 0; k < n; k++)
		v[k] = (struct item){ 0, job->order[from + k] };
	sort_texts(job->d, v, n, BUCKET_DEPTH);
	for (uint32_t k = 0; k < n; k++)
		job->order[from + k] = v[k].i;
	sq_free(v);
	return 0;
}

static uint32_t bucket_of(const struct sq_dict *d, uint32_t i)
{
	return (uint32_t)(key_at(text_of(d, i), 0) >> 48);
}

static void fill_buckets(const struct job *job)
{
	const struct sq_dict *d = job->d;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < d->n; i++)
		job->ends[bucket_of(d, i)]++;
	for (uint32_t b = 0; b < N_BUCKETS; b++) {
		uint32_t n = job->ends[b];

		job->ends[b] = sum;
		sum += n;
	}
	for (uint32_t i = 0; i < d->n; i++)
		job->order[job->ends[bucket_of(d, i)]++] = i;
}

int sq_name_order(const struct sq_dict *d, const struct sq_parallel *par, const bool *cancel,
		  uint32_t *order)
{
	struct job job = { .d = d, .order = order };
	struct sq_each each = {
		.par = par, .cancel = cancel, .n = N_BUCKETS, .grain = 16,
		.fn = sort_bucket, .arg = &job,
	};
	int r;

	job.ends = sq_calloc(N_BUCKETS, sizeof(*job.ends));
	if (!job.ends)
		return sq_error_origin(-ENOMEM);
	fill_buckets(&job);
	r = sq_each_run(&each);
	sq_free(job.ends);
	return sq_error_trace(r);
}
