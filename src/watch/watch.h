/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * watch — what changed under the watched roots, as a stream of change sets.
 *
 * One watcher a process: a thread that owns the fanotify group(s), the
 * handle -> directory table and the debounce state of every root. fanotify is
 * the truth about "something happened"; the truth about content is a re-stat
 * or re-read at rebuild time. Tiers: design §8 (T0 sweep, T1 directory marks,
 * T2 filesystem mark).
 * Ownership: the watcher owns everything; a change set is handed to the sink
 *            and owned by it.
 * Threads:   add/remove/sync/stats from any thread; the sink runs on the watch
 *            thread and must return at once.
 * Errors:    overflow, a lost filesystem, a handle that cannot be resolved,
 *            marks exhausted -> the set has rescan = true; nothing is dropped
 *            silently.
 */
#include <stdbool.h>

#include "base/str.h"
#include "tree/discover.h"
#include "tree/ignore.h"

struct sq_watch;
struct sq_watch_root;              /* one watched workspace root */

enum sq_watch_tier { SQ_WATCH_NONE /* T0: sweep */, SQ_WATCH_DIRECTORY /* T1 */, SQ_WATCH_FILESYSTEM /* T2 */ };
const char *sq_watch_tier_name(enum sq_watch_tier t);     /* "sweep", "directory marks", "filesystem mark" */

enum {
	SQ_CHANGE_FILE = 1,
	SQ_CHANGE_SUBTREE = 2,      /* directory came, went, moved: walk it, drop what is gone */
	SQ_CHANGE_DOUBT = 4,        /* no event, but it may differ: ask the file's identity */
	SQ_CHANGE_PARSE = 8,        /* with FILE: not even equal bytes mean that what is known of it is right */
};
struct sq_change { struct sq_slice path; uint8_t what; };
struct sq_change_set {
	struct sq_change *changes;       /* distinct, sorted by path bytes */
	size_t n_changes;
	bool rescan;                     /* compare the whole root: something was lost */
	bool rules_changed;              /* an ignore file changed: re-read rules, compare the whole root */
	bool root_gone;                  /* the root itself was deleted or moved away */
	bool git_changed;                /* what HEAD says may be another: sq_watch_asides() */
	uint64_t first_event_ns;         /* monotonic, of the first event merged in */
	uint64_t n_events;               /* events merged */
	struct sq_change_set_mem *mem;
};
struct sq_change_set *sq_change_set_free(struct sq_change_set *s);
/** sq_change_set_merge() - add @from to @into (union, flags OR, earliest time); @from stays valid. */
int sq_change_set_merge(struct sq_change_set *into, const struct sq_change_set *from) sq_must_check;
int sq_change_set_new(struct sq_change_set **ret_s) sq_must_check;
int sq_change_set_add(struct sq_change_set *s, struct sq_slice path, uint8_t what) sq_must_check;
/** sq_change_set_sort() - sort by path, drop duplicates and paths below a SUBTREE. */
void sq_change_set_sort(struct sq_change_set *s);
/** sq_change_set_covers() - is @path below a SUBTREE of the sorted @s? */
bool sq_change_set_covers(const struct sq_change_set *s, struct sq_slice path);

struct sq_watch_config {
	unsigned quiet_ms;               /* quiet window, default 20 */
	unsigned max_wait_ms;            /* since the first event, default 500 */
	unsigned drain_ms;               /* from the first wake-up of a burst to the drain, default 5 */
	int force_tier;                  /* -1: best available */
	unsigned queue_limit_events;     /* 0: unlimited where allowed (own cap 1 M, then rescan) */
	bool (*want)(struct sq_slice path);   /* by name: may this file matter (source, config, rule file)? */
};
/** sq_watch_new() - starts the thread. @sink: called with each closed change set (consumed). */
int sq_watch_new(const struct sq_watch_config *cfg,
		 void (*sink)(void *arg, void *root_cookie, struct sq_change_set *set), void *sink_arg,
		 struct sq_watch **ret_w) sq_must_check;
struct sq_watch *sq_watch_free(struct sq_watch *w);
/** sq_watch_set_windows() - other quiet_ms and max_wait_ms, from the next event on. Any thread. */
void sq_watch_set_windows(struct sq_watch *w, unsigned quiet_ms, unsigned max_wait_ms);
enum sq_watch_tier sq_watch_best_tier(const struct sq_watch *w, const char **ret_why_not_better);

