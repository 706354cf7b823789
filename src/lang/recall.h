/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * recall — what the version before said, part by part (private to src/lang).
 *
 * A file that its language can cut is read piece by piece. What a piece says
 * depends on its bytes and on the types that file-level variables have where it
 * begins, and on nothing else. A piece that occurs in the version before, with
 * the same types before it, is therefore not parsed: its definitions, references
 * and imports are said again, moved to their new place. Pieces are recognised by
 * their length and hash.
 * Ownership: belongs to an extractor; keeps its memory from file to file. The
 *            earlier facts are borrowed while a file is read.
 */
#include "lang/spec.h"

struct sq_recall_part {
	struct sq_part part;
	uint64_t state;              /* of the types before it */
	uint32_t first_def, first_ref, first_import, first_typed;
};
struct sq_recall {
	const struct sq_earlier *earlier;
	SQ_VEC(struct sq_recall_part) parts;   /* and one behind the last */
	SQ_VEC(struct sq_typed) typed;
	SQ_VEC(struct sq_def) defs;
	SQ_VEC(struct sq_ref) refs;
	SQ_VEC(struct sq_import) imports;
	SQ_VEC(uint32_t) strings;    /* by local string of the earlier facts: the builder's, or SQ_NONE */
	SQ_VEC(uint32_t) same;       /* result of sq_recall_same() */
	uint32_t *slots, n_slots;    /* by hash: part + 1 */
};
/** sq_recall_open() - decode @earlier (NULL: nothing is known). Return: 0; -ENOMEM. */
int sq_recall_open(struct sq_recall *m, const struct sq_earlier *earlier) sq_must_check;
void sq_recall_deinit(struct sq_recall *m);
/** sq_recall_find() - a part with these bytes and this state before it, or NULL. */
const struct sq_recall_part *sq_recall_find(const struct sq_recall *m, uint64_t hash, size_t len, uint64_t state);
/** sq_recall_say() - the facts of @from again, as those of @piece. Return: 0; -ENOMEM. */
int sq_recall_say(struct sq_recall *m, struct sq_walk *w, const struct sq_recall_part *from,
		const struct sq_piece *piece) sq_must_check;
/** sq_recall_same() - of the facts that the builder finished, with @n strings: see struct sq_earlier;
 *  also NULL when memory is short. */
const uint32_t *sq_recall_same(struct sq_recall *m, const struct sq_facts_builder *b, uint32_t n);
/** sq_recall_state() - the state after one more variable was given a type. */
uint64_t sq_recall_state(uint64_t state, struct sq_slice name, struct sq_slice type);
