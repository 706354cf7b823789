/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * memo — 64-bit key -> range of a scratch array; open addressing, cleared in
 * O(1) by a generation stamp. Private to the linker.
 * Threads: one.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_memo_slot { uint64_t key; uint32_t stamp, first, n; };
struct sq_memo {
	struct sq_memo_slot *slots;
	uint32_t n_slots, used, stamp;
};
#define SQ_MEMO_NULL { NULL, 0, 0, 0 }
void sq_memo_clear(struct sq_memo *m);
void sq_memo_deinit(struct sq_memo *m);
/** sq_memo_get() - the entry of @key, or NULL. Valid until the next put. */
const struct sq_memo_slot *sq_memo_get(const struct sq_memo *m, uint64_t key);
/** sq_memo_put() - add a key that is absent. 0 or -ENOMEM. */
int sq_memo_put(struct sq_memo *m, uint64_t key, uint32_t first, uint32_t n) sq_must_check;
