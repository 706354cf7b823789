/* SPDX-License-Identifier: MIT */
#include "graph-rig.h"

#include "graph/piece.h"

START_TEST(header_is_filled_in)
{
	struct sq_piece *p = sq_piece_alloc(SQ_PIECE_SHARD, SQ_BORN(17), 1000);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p->birth, 17);
	ck_assert_uint_eq(p->kind, SQ_PIECE_SHARD);
	ck_assert_uint_ge(p->n_bytes, 1000);
	ck_assert_uint_eq(p->n_bytes, sq_alloc_usable(p));
	sq_piece_free(p);
	sq_piece_free(NULL);
}
END_TEST

START_TEST(kinds_have_distinct_names)
{
	for (unsigned i = 0; i < SQ_PIECE_MAX; i++) {
		ck_assert_str_ne(sq_piece_kind_name(i), "");
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(sq_piece_kind_name(i), sq_piece_kind_name(k));
	}
	ck_assert_str_eq(sq_piece_kind_name(SQ_PIECE_MAX), "");
}
END_TEST

START_TEST(no_memory_gives_null)
{
#ifdef SQ_TEST_HOOKS
	sq_alloc_fail_after(1);
	ck_assert_ptr_null(sq_piece_alloc(SQ_PIECE_DICT, SQ_BORN(0), 64));
	sq_alloc_fail_after(0);
#endif
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-piece");
	TCase *tc = tcase_create("piece");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, header_is_filled_in);
	tcase_add_test(tc, kinds_have_distinct_names);
	tcase_add_test(tc, no_memory_gives_null);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
