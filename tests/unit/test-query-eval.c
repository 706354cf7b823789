/* SPDX-License-Identifier: MIT */
/* Search, queries and neighbours over small graphs, and against a naive walk. */
#include "graph-rig.h"

#include "graph/edges.h"
#include "query/query.h"

static struct rig rig;
static struct sq_facts_builder *builder;

static void setup(void)
{
	rig_init(&rig);
	ck_assert_int_eq(sq_facts_builder_new(&builder), 0);
}

static void teardown(void)
{
	sq_facts_builder_free(builder);
	rig_deinit(&rig);
}

static const struct sq_version *version(void)
{
	return sq_graph_current(rig.g);
}

/* ---- a tree by hand ------------------------------------------------------------ */

static uint32_t add_def(const char *name, uint8_t kind, uint32_t parent,
			uint32_t line)
{
	struct sq_def d = {
		.name = rig_text(builder, name), .kind = kind, .parent = parent,
		.start_line = line, .end_line = line + 8,
	};

	return sq_facts_add_def(builder, &d);
}

static void add_ref(const char *name, uint8_t kind, uint32_t encl, uint32_t line)
{
	sq_facts_add_ref(builder, &(struct sq_ref){
		.name = rig_text(builder, name), .kind = kind, .line = line,
		.encl = encl, .qual = SQ_NONE, .argc = SQ_ARGC_UNKNOWN,
	});
}

static void put(struct sq_draft *d, const char *path, enum sq_lang lang)
{
	struct sq_facts facts = SQ_FACTS_NULL;
	struct sq_put p = {
		.path = sq_slice_z(path), .lang = lang, .facts = &facts,
		.content_hash = sq_hash64(path, strlen(path), 0),
	};

	ck_assert_int_eq(sq_facts_builder_finish(builder, false, &facts), 0);
	ck_assert_int_eq(sq_draft_put(d, 0, &p), 0);
	sq_facts_deinit(&facts);
	sq_facts_builder_reset(builder, lang);
}

/*
 * z.c    helper(); global initialised by helper()
 * a.c    main() calls helper twice and missing once; struct Widget
 * b/c.c  run() calls helper and reads nothing else; refers to Widget
 * b/w.py class Widget with draw(), which calls nothing known
 */
static void make_tree(void)
{
	struct sq_draft_opts opts = { .clear = true };
	struct sq_draft *d;
	uint32_t f, w;

	ck_assert_int_eq(sq_draft_new(rig.g, &opts, &d), 0);
	sq_facts_builder_reset(builder, SQ_LANG_C);
	add_def("helper", SQ_KIND_FUNCTION, SQ_NONE, 1);
	add_ref("helper", SQ_REF_CALL, SQ_NONE, 30);
	put(d, "z.c", SQ_LANG_C);

	f = add_def("main", SQ_KIND_FUNCTION, SQ_NONE, 1);
	add_def("Widget", SQ_KIND_STRUCT, SQ_NONE, 20);
	add_ref("helper", SQ_REF_CALL, f, 3);
	add_ref("helper", SQ_REF_CALL, f, 5);
	add_ref("missing", SQ_REF_CALL, f, 6);
	put(d, "a.c", SQ_LANG_C);

	f = add_def("run", SQ_KIND_FUNCTION, SQ_NONE, 1);
	add_ref("helper", SQ_REF_CALL, f, 4);
	add_ref("Widget", SQ_REF_TYPE, f, 5);
	put(d, "b/c.c", SQ_LANG_C);

	sq_facts_builder_reset(builder, SQ_LANG_PYTHON);
	w = add_def("Widget", SQ_KIND_CLASS, SQ_NONE, 1);
	add_def("draw", SQ_KIND_METHOD, w, 2);
	put(d, "b/w.py", SQ_LANG_PYTHON);

	ck_assert_int_eq(sq_draft_finish(d, NULL), 0);
	sq_graph_publish(rig.g, d, rig.rec);
}

