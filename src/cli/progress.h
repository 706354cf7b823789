/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * progress — what a load or rebuild is doing, on stderr: a bar when that is a
 * terminal, else one line a pass, and nothing for what takes under a second.
 * Ownership: the caller's, from start to stop.
 * Threads:   one of its own between start and stop, with its own connection;
 *            it asks daemon/status and writes to stderr, nobody else does then.
 */
#include <pthread.h>

#include "cli/cli.h"

struct sq_progress {
	const struct sq_cli *cli;
	const char *path;               /* of the workspace, canonical; borrowed */
	pthread_t thread;
	pthread_mutex_t lock;           /* of @stop */
	pthread_cond_t wake;
	bool stop, is_running;
	bool is_tty;
	bool has_bar;                   /* a bar is on the screen */
	char pass[24];                  /* shown last */
};
/** sq_progress_start() - a display that cannot be had is no error: there is none then. */
void sq_progress_start(struct sq_progress *p, const struct sq_cli *cli, const char *path);
/** sq_progress_stop() - wipes the bar. */
void sq_progress_stop(struct sq_progress *p);
