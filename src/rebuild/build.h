/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * build — a workspace's build state and the machinery that turns share.
 * Private to rebuild/. A workspace's ->build points to its struct sq_build.
 * Ownership: made with the workspace, freed with it on a turn thread.
 * Threads:   lane: its own lock. watch, watch_reason, last: ws->record.
 *            root_fd, ignore, rule_dirs: the runner. The rest: atomics.
 */
#include "base/fault.h"
#include "base/vec.h"
#include "rebuild/alarms.h"
#include "rebuild/capture.h"
#include "rebuild/decide.h"
#include "rebuild/gate.h"
#include "rebuild/bridge.h"
#include "rebuild/journal.h"
#include "rebuild/rebuild.h"
#include "sys/jobs.h"
#include "sys/pool.h"
#include "tree/discover.h"

/* what one thread parses with; made on first use */
struct sq_tools {
	struct sq_reader *reader;
	struct sq_extractor *extractor;
};
/* a turn thread's own things */
struct sq_turn_thread {
	struct sq_epoch_record *record;   /* reads the map */
	struct sq_tools tools;            /* small turns */
};
struct sq_rebuild {
	struct sq_rebuild_config cfg;
	struct sq_rules *rules;           /* the excludes in force, then older ones */
	struct sq_manager *manager;
	struct sq_watch *watch;           /* NULL: T0 everywhere */
	char watch_reason[160];
	struct sq_pool *pool;             /* reads and parses what is much, in the background */
	struct sq_pool *fore;             /* what somebody waits for: wide links of small turns, analyses */
	struct sq_tools *tools;           /* one a pool worker */
	struct sq_jobs *turns;
	struct sq_turn_thread *threads;
	struct sq_trees *trees;
	struct sq_epoch_record *check_record;   /* the checking thread's */
	enum sq_reader_mode reader_mode;
	const char *reader_why;
	bool stopping;                    /* atomic */
	bool kicked;                      /* atomic: a reclaim job is queued */
	unsigned n_dropping;              /* atomic: jobs in ->turns that let go of tools */
	struct sq_lock waiting_lock;      /* rank RECORD: n_waiting */
	unsigned n_waiting;               /* records with entries that wait for a reader */
	bool manager_waits;               /* the same lock */
	struct sq_alarms *alarms;
	uint64_t n_dispatched;            /* atomic: publishes of all workspaces, those that are gone, too (DL-15) */
	uint64_t n_cancelled_at_boundary, n_cancelled_at_publish;   /* atomic: turns */
	uint8_t last_mode;                /* atomic, enum sq_mode, of the latest turn of all */
#ifdef SQ_TEST_HOOKS
	struct sq_fault { int error; unsigned count; } faults[SQ_FAULT_MAX];
	struct sq_lock fault_lock;
	uint64_t fail_at, fail_left;      /* of SQ_FAULT_ALLOC: allocation number; while paused: how many more */
	struct sq_gate gate;              /* before a turn does anything */
	struct sq_gate postres;           /* between its reservation and its build */
	struct sq_capture capture;
	bool no_forwarder;                /* atomic: a cancel reaches the flag of its purpose only (TH-12) */
	bool precancel;                   /* atomic: a turn is cancelled when it has its reservation (TH-13) */
	unsigned n_bodies, max_bodies;    /* atomic: turns of one workspace at once, the most ever */
#endif
};
/* rules.c */
const char *const *sq_rules_excludes(const struct sq_rebuild *rb);
void sq_rules_drop(struct sq_rebuild *rb);
struct sq_rule_dirs { char **v; size_t n, cap; };   /* sorted directory paths that hold rule files */
struct sq_build {
	struct sq_rebuild *rb;
	struct sq_workspace *ws;
	struct sq_lane lane;
	struct sq_watch_root *watch;      /* under ws->record */
	char watch_reason[160];           /* under ws->record */
	bool is_watched;                  /* atomic */
	int root_fd;
	struct sq_ignore *ignore;
	struct sq_rule_dirs rule_dirs;
	bool turn_cancel;                 /* atomic: the turn in flight shall end */
	bool may_stop, is_over_budget;    /* atomic: of the turn in flight, see budget_spent() in run.c */
	struct sq_alarm budget;           /* of the turn in flight */
	struct sq_alarm retry;            /* holds a reference while it is set */
	bool has_baseline;                /* under ws->record */
	struct sq_bridge bridge;
	struct sq_journal journal;        /* the same */
	struct sq_git_snapshot baseline;  /* the same: git's state that the published version is of (GB-04) */
	uint8_t last_mode;                /* atomic, enum sq_mode */
	uint8_t last_outcome;             /* atomic, 1 + enum sq_outcome_code, 0 none yet */
#ifdef SQ_TEST_HOOKS
	struct sq_captured *captured;     /* the runner: its turn's record */
	unsigned n_bodies;                /* atomic: must never be above 1 */
#endif
	uint32_t pass;                    /* atomic, enum sq_pass */
	uint64_t files_done, files_total; /* atomic */
	uint64_t n_parsed, n_moved, n_relinked;   /* atomic: files, ever */
	uint64_t generation;              /* atomic: published */
	bool waits;                       /* under rb->waiting_lock */
	struct { bool is_set, was_full; uint64_t duration_ns, n_files; struct sq_stages stages; } last;   /* under ws->record */
};
static inline struct sq_build *sq_build_of(const struct sq_workspace *ws) { return ws->build; }