static void add_match(struct sq_buf *out, sq_file f, uint32_t def)
{
	const struct sq_bound *b = sq_version_bound(version(), f);
	struct sq_def d;

	sq_buf_add_slice(out, b->path);
	if (def == SQ_NONE) {
		sq_buf_puts(out, ":- ");
		return;
	}
	sq_defs_get(&b->columns, def, &d);
	sq_buf_putc(out, ':');
	sq_buf_add_slice(out, sq_version_string(version(), b->names[d.name]));
	sq_buf_putc(out, ' ');
}

static void assert_items(struct sq_result *r, const char *want, const char *what)
{
	struct sq_buf b = SQ_BUF_NULL;

	for (size_t i = 0; i < r->n_items; i++)
		add_match(&b, r->items[i].file, r->items[i].def);
	ck_assert_msg(sq_slice_is(sq_buf_slice(&b), want), "%s: %.*s", what,
		      (int)b.n, b.p);
	sq_buf_deinit(&b);
	sq_result_deinit(r);
}

static struct sq_result search(const char *pattern, enum sq_search_mode mode,
			       int kind, int lang, size_t limit)
{
	struct sq_search s = {
		.pattern = sq_slice_z(pattern), .mode = mode, .kind = kind,
		.lang = lang, .limit = limit,
	};
	struct sq_result r = { 0 };
	struct sq_query_error e;

	ck_assert_int_eq(sq_search_run(version(), &s, &r, &e), 0);
	return r;
}

static void assert_exact(const char *pattern, int kind, int lang,
			 const char *want)
{
	struct sq_result r = search(pattern, SQ_SEARCH_EXACT, kind, lang, 100);

	ck_assert_uint_eq(r.total, r.n_items);
	ck_assert(!r.truncated);
	assert_items(&r, want, pattern);
}

START_TEST(exact_search)
{
	make_tree();
	assert_exact("helper", -1, -1, "z.c:helper ");
	assert_exact("Widget", -1, -1, "a.c:Widget b/w.py:Widget ");
	assert_exact("Widget", SQ_KIND_CLASS, -1, "b/w.py:Widget ");
	assert_exact("Widget", -1, SQ_LANG_C, "a.c:Widget ");
	assert_exact("Widget", SQ_KIND_MAX, -1, "");
	assert_exact("missing", -1, -1, "");
	assert_exact("nowhere", -1, -1, "");
	assert_exact("Widget.draw", -1, -1, "b/w.py:draw ");
	assert_exact("Widget::draw", -1, -1, "b/w.py:draw ");
	assert_exact("::main", -1, -1, "a.c:main ");
	assert_exact("Gadget.draw", -1, -1, "");
	assert_exact("dget.draw", -1, -1, "");
	assert_exact("x.y.z.Widget.draw", -1, -1, "");
}
END_TEST

START_TEST(limits_and_totals)
{
	struct sq_result r;

	make_tree();
	r = search("Widget", SQ_SEARCH_EXACT, -1, -1, 1);
	ck_assert_uint_eq(r.total, 2);
	ck_assert(r.truncated);
	assert_items(&r, "a.c:Widget ", "limit 1");
	r = search("Widget", SQ_SEARCH_EXACT, -1, -1, 0);
	ck_assert_uint_eq(r.total, 2);
	assert_items(&r, "", "limit 0");
}
END_TEST

START_TEST(regex_and_fuzzy_search)
{
	struct sq_result r;

	make_tree();
	r = search("^(main|run)$", SQ_SEARCH_REGEX, -1, -1, 100);
	assert_items(&r, "a.c:main b/c.c:run ", "regex");
	r = search("idge", SQ_SEARCH_REGEX, -1, -1, 100);
	assert_items(&r, "a.c:Widget b/w.py:Widget ", "literal");
	r = search("heper", SQ_SEARCH_FUZZY, -1, -1, 50);
	ck_assert(r.n_items && r.items[0].score > 0.9f);
	assert_items(&r, "z.c:helper ", "fuzzy");
	r = search("WIDGET", SQ_SEARCH_FUZZY, -1, SQ_LANG_PYTHON, 50);
	ck_assert(r.n_items && r.items[0].score == 1.0f);
	assert_items(&r, "b/w.py:Widget ", "fuzzy ignores case");
}
END_TEST

