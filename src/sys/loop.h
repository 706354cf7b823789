/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * loop — one thread's event loop: accept, receive, send, poll and timeouts,
 * submitted together and waited for in one system call.
 * On io_uring; on epoll where the kernel or a container refuses rings.
 * Ownership: the loop borrows operations, descriptors and buffers while they
 *            are armed. An operation is embedded in what it belongs to.
 * Threads:   everything on the loop's thread, but sq_loop_post and
 *            sq_loop_stop, which any thread may call.
 * Invariants: an armed operation's callback is called exactly once for its
 *            last result (accept and poll: also for those before); the
 *            operation may be armed again, or freed, from then on.
 * Idle:      nothing armed fires, so nothing wakes: no timer, no poll period.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_loop;
struct sq_op {
	void (*fn)(struct sq_op *op, int res);   /* res: bytes, descriptor, 0, or -errno */
	uint8_t kind;                            /* the loop's from here */
	bool is_armed;
	bool is_cancelled;
	int fd;
	void *p;
	size_t n;
	uint64_t ts[2];                          /* a timeout's timespec; epoll: deadline */
	struct sq_op *next, **prev;              /* epoll: of its descriptor, or timers */
};
struct sq_post {
	void (*fn)(struct sq_post *post);
	struct sq_post *next;
};
enum sq_loop_backend { SQ_LOOP_AUTO, SQ_LOOP_URING, SQ_LOOP_EPOLL };

/** sq_loop_new() - on the thread that will run it. */
int sq_loop_new(enum sq_loop_backend want, struct sq_loop **ret_l) sq_must_check;
/** sq_loop_free() - nothing may be armed but what the caller never frees before. */
struct sq_loop *sq_loop_free(struct sq_loop *l);
/** sq_loop_name() - "io_uring (defer_taskrun)" or "epoll". */
const char *sq_loop_name(const struct sq_loop *l);
/** sq_loop_run() - until sq_loop_stop(). Return: 0; -errno of the kernel's wait. */
int sq_loop_run(struct sq_loop *l) sq_must_check;
/** sq_loop_stop() - run returns after the events at hand. Any thread. */
void sq_loop_stop(struct sq_loop *l);
/** sq_loop_post() - post->fn(post) on the loop's thread, soon, in order. Any thread; never fails. */
void sq_loop_post(struct sq_loop *l, struct sq_post *post);
/** sq_loop_wakeups() - times that the loop came back from the kernel. Any thread. */
uint64_t sq_loop_wakeups(const struct sq_loop *l);

/* Arming: @op is not armed. Failures of the kernel arrive through fn. */
/** sq_loop_accept() - fn(op, fd) for every connection (close-on-exec, blocking), until an error or cancel. */
void sq_loop_accept(struct sq_loop *l, struct sq_op *op, int fd, void (*fn)(struct sq_op *, int));
/* Sockets are blocking: a ring answers -EAGAIN at once for a non-blocking one. */
/** sq_loop_recv() - once, up to @n bytes; 0: end of the stream. */
void sq_loop_recv(struct sq_loop *l, struct sq_op *op, int fd, void *p, size_t n, void (*fn)(struct sq_op *, int));
/** sq_loop_send() - once, perhaps fewer bytes; no SIGPIPE. */
void sq_loop_send(struct sq_loop *l, struct sq_op *op, int fd, const void *p, size_t n,
		  void (*fn)(struct sq_op *, int));
/** sq_loop_poll() - fn(op, 0) whenever @fd becomes readable, until cancel; fn must drain it. */
void sq_loop_poll(struct sq_loop *l, struct sq_op *op, int fd, void (*fn)(struct sq_op *, int));
/** sq_loop_timeout() - fn(op, 0) once, @ns from now. */
void sq_loop_timeout(struct sq_loop *l, struct sq_op *op, uint64_t ns, void (*fn)(struct sq_op *, int));
/** sq_loop_cancel() - an armed operation ends soon: fn(op, -ECANCELED), or its result if that came first. */
void sq_loop_cancel(struct sq_loop *l, struct sq_op *op);
