/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * goal — what a figure of a report may be at most: required, and hoped for.
 * Ownership: the table is constant; a judgement borrows from the report.
 * Threads:   any.
 * Invariants: every goal names a scenario of sq_scenarios; less is better.
 */
#include "bench/report.h"

#define SQ_NO_LIMIT (-1.0)

enum sq_goal_figure {
	SQ_GOAL_MEDIAN, SQ_GOAL_P99,
	SQ_GOAL_RATIO                   /* our median divided by that of subject */
};

struct sq_goal {
	const char *what;               /* as tables say it */
	const char *corpus;             /* "kernel" or "kcore"; NULL: whatever was measured */
	const char *scenario, *row;
	const char *subject;            /* NULL: ours */
	enum sq_goal_figure figure;
	double scale;                   /* from the row's unit to this one's */
	const char *unit;
	double must, goal;              /* SQ_NO_LIMIT: none */
};
extern const struct sq_goal sq_goals[];
extern const size_t sq_n_goals;

enum sq_verdict {
	SQ_VERDICT_NONE,                /* not measured */
	SQ_VERDICT_MISSED, SQ_VERDICT_MUST, SQ_VERDICT_GOAL
};
const char *sq_verdict_name(enum sq_verdict v);

struct sq_judgement {
	enum sq_verdict verdict;
	double value;                   /* in the goal's unit; 0 when not measured */
	const char *why;                /* when not measured: what the row says; may be NULL */
};
/** sq_goal_concerns() - is the goal one of the corpus that the report is about? */
bool sq_goal_concerns(const struct sq_goal *g, const struct sq_report *r);
void sq_goal_judge(const struct sq_goal *g, const struct sq_report *r, struct sq_judgement *ret);

/** sq_goal_text() - the goals that the report's rows decide, a line each; nothing when there are none. */
void sq_goal_text(const struct sq_report *r, struct sq_buf *out);
/**
 * sq_goal_table() - all goals beside what several reports measured, as Markdown, and what these runs were.
 * A goal that none of them decides has a line that says so.
 */
void sq_goal_table(const struct sq_report *reports, size_t n, struct sq_buf *out);
