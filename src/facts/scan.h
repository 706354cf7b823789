/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * scan — the few columns that a walk over a whole graph asks for, read for a
 * file or a block at a time. A cursor of facts.h decodes every column of every
 * item, which costs three times as much.
 * Ownership: the caller's buffers, filled.
 * Threads:   any; columns are trusted as the cursors trust them.
 */
#include "facts/facts.h"

/* definitions [first, first + n) */
struct sq_def_block {
	uint32_t first, n;
	bool is_plain;                  /* all of one kind with the same flags, and none inside another */
	uint8_t kind[SQ_FACTS_STRIDE];
	uint16_t flags[SQ_FACTS_STRIDE];
	uint32_t parent[SQ_FACTS_STRIDE]; /* as in struct sq_def */
};
/** sq_def_block_read() - the block that begins at definition @first, a multiple of SQ_FACTS_STRIDE
 *  below n_defs. Of a plain block only the first kind and flags are written. */
void sq_def_block_read(const struct sq_columns *c, uint32_t first, struct sq_def_block *ret);

/* references [first, first + n) */
struct sq_ref_block {
	uint32_t first, n;
	const uint8_t *names;           /* the name column: sq_ref_block_names() */
	uint32_t encl[SQ_FACTS_STRIDE]; /* as in struct sq_ref */
	uint8_t kind[SQ_FACTS_STRIDE];
	bool is_member[SQ_FACTS_STRIDE]; /* has a qualifier or SQ_REFF_EXPR */
};
/** sq_ref_block_read() - the block that begins at reference @first, as above. */
void sq_ref_block_read(const struct sq_columns *c, uint32_t first, struct sq_ref_block *ret);
/** sq_ref_block_names() - @ret: [b->n] local strings */
void sq_ref_block_names(const struct sq_ref_block *b, uint32_t *ret);

/* what references [first, first + n) are called */
struct sq_ref_texts {
	uint32_t first, n;
	uint32_t name[SQ_FACTS_STRIDE], qual[SQ_FACTS_STRIDE];  /* as in struct sq_ref */
	uint8_t kind[SQ_FACTS_STRIDE], flags[SQ_FACTS_STRIDE];
};
/** sq_ref_texts_read() - of the block that begins at reference @first, as above. */
void sq_ref_texts_read(const struct sq_columns *c, uint32_t first, struct sq_ref_texts *ret);
