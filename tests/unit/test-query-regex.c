/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/automaton.h"
#include "query/regex.h"
#include "../support/suite.h"

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
		{ "^[\\n\\t]$", "\n", "n" },
		{ "^[\\D]$", "a", "1" },
		{ "^[\\]\\-x]$", "-", "a" },
		{ "^[a\\]]$", "]", "\\" },
		{ "^[ab-]$", "-", "c" },
		{ "^[+--]$", ",", "." },
		{ "^[[:alpha:][:digit:]-]+$", "a-1", "a_1" },
		{ "^[[.x.]-z]$", "y", "w" },
		{ "\\Bet\\b", "get", "et" },
		{ "\\<a\\>", "b a", "ba" },
		{ "^(a|b|)c$", "c", "dc" },
		{ "^(a{2}){2}$", "aaaa", "aaa" },
		{ "^a+*$", "", "b" },
		{ "^x(ab|cd)+{0,1}$", "x", "xa" },
		{ "^a{,2}$", "", "aaa" },
		{ "^(a*)*b$", "aab", "aa" },
		{ "x$|^y", "ax", "ay" },
		{ "^\xff.$", "\xff\xfe", "\xff" },
		{ "^[^a]$", "\xe4", "a" },
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
		{ "xy+*", "x" }, { "xy++", "xy" }, { "xy+{0,1}", "x" }, { "a(bc|de)+*", "a" },
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
		{ "^ab+c", "ab" }, { "^ab+*", "a" }, { "^a?b", "" }, { "^(get|set)_", "" },
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
		"[b-a]", "^*", "{2}", "a{2,1}", "[[:nope:]]", "[[.", "[[.ab.]]",
		"a{}", "a{1,2,3}", "[a-\\d]", "[\\q]", "[\\1]", "(||||){1000}{1000}",
		"((((((((((||||){9}|){9}|){9}|){9}|){9}|){9}|){9}|){9}|){9}|){9}",
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

/* ---- against the C library ---- */

#define DEPTH 3u

static uint32_t below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % n;
}

static void random_pattern(uint64_t *rnd, char *to, size_t cap, unsigned depth)
{
	bool inside = depth < DEPTH;    /* assertions in repeated groups are more than it can do */

	static const char *const atom[] = { "a", "b", "_", "A", ".", "[ab]", "[^a]", "\\w", "\\W", "\\s", "[b-z_]",
					    "[[:upper:]]", "-", "ab" };
	static const char *const repeat[] = { "*", "+", "?", "{2}", "{0,2}", "{1,}", "{,3}" };
	size_t n = 0;

	to[0] = '\0';
	for (unsigned k = below(rnd, 4); k; k--) {
		char inner[512] = "a";
		uint32_t what = below(rnd, 10);

		if (what == 0)
			n += (size_t)snprintf(to + n, cap - n, "%s", below(rnd, 2) ? "|" : "b|_");
		else if (what == 1 && !inside)
			n += (size_t)snprintf(to + n, cap - n, "%s", below(rnd, 2) ? "^" : "$");
		else if (what == 2 && !inside)
			n += (size_t)snprintf(to + n, cap - n, "%s", below(rnd, 2) ? "\\<" : "\\>");
		if (depth && what == 3)
			random_pattern(rnd, inner, sizeof(inner), depth - 1);
		if (what == 3)
			n += (size_t)snprintf(to + n, cap - n, "(%.100s)", inner);
		else
			n += (size_t)snprintf(to + n, cap - n, "%s", atom[below(rnd, SQ_ARRAY_SIZE(atom))]);
		if (below(rnd, 3) == 0)
			n += (size_t)snprintf(to + n, cap - n, "%s", repeat[below(rnd, SQ_ARRAY_SIZE(repeat))]);
	}
}

static void random_text(uint64_t *rnd, char *to, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = "aaabb_A- c"[below(rnd, 10)];
	to[n] = '\0';
}

