/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * each — call a function for every index below n, spread over the workers.
 * Indices are handed out in runs of @grain; what fits one run stays on the
 * caller's thread as worker 0.
 * Threads: the caller waits; @fn runs on several threads at once.
 */
#include <stdbool.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/parallel.h"

struct sq_each {
	const struct sq_parallel *par;  /* NULL: the caller's thread only */
	const bool *cancel;             /* relaxed flag, checked at each index; may be NULL */
	uint32_t n, grain;
	int (*fn)(void *arg, unsigned worker, uint32_t i);
	void *arg;
};
/** sq_each_run() - Return: 0; -ECANCELED; a negative result of @fn, after which no new run is begun. */
int sq_each_run(const struct sq_each *e) sq_must_check;
static inline bool sq_is_cancelled(const bool *cancel)
{
	/* relaxed: only asks to stop soon; no data depends on it */
	return cancel && sq_load_relaxed(cancel);
}
