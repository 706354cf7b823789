/* SPDX-License-Identifier: MIT */
#include "bench/goal.h"

/* in the order of the project's table of goals */
const struct sq_goal sq_goals[] = {
	{ "cold index, to parsing alone", NULL, "cold-index", "whole corpus", "floor", SQ_GOAL_RATIO, 1, "×",
	  1.5, 1.3 },
	{ "cold index, to ctags", "kernel", "cold-index", "whole corpus", "ctags", SQ_GOAL_RATIO, 1, "×", 1.0, 0.8 },
	{ "cold index, to cscope", "kernel", "cold-index", "whole corpus", "cscope", SQ_GOAL_RATIO, 1, "×",
	  0.4, SQ_NO_LIMIT },
	{ "cold index, to cscope", "kcore", "cold-index", "whole corpus", "cscope", SQ_GOAL_RATIO, 1, "×",
	  0.9, SQ_NO_LIMIT },
	{ "cold index, to ctags", "kcore", "cold-index", "whole corpus", "ctags", SQ_GOAL_RATIO, 1, "×",
	  2.0, SQ_NO_LIMIT },
	{ "cold index, to gtags", "kcore", "cold-index", "whole corpus", "gtags", SQ_GOAL_RATIO, 1, "×",
	  SQ_NO_LIMIT, 1.0 },
	{ "peak RSS of the build", "kernel", "peak-rss", "peak resident", NULL, SQ_GOAL_MEDIAN, 1, "MB", 1800, 1200 },
	{ "RSS after it", "kernel", "peak-rss", "resident after the load", NULL, SQ_GOAL_MEDIAN, 1, "MB", 900, 600 },
	{ "restart to first right answer", "kernel", "warm-start", "start to first right answer", NULL,
	  SQ_GOAL_MEDIAN, 1, "s", 1, 0.3 },
	{ "second worktree: time, to a cold index", NULL, "worktree", "share of a cold index", NULL,
	  SQ_GOAL_MEDIAN, 1, "%", 10, 6 },
	{ "second worktree: further memory", NULL, "worktree", "further memory, share of the first", NULL,
	  SQ_GOAL_MEDIAN, 1, "%", 10, 5 },
	{ "quiet window's end to queryable, file of at most 20 KB, p50", NULL, "edit-one",
	  "20 KB, body: end of quiet window to queryable", NULL, SQ_GOAL_MEDIAN, 1, "ms", 3, 1.5 },
	{ "the same, p99", NULL, "edit-one", "20 KB, body: end of quiet window to queryable", NULL, SQ_GOAL_P99,
	  1, "ms", 15, 7.5 },
	{ "the same, 300 KB for the first time, p50", NULL, "edit-one",
	  "300 KB, first edit: end of quiet window to queryable", NULL, SQ_GOAL_MEDIAN, 1, "ms", 30, 15 },
	{ "the same, 300 KB again, p50", NULL, "edit-one", "300 KB, edited again: end of quiet window to queryable",
	  NULL, SQ_GOAL_MEDIAN, 1, "ms", 6, 3 },
	{ "close(2) to answer, default debounce, p50", NULL, "edit-one",
	  "20 KB, body: close to answer, default debounce", NULL, SQ_GOAL_MEDIAN, 1, "ms", 30, SQ_NO_LIMIT },
	{ "the same, p99", NULL, "edit-one", "20 KB, body: close to answer, default debounce", NULL, SQ_GOAL_P99,
	  1, "ms", 60, SQ_NO_LIMIT },
	{ "edit of a header that 5,000 files include, close(2) to answer", "kernel", "edit-one",
	  "header: close to answer, sync", NULL, SQ_GOAL_MEDIAN, 1, "ms", 300, 100 },
	{ "checkout of 10,000 files, 0.3 s off, to the changed share of a cold index", NULL, "checkout",
	  "factor on the changed share of a cold index, 0.3 s off", NULL, SQ_GOAL_MEDIAN, 1, "×", 1.5, 1.2 },
	{ "exact name, frames, p50 above the bare socket", NULL, "query-mix",
	  "exact, 1 client, frames above the bare socket", NULL, SQ_GOAL_MEDIAN, 1, "µs", 10, SQ_NO_LIMIT },
	{ "exact name, p99 to the bare socket's", NULL, "query-mix",
	  "exact, 1 client, frames' p99 to the bare socket's", NULL, SQ_GOAL_MEDIAN, 1, "×", 2, SQ_NO_LIMIT },
	{ "exact name, in the daemon, p50", NULL, "query-mix", "exact, 1 client, in the daemon, p50", NULL,
	  SQ_GOAL_MEDIAN, 1, "µs", 5, SQ_NO_LIMIT },
	{ "callers of a median symbol, p50 above the bare socket", NULL, "query-mix",
	  "callers, median symbol, 1 client, frames above the bare socket", NULL, SQ_GOAL_MEDIAN, 1, "µs",
	  20, SQ_NO_LIMIT },
	{ "unused symbols", "kernel", "query-mix", "unused, 1 client", NULL, SQ_GOAL_MEDIAN, 1e-6, "s", 1, 0.2 },
	{ "exact name beside a build, p99 to that when idle", NULL, "query-build", "p99 beside a build to idle",
	  NULL, SQ_GOAL_MEDIAN, 1, "×", 3, SQ_NO_LIMIT },
	{ "exact name beside a build, p99.9", NULL, "query-build", "p99.9 beside a build", NULL, SQ_GOAL_MEDIAN,
	  1e-3, "ms", 1, SQ_NO_LIMIT },
	{ "storm in new directories: writer's time to that alone", NULL, "event-storm",
	  "writer's time to that without a daemon, new directories", NULL, SQ_GOAL_MEDIAN, 1, "×", 1.20, SQ_NO_LIMIT },
	{ "the same, daemon's CPU to the writer's", NULL, "event-storm",
	  "daemon's CPU to the writer's, new directories", NULL, SQ_GOAL_MEDIAN, 1, "%", 8, SQ_NO_LIMIT },
	{ "storm in one directory: writer's time to that alone", NULL, "event-storm",
	  "writer's time to that without a daemon, one flat directory", NULL, SQ_GOAL_MEDIAN, 1, "×",
	  1.08, SQ_NO_LIMIT },
	{ "the same, daemon's CPU to the writer's", NULL, "event-storm",
	  "daemon's CPU to the writer's, one flat directory", NULL, SQ_GOAL_MEDIAN, 1, "%", 1, SQ_NO_LIMIT },
	{ "edit beside a storm, p99", NULL, "event-storm", "edit to answer beside a storm", NULL, SQ_GOAL_P99, 1, "ms",
	  100, SQ_NO_LIMIT },
	{ "idle: wake-ups a second", NULL, "idle", "wake-ups a second, nothing happens", NULL, SQ_GOAL_MEDIAN, 1, "",
	  0, SQ_NO_LIMIT },
	{ "100 unrelated writes a second: wake-ups a second", NULL, "idle",
	  "wake-ups a second, 100 unrelated writes a second", NULL, SQ_GOAL_MEDIAN, 1, "", 10, SQ_NO_LIMIT },
	{ "the same, CPU", NULL, "idle", "CPU, 100 unrelated writes a second", NULL, SQ_GOAL_MEDIAN, 1, "%",
	  0.2, SQ_NO_LIMIT },
};
const size_t sq_n_goals = SQ_ARRAY_SIZE(sq_goals);

