/* SPDX-License-Identifier: MIT */
/* Looking things up in a version, and that the check sees damage. */
#include "graph-rig.h"

#include "graph/postings.h"
#include "graph/qualifier.h"

struct one { struct rig rig; struct sq_facts_builder *b; };

static void one_init(struct one *o)
{
	rig_init(&o->rig);
	ck_assert_int_eq(sq_facts_builder_new(&o->b), 0);
}

static void one_deinit(struct one *o)
{
	sq_facts_builder_free(o->b);
	rig_deinit(&o->rig);
}

static uint32_t add_def(struct sq_facts_builder *b, const char *name, uint8_t kind, uint32_t parent)
{
	uint32_t n = sq_facts_n_defs(b);

	return sq_facts_add_def(b, &(struct sq_def){ .name = rig_text(b, name), .kind = kind, .parent = parent,
		.start_line = n + 1, .end_line = 1000 - n });
}

/* what the builder holds becomes the file at @path */
static const struct sq_version *publish(struct one *o, const char *path, enum sq_lang lang)
{
	struct sq_facts facts;
	struct sq_draft *d;

	ck_assert_int_eq(sq_facts_builder_finish(o->b, false, &facts), 0);
	ck_assert_int_eq(sq_draft_new(o->rig.g, &(struct sq_draft_opts){ .clear = false }, &d), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &(struct sq_put){ .path = sq_slice_z(path), .lang = lang,
		.facts = &facts, .content_hash = 1, .size_bytes = 10 }), 0);
	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(o->rig.g, d, o->rig.rec);
	sq_facts_deinit(&facts);
	rig_check(&o->rig);
	return sq_graph_current(o->rig.g);
}

static void check_qualified(const struct sq_version *v, const char *path, uint32_t def, const char *want)
{
	struct sq_buf name = SQ_BUF_NULL;

	sq_buf_puts(&name, "kept ");
	sq_version_qualified(v, sq_version_file(v, sq_slice_z(path)), def, &name);
	ck_assert_str_eq(sq_buf_z(&name) + 5, want);
	sq_buf_deinit(&name);
}

START_TEST(qualified_names)
{
	const struct sq_version *v;
	struct one o;
	uint32_t a, b;

	one_init(&o);
	sq_facts_builder_reset(o.b, SQ_LANG_C);
	a = add_def(o.b, "ns", SQ_KIND_MODULE, SQ_NONE);
	b = add_def(o.b, "T", SQ_KIND_CLASS, a);
	add_def(o.b, "f", SQ_KIND_METHOD, b);
	v = publish(&o, "d/a.c", SQ_LANG_C);
	check_qualified(v, "d/a.c", 0, "ns");
	check_qualified(v, "d/a.c", 2, "ns::T::f");

	sq_facts_builder_reset(o.b, SQ_LANG_PYTHON);
	a = add_def(o.b, "C", SQ_KIND_CLASS, SQ_NONE);
	add_def(o.b, "m", SQ_KIND_METHOD, a);
	v = publish(&o, "p/q.py", SQ_LANG_PYTHON);
	check_qualified(v, "p/q.py", 1, "p.q.C.m");
	sq_facts_builder_reset(o.b, SQ_LANG_PYTHON);
	add_def(o.b, "g", SQ_KIND_FUNCTION, SQ_NONE);
	v = publish(&o, "p/__init__.py", SQ_LANG_PYTHON);
	check_qualified(v, "p/__init__.py", 0, "p.g");
	v = publish(&o, "__init__.py", SQ_LANG_PYTHON);
	check_qualified(v, "__init__.py", 0, "g");

	sq_facts_builder_reset(o.b, SQ_LANG_JAVA);
	sq_facts_add_import(o.b, &(struct sq_import){ .target = rig_text(o.b, "a.b"), .name = SQ_NONE,
		.alias = SQ_NONE, .kind = SQ_IMPORT_PACKAGE, .line = 1 });
	a = add_def(o.b, "a.b", SQ_KIND_MODULE, SQ_NONE);
	b = add_def(o.b, "C", SQ_KIND_CLASS, a);
	add_def(o.b, "D", SQ_KIND_CLASS, SQ_NONE);
	v = publish(&o, "src/C.java", SQ_LANG_JAVA);
	/* the definition that the package clause makes is not prefixed twice */
	check_qualified(v, "src/C.java", 0, "a.b");
	check_qualified(v, "src/C.java", 1, "a.b.C");
	check_qualified(v, "src/C.java", 2, "a.b.D");
	one_deinit(&o);
}
END_TEST

