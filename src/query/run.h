/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — one evaluation of a query over one version: the state that each
 * predicate needs (a name, a set of names, of definitions or of files) and
 * the budget that all of it draws on.
 * Ownership: belongs to sq_query_run_with(). Threads: one.
 */
#include "query/expr.h"
#include "query/names.h"
#include "query/picks.h"
#include "query/selection.h"

/* how a predicate decides about a definition */
enum sq_test {
	SQ_TEST_MASK,           /* kind, language, flags, scope: the predicate's own mask */
	SQ_TEST_NAME,           /* one NameId; of the parent or an ancestor for those fields */
	SQ_TEST_NAMES,          /* a set of NameIds; the same */
	SQ_TEST_SET,            /* a set of definitions; mask 2: those not in it */
	SQ_TEST_FILE,           /* decided once a file */
	SQ_TEST_TEXT,           /* reads the source */
};
struct sq_pred_state {
	enum sq_test test;
	sq_name name;
	struct sq_name_set names;
	struct sq_selection set;           /* sealed */
	uint64_t *files;                /* a bit a file, or NULL: the path decides */
	bool file_matches;              /* the file at hand */
};
/* the source of one file, kept for the next definition */
struct sq_run_source {
	sq_file file;                   /* SQ_FILE_NONE: none */
	bool is_there;
	struct sq_buf text;
	SQ_VEC(uint32_t) lines;         /* offset of each line */
	uint64_t n_bytes;               /* read so far */
	uint64_t n_unread;              /* files */
};
struct sq_run {
	const struct sq_version *v;
	const struct sq_query *q;
	const struct sq_query_opts *o;
	struct sq_query_error *err;
	uint64_t n_rows, next_look;
	bool has_text;                  /* some predicate reads source */
	struct sq_slice below;          /* where matches are looked for; a subquery's: anywhere */
	enum sq_cut cut;
	struct sq_numbering numbering;
	struct sq_pred_state state[SQ_QUERY_MAX_PREDICATES];
	struct sq_run_source source;
	/* the file at hand, and all its definitions when something asks for parents */
	sq_file file;
	const struct sq_bound *bound;
	sq_file defs_file;
	SQ_VEC(struct sq_def) defs;
};
/* results of what runs: 0, -ECANCELED, -ENOMEM, or one of: */
enum { SQ_RUN_E_BUDGET = 16 };          /* ->cut says which */

/** sq_run_step() - @n rows more. 0, -ECANCELED, SQ_RUN_E_BUDGET. */
int sq_run_look(struct sq_run *run) sq_must_check;
static inline int sq_run_step(struct sq_run *run, uint64_t n)
{
	run->n_rows += n;
	return run->n_rows < run->next_look ? 0 : sq_run_look(run);
}
/** sq_run_prepare() - compute every predicate's state. Deinit either way. */
int sq_run_prepare(struct sq_run *run) sq_must_check;
void sq_run_deinit(struct sq_run *run);
/** sq_run_list_names() - every definition of every name of a set. */
int sq_run_list_names(struct sq_run *run, const struct sq_name_set *names, struct sq_selection *set) sq_must_check;
/** sq_run_meant() - the definitions that a text, a regex or a subquery means, sealed. */
int sq_run_meant(struct sq_run *run, const struct sq_pred *p, struct sq_selection *of) sq_must_check;
/** sq_run_enter() - make @f the file at hand. */
void sq_run_enter(struct sq_run *run, sq_file f, const struct sq_bound *b);
/** sq_run_defs() - all definitions of the file at hand. */
int sq_run_defs(struct sq_run *run) sq_must_check;

/* eval.c */
/** sq_run_each() - call @fn for every match of @e. */
int sq_run_each(struct sq_run *run, const struct sq_expr *e,
		int (*fn)(void *arg, sq_file f, uint32_t def, const struct sq_def *d), void *arg) sq_must_check;
