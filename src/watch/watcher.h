/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * watcher — the insides of struct sq_watch, private to src/watch.
 * Two groups at most (T2, T1), each with its table of directories; a root
 * belongs to one. A root is
 *   HOLDING  its events are kept as raw bytes, because its directories are not
 *            known (before the first sq_watch_ready) or not known any more
 *            (events were lost): sq_watch_ready() replays them;
 *   LIVE     its events become changes at once;
 *   LOST     it could not be watched further (tier "none").
 * Threads: everything below w->lock, but what says otherwise. The sink and the
 *          done callbacks run on the watch thread without the lock; only that
 *          thread frees a root.
 */
#include <pthread.h>

#include "base/lock.h"
#include "base/vec.h"
#include "sys/wake.h"
#include "watch/dirtable.h"
#include "watch/fan.h"
#include "watch/watch.h"

enum { SQ_WATCH_T2, SQ_WATCH_T1, SQ_WATCH_N_GROUPS };
enum sq_watch_state { SQ_WATCH_HOLDING, SQ_WATCH_LIVE, SQ_WATCH_LOST };

/* (parent, name) where a directory may have come, gone or been replaced */
struct sq_watch_spot {
	struct sq_dir_node *parent;     /* pinned */
	char *name;
};

struct sq_watch_group {
	struct sq_fan fan;
	struct sq_dir_table dirs;
	struct sq_dir_misses misses;
	SQ_VEC(struct sq_watch_spot) spots;     /* to be looked at when the drain ends */
	unsigned n_holding;
	bool has_moved;                 /* a directory that is no node was renamed or removed */
};

/* a file system that a root reaches into; the first one is the root's own */
struct sq_watch_place {
	uint64_t fsid, dev, mount_id;
	int fd;                         /* a directory on it; owned but for the first */
};

/* what was seen and not yet handed to the sink */
struct sq_watch_pending {
	struct sq_change_set *set;      /* NULL until the first path */
	uint64_t first_ns, last_ns, n_events;
	bool is_open, rescan, rules_changed, git_changed;
};

/* what sq_watch_asides() was told, found */
struct sq_aside {
	struct sq_handle *handle;       /* owned */
	char *name;
	uint64_t hash;
	int fd;
	enum sq_aside_what what;
};

struct sq_watch_root {
	struct sq_watch *w;
	struct sq_watch_group *group;   /* NULL: LOST */
	char *path;
	int fd;
	void *cookie;
	uint64_t serial;                /* of the add: never used again */
	uint64_t dev, ino;
	enum sq_watch_state state;
	bool is_started;                /* sq_watch_ready() was called once */
	bool is_gone;                   /* said so already */
	const char *why;                /* of LOST */
	SQ_VEC(struct sq_watch_place) places;
	SQ_VEC(struct sq_aside) asides;
	struct sq_dir_node *top;
	struct sq_ignore *ignore;
	uint64_t generation;            /* of the newest list of directories */
	struct sq_buf held;             /* raw events, HOLDING */
	uint64_t held_ns;               /* when the first was held */
	bool held_lost;                 /* more events than may be held */
	uint64_t mounts_hash;           /* of the mounts below, sq_mounts_hash() */
	struct sq_watch_pending pending;
	struct sq_watch_stats stats;
};

enum sq_watch_command_kind { SQ_WATCH_FLUSH, SQ_WATCH_REMOVE };
struct sq_watch_command {
	struct sq_watch_command *next;
	enum sq_watch_command_kind kind;
	struct sq_watch_root *root;
	void (*done)(void *arg);
	void *arg;
	bool is_waited;                 /* on the stack of a caller who waits */
	bool is_done;
};

struct sq_watch_sb { uint64_t fsid; unsigned n_refs; };

enum { SQ_ASIDE_WORDS = 16 };

struct sq_watch {
	struct sq_lock lock;
	pthread_cond_t done;            /* a waited command is done */
	struct sq_watch_config cfg;
	void (*sink)(void *arg, void *cookie, struct sq_change_set *set);
	void *sink_arg;
	struct sq_watch_group groups[SQ_WATCH_N_GROUPS];
	enum sq_watch_tier best;
	const char *why_not_better;
	SQ_VEC(struct sq_watch_root *) roots;
	uint64_t n_added;
	SQ_VEC(struct sq_watch_sb) sbs; /* marked at T2 */
	uint64_t aside_filter[SQ_ASIDE_WORDS];   /* of the asides of all roots */
	size_t n_asides;
	struct sq_watch_command *commands, **commands_end;
	struct sq_watch_stats stats;
	struct sq_wake wake;
	pthread_t thread;
	bool is_running, is_stopping;
	int mountinfo_fd;
	pid_t pid;
	uint64_t event_ns;              /* the time given to events of this drain */
	bool is_relevant;               /* this drain saw an event of a root that counts */
	struct sq_buf scratch;          /* paths */
	/* the watch thread's own */
	char *buffer;
	uint64_t drain_at, burst_at;    /* 0: none */
	uint64_t relevant_ns;           /* when a drain last brought something */
	unsigned delay_ms;              /* from the next wake-up to its drain */
};

