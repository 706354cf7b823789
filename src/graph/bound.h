/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * bound — making the facts piece of a segment (struct sq_bound, segment.h).
 * One allocation: header, names, columns, path. Names are left to the maker.
 * Threads: the maker's, until it is part of a version.
 */
#include "graph/version.h"

/** sq_bound_new() - columns and path are copied, names are uninitialised, the rest is zero. */
int sq_bound_new(struct sq_birth birth, const struct sq_columns *c, struct sq_slice path,
		 struct sq_bound **ret_b) sq_must_check;
/** sq_bound_copy() - the same facts once more, for another identity. */
int sq_bound_copy(struct sq_birth birth, const struct sq_bound *from, struct sq_bound **ret_b) sq_must_check;
static inline sq_name *sq_bound_names(struct sq_bound *b)
{
	return (sq_name *)b->names;
}
