/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * parallel — how a lower layer asks for workers without knowing threads.
 * run() calls fn(arg, worker) once on each of the n workers, worker in
 * [0, n_workers), and returns when all have returned: 0, or the first
 * (lowest worker's) negative result. The owner of the threads implements it.
 */
struct sq_parallel {
	unsigned n_workers;
	int (*run)(void *pool, int (*fn)(void *arg, unsigned worker), void *arg);
	void *pool;
};
static inline int sq_parallel_run(const struct sq_parallel *p, int (*fn)(void *, unsigned), void *arg)
{
	return p ? p->run(p->pool, fn, arg) : fn(arg, 0);
}
static inline unsigned sq_parallel_width(const struct sq_parallel *p) { return p ? p->n_workers : 1; }
