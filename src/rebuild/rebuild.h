/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * rebuild — turns changes into published versions: one lane a workspace, a
 * small executor that runs turns, a worker pool that they share for parsing, and
 * one for what somebody waits for.
 *
 * Life of a change: watch sink or caller -> lane (merged) -> turn (runner
 * role) -> publish -> waiters are told -> what was replaced is reclaimed.
 * Ownership: owns the manager, the watcher, the pools, the turn threads and the
 *            per-workspace build state.
 * Threads:   every function may be called from any thread that is outside of
 *            epoch sections, unless it says otherwise. Waiters are called once,
 *            on a turn thread, the watch thread or the caller's.
 */
#include "lang/lang.h"
#include "rebuild/lane.h"
#include "rebuild/trees.h"
#include "tree/reader.h"
#include "watch/watch.h"
#include "workspace/manager.h"

struct sq_rebuild;
/* where the time of a turn went; reading to putting only for a turn of one thread */
struct sq_stages {
	uint64_t plan_ns, read_ns, cut_ns, parse_ns, walk_ns, encode_ns, put_ns, link_ns, publish_ns;
	uint64_t n_pieces, n_parsed, n_known, parsed_bytes;   /* pieces of the files; parsed; as before */
};
struct sq_rebuild_config {
	struct sq_epoch *epoch;
	struct sq_lang_registry *registry;
	uint64_t memory_limit_bytes;
	unsigned n_workers;                   /* of the parse pool */
	unsigned n_turns;                     /* turns at once */
	uint64_t max_file_bytes;
	uint64_t kept_trees_bytes;            /* budget of trees.h; 0: no tree is kept */
	uint64_t check_trees_ns;              /* quiet before a check; 0: a second */
	const char *const *excludes;          /* NULL-terminated, may be NULL; borrowed */
	bool use_gitignore;
	uint8_t link_flags;                   /* SQ_LINKF_* of graph/version.h */
	bool watch;                           /* false: T0 for every root */
	struct sq_watch_config watch_config;
	struct sq_publish_hook on_publish;    /* the first one, see sq_manager_set_hook() */
	/* something is retained: soon ask sq_manager_overdue() about it. Any thread; may be NULL */
	void (*on_retained)(void *arg);
	/* every turn that ended, however; may be NULL */
	void (*on_outcome)(void *arg, const struct sq_outcome *o);
	/* a turn failed: one line for the log; may be NULL */
	void (*on_failure)(void *arg, struct sq_workspace *ws, const struct sq_outcome *o);
	void *arg;
};
int sq_rebuild_new(const struct sq_rebuild_config *cfg, struct sq_rebuild **ret_rb) sq_must_check;
/** sq_rebuild_cancel_all() - turns in flight end at their next check; for a stop. */
void sq_rebuild_cancel_all(struct sq_rebuild *rb);
/** sq_rebuild_free() - unloads everything, waits for turns. No reader and no pin left. */
struct sq_rebuild *sq_rebuild_free(struct sq_rebuild *rb);
struct sq_manager *sq_rebuild_manager(struct sq_rebuild *rb);
/** sq_rebuild_set_windows() - the watcher's quiet_ms and max_wait_ms from now on. */
void sq_rebuild_set_windows(struct sq_rebuild *rb, unsigned quiet_ms, unsigned max_wait_ms);
/** sq_rebuild_parallel() - workers for what a client waits for; never waits for another run of theirs. */
const struct sq_parallel *sq_rebuild_parallel(const struct sq_rebuild *rb);

/**
 * sq_rebuild_load() - make the workspace of @key serve.
 * Loaded or rebuilding: @w is told at once. Loading: it joins. Else a build
 * starts, of everything (never built) or of what differs (Failed).
 * @ret_ws: referenced
 * Return: 0 (@w will be called); SQ_MANAGER_E_FULL; -errno (@w is not called).
 */
int sq_rebuild_load(struct sq_rebuild *rb, const struct sq_ws_key *key, struct sq_waiter *w,
		    struct sq_workspace **ret_ws) sq_must_check;
/** sq_rebuild_unload() - Return: true when it was listed. */
bool sq_rebuild_unload(struct sq_rebuild *rb, struct sq_workspace *ws);
enum sq_disposition { SQ_DISPOSITION_RUN, SQ_DISPOSITION_COALESCED };
/**
 * sq_rebuild_run() - a rebuild by request: with @force from nothing, else what
 * is parked (a sweep where nothing is watched).
 * @w: told when the turn that includes it has ended. Not kept when the answer
 *     is COALESCED and @wait is false.
 */
