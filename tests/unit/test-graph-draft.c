/* SPDX-License-Identifier: MIT */
/* Incremental versions against clean builds of the same files. */
#include "graph-rig.h"

static void compare_stats(const struct sq_version *a, const struct sq_version *b)
{
	struct sq_version_stats x = a->stats, y = b->stats;

	memset(x.bytes_by_kind, 0, sizeof(x.bytes_by_kind));
	memset(y.bytes_by_kind, 0, sizeof(y.bytes_by_kind));
	ck_assert_int_eq(memcmp(&x, &y, sizeof(x)), 0);
}

static void compare_clean(const struct rig *rig, const struct rig_tree *tree, bool parallel, const char *what)
{
	const struct sq_draft_opts opts = { .clear = true, .par = parallel ? &rig_parallel : NULL };
	struct sq_buf a, b;
	struct rig clean;

	rig_init(&clean);
	ck_assert_int_eq(rig_update(&clean, NULL, tree, &opts), 0);
	rig_check(&clean);
	a = rig_dump(rig);
	b = rig_dump(&clean);
	rig_same_text(&a, &b, what);
	compare_stats(sq_graph_current(rig->g), sq_graph_current(clean.g));
	sq_buf_deinit(&a);
	sq_buf_deinit(&b);
	rig_deinit(&clean);
}

/* files that no import names; the others are not skipped here */
static bool may_be_skipped(uint32_t k)
{
	static const char *const paths[] = { "a.c", "sub/b.c", "other/c.c", "sub/d.js", "x/e.java" };

	for (size_t i = 0; i < SQ_ARRAY_SIZE(paths); i++)
		if (!strcmp(paths[i], rig_paths[k].path))
			return true;
	return false;
}

/* one step: some files come, go, change or are skipped */
static void step_tree(struct rig_tree *t, struct rig_random *rnd)
{
	uint32_t n = rig_below(rnd, 8) ? 1 + rig_below(rnd, 3) : RIG_PATHS;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = rig_below(rnd, RIG_PATHS);

		switch (rig_below(rnd, 6)) {
		case 0:
			t->seed[k] = 0;
			break;
		case 1:
			t->seed[k] = may_be_skipped(k) ? RIG_SKIPPED : 0;
			break;
		default:
			t->seed[k] = 2 + rig_below(rnd, 40);
		}
	}
}

static unsigned steps(unsigned short_form)
{
	const char *env = getenv("SQ_TEST_STEPS");

	return env ? (unsigned)atoi(env) : short_form;
}

static uint64_t first_seed(void)
{
	const char *env = getenv("SQ_TEST_SEED");

	return env ? strtoull(env, NULL, 10) : 1;
}

static void walk(uint64_t seed, unsigned n, const struct sq_parallel *par)
{
	struct rig_random rnd = { seed };
	struct rig_tree now = { { 0 } };
	uint64_t n_bound = 0;
	struct rig rig;

	rig_init(&rig);
	for (unsigned i = 0; i < n; i++) {
		const struct sq_draft_opts opts = { .par = par, .clear = rig_below(&rnd, 50) == 0,
						    .link_flags = rig_below(&rnd, 50) == 0,
						    .link_par = !par && i % 2 ? &rig_parallel : NULL };
		struct rig_tree next = now;
		char what[64];

		step_tree(&next, &rnd);
		ck_assert_int_eq(rig_update(&rig, opts.clear ? NULL : &now, &next, &opts), 0);
		now = next;
		rig_check(&rig);
		snprintf(what, sizeof(what), "seed %llu, step %u", (unsigned long long)seed, i);
		compare_clean(&rig, &now, i % 2, what);
		n_bound += sq_graph_current(rig.g)->stats.refs_by_state[SQ_LINK_BOUND];
	}
	/* a linker that binds nothing would pass all of the above */
	ck_assert_uint_gt(n_bound, n);
	rig_deinit(&rig);
}

START_TEST(random_edits_equal_clean)
{
	for (uint64_t s = 0; s < 4; s++)
		walk(first_seed() + s, steps(60), NULL);
}
END_TEST

START_TEST(random_edits_with_workers_equal_clean)
{
	for (uint64_t s = 0; s < 2; s++)
		walk(first_seed() + 100 + s, steps(40), &rig_parallel);
}
END_TEST

static void fill(struct rig_tree *t, uint64_t seed)
{
	for (uint32_t i = 0; i < RIG_PATHS; i++)
		t->seed[i] = seed + i;
}

