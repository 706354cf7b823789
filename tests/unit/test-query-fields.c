/* SPDX-License-Identifier: MIT */
/* Every field of the query language over a small tree in five languages. */
#include "../support/treegraph.h"
#include "tree-scratch.h"

#include "query/query.h"
#include "../support/suite.h"

static const struct { const char *path, *text; } files[] = {
	{ "c/a.c", "#include \"a.h\"\n"
		   "static int helper(int x) { return x + 1; }\n"
		   "struct ops { int (*open)(int); };\n"
		   "static struct ops my_ops = { .open = helper };\n"
		   "int run(int n) { return helper(n) + ping(n); }\n"
		   "int ping(int n) { return n ? pong(n - 1) : 0; }\n"
		   "int pong(int n) { return ping(n); }\n"
		   "static void lonely(void) { }\n" },
	{ "c/a.h", "int run(int n);\n" },
	{ "c/b.c", "static void lonely(void) { }\n" },
	{ "c/p.h", "#include \"q.h\"\n#define P_SIZE 1\n" },
	{ "c/q.h", "#include \"p.h\"\n#define Q_SIZE 2\n" },
	{ "java/S.java", "package p;\n"
			 "public class S { public static int twice(int x) "
			 "{ return x * 2; }\n"
			 "private String s() { return \"\"; } }\n" },
	{ "py/m.py", "import os\n"
		     "class Base:\n"
		     "    def go(self) -> int:\n"
		     "        return os.getpid()\n"
		     "class Child(Base):\n"
		     "    @staticmethod\n"
		     "    def make() -> \"Child\":\n"
		     "        # TODO here\n"
		     "        return Child()\n"
		     "async def main():\n"
		     "    Child.make()\n" },
	{ "rs/lib.rs", "use std::fmt;\n"
		       "pub struct Foo;\n"
		       "pub trait Draw { fn draw(&self); }\n"
		       "impl Draw for Foo { fn draw(&self) {} }\n"
		       "impl fmt::Display for Foo { fn fmt(&self) -> fmt::Result "
		       "{ Ok(()) } }\n"
		       "pub async fn load(x: u32) -> Result<u32, String> { Ok(x) }\n"
		       "pub fn pen() { let _a = 9; }\n"
		       "pub struct Ink;\n"
		       "impl Ink { pub fn dip(&self) { pen() } }\n" },
	{ "ts/x.ts", "export interface Run { go(): void }\n"
		     "export class A implements Run { go(): void {}\n"
		     "private hid(): number { return 1 } }\n"
		     "export function boo(a: number): string { return \"x\" }\n"
		     "function inner() { return boo(1) }\n" },
	{ "ts/y.ts", "// what it uses\n"
		     "import { boo } from './x'\n"
		     "import { A } from './x'\n"
		     "export class User { id = 77 }\n" },
};

static struct scratch dir;
static struct treegraph tree;
static bool changed;            /* the source on disk is not the graph's any more */

static int read_source(void *arg, const struct sq_bound *b, struct sq_buf *out)
{
	(void)arg;
	if (changed)
		return SQ_SOURCE_E_CHANGED;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(files); i++)
		if (sq_slice_is(b->path, files[i].path))
			sq_buf_puts(out, files[i].text);
	return 0;
}
static const struct sq_source source = { read_source, NULL };

static void setup(void)
{
	changed = false;
	scratch_init(&dir);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(files); i++)
		scratch_file(&dir, files[i].path, files[i].text);
	ck_assert_int_eq(treegraph_init(&tree), 0);
	ck_assert_int_eq(treegraph_update(&tree, dir.path, true), 0);
}

static void teardown(void)
{
	treegraph_deinit(&tree);
	scratch_deinit(&dir);
}

static int run(const char *text, const struct sq_query_opts *o, struct sq_result *ret_r,
	       struct sq_query_error *ret_err)
{
	struct sq_query *q = NULL;
	int r = sq_query_parse(sq_slice_z(text), &q, ret_err);

	ck_assert_msg(!r, "%s: %s", text, ret_err->message);
	r = sq_query_run_with(q, treegraph_version(&tree), o, ret_r, ret_err);
	sq_query_free(q);
	return r;
}

