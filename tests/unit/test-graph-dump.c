/* SPDX-License-Identifier: MIT */
#include "graph-rig.h"

static void put(struct rig *rig, struct sq_facts_builder *b, const char *path)
{
	struct sq_facts facts;
	struct sq_draft *d;

	ck_assert_int_eq(sq_facts_builder_finish(b, true, &facts), 0);
	ck_assert_int_eq(sq_draft_new(rig->g, &(struct sq_draft_opts){ .clear = false }, &d), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = sq_slice_z(path), .lang = SQ_LANG_C,
		.facts = &facts, .content_hash = 1, .size_bytes = 77 }), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = SQ_LIT("a\nb c"), .skip = 4 }), 0);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig->g, d, rig->rec);
	sq_facts_deinit(&facts);
}

static void small_graph(struct rig *rig)
{
	struct sq_facts_builder *b;

	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	sq_facts_builder_reset(b, SQ_LANG_C);
	sq_facts_add_import(b, &(struct sq_import){ .target = rig_text(b, "no such\\.h"), .name = SQ_NONE,
		.alias = SQ_NONE, .kind = SQ_IMPORT_INCLUDE, .flags = SQ_IMP_SYSTEM, .line = 1 });
	sq_facts_add_def(b, &(struct sq_def){ .name = rig_text(b, "f"), .kind = SQ_KIND_FUNCTION,
		.flags = SQ_DEF_FILE_LOCAL, .parent = SQ_NONE, .start_line = 2, .start_col = 3, .end_line = 9,
		.end_col = 1, .sig_off = 12, .sig_len = 34, .body_hash = 0xabcdef });
	sq_facts_add_ref(b, &(struct sq_ref){ .name = rig_text(b, "f"), .kind = SQ_REF_CALL, .argc = 2,
		.line = 3, .col = 4, .encl = 0, .qual = SQ_NONE });
	sq_facts_add_ref(b, &(struct sq_ref){ .name = rig_text(b, "-"), .kind = SQ_REF_READ,
		.argc = SQ_ARGC_UNKNOWN, .line = 20, .col = 0, .encl = SQ_NONE, .qual = rig_text(b, "g") });
	put(rig, b, "d/x.c");
	sq_facts_builder_free(b);
}

START_TEST(text_is_as_stated)
{
	static const char want[] =
		"S a\\x0ab\\x20c 4\n"
		"F d/x.c c 77 error\n"
		"I 1 include no\\x20such\\x5c.h - - 10 -> unresolved\n"
		"D 0 function f 10 2:3-9:1 12+34 abcdef\n"
		"R 3:4 call f - 0 2 in f -> bound scope 1 d/x.c#f@0\n"
		"R 20:0 read \\x2d g 0 255 in - -> unresolved none 0\n";
	struct sq_buf got;
	struct rig rig;

	rig_init(&rig);
	small_graph(&rig);
	got = rig_dump(&rig);
	ck_assert_str_eq(sq_buf_z(&got), want);
	sq_buf_deinit(&got);
	rig_deinit(&rig);
}
END_TEST

START_TEST(prefix_limits_it_to_a_directory)
{
	static const struct { const char *prefix; bool any; } cases[] = {
		{ "d", true }, { "d/x.c", true }, { "d/x", false }, { "x", false },
	};
	struct rig rig;

	rig_init(&rig);
	small_graph(&rig);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(cases); i++) {
		struct sq_buf out = SQ_BUF_NULL;

		ck_assert_int_eq(sq_dump(sq_graph_current(rig.g), sq_slice_z(cases[i].prefix), rig_write, &out), 0);
		ck_assert_msg((out.n > 0) == cases[i].any, "%s", cases[i].prefix);
		ck_assert(!out.n || sq_slice_has_prefix(sq_buf_slice(&out), SQ_LIT("F d/x.c")));
		sq_buf_deinit(&out);
	}
	rig_deinit(&rig);
}
END_TEST

static int fail_write(void *arg, const void *p, size_t n)
{
	(void)p;
	(void)n;
	++*(int *)arg;
	return -EPIPE;
}

START_TEST(failing_writer_ends_it)
{
	struct rig rig;
	int calls = 0;

	rig_init(&rig);
	small_graph(&rig);
	ck_assert_int_eq(sq_dump(sq_graph_current(rig.g), SQ_SLICE_NULL, fail_write, &calls), -EPIPE);
	ck_assert_int_eq(calls, 1);
	rig_deinit(&rig);
}
END_TEST

/* more text than one piece: the hash must not depend on how it is cut */
START_TEST(hash_is_of_the_text)
{
	char a[33], b[33], c[33];
	struct rig_tree t;
	struct rig rig;

	rig_init(&rig);
	for (uint32_t i = 0; i < RIG_PATHS; i++)
		t.seed[i] = 100 + i;
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			t.seed[7]++;
		ck_assert_int_eq(rig_update(&rig, NULL, &t, &(struct sq_draft_opts){ .clear = true,
				 .par = i == 1 ? &rig_parallel : NULL }), 0);
		ck_assert_int_eq(sq_dump_hash(sq_graph_current(rig.g), i == 0 ? a : i == 1 ? b : c), 0);
	}
	ck_assert_uint_eq(strlen(a), 32);
	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
	rig_deinit(&rig);
}
END_TEST

START_TEST(no_memory)
{
#ifdef SQ_TEST_HOOKS
	struct sq_buf out = SQ_BUF_NULL;
	struct rig_tree t;
	struct rig rig;
	int r = -ENOMEM;

	rig_init(&rig);
	for (uint32_t i = 0; i < RIG_PATHS; i++)
		t.seed[i] = 100 + i;
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &(struct sq_draft_opts){ .clear = true }), 0);
	for (uint64_t nth = 1; r; nth++) {
		sq_alloc_fail_after(nth);
		r = sq_dump(sq_graph_current(rig.g), SQ_SLICE_NULL, rig_write, &out);
		sq_alloc_fail_after(0);
		if (!r && sq_buf_error(&out))
			r = -ENOMEM;    /* it hit the writer's buffer */
		ck_assert(!r || r == -ENOMEM);
		sq_buf_deinit(&out);
		out = (struct sq_buf)SQ_BUF_NULL;
	}
	rig_deinit(&rig);
#endif
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-dump");
	TCase *tc = tcase_create("dump");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, text_is_as_stated);
	tcase_add_test(tc, prefix_limits_it_to_a_directory);
	tcase_add_test(tc, failing_writer_ends_it);
	tcase_add_test(tc, hash_is_of_the_text);
	tcase_add_test(tc, no_memory);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
