/* SPDX-License-Identifier: MIT */
#include "sys/sigfd.h"
#include "../support/suite.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

START_TEST(signals)
{
	static const int wanted[] = { SIGTERM, SIGHUP, 0 };
	int fd, got = -1, seen = 0;

	ck_assert_int_eq(sq_sigfd_open(wanted, &fd), 0);
	ck_assert_int_eq(sq_sigfd_next(fd, &got), 0);
	ck_assert_int_eq(got, -1);
	ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(sq_sigfd_next(fd, &got), 1);
		seen |= 1 << got;
	}
	ck_assert_int_eq(seen, 1 << SIGTERM | 1 << SIGHUP);
	ck_assert_int_eq(sq_sigfd_next(fd, &got), 0);
	close(fd);
	ck_assert_int_eq(sq_sigfd_next(fd, &got), -EBADF);
}
END_TEST

START_TEST(broken_pipe)
{
	static const int wanted[] = { SIGTERM, 0 };
	int fd, ends[2];

	ck_assert_int_eq(sq_sigfd_open(wanted, &fd), 0);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	ck_assert_int_eq(write(ends[1], "", 1), -1);   /* and we are still here */
	ck_assert_int_eq(errno, EPIPE);
	close(ends[1]);
	close(fd);
}
END_TEST

START_TEST(bad_signal)
{
	static const int wanted[] = { 1000, 0 };
	int fd = -5;

	ck_assert_int_eq(sq_sigfd_open(wanted, &fd), -EINVAL);
	ck_assert_int_eq(fd, -5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-sigfd");
	TCase *t = tcase_create("sigfd");

	tcase_add_test(t, signals);
	tcase_add_test(t, broken_pipe);
	tcase_add_test(t, bad_signal);
	suite_add_tcase(s, t);
	return suite_run(s);
}