int sq_rebuild_run(struct sq_rebuild *rb, struct sq_workspace *ws, bool force, bool wait,
		   struct sq_waiter *w, enum sq_disposition *ret_how) sq_must_check;
enum { SQ_RESET_E_LOADING = 1, SQ_RESET_E_BUSY, SQ_RESET_E_PINNED };
/**
 * sq_rebuild_reset() - drop the graph and what waits, keep the entry, its pin and its last error: Unloaded.
 * @w: told, with was_reset, when the answer is 0
 * Return: 0; SQ_RESET_E_LOADING; SQ_RESET_E_PINNED: not without @force; SQ_RESET_E_BUSY: the turn in flight
 * is cancelled and the reset follows it; -ENOMEM.
 */
int sq_rebuild_reset(struct sq_rebuild *rb, struct sq_workspace *ws, bool force, struct sq_waiter *w) sq_must_check;
/** sq_rebuild_cancel() - stop the turn in flight, keep its changes. Return: was there one? */
bool sq_rebuild_cancel(struct sq_rebuild *rb, struct sq_workspace *ws);
/**
 * sq_rebuild_sync() - @w is told when every change made before this call is published.
 * The caller holds a reference until then. Sweeps where nothing is watched.
 */
void sq_rebuild_sync(struct sq_rebuild *rb, struct sq_workspace *ws, struct sq_waiter *w);
/** sq_rebuild_kick() - a reader left or unpinned and was asked to say so: reclaim. Inside a section too. */
void sq_rebuild_kick(struct sq_rebuild *rb);

enum sq_pass { SQ_PASS_NONE, SQ_PASS_DISCOVER, SQ_PASS_READ, SQ_PASS_LINK, SQ_PASS_PUBLISH, SQ_PASS_MAX };
const char *sq_pass_name(enum sq_pass p);
/* what status shows of one workspace; a moment's values */
struct sq_build_status {
	enum sq_pass pass;                    /* NONE: no turn */
	uint64_t files_done, files_total;
	enum sq_watch_tier tier;
	char watch_reason[160];               /* why it is not better, "" none */
	bool watch_pending;
	struct sq_watch_stats watch;
	bool has_last;
	bool last_was_full;
	uint64_t last_duration_ns, last_files;
	struct sq_stages last_stages;
	/* files since it was loaded: parsed; taken over from another path; linked, again too */
	uint64_t n_parsed, n_moved, n_relinked;
};
void sq_rebuild_status(struct sq_workspace *ws, struct sq_build_status *ret);
/** sq_rebuild_is_watched() - false: T0, answers say watching:false. Lock-free. */
bool sq_rebuild_is_watched(const struct sq_workspace *ws);
/** sq_rebuild_pending() - files seen, not yet published. Lock-free but for a watcher's counter. */
uint64_t sq_rebuild_pending(struct sq_workspace *ws);
/** sq_rebuild_trees() - figures of the kept trees. */
void sq_rebuild_trees(struct sq_rebuild *rb, struct sq_trees_stats *ret);
uint64_t sq_rebuild_n_dispatched(const struct sq_rebuild *rb);   /* successful publishes (DL-15) */
enum sq_reader_mode sq_rebuild_reader(const struct sq_rebuild *rb, const char **ret_why);
unsigned sq_rebuild_n_workers(const struct sq_rebuild *rb);

/** sq_rebuild_reclaim() - free what nobody reads any more, now, but not of workspaces whose turn is
 *  in flight. Outside of sections and locks. */
void sq_rebuild_reclaim(struct sq_rebuild *rb);

#ifdef SQ_TEST_HOOKS
/* what a lane holds; a moment's values */
struct sq_lane_view { bool in_flight, is_parked, is_full; uint64_t n_files, enqueued_ns; };
void sq_rebuild_peek_lane(struct sq_workspace *ws, struct sq_lane_view *ret);
enum sq_fault_site { SQ_FAULT_RESERVED /* after the reservation */, SQ_FAULT_FINISHED /* before the publish */,
		     SQ_FAULT_ALLOC /* the count-th allocation of the turn */,
		     SQ_FAULT_TREES /* an old tree gives the facts of an empty file */, SQ_FAULT_MAX };
/** sq_rebuild_set_fault() - the next @count turns fail there with @error (-errno). ALLOC: the @count-th
 *  allocation of the next turn fails. TREES: the next @count parses with an old tree go wrong. */
void sq_rebuild_set_fault(struct sq_rebuild *rb, enum sq_fault_site site, int error, unsigned count);
#endif
