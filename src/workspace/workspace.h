/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * workspace — one source tree that the daemon serves: its key, its graph, its
 * state and what is known about its last builds.
 * Ownership: counted. The manager's map holds one reference, every job that
 *            works on the workspace another. The last one calls the manager's
 *            on_last_unref, which arranges sq_workspace_free() on a thread that
 *            may wait.
 * Threads:   state, bytes, times and flags are atomics that anyone reads;
 *            last_error is read and written under RECORD.lock, retained under
 *            WORKSPACES.lock; writer and build belong to the runner (the turn
 *            in progress, rebuild/).
 * Readers:   enter the epoch, find, sq_graph_current(ws->graph): no lock, no
 *            count. Who stays longer takes a reference and a pin.
 */
#include <stdbool.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/vec.h"
#include "graph/graph.h"

enum sq_ws_state {             /* protocol 3.1 */
	SQ_WS_UNLOADED, SQ_WS_LOADING, SQ_WS_LOADED, SQ_WS_REBUILDING, SQ_WS_EVICTED, SQ_WS_FAILED,
	SQ_WS_STATE_MAX
};
const char *sq_ws_state_name(enum sq_ws_state s);     /* "Loaded": status and meta */
const char *sq_ws_state_text(enum sq_ws_state s);     /* "loaded": messages */

enum sq_root_mode { SQ_ROOT_GIT, SQ_ROOT_FOLDER, SQ_ROOT_WORKSPACE, SQ_ROOT_MODE_MAX };
const char *sq_root_mode_name(enum sq_root_mode m);   /* "gitRoot", ... */
int sq_root_mode_parse(struct sq_slice name);         /* the value, or -1 */

struct sq_ws_key {             /* any difference is another workspace (LD-15) */
	struct sq_slice root;      /* canonical absolute path */
	uint8_t mode;              /* enum sq_root_mode */
	uint64_t fingerprint;
};

#define SQ_WS_ERROR_MAX 512

/* what one publish or eviction took out of use and readers may still hold */
struct sq_retained {
	uint64_t token;            /* unique in the process, ascending */
	uint64_t generation;       /* of the publish; UINT64_MAX: the eviction of all */
	uint64_t bytes;            /* still there */
	uint64_t at_ns;            /* sq_clock_ns() */
	bool is_warned;
};

struct sq_manager;
struct sq_workspace {
	struct sq_ws_key key;              /* root is NUL-terminated, owned */
	struct sq_manager *manager;
	struct sq_graph *graph;
	uint64_t serial;                   /* 1, 2, ... of this process: the high half of a clock */

	uint32_t refs;                     /* atomic */
	uint8_t state;                     /* atomic, enum sq_ws_state */
	bool evicted;                      /* atomic: taken off the map; never cleared */
	bool cancel_rebuild;               /* atomic: a user's cancel of the turn in flight; the turn consumes it */
	bool cancel_reset;                 /* atomic: a reset asked for the end of the turn; the runner consumes it */
	bool pinned;                       /* atomic: never evicted to make room; changes under WORKSPACES.lock */
	uint64_t last_access_ns;           /* atomic: of the last query, strictly ascending */
	uint32_t retry_count;              /* atomic: failures since the last success */
	uint64_t last_good_ns;             /* atomic: wall clock of the last publish, 0 never */
	uint64_t bytes, high_water_bytes;  /* atomic: of the current version */
	uint64_t pending_files;            /* atomic: changes seen, not yet published */

	struct sq_lock record;             /* rank RECORD: last_error */
	char last_error[SQ_WS_ERROR_MAX];  /* "" none */
	int last_error_code;               /* as the turn classified it, 0 none */

	struct sq_epoch_record *writer;    /* the runner's: retires and polls for this graph */
	uint64_t retained;                 /* under WORKSPACES.lock: what the ledger holds as retained for us */
	SQ_VEC(struct sq_retained) retained_by;    /* the same lock: by which publish; adds up to at most ->retained */
	struct sq_workspace *next_gone;    /* the same lock: evicted, not freed yet */
	void *build;                       /* rebuild/'s part (lane, watch root, ...), opaque here */
	struct sq_epoch_entry retired;     /* after the map forgot us */
};

struct sq_workspace *sq_workspace_ref(struct sq_workspace *ws);
/** sq_workspace_unref() - any thread; the last one calls on_last_unref. */
void sq_workspace_unref(struct sq_workspace *ws);
/** sq_workspace_free() - no reference left; waits for a grace period. Not inside a section. */
void sq_workspace_free(struct sq_workspace *ws);

static inline enum sq_ws_state sq_workspace_state(const struct sq_workspace *ws)
{
	/* pairs with the release in sq_workspace_set_state and _cas_state */
	return (enum sq_ws_state)sq_load_acquire(&ws->state);
}
void sq_workspace_set_state(struct sq_workspace *ws, enum sq_ws_state s);
/** sq_workspace_cas_state() - from -> to; false when it was in another state. */
bool sq_workspace_cas_state(struct sq_workspace *ws, enum sq_ws_state from, enum sq_ws_state to);
/** sq_workspace_is_evicted() - pairs with the release in sq_manager_remove. */
static inline bool sq_workspace_is_evicted(const struct sq_workspace *ws)
{
	return sq_load_acquire(&ws->evicted);
}

/**
 * sq_workspace_touch() - it was used. No lock; strictly advances, whatever @now_ns (LD-18).
 * Queries call it; status, look-ups and classification don't (LD-21, SV-09, HZ-13).
 */
void sq_workspace_touch(struct sq_workspace *ws, uint64_t now_ns);
static inline bool sq_workspace_is_pinned(const struct sq_workspace *ws)
{
	return sq_load_relaxed(&ws->pinned);   /* relaxed: a flag, nothing is read through it */
}
/** sq_workspace_unref_last() - drop a reference. Return: true when it was the last and the caller now owns @ws. */
bool sq_workspace_unref_last(struct sq_workspace *ws) sq_must_check;

/** sq_workspace_record_success() - stamp last_good, clear the error, retry 0 (RY-02). */
void sq_workspace_record_success(struct sq_workspace *ws, uint64_t realtime_ns);
/** sq_workspace_record_failure() - keep @message, count. Return: the new retry count (RY-01). */
uint32_t sq_workspace_record_failure(struct sq_workspace *ws, int code, const char *message);
/** sq_workspace_record_reset() - as if never built; the error text stays. */
void sq_workspace_record_reset(struct sq_workspace *ws);
/** sq_workspace_last_error() - copy of the text, "" none. Return: its code. */
int sq_workspace_last_error(struct sq_workspace *ws, char *buf, size_t cap);
/** sq_workspace_set_bytes() - of the version now served; lifts the high-water mark. Return: the previous value. */
uint64_t sq_workspace_set_bytes(struct sq_workspace *ws, uint64_t bytes);
/** sq_workspace_clock() - process-wide counter of a generation of this workspace. */
static inline uint64_t sq_workspace_clock(const struct sq_workspace *ws, uint64_t generation)
{
	return ws->serial << 32 | (generation & UINT32_MAX);
}
/** sq_workspace_reclaim() - runner only, outside sections: free what is due. Return: bundles that wait. */
unsigned sq_workspace_reclaim(struct sq_workspace *ws);
