/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * arena — bump allocation in blocks; nothing is freed singly, bytes counted.
 * Threads: one thread at a time.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_arena_block;
struct sq_arena {
	struct sq_arena_block *blocks;
	char *at, *end;
	size_t block_bytes;     /* size of the next block */
	size_t used_bytes;      /* handed out */
	size_t held_bytes;      /* taken from the allocator */
};
#define SQ_ARENA_NULL { NULL, NULL, NULL, 0, 0, 0 }
void *sq_arena_alloc(struct sq_arena *a, size_t n) sq_must_check;      /* 8-aligned, NULL on ENOMEM */
void *sq_arena_memdup(struct sq_arena *a, const void *p, size_t n) sq_must_check;
void sq_arena_clear(struct sq_arena *a);      /* keeps the newest block */
void sq_arena_deinit(struct sq_arena *a);
