/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/goal.h"
#include "bench/scenario.h"
#include "proto/json.h"
#include "../support/suite.h"

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

/* what a file told is what the report knew, values or not */
START_TEST(test_read)
{
	struct sq_report r = SQ_REPORT_NULL, back;
	struct sq_buf json = SQ_BUF_NULL;
	struct sq_summary was, is;
	struct sq_row *row;
	char path[] = "/tmp/test-bench-report.XXXXXX";

	close(mkstemp(path));
	make(&r, 4);
	sq_report_version(&r, "ctags", "5.9");
	sq_report_failure(&r, "it broke");
	row = sq_report_row(&r, "s", "many", "us", SQ_OURS);
	for (int i = 0; i < 5000; i++)
		sq_sample_add(&row->sample, i);
	sq_report_json(&r, &json);
	ck_assert_int_eq(sq_report_save(path, &json), 0);
	ck_assert_int_eq(sq_report_read(path, &back), 0);
	ck_assert_str_eq(back.corpus, "tree & co");
	ck_assert_uint_eq(back.rows.n, r.rows.n);
	for (size_t i = 0; i < r.rows.n; i++) {
		ck_assert_str_eq(back.rows.v[i]->subject, r.rows.v[i]->subject);
		ck_assert_int_eq(back.rows.v[i]->status, r.rows.v[i]->status);
		sq_row_summary(r.rows.v[i], &was);
		sq_row_summary(back.rows.v[i], &is);
		ck_assert_uint_eq(is.n, was.n);
		ck_assert_double_eq(is.median, was.median);
		ck_assert_double_eq(is.p99, was.p99);
		ck_assert_double_eq(is.mad, was.mad);
	}
	ck_assert_ptr_nonnull(sq_report_ours(&back, sq_report_find(&back, "s", "many", SQ_OURS)));
	ck_assert_str_eq(back.versions.v[0].version, "5.9");
	ck_assert_uint_eq(sq_report_n_wrong(&back), 1);
	unlink(path);
	ck_assert_int_eq(sq_report_read(path, &back), -ENOENT);
	sq_buf_deinit(&json);
	sq_report_deinit(&r);
	sq_report_deinit(&back);
}
END_TEST

static bool is_scenario(const char *name)
{
	for (size_t i = 0; i < sq_n_scenarios; i++)
		if (!strcmp(sq_scenarios[i].name, name))
			return true;
	return false;
}

START_TEST(test_goals)
{
	for (size_t i = 0; i < sq_n_goals; i++) {
		const struct sq_goal *g = &sq_goals[i];

		ck_assert_msg(is_scenario(g->scenario), "%s", g->scenario);
		ck_assert(g->must >= 0 || g->goal >= 0);
		ck_assert(g->must < 0 || g->goal <= g->must);
		ck_assert(g->scale > 0);
		ck_assert_int_eq(g->figure == SQ_GOAL_RATIO, g->subject != NULL);
	}
}
END_TEST

static enum sq_verdict verdict(const struct sq_goal *g, const struct sq_report *r, double *ret)
{
	struct sq_judgement j;

	sq_goal_judge(g, r, &j);
	*ret = j.value;
	return j.verdict;
}

/* a ratio, a p99 with a scale, limits on their edges, and what cannot be judged */
START_TEST(test_judge)
{
	struct sq_goal ratio = { "x", "kcore", "s", "time", "ctags", SQ_GOAL_RATIO, 1, "", 2, 1 };
	struct sq_goal p99 = { "x", NULL, "s", "time", NULL, SQ_GOAL_P99, 1000, "ms", 9000, SQ_NO_LIMIT };
	struct sq_report r = SQ_REPORT_NULL;
	double v;

	make(&r, 4);
	ck_assert_int_eq(verdict(&ratio, &r, &v), SQ_VERDICT_NONE);     /* of another corpus */
	sq_free(r.corpus);
	r.corpus = sq_strdup("kcore");
	ck_assert_int_eq(verdict(&ratio, &r, &v), SQ_VERDICT_MUST);
	ck_assert_double_eq(v, 2);
	ratio.goal = 2;
	ck_assert_int_eq(verdict(&ratio, &r, &v), SQ_VERDICT_GOAL);
	ratio.must = ratio.goal = 1.99;
	ck_assert_int_eq(verdict(&ratio, &r, &v), SQ_VERDICT_MISSED);
	ratio.subject = "gone";
	ck_assert_int_eq(verdict(&ratio, &r, &v), SQ_VERDICT_NONE);
	sq_sample_add(&sq_report_row(&r, "s", "time", "s", SQ_OURS)->sample, 9);
	ck_assert_int_eq(verdict(&p99, &r, &v), SQ_VERDICT_MUST);
	ck_assert_double_eq(v, 9000);
	sq_sample_add(&sq_report_row(&r, "s", "time", "s", SQ_OURS)->sample, 9.1);
	ck_assert_int_eq(verdict(&p99, &r, &v), SQ_VERDICT_MISSED);
	sq_report_deinit(&r);
}
END_TEST

START_TEST(test_table)
{
	struct sq_report r[2] = { SQ_REPORT_NULL, SQ_REPORT_NULL };
	struct sq_buf text = SQ_BUF_NULL;

	make(&r[0], 4);
	make(&r[1], 4);
	sq_free(r[1].corpus);
	r[1].corpus = sq_strdup("kernel");
	sq_sample_add(&sq_report_row(&r[1], "cold-index", "whole corpus", "s", SQ_OURS)->sample, 12);
	sq_sample_add(&sq_report_row(&r[1], "cold-index", "whole corpus", "s", "floor")->sample, 10);
	sq_sample_add(&sq_report_row(&r[1], "cold-index", "whole corpus", "s", "ctags")->sample, 3);
	sq_row_status(sq_report_row(&r[1], "cold-index", "whole corpus", "s", "cscope"), SQ_ROW_ABSENT, "gone | away");
	sq_goal_table(r, 2, &text);
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "| kernel | 1.5 | 1.3 | 1.2 × | goal reached | 2 |\n"));
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "| kernel | 1 | 0.8 | 4 × | **missed** | 2 |\n"));
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "| kernel | 0.4 | – | – | not measured: gone \\| away | |\n"));
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "2. `sqry-bench --corpus <x>`, commit abc"));
	sq_buf_clear(&text);
	sq_goal_text(&r[0], &text);
	ck_assert_uint_eq(text.n, 0);
	sq_goal_text(&r[1], &text);
	ck_assert_ptr_nonnull(strstr(sq_buf_z(&text), "missed"));
	sq_buf_deinit(&text);
	sq_report_deinit(&r[0]);
	sq_report_deinit(&r[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench/report");
	TCase *t = tcase_create("all");

	tcase_add_test(t, test_summary);
	tcase_add_test(t, test_quantile);
	tcase_add_test(t, test_move);
	tcase_add_test(t, test_rows);
	tcase_add_test(t, test_formats);
	tcase_add_test(t, test_compare);
	tcase_add_test(t, test_read);
	tcase_add_test(t, test_goals);
	tcase_add_test(t, test_judge);
	tcase_add_test(t, test_table);
	suite_add_tcase(s, t);
	return suite_run(s);
}
