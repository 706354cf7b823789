/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * ring — bounded single-producer single-consumer queue of fixed-size items,
 * wait-free on both sides, C11 atomics. Full: the push is refused and the
 * caller records the loss (nothing blocks, nothing is overwritten).
 * Threads: one producer, one consumer; may be different threads over time
 *          when hand-over synchronises by itself.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_ring;
int sq_ring_new(size_t capacity_pow2, size_t item_bytes, struct sq_ring **ret_r) sq_must_check;
struct sq_ring *sq_ring_free(struct sq_ring *r);
bool sq_ring_push(struct sq_ring *r, const void *item);   /* producer; false: full */
bool sq_ring_pop(struct sq_ring *r, void *ret_item);      /* consumer; false: empty */
size_t sq_ring_len(const struct sq_ring *r);              /* a moment's value */
