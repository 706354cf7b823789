/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * walk — the parallel part of discovery: a shared stack of directories to be
 * read, and what each worker found. Private to src/tree.
 * Ownership: the walk owns the stack; each finding's strings are in the arena
 *            of the worker that made it.
 * Threads:   sq_tree_walk_work() on each worker; everything else on one thread,
 *            before or after.
 * Invariants: n_open is the number of directories queued or being read; at 0
 *            the walk is over, and every sleeping worker is woken.
 */
#include <pthread.h>

#include "base/arena.h"
#include "base/lock.h"
#include "base/vec.h"
#include "tree/discover.h"
#include "tree/stat.h"

struct sq_tree_walk_worker {
	struct sq_arena arena;
	SQ_VEC(struct sq_found_file) files;
	SQ_VEC(struct sq_found_dir) dirs;
	SQ_VEC(struct sq_slice) children;        /* of the directory being read */
	char *dents;                             /* buffer of getdents64 */
	struct sq_zpath path;                    /* of the entry being looked at */
};
struct sq_tree_walk {
	int root_fd;
	const struct sq_discover_opts *opts;
	struct sq_ignore *ignore;
	struct sq_tree_walk_worker *workers;
	unsigned n_workers;
	struct sq_lock lock;                     /* stack, n_open, error */
	pthread_cond_t changed;
	SQ_VEC(struct sq_slice) stack;
	size_t n_open;
	int error;                               /* first fatal one */
};
int sq_tree_walk_init(struct sq_tree_walk *w, int root_fd, const struct sq_discover_opts *opts,
		 struct sq_ignore *ignore, unsigned n_workers) sq_must_check;
void sq_tree_walk_deinit(struct sq_tree_walk *w);
/** sq_tree_walk_push() - directory @path is to be read; copied. Before the workers start. */
int sq_tree_walk_push(struct sq_tree_walk *w, struct sq_slice path) sq_must_check;
/** sq_tree_walk_work() - read directories until none is left; sorts this worker's findings. @arg: the walk. */
int sq_tree_walk_work(void *arg, unsigned worker);
/** sq_tree_walk_add_file() - list one file of worker @k. */
int sq_tree_walk_add_file(struct sq_tree_walk_worker *k, struct sq_slice path, const struct sq_identity *id,
		     enum sq_skip skip) sq_must_check;
int sq_found_file_cmp(const void *a, const void *b);
int sq_found_dir_cmp(const void *a, const void *b);