START_TEST(bad_searches)
{
	static const struct sq_search bad[] = {
		{ .pattern = { "", 0 }, .kind = -1, .lang = -1 },
		{ .pattern = { "(", 1 }, .mode = SQ_SEARCH_REGEX },
		{ .pattern = { "x", SQ_SEARCH_MAX_PATTERN + 1 } },
	};
	struct sq_query_error e;
	struct sq_result r;

	make_tree();
	for (size_t i = 0; i < SQ_ARRAY_SIZE(bad); i++) {
		e.message[0] = '\0';
		ck_assert_int_eq(sq_search_run(version(), &bad[i], &r, &e),
				 SQ_QUERY_E_SYNTAX);
		ck_assert(e.message[0]);
	}
}
END_TEST

static struct sq_result query(const char *text, size_t limit)
{
	struct sq_result r = { 0 };
	struct sq_query_error e = { 0 };
	struct sq_query *q = NULL;

	ck_assert_msg(!sq_query_parse(sq_slice_z(text), &q, &e), "%s: %s", text,
		      e.message);
	ck_assert_int_eq(sq_query_run(q, version(), limit, NULL, &r, &e), 0);
	sq_query_free(q);
	return r;
}

START_TEST(queries)
{
	static const struct { const char *text, *want; } t[] = {
		{ "kind:function", "a.c:main b/c.c:run z.c:helper " },
		{ "Widget", "a.c:Widget b/w.py:Widget " },
		{ "\"Widget\" lang:py", "b/w.py:Widget " },
		{ "idg", "a.c:Widget b/w.py:Widget " },
		{ "\"idg\"", "" },
		{ "callers:helper", "a.c:main b/c.c:run " },
		{ "callees:main", "z.c:helper " },
		{ "callees:run AND NOT callers:helper", "z.c:helper " },
		{ "references:Widget", "b/c.c:run " },
		{ "callers ~= ^help", "a.c:main b/c.c:run " },
		{ "callers:missing", "" },
		{ "path:b/", "b/c.c:run b/w.py:Widget b/w.py:draw " },
		{ "path:*.py", "b/w.py:Widget b/w.py:draw " },
		{ "path:b/*.c OR path:z.c", "b/c.c:run z.c:helper " },
		{ "path ~= ^a", "a.c:main a.c:Widget " },
		{ "NOT lang:c", "b/w.py:Widget b/w.py:draw " },
		{ "NOT (kind:function OR path:b)", "a.c:Widget " },
		{ "name:Widget.draw", "b/w.py:draw " },
		{ "name:draw OR callers:helper path:a.c", "a.c:main b/w.py:draw " },
		{ "kind:channel", "" },
		{ "NOT kind:channel kind:method", "b/w.py:draw " },
	};

	make_tree();
	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_result r = query(t[i].text, 1000);

		ck_assert_uint_eq(r.total, r.n_items);
		ck_assert(!r.is_count);
		assert_items(&r, t[i].want, t[i].text);
	}
}
END_TEST

START_TEST(count_stage)
{
	struct sq_result r;

	make_tree();
	r = query("kind:function | count", 1);
	ck_assert(r.is_count && !r.truncated);
	ck_assert_uint_eq(r.total, 3);
	assert_items(&r, "", "count");
	r = query("kind:function", 2);
	ck_assert(!r.is_count && r.truncated);
	ck_assert_uint_eq(r.total, 3);
	assert_items(&r, "a.c:main b/c.c:run ", "limit 2");
}
END_TEST

START_TEST(cancellation)
{
	static const char *const texts[] = { "kind:function", "name ~= .",
					     "callers ~= ." };
	bool cancel = true;

	make_tree();
	for (size_t i = 0; i < SQ_ARRAY_SIZE(texts); i++) {
		struct sq_query_error e;
		struct sq_query *q = NULL;
		struct sq_result r;

		ck_assert_int_eq(sq_query_parse(sq_slice_z(texts[i]), &q, &e), 0);
		ck_assert_int_eq(sq_query_run(q, version(), 10, &cancel, &r, &e),
				 -ECANCELED);
		sq_query_free(q);
	}
}
END_TEST

