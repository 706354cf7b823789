/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "../support/suite.h"

#define TIMEOUT_SECS 120      /* of one answer: only a hang takes that long */

void rig_init(struct rig *r, const char *config)
{
	const char *tmp = getenv("TMPDIR");
	FILE *f;

	*r = (struct rig){ .pid = 0 };
	/* a socket's path is short */
	snprintf(r->dir, sizeof(r->dir), "%s/sqryd-test.XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(r->dir));
	ck_assert_int_eq(chmod(r->dir, 0755), 0);
	snprintf(r->tree, sizeof(r->tree), "%s/tree", r->dir);
	snprintf(r->sock, sizeof(r->sock), "%s/run/d.sock", r->dir);
	snprintf(r->conf, sizeof(r->conf), "%s/sqryd.conf", r->dir);
	snprintf(r->log, sizeof(r->log), "%s/run/d.log", r->dir);
	ck_assert_int_eq(mkdir(r->tree, 0755), 0);
	snprintf(r->sock, sizeof(r->sock), "%s/run", r->dir);
	ck_assert_int_eq(mkdir(r->sock, 0755), 0);
	snprintf(r->sock, sizeof(r->sock), "%s/run/d.sock", r->dir);
	f = fopen(r->conf, "we");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "[daemon]\nworkers = 2\n%s\n", config);
	fclose(f);
}

static const char *program(void)
{
	static char path[512];
	const char *top = getenv("SQ_TOP_BUILDDIR");

	snprintf(path, sizeof(path), "%s/src/daemon/sqryd", top ? top : ".");
	return path;
}

