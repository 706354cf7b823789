/* SPDX-License-Identifier: MIT */
/* What is struck out of two lists is in both, and what one alone has is left. */
#include <stdint.h>
#include <stdlib.h>

#include <check.h>

#include "graph/alike.h"
#include "../support/suite.h"

#define N 100u

static uint64_t seed = 20261121;

static uint32_t draw(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((seed >> 33) % n);
}

struct list { uint32_t v[2 * N]; size_t n; };

static bool has(const struct list *l, uint32_t item)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == item)
			return true;
	return false;
}

static void strike(struct list *a, struct list *b)
{
	struct sq_alike x = { (char *)a->v, a->n }, y = { (char *)b->v, b->n };

	sq_alike_strike(&x, &y, sizeof(a->v[0]));
	a->n = x.n;
	b->n = y.n;
}

/* the items of @was that are not in @other's @before are all left in @now, and nothing else is but what moved */
static void check_left(const struct list *was, const struct list *now, const struct list *other, const struct list *left)
{
	for (size_t i = 0; i < was->n; i++)
		ck_assert_msg(has(other, was->v[i]) || has(now, was->v[i]), "%u is lost", was->v[i]);
	for (size_t i = 0; i < now->n; i++) {
		ck_assert_msg(has(was, now->v[i]), "%u came from nowhere", now->v[i]);
		ck_assert_msg(!has(other, now->v[i]) || has(left, now->v[i]), "%u is struck out of one", now->v[i]);
	}
}

START_TEST(one_edit)
{
	struct list a = { .n = 0 }, b = { .n = 0 };

	for (uint32_t i = 0; i < N; i++) {
		a.v[a.n++] = i;
		if (i == 60)
			b.v[b.n++] = 1000;   /* new */
		if (i != 90)                 /* gone */
			b.v[b.n++] = i;
		if (i == 30)
			b.v[b.n++] = 90;     /* moved */
	}
	strike(&a, &b);
	ck_assert_uint_eq(a.n, 1);
	ck_assert_uint_eq(a.v[0], 90);
	ck_assert_uint_eq(b.n, 2);
	ck_assert_uint_eq(b.v[0], 90);
	ck_assert_uint_eq(b.v[1], 1000);
}
END_TEST

START_TEST(empty)
{
	struct list a = { .v = { 1, 2 }, .n = 2 }, b = { .n = 0 };
	struct sq_alike none = { NULL, 0 }, none2 = { NULL, 0 };

	strike(&a, &b);
	ck_assert_uint_eq(a.n, 2);
	ck_assert_uint_eq(b.n, 0);
	sq_alike_strike(&none, &none2, sizeof(uint32_t));
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

/* each item once: drop, insert and move at random */
static void edit(const struct list *a, unsigned n_edits, struct list *b)
{
	*b = *a;
	for (unsigned i = 0; i < n_edits && b->n; i++) {
		uint32_t from = draw((uint32_t)b->n), to = draw((uint32_t)b->n), item = b->v[from];

		if (draw(3)) {
			memmove(b->v + from, b->v + from + 1, (--b->n - from) * sizeof(b->v[0]));
			to = to < b->n ? to : (uint32_t)b->n;
			item = draw(2) ? item : 0;
		} else {
			item = 10000 + i;
		}
		if (!item || b->n == 2 * N)
			continue;
		memmove(b->v + to + 1, b->v + to, (b->n++ - to) * sizeof(b->v[0]));
		b->v[to] = item;
	}
}

START_TEST(random_lists)
{
	for (unsigned round = 0; round < 200; round++) {
		struct list a = { .n = 0 }, b, was_a, was_b;
		uint32_t n = draw(N);

		while (a.n < n) {
			a.v[a.n] = (uint32_t)a.n + 1;
			a.n++;
		}
		edit(&a, draw(round + 1), &b);
		was_a = a;
		was_b = b;
		strike(&a, &b);
		check_left(&was_a, &a, &was_b, &b);
		check_left(&was_b, &b, &was_a, &a);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("graph/alike");
	TCase *tc = tcase_create("alike");

	tcase_add_test(tc, one_edit);
	tcase_add_test(tc, empty);
	tcase_add_test(tc, random_lists);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
