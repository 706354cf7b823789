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
	ck_assert_msg((!*line || strstr(err.text, file)) && strstr(err.text, line) && strstr(err.text, what), "%s", err.text);
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
	ck_assert_uint_eq(c.incremental_threshold, 2000);
	ck_assert_uint_eq(c.closure_limit_percent, 50);
	ck_assert_uint_eq(c.rebuild_drain_timeout_ms, 5000);
	ck_assert_uint_eq(c.max_shim_connections, 256);
	ck_assert_uint_eq(c.log_max_size_mb, 50);
	ck_assert_uint_eq(c.log_keep_rotations, 5);
	ck_assert_uint_eq(c.idle_timeout_minutes, 30);
	ck_assert_ptr_null(c.log_file);
	sq_config_deinit(&c);
	/* a file that was named must be there */
	ck_assert_int_eq(sq_config_load(file, &c, &err), SQ_CONFIG_E_BAD);
}
END_TEST

START_TEST(who_may_connect)
{
	put("f.conf", "[socket]\nallow_uids = 1000, 33 7\nallow_gid = 100\nmax_clients = 9\n");
	ck_assert_int_eq(sq_config_load(file, &c, &err), 0);
	ck_assert(sq_config_has_id(c.allow_uids, 1000) && sq_config_has_id(c.allow_uids, 33));
	ck_assert(sq_config_has_id(c.allow_uids, 7) && !sq_config_has_id(c.allow_uids, 100));
	ck_assert(sq_config_has_id(c.allow_gid, 100) && !sq_config_has_id(NULL, 0));
	ck_assert_uint_eq(c.max_clients, 9);
	ck_assert_uint_eq(c.max_requests_per_client, 256);
	sq_config_deinit(&c);
	refused("[socket]\nallow_uids = me\n", ":2:", "allow_uids");
	refused("[socket]\nallow_uids = 1x\n", ":2:", "allow_uids");
	refused("[socket]\nallow_uids =\n", ":2:", "allow_uids");
	refused("[socket]\nallow_uids = 4294967295\n", ":2:", "allow_uids");
	refused("[socket]\nallow_gid = 1 2\n", ":2:", "allow_gid");
	refused("[socket]\nmax_clients = 0\n", ":2:", "from 1 to 65536");
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
	refused("[nosuch]\nx = 1\n", ":2:", "[workspace \"/path\"]");
	refused("[daemon]\nclosure_limit_percent = 101\n", ":2:", "closure_limit_percent = 101: must be a whole number from 1 to 100");
	refused("[daemon]\ninterner_compaction_threshold = 0.5\n", ":2:", "nothing to compact");
	refused("[daemon]\nlog_keep_rotations = 0\n", ":2:", "from 1 to 100");
	refused("[daemon]\nlog_file = here.log\n", ":2:", "absolute");
	refused("[daemon]\nderived_save_timeout_ms = 5\n", ":2:", "refused");
	refused("[cache]\nlocal_mb = 5\n", ":2:", "no fact cache");
	refused("[daemon]\ndebounce_ms = 700\n", "", "max_wait_ms");
	refused("[workspace \"rel\"]\npinned = 1\n", ":2:", "absolute");
	refused("[workspace \"/x\"]\ncolour = 1\n", ":2:", "pinned or exclude");
	refused("[workspace \"/x\"]\npinned = 2\n", ":2:", "true or false");
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

/* what would be read as something else is refused: inih cuts long lines and joins indented ones */
START_TEST(lines)
{
	char longer[400], text[600];

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	snprintf(text, sizeof(text), "[socket]\npath = /%s\n", longer);
	refused(text, ":2:", "too long");
	put("f.conf", "\xef\xbb\xbf[daemon]\r\n  workers = 3\r\n\t debounce_ms = 7 ; a remark\n# none\n; none\n\n"
	    "[workspace \"/a/path/that/is/a/good/deal/longer/than/the/forty-nine/bytes/of/inih\"]\npinned=true");
	ck_assert_msg(!sq_config_load(file, &c, &err), "%s", err.text);
	ck_assert_uint_eq(c.workers, 3);
	ck_assert_uint_eq(c.debounce_ms, 7);
	ck_assert_uint_eq(c.n_workspaces, 1);
	ck_assert_str_eq(c.workspaces[0].path, "/a/path/that/is/a/good/deal/longer/than/the/forty-nine/bytes/of/inih");
	ck_assert(c.workspaces[0].pinned && !c.workspaces[0].exclude);
	sq_config_deinit(&c);
}
END_TEST

START_TEST(workspaces)
{
	put("f.conf", "[workspace \"/a/b/\"]\npinned = yes\n[workspace \"/a\"]\nexclude = on\n[workspace \"/a/b\"]\nexclude=no\n");
	ck_assert_int_eq(sq_config_load(file, &c, &err), 0);
	ck_assert_uint_eq(c.n_workspaces, 2);
	ck_assert_str_eq(sq_config_workspace(&c, SQ_LIT("/a/b"))->path, "/a/b");
	ck_assert_str_eq(sq_config_workspace(&c, SQ_LIT("/a/b/c"))->path, "/a/b");
	ck_assert_str_eq(sq_config_workspace(&c, SQ_LIT("/a/bc"))->path, "/a");
	ck_assert_ptr_null(sq_config_workspace(&c, SQ_LIT("/ab")));
	sq_config_deinit(&c);
}
END_TEST

static char told[4096];

static void tell(void *arg, const struct sq_config_change *change)
{
	size_t n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof(told) - n, "%s.%s %s->%s %s (%s)\n", change->section, change->key, change->from,
		 change->to, change->is_applied ? "applied" : "restart", change->origin ? change->origin : "default");
}

