/* SPDX-License-Identifier: MIT */
#include "facts/kinds.h"
#include "../support/suite.h"

START_TEST(names_parse_back)
{
	for (int i = 0; i < SQ_LANG_MAX; i++)
		ck_assert_int_eq(sq_lang_parse(sq_lang_name(i)), i);
	for (int i = 0; i < SQ_KIND_MAX; i++)
		ck_assert_int_eq(sq_kind_parse(sq_kind_name(i)), i);
	for (int i = 0; i < SQ_REF_MAX; i++)
		ck_assert_int_eq(sq_ref_kind_parse(sq_ref_kind_name(i)), i);
	for (int i = 0; i < SQ_IMPORT_MAX; i++)
		ck_assert_str_ne(sq_import_kind_name(i), "");
}
END_TEST

START_TEST(unknown)
{
	ck_assert_str_eq(sq_lang_name(SQ_LANG_MAX), "");
	ck_assert_str_eq(sq_kind_name(SQ_KIND_MAX), "");
	ck_assert_str_eq(sq_ref_kind_name(SQ_REF_MAX), "");
	ck_assert_str_eq(sq_import_kind_name(SQ_IMPORT_MAX), "");
	ck_assert_int_eq(sq_lang_parse("cobol"), -1);
	ck_assert_int_eq(sq_kind_parse(""), -1);
	ck_assert_int_eq(sq_ref_kind_parse("calls"), -1);
}
END_TEST

/* numbers are part of the format: a change here needs a new SQ_FACTS_FORMAT */
START_TEST(numbers)
{
	ck_assert_int_eq(sq_lang_parse("c"), 1);
	ck_assert_int_eq(sq_lang_parse("java"), 9);
	ck_assert_int_eq(sq_lang_parse("compile-commands"), 15);
	ck_assert_int_eq(sq_kind_parse("macro"), 12);
	ck_assert_int_eq(sq_kind_parse("other"), 16);
	ck_assert_int_eq(sq_ref_kind_parse("declaration"), 9);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("kinds");
	Suite *s = suite_create("facts-kinds");

	tcase_add_test(tc, names_parse_back);
	tcase_add_test(tc, unknown);
	tcase_add_test(tc, numbers);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
