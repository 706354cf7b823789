/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * gate — holds turns so that a test can look at them; with SQ_TEST_HOOKS only.
 *
 * A gate with N holds stops the first N who pass; a release lets one of them
 * go and takes one hold away, whether somebody waits or not: none is stored for
 * a hold that comes later (HZ-15).
 * Ownership: embedded.
 * Threads:   any; passing with no hold is one relaxed load.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "base/alloc.h"
#include "base/atomic.h"

struct sq_gate {
	struct sq_lock lock;           /* all that follows */
	pthread_cond_t changed;
	bool installed;                /* once; see sq_gate_install() */
	bool is_open;                  /* for good: the daemon stops */
	bool reached;                  /* somebody waited here since the last hold */
	unsigned n_holds;              /* atomic; written under the lock */
	unsigned n_waiting, n_permits;
};
int sq_gate_init(struct sq_gate *g, const char *name) sq_must_check;
void sq_gate_deinit(struct sq_gate *g);
enum { SQ_GATE_E_INSTALLED = 1 };
/** sq_gate_install() - Return: 0; SQ_GATE_E_INSTALLED: one is there and has holds left, nothing changed. */
int sq_gate_install(struct sq_gate *g, unsigned n_holds) sq_must_check;
/** sq_gate_hold() - @n more. */
void sq_gate_hold(struct sq_gate *g, unsigned n);
void sq_gate_release(struct sq_gate *g);
/** sq_gate_open() - let everybody go, now and later. */
void sq_gate_open(struct sq_gate *g);
void sq_gate_pass_slowly(struct sq_gate *g);
static inline void sq_gate_pass(struct sq_gate *g)
{
	/* relaxed: a test sets holds, then starts what passes */
	if (__builtin_expect(sq_load_relaxed(&g->n_holds) != 0, 0))
		sq_gate_pass_slowly(g);
}
/** sq_gate_wait() - until somebody waits or has waited here. Return: false when *cancel (looked at now and then) came first. */
bool sq_gate_wait(struct sq_gate *g, const bool *cancel);
/** sq_gate_waiting() - how many wait now. */
unsigned sq_gate_waiting(struct sq_gate *g);
