/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fill — read, parse and extract the planned files, and put them into a draft.
 * Large plans run on the worker pool, biggest files first, every worker taking
 * the next file when it is free; small ones on the caller's thread alone.
 * Ownership: borrows plan, draft and reservation for the call.
 * Threads:   the runner calls; workers share the draft and the reservation.
 * Invariants: what is put does not depend on the number of workers; a file
 *            that can't be read or parsed is put with the reason.
 */
#include "graph/draft.h"
#include "rebuild/plan.h"

#define SQ_FILL_BIG_BYTES (4ull << 20)   /* a turn that reads more gives its free pages back */
#define SQ_FILL_SMALL_FILES 64u   /* at most this many are read without waking the pool */
#define SQ_FILL_EDIT_FILES 8u     /* at most this many look like edits: their trees are kept */

struct sq_fill {
	struct sq_build *build;
	const struct sq_plan *plan;
	struct sq_draft *draft;
	const struct sq_version *earlier;   /* what files say so far; NULL: they are read afresh */
	struct sq_reservation *res;
	struct sq_tools *own_tools;    /* the caller's, for a small plan */
	struct sq_admission_state at;  /* the ledger, when a step was refused */
	struct sq_work again;          /* files to try again in a later turn */
	struct sq_stages stages;       /* added to, by a small plan */
};
enum { SQ_FILL_E_BUDGET = 1 };
/** sq_fill_run() - Return: 0; SQ_FILL_E_BUDGET (fill->at); -ECANCELED; -errno. */
int sq_fill_run(struct sq_fill *fill) sq_must_check;
