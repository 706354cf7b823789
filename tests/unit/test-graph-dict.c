/* SPDX-License-Identifier: MIT */
#include "graph-rig.h"

#include "graph/dict.h"
#include "graph/intern.h"

#define N 5000u

static struct sq_slice number(char *buf, const char *prefix, uint32_t i)
{
	snprintf(buf, 32, "%s%u", prefix, i);
	return sq_slice_z(buf);
}

static struct sq_dict *make(sq_name first, const char *prefix, uint32_t n)
{
	struct sq_slice *s = sq_calloc(n + 1, sizeof(*s));
	char (*text)[32] = sq_calloc(n + 1, 32);
	struct sq_dict *d;

	for (uint32_t i = 0; i < n; i++)
		s[i] = number(text[i], prefix, i);
	ck_assert_int_eq(sq_dict_make(SQ_BORN(1), first, s, n, &d), 0);
	sq_free(s);
	sq_free(text);
	return d;
}

static sq_name find(const struct sq_dict *d, struct sq_slice s)
{
	return sq_dict_find(d, s, sq_hash64(s.p, s.n, 0));
}

static void check_range(const struct sq_dict *d, sq_name first, const char *prefix, uint32_t n)
{
	char buf[32];

	for (uint32_t i = 0; i < n; i++) {
		struct sq_slice s = number(buf, prefix, i);

		ck_assert_uint_eq(find(d, s), first + i);
		ck_assert(sq_slice_eq(sq_dict_get(d, first + i), s));
	}
	ck_assert_uint_eq(find(d, number(buf, prefix, n)), SQ_NAME_NONE);
}

START_TEST(strings_are_found_by_id_and_text)
{
	struct sq_dict *d = make(1000, "name", N);

	ck_assert_uint_eq(d->n, N);
	check_range(d, 1000, "name", N);
	ck_assert_uint_eq(find(d, SQ_LIT("")), SQ_NAME_NONE);
	sq_piece_free(d);
}
END_TEST

/* how many bits of a slot are index and how many tag depends on the size */
START_TEST(every_small_size)
{
	for (uint32_t n = 1; n <= 130; n++) {
		struct sq_dict *d = make(n, "s", n);

		ck_assert_uint_lt(d->n, d->n_slots);
		check_range(d, n, "s", n);
		sq_piece_free(d);
	}
}
END_TEST

START_TEST(odd_strings)
{
	const struct sq_slice s[] = { SQ_LIT(""), sq_slice("a\0b", 3), SQ_LIT("a"), sq_slice("a\0", 2),
				      SQ_LIT("\xff\xfe") };
	struct sq_dict *d;

	ck_assert_int_eq(sq_dict_make(SQ_BORN(1), 7, s, SQ_ARRAY_SIZE(s), &d), 0);
	for (uint32_t i = 0; i < SQ_ARRAY_SIZE(s); i++) {
		ck_assert_uint_eq(find(d, s[i]), 7 + i);
		ck_assert(sq_slice_eq(sq_dict_get(d, 7 + i), s[i]));
	}
	sq_piece_free(d);
}
END_TEST

START_TEST(merging_keeps_ids)
{
	struct sq_dict *a = make(50, "left", 700), *b = make(750, "right", 3), *m;

	ck_assert_int_eq(sq_dict_merge(SQ_BORN(9), a, b, &m), 0);
	sq_piece_free(a);
	sq_piece_free(b);
	ck_assert_uint_eq(m->first, 50);
	ck_assert_uint_eq(m->n, 703);
	ck_assert_uint_eq(m->piece.birth, 9);
	check_range(m, 50, "left", 700);
	check_range(m, 750, "right", 3);
	sq_piece_free(m);
}
END_TEST

START_TEST(too_many_bytes_are_refused)
{
	struct sq_dict *d = NULL;

	ck_assert_int_eq(sq_dict_new(SQ_BORN(1), 0, 1, (uint64_t)UINT32_MAX + 1, &d), -EOVERFLOW);
	ck_assert_ptr_null(d);
}
END_TEST

