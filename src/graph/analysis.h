/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * analysis — what the analyses of a whole version share: how they are run, and
 * sets of definitions as their results.
 * Ownership: a set is its caller's; it holds for the version it was made from.
 * Threads:   an analysis reads a version and may spread over @par.
 */
#include <stdbool.h>

#include "base/parallel.h"
#include "graph/version.h"

struct sq_analysis {
	const bool *cancel;             /* relaxed flag, looked at file by file; may be NULL */
	const struct sq_parallel *par;  /* NULL: the caller's thread only */
};

/* one bit a definition of the version; those of file f begin at base[f] */
struct sq_defset {
	uint32_t n_files;
	uint32_t *base;                 /* [n_files + 1] */
	uint64_t *bits;
	uint64_t n;                     /* definitions in the set */
};
#define SQ_DEFSET_NULL { 0, NULL, NULL, 0 }
void sq_defset_deinit(struct sq_defset *s);
/** sq_defset_init() - empty, for every definition of @v. 0, -ENOMEM; -EOVERFLOW past 2^32 definitions. */
int sq_defset_init(struct sq_defset *s, const struct sq_version *v) sq_must_check;
static inline uint32_t sq_defset_bit(const struct sq_defset *s, sq_file f, uint32_t def)
{
	return s->base[f] + def;
}
static inline bool sq_defset_has(const struct sq_defset *s, sq_file f, uint32_t def)
{
	uint32_t i = sq_defset_bit(s, f, def);

	return s->bits[i >> 6] >> (i & 63) & 1;
}
/** sq_defset_add() - Return: true when it was not in the set. */
static inline bool sq_defset_add(struct sq_defset *s, sq_file f, uint32_t def)
{
	uint32_t i = sq_defset_bit(s, f, def);
	uint64_t bit = 1ull << (i & 63);

	if (s->bits[i >> 6] & bit)
		return false;
	s->bits[i >> 6] |= bit;
	s->n++;
	return true;
}
/** sq_defset_next() - smallest member of file @f at or after @from; SQ_NONE. */
uint32_t sq_defset_next(const struct sq_defset *s, sq_file f, uint32_t from);
