/* SPDX-License-Identifier: MIT */
#include "bench/histogram.h"

#include <string.h>

static void read_buckets(struct sq_histogram *h, const struct sqry_value *buckets)
{
	for (size_t i = 0; i < sqry_value_count(buckets) && h->n < SQ_HISTOGRAM_MAX; i++) {
		const struct sqry_value *pair = sqry_value_at(buckets, i);

		h->v[h->n].le_ns = (uint64_t)sqry_value_int(sqry_value_at(pair, 0), 0);
		h->v[h->n].count = (uint64_t)sqry_value_int(sqry_value_at(pair, 1), 0);
		h->total += h->v[h->n++].count;
	}
}

void sq_histogram_read(struct sq_histogram *h, const struct sqry_value *metrics, const char *method)
{
	const struct sqry_value *all = sqry_value_get(metrics, "methods");

	h->is_known = sqry_value_type(all) == SQRY_ARRAY;
	h->total = 0;
	h->n = 0;
	for (size_t i = 0; i < sqry_value_count(all); i++) {
		const struct sqry_value *m = sqry_value_at(all, i);

		if (!strcmp(sqry_value_string(sqry_value_get(m, "method"), NULL), method))
			read_buckets(h, sqry_value_get(m, "buckets"));
	}
}

/* both rise, and what @before has is in @h too */
void sq_histogram_subtract(struct sq_histogram *h, const struct sq_histogram *before)
{
	size_t k = 0;

	h->total = 0;
	for (size_t i = 0; i < h->n; i++) {
		while (k < before->n && before->v[k].le_ns < h->v[i].le_ns)
			k++;
		if (k < before->n && before->v[k].le_ns == h->v[i].le_ns)
			h->v[i].count -= before->v[k].count;
		h->total += h->v[i].count;
	}
}

double sq_histogram_quantile(const struct sq_histogram *h, double q)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < h->n; i++) {
		seen += h->v[i].count;
		if (seen && (double)seen >= q * (double)h->total)
			return (double)h->v[i].le_ns;
	}
	return 0;
}
