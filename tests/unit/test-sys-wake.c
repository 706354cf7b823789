/* SPDX-License-Identifier: MIT */
#include "sys/wake.h"

#include <errno.h>
#include <poll.h>

#include "sys/thread.h"
#include "../support/suite.h"

static bool is_readable(const struct sq_wake *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

START_TEST(signal_and_drain)
{
	struct sq_wake w = SQ_WAKE_NULL;

	sq_wake_deinit(&w);
	ck_assert_int_eq(sq_wake_init(&w), 0);
	ck_assert(!is_readable(&w));
	ck_assert(!sq_wake_drain(&w));
	errno = ENOTTY;
	sq_wake_signal(&w);
	sq_wake_signal(&w);
	ck_assert_int_eq(errno, ENOTTY);
	ck_assert(is_readable(&w));
	ck_assert(sq_wake_drain(&w));
	ck_assert(!sq_wake_drain(&w));
	sq_wake_deinit(&w);
	ck_assert_int_eq(w.fd, -1);
}
END_TEST

struct pair {
	struct sq_wake ping, pong;
	int shared;                /* plain: the wakes order it */
};

static void *echo(void *arg)
{
	struct pair *p = arg;

	for (int i = 0; i < 1000; i++) {
		sq_wake_wait(&p->ping);
		p->shared++;
		sq_wake_signal(&p->pong);
	}
	return NULL;
}

START_TEST(two_threads)
{
	struct pair p = { SQ_WAKE_NULL, SQ_WAKE_NULL, 0 };
	pthread_t thread;

	ck_assert_int_eq(sq_wake_init(&p.ping), 0);
	ck_assert_int_eq(sq_wake_init(&p.pong), 0);
	ck_assert_int_eq(sq_thread_start("echo", echo, &p, &thread), 0);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(p.shared, i);
		sq_wake_signal(&p.ping);
		sq_wake_wait(&p.pong);
	}
	ck_assert_int_eq(p.shared, 1000);
	sq_thread_join(thread);
	sq_wake_deinit(&p.ping);
	sq_wake_deinit(&p.pong);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-wake");
	TCase *t = tcase_create("wake");

	tcase_add_test(t, signal_and_drain);
	tcase_add_test(t, two_threads);
	suite_add_tcase(s, t);
	return suite_run(s);
}
