/* SPDX-License-Identifier: MIT */
/* the report as one HTML file: no script, nothing fetched, light and dark */
#include <math.h>

#include "bench/goal.h"

#define CHART_WIDTH 860
#define LABEL_WIDTH 190
#define BAR_SPACE 390           /* what a full bar takes; behind it stand the figures */
#define LINE_HEIGHT 26
#define BAR_HEIGHT 16
#define LOG_FROM 20.0           /* greatest to smallest, from which bars are logarithmic */

static const char style[] =
	":root{color-scheme:light dark;--bg:#fbfaf8;--card:#fff;--fg:#1c2127;--dim:#69727d;--line:#e3e1dc;"
	"--ours:#0b7a75;--peer:#b9bec5;--floor:#d9a441;--bad:#b3261e;--good:#2f7d32}"
	"@media(prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1c2026;--fg:#e6e8ea;--dim:#98a1ab;"
	"--line:#2d333b;--ours:#35c2b8;--peer:#59626d;--floor:#c9973a;--bad:#ff8a80;--good:#81c784}}"
	"body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}"
	"main{max-width:960px;margin:0 auto;padding:2.5rem 1.25rem 4rem}h1{font-size:1.7rem;margin:0}"
	"h2{font-size:1.15rem;margin:2.4rem 0 .6rem}h3{font-size:.95rem;font-weight:600;margin:1.1rem 0 .2rem}"
	"h3 small{font-weight:400;color:var(--dim)}section{background:var(--card);border:1px solid var(--line);"
	"border-radius:10px;padding:.3rem 1.2rem 1.1rem}code,pre{font:12.5px/1.5 ui-monospace,monospace}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--bg);border:1px solid var(--line);"
	"border-radius:6px;padding:.6rem .8rem}.dim{color:var(--dim)}.bad{color:var(--bad)}.good{color:var(--good)}"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.85rem;width:100%}"
	"td,th{text-align:left;padding:.15rem .8rem .15rem 0;vertical-align:top}th{color:var(--dim);font-weight:500}"
	"td:first-child{white-space:nowrap}.ours{margin:.7rem 0;table-layout:fixed}.ours td:first-child{width:45%;white-space:normal}"
	".ours td{border-bottom:1px solid var(--line)}.n{white-space:nowrap}"
	".facts{columns:2;column-gap:2rem;font-size:.9rem;padding:0;list-style:none}"
	"@media(max-width:640px){.facts{columns:1}}"
	"svg{width:100%;height:auto;display:block}svg text{font:12.5px system-ui,sans-serif;fill:var(--fg)}"
	"svg .v{font-variant-numeric:tabular-nums}svg .d{fill:var(--dim)}.o{fill:var(--ours)}.p{fill:var(--peer)}"
	".f{fill:var(--floor)}.w{stroke:var(--fg);stroke-width:1.2;opacity:.55}svg .e{fill:var(--bad)}"
	"summary{cursor:pointer;color:var(--dim)}ul{margin:.4rem 0;padding-left:1.2rem}";

static void escape(struct sq_buf *out, const char *s)
{
	for (; s && *s; s++)
		switch (*s) {
		case '&': sq_buf_puts(out, "&amp;"); break;
		case '<': sq_buf_puts(out, "&lt;"); break;
		case '>': sq_buf_puts(out, "&gt;"); break;
		case '"': sq_buf_puts(out, "&quot;"); break;
		default: sq_buf_putc(out, *s);
		}
}

static void element(struct sq_buf *out, const char *tag, const char *class, const char *text)
{
	sq_buf_printf(out, *class ? "<%s class=\"%s\">" : "<%s%s>", tag, class);
	escape(out, text);
	sq_buf_printf(out, "</%s>\n", tag);
}

/* ---- bars ----------------------------------------------------------------------- */

struct scale { double low, high; bool is_log; };

static double width_of(const struct scale *s, double v)
{
	double share;

	if (!(v > 0) || !(s->high > 0))
		return 1;
	if (s->is_log)
		share = (log10(v) - s->low) / (log10(s->high) - s->low);
	else
		share = v / s->high;
	return fmax(2, fmin(1, share) * BAR_SPACE);
}

static size_t group_end(const struct sq_report *r, size_t from)
{
	size_t i = from;

	while (i < r->rows.n && !strcmp(r->rows.v[i]->scenario, r->rows.v[from]->scenario) &&
	       !strcmp(r->rows.v[i]->name, r->rows.v[from]->name))
		i++;
	return i;
}

