/* SPDX-License-Identifier: MIT */
/* Tarjan, unused and cycles against naive answers over random graphs. */
#include "graph-rig.h"

#include "graph/scc.h"
#include "graph/tarjan.h"
#include "graph/unused.h"

#define NODES 40u

static bool reach[NODES][NODES];

static void close_naively(uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < n; j++)
				reach[i][j] |= reach[i][k] && reach[k][j];
}

START_TEST(tarjan_is_mutual_reach)
{
	struct rig_random rnd = { (uint64_t)_i };
	uint32_t n = 1 + rig_below(&rnd, NODES), start[NODES + 1], edges[NODES * 4], comp[NODES], n_comps, e = 0;

	memset(reach, 0, sizeof(reach));
	for (uint32_t i = 0; i < n; i++) {
		start[i] = e;
		for (uint32_t k = rig_below(&rnd, 4); k; k--) {
			edges[e] = rig_below(&rnd, n);
			reach[i][edges[e++]] = true;
		}
	}
	start[n] = e;
	close_naively(n);
	ck_assert_int_eq(sq_tarjan(n, start, edges, NULL, comp, &n_comps), 0);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert_uint_lt(comp[i], n_comps);
		for (uint32_t j = 0; j < n; j++)
			ck_assert_int_eq(comp[i] == comp[j], i == j || (reach[i][j] && reach[j][i]));
	}
}
END_TEST

