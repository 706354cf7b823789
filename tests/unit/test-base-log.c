/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "../support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];
static char text[65536];

static void setup(void)
{
	ck_assert_int_eq(pipe(ends), 0);
	unsetenv("JOURNAL_STREAM");
	sq_log_set_fd(ends[1]);
	sq_log_set_level(SQ_LOG_INFO);
}

static void teardown(void)
{
	sq_log_set_fd(2);
	close(ends[0]);
	close(ends[1]);
}

/* what was logged so far */
static const char *drain(void)
{
	ssize_t n;

	/* a byte of our own, so that the read never waits */
	ck_assert_int_eq(write(ends[1], "", 1), 1);
	n = read(ends[0], text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	return text;
}

static unsigned count_lines(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

START_TEST(levels)
{
	sq_log_set_level(SQ_LOG_WARNING);
	ck_assert(sq_log_wants(SQ_LOG_ERROR));
	ck_assert(!sq_log_wants(SQ_LOG_NOTICE));
	sq_log_notice("not seen");
	sq_log_error("seen n=%d", 7);
	drain();
	ck_assert_ptr_null(strstr(text, "not seen"));
	ck_assert_ptr_nonnull(strstr(text, "Z error: seen n=7\n"));
	ck_assert_uint_eq(count_lines(text), 1);
}
END_TEST

START_TEST(one_line)
{
	static char longer[5000];

	sq_log_info("a\nb\r\x1b[31m");
	ck_assert_ptr_nonnull(strstr(drain(), "a b  [31m\n"));
	ck_assert_uint_eq(count_lines(text), 1);
	memset(longer, 'x', sizeof(longer) - 1);
	sq_log_info("%s", longer);
	drain();
	ck_assert_uint_eq(count_lines(text), 1);
	ck_assert_uint_lt(strlen(text), 2100);
	ck_assert_str_eq(text + strlen(text) - 5, "x...\n");
}
END_TEST

START_TEST(journal)
{
	char stream[64];
	struct stat st;

	ck_assert_int_eq(fstat(ends[1], &st), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	sq_log_set_fd(ends[1]);
	sq_log_warning("hello");
	ck_assert_str_eq(drain(), "<4>hello\n");
	/* the journal has another stream than ours */
	setenv("JOURNAL_STREAM", "1:1", 1);
	sq_log_set_fd(ends[1]);
	sq_log_warning("hello");
	ck_assert_ptr_nonnull(strstr(drain(), "Z warning: hello\n"));
}
END_TEST

START_TEST(rate)
{
	static struct sq_log_site site;

	for (int i = 0; i < 100; i++)
		sq_log_write(&site, SQ_LOG_INFO, "storm i=%d", i);
	drain();
	ck_assert_uint_eq(count_lines(text), 20);
	ck_assert_ptr_nonnull(strstr(text, "i=19\n"));
	ck_assert_uint_eq(site.suppressed, 80);
	/* another place in the code is not affected */
	sq_log_info("elsewhere");
	ck_assert_uint_eq(count_lines(drain()), 1);
	/* ten seconds later, as if */
	site.window_ns -= 10ull * 1000000000;
	sq_log_write(&site, SQ_LOG_INFO, "again");
	drain();
	ck_assert_uint_eq(count_lines(text), 2);
	ck_assert_ptr_nonnull(strstr(text, "suppressed=80"));
	ck_assert_ptr_nonnull(strstr(text, "again\n"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-log");
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, levels);
	tcase_add_test(t, one_line);
	tcase_add_test(t, journal);
	tcase_add_test(t, rate);
	suite_add_tcase(s, t);
	return suite_run(s);
}
