/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/vec.h"
#include "sys/loop_backend.h"
#include "sys/uring.h"

#define LOOP_ENTRIES 256u
#define LOOP_COMPLETIONS 4096u

struct impl {
	struct sq_uring ring;
	bool single_accept, single_poll;        /* the kernel has no multishot (< 5.19, < 5.13) */
	char name[40];
	SQ_VEC(struct sq_op *) late;            /* did not fit into the ring: tried again at the next step */
};

static int uring_open(void **ret_impl)
{
	struct impl *u = sq_calloc(1, sizeof(*u));
	int r;

	if (!u)
		return sq_error_origin(-ENOMEM);
	u->ring = (struct sq_uring)SQ_URING_NULL;
	r = sq_uring_init(&u->ring, LOOP_ENTRIES, LOOP_COMPLETIONS);
	if (r < 0) {
		sq_free(u);
		return sq_error_trace(r);
	}
	(void)snprintf(u->name, sizeof(u->name), "io_uring (%s)", sq_uring_flags_name(&u->ring));
	*ret_impl = u;
	return 0;
}

static void uring_close(void *impl)
{
	struct impl *u = impl;

	sq_uring_deinit(&u->ring);
	sq_vec_deinit(&u->late);
	sq_free(u);
}

static void prep_timeout(struct io_uring_sqe *sqe, struct sq_op *op)
{
	struct __kernel_timespec *ts = (void *)op->ts;
	uint64_t ns = op->ts[0];

	_Static_assert(sizeof(*ts) == sizeof(op->ts), "room for a timespec");
	ts->tv_sec = (long long)(ns / 1000000000u);
	ts->tv_nsec = (long long)(ns % 1000000000u);
	io_uring_prep_timeout(sqe, ts, 0, 0);
}

static void prep(struct impl *u, struct io_uring_sqe *sqe, struct sq_op *op)
{
	switch (op->kind) {
	case SQ_OP_ACCEPT:
		if (u->single_accept)
			io_uring_prep_accept(sqe, op->fd, NULL, NULL, SOCK_CLOEXEC);
		else
			io_uring_prep_multishot_accept(sqe, op->fd, NULL, NULL, SOCK_CLOEXEC);
		break;
	case SQ_OP_RECV:
		io_uring_prep_recv(sqe, op->fd, op->p, op->n, 0);
		break;
	case SQ_OP_SEND:
		io_uring_prep_send(sqe, op->fd, op->p, op->n, MSG_NOSIGNAL);
		break;
	case SQ_OP_POLL:
		if (u->single_poll)
			io_uring_prep_poll_add(sqe, op->fd, POLLIN);
		else
			io_uring_prep_poll_multishot(sqe, op->fd, POLLIN);
		break;
	default:
		prep_timeout(sqe, op);
	}
	io_uring_sqe_set_data(sqe, op);
}

static void uring_arm(void *impl, struct sq_op *op)
{
	struct impl *u = impl;
	struct io_uring_sqe *sqe = sq_uring_sqe(&u->ring);

	if (sqe)
		prep(u, sqe, op);
	else if (sq_vec_push(&u->late, op) < 0)
		sq_op_finish(op, -ENOMEM);
}

/* the low bit marks a cancel of the operation that the rest points to */
static void uring_cancel(void *impl, struct sq_op *op)
{
	struct impl *u = impl;
	struct io_uring_sqe *sqe = sq_uring_sqe(&u->ring);

	if (!sqe) {   /* asked again from arm_late */
		if (sq_vec_push(&u->late, op) < 0)
			op->is_cancelled = false;
		return;
	}
	if (op->kind == SQ_OP_TIMEOUT)
		io_uring_prep_timeout_remove(sqe, (uintptr_t)op, 0);
	else
		io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL);
}

static void arm_late(struct impl *u)
{
	size_t n = u->late.n;

	for (size_t i = 0; i < n; i++) {
		struct sq_op *op = u->late.v[i];

		if (op->is_cancelled)
			uring_cancel(u, op);
		else
			uring_arm(u, op);
	}
	memmove(u->late.v, u->late.v + n, (u->late.n - n) * sizeof(u->late.v[0]));
	u->late.n -= n;
}

static bool lacks_multishot(struct impl *u, const struct sq_op *op, int res)
{
	bool *single = op->kind == SQ_OP_ACCEPT ? &u->single_accept :
		       op->kind == SQ_OP_POLL ? &u->single_poll : NULL;

	if (!single || *single || res != -EINVAL)
		return false;
	*single = true;
	return true;
}

static void deliver(struct impl *u, const struct io_uring_cqe *cqe)
{
	struct sq_op *op = io_uring_cqe_get_data(cqe);
	int res = cqe->res;

	if (!op)
		return;   /* of a cancel */
	if (lacks_multishot(u, op, res) && !op->is_cancelled) {
		uring_arm(u, op);
		return;
	}
	if (op->kind == SQ_OP_POLL && res > 0)
		res = 0;
	if (op->kind == SQ_OP_TIMEOUT && res == -ETIME)
		res = 0;
	if (cqe->flags & IORING_CQE_F_MORE) {
		op->fn(op, res);
		return;
	}
	if (res >= 0 && !op->is_cancelled && (op->kind == SQ_OP_POLL || op->kind == SQ_OP_ACCEPT)) {
		uring_arm(u, op);   /* the kernel ended the multishot: go on */
		op->fn(op, res);
		return;
	}
	sq_op_finish(op, op->is_cancelled && op->kind == SQ_OP_TIMEOUT ? -ECANCELED : res);
}

static int uring_step(void *impl)
{
	struct impl *u = impl;
	struct io_uring_cqe cqe;
	int r;

	if (u->late.n)
		arm_late(u);
	r = sq_uring_wait(&u->ring, 1, UINT64_MAX);
	if (r < 0 && r != -EBUSY && r != -EAGAIN)
		return sq_error_trace(r);
	while (sq_uring_next(&u->ring, &cqe))
		deliver(u, &cqe);
	return 0;
}

static const char *uring_name(const void *impl)
{
	return ((const struct impl *)impl)->name;
}

const struct sq_loop_ops sq_loop_uring_ops = {
	uring_open, uring_close, uring_arm, uring_cancel, uring_step, uring_name,
};