static void become(struct rig *r, int pipe_fd)
{
	char text[16];
	int log = open(r->log, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (r->uid && (setgroups(0, NULL) < 0 || setgid(r->uid) < 0 || setuid(r->uid) < 0))
		_exit(99);
	/* a test that fails leaves no daemon behind; after setuid, which clears it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(99);
	snprintf(text, sizeof(text), "%d", pipe_fd);
	if (log < 0 || dup2(log, STDERR_FILENO) < 0 || setenv("SQRYD_READY_PIPE_FD", text, 1) < 0 ||
	    setenv("SQRY_DAEMON_SOCKET", r->sock, 1) < 0)
		_exit(99);
	if (r->prepare)
		r->prepare(r);
	execl(program(), "sqryd", "--config", r->conf, "foreground", (char *)NULL);
	_exit(99);
}

void rig_start(struct rig *r)
{
	int fds[2];
	char byte;

	if (r->uid) {
		char run[96];

		snprintf(run, sizeof(run), "%s/run", r->dir);
		ck_assert_int_eq(chown(run, r->uid, r->uid), 0);
	}
	ck_assert_int_eq(pipe(fds), 0);
	r->pid = fork();
	ck_assert_int_ge(r->pid, 0);
	if (!r->pid) {
		close(fds[0]);
		become(r, fds[1]);
	}
	close(fds[1]);
	ck_assert_msg(read(fds[0], &byte, 1) == 1, "the daemon did not start, see %s", r->log);
	close(fds[0]);
}

int rig_wait(struct rig *r)
{
	int status;

	while (waitpid(r->pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	r->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void rig_kill(struct rig *r, int sig)
{
	ck_assert_int_gt(r->pid, 0);
	ck_assert_int_eq(kill(r->pid, sig), 0);
}

int rig_stop(struct rig *r)
{
	sq_json_doc_free(rig_ok(r, "daemon/stop", "{}"));
	return rig_wait(r);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void rig_deinit(struct rig *r)
{
	if (r->pid) {
		kill(r->pid, SIGKILL);
		rig_wait(r);
	}
	nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *rig_path(struct rig *r, const char *path)
{
	static char full[512];

	snprintf(full, sizeof(full), "%s/%s", r->tree, path);
	return full;
}

void rig_write_bytes(struct rig *r, const char *path, const void *p, size_t n)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s", rig_path(r, path));
	for (char *at = full + strlen(r->tree) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		ck_assert(!mkdir(full, 0755) || errno == EEXIST);
	}
	f = fopen(full, "we");
	ck_assert_msg(f != NULL, "%s: %s", full, strerror(errno));
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

void rig_write(struct rig *r, const char *path, const char *text)
{
	rig_write_bytes(r, path, text, strlen(text));
}

void rig_unlink(struct rig *r, const char *path)
{
	ck_assert_int_eq(unlink(rig_path(r, path)), 0);
}

void rig_rename(struct rig *r, const char *from, const char *to)
{
	char full[512];

	snprintf(full, sizeof(full), "%s", rig_path(r, from));
	ck_assert_int_eq(rename(full, rig_path(r, to)), 0);
}

/* ---- connections ---------------------------------------------------------------- */

void rig_open(struct rig *r, struct rig_conn *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = TIMEOUT_SECS };

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(c->fd, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", r->sock);
	ck_assert_int_eq(setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	ck_assert_msg(!connect(c->fd, (struct sockaddr *)&a, sizeof(a)), "%s: %s", r->sock, strerror(errno));
}

void rig_connect(struct rig *r, struct rig_conn *c)
{
	struct sq_json_doc *d;

	rig_open(r, c);
	rig_send(c, "{\"client_version\":\"test\",\"protocol_version\":1}");
	d = rig_recv(c);
	ck_assert_ptr_nonnull(d);
	ck_assert(sq_json_bool(sq_json_get(sq_json_root(d), "compatible"), false));
	sq_json_doc_free(d);
}

void rig_close(struct rig_conn *c)
{
	close(c->fd);
	c->fd = -1;
}

void rig_send_raw(struct rig_conn *c, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t k = send(c->fd, at, n, MSG_NOSIGNAL);

		if (k < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;   /* the daemon had enough; what it said is still to be read */
		ck_assert_int_gt(k, 0);
		at += k;
		n -= (size_t)k;
	}
}

void rig_send(struct rig_conn *c, const char *json)
{
	size_t n = strlen(json);
	unsigned char head[4] = { n & 255, n >> 8 & 255, n >> 16 & 255, n >> 24 & 255 };

	rig_send_raw(c, head, sizeof(head));
	rig_send_raw(c, json, n);
}

/* Return: bytes read, less than @n at the end only */
static size_t read_some(struct rig_conn *c, void *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = recv(c->fd, (char *)p + got, n - got, 0);

		if (k < 0 && errno == ECONNRESET)
			break;
		ck_assert_msg(k >= 0, "no answer: %s", strerror(errno));
		if (!k)
			break;
		got += (size_t)k;
	}
	return got;
}

struct sq_json_doc *rig_recv(struct rig_conn *c)
{
	struct sq_json_doc *d;
	unsigned char head[4];
	size_t n;
	char *body;

	if (read_some(c, head, sizeof(head)) < sizeof(head))
		return NULL;
	n = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	body = malloc(n + 1);
	ck_assert_ptr_nonnull(body);
	ck_assert_uint_eq(read_some(c, body, n), n);
	body[n] = '\0';
	ck_assert_msg(!sq_json_parse(sq_slice(body, n), &d, NULL, 0), "not JSON: %s", body);
	free(body);
	return d;
}

bool rig_is_eof(struct rig_conn *c)
{
	char byte;

	return !read_some(c, &byte, 1);
}

static void send_call(struct rig_conn *c, const char *method, const char *fmt, va_list ap)
{
	struct sq_buf b = SQ_BUF_NULL;
	char params[8192];

	vsnprintf(params, sizeof(params), fmt, ap);
	sq_buf_printf(&b, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}", method, params);
	rig_send(c, sq_buf_z(&b));
	sq_buf_deinit(&b);
}

struct sq_json_doc *rig_ask(struct rig_conn *c, const char *method, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_call(c, method, fmt, ap);
	va_end(ap);
	return rig_recv(c);
}

int rig_error(const struct sq_json_doc *d)
{
	return (int)sq_json_int(sq_json_get(sq_json_get(sq_json_root(d), "error"), "code"), 0);
}

const struct sq_json *rig_result(const struct sq_json_doc *d)
{
	return sq_json_get(sq_json_get(sq_json_root(d), "result"), "result");
}

const struct sq_json *rig_meta(const struct sq_json_doc *d)
{
	return sq_json_get(sq_json_get(sq_json_root(d), "result"), "meta");
}

static void check_code(const struct sq_json_doc *d, const char *method, int code)
{
	struct sq_slice text = sq_json_string(sq_json_get(sq_json_get(sq_json_root(d), "error"), "message"));

	ck_assert_msg(rig_error(d) == code, "%s answered code %d instead of %d: %.*s", method, rig_error(d), code,
		      (int)text.n, text.p ? text.p : "");
}

static struct sq_json_doc *call_once(struct rig *r, int code, const char *method, const char *fmt, va_list ap)
{
	struct sq_json_doc *d;
	struct rig_conn c;

	rig_connect(r, &c);
	send_call(&c, method, fmt, ap);
	d = rig_recv(&c);
	rig_close(&c);
	ck_assert_msg(d != NULL, "%s: the daemon closed the connection", method);
	check_code(d, method, code);
	return d;
}

struct sq_json_doc *rig_ok(struct rig *r, const char *method, const char *fmt, ...)
{
	struct sq_json_doc *d;
	va_list ap;

	va_start(ap, fmt);
	d = call_once(r, 0, method, fmt, ap);
	va_end(ap);
	return d;
}

struct sq_json_doc *rig_fails(struct rig *r, int code, const char *method, const char *fmt, ...)
{
	struct sq_json_doc *d;
	va_list ap;

	va_start(ap, fmt);
	d = call_once(r, code, method, fmt, ap);
	va_end(ap);
	return d;
}

/* ---- the tree -------------------------------------------------------------------- */

void rig_load(struct rig *r)
{
	sq_json_doc_free(rig_ok(r, "daemon/load", "{\"index_root\":\"%s\"}", r->tree));
}

void rig_sync(struct rig *r)
{
	sq_json_doc_free(rig_ok(r, "daemon/sync", "{\"path\":\"%s\",\"timeout_ms\":60000}", r->tree));
}

int64_t rig_count(struct rig *r, const char *name)
{
	struct sq_json_doc *d = rig_ok(r, "daemon/search", "{\"search_path\":\"%s\",\"pattern\":\"%s\"}", r->tree, name);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "total"), -1);

	sq_json_doc_free(d);
	return n;
}

