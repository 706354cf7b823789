/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * start — start the daemon on behalf of a client (protocol 2.8 point 6). Of
 * several clients that find none, one starts it: the others wait for the
 * bootstrap lock and then find it running.
 * Threads: any; makes a child process and reaps it.
 */
#include "client/channel.h"
#include "sqry/client.h"

struct sq_start {
	const char *socket, *sqryd_path;        /* sqryd_path may be NULL */
	bool is_default_socket;                 /* its directory may be made */
	int timeout_ms, connect_timeout_ms;
};
/** sq_start_daemon() - Return: 0 with an open channel; SQRY_E_START, _TIMEOUT, _NOT_RUNNING; -errno. */
int sq_start_daemon(const struct sq_start *s, struct sq_channel *ret_ch,
		    struct sqry_failure *f) sq_must_check;
