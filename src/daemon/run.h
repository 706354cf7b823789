/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — the daemon from its start to its orderly end, on the calling thread.
 * Threads: main.
 */
#include "daemon/config.h"

/**
 * sq_daemon_run()
 * @listen_fd: borrowed
 * @ready:     called when requests are served
 * Return: 0 after an orderly stop; -errno.
 */
int sq_daemon_run(struct sq_config *config, const char *socket_path, int listen_fd, void (*ready)(void *arg),
		  void *arg) sq_must_check;
