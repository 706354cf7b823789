/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * histogram — a method's times inside the daemon, as daemon/metrics tells them.
 * Ownership: caller-owned storage. Threads: one at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqry/value.h>

#define SQ_HISTOGRAM_MAX 1024u
struct sq_histogram {
	bool is_known;          /* the daemon told it */
	uint64_t total;
	size_t n;
	struct { uint64_t le_ns, count; } v[SQ_HISTOGRAM_MAX];
};
#define SQ_HISTOGRAM_NULL { .is_known = false }
/** sq_histogram_read() - of @method in a result of daemon/metrics; empty when it was not called. */
void sq_histogram_read(struct sq_histogram *h, const struct sqry_value *metrics, const char *method);
/** sq_histogram_subtract() - what came since @before. */
void sq_histogram_subtract(struct sq_histogram *h, const struct sq_histogram *before);
/** sq_histogram_quantile() - upper bound in ns of the bucket that holds @q (0..1]; 0 when empty. */
double sq_histogram_quantile(const struct sq_histogram *h, double q);
