/* SPDX-License-Identifier: MIT */
#include "daemon/config.h"
#include "../support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], file[128];
static struct sq_config c;
static struct sq_config_error err;

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sqryd-config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/f.conf", dir);
	clearenv();
	setenv("XDG_CONFIG_HOME", dir, 1);
}

static void teardown(void)
{
	char cmd[128];

	unlink(file);
	snprintf(cmd, sizeof(cmd), "%s/sqry/sqryd.conf.d/10-a.conf", dir);
	unlink(cmd);
	snprintf(cmd, sizeof(cmd), "%s/sqry/sqryd.conf.d/20-b.conf", dir);
	unlink(cmd);
	snprintf(cmd, sizeof(cmd), "%s/sqry/sqryd.conf.d", dir);
	rmdir(cmd);
	snprintf(cmd, sizeof(cmd), "%s/sqry/sqryd.conf", dir);
	unlink(cmd);
	snprintf(cmd, sizeof(cmd), "%s/sqry", dir);
	rmdir(cmd);
	rmdir(dir);
}

static void put(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void refused(const char *text, const char *line, const char *what)
{
	put("f.conf", text);
	ck_assert_int_eq(sq_config_load(file, &c, &err), SQ_CONFIG_E_BAD);
	ck_assert_msg(strstr(err.text, file) && strstr(err.text, line) && strstr(err.text, what), "%s", err.text);
}

START_TEST(defaults)
{
	ck_assert_int_eq(sq_config_load(NULL, &c, &err), 0);
	ck_assert_uint_eq(c.memory_limit_mb, 2048);
	ck_assert_uint_eq(c.debounce_ms, 20);      /* */
	ck_assert_uint_eq(c.max_wait_ms, 500);
	ck_assert_uint_eq(c.stale_serve_max_age_hours, 24);
	ck_assert_uint_eq(c.tool_timeout_secs, 60);
	ck_assert_int_eq(c.log_level, SQ_LOG_INFO);
	ck_assert_int_eq(c.watch_tier, -1);
	sq_config_deinit(&c);
	/* a file that was named must be there */
	ck_assert_int_eq(sq_config_load(file, &c, &err), SQ_CONFIG_E_BAD);
}
END_TEST

START_TEST(wrong_files)
{
	refused("[daemon]\nmemory_limit_mb = 5\nno_such = 1\n", ":3:", "unknown key \"no_such\"");
	refused("[nosuch]\nx = 1\n", ":2:", "unknown key \"x\" in section [nosuch]");
	refused("[daemon]\n\ndebounce_ms = 0\n", ":3:", "from 1 to");
	refused("[daemon]\ndebounce_ms = 5x\n", ":2:", "whole number");
	refused("[daemon]\ndebounce_ms = -5\n", ":2:", "whole number");
	refused("[daemon]\nlog_level = loud\n", ":2:", "error, warning");
	refused("[watch]\ntier = best\n", ":2:", "auto, filesystem");
	refused("[daemon]\nmemory_limit_mb = 5\ngarbage\n", ":3:", "key = value");
	/* the first error is the one that is told */
	refused("[daemon]\nbad_one = 1\nbad_two = 2\n", ":2:", "bad_one");
}
END_TEST

START_TEST(precedence)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/sqry", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/sqry/sqryd.conf.d", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put("sqry/sqryd.conf", "[daemon]\nmemory_limit_mb = 1\nworkers = 1\ndebounce_ms = 1\n");
	put("sqry/sqryd.conf.d/20-b.conf", "[daemon]\nworkers = 3\n[watch]\nexclude = b/\n");
	put("sqry/sqryd.conf.d/10-a.conf", "[daemon]\nworkers = 2\ndebounce_ms = 2\n[watch]\nexclude = a/\n");
	setenv("SQRY_DAEMON_MEMORY_MB", "77", 1);
	ck_assert_int_eq(sq_config_load(NULL, &c, &err), 0);
	ck_assert_uint_eq(c.memory_limit_mb, 77);   /* environment > drop-in > file */
	ck_assert_uint_eq(c.workers, 3);
	ck_assert_uint_eq(c.debounce_ms, 2);
	ck_assert_uint_eq(c.n_excludes, 2);
	ck_assert_str_eq(c.excludes[0], "a/");
	ck_assert_ptr_null(c.excludes[2]);
	sq_config_deinit(&c);
	setenv("SQRY_DAEMON_MEMORY_MB", "many", 1);
	ck_assert_int_eq(sq_config_load(NULL, &c, &err), SQ_CONFIG_E_BAD);
	ck_assert_ptr_nonnull(strstr(err.text, "SQRY_DAEMON_MEMORY_MB"));
}
END_TEST

/* what print-config prints reads back as the same */
START_TEST(round_trip)
{
	char *first = NULL, *second = NULL;
	size_t n;
	FILE *f;

	put("f.conf", "[daemon]\nworkers=3\nlog_level=debug\nlog_file=/x/y.log\ngrammar_dir=/g\n"
	    "[socket]\npath=/run/x.sock\n[watch]\ntier=directory\nuse_gitignore=no\nexclude=a\nexclude=b/*\n");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(sq_config_load(file, &c, &err), 0);
		f = open_memstream(i ? &second : &first, &n);
		sq_config_print(&c, f);
		fclose(f);
		sq_config_deinit(&c);
		put("f.conf", first);
	}
	ck_assert_str_eq(first, second);
	ck_assert_ptr_nonnull(strstr(first, "tier = directory"));
	ck_assert_ptr_nonnull(strstr(first, "use_gitignore = false"));
	free(first);
	free(second);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/config");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, wrong_files);
	tcase_add_test(tc, precedence);
	tcase_add_test(tc, round_trip);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
