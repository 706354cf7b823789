/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * uring — one io_uring, set up with the best flags that the kernel takes.
 * This is where liburing comes in: its prep calls are used as they are.
 * Ownership: embedded by its user; deinit closes the ring, in-flight requests
 *            are cancelled by the kernel, their buffers must outlive that.
 * Threads:   the thread that called init, and no other (SINGLE_ISSUER).
 * Errors:    -errno as everywhere; -ENOSYS, -EPERM or -EACCES of init mean
 *            that a kernel or a container refuses rings.
 */
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_uring {
	struct io_uring ring;
	unsigned setup_flags;       /* IORING_SETUP_* that the kernel accepted */
	bool is_open;
};
#define SQ_URING_NULL { .is_open = false }
/**
 * sq_uring_init()
 * @entries:    submission slots, rounded up to a power of two by the kernel
 * @cq_entries: completion slots, 0 for twice the submission slots
 * Tries DEFER_TASKRUN | SINGLE_ISSUER (6.1), then SINGLE_ISSUER | COOP_TASKRUN,
 * then COOP_TASKRUN (5.19), then nothing.
 */
int sq_uring_init(struct sq_uring *u, unsigned entries, unsigned cq_entries) sq_must_check;
void sq_uring_deinit(struct sq_uring *u);
/** sq_uring_has_op() - the kernel knows opcode IORING_OP_@op. Says nothing of filters: try it. */
bool sq_uring_has_op(struct sq_uring *u, unsigned op);
/** sq_uring_flags_name() - static text for status: "defer_taskrun", "coop_taskrun", "plain". */
const char *sq_uring_flags_name(const struct sq_uring *u);
/**
 * sq_uring_sqe() - a cleared submission entry; submits what is queued when full.
 * Return: NULL when the kernel takes nothing now (completions must be reaped first).
 */
struct io_uring_sqe *sq_uring_sqe(struct sq_uring *u) sq_must_check;
/**
 * sq_uring_room() - make sure that @n entries follow without a submission in
 * between: a chain of linked entries must not be cut.
 * Return: 0; -EBUSY or -EAGAIN when completions must be reaped first; -errno.
 */
int sq_uring_room(struct sq_uring *u, unsigned n) sq_must_check;
enum { SQ_URING_E_TIMEOUT = 1, SQ_URING_E_INTERRUPTED = 2 };
/**
 * sq_uring_wait() - submit what is queued and wait for @n completions.
 * @timeout_ns: UINT64_MAX waits for ever; 0 submits and looks, without waiting
 * Return: 0 when @n are there; SQ_URING_E_TIMEOUT (there may be some all the
 * same; a signal may make it early); SQ_URING_E_INTERRUPTED; -errno.
 */
int sq_uring_wait(struct sq_uring *u, unsigned n, uint64_t timeout_ns) sq_must_check;
/**
 * sq_uring_next() - take one completion off the ring; enters the kernel only after an overflow.
 * Return: true when there was one; its copy is in @ret_cqe.
 */
bool sq_uring_next(struct sq_uring *u, struct io_uring_cqe *ret_cqe);
