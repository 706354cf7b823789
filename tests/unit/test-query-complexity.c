/* SPDX-License-Identifier: MIT */
/* what decides in each language, and what only looks like it */
#include <stdlib.h>
#include <string.h>

#include "query/complexity.h"
#include "../support/suite.h"

struct sample { enum sq_lang lang; const char *text; size_t n; };
static const struct sample samples[] = {
	{ SQ_LANG_C, "if (a && b || c) while (x) for (;;) ; case 1: y = a ? b : c;", 7 },
	{ SQ_LANG_C, "// if\n/* if && */ \"if || \\\" if\" 'x' notif if_ \n", 0 },
	{ SQ_LANG_C, "#if A && B\n#define X if (a) \\\n if (b)\n if (c) ;\n", 1 },
	{ SQ_LANG_C, "f(x.if_, '\\'', '\"'); if (a) ;", 1 },
	{ SQ_LANG_CPP, "void f(T&& a, T &&b) { if (a && b) try {} catch (...) {} int n = 1'000; if (n) ; }", 4 },
	{ SQ_LANG_JAVA, "List<?> l; Map<?, ?> m; int x = a ? 1 : 2; switch (x) { case 1: break; default: }", 2 },
	{ SQ_LANG_JAVASCRIPT, "a?.b; a ?? b; let r = /if (x)/; `if ${a}`; c ? d : e", 1 },
	{ SQ_LANG_TYPESCRIPT, "function f(a?: number) { return a && !a }", 1 },
	{ SQ_LANG_GO, "if x := f(); x > 0 && y { for { } }; s := `if '`; select { case <-c: }", 4 },
	{ SQ_LANG_RUST, "fn f<'a>(x: &'a str) { match x { \"if\" => 1, _ => 2 }; let c = || 1; if a || b { g()? } }", 4 },
	{ SQ_LANG_PYTHON, "if a and b or not c: pass\nelif d: pass\n# if\n\"\"\"if\nif\"\"\"\nx = [i for i in y if i]\n", 6 },
	{ SQ_LANG_PYTHON, "try: pass\nexcept E: pass\nwhile x: s = 'if \\' if'\n", 2 },
};

START_TEST(counts)
{
	const struct sample *s = &samples[_i];
	struct sq_offsets out = { NULL, 0, 0 };

	ck_assert_int_eq(sq_complexity_scan(s->lang, sq_slice_z(s->text), &out), 0);
	ck_assert_msg(out.n == s->n, "%zu decisions, want %zu in %s", out.n, s->n, s->text);
	for (size_t i = 1; i < out.n; i++)
		ck_assert_uint_lt(out.v[i - 1], out.v[i]);
	sq_vec_deinit(&out);
}
END_TEST

/* any cut of any sample is scanned without reading past it */
START_TEST(cut_short)
{
	const struct sample *s = &samples[_i];
	size_t n = strlen(s->text);

	for (size_t k = 0; k <= n; k++) {
		struct sq_offsets out = { NULL, 0, 0 };
		char *copy = malloc(k ? k : 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, s->text, k);
		for (int lang = 1; lang < SQ_LANG_MAX; lang++)
			ck_assert_int_eq(sq_complexity_scan((enum sq_lang)lang, sq_slice(copy, k), &out), 0);
		sq_vec_deinit(&out);
		free(copy);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query-complexity");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, counts, 0, SQ_ARRAY_SIZE(samples));
	tcase_add_loop_test(tc, cut_short, 0, SQ_ARRAY_SIZE(samples));
	suite_add_tcase(s, tc);
	return suite_run(s);
}
