/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/report.h"
#include "proto/json.h"

static void fill(struct sq_sample *s, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sq_sample_add(s, v[i]);
}

START_TEST(test_summary)
{
	static const double odd[] = { 9, 1, 5, 3, 100 }, even[] = { 4, 2, 8, 6 };
	struct sq_sample a = SQ_SAMPLE_NULL, b = SQ_SAMPLE_NULL, none = SQ_SAMPLE_NULL;
	struct sq_summary s;

	fill(&a, odd, 5);
	sq_sample_summary(&a, &s);
	ck_assert_uint_eq(s.n, 5);
	ck_assert_double_eq(s.median, 5);
	ck_assert_double_eq(s.mad, 4);          /* deviations 4 4 0 2 95 */
	ck_assert_double_eq(s.min, 1);
	ck_assert_double_eq(s.max, 100);
	ck_assert_double_eq(s.p99, 100);
	ck_assert_double_eq(a.values.v[0], 9);  /* the order stays */
	fill(&b, even, 4);
	sq_sample_summary(&b, &s);
	ck_assert_double_eq(s.median, 5);
	ck_assert_double_eq(s.mad, 2);
	sq_sample_summary(&none, &s);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_double_eq(s.median, 0);
	sq_sample_deinit(&a);
	sq_sample_deinit(&b);
}
END_TEST

START_TEST(test_quantile)
{
	double v[200];

	for (size_t i = 0; i < 200; i++)
		v[i] = (double)i + 1;
	ck_assert_double_eq(sq_quantile(v, 200, 0.99), 198);
	ck_assert_double_eq(sq_quantile(v, 200, 0.999), 200);
	ck_assert_double_eq(sq_quantile(v, 200, 1), 200);
	ck_assert_double_eq(sq_quantile(v, 1, 0.5), 1);
	ck_assert_double_eq(sq_quantile(v, 0, 0.5), 0);
}
END_TEST

/* both limits must be passed, in either direction */
START_TEST(test_move)
{
	struct sq_summary before = { .n = 5, .median = 100, .mad = 1 }, now = before;

	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_NONE);
	now.median = 105;
	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_NONE);
	now.median = 106;
	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_UP);
	now.mad = 3;
	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_NONE);
	now.median = 90;
	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_DOWN);
	before.mad = 4;
	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_NONE);
	before.n = 0;
	before.mad = 1;
	ck_assert_int_eq(sq_summary_move(&before, &now), SQ_MOVE_NONE);
}
END_TEST

static void make(struct sq_report *r, double ours)
{
	r->command = sq_strdup("sqry-bench --corpus <x>");
	r->commit = sq_strdup("abc");
	r->corpus = sq_strdup("tree & co");
	r->started = sq_strdup("now");
	r->complete = true;
	sq_sample_add(&sq_report_row(r, "s", "time", "s", "ctags")->sample, 2);
	sq_sample_add(&sq_report_row(r, "s", "time", "s", SQ_OURS)->sample, ours);
	sq_row_status(sq_report_row(r, "s", "time", "s", "gone"), SQ_ROW_ABSENT, "not installed");
	sq_report_check(r, "s", true, "%d found", 3);
}

START_TEST(test_rows)
{
	struct sq_report r = SQ_REPORT_NULL;

	make(&r, 4);
	ck_assert_uint_eq(r.rows.n, 3);
	ck_assert_str_eq(r.rows.v[0]->subject, SQ_OURS);        /* first, though it came later */
	ck_assert_ptr_eq(sq_report_row(&r, "s", "time", "s", "ctags"), r.rows.v[1]);
	ck_assert_ptr_null(sq_report_find(&r, "s", "other", "ctags"));
	ck_assert_uint_eq(sq_report_n_wrong(&r), 0);
	sq_report_check(&r, "s", false, "nothing found");
	sq_report_failure(&r, "it broke");
	ck_assert_uint_eq(sq_report_n_wrong(&r), 2);
	sq_report_deinit(&r);
}
END_TEST

START_TEST(test_formats)
{
	struct sq_report r = SQ_REPORT_NULL;
	struct sq_buf json = SQ_BUF_NULL, html = SQ_BUF_NULL, text = SQ_BUF_NULL;
	struct sq_json_doc *doc = NULL;
	const struct sq_json *row;

	make(&r, 4);
	sq_report_json(&r, &json);
	ck_assert_int_eq(sq_json_parse(sq_buf_slice(&json), &doc, NULL, 0), 0);
	row = sq_json_at(sq_json_get(sq_json_root(doc), "rows"), 1);
	ck_assert(sq_slice_is(sq_json_string(sq_json_get(row, "subject")), "ctags"));
	ck_assert_double_eq(sq_json_real(sq_json_get(row, "ours_to_this"), 0), 2);
	ck_assert_int_eq(sq_json_int(sq_json_get(row, "n"), 0), 1);
	ck_assert(sq_json_bool(sq_json_get(sq_json_root(doc), "complete"), false));
	sq_json_doc_free(doc);
	sq_report_html(&r, &html);
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&html), "&lt;x&gt;"));
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&html), "tree &amp; co"));
	ck_assert_ptr_null(strstr(sq_buf_z(&html), "<script"));
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&html), "absent: not installed"));
	sq_report_text(&r, NULL, &text);
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "holds: 3 found"));
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "1 checks, 0 failures"));
	sq_buf_deinit(&json);
	sq_buf_deinit(&html);
	sq_buf_deinit(&text);
	sq_report_deinit(&r);
}
END_TEST

START_TEST(test_compare)
{
	struct sq_report old = SQ_REPORT_NULL, now = SQ_REPORT_NULL;
	struct sq_buf json = SQ_BUF_NULL, bad = SQ_BUF_NULL;
	char path[] = "/tmp/test-bench-report.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	make(&old, 4);
	make(&now, 6);
	sq_report_json(&old, &json);
	ck_assert_int_eq(sq_report_save(path, &json), 0);
	ck_assert_int_eq(sq_report_compare(&now, path), 0);
	ck_assert_int_eq(now.rows.v[0]->move, SQ_MOVE_UP);
	ck_assert_double_eq(now.rows.v[0]->before, 4);
	ck_assert_int_eq(now.rows.v[1]->move, SQ_MOVE_NONE);
	sq_buf_puts(&bad, "[1,");
	ck_assert_int_eq(sq_report_save(path, &bad), 0);
	ck_assert_int_eq(sq_report_compare(&now, path), SQ_REPORT_E_FORMAT);
	unlink(path);
	ck_assert_int_eq(sq_report_compare(&now, path), -ENOENT);
	ck_assert_int_lt(sq_report_save("/nonexistent/x.json", &json), 0);
	sq_buf_deinit(&json);
	sq_buf_deinit(&bad);
	sq_report_deinit(&old);
	sq_report_deinit(&now);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench/report");
	TCase *t = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_test(t, test_summary);
	tcase_add_test(t, test_quantile);
	tcase_add_test(t, test_move);
	tcase_add_test(t, test_rows);
	tcase_add_test(t, test_formats);
	tcase_add_test(t, test_compare);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
