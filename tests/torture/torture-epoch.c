/* SPDX-License-Identifier: MIT */
/*
 * Readers follow a root that two writers replace as fast as they can. Retired
 * objects are filled with a dead pattern before they are freed, so a reader
 * that sees one too long finds it out by itself, and the sanitizers do too.
 * One more thread comes and goes, so that records are recycled. Then a writer
 * sleeps until the last reader wakes it, as the daemon's writer does.
 * Argument: number of replacements a writer.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/epoch.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define DEFAULT_ROUNDS 30000
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define DEFAULT_ROUNDS 30000
#endif
#endif
#ifndef DEFAULT_ROUNDS
#define DEFAULT_ROUNDS 300000
#endif

enum { N_READERS = 3, N_WRITERS = 2, N_WORDS = 8 };
#define DEAD 0xdeadull

struct object {
	uint64_t words[N_WORDS];      /* all equal while it lives */
	struct sq_epoch_entry entry;
};

static struct sq_epoch *epoch;
static struct object *root;
static uint64_t n_rounds;
static bool stop;
static uint64_t n_made, n_freed, n_reads, n_bad;

static struct object *object_new(uint64_t v)
{
	struct object *o = sq_malloc(sizeof(*o));

	if (!o)
		abort();
	for (int i = 0; i < N_WORDS; i++)
		o->words[i] = v;
	/* relaxed: a statistic, read after the threads are joined */
	sq_add_relaxed(&n_made, 1);
	return o;
}

static void object_free(struct sq_epoch_entry *entry)
{
	struct object *o = (struct object *)(void *)((char *)entry - offsetof(struct object, entry));

	for (int i = 0; i < N_WORDS; i++)
		o->words[i] = DEAD + (uint64_t)i;
	sq_add_relaxed(&n_freed, 1);   /* a statistic, as n_made */
	sq_free(o);
}

static struct sq_epoch_record *own_record(void)
{
	struct sq_epoch_record *r;

	if (sq_epoch_record_acquire(epoch, &r) < 0)
		abort();
	return r;
}

static void read_once(struct sq_epoch_record *r)
{
	const struct object *o;
	uint64_t first;

	sq_epoch_enter(r);
	o = sq_load_acquire(&root);   /* pairs with replace */
	first = o->words[0];
	for (int turn = 0; turn < 4; turn++)
		for (int i = 0; i < N_WORDS; i++)
			if (o->words[i] != first)
				sq_add_relaxed(&n_bad, 1);   /* a statistic */
	(void)sq_epoch_leave(r);   /* these writers poll all the time */
}

static void *reader(void *arg)
{
	struct sq_epoch_record *r = own_record();
	uint64_t n = 0;

	(void)arg;
	/* relaxed: a flag that guards nothing */
	for (; !sq_load_relaxed(&stop); n++)
		read_once(r);
	sq_add_relaxed(&n_reads, n);   /* a statistic */
	sq_epoch_record_release(r);
	return NULL;
}

/* threads come and go: records are recycled among them */
static void *visitor(void *arg)
{
	(void)arg;
	while (!sq_load_relaxed(&stop)) {   /* relaxed: as in reader */
		struct sq_epoch_record *r = own_record();

		read_once(r);
		sq_epoch_record_release(r);
		sched_yield();
	}
	return NULL;
}

static void *writer(void *arg)
{
	struct sq_epoch_record *r = own_record();

	(void)arg;
	for (uint64_t i = 0; i < n_rounds; i++) {
		/* pairs with read_once */
		struct object *old = sq_xchg_acq_rel(&root, object_new(i));

		sq_epoch_retire(r, &old->entry, object_free);
		if (i % 16 == 0 && sq_epoch_poll(r) > 1000)
			sched_yield();
	}
	sq_epoch_barrier(r);
	sq_epoch_record_release(r);
	return NULL;
}

/* pipes of one byte a message: the order of one round of the hand-shake */
static int inside[2], over[2];
static uint64_t go;           /* the round in which the reader may leave */
static int wake_fd;

static void tell(const int *ends)
{
	if (write(ends[1], "", 1) != 1)
		abort();
}

