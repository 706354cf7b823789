/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * postings — what one file contributes to the name shards: a set of
 * (name, list, class bits), each (name, list) once. A pure function of its
 * bound facts, so that old and new bound facts tell what changes in the shards.
 * Ownership: a struct sq_postings is scratch of one worker, reused.
 * Threads:   one; versions are read only.
 */
#include "base/vec.h"
#include "graph/version.h"

/* name << 32 | list << 8 | class bits: ordered as a posting change is */
typedef uint64_t sq_posting_key;
static inline sq_posting_key sq_posting_key_of(sq_name name, enum sq_list list, uint8_t class_bits)
{
	return (uint64_t)name << 32 | (unsigned)list << 8 | class_bits;
}
static inline sq_name sq_posting_key_name(sq_posting_key k) { return (sq_name)(k >> 32); }
static inline enum sq_list sq_posting_key_list(sq_posting_key k) { return k >> 8 & 0xff; }
static inline uint8_t sq_posting_key_bits(sq_posting_key k) { return k & 0xff; }

struct sq_postings {
	SQ_VEC(sq_posting_key) keys;    /* the result, in order of first use until sorted */
	SQ_VEC(uint16_t) marks;         /* by local string */
	SQ_VEC(uint8_t) scopes;         /* by definition: kind, top bit */
	SQ_VEC(sq_posting_key) extra;   /* of strings that are not local ones */
	uint64_t seen[4];               /* a filter of the names in extra */
};
void sq_postings_deinit(struct sq_postings *p);
/** sq_postings_of() - the set of @b (of NULL: empty) in ->keys. @v: names and traits. 0 or -ENOMEM. */
int sq_postings_of(struct sq_postings *p, const struct sq_version *v, const struct sq_bound *b) sq_must_check;
void sq_postings_sort(struct sq_postings *p);

/*
 * Strings under which a file is posted that need not be local strings of its
 * facts: its path, base name and keys, and the keys of its imports.
 */
struct sq_extra_source {
	const struct sq_lang_traits *traits;      /* NULL: skipped file */
	struct sq_slice path;
	const struct sq_columns *columns;
	struct sq_slice (*string)(const void *arg, uint32_t local);
	const void *arg;
};
/** sq_extra_names() - @emit for each (may repeat); its negative result ends it. */
int sq_extra_names(const struct sq_extra_source *src,
		   int (*emit)(void *arg, enum sq_list list, struct sq_slice s), void *arg) sq_must_check;
