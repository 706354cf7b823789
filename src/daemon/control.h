/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * control — what `sqryd stop` and `sqryd status` do: a small client of our own
 * socket. (The full client is libsqry, which lies above.)
 * Threads: main of a short-lived process.
 */
#include "base/str.h"
#include "daemon/instance.h"

/** sq_control_call() - connect, greet, call once. @answer: the response. Return: 0; -ENOENT, -ECONNREFUSED:
 *  nothing runs; -errno. */
int sq_control_call(const struct sq_instance *i, const char *method, struct sq_buf *answer) sq_must_check;
/**
 * sq_control_hand_over() - ask the daemon to hand over to us.
 * @ret_channel: the connection, on which its records follow (handover.h); the caller's
 * Return: 0; -EPERM: it refuses, the log says why; -errno.
 */
int sq_control_hand_over(const struct sq_instance *i, int version, int *ret_channel) sq_must_check;
/** sq_control_stop() - ask, then wait until the daemon gave up its lock. Return: exit code. */
int sq_control_stop(struct sq_instance *i, unsigned timeout_secs);
/** sq_control_status() - Return: exit code; 1 when nothing is running. */
int sq_control_status(struct sq_instance *i, bool json);
