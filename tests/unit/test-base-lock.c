/* SPDX-License-Identifier: MIT */
/* lock is compiled in with its checks, whatever the build has. */
#undef SQ_DEBUG
#define SQ_DEBUG 1
#include "base/error.c"
#include "base/lock.c"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "../support/suite.h"

static struct sq_lock low = SQ_LOCK_STATIC(SQ_RANK_WORKSPACES, "low");
static struct sq_lock high = SQ_LOCK_STATIC(SQ_RANK_GRAPH, "high");
static struct sq_lock same = SQ_LOCK_STATIC(SQ_RANK_GRAPH, "same");

/* Return: true when fn() aborts, and says both @a and @b about it */
static bool aborts(void (*fn)(void), const char *a, const char *b)
{
	char said[512];
	int ends[2], status;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(ends[1], 2);
		fn();
		_exit(0);
	}
	close(ends[1]);
	/* stderr is unbuffered: the message comes in pieces */
	while ((n = read(ends[0], said + have, sizeof(said) - 1 - have)) > 0)
		have += (size_t)n;
	said[have] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(said, a) &&
	       strstr(said, b);
}

SQ_NO_TSA static void in_order(void)
{
	sq_lock(&low);
	sq_lock(&high);
	sq_lock_assert_held(&low);
	sq_lock_assert_held(&high);
	sq_unlock(&low);   /* released in any order */
	sq_unlock(&high);
}

SQ_NO_TSA static void against_order(void)
{
	sq_lock(&high);
	sq_lock(&low);
}

SQ_NO_TSA static void same_rank(void)
{
	sq_lock(&high);
	sq_lock(&same);
}

SQ_NO_TSA static void recursive(void)
{
	sq_lock(&high);
	sq_lock(&high);
}

SQ_NO_TSA static void not_owned(void)
{
	sq_unlock(&high);
}

static void not_held(void)
{
	sq_lock_assert_held(&high);
}

START_TEST(ranks)
{
	in_order();
	in_order();
	ck_assert(!aborts(in_order, "", ""));
	ck_assert(aborts(against_order, "low (rank 10)", "high (rank 40)"));
	ck_assert(aborts(same_rank, "same", "high"));
	ck_assert(aborts(recursive, "rank order", "high"));
	ck_assert(aborts(not_owned, "does not hold", "high"));
	ck_assert(aborts(not_held, "not held", "high"));
}
END_TEST

struct hand {
	struct sq_lock lock;
	pthread_cond_t cond;
	int stage;
	unsigned long counter;
};

SQ_NO_TSA static void *answer(void *arg)
{
	struct hand *h = arg;

	sq_lock(&h->lock);
	while (h->stage != 1)
		sq_lock_wait(&h->lock, &h->cond);
	sq_lock_assert_held(&h->lock);
	h->stage = 2;
	pthread_cond_broadcast(&h->cond);
	sq_unlock(&h->lock);
	for (int i = 0; i < 100000; i++) {
		sq_lock(&h->lock);
		h->counter++;
		sq_unlock(&h->lock);
	}
	return NULL;
}

SQ_NO_TSA static void hand_over(void)
{
	struct hand h = { .stage = 0 };
	pthread_t thread;

	ck_assert_int_eq(sq_lock_init(&h.lock, SQ_RANK_LANE, "hand"), 0);
	ck_assert_int_eq(sq_cond_init(&h.cond), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, answer, &h), 0);
	sq_lock(&h.lock);
	h.stage = 1;
	pthread_cond_broadcast(&h.cond);
	while (h.stage != 2)
		sq_lock_wait(&h.lock, &h.cond);
	sq_unlock(&h.lock);
	for (int i = 0; i < 100000; i++) {
		sq_lock(&h.lock);
		h.counter++;
		sq_unlock(&h.lock);
	}
	pthread_join(thread, NULL);
	ck_assert_uint_eq(h.counter, 200000);

	/* nobody signals: the deadline ends it, and the lock is held again */
	sq_lock(&h.lock);
	ck_assert_int_eq(sq_lock_wait_until(&h.lock, &h.cond, sq_now_ns() + 1000000),
			 SQ_LOCK_E_TIMEOUT);
	sq_lock_assert_held(&h.lock);
	sq_unlock(&h.lock);
	pthread_cond_destroy(&h.cond);
	sq_lock_deinit(&h.lock);
}

START_TEST(waiting)
{
	hand_over();
}
END_TEST

START_TEST(error_trail)
{
	errno = EAGAIN;
	ck_assert_int_eq(sq_error_origin(-ENOENT), -ENOENT);
	ck_assert_int_eq(sq_error_trace(0), 0);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-lock");
	TCase *t = tcase_create("lock");

	tcase_add_test(t, ranks);
	tcase_add_test(t, waiting);
	tcase_add_test(t, error_trail);
	suite_add_tcase(s, t);
	return suite_run(s);
}
