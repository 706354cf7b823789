/* SPDX-License-Identifier: MIT */
/* alloc is compiled in with its fault hook, whatever the build has. */
#undef SQ_TEST_HOOKS
#define SQ_TEST_HOOKS 1
#include "base/alloc.c"

#include "base/arena.h"
#include "base/ring.h"
#include "base/str.h"
#include "base/vec.h"
#include "../support/suite.h"

START_TEST(sizes)
{
	for (size_t n = 0; n < 100000; n = n * 3 + 1) {
		char *p = sq_malloc(n);

		ck_assert_ptr_nonnull(p);
		memset(p, 0x5a, n);
		p = sq_realloc(p, n * 2 + 1);
		ck_assert_ptr_nonnull(p);
		for (size_t i = 0; i < n; i++)
			ck_assert_int_eq(p[i], 0x5a);
		ck_assert_uint_ge(sq_alloc_usable(p), n * 2 + 1);
		sq_free(p);
	}
	sq_free(NULL);
	ck_assert_uint_eq(sq_alloc_usable(NULL), 0);
	sq_alloc_collect();
}
END_TEST

/* every way to take and give bytes is in the count */
START_TEST(counts_live_bytes)
{
	uint64_t before = sq_alloc_live_bytes();
	char *p = sq_malloc(1000000), *q = sq_calloc(10, 100000), *r = sq_aligned_alloc(64, 1000000);

	ck_assert_uint_ge(sq_alloc_live_bytes(), before + 3000000);
	ck_assert_uint_lt(sq_alloc_live_bytes(), before + 4000000);
	p = sq_realloc(p, 3000000);
	ck_assert_uint_ge(sq_alloc_live_bytes(), before + 5000000);
	p = sq_realloc(p, 10);
	ck_assert_uint_lt(sq_alloc_live_bytes(), before + 3500000);
	sq_free(q);
	sq_free(p);
	sq_free(r);
	ck_assert_uint_lt(sq_alloc_live_bytes(), before + 100000);
}
END_TEST

START_TEST(zeroed)
{
	char *p = sq_calloc(3, 1000);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < 3000; i++)
		ck_assert_int_eq(p[i], 0);
	sq_free(p);
	ck_assert_ptr_null(sq_calloc(SIZE_MAX / 2, 3));
}
END_TEST

START_TEST(aligned)
{
	for (size_t align = 1; align <= 4096; align *= 2) {
		void *p = sq_aligned_alloc(align, 100);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % align, 0);
		sq_free(p);
	}
	ck_assert_ptr_null(sq_aligned_alloc(48, 100));
}
END_TEST

START_TEST(copies)
{
	char *p = sq_strdup("abc");

	ck_assert_str_eq(p, "abc");
	sq_free(p);
	p = sq_strndup("a\0b", 3);
	ck_assert_int_eq(memcmp(p, "a\0b\0", 4), 0);
	sq_free(p);
	p = sq_strndup(NULL, 0);
	ck_assert_str_eq(p, "");
	sq_free(p);
	p = sq_memdup("xyz", 2);
	ck_assert_int_eq(memcmp(p, "xy", 2), 0);
	sq_free(p);
	ck_assert_ptr_null(sq_strndup("a", SIZE_MAX));
}
END_TEST

START_TEST(cleanup_and_take)
{
	_cleanup_(sq_freep) char *p = sq_strdup("kept");
	_cleanup_(sq_freep) char *q = SQ_TAKE(p);

	ck_assert_ptr_null(p);
	ck_assert_str_eq(q, "kept");
	ck_assert_int_eq(SQ_MAX(SQ_MIN(3, 5), SQ_MIN(4, 2)), 3);
}
END_TEST

START_TEST(fault_hook)
{
	uint64_t before = sq_alloc_count();
	void *p[3];

	sq_alloc_fail_after(2);
	for (int i = 0; i < 3; i++)
		p[i] = sq_malloc(8);
	ck_assert_ptr_nonnull(p[0]);
	ck_assert_ptr_null(p[1]);
	ck_assert_ptr_nonnull(p[2]);
	ck_assert_uint_eq(sq_alloc_count() - before, 3);
	sq_alloc_fail_after(1);
	ck_assert_ptr_null(sq_realloc(p[0], 1000));
	sq_free(p[0]);   /* still ours */
	sq_free(p[2]);
	sq_alloc_fail_after(0);
	sq_free(sq_malloc(1));
}
END_TEST

/* every structure of base, with each of its allocations failing in turn */
START_TEST(no_memory)
{
	struct sq_buf b = SQ_BUF_NULL;
	SQ_VEC(int) v = SQ_VEC_NULL;
	struct sq_arena a = SQ_ARENA_NULL;
	struct sq_ring *ring = NULL;

	sq_alloc_fail_after(1);
	sq_buf_puts(&b, "lost");
	ck_assert_int_eq(sq_buf_error(&b), -ENOMEM);
	sq_buf_printf(&b, "%d", 1);
	ck_assert_uint_eq(b.n, 0);
	ck_assert_ptr_null(sq_buf_z(&b));
	sq_buf_clear(&b);
	sq_buf_puts(&b, "kept");
	ck_assert_str_eq(sq_buf_z(&b), "kept");
	sq_buf_deinit(&b);

	ck_assert_int_eq(sq_vec_push(&v, 7), 0);
	v.n = v.cap;
	sq_alloc_fail_after(1);
	ck_assert_int_eq(sq_vec_push(&v, 8), -ENOMEM);
	ck_assert_uint_eq(v.n, v.cap);
	ck_assert_int_eq(v.v[0], 7);
	sq_vec_deinit(&v);

	sq_alloc_fail_after(1);
	ck_assert_ptr_null(sq_arena_alloc(&a, 10));
	sq_alloc_fail_after(1);
	ck_assert_ptr_null(sq_arena_alloc(&a, 1 << 20));
	ck_assert_uint_eq(a.held_bytes, 0);
	ck_assert_uint_eq(a.used_bytes, 0);

	for (uint64_t nth = 1; nth <= 2; nth++) {
		sq_alloc_fail_after(nth);
		ck_assert_int_eq(sq_ring_new(8, 8, &ring), -ENOMEM);
		ck_assert_ptr_null(ring);
	}
	sq_alloc_fail_after(1);
	ck_assert_ptr_null(sq_asprintf("%d", 1));
}
END_TEST

#ifndef SQ_LIBC_HEAP
/* who ends first does not switch the delay on again for who still collects */
START_TEST(delay_is_shared)
{
	sq_alloc_collect();
	ck_assert_int_eq(mi_option_get(mi_option_decommit_delay), DELAY_MS);
	delay_stop();
	sq_alloc_collect();
	ck_assert_int_eq(mi_option_get(mi_option_decommit_delay), 0);
	delay_restore();
	ck_assert_int_eq(mi_option_get(mi_option_decommit_delay), DELAY_MS);
}
END_TEST
#endif

int main(void)
{
	Suite *s = suite_create("base-alloc");
	TCase *t = tcase_create("alloc");

	tcase_add_test(t, sizes);
	tcase_add_test(t, counts_live_bytes);
	tcase_add_test(t, zeroed);
	tcase_add_test(t, aligned);
	tcase_add_test(t, copies);
	tcase_add_test(t, cleanup_and_take);
	tcase_add_test(t, fault_hook);
	tcase_add_test(t, no_memory);
#ifndef SQ_LIBC_HEAP
	tcase_add_test(t, delay_is_shared);
#endif
	suite_add_tcase(s, t);
	return suite_run(s);
}
