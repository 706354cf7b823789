/* SPDX-License-Identifier: MIT */
#include "rebuild/trees.h"
#include "../support/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sq_lang_registry *registry;
static struct sq_extractor *extractor;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static char differing[64];
static const int owner_a, owner_b;

static void on_differ(void *arg, const void *owner, struct sq_slice path)
{
	(void)arg;
	ck_assert_ptr_eq(owner, &owner_a);
	pthread_mutex_lock(&lock);
	memcpy(differing, path.p, path.n);
	pthread_cond_signal(&told);
	pthread_mutex_unlock(&lock);
}

static struct sq_trees *new_trees(uint64_t budget, uint64_t quiet_ns)
{
	struct sq_trees_config cfg = {
		.registry = registry, .budget_bytes = budget, .quiet_ns = quiet_ns, .on_differ = on_differ,
	};
	struct sq_trees *t;

	ck_assert_int_eq(sq_trees_new(&cfg, &t), 0);
	return t;
}

/* an edit as a turn makes it */
static struct sq_extract_report edit(struct sq_trees *t, const void *owner, const char *path, const char *text,
				     const char *claimed)
{
	struct sq_earlier earlier = { .kept = sq_trees_take(t, owner, sq_slice_z(path)), .keeps = true };
	struct sq_extract_report report;
	struct sq_extract_limits limits;
	struct sq_facts f, other;

	sq_extract_limits_default(&limits);
	ck_assert_int_eq(sq_extract_again(extractor, SQ_LANG_PYTHON, sq_slice_z(text), &limits, &earlier, &report, &f), 0);
	if (claimed) {
		ck_assert_int_eq(sq_extract(extractor, SQ_LANG_PYTHON, sq_slice_z(claimed), &limits, &other), 0);
		sq_facts_deinit(&f);
		f = other;
	}
	sq_trees_put(t, owner, sq_slice_z(path), earlier.kept, &f, report.is_edited);
	sq_facts_deinit(&f);
	return report;
}

static struct sq_trees_stats stats_of(struct sq_trees *t)
{
	struct sq_trees_stats s;

	sq_trees_read_stats(t, &s);
	return s;
}

START_TEST(a_second_edit_reuses)
{
	struct sq_trees *t = new_trees(1u << 20, 0);

	ck_assert(!edit(t, &owner_a, "x.py", "def f():\n    g()\n", NULL).is_edited);
	ck_assert(edit(t, &owner_a, "x.py", "def f():\n    g()\n    h()\n", NULL).is_edited);
	ck_assert_uint_eq(stats_of(t).n_files, 1);
	ck_assert_uint_eq(stats_of(t).n_reused, 1);
	ck_assert_uint_gt(stats_of(t).bytes, 0);
	/* the same path of another workspace is another file */
	ck_assert_ptr_null(sq_trees_take(t, &owner_b, SQ_LIT("x.py")));
	sq_kept_free(sq_trees_take(t, &owner_a, SQ_LIT("x.py")));
	ck_assert_uint_eq(stats_of(t).n_files, 0);
	ck_assert_uint_eq(stats_of(t).bytes, 0);
	sq_trees_free(t);
}
END_TEST

START_TEST(a_broken_text_is_parsed_afresh)
{
	struct sq_trees *t = new_trees(1u << 20, 0);

	(void)edit(t, &owner_a, "x.py", "def f():\n    g()\n", NULL);
	ck_assert(!edit(t, &owner_a, "x.py", "def f(:\n    g()\n", NULL).is_edited);
	/* the last good trees were kept */
	ck_assert(edit(t, &owner_a, "x.py", "def f(a):\n    g()\n", NULL).is_edited);
	sq_trees_free(t);
}
END_TEST

START_TEST(the_budget_holds)
{
	struct sq_trees *t = new_trees(64u << 10, 0);
	char path[16];

	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "%d.py", i);
		(void)edit(t, &owner_a, path, "def f():\n    g()\n", NULL);
		ck_assert_uint_le(stats_of(t).bytes, 64u << 10);
	}
	ck_assert_uint_gt(stats_of(t).n_dropped, 0);
	ck_assert_uint_eq(stats_of(t).n_dropped + stats_of(t).n_files, 200);
	ck_assert(!sq_trees_wants(t, 64u << 10));
	sq_kept_free(sq_trees_take(t, &owner_a, SQ_LIT("199.py")));   /* the oldest go first */
	ck_assert_ptr_null(sq_trees_take(t, &owner_a, SQ_LIT("0.py")));
	sq_trees_drop(t, &owner_b);
	ck_assert_uint_gt(stats_of(t).n_files, 0);
	sq_trees_drop(t, &owner_a);
	ck_assert_uint_eq(stats_of(t).n_files, 0);
	ck_assert_uint_eq(stats_of(t).bytes, 0);
	sq_trees_free(t);
}
END_TEST

/* checks run in order of their time: when the wrong one is told, the right one was checked */
START_TEST(a_difference_is_told)
{
	struct sq_trees *t = new_trees(1u << 20, 1);

	(void)edit(t, &owner_a, "good.py", "def f():\n    g()\n", NULL);
	(void)edit(t, &owner_a, "good.py", "def f():\n    h()\n", NULL);
	(void)edit(t, &owner_a, "bad.py", "def f():\n    g()\n", NULL);
	(void)edit(t, &owner_a, "bad.py", "def f():\n    h()\n", "def other(): pass\n");
	pthread_mutex_lock(&lock);
	while (!differing[0])
		pthread_cond_wait(&told, &lock);
	pthread_mutex_unlock(&lock);
	ck_assert_str_eq(differing, "bad.py");
	ck_assert_uint_eq(stats_of(t).n_checked, 2);
	ck_assert_uint_eq(stats_of(t).n_differing, 1);
	ck_assert_ptr_null(sq_trees_take(t, &owner_a, SQ_LIT("bad.py")));
	ck_assert_uint_eq(stats_of(t).to_check, 0);
	sq_trees_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rebuild/trees");
	TCase *c = tcase_create("trees");
	int failed;

	if (sq_lang_registry_new(NULL, &registry) || sq_extractor_new(registry, &extractor))
		return EXIT_FAILURE;
	tcase_add_test(c, a_second_edit_reuses);
	tcase_add_test(c, a_broken_text_is_parsed_afresh);
	tcase_add_test(c, the_budget_holds);
	tcase_add_test(c, a_difference_is_told);
	suite_add_tcase(s, c);
	failed = suite_run(s);
	sq_extractor_free(extractor);
	sq_lang_registry_free(registry);
	return failed;
}
