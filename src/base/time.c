/* SPDX-License-Identifier: MIT */
#include "base/time.h"

#include <time.h>

#include "base/atomic.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	/* cannot fail: constant clocks that every kernel has, a valid pointer */
	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t sq_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t sq_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t sq_thread_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

const char *sq_time_rfc3339(uint64_t realtime_ns, char *buf, size_t cap)
{
	time_t s = (time_t)(realtime_ns / 1000000000u);
	struct tm tm;

	if (!cap)
		return "";
	if (!gmtime_r(&s, &tm) || !strftime(buf, cap, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = '\0';
	return buf;
}

#ifdef SQ_TEST_HOOKS
/* relaxed: a test moves the clocks, then does what looks at them */
static uint64_t clock_ahead, wall_ahead;   /* wall_ahead: modulo 2^64, it may go back */

uint64_t sq_clock_ns(void)
{
	return sq_now_ns() + sq_load_relaxed(&clock_ahead);
}

uint64_t sq_wall_ns(void)
{
	return sq_realtime_ns() + sq_load_relaxed(&wall_ahead);
}

void sq_clock_advance(uint64_t ns)
{
	(void)sq_add_relaxed(&clock_ahead, ns);
	(void)sq_add_relaxed(&wall_ahead, ns);
}

void sq_wall_set(uint64_t ns)
{
	sq_store_relaxed(&wall_ahead, ns - sq_realtime_ns());
}

uint64_t sq_clock_to_now(uint64_t clock_ns)
{
	uint64_t ahead = sq_load_relaxed(&clock_ahead);

	return clock_ns > ahead ? clock_ns - ahead : 0;
}
#endif
