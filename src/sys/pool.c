/* SPDX-License-Identifier: MIT */
#include "sys/pool.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/lock.h"
#include "sys/thread.h"

struct worker {
	struct sq_pool *pool;
	pthread_t thread;
	unsigned index;
	int result;                      /* of the last run; pool->lock */
};

/*
 * One run at a time. lock protects everything below it; a run is handed over by
 * counting up generation, and given back when n_busy falls to 0.
 */
struct sq_pool {
	struct sq_parallel parallel, parallel_now;
	bool background;
	struct sq_lock lock;
	pthread_cond_t start;            /* generation or stopping changed */
	pthread_cond_t done;             /* n_busy or running fell */
	int (*fn)(void *arg, unsigned worker);
	void *arg;
	uint64_t generation;
	unsigned n_busy;
	bool running;                    /* a caller is inside sq_pool_run */
	bool stopping;
	unsigned n_started;
	struct worker workers[];
};

/* the pool whose worker this thread is: a run from within would never end */
static _Thread_local const struct sq_pool *own_pool;

static void *work(void *arg)
{
	struct worker *w = arg;
	struct sq_pool *p = w->pool;
	uint64_t seen = 0;

	own_pool = p;
	if (p->background)
		(void)sq_thread_set_background();   /* slower neighbours, but it works */
	sq_lock(&p->lock);
	for (;;) {
		while (p->generation == seen && !p->stopping)
			sq_lock_wait(&p->lock, &p->start);
		if (p->generation == seen)
			break;
		seen = p->generation;
		sq_unlock(&p->lock);
		/* fn and arg do not change before n_busy is 0 again */
		int r = p->fn(p->arg, w->index);

		sq_lock(&p->lock);
		w->result = r;
		if (!--p->n_busy)
			pthread_cond_broadcast(&p->done);
	}
	sq_unlock(&p->lock);
	return NULL;
}

static int run_parallel(void *pool, int (*fn)(void *arg, unsigned worker), void *arg)
{
	return sq_pool_run(pool, fn, arg);
}

static int run_now(void *pool, int (*fn)(void *arg, unsigned worker), void *arg)
{
	struct sq_pool *p = pool;
	int r = sq_pool_try_run(p, fn, arg);

	if (r != SQ_POOL_E_BUSY)
		return sq_error_trace(r);
	r = 0;
	for (unsigned i = 0; i < p->parallel.n_workers; i++) {
		int e = fn(arg, i);

		r = r ? r : SQ_MIN(e, 0);
	}
	return sq_error_trace(r);
}

static int start_workers(struct sq_pool *p, unsigned n, const char *name)
{
	char full[16];

	for (unsigned i = 0; i < n; i++) {
		struct worker *w = &p->workers[i];
		int r;

		w->pool = p;
		w->index = i;
		r = snprintf(full, sizeof(full), "%.9s-%u", name, i);
		if (r < 0 || r >= (int)sizeof(full))
			return sq_error_origin(-EINVAL);   /* 100,000 threads */
		r = sq_thread_start(full, work, w, &w->thread);
		if (r < 0)
			return sq_error_trace(r);
		p->n_started++;
	}
	return 0;
}

static int init_sync(struct sq_lock *lock, const char *name, pthread_cond_t *a, pthread_cond_t *b)
{
	int r = sq_lock_init(lock, SQ_RANK_POOL, name);

	if (r < 0)
		return sq_error_trace(r);
	r = sq_cond_init(a);
	if (r < 0)
		goto out_lock;
	r = sq_cond_init(b);
	if (r < 0)
		goto out_cond;
	return 0;
out_cond:
	pthread_cond_destroy(a);
out_lock:
	sq_lock_deinit(lock);
	return sq_error_trace(r);
}

int sq_pool_new(unsigned n_workers, const char *name, bool background, struct sq_pool **ret_p)
{
	struct sq_pool *p;
	int r;

	if (!n_workers)
		return sq_error_origin(-EINVAL);
	p = sq_calloc(1, sizeof(*p) + n_workers * sizeof(p->workers[0]));
	if (!p)
		return sq_error_origin(-ENOMEM);
	r = init_sync(&p->lock, "pool", &p->start, &p->done);
	if (r < 0) {
		sq_free(p);
		return sq_error_trace(r);
	}
	p->background = background;
	p->parallel = (struct sq_parallel){ n_workers, run_parallel, p };
	p->parallel_now = (struct sq_parallel){ n_workers, run_now, p };
	r = start_workers(p, n_workers, name);
	if (r < 0) {
		sq_pool_free(p);
		return sq_error_trace(r);
	}
	*ret_p = p;
	return 0;
}

struct sq_pool *sq_pool_free(struct sq_pool *p)
{
	if (!p)
		return NULL;
	assert(own_pool != p);
	sq_lock(&p->lock);
	while (p->running)
		sq_lock_wait(&p->lock, &p->done);
	p->stopping = true;
	pthread_cond_broadcast(&p->start);
	sq_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_started; i++)
		sq_thread_join(p->workers[i].thread);
	pthread_cond_destroy(&p->start);
	pthread_cond_destroy(&p->done);
	sq_lock_deinit(&p->lock);
	sq_free(p);
	return NULL;
}

const struct sq_parallel *sq_pool_parallel(const struct sq_pool *p)
{
	return &p->parallel;
}

const struct sq_parallel *sq_pool_parallel_now(const struct sq_pool *p)
{
	return &p->parallel_now;
}

static int run_locked(struct sq_pool *p, int (*fn)(void *arg, unsigned worker), void *arg)
	SQ_REQUIRES(&p->lock)
{
	int r = 0;

	p->running = true;
	p->fn = fn;
	p->arg = arg;
	p->n_busy = p->n_started;
	p->generation++;
	pthread_cond_broadcast(&p->start);
	while (p->n_busy)
		sq_lock_wait(&p->lock, &p->done);
	for (unsigned i = 0; i < p->n_started && !r; i++)
		r = SQ_MIN(p->workers[i].result, 0);
	p->running = false;
	pthread_cond_broadcast(&p->done);
	return r;
}

int sq_pool_run(struct sq_pool *p, int (*fn)(void *arg, unsigned worker), void *arg)
{
	int r;

	assert(own_pool != p);
	sq_lock(&p->lock);
	while (p->running)
		sq_lock_wait(&p->lock, &p->done);
	r = run_locked(p, fn, arg);
	sq_unlock(&p->lock);
	return sq_error_trace(r);
}

int sq_pool_try_run(struct sq_pool *p, int (*fn)(void *arg, unsigned worker), void *arg)
{
	int r = SQ_POOL_E_BUSY;

	assert(own_pool != p);
	sq_lock(&p->lock);
	if (!p->running)
		r = run_locked(p, fn, arg);
	sq_unlock(&p->lock);
	return r < 0 ? sq_error_trace(r) : r;
}
