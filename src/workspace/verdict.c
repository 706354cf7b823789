/* SPDX-License-Identifier: MIT */
#include "workspace/verdict.h"

#define NS_AN_HOUR (3600ull * 1000000000ull)

static void classify_failed(struct sq_workspace *ws, uint64_t now, uint64_t cap, struct sq_verdict *v)
{
	v->last_error_code = sq_workspace_last_error(ws, v->last_error, sizeof(v->last_error));
	if (!v->last_good_ns) {
		v->kind = SQ_VERDICT_FAILED;
		return;
	}
	v->age_hours = now > v->last_good_ns ? (now - v->last_good_ns) / NS_AN_HOUR : 0;
	v->kind = !cap || v->age_hours < cap ? SQ_VERDICT_STALE : SQ_VERDICT_EXPIRED;
}

void sq_workspace_classify(struct sq_workspace *ws, uint64_t realtime_ns, uint64_t cap_hours,
			   struct sq_verdict *ret_v)
{
	ret_v->state = sq_workspace_state(ws);
	/* relaxed: written before the state that was just acquired */
	ret_v->last_good_ns = sq_load_relaxed(&ws->last_good_ns);
	ret_v->age_hours = 0;
	ret_v->last_error_code = 0;
	ret_v->last_error[0] = '\0';
	switch (ret_v->state) {
	case SQ_WS_LOADED:
	case SQ_WS_REBUILDING:
		ret_v->kind = SQ_VERDICT_FRESH;
		return;
	case SQ_WS_FAILED:
		classify_failed(ws, realtime_ns, cap_hours, ret_v);
		return;
	case SQ_WS_EVICTED:
		ret_v->kind = SQ_VERDICT_EVICTED;
		return;
	default:
		ret_v->kind = SQ_VERDICT_NOT_READY;
	}
}
