/* SPDX-License-Identifier: MIT */
#include "bench/pingpong.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "bench/wire.h"
#include "sys/fd.h"

#define MAX_EVENTS 64
#define BACKLOG 256

static int exchange(int fd, char *buf, uint32_t n_in, uint32_t n_out)
{
	size_t n = 0;
	int r = sq_fd_read_full(fd, buf, n_in, &n);

	if (r || n != n_in)
		return r ? r : -EPIPE;
	return sq_fd_write_all(fd, buf, n_out);
}

/* one thread, epoll, like a daemon's loop */
static void serve(const struct sq_pingpong *p, int listener)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener }, v[MAX_EVENTS];
	char *buf = sq_calloc(1, SQ_MAX(p->n_request, p->n_answer) + 1);
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (!buf || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e))
		_exit(1);
	for (;;) {
		int n = epoll_wait(epoll, v, MAX_EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (v[i].data.fd == listener) {
				e.data.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
				(void)epoll_ctl(epoll, EPOLL_CTL_ADD, e.data.fd, &e);   /* EBADF: none came */
			} else if (exchange(v[i].data.fd, buf, p->n_request, p->n_answer)) {
				close(v[i].data.fd);
			}
		}
	}
}

int sq_pingpong_start(struct sq_pingpong *p, const char *dir, uint32_t n_request, uint32_t n_answer)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_(sq_fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	p->n_request = n_request;
	p->n_answer = n_answer;
	if (snprintf(p->socket, sizeof(p->socket), "%s/pingpong.sock", dir) >= (int)sizeof(p->socket))
		return sq_error_origin(-ENAMETOOLONG);
	memcpy(a.sun_path, p->socket, sizeof(a.sun_path));
	unlink(p->socket);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, BACKLOG))
		return sq_error_origin(-errno);
	p->pid = fork();
	if (p->pid < 0)
		return sq_error_origin(-errno);
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		serve(p, fd);
	}
	return 0;
}

void sq_pingpong_stop(struct sq_pingpong *p)
{
	if (p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, NULL, 0);
	unlink(p->socket);
	p->pid = 0;
}

int sq_pingpong_connect(const struct sq_pingpong *p)
{
	return sq_wire_connect(p->socket);
}

int sq_pingpong_once(const struct sq_pingpong *p, int fd, char *buf)
{
	size_t n = 0;
	int r = sq_fd_write_all(fd, buf, p->n_request);

	if (!r)
		r = sq_fd_read_full(fd, buf, p->n_answer, &n);
	return r ? r : n == p->n_answer ? 0 : -EPIPE;
}
