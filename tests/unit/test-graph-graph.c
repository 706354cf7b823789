/* SPDX-License-Identifier: MIT */
/* Publishing, pins and what is freed when. */
#include "graph-rig.h"

static const struct sq_draft_opts plain = { .clear = false };

/* all pieces of a version, for arithmetic that does not trust the graph's */
struct pieces { const struct sq_piece *p[512]; size_t n; };

static void add_piece(struct pieces *set, const void *piece)
{
	if (!piece)
		return;
	ck_assert_uint_lt(set->n, SQ_ARRAY_SIZE(set->p));
	set->p[set->n++] = piece;
}

static void pieces_of(const struct sq_version *v, struct pieces *set)
{
	add_piece(set, v);
	for (uint32_t i = 0; i < v->n_dicts; i++) {
		add_piece(set, v->dicts[i]);
		add_piece(set, v->dicts[i]->index);
	}
	for (uint32_t i = 0; i < v->n_shards; i++)
		add_piece(set, v->shards[i]);
	for (uint32_t i = 0; i < v->n_chunks; i++)
		add_piece(set, v->chunks[i]);
	for (sq_file f = 0; f < v->n_file_ids; f++) {
		add_piece(set, sq_version_slot(v, f).bound);
		add_piece(set, sq_version_slot(v, f).links);
	}
}

static bool has(const struct pieces *set, const struct sq_piece *p)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->p[i] == p)
			return true;
	return false;
}

/* bytes of what the versions use and @now does not */
static uint64_t bytes_besides(const struct sq_version *const *versions, size_t n, const struct sq_version *now)
{
	static struct pieces current, held;
	uint64_t sum = 0;

	current.n = held.n = 0;
	pieces_of(now, &current);
	for (size_t k = 0; k < n; k++) {
		static struct pieces one;

		one.n = 0;
		pieces_of(versions[k], &one);
		for (size_t i = 0; i < one.n; i++)
			if (!has(&current, one.p[i]) && !has(&held, one.p[i])) {
				add_piece(&held, one.p[i]);
				sum += one.p[i]->n_bytes;
			}
	}
	return sum;
}

static void fill(struct rig_tree *t)
{
	for (uint32_t i = 0; i < RIG_PATHS; i++)
		t->seed[i] = 10 + i;
}

static void settle(struct rig *rig)
{
	sq_epoch_barrier(rig->rec);
	sq_graph_reclaim(rig->g, rig->rec);
}

/* publish a version in which file @k has the contents of @seed */
static void edit(struct rig *rig, struct rig_tree *t, uint32_t k, uint64_t seed)
{
	struct rig_tree next = *t;

	next.seed[k] = seed;
	ck_assert_int_eq(rig_update(rig, t, &next, &plain), 0);
	*t = next;
	settle(rig);
}

START_TEST(empty_graph_has_a_version)
{
	const struct sq_version *v;
	struct sq_buf text;
	struct rig rig;

	rig_init(&rig);
	v = sq_graph_current(rig.g);
	ck_assert_ptr_nonnull(v);
	ck_assert_uint_eq(v->generation, 0);
	ck_assert_uint_eq(sq_version_find(v, SQ_LIT("x")), SQ_NAME_NONE);
	ck_assert_uint_eq(sq_version_file(v, SQ_LIT("x")), SQ_FILE_NONE);
	ck_assert_uint_eq(sq_version_bytes(v), v->piece.n_bytes);
	rig_check(&rig);
	text = rig_dump(&rig);
	ck_assert_uint_eq(text.n, 0);
	sq_buf_deinit(&text);
	rig_deinit(&rig);
}
END_TEST

START_TEST(nothing_retained_without_readers)
{
	struct rig_tree t = { { 0 } };
	struct rig rig;

	rig_init(&rig);
	fill(&t);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &plain), 0);
	for (uint32_t i = 0; i < 10; i++) {
		edit(&rig, &t, i, 100 + i);
		ck_assert_uint_eq(sq_graph_retained_bytes(rig.g), 0);
		ck_assert_uint_eq(sq_graph_current(rig.g)->generation, i + 2);
	}
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &(struct sq_draft_opts){ .clear = true }), 0);
	settle(&rig);
	ck_assert_uint_eq(sq_graph_retained_bytes(rig.g), 0);
	rig_check(&rig);
	rig_deinit(&rig);
}
END_TEST