/** sq_tools_get() - Return: 0 with reader and extractor there; -errno. The owner thread. */
int sq_tools_get(struct sq_rebuild *rb, struct sq_tools *t) sq_must_check;
void sq_tools_deinit(struct sq_tools *t);
/** sq_build_cancel() - the turn in flight ends at its next check. Set the purpose's flag first. */
void sq_build_cancel(struct sq_build *b);
/** sq_build_update_pending_locked() - recompute ws->pending_files; the lane's lock is held. */
void sq_build_update_pending_locked(struct sq_build *b) SQ_REQUIRES(&b->lane.lock);
/** sq_build_set_rules() - the runner: the rules that @d found are in force now, and where rule files are. */
int sq_build_set_rules(struct sq_build *b, const struct sq_discovery *d) sq_must_check;
/** sq_build_has_rules_below() - is a rule file known in @dir or below it? */
bool sq_build_has_rules_below(const struct sq_build *b, struct sq_slice dir);
/** sq_build_dir_has_rules() - does the directory hold a rule file now? */
bool sq_build_dir_has_rules(const struct sq_build *b, struct sq_slice dir);
/** sq_build_unwatch() - stop watching; outside of all locks. */
void sq_build_unwatch(struct sq_build *b);

#ifdef SQ_TEST_HOOKS
/** sq_build_event() - the turn in flight came to @name (static), for whoever traces it. */
static inline void sq_build_event(struct sq_build *b, const char *name)
{
	sq_capture_event(&b->rb->capture, b->captured, name);
}
#else
#define sq_build_event(b, name) ((void)(b))
#endif

/** sq_turn_run() - one turn over @work; the runner. @work is borrowed; what must be
 *  tried again goes to @again (a fresh or empty work). */
void sq_turn_run(struct sq_build *b, struct sq_turn_thread *thread, const struct sq_work *work,
		 struct sq_work *again, struct sq_outcome *ret_o);
#ifdef SQ_TEST_HOOKS
/** sq_fault_take() - the armed error of @site, 0 none. */
int sq_fault_take(struct sq_rebuild *rb, enum sq_fault_site site);
/** sq_fault_allocs() - arm what SQ_FAULT_ALLOC says, or disarm. */
void sq_fault_allocs(struct sq_rebuild *rb, bool arm);
/** sq_fault_pause() - allocations in between don't fail: tree-sitter survives no failure. One worker only. */
void sq_fault_pause(struct sq_rebuild *rb, bool pause);
#endif
