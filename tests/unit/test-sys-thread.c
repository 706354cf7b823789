/* SPDX-License-Identifier: MIT */
#include "sys/thread.h"
#include "../support/suite.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct seen {
	char name[16];
	bool term_blocked;
	int policy, nice, background;
};

static void *look(void *arg)
{
	struct seen *seen = arg;
	sigset_t set;

	pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	seen->term_blocked = sigismember(&set, SIGTERM) && sigismember(&set, SIGUSR1);
	return NULL;
}

static void *go_background(void *arg)
{
	struct seen *seen = arg;

	seen->background = sq_thread_set_background();
	seen->policy = sched_getscheduler(0);
	seen->nice = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
	return NULL;
}

START_TEST(start)
{
	struct seen seen = { .term_blocked = false };
	sigset_t before, after;
	pthread_t thread;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	ck_assert_int_eq(sq_thread_start("a-name-that-is-too-long", look, &seen, &thread), 0);
	sq_thread_join(thread);
	ck_assert_str_eq(seen.name, "a-name-that-is-");
	ck_assert(seen.term_blocked);
	/* the starter's own mask is as it was */
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < 32; i++)
		ck_assert_int_eq(sigismember(&before, i), sigismember(&after, i));
}
END_TEST

START_TEST(background)
{
	struct seen seen = { .policy = -1 };
	int policy = sched_getscheduler(0), nice = getpriority(PRIO_PROCESS, 0);
	pthread_t thread;

	ck_assert_int_eq(sq_thread_start("back", go_background, &seen, &thread), 0);
	sq_thread_join(thread);
	ck_assert_int_eq(seen.background, 0);
	ck_assert_int_eq(seen.policy, SCHED_BATCH);
	ck_assert_int_eq(seen.nice, 19);
	/* that thread only */
	ck_assert_int_eq(sched_getscheduler(0), policy);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), nice);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-thread");
	TCase *t = tcase_create("thread");

	tcase_add_test(t, start);
	tcase_add_test(t, background);
	suite_add_tcase(s, t);
	return suite_run(s);
}