static void await(const int *ends)
{
	char c;

	if (read(ends[0], &c, 1) != 1)
		abort();
}

static void *slow_reader(void *arg)
{
	struct sq_epoch_record *r = own_record();
	uint64_t n = *(uint64_t *)arg;

	for (uint64_t i = 0; i < n; i++) {
		sq_epoch_enter(r);
		tell(inside);
		/* spinning: leave and want_reclaim must meet within nanoseconds */
		for (unsigned spin = 1; sq_load_acquire(&go) <= i; spin++)   /* pairs with round_of_handshake */
			if (spin % 4096 == 0)
				sched_yield();
		if (sq_epoch_leave(r) && eventfd_write(wake_fd, 1))
			abort();
		await(over);
	}
	sq_epoch_record_release(r);
	return NULL;
}

/*
 * The reader is inside and leaves while the writer asks to be told, polls, and
 * sleeps when something still waits. Return: 0; 1 when nobody woke the writer.
 */
static int round_of_handshake(struct sq_epoch_record *r, uint64_t i)
{
	struct object *old;
	eventfd_t seen;

	await(inside);
	old = sq_xchg_acq_rel(&root, object_new(i));   /* pairs with read_once */
	sq_epoch_retire(r, &old->entry, object_free);
	sq_store_release(&go, i + 1);   /* pairs with slow_reader */
	/* the meeting point moves over what the other thread does */
	for (uint64_t spin = i % 128 * 4; spin; spin--)
		__asm__ __volatile__("" ::: "memory");
	sq_epoch_want_reclaim(epoch, true);
	while (sq_epoch_poll(r)) {
		struct pollfd p = { .fd = wake_fd, .events = POLLIN };

		if (poll(&p, 1, 20000) != 1)
			return 1;
		(void)eventfd_read(wake_fd, &seen);   /* it was readable */
	}
	sq_epoch_want_reclaim(epoch, false);
	tell(over);
	return 0;
}

static int handshake(void)
{
	struct sq_epoch_record *r = own_record();
	uint64_t n = n_rounds / 10, i;
	pthread_t thread;

	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake_fd < 0 || pipe(inside) || pipe(over) ||
	    pthread_create(&thread, NULL, slow_reader, &n))
		abort();
	for (i = 0; i < n; i++) {
		if (round_of_handshake(r, i)) {
			fprintf(stderr, "round %llu: the last reader left and told nobody\n",
				(unsigned long long)i);
			exit(1);   /* the reader waits for us */
		}
	}
	pthread_join(thread, NULL);
	sq_epoch_record_release(r);
	printf("handshakes=%llu\n", (unsigned long long)n);
	return 0;
}

static int storm(void)
{
	pthread_t readers[N_READERS], writers[N_WRITERS], visiting;

	for (int i = 0; i < N_READERS; i++)
		if (pthread_create(&readers[i], NULL, reader, NULL))
			abort();
	if (pthread_create(&visiting, NULL, visitor, NULL))
		abort();
	for (int i = 0; i < N_WRITERS; i++)
		if (pthread_create(&writers[i], NULL, writer, NULL))
			abort();
	for (int i = 0; i < N_WRITERS; i++)
		pthread_join(writers[i], NULL);
	sq_store_relaxed(&stop, true);   /* relaxed: as in reader */
	for (int i = 0; i < N_READERS; i++)
		pthread_join(readers[i], NULL);
	pthread_join(visiting, NULL);
	printf("replacements=%llu reads=%llu bad=%llu\n", (unsigned long long)n_rounds * N_WRITERS,
	       (unsigned long long)n_reads, (unsigned long long)n_bad);
	return n_bad || !n_reads;
}

int main(int argc, char **argv)
{
	int failed;

	n_rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_ROUNDS;
	if (sq_epoch_new(&epoch) < 0)
		return 1;
	root = object_new(0);
	failed = storm() || handshake();
	sq_epoch_free(epoch);
	printf("made=%llu freed=%llu\n", (unsigned long long)n_made, (unsigned long long)n_freed);
	if (n_made != n_freed + 1)   /* the root is still there */
		failed = 1;
	sq_free(root);
	return failed;
}
