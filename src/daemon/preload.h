/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * preload — the pinned workspaces of the configuration, loaded when the daemon
 * starts and when a reload names more. A failure is a line of the log.
 * Threads: loop thread, or main before the loop runs.
 */
#include "daemon/daemon.h"

/** sq_preload() - begin to load what is pinned and not loaded. */
void sq_preload(struct sq_daemon *d);
