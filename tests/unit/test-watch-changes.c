/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "watch/watch.h"
#include "../support/suite.h"

static struct sq_change_set *set_of(const char *const *paths)
{
	struct sq_change_set *s = NULL;

	ck_assert_int_eq(sq_change_set_new(&s), 0);
	for (; *paths; paths++) {
		struct sq_slice path = sq_slice_z(*paths);
		uint8_t what = SQ_CHANGE_FILE;

		if (path.n && path.p[path.n - 1] == '/') {
			path.n--;
			what = SQ_CHANGE_SUBTREE;
		}
		ck_assert_int_eq(sq_change_set_add(s, path, what), 0);
	}
	return s;
}
#define SET(...) set_of((const char *const[]){ __VA_ARGS__, NULL })

static void expect(const struct sq_change_set *s, const char *text)
{
	struct sq_buf b = SQ_BUF_NULL;
	const char *got;

	for (size_t i = 0; i < s->n_changes; i++)
		sq_buf_printf(&b, "%s%.*s:%u", i ? " " : "", (int)s->changes[i].path.n,
			      s->changes[i].path.p, s->changes[i].what);
	got = sq_buf_z(&b);
	ck_assert_str_eq(got, text);
	sq_buf_deinit(&b);
}

START_TEST(sorted_and_distinct)
{
	struct sq_change_set *s = SET("b.c", "a.c", "b.c", "a.c", "a.c", "a");

	sq_change_set_sort(s);
	expect(s, "a:1 a.c:1 b.c:1");
	sq_change_set_sort(s);
	expect(s, "a:1 a.c:1 b.c:1");
	sq_change_set_free(s);
}
END_TEST

/* '-' and '.' sort before '/': what is below "a" does not follow it at once */
START_TEST(below_a_subtree)
{
	struct sq_change_set *s = SET("a/x.c", "a-b/x.c", "a/", "a.c", "a/b/c/y.c", "a/b/",
				      "a-b/", "ab/z.c", "a");

	sq_change_set_sort(s);
	expect(s, "a:3 a-b:2 a.c:1 ab/z.c:1");
	sq_change_set_free(s);
	s = SET("x/y.c", "/", "z.c");
	sq_change_set_sort(s);
	expect(s, ":2");
	sq_change_set_free(s);
}
END_TEST

START_TEST(merge_is_a_union)
{
	struct sq_change_set *a = SET("m.c", "d/x.c", "c.c"), *b = SET("d/", "a.c", "m.c");

	a->first_event_ns = 0;
	b->first_event_ns = 7;
	b->n_events = 3;
	b->rescan = true;
	ck_assert_int_eq(sq_change_set_merge(a, b), 0);
	expect(a, "a.c:1 c.c:1 d:2 m.c:1");
	ck_assert(a->rescan && !a->rules_changed && !a->root_gone);
	ck_assert_uint_eq(a->first_event_ns, 7);
	ck_assert_uint_eq(a->n_events, 3);
	expect(b, "d:2 a.c:1 m.c:1");
	b->first_event_ns = 5;
	b->root_gone = b->rules_changed = true;
	ck_assert_int_eq(sq_change_set_merge(a, b), 0);
	expect(a, "a.c:1 c.c:1 d:2 m.c:1");
	ck_assert(a->root_gone && a->rules_changed);
	ck_assert_uint_eq(a->first_event_ns, 5);
	sq_change_set_free(a);
	expect(b, "d:2 a.c:1 m.c:1");
	sq_change_set_free(b);
}
END_TEST

/* the same few paths for ever take bounded memory; many stay complete */
START_TEST(many)
{
	struct sq_change_set *s = NULL;
	char path[32];

	ck_assert_int_eq(sq_change_set_new(&s), 0);
	for (unsigned i = 0; i < 200000; i++) {
		snprintf(path, sizeof(path), "d%u/f.c", i % 1000);
		ck_assert_int_eq(sq_change_set_add(s, sq_slice_z(path), SQ_CHANGE_FILE), 0);
		ck_assert_uint_le(s->n_changes, 20000);
	}
	sq_change_set_sort(s);
	ck_assert_uint_eq(s->n_changes, 1000);
	for (unsigned i = 0; i < 50000; i++) {
		snprintf(path, sizeof(path), "e%u", i);
		ck_assert_int_eq(sq_change_set_add(s, sq_slice_z(path), SQ_CHANGE_FILE), 0);
	}
	sq_change_set_sort(s);
	ck_assert_uint_eq(s->n_changes, 51000);
	sq_change_set_free(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch-changes");
	TCase *tc = tcase_create("sets");

	tcase_add_test(tc, sorted_and_distinct);
	tcase_add_test(tc, below_a_subtree);
	tcase_add_test(tc, merge_is_a_union);
	tcase_add_test(tc, many);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