const char *sq_verdict_name(enum sq_verdict v)
{
	static const char *const names[] = {
		[SQ_VERDICT_NONE] = "not measured", [SQ_VERDICT_MISSED] = "missed",
		[SQ_VERDICT_MUST] = "reached", [SQ_VERDICT_GOAL] = "goal reached",
	};

	return names[v];
}

bool sq_goal_concerns(const struct sq_goal *g, const struct sq_report *r)
{
	return !g->corpus || (r->corpus && !strcmp(g->corpus, r->corpus));
}

static bool keeps(double value, double limit)
{
	return limit >= 0 && value <= limit;
}

static enum sq_verdict verdict_of(const struct sq_goal *g, double value)
{
	if (keeps(value, g->goal))
		return SQ_VERDICT_GOAL;
	return keeps(value, g->must) ? SQ_VERDICT_MUST : SQ_VERDICT_MISSED;
}

static bool figure_of(const struct sq_goal *g, const struct sq_report *r, const struct sq_row *row, double *ret)
{
	const struct sq_row *ours = sq_report_ours(r, row);
	struct sq_summary s, o;

	sq_row_summary(row, &s);
	if (!s.n)
		return false;
	*ret = g->scale * (g->figure == SQ_GOAL_P99 ? s.p99 : s.median);
	if (g->figure != SQ_GOAL_RATIO)
		return true;
	if (!ours || !(s.median > 0))
		return false;
	sq_row_summary(ours, &o);
	*ret = g->scale * o.median / s.median;
	return true;
}