START_TEST(ordinals)
{
	const struct sq_version *v;
	const struct sq_bound *b;
	struct one o;
	sq_name f;

	one_init(&o);
	sq_facts_builder_reset(o.b, SQ_LANG_C);
	add_def(o.b, "f", SQ_KIND_FUNCTION, SQ_NONE);
	add_def(o.b, "g", SQ_KIND_FUNCTION, SQ_NONE);
	add_def(o.b, "f", SQ_KIND_FUNCTION, SQ_NONE);
	v = publish(&o, "a.c", SQ_LANG_C);
	b = sq_version_bound(v, sq_version_file(v, SQ_LIT("a.c")));
	f = sq_version_find(v, SQ_LIT("f"));
	ck_assert_uint_eq(sq_bound_find_def(b, f, 0), 0);
	ck_assert_uint_eq(sq_bound_find_def(b, f, 1), 2);
	ck_assert_uint_eq(sq_bound_find_def(b, f, 2), SQ_NONE);
	ck_assert_uint_eq(sq_bound_find_def(b, sq_version_find(v, SQ_LIT("a.c")), 0), SQ_NONE);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(sq_bound_ordinal(b, i), i == 2);
	ck_assert_uint_eq(b->names[sq_bound_local(b, f)], f);
	one_deinit(&o);
}
END_TEST

/* @n definitions, the i-th with name number i % @n_names: as many as slots are made for, or more */
static void check_names(uint32_t n, uint32_t n_names, const char *path)
{
	const struct sq_version *v;
	const struct sq_bound *b;
	struct one o;
	char name[16];
	uint32_t local, def;

	one_init(&o);
	sq_facts_builder_reset(o.b, SQ_LANG_C);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%u", i % n_names);
		sq_facts_add_def(o.b, &(struct sq_def){ .name = rig_text(o.b, name), .kind = SQ_KIND_MACRO,
			.parent = SQ_NONE, .start_line = i + 1, .end_line = i + 1, .end_col = 1 });
	}
	v = publish(&o, path, SQ_LANG_C);   /* its check finds every definition by its name */
	b = sq_version_bound(v, sq_version_file(v, sq_slice_z(path)));
	ck_assert_uint_eq(b->n_def_names, n_names);
	for (uint32_t i = 0; i < n_names; i++) {
		sq_name id;

		snprintf(name, sizeof(name), "n%u", i);
		id = sq_version_find(v, sq_slice_z(name));
		def = sq_bound_first_def(b, id, &local);
		for (uint32_t want = i; want < n; want += n_names) {
			ck_assert_uint_eq(def, want);
			ck_assert_uint_eq(sq_bound_ordinal(b, def), want / n_names);
			def = sq_bound_next_def(b, local, def);
		}
		ck_assert_uint_eq(def, SQ_NONE);
	}
	/* a name that stands elsewhere only */
	ck_assert_uint_eq(sq_bound_first_def(b, sq_version_find(v, sq_slice_z(path)), &local), SQ_NONE);
	one_deinit(&o);
}

START_TEST(names_of_definitions)
{
	check_names(1, 1, "a.c");
	check_names(255, 17, "a.c");
	check_names(256, 256, "a.c");
	check_names(257, 257, "a.c");
	check_names(700, 300, "a.c");
	check_names(5000, 5000, "a.c");
}
END_TEST

START_TEST(files_with_one_base_name)
{
	static const char *const paths[] = { "x", "d/x", "d/d/x", "d" };
	const struct sq_version *v;
	struct one o;
	sq_file f[4];

	one_init(&o);
	for (int i = 0; i < 4; i++) {
		sq_facts_builder_reset(o.b, SQ_LANG_C);
		publish(&o, paths[i], SQ_LANG_C);
	}
	v = sq_graph_current(o.rig.g);
	for (int i = 0; i < 4; i++) {
		f[i] = sq_version_file(v, sq_slice_z(paths[i]));
		ck_assert_uint_ne(f[i], SQ_FILE_NONE);
		for (int k = 0; k < i; k++)
			ck_assert_uint_ne(f[i], f[k]);
	}
	ck_assert_uint_eq(sq_version_file(v, SQ_LIT("d/d")), SQ_FILE_NONE);
	ck_assert_uint_eq(sq_version_file(v, SQ_LIT("")), SQ_FILE_NONE);
	ck_assert_ptr_null(sq_version_bound(v, SQ_FILE_NONE));
	one_deinit(&o);
}
END_TEST

