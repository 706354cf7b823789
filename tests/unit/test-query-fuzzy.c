/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "query/fuzzy.h"
#include "../support/suite.h"

static void assert_near(float got, double want)
{
	ck_assert_msg(fabs(got - want) < 0.001, "%f, not %f", (double)got, want);
}

START_TEST(jaro_winkler)
{
	/* the examples of Winkler's paper */
	assert_near(sq_jaro_winkler(SQ_LIT("MARTHA"), SQ_LIT("MARHTA")), 0.961);
	assert_near(sq_jaro_winkler(SQ_LIT("DIXON"), SQ_LIT("DICKSONX")), 0.813);
	assert_near(sq_jaro_winkler(SQ_LIT("DWAYNE"), SQ_LIT("DUANE")), 0.84);
	assert_near(sq_jaro_winkler(SQ_LIT("same"), SQ_LIT("same")), 1);
	assert_near(sq_jaro_winkler(SQ_LIT("Same"), SQ_LIT("sAME")), 1);
	assert_near(sq_jaro_winkler(SQ_LIT("abc"), SQ_LIT("xyz")), 0);
	assert_near(sq_jaro_winkler(SQ_LIT(""), SQ_LIT("")), 1);
	assert_near(sq_jaro_winkler(SQ_LIT("a"), SQ_LIT("")), 0);
	assert_near(sq_jaro_winkler(SQ_LIT("a"), SQ_LIT("a")), 1);
}
END_TEST

START_TEST(long_names_are_cut)
{
	char a[4000], b[4000];

	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	b[3999] = 'b';
	assert_near(sq_jaro_winkler(sq_slice(a, 4000), sq_slice(b, 4000)), 1);
}
END_TEST

static float similarity(const char *pattern, const char *name)
{
	static struct sq_trigrams t;

	sq_trigrams_init(&t, sq_slice_z(pattern));
	return sq_trigrams_similarity(&t, sq_slice_z(name));
}

START_TEST(trigrams)
{
	/* "  c", " ca", "cat", "at " against "  c", " ca", "car", "ar " */
	assert_near(similarity("cat", "car"), 2.0 / 6);
	assert_near(similarity("cat", "CAT"), 1);
	assert_near(similarity("cat", "dog"), 0);
	assert_near(similarity("a", "a"), 1);
	assert_near(similarity("", "a"), 0);
	/* "aaa" is counted once as shared, each time in the name's length */
	assert_near(similarity("aaaa", "aaaa"), 4.0 / 5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query-fuzzy");
	TCase *c = tcase_create("fuzzy");

	tcase_add_test(c, jaro_winkler);
	tcase_add_test(c, long_names_are_cut);
	tcase_add_test(c, trigrams);
	suite_add_tcase(s, c);
	return suite_run(s);
}
