/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * dict — an immutable set of byte strings numbered from ->first.
 * A version lists its dictionaries by ascending, contiguous ranges of NameId:
 * one big base, then small appended ones. Neighbouring small ones are merged
 * geometrically (the ids stay), so that a version holds O(log n) of them.
 * Layout of the one allocation: header, offsets u32[n + 1], slots u32[n_slots],
 * bytes. Slots: open addressing, up to four fifths full, on the top 32 bits of
 * sq_hash64: the home slot is taken from the top of them, so that threads that
 * fill a dictionary by ranges of the hash touch memory that lies apart. A slot is
 * 0 or local index + 1 and, in the bits that this leaves, a tag of the lowest
 * bits of those 32: few strings but the right one are compared.
 */
#include <stdbool.h>

#include "base/str.h"
#include "graph/piece.h"

typedef uint32_t sq_name;               /* NameId; SQ_NAME_NONE: no such name */
#define SQ_NAME_NONE UINT32_MAX

struct sq_name_index;
struct sq_dict {
	struct sq_piece piece;
	const struct sq_name_index *index;      /* a piece of its own; NULL: none (small) */
	uint32_t first, n;
	uint32_t n_slots;
	uint32_t index_bits;            /* of a slot; its tag is above them */
	uint32_t n_string_bytes;
	const uint32_t *offsets;        /* into this allocation */
	const uint32_t *slots;
	const char *bytes;
};
/** sq_dict_make() - @strings distinct, in id order. Return: 0, -ENOMEM, -EOVERFLOW. */
int sq_dict_make(struct sq_birth birth, sq_name first, const struct sq_slice *strings, uint32_t n,
		 struct sq_dict **ret_d) sq_must_check;
/** sq_dict_merge() - two neighbours (b follows a) into one new piece. */
int sq_dict_merge(struct sq_birth birth, const struct sq_dict *a, const struct sq_dict *b,
		  struct sq_dict **ret_d) sq_must_check;
/** sq_dict_find() - @hash = sq_hash64(s.p, s.n, 0). SQ_NAME_NONE when absent. */
sq_name sq_dict_find(const struct sq_dict *d, struct sq_slice s, uint64_t hash);
static inline struct sq_slice sq_dict_get(const struct sq_dict *d, sq_name id)
{
	uint32_t i = id - d->first;
	return sq_slice(d->bytes + d->offsets[i], d->offsets[i + 1] - d->offsets[i]);
}

/*
 * Making one in place: sq_dict_new() gives empty slots and memory to fill; the
 * maker writes offsets and bytes through the writable views, then places every
 * index. Places may be called by several threads, each for its own indices.
 */
/** sq_dict_new() - Return: 0, -ENOMEM; -EOVERFLOW past 2^32 bytes. */
int sq_dict_new(struct sq_birth birth, sq_name first, uint32_t n, uint64_t n_string_bytes,
		struct sq_dict **ret_d) sq_must_check;
static inline uint32_t *sq_dict_offsets(struct sq_dict *d)
{
	return (uint32_t *)d->offsets;
}
static inline char *sq_dict_bytes(struct sq_dict *d)
{
	return (char *)d->bytes;
}
/** sq_dict_place() - @hash32: the top 32 bits of the string's hash. */
void sq_dict_place(struct sq_dict *d, uint32_t i, uint32_t hash32);
