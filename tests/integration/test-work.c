/* SPDX-License-Identifier: MIT */
/*
 * Work follows change: after each kind of change the counters of the real
 * daemon say how many files were parsed, taken over from another path, and
 * linked again, and the graph is that of a clean build.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define N_C 60
#define N_CALLERS 7     /* of the C files call shared() */
#define N_OTHER 5       /* files in each other language */

static struct rig rig;
struct totals { int64_t parsed, moved, relinked; };

static struct totals totals(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	const struct sq_json *ws = rig_workspace(d, rig.tree);
	struct totals t = {
		sq_json_int(sq_json_get(ws, "parsed_total"), -1), sq_json_int(sq_json_get(ws, "moved_total"), -1),
		sq_json_int(sq_json_get(ws, "relinked_total"), -1),
	};

	ck_assert_int_ge(t.parsed, 0);
	ck_assert_int_ge(t.moved, 0);
	ck_assert_int_ge(t.relinked, 0);
	sq_json_doc_free(d);
	return t;
}

/* what the changes since @before took, once they are in the graph */
static struct totals since(struct totals before)
{
	struct totals now;

	rig_sync(&rig);
	now = totals();
	return (struct totals){ now.parsed - before.parsed, now.moved - before.moved, now.relinked - before.relinked };
}

/* @min to @max files linked again */
static void expect_between(struct totals t, int64_t parsed, int64_t moved, int64_t min, int64_t max)
{
	ck_assert_msg(t.parsed == parsed && t.moved == moved && t.relinked >= min && t.relinked <= max,
		      "parsed %lld, moved %lld, relinked %lld instead of %lld, %lld, %lld to %lld", (long long)t.parsed,
		      (long long)t.moved, (long long)t.relinked, (long long)parsed, (long long)moved, (long long)min,
		      (long long)max);
}

static void expect_counts(struct totals t, int64_t parsed, int64_t moved, int64_t relinked)
{
	expect_between(t, parsed, moved, relinked, relinked);
}

/* whatever was linked again */
static void expect_read(struct totals t, int64_t parsed, int64_t moved)
{
	expect_between(t, parsed, moved, 0, INT64_MAX);
}

static void dump_hash(char *ret)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/dump", "{\"path\":\"%s\",\"hash\":true}", rig.tree);
	struct sq_slice hex = sq_json_string(sq_json_get(rig_result(d), "hash"));

	ck_assert_uint_eq(hex.n, 32);
	memcpy(ret, hex.p, 32);
	ret[32] = '\0';
	sq_json_doc_free(d);
}

static void expect_clean(void)
{
	char is[33], clean[33];

	dump_hash(is);
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
	rig_load(&rig);
	dump_hash(clean);
	ck_assert_str_eq(is, clean);
}

static void write_c(int i, const char *more)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "c/lib/f%d.c", i);
	snprintf(text, sizeof(text), "#include \"all.h\"\nint own_%d(int a)\n{\n\treturn %s + LIMIT;\n}\n%s", i,
		 i < N_CALLERS ? "shared(a)" : "a", more);
	rig_write(&rig, path, text);
}

static void setup(void)
{
	char path[64], text[256];

	rig_init(&rig, "");
	rig_write(&rig, "c/all.h", "#define LIMIT 3\nint shared(int a);\n");
	rig_write(&rig, "c/more.h", "#define EXTRA 4\n");
	rig_write(&rig, "c/shared.c", "#include \"all.h\"\nint shared(int a)\n{\n\treturn a;\n}\n");
	for (int i = 0; i < N_C; i++)
		write_c(i, "");
	rig_write(&rig, "go/go.mod", "module example.org/m\n");
	for (int i = 0; i < N_OTHER; i++) {
		snprintf(path, sizeof(path), "go/g%d.go", i);
		snprintf(text, sizeof(text), "package main\nfunc g%d() int { return g%d() }\n", i, (i + 1) % N_OTHER);
		rig_write(&rig, path, text);
		snprintf(path, sizeof(path), "py/p%d.py", i);
		snprintf(text, sizeof(text), "from p%d import q%d\ndef q%d():\n    return q%d()\n", (i + 1) % N_OTHER,
			 (i + 1) % N_OTHER, i, (i + 1) % N_OTHER);
		rig_write(&rig, path, text);
		snprintf(path, sizeof(path), "java/J%d.java", i);
		snprintf(text, sizeof(text), "package p;\nclass J%d { int m() { return new J%d().m(); } }\n", i,
			 (i + 1) % N_OTHER);
		rig_write(&rig, path, text);
	}
	rig_start(&rig);
	rig_load(&rig);
}

