/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * layout — the byte format of facts, shared by encoder and decoder only.
 *
 * Blob (all numbers little-endian):
 *   0 magic "SQFC" · 4 format u8 · 5 language u8 · 6 flags u8 (1: syntax
 *   errors) · 7 zero · 8 n_strings · 12 n_defs · 16 n_refs · 20 n_imports ·
 *   24 bytes of columns · 28 bytes of strings · 32 columns · strings
 * Columns: u32 offset of each block of definitions, of each block of
 *   references, of the imports and of the parts (from the start of the
 *   columns); then the blocks, the imports and the parts. A block holds
 *   SQ_FACTS_STRIDE items (the last one
 *   fewer): varint lengths of all columns but the last, then the columns one
 *   after the other. Differences start from zero in each block, so a block's
 *   offset is all that an anchor needs.
 * Definition columns: name · kind | hashed << 5 | flags << 6 · own index -
 *   parent, 0 without · line difference · column · end line - line · end
 *   column · zigzag difference of the signature offset · its length · the
 *   hash in 8 bytes when hashed.
 * Reference columns: name · a byte kind | REF_* bits · line difference ·
 *   column (difference on the same line) · zigzag difference of enclosing + 1
 *   unless it is the previous one's · flags byte when REF_FLAGS · argument
 *   count byte of calls · qualifier when REF_QUAL.
 * Import: target · name + 1 · alias + 1 · kind byte · flags byte · line
 *   difference.
 * Part: steps << 3 | gap << 2 | typed << 1 | error · bytes and lines since the
 *   end of the part before, when gap · length · lines · count when typed ·
 *   the hash in 8 bytes · name and type + 1 of each typed.
 * Strings: u32 bytes of the lengths · varint lengths · the bytes.
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SQ_BLOB_MAGIC 0x43465153u
#define SQ_BLOB_HEADER 32u

enum {
	SQ_DEF_COL_NAME, SQ_DEF_COL_META, SQ_DEF_COL_PARENT, SQ_DEF_COL_LINE,
	SQ_DEF_COL_COL, SQ_DEF_COL_END_LINE, SQ_DEF_COL_END_COL, SQ_DEF_COL_SIG_OFF,
	SQ_DEF_COL_SIG_LEN, SQ_DEF_COL_HASH, SQ_DEF_N_COLS
};
enum {
	SQ_REF_COL_NAME, SQ_REF_COL_META, SQ_REF_COL_LINE, SQ_REF_COL_COL,
	SQ_REF_COL_ENCL, SQ_REF_COL_FLAGS, SQ_REF_COL_ARGC, SQ_REF_COL_QUAL, SQ_REF_N_COLS
};

#define REF_KIND_MASK 0x0fu
#define REF_QUAL 0x10u       /* has a qualifier */
#define REF_EXPR 0x20u       /* SQ_REFF_EXPR and no other flag */
#define REF_FLAGS 0x40u      /* other flags: a byte in their column */
#define REF_SAME_ENCL 0x80u  /* enclosing definition of the item before */

#define PART_ERROR 1u
#define PART_TYPED 2u
#define PART_GAP 4u
#define PART_STEPS 3         /* the bits from here on */

static inline uint32_t sq_le32_get(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline void sq_le32_put(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint32_t sq_facts_n_blocks(uint32_t n_items)
{
	return n_items / 64 + (n_items % 64 != 0);
}

struct sq_columns;
/** sq_columns_check() - every invariant of the columns, reading nothing outside them. */
bool sq_columns_check(const struct sq_columns *c);

struct sq_facts;
/** sq_facts_view() - set up @ret_f over a blob whose header is known to be right. */
void sq_facts_view(uint8_t *blob, uint32_t n, struct sq_facts *ret_f);
