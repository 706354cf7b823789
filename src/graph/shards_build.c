/* SPDX-License-Identifier: MIT */
/*
 * All shards from scratch, as a radix sort by name in two passes: the files are
 * cut into ranges of ascending ids, and every range writes what it posts into
 * one stream a bucket of names; then every bucket reads its streams in order of
 * ranges, which leaves each list in order of files without any sorting.
 */
#include <string.h>

#include "base/error.h"
#include "graph/postings.h"
#include "graph/shards.h"

#define RANGES_PER_WORKER 16u
#define MAX_BUCKETS 64u         /* more only when a bucket would not fit its bits */
#define MAX_BUCKET_SHIFT 22u    /* entry: file << 32 | name in bucket << 10 | list << 8 | class bits */
#define ENTRIES_PER_BLOCK 1022u

struct block {
	struct block *next;
	uint64_t n;
	uint64_t entries[ENTRIES_PER_BLOCK];
};
struct stream { struct block *first, *last; uint64_t n; };
struct build {
	const struct sq_shards_job *job;
	uint32_t n_ranges, n_buckets, bucket_shift;
	struct stream *streams;         /* [range * n_buckets + bucket] */
	struct sq_postings *scratch;    /* [worker] */
};

static int stream_add(struct stream *s, uint64_t entry)
{
	struct block *b = s->last;

	if (!b || b->n == ENTRIES_PER_BLOCK) {
		b = sq_malloc(sizeof(*b));
		if (!b)
			return sq_error_origin(-ENOMEM);
		b->next = NULL;
		b->n = 0;
		if (s->last)
			s->last->next = b;
		else
			s->first = b;
		s->last = b;
	}
	b->entries[b->n++] = entry;
	s->n++;
	return 0;
}

static void stream_drop(struct stream *s)
{
	struct block *next;

	for (struct block *b = s->first; b; b = next) {
		next = b->next;
		sq_free(b);
	}
	*s = (struct stream){ NULL, NULL, 0 };
}

static int post_file(struct build *b, struct sq_postings *p, struct stream *streams, sq_file file)
{
	const struct sq_version *v = b->job->v;
	int r = sq_postings_of(p, v, sq_version_bound(v, file));

	for (size_t i = 0; i < p->keys.n && r >= 0; i++) {
		sq_posting_key k = p->keys.v[i];
		uint32_t name = sq_posting_key_name(k);
		uint32_t in_bucket = name & ((1u << b->bucket_shift) - 1);

		r = stream_add(&streams[name >> b->bucket_shift],
			       (uint64_t)file << 32 | in_bucket << 10 | (k & 0x3ff));
	}
	return sq_error_trace(r);
}

static int post_range(void *arg, unsigned worker, uint32_t range)
{
	struct build *b = arg;
	uint64_t n = b->job->v->n_file_ids;
	uint32_t to = (uint32_t)(n * (range + 1) / b->n_ranges);
	int r = 0;

	for (uint32_t f = (uint32_t)(n * range / b->n_ranges); f < to && r >= 0; f++) {
		if (sq_is_cancelled(b->job->cancel))
			return sq_error_origin(-ECANCELED);
		r = post_file(b, &b->scratch[worker], &b->streams[(size_t)range * b->n_buckets], f);
	}
	return sq_error_trace(r);
}

/* one bucket: entries ordered by (name, list), counts[i] = end of list i */
struct bucket {
	uint64_t n;
	uint32_t n_lists;
	uint64_t *entries;
	uint32_t *ends;
};

static void bucket_sort(struct build *b, uint32_t bucket, struct bucket *ret)
{
	uint32_t sum = 0;

	for (uint32_t range = 0; range < b->n_ranges; range++)
		for (struct block *k = b->streams[(size_t)range * b->n_buckets + bucket].first; k; k = k->next)
			for (uint64_t i = 0; i < k->n; i++)
				ret->ends[(uint32_t)k->entries[i] >> 8]++;
	for (uint32_t i = 0; i < ret->n_lists; i++) {
		uint32_t n = ret->ends[i];

		ret->ends[i] = sum;
		sum += n;
	}
	for (uint32_t range = 0; range < b->n_ranges; range++) {
		struct stream *s = &b->streams[(size_t)range * b->n_buckets + bucket];

		for (struct block *k = s->first; k; k = k->next)
			for (uint64_t i = 0; i < k->n; i++)
				ret->entries[ret->ends[(uint32_t)k->entries[i] >> 8]++] = k->entries[i];
		stream_drop(s);
	}
}

/* one list: entries [i, end) */
static uint8_t *encode_list(uint8_t *at, enum sq_list which, const struct bucket *b, uint32_t i, uint32_t end)
{
	uint32_t last = 0;

	for (; i < end; i++) {
		uint32_t file = (uint32_t)(b->entries[i] >> 32);

		at = sq_posting_put(at, file - last, which, b->entries[i] & 0xff);
		last = file;
	}
	return at;
}