int64_t rig_callers(struct rig *r, const char *name)
{
	struct sq_json_doc *d = rig_ok(r, "direct_callers", "{\"path\":\"%s\",\"symbol\":\"%s\"}", r->tree, name);
	int64_t n = sq_json_int(sq_json_get(rig_result(d), "total"), -1);

	sq_json_doc_free(d);
	return n;
}

const struct sq_json *rig_workspace(const struct sq_json_doc *status, const char *root)
{
	const struct sq_json *list = sq_json_get(rig_result(status), "workspaces");

	for (size_t i = 0; i < sq_json_len(list); i++)
		if (sq_slice_is(sq_json_string(sq_json_get(sq_json_at(list, i), "index_root")), root))
			return sq_json_at(list, i);
	return NULL;
}

void rig_expect_state(struct rig *r, const char *state)
{
	struct sq_json_doc *d = rig_ok(r, "daemon/status", "{}");
	struct sq_slice is = sq_json_string(sq_json_get(rig_workspace(d, r->tree), "state"));

	ck_assert_msg(sq_slice_is(is, state), "state is %.*s instead of %s", (int)is.n, is.p ? is.p : "", state);
	sq_json_doc_free(d);
}

int rig_main(const char *name, void (*add)(TCase *tc))
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 300);
	add(tc);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