static uint8_t bits(uint8_t kind, uint16_t flags, int parent, bool top)
{
	return sq_class_bits(&(struct sq_def){ .kind = kind, .flags = flags }, parent, top);
}

START_TEST(class_bits)
{
	ck_assert_uint_eq(bits(SQ_KIND_FUNCTION, 0, -1, true),
			  SQ_CLASS_CALLABLE | SQ_CLASS_TOP | SQ_CLASS_EXTERNAL);
	ck_assert_uint_eq(bits(SQ_KIND_METHOD, 0, SQ_KIND_CLASS, false),
			  SQ_CLASS_CALLABLE | SQ_CLASS_MEMBER | SQ_CLASS_EXTERNAL);
	ck_assert_uint_eq(bits(SQ_KIND_STRUCT, SQ_DEF_FILE_LOCAL, SQ_KIND_MODULE, true),
			  SQ_CLASS_TYPE | SQ_CLASS_MEMBER | SQ_CLASS_TOP);
	ck_assert_uint_eq(bits(SQ_KIND_VARIABLE, SQ_DEF_NESTED, SQ_KIND_FUNCTION, false), SQ_CLASS_VALUE);
	ck_assert_uint_eq(bits(SQ_KIND_MACRO, 0, -1, true), SQ_CLASS_MACRO | SQ_CLASS_TOP | SQ_CLASS_EXTERNAL);
	ck_assert_uint_eq(bits(SQ_KIND_MODULE, 0, -1, true), SQ_CLASS_MODULE | SQ_CLASS_TOP | SQ_CLASS_EXTERNAL);
}
END_TEST

static void check_parts(const char *text, const char *want)
{
	struct sq_slice rest = sq_slice_z(text), part;
	char got[64] = "";

	while (sq_qualifier_next(&rest, &part))
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s|", (int)part.n, part.p);
	ck_assert_str_eq(got, want);
}

START_TEST(qualifier_components)
{
	check_parts("a", "a|");
	check_parts("a.b::c->d", "a|b|c|d|");
	check_parts("::a::", "a|");
	check_parts("a..b", "a|b|");
	check_parts("a:b-c", "a:b-c|");
	check_parts("", "");
	check_parts("...", "");
	check_parts("sub/f.h", "");
	check_parts("a.b/c", "");
	ck_assert(!sq_qualifier_is_path(SQ_LIT("word")));
	ck_assert(sq_qualifier_is_path(SQ_LIT("a.b")));
	ck_assert(!sq_qualifier_is_path(SQ_LIT("a/b.c")));
}
END_TEST

/* the lists that a file is in, by name */
START_TEST(lists_of_a_file)
{
	static const struct { const char *name; enum sq_list list; bool in; } want[] = {
		{ "def", SQ_LIST_DEF, true }, { "def", SQ_LIST_MENTION, false },
		{ "ref", SQ_LIST_MENTION, true }, { "q1", SQ_LIST_MENTION, true },
		{ "q2", SQ_LIST_MENTION, true }, { "q1.q2", SQ_LIST_MENTION, false },
		{ "solo", SQ_LIST_MENTION, true }, { "member", SQ_LIST_MENTION, true },
		{ "alias", SQ_LIST_MENTION, true }, { "mod", SQ_LIST_IMPORTER, true },
		{ "member", SQ_LIST_IMPORTER, true }, { "pkg", SQ_LIST_IMPORTER, false },
		{ "file", SQ_LIST_KEY, true }, { "file.py", SQ_LIST_KEY, true },
		{ "dir/file.py", SQ_LIST_KEY, true }, { "dir", SQ_LIST_KEY, false },
	};
	const struct sq_version *v;
	struct one o;

	one_init(&o);
	sq_facts_builder_reset(o.b, SQ_LANG_PYTHON);
	add_def(o.b, "def", SQ_KIND_FUNCTION, SQ_NONE);
	sq_facts_add_import(o.b, &(struct sq_import){ .target = rig_text(o.b, "pkg.mod"),
		.name = rig_text(o.b, "member"), .alias = rig_text(o.b, "alias"),
		.kind = SQ_IMPORT_NAME, .line = 1 });
	sq_facts_add_ref(o.b, &(struct sq_ref){ .name = rig_text(o.b, "ref"), .kind = SQ_REF_CALL, .line = 2,
		.encl = SQ_NONE, .qual = rig_text(o.b, "q1.q2") });
	sq_facts_add_ref(o.b, &(struct sq_ref){ .name = rig_text(o.b, "q2"), .kind = SQ_REF_CALL, .line = 3,
		.encl = SQ_NONE, .qual = rig_text(o.b, "solo") });
	v = publish(&o, "dir/file.py", SQ_LANG_PYTHON);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(want); i++) {
		struct sq_posting_iter it;
		struct sq_posting p;

		sq_version_postings(v, sq_version_find(v, sq_slice_z(want[i].name)), want[i].list, &it);
		ck_assert_msg(sq_posting_next(&it, &p) == want[i].in, "%s", want[i].name);
	}
	one_deinit(&o);
}
END_TEST

