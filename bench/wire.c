/* SPDX-License-Identifier: MIT */
#include "bench/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/rpc.h"
#include "sys/fd.h"

#define READ_BYTES (64u << 10)

int sq_wire_connect(const char *socket_path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(socket_path);
	int fd;

	if (n >= sizeof(a.sun_path))
		return sq_error_origin(-ENAMETOOLONG);
	memcpy(a.sun_path, socket_path, n + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return sq_error_origin(-errno);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		int r = -errno;

		sq_fd_close(fd);
		return sq_error_origin(r);
	}
	return fd;
}

static int read_frame(struct sq_wire *w, struct sq_slice *ret_body)
{
	size_t used;

	for (;;) {
		ssize_t n;
		int r = sq_frame_next(sq_buf_slice(&w->in), ret_body, &used);

		if (r != SQ_FRAME_E_MORE)
			return r || used != w->in.n ? sq_error_origin(-EPROTO) : 0;
		r = sq_buf_reserve(&w->in, READ_BYTES);
		if (r)
			return sq_error_trace(r);
		n = recv(w->fd, w->in.p + w->in.n, w->in.cap - w->in.n, 0);
		if (n <= 0)
			return sq_error_origin(n ? -errno : -EPIPE);
		w->in.n += (size_t)n;
	}
}

static int exchange(struct sq_wire *w, const struct sq_buf *frame, struct sq_slice *ret_body)
{
	int r = sq_buf_error(frame);

	sq_buf_clear(&w->in);
	if (!r)
		r = sq_fd_write_all(w->fd, frame->p, frame->n);
	return r ? r : read_frame(w, ret_body);
}

static int greet(struct sq_wire *w)
{
	_cleanup_(sq_buf_deinit) struct sq_buf hello = SQ_BUF_NULL;
	size_t at = sq_frame_begin(&hello);
	struct sq_slice body;

	sq_hello_request(&hello, "sqry-bench");
	(void)sq_frame_end(&hello, at);         /* far below the limit */
	return exchange(w, &hello, &body);
}

int sq_wire_open(struct sq_wire *w, const char *socket, const char *method, const char *params)
{
	size_t at = sq_frame_begin(&w->request);
	int r;

	sq_rpc_request(&w->request, 1, method, sq_slice_z(params));
	if (sq_frame_end(&w->request, at))
		return sq_error_origin(-EMSGSIZE);
	w->fd = sq_wire_connect(socket);
	r = w->fd < 0 ? w->fd : greet(w);
	return r;
}

void sq_wire_close(struct sq_wire *w)
{
	w->fd = sq_fd_close(w->fd);
	sq_buf_deinit(&w->request);
	sq_buf_deinit(&w->in);
}

int sq_wire_once(struct sq_wire *w, struct sq_slice *ret_body)
{
	return exchange(w, &w->request, ret_body);
}
