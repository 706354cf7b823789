/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tsarena — the memory of one parse whose tree nobody keeps (private to src/lang).
 *
 * tree-sitter takes a block for each node, and gives each back when the tree goes.
 * Between enter and leave a thread's blocks come from here instead, one behind the
 * other; then all of them are gone at once, with the parser that took them. What
 * does not fit comes from the heap, and has to be given back block by block.
 * Ownership: an extractor's; it lasts as long. Blocks are invalid after leave.
 * Threads:   one at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define sq_tsarena_poison(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define sq_tsarena_unpoison(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define sq_tsarena_poison(p, n) ((void)(p), (void)(n))
#define sq_tsarena_unpoison(p, n) ((void)(p), (void)(n))
#endif

#define SQ_TSARENA_BYTES ((size_t)64 << 20)       /* of addresses; a parse of C takes 33 a byte */
#define SQ_TSARENA_KEPT_BYTES ((size_t)2 << 20)   /* of pages that stay between parses */
#define SQ_TSARENA_ALIGN ((size_t)16)

struct sq_tsarena {
	char *base;                /* NULL: none yet, or no addresses to be had */
	size_t used, high;         /* bytes: now; the most since enter */
	bool is_in_use, has_spilled;
};

/** sq_tsarena_enter() - this thread's blocks come from @a. False: they still come from the heap. */
bool sq_tsarena_enter(struct sq_tsarena *a);
/** sq_tsarena_leave() - the thread's blocks come from the heap; those of @a are gone. */
void sq_tsarena_leave(struct sq_tsarena *a);
void sq_tsarena_deinit(struct sq_tsarena *a);

static inline bool sq_tsarena_has(const struct sq_tsarena *a, const void *p)
{
	return (uintptr_t)p - (uintptr_t)a->base < SQ_TSARENA_BYTES;
}

/* its size stands before a block */
static inline size_t sq_tsarena_size(const void *p)
{
	return ((const size_t *)p)[-1];
}

static inline size_t sq_tsarena_room(size_t n)
{
	return (n + sizeof(n) + SQ_TSARENA_ALIGN - 1) & ~(SQ_TSARENA_ALIGN - 1);
}

static inline bool sq_tsarena_is_last(const struct sq_tsarena *a, const void *p)
{
	return (const char *)p - sizeof(size_t) + sq_tsarena_room(sq_tsarena_size(p)) == a->base + a->used;
}

/** sq_tsarena_take() - NULL: full. */
static inline void *sq_tsarena_take(struct sq_tsarena *a, size_t n)
{
	char *p = a->base + a->used + sizeof(n);

	if (n > SQ_TSARENA_BYTES || n + a->used > SQ_TSARENA_BYTES - 2 * SQ_TSARENA_ALIGN) {
		a->has_spilled = true;
		return NULL;
	}
	sq_tsarena_unpoison(p - sizeof(n), n + sizeof(n));
	((size_t *)(void *)p)[-1] = n;
	a->used += sq_tsarena_room(n);
	if (a->used > a->high)
		a->high = a->used;
	return p;
}

/** sq_tsarena_give() - the room of the last block can be used again, that of another waits for leave. */
static inline void sq_tsarena_give(struct sq_tsarena *a, void *p)
{
	if (sq_tsarena_is_last(a, p))
		a->used -= sq_tsarena_room(sq_tsarena_size(p));
	sq_tsarena_poison(p, sq_tsarena_size(p));
}
