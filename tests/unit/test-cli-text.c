/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "cli/text.h"
#include "../support/suite.h"

static void assert_text(struct sq_buf *b, const char *want)
{
	ck_assert_str_eq(sq_buf_z(b), want);
	sq_buf_deinit(b);
}

START_TEST(safe)
{
	struct sq_buf b = SQ_BUF_NULL;

	sq_text_safe(&b, SQ_LIT("a\033[31m\n\x7f" "\xc2\x9b" "\xc3\xa9"));
	assert_text(&b, "a\\x1b[31m\\x0a\\x7f\\x9b\xc3\xa9");
}
END_TEST

START_TEST(numbers)
{
	static const struct { uint64_t v; const char *count, *bytes; } t[] = {
		{ 0, "0", "0 B" }, { 999, "999", "999 B" },
		{ 1023, "1,023", "1023 B" }, { 1024, "1,024", "1.0 KB" },
		{ 1500000, "1,500,000", "1.4 MB" },
		{ 3ull << 30, "3,221,225,472", "3.0 GB" },
		{ UINT64_MAX, "18,446,744,073,709,551,615", "16777216 TB" },
	};
	struct sq_buf b = SQ_BUF_NULL;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		sq_text_count(&b, t[i].v);
		assert_text(&b, t[i].count);
		sq_text_bytes(&b, t[i].v);
		assert_text(&b, t[i].bytes);
	}
	sq_text_percent(&b, 2, 3);
	assert_text(&b, "66.7 %");
	sq_text_percent(&b, 0, 0);
	assert_text(&b, "-");
}
END_TEST

START_TEST(durations)
{
	static const struct { uint64_t ms; const char *want; } t[] = {
		{ 12, "12 ms" }, { 3210, "3.2 s" }, { 63000, "1m 3s" },
		{ 8040000, "2h 14m" }, { 90000000, "1d 1h" },
	};
	struct sq_buf b = SQ_BUF_NULL;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		sq_text_duration(&b, t[i].ms);
		assert_text(&b, t[i].want);
	}
}
END_TEST

START_TEST(paths)
{
	struct sq_buf b = SQ_BUF_NULL;

	ck_assert_int_eq(chdir("/usr"), 0);
	sq_text_path(&b, "/usr/lib", "a.c");
	assert_text(&b, "lib/a.c");
	sq_text_path(&b, "/usrx", "a.c");
	assert_text(&b, "/usrx/a.c");
	sq_text_path(&b, "/", "a.c");
	assert_text(&b, "/a.c");
	sq_text_path(&b, "", "/usr/a.c");
	assert_text(&b, "a.c");
	sq_text_uri_path(&b, "file:///a%20b/%FF%4x%");
	assert_text(&b, "/a b/\xff%4x%");
	sq_text_uri_path(&b, "http://x/");
	assert_text(&b, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli-text");
	TCase *c = tcase_create("text");

	tcase_add_test(c, safe);
	tcase_add_test(c, numbers);
	tcase_add_test(c, durations);
	tcase_add_test(c, paths);
	suite_add_tcase(s, c);
	return suite_run(s);
}
