/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"

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

#include "base/lock.h"

static void *heap_malloc(size_t n) { return mi_malloc(n); }
static void *heap_zalloc(size_t n) { return mi_zalloc(n); }
static void *heap_realloc(void *p, size_t n) { return mi_realloc(p, n ? n : 1); }
static void heap_free(void *p) { mi_free(p); }
static void *heap_aligned(size_t align, size_t n) { return mi_malloc_aligned(n, align); }
static size_t heap_usable(const void *p) { return mi_usable_size(p); }

/*
 * mimalloc 2.0.9 gives free pages back with a delay, and only when the same
 * thread takes or frees a page of that segment later. An idle thread does not:
 * so take some pages, which flushes what waits, and free without delay.
 */
#define DELAY_MS 25     /* mimalloc's own */
#define N_PROBES 32u
#define PROBE_BYTES (192u << 10)

/*
 * The delay is one for all threads: the first that collects takes it away, the
 * last gives it back. mimalloc reads that word without a lock, at every free
 * page; a thread that does not collect is right with either value.
 */
static struct sq_lock delay_lock = SQ_LOCK_STATIC(SQ_RANK_HEAP, "decommit delay");
static unsigned n_collecting;   /* delay_lock */

static void delay_stop(void)
{
	sq_lock(&delay_lock);
	if (!n_collecting++)
		mi_option_set(mi_option_decommit_delay, 0);
	sq_unlock(&delay_lock);
}

static void delay_restore(void)
{
	sq_lock(&delay_lock);
	if (!--n_collecting)
		mi_option_set(mi_option_decommit_delay, DELAY_MS);
	sq_unlock(&delay_lock);
}

static void heap_collect(void)
{
	void *probes[N_PROBES];

	for (unsigned i = 0; i < N_PROBES; i++)
		probes[i] = mi_malloc(PROBE_BYTES);   /* NULL is as good: only a flush is lost */
	delay_stop();
	for (unsigned i = 0; i < N_PROBES; i++)
		mi_free(probes[i]);
	mi_collect(true);
	delay_restore();
}
#endif

/*
 * Bytes in use, as the heap rounds them. A thread adds its share to the sum
 * when it has changed by some pages: an atomic add an allocation would show.
 */
#define SHARE_BYTES (64 << 10)
static uint64_t live_bytes;
static _Thread_local int64_t share;

static void count(int64_t n)
{
	share += n;
	if (share < SHARE_BYTES && share > -SHARE_BYTES)
		return;
	(void)sq_add_relaxed(&live_bytes, (uint64_t)share);   /* a figure, orders nothing */
	share = 0;
}

static void *counted(void *p)
{
	if (p)
		count((int64_t)heap_usable(p));
	return p;
}

uint64_t sq_alloc_live_bytes(void)
{
	int64_t n = (int64_t)sq_load_relaxed(&live_bytes) + share;   /* as above */

	return n > 0 ? (uint64_t)n : 0;
}

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

bool sq_alloc_is_refused(void)
{
	/* relaxed: only the count matters, exactly one caller draws a number */
	uint64_t n = sq_add_relaxed(&n_allocations, 1) + 1;

	return n == sq_load_relaxed(&fail_at);
}
#endif

void *sq_malloc(size_t size)
{
	return sq_alloc_is_refused() ? NULL : counted(heap_malloc(size));
}

void *sq_calloc(size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total) || sq_alloc_is_refused())
		return NULL;
	return counted(heap_zalloc(total));
}

void *sq_realloc(void *p, size_t size)
{
	size_t before = sq_alloc_usable(p);
	void *moved = sq_alloc_is_refused() ? NULL : heap_realloc(p, size);

	if (moved)
		count((int64_t)heap_usable(moved) - (int64_t)before);
	return moved;
}

void *sq_aligned_alloc(size_t align, size_t size)
{
	if (align < sizeof(void *))
		align = sizeof(void *);
	if ((align & (align - 1)) || sq_alloc_is_refused())
		return NULL;
	return counted(heap_aligned(align, size));
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
	if (p)
		count(-(int64_t)heap_usable(p));
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
