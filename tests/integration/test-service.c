/* SPDX-License-Identifier: MIT */
/*
 * What a service manager and a signal see of the daemon: notifications, the
 * watchdog, a socket that is passed on, SIGHUP, an end for want of clients.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rig.h"
#include "sys/notify.h"

#define HANG_MS 60000          /* only a hang takes that long */

static struct rig rig;
static int manager = -1;       /* where notifications arrive */
static int passed = -1;        /* the socket that is passed on */

static void listen_to(struct sockaddr_un *a, const char *name)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s", rig.dir, name);
}

static void setup(void)
{
	rig_init(&rig, "");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	unsetenv("SQRYD_TEST_IDLE_MS");
}

static void teardown(void)
{
	rig_deinit(&rig);
	if (manager >= 0)
		close(manager);
	if (passed >= 0)
		close(passed);
	manager = passed = -1;
}

static void be_manager(void)
{
	struct sockaddr_un a;

	listen_to(&a, "notify");
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&a, sizeof(a)), 0);
	setenv("NOTIFY_SOCKET", a.sun_path, 1);
}

/* read notifications until one of them is, or begins with, @what */
static void expect(const char *what)
{
	struct pollfd p = { .fd = manager, .events = POLLIN };
	char text[2048];
	ssize_t n;

	do {
		ck_assert_msg(poll(&p, 1, HANG_MS) == 1, "no notification \"%s\" came", what);
		n = recv(manager, text, sizeof(text) - 1, 0);
		ck_assert_int_ge(n, 0);
		text[n] = '\0';
	} while (strncmp(text, what, strlen(what)));
}

static const char *log_text(void)
{
	static char text[65536];
	int fd = open(rig.log, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	close(fd);
	text[n] = '\0';
	return text;
}

static void configure(const char *text)
{
	FILE *f = fopen(rig.conf, "we");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(notifications)
{
	if (!sq_notify_is_built())
		return;
	be_manager();
	setenv("WATCHDOG_USEC", "200000", 1);
	rig_start(&rig);
	expect("READY=1");
	expect("STATUS=Serving 0 workspaces");
	rig_load(&rig);
	expect("WATCHDOG=1");
	expect("WATCHDOG=1");
	expect("STATUS=Serving 1 workspaces");
	rig_kill(&rig, SIGHUP);
	expect("RELOADING=1\nMONOTONIC_USEC=");
	expect("READY=1");
	rig_kill(&rig, SIGTERM);
	expect("STOPPING=1");
	expect("STATUS=Stopping: ");
	ck_assert_int_eq(rig_wait(&rig), 0);
}
END_TEST

/* nothing asked for a sign of life: no timer wakes the loop */
START_TEST(no_watchdog)
{
	struct sq_json_doc *d;
	int64_t before;

	rig_start(&rig);
	d = rig_ok(&rig, "daemon/status", "{}");
	before = sq_json_int(sq_json_get(rig_result(d), "wakeups"), -1);
	sq_json_doc_free(d);
	poll(NULL, 0, 300);
	d = rig_ok(&rig, "daemon/status", "{}");
	/* one connection, its hello, its request, its end and the one before's */
	ck_assert_int_le(sq_json_int(sq_json_get(rig_result(d), "wakeups"), 99) - before, 12);
	sq_json_doc_free(d);
}
END_TEST

static void pass_on(struct rig *r)
{
	char pid[16];

	(void)r;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	unsetenv("SQRY_DAEMON_SOCKET");   /* the socket itself says where it is */
	if (passed == 3)
		fcntl(passed, F_SETFD, 0);
	else if (dup2(passed, 3) < 0)
		_exit(98);
}

/* a client that came before the daemon is answered; the socket outlives it */
START_TEST(activation)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct sq_json_doc *d;
	struct rig_conn c;
	struct stat st;

	if (!sq_notify_is_built())
		return;
	passed = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(a.sun_path, rig.sock, strlen(rig.sock) + 1);
	ck_assert_int_eq(bind(passed, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(passed, 5), 0);
	rig_open(&rig, &c);
	rig_send(&c, "{\"client_version\":\"t\",\"protocol_version\":1}");
	rig.prepare = pass_on;
	rig_start(&rig);
	d = rig_recv(&c);
	ck_assert(sq_json_bool(sq_json_get(sq_json_root(d), "compatible"), false));
	sq_json_doc_free(d);
	rig_close(&c);
	ck_assert_int_eq(rig_stop(&rig), 0);
	ck_assert_int_eq(stat(rig.sock, &st), 0);
	/* and the next one takes it over */
	rig_start(&rig);
	ck_assert_int_eq(rig_stop(&rig), 0);
}
END_TEST

START_TEST(reload)
{
	char other[200], text[400];
	struct sq_json_doc *d;

	if (!sq_notify_is_built())
		return;   /* nothing else tells when a signal was obeyed */
	be_manager();
	configure("[daemon]\nworkers = 2\ndebounce_ms = 30\n");
	rig_start(&rig);
	expect("READY=1");
	configure("[daemon]\nworkers = 3\nlog_level = debug\ndebounce_ms = 40\nmemory_limit_mb = 1\n"
		  "[workspace \"/nonexistent\"]\npinned = true\n");
	rig_kill(&rig, SIGHUP);
	expect("RELOADING=1");
	expect("READY=1");
	ck_assert_msg(strstr(log_text(), "changed key=log_level from=\"info\" to=\"debug\""), "%s", log_text());
	ck_assert_ptr_nonnull(strstr(log_text(), "changed key=debounce_ms from=\"30\" to=\"40\""));
	ck_assert_ptr_nonnull(strstr(log_text(), "sqryd.conf:4\""));
	ck_assert_ptr_nonnull(strstr(log_text(), "not changed without a restart key=workers from=\"2\" to=\"3\""));
	ck_assert_ptr_nonnull(strstr(log_text(), "load the workspace root=\"/nonexistent\""));
	/* the new limit is in force */
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), "limit_bytes"), 0), 1 << 20);
	sq_json_doc_free(d);
	/* a broken file: said, and nothing changes */
	configure("[daemon]\nmemory_limit_mb = 7\ndebounce_ms = none\n");
	rig_kill(&rig, SIGHUP);
	expect("RELOADING=1");
	expect("READY=1");
	snprintf(text, sizeof(text), "error=\"%s:3: debounce_ms = none: must be", rig.conf);
	ck_assert_ptr_nonnull(strstr(log_text(), "was not reloaded, the old one holds"));
	ck_assert_ptr_nonnull(strstr(log_text(), text));
	d = rig_ok(&rig, "daemon/status", "{}");
	ck_assert_int_eq(sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), "limit_bytes"), 0), 1 << 20);
	sq_json_doc_free(d);
	/* excluded from now on: a load is refused */
	snprintf(other, sizeof(other), "[workspace \"%s\"]\nexclude = yes\n", rig.tree);
	configure(other);
	rig_kill(&rig, SIGHUP);
	expect("RELOADING=1");
	expect("READY=1");
	sq_json_doc_free(rig_fails(&rig, -32602, "daemon/load", "{\"index_root\":\"%s\"}", rig.tree));
}
END_TEST

