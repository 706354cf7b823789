/* SPDX-License-Identifier: MIT */
#include "daemon/control.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/rpc.h"
#include "sys/fd.h"

static int send_frame(int fd, struct sq_slice body)
{
	struct sq_buf out = SQ_BUF_NULL;
	size_t at = sq_frame_begin(&out);
	int r;

	sq_buf_add_slice(&out, body);
	sq_frame_end(&out, at);
	r = sq_buf_error(&out);
	if (!r)
		r = sq_fd_write_all(fd, out.p, out.n);
	sq_buf_deinit(&out);
	return r;
}

static int read_frame(int fd, struct sq_buf *body)
{
	unsigned char head[4];
	uint32_t n;
	size_t got;
	int r = sq_fd_read_full(fd, head, sizeof(head), &got);

	if (r < 0 || got < sizeof(head))
		return r < 0 ? r : sq_error_origin(-EPIPE);
	n = head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
	if (n > SQ_FRAME_MAX)
		return sq_error_origin(-EPROTO);
	sq_buf_clear(body);
	r = sq_buf_reserve(body, n);
	if (!r)
		r = sq_fd_read_full(fd, body->p, n, &got);
	if (r < 0 || got < n)
		return r < 0 ? r : sq_error_origin(-EPIPE);
	body->n = n;
	return 0;
}

static int exchange(int fd, struct sq_slice request, struct sq_buf *answer)
{
	int r = send_frame(fd, request);

	return r ? r : read_frame(fd, answer);
}

/* connect, greet, call once; the connection stays open */
static int call(const struct sq_instance *i, const char *method, struct sq_slice params, struct sq_buf *answer,
		int *ret_fd)
{
	struct sq_buf request = SQ_BUF_NULL;
	int fd = sq_instance_connect(i), r;

	if (fd < 0)
		return fd;
	sq_hello_request(&request, PACKAGE_VERSION);
	r = exchange(fd, sq_buf_slice(&request), answer);
	sq_buf_clear(&request);
	if (!r) {
		sq_rpc_request(&request, 1, method, params);
		r = exchange(fd, sq_buf_slice(&request), answer);
	}
	sq_buf_deinit(&request);
	if (r)
		sq_fd_close(fd);
	else
		*ret_fd = fd;
	return r;
}

int sq_control_call(const struct sq_instance *i, const char *method, struct sq_buf *answer)
{
	int fd, r = call(i, method, SQ_LIT("{}"), answer, &fd);

	if (!r)
		sq_fd_close(fd);
	return r;
}

int sq_control_hand_over(const struct sq_instance *i, int version, int *ret_channel)
{
	struct sq_buf answer = SQ_BUF_NULL;
	struct sq_json_doc *doc = NULL;
	char params[40];
	int fd, r;

	(void)snprintf(params, sizeof(params), "{\"version\":%d}", version);
	r = call(i, "daemon/hand_over", sq_slice_z(params), &answer, &fd);
	if (r)
		goto out;
	r = sq_json_parse(sq_buf_slice(&answer), &doc, NULL, 0) ? sq_error_origin(-EPROTO) : 0;
	if (!r && !sq_json_get(sq_json_root(doc), "result"))
		r = sq_error_origin(-EPERM);
	if (r)
		sq_fd_close(fd);
	else
		*ret_channel = fd;
	sq_json_doc_free(doc);
out:
	sq_buf_deinit(&answer);
	return r;
}

static bool is_absent(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED;
}

static int say(int code, const struct sq_instance *i, const char *what)
{
	fprintf(stderr, "sqryd: %s: %s\n", i->socket_path, what);
	return code;
}

int sq_control_stop(struct sq_instance *i, unsigned timeout_secs)
{
	struct sq_buf answer = SQ_BUF_NULL;
	pid_t pid = sq_instance_pid(i);
	int pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1, r;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	r = sq_control_call(i, "daemon/stop", &answer);
	sq_buf_deinit(&answer);
	if (is_absent(r)) {
		sq_fd_close(pidfd);
		printf("not running\n");
		return EXIT_SUCCESS;
	}
	if (!r && pidfd >= 0)
		r = poll(&p, 1, (int)timeout_secs * 1000) > 0 ? 0 : -ETIMEDOUT;
	sq_fd_close(pidfd);
	if (r == -ETIMEDOUT)
		return say(EX_TEMPFAIL, i, "the daemon did not end in time");
	if (r < 0)
		return say(EX_IOERR, i, strerror(-r));
	printf("stopped\n");
	return EXIT_SUCCESS;
}

static uint64_t number(const struct sq_json *obj, const char *key)
{
	return (uint64_t)sq_json_int(sq_json_get(obj, key), 0);
}

static void print_human(const struct sq_json *s)
{
	const struct sq_json *mem = sq_json_get(s, "memory"), *list = sq_json_get(s, "workspaces");
	struct sq_slice version = sq_json_string(sq_json_get(s, "daemon_version"));
	uint64_t up = number(s, "uptime_seconds");

	printf("sqryd %.*s, up %" PRIu64 "h %" PRIu64 "m\n", (int)version.n, version.p, up / 3600, up / 60 % 60);
	printf("Memory: %" PRIu64 " MB / %" PRIu64 " MB (peak: %" PRIu64 " MB)\n", number(mem, "current_bytes") >> 20,
	       number(mem, "limit_bytes") >> 20, number(mem, "high_water_bytes") >> 20);
	printf("Workspaces (%zu loaded):\n", sq_json_len(list));
	for (size_t i = 0; i < sq_json_len(list); i++) {
		const struct sq_json *w = sq_json_at(list, i);
		struct sq_slice state = sq_json_string(sq_json_get(w, "state"));
		struct sq_slice error = sq_json_string(sq_json_get(w, "last_error"));
		struct sq_buf root = SQ_BUF_NULL;

		sq_buf_add_escaped(&root, sq_json_string(sq_json_get(w, "index_root")));
		printf("  %s  %" PRIu64 " MB (peak: %" PRIu64 " MB)  [%.*s]\n", sq_buf_z(&root),
		       number(w, "current_bytes") >> 20, number(w, "high_water_bytes") >> 20, (int)state.n, state.p);
		if (error.n)
			printf("    last error: %.*s\n", (int)error.n, error.p);
		sq_buf_deinit(&root);
	}
}

int sq_control_status(struct sq_instance *i, bool json)
{
	struct sq_buf answer = SQ_BUF_NULL;
	struct sq_json_doc *doc = NULL;
	const struct sq_json *result = NULL;
	int r = sq_control_call(i, "daemon/status", &answer);

	if (!r)
		r = sq_json_parse(sq_buf_slice(&answer), &doc, NULL, 0) ? -EPROTO : 0;
	if (!r) {
		result = sq_json_get(sq_json_get(sq_json_root(doc), "result"), "result");
		r = result ? 0 : -EPROTO;
	}
	if (!r && json)
		printf("%.*s\n", (int)answer.n, answer.p);
	else if (!r)
		print_human(result);
	sq_json_doc_free(doc);
	sq_buf_deinit(&answer);
	if (is_absent(r))
		return say(1, i, "no daemon is running");
	return r < 0 ? say(EX_IOERR, i, strerror(-r)) : EXIT_SUCCESS;
}
