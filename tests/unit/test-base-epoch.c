/* SPDX-License-Identifier: MIT */
#include "base/epoch.h"
#include "../support/suite.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned n_freed;

struct object {
	int payload;
	struct sq_epoch_entry entry;
};

static void object_free(struct sq_epoch_entry *entry)
{
	struct object *o = (struct object *)(void *)((char *)entry - offsetof(struct object, entry));

	ck_assert_int_eq(o->payload, 42);
	n_freed++;
	sq_free(o);
}

static struct object *object_new(void)
{
	struct object *o = sq_calloc(1, sizeof(*o));

	ck_assert_ptr_nonnull(o);
	o->payload = 42;
	return o;
}

static unsigned poll_to_end(struct sq_epoch_record *w)
{
	unsigned left = 0;

	/* two grace periods at most, each needs one poll */
	for (int i = 0; i < 8; i++)
		left = sq_epoch_poll(w);
	return left;
}

START_TEST(alone)
{
	struct sq_epoch *e;
	struct sq_epoch_record *w;

	n_freed = 0;
	ck_assert_int_eq(sq_epoch_new(&e), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &w), 0);
	ck_assert_uint_eq((uintptr_t)w % 64, 0);
	ck_assert_uint_eq(sq_epoch_poll(w), 0);
	sq_epoch_retire(w, &object_new()->entry, object_free);
	ck_assert_uint_eq(n_freed, 0);
	ck_assert_uint_eq(poll_to_end(w), 0);
	ck_assert_uint_eq(n_freed, 1);
	sq_epoch_record_release(w);
	ck_assert_ptr_null(sq_epoch_free(e));
	ck_assert_ptr_null(sq_epoch_free(NULL));
}
END_TEST

START_TEST(reader_holds)
{
	struct sq_epoch *e;
	struct sq_epoch_record *w, *r;

	n_freed = 0;
	ck_assert_int_eq(sq_epoch_new(&e), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &w), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &r), 0);
	sq_epoch_enter(r);
	ck_assert(sq_epoch_is_inside(r));
	sq_epoch_enter(r);   /* nests */
	sq_epoch_retire(w, &object_new()->entry, object_free);
	sq_epoch_want_reclaim(e, true);
	ck_assert_uint_eq(poll_to_end(w), 1);
	ck_assert_uint_eq(n_freed, 0);
	ck_assert(!sq_epoch_leave(r));   /* still inside */
	ck_assert_uint_eq(poll_to_end(w), 1);
	ck_assert(sq_epoch_leave(r));
	ck_assert(!sq_epoch_is_inside(r));
	ck_assert_uint_eq(poll_to_end(w), 0);
	ck_assert_uint_eq(n_freed, 1);
	sq_epoch_want_reclaim(e, false);
	sq_epoch_enter(r);
	ck_assert(!sq_epoch_leave(r));
	sq_epoch_record_release(r);
	sq_epoch_record_release(w);
	sq_epoch_free(e);
}
END_TEST

/* records are used again, and a barrier runs what is retired */
START_TEST(recycling)
{
	struct sq_epoch *e;
	struct sq_epoch_record *a, *b, *c;

	n_freed = 0;
	ck_assert_int_eq(sq_epoch_new(&e), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &a), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &b), 0);
	ck_assert_ptr_ne(a, b);
	for (int i = 0; i < 10; i++)
		sq_epoch_retire(a, &object_new()->entry, object_free);
	sq_epoch_barrier(a);
	ck_assert_uint_eq(n_freed, 10);
	sq_epoch_record_release(a);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &c), 0);
	ck_assert_ptr_eq(a, c);
	/* what nobody polled is run when the domain ends */
	sq_epoch_retire(c, &object_new()->entry, object_free);
	sq_epoch_free(e);
	ck_assert_uint_eq(n_freed, 11);
}
END_TEST

static struct sq_epoch_record *chain_record;

static void chain_second(struct sq_epoch_entry *entry)
{
	(void)entry;
	n_freed += 100;
}

static void chain_first(struct sq_epoch_entry *entry)
{
	n_freed++;
	sq_epoch_retire(chain_record, entry, chain_second);
}

/* a callback may retire again: the grace period that frees pieces behind a pin */
START_TEST(chained)
{
	static struct sq_epoch_entry entry;
	struct sq_epoch *e;

	n_freed = 0;
	ck_assert_int_eq(sq_epoch_new(&e), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(e, &chain_record), 0);
	sq_epoch_retire(chain_record, &entry, chain_first);
	ck_assert_uint_eq(poll_to_end(chain_record), 0);
	ck_assert_uint_eq(n_freed, 101);
	sq_epoch_record_release(chain_record);
	sq_epoch_free(e);
}
END_TEST

#ifndef NDEBUG
static bool aborts(void (*fn)(struct sq_epoch_record *))
{
	struct sq_epoch_record *r;
	struct sq_epoch *e;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)signal(SIGABRT, SIG_DFL);
		close(2);
		if (!sq_epoch_new(&e) && !sq_epoch_record_acquire(e, &r))
			fn(r);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void retire_inside(struct sq_epoch_record *r)
{
	static struct sq_epoch_entry entry;

	sq_epoch_enter(r);
	sq_epoch_retire(r, &entry, chain_second);
}

static void poll_inside(struct sq_epoch_record *r)
{
	sq_epoch_enter(r);
	(void)sq_epoch_poll(r);
}

static void release_pending(struct sq_epoch_record *r)
{
	static struct sq_epoch_entry entry;

	sq_epoch_retire(r, &entry, chain_second);
	sq_epoch_record_release(r);
}

START_TEST(misuse)
{
	ck_assert(aborts(retire_inside));
	ck_assert(aborts(poll_inside));
	ck_assert(aborts(release_pending));
}
END_TEST
#endif

int main(void)
{
	Suite *s = suite_create("base-epoch");
	TCase *t = tcase_create("epoch");

	tcase_add_test(t, alone);
	tcase_add_test(t, reader_holds);
	tcase_add_test(t, recycling);
	tcase_add_test(t, chained);
#ifndef NDEBUG
	tcase_add_test(t, misuse);
#endif
	suite_add_tcase(s, t);
	return suite_run(s);
}
