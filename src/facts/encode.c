/* SPDX-License-Identifier: MIT */
#include "facts/encode.h"

#include "base/error.h"
#include "base/varint.h"

/* room of one column of one block: 64 varints of 32 bits, or 64 hashes */
#define COL_BYTES (SQ_FACTS_STRIDE * 8)

void sq_encoder_deinit(struct sq_encoder *e)
{
	sq_buf_deinit(&e->out);
	sq_free(e->scratch);
	e->scratch = NULL;
}

static bool has_scratch(struct sq_encoder *e)
{
	if (e->scratch)
		return true;
	e->scratch = sq_malloc((size_t)SQ_ENCODE_COLS * COL_BYTES);
	for (unsigned i = 0; e->scratch && i < SQ_ENCODE_COLS; i++)
		e->col[i] = e->scratch + (size_t)i * COL_BYTES;
	if (!e->scratch)
		e->out.error = sq_error_origin(-ENOMEM);
	return e->scratch != NULL;
}

static void add_zero(struct sq_buf *b, size_t n)
{
	if (sq_buf_reserve(b, n) < 0)
		return;
	memset(b->p + b->n, 0, n);
	b->n += n;
}

static void set_u32(struct sq_encoder *e, size_t at, uint32_t v)
{
	if (!sq_buf_error(&e->out))
		sq_le32_put((uint8_t *)e->out.p + at, v);
}

void sq_encoder_begin(struct sq_encoder *e, enum sq_lang lang, bool has_error,
		      const struct sq_encode_counts *n)
{
	uint32_t slots = sq_facts_n_blocks(n->defs) + sq_facts_n_blocks(n->refs) + 2;

	sq_buf_clear(&e->out);
	e->out.error = 0;
	e->slot = 0;
	e->columns = SQ_BLOB_HEADER;
	if (!has_scratch(e))
		return;
	add_zero(&e->out, SQ_BLOB_HEADER + 4 * (size_t)slots);
	if (sq_buf_error(&e->out))
		return;
	set_u32(e, 0, SQ_BLOB_MAGIC);
	e->out.p[4] = (char)SQ_FACTS_FORMAT;
	e->out.p[5] = (char)lang;
	e->out.p[6] = has_error;
	set_u32(e, 8, n->strings);
	set_u32(e, 12, n->defs);
	set_u32(e, 16, n->refs);
	set_u32(e, 20, n->imports);
}

static void begin_section(struct sq_encoder *e)
{
	set_u32(e, e->columns + 4 * (size_t)e->slot++, (uint32_t)(e->out.n - e->columns));
}

static void begin_block(struct sq_encoder *e)
{
	memcpy(e->at, e->col, sizeof(e->at));
	begin_section(e);
}

static void end_block(struct sq_encoder *e, unsigned n_cols)
{
	uint8_t head[SQ_ENCODE_COLS * SQ_VARINT_MAX] = { 0 }, *p = head;

	for (unsigned i = 0; i + 1 < n_cols; i++)
		p = sq_varint_put(p, (uint64_t)(e->at[i] - e->col[i]));
	sq_buf_add(&e->out, head, (size_t)(p - head));
	for (unsigned i = 0; i < n_cols; i++)
		sq_buf_add(&e->out, e->col[i], (size_t)(e->at[i] - e->col[i]));
}

static inline void put(struct sq_encoder *e, unsigned col, uint32_t v)
{
	e->at[col] = sq_varint_put(e->at[col], v);
}

static inline void put_difference(struct sq_encoder *e, unsigned col, uint32_t v)
{
	put(e, col, (uint32_t)sq_zigzag((int32_t)v));
}

static void put_def(struct sq_encoder *e, const struct sq_def *d, uint32_t i,
		    const struct sq_def *prev)
{
	put(e, SQ_DEF_COL_NAME, d->name);
	put(e, SQ_DEF_COL_META, d->kind | (d->body_hash ? 32u : 0) | (uint32_t)d->flags << 6);
	put(e, SQ_DEF_COL_PARENT, d->parent == SQ_NONE ? 0 : i - d->parent);
	put(e, SQ_DEF_COL_LINE, d->start_line - prev->start_line);
	put(e, SQ_DEF_COL_COL, d->start_col);
	put(e, SQ_DEF_COL_END_LINE, d->end_line - d->start_line);
	put(e, SQ_DEF_COL_END_COL, d->end_col);
	put_difference(e, SQ_DEF_COL_SIG_OFF, d->sig_off - prev->sig_off);
	put(e, SQ_DEF_COL_SIG_LEN, d->sig_len);
	if (d->body_hash) {
		uint64_t hash = htole64(d->body_hash);

		memcpy(e->at[SQ_DEF_COL_HASH], &hash, 8);
		e->at[SQ_DEF_COL_HASH] += 8;
	}
}

void sq_encode_defs(struct sq_encoder *e, const struct sq_def *v, uint32_t n)
{
	static const struct sq_def zero;

	for (uint32_t i = 0; i < n && !sq_buf_error(&e->out);) {
		const struct sq_def *prev = &zero;
		uint32_t stop = SQ_MIN(n, i + SQ_FACTS_STRIDE);

		begin_block(e);
		for (; i < stop; prev = &v[i++])
			put_def(e, &v[i], i, prev);
		end_block(e, SQ_DEF_N_COLS);
	}
}

