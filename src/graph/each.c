/* SPDX-License-Identifier: MIT */
#include "graph/each.h"

#include "base/error.h"

struct run {
	const struct sq_each *e;
	uint32_t next;
};

static int run_some(const struct sq_each *e, unsigned worker, uint32_t from, uint32_t to)
{
	int r = 0;

	for (uint32_t i = from; i < to && r >= 0; i++) {
		if (sq_is_cancelled(e->cancel))
			return sq_error_origin(-ECANCELED);
		r = e->fn(e->arg, worker, i);
	}
	return r < 0 ? sq_error_trace(r) : 0;
}

static int run_worker(void *arg, unsigned worker)
{
	struct run *run = arg;
	const struct sq_each *e = run->e;
	int r = 0;

	while (r >= 0) {
		/* relaxed: only hands out numbers; the pool orders the data */
		uint32_t from = sq_add_relaxed(&run->next, e->grain);

		if (from >= e->n)
			return 0;
		r = run_some(e, worker, from, e->n - from < e->grain ? e->n : from + e->grain);
	}
	/* relaxed, and late additions by others only move it further: the
	 * number of workers times the grain is far below the range */
	sq_store_relaxed(&run->next, e->n);
	return r;
}

int sq_each_run(const struct sq_each *e)
{
	struct run run = { .e = e };

	if (e->n <= e->grain)
		return run_some(e, 0, 0, e->n);
	return sq_error_trace(sq_parallel_run(e->par, run_worker, &run));
}
