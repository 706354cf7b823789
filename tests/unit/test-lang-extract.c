/* SPDX-License-Identifier: MIT */
/* bytes that nobody would write, and limits */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "lang/lang.h"
#include "../support/suite.h"

static struct sq_lang_registry *registry;
static struct sq_extractor *extractor;
static struct sq_extract_limits limits;

static void set_up(void)
{
	sq_extract_limits_default(&limits);
	ck_assert_int_eq(sq_extractor_new(registry, &extractor), 0);
}

static void tear_down(void)
{
	extractor = sq_extractor_free(extractor);
}

static struct sq_facts extract(enum sq_lang lang, struct sq_slice bytes)
{
	struct sq_facts f = SQ_FACTS_NULL;

	ck_assert_int_eq(sq_extract(extractor, lang, bytes, &limits, &f), 0);
	ck_assert_int_eq(sq_facts_check(&f), 0);
	return f;
}

static struct sq_buf repeat(const char *text, size_t n)
{
	struct sq_buf b = SQ_BUF_NULL;

	while (n--)
		sq_buf_puts(&b, text);
	return b;
}

static bool has_def(const struct sq_facts *f, const char *name)
{
	struct sq_string_cursor it;
	struct sq_slice s;

	sq_strings_begin(f, &it);
	while (sq_strings_next(&it, &s))
		if (sq_slice_is(s, name))
			return sq_defs_find(&f->columns, it.i - 1, 0) != SQ_NONE;
	return false;
}

START_TEST(empty)
{
	for (int lang = SQ_LANG_C; lang < SQ_LANG_MAX; lang++) {
		struct sq_facts f;

		if (sq_lang_load(registry, lang, NULL))
			continue;
		f = extract(lang, SQ_SLICE_NULL);
		ck_assert_uint_eq(f.columns.n_defs, 0);
		sq_facts_deinit(&f);
		f = extract(lang, SQ_LIT("\n"));
		ck_assert_uint_eq(f.columns.n_refs, 0);
		sq_facts_deinit(&f);
	}
}
END_TEST

/* the parser puts a MISSING identifier, without any text, into the class */
START_TEST(missing_name_in_class)
{
	struct sq_facts f = extract(SQ_LANG_PYTHON, SQ_LIT("class A:\n    :+ self.size: int = 1\n"));

	ck_assert(f.has_error);
	ck_assert_int_eq(sq_facts_check(&f), 0);
	sq_facts_deinit(&f);
}
END_TEST

START_TEST(nul_and_invalid_utf8)
{
	static const char text[] = "int before;\n\xff\xfe\x80 \0 \xc3\n\0\0int f(void) { \xf0\x28 g(); }\n"
				   "int after;\n";

	for (int lang = SQ_LANG_C; lang < SQ_LANG_MAX; lang++) {
		struct sq_facts f;

		if (sq_lang_load(registry, lang, NULL))
			continue;
		f = extract(lang, sq_slice(text, sizeof(text) - 1));
		if (lang == SQ_LANG_C)
			ck_assert(has_def(&f, "before") && has_def(&f, "after"));
		sq_facts_deinit(&f);
	}
}
END_TEST

/* cut anywhere: no crash, facts that hold */
START_TEST(truncated)
{
	static const char text[] =
		"#define A(x) f(x, \"s\", 'c') /* c */\nstruct s { int (*a)(int), b[2]; } v = { .b = { 1 } };\n"
		"typedef enum { X = A(1) } e;\nstatic int f(e *p, ...) { return p->q.r[2](&v, sizeof(e)); }\n"
		"class K(B): \n  async def m(self, a: T = 1): return [x for x in self.y]\n";

	for (int lang = SQ_LANG_C; lang < SQ_LANG_MAX; lang++) {
		if (sq_lang_load(registry, lang, NULL))
			continue;
		for (size_t n = 0; n < sizeof(text); n++) {
			struct sq_facts f = extract(lang, sq_slice(text, n));

			sq_facts_deinit(&f);
		}
	}
}
END_TEST

static void nest(enum sq_lang lang, const char *open, const char *close, size_t n)
{
	struct sq_buf b = repeat(open, n), tail = repeat(close, n);
	struct sq_facts f;
	uint64_t start = sq_thread_cpu_ns();
	int r;

	sq_buf_add_slice(&b, sq_buf_slice(&tail));
	sq_buf_puts(&b, "\nint after_nesting;\n");
	r = sq_extract(extractor, lang, sq_buf_slice(&b), &limits, &f);
	/* facts, or refused by the watchdog: a crash or a hang is what must not be */
	ck_assert(r == 0 || r == SQ_LANG_E_TIMEOUT || r == SQ_LANG_E_LIMIT);
	ck_assert_uint_lt((sq_thread_cpu_ns() - start) / 1000000000, 30);
	if (!r) {
		ck_assert_int_eq(sq_facts_check(&f), 0);
		sq_facts_deinit(&f);
	}
	sq_buf_deinit(&b);
	sq_buf_deinit(&tail);
}

