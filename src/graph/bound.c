/* SPDX-License-Identifier: MIT */
#include "graph/bound.h"

#include <string.h>

#include "base/error.h"

static uint64_t align8(uint64_t n)
{
	return (n + 7) & ~(uint64_t)7;
}

/* a table by NameId, two thirds full */
static uint32_t n_slots(uint32_t n_def_names)
{
	if (n_def_names <= SQ_BOUND_FEW_NAMES || n_def_names == SQ_NONE)
		return 0;
	return n_def_names + n_def_names / 2;
}

static const uint8_t *slots_of(const struct sq_bound *b)
{
	return (const uint8_t *)b->path.p + b->path.n;
}

static uint32_t home_of(sq_name id, uint32_t n)
{
	return (uint32_t)((uint64_t)(id * 0x9e3779b1u) * n >> 32);
}

/* names of a block: 2 to that many, so that a byte holds the block's number */
static unsigned block_shift(uint32_t n_def_names)
{
	unsigned shift = 0;

	while ((n_def_names - 1) >> shift >= UINT8_MAX)
		shift++;
	return shift;
}

void sq_bound_index(struct sq_bound *b)
{
	uint32_t n = n_slots(b->n_def_names);
	uint8_t *slots = (uint8_t *)slots_of(b);
	unsigned shift;

	if (!n)
		return;
	shift = block_shift(b->n_def_names);
	memset(slots, 0, n);
	for (uint32_t i = 0; i < b->n_def_names; i++) {
		uint32_t at = home_of(b->names[i], n);

		while (slots[at])
			at = at + 1 < n ? at + 1 : 0;
		slots[at] = (uint8_t)(1 + (i >> shift));
	}
}

/* names, columns, path and slots lie behind the header in this order */
static void set_views(struct sq_bound *b)
{
	char *at = (char *)(b + 1);

	b->names = (const sq_name *)(void *)at;
	at += align8((uint64_t)b->columns.n_strings * sizeof(sq_name));
	b->columns.p = (const uint8_t *)at;
	b->path.p = at + b->columns.n_bytes;
}

static uint64_t bytes_for(const struct sq_columns *c, size_t path_bytes, uint32_t n_def_names)
{
	return sizeof(struct sq_bound) + align8((uint64_t)c->n_strings * sizeof(sq_name)) +
	       c->n_bytes + path_bytes + n_slots(n_def_names);
}

int sq_bound_new(struct sq_birth birth, const struct sq_columns *c, struct sq_slice path,
		 struct sq_bound **ret_b)
{
	uint32_t n_def_names = sq_defs_n_names(c);
	struct sq_bound *b = sq_piece_alloc(SQ_PIECE_BOUND, birth, bytes_for(c, path.n, n_def_names));
	struct sq_piece piece;

	if (!b)
		return sq_error_origin(-ENOMEM);
	piece = b->piece;
	*b = (struct sq_bound){ .piece = piece, .columns = *c, .path = path, .base_name = SQ_NAME_NONE,
				.n_def_names = n_def_names };
	set_views(b);
	if (c->n_bytes)
		memcpy((uint8_t *)b->columns.p, c->p, c->n_bytes);
	if (path.n)
		memcpy((char *)b->path.p, path.p, path.n);
	*ret_b = b;
	return 0;
}

int sq_bound_copy(struct sq_birth birth, const struct sq_bound *from, struct sq_bound **ret_b)
{
	uint64_t bytes = bytes_for(&from->columns, from->path.n, from->n_def_names);
	struct sq_bound *b = sq_piece_alloc(SQ_PIECE_BOUND, birth, bytes);
	struct sq_piece piece;

	if (!b)
		return sq_error_origin(-ENOMEM);
	piece = b->piece;
	memcpy(b, from, bytes);
	b->piece = piece;
	set_views(b);
	*ret_b = b;
	return 0;
}

/* @id among names [from, to) */
static uint32_t find_name(const struct sq_bound *b, sq_name id, uint32_t from, uint32_t to)
{
	for (; from + 16 <= to; from += 16) {
		uint32_t any = 0;

		/* no early end: a compiler makes vector code of it */
		for (uint32_t k = 0; k < 16; k++)
			any |= b->names[from + k] == id;
		if (any)
			break;
	}
	for (; from < to; from++)
		if (b->names[from] == id)
			return from;
	return SQ_NONE;
}

