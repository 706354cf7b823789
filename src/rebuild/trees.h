/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * trees — the syntax trees of files that were edited lately, so that the next
 * edit is parsed where it differs; all workspaces of a daemon share a budget.
 * Only of languages that are read as a whole: the others recall facts.
 *
 * What was parsed with an old tree is parsed from nothing once the file has
 * been quiet for a second (design §5), by one thread at nice 19 that sleeps
 * without a timeout while there is nothing to do. Facts that differ are
 * counted and reported; the owner reads the file again.
 * Ownership: owns the kept trees that are on its shelf. Who takes one owns it.
 * Threads:   any; takes TREES. on_differ is called by the checking thread,
 *            outside of the lock.
 * Invariants: bytes on the shelf <= budget; the oldest go first.
 */
#include "lang/lang.h"

struct sq_trees;
struct sq_trees_config {
	struct sq_lang_registry *registry;
	uint64_t budget_bytes;         /* 0: nothing is kept */
	uint64_t quiet_ns;             /* before a check; 0: a second */
	void (*on_differ)(void *arg, const void *owner, struct sq_slice path);
	void *arg;
};
struct sq_trees_stats {
	uint64_t bytes, n_files;       /* on the shelf now */
	uint64_t n_reused;             /* parses that an old tree shortened */
	uint64_t n_checked, n_differing;   /* differing must be 0 */
	uint64_t n_dropped;            /* for the budget */
	uint64_t to_check;             /* waiting for quiet */
};
int sq_trees_new(const struct sq_trees_config *cfg, struct sq_trees **ret_t) sq_must_check;
/** sq_trees_free() - ends the checking thread; nobody takes or puts any more. */
struct sq_trees *sq_trees_free(struct sq_trees *t);
/** sq_trees_wants() - would a file of @n bytes be kept? */
bool sq_trees_wants(const struct sq_trees *t, size_t n);
/** sq_trees_take() - the kept trees of a file, or NULL; they leave the shelf. */
struct sq_kept *sq_trees_take(struct sq_trees *t, const void *owner, struct sq_slice path);
/**
 * sq_trees_put() - onto the shelf, in place of what is there.
 * @k:        consumed; NULL: nothing to keep
 * @facts:    made of these very bytes
 * @is_reuse: an old tree was used: check it later
 */
void sq_trees_put(struct sq_trees *t, const void *owner, struct sq_slice path, struct sq_kept *k,
		  const struct sq_facts *facts, bool is_reuse);
/** sq_trees_drop() - everything of @owner (NULL: everything) leaves. */
void sq_trees_drop(struct sq_trees *t, const void *owner);
void sq_trees_read_stats(struct sq_trees *t, struct sq_trees_stats *ret);
