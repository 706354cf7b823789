/* SPDX-License-Identifier: MIT */
#include "base/varint.h"
#include "facts/facts.h"
#include "facts/layout.h"

#define always_inline inline __attribute__((always_inline))

_Static_assert(SQ_FACTS_STRIDE == 64, "sq_facts_n_blocks()");
_Static_assert(SQ_REF_MAX <= REF_KIND_MASK + 1, "reference kinds fit their bits");
_Static_assert(SQ_KIND_MAX <= 32, "definition kinds fit their bits");

/*
 * One source for both decoders: with end == NULL (a constant at each call) the
 * bounds are compiled away, which is the form that scans checked columns.
 */
static always_inline bool get(const uint8_t **p, const uint8_t *end, uint32_t *ret_v)
{
	uint64_t v;
	size_t n;

	if (!end) {
		*p = sq_varint_get32(*p, ret_v);
		return true;
	}
	n = sq_varint_check(*p, end, &v);
	if (!n || v > UINT32_MAX)
		return false;
	*p += n;
	*ret_v = (uint32_t)v;
	return true;
}

static always_inline bool get_byte(const uint8_t **p, const uint8_t *end, uint8_t *ret_v)
{
	if (end && *p >= end)
		return false;
	*ret_v = *(*p)++;
	return true;
}

static always_inline bool get_hash(const uint8_t **p, const uint8_t *end, uint64_t *ret_v)
{
	uint64_t v;

	if (end && end - *p < 8)
		return false;
	memcpy(&v, *p, 8);
	*p += 8;
	*ret_v = le64toh(v);
	return true;
}

/* column starts of the block at p; ends only when checked against end */
static always_inline bool open_block(const uint8_t *p, const uint8_t *end, unsigned n,
				     const uint8_t **ret_col, const uint8_t **ret_end)
{
	uint32_t len[SQ_DEF_N_COLS];

	for (unsigned i = 0; i + 1 < n; i++)
		if (!get(&p, end, &len[i]))
			return false;
	for (unsigned i = 0; i < n; i++) {
		ret_col[i] = p;
		if (i + 1 < n) {
			if (end && len[i] > (size_t)(end - p))
				return false;
			p += len[i];
		} else {
			p = end;
		}
		if (end)
			ret_end[i] = p;
	}
	return true;
}

static const uint8_t *block_at(const struct sq_columns *c, uint32_t slot)
{
	return c->p + sq_le32_get(c->p + 4 * (size_t)slot);
}

static always_inline bool decode_def(struct sq_def_cursor *it, const uint8_t *const *end,
				     struct sq_def *ret)
{
	struct sq_def *d = &it->prev;
	const uint8_t **col = it->col;
	uint32_t meta, v;
#define END(c) (end ? end[SQ_DEF_COL_##c] : NULL)
#define GET(c, r) get(&col[SQ_DEF_COL_##c], END(c), (r))

	if (!GET(NAME, &d->name) || !GET(META, &meta) || !GET(PARENT, &v))
		return false;
	d->parent = v ? it->i - v : SQ_NONE;
	d->kind = meta & 31;
	d->flags = (uint16_t)(meta >> 6);
	if (!GET(LINE, &v))
		return false;
	d->start_line += v;
	if (!GET(COL, &d->start_col) || !GET(END_LINE, &v))
		return false;
	d->end_line = d->start_line + v;
	if (!GET(END_COL, &d->end_col) || !GET(SIG_OFF, &v))
		return false;
	d->sig_off += (uint32_t)sq_unzigzag(v);
	if (!GET(SIG_LEN, &d->sig_len))
		return false;
	d->body_hash = 0;
	if ((meta & 32) && !get_hash(&col[SQ_DEF_COL_HASH], END(HASH), &d->body_hash))
		return false;
#undef GET
#undef END
	it->i++;
	*ret = *d;
	return true;
}

static always_inline bool decode_ref(struct sq_ref_cursor *it, const uint8_t *const *end,
				     struct sq_ref *ret)
{
	struct sq_ref *r = &it->prev;
	const uint8_t **col = it->col;
	uint32_t v;
	uint8_t meta;
#define END(c) (end ? end[SQ_REF_COL_##c] : NULL)
#define GET(c, r) get(&col[SQ_REF_COL_##c], END(c), (r))
#define GET_BYTE(c, r) get_byte(&col[SQ_REF_COL_##c], END(c), (r))

