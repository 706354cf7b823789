/* SPDX-License-Identifier: MIT */
#include "facts/scan.h"

#include "base/alloc.h"
#include "base/varint.h"
#include "facts/layout.h"

/* where the columns of a block begin that are asked for, the first @n of @n_cols, and how long they are */
static void open_columns(const struct sq_columns *c, uint32_t slot, unsigned n_cols, unsigned n,
			 const uint8_t **ret_col, uint32_t *ret_len)
{
	const uint8_t *p = c->p + sq_le32_get(c->p + 4 * (size_t)slot);
	uint32_t skipped;

	for (unsigned i = 0; i + 1 < n_cols; i++)
		p = sq_varint_get32(p, i < n ? &ret_len[i] : &skipped);
	for (unsigned i = 0; i < n; i++) {
		ret_col[i] = p;
		p += ret_len[i];
	}
}

static bool is_all(const uint8_t *p, uint32_t n, uint8_t byte)
{
	uint8_t differs = 0;

	for (uint32_t i = 0; i < n; i++)
		differs |= p[i] ^ byte;
	return !differs;
}

void sq_def_block_read(const struct sq_columns *c, uint32_t first, struct sq_def_block *ret)
{
	const uint8_t *col[SQ_DEF_COL_PARENT + 1], *meta, *parent;
	uint32_t len[SQ_ARRAY_SIZE(col)], v, n = SQ_MIN(c->n_defs - first, SQ_FACTS_STRIDE);

	open_columns(c, first / SQ_FACTS_STRIDE, SQ_DEF_N_COLS, SQ_ARRAY_SIZE(col), col, len);
	meta = col[SQ_DEF_COL_META];
	parent = col[SQ_DEF_COL_PARENT];
	ret->first = first;
	ret->n = n;
	/* as many bytes as items: one byte each */
	ret->is_plain = len[SQ_DEF_COL_META] == n && len[SQ_DEF_COL_PARENT] == n &&
			is_all(meta, n, *meta) && is_all(parent, n, 0);
	for (uint32_t i = 0; i < (ret->is_plain ? 1 : n); i++) {
		meta = sq_varint_get32(meta, &v);
		ret->kind[i] = v & 31;
		ret->flags[i] = (uint16_t)(v >> 6);
		parent = sq_varint_get32(parent, &v);
		ret->parent[i] = v ? first + i - v : SQ_NONE;
	}
}

/* flags that have a byte of their own */
static void read_flags(const uint8_t *meta, const uint8_t *flags, struct sq_ref_block *ret)
{
	for (uint32_t i = 0; i < ret->n; i++)
		if (meta[i] & REF_FLAGS)
			ret->is_member[i] |= (*flags++ & SQ_REFF_EXPR) != 0;
}

/* inlined with a constant @n, which a compiler makes vector code of */
static inline __attribute__((always_inline)) void split_meta(const uint8_t *meta, uint32_t n,
							     struct sq_ref_block *ret)
{
	for (uint32_t i = 0; i < n; i++)
		ret->kind[i] = meta[i] & REF_KIND_MASK;
	for (uint32_t i = 0; i < n; i++)
		ret->is_member[i] = (meta[i] & (REF_QUAL | REF_EXPR)) != 0;
}

/* the items of a block whose enclosing definition is given; most have that of the one before */
static uint64_t given_encls(const uint8_t *meta, uint32_t n)
{
	uint64_t given = 0, v;
	uint32_t i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&v, meta + i, 8);
		v = (~le64toh(v) & 0x8080808080808080u) >> 7;
		given |= (v * 0x0102040810204080u >> 56) << i;   /* byte k becomes bit k */
	}
	for (; i < n; i++)
		given |= (uint64_t)!(meta[i] & REF_SAME_ENCL) << i;
	return given;
}

static void read_encls(const uint8_t *meta, const uint8_t *at, struct sq_ref_block *ret)
{
	uint64_t given = given_encls(meta, ret->n);
	uint32_t encl = SQ_NONE, i = 0, v;

	while (i < ret->n) {
		uint32_t end;

		if (given >> i & 1) {
			at = sq_varint_get32(at, &v);
			encl += (uint32_t)sq_unzigzag(v);
			given &= ~(1ull << i);
		}
		end = given ? (uint32_t)__builtin_ctzll(given) : ret->n;
		while (i < end)
			ret->encl[i++] = encl;
	}
}

void sq_ref_block_read(const struct sq_columns *c, uint32_t first, struct sq_ref_block *ret)
{
	const uint8_t *col[SQ_REF_COL_FLAGS + 1], *meta;
	uint32_t len[SQ_ARRAY_SIZE(col)];

	_Static_assert(REF_SAME_ENCL == 0x80, "given_encls()");
	open_columns(c, sq_facts_n_blocks(c->n_defs) + first / SQ_FACTS_STRIDE, SQ_REF_N_COLS,
		     SQ_ARRAY_SIZE(col), col, len);
	meta = col[SQ_REF_COL_META];
	ret->first = first;
	ret->n = SQ_MIN(c->n_refs - first, SQ_FACTS_STRIDE);
	ret->names = col[SQ_REF_COL_NAME];
	if (ret->n == SQ_FACTS_STRIDE)
		split_meta(meta, SQ_FACTS_STRIDE, ret);
	else
		split_meta(meta, ret->n, ret);
	read_encls(meta, col[SQ_REF_COL_ENCL], ret);
	if (len[SQ_REF_COL_FLAGS])
		read_flags(meta, col[SQ_REF_COL_FLAGS], ret);
}

void sq_ref_block_names(const struct sq_ref_block *b, uint32_t *ret)
{
	const uint8_t *at = b->names;

	for (uint32_t i = 0; i < b->n; i++)
		at = sq_varint_get32(at, &ret[i]);
}

void sq_ref_texts_read(const struct sq_columns *c, uint32_t first, struct sq_ref_texts *ret)
{
	const uint8_t *col[SQ_REF_N_COLS], *name, *flags, *qual;
	uint32_t len[SQ_ARRAY_SIZE(col)] = { 0 };   /* the last column's is not written down */

	open_columns(c, sq_facts_n_blocks(c->n_defs) + first / SQ_FACTS_STRIDE, SQ_REF_N_COLS,
		     SQ_ARRAY_SIZE(col), col, len);
	name = col[SQ_REF_COL_NAME];
	flags = col[SQ_REF_COL_FLAGS];
	qual = col[SQ_REF_COL_QUAL];
	ret->first = first;
	ret->n = SQ_MIN(c->n_refs - first, SQ_FACTS_STRIDE);
	for (uint32_t i = 0; i < ret->n; i++) {
		uint8_t meta = col[SQ_REF_COL_META][i];

		name = sq_varint_get32(name, &ret->name[i]);
		ret->kind[i] = meta & REF_KIND_MASK;
		ret->flags[i] = meta & REF_FLAGS ? *flags++ : meta & REF_EXPR ? SQ_REFF_EXPR : 0;
		ret->qual[i] = SQ_NONE;
		if (meta & REF_QUAL)
			qual = sq_varint_get32(qual, &ret->qual[i]);
	}
}
