/* SPDX-License-Identifier: MIT */
/*
 * What an edit of a C file takes over from the version before: counted, and the
 * facts compared with those of a reading from nothing.
 */
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#include "earlier.h"

#define FUNCTIONS 8

static struct sq_lang_registry *registry;
static struct sq_extractor *extractor;
static struct earlier earlier;
static struct sq_buf text;

static void start(void)
{
	earlier = (struct earlier){ .strings = NULL };
	text = (struct sq_buf)SQ_BUF_NULL;
}

static void stop(void)
{
	earlier_deinit(&earlier);
	sq_buf_deinit(&text);
}

/* of more than the 1,024 bytes that a piece has at least */
static void add_function(unsigned number, const char *line)
{
	sq_buf_printf(&text, "static int function_%u(struct thing *t, int a)\n{\n", number);
	for (unsigned i = 0; i < 40; i++)
		sq_buf_printf(&text, "\ta += first_%u(a, t->member_%u);\n", i, number);
	sq_buf_printf(&text, "%s\treturn shared.field + a;\n}\n\n", line);
}

/* a file of one piece for what is at its top and one a function */
static void make(const char *top, unsigned edited, const char *line)
{
	sq_buf_clear(&text);
	sq_buf_puts(&text, top);
	for (unsigned i = 0; i < 40; i++)
		sq_buf_printf(&text, "int declared_here_%u(int a);\n", i);
	for (unsigned i = 0; i < FUNCTIONS; i++)
		add_function(i, i == edited ? line : "");
}

static struct sq_extract_report read_it(uint64_t max_steps, int want)
{
	struct sq_facts again = SQ_FACTS_NULL, anew = SQ_FACTS_NULL;
	struct sq_extract_report report = { .n_pieces = 0 };
	struct sq_extract_limits limits;

	sq_extract_limits_default(&limits);
	if (max_steps)
		limits.max_steps = max_steps;
	ck_assert_int_eq(sq_extract_again(extractor, SQ_LANG_C, sq_buf_slice(&text), &limits, earlier_of(&earlier),
					  &report, &again), want);
	ck_assert_int_eq(sq_extract(extractor, SQ_LANG_C, sq_buf_slice(&text), &limits, &anew), want);
	if (want)
		return report;
	ck_assert_int_eq(sq_facts_check(&again), 0);
	ck_assert_uint_eq(again.n_bytes, anew.n_bytes);
	ck_assert_mem_eq(again.blob, anew.blob, again.n_bytes);
	sq_facts_deinit(&anew);
	earlier_set(&earlier, &again);
	return report;
}

START_TEST(one_function)
{
	struct sq_extract_report r;

	make("", FUNCTIONS, "");
	r = read_it(0, 0);
	ck_assert_uint_eq(r.n_known, 0);
	ck_assert_uint_eq(r.n_parsed, FUNCTIONS + 1);
	make("", 3, "\tint here = there(a);\n");
	r = read_it(0, 0);
	ck_assert_uint_eq(r.n_known, FUNCTIONS);
	ck_assert_uint_eq(r.n_parsed, 1);
	r = read_it(0, 0);   /* nothing changed */
	ck_assert_uint_eq(r.n_known, FUNCTIONS + 1);
	ck_assert_uint_eq(r.n_parsed, 0);
}
END_TEST

/* everything below stands on other lines, at other bytes; where the first pieces end is
 * another place, too, until a function ends one */
START_TEST(lines_above)
{
	make("", FUNCTIONS, "");
	(void)read_it(0, 0);
	make("/* new\n * lines\n */\n#include <new.h>\n", FUNCTIONS, "");
	ck_assert_uint_ge(read_it(0, 0).n_known, FUNCTIONS - 1);
	make("", FUNCTIONS, "");
	ck_assert_uint_ge(read_it(0, 0).n_known, FUNCTIONS - 1);
}
END_TEST

/* a piece may be said twice, and in another order; the first has no empty line before it */
START_TEST(moved_functions)
{
	make("", FUNCTIONS, "");
	(void)read_it(0, 0);
	sq_buf_clear(&text);
	add_function(5, "");
	add_function(1, "");
	add_function(5, "");
	add_function(7, "");
	ck_assert_uint_eq(read_it(0, 0).n_known, 3);
}
END_TEST

/* "shared.field" is a member of another type from there on: not known */
START_TEST(type_of_a_variable)
{
	struct sq_extract_report r;

	make("static struct one shared;\n", FUNCTIONS, "");
	(void)read_it(0, 0);
	make("static struct other shared;\n", FUNCTIONS, "");
	r = read_it(0, 0);
	ck_assert_uint_eq(r.n_known, 0);
	add_function(FUNCTIONS, "");
	sq_buf_puts(&text, "static struct one shared;\n");
	add_function(FUNCTIONS + 1, "");
	r = read_it(0, 0);
	ck_assert_uint_eq(r.n_known, FUNCTIONS + 1);
	make("static int shared;\n", FUNCTIONS, "");
	ck_assert_uint_eq(read_it(0, 0).n_known, 0);
}
END_TEST

/* an error in a piece stays with it */
START_TEST(errors)
{
	make("", 2, "\tif (a {\n");
	(void)read_it(0, 0);
	ck_assert(earlier.facts.has_error);
	make("int x;\n", 2, "\tif (a {\n");
	ck_assert_uint_ge(read_it(0, 0).n_known, FUNCTIONS - 2);
	ck_assert(earlier.facts.has_error);
	make("", FUNCTIONS, "");
	ck_assert_uint_ge(read_it(0, 0).n_known, FUNCTIONS - 2);
	ck_assert(!earlier.facts.has_error);
}
END_TEST

/* the limit of steps is met with and without the help, at the same one */
START_TEST(limit)
{
	int met = 0;

	make("", FUNCTIONS, "");
	(void)read_it(0, 0);
	make("", 3, "\tint here = there(a);\n");
	for (uint64_t steps = 1; steps < 400 && met < 2; steps++) {
		struct sq_extract_limits limits;
		struct sq_facts f = SQ_FACTS_NULL;
		int r;

		sq_extract_limits_default(&limits);
		limits.max_steps = steps;
		r = sq_extract(extractor, SQ_LANG_C, sq_buf_slice(&text), &limits, &f);
		sq_facts_deinit(&f);
		met = r ? 1 : 2;
		(void)read_it(steps, r);
	}
	ck_assert_int_eq(met, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lang/recall");
	TCase *c = tcase_create("recall");
	int failed;

	if (sq_lang_registry_new(NULL, &registry) || sq_extractor_new(registry, &extractor))
		return EXIT_FAILURE;
	tcase_add_checked_fixture(c, start, stop);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, one_function);
	tcase_add_test(c, lines_above);
	tcase_add_test(c, moved_functions);
	tcase_add_test(c, type_of_a_variable);
	tcase_add_test(c, errors);
	tcase_add_test(c, limit);
	suite_add_tcase(s, c);
	failed = suite_run(s);
	sq_extractor_free(extractor);
	sq_lang_registry_free(registry);
	return failed;
}
