/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * query — search by name and the boolean query language (query.md §1) over
 * one version.
 * Ownership: a parsed query and a result belong to the caller; results hold
 *            (file, definition) pairs that are valid while the version is.
 * Threads:   pure readers of a version.
 */
#include <stdbool.h>

#include "base/parallel.h"
#include "base/str.h"
#include "graph/version.h"

struct sq_query_error {
	uint32_t offset;            /* byte of the query text */
	char message[256];          /* what is wrong and what is allowed */
	/* SQ_QUERY_E_TOO_BROAD: */
	const char *source;         /* "static_estimate", "runtime_budget" */
	uint64_t limit, n_nodes, n_examined;
	char shape[40];             /* field and operator, no value: "name~=<elided>" */
	/* SQ_QUERY_E_SYNTAX: a code for what is no slip of the pen; else NULL */
	const char *code;           /* "workspace_query_only", "needs_source", "unbound_variable" */
};
struct sq_match { sq_file file; uint32_t def; float score; };
/* why an answer is not the whole one */
enum sq_cut {
	SQ_CUT_NONE,
	SQ_CUT_LIMIT,       /* more matches than asked for; the total is exact */
	SQ_CUT_ROWS,        /* row budget: the total is what was found so far */
	SQ_CUT_TEXT,        /* budget of source bytes: the same */
	SQ_CUT_GROUPS,      /* more groups than are kept apart: the same */
	SQ_CUT_UNREAD,      /* files that could not be read as the graph knows them: the same */
};
const char *sq_cut_name(enum sq_cut c);     /* "limit", "row_budget", ... */

/* the pipeline behind a query */
enum sq_stage { SQ_STAGE_NONE, SQ_STAGE_COUNT, SQ_STAGE_GROUP_BY, SQ_STAGE_TOP, SQ_STAGE_STATS };
struct sq_group { struct sq_slice value; uint64_t count; };     /* the value is the version's */
struct sq_groups {
	const char *field;          /* static: "kind", "lang", ... */
	struct sq_group *v;         /* most first, then by value */
	size_t n;
	uint64_t total;             /* groups in all */
};
/* a pair of a join: both sides and the line of the first reference */
struct sq_pair { struct sq_match left, right; uint32_t line; };

#define SQ_RESULT_GROUPS 3u
struct sq_result {
	struct sq_match *items;     /* in order of (path bytes, definition), fuzzy: by score */
	size_t n_items;
	uint64_t total;             /* exact number of matches, unless cut says otherwise */
	bool truncated;             /* cut != NONE */
	bool is_count;              /* "| count": items empty, total is the answer */
	enum sq_cut cut;
	enum sq_stage stage;        /* not NONE: items empty */
	struct sq_groups groups[SQ_RESULT_GROUPS];  /* GROUP_BY, TOP: one; STATS: kind, lang, visibility */
	unsigned n_groups;
	uint64_t n_examined;        /* rows: definitions, names and references looked at */
	uint64_t n_unread;          /* files, for SQ_CUT_UNREAD */
	bool is_join;
	struct sq_pair *pairs;      /* of a join, those of the items, in their order */
	size_t n_pairs;
	bool pairs_cut;             /* there are more of them */
};
void sq_result_deinit(struct sq_result *r);

