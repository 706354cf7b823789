/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tsalloc — the allocator of tree-sitter (private to src/lang).
 *
 * The core cannot say that memory ran out: it uses what an allocation gives.
 * So one never fails here. When the heap has nothing, the block comes from a
 * reserve of address space that all threads share, and the thread remembers
 * it; the parse is stopped at its next step, its trees and parser are dropped,
 * and with the last block the reserve is empty again. Should even the reserve
 * be full, the thread jumps out of the core and what it held there leaks.
 * Ownership: blocks are tree-sitter's. The reserve lasts as long as the process.
 * Threads:   any; TSALLOC.lock is taken only for blocks of the reserve.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

#define SQ_TSALLOC_RESERVE_BYTES ((size_t)64 << 20)   /* untouched, it costs nothing */

/** sq_tsalloc_install() - once, before the first use of tree-sitter. Return: 0; -errno. */
int sq_tsalloc_install(void) sq_must_check;
/** sq_tsalloc_failed() - did the heap fail this thread since sq_tsalloc_clear()? */
bool sq_tsalloc_failed(void);
void sq_tsalloc_clear(void);
/** sq_tsalloc_escape() - where to go when the reserve is full, or NULL: abort. Of this thread. */
void sq_tsalloc_escape(jmp_buf *to);

struct sq_tsarena;
/** sq_tsalloc_arena() - this thread's blocks come from @a from here on; NULL: from the heap. */
void sq_tsalloc_arena(struct sq_tsarena *a);

/** sq_tree_count() - count what tree-sitter holds, as this thread sees it from here on. */
void sq_tree_count(bool on);
int64_t sq_tree_counted(void);

#ifdef SQ_TEST_HOOKS
/** sq_tsalloc_test() - heap failures from the @nth on (0: never) and bytes of the reserve. */
void sq_tsalloc_test(uint64_t nth, size_t reserve_bytes);
/** sq_tsalloc_reserved() - blocks of the reserve that are in use. */
size_t sq_tsalloc_reserved(void);
#endif
