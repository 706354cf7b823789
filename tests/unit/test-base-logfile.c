/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/logfile.h"
#include "../support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[100];
static struct sq_logfile *file;

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sqryd-log.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/d.log", dir);
	unsetenv("JOURNAL_STREAM");
}

static void teardown(void)
{
	char cmd[100];

	file = sq_logfile_close(file);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}

static const char *content(const char *suffix)
{
	static char text[4096];
	char name[160];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void put(const char *line)
{
	sq_logfile_write(file, line, strlen(line));
}

START_TEST(rotation)
{
	struct stat st;

	ck_assert_int_eq(sq_logfile_open(path, 10, 2, &file), 0);
	put("one 56789\n");          /* exactly the limit */
	ck_assert_ptr_null(content(".1"));
	put("two\n");
	ck_assert_str_eq(content(".1"), "one 56789\n");
	ck_assert_str_eq(content(""), "two\n");
	put("three 789\n");
	ck_assert_str_eq(content(".2"), "one 56789\n");
	put("four 6789 and more than a file may have\n");   /* a line is never split */
	ck_assert_str_eq(content(""), "four 6789 and more than a file may have\n");
	ck_assert_str_eq(content(".1"), "three 789\n");
	ck_assert_str_eq(content(".2"), "two\n");
	ck_assert_ptr_null(content(".3"));   /* two are kept */
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(what_was_there_counts)
{
	ck_assert_int_eq(sq_logfile_open(path, 10, 1, &file), 0);
	put("12345678\n");
	file = sq_logfile_close(file);
	ck_assert_int_eq(sq_logfile_open(path, 10, 1, &file), 0);
	put("next\n");
	ck_assert_str_eq(content(".1"), "12345678\n");
}
END_TEST

/* a directory that is not empty stands where the first rotation should go */
START_TEST(degraded)
{
	char block[160], inner[200];

	snprintf(block, sizeof(block), "%s.1", path);
	snprintf(inner, sizeof(inner), "%s/x", block);
	ck_assert_int_eq(mkdir(block, 0700), 0);
	ck_assert_int_eq(mkdir(inner, 0700), 0);
	ck_assert_int_eq(sq_logfile_open(path, 10, 1, &file), 0);
	put("a 3456789\n");
	put("b 3456789\n");          /* on, up to twice the limit */
	ck_assert_str_eq(content(""), "a 3456789\nb 3456789\n");
	ck_assert(file->is_degraded);
	ck_assert_ptr_nonnull(strstr(content(".rotate-errors.log"), "error=EISDIR"));
	put("c\n");
	put("d\n");
	ck_assert_str_eq(content(""), "a 3456789\nb 3456789\n");
	ck_assert_uint_eq(file->n_refused, 2);
	/* not tried again before its time */
	ck_assert_int_eq(rmdir(inner), 0);
	ck_assert_int_eq(rmdir(block), 0);
	put("e\n");
	ck_assert_ptr_null(content(".1"));
	/* a minute later, as if */
	file->failed_ns -= SQ_LOGFILE_RETRY_NS;
	put("f\n");
	ck_assert_str_eq(content(".1"), "a 3456789\nb 3456789\n");
	ck_assert_ptr_nonnull(strstr(content(""), "refused_lines=3\nf\n"));
	ck_assert(!file->is_degraded);
}
END_TEST

START_TEST(moved_away)
{
	char other[160];

	snprintf(other, sizeof(other), "%s.away", path);
	ck_assert_int_eq(sq_logfile_open(path, 1000, 1, &file), 0);
	put("old\n");
	ck_assert_int_eq(rename(path, other), 0);
	put("still old\n");
	ck_assert_int_eq(sq_logfile_reopen(file), 0);
	put("new\n");
	ck_assert_str_eq(content(".away"), "old\nstill old\n");
	ck_assert_str_eq(content(""), "new\n");
	/* a link is not followed, and the old one goes on */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_int_eq(sq_logfile_reopen(file), -ELOOP);
	ck_assert_int_ge(file->fd, 0);
}
END_TEST

/* through the front: lines of any thread's sq_log_info go there, not to standard error */
START_TEST(front)
{
	ck_assert_int_eq(sq_log_open(path, 1u << 20, 1), 0);
	sq_log_set_level(SQ_LOG_INFO);
	sq_log_info("hello n=%d", 1);
	ck_assert_ptr_nonnull(strstr(content(""), " info: hello n=1\n"));
	ck_assert_int_lt(sq_log_open("/nonexistent/x.log", 1, 1), 0);
	sq_log_info("still there");
	ck_assert_ptr_nonnull(strstr(content(""), "still there\n"));
	sq_log_set_fd(2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-logfile");
	TCase *t = tcase_create("logfile");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, rotation);
	tcase_add_test(t, what_was_there_counts);
	tcase_add_test(t, degraded);
	tcase_add_test(t, moved_away);
	tcase_add_test(t, front);
	suite_add_tcase(s, t);
	return suite_run(s);
}
