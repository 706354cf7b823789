/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — the daemon from its start to its orderly end, on the calling thread.
 * Ownership: all borrowed.
 * Threads:   main; the callbacks too.
 */
#include "daemon/config.h"
#include "daemon/instance.h"

struct sq_run {
	struct sq_config *config;            /* a reload changes it */
	const char *socket_path;
	int listen_fd;                       /* -1 with replaces */
	struct sq_instance *instance;        /* whose lock a daemon that replaces this one gets */
	bool replaces;                       /* take over from the daemon that holds it */
	bool ends_idle;                      /* idle_timeout_minutes holds: a client started it */
	void (*ready)(void *arg);            /* requests are served */
	void (*reopen_log)(void *arg);       /* a reload: the file may have been moved, or is another */
	void *arg;
};
/** sq_daemon_run() - Return: 0 after an orderly stop; SQ_RUN_E_REPLACED: socket and lock are another's; -errno. */
enum { SQ_RUN_E_REPLACED = 1 };
int sq_daemon_run(const struct sq_run *run) sq_must_check;