/* one pattern over many texts, so that states are met again; no newlines, which its '$' takes for an end */
static unsigned compare(uint64_t *rnd, const char *pattern, bool icase)
{
	unsigned n = 0;
	struct sq_regex *re = NULL;
	regex_t other;

	if (sq_regex_new(sq_slice_z(pattern), icase, &re, message))
		return 0;
	ck_assert_msg(!regcomp(&other, pattern, REG_EXTENDED | REG_NOSUB | (icase ? REG_ICASE : 0)),
		      "%s: accepted", pattern);
	for (unsigned i = 0; i < 30; i++, n++) {
		char text[40];
		bool yes;

		random_text(rnd, text, below(rnd, 12));
		yes = !regexec(&other, text, 0, NULL, 0);
		ck_assert_msg(sq_regex_match(re, sq_slice_z(text)) == yes, "%s over '%s': %s", pattern, text,
			      yes ? "missed" : "too much");
	}
	regfree(&other);
	sq_regex_free(re);
	return n;
}

START_TEST(as_the_c_library)
{
	const char *seed = getenv("SQ_TEST_SEED"), *rounds = getenv("SQ_TEST_ROUNDS");
	uint64_t rnd = seed ? strtoull(seed, NULL, 0) : 1;
	unsigned n = 0, n_patterns = rounds ? (unsigned)atoi(rounds) : 4000;

	for (unsigned i = 0; i < n_patterns; i++) {
		char pattern[600];

		random_pattern(&rnd, pattern, sizeof(pattern), DEPTH);
		n += compare(&rnd, pattern, !below(&rnd, 4));
	}
	ck_assert_uint_gt(n, n_patterns * 20);
}
END_TEST

/* ---- cost ---- */

static char *bad_text(size_t n)
{
	char *text = malloc(n);
	uint64_t rnd = 7;

	for (size_t i = 0; i < n; i++)
		text[i] = below(&rnd, 2) ? 'a' : 'b';
	return text;
}

/* steps a byte stay below what stands in the pattern, however long the text is */
START_TEST(cost_is_linear)
{
	static const struct { const char *re; uint64_t per_byte; } t[] = {
		{ "[ab]*a[ab]{17}[0-9]", 80 }, { "[ab]*[0-9]", 1 }, { "([ab]|b)*c", 1 },
		{ "(a*)*(b*)*(a*)*c", 1 }, { "(a|aa)+c", 1 }, { "(x+x+)+y", 1 },
		{ "[ab]*a[ab]{300}[0-9]", 1000 }, { "(a|b|ab|ba)*a(a|b){40}c", 2000 },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++)
		for (size_t n = 10000; n <= 160000; n *= 4) {
			struct sq_regex *re = compile(t[i].re, false);
			char *text = bad_text(n);
			uint64_t work;

			ck_assert_int_eq(sq_regex_match_long(re, sq_slice(text, n), NULL, &work), 0);
			ck_assert_msg(work <= t[i].per_byte * n, "%s: %llu steps in %zu bytes", t[i].re,
				      (unsigned long long)work, n);
			free(text);
			sq_regex_free(re);
		}
}
END_TEST

/* states that do not fit are forgotten, and the answer stays right */
START_TEST(room_is_bounded)
{
	struct sq_regex *re = compile("a[ab]{17}[0-9]", false);
	size_t n = 200000;
	char *text = bad_text(n);
	uint64_t work, again;

	ck_assert_int_eq(sq_regex_match_long(re, sq_slice(text, n), NULL, &work), 0);
	text[n - 19] = 'a';
	text[n - 1] = '7';
	ck_assert_int_eq(sq_regex_match_long(re, sq_slice(text, n), NULL, &again), 1);
	/* all states would be some 100 bytes each */
	ck_assert_uint_gt(work, SQ_AUTOMATON_BYTES);
	text[n - 19] = 'b';
	ck_assert_int_eq(sq_regex_match_long(re, sq_slice(text, n), NULL, &again), 0);
	free(text);
	sq_regex_free(re);
}
END_TEST

START_TEST(cancelled)
{
	struct sq_regex *re = compile("[ab]*a[ab]{300}[0-9]", false);
	size_t n = 4000000;
	char *text = bad_text(n);
	const bool yes = true;
	uint64_t work;

	ck_assert_int_eq(sq_regex_match_long(re, sq_slice(text, n), &yes, &work), -ECANCELED);
	ck_assert_uint_lt(work, 4u << 20);
	free(text);
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

	tcase_set_timeout(c, 300);
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
	tcase_add_test(c, as_the_c_library);
	tcase_add_test(c, cost_is_linear);
	tcase_add_test(c, room_is_bounded);
	tcase_add_test(c, cancelled);
	suite_add_tcase(s, c);
	return suite_run(s);
}
