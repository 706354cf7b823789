/* SPDX-License-Identifier: MIT */
#include "daemon/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "proto/frame.h"
#include "sys/fd.h"

union control { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; };

int sq_handover_limit(int channel)
{
	const struct timeval limit = { .tv_sec = SQ_HANDOVER_LIMIT_SECS };

	if (setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return sq_error_origin(-errno);
	return 0;
}

int sq_handover_send(int channel, enum sq_handover_kind kind, bool is_greeted, int fd, struct sq_slice bytes)
{
	struct sq_handover h = { .kind = kind, .is_greeted = is_greeted, .n_bytes = bytes.n };
	struct iovec io = { .iov_base = &h, .iov_len = sizeof(h) };
	union control control = { .bytes = { 0 } };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	n = sendmsg(channel, &m, MSG_NOSIGNAL);
	if (n != (ssize_t)sizeof(h))
		return sq_error_origin(n < 0 ? -errno : -EIO);
	return bytes.n ? sq_fd_write_all(channel, bytes.p, bytes.n) : 0;
}

static int take_fd(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(fd)))
		return sq_error_origin(-EPROTO);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static int read_bytes(int channel, uint64_t n, struct sq_buf *b)
{
	size_t got = 0;
	int r = n > SQ_FRAME_MAX + sizeof(uint32_t) ? sq_error_origin(-EPROTO) : sq_buf_reserve(b, n);

	if (!r && n)
		r = sq_fd_read_full(channel, b->p + b->n, n, &got);
	if (!r && got < n)
		r = sq_error_origin(-EPROTO);
	if (!r)
		b->n += n;
	return r;
}

int sq_handover_recv(int channel, bool may_wait, struct sq_handover *ret_h, int *ret_fd, struct sq_buf *ret_bytes)
{
	struct sq_handover h;
	struct iovec io = { .iov_base = &h, .iov_len = sizeof(h) };
	union control control;
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(channel, &m, MSG_CMSG_CLOEXEC | (may_wait ? 0 : MSG_DONTWAIT));
	int fd, r;

	if (n <= 0)
		return n ? -errno : SQ_HANDOVER_E_END;
	fd = take_fd(&m);
	if (fd < 0)
		return fd;
	r = n == (ssize_t)sizeof(h) ? read_bytes(channel, h.n_bytes, ret_bytes) : sq_error_origin(-EPROTO);
	if (r < 0) {
		sq_fd_close(fd);
		return r;
	}
	*ret_h = h;
	*ret_fd = fd;
	return 0;
}
