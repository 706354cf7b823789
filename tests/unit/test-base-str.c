/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "../support/suite.h"

#include <errno.h>

START_TEST(slices)
{
	struct sq_slice a = SQ_LIT("src/base/str.c");

	ck_assert(sq_slice_has_prefix(a, SQ_LIT("src/")));
	ck_assert(!sq_slice_has_prefix(a, SQ_LIT("base")));
	ck_assert(sq_slice_has_prefix(a, SQ_SLICE_NULL));
	ck_assert(sq_slice_has_suffix(a, SQ_LIT(".c")));
	ck_assert(!sq_slice_has_suffix(SQ_LIT("c"), SQ_LIT(".c")));
	ck_assert(sq_slice_eq(SQ_SLICE_NULL, SQ_LIT("")));
	ck_assert(sq_slice_is(sq_slice_z("x"), "x"));
	ck_assert(!sq_slice_is(sq_slice_z("x"), "xy"));
	ck_assert_uint_eq(sq_slice_z(NULL).n, 0);
}
END_TEST

START_TEST(order)
{
	ck_assert_int_eq(sq_slice_cmp(SQ_LIT("a"), SQ_LIT("a")), 0);
	ck_assert_int_lt(sq_slice_cmp(SQ_LIT("a"), SQ_LIT("ab")), 0);
	ck_assert_int_gt(sq_slice_cmp(SQ_LIT("b"), SQ_LIT("ab")), 0);
	ck_assert_int_lt(sq_slice_cmp(SQ_SLICE_NULL, SQ_LIT("a")), 0);
	/* bytes, not characters: 0xc3 is after 'z' */
	ck_assert_int_gt(sq_slice_cmp(SQ_LIT("\xc3"), SQ_LIT("z")), 0);
}
END_TEST

START_TEST(paths)
{
	ck_assert(sq_slice_is(sq_path_base(SQ_LIT("a/b/c.h")), "c.h"));
	ck_assert(sq_slice_is(sq_path_base(SQ_LIT("c.h")), "c.h"));
	ck_assert(sq_slice_is(sq_path_base(SQ_LIT("a/")), ""));
	ck_assert(sq_slice_is(sq_path_base(SQ_SLICE_NULL), ""));
	ck_assert(sq_slice_is(sq_path_dir(SQ_LIT("a/b/c.h")), "a/b"));
	ck_assert(sq_slice_is(sq_path_dir(SQ_LIT("c.h")), ""));
	ck_assert(sq_slice_is(sq_path_dir(SQ_LIT("/c")), ""));
}
END_TEST

START_TEST(growth)
{
	struct sq_buf b = SQ_BUF_NULL;

	ck_assert_str_eq(sq_buf_z(&b), "");
	for (int i = 0; i < 10000; i++)
		sq_buf_putc(&b, (char)('a' + i % 26));
	ck_assert_uint_eq(b.n, 10000);
	ck_assert_uint_eq(strlen(sq_buf_z(&b)), 10000);
	ck_assert_uint_eq(b.n, 10000);
	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(b.p[i], 'a' + i % 26);
	sq_buf_clear(&b);
	ck_assert_uint_eq(b.n, 0);
	sq_buf_add(&b, NULL, 0);
	ck_assert_int_eq(sq_buf_reserve(&b, SIZE_MAX), -ENOMEM);
	ck_assert_int_eq(sq_buf_error(&b), -ENOMEM);
	sq_buf_deinit(&b);
}
END_TEST

START_TEST(formatting)
{
	struct sq_buf b = SQ_BUF_NULL;
	char *z;

	/* longer than the first reservation, and exactly at its edges */
	for (int width = 60; width < 70; width++) {
		sq_buf_deinit(&b);
		sq_buf_printf(&b, "%*d", width, 7);
		ck_assert_uint_eq(b.n, (size_t)width);
		ck_assert_int_eq(b.p[width - 1], '7');
	}
	sq_buf_clear(&b);
	sq_buf_printf(&b, "%s=%d", "k", -3);
	sq_buf_puts(&b, ",");
	sq_buf_add_u64(&b, 0);
	sq_buf_add_u64(&b, UINT64_MAX);
	sq_buf_add_slice(&b, SQ_LIT("."));
	ck_assert_str_eq(sq_buf_z(&b), "k=-3,018446744073709551615.");
	sq_buf_deinit(&b);
	z = sq_asprintf("%s/%0200d", "dir", 5);
	ck_assert_uint_eq(strlen(z), 204);
	sq_free(z);
}
END_TEST

START_TEST(escapes)
{
	struct sq_buf b = SQ_BUF_NULL;

	sq_buf_add_escaped(&b, SQ_LIT("a b~\n\x7f\xff\0"));
	ck_assert_str_eq(sq_buf_z(&b), "a b~\\x0a\\x7f\\xff\\x00");
	sq_buf_deinit(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-str");
	TCase *t = tcase_create("str");

	tcase_add_test(t, slices);
	tcase_add_test(t, order);
	tcase_add_test(t, paths);
	tcase_add_test(t, growth);
	tcase_add_test(t, formatting);
	tcase_add_test(t, escapes);
	suite_add_tcase(s, t);
	return suite_run(s);
}
