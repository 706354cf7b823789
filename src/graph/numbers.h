/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * numbers — which definition each link target of a version is. A target says
 * "the k-th definition of that name in that file", which survives edits but is
 * found by scanning the file; who walks the whole graph asks for all at once:
 * targets in other files are sorted by file in batches, each worker those of its
 * share of the files; each file's names are read once.
 * Memory: 4 bytes a target, and while it is made 12 bytes for each of at most
 * SQ_NUMBERS_BATCH targets and 4 bytes a file for each worker.
 * Ownership: the caller's. Threads: any reader once made.
 */
#include "graph/analysis.h"

#define SQ_NUMBERS_BATCH (6u << 20)
struct sq_numbers {
	uint32_t n_files;
	uint32_t *base;                 /* [n_files + 1] first target of each file's links */
	uint32_t *def;                  /* index in the target's file; SQ_NONE: not there */
};
#define SQ_NUMBERS_NULL { 0, NULL, NULL }
/** sq_numbers_init() - Return: 0, -ECANCELED, -ENOMEM, -EOVERFLOW. */
int sq_numbers_init(struct sq_numbers *n, const struct sq_version *v, const struct sq_analysis *a) sq_must_check;
void sq_numbers_deinit(struct sq_numbers *n);
static inline uint32_t sq_numbers_def(const struct sq_numbers *n, sq_file f, uint32_t target)
{
	return n->def[n->base[f] + target];
}
