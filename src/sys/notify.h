/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * notify — readiness, watchdog and socket activation of the service manager.
 * Built without libsystemd, or started by something else, all of it does
 * nothing and says so in its results.
 * Threads: any; sq_notify_listen_fd on the main thread, before others start.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

/** sq_notify_is_built() - libsystemd is in this build (for --version --verbose). */
bool sq_notify_is_built(void);
/** sq_notify() - lines as of sd_notify(3), "READY=1". Return: 1 sent; 0 nobody listens; -errno. */
int sq_notify(const char *state);
int sq_notify_status(const char *fmt, ...) SQ_PRINTF(1, 2);
/** sq_notify_watchdog_ns() - the period within which WATCHDOG=1 is expected; 0: none. */
uint64_t sq_notify_watchdog_ns(void);
/**
 * sq_notify_listen_fd() - the stream socket that the service manager listens on for us.
 * @ret_fd: set to the descriptor, which the caller then owns
 * Return: 1; 0 when none was passed; -EINVAL when several were, or another
 * kind of descriptor; -errno.
 */
int sq_notify_listen_fd(int *ret_fd) sq_must_check;