/* ---- pending.c: what goes to the sink ---- */
void sq_pending_path(struct sq_watch_root *r, struct sq_slice path, uint8_t what);
enum { SQ_PENDING_RESCAN = 1, SQ_PENDING_RULES = 2, SQ_PENDING_GIT = 4 };
void sq_pending_flags(struct sq_watch_root *r, unsigned flags);
/** sq_pending_due_ns() - when the set is to be closed; UINT64_MAX: nothing is pending. */
uint64_t sq_pending_due_ns(const struct sq_watch_root *r);
/** sq_pending_take() - close the set. Return: NULL when it is empty (or no memory: later). */
struct sq_change_set *sq_pending_take(struct sq_watch_root *r);
void sq_pending_deinit(struct sq_watch_root *r);
/** sq_watch_hold() - keep a raw event for later. */
void sq_watch_hold(struct sq_watch_root *r, struct sq_slice raw);
/** sq_watch_lost_events() - the group lost events: its roots hold until they are walked again. */
void sq_watch_lost_events(struct sq_watch *w, struct sq_watch_group *g);
/** sq_watch_lose() - the root can't be watched any more. */
void sq_watch_lose(struct sq_watch_root *r, const char *why);

/* ---- apply.c: events -> changes ---- */
/** sq_apply_buffer() - what one read() gave. Return: number of events. */
uint64_t sq_apply_buffer(struct sq_watch *w, struct sq_watch_group *g, const char *p, size_t n);
/** sq_apply_held() - replay what a root held; it is LIVE. */
void sq_apply_held(struct sq_watch_root *r);
/** sq_apply_end() - the drain is over: look at the spots where directories moved. */
void sq_apply_end(struct sq_watch *w, struct sq_watch_group *g);

/* ---- place.c: where a directory is ---- */
enum sq_place_class { SQ_PLACE_PASS, SQ_PLACE_RULES, SQ_PLACE_IGNORED };
/** sq_place_class() - of directory @path, whose parent is not ignored. */
enum sq_place_class sq_place_class(const struct sq_watch_root *r, struct sq_slice path);
/**
 * sq_place_insert() - @key is the child @name of @parent, whatever was known before.
 * Context: @parent's path with the name passes.
 * Return: 0; -ELOOP when the table has @parent below @key; -ENOMEM.
 */
int sq_place_insert(struct sq_watch_group *g, struct sq_dir_node *parent, struct sq_slice name,
		    const struct sq_dir_key *key, uint8_t flags, struct sq_dir_node **ret_n) sq_must_check;
/** sq_place_break_loop() - forget @key in @root and all below: after -ELOOP, T2. */
void sq_place_break_loop(struct sq_watch_group *g, const struct sq_watch_root *root,
			 const struct sq_dir_key *key);
/** sq_place_resolve() - ask the kernel where @key is; nodes or a miss are entered. */
void sq_place_resolve(struct sq_watch *w, struct sq_watch_group *g, const struct sq_dir_key *key);
/** sq_place_forget() - remove a node and all below; T1 remembers them as outside. */
void sq_place_forget(struct sq_watch_group *g, struct sq_dir_node *n);
/** sq_place_marked() - @n has a mark of its own now. */
void sq_place_marked(struct sq_dir_node *n);
/** sq_place_unmark() - take the marks off @n and all below, as far as their paths are right. */
void sq_place_unmark(struct sq_watch_group *g, struct sq_dir_node *n);
/** sq_place_note() - have the spot looked at when the drain ends. */
void sq_place_note(struct sq_watch_group *g, struct sq_dir_node *parent, struct sq_slice name);
/**
 * sq_place_settle() - look at all noted spots: the table becomes what the disk says.
 * @is_reported: directories that were not known there are changes (false: a
 *               walk told, which has its own view of the disk)
 */
void sq_place_settle(struct sq_watch *w, struct sq_watch_group *g, bool is_reported);
/** sq_place_key_of() - @h receives the handle of the open directory @fd. */
struct sq_handle;
int sq_place_key_of(int fd, struct sq_handle *ret_h, struct sq_dir_key *ret_k) sq_must_check;
bool sq_place_root_moved(const struct sq_watch_root *r);
/** sq_place_check_roots() - open a set for the roots of @g that are not where they were. */
void sq_place_check_roots(struct sq_watch *w, struct sq_watch_group *g);

/* ---- root.c: life of a root ---- */
struct sq_watch_root *sq_watch_root_free(struct sq_watch_root *r);
/** sq_watch_root_leave() - give up marks, nodes and group. Context: lock held. */
void sq_watch_root_leave(struct sq_watch_root *r);
/** sq_watch_root_reach() - @fd is a directory of @r: mark its file system when that is new.
 *  @ret_is_new: what happened there before was not seen */
int sq_watch_root_reach(struct sq_watch_root *r, int fd, uint64_t dev, uint64_t *ret_fsid,
			bool *ret_is_new)
	sq_must_check;

/* ---- aside.c: directories elsewhere ---- */
/** sq_aside_event() - Return: it concerns only such directories, none of the table. */
bool sq_aside_event(struct sq_watch *w, const struct sq_watch_group *g, const struct sq_fan_event *e);
/** sq_aside_has() - does a root other than @but watch the directory in this way? */
bool sq_aside_has(const struct sq_watch *w, const struct sq_dir_key *key, const struct sq_watch_root *but);
void sq_aside_leave(struct sq_watch_root *r);

/* ---- mounts.c ---- */
/** sq_mounts_hash() - of the mount points at and below @path; 0 on failure. */
uint64_t sq_mounts_hash(int mountinfo_fd, const char *path);
