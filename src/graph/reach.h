/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * reach — which files each file of a version reaches through its imports, for
 * all files at once.
 *
 * Files that import each other in a circle reach the same files: they are one
 * component and share one bit. A component's set is a row of block numbers;
 * equal blocks are kept once, so that the thousands of headers which reach the
 * same core of a tree share what that core reaches.
 * Ownership: the maker's scratch memory of one linking pass.
 * Threads:   immutable once made; any thread may ask.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "graph/segment.h"

/* imports as a graph: file f imports to[first[f]] ... to[first[f + 1] - 1] */
struct sq_import_graph { uint32_t n_files; uint32_t *first; sq_file *to; };
void sq_import_graph_deinit(struct sq_import_graph *g);

struct sq_reach;
/** sq_reach_new() - @g: borrowed for as long as the result lives. 0 or -ENOMEM. */
int sq_reach_new(const struct sq_import_graph *g, struct sq_reach **ret_r) sq_must_check;
struct sq_reach *sq_reach_free(struct sq_reach *r);
/** sq_reach_n_words() - 64-bit words that a set takes. */
uint32_t sq_reach_n_words(const struct sq_reach *r);
/**
 * sq_reach_of() - what @f reaches; of @f itself only when somebody imports it.
 * @words: sq_reach_n_words() of them, overwritten
 */
void sq_reach_of(const struct sq_reach *r, sq_file f, uint64_t *words);
/** sq_reach_bit() - the bit of a file in every set; SQ_NONE: nobody imports it. */
uint32_t sq_reach_bit(const struct sq_reach *r, sq_file f);