/* ---- interning ---- */

struct job {
	struct sq_intern *in;
	struct sq_intern_scratch scratch[RIG_WORKERS];
	sq_name ids[RIG_WORKERS][N];
};

/* every worker adds the same names, each in another order and by batches */
static int add_names(void *arg, unsigned worker)
{
	struct job *j = arg;
	char text[64][32];
	struct sq_slice s[64];
	sq_name ids[64];
	int r = 0;

	for (uint32_t at = 0; at < N && r >= 0; at += 50) {
		uint32_t n = SQ_MIN(50u, N - at);

		for (uint32_t k = 0; k < n; k++)
			s[k] = number(text[k], "name", (at + k + worker * 777) % N);
		memset(ids, 0xff, sizeof(ids));
		r = sq_intern_batch(j->in, &j->scratch[worker], worker * 20, s, n, ids);
		for (uint32_t k = 0; k < n; k++)
			j->ids[worker][(at + k + worker * 777) % N] = ids[k];
	}
	return r;
}

START_TEST(workers_agree_on_ids)
{
	static const struct sq_version empty;
	static struct sq_intern in;
	static struct job j;
	struct sq_dict *d;
	char buf[32];

	ck_assert_int_eq(sq_intern_init(&in, &empty), 0);
	j = (struct job){ .in = &in };
	ck_assert_int_eq(rig_run(NULL, add_names, &j), 0);
	ck_assert_uint_eq(sq_intern_n_new(&in), N);
	ck_assert_int_eq(sq_intern_flatten(&in, &rig_parallel, SQ_BORN(4), &d), 0);
	ck_assert_uint_eq(d->n, N);
	for (uint32_t i = 0; i < N; i++) {
		sq_name id = sq_intern_final(&in, j.ids[0][i]);

		for (unsigned w = 1; w < RIG_WORKERS; w++)
			ck_assert_uint_eq(j.ids[w][i], j.ids[0][i]);
		ck_assert(sq_slice_eq(sq_dict_get(d, id), number(buf, "name", i)));
		ck_assert_uint_eq(find(d, number(buf, "name", i)), id);
	}
	for (unsigned w = 0; w < RIG_WORKERS; w++)
		sq_intern_scratch_deinit(&j.scratch[w]);
	sq_intern_deinit(&in);
	sq_piece_free(d);
}
END_TEST

START_TEST(known_names_keep_their_id)
{
	const struct sq_dict *dicts[2] = { make(0, "old", 100), make(100, "more", 10) };
	struct sq_version v = { .n_dicts = 2, .n_names = 110, .dicts = dicts };
	struct sq_slice s[] = { SQ_LIT("old5"), SQ_LIT("new"), SQ_LIT("more3"), SQ_LIT("new"), SQ_LIT("") };
	struct sq_intern_scratch scratch = { .items = SQ_VEC_NULL };
	static struct sq_intern in;
	struct sq_dict *d;
	sq_name ids[5];

	memset(ids, 0xff, sizeof(ids));
	ck_assert_int_eq(sq_intern_init(&in, &v), 0);
	ck_assert_int_eq(sq_intern_batch(&in, &scratch, 0, s, 5, ids), 0);
	ck_assert_int_eq(sq_intern_flatten(&in, NULL, SQ_BORN(1), &d), 0);
	ck_assert_uint_eq(sq_intern_final(&in, ids[0]), 5);
	ck_assert_uint_eq(sq_intern_final(&in, ids[2]), 103);
	ck_assert_uint_eq(ids[1], ids[3]);
	ck_assert_uint_eq(d->n, 2);
	ck_assert_uint_eq(d->first, 110);
	ck_assert(sq_slice_is(sq_dict_get(d, sq_intern_final(&in, ids[1])), "new"));
	ck_assert(sq_slice_is(sq_dict_get(d, sq_intern_final(&in, ids[4])), ""));
	sq_intern_scratch_deinit(&scratch);
	sq_intern_deinit(&in);
	sq_piece_free(d);
	sq_piece_free((void *)dicts[0]);
	sq_piece_free((void *)dicts[1]);
}
END_TEST

