/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * alarms — one-shot deadlines on sq_clock_ns(): when a failed build is tried
 * again, when a turn has taken too long. One thread sleeps until the earliest;
 * with none set it sleeps without a limit.
 * Ownership: an alarm is embedded in who waits for it.
 * Threads:   any, without a lock of a rank above ALARM; fire() runs on the
 *            alarm thread without locks, once for every set.
 * Invariants: set again, an alarm has the new time only; cleared, it does not
 *            fire any more and is not firing.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_alarms;
struct sq_alarm {
	void (*fire)(struct sq_alarm *a);      /* set once, before the first use */
	uint64_t at_ns;                        /* 0: not set */
	struct sq_alarm *next;
};
int sq_alarms_new(struct sq_alarms **ret_as) sq_must_check;
/** sq_alarms_free() - what is still set does not fire. */
struct sq_alarms *sq_alarms_free(struct sq_alarms *as);
/** sq_alarm_set() - Return: true when it was not set before. */
bool sq_alarm_set(struct sq_alarms *as, struct sq_alarm *a, uint64_t at_ns);
/** sq_alarm_clear() - waits for fire() to return, unless it is called from there. Return: true when it was set. */
bool sq_alarm_clear(struct sq_alarms *as, struct sq_alarm *a);
/** sq_alarm_at() - when it fires, 0 not set. */
uint64_t sq_alarm_at(struct sq_alarms *as, const struct sq_alarm *a);
/** sq_alarms_look() - the clock was moved. */
void sq_alarms_look(struct sq_alarms *as);
/** sq_alarms_count() - set now, and how often the thread woke. */
size_t sq_alarms_count(struct sq_alarms *as, uint64_t *ret_wakeups);

/** sq_retry_delay_s() - back-off after @n_failures in a row: 0, then 30, 60, 120, 300, 600 and so on (RY-03). */
uint32_t sq_retry_delay_s(uint32_t n_failures);
