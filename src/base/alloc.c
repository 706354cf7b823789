/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef SQ_TEST_HOOKS
#include "base/atomic.h"
#endif

/*
 * A sanitizer can only judge blocks that its own allocator made, so those
 * builds go to the C library.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SQ_LIBC_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SQ_LIBC_HEAP 1
#endif
#endif

#ifdef SQ_LIBC_HEAP
#include <malloc.h>

static void *heap_malloc(size_t n) { return malloc(n ? n : 1); }
static void *heap_zalloc(size_t n) { return calloc(1, n ? n : 1); }
/* size 0 would free the block, which sq_realloc does not promise */
static void *heap_realloc(void *p, size_t n) { return realloc(p, n ? n : 1); }
static void heap_free(void *p) { free(p); }
static void heap_collect(void) { }

static void *heap_aligned(size_t align, size_t n)
{
	void *p;

	return posix_memalign(&p, align, n ? n : 1) ? NULL : p;
}

static size_t heap_usable(const void *p)
{
	return malloc_usable_size((void *)p);
}
#else
#include <mimalloc.h>

static void *heap_malloc(size_t n) { return mi_malloc(n); }
static void *heap_zalloc(size_t n) { return mi_zalloc(n); }
static void *heap_realloc(void *p, size_t n) { return mi_realloc(p, n ? n : 1); }
static void heap_free(void *p) { mi_free(p); }
static void heap_collect(void) { mi_collect(true); }
static void *heap_aligned(size_t align, size_t n) { return mi_malloc_aligned(n, align); }
static size_t heap_usable(const void *p) { return mi_usable_size(p); }
#endif

#ifdef SQ_TEST_HOOKS
static uint64_t n_allocations, fail_at;

void sq_alloc_fail_after(uint64_t nth)
{
	/* relaxed: a test sets it up before it starts what it tests */
	sq_store_relaxed(&fail_at, nth ? sq_load_relaxed(&n_allocations) + nth : 0);
}

uint64_t sq_alloc_count(void)
{
	return sq_load_relaxed(&n_allocations);   /* a count, orders nothing */
}

static int fault(void)
{
	/* relaxed: only the count matters, exactly one caller draws a number */
	uint64_t n = sq_add_relaxed(&n_allocations, 1) + 1;

	return n == sq_load_relaxed(&fail_at);
}
#else
static inline int fault(void)
{
	return 0;
}
#endif

void *sq_malloc(size_t size)
{
	return fault() ? NULL : heap_malloc(size);
}

void *sq_calloc(size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total) || fault())
		return NULL;
	return heap_zalloc(total);
}

void *sq_realloc(void *p, size_t size)
{
	return fault() ? NULL : heap_realloc(p, size);
}

void *sq_aligned_alloc(size_t align, size_t size)
{
	if (align < sizeof(void *))
		align = sizeof(void *);
	if ((align & (align - 1)) || fault())
		return NULL;
	return heap_aligned(align, size);
}

char *sq_strdup(const char *s)
{
	return sq_memdup(s, strlen(s) + 1);
}

char *sq_strndup(const char *s, size_t n)
{
	char *p = n == SIZE_MAX ? NULL : sq_malloc(n + 1);

	if (!p)
		return NULL;
	if (n)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void *sq_memdup(const void *p, size_t n)
{
	void *copy = sq_malloc(n);

	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

void sq_free_libc(void *p)
{
	free(p);
}

void sq_free(void *p)
{
	heap_free(p);
}

void sq_alloc_collect(void)
{
	heap_collect();
}

size_t sq_alloc_usable(const void *p)
{
	return p ? heap_usable(p) : 0;
}