START_TEST(tarjan_stops)
{
	static const uint32_t start[] = { 0, 1, 2 }, edges[] = { 1, 0 };
	uint32_t comp[2], n;
	bool cancel = true;

	ck_assert_int_eq(sq_tarjan(2, start, edges, &cancel, comp, &n), -ECANCELED);
	ck_assert_int_eq(sq_tarjan(2, start, edges, NULL, comp, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(sq_tarjan(0, start, edges, NULL, comp, &n), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* ---- small C files: definitions and who refers to whom ---- */

struct fun { const char *name; unsigned flags; const char *refs; };  /* refs: names, blank separated */

static void put_file(struct sq_draft *d, const char *path, const struct fun *f, uint32_t n)
{
	struct sq_facts_builder *b;
	struct sq_facts facts = SQ_FACTS_NULL;
	struct sq_put put = { .path = sq_slice_z(path), .lang = SQ_LANG_C, .content_hash = sq_hash64(path, strlen(path), n),
			      .facts = &facts };

	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	sq_facts_builder_reset(b, SQ_LANG_C);
	for (uint32_t i = 0; i < n; i++) {
		char refs[200], *save = NULL;

		sq_facts_add_def(b, &(struct sq_def){
			.name = rig_text(b, f[i].name), .kind = SQ_KIND_FUNCTION, .flags = (uint16_t)f[i].flags,
			.parent = SQ_NONE, .start_line = i * 10 + 1, .end_line = i * 10 + 9, .sig_len = 1 });
		snprintf(refs, sizeof(refs), "%s", f[i].refs);
		for (char *t = strtok_r(refs, " ", &save); t; t = strtok_r(NULL, " ", &save))
			sq_facts_add_ref(b, &(struct sq_ref){
				.name = rig_text(b, t), .kind = SQ_REF_CALL, .argc = 0, .line = i * 10 + 2,
				.col = (uint32_t)(t - refs), .encl = i, .qual = SQ_NONE });
	}
	ck_assert_int_eq(sq_facts_builder_finish(b, false, &facts), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &put), 0);
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
}

#define S SQ_DEF_FILE_LOCAL
static const struct fun a_c[] = {
	{ "main", 0, "used recur" },
	{ "used", S, "deep" },
	{ "deep", S, "" },
	{ "recur", S, "recur" },
	{ "alone", S, "alone" },              /* only itself */
	{ "ping", S, "pong" },                /* an island */
	{ "pong", S, "ping leaf" },
	{ "leaf", S, "" },                    /* called by an unused one */
	{ "api", 0, "behind" },               /* nobody calls it here, but others may */
	{ "behind", S, "shared" },
};
static const struct fun b_c[] = {
	{ "shared", 0, "back" },
	{ "back", 0, "shared third" },
	{ "third", 0, "back" },
	{ "used", S, "" },                    /* a namesake */
};

static sq_file file_of(const struct sq_version *v, const char *path)
{
	sq_file f = sq_version_file(v, sq_slice_z(path));

	ck_assert_uint_ne(f, SQ_FILE_NONE);
	return f;
}

static void publish(struct rig *rig, bool with_b, bool without_b)
{
	struct sq_draft_opts opts = { .clear = false };
	struct sq_draft *d;

	ck_assert_int_eq(sq_draft_new(rig->g, &opts, &d), 0);
	put_file(d, "a.c", a_c, SQ_ARRAY_SIZE(a_c));
	if (with_b)
		put_file(d, "b.c", b_c, SQ_ARRAY_SIZE(b_c));
	if (without_b)
		ck_assert_int_eq(sq_draft_remove(d, SQ_LIT("b.c")), 0);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig->g, d, rig->rec);
	sq_graph_reclaim(rig->g, rig->rec);
}

static void expect_unused(const struct sq_version *v, const char *path, const struct fun *f, uint32_t n,
			  const char *want, const struct sq_parallel *par)
{
	const struct sq_analysis how = { .par = par };
	struct sq_defset set;

	ck_assert_int_eq(sq_unused_find(v, &how, &set), 0);
	for (uint32_t i = 0; i < n; i++) {
		char word[40];

		snprintf(word, sizeof(word), " %s ", f[i].name);
		ck_assert_msg(sq_defset_has(&set, file_of(v, path), i) == !!strstr(want, word),
			      "%s of %s", f[i].name, path);
	}
	sq_defset_deinit(&set);
}

START_TEST(unused_of_known)
{
	struct rig rig;

	rig_init(&rig);
	publish(&rig, true, false);
	for (int par = 0; par < 2; par++) {
		const struct sq_version *v = sq_graph_current(rig.g);

		expect_unused(v, "a.c", a_c, SQ_ARRAY_SIZE(a_c), " alone ping pong leaf api ", par ? &rig_parallel : NULL);
		expect_unused(v, "b.c", b_c, SQ_ARRAY_SIZE(b_c), " used ", par ? &rig_parallel : NULL);
	}
	publish(&rig, false, true);
	expect_unused(sq_graph_current(rig.g), "a.c", a_c, SQ_ARRAY_SIZE(a_c), " alone ping pong leaf api ", NULL);
	rig_deinit(&rig);
}
END_TEST

START_TEST(unused_scopes)
{
	struct rig rig;
	struct sq_def d;
	const struct sq_version *v;
	const struct sq_bound *b;

	rig_init(&rig);
	publish(&rig, true, false);
	v = sq_graph_current(rig.g);
	b = sq_version_bound(v, file_of(v, "a.c"));
	sq_defs_get(&b->columns, 8, &d);
	ck_assert(sq_unused_in_scope(v, file_of(v, "a.c"), &d, SQ_UNUSED_PUBLIC));
	ck_assert(!sq_unused_in_scope(v, file_of(v, "a.c"), &d, SQ_UNUSED_PRIVATE));
	ck_assert(sq_unused_in_scope(v, file_of(v, "a.c"), &d, SQ_UNUSED_FUNCTION));
	ck_assert(!sq_unused_in_scope(v, file_of(v, "a.c"), &d, SQ_UNUSED_STRUCT));
	ck_assert_int_eq(sq_unused_scope_parse(SQ_LIT("struct")), SQ_UNUSED_STRUCT);
	ck_assert_int_eq(sq_unused_scope_parse(SQ_LIT("frob")), -1);
	rig_deinit(&rig);
}
END_TEST

static void expect_cycle(const struct sq_cycles *c, uint32_t i, sq_file f, uint32_t first, uint32_t n, uint32_t n_chain)
{
	ck_assert_uint_lt(i, c->n);
	ck_assert_uint_eq(c->v[i].n, n);
	ck_assert_uint_eq(c->v[i].n_chain, n_chain);
	ck_assert_uint_eq(c->nodes[c->v[i].first].file, f);
	ck_assert_uint_eq(c->nodes[c->v[i].first].def, first);
}

START_TEST(cycles_of_known)
{
	const struct sq_analysis how = { .cancel = NULL };
	struct sq_cycles_ask ask = { .type = SQ_CYCLE_CALLS, .min_size = 2 };
	const struct sq_version *v;
	struct sq_cycles c;
	struct sq_defset set;
	struct rig rig;
	sq_file a, b;

	rig_init(&rig);
	publish(&rig, true, false);
	v = sq_graph_current(rig.g);
	a = file_of(v, "a.c");
	b = file_of(v, "b.c");
	ck_assert_int_eq(sq_cycles_find(v, &how, &ask, &c), 0);
	ck_assert_uint_eq(c.n, 2);
	expect_cycle(&c, 0, a, 5, 2, 2);
	expect_cycle(&c, 1, b, 0, 3, 2);        /* shared -> back -> shared, third beside it */
	ck_assert_int_eq(sq_cycles_set(v, &c, false, &set), 0);
	ck_assert_uint_eq(set.n, 5);
	ck_assert(sq_defset_has(&set, b, 2) && !sq_defset_has(&set, a, 0));
	sq_defset_deinit(&set);
	sq_cycles_deinit(&c);
	ask.self_loops = true;
	ck_assert_int_eq(sq_cycles_find(v, &how, &ask, &c), 0);
	ck_assert_uint_eq(c.n, 4);
	expect_cycle(&c, 0, a, 3, 1, 1);
	expect_cycle(&c, 1, a, 4, 1, 1);
	sq_cycles_deinit(&c);
	ck_assert_int_eq(sq_cycles_through(v, &how, &ask, (struct sq_cycle_node){ b, 2 }, &c), 0);
	ck_assert_uint_eq(c.n, 1);
	expect_cycle(&c, 0, b, 2, 3, 2);        /* third -> back -> third */
	sq_cycles_deinit(&c);
	ck_assert_int_eq(sq_cycles_through(v, &how, &ask, (struct sq_cycle_node){ a, 0 }, &c), 0);
	ck_assert_uint_eq(c.n, 0);
	sq_cycles_deinit(&c);
	rig_deinit(&rig);
}
END_TEST

START_TEST(max_size_filters)
{
	const struct sq_analysis how = { .cancel = NULL };
	struct sq_cycles_ask ask = { .type = SQ_CYCLE_ALL, .min_size = 2, .max_size = 2 };
	struct sq_cycles c;
	struct rig rig;

	rig_init(&rig);
	publish(&rig, true, false);
	ck_assert_int_eq(sq_cycles_find(sq_graph_current(rig.g), &how, &ask, &c), 0);
	ck_assert_uint_eq(c.n, 1);
	sq_cycles_deinit(&c);
	rig_deinit(&rig);
}
END_TEST

/* ---- random trees of four languages: the same whatever the workers, and cancellable ---- */

START_TEST(random_trees)
{
	const struct sq_analysis one = { .par = NULL }, three = { .par = &rig_parallel };
	struct rig_random rnd = { (uint64_t)_i };
	struct sq_draft_opts opts = { .clear = true };
	struct rig_tree tree;
	struct sq_defset a, b;
	bool cancel = true;
	const struct sq_analysis stop = { .cancel = &cancel };
	struct rig rig;

	for (uint32_t i = 0; i < RIG_PATHS; i++)
		tree.seed[i] = rig_below(&rnd, 5) ? 2 + rig_below(&rnd, 1000) : 0;
	rig_init(&rig);
	ck_assert_int_eq(rig_update(&rig, NULL, &tree, &opts), 0);
	ck_assert_int_eq(sq_unused_find(sq_graph_current(rig.g), &one, &a), 0);
	ck_assert_int_eq(sq_unused_find(sq_graph_current(rig.g), &three, &b), 0);
	ck_assert_uint_eq(a.n, b.n);
	ck_assert_int_eq(memcmp(a.bits, b.bits, (a.base[a.n_files] / 64 + 1) * sizeof(*a.bits)), 0);
	sq_defset_deinit(&a);
	sq_defset_deinit(&b);
	for (int t = 0; t < SQ_CYCLE_MAX; t++) {
		struct sq_cycles_ask ask = { (enum sq_cycle_type)t, 2, 0, true };
		struct sq_cycles c;

		ck_assert_int_eq(sq_cycles_find(sq_graph_current(rig.g), &one, &ask, &c), 0);
		for (uint32_t i = 0; i < c.n; i++)
			ck_assert(c.v[i].n_chain && c.v[i].n_chain <= c.v[i].n);
		sq_cycles_deinit(&c);
	}
	if (sq_graph_current(rig.g)->stats.n_defs)
		ck_assert_int_eq(sq_unused_find(sq_graph_current(rig.g), &stop, &a), -ECANCELED);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-analysis");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, tarjan_is_mutual_reach, 0, 300);
	tcase_add_test(tc, tarjan_stops);
	tcase_add_test(tc, unused_of_known);
	tcase_add_test(tc, unused_scopes);
	tcase_add_test(tc, cycles_of_known);
	tcase_add_test(tc, max_size_filters);
	tcase_add_loop_test(tc, random_trees, 0, 40);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
