/* SPDX-License-Identifier: MIT */
/* Names by pattern: the index of a big dictionary says what reading through says. */
#include <regex.h>

#include "graph-rig.h"
#include "graph/name_index.h"
#include "query/fuzzy.h"
#include "query/names.h"
#include "query/query.h"

#define N_FILES 36u
#define N_EACH 1000u

static const struct sq_draft_opts plain = { .par = &rig_parallel };

/* ---- names as a kernel has them: long common prefixes, words met again ---- */

static void random_name(struct rig_random *rnd, char *to, size_t cap)
{
	static const char *const first[] = { "mmDCP", "regGC_", "snd_", "__", "ext4_", "x", "CONFIG_", "ixMC" };
	static const char *const word[] = { "init", "exit", "probe", "node", "lock", "Irq", "page", "alloc",
					    "free", "a", "buffer", "head", "12", "0x3", "SHIFT", "mask" };
	int n = snprintf(to, cap, "%s", first[rig_below(rnd, 8)]);

	for (uint32_t k = 1 + rig_below(rnd, 4); k; k--)
		n += snprintf(to + n, cap - (size_t)n, "%s%s", word[rig_below(rnd, 16)], k > 1 ? "_" : "");
	if (rig_below(rnd, 4))
		snprintf(to + n, cap - (size_t)n, "%x", rig_below(rnd, 1u << 20));
}

static struct sq_dict *random_dict(uint64_t seed, uint32_t n, uint32_t first)
{
	struct rig_random rnd = { seed };
	struct sq_slice *strings = calloc(n, sizeof(*strings));
	char (*text)[96] = calloc(n, sizeof(*text));
	struct sq_dict *d;

	for (uint32_t i = 0; i < n; i++) {
		random_name(&rnd, text[i], 64);
		/* distinct */
		snprintf(text[i] + strlen(text[i]), 16, "q%x", i);
		strings[i] = sq_slice_z(text[i]);
	}
	ck_assert_int_eq(sq_dict_make(SQ_BORN(1), first, strings, n, &d), 0);
	free(strings);
	free(text);
	return d;
}

static void same_index(const struct sq_name_index *a, const struct sq_name_index *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_uint_eq(a->n_grams, b->n_grams);
	ck_assert_uint_eq(a->piece.n_bytes, b->piece.n_bytes);
	/* all that follows the head: orders, trigrams, places, lists */
	ck_assert(!memcmp(a->order, b->order, (const char *)(a->lists + a->at[a->n_grams]) - (const char *)a->order));
}

START_TEST(index_holds)
{
	static const uint32_t sizes[] = { 1, 2, 17, 511, 512, 513, 5000, 40000 };

	for (size_t i = 0; i < SQ_ARRAY_SIZE(sizes); i++) {
		struct sq_dict *d = random_dict(i, sizes[i], 7);
		struct sq_name_index *a, *b;

		ck_assert_int_eq(sq_name_index_make(SQ_BORN(1), d, NULL, NULL, &a), 0);
		ck_assert_int_eq(sq_name_index_make(SQ_BORN(1), d, &rig_parallel, NULL, &b), 0);
		ck_assert(sq_name_index_check(a, d));
		same_index(a, b);
		/* the check can fail */
		((uint32_t *)a->order)[d->n - 1] = a->order[0];
		ck_assert(d->n == 1 || !sq_name_index_check(a, d));
		sq_piece_free(a);
		sq_piece_free(b);
		sq_piece_free(d);
	}
}
END_TEST

/* equal for kilobytes, one the start of the next, and bytes that are no text */
START_TEST(odd_strings)
{
	static char text[64][4096];
	struct sq_slice strings[66];
	struct sq_name_index *x;
	struct sq_dict *d;

	for (uint32_t i = 0; i < 64; i++) {
		memset(text[i], i % 2 ? 'a' : 0xff, sizeof(text[i]));
		strings[i] = sq_slice(text[i], 4096 - i / 2);
	}
	strings[64] = SQ_LIT("");
	strings[65] = sq_slice("\0\0", 2);
	ck_assert_int_eq(sq_dict_make(SQ_BORN(1), 0, strings, 66, &d), 0);
	ck_assert_int_eq(sq_name_index_make(SQ_BORN(1), d, NULL, NULL, &x), 0);
	ck_assert(sq_name_index_check(x, d));
	sq_piece_free(x);
	sq_piece_free(d);
}
END_TEST

START_TEST(cancelled)
{
	struct sq_dict *d = random_dict(1, 600, 0);
	const bool yes = true;
	struct sq_name_index *x;

	ck_assert_int_eq(sq_name_index_make(SQ_BORN(1), d, NULL, &yes, &x), -ECANCELED);
	sq_piece_free(d);
}
END_TEST

/* ---- patterns ---- */

struct tree { struct rig rig; char name[N_FILES * N_EACH * 2][64]; uint32_t n; };

