/* SPDX-License-Identifier: MIT */
#include "workspace/workspace.h"

#include <assert.h>

#include "base/error.h"
#include "base/time.h"
#include "workspace/manager.h"

const char *sq_ws_state_name(enum sq_ws_state s)
{
	static const char *const names[SQ_WS_STATE_MAX] = {
		"Unloaded", "Loading", "Loaded", "Rebuilding", "Evicted", "Failed",
	};

	assert(s < SQ_WS_STATE_MAX);
	return names[s];
}

const char *sq_ws_state_text(enum sq_ws_state s)
{
	static const char *const names[SQ_WS_STATE_MAX] = {
		"unloaded", "loading", "loaded", "rebuilding", "evicted", "failed",
	};

	assert(s < SQ_WS_STATE_MAX);
	return names[s];
}

static const char *const mode_names[SQ_ROOT_MODE_MAX] = {
	"gitRoot", "workspaceFolder", "workspaceRoot",
};

const char *sq_root_mode_name(enum sq_root_mode m)
{
	assert(m < SQ_ROOT_MODE_MAX);
	return mode_names[m];
}

int sq_root_mode_parse(struct sq_slice name)
{
	for (int i = 0; i < SQ_ROOT_MODE_MAX; i++)
		if (sq_slice_is(name, mode_names[i]))
			return i;
	return -1;
}

struct sq_workspace *sq_workspace_ref(struct sq_workspace *ws)
{
	/* relaxed: the caller has a reference or the epoch that keeps the map's */
	(void)sq_add_relaxed(&ws->refs, 1);
	return ws;
}

void sq_workspace_unref(struct sq_workspace *ws)
{
	/* pairs with itself: what every holder did is seen by who frees */
	if (ws && sq_sub_acq_rel(&ws->refs, 1) == 1)
		sq_manager_last_unref(ws);
}

bool sq_workspace_unref_last(struct sq_workspace *ws)
{
	/* pairs with sq_workspace_unref */
	return sq_sub_acq_rel(&ws->refs, 1) == 1;
}

void sq_workspace_touch(struct sq_workspace *ws, uint64_t now_ns)
{
	/* relaxed: a time of day; no data is read on its behalf */
	uint64_t was = sq_load_relaxed(&ws->last_access_ns), is;

	do
		is = now_ns > was ? now_ns : was + 1;
	while (!sq_cas_acq_rel(&ws->last_access_ns, &was, is));
}

void sq_workspace_free(struct sq_workspace *ws)
{
	assert(!sq_load_relaxed(&ws->refs));   /* relaxed: nobody else is left */
	if (ws->writer) {
		sq_epoch_barrier(ws->writer);
		(void)sq_graph_reclaim(ws->graph, ws->writer);   /* the graph's end frees the rest */
	}
	ws->graph = sq_graph_free(ws->graph);
	sq_epoch_record_release(ws->writer);
	sq_manager_forget(ws->manager, ws);
	sq_vec_deinit(&ws->retained_by);
	sq_lock_deinit(&ws->record);
	sq_free((char *)ws->key.root.p);
	sq_free(ws);
}

void sq_workspace_set_state(struct sq_workspace *ws, enum sq_ws_state s)
{
	/* pairs with sq_workspace_state */
	sq_store_release(&ws->state, (uint8_t)s);
}

bool sq_workspace_cas_state(struct sq_workspace *ws, enum sq_ws_state from, enum sq_ws_state to)
{
	uint8_t expected = (uint8_t)from;

	/* pairs with sq_workspace_state */
	return sq_cas_acq_rel(&ws->state, &expected, (uint8_t)to);
}

void sq_workspace_record_success(struct sq_workspace *ws, uint64_t realtime_ns)
{
	sq_lock(&ws->record);
	ws->last_error[0] = '\0';
	ws->last_error_code = 0;
	/* relaxed: figures for people; the state, released later, orders them */
	sq_store_relaxed(&ws->retry_count, 0);
	sq_store_relaxed(&ws->last_good_ns, realtime_ns);
	sq_unlock(&ws->record);
}

uint32_t sq_workspace_record_failure(struct sq_workspace *ws, int code, const char *message)
{
	uint32_t n;

	sq_lock(&ws->record);
	strncpy(ws->last_error, message, sizeof(ws->last_error) - 1);
	ws->last_error[sizeof(ws->last_error) - 1] = '\0';
	ws->last_error_code = code;
	/* relaxed: a figure for people */
	n = sq_load_relaxed(&ws->retry_count);
	if (n < UINT32_MAX)
		sq_store_relaxed(&ws->retry_count, ++n);
	sq_unlock(&ws->record);
	return n;
}

void sq_workspace_record_reset(struct sq_workspace *ws)
{
	sq_lock(&ws->record);
	/* relaxed: figures; the state, released later, orders them */
	sq_store_relaxed(&ws->last_good_ns, 0);
	sq_store_relaxed(&ws->retry_count, 0);
	sq_unlock(&ws->record);
}

int sq_workspace_last_error(struct sq_workspace *ws, char *buf, size_t cap)
{
	int code;

	sq_lock(&ws->record);
	strncpy(buf, ws->last_error, cap - 1);
	buf[cap - 1] = '\0';
	code = ws->last_error_code;
	sq_unlock(&ws->record);
	return code;
}

uint64_t sq_workspace_set_bytes(struct sq_workspace *ws, uint64_t bytes)
{
	/* relaxed: figures; only publish and eviction write, under the map lock */
	uint64_t old = sq_load_relaxed(&ws->bytes);

	sq_store_relaxed(&ws->bytes, bytes);
	if (bytes > sq_load_relaxed(&ws->high_water_bytes))
		sq_store_relaxed(&ws->high_water_bytes, bytes);
	return old;
}

unsigned sq_workspace_reclaim(struct sq_workspace *ws)
{
	unsigned waiting = sq_graph_reclaim(ws->graph, ws->writer);

	sq_manager_note_retained(ws->manager, ws);
	return waiting;
}
