/* SPDX-License-Identifier: MIT */
#include "daemon/latency.h"

#include "base/alloc.h"

/* below 2^4 each value has its own; above, the four bits below the highest one choose */
static unsigned bucket_of(uint64_t ns)
{
	unsigned top, i;

	if (ns < SQ_LATENCY_STEPS)
		return (unsigned)ns;
	top = 63u - (unsigned)__builtin_clzll(ns);
	i = (top - 3) * SQ_LATENCY_STEPS + (unsigned)(ns >> (top - 4) & (SQ_LATENCY_STEPS - 1));
	return SQ_MIN(i, SQ_LATENCY_BUCKETS - 1);
}

void sq_latency_add(struct sq_latency *l, uint64_t ns)
{
	l->n++;
	l->sum_ns += ns;
	l->counts[bucket_of(ns)]++;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

uint64_t sq_latency_le(unsigned i)
{
	unsigned shift = i / SQ_LATENCY_STEPS;
	uint64_t step = i % SQ_LATENCY_STEPS;

	if (!shift)
		return step;
	return ((SQ_LATENCY_STEPS + step + 1) << (shift - 1)) - 1;
}

uint64_t sq_latency_quantile(const struct sq_latency *l, unsigned permille)
{
	uint64_t rank = (l->n * permille + 999) / 1000, seen = 0;

	if (!l->n)
		return 0;
	for (unsigned i = 0; i < SQ_LATENCY_BUCKETS; i++) {
		seen += l->counts[i];
		if (seen >= rank)
			return SQ_MIN(sq_latency_le(i), l->max_ns);
	}
	return l->max_ns;
}
