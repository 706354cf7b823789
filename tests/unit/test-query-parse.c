/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "query/expr.h"

static void print(const struct sq_query *q, const struct sq_expr *e,
		  struct sq_buf *out)
{
	static const char *const field[] = {
		"kind", "name", "lang", "path", "callers", "callees",
		"references",
	};
	const struct sq_pred *p = &q->preds[e->pred];

	switch (e->type) {
	case SQ_EXPR_PRED:
		sq_buf_printf(out, "%s%s%.*s", field[p->field],
			      p->re ? "~" : ":", (int)p->value.n, p->value.p);
		return;
	case SQ_EXPR_NOT:
		sq_buf_puts(out, "!");
		print(q, e->left, out);
		return;
	case SQ_EXPR_AND:
	case SQ_EXPR_OR:
		break;
	}
	sq_buf_puts(out, "(");
	print(q, e->left, out);
	sq_buf_puts(out, e->type == SQ_EXPR_AND ? " & " : " + ");
	print(q, e->right, out);
	sq_buf_puts(out, ")");
}

static void assert_tree(const char *text, const char *want)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_query_error err;
	struct sq_query *q = NULL;
	int r = sq_query_parse(sq_slice_z(text), &q, &err);

	ck_assert_msg(!r, "%s: %u: %s", text, r ? err.offset : 0,
		      r ? err.message : "");
	print(q, q->root, &b);
	if (q->is_count)
		sq_buf_puts(&b, " #");
	ck_assert_str_eq(sq_buf_z(&b), want);
	sq_buf_deinit(&b);
	sq_query_free(q);
}

START_TEST(structure)
{
	assert_tree("a", "name~a");
	assert_tree("a b", "(name~a & name~b)");
	assert_tree("a AND b OR c AND d", "((name~a & name~b) + (name~c & name~d))");
	assert_tree("a b OR NOT c d", "((name~a & name~b) + (!name~c & name~d))");
	assert_tree("NOT (a OR b) c", "(!(name~a + name~b) & name~c)");
	assert_tree("NOT NOT a", "!!name~a");
	assert_tree("((a))", "name~a");
	assert_tree("foo(bar)", "(name~foo & name~bar)");
	assert_tree(" \ta\n| count ", "name~a #");
	assert_tree("kind:function|count", "kind:function #");
	/* keywords are whole words in capitals */
	assert_tree("ORder and ANDy", "((name~ORder & name~and) & name~ANDy)");
}
END_TEST

START_TEST(values)
{
	assert_tree("\"a b\"", "name:a b");
	assert_tree("name:\"a\\\"b\\\\c\"", "name:a\"b\\c");
	assert_tree("name:/a\\/b\\\\/", "name~a/b\\\\");
	assert_tree("name ~= /^get/i", "name~^get");
	assert_tree("name~=get.*x", "name~get.*x");
	assert_tree("name ~= \"a b\"", "name~a b");
	assert_tree("name: a", "name:a");
	assert_tree("std::vector", "name~std::vector");
	assert_tree("callers:std::sort", "callers:std::sort");
	assert_tree("operator==", "name~operator==");
	assert_tree("path:src/a.c", "path:src/a.c");
	assert_tree("path:*.c", "path~*.c");
	assert_tree("file:a lang:py language:\"c++\"",
		    "((path:a & lang:py) & lang:c++)");
	assert_tree("kind:channel", "kind:channel");
	assert_tree("callees ~= x references:y", "(callees~x & references:y)");
}
END_TEST

START_TEST(masks)
{
	struct sq_query_error err;
	struct sq_query *q = NULL;

	ck_assert_int_eq(sq_query_parse(SQ_LIT("kind:Function kind ~= ^enum "
					       "lang:js kind:resource"), &q,
					&err), 0);
	ck_assert_uint_eq(q->preds[0].mask, 1u << SQ_KIND_FUNCTION);
	ck_assert_uint_eq(q->preds[1].mask, 1u << SQ_KIND_ENUM |
			  1u << SQ_KIND_ENUM_VARIANT);
	ck_assert_uint_eq(q->preds[2].mask, 1u << SQ_LANG_JAVASCRIPT);
	ck_assert_uint_eq(q->preds[3].mask, 0);
	sq_query_free(q);
}
END_TEST

START_TEST(errors_know_their_place)
{
	static const struct { const char *text; unsigned offset; } t[] = {
		{ "", 0 }, { "   ", 0 }, { "a AND", 5 }, { "a OR", 4 },
		{ "NOT", 3 }, { "AND a", 0 }, { "a AND OR b", 6 },
		{ "(a", 0 }, { "x (a b", 2 }, { "a)", 1 }, { "()", 1 },
		{ "\"a", 0 }, { "name:/a", 5 }, { "name:/a/q", 8 },
		{ "name:", 5 }, { "name: ", 6 }, { "name:\"\"", 5 },
		{ "name ~= ", 8 }, { "a color:red", 2 }, { "a kind:nope", 7 },
		{ "lang:cobol", 5 }, { "name ~= (", 8 }, { "name:/(/", 5 },
		{ "callers:(a)", 8 }, { "name:$x", 5 }, { "kind > 3", 5 },
		{ "kind=a", 4 }, { "a | top 3", 4 }, { "a | count | count", 11 },
		{ "a CALLS b", 2 }, { "a | count )", 10 },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(t); i++) {
		struct sq_query_error err = { .offset = 9999 };
		struct sq_query *q = NULL;

		ck_assert_msg(sq_query_parse(sq_slice_z(t[i].text), &q, &err) ==
			      SQ_QUERY_E_SYNTAX, "%s", t[i].text);
		ck_assert_msg(err.offset == t[i].offset, "%s: %u: %s", t[i].text,
			      err.offset, err.message);
		ck_assert(err.message[0]);
	}
}
END_TEST

START_TEST(limits)
{
	struct sq_query_error err;
	struct sq_query *q = NULL;
	struct sq_buf b = SQ_BUF_NULL;

	for (unsigned i = 0; i < SQ_QUERY_MAX_PREDICATES; i++)
		sq_buf_puts(&b, "a ");
	ck_assert_int_eq(sq_query_parse(sq_buf_slice(&b), &q, &err), 0);
	sq_query_free(q);
	sq_buf_puts(&b, "a");
	ck_assert_int_eq(sq_query_parse(sq_buf_slice(&b), &q, &err),
			 SQ_QUERY_E_SYNTAX);
	ck_assert_uint_eq(err.offset, b.n - 1);
	sq_buf_clear(&b);
	while (b.n <= SQ_QUERY_MAX_BYTES)
		sq_buf_puts(&b, "(");
	ck_assert_int_eq(sq_query_parse(sq_buf_slice(&b), &q, &err),
			 SQ_QUERY_E_SYNTAX);
	b.n = SQ_QUERY_MAX_BYTES;
	ck_assert_int_eq(sq_query_parse(sq_buf_slice(&b), &q, &err),
			 SQ_QUERY_E_SYNTAX);
	ck_assert_int_eq(sq_query_parse(sq_slice("a\0b", 3), &q, &err),
			 SQ_QUERY_E_SYNTAX);
	ck_assert_uint_eq(err.offset, 1);
	sq_buf_deinit(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query-parse");
	TCase *c = tcase_create("parse");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(c, structure);
	tcase_add_test(c, values);
	tcase_add_test(c, masks);
	tcase_add_test(c, errors_know_their_place);
	tcase_add_test(c, limits);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