START_TEST(nesting)
{
	nest(SQ_LANG_C, "{", "}", 100000);
	nest(SQ_LANG_C, "int x = (((", ")))", 30000);
	nest(SQ_LANG_C, "f(", ")", 100000);
	nest(SQ_LANG_C, "#if A\n", "#endif\n", 100000);
	nest(SQ_LANG_CPP, "namespace a {", "}", 100000);
	nest(SQ_LANG_CPP, "A<", ">", 100000);
	nest(SQ_LANG_PYTHON, "[", "]", 100000);
	nest(SQ_LANG_PYTHON, "f(x.", ")", 100000);
	nest(SQ_LANG_PACKAGE_JSON, "[", "]", 100000);
}
END_TEST

/* what lies below the depth limit is left out, the rest is there */
START_TEST(depth_limit)
{
	struct sq_buf b = SQ_BUF_NULL, open = repeat("(", 300), close = repeat(")", 300);
	struct sq_facts f;

	limits.max_depth = 100;
	sq_buf_puts(&b, "int f(void) { return ");
	sq_buf_add_slice(&b, sq_buf_slice(&open));
	sq_buf_puts(&b, "deep()");
	sq_buf_add_slice(&b, sq_buf_slice(&close));
	sq_buf_puts(&b, "; }\nint g(void) { return shallow(); }\n");
	f = extract(SQ_LANG_C, sq_buf_slice(&b));
	ck_assert(has_def(&f, "f") && has_def(&f, "g"));
	ck_assert_uint_eq(f.columns.n_refs, 1);
	sq_facts_deinit(&f);
	sq_buf_deinit(&b);
	sq_buf_deinit(&open);
	sq_buf_deinit(&close);
}
END_TEST

START_TEST(long_line)
{
	struct sq_buf b = repeat("int a(void) { return b(1) + c; } ", 60000);
	struct sq_facts f;
	int r;

	limits.watchdog_ns = 60000000000ULL;
	r = sq_extract(extractor, SQ_LANG_C, sq_buf_slice(&b), &limits, &f);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(f.columns.n_defs, 60000);
	ck_assert_uint_eq(f.columns.n_refs, 120000);
	sq_facts_deinit(&f);
	sq_buf_deinit(&b);
}
END_TEST

/* what many lines give under the limits now set */
static void stops(size_t n_lines, int expected)
{
	struct sq_buf b = repeat("int a;\n", n_lines);
	struct sq_facts f;

	ck_assert_int_eq(sq_extract(extractor, SQ_LANG_C, sq_buf_slice(&b), &limits, &f), expected);
	sq_buf_deinit(&b);
}

START_TEST(steps)
{
	struct sq_facts f;

	limits.max_steps = 10;
	stops(20000, SQ_LANG_E_LIMIT);
	sq_extract_limits_default(&limits);
	/* the parser starts afresh after it was stopped */
	f = extract(SQ_LANG_C, SQ_LIT("int fresh;"));
	ck_assert_uint_eq(f.columns.n_defs, 1);
	ck_assert(has_def(&f, "fresh"));
	sq_facts_deinit(&f);
}
END_TEST

START_TEST(watchdog)
{
	limits.watchdog_ns = 1;
	stops(200000, SQ_LANG_E_TIMEOUT);
}
END_TEST

START_TEST(cancel)
{
	bool flag = true;

	limits.cancel = &flag;
	stops(200000, SQ_LANG_E_CANCELLED);
}
END_TEST

START_TEST(unknown)
{
	struct sq_lang_registry *elsewhere;
	struct sq_extractor *x;
	const char *why = NULL;
	struct sq_facts f;

	ck_assert_int_eq(sq_extract(extractor, SQ_LANG_NONE, SQ_LIT("x"), &limits, &f),
			 SQ_LANG_E_UNKNOWN);
	ck_assert_int_eq(sq_lang_registry_new("/nonexistent", &elsewhere), 0);
	ck_assert_int_eq(sq_extractor_new(elsewhere, &x), 0);
	ck_assert_int_eq(sq_lang_load(elsewhere, SQ_LANG_C, &why), SQ_LANG_E_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "sqry-grammar-c.so"));
	ck_assert_int_eq(sq_extract(x, SQ_LANG_C, SQ_LIT("x"), &limits, &f), SQ_LANG_E_UNKNOWN);
	/* no grammar needed */
	ck_assert_int_eq(sq_extract(x, SQ_LANG_GOMOD, SQ_LIT("module a\n"), &limits, &f), 0);
	sq_facts_deinit(&f);
	sq_extractor_free(x);
	sq_lang_registry_free(elsewhere);
}
END_TEST

