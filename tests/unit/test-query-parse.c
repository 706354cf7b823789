/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "query/expr.h"
#include "../support/suite.h"

static void print(const struct sq_query *q, const struct sq_expr *e,
		  struct sq_buf *out)
{
	static const char *const ops[] = { ":", "~", ">", "<", ">=", "<=" };
	const struct sq_pred *p = &q->preds[e->pred];

	switch (e->type) {
	case SQ_EXPR_PRED:
		sq_buf_puts(out, p->field == SQ_FIELD_INHERITS ? "inherits" :
				 sq_fields[p->field].name);
		sq_buf_puts(out, p->re ? "~" : ops[p->op]);
		if (p->sub) {
			sq_buf_puts(out, "[");
			print(q, p->sub, out);
			sq_buf_puts(out, "]");
		} else {
			sq_buf_add_slice(out, p->value);
		}
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

static void print_stage(const struct sq_query *q, struct sq_buf *out)
{
	static const char *const stages[] = { "", " #", " group", " top", " stats" };

	sq_buf_puts(out, stages[q->stage]);
	if (q->stage == SQ_STAGE_TOP)
		sq_buf_printf(out, " %u", q->top);
	if (q->stage == SQ_STAGE_TOP || q->stage == SQ_STAGE_GROUP_BY)
		sq_buf_printf(out, " %s", sq_fields[q->group].name);
}

static void assert_tree_with(const char *text, const struct sq_query_var *vars,
			     size_t n_vars, const char *want)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_query_error err;
	struct sq_query *q = NULL;
	int r = sq_query_parse_with(sq_slice_z(text), vars, n_vars, &q, &err);

	ck_assert_msg(!r, "%s: %u: %s", text, r ? err.offset : 0,
		      r ? err.message : "");
	print(q, q->root, &b);
	print_stage(q, &b);
	ck_assert_str_eq(sq_buf_z(&b), want);
	sq_buf_deinit(&b);
	sq_query_free(q);
}

static void assert_tree(const char *text, const char *want)
{
	assert_tree_with(text, NULL, 0, want);
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

START_TEST(joins_and_subqueries)
{
	assert_tree("a CALLS b", "(name~a & callers:[name~b])");
	assert_tree("a OR b IMPORTS c d",
		    "((name~a + name~b) & imports:[(name~c & name~d)])");
	assert_tree("kind:class INHERITS name:X", "(kind:class & inherits:[name:X])");
	assert_tree("a IMPLEMENTS b | count", "(name~a & impl:[name~b]) #");
	assert_tree("a CALLS b CALLS c",
		    "(name~a & callers:[(name~b & callers:[name~c])])");
	assert_tree("(a CALLS b) AND c", "((name~a & callers:[name~b]) & name~c)");
	assert_tree("callers:(kind:function AND async:true)",
		    "callers:[(kind:function & async:true)]");
	assert_tree("callees:(callers:(a))", "callees:[callers:[name~a]]");
	assert_tree("impl:(a) references:(b) exports:(c) imports:(d)",
		    "(((impl:[name~a] & references:[name~b]) & exports:[name~c]) & "
		    "imports:[name~d])");
	/* a join's word in another place is a word */
	assert_tree("\"CALLS\"", "name:CALLS");
	assert_tree("name:CALLS", "name:CALLS");
}
END_TEST

START_TEST(orders_and_variables)
{
	static const struct sq_query_var vars[] = {
		{ { "x", 1 }, { "main", 4 } }, { { "re", 2 }, { "^a.b", 4 } },
		{ { "n", 1 }, { "7", 1 } },
	};

	assert_tree("callers > 3", "callers>3");
	assert_tree("callees<=0 references >= 12", "(callees<=0 & references>=12)");
	assert_tree("callers<4294967295", "callers<4294967295");
	assert_tree_with("name:$x", vars, 3, "name:main");
	assert_tree_with("$x", vars, 3, "name:main");
	assert_tree_with("name ~= $re AND callers > $n", vars, 3,
			 "(name~^a.b & callers>7)");
}
END_TEST

START_TEST(stages)
{
	assert_tree("a | group_by lang", "name~a group lang");
	assert_tree("a|group_by file", "name~a group path");
	assert_tree("a | top 3 scope.type", "name~a top 3 scope.type");
	assert_tree("a | stats", "name~a stats");
	assert_tree("a CALLS b | stats", "(name~a & callers:[name~b]) stats");
}
END_TEST

/* every field takes what the table says it takes */
START_TEST(every_field)
{
	assert_tree("parent:A scope:class", "(parent:A & scope:class)");
	assert_tree("text ~= /a b/ims", "text~a b");
	assert_tree("returns:Result<T>", "returns:Result<T>");
	assert_tree("scope.type:method scope.name ~= ^x",
		    "(scope.type:method & scope.name~^x)");
	assert_tree("scope.parent:a scope.ancestor:b",
		    "(scope.parent:a & scope.ancestor:b)");
	assert_tree("duplicates:body unused:all circular:imports",
		    "((duplicates:body & unused:all) & circular:imports)");
	assert_tree("async:true static:no visibility:pub",
		    "((async:true & static:no) & visibility:pub)");
	assert_tree("address_taken:1 resolved_via:direct callsite_promiscuous:false",
		    "((address_taken:1 & resolved_via:direct) & "
		    "callsite_promiscuous:false)");
	assert_tree("repo:x", "repo:x");
	assert_tree("implements:I", "impl:I");
	assert_tree("imports:os exports:f", "(imports:os & exports:f)");
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
		{ "name:(a)", 5 }, { "callers:(a", 8 }, { "callers:()", 9 },
		{ "callers ~= (a)", 11 }, { "name:$x", 5 }, { "$", 0 },
		{ "kind > 3", 5 }, { "kind=a", 4 }, { "callers > x", 10 },
		{ "callers > 99999999999", 10 }, { "callers >", 9 },
		{ "a | top 3", 9 }, { "a | top x lang", 8 }, { "a | top 3x lang", 8 },
		{ "a | top 0 lang", 8 }, { "a | group_by", 12 },
		{ "a | group_by text", 13 }, { "a | count | count", 11 },
		{ "a | stats b", 10 }, { "a | sum", 4 }, { "a |", 3 },
		{ "CALLS b", 0 }, { "a CALLS", 7 }, { "a CALLS OR b", 8 },
		{ "a | count )", 10 }, { "text:abc", 5 }, { "scope ~= x", 9 },
		{ "scope:galaxy", 6 }, { "async:maybe", 6 }, { "unused:some", 7 },
		{ "circular:x", 9 }, { "duplicates:x", 11 }, { "visibility:x", 11 },
		{ "resolved_via:x", 13 }, { "scope.type:x", 11 }, { "scope.kind:x", 0 },
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

	tcase_add_test(c, structure);
	tcase_add_test(c, values);
	tcase_add_test(c, joins_and_subqueries);
	tcase_add_test(c, orders_and_variables);
	tcase_add_test(c, stages);
	tcase_add_test(c, every_field);
	tcase_add_test(c, masks);
	tcase_add_test(c, errors_know_their_place);
	tcase_add_test(c, limits);
	suite_add_tcase(s, c);
	return suite_run(s);
}
