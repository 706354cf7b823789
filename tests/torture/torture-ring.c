/* SPDX-License-Identifier: MIT */
/*
 * Two threads, one ring: every item arrives once, whole and in order, and a
 * refused push is the only way to lose one. The ring is small, so that both
 * ends are hit all the time. Argument: number of items.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ring.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define DEFAULT_ITEMS 1000000
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define DEFAULT_ITEMS 1000000
#endif
#endif
#ifndef DEFAULT_ITEMS
#define DEFAULT_ITEMS 10000000
#endif

/* several words, so that a torn copy shows */
struct item {
	uint64_t number, times_three, inverted;
};

struct run {
	struct sq_ring *ring;
	uint64_t n_items;
	uint64_t n_refused;
	bool blocking;          /* retry a refused push, else drop the item */
};

static void *produce(void *arg)
{
	struct run *run = arg;

	for (uint64_t i = 0; i < run->n_items; i++) {
		struct item item = { i, i * 3, ~i };

		while (!sq_ring_push(run->ring, &item)) {
			run->n_refused++;
			if (!run->blocking)
				break;
			sched_yield();
		}
	}
	/* the end mark is never dropped */
	while (!sq_ring_push(run->ring, &(struct item){ UINT64_MAX, 0, 0 }))
		sched_yield();
	return NULL;
}

/* Return: items received, UINT64_MAX when one was wrong */
static uint64_t consume(struct run *run)
{
	uint64_t n = 0, next = 0;
	struct item item;

	for (;;) {
		if (!sq_ring_pop(run->ring, &item)) {
			sched_yield();
			continue;
		}
		if (item.number == UINT64_MAX)
			return n;
		if (item.times_three != item.number * 3 || item.inverted != ~item.number ||
		    item.number < next || (run->blocking && item.number != next)) {
			fprintf(stderr, "after %llu items: %llu instead of %llu\n",
				(unsigned long long)n, (unsigned long long)item.number,
				(unsigned long long)next);
			return UINT64_MAX;
		}
		next = item.number + 1;
		n++;
	}
}

static int torture(size_t capacity, uint64_t n_items, bool blocking)
{
	struct run run = { .n_items = n_items, .blocking = blocking };
	pthread_t producer;
	uint64_t got, want;

	if (sq_ring_new(capacity, sizeof(struct item), &run.ring) < 0 ||
	    pthread_create(&producer, NULL, produce, &run))
		return 1;
	got = consume(&run);
	if (got == UINT64_MAX)
		exit(1);   /* the producer would wait for ever */
	pthread_join(producer, NULL);
	want = blocking ? n_items : n_items - run.n_refused;
	printf("capacity=%zu items=%llu received=%llu refused=%llu\n", capacity,
	       (unsigned long long)n_items, (unsigned long long)got,
	       (unsigned long long)run.n_refused);
	got = got == want && !sq_ring_len(run.ring) ? 0 : 1;
	sq_ring_free(run.ring);
	return (int)got;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ITEMS;

	return torture(1, n / 20, true) || torture(64, n, true) || torture(1024, n, true) ||
	       torture(64, n, false);
}
