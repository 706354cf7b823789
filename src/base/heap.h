/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * heap — blocks in memory that is mapped for them alone: what is freed goes
 * back to the kernel at once, whichever thread frees it, and nothing short-lived
 * lies between what stays. For the pieces of graphs; alloc.h is for the rest.
 * Small blocks share arenas and are found by best fit; the pages inside a big
 * hole are given back, an empty arena is unmapped. A block of a quarter of an
 * arena or more has a mapping of its own.
 * Ownership: the heap's; free unmaps what is left.
 * Threads:   any; takes HEAP.lock, the last in rank.
 * Sanitizers: a touch of a freed block is seen by both, of the bytes between
 *            blocks by AddressSanitizer, where a block takes 32 bytes more.
 * Invariants: used + slack = resident bytes, but for pages that their owners
 *            never wrote; blocks that touch are never both free.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_heap;
struct sq_heap_stats {
	uint64_t used_bytes;            /* of blocks in use, heads and rounding included */
	uint64_t slack_bytes;           /* of holes and heads of arenas, where the kernel still lends pages */
	uint64_t mapped_bytes;          /* address space */
	uint64_t n_blocks;
};

int sq_heap_new(struct sq_heap **ret_h) sq_must_check;
struct sq_heap *sq_heap_free(struct sq_heap *h);
/**
 * sq_heap_alloc() - 16-aligned, not zeroed.
 * @ret_bytes: what the block really takes
 * Return: NULL when the kernel has no memory, @ret_bytes untouched.
 */
void *sq_heap_alloc(struct sq_heap *h, uint64_t n, uint64_t *ret_bytes) sq_must_check;
void sq_heap_release(struct sq_heap *h, void *p);
/** sq_heap_close() - no allocation comes any more: releases keep pages until sq_heap_free(). */
void sq_heap_close(struct sq_heap *h);
void sq_heap_read(struct sq_heap *h, struct sq_heap_stats *ret);
/** sq_heap_check() - walks everything; for tests. 0 or -EINVAL. */
int sq_heap_check(struct sq_heap *h) sq_must_check;