START_TEST(reload)
{
	put("f.conf", "[daemon]\nlog_level = info\ntool_timeout_secs = 5\nworkers = 1\nlog_file = /x\n");
	ck_assert_int_eq(sq_config_load(file, &c, &err), 0);
	ck_assert_int_eq(sq_config_set(&c, "daemon", "stale_serve_max_age_hours", "7", &err), 0);
	told[0] = '\0';
	ck_assert_int_eq(sq_config_reload(&c, tell, NULL, &err), 0);
	ck_assert_str_eq(told, "");
	put("f.conf", "[daemon]\n\nlog_level = debug\nworkers = 2\nlog_file = stderr\nstale_serve_max_age_hours = 9\n"
	    "[workspace \"/p\"]\npinned = 1\n");
	ck_assert_int_eq(sq_config_reload(&c, tell, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(told, "daemon.log_level info->debug applied ("));
	ck_assert_ptr_nonnull(strstr(told, "f.conf:3)"));
	ck_assert_ptr_nonnull(strstr(told, "daemon.tool_timeout_secs 5->60 applied (default)"));
	ck_assert_ptr_nonnull(strstr(told, "daemon.workers 1->2 restart"));
	ck_assert_ptr_nonnull(strstr(told, "daemon.log_file /x->stderr applied"));
	ck_assert_ptr_nonnull(strstr(told, "workspace.pinned, exclude ->\"/p\" pinned applied"));
	ck_assert_ptr_null(strstr(told, "stale"));
	ck_assert_int_eq(c.log_level, SQ_LOG_DEBUG);
	ck_assert_uint_eq(c.tool_timeout_secs, 60);
	ck_assert_uint_eq(c.workers, 1);
	ck_assert_uint_eq(c.stale_serve_max_age_hours, 7);   /* the command line holds */
	ck_assert(c.log_is_stderr && !c.log_file);
	ck_assert_uint_eq(c.n_workspaces, 1);
	/* a broken file changes nothing */
	put("f.conf", "[daemon]\ntool_timeout_secs = 9\nnonsense\n");
	told[0] = '\0';
	ck_assert_int_eq(sq_config_reload(&c, tell, NULL, &err), SQ_CONFIG_E_BAD);
	ck_assert_ptr_nonnull(strstr(err.text, "f.conf:3:"));
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(c.tool_timeout_secs, 60);
	sq_config_deinit(&c);
}
END_TEST

START_TEST(origins)
{
	char *text = NULL, want[200];
	size_t n;
	FILE *f;

	put("f.conf", "[daemon]\nworkers = 3\n[watch]\nexclude = a\n");
	setenv("SQRY_DAEMON_MEMORY_MB", "77", 1);
	ck_assert_int_eq(sq_config_load(file, &c, &err), 0);
	ck_assert_int_eq(sq_config_set(&c, "daemon", "log_level", "debug", &err), 0);
	f = open_memstream(&text, &n);
	sq_config_print(&c, f);
	fclose(f);
	snprintf(want, sizeof(want), "; %s:2\n", file);
	ck_assert_ptr_nonnull(strstr(strstr(text, "workers = 3"), want));
	snprintf(want, sizeof(want), "; %s:4\n", file);
	ck_assert_ptr_nonnull(strstr(strstr(text, "exclude = a"), want));
	snprintf(want, sizeof(want), "memory_limit_mb = 77%*s; environment SQRY_DAEMON_MEMORY_MB\n", 25, "");
	ck_assert_msg(strstr(text, want), "%s", text);
	ck_assert_ptr_nonnull(strstr(strstr(text, "log_level = debug"), "; command line\n"));
	ck_assert_ptr_nonnull(strstr(strstr(text, "tool_timeout_secs = 60"), "; default\n"));
	free(text);
	sq_config_deinit(&c);
}
END_TEST

/* but for where it came from */
static void strip_origins(char *text)
{
	char *to = text;

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *rest = strstr(line + 1, " ; ");
		size_t n = rest ? (size_t)(rest - line) : strlen(line);

		memmove(to, line, n);
		to += n;
		*to++ = '\n';
	}
	*to = '\0';
}

/* what print-config prints reads back as the same */
START_TEST(round_trip)
{
	char *first = NULL, *second = NULL;
	size_t n;
	FILE *f;

	put("f.conf", "[daemon]\nworkers=3\nlog_level=debug\nlog_file=/x/y.log\ngrammar_dir=/g\n"
	    "[socket]\npath=/run/x.sock\n[watch]\ntier=directory\nuse_gitignore=no\nexclude=a\nexclude=b/*\n"
	    "[workspace \"/w\"]\npinned=1\n");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(sq_config_load(file, &c, &err), 0);
		f = open_memstream(i ? &second : &first, &n);
		sq_config_print(&c, f);
		fclose(f);
		sq_config_deinit(&c);
		if (!i)
			put("f.conf", first);
	}
	strip_origins(first);
	strip_origins(second);
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
	tcase_add_test(tc, who_may_connect);
	tcase_add_test(tc, wrong_files);
	tcase_add_test(tc, precedence);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, workspaces);
	tcase_add_test(tc, reload);
	tcase_add_test(tc, origins);
	tcase_add_test(tc, round_trip);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
