/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "../support/suite.h"

static struct sq_heap *fresh(void)
{
	struct sq_heap *h;

	ck_assert_int_eq(sq_heap_new(&h), 0);
	return h;
}

static unsigned char *take(struct sq_heap *h, uint64_t n, uint64_t *ret_bytes)
{
	unsigned char *p = sq_heap_alloc(h, n, ret_bytes);

	/* one assertion: libcheck notes each, and there are many */
	ck_assert(p && *ret_bytes >= n && (uintptr_t)p % 16 == 0);
	return p;
}

static struct sq_heap_stats stats_of(struct sq_heap *h)
{
	struct sq_heap_stats s;

	sq_heap_read(h, &s);
	return s;
}

/* bytes of the process that are its own and in memory */
static uint64_t rss_anon(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long kb = 0;
	char line[256];

	ck_assert_ptr_nonnull(f);
	while (!kb && fgets(line, sizeof(line), f))
		(void)sscanf(line, "RssAnon: %lu kB", &kb);
	fclose(f);
	ck_assert_uint_gt(kb, 0);
	return (uint64_t)kb * 1024;
}

/* mostly the sizes of pieces, now and then big ones */
static uint64_t some_size(uint32_t *seed)
{
	uint32_t x = *seed = *seed * 1664525u + 1013904223u;

	switch (x >> 28) {
	case 0:
		return x >> 8 & 0x7ffff;
	case 1:
	case 2:
		return x >> 8 & 0xffff;
	default:
		return x >> 8 & 0xfff;
	}
}

struct slot { unsigned char *p; uint64_t n, bytes; unsigned char mark; };

static void slot_fill(struct sq_heap *h, struct slot *s, uint32_t *seed)
{
	s->n = some_size(seed);
	s->mark = (unsigned char)(*seed >> 16);
	s->p = take(h, s->n, &s->bytes);
	memset(s->p, s->mark, s->n);
}

static void slot_drop(struct sq_heap *h, struct slot *s)
{
	bool intact = true;

	for (uint64_t i = 0; i < s->n; i++)
		intact = intact && s->p[i] == s->mark;
	ck_assert(intact);
	sq_heap_release(h, s->p);
	*s = (struct slot){ .p = NULL };
}

/* blocks never overlap, the counts are right, and in the end nothing is used */
START_TEST(any_order)
{
	enum { N = 300, STEPS = 10000 };
	static struct slot slots[N];
	struct sq_heap *h = fresh();
	uint32_t seed = 7;
	uint64_t used = 0;

	for (unsigned i = 0; i < STEPS; i++) {
		struct slot *s = &slots[(seed >> 7) % N];

		used -= s->bytes;
		if (s->p)
			slot_drop(h, s);
		else
			slot_fill(h, s, &seed);
		used += s->bytes;
		seed = seed * 1664525u + 1013904223u;
		if (i % 100 == 0) {
			ck_assert_uint_eq(stats_of(h).used_bytes, used);
			ck_assert_int_eq(sq_heap_check(h), 0);
		}
	}
	for (unsigned i = 0; i < N; i++)
		slot_drop(h, &slots[i]);
	ck_assert_int_eq(sq_heap_check(h), 0);
	ck_assert_uint_eq(stats_of(h).used_bytes, 0);
	ck_assert_uint_eq(stats_of(h).n_blocks, 0);
	ck_assert_uint_le(stats_of(h).mapped_bytes, 1u << 20);   /* one empty arena may stay */
	ck_assert_uint_le(stats_of(h).slack_bytes, 8192);
	sq_heap_free(h);
}
END_TEST

/* replacing pieces one by one by slightly different ones leaves few holes */
START_TEST(replacing_keeps_it_dense)
{
	enum { N = 4000 };
	static struct slot slots[N];
	struct sq_heap *h = fresh();
	struct sq_heap_stats s;
	uint32_t seed = 3;

	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < N; i++) {
			uint64_t n = 1000 + i * 7 % 9000;

			seed = seed * 1664525u + 1013904223u;
			n = n + (seed >> 16) % (n / 8);
			sq_heap_release(h, slots[i].p);
			slots[i].p = take(h, n, &slots[i].bytes);
		}
	s = stats_of(h);
	ck_assert_int_eq(sq_heap_check(h), 0);
	ck_assert_uint_eq(s.n_blocks, N);
	ck_assert_msg(s.slack_bytes < s.used_bytes / 8, "%lu of slack for %lu in use",
		      (unsigned long)s.slack_bytes, (unsigned long)s.used_bytes);
	sq_heap_free(h);
}
END_TEST

struct freer { struct sq_heap *h; unsigned char **v; size_t n; };

static void *release_all(void *arg)
{
	struct freer *f = arg;

	for (size_t i = 0; i < f->n; i++)
		sq_heap_release(f->h, f->v[i]);
	return NULL;
}

