/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fuzzy — how alike two names are, without regard to ASCII case (protocol
 * 2.4, daemon/search): trigrams to find candidates, Jaro-Winkler to rank them.
 * Threads: pure functions of their arguments.
 */
#include "base/str.h"

#define SQ_FUZZY_MAX 128u       /* bytes of a pattern or name that are looked at */

/* the pattern's trigrams, prepared to be compared with many names */
struct sq_trigrams {
	uint32_t n;                             /* distinct ones */
	uint32_t gram[SQ_FUZZY_MAX + 2];        /* sorted, 3 bytes each */
	uint64_t filter[1024];                  /* 16 hash bits: may be in gram */
};
void sq_trigrams_init(struct sq_trigrams *t, struct sq_slice pattern);
/** sq_trigrams_similarity() - shared / all (Jaccard), of the text padded with two blanks in
 *  front and one behind; a trigram that the name has twice counts twice in "all". */
float sq_trigrams_similarity(const struct sq_trigrams *t, struct sq_slice name);
/** sq_trigrams_bound() - the most that sq_trigrams_similarity() says of a name of @n bytes. */
float sq_trigrams_bound(const struct sq_trigrams *t, size_t n);
/** sq_jaro_winkler() - 0..1; prefix of at most 4, weight 0.1 (W. Winkler 1990). */
float sq_jaro_winkler(struct sq_slice a, struct sq_slice b);
