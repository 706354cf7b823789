/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#ifdef SQ_DEBUG
/* a thread holds one lock of a rank at most, so this is more than enough */
#define MAX_HELD 16
static _Thread_local const struct sq_lock *held[MAX_HELD];
static _Thread_local unsigned n_held;

static void __attribute__((noreturn))
broken(const char *rule, const struct sq_lock *l, const struct sq_lock *other)
{
	fprintf(stderr, "sq_lock: %s: %s (rank %d)", rule, l->name, l->rank);
	if (other)
		fprintf(stderr, " while holding %s (rank %d)", other->name, other->rank);
	fputc('\n', stderr);
	abort();
}

static void check_rank(const struct sq_lock *l)
{
	for (unsigned i = 0; i < n_held; i++)
		if (held[i]->rank >= l->rank)
			broken("rank order", l, held[i]);
	if (n_held == MAX_HELD)
		broken("too many locks", l, NULL);
}

static void note_taken(const struct sq_lock *l)
{
	held[n_held++] = l;
}

static void note_dropped(const struct sq_lock *l)
{
	for (unsigned i = 0; i < n_held; i++) {
		if (held[i] == l) {
			held[i] = held[--n_held];
			return;
		}
	}
	broken("released by a thread that does not hold it", l, NULL);
}

void sq_lock_assert_none(void)
{
	if (n_held)
		broken("held where none may be", held[0], NULL);
}

void sq_lock_assert_held(const struct sq_lock *l)
{
	for (unsigned i = 0; i < n_held; i++)
		if (held[i] == l)
			return;
	broken("not held", l, NULL);
}
#else
static inline void check_rank(const struct sq_lock *l) { (void)l; }
static inline void note_taken(const struct sq_lock *l) { (void)l; }
static inline void note_dropped(const struct sq_lock *l) { (void)l; }
void sq_lock_assert_held(const struct sq_lock *l) { (void)l; }
void sq_lock_assert_none(void) { }
#endif

/* errors here are broken programs (a destroyed mutex, a deadlock on oneself) */
static void must(int r, const struct sq_lock *l)
{
	if (r) {
		fprintf(stderr, "sq_lock: %s: %s\n", l->name, strerror(r));
		abort();
	}
}

int sq_lock_init(struct sq_lock *l, enum sq_lock_rank rank, const char *name)
{
	int r = pthread_mutex_init(&l->mutex, NULL);

	if (r)
		return sq_error_origin(-r);
	l->name = name;
	l->rank = (int)rank;
	return 0;
}

void sq_lock_deinit(struct sq_lock *l)
{
	must(pthread_mutex_destroy(&l->mutex), l);
}

SQ_NO_TSA void sq_lock(struct sq_lock *l)
{
	check_rank(l);
	must(pthread_mutex_lock(&l->mutex), l);
	note_taken(l);
}

SQ_NO_TSA void sq_unlock(struct sq_lock *l)
{
	note_dropped(l);
	must(pthread_mutex_unlock(&l->mutex), l);
}

void sq_lock_wait(struct sq_lock *l, pthread_cond_t *cond)
{
	note_dropped(l);
	must(pthread_cond_wait(cond, &l->mutex), l);
	note_taken(l);
}

int sq_lock_wait_until(struct sq_lock *l, pthread_cond_t *cond, uint64_t deadline_ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(deadline_ns / 1000000000u),
		.tv_nsec = (long)(deadline_ns % 1000000000u),
	};
	int r;

	note_dropped(l);
	r = pthread_cond_timedwait(cond, &l->mutex, &t);
	note_taken(l);
	if (r == ETIMEDOUT)
		return SQ_LOCK_E_TIMEOUT;
	must(r, l);
	return 0;
}

int sq_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r)
		return sq_error_origin(-r);
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!r)
		r = pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);   /* frees nothing, cannot fail */
	return r ? sq_error_origin(-r) : 0;
}
