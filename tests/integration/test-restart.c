/* SPDX-License-Identifier: MIT */
/*
 * kill -9 while it starts, loads, rebuilds, publishes, is replaced and stops:
 * the next start works, and serves what is right.
 * Environment: SQ_KILLS how often, SQ_TEST_SEED.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

#define N_FILES 40
#define LONGEST_US 30000u

static struct rig rig;

static void setup(void)
{
	char path[32], text[128];

	rig_init(&rig, "");
	for (int i = 0; i < N_FILES; i++) {
		snprintf(path, sizeof(path), "f%d.c", i);
		snprintf(text, sizeof(text), "int f%d(void) { return 1; }\nint g%d(void) { return f%d(); }\n", i, i, i);
		rig_write(&rig, path, text);
	}
}

static void teardown(void)
{
	rig_deinit(&rig);
}

static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % below;
}

/* the moment of the kill is what is random: nothing is waited for */
static void some_time(void)
{
	struct timespec t = { .tv_nsec = (long)draw(LONGEST_US) * 1000 };

	(void)nanosleep(&t, NULL);
}

/* a request whose answer nobody takes */
static void begin(const char *method, const char *params)
{
	struct rig_conn c;
	char text[300];

	rig_connect(&rig, &c);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
	rig_send(&c, text);
	some_time();
	rig_close(&c);
}

static void replace(struct rig *r)
{
	char program[512];

	snprintf(program, sizeof(program), "%s/src/daemon/sqryd", getenv("SQ_TOP_BUILDDIR"));
	execl(program, "sqryd", "--config", r->conf, "start", "--replace", (char *)NULL);
	_exit(98);
}

/* both are killed, at some moment of the hand-over */
static void kill_both(void)
{
	pid_t other = fork();

	if (!other) {
		setenv("SQRY_DAEMON_SOCKET", rig.sock, 1);
		replace(&rig);
	}
	some_time();
	rig_kill(&rig, SIGKILL);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

static void disturb(unsigned what)
{
	char params[160];

	snprintf(params, sizeof(params), what == 0 ? "{\"index_root\":\"%s\"}" : "{\"path\":\"%s\",\"force\":true}", rig.tree);
	switch (what) {
	case 0:
		begin("daemon/load", params);
		break;
	case 1:
		rig_load(&rig);
		begin("daemon/rebuild", params);
		break;
	case 2:
		rig_load(&rig);
		rig_write(&rig, "f0.c", draw(2) ? "int f0(void) { return 1; }\n" : "int f0(void) { return 2; }\n");
		some_time();
		break;
	case 3:
		rig_load(&rig);
		begin("daemon/stop", "{}");
		break;
	default:
		rig_load(&rig);
		kill_both();
		return;
	}
	if (!waitpid(rig.pid, NULL, WNOHANG))
		rig_kill(&rig, SIGKILL);
	else
		rig.pid = 0;   /* it had stopped by then */
}

START_TEST(killed)
{
	const char *kills = getenv("SQ_KILLS"), *from = getenv("SQ_TEST_SEED");
	int n = kills ? atoi(kills) : 10;

	seed = from ? strtoull(from, NULL, 10) : (uint64_t)time(NULL);
	printf("SQ_TEST_SEED=%llu SQ_KILLS=%d\n", (unsigned long long)seed, n);
	for (int i = 0; i < n; i++) {
		rig_start(&rig);   /* asserts that it serves */
		disturb((unsigned)i % 5);
		if (rig.pid)
			rig_wait(&rig);
	}
	rig_start(&rig);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "f0"), 1);
	ck_assert_int_eq(rig_callers(&rig, "f7"), 1);
	ck_assert_int_eq(rig_stop(&rig), 0);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, killed);
}

int main(void)
{
	return rig_main("integration/restart", add);
}
