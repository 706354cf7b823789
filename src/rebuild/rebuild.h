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
#include "rebuild/decide.h"
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
	const char *const *excludes;          /* NULL-terminated, may be NULL; copied */
	bool use_gitignore;
	uint8_t link_flags;                   /* SQ_LINKF_* of graph/version.h */
	bool watch;                           /* false: T0 for every root */
	struct sq_watch_config watch_config;
	struct sq_publish_hook on_publish;    /* the first one, see sq_manager_set_hook() */
	/* something is retained: soon ask sq_manager_overdue() about it. Any thread; may be NULL */
	void (*on_retained)(void *arg);
	struct sq_fork_limits fork;           /* zeros: 2000 files, 50 percent */
	uint64_t budget_ns;                   /* of a turn; 0: none. See on_over_budget */
	/* every turn that ended, however; may be NULL */
	void (*on_outcome)(void *arg, const struct sq_outcome *o);
	/* a turn failed: one line for the log; may be NULL */
	void (*on_failure)(void *arg, struct sq_workspace *ws, const struct sq_outcome *o);
	/* a turn takes longer than its budget. @stops: it was asked to end, once, and its changes are tried again
	 * later; else it goes on: a full one, or one that was asked to before. May be NULL */
	void (*on_over_budget)(void *arg, struct sq_workspace *ws, bool stops);
	/* a drain loop was left without its role: it was given back, the changes are kept; may be NULL */
	void (*on_abnormal_end)(void *arg, struct sq_workspace *ws);
	/* a root can't be watched any more and is swept from now on (WB-09); may be NULL */
	void (*on_watch_lost)(void *arg, struct sq_workspace *ws, const char *why);
	void *arg;
};
int sq_rebuild_new(const struct sq_rebuild_config *cfg, struct sq_rebuild **ret_rb) sq_must_check;
/** sq_rebuild_cancel_all() - turns in flight end at their next check; for a stop. */
void sq_rebuild_cancel_all(struct sq_rebuild *rb);
/** sq_rebuild_free() - unloads everything, waits for turns. No reader and no pin left. */
struct sq_rebuild *sq_rebuild_free(struct sq_rebuild *rb);
struct sq_manager *sq_rebuild_manager(struct sq_rebuild *rb);
/**
 * sq_rebuild_set_rules() - other excludes (copied) and SQ_LINKF_*, for turns that begin from now on; graphs that
 * are there keep what they have until a forced rebuild. One thread at a time. Return: 0; -ENOMEM.
 */
int sq_rebuild_set_rules(struct sq_rebuild *rb, const char *const *excludes, uint8_t link_flags) sq_must_check;
/** sq_rebuild_set_windows() - the watcher's quiet_ms and max_wait_ms from now on. */
void sq_rebuild_set_windows(struct sq_rebuild *rb, unsigned quiet_ms, unsigned max_wait_ms);
/** sq_rebuild_parallel() - workers for what a client waits for; never waits for another run of theirs. */
const struct sq_parallel *sq_rebuild_parallel(const struct sq_rebuild *rb);

/**
 * sq_rebuild_load() - make the workspace of @key serve.
 * Loaded or rebuilding: @w is told at once. Loading: refused, it is in progress
 * (LD-03). Else a build starts, of everything (never built) or of what differs (Failed).
 * @ret_ws: referenced; also with SQ_REBUILD_E_LOADING
 * Return: 0 (@w will be called); SQ_MANAGER_E_FULL, SQ_REBUILD_E_LOADING, -errno (@w is not called).
 */
enum { SQ_REBUILD_E_LOADING = 2 };
int sq_rebuild_load(struct sq_rebuild *rb, const struct sq_ws_key *key, struct sq_waiter *w,
		    struct sq_workspace **ret_ws) sq_must_check;
/** sq_rebuild_unload() - Return: true when it was listed. */
bool sq_rebuild_unload(struct sq_rebuild *rb, struct sq_workspace *ws);
/* RUN: a turn of its own; COALESCED: accepted, part of a later turn (RR-11); REJECTED: the daemon stops */
enum sq_disposition { SQ_DISPOSITION_RUN, SQ_DISPOSITION_COALESCED, SQ_DISPOSITION_REJECTED };
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
/** sq_rebuild_cancel() - stop the turn in flight, keep its changes and what is parked. Return: was there one? */
bool sq_rebuild_cancel(struct sq_rebuild *rb, struct sq_workspace *ws);
/**
 * sq_rebuild_sync() - @w is told when every change made before this call is published.
 * The caller holds a reference until then. Sweeps where nothing is watched.
 */
