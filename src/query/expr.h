/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * expr — a parsed query: a tree of AND, OR, NOT over predicates that are
 * listed flat, so that an evaluation keeps its state beside them by index.
 * Ownership: everything lives in the query's arena, but for the compiled
 *            regexes, which sq_query_free() frees.
 * Threads:   read only once parsed.
 */
#include "base/arena.h"
#include "query/query.h"
#include "query/regex.h"

enum sq_field {
	SQ_FIELD_KIND, SQ_FIELD_NAME, SQ_FIELD_LANG, SQ_FIELD_PATH,
	SQ_FIELD_CALLERS, SQ_FIELD_CALLEES, SQ_FIELD_REFERENCES,
};
struct sq_pred {
	enum sq_field field;
	uint32_t offset;            /* of the query text */
	struct sq_slice value;
	struct sq_regex *re;        /* NULL: equality (PATH: contains) */
	uint64_t mask;              /* KIND, LANG: bit of each value that matches */
};
enum sq_expr_type { SQ_EXPR_PRED, SQ_EXPR_NOT, SQ_EXPR_AND, SQ_EXPR_OR };
struct sq_expr {
	enum sq_expr_type type;
	uint32_t pred;                  /* PRED */
	struct sq_expr *left, *right;   /* NOT: left only */
};
struct sq_query {
	struct sq_arena arena;
	struct sq_slice text;
	struct sq_expr *root;
	bool is_count;
	uint32_t n_preds;
	struct sq_pred preds[SQ_QUERY_MAX_PREDICATES];
};