void sq_goal_judge(const struct sq_goal *g, const struct sq_report *r, struct sq_judgement *ret)
{
	const struct sq_row *row = sq_goal_concerns(g, r) ?
		sq_report_find(r, g->scenario, g->row, g->subject ? g->subject : SQ_OURS) : NULL;
	struct sq_judgement j = { SQ_VERDICT_NONE, 0, row ? row->note : NULL };

	if (row && figure_of(g, r, row, &j.value)) {
		j.verdict = verdict_of(g, j.value);
		j.why = NULL;
	}
	*ret = j;
}

/* ---- as text -------------------------------------------------------------------- */

static void put_limit(struct sq_buf *out, double v, const char *none)
{
	if (v < 0)
		sq_buf_puts(out, none);
	else
		sq_buf_printf(out, "%.4g", v);
}

void sq_goal_text(const struct sq_report *r, struct sq_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < sq_n_goals; i++) {
		const struct sq_goal *g = &sq_goals[i];
		struct sq_judgement j;

		sq_goal_judge(g, r, &j);
		if (!j.verdict)
			continue;
		sq_buf_printf(out, "%s  %-12s %8.3g %s (must ", any ? "" : "\ngoals\n", sq_verdict_name(j.verdict),
			      j.value, g->unit);
		put_limit(out, g->must, "-");
		sq_buf_puts(out, ", goal ");
		put_limit(out, g->goal, "-");
		sq_buf_printf(out, ")  %s: %s\n", g->scenario, g->what);
		any = true;
	}
}

/* ---- as Markdown ---------------------------------------------------------------- */

static void put_cell(struct sq_buf *out, const char *s)
{
	for (; s && *s; s++) {
		if (*s == '|')
			sq_buf_putc(out, '\\');
		sq_buf_putc(out, *s == '\n' ? ' ' : *s);
	}
}

static void put_line(struct sq_buf *out, const struct sq_goal *g, const char *corpus, const struct sq_judgement *j,
		     size_t run)
{
	const char *space = *g->unit && strcmp(g->unit, "%") ? " " : "";

	sq_buf_printf(out, "| %s | %s | ", g->what, corpus);
	put_limit(out, g->must, "–");
	sq_buf_puts(out, " | ");
	put_limit(out, g->goal, "–");
	sq_buf_puts(out, " | ");
	if (j->verdict) {
		sq_buf_printf(out, j->value >= 1000 ? "%.0f%s%s" : "%.3g%s%s", j->value, space, g->unit);
		sq_buf_printf(out, j->verdict == SQ_VERDICT_MISSED ? " | **%s** | %zu |\n" : " | %s | %zu |\n",
			      sq_verdict_name(j->verdict), run);
		return;
	}
	sq_buf_puts(out, "– | not measured");
	if (j->why) {
		sq_buf_puts(out, ": ");
		put_cell(out, j->why);
	}
	sq_buf_puts(out, " | |\n");
}

