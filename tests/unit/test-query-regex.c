/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/regex.h"

static char message[SQ_REGEX_MESSAGE];

static struct sq_regex *compile(const char *pattern, bool icase)
{
	struct sq_regex *re = NULL;
	int r = sq_regex_new(sq_slice_z(pattern), icase, &re, message);

	ck_assert_msg(!r, "%s: %s", pattern, message);
	return re;
}

static bool matches(const char *pattern, const char *text)
{
	struct sq_regex *re = compile(pattern, false);
	bool yes = sq_regex_match(re, sq_slice_z(text));

	sq_regex_free(re);
	return yes;
}

START_TEST(dialect)
{
	static const struct { const char *re, *yes, *no; } t[] = {
		{ "foo", "a_foo_b", "fo" },
		{ "^foo$", "foo", "foo1" },
		{ "a.c", "abc", "ac" },
		{ "a\\.c", "a.c", "abc" },
		{ "\\d+$", "x12", "x12y" },
		{ "^\\D$", "a", "1" },
		{ "[\\d_]x", "_x", "ax" },
		{ "[^\\w]", "a-b", "ab_1" },
		{ "\\bget\\b", "x get", "getter" },
		{ "(?:ab|cd)e", "cde", "ce" },
		{ "(ab){2,3}c", "ababc", "abc" },
		{ "a{0,2}b", "b", "c" },
		{ "x|y", "y", "z" },
		{ "[]x]", "]", "a" },
		{ "[[:upper:]]", "aB", "ab" },
		{ "[a-c]+", "b", "d" },
		{ "\\(\\)\\[\\]\\{\\}\\*\\+\\?\\|\\^\\$\\\\", "()[]{}*+?|^$\\", "()" },
		{ "a}b]", "a}b]", "ab" },
		{ "colou?r", "color", "colr" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		ck_assert_msg(matches(t[i].re, t[i].yes), "%s", t[i].re);
		ck_assert_msg(!matches(t[i].re, t[i].no), "%s", t[i].re);
	}
}
END_TEST

/* what every match has one of, joined by blanks */
START_TEST(needs)
{
	static const struct { const char *re, *needs; } t[] = {
		{ "_(init|probe)$", "_init _probe" }, { "foo|bar_baz", "foo bar_baz" }, { "get_.*_ident", "_ident" },
		{ "(alloc|free)+", "alloc free" }, { "(alloc|free)?x", "x" }, { "(alloc|free){0,2}", "" },
		{ "a(b|)", "a" }, { "a(b|c)|d", "a d" }, { "(a|b)*", "" }, { "long(a|b)_longer_", "_longer_" },
		{ "x(?:yz|w)", "xyz xw" }, { "(a|b[cd])ef", "ef" }, { "a|", "" }, { "|", "" }, { ".*", "" },
		{ "(((ab)))", "" }, { "ab(c(d|e)f)", "ab" }, { "(0|1|2|3|4|5|6|7|8|9|a|b|c|d|e|f|g)", "" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_regex *re = compile(t[i].re, i % 2);
		struct sq_regex_needs n = sq_regex_needs(re);
		char text[128] = "";

		for (unsigned k = 0; k < n.n; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s", k ? " " : "",
				 (int)n.v[k].n, n.v[k].p);
		ck_assert_msg(!strcmp(text, t[i].needs), "%s: '%s'", t[i].re, text);
		ck_assert_int_eq(n.icase, i % 2);
		sq_regex_free(re);
	}
}
END_TEST

START_TEST(prefixes)
{
	static const struct { const char *re, *prefix; } t[] = {
		{ "^get_", "get_" }, { "^get_.*_id$", "get_" }, { "^ab*c", "a" },
		{ "^ab+c", "ab" }, { "^a?b", "" }, { "^(get|set)_", "" },
		{ "^a|b", "" }, { "a^b", "" }, { "get", "" }, { "^", "" },
		{ "^a\\.b[c]", "a.b" }, { "^ab{2}", "a" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_regex *re = compile(t[i].re, false);

		ck_assert_int_eq(sq_regex_prefix_is_all(re), !strcmp(t[i].re, "^get_") || !strcmp(t[i].re, "^"));
		ck_assert_msg(sq_slice_is(sq_regex_prefix(re), t[i].prefix), "%s: %.*s",
			      t[i].re, (int)sq_regex_prefix(re).n, sq_regex_prefix(re).p);
		sq_regex_free(re);
	}
	ck_assert(matches("^get_.*_id$", "get_my_id"));
	ck_assert(!matches("^get_.*_id$", "x_get_my_id"));
	ck_assert(!matches("^get_", "get"));
	ck_assert(matches("^ab*c", "ac"));
}
END_TEST

/* "a.c" over lines, with each of the flags */
START_TEST(lines_and_dots)
{
	static const struct { unsigned flags; const char *re, *text; bool yes; } t[] = {
		{ 0, "a.c", "a\nc", false }, { 0, "a.c", "anc", true },
		{ 0, "a.c", "a\\c", true },
		{ SQ_REGEXF_DOT_ALL, "a.c", "a\nc", true },
		{ 0, "^b", "a\nb", false }, { SQ_REGEXF_LINES, "^b", "a\nb", true },
		{ SQ_REGEXF_LINES, "a.c", "a\nc", false },
		{ SQ_REGEXF_LINES | SQ_REGEXF_DOT_ALL, "a.c$", "a\nc\nd", true },
		{ SQ_REGEXF_ICASE, "^AB", "abc", true },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_regex *re = NULL;

		ck_assert_int_eq(sq_regex_new_flags(sq_slice_z(t[i].re), t[i].flags, &re,
						    message), 0);
		ck_assert_msg(sq_regex_match(re, sq_slice_z(t[i].text)) == t[i].yes,
			      "%zu: %s", i, t[i].re);
		sq_regex_free(re);
	}
}
END_TEST

START_TEST(text_is_bounded_by_its_length)
{
	struct sq_regex *re = compile("ab[c]", false);

	ck_assert(!sq_regex_match(re, sq_slice("abc", 2)));
	ck_assert(sq_regex_match(re, sq_slice("\0abc", 4)));
	ck_assert(!sq_regex_match(re, SQ_SLICE_NULL));
	sq_regex_free(re);
}
END_TEST

START_TEST(case_is_ignored_on_request)
{
	struct sq_regex *re = compile("GetX", true);
	bool all;

	ck_assert(sq_regex_match(re, SQ_LIT("my_getx")));
	ck_assert_uint_eq(sq_regex_literal(re, &all).n, 0);
	ck_assert(!all);
	sq_regex_free(re);
}
END_TEST

static void assert_literal(const char *pattern, const char *want, bool want_all)
{
	struct sq_regex *re = compile(pattern, false);
	bool all;
	struct sq_slice l = sq_regex_literal(re, &all);

	ck_assert_msg(sq_slice_is(l, want), "%s: %.*s", pattern, (int)l.n, l.p);
	ck_assert_int_eq(all, want_all);
	sq_regex_free(re);
}

START_TEST(literals)
{
	assert_literal("foo", "foo", true);
	assert_literal("foo\\.bar", "foo.bar", true);
	assert_literal("^foo", "foo", false);
	assert_literal("ab*cde", "cde", false);
	assert_literal("abcd?e", "abc", false);
	assert_literal("abc+d", "abc", false);
	assert_literal("ab(xyz)c", "ab", false);
	assert_literal("abc|def", "", false);
	assert_literal("(abc|def)g", "g", false);
	assert_literal("[abc]", "", false);
	assert_literal("a{2}b", "b", false);
	assert_literal(".*", "", false);
}
END_TEST

START_TEST(refused)
{
	static const char *const bad[] = {
		"(", ")", "a)", "[", "[a", "*", "+a", "a|*", "(?=a)", "(?<n>a)",
		"\\1", "(a)\\1", "a\\", "\\q", "a*?", "a+?", "a{", "a{x}",
		"a{1001}", "((a{100}){100}){100}", "a{9999999999999999999999}",
		"a+++++++++++++++++++++++++++++++++++++++", "a{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}{1,}",
		"[b-a]", "^*", "{2}", "a{2,1}", "[[:nope:]]", "[[.",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++) {
		struct sq_regex *re = NULL;

		message[0] = '\0';
		ck_assert_msg(sq_regex_new(sq_slice_z(bad[i]), false, &re,
					   message) == SQ_REGEX_E_SYNTAX,
			      "%s", bad[i]);
		ck_assert_ptr_null(re);
		ck_assert(message[0]);
	}
}
END_TEST

START_TEST(size_is_bounded)
{
	struct sq_regex *re = NULL;
	char text[SQ_REGEX_MAX_BYTES + 1];

	memset(text, '(', sizeof(text));
	ck_assert_int_eq(sq_regex_new(sq_slice(text, 100), false, &re, message),
			 SQ_REGEX_E_SYNTAX);
	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(sq_regex_new(sq_slice(text, sizeof(text)), false, &re,
				      message), SQ_REGEX_E_SYNTAX);
	ck_assert_int_eq(sq_regex_new(sq_slice("a\0b", 3), false, &re, message),
			 SQ_REGEX_E_SYNTAX);
	ck_assert_int_eq(sq_regex_new(sq_slice(text, sizeof(text) - 1), false,
				      &re, message), 0);
	sq_regex_free(re);
}
END_TEST

START_TEST(globs)
{
	static const struct { const char *glob, *yes, *no; } t[] = {
		{ "*.c", "a.c", "d/a.c" },
		{ "**/*.c", "d/e/a.c", "d/a.h" },
		{ "**/*.c", "a.c", "a.cc" },
		{ "src/**", "src/a/b", "asrc/a" },
		{ "src/?.c", "src/a.c", "src/ab.c" },
		{ "a[0-9].h", "a1.h", "ab.h" },
		{ "a[!0-9].h", "ab.h", "a1.h" },
		{ "a(b)+{c}.h", "a(b)+{c}.h", "ab.h" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_regex *re = NULL;

		ck_assert_int_eq(sq_regex_new_glob(sq_slice_z(t[i].glob), &re,
						   message), 0);
		ck_assert_msg(sq_regex_match(re, sq_slice_z(t[i].yes)), "%s",
			      t[i].glob);
		ck_assert_msg(!sq_regex_match(re, sq_slice_z(t[i].no)), "%s",
			      t[i].glob);
		sq_regex_free(re);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query-regex");
	TCase *c = tcase_create("regex");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(c, dialect);
	tcase_add_test(c, needs);
	tcase_add_test(c, prefixes);
	tcase_add_test(c, lines_and_dots);
	tcase_add_test(c, text_is_bounded_by_its_length);
	tcase_add_test(c, case_is_ignored_on_request);
	tcase_add_test(c, literals);
	tcase_add_test(c, refused);
	tcase_add_test(c, size_is_bounded);
	tcase_add_test(c, globs);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
