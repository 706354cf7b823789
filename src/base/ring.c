/* SPDX-License-Identifier: MIT */
#include "base/ring.h"

#include <string.h>

#include "base/atomic.h"
#include "base/error.h"

/*
 * head counts the items ever pushed, tail those ever popped; slot of item k is
 * k & mask. Only the producer writes head, only the consumer writes tail.
 * Unsigned wrap-around is harmless: the differences are at most capacity.
 *
 * Why it is right:
 *  1. 0 <= head - tail <= capacity at any instant. The producer pushes only
 *     when head - t < capacity, t being a value that tail had earlier; tail
 *     only grows, so head - tail < capacity still. In the same way the
 *     consumer pops only when h != tail for an earlier h <= head.
 *  2. An item is read after it was written. The consumer reads slot k only
 *     after an acquire load of head gave h > k; that value was stored with
 *     release after slot k was filled, so the filling happens before.
 *  3. A slot is not overwritten while it is read. The producer fills slot
 *     k + capacity only after an acquire load of tail gave t > k; that value
 *     was stored with release after slot k had been copied out.
 *  4. tail_seen and head_seen are private copies of such an acquire load: an
 *     old value is a true lower bound (1), and the order that it carried (2, 3)
 *     stays.
 * Progress: neither side loops, so both are wait-free. Push and pop return
 * "full" and "empty" only after looking at the other side's present index.
 */
struct sq_ring {
	/* never written after sq_ring_new */
	size_t mask, item_bytes;
	char *slots;
	/* the producer's line; the consumer only reads head */
	size_t head __attribute__((aligned(64)));
	size_t tail_seen;
	/* the consumer's line; the producer only reads tail */
	size_t tail __attribute__((aligned(64)));
	size_t head_seen;
};

int sq_ring_new(size_t capacity_pow2, size_t item_bytes, struct sq_ring **ret_r)
{
	struct sq_ring *r;
	size_t bytes;

	if (!capacity_pow2 || (capacity_pow2 & (capacity_pow2 - 1)) || !item_bytes)
		return sq_error_origin(-EINVAL);
	if (__builtin_mul_overflow(capacity_pow2, item_bytes, &bytes))
		return sq_error_origin(-ENOMEM);
	r = sq_aligned_alloc(64, sizeof(*r));
	if (!r)
		return sq_error_origin(-ENOMEM);
	memset(r, 0, sizeof(*r));
	r->mask = capacity_pow2 - 1;
	r->item_bytes = item_bytes;
	r->slots = sq_aligned_alloc(64, bytes);
	if (!r->slots) {
		sq_free(r);
		return sq_error_origin(-ENOMEM);
	}
	*ret_r = r;
	return 0;
}

struct sq_ring *sq_ring_free(struct sq_ring *r)
{
	if (r) {
		sq_free(r->slots);
		sq_free(r);
	}
	return NULL;
}

static inline char *slot(const struct sq_ring *r, size_t k)
{
	return r->slots + (k & r->mask) * r->item_bytes;
}

bool sq_ring_push(struct sq_ring *r, const void *item)
{
	size_t head = sq_load_relaxed(&r->head);   /* our own word */

	if (head - r->tail_seen > r->mask) {
		r->tail_seen = sq_load_acquire(&r->tail);   /* pairs with sq_ring_pop */
		if (head - r->tail_seen > r->mask)
			return false;
	}
	memcpy(slot(r, head), item, r->item_bytes);
	sq_store_release(&r->head, head + 1);   /* pairs with sq_ring_pop, sq_ring_len */
	return true;
}

bool sq_ring_pop(struct sq_ring *r, void *ret_item)
{
	size_t tail = sq_load_relaxed(&r->tail);   /* our own word */

	if (tail == r->head_seen) {
		r->head_seen = sq_load_acquire(&r->head);   /* pairs with sq_ring_push */
		if (tail == r->head_seen)
			return false;
	}
	memcpy(ret_item, slot(r, tail), r->item_bytes);
	sq_store_release(&r->tail, tail + 1);   /* pairs with sq_ring_push */
	return true;
}

size_t sq_ring_len(const struct sq_ring *r)
{
	/*
	 * tail first: a head loaded later is not behind it. It may be further
	 * ahead than the capacity, so the difference is cut.
	 */
	size_t tail = sq_load_acquire(&r->tail);   /* pairs with sq_ring_pop */
	size_t n = sq_load_acquire(&r->head) - tail;   /* pairs with sq_ring_push */

	return n > r->mask + 1 ? r->mask + 1 : n;
}
