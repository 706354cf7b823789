/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * kept — the tree of one version of a file, for the parse of the next one
 * (private to src/lang; others see lang.h).
 *
 * For files that are read as a whole: tree-sitter is given the old tree and the
 * edit between the two texts, unless one of the trees has an ERROR or MISSING
 * node (design §5). Files that are cut need no trees: recall.h.
 * Ownership: owns a copy of the bytes and the tree.
 * Threads:   one at a time.
 */
#include "lang/spec.h"

struct sq_kept {
	enum sq_lang lang;
	char *bytes;
	size_t n;
	TSTree *tree;
	int64_t tree_bytes;
	size_t fresh_n;          /* size and steps when it was last parsed from nothing */
	uint64_t fresh_steps;
};
/** sq_kept_new() - without a tree; copies @bytes. NULL: no memory. */
struct sq_kept *sq_kept_new(enum sq_lang lang, struct sq_slice bytes);
/** sq_kept_edit() - what turned the kept bytes into @bytes: one replaced range. */
void sq_kept_edit(const struct sq_kept *k, struct sq_slice bytes, TSInputEdit *ret_edit);
