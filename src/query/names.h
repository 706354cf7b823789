/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * names — the set of NameIds of a version whose text matches a pattern.
 * A big dictionary has an index (graph/name_index.h) for prefixes and for
 * literals of which every match needs one; without it, or when it leaves too
 * many names, a literal is looked for in a whole dictionary at once, not name
 * by name.
 * Ownership: the caller's. Threads: as the caller.
 */
#include "query/regex.h"
#include "graph/name_index.h"
#include "graph/version.h"

struct sq_name_set {
	uint64_t *bits;
	uint32_t n_names;       /* NameIds covered */
	uint32_t n;             /* names in the set */
};
/** sq_name_set_match() - Return: 0; -ECANCELED; -ENOMEM. */
int sq_name_set_match(const struct sq_version *v, const struct sq_regex *re, const bool *cancel,
		      struct sq_name_set *ret_s) sq_must_check;
/** sq_name_set_contain() - the names that hold @text somewhere. As sq_name_set_match(). */
int sq_name_set_contain(const struct sq_version *v, struct sq_slice text, const bool *cancel,
			struct sq_name_set *ret_s) sq_must_check;
void sq_name_set_deinit(struct sq_name_set *s);
static inline bool sq_name_set_has(const struct sq_name_set *s, sq_name id)
{
	return id < s->n_names && (s->bits[id >> 6] >> (id & 63) & 1);
}
/** sq_name_set_next() - smallest member >= @from; SQ_NAME_NONE. */
sq_name sq_name_set_next(const struct sq_name_set *s, sq_name from);
