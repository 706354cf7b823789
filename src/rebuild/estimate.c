/* SPDX-License-Identifier: MIT */
#include "rebuild/estimate.h"

#define STAGING_PER_FILE 4096u         /* ESTIMATE_STAGING_PER_FILE_BYTES */
#define FINAL_PER_FILE 2048u           /* ESTIMATE_FINAL_PER_FILE_BYTES */
#define FIRST_LOAD_FLOOR (2ull << 20)  /* final bytes of a fresh load, protocol 2.4 */
#define SHARDS_PER_FILE 32u            /* shards that one changed file's names touch, about */

static uint64_t add_sat(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

static uint64_t mul_sat(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

uint64_t sq_estimate_working_set(uint64_t final_bytes, uint64_t staging_bytes, uint64_t name_bytes)
{
	uint64_t half = final_bytes / 2 + final_bytes % 2;
	uint64_t quarter = name_bytes / 4 + !!(name_bytes % 4);

	return add_sat(add_sat(final_bytes, half), add_sat(staging_bytes, quarter));
}

uint64_t sq_estimate_full(uint64_t prior_bytes, uint64_t n_files, uint64_t name_bytes)
{
	return sq_estimate_working_set(prior_bytes, mul_sat(n_files, STAGING_PER_FILE), name_bytes);
}

uint64_t sq_estimate_incremental(uint64_t prior_bytes, uint64_t n_changed, uint64_t name_bytes)
{
	return sq_estimate_working_set(add_sat(prior_bytes, mul_sat(n_changed, FINAL_PER_FILE)),
				       mul_sat(n_changed, STAGING_PER_FILE), name_bytes);
}

/* 0.8 of the bytes to be indexed: more than facts, links and names of source text take */
static uint64_t of_everything(const struct sq_plan *plan)
{
	uint64_t text = plan->read_bytes / 5;

	return SQ_MAX(mul_sat(text, 4), sq_estimate_working_set(FIRST_LOAD_FLOOR, 0, 0));
}

/* of the segment that is replaced, what is more than every changed file is counted with anyway */
static uint64_t prior_segment_bytes(const struct sq_version *v, struct sq_slice path)
{
	sq_file f = sq_version_file(v, path);
	struct sq_file_slot slot;
	uint64_t bytes;

	if (f == SQ_FILE_NONE)
		return 0;
	slot = sq_version_slot(v, f);
	bytes = slot.bound->piece.n_bytes + (slot.links ? slot.links->piece.n_bytes : 0);
	return bytes > FINAL_PER_FILE ? bytes - FINAL_PER_FILE : 0;
}

/* the shared pieces that a change of n files makes new copies of */
static uint64_t copied_bytes(const struct sq_version *v, size_t n)
{
	const struct sq_version_stats *s = &v->stats;
	uint64_t chunks = SQ_MIN((uint64_t)v->n_chunks + 1, mul_sat(n, 2));
	uint64_t shards = SQ_MIN((uint64_t)v->n_shards, mul_sat(n, SHARDS_PER_FILE));
	uint64_t shard = v->n_shards ? s->bytes_by_kind[SQ_PIECE_SHARD] / v->n_shards + 1 : 0;

	return add_sat(add_sat(mul_sat(chunks, sizeof(struct sq_chunk)), mul_sat(shards, shard)),
		       s->bytes_by_kind[SQ_PIECE_ROOT]);
}

/* a graph of nothing says nothing about the one that will be built: never less than the tree asks for */
static uint64_t of_full(const struct sq_plan *plan)
{
	const struct sq_version *v = plan->prior;

	if (!v->n_file_ids)
		return of_everything(plan);
	return SQ_MAX(sq_estimate_full(sq_version_bytes(v), v->stats.n_files, v->stats.bytes_by_kind[SQ_PIECE_DICT]),
		      of_everything(plan));
}

uint64_t sq_estimate(const struct sq_plan *plan, bool full)
{
	uint64_t prior = 0;

	if (full || !plan->prior->n_file_ids)
		return of_full(plan);
	for (size_t i = 0; i < plan->n; i++)
		prior = add_sat(prior, prior_segment_bytes(plan->prior, plan->v[i].path));
	prior = add_sat(prior, copied_bytes(plan->prior, plan->n));
	return sq_estimate_incremental(prior, plan->n, 0);
}
