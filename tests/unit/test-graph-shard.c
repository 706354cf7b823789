/* SPDX-License-Identifier: MIT */
/* Posting lists against a naive model, and the edges of a shard. */
#include "graph-rig.h"

#include "graph/shard.h"

#define FIRST (3u << SQ_SHARD_SHIFT)
#define NAMES 40u
#define FILES 50u

/* -1: not there, else class bits */
struct model { int16_t cell[NAMES][SQ_LIST_MAX][FILES]; };

static void compare(const struct sq_shard *s, const struct model *m)
{
	uint32_t live = 0, wrong = 0;

	for (uint32_t n = 0; n < NAMES; n++) {
		bool any = false;

		for (unsigned list = 0; list < SQ_LIST_MAX; list++) {
			struct sq_posting_iter it;
			struct sq_posting p;

			sq_shard_iter(s, FIRST + n, list, &it);
			for (uint32_t f = 0; f < FILES; f++) {
				if (m->cell[n][list][f] < 0)
					continue;
				any = true;
				wrong += !sq_posting_next(&it, &p) || p.file != f * 1000 ||
					 p.class_bits != m->cell[n][list][f];
			}
			wrong += sq_posting_next(&it, &p);
		}
		live += any;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(sq_shard_n_live(s), live);
}

static int compare_changes(const void *a, const void *b)
{
	const struct sq_posting_change *x = a, *y = b;

	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->list != y->list)
		return x->list - y->list;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* changes of distinct cells, at random; some remove what is not there */
static size_t draw_changes(struct rig_random *rnd, struct model *m, struct sq_posting_change *c)
{
	size_t n = 0, want = rig_below(rnd, 60);
	static bool taken[NAMES][SQ_LIST_MAX][FILES];

	memset(taken, 0, sizeof(taken));
	while (n < want) {
		uint32_t name = rig_below(rnd, NAMES), list = rig_below(rnd, SQ_LIST_MAX);
		uint32_t file = rig_below(rnd, FILES);
		bool remove = rig_below(rnd, 5) < 2;
		uint8_t bits = list == SQ_LIST_DEF ? (uint8_t)rig_below(rnd, 256) : 0;

		if (taken[name][list][file])
			continue;
		taken[name][list][file] = true;
		m->cell[name][list][file] = remove ? -1 : bits;
		c[n++] = (struct sq_posting_change){ FIRST + name, file * 1000, (uint8_t)list, bits, remove };
	}
	qsort(c, n, sizeof(*c), compare_changes);
	return n;
}

START_TEST(random_changes_equal_the_model)
{
	struct sq_posting_change changes[64];
	struct rig_random rnd = { 42 };
	struct sq_shard *s = NULL;
	static struct model m;

	memset(&m, 0xff, sizeof(m));
	for (int step = 0; step < 500; step++) {
		size_t n = draw_changes(&rnd, &m, changes);
		struct sq_shard *next;

		ck_assert_int_eq(sq_shard_make(SQ_BORN(1), s, FIRST, NAMES, changes, n, &next), 0);
		sq_piece_free(s);
		s = next;
		compare(s, &m);
	}
	sq_piece_free(s);
}
END_TEST

START_TEST(shard_grows_with_its_names)
{
	const struct sq_posting_change one = { FIRST + 1, 5, SQ_LIST_KEY, 0, false };
	const struct sq_posting_change two = { FIRST + 9, UINT32_MAX - 1, SQ_LIST_DEF, 0x81, false };
	struct sq_shard *a, *b;
	struct sq_posting_iter it;
	struct sq_posting p;

	ck_assert_int_eq(sq_shard_make(SQ_BORN(1), NULL, FIRST, 2, &one, 1, &a), 0);
	sq_shard_iter(a, FIRST + 9, SQ_LIST_DEF, &it);
	ck_assert(!sq_posting_next(&it, &p));
	ck_assert_int_eq(sq_shard_make(SQ_BORN(2), a, FIRST, 10, &two, 1, &b), 0);
	sq_shard_iter(b, FIRST + 9, SQ_LIST_DEF, &it);
	ck_assert(sq_posting_next(&it, &p));
	ck_assert_uint_eq(p.file, UINT32_MAX - 1);
	ck_assert_uint_eq(p.class_bits, 0x81);
	sq_shard_iter(b, FIRST + 1, SQ_LIST_KEY, &it);
	ck_assert(sq_posting_next(&it, &p));
	ck_assert_uint_eq(p.file, 5);
	ck_assert_uint_eq(sq_shard_n_live(b), 2);
	ck_assert_uint_eq(sq_shard_n_live(NULL), 0);
	sq_piece_free(a);
	sq_piece_free(b);
}
END_TEST

/* places of 16 bits until a record begins past them, and again when it no longer does */
START_TEST(places_follow_the_size)
{
	enum { N = 40000 };
	struct sq_posting_change *c = sq_calloc(N, sizeof(*c));
	struct sq_posting_change last = { FIRST + 30, 7, SQ_LIST_IMPORTER, 0, false };
	struct sq_posting_iter it;
	struct sq_posting p;
	struct sq_shard *a, *b, *d;
	uint32_t n = 0;

	for (uint32_t i = 0; i < N; i++)
		c[i] = (struct sq_posting_change){ FIRST + 2, i * 200, SQ_LIST_MENTION, 0, false };
	ck_assert_int_eq(sq_shard_make(SQ_BORN(1), NULL, FIRST, NAMES, &last, 1, &a), 0);
	ck_assert(!a->is_wide);
	ck_assert_int_eq(sq_shard_make(SQ_BORN(2), a, FIRST, NAMES, c, N, &b), 0);
	ck_assert(b->is_wide);
	sq_shard_iter(b, FIRST + 2, SQ_LIST_MENTION, &it);
	for (; sq_posting_next(&it, &p); n++)
		ck_assert_uint_eq(p.file, n * 200);
	ck_assert_uint_eq(n, N);
	sq_shard_iter(b, FIRST + 30, SQ_LIST_IMPORTER, &it);
	ck_assert(sq_posting_next(&it, &p));
	ck_assert_uint_eq(p.file, 7);
	for (uint32_t i = 0; i < N; i++)
		c[i].remove = true;
	ck_assert_int_eq(sq_shard_make(SQ_BORN(3), b, FIRST, NAMES, c, N, &d), 0);
	ck_assert(!d->is_wide);
	ck_assert_uint_eq(d->piece.n_bytes, a->piece.n_bytes);
	ck_assert_uint_eq(sq_shard_n_live(d), 1);
	sq_piece_free(a);
	sq_piece_free(b);
	sq_piece_free(d);
	sq_free(c);
}
END_TEST

/* an edit that neither adds nor drops a name leaves every shard as it is */
START_TEST(edit_without_new_names_shares_shards)
{
	const struct sq_draft_opts opts = { .clear = false };
	const struct sq_version *v;
	struct sq_facts_builder *b;
	struct rig rig;
	const struct sq_shard *shard = NULL;

	rig_init(&rig);
	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	for (uint32_t i = 0; i < 2; i++) {
		struct sq_facts facts;
		struct sq_draft *d;

		sq_facts_builder_reset(b, SQ_LANG_C);
		sq_facts_add_def(b, &(struct sq_def){ .name = sq_facts_add_string(b, SQ_LIT("f")),
			.parent = SQ_NONE, .start_line = 1 + i, .end_line = 20, .body_hash = i });
		ck_assert_int_eq(sq_facts_builder_finish(b, false, &facts), 0);
		ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
		ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = SQ_LIT("d/a.c"),
			.lang = SQ_LANG_C, .facts = &facts, .content_hash = i + 1, .size_bytes = 1 }), 0);
		/* another file keeps this one from being half of the tree */
		for (uint32_t k = 4; k < 8 && !i; k++)
			ck_assert_int_eq(rig_put(d, 0, k, 9), 0);
		ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
		sq_graph_publish(rig.g, d, rig.rec);
		sq_facts_deinit(&facts);
		v = sq_graph_current(rig.g);
		ck_assert_uint_eq(v->n_shards, 1);
		if (i)
			ck_assert_ptr_eq(v->shards[0], shard);
		shard = v->shards[0];
	}
	rig_check(&rig);
	sq_facts_builder_free(b);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-shard");
	TCase *tc = tcase_create("shard");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, random_changes_equal_the_model);
	tcase_add_test(tc, shard_grows_with_its_names);
	tcase_add_test(tc, places_follow_the_size);
	tcase_add_test(tc, edit_without_new_names_shares_shards);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