/* other rules: graphs that are there are built anew */
START_TEST(reload_rules)
{
	if (!sq_notify_is_built())
		return;
	be_manager();
	configure("[daemon]\nworkers = 2\n");
	rig_write(&rig, "a.c", "int one(void) { return 1; }\n");
	rig_write(&rig, "gen/b.c", "int two(void) { return 2; }\n");
	rig_start(&rig);
	expect("READY=1");
	rig_load(&rig);
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	configure("[daemon]\nworkers = 2\n[watch]\nexclude = gen/\n");
	rig_kill(&rig, SIGHUP);
	expect("RELOADING=1");
	expect("READY=1");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "two"), 0);
	ck_assert_int_eq(rig_count(&rig, "one"), 1);
	/* the watcher has them too */
	rig_write(&rig, "gen/c.c", "int three(void) { return 3; }\n");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "three"), 0);
	configure("[daemon]\nworkers = 2\n");
	rig_kill(&rig, SIGHUP);
	expect("RELOADING=1");
	expect("READY=1");
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "two"), 1);
	ck_assert_int_eq(rig_count(&rig, "three"), 1);
}
END_TEST

/* pinned: there when the daemon is */
START_TEST(preloaded)
{
	char text[200];

	rig_write(&rig, "a.c", "int pinned_one(void) { return 1; }\n");
	snprintf(text, sizeof(text), "[daemon]\nworkers = 2\n[workspace \"%s\"]\npinned = true\n", rig.tree);
	configure(text);
	rig_start(&rig);
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, "pinned_one"), 1);
}
END_TEST

#ifdef SQ_TEST_HOOKS
static void by_client(struct rig *r)
{
	char program[512];

	snprintf(program, sizeof(program), "%s/src/daemon/sqryd", getenv("SQ_TOP_BUILDDIR"));
	execl(program, "sqryd", "--config", r->conf, "foreground", "--spawned-by-client", (char *)NULL);
	_exit(98);
}

/* the one that a client started ends for want of clients; a connection keeps it */
START_TEST(idle_end)
{
	struct rig_conn c;

	setenv("SQRYD_TEST_IDLE_MS", "150", 1);
	rig.prepare = by_client;
	rig_start(&rig);
	rig_connect(&rig, &c);
	poll(NULL, 0, 400);
	sq_json_doc_free(rig_ok(&rig, "daemon/status", "{}"));
	rig_close(&c);
	ck_assert_int_eq(rig_wait(&rig), 0);
	ck_assert_ptr_nonnull(strstr(log_text(), "no client for idle_timeout_minutes"));
}
END_TEST
#endif

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, notifications);
	tcase_add_test(tc, no_watchdog);
	tcase_add_test(tc, activation);
	tcase_add_test(tc, reload);
	tcase_add_test(tc, reload_rules);
	tcase_add_test(tc, preloaded);
#ifdef SQ_TEST_HOOKS
	tcase_add_test(tc, idle_end);
#endif
}

int main(void)
{
	return rig_main("integration/service", add);
}
