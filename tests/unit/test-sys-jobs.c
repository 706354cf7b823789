/* SPDX-License-Identifier: MIT */
/* alloc is compiled in with its fault hook, whatever the build has. */
#undef SQ_TEST_HOOKS
#define SQ_TEST_HOOKS 1
#include "base/alloc.c"

#include "sys/jobs.h"

#include <string.h>

#include "base/atomic.h"
#include "sys/thread.h"
#include "sys/wake.h"
#include "../support/suite.h"

static unsigned n_run;
static struct sq_jobs *queue;

static void count_job(void *arg, unsigned thread)
{
	(void)thread;
	/* relaxed: drain and free order it for the reader */
	sq_add_relaxed(&n_run, *(unsigned *)arg);
}

/* holds its thread until told */
struct gate {
	struct sq_wake entered, go;
};

static void wait_at(void *arg, unsigned thread)
{
	struct gate *g = arg;

	(void)thread;
	sq_wake_signal(&g->entered);
	sq_wake_wait(&g->go);
}

static void gate_init(struct gate *g)
{
	ck_assert_int_eq(sq_wake_init(&g->entered), 0);
	ck_assert_int_eq(sq_wake_init(&g->go), 0);
}

static void gate_deinit(struct gate *g)
{
	sq_wake_deinit(&g->entered);
	sq_wake_deinit(&g->go);
}

START_TEST(limits)
{
	unsigned one = 1;
	struct gate g;

	n_run = 0;
	gate_init(&g);
	ck_assert_int_eq(sq_jobs_new(0, 1, "x", false, &queue), -EINVAL);
	ck_assert_int_eq(sq_jobs_new(1, 0, "x", false, &queue), -EINVAL);
	ck_assert_int_eq(sq_jobs_new(1, 3, "test", false, &queue), 0);
	ck_assert_uint_eq(sq_jobs_width(queue), 1);
	ck_assert_int_eq(sq_jobs_submit(queue, wait_at, &g), 0);
	sq_wake_wait(&g.entered);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sq_jobs_submit(queue, count_job, &one), 0);
	ck_assert_int_eq(sq_jobs_submit(queue, count_job, &one), SQ_JOBS_E_FULL);
	ck_assert_uint_eq(sq_jobs_len(queue), 3);
	sq_wake_signal(&g.go);
	sq_jobs_drain(queue);
	ck_assert_uint_eq(n_run, 3);
	ck_assert_uint_eq(sq_jobs_len(queue), 0);
	sq_jobs_close(queue);
	ck_assert_int_eq(sq_jobs_submit(queue, count_job, &one), SQ_JOBS_E_CLOSED);
	ck_assert_ptr_null(sq_jobs_free(queue));
	ck_assert_ptr_null(sq_jobs_free(NULL));
	gate_deinit(&g);
}
END_TEST

static unsigned order[100], n_order;

static void note(void *arg, unsigned thread)
{
	(void)thread;
	order[n_order++] = (unsigned)(uintptr_t)arg;   /* one thread only */
}

/* first in, first out, also when the ring of slots wraps */
START_TEST(in_order)
{
	n_order = 0;
	ck_assert_int_eq(sq_jobs_new(1, 7, "test", false, &queue), 0);
	for (uintptr_t i = 0; i < 100; i++) {
		int r;

		while ((r = sq_jobs_submit(queue, note, (void *)i)) == SQ_JOBS_E_FULL)
			sq_jobs_drain(queue);
		ck_assert_int_eq(r, 0);
	}
	sq_jobs_free(queue);
	ck_assert_uint_eq(n_order, 100);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(order[i], i);
}
END_TEST

/* freeing the queue runs what was accepted */
START_TEST(shutdown)
{
	unsigned one = 1;
	struct gate g;

	n_run = 0;
	gate_init(&g);
	ck_assert_int_eq(sq_jobs_new(1, 100, "test", false, &queue), 0);
	ck_assert_int_eq(sq_jobs_submit(queue, wait_at, &g), 0);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(sq_jobs_submit(queue, count_job, &one), 0);
	sq_jobs_close(queue);
	sq_wake_signal(&g.go);
	sq_jobs_free(queue);
	ck_assert_uint_eq(n_run, 50);
	gate_deinit(&g);
}
END_TEST

/* a job that hands on to the next: drain waits for the whole chain */
static void chain(void *arg, unsigned thread)
{
	uintptr_t left = (uintptr_t)arg;

	(void)thread;
	sq_add_relaxed(&n_run, 1);   /* drain orders it */
	if (left && sq_jobs_submit(queue, chain, (void *)(left - 1)))
		sq_add_relaxed(&n_run, 1000000);
}

START_TEST(chained)
{
	n_run = 0;
	ck_assert_int_eq(sq_jobs_new(3, 16, "test", true, &queue), 0);
	ck_assert_int_eq(sq_jobs_submit(queue, chain, (void *)(uintptr_t)500), 0);
	sq_jobs_drain(queue);
	ck_assert_uint_eq(n_run, 501);
	sq_jobs_free(queue);
}
END_TEST

static unsigned per_thread[4];

static void count_own(void *arg, unsigned thread)
{
	(void)arg;
	per_thread[thread]++;   /* plain: a thread's own */
}

static void *submit_many(void *arg)
{
	unsigned *n_ok = arg;

	for (int i = 0; i < 5000; i++)
		*n_ok += !sq_jobs_submit(queue, count_own, NULL);
	return NULL;
}

START_TEST(many)
{
	unsigned n_ok[3] = { 0 }, sum = 0;
	pthread_t thread[3];

	memset(per_thread, 0, sizeof(per_thread));
	ck_assert_int_eq(sq_jobs_new(4, 64, "test", false, &queue), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sq_thread_start("submit", submit_many, &n_ok[i], &thread[i]), 0);
	for (int i = 0; i < 3; i++)
		sq_thread_join(thread[i]);
	sq_jobs_free(queue);
	for (int i = 0; i < 4; i++)
		sum += per_thread[i];
	ck_assert_uint_gt(sum, 0);
	ck_assert_uint_eq(sum, n_ok[0] + n_ok[1] + n_ok[2]);
}
END_TEST

/* each allocation in turn; a submit makes none */
START_TEST(no_memory)
{
	struct sq_jobs *j = NULL;
	unsigned one = 1;
	uint64_t nth = 1;
	int r;

	for (;; nth++) {
		sq_alloc_fail_after(nth);
		r = sq_jobs_new(2, 4, "test", false, &j);
		if (!r)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_ptr_null(j);
	}
	ck_assert_uint_eq(nth, 2 + 2 + 1);   /* queue, slots, a start record each, success */
	n_run = 0;
	sq_alloc_fail_after(1);
	ck_assert_int_eq(sq_jobs_submit(j, count_job, &one), 0);
	sq_jobs_free(j);
	sq_alloc_fail_after(0);
	ck_assert_uint_eq(n_run, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-jobs");
	TCase *t = tcase_create("jobs");

	tcase_add_test(t, limits);
	tcase_add_test(t, in_order);
	tcase_add_test(t, shutdown);
	tcase_add_test(t, chained);
	tcase_add_test(t, many);
	tcase_add_test(t, no_memory);
	suite_add_tcase(s, t);
	return suite_run(s);
}
