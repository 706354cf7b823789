/* SPDX-License-Identifier: MIT */
#include "client/channel.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time.h"
#include "proto/frame.h"
#include "sqry/client.h"

#define READ_BYTES (64u << 10)

uint64_t sq_channel_deadline(int timeout_ms)
{
	if (timeout_ms < 0)
		return SQ_CHANNEL_NO_DEADLINE;
	return sq_now_ns() + (uint64_t)timeout_ms * 1000000;
}

/* the time limit of connect(2) on a Unix socket is that of sending */
static int limit_connect(int fd, int timeout_ms)
{
	struct timeval tv = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0)
		return sq_error_origin(-errno);
	return 0;
}

static int connect_to(int fd, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof(a.sun_path))
		return sq_error_origin(-ENAMETOOLONG);
	memcpy(a.sun_path, path, n + 1);
	while (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		switch (errno) {
		case EINTR:
			continue;
		case ENOENT:
		case ECONNREFUSED:
			return SQRY_E_NOT_RUNNING;
		case EAGAIN:
			return SQRY_E_TIMEOUT;
		default:
			return sq_error_origin(-errno);
		}
	}
	return 0;
}

int sq_channel_open(struct sq_channel *ch, const char *path, int timeout_ms)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return sq_error_origin(-errno);
	r = limit_connect(fd, timeout_ms);
	if (!r)
		r = connect_to(fd, path);
	if (r) {
		close(fd);
		return sq_error_trace(r);
	}
	*ch = (struct sq_channel){ .fd = fd };
	return 0;
}

void sq_channel_close(struct sq_channel *ch)
{
	if (ch->fd >= 0)
		close(ch->fd);
	ch->fd = -1;
	sq_buf_deinit(&ch->in);
}

/* until @events or the deadline: 0, SQRY_E_TIMEOUT or -errno */
static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int ms = -1, n;

		if (deadline_ns != SQ_CHANNEL_NO_DEADLINE) {
			uint64_t now = sq_now_ns();
			uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

			/* rounded up: not early, and no spinning at the end */
			left = (left + 999999) / 1000000;
			ms = left > INT_MAX ? INT_MAX : (int)left;
		}
		n = poll(&p, 1, ms);
		if (n > 0)
			return 0;
		if (n == 0)
			return SQRY_E_TIMEOUT;
		if (errno != EINTR)
			return sq_error_origin(-errno);
	}
}

int sq_channel_send(struct sq_channel *ch, struct sq_slice frame,
		    uint64_t deadline_ns)
{
	while (frame.n) {
		ssize_t n = send(ch->fd, frame.p, frame.n,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		int r = 0;

		if (n >= 0) {
			frame.p += n;
			frame.n -= (size_t)n;
		} else if (errno == EAGAIN) {
			r = wait_for(ch->fd, POLLOUT, deadline_ns);
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return SQRY_E_CLOSED;
		} else if (errno != EINTR) {
			return sq_error_origin(-errno);
		}
		if (r)
			return r;
	}
	return 0;
}

static int receive(struct sq_channel *ch, uint64_t deadline_ns)
{
	ssize_t n;
	int r;

	r = sq_buf_reserve(&ch->in, READ_BYTES);
	if (r < 0)
		return sq_error_trace(r);
	n = recv(ch->fd, ch->in.p + ch->in.n, ch->in.cap - ch->in.n,
		 MSG_DONTWAIT);
	if (n > 0) {
		ch->in.n += (size_t)n;
		return 0;
	}
	if (n == 0 || errno == ECONNRESET)
		return SQRY_E_CLOSED;
	if (errno == EAGAIN)
		return wait_for(ch->fd, POLLIN, deadline_ns);
	return errno == EINTR ? 0 : sq_error_origin(-errno);
}

/* the frame handed out before is not needed any more */
static void drop_used(struct sq_channel *ch)
{
	if (!ch->used)
		return;
	memmove(ch->in.p, ch->in.p + ch->used, ch->in.n - ch->used);
	ch->in.n -= ch->used;
	ch->used = 0;
}

int sq_channel_next(struct sq_channel *ch, uint64_t deadline_ns,
		    struct sq_slice *ret_body)
{
	int r;

	drop_used(ch);
	for (;;) {
		r = sq_frame_next(sq_buf_slice(&ch->in), ret_body, &ch->used);
		if (!r)
			return 0;
		if (r == SQ_FRAME_E_TOO_LARGE)
			return SQRY_E_PROTOCOL;
		r = receive(ch, deadline_ns);
		if (r)
			return r;
	}
}
