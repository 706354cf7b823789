/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * admission — the ledger of real bytes: loaded + reserved + retained <= limit.
 * loaded:   bytes of the versions that are served
 * reserved: promised to builds in progress, spent before the work starts
 * retained: replaced or evicted, not yet given back
 * Ownership: the manager's. A reservation belongs to one turn.
 * Threads:   any; every call takes ADMISSION.lock and nothing else. Queries
 *            never call in here.
 * Invariants: a grant never takes the sum over the limit; what a publish moves
 *            between the three was reserved before; arithmetic saturates;
 *            high_water is the largest sum ever seen.
 */
#include <stdbool.h>

#include "base/lock.h"
#include "base/alloc.h"

#define SQ_ADMISSION_STEP_BYTES (16ull << 20)   /* how a build extends its reservation */

struct sq_admission_state {
	uint64_t limit, loaded, reserved, retained, high_water;
};
struct sq_admission {
	struct sq_lock lock;
	struct sq_admission_state now;
};
struct sq_reservation {
	struct sq_admission *admission;   /* NULL: nothing reserved */
	uint64_t bytes;                   /* readable without the lock by its owner's workers (relaxed) */
};
#define SQ_RESERVATION_NULL { .admission = NULL }

int sq_admission_init(struct sq_admission *a, uint64_t limit_bytes) sq_must_check;
void sq_admission_deinit(struct sq_admission *a);
/** sq_admission_set_limit() - a new limit, perhaps below what is committed: nothing is granted until it fits. */
void sq_admission_set_limit(struct sq_admission *a, uint64_t limit_bytes, struct sq_admission_state *ret_now);
enum { SQ_ADMISSION_E_FULL = 1 };
/**
 * sq_admission_reserve() - promise @bytes to @res, which holds nothing.
 * @ret_at: the ledger as it was when refused; may be NULL
 * Return: 0; SQ_ADMISSION_E_FULL, nothing changed.
 */
int sq_admission_reserve(struct sq_admission *a, uint64_t bytes, struct sq_reservation *res,
			 struct sq_admission_state *ret_at) sq_must_check;
/** sq_reservation_extend() - the same for @more bytes on top. Any thread of the turn. */
int sq_reservation_extend(struct sq_reservation *res, uint64_t more,
			  struct sq_admission_state *ret_at) sq_must_check;
/** sq_reservation_release() - give back what was not consumed; twice is fine. */
void sq_reservation_release(struct sq_reservation *res);
/**
 * sq_admission_commit() - a publish: the reservation is consumed, loaded goes
 * from @old_bytes to @new_bytes of this workspace, @retained_more are added.
 */
void sq_admission_commit(struct sq_admission *a, struct sq_reservation *res, uint64_t old_bytes,
			 uint64_t new_bytes, uint64_t retained_more);
/** sq_admission_retire() - an eviction: @bytes go from loaded to retained. */
void sq_admission_retire(struct sq_admission *a, uint64_t bytes);
/** sq_admission_freed() - @bytes of retained were given back. */
void sq_admission_freed(struct sq_admission *a, uint64_t bytes);
/** sq_admission_read() - all counters at one moment; lifts high_water (ST-05). */
void sq_admission_read(struct sq_admission *a, struct sq_admission_state *ret);
static inline uint64_t sq_admission_committed(const struct sq_admission_state *s)
{
	uint64_t sum;

	if (__builtin_add_overflow(s->loaded, s->reserved, &sum) ||
	    __builtin_add_overflow(sum, s->retained, &sum))
		return UINT64_MAX;
	return sum;
}