	if (!GET(NAME, &r->name) || !GET_BYTE(META, &meta) || !GET(LINE, &v))
		return false;
	r->kind = meta & REF_KIND_MASK;
	r->line += v;
	if (v)
		r->col = 0;
	if (!GET(COL, &v))
		return false;
	r->col += v;
	if (!(meta & REF_SAME_ENCL)) {
		if (!GET(ENCL, &v))
			return false;
		r->encl += (uint32_t)sq_unzigzag(v);
	}
	r->flags = meta & REF_EXPR ? SQ_REFF_EXPR : 0;
	if ((meta & REF_FLAGS) && !GET_BYTE(FLAGS, &r->flags))
		return false;
	r->argc = SQ_ARGC_UNKNOWN;
	if (r->kind == SQ_REF_CALL && !GET_BYTE(ARGC, &r->argc))
		return false;
	r->qual = SQ_NONE;
	if ((meta & REF_QUAL) && !GET(QUAL, &r->qual))
		return false;
#undef GET_BYTE
#undef GET
#undef END
	it->i++;
	*ret = *r;
	return true;
}

/* differences of a block start from here */
static always_inline void reset_def(struct sq_def *d)
{
	d->start_line = 0;
	d->sig_off = 0;
}

static always_inline void reset_ref(struct sq_ref *r)
{
	r->line = 0;
	r->col = 0;
	r->encl = SQ_NONE;
}

void sq_defs_begin(const struct sq_columns *c, struct sq_def_cursor *ret)
{
	ret->c = c;
	ret->i = 0;
}

/* behind @n varints; eight bytes at a time while eight must be there */
static const uint8_t *skip_varints(const uint8_t *p, uint32_t n)
{
	while (n >= 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		v = (~v & 0x8080808080808080u) >> 7;    /* a one for each last byte */
		n -= (uint32_t)(v * 0x0101010101010101u >> 56);
		p += 8;
	}
	for (; n; n--)
		while (*p++ & 0x80)
			;
	return p;
}

/*
 * Item by item this takes 26 ns for each that is passed over; column by column
 * only differences and flags are looked at.
 */
static void skip_defs(struct sq_def_cursor *it, uint32_t n)
{
	uint32_t v, n_hashes = 0;

	for (unsigned i = 0; i < SQ_DEF_COL_HASH; i++)
		if (i != SQ_DEF_COL_META && i != SQ_DEF_COL_LINE && i != SQ_DEF_COL_SIG_OFF)
			it->col[i] = skip_varints(it->col[i], n);
	for (uint32_t i = 0; i < n; i++) {
		it->col[SQ_DEF_COL_META] = sq_varint_get32(it->col[SQ_DEF_COL_META], &v);
		n_hashes += v >> 5 & 1;
		it->col[SQ_DEF_COL_LINE] = sq_varint_get32(it->col[SQ_DEF_COL_LINE], &v);
		it->prev.start_line += v;
		it->col[SQ_DEF_COL_SIG_OFF] = sq_varint_get32(it->col[SQ_DEF_COL_SIG_OFF], &v);
		it->prev.sig_off += (uint32_t)sq_unzigzag(v);
	}
	it->col[SQ_DEF_COL_HASH] += 8 * (size_t)n_hashes;
	it->i += n;
}

static void begin_defs_block(struct sq_def_cursor *it)
{
	open_block(block_at(it->c, it->i / SQ_FACTS_STRIDE), NULL, SQ_DEF_N_COLS, it->col, NULL);
	reset_def(&it->prev);
}

void sq_defs_seek(const struct sq_columns *c, uint32_t i, struct sq_def_cursor *ret)
{
	ret->c = c;
	ret->i = i;
	if (i >= c->n_defs || i % SQ_FACTS_STRIDE == 0)
		return;
	ret->i = i - i % SQ_FACTS_STRIDE;
	begin_defs_block(ret);
	skip_defs(ret, i % SQ_FACTS_STRIDE);
}