static struct sq_result query(const char *text)
{
	const struct sq_query_opts o = { .limit = 1000, .source = &source };
	struct sq_query_error err;
	struct sq_result res = { 0 };

	ck_assert_msg(!run(text, &o, &res, &err), "%s: %s", text, err.message);
	return res;
}

static struct sq_slice name_of(struct sq_match m)
{
	const struct sq_bound *b = sq_version_bound(treegraph_version(&tree), m.file);
	struct sq_def d;

	sq_defs_get(&b->columns, m.def, &d);
	return sq_version_string(treegraph_version(&tree), b->names[d.name]);
}

static void assert_names(const char *text, const char *want)
{
	struct sq_result res = query(text);
	struct sq_buf b = SQ_BUF_NULL;

	for (size_t i = 0; i < res.n_items; i++) {
		sq_buf_puts(&b, i ? " " : "");
		sq_buf_add_slice(&b, name_of(res.items[i]));
	}
	ck_assert_msg(!strcmp(sq_buf_z(&b), want), "%s: \"%s\", not \"%s\"", text,
		      sq_buf_z(&b), want);
	ck_assert_uint_eq(res.total, res.n_items);
	sq_buf_deinit(&b);
	sq_result_deinit(&res);
}

START_TEST(each_field)
{
	static const struct { const char *text, *want; } t[] = {
		{ "kind:trait", "Draw" },
		{ "name:boo", "boo" },
		{ "path:*.java kind:method", "twice s" },
		{ "lang:ts kind:function", "boo inner" },
		{ "parent:A", "go hid" },
		{ "parent ~= ^Fo", "draw fmt" },
		{ "scope:file lang:rust", "Foo Draw load pen Ink" },
		{ "scope:class lang:python", "go make" },
		{ "text ~= TODO", "Child make" },
		{ "text ~= /todo HERE/i kind:method", "make" },
		{ "text ~= /^async def/m", "main" },
		{ "text ~= /os.*Base/", "" },
		{ "callers:helper", "run" },
		{ "callees:run", "helper ping" },
		/* a method speaks for its type, wherever it is written */
		{ "callees:Ink", "pen" },
		{ "callees:S", "" },
		{ "references:Child", "make main" },
		{ "references:Base", "Child" },
		{ "references:helper", "my_ops run" },
		{ "references ~= /^PO/i", "ping" },
		{ "references ~= /^PO/", "" },
		{ "references:(kind:class lang:python)", "Child make main" },
		{ "NOT references:ping kind:function lang:c", "helper ping lonely lonely" },
		{ "imports:os kind:class", "Base Child" },
		{ "imports ~= ^a.h$ static:true kind:function", "helper lonely" },
		{ "exports:boo", "boo" },
		{ "exports:inner", "" },
		{ "exports:helper", "" },
		{ "returns:Result", "fmt load" },
		{ "returns:int lang:c", "helper run ping pong" },
		{ "returns:int lang:java", "twice" },
		{ "returns:string", "boo" },
		{ "returns:int lang:python", "go" },
		{ "returns ~= ^Result<", "load" },
		{ "impl:Draw", "Foo" },
		{ "impl:Display", "Foo" },
		{ "impl:Run", "A" },
		{ "scope.type:trait", "draw" },
		{ "scope.type:file lang:java", "S" },
		{ "scope.name:Child", "make" },
		{ "scope.parent:Base", "go" },
		{ "scope.ancestor:S", "twice s" },
		{ "duplicates:function", "lonely lonely" },
		{ "duplicates:body", "lonely lonely" },
		{ "duplicates:struct", "" },
		{ "duplicates:signature lang:c",
		  "run ping pong lonely lonely" },
		{ "unused:private kind:function", "lonely lonely inner" },
		{ "unused:function kind:method lang:java", "twice s" },
		{ "circular:calls", "ping pong" },
		{ "circular:imports", "P_SIZE Q_SIZE" },
		{ "circular:all", "ping pong P_SIZE Q_SIZE" },
		{ "async:true", "main load" },
		{ "async:true NOT lang:python", "load" },
		{ "static:true lang:java", "twice" },
		{ "visibility:private", "s hid" },
		{ "address_taken:true", "helper" },
		{ "address_taken:false kind:function lang:c", "run ping pong lonely lonely" },
		{ "resolved_via:direct lang:c", "run ping pong" },
		{ "resolved_via:promiscuous_elided", "" },
		{ "callsite_promiscuous:true", "" },
		{ "callsite_promiscuous:false kind:trait", "Draw" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++)
		assert_names(t[i].text, t[i].want);
}
END_TEST

/* what query.md §1 says in its own words, and has as its examples */
START_TEST(each_sentence)
{
	static const struct { const char *text, *want; } t[] = {
		/* NOT binds closest, then AND, then OR; what stands side by side is joined by AND */
		{ "NOT kind:function AND lang:typescript", "Run go A go hid User id" },
		{ "name:boo OR name:inner AND kind:class", "boo" },
		{ "(name:boo OR name:inner) AND kind:class", "" },
		{ "name:boo OR kind:class name:inner", "boo" },
		{ "kind:class OR name:boo INHERITS name:Base", "Child" },
		/* operators */
		{ "kind:function lang:c callers <= 0", "run lonely lonely" },
		{ "kind:function lang:c callers < 1", "run lonely lonely" },
		{ "kind:function callers >= 2", "ping" },
		{ "kind:function lang:c callees > 1", "run" },
		{ "references >= 2 lang:python", "Child" },
		/* values */
		{ "name:/^BOO$/i", "boo" },
		{ "text ~= /class Base.*getpid/s", "Base" },
		{ "text ~= /def go.*getpid/s kind:method", "go" },
		{ "text ~= /def go.*getpid/ kind:method", "" },
		{ "text ~= \"TODO here\" kind:method", "make" },
		{ "name:\"boo\"", "boo" },
		{ "async:yes lang:python", "main" },
		{ "async:1 lang:python", "main" },
		/* a bare word is a regular expression, a quoted one a name */
		{ "nel", "lonely lonely" }, { "\"nel\"", "" }, { "\"boo\"", "boo" },
		/* symbol names are case-sensitive */
		{ "callers:Helper", "" }, { "callees:RUN", "" }, { "name:Boo", "" }, { "references:child", "" },
		/* aliases */
		{ "file:*.java kind:class", "S" }, { "language:java kind:class", "S" }, { "implements:Run", "A" },
		/* the choices of fields that have some */
		{ "unused:public lang:java", "S twice" }, { "unused:private lang:java", "s" },
		{ "unused:struct lang:java", "S" }, { "unused:function lang:java", "twice s" },
		{ "unused:all lang:java", "S twice s" },
		/* its examples */
		{ "kind:function AND async:true AND visibility:public", "main load" },
		{ "callers:authenticate", "" },
		{ "returns:Result AND lang:rust", "fmt load" },
		{ "(kind:class OR kind:struct) AND NOT path:test", "ops S Base Child Foo Ink A User" },
		{ "(kind:class OR kind:struct) AND NOT path:ts/", "ops S Base Child Foo Ink" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++)
		assert_names(t[i].text, t[i].want);
}
END_TEST

START_TEST(relations_of_sets)
{
	assert_names("callers > 1", "ping");
	assert_names("callees >= 2", "run");
	assert_names("kind:function lang:c callers < 1", "run lonely lonely");
	assert_names("callers:(kind:function lang:c)", "run ping pong");
	assert_names("callees:(name:run OR name:inner)", "helper ping boo");
	assert_names("callees:(kind:struct lang:rust)", "pen");
	assert_names("callers:(callers:(name:pong))", "run pong");
	assert_names("kind:function CALLS name:helper", "run");
	assert_names("kind:class INHERITS name:Base", "Child");
	assert_names("kind:struct IMPLEMENTS kind:trait", "Foo");
	assert_names("kind:function CALLS (name:ping) CALLS (name:pong)", "run pong");
	assert_names("NOT (kind:function CALLS name:helper) kind:function lang:ts",
		     "boo inner");
}
END_TEST

START_TEST(pairs_of_a_join)
{
	struct sq_result res = query("kind:function lang:c CALLS kind:function");

	ck_assert(res.is_join);
	ck_assert_uint_eq(res.n_items, 3);
	ck_assert_uint_eq(res.n_pairs, 4);
	ck_assert(sq_slice_is(name_of(res.pairs[0].left), "run"));
	ck_assert(sq_slice_is(name_of(res.pairs[0].right), "helper"));
	ck_assert_uint_eq(res.pairs[0].line, 5);
	ck_assert(sq_slice_is(name_of(res.pairs[3].left), "pong"));
	sq_result_deinit(&res);
}
END_TEST

/* what a file imports, each of its definitions does; the line is that of the import */
START_TEST(pairs_of_imports)
{
	struct sq_result res = query("lang:java IMPORTS lang:ts");

	ck_assert_uint_eq(res.n_items, 0);
	ck_assert_uint_eq(res.n_pairs, 0);
	sq_result_deinit(&res);
	res = query("kind:class path:ts/y.ts IMPORTS lang:ts");
	ck_assert(res.is_join && !res.pairs_cut);
	ck_assert_uint_eq(res.n_items, 1);
	ck_assert_uint_eq(res.n_pairs, 2);
	ck_assert(sq_slice_is(name_of(res.pairs[0].left), "User"));
	ck_assert(sq_slice_is(name_of(res.pairs[0].right), "boo"));
	ck_assert_uint_eq(res.pairs[0].line, 2);
	ck_assert(sq_slice_is(name_of(res.pairs[1].right), "A"));
	ck_assert_uint_eq(res.pairs[1].line, 3);
	sq_result_deinit(&res);
}
END_TEST

static void assert_below(const char *text, const char *below, const char *want, uint64_t total)
{
	const struct sq_query_opts o = {
		.limit = 1000, .below = sq_slice_z(below), .source = &source, .gate = { 1, 3, 4 },
	};
	struct sq_query_error err;
	struct sq_result res = { 0 };

	ck_assert_msg(!run(text, &o, &res, &err), "%s: %s", text, err.message);
	ck_assert_msg(res.total == total, "%s below %s: %llu", text, below, (unsigned long long)res.total);
	ck_assert_msg(!*want || sq_slice_is(name_of(res.items[0]), want), "%s below %s", text, below);
	sq_result_deinit(&res);
}

/* matches lie below a directory or in a file; what they are related to may lie elsewhere */
START_TEST(below)
{
	assert_below("name:lonely", "c/b.c", "lonely", 1);
	assert_below("kind:function", "c", "helper", 6);
	assert_below("kind:function", "c/", "", 0);             /* not as the graph has paths */
	assert_below("kind:class", "ts", "A", 2);
	assert_below("kind:class", "t", "", 0);                 /* a prefix is no directory */
	assert_below("imports:(name:boo)", "ts/y.ts", "User", 2);
	assert_below("callers:(lang:c)", "c/b.c", "", 0);
	assert_below("callees:(path:c/a.c)", "c/a.c", "helper", 3);
	assert_below("kind:class IMPORTS lang:ts", "ts", "User", 1);
	assert_below("NOT kind:function", "c/a.c", "ops", 3);
	assert_below("o | count", "ts", "", 3);               /* narrow enough for the gate */
}
END_TEST

static void assert_group(const struct sq_groups *g, size_t i, const char *value,
			 uint64_t count)
{
	ck_assert_uint_lt(i, g->n);
	ck_assert_msg(sq_slice_is(g->v[i].value, value), "%.*s",
		      (int)g->v[i].value.n, g->v[i].value.p);
	ck_assert_uint_eq(g->v[i].count, count);
}

START_TEST(pipeline)
{
	struct sq_result res = query("kind:function | group_by lang");

	ck_assert_uint_eq(res.n_items, 0);
	ck_assert_uint_eq(res.groups[0].total, 4);
	assert_group(&res.groups[0], 0, "c", 6);
	assert_group(&res.groups[0], 1, "rust", 2);
	assert_group(&res.groups[0], 2, "typescript", 2);
	assert_group(&res.groups[0], 3, "python", 1);
	sq_result_deinit(&res);

	res = query("kind:function | top 1 lang");
	ck_assert_uint_eq(res.groups[0].n, 1);
	ck_assert(!res.truncated);
	sq_result_deinit(&res);

	res = query("name:lonely | stats");
	ck_assert_uint_eq(res.n_groups, 3);
	ck_assert_uint_eq(res.total, 2);
	assert_group(&res.groups[0], 0, "function", 2);
	assert_group(&res.groups[1], 0, "c", 2);
	sq_result_deinit(&res);

	res = query("name:lonely | count");
	ck_assert(res.is_count);
	ck_assert_uint_eq(res.total, 2);
	sq_result_deinit(&res);
}
END_TEST

START_TEST(budgets_and_refusals)
{
	struct sq_query_opts o = { .limit = 1000 };
	struct sq_query_error err = { 0 };
	struct sq_result res = { 0 };

	ck_assert_int_eq(run("text ~= a", &o, &res, &err), SQ_QUERY_E_SYNTAX);
	ck_assert_str_eq(err.code, "needs_source");
	ck_assert_int_eq(run("kind:struct repo:x", &o, &res, &err), SQ_QUERY_E_SYNTAX);
	ck_assert_str_eq(err.code, "workspace_query_only");
	ck_assert_uint_eq(err.offset, 12);

	o.gate = (struct sq_query_gate)SQ_QUERY_GATE_DEFAULT;
	ck_assert_int_eq(run("oo", &o, &res, &err), 0);
	sq_result_deinit(&res);
	o.gate.node_limit = 10;
	ck_assert_int_eq(run("kind:struct OR oo", &o, &res, &err), SQ_QUERY_E_TOO_BROAD);
	ck_assert_str_eq(err.source, "static_estimate");
	ck_assert_str_eq(err.shape, "name~=<elided>");
	ck_assert_int_eq(run("callers:(oo)", &o, &res, &err), SQ_QUERY_E_TOO_BROAD);
	ck_assert_int_eq(run("oo kind:function", &o, &res, &err), 0);
	sq_result_deinit(&res);
	ck_assert_int_eq(run("name ~= ^boo", &o, &res, &err), 0);
	sq_result_deinit(&res);
	ck_assert_int_eq(run("help", &o, &res, &err), 0);
	sq_result_deinit(&res);
	/* three characters behind '^', four that every match holds */
	ck_assert_int_eq(run("name ~= ^bo", &o, &res, &err), SQ_QUERY_E_TOO_BROAD);
	ck_assert_int_eq(run("hel", &o, &res, &err), SQ_QUERY_E_TOO_BROAD);
	ck_assert_int_eq(run("references ~= hel", &o, &res, &err), SQ_QUERY_E_TOO_BROAD);
	ck_assert_int_eq(run("hel lang:c", &o, &res, &err), 0);
	sq_result_deinit(&res);
	ck_assert_int_eq(run("hel path:c/", &o, &res, &err), 0);
	sq_result_deinit(&res);
	o.gate.node_limit = treegraph_version(&tree)->stats.n_defs;     /* more than that is refused */
	ck_assert_int_eq(run("hel", &o, &res, &err), 0);
	sq_result_deinit(&res);
	o.gate.node_limit--;
	ck_assert_int_eq(run("hel", &o, &res, &err), SQ_QUERY_E_TOO_BROAD);

	/* what a source that changed hides is said */
	o.source = &source;
	changed = true;
	ck_assert_int_eq(run("text ~= TODO", &o, &res, &err), 0);
	ck_assert_int_eq(res.cut, SQ_CUT_UNREAD);
	ck_assert(res.truncated && res.n_unread);
	sq_result_deinit(&res);

	changed = false;
	o.max_text_bytes = 300;
	ck_assert_int_eq(run("text ~= TODO", &o, &res, &err), 0);
	ck_assert_int_eq(res.cut, SQ_CUT_TEXT);
	sq_result_deinit(&res);
	/* a set cut short would make the answer wrong */
	ck_assert_int_eq(run("NOT duplicates:signature", &o, &res, &err),
			 SQ_QUERY_E_TOO_BROAD);
	ck_assert_str_eq(err.source, "runtime_budget");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query-fields");
	TCase *c = tcase_create("fields");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, each_field);
	tcase_add_test(c, each_sentence);
	tcase_add_test(c, relations_of_sets);
	tcase_add_test(c, pairs_of_a_join);
	tcase_add_test(c, pairs_of_imports);
	tcase_add_test(c, below);
	tcase_add_test(c, pipeline);
	tcase_add_test(c, budgets_and_refusals);
	suite_add_tcase(s, c);
	return suite_run(s);
}
