/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * outcome — how one turn ended, for those who wait for it and for status.
 * Ownership: a value.
 */
#include <stdbool.h>

#include "workspace/admission.h"
#include "workspace/workspace.h"

/* which errors a client sees for each: daemon/answer.c; EM-10: a turn ends in no other way */
enum sq_outcome_code {
	SQ_OUTCOME_OK,
	SQ_OUTCOME_EVICTED,        /* removed from the map meanwhile */
	SQ_OUTCOME_CANCELLED,      /* a user's cancel, or the daemon stops; the changes are kept */
	SQ_OUTCOME_BUDGET,         /* -32003; at[] says how full */
	SQ_OUTCOME_OVERSIZE,       /* built, but larger than what was left (-32006) */
	SQ_OUTCOME_BUILD,          /* anything else; message = "<stage>: <detail>" */
};
struct sq_outcome {
	enum sq_outcome_code code;
	char message[SQ_WS_ERROR_MAX];     /* "" when OK */
	bool was_full;
	bool was_reset;                    /* CANCELLED by a reset: what waited was dropped */
	bool over_budget;                  /* CANCELLED because it took too long */
	bool is_broken;                    /* BUILD, and what it left behind is not trusted: the next turn is full */
	uint64_t generation;               /* served when it ended */
	uint64_t duration_ns;
	uint64_t n_files;                  /* read (or skipped) and put by this turn */
	uint64_t n_removed;
	uint64_t read_bytes;               /* of the files to read */
	uint64_t n_defs, n_edges;          /* of the whole graph now */
	uint64_t n_relinked;
	struct sq_admission_state at;      /* when refused */
	uint64_t requested_bytes;          /* the same */
};
