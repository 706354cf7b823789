/* SPDX-License-Identifier: MIT */
/* paths, trees and files that are not as they should be: noted, not fatal */
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534

static struct rig rig;

static void setup(void)
{
	rig_init(&rig, "");
	rig_write(&rig, "good.c", "int good(void)\n{\n\treturn 1;\n}\n");
	rig_start(&rig);
}

static void setup_nobody(void)
{
	rig_init(&rig, "[socket]\nallow_uids = 0");   /* we who ask are root */
	rig.uid = geteuid() ? 0 : NOBODY;
	rig_write(&rig, "good.c", "int good(void)\n{\n\treturn 1;\n}\n");
	rig_write(&rig, "locked.c", "int locked(void) { return 1; }\n");
	rig_write(&rig, "closed/in.c", "int in_closed(void) { return 1; }\n");
	ck_assert_int_eq(chmod(rig_path(&rig, "locked.c"), 0), 0);
	ck_assert_int_eq(chmod(rig_path(&rig, "closed"), 0), 0);
	rig_start(&rig);
}

static void teardown(void)
{
	chmod(rig_path(&rig, "closed"), 0755);   /* so that it can be removed */
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static void expect_reason(struct sq_json_doc *d, const char *part)
{
	const struct sq_json *data = sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");
	struct sq_slice reason = sq_json_string(sq_json_get(sq_json_get(data, "details"), "reason"));

	ck_assert_msg(memmem(reason.p, reason.n, part, strlen(part)) != NULL, "no \"%s\" in \"%.*s\"", part,
		      (int)reason.n, reason.p);
	sq_json_doc_free(d);
}

static int64_t graph_number(const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	int64_t n = sq_json_int(sq_json_get(sq_json_get(rig_workspace(d, rig.tree), "graph"), key), -1);

	sq_json_doc_free(d);
	return n;
}

START_TEST(bad_paths)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/missing", rig.dir);
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"%s\"}", path), path);
	snprintf(path, sizeof(path), "%s/good.c", rig.tree);
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"%s\"}", path), "Not a directory");
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"relative/path\"}"), "relative/path");
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"\"}"), "absolute");
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"/tmp\",\"root_mode\":\"x\"}"), "root_mode");
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"/tmp\",\"config_fingerprint\":-1}"),
		      "config_fingerprint");
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"/a\\u0000b\"}"), "");
	/* nothing was registered by any of it */
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");

	ck_assert_uint_eq(sq_json_len(sq_json_get(rig_result(d), "workspaces")), 0);
	sq_json_doc_free(d);
}
END_TEST

START_TEST(not_allowed)
{
	if (!rig.uid) {
		fprintf(stderr, "not_allowed: needs root to start a daemon as another user\n");
		return;
	}
	expect_reason(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"%s\"}", rig_path(&rig, "closed")),
		      "Permission denied");
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "good"), 1);
	ck_assert_int_eq(rig_count(&rig, "locked"), 0);
	ck_assert_int_eq(rig_count(&rig, "in_closed"), 0);
	ck_assert_int_eq(graph_number("skipped"), 2);   /* the file and the directory */
	rig_write(&rig, "later.c", "int later(void) { return 1; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "later"), 1);
}
END_TEST

START_TEST(odd_entries)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(mkfifo(rig_path(&rig, "fifo.c"), 0644), 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", rig_path(&rig, "sock.c"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(symlink(".", rig_path(&rig, "loop")), 0);
	ck_assert_int_eq(symlink("/", rig_path(&rig, "away")), 0);
	ck_assert_int_eq(symlink("good.c", rig_path(&rig, "alias.c")), 0);
	ck_assert_int_eq(symlink("nowhere", rig_path(&rig, "dangling.c")), 0);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "good"), 1);
	ck_assert_int_eq(graph_number("files"), 1);
	ck_assert_int_eq(graph_number("skipped"), 2);   /* FIFO and socket */
	/* and as edits */
	rig_unlink(&rig, "fifo.c");
	rig_write(&rig, "fifo.c", "int was_fifo(void) { return 1; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "was_fifo"), 1);
	rig_unlink(&rig, "good.c");
	ck_assert_int_eq(mkfifo(rig_path(&rig, "good.c"), 0644), 0);
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "good"), 0);
	close(fd);
}
END_TEST

static void write_nesting(const char *path, const char *open, const char *close, int depth)
{
	struct sq_buf b = SQ_BUF_NULL;

	sq_buf_puts(&b, "int before_deep(void) { return 1; }\nint deep(void) { return ");
	for (int i = 0; i < depth; i++)
		sq_buf_puts(&b, open);
	sq_buf_puts(&b, "1");
	for (int i = 0; i < depth; i++)
		sq_buf_puts(&b, close);
	sq_buf_puts(&b, "; }\n");
	rig_write_bytes(&rig, path, b.p, b.n);
	sq_buf_deinit(&b);
}

