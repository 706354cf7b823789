/* SPDX-License-Identifier: MIT */
#include "graph/piece.h"

void *sq_piece_alloc(enum sq_piece_kind kind, struct sq_birth birth, uint64_t bytes)
{
	struct sq_heap *heap = birth.heap;
	uint64_t charged;
	struct sq_piece *p;

	if (bytes > SIZE_MAX)
		return NULL;
	p = heap ? sq_heap_alloc(heap, bytes, &charged) : sq_malloc(bytes);
	if (!p)
		return NULL;
	if (!heap)
		charged = sq_alloc_usable(p);
	*p = (struct sq_piece){
		.birth = birth.generation,
		.heap = heap,
		.n_bytes = charged,
		.kind = kind,
	};
	return p;
}

void sq_piece_free(void *piece)
{
	struct sq_piece *p = piece;

	if (p && p->heap)
		sq_heap_release(p->heap, p);
	else
		sq_free(p);
}

const char *sq_piece_kind_name(enum sq_piece_kind kind)
{
	static const char *const names[SQ_PIECE_MAX] = {
		[SQ_PIECE_DICT] = "dictionaries",
		[SQ_PIECE_BOUND] = "facts",
		[SQ_PIECE_LINKS] = "links",
		[SQ_PIECE_CHUNK] = "chunks",
		[SQ_PIECE_SHARD] = "shards",
		[SQ_PIECE_ROOT] = "roots",
		[SQ_PIECE_NAME_INDEX] = "name_index",
	};

	return kind < SQ_PIECE_MAX ? names[kind] : "";
}
