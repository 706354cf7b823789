/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * answer — typed errors and the meta of answers about one workspace (protocol 2.3, 2.5).
 * Threads: any; writes into the caller's buffer.
 */
#include "daemon/daemon.h"
#include "proto/rpc.h"
#include "workspace/verdict.h"

/** sq_answer_not_loaded() - -32004 with {root, hint}. */
void sq_answer_not_loaded(struct sq_buf *out, struct sq_slice id, struct sq_slice path);
/** sq_answer_verdict() - why the workspace cannot be read: -32001, -32002 or -32004. */
void sq_answer_verdict(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws,
		       const struct sq_verdict *v, uint64_t cap_hours);
/** sq_answer_outcome() - why a turn failed: -32001, -32003, -32004 or -32006. */
void sq_answer_outcome(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws,
		       const struct sq_outcome *o);
/** sq_answer_reset_refused() - -32008, -32009 or -32010 for @why, an SQ_RESET_E_*. */
void sq_answer_reset_refused(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws, int why);
/** sq_answer_internal() - -32603 with the four keys. */
void sq_answer_internal(struct sq_buf *out, struct sq_slice id, const char *message);
/** sq_answer_tool_timeout() - -32000. */
void sq_answer_tool_timeout(struct sq_buf *out, struct sq_slice id, uint64_t deadline_ms);

/* the meta of a read answer; holds what it points to */
struct sq_answer_meta {
	struct sq_rpc_meta meta;
	struct sq_verdict verdict;
	char clock[SQ_CLOCK_MAX];
};
void sq_answer_meta_init(struct sq_answer_meta *m, const struct sq_daemon *d, struct sq_workspace *ws,
			 uint64_t generation);
/** sq_answer_meta_copy() - it points into itself. */
void sq_answer_meta_copy(struct sq_answer_meta *to, const struct sq_answer_meta *from);
/** sq_answer_management() - meta of a management call. @state: NULL omits it. */
struct sq_rpc_meta sq_answer_management(const char *state);
