/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * kept — the trees of one version of a file, for the parse of the next one
 * (private to src/lang; others see lang.h).
 *
 * Two ways to use them. A file that its language can cut is parsed piece by
 * piece anyway: the tree of a piece whose bytes occurred before is taken over
 * and moved to its new place, which is exact by construction. Any other file
 * is given to tree-sitter with the old tree and the edit between the two
 * texts, unless one of the trees has an ERROR or MISSING node (design §5).
 * Ownership: owns a copy of the bytes and the trees.
 * Threads:   one at a time.
 */
#include "lang/spec.h"

struct sq_kept_piece {
	TSTree *tree;            /* NULL: taken */
	uint32_t start, len, row;
	uint64_t hash;           /* of its bytes */
	uint64_t steps;          /* that its parse took */
};
struct sq_kept {
	enum sq_lang lang;
	bool is_plain;           /* its runs were parsed: there was an error */
	char *bytes;
	size_t n;
	SQ_VEC(struct sq_kept_piece) pieces;
	uint32_t *slots, mask;   /* by hash: piece + 1; made by sq_kept_finish() */
	int64_t tree_bytes;
	size_t fresh_n;          /* size and steps when it was last parsed from nothing */
	uint64_t fresh_steps;
};
/** sq_kept_new() - without pieces; copies @bytes. NULL: no memory. */
struct sq_kept *sq_kept_new(enum sq_lang lang, struct sq_slice bytes);
/** sq_kept_add() - @tree is consumed. Return: 0; -ENOMEM. */
int sq_kept_add(struct sq_kept *k, const struct sq_piece *piece, TSTree *tree, uint64_t steps) sq_must_check;
/** sq_kept_finish() - after the last piece. Return: 0; -ENOMEM. */
int sq_kept_finish(struct sq_kept *k) sq_must_check;
/** sq_kept_take() - the tree of a piece with these bytes, moved to @piece's place; or NULL. */
TSTree *sq_kept_take(struct sq_kept *k, struct sq_slice bytes, const struct sq_piece *piece,
		     uint64_t *ret_steps);
/** sq_kept_edit() - what turned the kept bytes into @bytes: one replaced range. */
void sq_kept_edit(const struct sq_kept *k, struct sq_slice bytes, TSInputEdit *ret_edit);
/** sq_tree_move() - a tree from one place to another; rows are counted from 0. */
void sq_tree_move(TSTree *tree, uint32_t from, uint32_t from_row, uint32_t to, uint32_t to_row);
