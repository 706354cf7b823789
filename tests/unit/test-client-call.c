/* SPDX-License-Identifier: MIT */
/* The public library against a scripted daemon in a child process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqry/sqry.h>

#include "proto/frame.h"
#include "proto/rpc.h"
#include "../support/suite.h"

static char dir[64], path[96];
static pid_t server;

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sqry-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s.sock", dir);
	server = 0;
}

static void teardown(void)
{
	char other[128];

	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	unlink(path);
	snprintf(other, sizeof(other), "%s/s.bootstrap.lock", dir);
	unlink(other);
	snprintf(other, sizeof(other), "%s/sqryd", dir);
	unlink(other);
	rmdir(dir);
}

/* ---- the scripted daemon --------------------------------------------------------- */

#define GOOD_HELLO "{\"compatible\":true,\"daemon_version\":\"7\",\"envelope_version\":1}"

static void say(int fd, const char *json)
{
	struct sq_buf b = SQ_BUF_NULL;
	size_t at = sq_frame_begin(&b);

	sq_buf_puts(&b, json);
	(void)sq_frame_end(&b, at);
	if (write(fd, b.p, b.n) != (ssize_t)b.n)
		_exit(3);
	sq_buf_deinit(&b);
}

/* the next frame; the child ends when the client hangs up */
static char *hear(int fd)
{
	unsigned char prefix[4];
	static char body[70000];
	size_t n, got = 0;

	if (recv(fd, prefix, 4, MSG_WAITALL) != 4)
		_exit(0);
	n = prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16;
	while (got < n) {
		ssize_t r = recv(fd, body + got, n - got, 0);

		if (r <= 0)
			_exit(0);
		got += (size_t)r;
	}
	body[n] = '\0';
	return body;
}

static int listen_here(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

/* @script runs with a connection whose hello has been answered with @hello */
static void serve(const char *hello, void (*script)(int fd))
{
	int listener = listen_here();

	server = fork();
	ck_assert_int_ge(server, 0);
	if (!server) {
		int fd = accept(listener, NULL, NULL);

		hear(fd);
		if (hello)
			say(fd, hello);
		if (script)
			script(fd);
		for (;;)
			hear(fd);
	}
	close(listener);
}

static int connect_here(struct sqry_client **ret_c, struct sqry_failure *f)
{
	struct sqry_options o = SQRY_OPTIONS_INIT;

	o.socket_path = path;
	o.hello_timeout_ms = 300;
	return sqry_connect(&o, ret_c, f);
}

static struct sqry_client *connected(void)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;

	ck_assert_msg(!connect_here(&c, &f), "%s", f.message);
	return c;
}

/* ---- connecting -------------------------------------------------------------------- */

START_TEST(nobody_listens)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;
	int listener;

	ck_assert_int_eq(connect_here(&c, &f), SQRY_E_NOT_RUNNING);
	ck_assert_ptr_nonnull(strstr(f.message, path));
	/* a socket that a dead daemon left behind is as good as none */
	listener = listen_here();
	close(listener);
	ck_assert_int_eq(connect_here(&c, &f), SQRY_E_NOT_RUNNING);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(hello)
{
	struct sqry_client *c;

	serve(GOOD_HELLO, NULL);
	c = connected();
	ck_assert_str_eq(sqry_client_daemon_version(c), "7");
	sqry_client_free(c);
}
END_TEST

static void assert_refused(const char *answer, int want)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;

	serve(answer, NULL);
	ck_assert_msg(connect_here(&c, &f) == want, "%s", answer);
	ck_assert(f.message[0]);
	ck_assert_ptr_null(c);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = 0;
	unlink(path);
}

START_TEST(bad_hellos)
{
	assert_refused("{\"compatible\":false,\"daemon_version\":\"7\","
		       "\"envelope_version\":1}", SQRY_E_INCOMPATIBLE);
	/* the envelope is looked at first */
	assert_refused("{\"compatible\":true,\"daemon_version\":\"7\","
		       "\"envelope_version\":2}", SQRY_E_INCOMPATIBLE);
	assert_refused("{\"compatible\":true}", SQRY_E_INCOMPATIBLE);
	assert_refused("nonsense", SQRY_E_PROTOCOL);
	assert_refused("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"
		       "\"message\":\"too many connections\"}}", SQRY_E_PROTOCOL);
	assert_refused(NULL, SQRY_E_TIMEOUT);
}
END_TEST

