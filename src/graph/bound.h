/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * bound — making the facts piece of a segment (struct sq_bound, segment.h).
 * One allocation: header, names, columns, path, slots. Names are left to the maker.
 * Slots are there when more than SQ_BOUND_FEW_NAMES names are defined: a table by
 * NameId of bytes, each 0 or 1 + the block of names that one stands in. A file of
 * 50,000 defines is asked for one name as fast as a small one, for 1.5 bytes a name.
 * Threads: the maker's, until it is part of a version.
 */
#include "graph/version.h"

/** sq_bound_new() - columns and path are copied, names are uninitialised, the rest is zero. */
int sq_bound_new(struct sq_birth birth, const struct sq_columns *c, struct sq_slice path,
		 struct sq_bound **ret_b) sq_must_check;
/** sq_bound_copy() - the same facts once more, for another identity. */
int sq_bound_copy(struct sq_birth birth, const struct sq_bound *from, struct sq_bound **ret_b) sq_must_check;
#define SQ_BOUND_FEW_NAMES 256u
/** sq_bound_index() - fill the slots; once the names are there. */
void sq_bound_index(struct sq_bound *b);
static inline sq_name *sq_bound_names(struct sq_bound *b)
{
	return (sq_name *)b->names;
}