void sq_rebuild_sync(struct sq_rebuild *rb, struct sq_workspace *ws, struct sq_waiter *w);
/** sq_rebuild_watchers() - the roots that are watched, as sq_watch_list(). */
size_t sq_rebuild_watchers(const struct sq_rebuild *rb, struct sq_watch_entry *v, size_t max);
/* what sq_rebuild_changes() tells first */
struct sq_changes_since {
	bool is_fresh;                 /* @since is not known (any more): list the tree */
	bool is_truncated;             /* there is more after @upto */
	uint64_t upto;                 /* all that changed up to this version was told */
	size_t n;                      /* files told; one that changed twice is told twice */
};
/**
 * sq_rebuild_changes() - the files that versions after @since changed, in the order of versions.
 * @limit: no further version is begun when so many were told
 * @each:  called with ws->record held: must only copy. <0 ends it
 * Return: 0; what @each returned.
 */
int sq_rebuild_changes(struct sq_workspace *ws, uint64_t since, size_t limit,
		       int (*each)(void *arg, struct sq_slice path, bool is_gone), void *arg,
		       struct sq_changes_since *ret) sq_must_check;
/** sq_rebuild_notify() - @work (consumed) as if the watcher had seen it; @w is told when it is published. */
void sq_rebuild_notify(struct sq_workspace *ws, struct sq_work *work, struct sq_waiter *w);
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
	/* is_git: HEAD can be read; else why not, "" there is no repository */
	struct { bool is_git, has_baseline; char why[160]; struct sq_git_snapshot seen, baseline; enum sq_git_class last_class; } git;
	struct sq_watch_stats watch;
	bool has_last;
	bool last_was_full;
	enum sq_mode last_mode;               /* NONE: no turn yet */
	const char *last_outcome;             /* "none", "completed", "failed", "cancelled" */
	bool retries;                         /* what failed is tried again by itself */
	uint64_t retry_in_ns;
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
enum sq_mode sq_rebuild_last_mode(const struct sq_rebuild *rb);  /* of the latest turn of all; NONE: none yet (DF-12) */
/** sq_rebuild_n_cancelled() - turns that ended so: at a pass boundary or in a loop; before their publish. */
void sq_rebuild_n_cancelled(const struct sq_rebuild *rb, uint64_t *ret_at_boundary, uint64_t *ret_at_publish);

/** sq_rebuild_submit() - what a watcher saw joins the lane; @work is consumed. Any thread. */
void sq_rebuild_submit(struct sq_workspace *ws, struct sq_work *work);
/** sq_rebuild_baseline() - git's state that the served version is of. Return: false: none yet. */
bool sq_rebuild_baseline(struct sq_workspace *ws, struct sq_git_snapshot *ret_s);
/** sq_rebuild_prime_baseline() - set it when there is none (GB-02). Only this and a publish write it. */
void sq_rebuild_prime_baseline(struct sq_workspace *ws, const struct sq_git_snapshot *s);
enum sq_reader_mode sq_rebuild_reader(const struct sq_rebuild *rb, const char **ret_why);
unsigned sq_rebuild_n_workers(const struct sq_rebuild *rb);

/** sq_rebuild_reclaim() - free what nobody reads any more, now, but not of workspaces whose turn is
 *  in flight. Outside of sections and locks. */
void sq_rebuild_reclaim(struct sq_rebuild *rb);

#ifdef SQ_TEST_HOOKS
/* what a lane holds; a moment's values */
struct sq_lane_view {
	bool in_flight, is_parked, is_full, has_snapshot;
	uint8_t git_class;
	uint64_t n_files, enqueued_ns, generation;
};
void sq_rebuild_peek_lane(struct sq_workspace *ws, struct sq_lane_view *ret);
enum sq_fault_site { SQ_FAULT_ALLOC /* the count-th allocation of the turn */,
		     SQ_FAULT_TREES /* an old tree gives the facts of an empty file */, SQ_FAULT_MAX };
/** sq_rebuild_set_fault() - ALLOC: the @count-th allocation of the next turn fails; TREES: the next @count parses
 *  with an old tree go wrong. Other places: base/fault.h. */
void sq_rebuild_set_fault(struct sq_rebuild *rb, enum sq_fault_site site, int error, unsigned count);
struct sq_gate;
struct sq_capture;
struct sq_gate *sq_rebuild_gate(struct sq_rebuild *rb);          /* before a turn does anything */
struct sq_gate *sq_rebuild_postres(struct sq_rebuild *rb);       /* between reservation and build */
struct sq_capture *sq_rebuild_capture(struct sq_rebuild *rb);
unsigned sq_rebuild_max_bodies(const struct sq_rebuild *rb);     /* turns of one workspace at once, the most ever */
/** sq_rebuild_set_cancel_test() - see struct sq_rebuild. */
void sq_rebuild_set_cancel_test(struct sq_rebuild *rb, bool no_forwarder, bool precancel);
/** sq_rebuild_clock_moved() - after sq_clock_advance(). */
void sq_rebuild_clock_moved(struct sq_rebuild *rb);
/** sq_rebuild_alarms() - deadlines that are set, wake-ups so far. */
size_t sq_rebuild_alarms(struct sq_rebuild *rb, uint64_t *ret_wakeups);
#endif