bool sq_defs_next(struct sq_def_cursor *it, struct sq_def *ret)
{
	if (it->i >= it->c->n_defs)
		return false;
	if (it->i % SQ_FACTS_STRIDE == 0)
		begin_defs_block(it);
	return decode_def(it, NULL, ret);
}

void sq_defs_get(const struct sq_columns *c, uint32_t i, struct sq_def *ret)
{
	struct sq_def_cursor it;

	sq_defs_seek(c, i, &it);
	(void)sq_defs_next(&it, ret);   /* i < n_defs is the caller's promise */
}

/* which number of the column the byte @p belongs to */
static uint32_t index_of(const uint8_t *col, const uint8_t *p)
{
	uint32_t i = 0;

	for (; col < p; col++)
		i += *col < 0x80;
	return i;
}

/* the first number of a column of @n bytes with this code, from the @from-th on; SQ_NONE */
static uint32_t find_code(const uint8_t *col, uint32_t n, const uint8_t *code, uint32_t n_code, uint32_t from)
{
	const uint8_t *end = col + n, *at = col, *p;

	while (at < end && (p = memchr(at, code[0], (size_t)(end - at)))) {
		/* not the end of a longer one, not the start of another */
		if ((p == col || p[-1] < 0x80) && (size_t)(end - p) >= n_code && !memcmp(p, code, n_code)) {
			uint32_t i = index_of(col, p);

			if (i >= from)
				return i;
		}
		at = p + 1;
	}
	return SQ_NONE;
}

/* by the code of the number: most bytes are only looked at by memchr() */
uint32_t sq_defs_find(const struct sq_columns *c, uint32_t name, uint32_t from)
{
	uint32_t first = from - from % SQ_FACTS_STRIDE, n_code, n, i;
	uint8_t code[SQ_VARINT_MAX];

	n_code = (uint32_t)(sq_varint_put(code, name) - code);
	for (; first < c->n_defs; first += SQ_FACTS_STRIDE) {
		const uint8_t *p = sq_varint_get32(block_at(c, first / SQ_FACTS_STRIDE), &n);

		p = skip_varints(p, SQ_DEF_N_COLS - 2);
		i = find_code(p, n, code, n_code, from > first ? from - first : 0);
		if (i != SQ_NONE)
			return first + i;
	}
	return SQ_NONE;
}

void sq_defs_names(const struct sq_columns *c, uint32_t *ret_names)
{
	const uint8_t *col[SQ_DEF_N_COLS];

	for (uint32_t i = 0; i < c->n_defs;) {
		uint32_t stop = SQ_MIN(c->n_defs, i + SQ_FACTS_STRIDE);

		open_block(block_at(c, i / SQ_FACTS_STRIDE), NULL, SQ_DEF_N_COLS, col, NULL);
		for (; i < stop; i++)
			col[0] = sq_varint_get32(col[0], &ret_names[i]);
	}
}

uint32_t sq_defs_n_names(const struct sq_columns *c)
{
	const uint8_t *col[SQ_DEF_N_COLS];
	uint32_t v, n = 0;

	for (uint32_t i = 0; i < c->n_defs;) {
		uint32_t stop = SQ_MIN(c->n_defs, i + SQ_FACTS_STRIDE);

		open_block(block_at(c, i / SQ_FACTS_STRIDE), NULL, SQ_DEF_N_COLS, col, NULL);
		for (; i < stop; i++) {
			col[0] = sq_varint_get32(col[0], &v);
			if (v > n)
				return SQ_NONE;
			n += v == n;
		}
	}
	return n;
}

void sq_refs_begin(const struct sq_columns *c, struct sq_ref_cursor *ret)
{
	ret->c = c;
	ret->i = 0;
}

/* what @n items have in the columns that not every item is in */
struct optional { uint32_t n_encls, n_flags, n_argcs, n_quals; };

static struct optional count_optional(const uint8_t *meta, uint32_t n)
{
	struct optional o = { 0, 0, 0, 0 };

