/* SPDX-License-Identifier: MIT */
/* the report as tables for a terminal */
#include <math.h>

#include "bench/goal.h"

static void put_value(struct sq_buf *out, double v)
{
	int digits = v == 0 ? 0 : fabs(v) < 0.1 ? 4 : fabs(v) < 10 ? 2 : fabs(v) < 1000 ? 1 : 0;

	sq_buf_printf(out, " %10.*f", digits, v);
}

static void put_ratio(struct sq_buf *out, const struct sq_report *r, const struct sq_row *row,
		      const struct sq_summary *s)
{
	const struct sq_row *ours = sq_report_ours(r, row);
	struct sq_summary o;

	if (!ours || ours == row || !s->n || !(s->median > 0)) {
		sq_buf_printf(out, "%12s", "");
		return;
	}
	sq_row_summary(ours, &o);
	sq_buf_printf(out, "%8.3g x  ", o.median / s->median);
}

static void put_row(const struct sq_report *r, const struct sq_row *row, struct sq_buf *out)
{
	struct sq_summary s;

	sq_row_summary(row, &s);
	sq_buf_printf(out, "    %-22s", row->subject);
	put_ratio(out, r, row, &s);
	if (s.n) {
		put_value(out, s.median);
		put_value(out, s.p99);
		put_value(out, s.mad);
		sq_buf_printf(out, " %6zu", s.n);
	}
	if (row->move)
		sq_buf_printf(out, "  %s: was %.4g", row->move == SQ_MOVE_UP ? "UP" : "DOWN", row->before);
	if (row->status)
		sq_buf_printf(out, "  %s", sq_row_status_name(row->status));
	if (row->note)
		sq_buf_printf(out, "%s %s", row->status ? ":" : "  ", row->note);
	sq_buf_putc(out, '\n');
}

static void put_rows(const struct sq_report *r, const char *scenario, struct sq_buf *out)
{
	const char *last_scenario = "", *last_name = "";

	for (size_t i = 0; i < r->rows.n; i++) {
		const struct sq_row *row = r->rows.v[i];

		if (scenario && strcmp(row->scenario, scenario))
			continue;
		if (strcmp(row->scenario, last_scenario)) {
			sq_buf_printf(out, "\n%-26s%12s %10s %10s %10s %6s\n", row->scenario, "ours/this  ", "median",
				      "p99", "MAD", "n");
			last_name = "";
		}
		if (strcmp(row->name, last_name))
			sq_buf_printf(out, "  %s%s%s%s\n", row->name, *row->unit ? " [" : "", row->unit,
				      *row->unit ? "]" : "");
		last_scenario = row->scenario;
		last_name = row->name;
		put_row(r, row, out);
	}
}

static void put_checks(const struct sq_report *r, const char *scenario, struct sq_buf *out)
{
	for (size_t i = 0; i < r->checks.n; i++)
		if (!scenario || !strcmp(r->checks.v[i].scenario, scenario))
			sq_buf_printf(out, "  %s: %s\n", r->checks.v[i].ok ? "holds" : "WRONG", r->checks.v[i].text);
}

void sq_report_head(const struct sq_report *r, struct sq_buf *out)
{
	const struct sq_machine *m = &r->machine;

	sq_buf_printf(out, "%s\n\n", r->command);
	sq_buf_printf(out, "corpus   %s: %llu files, %.1f MB, on %s\n", r->corpus, (unsigned long long)r->n_files,
		      (double)r->n_bytes / 1e6, m->filesystem);
	sq_buf_printf(out, "machine  %s, %u cores, %.1f GB, load %.2f\n", m->cpu, m->cores,
		      (double)m->memory_bytes / 1e9, m->load);
	sq_buf_printf(out, "system   %s, %s\n", m->system, m->kernel);
	sq_buf_printf(out, "commit   %s\n", r->commit);
	for (size_t i = 0; i < r->versions.n; i++)
		sq_buf_printf(out, "%-8s %s\n", r->versions.v[i].what, r->versions.v[i].version);
}

void sq_report_end(const struct sq_report *r, struct sq_buf *out)
{
	size_t moved = 0;

	sq_goal_text(r, out);
	sq_buf_putc(out, '\n');
	for (size_t i = 0; r->baseline && i < r->rows.n; i++) {
		const struct sq_row *row = r->rows.v[i];

		if (!row->move)
			continue;
		sq_buf_printf(out, "%s: %s / %s / %s: median was %.4g %s\n", row->move == SQ_MOVE_UP ? "UP" : "DOWN",
			      row->scenario, row->name, row->subject, row->before, row->unit);
		moved++;
	}
	if (r->baseline)
		sq_buf_printf(out, "%zu figures moved beyond noise (5 %% and 3 MAD) since %s\n", moved, r->baseline);
	for (size_t i = 0; i < r->failures.n; i++)
		sq_buf_printf(out, "FAILED: %s\n", r->failures.v[i]);
	sq_buf_printf(out, "%zu checks, %zu failures\n", r->checks.n, sq_report_n_wrong(r));
}

void sq_report_text(const struct sq_report *r, const char *scenario, struct sq_buf *out)
{
	if (!scenario)
		sq_report_head(r, out);
	put_rows(r, scenario, out);
	put_checks(r, scenario, out);
	if (!scenario)
		sq_report_end(r, out);
}
