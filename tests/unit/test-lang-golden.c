/* SPDX-License-Identifier: MIT */
/*
 * Every file below tests/fixtures/lang/<directory>/ has its facts beside it in
 * <file>.facts, as sq_facts_print() writes them, hashes left out. To accept
 * new output after reading it: SQ_GOLDEN_WRITE=1 and the same program.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/lang.h"
#include "../support/suite.h"

static struct sq_lang_registry *registry;
static struct sq_extractor *extractor;
static unsigned n_compared;

static struct sq_buf read_all(const char *path)
{
	struct sq_buf b = SQ_BUF_NULL;
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	if (!f)
		return b;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		sq_buf_add(&b, chunk, n);
	fclose(f);
	return b;
}

/* " hash=0123456789abcdef" says only that there is one */
static struct sq_buf without_hashes(struct sq_slice s)
{
	struct sq_buf b = SQ_BUF_NULL;
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *at = memmem(p, (size_t)(end - p), " hash=", 6);

		if (!at) {
			sq_buf_add(&b, p, (size_t)(end - p));
			break;
		}
		sq_buf_add(&b, p, (size_t)(at - p) + 5);
		p = at + 6 + 16;
	}
	return b;
}

static struct sq_buf facts_of(const char *path)
{
	struct sq_buf bytes = read_all(path), text = SQ_BUF_NULL, plain;
	enum sq_lang lang = sq_lang_detect(sq_slice_z(path));
	struct sq_extract_limits limits;
	struct sq_facts f, again;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	ck_assert_msg(bytes.n, "%s is empty", path);
	ck_assert_int_eq(sq_extract(extractor, lang, sq_buf_slice(&bytes), &limits, &f), 0);
	ck_assert_int_eq(sq_facts_check(&f), 0);
	ck_assert_int_eq(sq_extract(extractor, lang, sq_buf_slice(&bytes), &limits, &again), 0);
	ck_assert_uint_eq(f.n_bytes, again.n_bytes);
	ck_assert_mem_eq(f.blob, again.blob, f.n_bytes);
	sq_facts_print(&f, &text);
	plain = without_hashes(sq_buf_slice(&text));
	sq_facts_deinit(&f);
	sq_facts_deinit(&again);
	sq_buf_deinit(&text);
	sq_buf_deinit(&bytes);
	return plain;
}

static void compare(const char *path)
{
	char *expected_path = sq_asprintf("%s.facts", path);
	struct sq_buf got = facts_of(path), want;

	ck_assert_ptr_nonnull(expected_path);
	if (getenv("SQ_GOLDEN_WRITE")) {
		FILE *f = fopen(expected_path, "w");

		ck_assert_ptr_nonnull(f);
		ck_assert_uint_eq(fwrite(got.p, 1, got.n, f), got.n);
		fclose(f);
	}
	want = read_all(expected_path);
	if (!sq_slice_eq(sq_buf_slice(&got), sq_buf_slice(&want)))
		ck_abort_msg("%s gives\n%s\nbut its .facts says\n%s", path, sq_buf_z(&got),
			     sq_buf_z(&want));
	n_compared++;
	sq_buf_deinit(&got);
	sq_buf_deinit(&want);
	sq_free(expected_path);
}

static void compare_directory(const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *path = sq_asprintf("%s/%s", dir, list[i]->d_name);

		ck_assert_ptr_nonnull(path);
		if (list[i]->d_name[0] != '.' &&
		    sq_lang_detect(sq_slice_z(path)) != SQ_LANG_NONE)
			compare(path);
		sq_free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

START_TEST(fixtures)
{
	const char *top = getenv("SQ_TOP_SRCDIR");
	char *root = sq_asprintf("%s/tests/fixtures/lang", top ? top : ".");
	struct dirent **list;
	int n;

	ck_assert_ptr_nonnull(root);
	n = scandir(root, &list, NULL, alphasort);
	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		char *dir = sq_asprintf("%s/%s", root, list[i]->d_name);

		ck_assert_ptr_nonnull(dir);
		if (list[i]->d_name[0] != '.')
			compare_directory(dir);
		sq_free(dir);
		free(list[i]);
	}
	free(list);
	sq_free(root);
	ck_assert_uint_ge(n_compared, 15);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("golden");
	Suite *s = suite_create("lang-golden");
	const char *why = "?";
	int failed;

	if (sq_lang_registry_new(NULL, &registry) < 0 ||
	    sq_extractor_new(registry, &extractor) < 0)
		return 99;
	if (sq_lang_load(registry, SQ_LANG_C, &why)) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fixtures);
	suite_add_tcase(s, tc);
	failed = suite_run(s);
	extractor = sq_extractor_free(extractor);
	registry = sq_lang_registry_free(registry);
	return failed;
}
