/* SPDX-License-Identifier: MIT */
#include "daemon/answer.h"

#include <stdio.h>

#include "base/time.h"

#define RESET_RETRY_MS 250u

/* an error object whose data members the caller writes in between */
static void data_begin(struct sq_jw *w, struct sq_buf *data, const struct sq_slice root)
{
	sq_jw_init(w, data);
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "root", root);
}

static void finish(struct sq_buf *out, struct sq_slice id, int code, const char *message, struct sq_jw *w,
		   struct sq_buf *data)
{
	sq_jw_end_object(w);
	sq_rpc_error(out, id, code, sq_slice_z(message), sq_buf_slice(data));
	sq_buf_deinit(data);
}

static void error_with(struct sq_buf *out, struct sq_slice id, int code, struct sq_slice root,
		       const char *key, const char *text)
{
	struct sq_buf data = SQ_BUF_NULL, message = SQ_BUF_NULL;
	struct sq_jw w;

	data_begin(&w, &data, root);
	sq_jw_kstr(&w, key, sq_slice_z(text));
	sq_buf_puts(&message, code == SQ_RPC_NOT_LOADED ? "workspace not loaded: " : "workspace build failed: ");
	sq_buf_add_escaped(&message, root);
	sq_buf_printf(&message, ": %s", text);
	finish(out, id, code, sq_buf_z(&message) ? sq_buf_z(&message) : text, &w, &data);
	sq_buf_deinit(&message);
}

/* no hint: it was there, and is not any more */
static void evicted(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws, const char *why)
{
	struct sq_buf data = SQ_BUF_NULL, message = SQ_BUF_NULL;
	struct sq_jw w;

	data_begin(&w, &data, ws->key.root);
	sq_buf_puts(&message, "workspace evicted: ");
	sq_buf_add_escaped(&message, ws->key.root);
	sq_buf_printf(&message, ": %s", why);
	finish(out, id, SQ_RPC_NOT_LOADED, sq_buf_z(&message) ? sq_buf_z(&message) : why, &w, &data);
	sq_buf_deinit(&message);
}

void sq_answer_not_loaded(struct sq_buf *out, struct sq_slice id, struct sq_slice path)
{
	error_with(out, id, SQ_RPC_NOT_LOADED, path, "hint", "load it first with daemon/load (sqry daemon load PATH)");
}

static void time_member(struct sq_jw *w, const char *key, uint64_t realtime_ns)
{
	char text[32];

	sq_jw_key(w, key);
	if (realtime_ns)
		sq_jw_string(w, sq_slice_z(sq_time_rfc3339(realtime_ns, text, sizeof(text))));
	else
		sq_jw_null(w);
}

static void expired(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws,
		    const struct sq_verdict *v, uint64_t cap_hours)
{
	struct sq_buf data = SQ_BUF_NULL;
	struct sq_jw w;
	char text[120];

	data_begin(&w, &data, ws->key.root);
	sq_jw_ku64(&w, "age_hours", v->age_hours);
	sq_jw_ku64(&w, "cap_hours", cap_hours);
	time_member(&w, "last_good_at", v->last_good_ns);
	sq_jw_kstr(&w, "last_error", sq_slice_z(v->last_error));
	(void)snprintf(text, sizeof(text), "the last good graph is %llu hours old, the cap is %llu",
		       (unsigned long long)v->age_hours, (unsigned long long)cap_hours);
	finish(out, id, SQ_RPC_STALE_EXPIRED, text, &w, &data);
}

void sq_answer_verdict(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws,
		       const struct sq_verdict *v, uint64_t cap_hours)
{
	char text[64];

	switch (v->kind) {
	case SQ_VERDICT_EXPIRED:
		expired(out, id, ws, v, cap_hours);
		return;
	case SQ_VERDICT_EVICTED:
		evicted(out, id, ws, "load it again");
		return;
	case SQ_VERDICT_FAILED:
		error_with(out, id, SQ_RPC_BUILD_FAILED, ws->key.root, "reason",
			   v->last_error[0] ? v->last_error : "workspace was never built");
		return;
	default:
		(void)snprintf(text, sizeof(text), "workspace is %s", sq_ws_state_text(v->state));
		error_with(out, id, SQ_RPC_BUILD_FAILED, ws->key.root, "reason", text);
	}
}

static void budget(struct sq_buf *out, struct sq_slice id, const struct sq_outcome *o)
{
	struct sq_buf data = SQ_BUF_NULL;
	struct sq_jw w;

	sq_jw_init(&w, &data);
	sq_jw_begin_object(&w);
	sq_jw_ku64(&w, "limit_bytes", o->at.limit);
	sq_jw_ku64(&w, "current_bytes", o->at.loaded);
	sq_jw_ku64(&w, "reserved_bytes", o->at.reserved);
	sq_jw_ku64(&w, "retained_bytes", o->at.retained);
	sq_jw_ku64(&w, "requested_bytes", o->requested_bytes);
	finish(out, id, SQ_RPC_MEMORY_BUDGET, "memory budget exceeded", &w, &data);
}

