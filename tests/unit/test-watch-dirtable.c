/* SPDX-License-Identifier: MIT */
#include "watch/dirtable.h"
#include "../support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct sq_dir_table t;
static int root_a, root_b;              /* only their addresses count */
#define ROOT(r) ((struct sq_watch_root *)(void *)&(r))

static struct sq_dir_key key_of(const uint64_t *id)
{
	return (struct sq_dir_key){ 1, id, 1, sizeof(*id) };
}

static struct sq_dir_node *insert(void *root, struct sq_dir_node *parent, const char *name,
				  uint64_t id)
{
	struct sq_dir_key key = key_of(&id);
	struct sq_dir_node *n = NULL;

	ck_assert_int_eq(sq_dir_table_insert(&t, root, parent, sq_slice_z(name), &key, &n), 0);
	return n;
}

static struct sq_dir_node *find(uint64_t id)
{
	struct sq_dir_key key = key_of(&id);

	return sq_dir_table_find(&t, &key);
}

static void expect_path(const struct sq_dir_node *n, const char *path)
{
	struct sq_buf b = SQ_BUF_NULL;
	const char *got;

	sq_dir_node_path(n, &b);
	got = sq_buf_z(&b);
	ck_assert_str_eq(got, path);
	sq_buf_deinit(&b);
}

START_TEST(paths_and_moves)
{
	struct sq_dir_node *top = insert(ROOT(root_a), NULL, "", 1);
	struct sq_dir_node *a = insert(ROOT(root_a), top, "a", 2);
	struct sq_dir_node *b = insert(ROOT(root_a), a, "bb", 3);
	struct sq_dir_node *c = insert(ROOT(root_a), b, "c", 4);

	expect_path(top, "");
	expect_path(a, "a");
	expect_path(c, "a/bb/c");
	ck_assert_ptr_eq(sq_dir_table_at(&t, top, SQ_LIT("a/bb/c")), c);
	ck_assert_ptr_eq(sq_dir_table_at(&t, top, SQ_LIT("")), top);
	ck_assert_ptr_null(sq_dir_table_at(&t, top, SQ_LIT("a/c")));
	ck_assert_int_eq(sq_dir_table_move(&t, b, top, SQ_LIT("longer")), 0);
	expect_path(c, "longer/c");
	ck_assert_ptr_null(sq_dir_table_child(&t, a, SQ_LIT("bb")));
	ck_assert_ptr_eq(sq_dir_table_child(&t, top, SQ_LIT("longer")), b);
	ck_assert_int_eq(sq_dir_table_move(&t, b, c, SQ_LIT("x")), -ELOOP);
	ck_assert_int_eq(sq_dir_table_move(&t, b, b, SQ_LIT("x")), -ELOOP);
	ck_assert_int_eq(sq_dir_table_move(&t, b, top, SQ_LIT("a")), -EEXIST);
	expect_path(c, "longer/c");
	sq_dir_table_remove(&t, top, NULL, NULL);
	ck_assert_uint_eq(t.n_nodes, 0);
	sq_dir_table_deinit(&t);
}
END_TEST

START_TEST(several_roots)
{
	struct sq_dir_node *top_a = insert(ROOT(root_a), NULL, "", 1);
	struct sq_dir_node *sub_a = insert(ROOT(root_a), top_a, "sub", 2);
	struct sq_dir_node *top_b = insert(ROOT(root_b), NULL, "", 2);
	uint64_t id = 2;
	struct sq_dir_key key = key_of(&id);
	struct sq_dir_node *n = find(2);

	ck_assert(n == sub_a || n == top_b);
	ck_assert_ptr_nonnull(sq_dir_node_same(n));
	ck_assert_ptr_ne(sq_dir_node_same(n), n);
	ck_assert_ptr_null(sq_dir_node_same(sq_dir_node_same(n)));
	ck_assert_ptr_eq(sq_dir_table_find_in(&t, ROOT(root_a), &key), sub_a);
	ck_assert_ptr_eq(sq_dir_table_find_in(&t, ROOT(root_b), &key), top_b);
	sq_dir_table_remove(&t, top_a, NULL, NULL);
	ck_assert_ptr_eq(find(2), top_b);
	ck_assert_ptr_null(sq_dir_node_same(top_b));
	sq_dir_table_remove(&t, top_b, NULL, NULL);
	sq_dir_table_deinit(&t);
}
END_TEST

START_TEST(pins)
{
	struct sq_dir_node *top = insert(ROOT(root_a), NULL, "", 1);
	struct sq_dir_node *a = insert(ROOT(root_a), top, "a", 2);

	sq_dir_node_pin(a);
	sq_dir_table_remove(&t, a, NULL, NULL);
	ck_assert(a->dead);
	ck_assert_ptr_null(find(2));
	sq_dir_node_unpin(a);
	sq_dir_table_remove(&t, top, NULL, NULL);
	sq_dir_table_deinit(&t);
}
END_TEST

