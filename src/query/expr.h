/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * expr — a parsed query: a tree of AND, OR, NOT over predicates that are
 * listed flat, so that an evaluation keeps its state beside them by index.
 * A join "A CALLS B" is "A AND callers:(B)", a subquery is a tree of its own
 * below its predicate, whose predicates have lower indices.
 * Ownership: everything lives in the query's arena, but for the compiled
 *            regexes, which sq_query_free() frees.
 * Threads:   read only once parsed.
 */
#include "base/arena.h"
#include "query/query.h"
#include "query/regex.h"

enum sq_field {
	SQ_FIELD_KIND, SQ_FIELD_NAME, SQ_FIELD_PATH, SQ_FIELD_LANG, SQ_FIELD_REPO,
	SQ_FIELD_PARENT, SQ_FIELD_SCOPE, SQ_FIELD_TEXT,
	SQ_FIELD_CALLERS, SQ_FIELD_CALLEES, SQ_FIELD_IMPORTS, SQ_FIELD_EXPORTS,
	SQ_FIELD_RETURNS, SQ_FIELD_IMPL, SQ_FIELD_REFERENCES,
	SQ_FIELD_SCOPE_TYPE, SQ_FIELD_SCOPE_NAME, SQ_FIELD_SCOPE_PARENT, SQ_FIELD_SCOPE_ANCESTOR,
	SQ_FIELD_DUPLICATES, SQ_FIELD_UNUSED, SQ_FIELD_CIRCULAR,
	SQ_FIELD_ASYNC, SQ_FIELD_STATIC, SQ_FIELD_VISIBILITY,
	SQ_FIELD_ADDRESS_TAKEN, SQ_FIELD_RESOLVED_VIA, SQ_FIELD_CALLSITE_PROMISCUOUS,
	SQ_FIELD_MAX,
	SQ_FIELD_INHERITS = SQ_FIELD_MAX        /* of the join only */
};
enum sq_op { SQ_OP_EQUAL, SQ_OP_REGEX, SQ_OP_GT, SQ_OP_LT, SQ_OP_GE, SQ_OP_LE };

/* values of fields that are a choice; KIND, LANG, SCOPE_TYPE, UNUSED: bits of the graph's enums */
enum { SQ_SCOPE_FILE = 1, SQ_SCOPE_MODULE = 2, SQ_SCOPE_CLASS = 4, SQ_SCOPE_FUNCTION = 8, SQ_SCOPE_BLOCK = 16 };
enum { SQ_DUP_BODY = 1, SQ_DUP_FUNCTION = 2, SQ_DUP_SIGNATURE = 4, SQ_DUP_STRUCT = 8 };
enum { SQ_CIRCULAR_CALLS = 1, SQ_CIRCULAR_IMPORTS = 2 };
#define SQ_VIA_ELIDED (1u << 31)        /* RESOLVED_VIA: else a bit for each enum sq_rule */
#define SQ_SCOPE_TYPE_FILE (1ull << 63) /* SCOPE_TYPE: not inside any definition */

struct sq_expr;
struct sq_pred {
	enum sq_field field;
	enum sq_op op;
	uint32_t offset;            /* of the query text */
	struct sq_slice value;
	struct sq_regex *re;        /* NULL: equality (PATH: contains) */
	struct sq_expr *sub;        /* a subquery, or NULL */
	uint64_t mask;              /* of a choice: bit of each value that matches; booleans: 1 true, 2 false */
	uint64_t number;            /* of an order */
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
	enum sq_stage stage;
	enum sq_field group;            /* GROUP_BY, TOP */
	uint32_t top;                   /* TOP */
	uint32_t n_preds;
	struct sq_pred preds[SQ_QUERY_MAX_PREDICATES];
	/* the last join of the text at its top level: pairs are asked of it */
	struct sq_expr *join_right;
	enum sq_field join;             /* CALLERS IMPORTS INHERITS IMPL; else SQ_FIELD_KIND */
};

/* what users may write for a field */
enum sq_takes { SQ_TAKES_TEXT, SQ_TAKES_CHOICE, SQ_TAKES_BOOL, SQ_TAKES_RELATION, SQ_TAKES_REGEX_ONLY };
struct sq_field_info {
	const char *name;
	enum sq_takes type;
	bool no_regex;
	bool has_order;         /* its number can be compared */
	bool can_group;
};
extern const struct sq_field_info sq_fields[SQ_FIELD_MAX];
/** sq_field_find() - by name or alias; -1: there is none. */
int sq_field_find(struct sq_slice name);
/**
 * sq_field_choice() - the mask of a written value of a choice or boolean.
 * Return: 0; SQ_QUERY_E_SYNTAX with what is allowed in @ret_allowed.
 */
int sq_field_choice(enum sq_field f, struct sq_slice value, uint64_t *ret_mask,
		    const char **ret_allowed) sq_must_check;
/** sq_field_choice_regex() - the same for every value that matches. */
uint64_t sq_field_choice_regex(enum sq_field f, const struct sq_regex *re);
