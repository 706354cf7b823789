/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * pool — a fixed number of worker threads behind struct sq_parallel.
 * A run() wakes all of them, each calls fn(arg, worker) once, the caller
 * sleeps until the last has returned. Runs of several callers follow one another.
 * Ownership: the pool owns its threads; free waits for the run in progress.
 * Threads:   run: any thread but a worker of this pool (asserted).
 * Worker i is always the same thread, so fn may keep parsers, rings and
 * epoch records by worker index; but see sq_pool_parallel_now().
 */
#include <stdbool.h>

#include "base/parallel.h"
#include "base/alloc.h"

struct sq_pool;
/**
 * sq_pool_new()
 * @n_workers:  at least 1
 * @name:       of the threads, a number is added
 * @background: the workers run at nice 19 with SCHED_BATCH where that is allowed
 */
int sq_pool_new(unsigned n_workers, const char *name, bool background, struct sq_pool **ret_p) sq_must_check;
struct sq_pool *sq_pool_free(struct sq_pool *p);
/** sq_pool_parallel() - to hand to lower layers; lives as long as the pool. */
const struct sq_parallel *sq_pool_parallel(const struct sq_pool *p);
/**
 * sq_pool_parallel_now() - the same for callers that must not wait for each other:
 * while another run is in progress, the caller's thread does the part of every
 * worker, one after the other. Only for fn that knows its worker by index alone.
 */
const struct sq_parallel *sq_pool_parallel_now(const struct sq_pool *p);
/** sq_pool_run() - what sq_parallel_run() does with it. */
int sq_pool_run(struct sq_pool *p, int (*fn)(void *arg, unsigned worker), void *arg);
enum { SQ_POOL_E_BUSY = 1 };
/** sq_pool_try_run() - the same, or SQ_POOL_E_BUSY at once while another run is in progress. */
int sq_pool_try_run(struct sq_pool *p, int (*fn)(void *arg, unsigned worker), void *arg) sq_must_check;