START_TEST(odd_files)
{
	static const char nul[] = "int with_nul(void) { return 1; }\n\0\0";
	static const char latin[] = "/* caf\xe9 \xff\xfe */\nint after_latin(void) { return 1; }\n";
	struct stat st;
	int fd;

	rig_write_bytes(&rig, "nul.c", nul, sizeof(nul));
	rig_write_bytes(&rig, "latin.c", latin, sizeof(latin) - 1);
	rig_write(&rig, "broken.c", "int ok_one(void) { return 1; }\nint broken( { ]]] \nint ok_two(void) { return 2; }\n");
	rig_write(&rig, "empty.c", "");
	rig_write(&rig, "no_newline.c", "int no_newline(void) { return 1; }");
	write_nesting("parens.c", "(", ")", 100000);
	write_nesting("braces.js", "{", "}", 100000);
	rig_write_bytes(&rig, "bad\xff name.c", "int bad_name(void) { return 1; }\n", 33);
	/* 200 MB on a single line; sparse, so that it costs no disk: what counts is its size */
	fd = open(rig_path(&rig, "huge.c"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_eq(ftruncate(fd, 200 << 20), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "good"), 1);
	ck_assert_int_eq(rig_count(&rig, "after_latin"), 1);
	ck_assert_int_eq(rig_count(&rig, "ok_one"), 1);
	ck_assert_int_eq(rig_count(&rig, "no_newline"), 1);
	ck_assert_int_eq(rig_count(&rig, "bad_name"), 1);
	ck_assert_int_eq(rig_count(&rig, "with_nul"), 0);      /* binary */
	ck_assert_int_ge(graph_number("skipped"), 2);          /* nul.c and huge.c at least */
	/* the name that is not UTF-8 comes with its bytes */
	struct sq_json_doc *d = rig_ok(&rig, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"bad_name\"}", rig.tree);
	const struct sq_json *item = sq_json_at(sq_json_get(rig_result(d), "items"), 0);

	ck_assert(sq_slice_is(sq_json_string(sq_json_get(item, "path_b64")), "YmFk/yBuYW1lLmM="));
	sq_json_doc_free(d);
}
END_TEST

START_TEST(long_line)
{
	/* 15 MB on one line: below the limit, so it is parsed */
	size_t n = 15u << 20, at = 0;
	char *text = malloc(n);

	ck_assert_ptr_nonnull(text);
	while (at + 40 < n)
		at += (size_t)snprintf(text + at, n - at, "int v%zu;", at);
	rig_write_bytes(&rig, "line.c", text, at);
	free(text);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "good"), 1);
	rig_expect_state(&rig, "Loaded");
}
END_TEST

START_TEST(vanishing)
{
	/* files come and go while sweeps and turns run; the end is what is there */
	rig_load(&rig);
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < 20; i++) {
			char path[40];

			snprintf(path, sizeof(path), "v/f%d.c", i);
			rig_write(&rig, path, "int passing(void) { return 1; }\n");
			if (i % 3)
				rig_unlink(&rig, path);
		}
		if (round % 10 == 9)
			sq_json_doc_free(rig_ok(&rig, "daemon/rebuild", "{\"path\":\"%s\",\"force\":true}", rig.tree));
	}
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "passing"), 7);
}
END_TEST

static void setup_small(void)
{
	rig_init(&rig, "memory_limit_mb = 4");
	rig_write(&rig, "good.c", "int good(void)\n{\n\treturn 1;\n}\n");
	rig_start(&rig);
}

START_TEST(over_budget)
{
	struct sq_json_doc *d;
	const struct sq_json *data;

	for (int f = 0; f < 40; f++) {
		struct sq_buf b = SQ_BUF_NULL;
		char path[40];

		for (int i = 0; i < 4000; i++)
			sq_buf_printf(&b, "int a_function_of_%d_%d(void) { return other_%d(%d); }\n", f, i, i, f);
		snprintf(path, sizeof(path), "big/f%d.c", f);
		rig_write_bytes(&rig, path, b.p, b.n);
		sq_buf_deinit(&b);
	}
	d = rig_fails(&rig, -32003, "daemon/load", "{\"index_root\":\"%s\"}", rig.tree);
	data = sq_json_get(sq_json_get(sq_json_root(d), "error"), "data");
	ck_assert_int_eq(sq_json_int(sq_json_get(data, "limit_bytes"), 0), 4 << 20);
	ck_assert_int_gt(sq_json_int(sq_json_get(data, "requested_bytes"), 0), 0);
	sq_json_doc_free(d);
	rig_expect_state(&rig, "Failed");
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), "current_bytes"), -1), 0);
	ck_assert_uint_gt(sq_json_string(sq_json_get(rig_workspace(d, rig.tree), "last_error")).n, 0);
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_workspace(d, rig.tree), "retry_count"), 0), 1);
	sq_json_doc_free(d);
	/* it fits now: an explicit load tries again at once */
	for (int f = 0; f < 40; f++) {
		char path[40];

		snprintf(path, sizeof(path), "big/f%d.c", f);
		rig_unlink(&rig, path);
	}
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "good"), 1);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bad_paths);
	tcase_add_test(tc, odd_entries);
	tcase_add_test(tc, odd_files);
	tcase_add_test(tc, long_line);
	tcase_add_test(tc, vanishing);
}

static void add_nobody(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_nobody, teardown);
	tcase_add_test(tc, not_allowed);
}

static void add_small(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup_small, teardown);
	tcase_add_test(tc, over_budget);
}

int main(void)
{
	int failed = rig_main("bad input", add);

	failed |= rig_main("bad input as nobody", add_nobody);
	failed |= rig_main("small budget", add_small);
	return failed;
}
