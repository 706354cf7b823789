/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * serve — `sqryd foreground` and `sqryd start`: log, lock, socket, then the
 * daemon until its end (the order of protocol 2.8).
 * Threads: main.
 */
#include "daemon/config.h"
#include "daemon/instance.h"

struct sq_serve {
	struct sq_config *config;
	struct sq_instance *instance;
	bool is_background;            /* logs beside the socket unless the configuration says otherwise */
	bool replaces;                 /* a daemon that runs: take over from it */
	bool by_client;                /* a client started it: idle_timeout_minutes holds */
};
/** sq_serve() - Return: exit code. */
int sq_serve(const struct sq_serve *s);
/** sq_serve_exit() - say what became of a call of instance.h. Return: exit code. */
int sq_serve_exit(int r, const struct sq_instance_error *err);