static void hang_up(int fd)
{
	close(fd);
	_exit(0);
}

START_TEST(hello_meets_a_closed_door)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;

	serve(NULL, hang_up);
	ck_assert_int_eq(connect_here(&c, &f), SQRY_E_CLOSED);
}
END_TEST

START_TEST(long_path)
{
	struct sqry_options o = SQRY_OPTIONS_INIT;
	struct sqry_client *c = NULL;
	struct sqry_failure f;
	char name[200];

	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[108] = '\0';
	o.socket_path = name;
	ck_assert_int_eq(sqry_connect(&o, &c, &f), -ENAMETOOLONG);
	name[107] = '\0';
	ck_assert_int_eq(sqry_connect(&o, &c, &f), SQRY_E_NOT_RUNNING);
}
END_TEST

START_TEST(short_options)
{
	struct sqry_options o = SQRY_OPTIONS_INIT;
	struct sqry_client *c = NULL;

	/* an older header: what follows socket_path is not the caller's */
	serve(GOOD_HELLO, NULL);
	o.size = offsetof(struct sqry_options, client_name);
	o.socket_path = path;
	memset((char *)&o + o.size, 0xff, sizeof(o) - o.size);
	ck_assert_int_eq(sqry_connect(&o, &c, NULL), 0);
	sqry_client_free(c);
}
END_TEST

START_TEST(socket_paths)
{
	char got[108];

	setenv("SQRY_DAEMON_SOCKET", "/x/y.sock", 1);
	ck_assert_int_eq(sqry_socket_path(got, sizeof(got)), 0);
	ck_assert_str_eq(got, "/x/y.sock");
	unsetenv("SQRY_DAEMON_SOCKET");
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	ck_assert_int_eq(sqry_socket_path(got, sizeof(got)), 0);
	ck_assert_str_eq(got, "/run/user/1/sqry/sqryd.sock");
	ck_assert_int_eq(sqry_socket_path(got, 10), -ENAMETOOLONG);
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	setenv("TMPDIR", "/var/tmp", 1);
	ck_assert_int_eq(sqry_socket_path(got, sizeof(got)), 0);
	ck_assert_int_eq(strncmp(got, "/var/tmp/sqry-", 14), 0);
	unsetenv("TMPDIR");
	unsetenv("XDG_RUNTIME_DIR");
	ck_assert_int_eq(sqry_socket_path(got, sizeof(got)), 0);
	ck_assert_int_eq(strncmp(got, "/tmp/sqry-", 10), 0);
}
END_TEST

/* ---- calling ----------------------------------------------------------------------- */

static void answer_well(int fd)
{
	char *request = hear(fd);

	/* somebody else's answer first: it is skipped */
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{\"result\":1,"
		"\"meta\":{}}}");
	if (!strstr(request, "\"method\":\"a/b\"") ||
	    !strstr(request, "\"params\":{\"s\":\"x\\\"y\",\"n\":-5,\"b\":true,\"v\":[\"p\",\"q\"],\"m\":{\"k\":\"\\\"w\"},"
		    "\"o\":{\"i\":1,\"e\":{}},\"z\":false}"))
		_exit(4);
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"result\":{\"list\":"
		"[1,2.5,\"z\",null,true],\"b64\":\"AAE=\"},\"meta\":{\"stale\":false}}}");
}