/* a piece of some name, its special bytes none */
static int piece(struct tree *t, struct rig_random *rnd, char *to, size_t cap)
{
	const char *name = t->name[rig_below(rnd, t->n)];
	size_t n = strlen(name), from = rig_below(rnd, (uint32_t)n);
	size_t len = 1 + rig_below(rnd, 9);

	return snprintf(to, cap, "%.*s", (int)SQ_MIN(len, n - from), name + from);
}

static void random_pattern(struct tree *t, struct rig_random *rnd, char *to, size_t cap)
{
	static const char *const between[] = { "", ".*", "[a-z_]*", ".", "(a|e)?", "(_|x)+", "|", "\\w", "(init|exit)",
					       "(b(c|d)|e)", "?", "{1,2}", "(pro|no)*", "|^", "$|" };
	size_t n = 0;

	if (!rig_below(rnd, 3))
		to[n++] = '^';
	for (uint32_t k = 1 + rig_below(rnd, 3); k; k--) {
		n += (size_t)piece(t, rnd, to + n, cap - n);
		n += (size_t)snprintf(to + n, cap - n, "%s", between[rig_below(rnd, 15)]);
		if (rig_below(rnd, 3))
			n += (size_t)snprintf(to + n, cap - n, "(%.*s|alloc)", 1 + (int)rig_below(rnd, 4), "free");
	}
	snprintf(to + n, cap - n, "%s", rig_below(rnd, 3) ? "" : "$");
}

/* what the C library says of every name of the version */
static void compare(const struct sq_version *v, const char *pattern, bool icase)
{
	struct sq_name_set set;
	struct sq_regex *re;
	char message[SQ_REGEX_MESSAGE];
	uint32_t n = 0;
	regex_t plain_re;

	ck_assert_msg(!sq_regex_new(sq_slice_z(pattern), icase, &re, message), "%s: %s", pattern, message);
	ck_assert_int_eq(regcomp(&plain_re, pattern, REG_EXTENDED | REG_NOSUB | (icase ? REG_ICASE : 0)), 0);
	ck_assert_int_eq(sq_name_set_match(v, re, NULL, &set), 0);
	for (sq_name id = 0; id < v->n_names; id++) {
		struct sq_slice s = sq_version_string(v, id);
		char text[128];
		bool yes;

		snprintf(text, sizeof(text), "%.*s", (int)s.n, s.p);
		yes = !regexec(&plain_re, text, 0, NULL, 0);
		n += yes;
		ck_assert_msg(yes == sq_name_set_has(&set, id), "%s: %s %s", pattern, text, yes ? "missed" : "too many");
	}
	ck_assert_uint_eq(set.n, n);
	sq_name_set_deinit(&set);
	regfree(&plain_re);
	sq_regex_free(re);
}

static void compare_text(const struct sq_version *v, const char *text)
{
	struct sq_name_set set;

	ck_assert_int_eq(sq_name_set_contain(v, sq_slice_z(text), NULL, &set), 0);
	for (sq_name id = 0; id < v->n_names; id++) {
		struct sq_slice s = sq_version_string(v, id);

		ck_assert_msg(!memmem(s.p, s.n, text, strlen(text)) == !sq_name_set_has(&set, id), "%s: %.*s",
			      text, (int)s.n, s.p);
	}
	sq_name_set_deinit(&set);
}

/* fuzzy search against every name's similarity */
static int by_similarity(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void compare_fuzzy(const struct sq_version *v, const char *text)
{
	struct sq_search s = { .pattern = sq_slice_z(text), .mode = SQ_SEARCH_FUZZY, .kind = -1, .lang = -1,
			       .limit = 5000 };
	float *all = calloc(v->n_names, sizeof(*all)), least = SQ_SEARCH_FUZZY_MIN_SIMILARITY;
	static struct sq_trigrams t;
	struct sq_query_error error;
	struct sq_result res;
	size_t n = 0;

	sq_trigrams_init(&t, s.pattern);
	for (sq_name id = 0; id < v->n_names; id++) {
		struct sq_slice name = sq_version_string(v, id);
		struct sq_posting_iter it;
		struct sq_posting p;
		float x = sq_trigrams_similarity(&t, name);

		ck_assert(x <= sq_trigrams_bound(&t, name.n));
		sq_version_postings(v, id, SQ_LIST_DEF, &it);
		if (sq_posting_next(&it, &p))
			all[n++] = x;
	}
	qsort(all, n, sizeof(*all), by_similarity);
	if (n > SQ_SEARCH_FUZZY_CANDIDATES)
		least = SQ_MAX(least, all[SQ_SEARCH_FUZZY_CANDIDATES - 1]);
	ck_assert_int_eq(sq_search_run(v, &s, &res, &error), 0);
	for (size_t i = 0; i < res.n_items; i++) {
		const struct sq_bound *b = sq_version_bound(v, res.items[i].file);
		struct sq_slice name;
		struct sq_def d;

		sq_defs_get(&b->columns, res.items[i].def, &d);
		name = sq_version_string(v, b->names[d.name]);
		ck_assert(sq_trigrams_similarity(&t, name) >= least);
	}
	/* all that are clearly among the best are there */
	for (sq_name id = 0, found = 0; id < v->n_names; id++) {
		struct sq_slice name = sq_version_string(v, id);
		struct sq_posting_iter it;
		struct sq_posting p;

		sq_version_postings(v, id, SQ_LIST_DEF, &it);
		if (!sq_posting_next(&it, &p) || sq_trigrams_similarity(&t, name) <= least ||
		    sq_jaro_winkler(s.pattern, name) < SQ_SEARCH_FUZZY_MIN_SCORE)
			continue;
		ck_assert_uint_le(++found, res.total);
	}
	sq_result_deinit(&res);
	free(all);
}

static void put_file(struct tree *t, struct sq_draft *d, struct rig_random *rnd, uint32_t file, uint32_t n)
{
	struct sq_facts_builder *b;
	struct sq_facts facts;
	char path[32];

	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	sq_facts_builder_reset(b, SQ_LANG_C);
	for (uint32_t i = 0; i < n; i++) {
		char *name = t->name[t->n++];

		ck_assert_uint_lt(t->n, SQ_ARRAY_SIZE(t->name));
		random_name(rnd, name, 50);
		snprintf(name + strlen(name), 12, "_%x", t->n);
		sq_facts_add_def(b, &(struct sq_def){ .name = sq_facts_add_string(b, sq_slice_z(name)),
			.parent = SQ_NONE, .start_line = i + 1, .end_line = i + 1 });
	}
	ck_assert_int_eq(sq_facts_builder_finish(b, false, &facts), 0);
	snprintf(path, sizeof(path), "f%u.c", file);
	ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = sq_slice_z(path), .lang = SQ_LANG_C,
		.facts = &facts, .content_hash = rnd->state, .size_bytes = 1 }), 0);
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
}

