/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "daemon/latency.h"
#include "../support/suite.h"

/* each bucket ends where it says, and no time is told more than a sixteenth too long */
START_TEST(buckets_are_narrow)
{
	static struct sq_latency l;
	uint64_t before = 0;

	for (unsigned i = 1; i < SQ_LATENCY_BUCKETS; i++) {
		uint64_t le = sq_latency_le(i);

		ck_assert_uint_gt(le, before);
		ck_assert_uint_le((le - before - 1) * 16, le);
		if (i + 1 < SQ_LATENCY_BUCKETS) {
			sq_latency_add(&l, le);
			sq_latency_add(&l, before + 1);
			ck_assert_uint_eq(l.counts[i], 2);
		}
		before = le;
	}
	ck_assert_uint_gt(before, 1000ull * 1000000000u);
	sq_latency_add(&l, UINT64_MAX);
	ck_assert_uint_eq(l.counts[SQ_LATENCY_BUCKETS - 1], 1);
}
END_TEST

START_TEST(quantiles_are_upper_bounds)
{
	static struct sq_latency l;

	ck_assert_uint_eq(sq_latency_quantile(&l, 500), 0);
	for (uint64_t ns = 1; ns <= 10000; ns++)
		sq_latency_add(&l, ns);
	ck_assert_uint_ge(sq_latency_quantile(&l, 500), 5000);
	ck_assert_uint_le(sq_latency_quantile(&l, 500), 5000 + 5000 / 16 + 1);
	ck_assert_uint_ge(sq_latency_quantile(&l, 990), 9900);
	ck_assert_uint_eq(sq_latency_quantile(&l, 1000), 10000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("daemon-latency");
	TCase *c = tcase_create("latency");

	tcase_add_test(c, buckets_are_narrow);
	tcase_add_test(c, quantiles_are_upper_bounds);
	suite_add_tcase(s, c);
	return suite_run(s);
}
