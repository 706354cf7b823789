/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * name_index — what finds the names of one big dictionary by a part of their
 * text: their order by bytes (4 bytes a name), and for each trigram the blocks
 * of that order where a name has it. Neighbours in the order share most of their
 * trigrams, so that a block of them has few (some 2 bytes a name).
 * Ownership: a piece beside its dictionary, with the same birth and death.
 * Threads:   as any piece.
 * Invariants:
 *  - ->order is a permutation of the dictionary's indices, ascending by bytes.
 *  - A block is listed under a trigram exactly when one of its names has it.
 *    ASCII case does not count, and other bytes than letters, digits and '_'
 *    may count as equal: a block that is listed can lack the text, one that is
 *    not listed cannot have it.
 */
#include "base/parallel.h"
#include "graph/dict.h"

#define SQ_NAME_INDEX_MIN (1u << 15)    /* smaller dictionaries are read through */
#define SQ_NAME_BLOCK_SHIFT 9u
#define SQ_NAME_BLOCK (1u << SQ_NAME_BLOCK_SHIFT)

struct sq_name_index {
	struct sq_piece piece;
	uint32_t n, n_blocks, n_grams;
	const uint32_t *order;          /* local indices */
	const uint32_t *grams;          /* ascending; trigram << 1 | is its list a bitmap */
	const uint32_t *at;             /* n_grams + 1: where each list begins */
	const uint8_t *lists;           /* differences less 1 as varints, or a bit a block */
};
/* a set of blocks: a bit each */
static inline size_t sq_name_blocks_bytes(const struct sq_name_index *x)
{
	return ((size_t)x->n_blocks + 7) / 8;
}
static inline bool sq_name_blocks_has(const uint8_t *set, uint32_t block)
{
	return set[block >> 3] >> (block & 7) & 1;
}

/** sq_name_index_make() - Return: 0, -ENOMEM, -ECANCELED, -EOVERFLOW. */
int sq_name_index_make(struct sq_birth birth, const struct sq_dict *d, const struct sq_parallel *par,
		       const bool *cancel, struct sq_name_index **ret_x) sq_must_check;
/** sq_name_index_prefix() - the places in ->order of the names that begin with @prefix. */
void sq_name_index_prefix(const struct sq_name_index *x, const struct sq_dict *d, struct sq_slice prefix,
			  uint32_t *ret_from, uint32_t *ret_to);
/** sq_name_index_narrow() - take from @set the blocks that lack a trigram of @text. */
void sq_name_index_narrow(const struct sq_name_index *x, struct sq_slice text, uint8_t *set);
/** sq_name_index_check() - the invariants, for tests. Return: true when they hold. */
bool sq_name_index_check(const struct sq_name_index *x, const struct sq_dict *d);
