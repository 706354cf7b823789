/* SPDX-License-Identifier: MIT */
#include "graph/bound.h"

#include <string.h>

#include "base/error.h"

static uint64_t align8(uint64_t n)
{
	return (n + 7) & ~(uint64_t)7;
}

/* names, columns and path lie behind the header in this order */
static void set_views(struct sq_bound *b)
{
	char *at = (char *)(b + 1);

	b->names = (const sq_name *)(void *)at;
	at += align8((uint64_t)b->columns.n_strings * sizeof(sq_name));
	b->columns.p = (const uint8_t *)at;
	b->path.p = at + b->columns.n_bytes;
}

static uint64_t bytes_for(const struct sq_columns *c, size_t path_bytes)
{
	return sizeof(struct sq_bound) + align8((uint64_t)c->n_strings * sizeof(sq_name)) +
	       c->n_bytes + path_bytes;
}

int sq_bound_new(struct sq_birth birth, const struct sq_columns *c, struct sq_slice path,
		 struct sq_bound **ret_b)
{
	struct sq_bound *b = sq_piece_alloc(SQ_PIECE_BOUND, birth, bytes_for(c, path.n));
	struct sq_piece piece;

	if (!b)
		return sq_error_origin(-ENOMEM);
	piece = b->piece;
	*b = (struct sq_bound){ .piece = piece, .columns = *c, .path = path, .base_name = SQ_NAME_NONE };
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
	uint64_t bytes = bytes_for(&from->columns, from->path.n);
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

uint32_t sq_bound_local(const struct sq_bound *b, sq_name id)
{
	for (uint32_t i = 0; i < b->columns.n_strings; i++)
		if (b->names[i] == id)
			return i;
	return SQ_NONE;
}

uint32_t sq_bound_find_def(const struct sq_bound *b, sq_name name, uint32_t ordinal)
{
	uint32_t local = sq_bound_local(b, name), def;

	if (local == SQ_NONE)
		return SQ_NONE;
	def = sq_defs_find(&b->columns, local, 0);
	while (def != SQ_NONE && ordinal--)
		def = sq_defs_find(&b->columns, local, def + 1);
	return def;
}

uint32_t sq_bound_ordinal(const struct sq_bound *b, uint32_t def)
{
	uint32_t ordinal = 0, at;
	struct sq_def d;

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
