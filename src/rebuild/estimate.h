/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * estimate — what a turn reserves before it starts (X-08, X-09, WS-05).
 * Pure; saturating.
 */
#include "rebuild/plan.h"

/** sq_estimate_working_set() - ceil(1.5 * final) + staging + ceil(0.25 * names). */
uint64_t sq_estimate_working_set(uint64_t final_bytes, uint64_t staging_bytes, uint64_t name_bytes);
/** sq_estimate() - bytes to reserve for @plan over plan->prior. */
uint64_t sq_estimate(const struct sq_plan *plan, bool full);
