/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — the daemon from its start to its orderly end, on the calling thread.
 * Ownership: all borrowed.
 * Threads:   main; the callbacks too.
 */
#include "daemon/config.h"

struct sq_run {
	struct sq_config *config;            /* a reload changes it */
	const char *socket_path;
	int listen_fd;
	bool ends_idle;                      /* idle_timeout_minutes holds: a client started it */
	void (*ready)(void *arg);            /* requests are served */
	void (*reopen_log)(void *arg);       /* a reload: the file may have been moved, or is another */
	void *arg;
};
/** sq_daemon_run() - Return: 0 after an orderly stop; -errno. */
int sq_daemon_run(const struct sq_run *run) sq_must_check;
