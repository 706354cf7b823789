/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * metrics — the daemon's figures in the text format of Prometheus, by its
 * conventions: sqryd_..., base units, _total for what only grows.
 * Builds are counted here, by mode and outcome, as turns report them; every
 * other figure is read where it is kept when somebody asks.
 * Ownership: caller-owned storage.
 * Threads:   sq_build_metrics_add: any; sq_metrics_write: loop thread, inside
 *            an epoch section.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "rebuild/outcome.h"

#define SQ_BUILD_BUCKETS 10u           /* 1 ms, 4 ms, ... 262 s, longer */
#define SQ_BUILD_OUTCOMES 8u           /* at least one for each enum sq_outcome_code */
/* atomics, relaxed: figures */
struct sq_build_metrics {
	struct sq_build_mode {
		uint64_t n[SQ_BUILD_OUTCOMES];
		uint64_t buckets[SQ_BUILD_BUCKETS], sum_ns;   /* of those that were published */
	} modes[2];                    /* incremental, full */
};
void sq_build_metrics_add(struct sq_build_metrics *m, bool was_full, enum sq_outcome_code code, uint64_t ns);

struct sq_daemon;
void sq_metrics_write(struct sq_daemon *d, struct sq_buf *out);
