/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * atomic — the only way to touch shared words: the order is in the name.
 * Every ordered access says what it pairs with; every relaxed one says why
 * no order is needed. Objects are plain; the macros use the __atomic built-ins.
 */
#define sq_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define sq_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define sq_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define sq_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define sq_xchg_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define sq_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define sq_sub_relaxed(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define sq_sub_acq_rel(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define sq_or_acq_rel(p, v) __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
/* strong compare-and-swap, acquire-release on success, relaxed on failure */
#define sq_cas_acq_rel(p, expected, v) \
	__atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
/*
 * The same instruction. gcc's ThreadSanitizer has no fences and refuses the
 * C11 one; code that relies on it must annotate the order it gains (epoch.c).
 */
#define sq_fence_seq_cst() __sync_synchronize()
#else
#define sq_fence_seq_cst() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
