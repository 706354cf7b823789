/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * treegraph — a directory as a graph, without daemon, watcher or caches (and
 * but for the links of a graph with a pool, on one thread): the clean build that every other way of getting a graph is
 * compared with, and the plainest incremental one (compare contents, put what
 * differs).
 * Threads: one.
 */
#include "base/epoch.h"
#include "graph/draft.h"
#include "lang/lang.h"
#include "sys/pool.h"

struct treegraph {
	struct sq_epoch *epoch;
	struct sq_epoch_record *rec;
	struct sq_lang_registry *registry;
	struct sq_extractor *extractor;
	struct sq_graph *graph;
	struct sq_pool *pool;           /* links on workers, however few the puts */
	bool built;
	unsigned disabled;              /* mask of enum sq_trigger */
	uint8_t link_flags;             /* as the daemon's configuration sets them */
	bool links_alone;               /* see struct sq_draft_opts */
	struct sq_draft_report report;  /* of the last update */
	uint64_t n_parsed;              /* files, ever */
};
int treegraph_init(struct treegraph *t);
/** treegraph_spread() - after init: from now on link with three workers. */
int treegraph_spread(struct treegraph *t);
void treegraph_deinit(struct treegraph *t);
/** treegraph_update() - bring the graph up to the directory; the first time, and with @clean, from nothing. */
int treegraph_update(struct treegraph *t, const char *dir, bool clean);
const struct sq_version *treegraph_version(const struct treegraph *t);   /* single thread: no section needed */
/** treegraph_dump() - canonical dump, appended. */
int treegraph_dump(const struct treegraph *t, struct sq_buf *out);
/** treegraph_clean_dump() - of a build from nothing with a graph of its own. */
int treegraph_clean_dump(const char *dir, uint8_t link_flags, struct sq_buf *out);
/** treegraph_show_difference() - the first line of two dumps that differs, to stdout. */
void treegraph_show_difference(struct sq_slice is, struct sq_slice clean);
