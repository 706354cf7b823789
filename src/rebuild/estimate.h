/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * estimate — what a turn reserves before it starts. Pure; saturating. More than
 * is needed is fine: the rest goes back at the publish, or when the turn fails.
 * Its factors are constants, nobody may tune them.
 */
#include "rebuild/plan.h"

/** sq_estimate_working_set() - ceil(1.5 * final) + staging + ceil(0.25 * names). */
uint64_t sq_estimate_working_set(uint64_t final_bytes, uint64_t staging_bytes, uint64_t name_bytes);
/** sq_estimate_full() - a version of @n_files files beside the prior one of @prior_bytes. */
uint64_t sq_estimate_full(uint64_t prior_bytes, uint64_t n_files, uint64_t name_bytes);
/**
 * sq_estimate_incremental()
 * @prior_bytes: of the pieces that are copied and the segments that are replaced
 * @n_changed:   length of the change list; what follows from it is not counted (WS-03)
 * @name_bytes:  of the strings that are copied
 */
uint64_t sq_estimate_incremental(uint64_t prior_bytes, uint64_t n_changed, uint64_t name_bytes);
/** sq_estimate() - bytes to reserve for @plan over plan->prior. */
uint64_t sq_estimate(const struct sq_plan *plan, bool full);