static void publish(struct tree *t, struct sq_draft *d)
{
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(t->rig.g, d, t->rig.rec);
	sq_graph_reclaim(t->rig.g, t->rig.rec);
	rig_check(&t->rig);
}

static void compare_all(struct tree *t, struct rig_random *rnd, unsigned n_patterns)
{
	const struct sq_version *v = sq_graph_current(t->rig.g);
	char text[512];

	for (unsigned i = 0; i < n_patterns; i++) {
		random_pattern(t, rnd, text, sizeof(text));
		compare(v, text, !rig_below(rnd, 5));
		piece(t, rnd, text, sizeof(text));
		compare_text(v, text);
	}
	snprintf(text, sizeof(text), "%s", t->name[rig_below(rnd, t->n)]);
	text[strlen(text) / 2] = '-';
	compare_fuzzy(v, text);
}

static unsigned n_patterns(void)
{
	const char *n = getenv("SQ_TEST_PATTERNS");

	return n ? (unsigned)atoi(n) : 40;
}

START_TEST(versions)
{
	static struct tree t;
	struct rig_random rnd = { 20 };
	struct sq_draft *d;

	rig_init(&t.rig);
	ck_assert_int_eq(sq_draft_new(t.rig.g, &plain, &d), 0);
	for (uint32_t i = 0; i < N_FILES; i++)
		put_file(&t, d, &rnd, i, N_EACH);
	publish(&t, d);
	ck_assert_ptr_nonnull(sq_graph_current(t.rig.g)->dicts[0]->index);
	compare_all(&t, &rnd, n_patterns());
	/* new names of edits are in small dictionaries beside it */
	for (uint32_t i = 0; i < 12; i++) {
		ck_assert_int_eq(sq_draft_new(t.rig.g, &plain, &d), 0);
		put_file(&t, d, &rnd, rig_below(&rnd, N_FILES + 2), 1 + rig_below(&rnd, 60));
		publish(&t, d);
		if (i % 6 == 0)
			compare_all(&t, &rnd, n_patterns() / 8);
	}
	ck_assert_uint_gt(sq_graph_current(t.rig.g)->n_dicts, 1);
	/* enough of them are merged with the base, whose index is made again */
	ck_assert_int_eq(sq_draft_new(t.rig.g, &plain, &d), 0);
	for (uint32_t i = 0; i < 20; i++)
		put_file(&t, d, &rnd, 100 + i, N_EACH);
	publish(&t, d);
	ck_assert_uint_gt(sq_graph_current(t.rig.g)->dicts[0]->index->n, N_FILES * N_EACH + 100);
	compare_all(&t, &rnd, n_patterns() / 4);
	/* from nothing */
	ck_assert_int_eq(sq_draft_new(t.rig.g, &(struct sq_draft_opts){ .clear = true }, &d), 0);
	put_file(&t, d, &rnd, 0, 10);
	publish(&t, d);
	ck_assert_uint_eq(sq_graph_current(t.rig.g)->stats.bytes_by_kind[SQ_PIECE_NAME_INDEX], 0);
	rig_deinit(&t.rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query-names");
	TCase *tc = tcase_create("names");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, index_holds);
	tcase_add_test(tc, odd_strings);
	tcase_add_test(tc, cancelled);
	tcase_add_test(tc, versions);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