START_TEST(pins_hold_what_their_versions_use)
{
	const struct sq_version *pinned[3];
	struct sq_buf before[3], after;
	struct rig_tree t = { { 0 } };
	struct rig rig;
	size_t n = 0;

	rig_init(&rig);
	fill(&t);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &plain), 0);
	for (uint32_t i = 0; i < 12; i++) {
		if (i == 2 || i == 5 || i == 6) {
			pinned[n] = sq_graph_current(rig.g);
			ck_assert_int_eq(sq_graph_pin(rig.g, pinned[n]), 0);
			before[n++] = rig_dump(&rig);
		}
		edit(&rig, &t, i % 7, 200 + i);
		ck_assert_uint_eq(sq_graph_retained_bytes(rig.g),
				  bytes_besides(pinned, n, sq_graph_current(rig.g)));
	}
	/* the middle one first */
	for (int round = 0; n; round++) {
		size_t k = round ? n - 1 : 1;

		for (size_t i = 0; i < n; i++) {
			after = (struct sq_buf)SQ_BUF_NULL;
			ck_assert_int_eq(sq_dump(pinned[i], SQ_SLICE_NULL, rig_write, &after), 0);
			rig_same_text(&after, &before[i], "a pinned version");
			sq_buf_deinit(&after);
		}
		ck_assert(sq_graph_unpin(rig.g, pinned[k]));
		sq_buf_deinit(&before[k]);
		pinned[k] = pinned[--n];
		before[k] = before[n];
		sq_graph_reclaim(rig.g, rig.rec);
		ck_assert_uint_eq(sq_graph_retained_bytes(rig.g),
				  bytes_besides(pinned, n, sq_graph_current(rig.g)));
	}
	ck_assert_uint_eq(sq_graph_retained_bytes(rig.g), 0);
	rig_check(&rig);
	rig_deinit(&rig);
}
END_TEST

START_TEST(pins_are_counted)
{
	const struct sq_version *v;
	struct rig_tree t = { { 0 } };
	struct rig rig;

	rig_init(&rig);
	fill(&t);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &plain), 0);
	settle(&rig);
	v = sq_graph_current(rig.g);
	ck_assert_int_eq(sq_graph_pin(rig.g, v), 0);
	ck_assert_int_eq(sq_graph_pin(rig.g, v), 0);
	/* nothing is retired yet: no reason to wake anybody */
	ck_assert(!sq_graph_unpin(rig.g, v));
	edit(&rig, &t, 0, 300);
	ck_assert_uint_gt(sq_graph_retained_bytes(rig.g), 0);
	ck_assert(sq_graph_unpin(rig.g, v));
	ck_assert_uint_eq(sq_graph_reclaim(rig.g, rig.rec), 0);
	ck_assert_uint_eq(sq_graph_retained_bytes(rig.g), 0);
	rig_deinit(&rig);
}
END_TEST

START_TEST(reader_in_a_section_holds_the_bundle)
{
	struct sq_epoch_record *reader;
	struct rig_tree t = { { 0 } };
	const struct sq_version *v;
	struct sq_buf text = { 0 };
	struct rig rig;

	rig_init(&rig);
	fill(&t);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &plain), 0);
	settle(&rig);
	ck_assert_int_eq(sq_epoch_record_acquire(rig.epoch, &reader), 0);
	sq_epoch_enter(reader);
	v = sq_graph_current(rig.g);
	for (uint32_t i = 0; i < 4; i++) {
		struct rig_tree next = t;

		next.seed[i] = 400 + i;
		ck_assert_int_eq(rig_update(&rig, &t, &next, &plain), 0);
		t = next;
		ck_assert_uint_ge(sq_graph_reclaim(rig.g, rig.rec), 1);
	}
	ck_assert_uint_gt(sq_graph_retained_bytes(rig.g), 0);
	ck_assert_int_eq(sq_dump(v, SQ_SLICE_NULL, rig_write, &text), 0);
	sq_buf_deinit(&text);
	sq_epoch_leave(reader);
	settle(&rig);
	ck_assert_uint_eq(sq_graph_retained_bytes(rig.g), 0);
	sq_epoch_record_release(reader);
	rig_deinit(&rig);
}
END_TEST

START_TEST(graph_goes_before_its_grace_periods)
{
	struct sq_epoch_record *reader;
	struct rig_tree t = { { 0 } };
	struct rig rig;

	rig_init(&rig);
	fill(&t);
	ck_assert_int_eq(sq_epoch_record_acquire(rig.epoch, &reader), 0);
	/* a reader of another graph of the same domain */
	sq_epoch_enter(reader);
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &plain), 0);
	ck_assert_uint_gt(sq_graph_retained_bytes(rig.g), 0);
	sq_graph_free(rig.g);
	sq_epoch_leave(reader);
	sq_epoch_barrier(rig.rec);
	sq_epoch_record_release(reader);
	sq_epoch_record_release(rig.rec);
	sq_epoch_free(rig.epoch);
}
END_TEST

START_TEST(pin_without_memory)
{
#ifdef SQ_TEST_HOOKS
	struct rig rig;

	rig_init(&rig);
	sq_alloc_fail_after(1);
	ck_assert_int_eq(sq_graph_pin(rig.g, sq_graph_current(rig.g)), -ENOMEM);
	sq_alloc_fail_after(0);
	ck_assert_int_eq(sq_graph_pin(rig.g, sq_graph_current(rig.g)), 0);
	ck_assert(!sq_graph_unpin(rig.g, sq_graph_current(rig.g)));
	rig_deinit(&rig);
#endif
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-graph");
	TCase *tc = tcase_create("graph");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, empty_graph_has_a_version);
	tcase_add_test(tc, nothing_retained_without_readers);
	tcase_add_test(tc, pins_hold_what_their_versions_use);
	tcase_add_test(tc, pins_are_counted);
	tcase_add_test(tc, reader_in_a_section_holds_the_bundle);
	tcase_add_test(tc, graph_goes_before_its_grace_periods);
	tcase_add_test(tc, pin_without_memory);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
