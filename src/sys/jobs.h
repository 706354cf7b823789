/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * jobs — a bounded first-in first-out queue of jobs and the threads that run them.
 * Ownership: the queue owns its threads, not the jobs' arguments. Its memory
 *            is taken at new: a submit never allocates.
 * Threads:   submit: any, also from within a job; never blocks. new, drain,
 *            free: not from within a job.
 * Every accepted job runs exactly once, also when the queue is freed.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"

struct sq_jobs;
enum { SQ_JOBS_E_FULL = 1, SQ_JOBS_E_CLOSED = 2 };
/**
 * sq_jobs_new()
 * @n_threads:  at least 1
 * @max_queued: jobs that may wait
 * @name:       of the threads, a number is added
 * @background: as of sq_pool_new()
 */
int sq_jobs_new(unsigned n_threads, size_t max_queued, const char *name, bool background,
		struct sq_jobs **ret_j) sq_must_check;
/** sq_jobs_free() - close, run what is queued, join the threads. */
struct sq_jobs *sq_jobs_free(struct sq_jobs *j);
/**
 * sq_jobs_submit() - fn(arg, thread) soon, thread in [0, n_threads): the same
 * number is always the same thread, so it may index per-thread state.
 * Return: 0; SQ_JOBS_E_FULL; SQ_JOBS_E_CLOSED.
 */
int sq_jobs_submit(struct sq_jobs *j, void (*fn)(void *arg, unsigned thread), void *arg) sq_must_check;
/** sq_jobs_close() - refuse jobs from now on; those accepted still run. */
void sq_jobs_close(struct sq_jobs *j);
/** sq_jobs_drain() - wait until nothing is queued or running (others may submit meanwhile). */
void sq_jobs_drain(struct sq_jobs *j);
/** sq_jobs_len() - queued, not yet running; a moment's value. */
size_t sq_jobs_len(struct sq_jobs *j);
unsigned sq_jobs_width(const struct sq_jobs *j);