START_TEST(call)
{
	struct sqry_params *p = sqry_params_new();
	struct sqry_reply *r = NULL;
	struct sqry_failure f;
	const struct sqry_value *v, *list;
	struct sqry_client *c;
	char *text;
	size_t n;

	serve(GOOD_HELLO, answer_well);
	c = connected();
	sqry_params_string(p, "s", "x\"y");
	sqry_params_string(p, "absent", NULL);
	sqry_params_int(p, "n", -5);
	ck_assert_str_eq(sqry_params_json(p), "{\"s\":\"x\\\"y\",\"n\":-5}");
	sqry_params_bool(p, "b", true);
	sqry_params_strings(p, "v", (const char *const[]){ "p", "q" }, 2);
	sqry_params_map(p, "m", (const char *const[]){ "k" }, (const char *const[]){ "\"w" }, 1);
	sqry_params_begin(p, "o");
	sqry_params_int(p, "i", 1);
	sqry_params_begin(p, "e");
	sqry_params_end(p);
	sqry_params_end(p);
	sqry_params_bool(p, "z", false);
	ck_assert_msg(!sqry_call(c, "a/b", sqry_params_json(p), 5000, &r, &f),
		      "%s", f.message);
	sqry_params_free(p);
	sqry_client_free(c); /* a reply outlives its client */

	v = sqry_reply_result(r);
	list = sqry_value_get(v, "list");
	ck_assert_int_eq(sqry_value_type(list), SQRY_ARRAY);
	ck_assert_uint_eq(sqry_value_count(list), 5);
	ck_assert_int_eq(sqry_value_int(sqry_value_at(list, 0), 0), 1);
	ck_assert(sqry_value_real(sqry_value_at(list, 1), 0) == 2.5);
	ck_assert_str_eq(sqry_value_string(sqry_value_at(list, 2), &n), "z");
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(sqry_value_type(sqry_value_at(list, 3)), SQRY_NULL);
	ck_assert(sqry_value_bool(sqry_value_at(list, 4), false));
	ck_assert_str_eq(sqry_value_key(v, 1), "b64");
	text = sqry_value_bytes(sqry_value_get(v, "b64"), &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_mem_eq(text, "\0\1", 3);
	sqry_free(text);
	ck_assert_ptr_null(sqry_value_bytes(list, &n));
	ck_assert(!sqry_value_bool(sqry_value_get(sqry_reply_meta(r), "stale"),
				   true));
	text = sqry_reply_text(r, 0);
	ck_assert_str_eq(text, "{\"list\":[1,2.5,\"z\",null,true],\"b64\":\"AAE=\","
			       "\"meta\":{\"stale\":false}}");
	sqry_free(text);
	ck_assert_int_eq(sqry_reply_code(r), 0);
	ck_assert_str_eq(sqry_reply_message(r), "");
	sqry_reply_free(r);
}
END_TEST

static void answer_with_error(int fd)
{
	hear(fd);
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32004,"
		"\"message\":\"not loaded\",\"data\":{\"root\":\"/r\"}}}");
	hear(fd);
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"result\":7,"
		"\"meta\":{}}}");
}

START_TEST(error_reply)
{
	struct sqry_reply *r = NULL;
	struct sqry_failure f;
	struct sqry_client *c;
	char *text;

	serve(GOOD_HELLO, answer_with_error);
	c = connected();
	ck_assert_int_eq(sqry_call(c, "m", NULL, 5000, &r, &f), SQRY_E_REMOTE);
	ck_assert_int_eq(f.code, SQRY_CODE_NOT_LOADED);
	ck_assert_str_eq(f.message, "not loaded");
	ck_assert_int_eq(sqry_reply_code(r), SQRY_CODE_NOT_LOADED);
	ck_assert_str_eq(sqry_value_string(sqry_value_get(
		sqry_reply_data(r), "root"), NULL), "/r");
	ck_assert_ptr_null(sqry_reply_result(r));
	text = sqry_reply_text(r, 0);
	ck_assert_str_eq(text, "{\"error\":{\"code\":-32004,\"message\":"
			       "\"not loaded\",\"data\":{\"root\":\"/r\"}}}");
	sqry_free(text);
	sqry_reply_free(r);
	/* the connection goes on */
	ck_assert_int_eq(sqry_call(c, "m", NULL, 5000, &r, &f), 0);
	ck_assert_int_eq(sqry_value_int(sqry_reply_result(r), 0), 7);
	text = sqry_reply_text(r, 0);
	ck_assert_str_eq(text, "{\"result\":7,\"meta\":{}}");
	sqry_free(text);
	sqry_reply_free(r);
	sqry_client_free(c);
}
END_TEST

/* the first answer comes only once the second question is there */
static void answer_late(int fd)
{
	hear(fd);
	hear(fd);
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"result\":1,"
		"\"meta\":{}}}");
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"result\":2,"
		"\"meta\":{}}}");
}

START_TEST(late_answers_are_skipped)
{
	struct sqry_reply *r = NULL;
	struct sqry_failure f;
	struct sqry_client *c;

	serve(GOOD_HELLO, answer_late);
	c = connected();
	ck_assert_int_eq(sqry_call(c, "m", NULL, 0, &r, &f), SQRY_E_TIMEOUT);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(sqry_call(c, "m", NULL, 5000, &r, &f), 0);
	ck_assert_int_eq(sqry_value_int(sqry_reply_result(r), 0), 2);
	sqry_reply_free(r);
	sqry_client_free(c);
}
END_TEST

static void answer_nonsense(int fd)
{
	hear(fd);
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":5}");
}