static void count(void *arg, const struct sq_dir_node *n)
{
	(void)n;
	++*(unsigned *)arg;
}

/* against an array of parents: any order of moves and removals */
START_TEST(model)
{
	enum { N = 400, STEPS = 40000 };
	struct sq_dir_node *node[N];
	int parent[N];
	struct sq_dir_node *top = insert(ROOT(root_a), NULL, "", N);
	unsigned seed = 12345;

	for (int i = 0; i < N; i++)
		node[i] = NULL;
	for (int step = 0; step < STEPS; step++) {
		int i = rand_r(&seed) % N, p = rand_r(&seed) % (N + 1) - 1, up;
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		if (p >= 0 && !node[p])
			p = -1;
		for (up = p; up >= 0 && up != i; up = parent[up])
			;
		if (!node[i]) {
			node[i] = insert(ROOT(root_a), p < 0 ? top : node[p], name, (uint64_t)i);
			parent[i] = p;
		} else if (up == i) {
			ck_assert_int_eq(sq_dir_table_move(&t, node[i], node[p],
							   sq_slice_z(name)), -ELOOP);
		} else if (rand_r(&seed) % 8) {
			ck_assert_int_eq(sq_dir_table_move(&t, node[i], p < 0 ? top : node[p],
							   sq_slice_z(name)), 0);
			parent[i] = p;
		} else {
			unsigned n_removed = 0, n_expected = 0;
			bool is_below[N];

			for (int k = 0; k < N; k++) {
				for (up = k; up >= 0 && up != i && node[k]; up = parent[up])
					;
				is_below[k] = node[k] && up == i;
				n_expected += is_below[k];
			}
			sq_dir_table_remove(&t, node[i], count, &n_removed);
			ck_assert_uint_eq(n_removed, n_expected);
			for (int k = 0; k < N; k++)
				node[k] = is_below[k] ? NULL : node[k];
		}
	}
	for (int i = 0; i < N; i++) {
		ck_assert_ptr_eq(find((uint64_t)i), node[i]);
		if (node[i])
			ck_assert_ptr_eq(node[i]->parent, parent[i] < 0 ? top : node[parent[i]]);
	}
	sq_dir_table_remove(&t, top, NULL, NULL);
	ck_assert_uint_eq(t.n_nodes, 0);
	sq_dir_table_deinit(&t);
}
END_TEST

START_TEST(misses)
{
	struct sq_dir_misses m = SQ_DIR_MISSES_NULL;
	unsigned char wide[64] = { 1 };
	struct sq_dir_key long_key = { 1, wide, 1, sizeof(wide) }, key;
	unsigned n_kept = 0;
	uint64_t id = 1;

	key = key_of(&id);
	ck_assert_int_eq(sq_dir_misses_find(&m, &key), SQ_DIR_MISS_UNKNOWN);
	sq_dir_misses_add(&m, &key, SQ_DIR_MISS_OUTSIDE);
	ck_assert_int_eq(sq_dir_misses_find(&m, &key), SQ_DIR_MISS_OUTSIDE);
	sq_dir_misses_add(&m, &key, SQ_DIR_MISS_IGNORED);
	ck_assert_int_eq(sq_dir_misses_find(&m, &key), SQ_DIR_MISS_IGNORED);
	sq_dir_misses_add(&m, &long_key, SQ_DIR_MISS_IGNORED);
	ck_assert_int_eq(sq_dir_misses_find(&m, &long_key), SQ_DIR_MISS_UNKNOWN);
	sq_dir_misses_clear(&m);
	ck_assert_int_eq(sq_dir_misses_find(&m, &key), SQ_DIR_MISS_UNKNOWN);
	/* bounded: old ones go, new ones stay */
	for (id = 0; id < 200000; id++)
		sq_dir_misses_add(&m, &key, SQ_DIR_MISS_OUTSIDE);
	ck_assert_int_eq((id--, sq_dir_misses_find(&m, &key)), SQ_DIR_MISS_OUTSIDE);
	for (id = 0; id < 200000; id++)
		n_kept += sq_dir_misses_find(&m, &key) != SQ_DIR_MISS_UNKNOWN;
	ck_assert_uint_gt(n_kept, 10000);
	ck_assert_uint_lt(n_kept, 40000);
	sq_dir_misses_deinit(&m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch-dirtable");
	TCase *tc = tcase_create("table");

	tcase_add_test(tc, paths_and_moves);
	tcase_add_test(tc, several_roots);
	tcase_add_test(tc, pins);
	tcase_add_test(tc, model);
	tcase_add_test(tc, misses);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
