/* SPDX-License-Identifier: MIT */
/* daemon/changes: what is new since a clock; daemon/notify: to be told what changed */
#include <stdio.h>
#include <string.h>

#include "rig.h"

static struct rig rig;

static const char *text_of(const struct sq_json_doc *d, const char *key)
{
	return sq_json_string(sq_json_get(rig_result(d), key)).p;
}

/* "path path -path", and the clock of the answer in @clock */
static void ask(const char *since, const char *more, char clock[128], bool *ret_fresh, char out[512])
{
	struct sq_json_doc *d = since ? rig_ok(&rig, "daemon/changes", "{\"path\":\"%s\",\"since\":\"%s\"%s}", rig.tree, since, more)
				      : rig_ok(&rig, "daemon/changes", "{\"path\":\"%s\"%s}", rig.tree, more);
	const struct sq_json *files = sq_json_get(rig_result(d), "files");
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sq_json_len(files); i++) {
		const struct sq_json *f = sq_json_at(files, i);

		n += (size_t)snprintf(out + n, 512 - n, "%s%s%s%s", i ? " " : "",
				      sq_json_bool(sq_json_get(f, "exists"), true) ? "" : "-",
				      sq_json_string(sq_json_get(f, "file_path")).p,
				      sq_json_get(f, "path_b64") ? "*" : "");
	}
	*ret_fresh = sq_json_bool(sq_json_get(rig_result(d), "is_fresh_instance"), false);
	snprintf(clock, 128, "%s", text_of(d, "clock"));
	sq_json_doc_free(d);
}

static void expect(const char *since, const char *files, char clock[128])
{
	char out[512];
	bool fresh;

	ask(since, "", clock, &fresh, out);
	ck_assert_str_eq(out, files);
	ck_assert(!fresh);
}

START_TEST(changes)
{
	char first[128], second[128], third[128], out[512], other[512], bad[160];
	bool fresh;

	rig_init(&rig, "");
	rig_write(&rig, "a.c", "int a(void);\n");
	rig_write(&rig, "d/b.c", "int b(void);\n");
	rig_start(&rig);
	rig_load(&rig);
	ask(NULL, "", first, &fresh, out);
	ck_assert(fresh && !out[0]);
	expect(first, "", second);
	ck_assert_str_eq(first, second);
	rig_write(&rig, "a.c", "int a2(void);\n");
	rig_write(&rig, "n\xff.c", "int n(void);\n");
	rig_sync(&rig);
	expect(first, "a.c n\xef\xbf\xbd.c*", second);
	rig_unlink(&rig, "d/b.c");
	rig_write(&rig, "a.c", "int a3(void);\n");
	rig_sync(&rig);
	/* each file once, as it is now */
	expect(first, "a.c -d/b.c n\xef\xbf\xbd.c*", third);
	expect(second, "a.c -d/b.c", third);
	expect(third, "", out);
	ask(first, ",\"limit\":1", out, &fresh, other);
	ck_assert_str_eq(out, second);
	/* clocks that are none of this process's */
	ask("c:another-boot:1:4294967297", "", out, &fresh, other);
	ck_assert(fresh);
	snprintf(bad, sizeof(bad), "%s9", first);
	ask(bad, "", out, &fresh, other);
	ck_assert(fresh);
	ask("nonsense", "", out, &fresh, other);
	ck_assert(fresh);
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/changes", "{\"path\":\"%s\",\"limit\":0}", rig.tree));
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/changes", "{\"path\":\"%s\",\"since\":7}", rig.tree));
	sq_json_doc_free(rig_fails(&rig, -32004, "daemon/changes", "{\"path\":\"/nonexistent\"}"));
	/* loaded anew: versions start from the first one, clocks do not */
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
	rig_load(&rig);
	ask(first, "", out, &fresh, other);
	ck_assert(fresh);
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}
END_TEST

static void notify(const char *paths)
{
	sq_json_doc_free(rig_ok(&rig, "daemon/notify", "{\"path\":\"%s\",\"paths\":[%s],\"timeout_ms\":60000}", rig.tree, paths));
}

START_TEST(told)
{
	static const char *const bad[] = { "\"../x.c\"", "\"/etc/passwd\"", "\"\"", "\"d//b.c\"", "\"./a.c\"", "7" };
	char absolute[128];

	rig_init(&rig, "[watch]\ntier = none\n");
	rig_write(&rig, "a.c", "int a(void) { return 1; }\n");
	rig_write(&rig, "d/e/b.c", "int b(void) { return 1; }\n");
	rig_start(&rig);
	rig_load(&rig);
	rig_write(&rig, "a.c", "int a2(void) { return 1; }\n");
	rig_write(&rig, "n.c", "int n(void) { return 1; }\n");
	ck_assert_int_eq(rig_count(&rig, "a2"), 0);
	notify("\"a.c\"");
	ck_assert(rig_count(&rig, "a2") == 1 && rig_count(&rig, "a") == 0 && rig_count(&rig, "n") == 0);
	snprintf(absolute, sizeof(absolute), "\"%s/n.c\", \"no-such-file.c\"", rig.tree);
	notify(absolute);
	ck_assert_int_eq(rig_count(&rig, "n"), 1);
	/* a directory that came, and one that is gone: all below */
	rig_write(&rig, "new/x/c.c", "int c(void) { return 1; }\n");
	rig_rename(&rig, "d", "moved");
	notify("\"new/\", \"d\"");
	ck_assert(rig_count(&rig, "c") == 1 && rig_count(&rig, "b") == 0);
	notify("\"moved\"");
	ck_assert_int_eq(rig_count(&rig, "b"), 1);
	/* a rule file is what it rules */
	rig_write(&rig, ".sqryignore", "new/\n");
	notify("\".sqryignore\"");
	ck_assert_int_eq(rig_count(&rig, "c"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		sq_json_doc_free(rig_fails(&rig, -32602, "daemon/notify", "{\"path\":\"%s\",\"paths\":[%s]}", rig.tree, bad[i]));
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/notify", "{\"path\":\"%s\",\"paths\":\"a.c\"}", rig.tree));
	notify("");
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, changes);
	tcase_add_test(tc, told);
}

int main(void) { return rig_main("changes", add); }