static struct scale scale_of(const struct sq_report *r, size_t from, size_t to)
{
	struct scale s = { 0, 0, false };
	double least = 0;
	struct sq_summary sum;

	for (size_t i = from; i < to; i++) {
		sq_row_summary(r->rows.v[i], &sum);
		if (!sum.n || !(sum.median > 0))
			continue;
		s.high = fmax(s.high, sum.median);
		least = least > 0 ? fmin(least, sum.median) : sum.median;
	}
	s.is_log = least > 0 && s.high / least > LOG_FROM;
	if (s.is_log)                   /* the smallest gets a tenth of a decade at least */
		s.low = floor(log10(least) - 0.1);
	return s;
}

static void number(struct sq_buf *out, double v)
{
	sq_buf_printf(out, fabs(v) >= 1000 ? "%.0f" : "%.3g", v);
}

static void figures(struct sq_buf *out, const struct sq_report *r, const struct sq_row *row,
		    const struct sq_summary *s, double x, int y)
{
	const struct sq_row *ours = sq_report_ours(r, row);
	struct sq_summary o;

	sq_buf_printf(out, "<text class=\"v\" x=\"%.0f\" y=\"%d\">", x + 8, y);
	number(out, s->median);
	sq_buf_printf(out, " %s<tspan class=\"d\">", row->unit);
	if (s->n > 1) {
		sq_buf_puts(out, " · p99 ");
		number(out, s->p99);
	}
	if (ours && ours != row && s->median > 0) {
		sq_row_summary(ours, &o);
		if (o.median > s->median)
			sq_buf_printf(out, " · ours takes %.3g × this", o.median / s->median);
		else if (o.median > 0)
			sq_buf_printf(out, " · takes %.3g × ours", s->median / o.median);
	}
	if (row->move)
		sq_buf_printf(out, "  %s from %.4g", row->move == SQ_MOVE_UP ? "up" : "down", row->before);
	sq_buf_puts(out, "</tspan></text>\n");
}

static const char *class_of(const struct sq_row *row)
{
	return !strcmp(row->subject, SQ_OURS) ? "o" : !strcmp(row->subject, "floor") ? "f" : "p";
}

static void bar(struct sq_buf *out, const struct sq_report *r, const struct sq_row *row, const struct scale *scale,
		int line)
{
	struct sq_summary s;
	int y = line * LINE_HEIGHT;
	double w, low, high;

	sq_row_summary(row, &s);
	sq_buf_puts(out, "<g><title>");
	escape(out, row->command ? row->command : row->subject);
	sq_buf_printf(out, "</title><text x=\"0\" y=\"%d\">", y + 17);
	escape(out, row->subject);
	sq_buf_puts(out, "</text>\n");
	if (!s.n) {
		sq_buf_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", row->status == SQ_ROW_FAILED ? "e" : "d",
			      LABEL_WIDTH, y + 17);
		escape(out, sq_row_status_name(row->status));
		if (row->note) {
			sq_buf_puts(out, ": ");
			escape(out, row->note);
		}
		sq_buf_puts(out, "</text></g>\n");
		return;
	}
	w = width_of(scale, s.median);
	sq_buf_printf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\"/>\n",
		      class_of(row), LABEL_WIDTH, y + 4, w, BAR_HEIGHT);
	low = LABEL_WIDTH + width_of(scale, s.median - s.mad);
	high = LABEL_WIDTH + width_of(scale, s.median + s.mad);
	if (s.n > 2 && high - low > 1)
		sq_buf_printf(out, "<line class=\"w\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", low, high,
			      y + 12, y + 12);
	figures(out, r, row, &s, fmax(LABEL_WIDTH + w, s.n > 2 ? high : 0), y + 17);
	sq_buf_puts(out, "</g>\n");
}

static void chart(struct sq_buf *out, const struct sq_report *r, size_t from, size_t to)
{
	struct scale scale = scale_of(r, from, to);

	sq_buf_puts(out, "<h3>");
	escape(out, r->rows.v[from]->name);
	sq_buf_puts(out, " <small>");
	escape(out, r->rows.v[from]->unit);
	sq_buf_printf(out, "%s</small></h3>\n<svg viewBox=\"0 0 %d %zu\" role=\"img\">\n",
		      scale.is_log ? " (logarithmic)" : "", CHART_WIDTH, (to - from) * LINE_HEIGHT + 4);
	for (size_t i = from; i < to; i++)
		bar(out, r, r->rows.v[i], &scale, (int)(i - from));
	sq_buf_puts(out, "</svg>\n");
}