/**
 * sq_watch_add() - start watching BEFORE the discovery walk, so that nothing
 * is missed between the two. Events are held until sq_watch_ready().
 * @root_path: where it is; asked again to see that it has not moved away
 * @root_fd:   duplicated
 * @cookie:    given back to the sink
 * Return: 0; -errno (the root can't be watched: *ret_why says so; serve it at T0).
 */
int sq_watch_add(struct sq_watch *w, const char *root_path, int root_fd, void *cookie,
		 struct sq_watch_root **ret_r, const char **ret_why) sq_must_check;
/** sq_watch_mark_dir() - T1: mark one directory; the on_dir callback of the discovery walk. Any thread.
 *  No-op at T2. Failure is remembered: the root reports SQ_WATCH_NONE and asks for a rescan. */
void sq_watch_mark_dir(struct sq_watch_root *r, int dir_fd, struct sq_slice path);
/** sq_watch_ready() - hand over the directories found (handles) and the ignore rules in force;
 *  events held since add are delivered now. Must be called again after every rescan with fresh
 *  ones: after lost events the root holds all further ones until then. */
int sq_watch_ready(struct sq_watch_root *r, const struct sq_found_dir *dirs, size_t n_dirs,
		   struct sq_ignore *ignore) sq_must_check;
/** sq_watch_dirs_changed() - directories found or gone below a SUBTREE change (add before remove).
 *  When rule files were found there, the rules are others: sq_watch_ready() with new ones. */
int sq_watch_dirs_changed(struct sq_watch_root *r, struct sq_slice below,
			  const struct sq_found_dir *dirs, size_t n_dirs) sq_must_check;
/* a directory elsewhere in which something counts for a root */
enum sq_aside_what { SQ_ASIDE_GIT /* -> git_changed */, SQ_ASIDE_RULES /* -> rules_changed */ };
struct sq_watch_aside {
	const char *dir;                 /* absolute */
	const char *name;                /* of the entry that counts; NULL: all but *.lock */
	enum sq_aside_what what;
};
/**
 * sq_watch_asides() - these from now on, instead of those before. From the sink too.
 * A directory that is not there is left out: name the one above it as well.
 * Return: 0; -errno when one can't be watched: nobody will be told then.
 */
int sq_watch_asides(struct sq_watch_root *r, const struct sq_watch_aside *v, size_t n) sq_must_check;
/* one root, for whoever looks at the watcher */
struct sq_watch_entry {
	char path[256];                  /* of the root, cut */
	uint64_t generation;             /* 1, 2, ...: no two sq_watch_add() have the same (GN-01) */
	bool is_live;                    /* events come: not lost, not gone */
	enum sq_watch_tier tier;
};
/** sq_watch_list() - at most @max roots, in the order they were added. Return: how many there are. */
size_t sq_watch_list(const struct sq_watch *w, struct sq_watch_entry *v, size_t max);
/** sq_watch_remove() - returns when the sink will not be called for it any more. Not from the sink. */
void sq_watch_remove(struct sq_watch_root *r);
/**
 * sq_watch_flush() - drain the kernel queue to EAGAIN, close the quiet window
 * of @r now, hand its change set to the sink (if any), then call @done on the
 * watch thread: every event of a system call that returned before this call
 * has been delivered to the sink by then (design §8, Sync). But what a root
 * holds back (before sq_watch_ready(), or after a rescan was asked for and
 * until it is ready again) comes with that sq_watch_ready().
 */
void sq_watch_flush(struct sq_watch_root *r, void (*done)(void *arg), void *arg);
struct sq_watch_stats {
	uint64_t n_events, n_ignored, n_overflows, n_rescans, n_wakeups, n_marks, n_sets;
};
void sq_watch_root_stats(const struct sq_watch_root *r, struct sq_watch_stats *ret);   /* counters of the root */
void sq_watch_stats(const struct sq_watch *w, struct sq_watch_stats *ret);             /* whole process */
enum sq_watch_tier sq_watch_root_tier(const struct sq_watch_root *r);
/** sq_watch_root_why() - why its tier is not better: a static sentence, or NULL. */
const char *sq_watch_root_why(const struct sq_watch_root *r);
bool sq_watch_root_pending(const struct sq_watch_root *r);     /* events seen, set not yet closed */