/* @list: first list of the shard within the bucket */
static int encode_shard(const struct sq_shards_job *job, uint32_t shard, const struct bucket *b,
			uint32_t list, uint8_t *data)
{
	uint32_t n_names = sq_shard_n_names(job->v, shard), places[SQ_SHARD_NAMES + 1];
	uint32_t i = list ? b->ends[list - 1] : 0;
	uint8_t *at = data;

	for (uint32_t k = 0; k < n_names; k++) {
		uint8_t *end = at + SQ_RECORD_HEAD_MAX;
		uint32_t lens[SQ_LIST_MAX];

		for (unsigned which = 0; which < SQ_LIST_MAX; which++, list++) {
			uint8_t *begin = end;

			end = encode_list(end, which, b, i, b->ends[list]);
			i = b->ends[list];
			lens[which] = (uint32_t)(end - begin);
		}
		if (at - data > UINT32_MAX)
			return sq_error_origin(-EOVERFLOW);
		places[k] = (uint32_t)(at - data);
		at = sq_record_close(at, lens);
	}
	if (at - data > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	places[n_names] = (uint32_t)(at - data);
	return sq_error_trace(sq_shard_new(job->birth, n_names, places, data, &job->made[shard]));
}

static int encode_bucket(struct build *b, uint32_t bucket, const struct bucket *sorted)
{
	uint32_t per_bucket = 1u << (b->bucket_shift - SQ_SHARD_SHIFT);
	uint32_t first = bucket * per_bucket;
	uint32_t to = SQ_MIN(b->job->v->n_shards, first + per_bucket);
	_cleanup_(sq_freep) uint8_t *data = NULL;
	int r = 0;

	/* a posting has a length of its list and a head of its record at most */
	data = sq_malloc(sorted->n * 2 * SQ_POSTING_MAX_BYTES + SQ_RECORD_HEAD_MAX);
	if (!data)
		return sq_error_origin(-ENOMEM);
	for (uint32_t s = first; s < to && r >= 0; s++)
		r = encode_shard(b->job, s, sorted, (s - first) * SQ_SHARD_NAMES * SQ_LIST_MAX, data);
	return sq_error_trace(r);
}

static int make_bucket(void *arg, unsigned worker, uint32_t bucket)
{
	struct build *b = arg;
	struct bucket k = { .n_lists = (1u << b->bucket_shift) * SQ_LIST_MAX };
	int r;

	(void)worker;
	for (uint32_t range = 0; range < b->n_ranges; range++)
		k.n += b->streams[(size_t)range * b->n_buckets + bucket].n;
	if (k.n > UINT32_MAX)
		return sq_error_origin(-EOVERFLOW);
	k.entries = sq_malloc(k.n * sizeof(*k.entries) + 1);
	k.ends = sq_calloc(k.n_lists, sizeof(*k.ends));
	r = k.entries && k.ends ? 0 : -ENOMEM;
	if (!r) {
		bucket_sort(b, bucket, &k);
		r = encode_bucket(b, bucket, &k);
	}
	sq_free(k.entries);
	sq_free(k.ends);
	return sq_error_trace(r);
}

static int build_prepare(struct build *b)
{
	const struct sq_version *v = b->job->v;
	uint32_t width = sq_parallel_width(b->job->par);

	b->bucket_shift = SQ_SHARD_SHIFT;
	while (b->bucket_shift < MAX_BUCKET_SHIFT && v->n_names >> b->bucket_shift >= MAX_BUCKETS)
		b->bucket_shift++;
	b->n_buckets = (uint32_t)(((uint64_t)v->n_names + (1u << b->bucket_shift) - 1) >> b->bucket_shift);
	b->n_ranges = SQ_MAX(1u, SQ_MIN(v->n_file_ids / 16, width * RANGES_PER_WORKER));
	b->streams = sq_calloc((size_t)b->n_ranges * b->n_buckets + 1, sizeof(*b->streams));
	b->scratch = sq_calloc(width, sizeof(*b->scratch));
	return b->streams && b->scratch ? 0 : sq_error_origin(-ENOMEM);
}

static void build_drop(struct build *b)
{
	for (uint64_t i = 0; b->streams && i < (uint64_t)b->n_ranges * b->n_buckets; i++)
		stream_drop(&b->streams[i]);
	for (uint32_t i = 0; b->scratch && i < sq_parallel_width(b->job->par); i++)
		sq_postings_deinit(&b->scratch[i]);
	sq_free(b->streams);
	sq_free(b->scratch);
}

int sq_shards_build(const struct sq_shards_job *job)
{
	struct build b = { .job = job };
	struct sq_each each = {
		.par = job->par,
		.cancel = job->cancel,
		.grain = 1,
		.arg = &b,
	};
	int r = build_prepare(&b);

	if (r >= 0) {
		each.n = b.n_ranges;
		each.fn = post_range;
		r = sq_each_run(&each);
	}
	if (r >= 0) {
		each.n = b.n_buckets;
		each.fn = make_bucket;
		r = sq_each_run(&each);
	}
	build_drop(&b);
	return sq_error_trace(r);
}