/* what another thread frees is gone from memory at once; what is in use stays counted */
START_TEST(freed_pages_go_back)
{
	enum { N = 20000, BYTES = 3000 };
	static unsigned char *v[N];
	struct sq_heap *h = fresh();
	uint64_t before = rss_anon(), full, bytes, used;
	struct freer f = { h, v, N };
	pthread_t t;

	for (unsigned i = 0; i < N; i++)
		memset(v[i] = take(h, BYTES, &bytes), 1, BYTES);
	full = rss_anon();
	used = stats_of(h).used_bytes + stats_of(h).slack_bytes;
	ck_assert_uint_ge(full, before + (uint64_t)N * BYTES);
	ck_assert_int_eq(pthread_create(&t, NULL, release_all, &f), 0);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
#ifndef SQ_LIBC_HEAP   /* the shadow of a sanitizer is memory too */
	ck_assert_uint_le(full - before, used + (1u << 20));
	ck_assert_uint_le(rss_anon(), before + (1u << 20));
#else
	(void)used;
#endif
	ck_assert_uint_eq(stats_of(h).n_blocks, 0);
	sq_heap_free(h);
}
END_TEST

/* a hole of many pages in the middle of an arena costs nothing */
START_TEST(holes_cost_nothing)
{
	enum { N = 200, BYTES = 4000 };
	unsigned char *v[N], *at, in_core[N];
	struct sq_heap *h = fresh();
	uint64_t bytes;
	size_t n_pages = 0;

	for (unsigned i = 0; i < N; i++)
		memset(v[i] = take(h, BYTES, &bytes), 1, BYTES);
	for (unsigned i = 50; i < 150; i++)
		sq_heap_release(h, v[i]);
	ck_assert_int_eq(sq_heap_check(h), 0);
	at = (unsigned char *)(((uintptr_t)v[51] + 4095) & ~(uintptr_t)4095);
	ck_assert_int_eq(mincore(at, 90 * 4096, in_core), 0);
	for (unsigned i = 0; i < 90; i++)
		n_pages += in_core[i] & 1;
	ck_assert_uint_eq(n_pages, 0);
	ck_assert_uint_le(stats_of(h).slack_bytes, 16384);
	ck_assert_int_eq(v[49][BYTES - 1], 1);
	ck_assert_int_eq(v[150][0], 1);
	sq_heap_free(h);
}
END_TEST

/* blocks change hands between threads all the time; each is whole when it is taken */
enum { N_HANDS = 4, N_SWAPS = 20000, N_SHARED = 64 };
struct parcel { uint64_t n; unsigned char mark; };
static struct parcel *shared[N_SHARED];
struct hand { struct sq_heap *h; uint32_t seed; bool intact; };

static struct parcel *parcel_make(struct hand *hand)
{
	uint64_t n = sizeof(struct parcel) + some_size(&hand->seed) % 20000, bytes;
	unsigned char mark = (unsigned char)(hand->seed >> 16);
	struct parcel *p = sq_heap_alloc(hand->h, n, &bytes);

	if (p) {
		memset(p, mark, n);
		*p = (struct parcel){ n, mark };
	}
	return p;
}

static void parcel_check(struct hand *hand, const struct parcel *p)
{
	const unsigned char *bytes = (const unsigned char *)p;

	for (uint64_t i = sizeof(*p); i < p->n; i++)
		hand->intact = hand->intact && bytes[i] == p->mark;
}

static void *swap_parcels(void *arg)
{
	struct hand *hand = arg;

	for (unsigned i = 0; i < N_SWAPS; i++) {
		struct parcel *p = i % 3 ? parcel_make(hand) : NULL;

		/* pairs with itself: the bytes were written by who put it there */
		p = sq_xchg_acq_rel(&shared[(hand->seed >> 9) % N_SHARED], p);
		if (p)
			parcel_check(hand, p);
		sq_heap_release(hand->h, p);
		hand->seed = hand->seed * 1664525u + 1013904223u;
	}
	return NULL;
}

START_TEST(many_threads)
{
	struct sq_heap *h = fresh();
	struct hand hands[N_HANDS];
	pthread_t threads[N_HANDS];

	for (unsigned i = 0; i < N_HANDS; i++) {
		hands[i] = (struct hand){ h, i + 1, true };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, swap_parcels, &hands[i]), 0);
	}
	for (unsigned i = 0; i < N_HANDS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert(hands[i].intact);
	}
	ck_assert_int_eq(sq_heap_check(h), 0);
	for (unsigned i = 0; i < N_SHARED; i++)
		sq_heap_release(h, shared[i]);
	ck_assert_uint_eq(stats_of(h).n_blocks, 0);
	ck_assert_int_eq(sq_heap_check(h), 0);
	sq_heap_free(h);
}
END_TEST