static void put_goal(struct sq_buf *out, const struct sq_goal *g, const struct sq_report *reports, size_t n)
{
	struct sq_judgement j, none = { SQ_VERDICT_NONE, 0, NULL };
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		sq_goal_judge(g, &reports[i], &j);
		if (j.verdict)
			put_line(out, g, reports[i].corpus, &j, i + 1);
		else if (j.why)
			none.why = j.why;
		any |= j.verdict != SQ_VERDICT_NONE;
	}
	if (!any)
		put_line(out, g, g->corpus ? g->corpus : "", &none, 0);
}

static void put_wrong(struct sq_buf *out, const struct sq_report *r)
{
	for (size_t i = 0; i < r->checks.n; i++)
		if (!r->checks.v[i].ok) {
			sq_buf_printf(out, "   - WRONG: %s: ", r->checks.v[i].scenario);
			put_cell(out, r->checks.v[i].text);
			sq_buf_putc(out, '\n');
		}
	for (size_t i = 0; i < r->failures.n; i++) {
		sq_buf_puts(out, "   - FAILED: ");
		put_cell(out, r->failures.v[i]);
		sq_buf_putc(out, '\n');
	}
}

static void put_run(struct sq_buf *out, const struct sq_report *r, size_t number)
{
	sq_buf_printf(out, "%zu. `%s`, commit %s, %s: %llu files, %.1f MB on %s; load %.2f at the start; "
		      "%zu checks, %zu failures%s\n", number, r->command, r->commit, r->started,
		      (unsigned long long)r->n_files, (double)r->n_bytes / 1e6, r->machine.filesystem, r->machine.load,
		      r->checks.n, sq_report_n_wrong(r), r->complete ? "" : "; it has not ended");
	put_wrong(out, r);
}

static bool has_version(const struct sq_report *reports, size_t before, const struct sq_version_of *v)
{
	for (size_t i = 0; i < before; i++)
		for (size_t k = 0; k < reports[i].versions.n; k++)
			if (!strcmp(reports[i].versions.v[k].what, v->what) &&
			    !strcmp(reports[i].versions.v[k].version, v->version))
				return true;
	return false;
}

/* what the runs have in common is said once */
static void put_machines(struct sq_buf *out, const struct sq_report *reports, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct sq_machine *m = &reports[i].machine, *last = i ? &reports[i - 1].machine : NULL;

		if (!last || strcmp(m->cpu, last->cpu) || strcmp(m->kernel, last->kernel))
			sq_buf_printf(out, "Machine%s: %s, %u cores, %.1f GB; %s, %s.\n", i ? ", later runs" : "",
				      m->cpu, m->cores, (double)m->memory_bytes / 1e9, m->system, m->kernel);
	}
	sq_buf_puts(out, "Versions:");
	for (size_t i = 0, any = 0; i < n; i++)
		for (size_t k = 0; k < reports[i].versions.n; k++)
			if (!has_version(reports, i, &reports[i].versions.v[k]))
				sq_buf_printf(out, "%s %s (%s)", any++ ? ";" : "", reports[i].versions.v[k].what,
					      reports[i].versions.v[k].version);
	sq_buf_puts(out, ".\n\n");
}

void sq_goal_table(const struct sq_report *reports, size_t n, struct sq_buf *out)
{
	put_machines(out, reports, n);
	sq_buf_puts(out, "| what | corpus | must | goal | measured | verdict | run |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sq_n_goals; i++)
		put_goal(out, &sq_goals[i], reports, n);
	sq_buf_puts(out, "\nRuns:\n\n");
	for (size_t i = 0; i < n; i++)
		put_run(out, &reports[i], i + 1);
}
