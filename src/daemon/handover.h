/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * handover — how a daemon that is replaced passes on what it has: one record
 * each with a descriptor, over the connection that asked for it
 * (daemon/hand_over) and that carries nothing else from its answer on.
 *
 * First the socket that it listens on and its lock, then the connections, each
 * as soon as the last answer of it is out, with the bytes that were received
 * and not yet run. Nothing that a client sent is lost, and no client sees it.
 * Ownership: a descriptor is duplicated by the kernel; each side closes its own.
 * Threads:   any; blocks at most SQ_HANDOVER_LIMIT_SECS a record.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define SQ_HANDOVER_LIMIT_SECS 5
/* of the records; a daemon that does not know the number refuses */
#define SQ_HANDOVER_VERSION 1

enum sq_handover_kind { SQ_HANDOVER_LISTEN = 1, SQ_HANDOVER_LOCK = 2, SQ_HANDOVER_CONNECTION = 3 };
struct sq_handover {
	uint32_t kind;
	uint32_t is_greeted;           /* CONNECTION: hellos were exchanged */
	uint64_t n_bytes;              /* what follows: received, not yet run */
};
/** sq_handover_limit() - no read or write of @channel lasts longer. Return: 0; -errno. */
int sq_handover_limit(int channel) sq_must_check;
/** sq_handover_send() - @fd stays the caller's. Return: 0; -errno. */
int sq_handover_send(int channel, enum sq_handover_kind kind, bool is_greeted, int fd, struct sq_slice bytes) sq_must_check;
/**
 * sq_handover_recv() - @ret_fd is the caller's; @ret_bytes appended to.
 * @may_wait: for the beginning of a record
 * Return: 0; SQ_HANDOVER_E_END: the other side has ended; -EAGAIN; -errno.
 */
enum { SQ_HANDOVER_E_END = 1 };
int sq_handover_recv(int channel, bool may_wait, struct sq_handover *ret_h, int *ret_fd, struct sq_buf *ret_bytes) sq_must_check;
