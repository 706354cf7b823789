/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * bundle — the pieces that one publish stopped using, stamped with the
 * generation of the version that did (their death). All were used by the
 * versions of [birth, death), so the highest pinned generation below the death
 * decides: what was born after it is free, the rest is held.
 * Ownership: the graph's, from publish until every piece is freed and the
 *            grace period has passed.
 * Threads:   the writer, but for ->phase, which the epoch's callback and
 *            sq_graph_free() exchange.
 */
#include "base/epoch.h"
#include "graph/version.h"

enum sq_bundle_phase { SQ_BUNDLE_GRACE, SQ_BUNDLE_PASSED, SQ_BUNDLE_ORPHAN };
struct sq_bundle {
	struct sq_epoch_entry entry;
	struct sq_bundle *next;
	uint32_t phase;                 /* enum sq_bundle_phase */
	uint64_t death;
	uint64_t n_bytes;               /* of the pieces still here */
	void **pieces;                  /* by ascending birth */
	size_t n;
};
/** sq_bundle_new() - @pieces: consumed on success. */
int sq_bundle_new(uint64_t death, void **pieces, size_t n, struct sq_bundle **ret_b) sq_must_check;
struct sq_bundle *sq_bundle_free(struct sq_bundle *b);
/** sq_bundle_release() - free the pieces born after @held (all when @any_held is false). Return: bytes. */
uint64_t sq_bundle_release(struct sq_bundle *b, bool any_held, uint64_t held);
