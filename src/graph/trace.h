/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * trace — shortest chains of calls from some definitions to others.
 *
 * Two walks, from the sources along the calls and from the targets against
 * them, the one with the cheaper frontier a step further each time: every
 * chain that is no longer than both together is in what they found. The chains
 * are then read off that part: shorter ones first; of one length by source, at
 * each step the more confident call first, then by (path, definition). A chain
 * visits no definition twice, and no source or target in between.
 * Ownership: the result is the caller's.
 * Threads:   one; reads a version.
 */
#include "graph/bfs.h"

#define SQ_TRACE_MAX_HOPS 32u
struct sq_trace_ask {
	uint32_t max_hops, max_paths;   /* max_hops <= SQ_TRACE_MAX_HOPS */
	bool same_language;
	uint8_t min_confidence;         /* percent, of each step */
	uint64_t max_rows;              /* of each walk; 0: SQ_BFS_MAX_ROWS */
	const bool *cancel;
};
struct sq_trace_step {
	sq_file file;
	uint32_t def;
	/* how the step before calls it; of the first step all 0 */
	uint8_t kind, rule, confidence;
};
struct sq_trace_path { uint32_t first, n; };    /* steps */
struct sq_traces {
	SQ_VEC(struct sq_trace_step) steps;
	SQ_VEC(struct sq_trace_path) paths;
	bool has_more;                  /* max_paths was reached */
	bool is_cut;                    /* the row budget ended: longer ones may be missing */
};
#define SQ_TRACES_NULL { .has_more = false }
void sq_traces_deinit(struct sq_traces *t);
/** sq_trace_find() - 0, -ECANCELED, -ENOMEM. */
int sq_trace_find(const struct sq_version *v, const struct sq_trace_ask *ask,
		  const struct sq_bfs_node *from, size_t n_from, const struct sq_bfs_node *to, size_t n_to,
		  struct sq_traces *ret_t) sq_must_check;