static void assert_neighbour(const struct sq_neighbour *n, const char *want,
			     unsigned n_sites, unsigned first_line)
{
	struct sq_buf b = SQ_BUF_NULL;

	if (n->file == SQ_FILE_NONE) {
		sq_buf_puts(&b, "?:");
		sq_buf_add_slice(&b, sq_version_string(version(), n->name));
	} else {
		add_match(&b, n->file, n->def);
	}
	ck_assert_msg(sq_slice_is(sq_buf_slice(&b), want), "%.*s", (int)b.n, b.p);
	ck_assert_uint_eq(n->n_sites, n_sites);
	ck_assert_uint_eq(n->first_line, first_line);
	ck_assert(!n->ambiguous);
	sq_buf_deinit(&b);
}

START_TEST(neighbours)
{
	struct sq_neighbours n = { 0 };

	make_tree();
	ck_assert_int_eq(sq_direct_callers(version(), SQ_LIT("helper"), &(struct sq_neighbours_ask){ .limit = 10 }, &n), 0);
	ck_assert_uint_eq(n.n, 3);
	ck_assert_uint_eq(n.total, 3);
	assert_neighbour(&n.v[0], "a.c:main ", 2, 3);
	assert_neighbour(&n.v[1], "b/c.c:run ", 1, 4);
	assert_neighbour(&n.v[2], "z.c:- ", 1, 30);
	ck_assert_uint_eq(n.v[2].name, SQ_NAME_NONE);
	sq_neighbours_deinit(&n);

	ck_assert_int_eq(sq_direct_callees(version(), SQ_LIT("main"), &(struct sq_neighbours_ask){ .limit = 10 }, &n), 0);
	ck_assert_uint_eq(n.n, 2);
	assert_neighbour(&n.v[0], "z.c:helper ", 2, 3);
	ck_assert_int_ne(n.v[0].rule, SQ_RULE_NONE);
	assert_neighbour(&n.v[1], "?:missing", 1, 6);
	sq_neighbours_deinit(&n);

	ck_assert_int_eq(sq_direct_callers(version(), SQ_LIT("helper"), &(struct sq_neighbours_ask){ .limit = 1 }, &n), 0);
	ck_assert_uint_eq(n.n, 1);
	ck_assert_uint_eq(n.total, 3);
	ck_assert_int_eq(n.cut, SQ_CUT_LIMIT);
	sq_neighbours_deinit(&n);

	ck_assert_int_eq(sq_direct_callers(version(), SQ_LIT("nobody"), &(struct sq_neighbours_ask){ .limit = 9 }, &n), 0);
	ck_assert_uint_eq(n.total, 0);
	sq_neighbours_deinit(&n);
}
END_TEST

START_TEST(symbols)
{
	struct sq_result r = { 0 };

	make_tree();
	ck_assert_int_eq(sq_symbol_lookup(version(), SQ_LIT("Widget"), &r), 0);
	assert_items(&r, "a.c:Widget b/w.py:Widget ", "name");
	ck_assert_int_eq(sq_symbol_lookup(version(), SQ_LIT("w.Widget.draw"), &r), 0);
	sq_result_deinit(&r);
	ck_assert_int_eq(sq_symbol_lookup(version(), SQ_LIT(""), &r), 0);
	assert_items(&r, "", "empty");
}
END_TEST

START_TEST(empty_version)
{
	struct sq_neighbours n = { 0 };
	struct sq_result r = search("a", SQ_SEARCH_EXACT, -1, -1, 10);

	assert_items(&r, "", "exact");
	r = search("a.*", SQ_SEARCH_REGEX, -1, -1, 10);
	assert_items(&r, "", "regex");
	r = search("a", SQ_SEARCH_FUZZY, -1, -1, 10);
	assert_items(&r, "", "fuzzy");
	r = query("NOT kind:function OR callers:x", 10);
	assert_items(&r, "", "query");
	ck_assert_int_eq(sq_direct_callees(version(), SQ_LIT("a"), &(struct sq_neighbours_ask){ .limit = 10 }, &n), 0);
	ck_assert_uint_eq(n.total, 0);
}
END_TEST

/* ---- random trees against a naive evaluation -------------------------------------- */

