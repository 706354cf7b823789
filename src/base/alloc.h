/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * alloc — every heap allocation of the project, on mimalloc.
 * Ownership: what sq_malloc & co. return is freed with sq_free.
 * Threads:   any thread; a block may be freed by another thread.
 * The fault hook makes the Nth allocation fail; it is compiled in only
 * with SQ_TEST_HOOKS and costs nothing otherwise.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
#if defined(__SANITIZE_ADDRESS__)
#define SQ_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SQ_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SQ_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SQ_THREAD_SANITIZER 1
#endif
#endif

#define sq_must_check __attribute__((warn_unused_result))
#define SQ_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define _cleanup_(f) __attribute__((cleanup(f)))
#define SQ_TAKE(p) ({ __typeof__(p) _sq_taken = (p); (p) = NULL; _sq_taken; })
#define SQ_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* the counter gives nested uses names of their own */
#define SQ_MIN(a, b) SQ_PICK_(<, a, b, __COUNTER__)
#define SQ_MAX(a, b) SQ_PICK_(>, a, b, __COUNTER__)
#define SQ_PICK_(op, a, b, id) SQ_PICK__(op, a, b, id)
#define SQ_PICK__(op, a, b, id) \
	({ __typeof__(a) _a##id = (a); __typeof__(b) _b##id = (b); \
	   _a##id op _b##id ? _a##id : _b##id; })

void *sq_malloc(size_t size) sq_must_check;
void *sq_calloc(size_t n, size_t size) sq_must_check;      /* zeroed; checks n * size */
void *sq_realloc(void *p, size_t size) sq_must_check;      /* p stays valid on failure */
void *sq_aligned_alloc(size_t align, size_t size) sq_must_check;
char *sq_strdup(const char *s) sq_must_check;
char *sq_strndup(const char *s, size_t n) sq_must_check;   /* bytes, may hold NUL */
void *sq_memdup(const void *p, size_t n) sq_must_check;
void sq_free(void *p);
/* for _cleanup_(sq_freep) */
static inline void sq_freep(void *pp) { sq_free(*(void **)pp); }
/** sq_free_libc() - free what the C library allocated: realpath, scandir. */
void sq_free_libc(void *p);
/** sq_alloc_collect() - give this thread's free pages back to the kernel. Takes a lock of rank HEAP. */
void sq_alloc_collect(void);
/** sq_alloc_usable() - bytes that the block at @p really occupies. */
size_t sq_alloc_usable(const void *p);
/** sq_alloc_live_bytes() - in use by all threads, rounding included; 64 KiB a thread may be missing. */
uint64_t sq_alloc_live_bytes(void);

#ifdef SQ_TEST_HOOKS
/** sq_alloc_fail_after() - the @nth allocation from now fails (0: never). */
void sq_alloc_fail_after(uint64_t nth);
/** sq_alloc_count() - allocations made by this process so far. */
uint64_t sq_alloc_count(void);
/** sq_alloc_is_refused() - is the allocation that a caller makes by itself the one to fail? */
bool sq_alloc_is_refused(void);
#else
static inline bool sq_alloc_is_refused(void) { return false; }
#endif