/* a quantity that is only ours has nothing to be compared with: a line, no bar */
static void line(struct sq_buf *out, const struct sq_row *row)
{
	struct sq_summary s;

	sq_row_summary(row, &s);
	sq_buf_puts(out, "<tr><td>");
	escape(out, row->name);
	sq_buf_puts(out, "</td><td class=\"n\">");
	if (s.n)
		number(out, s.median);
	else
		escape(out, sq_row_status_name(row->status));
	sq_buf_printf(out, " %s</td><td class=\"dim\">", s.n ? row->unit : "");
	if (s.n > 1) {
		sq_buf_puts(out, "p99 ");
		number(out, s.p99);
	}
	if (row->move)
		sq_buf_printf(out, " · %s from %.4g", row->move == SQ_MOVE_UP ? "up" : "down", row->before);
	sq_buf_puts(out, "</td><td class=\"dim\">");
	escape(out, row->note);
	sq_buf_puts(out, "</td></tr>\n");
}

static bool is_lonely(const struct sq_report *r, size_t from)
{
	return group_end(r, from) == from + 1 && !strcmp(r->rows.v[from]->subject, SQ_OURS);
}

/* Return: the first row behind */
static size_t lines(struct sq_buf *out, const struct sq_report *r, size_t from)
{
	size_t i = from;

	sq_buf_puts(out, "<table class=\"ours\">\n");
	while (i < r->rows.n && !strcmp(r->rows.v[i]->scenario, r->rows.v[from]->scenario) && is_lonely(r, i))
		line(out, r->rows.v[i++]);
	sq_buf_puts(out, "</table>\n");
	return i;
}

static void notes(struct sq_buf *out, const struct sq_report *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (r->rows.v[i]->note && r->rows.v[i]->sample.values.n) {
			sq_buf_puts(out, "<div class=\"dim\"><small>");
			escape(out, r->rows.v[i]->subject);
			sq_buf_puts(out, ": ");
			escape(out, r->rows.v[i]->note);
			sq_buf_puts(out, "</small></div>\n");
		}
}

/* ---- the page ------------------------------------------------------------------- */

static void checks(struct sq_buf *out, const struct sq_report *r, const char *scenario)
{
	size_t n = 0, wrong = 0;

	for (size_t i = 0; i < r->checks.n; i++)
		if (!strcmp(r->checks.v[i].scenario, scenario)) {
			n++;
			wrong += !r->checks.v[i].ok;
		}
	if (!n)
		return;
	sq_buf_printf(out, "<details%s><summary>%zu checks, %zu wrong</summary><ul>\n", wrong ? " open" : "", n, wrong);
	for (size_t i = 0; i < r->checks.n; i++)
		if (!strcmp(r->checks.v[i].scenario, scenario))
			element(out, "li", r->checks.v[i].ok ? "" : "bad", r->checks.v[i].text);
	sq_buf_puts(out, "</ul></details>\n");
}

static void scenarios(struct sq_buf *out, const struct sq_report *r)
{
	const char *open = "";

	for (size_t i = 0, end; i < r->rows.n; i = end) {
		const char *scenario = r->rows.v[i]->scenario;

		if (strcmp(open, scenario)) {
			element(out, "h2", "", scenario);
			sq_buf_puts(out, "<section>\n");
			open = scenario;
		}
		if (is_lonely(r, i)) {
			end = lines(out, r, i);
		} else {
			end = group_end(r, i);
			chart(out, r, i, end);
			notes(out, r, i, end);
		}
		if (end == r->rows.n || strcmp(r->rows.v[end]->scenario, scenario)) {
			checks(out, r, scenario);
			sq_buf_puts(out, "</section>\n");
		}
	}
}

static void fact(struct sq_buf *out, const char *what, const char *text)
{
	sq_buf_puts(out, "<li><span class=\"dim\">");
	escape(out, what);
	sq_buf_puts(out, "</span> ");
	escape(out, text);
	sq_buf_puts(out, "</li>\n");
}

