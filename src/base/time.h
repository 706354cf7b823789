/* SPDX-License-Identifier: MIT */
#pragma once
/* time — clocks in nanoseconds. Threads: any. */
#include <stddef.h>
#include <stdint.h>

uint64_t sq_now_ns(void);          /* CLOCK_MONOTONIC */
uint64_t sq_realtime_ns(void);     /* CLOCK_REALTIME since the epoch */
uint64_t sq_thread_cpu_ns(void);   /* CPU time of this thread */
/** sq_time_rfc3339() - "2024-01-31T12:00:00Z"; @buf of at least 21 bytes. */
const char *sq_time_rfc3339(uint64_t realtime_ns, char *buf, size_t cap);
