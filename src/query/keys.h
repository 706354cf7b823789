/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * keys — sets of definitions as sorted (file, definition) words: what index
 * look-ups give before it is known which of them match.
 * Ownership: the caller's; SQ_VEC of words. Threads: as the caller.
 */
#include "base/vec.h"
#include "graph/version.h"

struct sq_keyset { uint64_t *v; size_t n, cap; };       /* an SQ_VEC(uint64_t) with a tag */
#define SQ_KEYSET_NULL { NULL, 0, 0 }
static inline uint64_t sq_key(sq_file f, uint32_t def) { return (uint64_t)f << 32 | def; }
static inline sq_file sq_key_file(uint64_t key) { return (sq_file)(key >> 32); }
static inline uint32_t sq_key_def(uint64_t key) { return (uint32_t)key; }
/** sq_keyset_seal() - sort and drop repetitions. */
void sq_keyset_seal(struct sq_keyset *s);
/** sq_keyset_has() - of a sealed set. */
bool sq_keyset_has(const struct sq_keyset *s, uint64_t key);
/** sq_keyset_add_name() - every definition of a name. 0 or -ENOMEM. */
int sq_keyset_add_name(struct sq_keyset *s, const struct sq_version *v, sq_name id) sq_must_check;
/** sq_keyset_add_symbol() - every definition whose name or qualified tail is @symbol. 0 or -ENOMEM. */
int sq_keyset_add_symbol(struct sq_keyset *s, const struct sq_version *v,
			 struct sq_slice symbol) sq_must_check;
/** sq_symbol_is_qualified() - has "." or "::" inside. */
bool sq_symbol_is_qualified(struct sq_slice symbol);
