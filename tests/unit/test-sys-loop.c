/* SPDX-License-Identifier: MIT */
/* the same rules for both backends */
#include "sys/loop.h"
#include "../support/suite.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sq_loop *loop;
static enum sq_loop_backend backend;
static bool is_missing;            /* the kernel refuses this backend */
static struct sq_op op[4];
static int results[16];
static unsigned n_results;

static void start(enum sq_loop_backend want)
{
	backend = want;
	n_results = 0;
	memset(op, 0, sizeof(op));
	is_missing = sq_loop_new(want, &loop) < 0;
	if (is_missing)
		fprintf(stderr, "SKIP: io_uring is refused here\n");
}

static void setup_uring(void) { start(SQ_LOOP_URING); }
static void setup_epoll(void) { start(SQ_LOOP_EPOLL); }

static void teardown(void)
{
	loop = sq_loop_free(loop);
}

static void note(struct sq_op *o, int res)
{
	(void)o;
	ck_assert_uint_lt(n_results, SQ_ARRAY_SIZE(results));
	results[n_results++] = res;
}

static void note_and_stop(struct sq_op *o, int res)
{
	note(o, res);
	sq_loop_stop(loop);
}

static void run(void)
{
	ck_assert_int_eq(sq_loop_run(loop), 0);
	sq_loop_free(loop);   /* a stopped loop stays stopped: a fresh one for what follows */
	ck_assert_int_eq(sq_loop_new(backend, &loop), 0);
}

START_TEST(timeouts)
{
	if (is_missing)
		return;
	sq_loop_timeout(loop, &op[0], 40000000, note_and_stop);
	sq_loop_timeout(loop, &op[1], 1000000, note);
	sq_loop_timeout(loop, &op[2], 60000000000ull, note);
	sq_loop_cancel(loop, &op[2]);
	sq_loop_cancel(loop, &op[2]);     /* twice is once */
	run();
	ck_assert_uint_eq(n_results, 3);
	ck_assert_int_eq(results[0], -ECANCELED);
	ck_assert_int_eq(results[1], 0);
	ck_assert_int_eq(results[2], 0);
	ck_assert(!op[0].is_armed && !op[1].is_armed && !op[2].is_armed);
}
END_TEST

static int pair[2];
static char text[16];

static void answered(struct sq_op *o, int res)
{
	note(o, res);
	sq_loop_send(loop, &op[1], pair[0], "pong", 4, note_and_stop);
}

START_TEST(bytes)
{
	char in[8] = "";

	if (is_missing)
		return;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	sq_loop_recv(loop, &op[0], pair[0], text, sizeof(text), answered);
	ck_assert_int_eq(write(pair[1], "ping", 4), 4);
	run();
	ck_assert_int_eq(results[0], 4);
	ck_assert_mem_eq(text, "ping", 4);
	ck_assert_int_eq(results[1], 4);
	ck_assert_int_eq(read(pair[1], in, sizeof(in)), 4);
	ck_assert_str_eq(in, "pong");
	/* the end of the stream, and a peer that is gone */
	close(pair[1]);
	n_results = 0;
	sq_loop_recv(loop, &op[0], pair[0], text, sizeof(text), note_and_stop);
	run();
	ck_assert_int_eq(results[0], 0);
	n_results = 0;
	sq_loop_send(loop, &op[0], pair[0], "x", 1, note_and_stop);
	run();
	ck_assert_int_eq(results[0], -EPIPE);
	close(pair[0]);
	/* a receive that waits is cancelled */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	n_results = 0;
	sq_loop_recv(loop, &op[0], pair[0], text, sizeof(text), note_and_stop);
	sq_loop_cancel(loop, &op[0]);
	run();
	ck_assert_int_eq(results[0], -ECANCELED);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

static void *connect_twice(void *arg)
{
	const struct sockaddr_un *a = arg;

	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		ck_assert_int_eq(connect(fd, (const struct sockaddr *)a, sizeof(*a)), 0);
		close(fd);
	}
	return NULL;
}

static void accepted(struct sq_op *o, int res)
{
	note(o, res);
	if (res >= 0)
		close(res);
	if (n_results == 3)
		sq_loop_cancel(loop, o);
	if (res < 0)
		sq_loop_stop(loop);
}

