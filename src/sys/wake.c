/* SPDX-License-Identifier: MIT */
#include "sys/wake.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"

int sq_wake_init(struct sq_wake *w)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return sq_error_origin(-errno);
	w->fd = fd;
	return 0;
}

void sq_wake_deinit(struct sq_wake *w)
{
	w->fd = sq_fd_close(w->fd);
}

void sq_wake_signal(struct sq_wake *w)
{
	const uint64_t one = 1;
	int saved = errno;
	ssize_t r;

	/* EAGAIN: the counter is full, so it is signalled already */
	do {
		r = write(w->fd, &one, sizeof(one));
	} while (r < 0 && errno == EINTR);
	errno = saved;
}

bool sq_wake_drain(struct sq_wake *w)
{
	uint64_t n;
	ssize_t r;

	do {
		r = read(w->fd, &n, sizeof(n));
	} while (r < 0 && errno == EINTR);
	return r == sizeof(n);
}

void sq_wake_wait(struct sq_wake *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	while (!sq_wake_drain(w))
		(void)poll(&p, 1, -1);   /* EINTR: look again */
}