/* ---- the check itself: each kind of damage is seen ---- */

static void expect_damage(const struct rig *rig, const char *want)
{
	const char *what = NULL;

	ck_assert_int_eq(sq_version_check(sq_graph_current(rig->g), &what), -EINVAL);
	ck_assert_str_eq(what, want);
}

/* the first byte of some list of mentions */
static const uint8_t *first_mention(const struct sq_version *v)
{
	for (sq_name id = 0; id < v->n_names; id++) {
		struct sq_posting_iter it;

		sq_version_postings(v, id, SQ_LIST_MENTION, &it);
		if (it.at < it.end)
			return it.at;
	}
	ck_abort_msg("nothing is mentioned");
	return NULL;
}

START_TEST(damage_is_seen)
{
	struct rig_tree t;
	struct rig rig;
	struct sq_version *v;
	struct sq_bound *b;
	struct sq_links *l = NULL;
	struct sq_link *link = NULL;
	uint8_t *data;

	rig_init(&rig);
	for (uint32_t i = 0; i < RIG_PATHS; i++)
		t.seed[i] = 10 + i;
	ck_assert_int_eq(rig_update(&rig, NULL, &t, &(struct sq_draft_opts){ .clear = true }), 0);
	rig_check(&rig);
	v = (struct sq_version *)sq_graph_current(rig.g);

	v->stats.n_refs++;
	expect_damage(&rig, "counts");
	v->stats.n_refs--;
	v->stats.refs_by_rule[SQ_RULE_SCOPE]++;
	expect_damage(&rig, "references by rule");
	v->stats.refs_by_rule[SQ_RULE_SCOPE]--;
	v->stats.bytes_by_kind[SQ_PIECE_LINKS] -= 8;
	expect_damage(&rig, "bytes by kind");
	v->stats.bytes_by_kind[SQ_PIECE_LINKS] += 8;
	v->stats.n_names--;
	expect_damage(&rig, "number of names");
	v->stats.n_names++;

	b = (struct sq_bound *)sq_version_bound(v, 0);
	b->base_name++;
	expect_damage(&rig, "base name");
	b->base_name--;

	data = (uint8_t *)first_mention(v);
	*data ^= 1;
	expect_damage(&rig, "a posting");
	*data ^= 1;

	for (sq_file f = 0; f < v->n_file_ids && !link; f++) {
		l = (struct sq_links *)sq_version_slot(v, f).links;
		for (uint32_t i = 1; l && i < l->n_links && !link; i++)
			if (l->links[i].state == SQ_LINK_BOUND)
				link = (struct sq_link *)&l->links[i];
	}
	ck_assert_ptr_nonnull(link);
	((struct sq_target *)l->targets)[link->first].ordinal += 50;
	expect_damage(&rig, "target of a link");
	((struct sq_target *)l->targets)[link->first].ordinal -= 50;
	rig_check(&rig);
	rig_deinit(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("graph-version");
	TCase *tc = tcase_create("version");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, qualified_names);
	tcase_add_test(tc, ordinals);
	tcase_add_test(tc, names_of_definitions);
	tcase_add_test(tc, files_with_one_base_name);
	tcase_add_test(tc, class_bits);
	tcase_add_test(tc, qualifier_components);
	tcase_add_test(tc, lists_of_a_file);
	tcase_add_test(tc, damage_is_seen);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