static uint64_t hash_of(enum sq_lang lang, const char *text)
{
	struct sq_facts f = extract(lang, sq_slice_z(text));
	struct sq_def d;

	ck_assert_uint_ge(f.columns.n_defs, 1);
	sq_defs_get(&f.columns, 0, &d);
	sq_facts_deinit(&f);
	return d.body_hash;
}

/* white space and comments do not count, anything else does */
static double cpu_seconds(struct sq_slice bytes)
{
	struct timespec a, b;
	struct sq_facts f;

	ck_assert_int_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a), 0);
	f = extract(SQ_LANG_PYTHON, bytes);
	ck_assert_int_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b), 0);
	sq_facts_deinit(&f);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* head + part * n + tail */
static double cost_of(const char *const shape[3], size_t n)
{
	struct sq_buf b = SQ_BUF_NULL;
	double s;

	sq_buf_puts(&b, shape[0]);
	for (size_t i = 0; i < n; i++)
		sq_buf_puts(&b, shape[1]);
	sq_buf_puts(&b, shape[2]);
	ck_assert_int_eq(sq_buf_error(&b), 0);
	s = cpu_seconds(sq_buf_slice(&b));
	sq_buf_deinit(&b);
	return s;
}

/* what costs the square of its length takes 64 times as much for 8 times the length */
START_TEST(python_scales)
{
	static const char *const shapes[][3] = {
		{ "x = [1 for ", "long_name", " in y]\n" },
		{ "x = [1 for a", ", a", " in y]\n" },
		{ "x = [a", " for a in b", "]\n" },
		{ "def f():\n    global a", ", b", "\n" },
	};
	const size_t n = 2000;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(shapes); i++) {
		double one = cost_of(shapes[i], n), eight = cost_of(shapes[i], 8 * n);

		ck_assert_msg(eight < 32 * one + 0.02, "%s...: %.1f ms, and %.1f ms for 8 times the bytes", shapes[i][0],
			      one * 1e3, eight * 1e3);
	}
}
END_TEST

START_TEST(body_hash)
{
	uint64_t h = hash_of(SQ_LANG_C, "int f(void) { return a + \"x y\"; }");

	ck_assert(h);
	ck_assert_uint_eq(h, hash_of(SQ_LANG_C, "int  f ( void )\n{ /* c */\n\treturn a + \"x y\";\n}"));
	ck_assert_uint_eq(h, hash_of(SQ_LANG_C, "// first\n\n\nint f(void) { return a + \"x y\"; }"));
	ck_assert_uint_ne(h, hash_of(SQ_LANG_C, "int f(void) { return a - \"x y\"; }"));
	ck_assert_uint_ne(h, hash_of(SQ_LANG_C, "int f(void) { return a + \"xy\"; }"));
	ck_assert_uint_ne(h, hash_of(SQ_LANG_C, "int f(void) { return b + \"x y\"; }"));
	/* a copy has the same under another name */
	ck_assert_uint_eq(h, hash_of(SQ_LANG_C, "static int other(int b) { return a + \"x y\"; }"));
	ck_assert_uint_eq(hash_of(SQ_LANG_C, "#define A(x) f(x); \\\n\tg(x)\n"),
			  hash_of(SQ_LANG_C, "#define B(x) f(x); \\\n\tg(x)\n"));
	ck_assert_uint_eq(hash_of(SQ_LANG_C, "struct a { int x; };"), hash_of(SQ_LANG_C, "struct b { int x; };"));
	ck_assert_uint_eq(hash_of(SQ_LANG_JAVASCRIPT, "const f = (a) => { return g(a); };"),
			  hash_of(SQ_LANG_JAVASCRIPT, "const h = (a) => { return g(a); };"));
	ck_assert_uint_ne(hash_of(SQ_LANG_JAVASCRIPT, "const f = (a) => { return g(a); };"),
			  hash_of(SQ_LANG_JAVASCRIPT, "const f = (a) => { return k(a); };"));
	ck_assert_uint_eq(hash_of(SQ_LANG_GO, "package p\ntype A struct { x int }\n"),
			  hash_of(SQ_LANG_GO, "package p\ntype B struct { x int }\n"));
	ck_assert_uint_eq(hash_of(SQ_LANG_RUST, "fn f(a: u8) -> u8 { g(a) }"),
			  hash_of(SQ_LANG_RUST, "fn h(a: u8) -> u8 { g(a) }"));
	ck_assert_uint_eq(hash_of(SQ_LANG_RUST, "macro_rules! a { ($x:expr) => { g($x) }; () => {} }"),
			  hash_of(SQ_LANG_RUST, "macro_rules! b { ($x:expr) => { g($x) }; () => {} }"));
	ck_assert_uint_ne(hash_of(SQ_LANG_RUST, "macro_rules! a { ($x:expr) => { g($x) }; () => {} }"),
			  hash_of(SQ_LANG_RUST, "macro_rules! a { ($x:expr) => { h($x) }; () => {} }"));
	ck_assert_uint_ne(hash_of(SQ_LANG_RUST, "macro_rules! a { ($x:expr) => { 1 }; () => {} }"),
			  hash_of(SQ_LANG_RUST, "macro_rules! a { ($y:tt) => { 1 }; () => {} }"));
	ck_assert_uint_eq(hash_of(SQ_LANG_JAVA, "class A { int x; }"), hash_of(SQ_LANG_JAVA, "class B { int x; }"));
	ck_assert_uint_eq(hash_of(SQ_LANG_C, "int x = 3;"), 0);
	ck_assert_uint_eq(hash_of(SQ_LANG_PYTHON, "def f(a):\n  return a  # c\n"),
			  hash_of(SQ_LANG_PYTHON, "x()\ndef f(a):\n\n    return a\n"));
}
END_TEST

