/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * time — clocks in nanoseconds. Threads: any.
 *
 * sq_clock_ns() and sq_wall_ns() are for what is told in seconds to hours
 * (back-off, budgets, ages, drain warnings): a test moves them with test/clock.
 * Measurements and the windows of the watcher use the clocks of the kernel.
 */
#include <stddef.h>
#include <stdint.h>

uint64_t sq_now_ns(void);          /* CLOCK_MONOTONIC */
uint64_t sq_realtime_ns(void);     /* CLOCK_REALTIME since the epoch */
uint64_t sq_thread_cpu_ns(void);   /* CPU time of this thread */
/** sq_time_rfc3339() - "2024-01-31T12:00:00Z"; @buf of at least 21 bytes. */
const char *sq_time_rfc3339(uint64_t realtime_ns, char *buf, size_t cap);
#ifdef SQ_TEST_HOOKS
uint64_t sq_clock_ns(void);        /* monotonic: sq_now_ns() and what a test added */
uint64_t sq_wall_ns(void);         /* sq_realtime_ns() and what a test added */
/** sq_clock_advance() - both clocks go on by @ns at once; who sleeps until then must be woken. */
void sq_clock_advance(uint64_t ns);
/** sq_wall_set() - the wall clock says @ns now, perhaps less than before. */
void sq_wall_set(uint64_t ns);
/** sq_clock_to_now() - when sq_now_ns() will say so, if nobody moves the clock. */
uint64_t sq_clock_to_now(uint64_t clock_ns);
#else
static inline uint64_t sq_clock_ns(void) { return sq_now_ns(); }
static inline uint64_t sq_wall_ns(void) { return sq_realtime_ns(); }
static inline uint64_t sq_clock_to_now(uint64_t clock_ns) { return clock_ns; }
#endif
