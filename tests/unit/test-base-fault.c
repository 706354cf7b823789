/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#include <errno.h>

#include "base/time.h"
#include "../support/suite.h"

#ifdef SQ_TEST_HOOKS
START_TEST(places)
{
	struct sq_fault_plan plan = { .error = -EIO, .count = 2 };
	unsigned before = sq_fault_hits("finished");

	ck_assert_int_eq(sq_fault_at("finished"), 0);
	ck_assert_int_eq(sq_fault_arm("finished", &plan), 0);
	ck_assert_int_eq(sq_fault_at("reserved"), 0);   /* another place */
	ck_assert_int_eq(sq_fault_at("finished"), -EIO);
	ck_assert_int_eq(sq_fault_at("finished"), -EIO);
	ck_assert_int_eq(sq_fault_at("finished"), 0);
	ck_assert_uint_eq(sq_fault_hits("finished"), before + 2);
	/* disarmed before it was passed */
	ck_assert_int_eq(sq_fault_arm("finished", &plan), 0);
	plan.count = 0;
	ck_assert_int_eq(sq_fault_arm("finished", &plan), 0);
	ck_assert_int_eq(sq_fault_at("finished"), 0);
	ck_assert_int_eq(sq_fault_arm("nowhere", &plan), SQ_FAULT_E_UNKNOWN);
}
END_TEST

START_TEST(sleep_ends_with_the_flag)
{
	struct sq_fault_plan plan = { .count = 1, .sleep_ms = 3600000 };
	const bool cancel = true;

	ck_assert_int_eq(sq_fault_arm("build", &plan), 0);
	ck_assert_int_eq(sq_fault_at_until("build", &cancel), 0);   /* or this test runs for an hour */
}
END_TEST
#endif

int main(void)
{
	Suite *s = suite_create("base-fault");
	TCase *t = tcase_create("fault");

#ifdef SQ_TEST_HOOKS
	tcase_add_test(t, places);
	tcase_add_test(t, sleep_ends_with_the_flag);
#endif
	suite_add_tcase(s, t);
	return suite_run(s);
}