/** sq_run_subset() - all matches of @e as a sealed set. */
int sq_run_subset(struct sq_run *run, const struct sq_expr *e, struct sq_selection *set) sq_must_check;

/* relatives.c, links.c */
/** sq_ref_is_call() - what callers and callees are about: calls and macro uses. */
bool sq_ref_is_call(const struct sq_ref *r);
/** sq_run_relatives() - definitions that call (CALLERS), are called by (CALLEES), refer to
 *  (REFERENCES), implement (IMPL) or inherit from (INHERITS) any of the sealed set @of. */
int sq_run_relatives(struct sq_run *run, enum sq_field field, const struct sq_selection *of,
		     struct sq_selection *set) sq_must_check;
/** sq_run_implementers() - those that say they implement something called @name, known or not. */
int sq_run_implementers(struct sq_run *run, sq_name name, struct sq_selection *set) sq_must_check;
/** sq_run_counts() - definitions whose number of distinct callers, callees or referrers is as @p wants. */
int sq_run_counts(struct sq_run *run, const struct sq_pred *p, struct sq_selection *set) sq_must_check;
/** sq_run_link_states() - ADDRESS_TAKEN, RESOLVED_VIA, CALLSITE_PROMISCUOUS. */
int sq_run_link_states(struct sq_run *run, const struct sq_pred *p, struct sq_selection *set) sq_must_check;
/* imports.c */
int sq_run_imports(struct sq_run *run, const struct sq_pred *p, struct sq_pred_state *s) sq_must_check;
int sq_run_exports(struct sq_run *run, const struct sq_pred *p, struct sq_selection *set) sq_must_check;
/* analysis.c */
int sq_run_duplicates(struct sq_run *run, uint64_t mask, struct sq_selection *set) sq_must_check;
int sq_run_unused(struct sq_run *run, uint64_t mask, struct sq_selection *set) sq_must_check;
int sq_run_circular(struct sq_run *run, uint64_t mask, struct sq_selection *set) sq_must_check;
/* source.c */
/** sq_run_text() - the bytes of definition @d of the file at hand. 0; 1: not to be had (counted);
 *  SQ_RUN_E_BUDGET and the rest. */
int sq_run_text(struct sq_run *run, const struct sq_def *d, struct sq_slice *ret) sq_must_check;
/** sq_run_signature() - its declaration without the body. As sq_run_text(). */
int sq_run_signature(struct sq_run *run, const struct sq_def *d, struct sq_slice *ret) sq_must_check;
/* pairs.c */
struct sq_pair_list { struct sq_pair *v; size_t n, cap; };
/** sq_pair_list_add() - unless it is among those from @first on; SQ_RUN_E_BUDGET: there are too many. */
int sq_pair_list_add(struct sq_pair_list *l, size_t first, struct sq_pair p) sq_must_check;
/** sq_run_import_pairs() - what the file of each item imports of the sealed set @right (imports.c). */
int sq_run_import_pairs(struct sq_run *run, const struct sq_selection *right,
			const struct sq_result *res, struct sq_pair_list *pairs) sq_must_check;
int sq_run_pairs(struct sq_run *run, struct sq_result *res) sq_must_check;
/* groups.c */
struct sq_grouping;
int sq_grouping_new(struct sq_run *run, struct sq_grouping **ret_g) sq_must_check;
struct sq_grouping *sq_grouping_free(struct sq_grouping *g);
int sq_grouping_add(struct sq_grouping *g, sq_file f, uint32_t def, const struct sq_def *d) sq_must_check;
int sq_grouping_finish(struct sq_grouping *g, struct sq_result *res) sq_must_check;
/* gate.c */
/** sq_gate_check() - 0; SQ_QUERY_E_TOO_BROAD with @ret_err. */
int sq_gate_check(const struct sq_query *q, const struct sq_version *v, const struct sq_query_gate *g,
		  struct sq_query_error *ret_err) sq_must_check;