START_TEST(connections)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t t;

	if (is_missing) {
		close(fd);
		return;
	}
	snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/sqry-loop-%d.sock", (int)getpid());
	unlink(a.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	sq_loop_accept(loop, &op[0], fd, accepted);
	ck_assert_int_eq(pthread_create(&t, NULL, connect_twice, &a), 0);
	run();
	pthread_join(t, NULL);
	ck_assert_uint_eq(n_results, 4);
	for (int i = 0; i < 3; i++)
		ck_assert_int_ge(results[i], 0);
	ck_assert_int_eq(results[3], -ECANCELED);
	close(fd);
	unlink(a.sun_path);
}
END_TEST

static int efd;

static void drained(struct sq_op *o, int res)
{
	uint64_t n;

	note(o, res);
	if (res < 0)
		return;
	ck_assert_int_eq(read(efd, &n, sizeof(n)), sizeof(n));
	if (n_results == 3)
		sq_loop_stop(loop);
	else
		ck_assert_int_eq(write(efd, &(uint64_t){ 1 }, 8), 8);
}

START_TEST(readiness)
{
	if (is_missing)
		return;
	efd = eventfd(1, EFD_NONBLOCK);
	sq_loop_poll(loop, &op[0], efd, drained);
	run();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(results[i], 0);
	close(efd);
}
END_TEST

enum { POSTS = 20000, POSTERS = 3 };
struct numbered { struct sq_post post; unsigned from, number; };
static struct numbered *posts[POSTERS];
static unsigned next_number[POSTERS], n_posts;

static void take_post(struct sq_post *post)
{
	struct numbered *n = (struct numbered *)(void *)post;

	ck_assert_uint_eq(n->number, next_number[n->from]);   /* in order of each sender */
	next_number[n->from]++;
	if (++n_posts == POSTS * POSTERS)
		sq_loop_stop(loop);
}

static void *post_many(void *arg)
{
	unsigned from = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < POSTS; i++) {
		posts[from][i] = (struct numbered){ .post.fn = take_post, .from = from, .number = i };
		sq_loop_post(loop, &posts[from][i].post);
	}
	return NULL;
}

START_TEST(posting)
{
	pthread_t t[POSTERS];

	if (is_missing)
		return;
	n_posts = 0;
	memset(next_number, 0, sizeof(next_number));
	for (uintptr_t i = 0; i < POSTERS; i++) {
		posts[i] = calloc(POSTS, sizeof(**posts));
		ck_assert_int_eq(pthread_create(&t[i], NULL, post_many, (void *)i), 0);
	}
	ck_assert_int_eq(sq_loop_run(loop), 0);
	for (int i = 0; i < POSTERS; i++) {
		pthread_join(t[i], NULL);
		free(posts[i]);
	}
	ck_assert_uint_eq(n_posts, POSTS * POSTERS);
	ck_assert_uint_lt(sq_loop_wakeups(loop), POSTS * POSTERS);   /* a batch is one wake-up */
}
END_TEST

/* many operations on one loop: more than its ring holds at once */
static unsigned n_pongs;

static void ponged(struct sq_op *o, int res)
{
	(void)o;
	ck_assert_int_eq(res, 0);
	if (++n_pongs == 2000)
		sq_loop_stop(loop);
}

START_TEST(more_than_the_ring)
{
	struct sq_op *many = calloc(2000, sizeof(*many));

	n_pongs = 0;
	if (!is_missing) {
		for (int i = 0; i < 2000; i++)
			sq_loop_timeout(loop, &many[i], 1000000, ponged);
		run();
		ck_assert_uint_eq(n_pongs, 2000);
	}
	free(many);
}
END_TEST

static void add(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, timeouts);
	tcase_add_test(tc, bytes);
	tcase_add_test(tc, connections);
	tcase_add_test(tc, readiness);
	tcase_add_test(tc, posting);
	tcase_add_test(tc, more_than_the_ring);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *suite = suite_create("sys/loop");

	add(suite, "io_uring", setup_uring);
	add(suite, "epoll", setup_epoll);
	return suite_run(suite);
}
