/* SPDX-License-Identifier: MIT */
/*
 * What every file reaches, worked out for all files at once, against a plain
 * search from each file; and passes over many files, which use it, against
 * passes over one file each, which do not.
 */
#include "graph-rig.h"
#include "graph/reach.h"

#define MAX_FILES 700u

static struct sq_import_graph random_graph(struct rig_random *rnd, uint32_t n, uint32_t degree, bool layered)
{
	struct sq_import_graph g = { .n_files = n };
	uint32_t at = 0;

	g.first = sq_malloc((n + 1) * sizeof(*g.first));
	g.to = sq_malloc(((size_t)n * degree + 1) * sizeof(*g.to));
	ck_assert(g.first && g.to);
	for (sq_file f = 0; f < n; f++) {
		uint32_t k = rig_below(rnd, degree + 1);

		g.first[f] = at;
		/* layered: mostly to lower files, so that components stay small */
		while (k--)
			g.to[at++] = layered && f && rig_below(rnd, 200) ? rig_below(rnd, f) : rig_below(rnd, n);
	}
	g.first[n] = at;
	return g;
}

static void search(const struct sq_import_graph *g, sq_file f, bool *seen)
{
	sq_file queue[MAX_FILES];
	uint32_t n = 0;

	memset(seen, 0, g->n_files);
	seen[f] = true;
	queue[n++] = f;
	for (uint32_t at = 0; at < n; at++)
		for (uint32_t i = g->first[queue[at]]; i < g->first[queue[at] + 1]; i++)
			if (!seen[g->to[i]]) {
				seen[g->to[i]] = true;
				queue[n++] = g->to[i];
			}
}

static void compare(const struct sq_import_graph *g)
{
	struct sq_reach *x;
	bool seen[MAX_FILES];
	uint64_t *words;

	ck_assert_int_eq(sq_reach_new(g, &x), 0);
	words = sq_malloc((sq_reach_n_words(x) + 1) * sizeof(*words));
	ck_assert(words);
	for (sq_file f = 0; f < g->n_files; f++) {
		search(g, f, seen);
		sq_reach_of(x, f, words);
		for (sq_file to = 0; to < g->n_files; to++) {
			uint32_t bit = sq_reach_bit(x, to);
			bool has = bit == SQ_NONE ? to == f : words[bit / 64] >> (bit % 64) & 1;

			ck_assert_msg(has == seen[to], "%u files: %u reaches %u: %d", g->n_files, f, to, seen[to]);
		}
	}
	sq_free(words);
	sq_reach_free(x);
}

START_TEST(same_as_search)
{
	struct rig_random rnd = { (uint64_t)_i };

	for (int round = 0; round < 20; round++) {
		uint32_t n = rig_below(&rnd, round % 10 ? 60 : MAX_FILES);
		struct sq_import_graph g = random_graph(&rnd, n, 1 + rig_below(&rnd, 5), round % 2);

		compare(&g);
		sq_import_graph_deinit(&g);
	}
}
END_TEST

/* ---- a tree of C files -------------------------------------------------------- */

#define N_TREE 180u

static void path_of(uint32_t i, char *buf, size_t n)
{
	snprintf(buf, n, "d%u/f%u.%c", i % 7, i, i % 3 ? 'h' : 'c');
}

