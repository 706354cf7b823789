/* SPDX-License-Identifier: MIT */
/* alloc is compiled in with its fault hook, whatever the build has. */
#undef SQ_TEST_HOOKS
#define SQ_TEST_HOOKS 1
#include "base/alloc.c"

#include "sys/pool.h"

#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include "base/atomic.h"
#include "sys/thread.h"
#include "../support/suite.h"

enum { N = 5 };

struct count {
	unsigned calls[N];
	pthread_t thread[N];
	unsigned inside;           /* of all runs together */
	bool overlap;
	int policy;
};

static int tally(void *arg, unsigned worker)
{
	struct count *c = arg;

	ck_assert_uint_lt(worker, N);
	c->calls[worker]++;
	if (c->calls[worker] > 1 && !pthread_equal(c->thread[worker], pthread_self()))
		return -EIO;
	c->thread[worker] = pthread_self();
	return 0;
}

/* each worker once a run, always the same thread for an index */
START_TEST(runs)
{
	struct count c = { .inside = 0 };
	struct sq_pool *p;
	const struct sq_parallel *par;

	ck_assert_int_eq(sq_pool_new(0, "x", false, &p), -EINVAL);
	ck_assert_int_eq(sq_pool_new(N, "test", false, &p), 0);
	par = sq_pool_parallel(p);
	ck_assert_uint_eq(sq_parallel_width(par), N);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(sq_parallel_run(par, tally, &c), 0);
	for (int i = 0; i < N; i++)
		ck_assert_uint_eq(c.calls[i], 1000);
	ck_assert_ptr_null(sq_pool_free(p));
	ck_assert_ptr_null(sq_pool_free(NULL));
}
END_TEST

static int fail_some(void *arg, unsigned worker)
{
	const int *results = arg;

	return results[worker];
}

START_TEST(results)
{
	int r[N] = { 0, 7, -ENOENT, 0, -EIO };
	struct sq_pool *p;

	ck_assert_int_eq(sq_pool_new(N, "a-rather-long-name", false, &p), 0);
	ck_assert_int_eq(sq_pool_run(p, fail_some, r), -ENOENT);
	r[2] = 0;
	ck_assert_int_eq(sq_pool_run(p, fail_some, r), -EIO);
	r[4] = 3;
	ck_assert_int_eq(sq_pool_run(p, fail_some, r), 0);
	sq_pool_free(p);
}
END_TEST

/* all of a run before any of the next, whoever calls */
static struct count shared;

static int exclusive(void *arg, unsigned worker)
{
	unsigned caller = (unsigned)(uintptr_t)arg;

	(void)worker;
	/* low half: workers inside; high half: the sum of their callers' numbers; relaxed: one word has one order */
	unsigned now = sq_add_relaxed(&shared.inside, 1 + (caller << 16)) + 1 + (caller << 16);

	if (now >> 16 != (now & 0xffff) * caller)
		sq_store_relaxed(&shared.overlap, true);   /* read after the joins */
	sched_yield();
	sq_sub_relaxed(&shared.inside, 1 + (caller << 16));
	return 0;
}

static struct sq_pool *shared_pool;

static void *call_often(void *arg)
{
	for (int i = 0; i < 300; i++)
		if (sq_pool_run(shared_pool, exclusive, arg))
			return arg;
	return NULL;
}

START_TEST(callers)
{
	pthread_t thread[4];

	memset(&shared, 0, sizeof(shared));
	ck_assert_int_eq(sq_pool_new(3, "test", false, &shared_pool), 0);
	for (uintptr_t i = 0; i < 4; i++)
		ck_assert_int_eq(sq_thread_start("caller", call_often,
						 (void *)(1 + 100 * i), &thread[i]), 0);
	for (int i = 0; i < 4; i++)
		sq_thread_join(thread[i]);
	ck_assert(!shared.overlap);
	ck_assert_uint_eq(shared.inside, 0);
	sq_pool_free(shared_pool);
}
END_TEST

/* whoever must not wait does everything itself while others run, else has the workers */
static sem_t started, leave;

static int stay(void *arg, unsigned worker)
{
	(void)worker;
	sem_post(&started);
	while (sem_wait(&leave))
		;
	return arg ? 0 : -EIO;
}

static void *call_staying(void *arg)
{
	return sq_pool_run(shared_pool, stay, arg) ? NULL : arg;
}

static int tally_own(void *arg, unsigned worker)
{
	struct count *c = arg;

	c->calls[worker]++;
	if (pthread_equal(c->thread[0], pthread_self()))
		c->overlap = true;
	return worker == 1 ? -ENOENT : worker == 2 ? -EIO : 7;
}

START_TEST(now)
{
	struct count c = { .thread = { pthread_self() } };
	const struct sq_parallel *par;
	pthread_t other;

	sem_init(&started, 0, 0);
	sem_init(&leave, 0, 0);
	ck_assert_int_eq(sq_pool_new(N, "test", false, &shared_pool), 0);
	par = sq_pool_parallel_now(shared_pool);
	ck_assert_uint_eq(sq_parallel_width(par), N);
	ck_assert_int_eq(sq_parallel_run(par, tally_own, &c), -ENOENT);
	ck_assert(!c.overlap);
	ck_assert_int_eq(sq_thread_start("other", call_staying, &c, &other), 0);
	for (int i = 0; i < N; i++)
		while (sem_wait(&started))
			;
	ck_assert_int_eq(sq_parallel_run(par, tally_own, &c), -ENOENT);
	ck_assert(c.overlap);
	for (int i = 0; i < N; i++) {
		ck_assert_uint_eq(c.calls[i], 2);
		sem_post(&leave);
	}
	sq_thread_join(other);
	sq_pool_free(shared_pool);
	sem_destroy(&started);
	sem_destroy(&leave);
}
END_TEST

static int ask_policy(void *arg, unsigned worker)
{
	(void)worker;
	*(int *)arg = sched_getscheduler(0);
	return 0;
}

START_TEST(background)
{
	struct sq_pool *p;
	int policy = -1;

	ck_assert_int_eq(sq_pool_new(1, "test", true, &p), 0);
	ck_assert_int_eq(sq_pool_run(p, ask_policy, &policy), 0);
	ck_assert_int_eq(policy, SCHED_BATCH);
	sq_pool_free(p);
}
END_TEST

START_TEST(none)
{
	int policy = -1;

	/* without a pool the caller is the only worker */
	ck_assert_uint_eq(sq_parallel_width(NULL), 1);
	ck_assert_int_eq(sq_parallel_run(NULL, ask_policy, &policy), 0);
	ck_assert_int_ge(policy, 0);
}
END_TEST

/* each allocation in turn, threads that were started before it included */
START_TEST(no_memory)
{
	struct sq_pool *p = NULL;
	uint64_t nth = 1;
	int r;

	for (;; nth++) {
		sq_alloc_fail_after(nth);
		r = sq_pool_new(N, "test", false, &p);
		if (!r)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_ptr_null(p);
	}
	sq_alloc_fail_after(0);
	ck_assert_uint_eq(nth, 1 + N + 1);   /* the pool, a start record each, success */
	sq_pool_free(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-pool");
	TCase *t = tcase_create("pool");

	tcase_add_test(t, runs);
	tcase_add_test(t, results);
	tcase_add_test(t, callers);
	tcase_add_test(t, now);
	tcase_add_test(t, background);
	tcase_add_test(t, none);
	tcase_add_test(t, no_memory);
	suite_add_tcase(s, t);
	return suite_run(s);
}