START_TEST(detect)
{
	static const struct { const char *path; enum sq_lang lang; } cases[] = {
		{ "a/b.c", SQ_LANG_C }, { "b.h", SQ_LANG_C }, { "x.cc", SQ_LANG_CPP },
		{ "x.hpp", SQ_LANG_CPP }, { "x.inl", SQ_LANG_CPP }, { "d/x.py", SQ_LANG_PYTHON },
		{ "d/x.pyi", SQ_LANG_PYTHON }, { "go.mod", SQ_LANG_GOMOD },
		{ "a/package.json", SQ_LANG_PACKAGE_JSON }, { "b/package.json.bak", SQ_LANG_NONE },
		{ "other.json", SQ_LANG_NONE }, { "Cargo.toml", SQ_LANG_CARGO },
		{ "tsconfig.json", SQ_LANG_TSCONFIG }, { "pyproject.toml", SQ_LANG_PYPROJECT },
		{ "compile_commands.json", SQ_LANG_COMPILE_COMMANDS }, { ".c", SQ_LANG_NONE },
		{ "c", SQ_LANG_NONE }, { "", SQ_LANG_NONE }, { "a.c/readme", SQ_LANG_NONE },
		{ "x.C", SQ_LANG_NONE },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(cases); i++)
		ck_assert_msg(sq_lang_detect(sq_slice_z(cases[i].path)) == cases[i].lang, "%s",
			      cases[i].path);
}
END_TEST

/* each language has traits and a version; each grammar fits its spec */
START_TEST(registered)
{
	const struct sq_lang_traits *const *traits = sq_lang_traits_table();
	const char *why = NULL;

	for (int lang = SQ_LANG_C; lang < SQ_LANG_MAX; lang++) {
		if (!sq_lang_version(lang))
			continue;
		ck_assert_ptr_nonnull(traits[lang]);
		ck_assert_int_eq(traits[lang]->lang, lang);
		ck_assert_msg(!sq_lang_load(registry, lang, &why), "%s: %s", sq_lang_name(lang), why);
	}
	ck_assert_uint_gt(sq_lang_version(SQ_LANG_C), 0);
	ck_assert_uint_eq(sq_lang_version(SQ_LANG_NONE), 0);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("extract");
	Suite *s = suite_create("lang-extract");
	const char *why = "?";
	int failed;

	if (sq_lang_registry_new(NULL, &registry) < 0)
		return 99;
	if (sq_lang_load(registry, SQ_LANG_C, &why)) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	tcase_set_timeout(tc, 240);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, empty);
	tcase_add_test(tc, missing_name_in_class);
	tcase_add_test(tc, nul_and_invalid_utf8);
	tcase_add_test(tc, truncated);
	tcase_add_test(tc, nesting);
	tcase_add_test(tc, depth_limit);
	tcase_add_test(tc, long_line);
	tcase_add_test(tc, steps);
	tcase_add_test(tc, watchdog);
	tcase_add_test(tc, cancel);
	tcase_add_test(tc, unknown);
	tcase_add_test(tc, python_scales);
	tcase_add_test(tc, body_hash);
	tcase_add_test(tc, detect);
	tcase_add_test(tc, registered);
	suite_add_tcase(s, tc);
	failed = suite_run(s);
	registry = sq_lang_registry_free(registry);
	return failed;
}
