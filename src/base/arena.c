/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <string.h>

#define FIRST_BLOCK_BYTES (16u * 1024)
#define LAST_BLOCK_BYTES (1024u * 1024)   /* blocks double up to here */

struct sq_arena_block {
	struct sq_arena_block *next;
	size_t bytes;                     /* of the whole block */
	char data[];
};

static struct sq_arena_block *block_new(struct sq_arena *a, size_t bytes)
{
	struct sq_arena_block *b = sq_malloc(bytes);

	if (!b)
		return NULL;
	b->next = NULL;
	b->bytes = bytes;
	a->held_bytes += bytes;
	return b;
}

/* what does not fit well gets a block of its own, behind the current one */
static void *alloc_own_block(struct sq_arena *a, size_t n)
{
	struct sq_arena_block *b = block_new(a, sizeof(*b) + n);

	if (!b)
		return NULL;
	if (a->blocks) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		a->blocks = b;
		a->at = a->end = b->data + n;
	}
	a->used_bytes += n;
	return b->data;
}

static int block_add(struct sq_arena *a)
{
	struct sq_arena_block *b = block_new(a, a->block_bytes);

	if (!b)
		return -1;
	b->next = a->blocks;
	a->blocks = b;
	a->at = b->data;
	a->end = (char *)b + b->bytes;
	if (a->block_bytes < LAST_BLOCK_BYTES)
		a->block_bytes *= 2;
	return 0;
}

void *sq_arena_alloc(struct sq_arena *a, size_t n)
{
	void *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = n ? (n + 7) & ~(size_t)7 : 8;
	if (n > (size_t)(a->end - a->at)) {
		if (a->block_bytes < 256)
			a->block_bytes = FIRST_BLOCK_BYTES;
		if (n > a->block_bytes / 4)
			return alloc_own_block(a, n);
		if (block_add(a))
			return NULL;
	}
	p = a->at;
	a->at += n;
	a->used_bytes += n;
	return p;
}

void *sq_arena_memdup(struct sq_arena *a, const void *p, size_t n)
{
	void *copy = sq_arena_alloc(a, n);

	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

static void free_after(struct sq_arena *a, struct sq_arena_block *b)
{
	while (b) {
		struct sq_arena_block *next = b->next;

		a->held_bytes -= b->bytes;
		sq_free(b);
		b = next;
	}
}

void sq_arena_clear(struct sq_arena *a)
{
	struct sq_arena_block *b = a->blocks;

	a->used_bytes = 0;
	if (!b)
		return;
	free_after(a, SQ_TAKE(b->next));
	a->at = b->data;
	a->end = (char *)b + b->bytes;
}

void sq_arena_deinit(struct sq_arena *a)
{
	free_after(a, a->blocks);
	*a = (struct sq_arena)SQ_ARENA_NULL;
}