uint32_t sq_bound_local(const struct sq_bound *b, sq_name id)
{
	return find_name(b, id, 0, b->columns.n_strings);
}

static uint32_t find_slot(const struct sq_bound *b, sq_name id, uint32_t n)
{
	const uint8_t *slots = slots_of(b);
	unsigned shift = block_shift(b->n_def_names);

	for (uint32_t at = home_of(id, n); slots[at]; at = at + 1 < n ? at + 1 : 0) {
		uint32_t from = (slots[at] - 1u) << shift;
		uint32_t i = find_name(b, id, from, SQ_MIN(from + (1u << shift), b->n_def_names));

		if (i != SQ_NONE)
			return i;
	}
	return SQ_NONE;
}

uint32_t sq_bound_first_def(const struct sq_bound *b, sq_name name, uint32_t *ret_local)
{
	uint32_t n = n_slots(b->n_def_names), local;
	bool is_ordered = b->n_def_names != SQ_NONE;

	local = n ? find_slot(b, name, n) :
		find_name(b, name, 0, is_ordered ? b->n_def_names : b->columns.n_strings);
	*ret_local = local;
	if (local == SQ_NONE || b->n_def_names == b->columns.n_defs)
		return local;   /* each definition has a name of its own: the i-th has the i-th */
	return sq_defs_find(&b->columns, local, is_ordered ? local : 0);
}

uint32_t sq_bound_next_def(const struct sq_bound *b, uint32_t local, uint32_t def)
{
	return b->n_def_names == b->columns.n_defs ? SQ_NONE : sq_defs_find(&b->columns, local, def + 1);
}

uint32_t sq_bound_find_def(const struct sq_bound *b, sq_name name, uint32_t ordinal)
{
	uint32_t local, def = sq_bound_first_def(b, name, &local);

	while (def != SQ_NONE && ordinal--)
		def = sq_bound_next_def(b, local, def);
	return def;
}

uint32_t sq_bound_ordinal(const struct sq_bound *b, uint32_t def)
{
	uint32_t ordinal = 0, at;
	struct sq_def d;

	if (b->n_def_names == b->columns.n_defs)
		return 0;
	sq_defs_get(&b->columns, def, &d);
	at = sq_defs_find(&b->columns, d.name, 0);
	for (; at != SQ_NONE && at < def; ordinal++)
		at = sq_defs_find(&b->columns, d.name, at + 1);
	return ordinal;
}

static bool is_scope(int kind)
{
	switch (kind) {
	case SQ_KIND_CLASS:
	case SQ_KIND_INTERFACE:
	case SQ_KIND_TRAIT:
	case SQ_KIND_TYPE:
	case SQ_KIND_STRUCT:
	case SQ_KIND_ENUM:
	case SQ_KIND_ANNOTATION:
	case SQ_KIND_MODULE:
		return true;
	default:
		return false;
	}
}

static uint8_t bits_of_kind(uint8_t kind)
{
	switch (kind) {
	case SQ_KIND_FUNCTION:
	case SQ_KIND_METHOD:
		return SQ_CLASS_CALLABLE;
	case SQ_KIND_MACRO:
		return SQ_CLASS_MACRO;
	case SQ_KIND_VARIABLE:
	case SQ_KIND_CONSTANT:
	case SQ_KIND_ENUM_VARIANT:
		return SQ_CLASS_VALUE;
	case SQ_KIND_MODULE:
		return SQ_CLASS_MODULE;
	default:
		return is_scope(kind) ? SQ_CLASS_TYPE : 0;
	}
}

uint8_t sq_class_bits(const struct sq_def *d, int parent_kind, bool top)
{
	uint8_t bits = bits_of_kind(d->kind);

	if (is_scope(parent_kind))
		bits |= SQ_CLASS_MEMBER;
	if (top)
		bits |= SQ_CLASS_TOP;
	if (!(d->flags & (SQ_DEF_FILE_LOCAL | SQ_DEF_NESTED)))
		bits |= SQ_CLASS_EXTERNAL;
	return bits;
}
