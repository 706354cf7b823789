/* SPDX-License-Identifier: MIT */
/*
 * The same loop where rings are refused: readiness instead of completion.
 * A descriptor has one entry in the epoll set (EPOLLONESHOT, armed again while
 * operations wait) with its operations in a list.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time.h"
#include "base/vec.h"
#include "sys/fd.h"
#include "sys/loop_backend.h"

#define EVENTS_AT_ONCE 64

struct slot {
	struct sq_op *ops;        /* waiting for this descriptor */
	bool is_added;
};
struct impl {
	int epfd;
	SQ_VEC(struct slot) slots;     /* by descriptor number */
	struct sq_op *timers;          /* unsorted: there are few */
	struct sq_op *ready;           /* to be finished at the next step: failed to arm, cancelled */
};

static int epoll_open(void **ret_impl)
{
	struct impl *e = sq_calloc(1, sizeof(*e));

	if (!e)
		return sq_error_origin(-ENOMEM);
	e->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (e->epfd < 0) {
		int r = -errno;

		sq_free(e);
		return sq_error_origin(r);
	}
	*ret_impl = e;
	return 0;
}

static void epoll_close(void *impl)
{
	struct impl *e = impl;

	e->epfd = sq_fd_close(e->epfd);
	sq_vec_deinit(&e->slots);
	sq_free(e);
}

static void link_op(struct sq_op **head, struct sq_op *op)
{
	op->next = *head;
	op->prev = head;
	if (*head)
		(*head)->prev = &op->next;
	*head = op;
}

static void unlink_op(struct sq_op *op)
{
	*op->prev = op->next;
	if (op->next)
		op->next->prev = op->prev;
}

/* tell the set what the descriptor's operations wait for */
static int update(struct impl *e, int fd)
{
	struct slot *s = &e->slots.v[fd];
	struct epoll_event ev = { .events = EPOLLONESHOT, .data.fd = fd };
	int how = s->is_added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (!s->ops)
		return 0;   /* one shot: nothing is reported until it is armed again */
	for (struct sq_op *op = s->ops; op; op = op->next)
		ev.events |= op->kind == SQ_OP_SEND ? EPOLLOUT : EPOLLIN;
	if (epoll_ctl(e->epfd, how, fd, &ev) < 0) {
		/* the number was closed and used again since */
		if (errno != ENOENT && errno != EEXIST)
			return -errno;
		how = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
		if (epoll_ctl(e->epfd, how, fd, &ev) < 0)
			return -errno;
	}
	s->is_added = true;
	return 0;
}

static int add_to_slot(struct impl *e, struct sq_op *op)
{
	size_t want = (size_t)op->fd + 1;

	if (want > e->slots.n) {
		int r = sq_vec_reserve(&e->slots, want - e->slots.n);

		if (r < 0)
			return sq_error_trace(r);
		memset(e->slots.v + e->slots.n, 0, (want - e->slots.n) * sizeof(e->slots.v[0]));
		e->slots.n = want;
		for (size_t i = 0; i < e->slots.n; i++)
			if (e->slots.v[i].ops)
				e->slots.v[i].ops->prev = &e->slots.v[i].ops;   /* the heads moved */
	}
	link_op(&e->slots.v[op->fd].ops, op);
	return update(e, op->fd);
}

static void finish_later(struct impl *e, struct sq_op *op, int res)
{
	op->ts[1] = (uint64_t)(int64_t)res;
	link_op(&e->ready, op);
}

static void epoll_arm(void *impl, struct sq_op *op)
{
	struct impl *e = impl;
	int r;

	if (op->kind == SQ_OP_TIMEOUT) {
		op->ts[0] += sq_now_ns();
		link_op(&e->timers, op);
		return;
	}
	/* a connection that was announced may be gone when we ask; a ring wants it blocking instead */
	if (op->kind == SQ_OP_ACCEPT)
		(void)fcntl(op->fd, F_SETFL, O_NONBLOCK);
	r = add_to_slot(e, op);
	if (r < 0) {
		if (r != -ENOMEM)
			unlink_op(op);
		finish_later(e, op, r);
	}
}

