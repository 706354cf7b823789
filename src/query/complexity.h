/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * complexity — cyclomatic complexity of functions, from the tokens of their
 * source: 1 and one more for each if, for, while, case, catch or except, each
 * && or || (Python: and, or) and each ?: of C, C++, Java and JavaScript; each
 * arm of a match in Rust. What a nested function decides is its own. Comments
 * and strings do not count; neither do conditions of the preprocessor.
 * Source: McCabe 1976, counted by tokens, so that a macro hides what it holds.
 * Ownership: the result is the caller's. Threads: one.
 */
#include "base/vec.h"
#include "query/query.h"

struct sq_complexity_ask {
	const struct sq_match *only;    /* definitions, by file; NULL: all of the version */
	size_t n_only;
	uint32_t min;
	bool by_complexity;             /* highest first; else by (path, definition) */
	size_t limit;
	uint64_t max_text;              /* bytes read; 0: SQ_QUERY_MAX_TEXT */
	uint64_t max_rows;              /* definitions of the files that are read; 0: SQ_QUERY_MAX_ROWS */
	const bool *cancel;
	const struct sq_source *source;
};
struct sq_metric { sq_file file; uint32_t def, complexity, lines; };
struct sq_metrics {
	SQ_VEC(struct sq_metric) v;     /* at most the limit */
	uint64_t total, sum;            /* of all at or above ->min */
	uint32_t max;
	uint64_t n_unread;              /* files that are not what the graph was made of, left out */
	enum sq_cut cut;                /* ROWS, TEXT: totals are of what was measured until then */
};
#define SQ_METRICS_NULL { .total = 0 }
void sq_metrics_deinit(struct sq_metrics *m);
/** sq_complexity_measure() - 0, -ECANCELED, -ENOMEM. */
int sq_complexity_measure(const struct sq_version *v, const struct sq_complexity_ask *ask,
			  struct sq_metrics *ret_m) sq_must_check;
/** sq_complexity_scan() - append the offset of each decision in @text. 0 or -ENOMEM. */
struct sq_offsets { uint32_t *v; size_t n, cap; };      /* an SQ_VEC with a tag */
int sq_complexity_scan(enum sq_lang lang, struct sq_slice text, struct sq_offsets *out) sq_must_check;
