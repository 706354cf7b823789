/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * channel — frames over a connected Unix socket, each wait with a deadline.
 * Ownership: the channel owns its descriptor. Threads: one at a time.
 * Invariants: after SQRY_E_TIMEOUT the channel is in step: what arrived is kept.
 */
#include <stdint.h>

#include "base/str.h"

struct sq_channel {
	int fd;
	struct sq_buf in;
	size_t used;            /* of @in: the frame handed out last */
};
#define SQ_CHANNEL_NO_DEADLINE UINT64_MAX
/** sq_channel_open() - Return: 0; SQRY_E_NOT_RUNNING; SQRY_E_TIMEOUT; -errno. */
int sq_channel_open(struct sq_channel *ch, const char *path, int timeout_ms) sq_must_check;
void sq_channel_close(struct sq_channel *ch);
/** sq_channel_send() - the whole buffer. Return: 0; SQRY_E_TIMEOUT; SQRY_E_CLOSED; -errno. */
int sq_channel_send(struct sq_channel *ch, struct sq_slice frame, uint64_t deadline_ns) sq_must_check;
/** sq_channel_next() - next frame's body, borrowed until the next call.
 *  Return: 0; SQRY_E_TIMEOUT; SQRY_E_CLOSED; SQRY_E_PROTOCOL; -errno. */
int sq_channel_next(struct sq_channel *ch, uint64_t deadline_ns, struct sq_slice *ret_body) sq_must_check;
/** sq_channel_deadline() - now + @timeout_ms; negative: none. */
uint64_t sq_channel_deadline(int timeout_ms);
