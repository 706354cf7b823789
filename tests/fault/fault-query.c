/* SPDX-License-Identifier: MIT */
/* Every allocation of a search, a query and a look at neighbours fails once:
 * -ENOMEM, no leak, and the same answer when memory is there again. */
#include "../unit/graph-rig.h"

#include "graph/name_index.h"
#include "query/names.h"
#include "query/query.h"

#ifdef SQ_TEST_HOOKS
static struct rig rig;

static int search(const char *pattern, enum sq_search_mode mode, uint64_t *ret)
{
	struct sq_search s = {
		.pattern = sq_slice_z(pattern), .mode = mode,
		.kind = -1, .lang = -1, .limit = 1000,
	};
	struct sq_query_error e;
	struct sq_result r = { 0 };
	int ret_r = sq_search_run(sq_graph_current(rig.g), &s, &r, &e);

	*ret = r.n_items;
	sq_result_deinit(&r);
	return ret_r;
}

static int exact(uint64_t *ret)
{
	return search("w1", SQ_SEARCH_EXACT, ret);
}

/* some word has another one as its parent */
static int qualified(uint64_t *ret)
{
	uint64_t total = 0;
	char name[32];
	int r = 0;

	for (int i = 0; !r && i < 144; i++) {
		snprintf(name, sizeof(name), "w%d.w%d", i / 12, i % 12);
		r = search(name, SQ_SEARCH_EXACT, ret);
		total += *ret;
	}
	*ret = total;
	return r;
}

static int regex(uint64_t *ret)
{
	return search("^w[1-5]", SQ_SEARCH_REGEX, ret);
}

static int fuzzy(uint64_t *ret)
{
	return search("w1x", SQ_SEARCH_FUZZY, ret);
}

static int query(uint64_t *ret)
{
	static const char text[] = "(callers:w1 OR callees ~= w2 OR name ~= ^w3) "
				   "AND NOT path:*.py OR references:w4";
	struct sq_query_error e;
	struct sq_result res = { 0 };
	struct sq_query *q = NULL;
	int r = sq_query_parse(SQ_LIT(text), &q, &e);

	if (!r)
		r = sq_query_run(q, sq_graph_current(rig.g), 1000, NULL, &res, &e);
	*ret = res.n_items;
	sq_result_deinit(&res);
	sq_query_free(q);
	return r;
}

static int neighbours(uint64_t *ret)
{
	const struct sq_neighbours_ask ask = { .limit = 100 };
	struct sq_neighbours in = { 0 }, out = { 0 };
	const struct sq_version *v = sq_graph_current(rig.g);
	int r = sq_direct_callers(v, SQ_LIT("w1"), &ask, &in);

	if (!r)
		r = sq_direct_callees(v, SQ_LIT("w1"), &ask, &out);
	*ret = in.total * 1000 + out.total;
	sq_neighbours_deinit(&in);
	sq_neighbours_deinit(&out);
	return r;
}

/* the index of a dictionary, and a search by it */
static int name_index(uint64_t *ret)
{
	static char text[600][16];
	struct sq_slice strings[600];
	struct sq_name_index *x = NULL;
	struct sq_dict *d = NULL;
	const struct sq_dict *dicts[1];
	struct sq_version v = { .n_dicts = 1, .n_names = 600, .dicts = dicts };
	struct sq_name_set set = { 0 };
	int r;

	for (uint32_t i = 0; i < 600; i++)
		strings[i] = sq_slice(text[i], (size_t)snprintf(text[i], sizeof(text[i]), "name_%u_x", i));
	r = sq_dict_make(SQ_BORN(1), 0, strings, 600, &d);
	if (!r)
		r = sq_name_index_make(SQ_BORN(1), d, NULL, NULL, &x);
	if (!r) {
		d->index = x;
		dicts[0] = d;
		r = sq_name_set_contain(&v, SQ_LIT("_59"), NULL, &set);
	}
	*ret = set.n;
	sq_name_set_deinit(&set);
	sq_piece_free(x);
	sq_piece_free(d);
	return r;
}

static int try_all(const char *what, int (*fn)(uint64_t *))
{
	uint64_t want = 0, got = 0;
	unsigned n = 0;
	int r = fn(&want);

	do {
		sq_alloc_fail_after(++n);
		r = r && r != -ENOMEM ? r : fn(&got);
		sq_alloc_fail_after(0);
	} while (r == -ENOMEM && n < 5000);
	if (r || n < 2 || got != want || !want) {
		printf("%s: after %u failures: %d, %llu of %llu\n", what, n - 1, r,
		       (unsigned long long)got, (unsigned long long)want);
		return 1;
	}
	printf("%s: %u allocations failed in turn\n", what, n - 1);
	return 0;
}

/* a tree in which every question above has an answer, made of small facts */
static void make_tree(void)
{
	struct sq_draft_opts opts = { .clear = true };
	struct rig_tree t = { { 0 } };

	for (uint32_t i = 0; i < RIG_PATHS; i++)
		t.seed[i] = 100 + i;
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &opts), 0);
}

static void start(void)
{
	rig_init(&rig);
	make_tree();
}

static void end(void)
{
	rig_deinit(&rig);
}

static const struct { const char *name; int (*fn)(uint64_t *); } cases[] = {
	{ "exact", exact }, { "qualified", qualified }, { "regex", regex },
	{ "fuzzy", fuzzy }, { "query", query }, { "neighbours", neighbours },
	{ "name index", name_index },
};

START_TEST(allocations)
{
	ck_assert_int_eq(try_all(cases[_i].name, cases[_i].fn), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fault-query");
	TCase *c = tcase_create("fault");

	tcase_add_checked_fixture(c, start, end);
	tcase_add_loop_test(c, allocations, 0, SQ_ARRAY_SIZE(cases));
	suite_add_tcase(s, c);
	return s;
}
#endif

int main(void)
{
#ifdef SQ_TEST_HOOKS
	return suite_run(suite());
#else
	printf("SKIP: needs --enable-test-hooks\n");
	return 77;
#endif
}
