/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * encode — arrays of facts to the blob of facts/layout.h.
 * Ownership: the encoder owns growing scratch that it keeps between files;
 *            sq_encoder_finish() hands out a blob of exactly its size.
 * Threads:   one.
 * Errors:    -ENOMEM is remembered and returned by error() and finish().
 */
#include "facts/facts.h"
#include "facts/layout.h"

#define SQ_ENCODE_COLS SQ_DEF_N_COLS   /* the larger of the two */

struct sq_encode_counts {
	uint32_t strings, defs, refs, imports;
};

struct sq_encoder {
	struct sq_buf out;
	uint8_t *col[SQ_ENCODE_COLS];   /* scratch: one block's columns, fixed room each */
	uint8_t *at[SQ_ENCODE_COLS];
	uint8_t *scratch;
	size_t columns, strings, lens;  /* offsets in out */
	uint32_t slot;                  /* next entry of the block table */
};

void sq_encoder_deinit(struct sq_encoder *e);
void sq_encoder_begin(struct sq_encoder *e, enum sq_lang lang, bool has_error,
		      const struct sq_encode_counts *n);
void sq_encode_defs(struct sq_encoder *e, const struct sq_def *v, uint32_t n);
void sq_encode_refs(struct sq_encoder *e, const struct sq_ref *v, uint32_t n);
void sq_encode_imports(struct sq_encoder *e, const struct sq_import *v, uint32_t n);
/** sq_encode_parts() - @typed: those of all parts, one after the other. Ends the columns. */
void sq_encode_parts(struct sq_encoder *e, const struct sq_part *v, size_t n, const struct sq_typed *typed);
void sq_encoder_begin_strings(struct sq_encoder *e);
void sq_encoder_string_len(struct sq_encoder *e, uint32_t len);
/** sq_encoder_begin_bytes() - after all lengths; the strings follow in the same order. */
void sq_encoder_begin_bytes(struct sq_encoder *e);
static inline void sq_encoder_string(struct sq_encoder *e, struct sq_slice s)
{
	sq_buf_add_slice(&e->out, s);
}
void sq_encoder_end_strings(struct sq_encoder *e);
int sq_encoder_error(const struct sq_encoder *e);
int sq_encoder_finish(struct sq_encoder *e, struct sq_facts *ret_f) sq_must_check;
