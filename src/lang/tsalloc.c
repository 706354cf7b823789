/* SPDX-License-Identifier: MIT */
#include "lang/tsalloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <tree_sitter/api.h>

#include "base/error.h"
#include "base/lock.h"
#include "lang/tsarena.h"

#define ALIGN 16u

/* blocks one after the other; each has its size in front */
static struct {
	struct sq_lock lock;
	char *base;
	size_t room, used, n_blocks;
} reserve = { .lock = SQ_LOCK_STATIC(SQ_RANK_TSALLOC, "tree-sitter reserve") };

static _Thread_local bool failed;
static _Thread_local jmp_buf *escape;
static _Thread_local struct sq_tsarena *arena;
static _Thread_local bool is_counting;
static _Thread_local int64_t n_counted;

#ifdef SQ_TEST_HOOKS
static _Thread_local uint64_t fail_from, n_asked;

void sq_tsalloc_test(uint64_t nth, size_t reserve_bytes)
{
	fail_from = nth;
	n_asked = 0;
	sq_lock(&reserve.lock);
	reserve.room = reserve_bytes;
	sq_unlock(&reserve.lock);
}

size_t sq_tsalloc_reserved(void)
{
	size_t n;

	sq_lock(&reserve.lock);
	n = reserve.n_blocks;
	sq_unlock(&reserve.lock);
	return n;
}

static bool fault(void)
{
	return fail_from && ++n_asked >= fail_from;
}
#else
static inline bool fault(void)
{
	return false;
}
#endif

bool sq_tsalloc_failed(void)
{
	return failed;
}

void sq_tsalloc_clear(void)
{
	failed = false;
}

void sq_tsalloc_escape(jmp_buf *to)
{
	escape = to;
}

void sq_tsalloc_arena(struct sq_tsarena *a)
{
	arena = a;
}

void sq_tree_count(bool on)
{
	is_counting = on;
}

int64_t sq_tree_counted(void)
{
	return n_counted;
}

static bool is_reserved(const void *p)
{
	return (uintptr_t)p - (uintptr_t)reserve.base < SQ_TSALLOC_RESERVE_BYTES;
}

static void *reserve_take(size_t n)
{
	size_t need = (n + ALIGN - 1) / ALIGN * ALIGN + ALIGN;
	char *p = NULL;

	sq_lock(&reserve.lock);
	if (n < reserve.room && need <= reserve.room - reserve.used) {
		p = reserve.base + reserve.used + ALIGN;
		memcpy(p - ALIGN, &n, sizeof(n));
		reserve.used += need;
		reserve.n_blocks++;
	}
	sq_unlock(&reserve.lock);
	return p;
}

static void reserve_give(void)
{
	sq_lock(&reserve.lock);
	if (!--reserve.n_blocks) {
		/* zeroed, as calloc wants it; the pages go back */
		(void)madvise(reserve.base, reserve.used, MADV_DONTNEED);
		reserve.used = 0;
	}
	sq_unlock(&reserve.lock);
}

static void *last_resort(size_t n)
{
	void *p = reserve_take(n);

	failed = true;
	if (p)
		return p;
	if (escape)
		longjmp(*escape, 1);
	fprintf(stderr, "tree-sitter: no memory for %zu bytes outside of a parse\n", n);
	abort();
}

static void *count(void *p)
{
	if (is_counting)
		n_counted += (int64_t)sq_alloc_usable(p);
	return p;
}

static void uncount(const void *p)
{
	if (is_counting && p && !is_reserved(p))
		n_counted -= (int64_t)sq_alloc_usable(p);
}

static inline bool is_in_arena(const void *p)
{
	return arena && sq_tsarena_has(arena, p);
}

/* NULL: no memory */
static inline void *take(size_t n)
{
	void *p = NULL;

	if (fault())
		return NULL;
	if (arena)
		p = sq_tsarena_take(arena, n);
	return p ? p : count(sq_malloc(n ? n : 1));
}

static void *hook_malloc(size_t n)
{
	void *p = take(n);

	return p ? p : last_resort(n);
}

static void *hook_calloc(size_t n, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(n, size, &total))
		return last_resort(SIZE_MAX);
	p = take(total);
	return p ? memset(p, 0, total) : last_resort(total);
}

static void hook_free(void *p)
{
	if (is_in_arena(p)) {
		sq_tsarena_give(arena, p);
		return;
	}
	uncount(p);
	if (is_reserved(p))
		reserve_give();
	else
		sq_free(p);
}

/* a block of the arena or of the reserve, or one that the heap could not make larger */
static void *move(void *old, size_t have, size_t n)
{
	void *p = is_in_arena(old) ? take(n) : NULL;

	if (!p)
		p = last_resort(n);
	if (old) {
		memcpy(p, old, SQ_MIN(have, n));
		hook_free(old);
	}
	return p;
}

static void *hook_realloc(void *old, size_t n)
{
	size_t have = 0;
	void *p;

	if (!old)
		return hook_malloc(n);
	if (is_in_arena(old))
		return move(old, sq_tsarena_size(old), n);
	if (is_reserved(old)) {
		memcpy(&have, (char *)old - ALIGN, sizeof(have));
		return move(old, have, n);
	}
	uncount(old);
	p = fault() ? NULL : sq_realloc(old, n ? n : 1);
	if (p)
		return count(p);
	(void)count(old);
	return move(old, sq_alloc_usable(old), n);
}

static int install_error;

static void install(void)
{
	void *base = mmap(NULL, SQ_TSALLOC_RESERVE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED) {
		install_error = -errno;
		return;
	}
	sq_lock(&reserve.lock);
	reserve.base = base;
	reserve.room = SQ_TSALLOC_RESERVE_BYTES;
	sq_unlock(&reserve.lock);
	ts_set_allocator(hook_malloc, hook_calloc, hook_realloc, hook_free);
}

int sq_tsalloc_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, install);   /* cannot fail with a valid control */
	return install_error ? sq_error_origin(install_error) : 0;
}
