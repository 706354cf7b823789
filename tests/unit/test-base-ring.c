/* SPDX-License-Identifier: MIT */
#include "base/ring.h"
#include "../support/suite.h"

#include <errno.h>
#include <string.h>

START_TEST(arguments)
{
	struct sq_ring *r = NULL;

	ck_assert_int_eq(sq_ring_new(0, 8, &r), -EINVAL);
	ck_assert_int_eq(sq_ring_new(12, 8, &r), -EINVAL);
	ck_assert_int_eq(sq_ring_new(8, 0, &r), -EINVAL);
	ck_assert_int_eq(sq_ring_new((size_t)1 << 62, 64, &r), -ENOMEM);
	ck_assert_ptr_null(r);
	ck_assert_ptr_null(sq_ring_free(NULL));
}
END_TEST

/* against a plain counter model, through many wraps, for odd item sizes */
START_TEST(model)
{
	static const size_t sizes[] = { 1, 3, 8, 24, 100 };

	for (size_t k = 0; k < SQ_ARRAY_SIZE(sizes); k++) {
		unsigned char item[100], got[100];
		size_t pushed = 0, popped = 0;
		uint32_t seed = 1;
		struct sq_ring *r;

		ck_assert_int_eq(sq_ring_new(8, sizes[k], &r), 0);
		for (int step = 0; step < 20000; step++) {
			seed = seed * 1664525u + 1013904223u;
			if (seed >> 31) {
				memset(item, (int)(pushed & 0xff), sizeof(item));
				bool ok = sq_ring_push(r, item);

				ck_assert_int_eq(ok, pushed - popped < 8);
				pushed += ok;
			} else {
				bool ok = sq_ring_pop(r, got);

				ck_assert_int_eq(ok, pushed != popped);
				if (!ok)
					continue;
				for (size_t i = 0; i < sizes[k]; i++)
					ck_assert_uint_eq(got[i], popped & 0xff);
				popped++;
			}
			ck_assert_uint_eq(sq_ring_len(r), pushed - popped);
		}
		ck_assert_uint_gt(popped, 1000);
		sq_ring_free(r);
	}
}
END_TEST

START_TEST(single_slot)
{
	struct sq_ring *r;
	int v = 1;

	ck_assert_int_eq(sq_ring_new(1, sizeof(v), &r), 0);
	ck_assert(sq_ring_push(r, &v));
	ck_assert(!sq_ring_push(r, &v));
	ck_assert(sq_ring_pop(r, &v));
	ck_assert(!sq_ring_pop(r, &v));
	sq_ring_free(r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-ring");
	TCase *t = tcase_create("ring");

	tcase_add_test(t, arguments);
	tcase_add_test(t, model);
	tcase_add_test(t, single_slot);
	suite_add_tcase(s, t);
	return suite_run(s);
}
