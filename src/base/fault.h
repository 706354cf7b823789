/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fault — named places that a test can make fail, or take their time.
 *
 * A place asks sq_fault_at("name"); test/fault arms it. The names are listed in
 * fault.c, so that a test that arms a place which is not there is told so.
 * TH-14: built without SQ_TEST_HOOKS a place is the constant 0; with them and
 * nothing armed it costs one relaxed load.
 * Ownership: none; process-wide.
 * Threads:   any, under any lock of a rank below FAULT.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

#ifdef SQ_TEST_HOOKS
struct sq_fault_plan {
	int error;                 /* -errno that the place returns; 0: only the sleep */
	unsigned count;            /* the next so many passes; 0: disarmed */
	uint64_t sleep_ms;         /* before that: until the time is over or *cancel is set */
};
enum { SQ_FAULT_E_UNKNOWN = 1 };
/** sq_fault_arm() - Return: 0; SQ_FAULT_E_UNKNOWN: no such place. */
int sq_fault_arm(const char *site, const struct sq_fault_plan *plan) sq_must_check;
/** sq_fault_hits() - how often the place was made to fail or to wait. */
unsigned sq_fault_hits(const char *site);
/** sq_fault_at() - the place itself. Return: 0, or what was armed. */
int sq_fault_at(const char *site);
/** sq_fault_at_until() - the same; a sleep ends when @cancel (a relaxed flag) is set. */
int sq_fault_at_until(const char *site, const bool *cancel);
#else
#define sq_fault_at(site) 0
#define sq_fault_at_until(site, cancel) 0
#endif