/* records bigger than a block lie among small ones and keep their order */
START_TEST(long_strings)
{
	static const struct sq_version empty;
	static struct sq_intern in;
	static char big[3][200000];
	struct sq_intern_scratch scratch = { .items = SQ_VEC_NULL };
	struct sq_slice s[200];
	static char text[200][32];
	sq_name ids[200];
	struct sq_dict *d;

	for (uint32_t i = 0; i < 200; i++)
		s[i] = number(text[i], "s", i);
	for (uint32_t i = 0; i < 3; i++) {
		memset(big[i], 'a' + (int)i, sizeof(big[i]));
		s[i * 60] = sq_slice(big[i], sizeof(big[i]));
	}
	memset(ids, 0xff, sizeof(ids));
	ck_assert_int_eq(sq_intern_init(&in, &empty), 0);
	ck_assert_int_eq(sq_intern_batch(&in, &scratch, 3, s, 200, ids), 0);
	ck_assert_int_eq(sq_intern_flatten(&in, NULL, SQ_BORN(1), &d), 0);
	for (uint32_t i = 0; i < 200; i++)
		ck_assert(sq_slice_eq(sq_dict_get(d, sq_intern_final(&in, ids[i])), s[i]));
	sq_intern_scratch_deinit(&scratch);
	sq_intern_deinit(&in);
	sq_piece_free(d);
}
END_TEST

/* ---- in versions ---- */

START_TEST(versions_hold_few_dictionaries)
{
	const struct sq_draft_opts opts = { .clear = false };
	struct sq_facts_builder *b;
	struct rig rig;
	char name[32];

	rig_init(&rig);
	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	for (uint32_t i = 0; i < 300; i++) {
		const struct sq_version *v;
		struct sq_facts facts;
		struct sq_draft *d;

		sq_facts_builder_reset(b, SQ_LANG_C);
		sq_facts_add_def(b, &(struct sq_def){ .name = sq_facts_add_string(b, number(name, "fresh", i)),
			.parent = SQ_NONE, .start_line = 1, .end_line = 2 });
		ck_assert_int_eq(sq_facts_builder_finish(b, false, &facts), 0);
		ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
		ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = SQ_LIT("a.c"), .lang = SQ_LANG_C,
			.facts = &facts, .content_hash = i + 1, .size_bytes = 1 }), 0);
		ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
		sq_graph_publish(rig.g, d, rig.rec);
		sq_graph_reclaim(rig.g, rig.rec);
		sq_facts_deinit(&facts);
		v = sq_graph_current(rig.g);
		ck_assert_uint_eq(v->n_names, i + 2);
		/* each at least twice as big as the next */
		for (uint32_t k = 0; k + 1 < v->n_dicts; k++)
			ck_assert_uint_ge(v->dicts[k]->n, 2 * v->dicts[k + 1]->n);
		/* the path, and the one definition: what no file says any more does not count */
		ck_assert_uint_eq(v->stats.n_names, 2);
	}
	rig_check(&rig);
	sq_facts_builder_free(b);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-dict");
	TCase *tc = tcase_create("dict");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, strings_are_found_by_id_and_text);
	tcase_add_test(tc, every_small_size);
	tcase_add_test(tc, odd_strings);
	tcase_add_test(tc, merging_keeps_ids);
	tcase_add_test(tc, too_many_bytes_are_refused);
	tcase_add_test(tc, workers_agree_on_ids);
	tcase_add_test(tc, known_names_keep_their_id);
	tcase_add_test(tc, long_strings);
	tcase_add_test(tc, versions_hold_few_dictionaries);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