START_TEST(big_blocks_are_mapped_alone)
{
	struct sq_heap *h = fresh();
	uint64_t bytes;
	unsigned char *p = take(h, 5u << 20, &bytes);

	memset(p, 9, 5u << 20);
	ck_assert_uint_le(bytes, (5u << 20) + 8192);
	ck_assert_uint_eq(stats_of(h).mapped_bytes, bytes);
	ck_assert_int_eq(sq_heap_check(h), 0);
	sq_heap_release(h, p);
	ck_assert_uint_eq(stats_of(h).mapped_bytes, 0);
	ck_assert_ptr_null(sq_heap_alloc(h, UINT64_MAX - 4, &bytes));
	ck_assert_ptr_null(sq_heap_alloc(h, 1ull << 60, &bytes));
	sq_heap_release(h, NULL);
	sq_heap_free(h);
}
END_TEST

/* a closed heap takes blocks back without work and unmaps all in the end */
START_TEST(closing)
{
	struct sq_heap *h = fresh();
	uint64_t before = rss_anon(), bytes;
	unsigned char *v[64];

	for (unsigned i = 0; i < 64; i++)
		memset(v[i] = take(h, 200000, &bytes), 1, 200000);
	sq_heap_close(h);
	for (unsigned i = 0; i < 64; i++)
		sq_heap_release(h, v[i]);
	ck_assert_uint_eq(stats_of(h).used_bytes, 0);
	sq_heap_free(h);
#ifndef SQ_LIBC_HEAP
	ck_assert_uint_le(rss_anon(), before + (1u << 20));
#else
	(void)before;
#endif
}
END_TEST

/* ---- what AddressSanitizer sees: a child touches, and must not come through ------- */

#ifdef SQ_ADDRESS_SANITIZER
enum touch { OWN_BYTES, BEHIND, IN_FRONT, FREED, FREED_AMID, FREED_AT_END, FREED_AND_CLOSED, N_TOUCHES };

static void touch_bytes(enum touch what)
{
	struct sq_heap *h = fresh();
	volatile unsigned char *v[4];
	uint64_t bytes;

	for (unsigned i = 0; i < SQ_ARRAY_SIZE(v); i++)
		v[i] = take(h, 1000, &bytes);
	if (what == FREED_AND_CLOSED)
		sq_heap_close(h);
	if (what >= FREED)
		for (unsigned i = 1; i < 3; i++)
			sq_heap_release(h, (void *)(uintptr_t)v[i]);
	switch (what) {
	case BEHIND:
		v[1][1000] = 1;
		break;
	case IN_FRONT:
		v[1][-9] = 1;   /* the head itself is what the heap reads */
		break;
	case FREED_AMID:
		(void)v[2][500];
		break;
	case FREED_AT_END:
		(void)v[1][999];
		break;
	case OWN_BYTES:
		v[1][0] = v[1][999] = 1;
		break;
	default:
		(void)v[1][0];
	}
}

/* Return: did AddressSanitizer stop it? */
static bool is_stopped(enum touch what)
{
	char text[4096];
	int pipe_fds[2], status = 0;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(pipe_fds[1], STDERR_FILENO);
		touch_bytes(what);
		_exit(0);
	}
	close(pipe_fds[1]);
	while ((got = read(pipe_fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(pipe_fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!status == !strstr(text, "AddressSanitizer: use-after-poison"));
	return status;
}

START_TEST(poison)
{
	for (unsigned i = 0; i < N_TOUCHES; i++)
		ck_assert_msg(is_stopped(i) == (i != OWN_BYTES), "touch %u", i);
}
END_TEST
#endif

START_TEST(no_memory_gives_null)
{
#ifdef SQ_TEST_HOOKS
	struct sq_heap *h = fresh(), *none = NULL;
	uint64_t bytes = 77;

	sq_alloc_fail_after(1);
	ck_assert_ptr_null(sq_heap_alloc(h, 100, &bytes));
	ck_assert_uint_eq(bytes, 77);
	sq_alloc_fail_after(1);
	ck_assert_int_eq(sq_heap_new(&none), -ENOMEM);
	ck_assert_ptr_null(none);
	sq_alloc_fail_after(0);
	sq_heap_free(h);
#endif
	ck_assert_ptr_null(sq_heap_free(NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-heap");
	TCase *t = tcase_create("heap");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, any_order);
	tcase_add_test(t, replacing_keeps_it_dense);
	tcase_add_test(t, freed_pages_go_back);
	tcase_add_test(t, holes_cost_nothing);
	tcase_add_test(t, many_threads);
	tcase_add_test(t, big_blocks_are_mapped_alone);
	tcase_add_test(t, closing);
#ifdef SQ_ADDRESS_SANITIZER
	tcase_add_test(t, poison);
#endif
	tcase_add_test(t, no_memory_gives_null);
	suite_add_tcase(s, t);
	return suite_run(s);
}
