/* SPDX-License-Identifier: MIT */
#include "sys/sigfd.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"

int sq_sigfd_open(const int *signals, int *ret_fd)
{
	sigset_t set;
	int fd, r;

	(void)sigemptyset(&set);
	for (; *signals; signals++)
		if (sigaddset(&set, *signals))
			return sq_error_origin(-errno);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return sq_error_origin(-errno);
	r = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (!r && signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		r = errno;
	if (r) {
		(void)close(fd);   /* nothing was written to it */
		return sq_error_origin(-r);
	}
	*ret_fd = fd;
	return 0;
}

int sq_sigfd_next(int fd, int *ret_signal)
{
	struct signalfd_siginfo info;
	ssize_t r;

	do {
		r = read(fd, &info, sizeof(info));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EAGAIN ? 0 : sq_error_origin(-errno);
	if (r != sizeof(info))
		return sq_error_origin(-EIO);
	*ret_signal = (int)info.ssi_signo;
	return 1;
}