#define MAX_DEFS 4096u
struct all { struct sq_match v[MAX_DEFS]; size_t n; };

static void list_all(struct all *a)
{
	a->n = 0;
	for (sq_file f = 0; f < version()->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(version(), f);

		for (uint32_t i = 0; b && i < b->columns.n_defs; i++) {
			ck_assert_uint_lt(a->n, MAX_DEFS);
			a->v[a->n++] = (struct sq_match){ f, i, 0 };
		}
	}
}

static struct sq_slice name_of(struct sq_match m, struct sq_def *ret_d)
{
	const struct sq_bound *b = sq_version_bound(version(), m.file);

	sq_defs_get(&b->columns, m.def, ret_d);
	return sq_version_string(version(), b->names[ret_d->name]);
}

struct hit { struct sq_match who; const char *name; bool found; bool any_kind; };

static int meets(void *arg, const struct sq_edge *e)
{
	struct hit *h = arg;

	if (!h->any_kind && e->ref.kind != SQ_REF_CALL && e->ref.kind != SQ_REF_MACRO)
		return 0;
	h->found |= e->from_file == h->who.file && e->ref.encl == h->who.def;
	return 0;
}

static int reaches(void *arg, const struct sq_edge *e)
{
	struct hit *h = arg;
	const struct sq_bound *b;

	if ((e->ref.kind != SQ_REF_CALL && e->ref.kind != SQ_REF_MACRO) ||
	    e->target.file == SQ_FILE_NONE)
		return 0;
	b = sq_version_bound(version(), e->target.file);
	h->found |= e->target.file == h->who.file &&
		    sq_bound_find_def(b, e->target.name, e->target.ordinal) ==
		    h->who.def;
	return 0;
}

/* is @m related to any definition called @name? */
static bool is_related(const struct all *a, struct sq_match m, char how,
		       const char *name)
{
	struct hit h = { .who = m, .any_kind = how == 'r' };
	struct sq_def d;

	for (size_t i = 0; i < a->n && !h.found; i++) {
		if (!sq_slice_is(name_of(a->v[i], &d), name))
			continue;
		if (how == 'e')
			(void)sq_edges_out(version(), a->v[i].file,
					   a->v[i].def, reaches, &h);
		else
			(void)sq_edges_in(version(), a->v[i].file,
					  a->v[i].def, meets, &h);
	}
	return h.found;
}

struct term { const char *text; char how; const char *arg; int value; };
static const struct term terms[] = {
	{ "name:w3", 'n', "w3", 0 }, { "name ~= ^w1", 'p', "w1", 0 },
	{ "w7", 's', "7", 0 }, { "kind:function", 'k', "", SQ_KIND_FUNCTION },
	{ "kind:class", 'k', "", SQ_KIND_CLASS }, { "lang:c", 'l', "", SQ_LANG_C },
	{ "lang:java", 'l', "", SQ_LANG_JAVA }, { "path:sub", 'f', "sub", 0 },
	{ "callers:w2", 'c', "w2", 0 }, { "callees:w5", 'e', "w5", 0 },
	{ "references:w8", 'r', "w8", 0 }, { "name:nope", 'n', "nope", 0 },
};

static bool term_is_true(const struct all *a, const struct term *t,
			 struct sq_match m)
{
	const struct sq_bound *b = sq_version_bound(version(), m.file);
	struct sq_def d;
	struct sq_slice name = name_of(m, &d);

	switch (t->how) {
	case 'n':
		return sq_slice_is(name, t->arg);
	case 'p':
		return sq_slice_has_prefix(name, sq_slice_z(t->arg));
	case 's':
		return memmem(name.p, name.n, t->arg, strlen(t->arg));
	case 'k':
		return d.kind == t->value;
	case 'l':
		return b->lang == t->value;
	case 'f':
		return memmem(b->path.p, b->path.n, t->arg, strlen(t->arg));
	default:
		return is_related(a, m, t->how, t->arg);
	}
}

/* "T op T op T" with random NOTs and grouping, and what it means */
struct shape { unsigned term[3]; bool not[3], or[2], group_right; };

