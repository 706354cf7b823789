/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * alike — two lists of which one came from the other by an edit: what both have
 * in the same order is struck out of both, so that sets of thousands are
 * compared by sorting the few items that are left. Each list has an item once.
 * An item that moved is left in both.
 * Ownership: the lists are the caller's, changed in place. Threads: any.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* so many items that one side alone has are looked past for the next common one */
#define SQ_ALIKE_AHEAD 16u

struct sq_alike { char *v; size_t n; };

static inline __attribute__((always_inline)) bool sq_alike_same(const struct sq_alike *a, size_t i,
								const struct sq_alike *b, size_t k, size_t size)
{
	return i < a->n && k < b->n && !memcmp(a->v + i * size, b->v + k * size, size);
}

/**
 * sq_alike_strike() - leave what is not struck out in ->v and its number in ->n.
 * @size: of an item, a constant; items are compared byte by byte and have no padding
 */
static inline __attribute__((always_inline)) void sq_alike_strike(struct sq_alike *a, struct sq_alike *b, size_t size)
{
	size_t i = 0, k = 0, left_a = 0, left_b = 0;

	while (i < a->n || k < b->n) {
		size_t ahead = 0, skip_a = i < a->n, skip_b = k < b->n;

		if (sq_alike_same(a, i, b, k, size)) {
			i++;
			k++;
			continue;
		}
		while (++ahead <= SQ_ALIKE_AHEAD)
			if (sq_alike_same(a, i + ahead, b, k, size) || sq_alike_same(a, i, b, k + ahead, size)) {
				skip_b = sq_alike_same(a, i, b, k + ahead, size) ? ahead : 0;
				skip_a = skip_b ? 0 : ahead;
				break;
			}
		if (skip_a)
			memmove(a->v + left_a * size, a->v + i * size, skip_a * size);
		if (skip_b)
			memmove(b->v + left_b * size, b->v + k * size, skip_b * size);
		left_a += skip_a;
		left_b += skip_b;
		i += skip_a;
		k += skip_b;
	}
	a->n = left_a;
	b->n = left_b;
}
