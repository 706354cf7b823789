/* SPDX-License-Identifier: MIT */
#include "bench/sample.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <sysexits.h>

#define NOISE_SHARE 0.05
#define NOISE_MADS 3.0

void sq_sample_deinit(struct sq_sample *s)
{
	sq_vec_deinit(&s->values);
}

void sq_sample_add(struct sq_sample *s, double value)
{
	if (sq_vec_push(&s->values, value))
		errx(EX_OSERR, "out of memory");
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double sq_quantile(const double *sorted, size_t n, double q)
{
	size_t rank = (size_t)ceil(q * (double)n);

	if (!n)
		return 0;
	return sorted[rank < 1 ? 0 : rank > n ? n - 1 : rank - 1];
}

void sq_sample_summary(const struct sq_sample *s, struct sq_summary *ret)
{
	struct sq_summary sum = SQ_SUMMARY_NULL;
	size_t n = s->values.n;
	_cleanup_(sq_freep) double *v = NULL;

	if (n) {
		v = sq_memdup(s->values.v, n * sizeof(*v));
		if (!v)
			errx(EX_OSERR, "out of memory");
		qsort(v, n, sizeof(*v), by_value);
		sum = (struct sq_summary){ n, middle(v, n), sq_quantile(v, n, 0.99), sq_quantile(v, n, 0.999),
					   v[0], v[n - 1], 0 };
		for (size_t i = 0; i < n; i++)
			v[i] = fabs(v[i] - sum.median);
		qsort(v, n, sizeof(*v), by_value);
		sum.mad = middle(v, n);
	}
	*ret = sum;
}

enum sq_move sq_summary_move(const struct sq_summary *before, const struct sq_summary *now)
{
	double change = now->median - before->median;

	if (!before->n || !now->n || fabs(change) <= NOISE_SHARE * fabs(before->median) ||
	    fabs(change) <= NOISE_MADS * fmax(before->mad, now->mad))
		return SQ_MOVE_NONE;
	return change < 0 ? SQ_MOVE_DOWN : SQ_MOVE_UP;
}
