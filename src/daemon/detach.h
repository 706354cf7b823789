/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * detach — `start --detach`: the parent takes the lock, starts itself again in
 * a session of its own, and returns when the child serves (protocol 2.8 point 5).
 * Threads: main, before any other is started.
 */
#include "daemon/instance.h"

#define SQ_READY_PIPE_ENV "SQRYD_READY_PIPE_FD"
#define SQ_LOCK_FD_ENV "SQRYD_LOCK_FD"

enum { SQ_DETACH_E_TIMEOUT = 1 /* exit 69 */, SQ_DETACH_E_DIED = 2 /* its own exit code */ };
/**
 * sq_detach_run() - the lock is held and handed to the child, unless it replaces who holds it.
 * @argv:     of the child: options as we got them
 * @ret_code: exit code of a child that ended before it was ready
 */
int sq_detach_run(struct sq_instance *i, char *const argv[], unsigned timeout_secs, int *ret_code) sq_must_check;
/** sq_detach_ready() - the child: tell the parent. */
void sq_detach_ready(void);
/** sq_detach_lock_fd() - the child: the lock that it inherits, -1 none. */
int sq_detach_lock_fd(void);
