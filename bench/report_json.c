/* SPDX-License-Identifier: MIT */
/* the report as JSON, which --baseline and --table read again */
#include "bench/goal.h"
#include "proto/json.h"

#define FORMAT_VERSION 1
#define MAX_KEPT_VALUES 1000    /* of a longer sample the summary is kept */

static void kstrz(struct sq_jw *w, const char *key, const char *z)
{
	sq_jw_kstr(w, key, sq_slice_z(z ? z : ""));
}

static void kreal(struct sq_jw *w, const char *key, double v)
{
	sq_jw_key(w, key);
	sq_jw_real(w, v);
}

static void machine(struct sq_jw *w, const struct sq_machine *m)
{
	sq_jw_key(w, "machine");
	sq_jw_begin_object(w);
	kstrz(w, "cpu", m->cpu);
	sq_jw_ku64(w, "cores", m->cores);
	sq_jw_ku64(w, "memory_bytes", m->memory_bytes);
	kstrz(w, "kernel", m->kernel);
	kstrz(w, "system", m->system);
	kstrz(w, "filesystem", m->filesystem);
	kreal(w, "load", m->load);
	sq_jw_end_object(w);
}

static void head(struct sq_jw *w, const struct sq_report *r)
{
	kstrz(w, "tool", "sqry-bench");
	sq_jw_ku64(w, "format", FORMAT_VERSION);
	kstrz(w, "started", r->started);
	kstrz(w, "command", r->command);
	kstrz(w, "commit", r->commit);
	sq_jw_kbool(w, "complete", r->complete);
	sq_jw_ku64(w, "rounds", r->rounds);
	sq_jw_key(w, "corpus");
	sq_jw_begin_object(w);
	kstrz(w, "name", r->corpus);
	sq_jw_ku64(w, "files", r->n_files);
	sq_jw_ku64(w, "bytes", r->n_bytes);
	sq_jw_end_object(w);
	machine(w, &r->machine);
	sq_jw_key(w, "versions");
	sq_jw_begin_object(w);
	for (size_t i = 0; i < r->versions.n; i++)
		kstrz(w, r->versions.v[i].what, r->versions.v[i].version);
	sq_jw_end_object(w);
}

static void figures(struct sq_jw *w, const struct sq_row *row)
{
	struct sq_summary s;

	sq_row_summary(row, &s);
	sq_jw_ku64(w, "n", s.n);
	if (!s.n)
		return;
	kreal(w, "median", s.median);
	kreal(w, "p99", s.p99);
	kreal(w, "p999", s.p999);
	kreal(w, "min", s.min);
	kreal(w, "max", s.max);
	kreal(w, "mad", s.mad);
	if (s.n > MAX_KEPT_VALUES)
		return;
	sq_jw_key(w, "values");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < row->sample.values.n; i++)
		sq_jw_real(w, row->sample.values.v[i]);
	sq_jw_end_array(w);
}

static void put_row(struct sq_jw *w, const struct sq_report *r, const struct sq_row *row)
{
	const struct sq_row *ours = sq_report_ours(r, row);
	struct sq_summary s, o;

	sq_jw_begin_object(w);
	kstrz(w, "scenario", row->scenario);
	kstrz(w, "name", row->name);
	kstrz(w, "unit", row->unit);
	kstrz(w, "subject", row->subject);
	kstrz(w, "status", sq_row_status_name(row->status));
	if (row->note)
		kstrz(w, "note", row->note);
	if (row->command)
		kstrz(w, "command", row->command);
	figures(w, row);
	sq_row_summary(row, &s);
	if (ours && ours != row && s.median > 0) {
		sq_row_summary(ours, &o);
		kreal(w, "ours_to_this", o.median / s.median);
	}
	if (row->move) {
		kstrz(w, "moved", row->move == SQ_MOVE_UP ? "up" : "down");
		kreal(w, "before", row->before);
	}
	sq_jw_end_object(w);
}

static void put_goals(struct sq_jw *w, const struct sq_report *r)
{
	sq_jw_key(w, "goals");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < sq_n_goals; i++) {
		const struct sq_goal *g = &sq_goals[i];
		struct sq_judgement j;

		sq_goal_judge(g, r, &j);
		if (!j.verdict)
			continue;
		sq_jw_begin_object(w);
		kstrz(w, "scenario", g->scenario);
		kstrz(w, "what", g->what);
		kstrz(w, "unit", g->unit);
		kreal(w, "measured", j.value);
		if (g->must >= 0)
			kreal(w, "must", g->must);
		if (g->goal >= 0)
			kreal(w, "goal", g->goal);
		kstrz(w, "verdict", sq_verdict_name(j.verdict));
		sq_jw_end_object(w);
	}
	sq_jw_end_array(w);
}

void sq_report_json(const struct sq_report *r, struct sq_buf *out)
{
	struct sq_jw w;

	sq_jw_init(&w, out);
	sq_jw_begin_object(&w);
	head(&w, r);
	sq_jw_key(&w, "rows");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < r->rows.n; i++)
		put_row(&w, r, r->rows.v[i]);
	sq_jw_end_array(&w);
	put_goals(&w, r);
	sq_jw_key(&w, "checks");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < r->checks.n; i++) {
		sq_jw_begin_object(&w);
		kstrz(&w, "scenario", r->checks.v[i].scenario);
		kstrz(&w, "text", r->checks.v[i].text);
		sq_jw_kbool(&w, "ok", r->checks.v[i].ok);
		sq_jw_end_object(&w);
	}
	sq_jw_end_array(&w);
	sq_jw_key(&w, "failures");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < r->failures.n; i++)
		sq_jw_string(&w, sq_slice_z(r->failures.v[i]));
	sq_jw_end_array(&w);
	sq_jw_end_object(&w);
	sq_buf_putc(out, '\n');
}