enum sq_search_mode { SQ_SEARCH_EXACT, SQ_SEARCH_REGEX, SQ_SEARCH_FUZZY };
struct sq_search {
	struct sq_slice pattern;    /* name; "a.b" or "a::b" matches the qualified name's tail */
	enum sq_search_mode mode;
	struct sq_slice below;      /* only in this file or directory, as the graph has its path; empty: anywhere */
	int kind, lang;             /* enum values, SQ_KIND_MAX / SQ_LANG_MAX (matches nothing), or -1: any */
	size_t limit;
	const bool *cancel;         /* relaxed flag, may be NULL */
	uint64_t max_rows;          /* names and definitions looked at; 0: SQ_QUERY_MAX_ROWS */
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

/* a value for "$name" */
struct sq_query_var { struct sq_slice name, value; };

/* source text, supplied by the caller: this directory opens no file */
struct sq_source {
	/*
	 * Append the bytes of @f to @out. Return: 0; SQ_SOURCE_E_CHANGED when they
	 * cannot be had or are not those that the graph was made of; -ENOMEM.
	 */
	int (*read)(void *arg, const struct sq_bound *b, struct sq_buf *out);
	void *arg;
};
enum { SQ_SOURCE_E_CHANGED = 1 };

/* what is refused before it runs (query.md §1): see gate.c */
struct sq_query_gate {
	uint64_t node_limit;        /* 0: nothing is refused */
	uint32_t min_prefix, min_literal;
};
#define SQ_QUERY_GATE_DEFAULT { 50000, 3, 4 }

struct sq_query_opts {
	size_t limit;
	struct sq_slice below;      /* matches in this file or directory only, as of struct sq_search; what they
				     * are related to may be anywhere */
	const bool *cancel;         /* relaxed flag, may be NULL */
	const struct sq_parallel *par;      /* for analyses; NULL: the caller's thread only */
	const struct sq_source *source;     /* NULL: fields that need text are refused */
	uint64_t max_rows;          /* 0: SQ_QUERY_MAX_ROWS */
	uint64_t max_text_bytes;    /* 0: SQ_QUERY_MAX_TEXT */
	struct sq_query_gate gate;  /* zero: none */
};
#define SQ_QUERY_MAX_ROWS (1ull << 30)
#define SQ_QUERY_MAX_TEXT (4ull << 30)
#define SQ_QUERY_MAX_BYTES (10u << 10)
#define SQ_QUERY_MAX_PREDICATES 100u
#define SQ_QUERY_MAX_GROUPS (1u << 20)
#define SQ_QUERY_MAX_PAIRS 10000u
struct sq_query;
/** sq_query_parse() - Return: 0; SQ_QUERY_E_SYNTAX with @ret_err; -ENOMEM. The text is copied. */
int sq_query_parse(struct sq_slice text, struct sq_query **ret_q,
		   struct sq_query_error *ret_err) sq_must_check;
/** sq_query_parse_with() - with values for its $variables. */
int sq_query_parse_with(struct sq_slice text, const struct sq_query_var *vars, size_t n_vars,
			struct sq_query **ret_q, struct sq_query_error *ret_err) sq_must_check;
struct sq_query *sq_query_free(struct sq_query *q);
/**
 * sq_query_run_with()
 * Return: 0; -ECANCELED; -ENOMEM; with @ret_err: SQ_QUERY_E_SYNTAX (a field that
 * is not to be had here), SQ_QUERY_E_TOO_BROAD (the gate, or the row budget
 * ended while a set was made that the answer would have been wrong without).
 */
int sq_query_run_with(const struct sq_query *q, const struct sq_version *v, const struct sq_query_opts *o,
		      struct sq_result *ret_r, struct sq_query_error *ret_err) sq_must_check;
/** sq_query_run() - the same with a limit and a flag only. */
int sq_query_run(const struct sq_query *q, const struct sq_version *v, size_t limit, const bool *cancel,
		 struct sq_result *ret_r, struct sq_query_error *ret_err) sq_must_check;

/** sq_def_is_exported() - does its file show @d to others (the field "exports")? */
bool sq_def_is_exported(const struct sq_version *v, const struct sq_bound *b, const struct sq_def *d);

/* a symbol argument: every definition whose name or qualified tail is @symbol */
int sq_symbol_lookup(const struct sq_version *v, struct sq_slice symbol, struct sq_result *ret_r) sq_must_check;
/*
 * Callers/callees of all definitions meant by a symbol, distinct definitions,
 * ordered by (path, definition), with the best edge of each.
 */
struct sq_neighbour {
	sq_file file;               /* SQ_FILE_NONE: an unresolved callee, see name */
	uint32_t def;               /* SQ_NONE: file level */
	sq_name name;               /* of a callee */
	uint32_t n_sites, first_line;
	uint8_t rule;               /* enum sq_rule of the best edge */
	bool ambiguous;             /* only ambiguous edges */
};
struct sq_neighbours {
	struct sq_neighbour *v;
	size_t n;
	uint64_t total;             /* exact, unless rows are what it was cut by */
	enum sq_cut cut;            /* NONE, LIMIT, ROWS */
};
void sq_neighbours_deinit(struct sq_neighbours *n);
struct sq_neighbours_ask {
	size_t limit;
	const bool *cancel;         /* relaxed flag, may be NULL */
	uint64_t max_rows;          /* references looked at; 0: SQ_QUERY_MAX_ROWS */
};
/** sq_direct_callers() - calls and macro uses; ambiguous candidates are marked. 0, -ECANCELED, -ENOMEM. */
int sq_direct_callers(const struct sq_version *v, struct sq_slice symbol, const struct sq_neighbours_ask *ask,
		      struct sq_neighbours *ret_n) sq_must_check;
int sq_direct_callees(const struct sq_version *v, struct sq_slice symbol, const struct sq_neighbours_ask *ask,
		      struct sq_neighbours *ret_n) sq_must_check;
