/* SPDX-License-Identifier: MIT */
#include "daemon/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time.h"
#include "sys/fd.h"

static int fd_of_env(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long fd;

	if (!text || !*text)
		return -1;
	fd = strtol(text, &end, 10);
	unsetenv(name);
	return *end || fd < 3 || fd > INT16_MAX ? -1 : (int)fd;
}

int sq_detach_lock_fd(void)
{
	return fd_of_env(SQ_LOCK_FD_ENV);
}

void sq_detach_ready(void)
{
	int fd = fd_of_env(SQ_READY_PIPE_ENV);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		errno = 0;   /* a parent that is gone does not care; SIGPIPE is ignored */
	sq_fd_close(fd);
}

static int set_fd_env(const char *name, int fd)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", fd);
	return setenv(name, text, 1) < 0 || fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}

/* in the child, before exec */
static void become_daemon(int lock_fd, int pipe_fd, char *const argv[])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || setsid() < 0 || chdir("/") < 0)
		_exit(70);
	/* standard error stays until the child is ready: its reason for not starting is seen */
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(70);
	if ((lock_fd >= 0 && set_fd_env(SQ_LOCK_FD_ENV, lock_fd) < 0) || set_fd_env(SQ_READY_PIPE_ENV, pipe_fd) < 0)
		_exit(70);
	execv("/proc/self/exe", argv);
	_exit(70);
}

/* Return: 1 ready; 0 the pipe closed without a word; SQ_DETACH_E_TIMEOUT as -ETIMEDOUT */
static int wait_ready(int fd, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	int r;

	do {
		uint64_t now = sq_now_ns();
		int ms = now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000u) + 1;

		r = poll(&p, 1, ms);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		return -ETIMEDOUT;
	return read(fd, &byte, 1) == 1;
}

int sq_detach_run(struct sq_instance *i, char *const argv[], unsigned timeout_secs, int *ret_code)
{
	uint64_t deadline = sq_now_ns() + timeout_secs * 1000000000ull;
	int pipe_fds[2], status = 0, r;
	pid_t child;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return sq_error_origin(-errno);
	child = fork();
	if (child < 0) {
		r = -errno;
		sq_fd_close(pipe_fds[0]);
		sq_fd_close(pipe_fds[1]);
		return sq_error_origin(r);
	}
	if (!child)
		become_daemon(i->lock_fd, pipe_fds[1], argv);
	sq_fd_close(pipe_fds[1]);
	r = wait_ready(pipe_fds[0], deadline);
	sq_fd_close(pipe_fds[0]);
	if (r == 1) {
		sq_instance_hand_off(i);
		return 0;
	}
	if (r == -ETIMEDOUT)
		(void)kill(child, SIGKILL);   /* ours, not yet waited for */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (r == -ETIMEDOUT)
		return SQ_DETACH_E_TIMEOUT;
	*ret_code = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 70;
	return SQ_DETACH_E_DIED;
}