	for (uint32_t i = 0; i < n; i++) {
		o.n_encls += !(meta[i] & REF_SAME_ENCL);
		o.n_flags += (meta[i] & REF_FLAGS) != 0;
		o.n_argcs += (meta[i] & REF_KIND_MASK) == SQ_REF_CALL;
		o.n_quals += (meta[i] & REF_QUAL) != 0;
	}
	return o;
}

/* line and column of the last of @n items */
static void skip_places(struct sq_ref_cursor *it, uint32_t n)
{
	uint32_t line, col;

	for (uint32_t i = 0; i < n; i++) {
		it->col[SQ_REF_COL_LINE] = sq_varint_get32(it->col[SQ_REF_COL_LINE], &line);
		it->col[SQ_REF_COL_COL] = sq_varint_get32(it->col[SQ_REF_COL_COL], &col);
		it->prev.line += line;
		it->prev.col = col + (line ? 0 : it->prev.col);
	}
}

/* column by column, as skip_defs() */
static void skip_refs(struct sq_ref_cursor *it, uint32_t n)
{
	struct optional o = count_optional(it->col[SQ_REF_COL_META], n);
	uint32_t v;

	it->col[SQ_REF_COL_NAME] = skip_varints(it->col[SQ_REF_COL_NAME], n);
	it->col[SQ_REF_COL_META] += n;
	skip_places(it, n);
	for (; o.n_encls; o.n_encls--) {
		it->col[SQ_REF_COL_ENCL] = sq_varint_get32(it->col[SQ_REF_COL_ENCL], &v);
		it->prev.encl += (uint32_t)sq_unzigzag(v);
	}
	it->col[SQ_REF_COL_FLAGS] += o.n_flags;
	it->col[SQ_REF_COL_ARGC] += o.n_argcs;
	it->col[SQ_REF_COL_QUAL] = skip_varints(it->col[SQ_REF_COL_QUAL], o.n_quals);
	it->i += n;
}

static void begin_refs_block(struct sq_ref_cursor *it)
{
	uint32_t slot = sq_facts_n_blocks(it->c->n_defs) + it->i / SQ_FACTS_STRIDE;

	open_block(block_at(it->c, slot), NULL, SQ_REF_N_COLS, it->col, NULL);
	reset_ref(&it->prev);
}

void sq_refs_seek(const struct sq_columns *c, uint32_t i, struct sq_ref_cursor *ret)
{
	ret->c = c;
	ret->i = i;
	if (i >= c->n_refs || i % SQ_FACTS_STRIDE == 0)
		return;
	ret->i = i - i % SQ_FACTS_STRIDE;
	begin_refs_block(ret);
	skip_refs(ret, i % SQ_FACTS_STRIDE);
}

bool sq_refs_next(struct sq_ref_cursor *it, struct sq_ref *ret)
{
	if (it->i >= it->c->n_refs)
		return false;
	if (it->i % SQ_FACTS_STRIDE == 0)
		begin_refs_block(it);
	return decode_ref(it, NULL, ret);
}

static always_inline bool decode_import(struct sq_import_cursor *it, const uint8_t *end,
					struct sq_import *ret)
{
	struct sq_import *m = &it->prev;
	uint32_t v;

	if (!get(&it->at, end, &m->target) || !get(&it->at, end, &m->name) ||
	    !get(&it->at, end, &m->alias) || !get_byte(&it->at, end, &m->kind) ||
	    !get_byte(&it->at, end, &m->flags) || !get(&it->at, end, &v))
		return false;
	m->name--;   /* 0 becomes SQ_NONE */
	m->alias--;
	m->line += v;
	it->i++;
	*ret = *m;
	return true;
}

static uint32_t import_slot(const struct sq_columns *c)
{
	return sq_facts_n_blocks(c->n_defs) + sq_facts_n_blocks(c->n_refs);
}

void sq_imports_begin(const struct sq_columns *c, struct sq_import_cursor *ret)
{
	ret->c = c;
	ret->i = 0;
	ret->prev.line = 0;
	ret->at = c->n_imports ? block_at(c, import_slot(c)) : NULL;
}

bool sq_imports_next(struct sq_import_cursor *it, struct sq_import *ret)
{
	return it->i < it->c->n_imports && decode_import(it, NULL, ret);
}

