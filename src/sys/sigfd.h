/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * sigfd — signals as a descriptor that a ring can poll. (Not "signal.h", which
 * would hide the system's <sys/signal.h>.)
 * Threads: block before the first thread is started (sq_thread_start blocks
 *          everything in new threads anyway), read on the loop thread.
 */
#include "base/alloc.h"

/**
 * sq_sigfd_open() - block @signals in the calling thread and open a
 * non-blocking signalfd for them. SIGPIPE is ignored as well.
 * @signals: ends with 0
 */
int sq_sigfd_open(const int *signals, int *ret_fd) sq_must_check;
/** sq_sigfd_next() - Return: 1 with @ret_signal set; 0 when none waits; -errno. */
int sq_sigfd_next(int fd, int *ret_signal) sq_must_check;
