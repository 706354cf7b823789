/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * latency — how long a method takes inside the daemon: from the moment when
 * its frame was there to the moment when its answer is complete. A histogram
 * with 16 steps for each doubling, so a figure is at most 6.25 % too large.
 * Ownership: caller-owned storage. Threads: loop thread.
 */
#include <stddef.h>
#include <stdint.h>

#define SQ_LATENCY_STEPS 16u            /* to a doubling */
#define SQ_LATENCY_BUCKETS (37u * SQ_LATENCY_STEPS)     /* up to 1,099 s, what is longer too */

struct sq_latency { uint64_t n, max_ns, sum_ns, counts[SQ_LATENCY_BUCKETS]; };
void sq_latency_add(struct sq_latency *l, uint64_t ns);
/** sq_latency_le() - the longest time that bucket @i holds. */
uint64_t sq_latency_le(unsigned i);
/** sq_latency_quantile() - upper bound of the bucket of @permille of all; 0 when there were none. */
uint64_t sq_latency_quantile(const struct sq_latency *l, unsigned permille);
