/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — one evaluation of a query over one version: the state that each
 * predicate needs (a name, a set of names, a set of definitions).
 * Ownership: belongs to sq_query_run(). Threads: one.
 */
#include "query/expr.h"
#include "query/keys.h"
#include "query/names.h"

/* how a predicate decides about a definition */
enum sq_test {
	SQ_TEST_MASK,           /* kind or language: the predicate's own mask */
	SQ_TEST_NAME,           /* one NameId */
	SQ_TEST_NAMES,          /* a set of NameIds */
	SQ_TEST_KEYS,           /* a set of definitions */
	SQ_TEST_PATH,           /* decided once a file */
};
struct sq_pred_state {
	enum sq_test test;
	sq_name name;
	struct sq_name_set names;
	struct sq_keyset keys;          /* sealed */
	bool path_matches;              /* of the file at hand */
};
struct sq_run {
	const struct sq_version *v;
	const struct sq_query *q;
	const bool *cancel;
	struct sq_pred_state state[SQ_QUERY_MAX_PREDICATES];
	/* the file at hand */
	sq_file file;
	const struct sq_bound *bound;
};
/** sq_run_prepare() - compute every predicate's state. 0; -ECANCELED; -ENOMEM. Deinit either way. */
int sq_run_prepare(struct sq_run *run) sq_must_check;
void sq_run_deinit(struct sq_run *run);
bool sq_run_is_canceled(const struct sq_run *run);
/** sq_run_list_names() - add every definition of every name of a set. 0; -ECANCELED; -ENOMEM. */
int sq_run_list_names(const struct sq_run *run, const struct sq_name_set *names,
		      struct sq_keyset *keys) sq_must_check;

/** sq_relatives() - add to @keys the definitions that call (CALLERS), are called by (CALLEES) or
 *  refer to (REFERENCES) any of @of. 0; -ECANCELED; -ENOMEM. */
int sq_relatives(const struct sq_run *run, enum sq_field field, const struct sq_keyset *of,
		 struct sq_keyset *keys) sq_must_check;
/** sq_ref_is_call() - what callers and callees are about: calls and macro uses. */
bool sq_ref_is_call(const struct sq_ref *r);
