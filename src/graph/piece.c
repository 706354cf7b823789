/* SPDX-License-Identifier: MIT */
#include "graph/piece.h"

void *sq_piece_alloc(enum sq_piece_kind kind, uint64_t birth, uint64_t bytes)
{
	struct sq_piece *p;

	if (bytes > SIZE_MAX)
		return NULL;
	p = sq_malloc(bytes);
	if (!p)
		return NULL;
	*p = (struct sq_piece){
		.birth = birth,
		.n_bytes = sq_alloc_usable(p),
		.kind = kind,
	};
	return p;
}

void sq_piece_free(void *piece)
{
	sq_free(piece);
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
