/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * selection — a set of definitions: sorted words while they are few, a bit for each
 * definition of the version once they are many.
 * Ownership: belongs to one run; so does the numbering that the bits go by.
 * Threads:   one.
 */
#include "query/keys.h"

/* definitions numbered through all files; made when first needed */
struct sq_numbering {
	const struct sq_version *v;
	uint32_t *first;                /* [n_file_ids + 1], or NULL */
};
void sq_numbering_deinit(struct sq_numbering *n);
/** sq_numbering_make() - 0, also when it is there; -ENOMEM; -EOVERFLOW past 2^32 definitions. */
int sq_numbering_make(struct sq_numbering *n) sq_must_check;
static inline uint32_t sq_number(const struct sq_numbering *n, sq_file f, uint32_t def)
{
	return n->first[f] + def;
}
/** sq_numbering_total() - of a made one. */
static inline uint32_t sq_numbering_total(const struct sq_numbering *n)
{
	return n->first[n->v->n_file_ids];
}

#define SQ_SELECTION_FEW 16384u
struct sq_selection {
	struct sq_numbering *numbering;
	struct sq_keyset keys;          /* sorted once sealed; empty when ->bits */
	uint64_t *bits;
	size_t n;                       /* once sealed */
};
void sq_selection_deinit(struct sq_selection *s);
/** sq_selection_add() - 0 or -ENOMEM; repetitions are fine. */
int sq_selection_add(struct sq_selection *s, sq_file f, uint32_t def) sq_must_check;
/** sq_selection_add_keys() - all of a keyset. */
int sq_selection_add_keys(struct sq_selection *s, const struct sq_keyset *keys) sq_must_check;
void sq_selection_seal(struct sq_selection *s);
/** sq_selection_has() - of a sealed set. */
bool sq_selection_has(const struct sq_selection *s, sq_file f, uint32_t def);
/* members of a sealed set in order of (file, definition) */
struct sq_selection_cursor { const struct sq_selection *s; uint64_t at; sq_file file; };
static inline struct sq_selection_cursor sq_selection_begin(const struct sq_selection *s)
{
	return (struct sq_selection_cursor){ .s = s };
}
bool sq_selection_next(struct sq_selection_cursor *c, uint64_t *ret_key);
