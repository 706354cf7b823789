/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * reload — SIGHUP: the configuration is read again, what may change does, and
 * the log says what changed, from what to what, and what needs a restart.
 * A file that is wrong changes nothing.
 * Threads: loop thread; it reads the files itself, once a signal.
 */
#include "daemon/daemon.h"

/** sq_reload() - @reopen_log(arg): after the new target of the log is known. */
void sq_reload(struct sq_daemon *d, void (*reopen_log)(void *arg), void *arg);
