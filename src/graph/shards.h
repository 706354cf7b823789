/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * shards — the name shards of a version under construction: all from scratch,
 * or only those that differ from the version before.
 * Ownership: made shards are put into the caller's array, one slot a shard;
 *            also after a failure, so that the caller frees them.
 * Threads:   the caller waits; works on all workers.
 */
#include "graph/each.h"
#include "graph/relink.h"

struct sq_shards_job {
	const struct sq_version *v;     /* names, file table and traits are final */
	const struct sq_parallel *par;
	const bool *cancel;
	struct sq_birth birth;
	struct sq_shard **made;         /* [v->n_shards], NULL: unchanged */
};
/** sq_shards_build() - every shard, from all files of the version. */
int sq_shards_build(const struct sq_shards_job *job) sq_must_check;
/** sq_shards_update() - from the shards of @before and the files that changed. */
int sq_shards_update(const struct sq_shards_job *job, const struct sq_version *before,
		     const struct sq_file_change *changes, uint32_t n) sq_must_check;
static inline uint32_t sq_shard_n_names(const struct sq_version *v, uint32_t shard)
{
	uint32_t first = shard << SQ_SHARD_SHIFT;

	return v->n_names - first < SQ_SHARD_NAMES ? v->n_names - first : SQ_SHARD_NAMES;
}
