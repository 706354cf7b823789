/* SPDX-License-Identifier: MIT */
#include "base/vec.h"
#include "../support/suite.h"

struct pair {
	int a;
	char b;
};

START_TEST(push)
{
	SQ_VEC(struct pair) v = SQ_VEC_NULL;

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(sq_vec_push(&v, (struct pair){ i, (char)i }), 0);
	ck_assert_uint_eq(v.n, 1000);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(v.v[i].a, i);
		ck_assert_int_eq(v.v[i].b, (char)i);
	}
	sq_vec_clear(&v);
	ck_assert_uint_eq(v.n, 0);
	ck_assert_uint_ge(v.cap, 1000);
	sq_vec_deinit(&v);
	ck_assert_ptr_null(v.v);
	ck_assert_uint_eq(v.cap, 0);
}
END_TEST

START_TEST(reserve)
{
	SQ_VEC(uint64_t) v = SQ_VEC_NULL;
	uint64_t *before;

	ck_assert_int_eq(sq_vec_reserve(&v, 0), 0);
	ck_assert_ptr_null(v.v);
	ck_assert_int_eq(sq_vec_reserve(&v, 100), 0);
	before = v.v;
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_int_eq(sq_vec_push(&v, i), 0);
	ck_assert_ptr_eq(v.v, before);
	ck_assert_int_eq(sq_vec_reserve(&v, SIZE_MAX / 2), -ENOMEM);
	ck_assert_ptr_eq(v.v, before);
	ck_assert_uint_eq(v.n, 100);
	sq_vec_deinit(&v);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-vec");
	TCase *t = tcase_create("vec");

	tcase_add_test(t, push);
	tcase_add_test(t, reserve);
	suite_add_tcase(s, t);
	return suite_run(s);
}
