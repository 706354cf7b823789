/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * crowd — clients that ask one question again and again, each in a thread and
 * with a connection of its own; latencies are taken inside this process. How
 * far an answer goes is chosen: bytes of a bare socket, the daemon's frame as
 * it is, or the frame decoded by the client library.
 * Ownership: caller-owned storage. Threads: started and joined inside.
 */
#include "bench/pingpong.h"
#include "bench/sample.h"
#include "bench/target.h"

enum sq_crowd_depth { SQ_CROWD_DECODED, SQ_CROWD_FRAME, SQ_CROWD_BARE };
struct sq_crowd {
	enum sq_crowd_depth depth;
	struct sq_target *target;
	const char *method, *params;            /* JSON object */
	const struct sq_pingpong *bare;         /* instead of the daemon, SQ_CROWD_BARE */
	unsigned n_clients;
	unsigned n_each;                        /* questions a client, at most */
	unsigned limit_ms;                      /* and no further ones after this time */
	const int *until;                       /* and none once this is not 0; may be NULL */
	/* results */
	struct sq_sample us;                    /* a latency each */
	int64_t total;                          /* "total" of the last answer, -1: it has none */
	unsigned n_failed;
	bool unsupported;                       /* -32601 */
	size_t n_request, n_answer;             /* frames' bytes, SQ_CROWD_FRAME */
	double per_second;
	char why[300];                          /* of a failure */
};
/** sq_crowd_run() - 0; SQ_TARGET_E_FAILED: a client could not connect or was not answered. */
int sq_crowd_run(struct sq_crowd *c) sq_must_check;
