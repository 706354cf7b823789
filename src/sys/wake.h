/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * wake — an eventfd by which any thread wakes one that sleeps in a ring or poll.
 * Ownership: embedded; deinit when nobody signals any more.
 * Threads:   signal: any, also a signal handler; drain: the sleeper.
 * Order:     what was written before a signal is seen after the drain that
 *            took it.
 */
#include <stdbool.h>

#include "base/alloc.h"

struct sq_wake {
	int fd;                  /* readable when signalled; non-blocking */
};
#define SQ_WAKE_NULL { .fd = -1 }
int sq_wake_init(struct sq_wake *w) sq_must_check;
void sq_wake_deinit(struct sq_wake *w);
void sq_wake_signal(struct sq_wake *w);
/** sq_wake_drain() - Return: true when it had been signalled since the last drain. */
bool sq_wake_drain(struct sq_wake *w);
/** sq_wake_wait() - sleep until signalled, then drain (for threads that have no ring). */
void sq_wake_wait(struct sq_wake *w);