static int tree_facts(struct sq_facts_builder *b, uint32_t i, uint64_t seed, struct sq_facts *ret_f)
{
	struct rig_random rnd = { seed * 131 + i };
	char text[32];

	sq_facts_builder_reset(b, SQ_LANG_C);
	for (uint32_t k = rig_below(&rnd, 4); k--;) {
		uint32_t to = rig_below(&rnd, N_TREE / 3) * 3 + 1 + rig_below(&rnd, 2);

		path_of(to, text, sizeof(text));
		sq_facts_add_import(b, &(struct sq_import){
			.target = rig_text(b, strchr(text, '/') + 1), .name = SQ_NONE, .alias = SQ_NONE,
			.kind = SQ_IMPORT_INCLUDE, .flags = SQ_IMP_SYSTEM, .line = 1 });
	}
	/* so many that some files are indexed by name, and names are defined often */
	for (uint32_t k = rig_below(&rnd, 60); k--;) {
		struct sq_def d = { .kind = rig_below(&rnd, 2) ? SQ_KIND_MACRO : SQ_KIND_FUNCTION,
				    .parent = SQ_NONE, .start_line = 100 - k, .end_line = 100 - k, .end_col = 1,
				    .flags = rig_below(&rnd, 2) ? SQ_DEF_FILE_LOCAL : 0 };

		snprintf(text, sizeof(text), "n%u", rig_below(&rnd, 400));
		d.name = rig_text(b, text);
		sq_facts_add_def(b, &d);
	}
	for (uint32_t k = rig_below(&rnd, 30); k--;) {
		struct sq_ref r = { .kind = SQ_REF_CALL, .line = 200 - k, .encl = SQ_NONE, .qual = SQ_NONE };

		snprintf(text, sizeof(text), "n%u", rig_below(&rnd, 400));
		r.name = rig_text(b, text);
		sq_facts_add_ref(b, &r);
	}
	return sq_facts_builder_finish(b, false, ret_f);
}

static void tree_put(struct sq_draft *d, uint32_t i, uint64_t seed)
{
	struct sq_facts_builder *b;
	struct sq_facts facts = SQ_FACTS_NULL;
	char path[32];
	struct sq_put put = { .lang = SQ_LANG_C, .facts = &facts, .content_hash = seed * 1000 + i, .size_bytes = 1 };

	path_of(i, path, sizeof(path));
	put.path = sq_slice_z(path);
	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	ck_assert_int_eq(tree_facts(b, i, seed, &facts), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &put), 0);
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
}

/* put the files from @from on into one draft */
static void tree_update(struct rig *rig, uint32_t from, uint32_t n, uint64_t seed, const struct sq_draft_opts *opts)
{
	struct sq_draft *d;

	ck_assert_int_eq(sq_draft_new(rig->g, opts, &d), 0);
	for (uint32_t i = from; i < from + n; i++)
		tree_put(d, i, seed);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig->g, d, rig->rec);
	sq_graph_reclaim(rig->g, rig->rec);
}

START_TEST(same_links_by_many_and_by_one)
{
	struct sq_draft_opts clear = { .clear = true, .par = _i % 2 ? &rig_parallel : NULL };
	struct sq_draft_opts more = { .par = clear.par };
	struct rig whole, ones;
	struct sq_buf a, b;

	rig_init(&whole);
	rig_init(&ones);
	tree_update(&whole, 0, N_TREE, (uint64_t)_i, &clear);
	for (uint32_t i = 0; i < N_TREE; i++)
		tree_update(&ones, i, 1, (uint64_t)_i, &more);
	a = rig_dump(&ones);
	b = rig_dump(&whole);
	rig_same_text(&a, &b, "all files one by one");
	sq_buf_deinit(&a);
	sq_buf_deinit(&b);
	/* most files at once, on top of others that stay */
	tree_update(&ones, 10, 150, (uint64_t)_i + 100, &more);
	tree_update(&whole, 0, N_TREE, (uint64_t)_i, &clear);
	for (uint32_t i = 10; i < 160; i++)
		tree_update(&whole, i, 1, (uint64_t)_i + 100, &more);
	a = rig_dump(&ones);
	b = rig_dump(&whole);
	rig_same_text(&a, &b, "most files at once");
	ck_assert_msg(strstr(a.p, "include") != NULL, "nothing is bound through an include");
	sq_buf_deinit(&a);
	sq_buf_deinit(&b);
	rig_check(&ones);
	rig_deinit(&whole);
	rig_deinit(&ones);
}
END_TEST

