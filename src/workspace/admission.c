/* SPDX-License-Identifier: MIT */
#include "workspace/admission.h"

#include "base/atomic.h"
#include "base/error.h"

static uint64_t add_sat(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

static uint64_t sub_sat(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void lift(struct sq_admission *a) SQ_REQUIRES(&a->lock)
{
	uint64_t sum = sq_admission_committed(&a->now);

	if (sum > a->now.high_water)
		a->now.high_water = sum;
}

int sq_admission_init(struct sq_admission *a, uint64_t limit_bytes)
{
	a->now = (struct sq_admission_state){ .limit = limit_bytes };
	return sq_lock_init(&a->lock, SQ_RANK_ADMISSION, "admission");
}

void sq_admission_deinit(struct sq_admission *a)
{
	sq_lock_deinit(&a->lock);
}

void sq_admission_set_limit(struct sq_admission *a, uint64_t limit_bytes, struct sq_admission_state *ret_now)
{
	sq_lock(&a->lock);
	a->now.limit = limit_bytes;
	*ret_now = a->now;
	sq_unlock(&a->lock);
}

/* reserve @bytes more: equality with the limit is allowed (AD-01) */
static int grant_locked(struct sq_admission *a, uint64_t bytes,
			struct sq_admission_state *ret_at) SQ_REQUIRES(&a->lock)
{
	uint64_t want = add_sat(sq_admission_committed(&a->now), bytes);

	if (want > a->now.limit) {
		if (ret_at)
			*ret_at = a->now;
		return SQ_ADMISSION_E_FULL;
	}
	a->now.reserved += bytes;
	lift(a);
	return 0;
}

int sq_admission_reserve(struct sq_admission *a, uint64_t bytes, struct sq_reservation *res,
			 struct sq_admission_state *ret_at)
{
	int r;

	sq_lock(&a->lock);
	r = grant_locked(a, bytes, ret_at);
	sq_unlock(&a->lock);
	if (!r)
		*res = (struct sq_reservation){ .admission = a, .bytes = bytes };
	return r;
}

int sq_reservation_extend(struct sq_reservation *res, uint64_t more, struct sq_admission_state *ret_at)
{
	struct sq_admission *a = res->admission;
	int r;

	sq_lock(&a->lock);
	r = grant_locked(a, more, ret_at);
	if (!r)
		/* relaxed: workers only compare it with what they have built */
		sq_store_relaxed(&res->bytes, res->bytes + more);
	sq_unlock(&a->lock);
	return r;
}

void sq_reservation_release(struct sq_reservation *res)
{
	struct sq_admission *a = res->admission;

	if (!a)
		return;
	sq_lock(&a->lock);
	a->now.reserved = sub_sat(a->now.reserved, res->bytes);
	sq_unlock(&a->lock);
	*res = (struct sq_reservation)SQ_RESERVATION_NULL;
}

void sq_admission_commit(struct sq_admission *a, struct sq_reservation *res, uint64_t old_bytes,
			 uint64_t new_bytes, uint64_t retained_more)
{
	sq_lock(&a->lock);
	a->now.reserved = sub_sat(a->now.reserved, res->bytes);
	a->now.loaded = add_sat(sub_sat(a->now.loaded, old_bytes), new_bytes);
	a->now.retained = add_sat(a->now.retained, retained_more);
	lift(a);
	sq_unlock(&a->lock);
	*res = (struct sq_reservation)SQ_RESERVATION_NULL;
}

void sq_admission_retire(struct sq_admission *a, uint64_t bytes)
{
	sq_lock(&a->lock);
	a->now.loaded = sub_sat(a->now.loaded, bytes);
	a->now.retained = add_sat(a->now.retained, bytes);
	lift(a);
	sq_unlock(&a->lock);
}

void sq_admission_freed(struct sq_admission *a, uint64_t bytes)
{
	sq_lock(&a->lock);
	a->now.retained = sub_sat(a->now.retained, bytes);
	sq_unlock(&a->lock);
}

void sq_admission_read(struct sq_admission *a, struct sq_admission_state *ret)
{
	sq_lock(&a->lock);
	lift(a);
	*ret = a->now;
	sq_unlock(&a->lock);
}
