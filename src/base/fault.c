/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#ifdef SQ_TEST_HOOKS
#include <assert.h>
#include <poll.h>
#include <string.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/time.h"

/* every place there is, by the file that asks */
static const char *const names[] = {
	/* rebuild/turn.c */
	"reserved", "build", "finished",
	/* rebuild/fill.c */
	"build_worker",
	/* rebuild/run.c */
	"runner_abort",
	/* workspace/manager.c */
	"publish_after_swap", "retained_alloc", "size",
	/* the bridge between a watch root and its lane */
	"event_source",
};
static struct sq_lock lock = SQ_LOCK_STATIC(SQ_RANK_FAULT, "fault");
static struct { struct sq_fault_plan plan; unsigned n_hits; } places[SQ_ARRAY_SIZE(names)];   /* under lock */
static unsigned n_armed;   /* written under the lock, read without */

static int find(const char *site)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], site))
			return (int)i;
	return -1;
}

int sq_fault_arm(const char *site, const struct sq_fault_plan *plan)
{
	int i = find(site);

	if (i < 0)
		return SQ_FAULT_E_UNKNOWN;
	sq_lock(&lock);
	/* relaxed: a test arms, then does what passes there */
	(void)sq_add_relaxed(&n_armed, (plan->count ? 1u : 0u) - (places[i].plan.count ? 1u : 0u));
	places[i].plan = *plan;
	sq_unlock(&lock);
	return 0;
}

unsigned sq_fault_hits(const char *site)
{
	int i = find(site);
	unsigned n;

	assert(i >= 0);
	sq_lock(&lock);
	n = places[i].n_hits;
	sq_unlock(&lock);
	return n;
}

/* a test's wait: nothing would wake it but the flag, which nobody signals */
static void sleep_until(uint64_t ms, const bool *cancel)
{
	uint64_t end = sq_now_ns() + ms * 1000000u;

	/* relaxed: a request to stop soon */
	while (sq_now_ns() < end && !(cancel && sq_load_relaxed(cancel)))
		(void)poll(NULL, 0, 1);
}

int sq_fault_at_until(const char *site, const bool *cancel)
{
	struct sq_fault_plan plan = { .error = 0 };
	int i;

	if (!sq_load_relaxed(&n_armed))   /* relaxed: see sq_fault_arm() */
		return 0;
	i = find(site);
	assert(i >= 0);
	sq_lock(&lock);
	if (places[i].plan.count) {
		plan = places[i].plan;
		places[i].n_hits++;
		if (!--places[i].plan.count)
			(void)sq_sub_relaxed(&n_armed, 1u);   /* relaxed: as above */
	}
	sq_unlock(&lock);
	if (plan.sleep_ms)
		sleep_until(plan.sleep_ms, cancel);
	return plan.error;
}

int sq_fault_at(const char *site)
{
	return sq_fault_at_until(site, NULL);
}
#endif
