/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lock — a mutex with a rank: locks are taken in ascending rank, and debug
 * builds (SQ_DEBUG) abort with both names when that is broken or when a lock
 * is released by a thread that does not hold it. doc/concurrency.md lists
 * every lock with its rank and what it protects.
 * clang -Wthread-safety checks callers through the capability attributes.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__clang__)
#define SQ_CAPABILITY(x) __attribute__((capability(x)))
#define SQ_ACQUIRE(l) __attribute__((acquire_capability(l)))
#define SQ_RELEASE(l) __attribute__((release_capability(l)))
#define SQ_REQUIRES(l) __attribute__((requires_capability(l)))
#define SQ_NO_TSA __attribute__((no_thread_safety_analysis))
#else
#define SQ_CAPABILITY(x)
#define SQ_ACQUIRE(l)
#define SQ_RELEASE(l)
#define SQ_REQUIRES(l)
#define SQ_NO_TSA
#endif

/* LK-01 LK-03 LK-04 HK-08: map, lane, admission; who breaks it is ended by the check of a debug build */
/* ascending: a thread may take only ranks above all that it holds */
enum sq_lock_rank {
	SQ_RANK_HOOK = 5,          /* which publish hook is set: never under the map's lock (HK-08) */
	SQ_RANK_WORKSPACES = 10,   /* workspace map */
	SQ_RANK_LANE = 20,         /* a workspace's lane and waiters */
	SQ_RANK_ADMISSION = 30,
	SQ_RANK_RECORD = 35,       /* the texts of one workspace or build */
	SQ_RANK_GRAPH = 40,        /* a graph's pins and retired bundles */
	SQ_RANK_DRAFT = 50,        /* file table of a draft */
	SQ_RANK_STRIPE = 60,       /* one stripe of a draft's dictionary */
	SQ_RANK_WATCH = 70,        /* watch roots and handle table */
	SQ_RANK_ALARM = 75,        /* deadlines */
	SQ_RANK_POOL = 80,         /* job queues */
	SQ_RANK_TREES = 82,        /* kept trees */
	SQ_RANK_GRAMMAR = 85,      /* grammar registry */
	SQ_RANK_TSALLOC = 87,      /* reserve of the parser's allocator */
	SQ_RANK_FAULT = 89,        /* what a test armed (test hooks only) */
	SQ_RANK_LOG = 90,
	SQ_RANK_EPOCH = 95,        /* the record list of an epoch domain */
	SQ_RANK_HEAP = 98,         /* the blocks of one heap */
};

struct SQ_CAPABILITY("mutex") sq_lock {
	pthread_mutex_t mutex;
	const char *name;
	int rank;
};
/* for locks with static storage */
#define SQ_LOCK_STATIC(lock_rank, lock_name) { PTHREAD_MUTEX_INITIALIZER, (lock_name), (lock_rank) }
int sq_lock_init(struct sq_lock *l, enum sq_lock_rank rank, const char *name);
void sq_lock_deinit(struct sq_lock *l);
void sq_lock(struct sq_lock *l) SQ_ACQUIRE(l);
void sq_unlock(struct sq_lock *l) SQ_RELEASE(l);
/** sq_lock_wait() - pthread_cond_wait on @cond; the lock is held again on return. */
void sq_lock_wait(struct sq_lock *l, pthread_cond_t *cond) SQ_REQUIRES(l);
enum { SQ_LOCK_E_TIMEOUT = 1 };
/**
 * sq_lock_wait_until() - the same with an end on the clock of sq_now_ns().
 * @cond: made by sq_cond_init()
 * Return: 0 woken (perhaps for nothing); SQ_LOCK_E_TIMEOUT.
 */
int sq_lock_wait_until(struct sq_lock *l, pthread_cond_t *cond, uint64_t deadline_ns) SQ_REQUIRES(l);
/** sq_cond_init() - a condition on CLOCK_MONOTONIC; pthread_cond_destroy() ends it. */
int sq_cond_init(pthread_cond_t *cond);
/** sq_lock_assert_none() - debug builds abort when this thread holds any lock. */
void sq_lock_assert_none(void);
/** sq_lock_assert_held() - debug builds abort when this thread does not hold @l. */
void sq_lock_assert_held(const struct sq_lock *l);