static void epoll_cancel(void *impl, struct sq_op *op)
{
	unlink_op(op);
	finish_later(impl, op, -ECANCELED);
}

/* Return: the result; -EAGAIN: not yet */
static int try_op(const struct sq_op *op)
{
	ssize_t r;

	switch (op->kind) {
	case SQ_OP_ACCEPT:
		r = accept4(op->fd, NULL, NULL, SOCK_CLOEXEC);
		break;
	case SQ_OP_RECV:
		r = recv(op->fd, op->p, op->n, MSG_DONTWAIT);
		break;
	case SQ_OP_SEND:
		r = send(op->fd, op->p, op->n, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	default:
		return 0;
	}
	if (r < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return (int)r;
}

static void serve_op(struct sq_op *op)
{
	int res = try_op(op);

	if (res == -EAGAIN)
		return;
	if (res >= 0 && (op->kind == SQ_OP_POLL || op->kind == SQ_OP_ACCEPT)) {
		op->fn(op, res);   /* stays in its slot */
		return;
	}
	unlink_op(op);
	sq_op_finish(op, res);
}

static bool wants(const struct sq_op *op, uint32_t events)
{
	return events & (EPOLLERR | EPOLLHUP | (op->kind == SQ_OP_SEND ? EPOLLOUT : EPOLLIN));
}

/* callbacks may arm and cancel on the same descriptor: one operation of each kind, looked up anew */
static void serve_fd(struct impl *e, int fd, uint32_t events)
{
	for (uint8_t kind = SQ_OP_ACCEPT; kind <= SQ_OP_POLL; kind++) {
		struct sq_op *op = e->slots.v[fd].ops;

		while (op && !(op->kind == kind && wants(op, events)))
			op = op->next;
		if (op)
			serve_op(op);
	}
	if (update(e, fd) < 0)
		while (e->slots.v[fd].ops) {
			struct sq_op *op = e->slots.v[fd].ops;

			unlink_op(op);
			finish_later(e, op, -EBADF);
		}
}

static void run_ready(struct impl *e)
{
	while (e->ready) {
		struct sq_op *op = e->ready;

		unlink_op(op);
		sq_op_finish(op, (int)(int64_t)op->ts[1]);
	}
}

static int next_timeout_ms(const struct impl *e)
{
	uint64_t now = sq_now_ns(), first = UINT64_MAX;

	if (e->ready)
		return 0;
	for (const struct sq_op *op = e->timers; op; op = op->next)
		first = SQ_MIN(first, op->ts[0]);
	if (first == UINT64_MAX)
		return -1;
	return first <= now ? 0 : (int)SQ_MIN((first - now) / 1000000u + 1, (uint64_t)INT32_MAX);
}

static void run_timers(struct impl *e)
{
	uint64_t now = sq_now_ns();
	struct sq_op *op = e->timers;

	while (op) {
		struct sq_op *due = op;

		op = op->next;
		if (due->ts[0] > now)
			continue;
		unlink_op(due);
		finish_later(e, due, 0);   /* its callback may change the list */
	}
}

static int epoll_step(void *impl)
{
	struct impl *e = impl;
	struct epoll_event ev[EVENTS_AT_ONCE];
	int n = epoll_wait(e->epfd, ev, EVENTS_AT_ONCE, next_timeout_ms(e));

	if (n < 0 && errno != EINTR)
		return sq_error_origin(-errno);
	for (int i = 0; i < n; i++)
		serve_fd(e, ev[i].data.fd, ev[i].events);
	run_timers(e);
	run_ready(e);
	return 0;
}

static const char *epoll_name(const void *impl)
{
	(void)impl;
	return "epoll";
}

const struct sq_loop_ops sq_loop_epoll_ops = {
	epoll_open, epoll_close, epoll_arm, epoll_cancel, epoll_step, epoll_name,
};
