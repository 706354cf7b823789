/* SPDX-License-Identifier: MIT */
#include "rebuild/alarms.h"

#include "base/error.h"
#include "base/lock.h"
#include "base/time.h"
#include "sys/thread.h"

struct sq_alarms {
	struct sq_lock lock;           /* all that follows */
	pthread_cond_t changed;        /* an earlier alarm, closed, the clock was moved */
	pthread_cond_t fired;          /* ->firing was returned from */
	struct sq_alarm *first;        /* in order of time */
	struct sq_alarm *firing;
	uint64_t wakes_at_ns;          /* the thread sleeps until then; 0: it is awake, UINT64_MAX: without a limit */
	uint64_t n_wakeups;
	bool closed;
	pthread_t thread;
};

static bool take_out(struct sq_alarms *as, struct sq_alarm *a)
{
	struct sq_alarm **at = &as->first;

	if (!a->at_ns)
		return false;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->at_ns = 0;
	return true;
}

static void put_in(struct sq_alarms *as, struct sq_alarm *a, uint64_t at_ns)
{
	struct sq_alarm **at = &as->first;

	while (*at && (*at)->at_ns <= at_ns)
		at = &(*at)->next;
	a->at_ns = at_ns;
	a->next = *at;
	*at = a;
}

static void fire_due(struct sq_alarms *as) SQ_REQUIRES(&as->lock)
{
	while (!as->closed && as->first && as->first->at_ns <= sq_clock_ns()) {
		struct sq_alarm *a = as->first;

		(void)take_out(as, a);
		as->firing = a;
		sq_unlock(&as->lock);
		a->fire(a);   /* @a may be gone afterwards */
		sq_lock(&as->lock);
		as->firing = NULL;
		pthread_cond_broadcast(&as->fired);
	}
}

static void *run(void *arg)
{
	struct sq_alarms *as = arg;

	sq_lock(&as->lock);
	while (!as->closed) {
		as->wakes_at_ns = 0;
		fire_due(as);
		if (as->closed)
			break;
		as->wakes_at_ns = as->first ? as->first->at_ns : UINT64_MAX;
		if (as->first)
			(void)sq_lock_wait_until(&as->lock, &as->changed, sq_clock_to_now(as->first->at_ns));
		else
			sq_lock_wait(&as->lock, &as->changed);
		as->n_wakeups++;
	}
	sq_unlock(&as->lock);
	return NULL;
}

int sq_alarms_new(struct sq_alarms **ret_as)
{
	struct sq_alarms *as = sq_calloc(1, sizeof(*as));
	int r;

	if (!as)
		return sq_error_origin(-ENOMEM);
	r = sq_lock_init(&as->lock, SQ_RANK_ALARM, "alarms");
	if (r < 0)
		goto out_free;
	r = sq_cond_init(&as->changed);
	if (r < 0)
		goto out_lock;
	r = sq_cond_init(&as->fired);
	if (r < 0)
		goto out_changed;
	r = sq_thread_start("sq-alarm", run, as, &as->thread);
	if (r < 0)
		goto out_fired;
	*ret_as = as;
	return 0;
out_fired:
	pthread_cond_destroy(&as->fired);
out_changed:
	pthread_cond_destroy(&as->changed);
out_lock:
	sq_lock_deinit(&as->lock);
out_free:
	sq_free(as);
	return sq_error_trace(r);
}

struct sq_alarms *sq_alarms_free(struct sq_alarms *as)
{
	if (!as)
		return NULL;
	sq_lock(&as->lock);
	as->closed = true;
	pthread_cond_signal(&as->changed);
	sq_unlock(&as->lock);
	sq_thread_join(as->thread);
	pthread_cond_destroy(&as->fired);
	pthread_cond_destroy(&as->changed);
	sq_lock_deinit(&as->lock);
	sq_free(as);
	return NULL;
}

bool sq_alarm_set(struct sq_alarms *as, struct sq_alarm *a, uint64_t at_ns)
{
	bool was_set;

	sq_lock(&as->lock);
	was_set = take_out(as, a);
	put_in(as, a, at_ns ? at_ns : 1);
	/* one that sleeps less long looks again by itself: a turn's budget wakes it once in a while, not every turn */
	if (as->wakes_at_ns > at_ns)
		pthread_cond_signal(&as->changed);
	sq_unlock(&as->lock);
	return !was_set;
}

bool sq_alarm_clear(struct sq_alarms *as, struct sq_alarm *a)
{
	bool was_set;

	sq_lock(&as->lock);
	was_set = take_out(as, a);
	while (as->firing == a && !pthread_equal(pthread_self(), as->thread))
		sq_lock_wait(&as->lock, &as->fired);
	sq_unlock(&as->lock);
	return was_set;
}

uint64_t sq_alarm_at(struct sq_alarms *as, const struct sq_alarm *a)
{
	uint64_t at_ns;

	sq_lock(&as->lock);
	at_ns = a->at_ns;
	sq_unlock(&as->lock);
	return at_ns;
}

void sq_alarms_look(struct sq_alarms *as)
{
	sq_lock(&as->lock);
	pthread_cond_signal(&as->changed);
	sq_unlock(&as->lock);
}

size_t sq_alarms_count(struct sq_alarms *as, uint64_t *ret_wakeups)
{
	size_t n = 0;

	sq_lock(&as->lock);
	for (const struct sq_alarm *a = as->first; a; a = a->next)
		n++;
	*ret_wakeups = as->n_wakeups;
	sq_unlock(&as->lock);
	return n;
}

uint32_t sq_retry_delay_s(uint32_t n_failures)
{
	static const uint16_t delay_s[] = { 0, 30, 60, 120, 300, 600 };

	return delay_s[SQ_MIN((size_t)n_failures, SQ_ARRAY_SIZE(delay_s) - 1)];
}
