/* SPDX-License-Identifier: MIT */
/*
 * What is left of a daemon that was killed at any moment prevents no start, and
 * what is left of a workspace that was evicted in the middle of a turn no load.
 * Moments are drawn by a seed that is printed; SQ_TEST_LONG=1 draws ten times as many.
 */
#include "rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define N_FILES 120

static struct rig rig;
static unsigned long long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % below;
}

static void seed_from_environment(void)
{
	const char *z = getenv("SQ_TEST_SEED");

	seed = z ? strtoull(z, NULL, 10) : (unsigned long long)time(NULL) ^ (unsigned long long)getpid();
	printf("seed %llu (SQ_TEST_SEED=%llu repeats it)\n", seed, seed);
}

static bool is_long(void)
{
	return getenv("SQ_TEST_LONG") != NULL;
}

static void write_tree(void)
{
	char path[40], text[4000];

	for (int i = 0; i < N_FILES; i++) {
		size_t n = 0;

		for (int k = 0; k < 40; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "int f%d_%d(int a) { return f%d_%d(a); }\n", i, k,
					      (i + 1) % N_FILES, k);
		snprintf(path, sizeof(path), "d%d/f%d.c", i % 7, i);
		rig_write(&rig, path, text);
	}
	rig_write(&rig, "one.c", "int one(void) { return 1; }\n");
}

/* requests whose answers nobody waits for; the daemon may be dead before it has read them */
static void send(struct rig_conn *c, const char *method, const char *more)
{
	char text[300];

	rig_connect(&rig, c);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":{%s}}", method, more);
	rig_send(c, text);
}

enum { LOAD, REBUILD, EDIT, STOP, N_SITUATIONS };

static void kill_in(int situation)
{
	char params[200];
	struct rig_conn c;

	rig_start(&rig);
	snprintf(params, sizeof(params), "\"index_root\":\"%s\"", rig.tree);
	if (situation != LOAD)
		rig_load(&rig);
	switch (situation) {
	case LOAD:
		send(&c, "daemon/load", params);
		break;
	case REBUILD:
		snprintf(params, sizeof(params), "\"path\":\"%s\",\"force\":true", rig.tree);
		send(&c, "daemon/rebuild", params);
		break;
	case EDIT:
		rig_write(&rig, "d1/f1.c", "int one_more(void) { return one(); }\n");
		snprintf(params, sizeof(params), "\"path\":\"%s\"", rig.tree);
		send(&c, "daemon/sync", params);
		break;
	default:
		send(&c, "daemon/stop", "");
	}
	/* the moment is what is drawn: nothing is waited for */
	(void)poll(NULL, 0, (int)draw(40));
	(void)kill(rig.pid, SIGKILL);
	rig_close(&c);
	(void)rig_wait(&rig);   /* killed, or stopped already */
}

static void expect_healthy(void)
{
	rig_start(&rig);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	ck_assert_int_eq(rig_count(&rig, "f3_7"), 1);
	ck_assert_int_eq(rig_stop(&rig), 0);
}

START_TEST(killed_at_any_moment)
{
	int n = is_long() ? 200 : 20;

	seed_from_environment();
	signal(SIGPIPE, SIG_IGN);
	rig_init(&rig, "");
	write_tree();
	for (int i = 0; i < n; i++) {
		kill_in(i % N_SITUATIONS);
		expect_healthy();
	}
	printf("%d kills, %d clean restarts\n", n, n);
	rig_deinit(&rig);
}
END_TEST

#ifdef SQ_TEST_HOOKS
static int64_t memory(const char *key)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	int64_t n = sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), key), -1);

	sq_json_doc_free(d);
	return n;
}

/* EV-15 AD-27 CX-06 DL-08 DL-10: evicted between reservation and publish, a hundred times: told so, nothing published, all given back */
START_TEST(evicted_in_the_middle)
{
	int n = is_long() ? 1000 : 100;
	char params[200];
	struct rig_conn c;

	seed_from_environment();
	rig_init(&rig, "[watch]\ntier = none");
	write_tree();
	rig_start(&rig);
	for (int i = 0; i < n; i++) {
		struct sq_json_doc *d;
		bool held = draw(2);

		rig_load(&rig);
		if (held)
			sq_json_doc_free(rig_ok(&rig, "test/postres_hold", "{\"n\":1}"));
		snprintf(params, sizeof(params), "\"path\":\"%s\",\"force\":%s", rig.tree, draw(2) ? "true" : "false");
		send(&c, "daemon/rebuild", params);
		if (held)
			sq_json_doc_free(rig_ok(&rig, "test/postres_wait", "{}"));
		else
			(void)poll(NULL, 0, (int)draw(5));
		sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
		if (held)
			sq_json_doc_free(rig_ok(&rig, "test/postres_release", "{}"));
		d = rig_recv(&c);
		/* held, the turn can't have been over before */
		ck_assert_msg(rig_error(d) == -32004 || (!held && !rig_error(d)), "%d", rig_error(d));
		sq_json_doc_free(d);
		rig_close(&c);
		ck_assert_int_eq(memory("reserved_bytes"), 0);
		ck_assert_int_eq(memory("loaded_bytes"), 0);
	}
	sq_json_doc_free(rig_ok(&rig, "test/reclaim_now", "{}"));
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "f3_7"), 1);
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}
END_TEST
#endif

static void add(TCase *tc)
{
	tcase_add_test(tc, killed_at_any_moment);
#ifdef SQ_TEST_HOOKS
	tcase_add_test(tc, evicted_in_the_middle);
#endif
}

int main(void)
{
	return rig_main("kill", add);
}