static void teardown(void)
{
	expect_clean();
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

/* ---- nothing that was read is parsed again ---------------------------------------- */

START_TEST(directory_renamed)
{
	struct totals t = totals();

	ck_assert_int_eq(t.parsed, N_C + 3 + 1 + 3 * N_OTHER);
	rig_rename(&rig, "c/lib", "c/library");
	expect_read(since(t), 0, N_C);
	ck_assert_int_eq(rig_callers(&rig, "shared"), N_CALLERS);
}
END_TEST

START_TEST(file_renamed)
{
	struct totals t = totals();

	rig_rename(&rig, "c/lib/f1.c", "c/moved.c");
	expect_read(since(t), 0, 1);
}
END_TEST

START_TEST(file_written_elsewhere)
{
	struct totals t = totals();

	/* another inode with the same bytes, as a checkout makes it */
	rig_unlink(&rig, "c/more.h");
	rig_write(&rig, "c/lib/more.h", "#define EXTRA 4\n");
	expect_read(since(t), 0, 1);
}
END_TEST

START_TEST(language_changed)
{
	struct totals t = totals();

	rig_rename(&rig, "c/more.h", "c/more.hpp");
	expect_read(since(t), 1, 0);
}
END_TEST

START_TEST(renamed_and_changed)
{
	struct totals t = totals();

	rig_rename(&rig, "c/lib", "c/library");
	rig_write(&rig, "c/library/f2.c", "int two(void)\n{\n\treturn 2;\n}\n");
	expect_read(since(t), 1, N_C - 1);
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
}
END_TEST

/* ---- nothing is linked again without a reason, one test a trigger -------------------- */

START_TEST(body)
{
	struct totals t = totals();

	write_c(30, "/* nothing new */\n");
	expect_counts(since(t), 1, 0, 1);
}
END_TEST

START_TEST(names)
{
	struct totals t = totals();

	/* those who mention it, where it was and where it is defined now */
	rig_write(&rig, "c/second.c", "int shared(int a)\n{\n\treturn a;\n}\n");
	expect_counts(since(t), 1, 0, 1 + 1 + N_CALLERS);
	t = totals();
	write_c(40, "int nobody_calls_me(void)\n{\n\treturn 0;\n}\n");
	expect_counts(since(t), 1, 0, 1);
}
END_TEST

START_TEST(header_with_a_new_macro)
{
	struct totals t = totals();

	rig_write(&rig, "c/all.h", "#define LIMIT 3\n#define UNUSED 4\nint shared(int a);\n");
	expect_counts(since(t), 1, 0, 1);
	/* a name that all of them mention */
	t = totals();
	rig_write(&rig, "c/all.h", "#define UNUSED 4\nint shared(int a);\n");
	expect_counts(since(t), 1, 0, 1 + N_C);
}
END_TEST

START_TEST(imports)
{
	struct totals t = totals();

	/* a second all.h, nearer to those that include it */
	rig_write(&rig, "c/lib/all.h", "#define LIMIT 5\n");
	/* shared.c has the name too; nobody else */
	expect_between(since(t), 1, 0, 1 + N_C, 1 + N_C + 2);
}
END_TEST

START_TEST(includes)
{
	struct totals t = totals();

	/* everybody sees it from now on, nobody mentions what is in it */
	rig_write(&rig, "c/all.h", "#include \"more.h\"\n#define LIMIT 3\nint shared(int a);\n");
	expect_counts(since(t), 1, 0, 1);
	t = totals();
	write_c(50, "int extra = EXTRA;\n");
	expect_counts(since(t), 1, 0, 1);
	/* gone for everybody, missed by one */
	t = totals();
	rig_write(&rig, "c/all.h", "#define LIMIT 3\nint shared(int a);\n");
	expect_counts(since(t), 1, 0, 2);
}
END_TEST

START_TEST(unit)
{
	struct totals t = totals();

	rig_write(&rig, "java/J0.java", "package other;\nclass J0 { int m() { return new J1().m(); } }\n");
	/* itself, and J4, which mentions it; of its language only */
	expect_between(since(t), 1, 0, 2, N_OTHER);
}
END_TEST

START_TEST(config)
{
	struct totals t = totals();

	rig_write(&rig, "go/go.mod", "module example.org/n\n");
	expect_counts(since(t), 1, 0, 1 + N_OTHER);
}
END_TEST

START_TEST(touched)
{
	struct totals t = totals();

	/* the same bytes: looked at, and that is all */
	write_c(20, "");
	t = since(t);
	ck_assert_int_eq(t.relinked, 0);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, directory_renamed);
	tcase_add_test(tc, file_renamed);
	tcase_add_test(tc, file_written_elsewhere);
	tcase_add_test(tc, language_changed);
	tcase_add_test(tc, renamed_and_changed);
	tcase_add_test(tc, body);
	tcase_add_test(tc, names);
	tcase_add_test(tc, header_with_a_new_macro);
	tcase_add_test(tc, imports);
	tcase_add_test(tc, includes);
	tcase_add_test(tc, unit);
	tcase_add_test(tc, config);
	tcase_add_test(tc, touched);
}

int main(void)
{
	return rig_main("work", add);
}