static void answer_too_much(int fd)
{
	hear(fd);
	if (write(fd, "\xff\xff\xff\xff", 4) != 4)
		_exit(3);
}

static void answer_half(int fd)
{
	hear(fd);
	if (write(fd, "\x10\0\0\0{", 5) != 5)
		_exit(3);
	close(fd);
	_exit(0);
}

static void assert_breaks(void (*script)(int), int want)
{
	struct sqry_reply *r = NULL;
	struct sqry_failure f;
	struct sqry_client *c;

	serve(GOOD_HELLO, script);
	c = connected();
	ck_assert_int_eq(sqry_call(c, "m", NULL, 5000, &r, &f), want);
	ck_assert(f.message[0]);
	ck_assert_int_eq(sqry_call(c, "m", NULL, 5000, &r, &f), SQRY_E_CLOSED);
	ck_assert_ptr_null(r);
	sqry_client_free(c);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	server = 0;
	unlink(path);
}

START_TEST(broken_peers)
{
	assert_breaks(answer_nonsense, SQRY_E_PROTOCOL);
	assert_breaks(answer_too_much, SQRY_E_PROTOCOL);
	assert_breaks(answer_half, SQRY_E_CLOSED);
	assert_breaks(hang_up, SQRY_E_CLOSED);
}
END_TEST

/* ---- starting a daemon --------------------------------------------------------------- */

static void write_program(const char *text, char ret_name[128])
{
	FILE *f;

	snprintf(ret_name, 128, "%s/sqryd", dir);
	f = fopen(ret_name, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(ret_name, 0700), 0);
}

static int start_here(const char *program, struct sqry_client **ret_c,
		      struct sqry_failure *f)
{
	struct sqry_options o = SQRY_OPTIONS_INIT;

	o.socket_path = path;
	o.autostart = true;
	o.sqryd_path = program;
	o.start_timeout_ms = 500;
	return sqry_connect(&o, ret_c, f);
}

START_TEST(start_that_fails)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;
	char name[128];

	ck_assert_int_eq(start_here("/nowhere/sqryd", &c, &f), SQRY_E_START);
	ck_assert_ptr_nonnull(strstr(f.message, "/nowhere/sqryd"));
	write_program("#!/bin/sh\necho 'sqryd: bad key on line 3' >&2\nexit 78\n",
		      name);
	ck_assert_int_eq(start_here(name, &c, &f), SQRY_E_START);
	ck_assert_int_eq(f.code, 78);
	ck_assert_ptr_nonnull(strstr(f.message, "bad key on line 3"));
	/* ready, as it says, but nobody listens */
	write_program("#!/bin/sh\nexit 0\n", name);
	ck_assert_int_eq(start_here(name, &c, &f), SQRY_E_NOT_RUNNING);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(start_that_hangs)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;
	char name[128];

	write_program("#!/bin/sh\nexec sleep 1000\n", name);
	ck_assert_int_eq(start_here(name, &c, &f), SQRY_E_START);
	ck_assert_int_eq(f.code, 69);
}
END_TEST

START_TEST(start_gets_arguments_and_socket)
{
	struct sqry_client *c = NULL;
	struct sqry_failure f;
	char name[128];

	write_program("#!/bin/sh\necho \"$* $SQRY_DAEMON_SOCKET\" >&2\nexit 70\n",
		      name);
	ck_assert_int_eq(start_here(name, &c, &f), SQRY_E_START);
	ck_assert_ptr_nonnull(strstr(f.message,
				     "start --detach --spawned-by-client"));
	ck_assert_ptr_nonnull(strstr(f.message, path));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("client-call");
	TCase *c = tcase_create("client");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 30);
	tcase_add_test(c, nobody_listens);
	tcase_add_test(c, hello);
	tcase_add_test(c, bad_hellos);
	tcase_add_test(c, hello_meets_a_closed_door);
	tcase_add_test(c, long_path);
	tcase_add_test(c, short_options);
	tcase_add_test(c, socket_paths);
	tcase_add_test(c, call);
	tcase_add_test(c, error_reply);
	tcase_add_test(c, late_answers_are_skipped);
	tcase_add_test(c, broken_peers);
	tcase_add_test(c, start_that_fails);
	tcase_add_test(c, start_that_hangs);
	tcase_add_test(c, start_gets_arguments_and_socket);
	suite_add_tcase(s, c);
	return suite_run(s);
}
