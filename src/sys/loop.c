/* SPDX-License-Identifier: MIT */
#include "sys/loop.h"

#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/time.h"
#include "sys/loop_backend.h"
#include "sys/wake.h"

struct sq_loop {
	const struct sq_loop_ops *ops;
	void *impl;
	struct sq_op wake_op;
	struct sq_wake wake;
	struct sq_lock lock;            /* posts */
	struct sq_post *first, **last;
	bool stop;                      /* atomic */
	uint64_t n_wakeups;             /* atomic */
};

static struct sq_loop *of_wake(struct sq_op *op)
{
	return (struct sq_loop *)(void *)((char *)op - offsetof(struct sq_loop, wake_op));
}

static void run_posts(struct sq_loop *l)
{
	struct sq_post *list;

	sq_lock(&l->lock);
	list = l->first;
	l->first = NULL;
	l->last = &l->first;
	sq_unlock(&l->lock);
	while (list) {
		struct sq_post *post = list;

		list = post->next;   /* fn may free or post it again */
		post->fn(post);
	}
}

static void woken(struct sq_op *op, int res)
{
	struct sq_loop *l = of_wake(op);

	if (res < 0)
		return;
	(void)sq_wake_drain(&l->wake);
	run_posts(l);
}

static int open_backend(struct sq_loop *l, enum sq_loop_backend want)
{
	int r = -EOPNOTSUPP;

	if (want != SQ_LOOP_EPOLL) {
		l->ops = &sq_loop_uring_ops;
		r = l->ops->open(&l->impl);
	}
	if (r < 0 && r != -ENOMEM && want != SQ_LOOP_URING) {
		l->ops = &sq_loop_epoll_ops;
		r = l->ops->open(&l->impl);
	}
	return r;
}

int sq_loop_new(enum sq_loop_backend want, struct sq_loop **ret_l)
{
	struct sq_loop *l = sq_calloc(1, sizeof(*l));
	int r;

	if (!l)
		return sq_error_origin(-ENOMEM);
	l->last = &l->first;
	r = sq_wake_init(&l->wake);
	if (r < 0)
		goto out_free;
	r = sq_lock_init(&l->lock, SQ_RANK_POOL, "loop posts");
	if (r < 0)
		goto out_wake;
	r = open_backend(l, want);
	if (r < 0)
		goto out_lock;
	sq_loop_poll(l, &l->wake_op, l->wake.fd, woken);
	*ret_l = l;
	return 0;
out_lock:
	sq_lock_deinit(&l->lock);
out_wake:
	sq_wake_deinit(&l->wake);
out_free:
	sq_free(l);
	return sq_error_trace(r);
}

struct sq_loop *sq_loop_free(struct sq_loop *l)
{
	if (!l)
		return NULL;
	run_posts(l);   /* what was posted is delivered */
	l->ops->close(l->impl);
	sq_lock_deinit(&l->lock);
	sq_wake_deinit(&l->wake);
	sq_free(l);
	return NULL;
}

const char *sq_loop_name(const struct sq_loop *l)
{
	return l->ops->name(l->impl);
}

int sq_loop_run(struct sq_loop *l)
{
	/* relaxed: set on this thread, or before the wake-up that made us look */
	while (!sq_load_relaxed(&l->stop)) {
		int r = l->ops->step(l->impl);

		if (r < 0)
			return sq_error_trace(r);
		(void)sq_add_relaxed(&l->n_wakeups, 1);   /* relaxed: a counter */
	}
	return 0;
}

void sq_loop_stop(struct sq_loop *l)
{
	/* relaxed: the wake-up orders it */
	sq_store_relaxed(&l->stop, true);
	sq_wake_signal(&l->wake);
}

void sq_loop_post(struct sq_loop *l, struct sq_post *post)
{
	bool was_empty;

	post->next = NULL;
	sq_lock(&l->lock);
	was_empty = !l->first;
	*l->last = post;
	l->last = &post->next;
	sq_unlock(&l->lock);
	if (was_empty)
		sq_wake_signal(&l->wake);
}

uint64_t sq_loop_wakeups(const struct sq_loop *l)
{
	return sq_load_relaxed(&l->n_wakeups);   /* relaxed: a counter */
}

static void arm(struct sq_loop *l, struct sq_op *op, uint8_t kind, int fd, void *p, size_t n,
		void (*fn)(struct sq_op *, int))
{
	op->fn = fn;
	op->kind = kind;
	op->is_armed = true;
	op->is_cancelled = false;
	op->fd = fd;
	op->p = p;
	op->n = n;
	l->ops->arm(l->impl, op);
}

void sq_loop_accept(struct sq_loop *l, struct sq_op *op, int fd, void (*fn)(struct sq_op *, int))
{
	arm(l, op, SQ_OP_ACCEPT, fd, NULL, 0, fn);
}

void sq_loop_recv(struct sq_loop *l, struct sq_op *op, int fd, void *p, size_t n, void (*fn)(struct sq_op *, int))
{
	arm(l, op, SQ_OP_RECV, fd, p, n, fn);
}

void sq_loop_send(struct sq_loop *l, struct sq_op *op, int fd, const void *p, size_t n,
		  void (*fn)(struct sq_op *, int))
{
	arm(l, op, SQ_OP_SEND, fd, (void *)(uintptr_t)p, n, fn);
}

void sq_loop_poll(struct sq_loop *l, struct sq_op *op, int fd, void (*fn)(struct sq_op *, int))
{
	arm(l, op, SQ_OP_POLL, fd, NULL, 0, fn);
}

void sq_loop_timeout(struct sq_loop *l, struct sq_op *op, uint64_t ns, void (*fn)(struct sq_op *, int))
{
	op->ts[0] = ns;
	arm(l, op, SQ_OP_TIMEOUT, -1, NULL, 0, fn);
}

void sq_loop_cancel(struct sq_loop *l, struct sq_op *op)
{
	if (!op->is_armed || op->is_cancelled)
		return;
	op->is_cancelled = true;
	l->ops->cancel(l->impl, op);
}
