/* SPDX-License-Identifier: MIT */
/*
 * sqryd start --replace: a daemon is replaced by another, and no client sees
 * it: those that wait, those amid a frame, those that have not said hello.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

#define N_BURST 300
#define N_ROUNDS 5

static struct rig rig;

static void setup(void)
{
	rig_init(&rig, "");
	rig_write(&rig, "a.c", "int helper(void) { return 1; }\nint user(void) { return helper(); }\n");
}

static void teardown(void)
{
	rig_deinit(&rig);
}

static void replace(struct rig *r)
{
	char program[512];

	snprintf(program, sizeof(program), "%s/src/daemon/sqryd", getenv("SQ_TOP_BUILDDIR"));
	execl(program, "sqryd", "--config", r->conf, "start", "--replace", (char *)NULL);
	_exit(98);
}

/* another daemon in the place of the one that runs, which ends when its answers are taken */
static void replace_daemon(struct rig *ret_old)
{
	*ret_old = rig;
	rig.prepare = replace;
	rig_start(&rig);
	rig.prepare = NULL;
}

static void frame(char *buf, size_t *n, const char *json)
{
	uint32_t len = (uint32_t)strlen(json);

	for (int i = 0; i < 4; i++)
		buf[i] = (char)(len >> 8 * i & 255);
	memcpy(buf + 4, json, len);
	*n = 4 + len;
}

/* the answer to a search for "helper", with @id */
static void expect_helper(struct rig_conn *c, int64_t id)
{
	struct sq_json_doc *d = rig_recv(c);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_root(d), "id"), -1), id);
	ck_assert_ptr_nonnull(rig_result(d));
	ck_assert_int_eq(sq_json_int(sq_json_get(rig_result(d), "total"), -1), 1);
	sq_json_doc_free(d);
}

static void ask_helper(char *text, size_t cap, int id)
{
	snprintf(text, cap, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"daemon/search\",\"params\":"
		 "{\"search_path\":\"%s\",\"pattern\":\"helper\",\"mode\":\"exact\"}}", id, rig.tree);
}

START_TEST(nobody_sees_it)
{
	struct rig_conn idle, fresh, amid, burst, later;
	char text[512], bytes[600];
	struct stat before, after;
	struct rig old;
	size_t n;

	rig_start(&rig);
	rig_load(&rig);
	rig_connect(&rig, &idle);
	rig_open(&rig, &fresh);
	rig_connect(&rig, &amid);
	ask_helper(text, sizeof(text), 1);
	frame(bytes, &n, text);
	rig_send_raw(&amid, bytes, n / 2);
	rig_connect(&rig, &burst);
	for (int i = 0; i < N_BURST; i++) {
		ask_helper(text, sizeof(text), i);
		rig_send(&burst, text);
	}
	ck_assert_int_eq(stat(rig.sock, &before), 0);
	replace_daemon(&old);
	/* the same socket, and what came in the meantime */
	ck_assert_int_eq(stat(rig.sock, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	for (int i = 0; i < N_BURST; i++)
		expect_helper(&burst, i);
	ck_assert_int_eq(rig_wait(&old), 0);
	frame(bytes, &n, (ask_helper(text, sizeof(text), 1), text));
	rig_send_raw(&amid, bytes + n / 2, n - n / 2);
	expect_helper(&amid, 1);
	ask_helper(text, sizeof(text), 2);
	rig_send(&idle, text);
	expect_helper(&idle, 2);
	rig_send(&fresh, "{\"client_version\":\"t\",\"protocol_version\":1}");
	sq_json_doc_free(rig_recv(&fresh));
	rig_send(&fresh, text);
	expect_helper(&fresh, 2);
	rig_connect(&rig, &later);
	rig_send(&later, text);
	expect_helper(&later, 2);
	rig_close(&idle);
	rig_close(&fresh);
	rig_close(&amid);
	rig_close(&burst);
	rig_close(&later);
	/* it is whole: it watches, it stops, it cleans up */
	rig_write(&rig, "b.c", "int added(void) { return 2; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "added"), 1);
	ck_assert_int_eq(rig_stop(&rig), 0);
	ck_assert_int_ne(stat(rig.sock, &after), 0);
}
END_TEST

/* one connection through several daemons, which asks all the time */
START_TEST(again_and_again)
{
	struct rig_conn c;
	struct rig old;
	char text[512];

	rig_start(&rig);
	rig_load(&rig);
	rig_connect(&rig, &c);
	for (int round = 0; round < N_ROUNDS; round++) {
		for (int i = 0; i < 20; i++) {
			ask_helper(text, sizeof(text), i);
			rig_send(&c, text);
		}
		replace_daemon(&old);
		for (int i = 0; i < 20; i++)
			expect_helper(&c, i);
		ck_assert_int_eq(rig_wait(&old), 0);
	}
	rig_close(&c);
	ck_assert_int_eq(rig_stop(&rig), 0);
}
END_TEST

/* the lock went with it: no third one starts beside it */
START_TEST(locked)
{
	struct rig old;
	char cmd[700];
	int status;

	rig_start(&rig);
	replace_daemon(&old);
	ck_assert_int_eq(rig_wait(&old), 0);
	snprintf(cmd, sizeof(cmd), "SQRY_DAEMON_SOCKET=%s %s/src/daemon/sqryd --config %s foreground 2>/dev/null",
		 rig.sock, getenv("SQ_TOP_BUILDDIR"), rig.conf);
	status = system(cmd);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 75);
	/* nor is a killed one in the way of the next */
	rig_kill(&rig, SIGKILL);
	rig_wait(&rig);
	rig_start(&rig);
	ck_assert_int_eq(rig_stop(&rig), 0);
}
END_TEST

/* --replace where nothing runs is a start */
START_TEST(nothing_there)
{
	rig.prepare = replace;
	rig_start(&rig);
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "helper"), 1);
	ck_assert_int_eq(rig_stop(&rig), 0);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nobody_sees_it);
	tcase_add_test(tc, again_and_again);
	tcase_add_test(tc, locked);
	tcase_add_test(tc, nothing_there);
}

int main(void)
{
	return rig_main("integration/replace", add);
}
