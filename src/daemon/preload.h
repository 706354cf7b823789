/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * preload — the pinned workspaces of the configuration, loaded when the daemon
 * starts and when a reload names more. A failure is a line of the log.
 * Threads: loop thread, or main before the loop runs.
 */
#include "daemon/daemon.h"

/**
 * sq_preload_root() - begin to load one canonical root.
 * @done: on the loop, when it is loaded or failed; may be NULL
 * Return: 0; -errno, told in the log, @done is not called.
 */
int sq_preload_root(struct sq_daemon *d, struct sq_slice root, bool is_pinned, void (*done)(void *arg), void *arg);
/** sq_preload() - begin to load what is pinned and not loaded. */
void sq_preload(struct sq_daemon *d);
