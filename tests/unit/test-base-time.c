/* SPDX-License-Identifier: MIT */
#include "base/time.h"
#include "../support/suite.h"

START_TEST(monotonic)
{
	uint64_t last = sq_now_ns(), cpu = sq_thread_cpu_ns();

	for (int i = 0; i < 10000; i++) {
		uint64_t now = sq_now_ns();

		ck_assert_uint_ge(now, last);
		last = now;
	}
	ck_assert_uint_gt(sq_thread_cpu_ns(), cpu);
	/* 2020-01-01, a clock that was ever set is past it */
	ck_assert_uint_gt(sq_realtime_ns(), 1577836800ull * 1000000000);
}
END_TEST

START_TEST(rfc3339)
{
	char buf[21], small[10];

	ck_assert_str_eq(sq_time_rfc3339(0, buf, sizeof(buf)), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(sq_time_rfc3339(1706702400ull * 1000000000 + 999999999, buf, sizeof(buf)),
			 "2024-01-31T12:00:00Z");
	ck_assert_str_eq(sq_time_rfc3339(0, small, sizeof(small)), "");
}
END_TEST

#ifdef SQ_TEST_HOOKS
START_TEST(moved)
{
	uint64_t hour = 3600ull * 1000000000, clock = sq_clock_ns(), wall = sq_wall_ns();

	sq_clock_advance(hour);
	ck_assert_uint_ge(sq_clock_ns(), clock + hour);
	ck_assert_uint_ge(sq_wall_ns(), wall + hour);
	ck_assert_uint_lt(sq_now_ns(), clock + hour);
	ck_assert_uint_eq(sq_clock_to_now(clock + hour), clock);
	ck_assert_uint_eq(sq_clock_to_now(1), 0);
	/* back, and only the wall clock */
	sq_wall_set(wall - hour);
	ck_assert_uint_lt(sq_wall_ns(), wall);
	ck_assert_uint_ge(sq_clock_ns(), clock + hour);
}
END_TEST
#endif

int main(void)
{
	Suite *s = suite_create("base-time");
	TCase *t = tcase_create("time");

	tcase_add_test(t, monotonic);
	tcase_add_test(t, rfc3339);
#ifdef SQ_TEST_HOOKS
	tcase_add_test(t, moved);
#endif
	suite_add_tcase(s, t);
	return suite_run(s);
}