static void random_shape(struct rig_random *rnd, struct shape *s)
{
	for (int i = 0; i < 3; i++) {
		s->term[i] = rig_below(rnd, SQ_ARRAY_SIZE(terms));
		s->not[i] = !rig_below(rnd, 4);
	}
	for (int i = 0; i < 2; i++)
		s->or[i] = rig_below(rnd, 2);
	s->group_right = rig_below(rnd, 2);
}

static void spell(const struct shape *s, struct sq_buf *out)
{
	for (int i = 0; i < 3; i++) {
		if (i)
			sq_buf_puts(out, s->or[i - 1] ? " OR " : " AND ");
		if (i == (s->group_right ? 1 : 0))
			sq_buf_puts(out, "(");
		sq_buf_puts(out, s->not[i] ? "NOT " : "");
		sq_buf_puts(out, terms[s->term[i]].text);
		if (i == (s->group_right ? 2 : 1))
			sq_buf_puts(out, ")");
	}
}

static bool join(bool a, bool or, bool b)
{
	return or ? a || b : a && b;
}

static bool is_true(const struct all *a, const struct shape *s, struct sq_match m)
{
	bool v[3];

	for (int i = 0; i < 3; i++)
		v[i] = term_is_true(a, &terms[s->term[i]], m) != s->not[i];
	if (s->group_right)
		return join(v[0], s->or[0], join(v[1], s->or[1], v[2]));
	return join(join(v[0], s->or[0], v[1]), s->or[1], v[2]);
}

static int by_path(const void *pa, const void *pb)
{
	const struct sq_match *a = pa, *b = pb;
	int r = sq_slice_cmp(sq_version_bound(version(), a->file)->path,
			     sq_version_bound(version(), b->file)->path);

	return r ? r : a->def < b->def ? -1 : a->def > b->def;
}

static void compare(const struct all *a, const struct shape *s, size_t limit)
{
	static struct sq_match want[MAX_DEFS];
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_result r;
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (is_true(a, s, a->v[i]))
			want[n++] = a->v[i];
	qsort(want, n, sizeof(want[0]), by_path);
	spell(s, &text);
	r = query(sq_buf_z(&text), limit);
	ck_assert_msg(r.total == n, "%s: %llu, not %zu", text.p,
		      (unsigned long long)r.total, n);
	ck_assert_uint_eq(r.n_items, SQ_MIN(n, limit));
	for (size_t i = 0; i < r.n_items; i++)
		ck_assert_msg(r.items[i].file == want[i].file &&
			      r.items[i].def == want[i].def, "%s: item %zu",
			      text.p, i);
	sq_result_deinit(&r);
	sq_buf_deinit(&text);
}

START_TEST(random_queries)
{
	static struct all all;
	const char *env = getenv("SQ_SEED");
	struct rig_random rnd = { env ? strtoull(env, NULL, 0) : 1 };
	unsigned n_true = 0;

	printf("query-eval: seed %llu\n", (unsigned long long)rnd.state);
	for (int tree = 0; tree < 8; tree++) {
		struct sq_draft_opts opts = { .clear = true };
		struct rig_tree t = { { 0 } };

		for (uint32_t i = 0; i < RIG_PATHS; i++)
			t.seed[i] = rig_below(&rnd, 5) ? 2 + rig_below(&rnd, 9999) : 0;
		ck_assert_int_eq(rig_update(&rig, NULL, &t, &opts), 0);
		list_all(&all);
		for (int i = 0; i < 60; i++) {
			struct shape s;

			random_shape(&rnd, &s);
			compare(&all, &s, rig_below(&rnd, 3) ? 1000 : 3);
		}
		n_true += all.n > 20;
	}
	ck_assert_uint_gt(n_true, 4);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query-eval");
	TCase *c = tcase_create("eval");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, exact_search);
	tcase_add_test(c, limits_and_totals);
	tcase_add_test(c, regex_and_fuzzy_search);
	tcase_add_test(c, bad_searches);
	tcase_add_test(c, queries);
	tcase_add_test(c, count_stage);
	tcase_add_test(c, cancellation);
	tcase_add_test(c, neighbours);
	tcase_add_test(c, symbols);
	tcase_add_test(c, empty_version);
	tcase_add_test(c, random_queries);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
