/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * memory — what the daemon's memory is used for, by kind.
 * Every kind is counted where its bytes are taken, but for the allocator's free
 * pages, which are its resident pages less what is in use there. Nothing is
 * derived from RssAnon, so the sum can be held against it. Not counted: thread
 * stacks, data of libraries.
 * Ownership: none.
 * Threads:   inside an epoch section of the caller; takes the locks of heaps,
 *            admission and kept trees, each for itself.
 * Invariant: the kinds do not overlap. They are read one after the other, so
 *            the figures of a moment of change may not fit together.
 */
#include "graph/piece.h"
#include "proto/json.h"
#include "rebuild/rebuild.h"

struct sq_memory {
	uint64_t pieces[SQ_PIECE_MAX];   /* of the versions that are served */
	uint64_t retained_bytes;         /* replaced or evicted, not yet freed */
	uint64_t building_bytes;         /* pieces of the next versions */
	uint64_t slack_bytes;            /* free pages of the allocator; holes of the arenas of pieces */
	uint64_t kept_tree_bytes;        /* syntax trees of edited files */
	uint64_t table_bytes;            /* everything else that was allocated */
	uint64_t rss_anon_bytes, rss_shmem_bytes;   /* what the kernel says, 0: it says nothing */
};
void sq_memory_read(struct sq_manager *m, struct sq_rebuild *rb, struct sq_memory *ret);
uint64_t sq_memory_sum(const struct sq_memory *m);
/** sq_memory_write() - "resident": {...}, a member of the object being written. */
void sq_memory_write(const struct sq_memory *m, struct sq_jw *w);
