/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * qualified — qualified names of all definitions of one file at once, for who
 * walks whole files. sq_version_qualified() gives the same text for one.
 * Ownership: a struct sq_qualified is reused file after file.
 * Threads:   one.
 */
#include "base/vec.h"
#include "graph/version.h"

struct sq_qualified {
	struct sq_buf text;
	SQ_VEC(uint32_t) ends;          /* [definition] end in text; begins where the one before ends */
};
void sq_qualified_deinit(struct sq_qualified *q);
int sq_qualified_file(struct sq_qualified *q, const struct sq_version *v, sq_file f) sq_must_check;
static inline struct sq_slice sq_qualified_get(const struct sq_qualified *q, uint32_t def)
{
	uint32_t from = def ? q->ends.v[def - 1] : 0;

	return sq_slice(q->text.p + from, q->ends.v[def] - from);
}
