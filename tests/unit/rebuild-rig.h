/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * rebuild-rig — everything from the watcher to the published graph, in this
 * process, over a git work tree "r". Windows close by a flush only, so that
 * what a script did is one set: rig_do(). The watcher drops the events of its
 * own process: scripts are children.
 */
#include <semaphore.h>

#include "git-scratch.h"
#include "base/alloc.h"
#include "base/epoch.h"
#include "graph/dump.h"
#include "rebuild/build.h"
#include "rebuild/rebuild.h"
#include "rebuild/run.h"
#include "watch/watcher.h"
#include "tree/ignore.h"

struct rig {
	struct scratch s;
	char root[PATH_MAX + 8];
	struct sq_epoch *epoch;
	struct sq_lang_registry *registry;
	struct sq_rebuild *rb;
	struct sq_workspace *ws;
	unsigned n_lost;               /* watches, atomic */
};
struct rig_wait {
	struct sq_waiter w;
	sem_t done;
	struct sq_outcome o;
};

static inline bool rig_want(struct sq_slice path)
{
	return sq_lang_detect(path) != SQ_LANG_NONE || sq_ignore_is_rule_file(path);
}

static inline void rig_told(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct rig_wait *rw = (struct rig_wait *)(void *)w;

	rw->o = *o;
	sem_post(&rw->done);
}

static inline void rig_wait_init(struct rig_wait *w)
{
	memset(w, 0, sizeof(*w));
	w->w.done = rig_told;
	sem_init(&w->done, 0, 0);
}

static inline struct sq_outcome rig_wait_end(struct rig_wait *w)
{
	while (sem_wait(&w->done) && errno == EINTR)
		;
	sem_destroy(&w->done);
	return w->o;
}

static inline struct sq_workspace *rig_load_as(struct rig *rig, const char *root, uint64_t fingerprint)
{
	struct sq_ws_key key = { .root = sq_slice_z(root), .fingerprint = fingerprint };
	struct sq_workspace *ws = NULL;
	struct sq_outcome o;
	struct rig_wait w;
	int r;

	rig_wait_init(&w);
	r = sq_rebuild_load(rig->rb, &key, &w.w, &ws);
	if (r == SQ_REBUILD_E_LOADING)
		return ws;   /* somebody else's load is in progress */
	ck_assert_int_eq(r, 0);
	o = rig_wait_end(&w);
	ck_assert_msg(o.code == SQ_OUTCOME_OK, "%s", o.message);
	return ws;
}

/* off the map, and our reference goes: its end is awaited by sq_rebuild_free() */
static inline void rig_unload(struct rig *rig, struct sq_workspace *ws)
{
	ck_assert(sq_rebuild_unload(rig->rb, ws));
	sq_workspace_unref(ws);
}

static inline struct sq_outcome rig_sync_of(struct rig *rig, struct sq_workspace *ws)
{
	struct rig_wait w;

	rig_wait_init(&w);
	sq_rebuild_sync(rig->rb, ws, &w.w);
	return rig_wait_end(&w);
}

static inline void rig_sync(struct rig *rig)
{
	struct sq_outcome o = rig_sync_of(rig, rig->ws);

	ck_assert_msg(o.code == SQ_OUTCOME_OK, "%s", o.message);
}

static inline void rig_lost(void *arg, struct sq_workspace *ws, const char *why)
{
	struct rig *rig = arg;

	(void)ws;
	(void)why;
	(void)sq_add_relaxed(&rig->n_lost, 1);   /* relaxed: read when all is done */
}

static inline void rig_start(struct rig *rig, unsigned quiet_ms)
{
	struct sq_rebuild_config cfg = {
		.epoch = rig->epoch, .registry = rig->registry, .memory_limit_bytes = 512u << 20,
		.n_workers = 2, .n_turns = 2, .max_file_bytes = 1 << 20, .use_gitignore = true, .watch = true,
		.watch_config = { .quiet_ms = quiet_ms, .max_wait_ms = quiet_ms, .drain_ms = 5,
				  .force_tier = -1, .want = rig_want },
		.on_watch_lost = rig_lost, .arg = rig,
	};

	ck_assert_int_eq(sq_rebuild_new(&cfg, &rig->rb), 0);
}

/* @script makes the tree */
static inline void rig_init(struct rig *rig, const char *script)
{
	memset(rig, 0, sizeof(*rig));
	scratch_init(&rig->s);
	snprintf(rig->root, sizeof(rig->root), "%s/r", rig->s.path);
	git_environment(rig->s.path);
	git_sh(&rig->s, script);
	ck_assert_int_eq(sq_epoch_new(&rig->epoch), 0);
	ck_assert_int_eq(sq_lang_registry_new(NULL, &rig->registry), 0);
	rig_start(rig, 3600000);
	rig->ws = rig_load_as(rig, rig->root, 0);
}

static inline void rig_deinit(struct rig *rig)
{
	if (rig->ws)
		sq_workspace_unref(rig->ws);
	sq_rebuild_free(rig->rb);
	sq_lang_registry_free(rig->registry);
	sq_epoch_free(rig->epoch);
	scratch_deinit(&rig->s);
}

/* what a script cost: all counters are differences */
struct rig_cost { uint64_t turns, parsed, looked, skipped; bool was_full; enum sq_git_class class; };

static inline struct rig_cost rig_counters(struct rig *rig)
{
	struct sq_build *b = sq_build_of(rig->ws);
	struct sq_build_status st;
	struct rig_cost c;

	sq_rebuild_status(rig->ws, &st);
	sq_lock(&rig->ws->record);
	c = (struct rig_cost){ sq_load_acquire(&b->generation),   /* one a publish */
			       st.n_parsed, b->bridge.n_looked,
			       b->bridge.n_skipped, st.last_was_full, b->bridge.last_class };
	sq_unlock(&rig->ws->record);
	return c;
}

/* run @script in the work tree, then have everything published */
static inline struct rig_cost rig_do(struct rig *rig, const char *script)
{
	struct rig_cost from = rig_counters(rig), to;
	char *in_root = NULL;

	ck_assert_int_ge(asprintf(&in_root, "cd r; %s", script), 0);
	git_sh(&rig->s, in_root);
	free(in_root);
	rig_sync(rig);
	to = rig_counters(rig);
	return (struct rig_cost){ to.turns - from.turns, to.parsed - from.parsed, to.looked - from.looked,
				  to.skipped - from.skipped, to.was_full, to.class };
}

static inline struct sq_git_snapshot rig_baseline(struct rig *rig)
{
	struct sq_build *b = sq_build_of(rig->ws);
	struct sq_git_snapshot s;

	sq_lock(&rig->ws->record);
	ck_assert(b->has_baseline);
	s = b->baseline;
	sq_unlock(&rig->ws->record);
	return s;
}

static inline struct sq_git_snapshot rig_git(struct rig *rig)
{
	struct sq_git_snapshot s;

	sq_git_snapshot_read(rig->root, &s);
	return s;
}

static inline void rig_hash(struct sq_workspace *ws, char ret_hex[33])
{
	ck_assert_int_eq(sq_dump_hash(sq_graph_current(ws->graph), ret_hex), 0);
}

/* the graph is what a build from nothing gives */
static inline void rig_expect_clean(struct rig *rig)
{
	struct sq_workspace *clean = rig_load_as(rig, rig->root, 1);
	char have[33], want[33];

	rig_hash(rig->ws, have);
	rig_hash(clean, want);
	ck_assert_str_eq(have, want);
	rig_unload(rig, clean);
}
