/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * takeover — `sqryd start --replace`: the newer daemon loads what the older one
 * serves, then takes its socket, its lock and its clients (handover.h). Until
 * then the older one serves, with its own graphs: both need memory.
 * Ownership: embedded in the running daemon.
 * Threads:   loop thread; until the loads are done it waits for nothing else.
 */
#include "daemon/daemon.h"
#include "daemon/instance.h"

struct sq_takeover {
	struct sq_daemon *d;
	struct sq_instance *instance;
	/* the socket is ours, or -errno: the older one goes on */
	void (*done)(void *arg, int result);
	void *arg;
	struct sq_op channel_op;
	int channel;                   /* -1: none */
	unsigned n_loading;            /* and one for the start */
};
#define SQ_TAKEOVER_NULL { .channel = -1 }
/** sq_takeover_start() - ask what is served and load it. @done is called later, on the loop. Return: 0; -errno. */
int sq_takeover_start(struct sq_takeover *t, struct sq_daemon *d, struct sq_instance *instance,
		      void (*done)(void *arg, int result), void *arg) sq_must_check;
void sq_takeover_deinit(struct sq_takeover *t);