/* ---- who is linked again after an edit of includes ------------------------------ */

/* @text: words "+header" for an include, "name" for a macro, "?name" for a mention */
static void words_put(struct sq_draft *d, const char *path, const char *text, uint64_t seed)
{
	struct sq_facts_builder *b;
	struct sq_facts facts = SQ_FACTS_NULL;
	struct sq_put put = { .path = sq_slice_z(path), .lang = SQ_LANG_C, .facts = &facts,
			      .content_hash = seed, .size_bytes = 1 };
	char copy[128], *save = NULL;
	uint32_t line = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	sq_facts_builder_reset(b, SQ_LANG_C);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		line++;
		if (*w == '+')
			sq_facts_add_import(b, &(struct sq_import){
				.target = rig_text(b, w + 1), .name = SQ_NONE, .alias = SQ_NONE,
				.kind = SQ_IMPORT_INCLUDE, .line = line });
		else if (*w == '?')
			sq_facts_add_ref(b, &(struct sq_ref){ .name = rig_text(b, w + 1), .kind = SQ_REF_MACRO,
				.argc = SQ_ARGC_UNKNOWN, .line = line, .encl = SQ_NONE, .qual = SQ_NONE });
		else
			sq_facts_add_def(b, &(struct sq_def){ .name = rig_text(b, w), .kind = SQ_KIND_MACRO,
				.parent = SQ_NONE, .start_line = line, .end_line = line, .end_col = 1 });
	}
	ck_assert_int_eq(sq_facts_builder_finish(b, false, &facts), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &put), 0);
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
}

/* files linked again when @path says @text */
static uint64_t relinked_by(struct rig *rig, const char *path, const char *text, uint64_t seed)
{
	struct sq_draft_opts opts = { .par = NULL };
	struct sq_draft_report rep;
	struct sq_draft *d;

	ck_assert_int_eq(sq_draft_new(rig->g, &opts, &d), 0);
	words_put(d, path, text, seed);
	ck_assert_int_eq(sq_draft_finish(d, &rep), 0);
	sq_graph_publish(rig->g, d, rig->rec);
	sq_graph_reclaim(rig->g, rig->rec);
	return rep.n_relinked;
}

START_TEST(include_edits_reach_who_sees_them)
{
	static const char *const headers[][2] = {
		{ "core.h", "CORE" }, { "mid.h", "+core.h MID" }, { "top.h", "+mid.h TOP" },
		{ "other.h", "OTHER" }, { "twin.h", "OTHER" },
	};
	struct sq_draft_opts opts = { .clear = true };
	struct sq_draft *d;
	struct rig rig;
	char path[32];

	rig_init(&rig);
	ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
	for (uint32_t i = 0; i < SQ_ARRAY_SIZE(headers); i++)
		words_put(d, headers[i][0], headers[i][1], 10 + i);
	for (uint32_t i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "u%u.c", i);
		words_put(d, path, i < 3 ? "+top.h ?CORE ?OTHER" : "+top.h ?CORE", 100 + i);
	}
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig.g, d, rig.rec);
	/* seen already, by whatever way: nothing changes for anybody */
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h +core.h TOP", 1000), 1);
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h TOP", 1001), 1);
	/* not there */
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h +gone.h TOP", 1002), 1);
	/* new to all fifty, of use to three */
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h +other.h TOP", 1003), 4);
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h TOP", 1004), 4);
	/* a macro that nobody mentions; one that all do */
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h TOP MORE", 1005), 1);
	ck_assert_uint_eq(relinked_by(&rig, "top.h", "+mid.h TOP CORE", 1006), 51);
	rig_check(&rig);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-reach");
	TCase *t = tcase_create("reach");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, same_as_search, 1, 6);
	tcase_add_loop_test(t, same_links_by_many_and_by_one, 1, 7);
	tcase_add_test(t, include_edits_reach_who_sees_them);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
