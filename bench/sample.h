/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * sample — repeated measurements of one quantity, and what they say together.
 * Ownership: the sample owns its values. Threads: one at a time.
 * Invariants: values keep the order in which they were added; every figure of
 *             an empty sample is 0.
 */
#include <stdbool.h>

#include "base/vec.h"

struct sq_sample { SQ_VEC(double) values; };
#define SQ_SAMPLE_NULL { SQ_VEC_NULL }

struct sq_summary {
	size_t n;
	double median;
	double p99, p999;       /* nearest rank */
	double min, max;
	double mad;             /* median absolute deviation from the median, unscaled */
};
#define SQ_SUMMARY_NULL { 0, 0, 0, 0, 0, 0, 0 }

void sq_sample_deinit(struct sq_sample *s);
/** sq_sample_add() - a value that cannot be kept ends the program: half a sample is a wrong one. */
void sq_sample_add(struct sq_sample *s, double value);
/** sq_sample_summary() - an even number's median is the mean of the middle two. */
void sq_sample_summary(const struct sq_sample *s, struct sq_summary *ret);
/** sq_quantile() - nearest rank of @q (0..1] of @sorted; 0 when @n is 0. */
double sq_quantile(const double *sorted, size_t n, double q);

enum sq_move { SQ_MOVE_NONE, SQ_MOVE_DOWN, SQ_MOVE_UP };
/**
 * sq_summary_move() - is @now another figure than @before, beyond noise?
 * The medians must differ by more than 5 % of the earlier one, and by more
 * than three times the greater of the two MADs.
 */
enum sq_move sq_summary_move(const struct sq_summary *before, const struct sq_summary *now);
