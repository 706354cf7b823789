/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * def_index — which definitions of a file have a name, for files that are
 * asked more than once: a header of 30,000 macros is not searched from end to
 * end for each of the names that a driver takes from it.
 * Ownership: scratch memory of one linker; bounded, started afresh when full.
 * Threads:   one.
 */
#include "base/vec.h"
#include "graph/memo.h"
#include "graph/version.h"

struct sq_def_index {
	struct sq_memo files;           /* file -> start in words; SQ_NONE: asked once */
	SQ_VEC(uint32_t) words;         /* mask, slots of (name, definition + 1), next definition + 1 */
	SQ_VEC(uint32_t) names;         /* scratch */
	/* the file asked last: its start in words and its local name, one of them SQ_NONE */
	uint32_t at, local;
};
/** sq_def_index_clear() - forget all files, whose facts may be others from now on. */
void sq_def_index_clear(struct sq_def_index *x);
void sq_def_index_deinit(struct sq_def_index *x);
/**
 * sq_def_index_find() - the definitions of @name in file @f, which says @b.
 * @ret_def: the first one, SQ_NONE without
 */
int sq_def_index_find(struct sq_def_index *x, sq_file f, const struct sq_bound *b, sq_name name,
		      uint32_t *ret_def) sq_must_check;
/** sq_def_index_next() - the next definition with the name of @def, of the file that was asked last; SQ_NONE. */
uint32_t sq_def_index_next(const struct sq_def_index *x, const struct sq_bound *b, uint32_t def);
