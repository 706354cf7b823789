/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * service — what a service manager is told: ready, what it does, that its loop
 * lives; and the end of a daemon that nobody uses.
 * Ownership: embedded in the running daemon.
 * Threads:   loop thread.
 * Idle:      no timer, but for a watchdog that the manager asked for (twice a
 *            period) and the idle timeout of a daemon that a client started.
 */
#include "daemon/daemon.h"

struct sq_service {
	struct sq_daemon *d;
	struct sq_op watchdog_op, idle_op;
	uint64_t watchdog_ns;          /* between two signs of life; 0: none wanted */
	bool ends_idle;
	uint64_t n_seen;               /* connections and requests when the idle timer was set */
};
/** sq_service_start() - READY=1, and the timers. */
void sq_service_start(struct sq_service *s, struct sq_daemon *d, bool ends_idle);
/** sq_service_reloading() - sq_service_reloaded() follows. */
void sq_service_reloading(void);
void sq_service_reloaded(struct sq_service *s);
/** sq_service_stopping() - the end began. */
void sq_service_stopping(struct sq_service *s, const char *why);
