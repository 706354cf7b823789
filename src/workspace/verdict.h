/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * verdict — may a workspace be read now, and what must the answer say about it?
 * Threads:   any; takes no lock unless the workspace failed (RECORD.lock for
 *            the text). Call inside the section in which the graph is read.
 * Invariants: read-only (SV-09); never Fresh with the empty version, because a
 *            workspace is Loaded only after its first publish and an evicted
 *            one keeps its graph until nobody can reach it.
 */
#include "workspace/workspace.h"

enum sq_verdict_kind {
	SQ_VERDICT_FRESH,      /* Loaded, Rebuilding */
	SQ_VERDICT_STALE,      /* Failed, but there is an older version */
	SQ_VERDICT_EXPIRED,    /* the same, older than the cap: -32002 */
	SQ_VERDICT_FAILED,     /* never built: -32001 */
	SQ_VERDICT_NOT_READY,  /* Unloaded, Loading: -32001 */
	SQ_VERDICT_EVICTED,    /* -32004 */
};
struct sq_verdict {
	enum sq_verdict_kind kind;
	enum sq_ws_state state;
	uint64_t last_good_ns;
	uint64_t age_hours;
	int last_error_code;
	char last_error[SQ_WS_ERROR_MAX];   /* "" none */
};
/**
 * sq_workspace_classify()
 * @realtime_ns: now; a clock that went back gives age 0 (SV-10)
 * @cap_hours:   stale versions are served up to this age; 0: for ever
 */
void sq_workspace_classify(struct sq_workspace *ws, uint64_t realtime_ns, uint64_t cap_hours,
			   struct sq_verdict *ret_v);
