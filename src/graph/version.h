/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * version — an immutable root: dictionaries, a chunked file table, name
 * shards. A draft (graph/draft.h) uses the same struct while it is private.
 * Ownership: readers borrow inside an epoch section or through a pin.
 * Threads:   a published version: any thread, no locks.
 */
#include "facts/traits.h"
#include "graph/segment.h"
#include "graph/shard.h"

#define SQ_CHUNK_SHIFT 8u
#define SQ_CHUNK_FILES (1u << SQ_CHUNK_SHIFT)
struct sq_file_slot { const struct sq_bound *bound; const struct sq_links *links; };  /* NULL, NULL: free */
struct sq_chunk {
	struct sq_piece piece;
	struct sq_file_slot slots[SQ_CHUNK_FILES];
};
struct sq_version_stats {
	uint64_t n_files;                           /* indexed: skipped ones not included */
	uint64_t n_skipped, n_defs, n_refs, n_imports;
	uint64_t n_names;                           /* names with at least one posting */
	uint64_t source_bytes;                      /* of the indexed files */
	uint64_t refs_by_state[4];                  /* enum sq_link_state */
	uint64_t refs_by_rule[SQ_RULE_MAX];
	uint64_t bytes_by_kind[SQ_PIECE_MAX];       /* exact bytes of the pieces in use */
};
/* how the daemon was told to link; part of what links are a function of */
#define SQ_LINKF_NO_DUCK 0x01u     /* x.m() of an unknown x is never bound */
struct sq_version {
	struct sq_piece piece;
	uint64_t generation;            /* 1, 2, ... within a graph */
	uint8_t link_flags;             /* SQ_LINKF_* its links were made with */
	uint32_t n_dicts, n_chunks, n_shards;
	uint32_t n_names;               /* NameIds in use: [0, n_names) */
	uint32_t n_file_ids;            /* FileIds ever used: [0, n_file_ids) */
	const struct sq_dict **dicts;
	const struct sq_chunk **chunks;
	const struct sq_shard **shards;
	const struct sq_lang_traits *const *traits;
	struct sq_version_stats stats;
};
static inline struct sq_file_slot sq_version_slot(const struct sq_version *v, sq_file f)
{
	if (f >= v->n_file_ids)
		return (struct sq_file_slot){ NULL, NULL };
	return v->chunks[f >> SQ_CHUNK_SHIFT]->slots[f & (SQ_CHUNK_FILES - 1)];
}
static inline const struct sq_bound *sq_version_bound(const struct sq_version *v, sq_file f)
{
	return sq_version_slot(v, f).bound;
}
struct sq_slice sq_version_string(const struct sq_version *v, sq_name id);
sq_name sq_version_find(const struct sq_version *v, struct sq_slice s);
/** sq_version_find_hash() - the same, @hash = sq_hash64(s.p, s.n, 0). */
sq_name sq_version_find_hash(const struct sq_version *v, struct sq_slice s, uint64_t hash);
void sq_version_postings(const struct sq_version *v, sq_name id, enum sq_list which, struct sq_posting_iter *ret);
/** sq_version_file() - file by exact path; SQ_FILE_NONE. */
sq_file sq_version_file(const struct sq_version *v, struct sq_slice path);
uint64_t sq_version_bytes(const struct sq_version *v);       /* sum of bytes_by_kind */
/** sq_bound_local() - local string index of a NameId in a file; SQ_NONE when it has none. */
uint32_t sq_bound_local(const struct sq_bound *b, sq_name id);
/** sq_bound_first_def() - first definition of @name; SQ_NONE. @ret_local: its local string, for
 *  sq_bound_next_def(), which gives the next one after @def. */
uint32_t sq_bound_first_def(const struct sq_bound *b, sq_name name, uint32_t *ret_local);
uint32_t sq_bound_next_def(const struct sq_bound *b, uint32_t local, uint32_t def);
/** sq_bound_find_def() - definition index of the @ordinal-th definition of @name; SQ_NONE. */
uint32_t sq_bound_find_def(const struct sq_bound *b, sq_name name, uint32_t ordinal);
/** sq_bound_ordinal() - which definition of its name definition @def is (0, 1, ...). */
uint32_t sq_bound_ordinal(const struct sq_bound *b, uint32_t def);
/** sq_version_qualified() - "a.b.c" of a definition: parents joined by the language's separator,
 *  with the file's package or module path in front where the language has one. Appends. */
void sq_version_qualified(const struct sq_version *v, sq_file f, uint32_t def, struct sq_buf *out);
/** sq_version_qualified_def() - the same for one that is decoded already. */
void sq_version_qualified_def(const struct sq_version *v, sq_file f, const struct sq_def *def, struct sq_buf *out);
/** sq_class_bits() - class bits of one definition (shard.h), given its parent's kind (or -1). */
uint8_t sq_class_bits(const struct sq_def *d, int parent_kind, bool top);
/** sq_version_check() - every invariant of version, shards and links against the columns; for tests. 0 or -EINVAL. */
int sq_version_check(const struct sq_version *v, const char **ret_what) sq_must_check;