static always_inline bool decode_part(struct sq_part_cursor *it, const uint8_t *end, struct sq_part *ret)
{
	struct sq_part *p = &it->prev;
	uint32_t meta, gap = 0, rows = 0;

	if (!get(&it->at, end, &meta))
		return false;
	if ((meta & PART_GAP) && (!get(&it->at, end, &gap) || !get(&it->at, end, &rows)))
		return false;
	p->start += p->len + gap;
	p->row += p->n_rows + rows;
	p->has_error = meta & PART_ERROR;
	p->steps = meta >> PART_STEPS;
	p->n_typed = 0;
	if (!get(&it->at, end, &p->len) || !get(&it->at, end, &p->n_rows) ||
	    ((meta & PART_TYPED) && !get(&it->at, end, &p->n_typed)) ||
	    !get_hash(&it->at, end, &p->hash))
		return false;
	*ret = *p;
	return true;
}

static always_inline bool decode_typed(struct sq_part_cursor *it, const uint8_t *end, struct sq_typed *ret)
{
	if (!get(&it->at, end, &ret->name) || !get(&it->at, end, &ret->type))
		return false;
	ret->type--;   /* 0 becomes SQ_NONE */
	return true;
}

void sq_parts_begin(const struct sq_columns *c, struct sq_part_cursor *ret)
{
	*ret = (struct sq_part_cursor){ .at = NULL };
	if (!c->n_bytes)   /* of a skipped file */
		return;
	ret->at = block_at(c, import_slot(c) + 1);
	ret->end = c->p + c->n_bytes;
}

bool sq_parts_next(struct sq_part_cursor *it, struct sq_part *ret)
{
	return it->at != it->end && decode_part(it, NULL, ret);
}

void sq_typed_next(struct sq_part_cursor *it, struct sq_typed *ret)
{
	(void)decode_typed(it, NULL, ret);
}

/* checking */

static bool is_string(const struct sq_columns *c, uint32_t i)
{
	return i < c->n_strings;
}

static bool is_string_or_none(const struct sq_columns *c, uint32_t i)
{
	return i == SQ_NONE || i < c->n_strings;
}

static bool check_block_ends(const uint8_t *const *col, const uint8_t *const *end, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (col[i] != end[i])
			return false;
	return true;
}

/* the block of a slot lies where the one before ended and ends where the next begins */
static bool block_bounds(const struct sq_columns *c, uint32_t slot, const uint8_t **ret_p,
			 const uint8_t **ret_end)
{
	uint32_t n_slots = import_slot(c) + 2;
	uint32_t at = sq_le32_get(c->p + 4 * (size_t)slot);
	uint32_t stop = slot + 1 < n_slots ? sq_le32_get(c->p + 4 * (size_t)(slot + 1)) : c->n_bytes;

	if (at < 4 * (size_t)n_slots || at > stop || stop > c->n_bytes)
		return false;
	*ret_p = c->p + at;
	*ret_end = c->p + stop;
	return true;
}

static bool check_def(const struct sq_columns *c, const struct sq_def *d, uint32_t i)
{
	return is_string(c, d->name) && d->kind < SQ_KIND_MAX && d->start_line &&
	       (d->parent == SQ_NONE || d->parent < i) &&
	       (d->end_line > d->start_line ||
		(d->end_line == d->start_line && d->end_col >= d->start_col)) &&
	       d->sig_off + (uint64_t)d->sig_len <= UINT32_MAX;
}

static bool is_ordered(uint32_t line0, uint32_t col0, uint32_t line, uint32_t col)
{
	return line > line0 || (line == line0 && col >= col0);
}

