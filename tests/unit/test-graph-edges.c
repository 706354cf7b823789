/* SPDX-License-Identifier: MIT */
/* Edges against a walk over everything. */
#include "graph-rig.h"

#include "graph/edges.h"

struct seen { uint64_t key[4096]; size_t n; };

static uint64_t key_of(sq_file f, uint32_t ref, const struct sq_target *t)
{
	uint64_t h = sq_hash_u64((uint64_t)f << 32 | ref);

	return sq_hash_u64(h ^ ((uint64_t)t->file << 32 | t->name)) + t->ordinal;
}

static void note(struct seen *s, sq_file f, uint32_t ref, const struct sq_target *t)
{
	ck_assert_uint_lt(s->n, SQ_ARRAY_SIZE(s->key));
	s->key[s->n++] = key_of(f, ref, t);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void same(struct seen *a, struct seen *b)
{
	qsort(a->key, a->n, sizeof(a->key[0]), compare);
	qsort(b->key, b->n, sizeof(b->key[0]), compare);
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_int_eq(memcmp(a->key, b->key, a->n * sizeof(a->key[0])), 0);
}

struct arg { const struct sq_version *v; struct seen *seen; size_t stop_at; };

static int take(void *p, const struct sq_edge *e)
{
	struct arg *a = p;
	const struct sq_bound *b = sq_version_bound(a->v, e->from_file);
	struct sq_ref_cursor it;
	struct sq_ref ref;

	sq_refs_seek(&b->columns, e->from_ref, &it);
	ck_assert(sq_refs_next(&it, &ref));
	ck_assert_int_eq(ref.line, e->ref.line);
	ck_assert_int_eq(ref.name, e->ref.name);
	ck_assert_ptr_eq(e->link, sq_links_of_ref(sq_version_slot(a->v, e->from_file).links, e->from_ref));
	ck_assert_int_eq(e->ambiguous, e->link->state == SQ_LINK_AMBIGUOUS || e->link->state == SQ_LINK_ELIDED);
	note(a->seen, e->from_file, e->from_ref, &e->target);
	return a->seen->n == a->stop_at ? 5 : 0;
}

static bool is_target(const struct sq_target *t, sq_file f, sq_name name, uint32_t ordinal)
{
	return t->file == f && t->name == name && t->ordinal == ordinal;
}

/* every reference of every file that lists the definition */
static void naive_in(const struct sq_version *v, sq_file f, uint32_t def, struct seen *s)
{
	const struct sq_bound *b = sq_version_bound(v, f);
	struct sq_def d;
	uint32_t ordinal = sq_bound_ordinal(b, def);

	sq_defs_get(&b->columns, def, &d);
	for (sq_file g = 0; g < v->n_file_ids; g++) {
		struct sq_file_slot slot = sq_version_slot(v, g);

		for (uint32_t i = 0; slot.links && i < slot.bound->columns.n_refs; i++) {
			const struct sq_link *l = sq_links_of_ref(slot.links, i);

			for (uint32_t k = 0; k < l->n_listed; k++) {
				const struct sq_target *t = &slot.links->targets[l->first + k];

				if (is_target(t, f, b->names[d.name], ordinal))
					note(s, g, i, t);
			}
		}
	}
}

static bool encloses(const struct sq_bound *b, uint32_t def, uint32_t encl)
{
	struct sq_def d;

	for (; encl != SQ_NONE; encl = d.parent) {
		if (encl == def)
			return true;
		sq_defs_get(&b->columns, encl, &d);
	}
	return false;
}

static void naive_out(const struct sq_version *v, sq_file f, uint32_t def, struct seen *s)
{
	static const struct sq_target none = { SQ_FILE_NONE, SQ_NAME_NONE, 0 };
	struct sq_file_slot slot = sq_version_slot(v, f);
	struct sq_ref_cursor it;
	struct sq_ref ref;

	sq_refs_begin(&slot.bound->columns, &it);
	for (uint32_t i = 0; sq_refs_next(&it, &ref); i++) {
		const struct sq_link *l = sq_links_of_ref(slot.links, i);

		if (!encloses(slot.bound, def, ref.encl))
			continue;
		for (uint32_t k = 0; k < l->n_listed; k++)
			note(s, f, i, &slot.links->targets[l->first + k]);
		if (!l->n_listed)
			note(s, f, i, &none);
	}
}

static size_t compare_all(const struct sq_version *v)
{
	static struct seen a, b;
	size_t total = 0;

	for (sq_file f = 0; f < v->n_file_ids; f++) {
		struct sq_file_slot slot = sq_version_slot(v, f);

		for (uint32_t def = 0; slot.links && def < slot.bound->columns.n_defs; def++) {
			struct arg arg = { v, &a, 0 };

			a.n = b.n = 0;
			ck_assert_int_eq(sq_edges_in(v, f, def, take, &arg), 0);
			naive_in(v, f, def, &b);
			total += a.n;
			same(&a, &b);
			a.n = b.n = 0;
			ck_assert_int_eq(sq_edges_out(v, f, def, take, &arg), 0);
			naive_out(v, f, def, &b);
			same(&a, &b);
		}
	}
	return total;
}

/* all definitions of a name at once are what each is by itself */
static void compare_names(const struct sq_version *v)
{
	static struct seen a, b;
	bool cancel = true;

	for (sq_name name = 0; name < v->n_names; name++) {
		struct sq_edge_end of[256];
		struct arg arg = { v, &a, 0 };
		size_t n = 0;

		a.n = b.n = 0;
		for (sq_file f = 0; f < v->n_file_ids; f++) {
			struct sq_file_slot slot = sq_version_slot(v, f);

			for (uint32_t def = 0; slot.links && def < slot.bound->columns.n_defs; def++) {
				struct sq_def d;

				sq_defs_get(&slot.bound->columns, def, &d);
				if (slot.bound->names[d.name] != name)
					continue;
				ck_assert_uint_lt(n, SQ_ARRAY_SIZE(of));
				of[n++] = (struct sq_edge_end){ f, def };
				naive_in(v, f, def, &b);
			}
		}
		ck_assert_int_eq(sq_edges_in_all(v, of, n, NULL, take, &arg), 0);
		same(&a, &b);
		ck_assert_int_eq(sq_edges_in_all(v, of, n, &cancel, take, &arg), n ? -ECANCELED : 0);
	}
}

START_TEST(edges_equal_a_walk)
{
	const struct sq_draft_opts opts = { .clear = true };
	size_t total = 0;
	struct rig rig;

	rig_init(&rig);
	for (uint64_t seed = 1; seed < 60; seed++) {
		struct rig_random rnd = { seed };
		struct rig_tree t;

		for (uint32_t i = 0; i < RIG_PATHS; i++)
			t.seed[i] = rig_below(&rnd, 5) ? 2 + rig_below(&rnd, 1000) : 0;
		ck_assert_int_eq(rig_update(&rig, NULL, &t, &opts), 0);
		total += compare_all(sq_graph_current(rig.g));
		compare_names(sq_graph_current(rig.g));
	}
	ck_assert_uint_gt(total, 100);
	rig_deinit(&rig);
}
END_TEST

/* a file of many references: the search for the first one inside */
static void add_big(struct rig *rig, uint32_t n_defs, uint32_t refs_each)
{
	struct sq_facts_builder *b;
	struct sq_facts facts;
	struct sq_draft *d;
	char name[32];

	ck_assert_int_eq(sq_facts_builder_new(&b), 0);
	sq_facts_builder_reset(b, SQ_LANG_C);
	for (uint32_t i = 0; i < n_defs; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		sq_facts_add_def(b, &(struct sq_def){ .name = sq_facts_add_string(b, sq_slice_z(name)),
			.parent = SQ_NONE, .start_line = i * 10 + 1, .end_line = i * 10 + 9 });
		for (uint32_t k = 0; k < refs_each; k++) {
			snprintf(name, sizeof(name), "f%u", (i * 7 + k) % n_defs);
			sq_facts_add_ref(b, &(struct sq_ref){ .name = sq_facts_add_string(b, sq_slice_z(name)),
				.kind = SQ_REF_CALL, .line = i * 10 + 2, .col = k * 5, .encl = i, .qual = SQ_NONE });
		}
	}
	ck_assert_int_eq(sq_facts_builder_finish(b, false, &facts), 0);
	ck_assert_int_eq(sq_draft_new(rig->g, &(struct sq_draft_opts){ .clear = true }, &d), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = SQ_LIT("big.c"), .lang = SQ_LANG_C,
		.facts = &facts, .content_hash = 1, .size_bytes = 1 }), 0);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig->g, d, rig->rec);
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
}

START_TEST(edges_of_a_big_file)
{
	struct rig rig;

	rig_init(&rig);
	add_big(&rig, 200, 5);
	rig_check(&rig);
	ck_assert_uint_eq(compare_all(sq_graph_current(rig.g)), 1000);
	rig_deinit(&rig);
}
END_TEST

START_TEST(callback_ends_it)
{
	static struct seen s;
	struct rig rig;
	struct arg arg;

	rig_init(&rig);
	add_big(&rig, 20, 5);
	arg = (struct arg){ sq_graph_current(rig.g), &s, 2 };
	ck_assert_int_eq(sq_edges_in(arg.v, 0, 3, take, &arg), 5);
	ck_assert_uint_eq(s.n, 2);
	s.n = 0;
	ck_assert_int_eq(sq_edges_out(arg.v, 0, 3, take, &arg), 5);
	ck_assert_uint_eq(s.n, 2);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-edges");
	TCase *tc = tcase_create("edges");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, edges_equal_a_walk);
	tcase_add_test(tc, edges_of_a_big_file);
	tcase_add_test(tc, callback_ends_it);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
