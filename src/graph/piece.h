/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * piece — the immutable parts a version is made of: dictionaries, bound
 * facts, links, file chunks, name shards, roots. Every piece starts with this
 * header, is written once by its maker and only read afterwards.
 * Ownership: a piece lives from the version that introduced it (birth) until
 *            the version that no longer uses it is published (death) and no
 *            reader and no pinned version in [birth, death) is left. Versions
 *            of one workspace share pieces by plain pointer; no counts.
 *            Its memory is the graph's heap, which takes it back at once.
 * Threads:   allocation and retirement by the writer; reads by anyone.
 */
#include <stdint.h>

#include "base/alloc.h"
#include "base/heap.h"

enum sq_piece_kind { SQ_PIECE_DICT, SQ_PIECE_BOUND, SQ_PIECE_LINKS, SQ_PIECE_CHUNK,
		     SQ_PIECE_SHARD, SQ_PIECE_ROOT, SQ_PIECE_NAME_INDEX, SQ_PIECE_MAX };
struct sq_piece {
	uint64_t birth;         /* generation of the first version that uses it */
	struct sq_heap *heap;   /* NULL: an allocation like any other */
	uint64_t n_bytes : 56;  /* exact bytes charged: what the block takes */
	uint64_t kind : 8;      /* enum sq_piece_kind */
};
/* where and for which version a piece is made */
struct sq_birth {
	struct sq_heap *heap;   /* may be NULL */
	uint64_t generation;
};
/* for pieces outside of any graph */
#define SQ_BORN(n) ((struct sq_birth){ NULL, (n) })
/** sq_piece_alloc() - @bytes includes the header; header filled in. NULL on ENOMEM. */
void *sq_piece_alloc(enum sq_piece_kind kind, struct sq_birth birth, uint64_t bytes) sq_must_check;
void sq_piece_free(void *piece);
const char *sq_piece_kind_name(enum sq_piece_kind kind);
