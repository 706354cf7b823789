/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * query — search by name and the boolean query language (query.md §1) over
 * one version. For now: fields kind name lang path callers callees references,
 * ':' and '~=', AND OR NOT, adjacency, parentheses, bare words, "| count".
 * Ownership: a parsed query and a result belong to the caller; results hold
 *            (file, definition) pairs that are valid while the version is.
 * Threads:   pure readers of a version.
 */
#include <stdbool.h>

#include "base/str.h"
#include "graph/version.h"

struct sq_query_error {
	uint32_t offset;            /* byte of the query text */
	char message[200];          /* what is wrong and what is allowed */
};
struct sq_match { sq_file file; uint32_t def; float score; };
struct sq_result {
	struct sq_match *items;     /* in order of (path bytes, definition), fuzzy: by score */
	size_t n_items;
	uint64_t total;             /* exact number of matches */
	bool truncated;             /* total > n_items */
	bool is_count;              /* "| count": items empty, total is the answer */
};
void sq_result_deinit(struct sq_result *r);

enum sq_search_mode { SQ_SEARCH_EXACT, SQ_SEARCH_REGEX, SQ_SEARCH_FUZZY };
struct sq_search {
	struct sq_slice pattern;    /* name; "a.b" or "a::b" matches the qualified name's tail */
	enum sq_search_mode mode;
	int kind, lang;             /* enum values, SQ_KIND_MAX / SQ_LANG_MAX (matches nothing), or -1: any */
	size_t limit;
	const bool *cancel;         /* relaxed flag, may be NULL */
};
#define SQ_SEARCH_MAX_PATTERN 1024u     /* bytes */
#define SQ_SEARCH_FUZZY_CANDIDATES 1000u
#define SQ_SEARCH_FUZZY_MIN_SIMILARITY 0.1f
#define SQ_SEARCH_FUZZY_MIN_SCORE 0.6f
/**
 * sq_query_kind(), sq_query_lang() - a wire name as users write it ("function",
 * "c++", "py"). Return: the enum value; SQ_KIND_MAX for a kind of the vocabulary
 * that no language produces yet; -1: unknown.
 */
int sq_query_kind(struct sq_slice name);
int sq_query_lang(struct sq_slice name);
/** sq_search_run() - Return: 0; SQ_QUERY_E_SYNTAX (bad regex, empty pattern; @ret_err filled); -ENOMEM; -ECANCELED. */
enum { SQ_QUERY_E_SYNTAX = 1, SQ_QUERY_E_TOO_BROAD = 2 };
int sq_search_run(const struct sq_version *v, const struct sq_search *s, struct sq_result *ret_r,
		  struct sq_query_error *ret_err) sq_must_check;
/** sq_search_is_cheap() - answerable on the loop thread (exact name). */
bool sq_search_is_cheap(const struct sq_search *s);

#define SQ_QUERY_MAX_BYTES (10u << 10)
#define SQ_QUERY_MAX_PREDICATES 100u
struct sq_query;
/** sq_query_parse() - Return: 0; SQ_QUERY_E_SYNTAX with @ret_err; -ENOMEM. The text is copied. */
int sq_query_parse(struct sq_slice text, struct sq_query **ret_q,
		   struct sq_query_error *ret_err) sq_must_check;
struct sq_query *sq_query_free(struct sq_query *q);
/** sq_query_run() - Return: 0; -ECANCELED; -ENOMEM. @ret_err is for what a later planner refuses. */
int sq_query_run(const struct sq_query *q, const struct sq_version *v, size_t limit, const bool *cancel,
		 struct sq_result *ret_r, struct sq_query_error *ret_err) sq_must_check;

/* a symbol argument: every definition whose name or qualified tail is @symbol */
int sq_symbol_lookup(const struct sq_version *v, struct sq_slice symbol, struct sq_result *ret_r) sq_must_check;
/*
 * Callers/callees of all definitions meant by a symbol, distinct definitions,
 * ordered by (path, definition), with the best edge of each.
 */
struct sq_neighbour {
	sq_file file;               /* SQ_FILE_NONE: an unresolved callee, see name */
	uint32_t def;               /* SQ_NONE: file level */
	sq_name name;
	uint32_t n_sites, first_line;
	uint8_t rule;               /* enum sq_rule of the best edge */
	bool ambiguous;             /* only ambiguous edges */
};
struct sq_neighbours { struct sq_neighbour *v; size_t n; uint64_t total; bool truncated; };
void sq_neighbours_deinit(struct sq_neighbours *n);
/** sq_direct_callers() - @limit rows at most, total exact. Calls and macro uses; ambiguous candidates are marked. */
int sq_direct_callers(const struct sq_version *v, struct sq_slice symbol, size_t limit,
		      struct sq_neighbours *ret_n) sq_must_check;
int sq_direct_callees(const struct sq_version *v, struct sq_slice symbol, size_t limit,
		      struct sq_neighbours *ret_n) sq_must_check;