static void oversize(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws, const struct sq_outcome *o)
{
	struct sq_buf data = SQ_BUF_NULL;
	struct sq_jw w;

	data_begin(&w, &data, ws->key.root);
	sq_jw_ku64(&w, "measured_bytes", o->requested_bytes);
	sq_jw_ku64(&w, "limit_bytes", o->at.limit);
	sq_jw_ku64(&w, "current_loaded_bytes", o->at.loaded);
	finish(out, id, SQ_RPC_OVERSIZE, o->message, &w, &data);
}

void sq_answer_outcome(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws,
		       const struct sq_outcome *o)
{
	switch (o->code) {
	case SQ_OUTCOME_EVICTED:
		evicted(out, id, ws, "it was unloaded meanwhile");
		return;
	case SQ_OUTCOME_CANCELLED:
		evicted(out, id, ws, "the build was cancelled; its changes are kept for the next one");
		return;
	case SQ_OUTCOME_BUDGET:
		budget(out, id, o);
		return;
	case SQ_OUTCOME_OVERSIZE:
		oversize(out, id, ws, o);
		return;
	default:
		error_with(out, id, SQ_RPC_BUILD_FAILED, ws->key.root, "reason", o->message);
	}
}

void sq_answer_reset_refused(struct sq_buf *out, struct sq_slice id, const struct sq_workspace *ws, int why)
{
	struct sq_buf data = SQ_BUF_NULL;
	struct sq_jw w;

	data_begin(&w, &data, ws->key.root);
	switch (why) {
	case SQ_RESET_E_LOADING:
		sq_jw_kstr(&w, "hint", SQ_LIT("wait until it is loaded, or unload it"));
		finish(out, id, SQ_RPC_RESET_WHILE_LOADING, "the workspace is being loaded", &w, &data);
		return;
	case SQ_RESET_E_PINNED:
		sq_jw_kstr(&w, "hint", SQ_LIT("unpin it with daemon/unpin, or reset it with force"));
		finish(out, id, SQ_RPC_PINNED, "the workspace is pinned", &w, &data);
		return;
	default:
		sq_jw_ku64(&w, "retry_after_ms", RESET_RETRY_MS);
		finish(out, id, SQ_RPC_RESET_DISPATCHED, "the rebuild in flight is being cancelled, the reset follows it",
		       &w, &data);
	}
}

void sq_answer_internal(struct sq_buf *out, struct sq_slice id, const char *message)
{
	static const struct sq_rpc_failure internal = { SQ_RPC_INTERNAL, "internal", false, -1 };

	sq_rpc_error_envelope(out, id, &internal, sq_slice_z(message), SQ_SLICE_NULL);
}

void sq_answer_tool_timeout(struct sq_buf *out, struct sq_slice id, uint64_t deadline_ms)
{
	static const struct sq_rpc_failure late = { SQ_RPC_TOOL_TIMEOUT, "deadline_exceeded", true, 500 };
	char details[80], text[64];

	(void)snprintf(details, sizeof(details), "{\"tool\":null,\"deadline_ms\":%llu}", (unsigned long long)deadline_ms);
	(void)snprintf(text, sizeof(text), "timed out after %llu ms", (unsigned long long)deadline_ms);
	sq_rpc_error_envelope(out, id, &late, sq_slice_z(text), sq_slice_z(details));
}

void sq_answer_meta_init(struct sq_answer_meta *m, const struct sq_daemon *d, struct sq_workspace *ws,
			 uint64_t generation)
{
	const struct sq_verdict *v = &m->verdict;
	bool stale = v->kind == SQ_VERDICT_STALE;

	m->meta = (struct sq_rpc_meta){
		.stale = stale,
		.workspace_state = sq_ws_state_name(v->state),
		.last_good_ns = stale ? v->last_good_ns : 0,
		.last_error = stale ? sq_slice_z(v->last_error) : SQ_SLICE_NULL,
		.as_of = sq_daemon_clock(d, ws, generation, m->clock),
		.pending_files = sq_rebuild_pending(ws),
		.watching = sq_rebuild_is_watched(ws),
	};
}

void sq_answer_meta_copy(struct sq_answer_meta *to, const struct sq_answer_meta *from)
{
	*to = *from;
	to->meta.as_of.p = to->clock;
	to->meta.last_error.p = to->verdict.last_error;
}

struct sq_rpc_meta sq_answer_management(const char *state)
{
	return (struct sq_rpc_meta){ .workspace_state = state, .watching = 1 };
}