static void facts(struct sq_buf *out, const struct sq_report *r)
{
	const struct sq_machine *m = &r->machine;
	char text[400];

	sq_buf_puts(out, "<ul class=\"facts\">\n");
	snprintf(text, sizeof(text), "%.200s, %llu files, %.1f MB (%s)", r->corpus, (unsigned long long)r->n_files,
		 (double)r->n_bytes / 1e6, m->filesystem);
	fact(out, "corpus", text);
	snprintf(text, sizeof(text), "%s, %u cores, %.1f GB, load %.2f", m->cpu, m->cores,
		 (double)m->memory_bytes / 1e9, m->load);
	fact(out, "machine", text);
	snprintf(text, sizeof(text), "%s, %s", m->system, m->kernel);
	fact(out, "system", text);
	fact(out, "commit", r->commit);
	fact(out, "started", r->started);
	for (size_t i = 0; i < r->versions.n; i++)
		fact(out, r->versions.v[i].what, r->versions.v[i].version);
	sq_buf_puts(out, "</ul>\n");
}

static void limit(struct sq_buf *out, double v)
{
	if (v < 0)
		sq_buf_puts(out, "<td class=\"dim\">–</td>");
	else
		sq_buf_printf(out, "<td>%.4g</td>", v);
}

static void goal(struct sq_buf *out, const struct sq_goal *g, const struct sq_judgement *j)
{
	sq_buf_puts(out, "<tr>");
	element(out, "td", "", g->what);
	sq_buf_puts(out, "<td class=\"n\">");
	number(out, j->value);
	sq_buf_printf(out, " %s</td>", g->unit);
	limit(out, g->must);
	limit(out, g->goal);
	element(out, "td", j->verdict == SQ_VERDICT_MISSED ? "bad" : "good", sq_verdict_name(j->verdict));
	sq_buf_puts(out, "</tr>\n");
}

static void goals(struct sq_buf *out, const struct sq_report *r)
{
	bool any = false;

	for (size_t i = 0; i < sq_n_goals; i++) {
		struct sq_judgement j;

		sq_goal_judge(&sq_goals[i], r, &j);
		if (!j.verdict)
			continue;
		if (!any)
			sq_buf_puts(out, "<h2>Goals</h2>\n<section><table class=\"ours\"><tr><th>what</th>"
					 "<th>measured</th><th>must</th><th>goal</th><th></th></tr>\n");
		any = true;
		goal(out, &sq_goals[i], &j);
	}
	if (any)
		sq_buf_puts(out, "</table></section>\n");
}

static void commands(struct sq_buf *out, const struct sq_report *r)
{
	sq_buf_puts(out, "<h2>Commands</h2>\n<section><table><tr><th>scenario</th><th>who</th><th>command</th></tr>\n");
	for (size_t i = 0; i < r->rows.n; i++) {
		const struct sq_row *row = r->rows.v[i];

		if (!row->command)
			continue;
		sq_buf_puts(out, "<tr>");
		element(out, "td", "", row->scenario);
		element(out, "td", "", row->subject);
		sq_buf_puts(out, "<td><code>");
		escape(out, row->command);
		sq_buf_puts(out, "</code></td></tr>\n");
	}
	sq_buf_puts(out, "</table></section>\n");
}

void sq_report_html(const struct sq_report *r, struct sq_buf *out)
{
	sq_buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
			 "<title>sqry-bench</title><style>");
	sq_buf_puts(out, style);
	sq_buf_puts(out, "</style></head><body><main>\n<h1>sqry-bench</h1>\n");
	facts(out, r);
	element(out, "pre", "", r->command);
	if (!r->complete)
		sq_buf_puts(out, "<p class=\"bad\">The run has not ended: this is what it found so far.</p>\n");
	for (size_t i = 0; i < r->failures.n; i++)
		element(out, "p", "bad", r->failures.v[i]);
	sq_buf_printf(out, "<p class=\"%s\">%zu checks, %zu failures</p>\n", sq_report_n_wrong(r) ? "bad" : "good",
		      r->checks.n, sq_report_n_wrong(r));
	if (r->baseline) {
		sq_buf_puts(out, "<p>Compared with <code>");
		escape(out, r->baseline);
		sq_buf_puts(out, "</code>: what moved by more than 5&nbsp;% and 3&nbsp;MAD says so.</p>\n");
	}
	goals(out, r);
	scenarios(out, r);
	commands(out, r);
	sq_buf_puts(out, "<p class=\"dim\">Figures and bars are medians; the line across the end of a bar is the "
			 "median absolute deviation. Hover over a bar for its command."
			 "</p>\n</main></body></html>\n");
}