START_TEST(same_content_keeps_the_piece)
{
	const struct sq_draft_opts opts = { .clear = false };
	struct rig_tree t;
	struct rig rig;
	struct sq_draft *d;
	struct sq_draft_report rep;
	const struct sq_version *before;
	const struct sq_bound *bound;
	const struct sq_links *links;
	sq_file f;

	rig_init(&rig);
	fill(&t, 10);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &opts), 0);
	before = sq_graph_current(rig.g);
	f = sq_version_file(before, SQ_LIT("a.c"));
	ck_assert_uint_ne(f, SQ_FILE_NONE);
	bound = sq_version_bound(before, f);
	links = sq_version_slot(before, f).links;
	ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
	ck_assert_int_eq(rig_put(d, 0, 4, t.seed[4]), 0);
	ck_assert_int_eq(sq_draft_finish(d, &rep), 0);
	ck_assert_uint_eq(rep.n_put, 1);
	ck_assert_uint_eq(rep.n_rebound, 0);
	ck_assert_uint_eq(rep.n_relinked, 0);
	ck_assert_ptr_eq(sq_version_slot(sq_draft_version(d), f).bound, bound);
	ck_assert_ptr_eq(sq_version_slot(sq_draft_version(d), f).links, links);
	sq_graph_publish(rig.g, d, rig.rec);
	rig_check(&rig);
	rig_deinit(&rig);
}
END_TEST

START_TEST(other_identity_is_noted_without_linking)
{
	const struct sq_draft_opts opts = { .clear = false };
	const char identity[40] = "another inode";
	struct sq_put put = { .path = SQ_LIT("a.c"), .skip = 7, .content_hash = 3, .size_bytes = 5 };
	struct sq_draft_report rep;
	const struct sq_version *v;
	struct rig rig;
	struct sq_draft *d;

	rig_init(&rig);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
		ck_assert_int_eq(sq_draft_put(d, 0, &put), 0);
		ck_assert_int_eq(sq_draft_finish(d, &rep), 0);
		ck_assert_uint_eq(rep.n_rebound, i ? 0 : 1);
		sq_graph_publish(rig.g, d, rig.rec);
		rig_check(&rig);
		put.identity = identity;
	}
	v = sq_graph_current(rig.g);
	ck_assert_int_eq(memcmp(sq_version_bound(v, sq_version_file(v, put.path))->identity, identity, 40), 0);
	rig_deinit(&rig);
}
END_TEST

/* equal bytes: read again because what was said of them was wrong */
START_TEST(other_facts_of_equal_bytes_are_bound)
{
	const struct sq_draft_opts opts = { .clear = false };
	struct sq_facts_builder *b;
	struct sq_draft_report rep;
	struct rig rig;
	struct sq_draft *d;

	rig_init(&rig);
	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	for (unsigned seed = 1; seed < 4; seed++) {
		struct sq_put put = { .path = SQ_LIT("a.c"), .lang = SQ_LANG_C, .content_hash = 3, .size_bytes = 5 };
		struct sq_facts facts;

		ck_assert_int_eq(rig_facts(b, SQ_LANG_C, SQ_MIN(seed, 2u), &facts), 0);
		put.facts = &facts;
		ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
		ck_assert_int_eq(sq_draft_put(d, 0, &put), 0);
		ck_assert_int_eq(sq_draft_finish(d, &rep), 0);
		ck_assert_uint_eq(rep.n_rebound, seed < 3 ? 1 : 0);
		sq_graph_publish(rig.g, d, rig.rec);
		rig_check(&rig);
		sq_facts_deinit(&facts);
	}
	sq_facts_builder_free(b);
	rig_deinit(&rig);
}
END_TEST

START_TEST(last_word_on_a_path_counts)
{
	const struct sq_draft_opts opts = { .clear = false };
	struct rig_tree none = { { 0 } }, t = { { 0 } };
	struct rig rig;
	struct sq_draft *d;

	rig_init(&rig);
	t.seed[1] = 11;
	t.seed[2] = 12;
	ck_assert_int_eq(rig_update(&rig, &none, &t, &opts), 0);
	ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
	/* put and removed; removed and put; changed and changed back; twice */
	ck_assert_int_eq(rig_put(d, 0, 0, 20), 0);
	ck_assert_int_eq(sq_draft_remove(d, sq_slice_z(rig_paths[0].path)), 0);
	ck_assert_int_eq(sq_draft_remove(d, sq_slice_z(rig_paths[1].path)), 0);
	ck_assert_int_eq(rig_put(d, 0, 1, 21), 0);
	ck_assert_int_eq(rig_put(d, 0, 2, 22), 0);
	ck_assert_int_eq(rig_put(d, 0, 2, 12), 0);
	ck_assert_int_eq(rig_put(d, 0, 3, 23), 0);
	ck_assert_int_eq(rig_put(d, 0, 3, 24), 0);
	ck_assert_int_eq(sq_draft_remove(d, SQ_LIT("unknown")), 0);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig.g, d, rig.rec);
	rig_check(&rig);
	t.seed[1] = 21;
	t.seed[3] = 24;
	compare_clean(&rig, &t, false, "last word");
	rig_deinit(&rig);
}
END_TEST