static bool check_defs(const struct sq_columns *c)
{
	struct sq_def_cursor it = { .c = c };
	const uint8_t *end[SQ_DEF_N_COLS] = { NULL };
	uint32_t line = 0, col = 0;
	struct sq_def d;

	for (uint32_t i = 0; i < c->n_defs; i++) {
		if (i % SQ_FACTS_STRIDE == 0) {
			const uint8_t *p, *e;

			if (i && !check_block_ends(it.col, end, SQ_DEF_N_COLS))
				return false;
			if (!block_bounds(c, i / SQ_FACTS_STRIDE, &p, &e) ||
			    !open_block(p, e, SQ_DEF_N_COLS, it.col, end))
				return false;
			reset_def(&it.prev);
		}
		if (!decode_def(&it, end, &d) || !check_def(c, &d, i) ||
		    !is_ordered(line, col, d.start_line, d.start_col))
			return false;
		line = d.start_line;
		col = d.start_col;
	}
	return !c->n_defs || check_block_ends(it.col, end, SQ_DEF_N_COLS);
}

static bool check_refs(const struct sq_columns *c)
{
	struct sq_ref_cursor it = { .c = c };
	const uint8_t *end[SQ_REF_N_COLS] = { NULL };
	uint32_t line = 0, col = 0, slot = sq_facts_n_blocks(c->n_defs);
	struct sq_ref r;

	for (uint32_t i = 0; i < c->n_refs; i++) {
		if (i % SQ_FACTS_STRIDE == 0) {
			const uint8_t *p, *e;

			if (i && !check_block_ends(it.col, end, SQ_REF_N_COLS))
				return false;
			if (!block_bounds(c, slot++, &p, &e) ||
			    !open_block(p, e, SQ_REF_N_COLS, it.col, end))
				return false;
			reset_ref(&it.prev);
		}
		if (!decode_ref(&it, end, &r) || !is_string(c, r.name) || r.kind >= SQ_REF_MAX ||
		    !is_string_or_none(c, r.qual) ||
		    (r.encl != SQ_NONE && r.encl >= c->n_defs) || !r.line ||
		    !is_ordered(line, col, r.line, r.col))
			return false;
		line = r.line;
		col = r.col;
	}
	return !c->n_refs || check_block_ends(it.col, end, SQ_REF_N_COLS);
}

static bool check_imports(const struct sq_columns *c)
{
	struct sq_import_cursor it = { .c = c };
	const uint8_t *end;
	uint32_t line = 0;
	struct sq_import m;

	if (!block_bounds(c, import_slot(c), &it.at, &end))
		return false;
	for (uint32_t i = 0; i < c->n_imports; i++) {
		if (!decode_import(&it, end, &m) || !is_string(c, m.target) ||
		    !is_string_or_none(c, m.name) || !is_string_or_none(c, m.alias) ||
		    m.kind >= SQ_IMPORT_MAX || m.line < line)
			return false;
		line = m.line;
	}
	return it.at == end;
}

static bool check_part(const struct sq_part *p, uint64_t end, uint64_t end_row)
{
	return p->len && p->start >= end && p->row >= end_row &&
	       p->start + (uint64_t)p->len <= UINT32_MAX && p->row + (uint64_t)p->n_rows <= UINT32_MAX;
}

static bool check_parts(const struct sq_columns *c)
{
	struct sq_part_cursor it = { .at = NULL };
	uint64_t end = 0, end_row = 0;
	struct sq_part p;
	struct sq_typed t;

	if (!block_bounds(c, import_slot(c) + 1, &it.at, &it.end))
		return false;
	while (it.at != it.end) {
		if (!decode_part(&it, it.end, &p) || !check_part(&p, end, end_row))
			return false;
		for (uint32_t i = 0; i < p.n_typed; i++)
			if (!decode_typed(&it, it.end, &t) || !is_string(c, t.name) ||
			    !is_string_or_none(c, t.type))
				return false;
		end = p.start + (uint64_t)p.len;
		end_row = p.row + (uint64_t)p.n_rows;
	}
	return true;
}

bool sq_columns_check(const struct sq_columns *c)
{
	/* 64 items take at least 64 bytes: bounds n before it is multiplied */
	if (c->n_defs > c->n_bytes || c->n_refs > c->n_bytes || c->n_imports > c->n_bytes ||
	    4 * ((uint64_t)import_slot(c) + 2) > c->n_bytes)
		return false;
	/* slots run on: the first block begins right behind the table */
	if (sq_le32_get(c->p) != 4 * (import_slot(c) + 2))
		return false;
	return check_defs(c) && check_refs(c) && check_imports(c) && check_parts(c);
}
