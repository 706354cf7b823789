/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "../support/suite.h"

#include <string.h>

/* pieces of many sizes stay apart, aligned, and add up */
START_TEST(pieces)
{
	struct sq_arena a = SQ_ARENA_NULL;
	enum { N = 3000 };
	static unsigned char *piece[N];
	size_t sum = 0;

	for (size_t i = 0; i < N; i++) {
		size_t n = i % 500 == 499 ? 40000 : i % 97;

		piece[i] = sq_arena_alloc(&a, n);
		ck_assert_ptr_nonnull(piece[i]);
		ck_assert_uint_eq((uintptr_t)piece[i] % 8, 0);
		memset(piece[i], (int)(i & 0xff), n);
		sum += n ? (n + 7) / 8 * 8 : 8;
	}
	ck_assert_uint_eq(a.used_bytes, sum);
	ck_assert_uint_ge(a.held_bytes, sum);
	for (size_t i = 0; i < N; i++) {
		size_t n = i % 500 == 499 ? 40000 : i % 97;

		for (size_t k = 0; k < n; k++)
			ck_assert_uint_eq(piece[i][k], i & 0xff);
	}
	sq_arena_deinit(&a);
	ck_assert_uint_eq(a.held_bytes, 0);
	ck_assert_uint_eq(a.used_bytes, 0);
}
END_TEST

START_TEST(clearing)
{
	struct sq_arena a = SQ_ARENA_NULL;
	size_t held;

	sq_arena_clear(&a);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 10000; i++)
			ck_assert_ptr_nonnull(sq_arena_alloc(&a, 64));
		held = a.held_bytes;
		sq_arena_clear(&a);
		ck_assert_uint_eq(a.used_bytes, 0);
		ck_assert_uint_gt(a.held_bytes, 0);
		ck_assert_uint_le(a.held_bytes, held);
	}
	ck_assert_ptr_null(sq_arena_alloc(&a, SIZE_MAX));
	ck_assert_uint_eq(a.used_bytes, 0);
	sq_arena_deinit(&a);
	sq_arena_deinit(&a);
}
END_TEST

/* a first piece that is larger than any block; the next must not run over it */
START_TEST(large_first)
{
	struct sq_arena a = SQ_ARENA_NULL;
	char *big = sq_arena_alloc(&a, 3 << 20), *small;

	ck_assert_ptr_nonnull(big);
	memset(big, 1, 3 << 20);
	small = sq_arena_memdup(&a, "small", 6);
	ck_assert_str_eq(small, "small");
	for (size_t i = 0; i < 3 << 20; i++)
		ck_assert_int_eq(big[i], 1);
	sq_arena_clear(&a);
	ck_assert_ptr_nonnull(sq_arena_alloc(&a, 100));
	sq_arena_deinit(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-arena");
	TCase *t = tcase_create("arena");

	tcase_add_test(t, pieces);
	tcase_add_test(t, clearing);
	tcase_add_test(t, large_first);
	suite_add_tcase(s, t);
	return suite_run(s);
}