START_TEST(cancelled_draft_changes_nothing)
{
	bool cancel = true;
	const struct sq_draft_opts opts = { .clear = false }, cancelled = { .cancel = &cancel };
	struct rig_tree t, u;
	struct rig rig;
	const struct sq_version *before;

	rig_init(&rig);
	fill(&t, 10);
	fill(&u, 50);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &opts), 0);
	before = sq_graph_current(rig.g);
	ck_assert_int_eq(rig_update(&rig, &t, &u, &cancelled), -ECANCELED);
	ck_assert_ptr_eq(sq_graph_current(rig.g), before);
	rig_check(&rig);
	rig_deinit(&rig);
}
END_TEST

/* every allocation of an incremental and of a full draft fails once */
START_TEST(no_memory_changes_nothing)
{
#ifdef SQ_TEST_HOOKS
	struct rig_tree t, u;
	struct rig rig;
	struct sq_buf before, after;

	rig_init(&rig);
	fill(&t, 10);
	u = t;
	u.seed[2] = 0;
	u.seed[5] = 99;
	u.seed[9] = RIG_SKIPPED;
	t.seed[6] = 0;
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &(struct sq_draft_opts){ .clear = true }), 0);
	before = rig_dump(&rig);
	for (int clear = 0; clear < 2; clear++) {
		const struct sq_draft_opts opts = { .clear = clear };
		int r = -ENOMEM;

		for (uint64_t nth = 1; r; nth++) {
			const struct sq_version *v = sq_graph_current(rig.g);

			sq_alloc_fail_after(nth);
			r = rig_update(&rig, clear ? NULL : &t, &u, &opts);
			sq_alloc_fail_after(0);
			if (!r)
				break;
			ck_assert_int_eq(r, -ENOMEM);
			ck_assert_ptr_eq(sq_graph_current(rig.g), v);
			if (nth % 16 == 0) {
				after = rig_dump(&rig);
				rig_same_text(&after, &before, "after a failure");
				sq_buf_deinit(&after);
				rig_check(&rig);
			}
		}
		rig_check(&rig);
		compare_clean(&rig, &u, false, "after many failures");
		sq_buf_deinit(&before);
		before = rig_dump(&rig);
	}
	sq_buf_deinit(&before);
	rig_deinit(&rig);
#else
	printf("no_memory_changes_nothing: skipped, built without test hooks\n");
#endif
}
END_TEST

START_TEST(new_bytes_are_what_publishing_adds)
{
	const struct sq_draft_opts opts = { .clear = false };
	struct rig_tree t;
	struct rig rig;
	struct sq_draft *d;
	uint64_t before, added;

	rig_init(&rig);
	fill(&t, 10);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &opts), 0);
	sq_epoch_barrier(rig.rec);
	sq_graph_reclaim(rig.g, rig.rec);
	ck_assert_uint_eq(sq_graph_retained_bytes(rig.g), 0);
	before = sq_version_bytes(sq_graph_current(rig.g));
	ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
	ck_assert_int_eq(rig_put(d, 0, 3, 77), 0);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	added = sq_draft_new_bytes(d);
	sq_graph_publish(rig.g, d, rig.rec);
	/* loaded += new - replaced, and what is replaced is retained */
	ck_assert_uint_eq(sq_version_bytes(sq_graph_current(rig.g)),
			  before + added - sq_graph_retained_bytes(rig.g));
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-draft");
	TCase *tc = tcase_create("draft");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, random_edits_equal_clean);
	tcase_add_test(tc, random_edits_with_workers_equal_clean);
	tcase_add_test(tc, same_content_keeps_the_piece);
	tcase_add_test(tc, other_identity_is_noted_without_linking);
	tcase_add_test(tc, other_facts_of_equal_bytes_are_bound);
	tcase_add_test(tc, last_word_on_a_path_counts);
	tcase_add_test(tc, cancelled_draft_changes_nothing);
	tcase_add_test(tc, no_memory_changes_nothing);
	tcase_add_test(tc, new_bytes_are_what_publishing_adds);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