static void put_ref(struct sq_encoder *e, const struct sq_ref *r, const struct sq_ref *prev)
{
	bool has_flags = r->flags & ~SQ_REFF_EXPR;
	uint8_t meta = r->kind;

	if (r->qual != SQ_NONE)
		meta |= REF_QUAL;
	if (r->encl == prev->encl)
		meta |= REF_SAME_ENCL;
	if (has_flags)
		meta |= REF_FLAGS;
	else if (r->flags)
		meta |= REF_EXPR;
	put(e, SQ_REF_COL_NAME, r->name);
	*e->at[SQ_REF_COL_META]++ = meta;
	put(e, SQ_REF_COL_LINE, r->line - prev->line);
	put(e, SQ_REF_COL_COL, r->line == prev->line ? r->col - prev->col : r->col);
	if (!(meta & REF_SAME_ENCL))
		put_difference(e, SQ_REF_COL_ENCL, r->encl - prev->encl);
	if (has_flags)
		*e->at[SQ_REF_COL_FLAGS]++ = r->flags;
	if (r->kind == SQ_REF_CALL)
		*e->at[SQ_REF_COL_ARGC]++ = r->argc;
	if (r->qual != SQ_NONE)
		put(e, SQ_REF_COL_QUAL, r->qual);
}

void sq_encode_refs(struct sq_encoder *e, const struct sq_ref *v, uint32_t n)
{
	static const struct sq_ref zero = { .encl = SQ_NONE };

	for (uint32_t i = 0; i < n && !sq_buf_error(&e->out);) {
		const struct sq_ref *prev = &zero;
		uint32_t stop = SQ_MIN(n, i + SQ_FACTS_STRIDE);

		begin_block(e);
		for (; i < stop; prev = &v[i++])
			put_ref(e, &v[i], prev);
		end_block(e, SQ_REF_N_COLS);
	}
}

void sq_encode_imports(struct sq_encoder *e, const struct sq_import *v, uint32_t n)
{
	uint32_t line = 0;

	if (sq_buf_error(&e->out))
		return;
	begin_section(e);
	for (uint32_t i = 0; i < n; line = v[i++].line) {
		uint8_t row[4 * SQ_VARINT_MAX + 2], *p = row;

		p = sq_varint_put(p, v[i].target);
		p = sq_varint_put(p, v[i].name + 1);    /* SQ_NONE becomes 0 */
		p = sq_varint_put(p, v[i].alias + 1);
		*p++ = v[i].kind;
		*p++ = v[i].flags;
		p = sq_varint_put(p, v[i].line - line);
		sq_buf_add(&e->out, row, (size_t)(p - row));
	}
}

/* @prev: the one before, for what lies between the two */
static void put_part(struct sq_encoder *e, const struct sq_part *part, const struct sq_part *prev)
{
	uint32_t gap = part->start - prev->start - prev->len, rows = part->row - prev->row - prev->n_rows;
	uint64_t hash = htole64(part->hash);
	uint8_t out[6 * SQ_VARINT_MAX], *p = out;

	p = sq_varint_put(p, (uint64_t)part->steps << PART_STEPS | (gap || rows ? PART_GAP : 0) |
				(part->n_typed ? PART_TYPED : 0) | (part->has_error ? PART_ERROR : 0));
	if (gap || rows) {
		p = sq_varint_put(p, gap);
		p = sq_varint_put(p, rows);
	}
	p = sq_varint_put(p, part->len);
	p = sq_varint_put(p, part->n_rows);
	if (part->n_typed)
		p = sq_varint_put(p, part->n_typed);
	sq_buf_add(&e->out, out, (size_t)(p - out));
	sq_buf_add(&e->out, &hash, sizeof(hash));
}

static void put_typed(struct sq_encoder *e, const struct sq_typed *t)
{
	uint8_t out[2 * SQ_VARINT_MAX], *p = out;

	p = sq_varint_put(p, t->name);
	p = sq_varint_put(p, t->type + 1);   /* SQ_NONE becomes 0 */
	sq_buf_add(&e->out, out, (size_t)(p - out));
}

void sq_encode_parts(struct sq_encoder *e, const struct sq_part *v, size_t n, const struct sq_typed *typed)
{
	static const struct sq_part zero;
	const struct sq_part *prev = &zero;

	if (sq_buf_error(&e->out))
		return;
	begin_section(e);
	for (size_t i = 0; i < n; prev = &v[i++]) {
		put_part(e, &v[i], prev);
		for (uint32_t t = 0; t < v[i].n_typed; t++)
			put_typed(e, typed++);
	}
	set_u32(e, 24, (uint32_t)(e->out.n - e->columns));
}

void sq_encoder_begin_strings(struct sq_encoder *e)
{
	e->strings = e->out.n;
	add_zero(&e->out, 4);
	e->lens = e->out.n;
}

void sq_encoder_string_len(struct sq_encoder *e, uint32_t len)
{
	uint8_t v[SQ_VARINT_MAX];

	sq_buf_add(&e->out, v, (size_t)(sq_varint_put(v, len) - v));
}

void sq_encoder_begin_bytes(struct sq_encoder *e)
{
	set_u32(e, e->strings, (uint32_t)(e->out.n - e->lens));
}

void sq_encoder_end_strings(struct sq_encoder *e)
{
	set_u32(e, 28, (uint32_t)(e->out.n - e->strings));
}

int sq_encoder_error(const struct sq_encoder *e)
{
	return sq_buf_error(&e->out);
}

int sq_encoder_finish(struct sq_encoder *e, struct sq_facts *ret_f)
{
	const uint8_t *h = (const uint8_t *)e->out.p;
	uint8_t *blob;

	if (sq_buf_error(&e->out))
		return sq_error_trace(e->out.error);
	if (e->out.n > UINT32_MAX)
		return sq_error_origin(-EFBIG);
	blob = sq_memdup(h, e->out.n);
	if (!blob)
		return sq_error_origin(-ENOMEM);
	sq_facts_view(blob, (uint32_t)e->out.n, ret_f);
	return 0;
}
