/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * loop_backend — what a loop asks of the kernel, in two ways. Private to sys/.
 * Threads: the loop's.
 */
#include "sys/loop.h"

enum { SQ_OP_ACCEPT, SQ_OP_RECV, SQ_OP_SEND, SQ_OP_POLL, SQ_OP_TIMEOUT };

struct sq_loop_ops {
	int (*open)(void **ret_impl);
	void (*close)(void *impl);
	/* start @op, whose fields are filled in; a failure is delivered by step() */
	void (*arm)(void *impl, struct sq_op *op);
	void (*cancel)(void *impl, struct sq_op *op);
	/* submit, wait for at least one event, deliver all. Return: 0; -errno */
	int (*step)(void *impl);
	const char *(*name)(const void *impl);
};
extern const struct sq_loop_ops sq_loop_uring_ops, sq_loop_epoll_ops;

/** sq_op_finish() - the last result: disarm, then tell. */
static inline void sq_op_finish(struct sq_op *op, int res)
{
	op->is_armed = false;
	op->fn(op, res);
}
