/* SPDX-License-Identifier: MIT */
#include "tree/discover.h"

#include <fcntl.h>

#include "base/arena.h"
#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"
#include "tree/walk.h"

struct sq_discovery_mem {
	unsigned n;
	struct sq_arena arenas[];
};

/* ---- the way down to the subtree ----------------------------------------- */

enum { BELOW_GONE, BELOW_DIR, BELOW_FILE };

/*
 * Read the rules of every directory above opts->below, top down.
 * Return: BELOW_*; -errno.
 */
static int enter_above(struct sq_tree_walk *w, struct sq_slice below)
{
	for (size_t n = 0; n < below.n; n++) {
		_cleanup_(sq_fd_closep) int fd = -1;
		const struct sq_slice dir = sq_slice(below.p, n);
		struct sq_zpath z;
		int r;

		/* "a/b/c": at 0 for the root, at the slashes for "a" and "a/b" */
		if (n && below.p[n] != '/')
			continue;
		if (n && sq_ignore_match(w->ignore, dir, true))
			return BELOW_GONE;
		r = sq_zpath_set(&z, dir);
		if (!r)
			r = sq_fd_open_beneath(w->root_fd, z.z, O_RDONLY | O_DIRECTORY, 0, &fd);
		if (!r)
			r = sq_ignore_enter(w->ignore, dir, fd);
		if (r < 0)
			return sq_errno_is_fatal(r) ? sq_error_trace(r) : BELOW_GONE;
	}
	return BELOW_DIR;
}

static int below_kind(struct sq_tree_walk *w, struct sq_slice below)
{
	_cleanup_(sq_fd_closep) int fd = -1;
	struct sq_zpath z;
	struct sq_stat st;
	int r;

	r = enter_above(w, below);
	if (r != BELOW_DIR || !below.n)
		return r;
	r = sq_zpath_set(&z, below);
	if (!r)
		r = sq_fd_open_beneath(w->root_fd, z.z, O_PATH, 0, &fd);
	if (!r)
		r = sq_stat_at(fd, "", &st);
	if (r < 0)
		return sq_errno_is_fatal(r) ? sq_error_trace(r) : BELOW_GONE;
	if (sq_ignore_match(w->ignore, below, S_ISDIR(st.mode)))
		return BELOW_GONE;
	return S_ISDIR(st.mode) ? BELOW_DIR : BELOW_FILE;
}

/* the directory of the event has become a file */
static int list_one(struct sq_tree_walk *w, struct sq_slice path)
{
	struct sq_identity id;
	enum sq_skip skip;
	int r;

	if (w->opts->want && !w->opts->want(path))
		return 0;
	r = sq_tree_stat(w->root_fd, path, w->opts->max_bytes, &id, &skip);
	if (r < 0)
		return sq_errno_is_gone(r) ? 0 : r;
	return sq_tree_walk_add_file(&w->workers[0], path, &id, skip);
}

/* ---- the result ---------------------------------------------------------- */

/* one sorted list of every worker's; @at: where each one is */
static void merge_files(const struct sq_tree_walk *w, size_t *at, struct sq_discovery *d)
{
	for (;;) {
		const struct sq_found_file *least = NULL;
		unsigned from = 0;

		for (unsigned i = 0; i < w->n_workers; i++) {
			const struct sq_tree_walk_worker *k = &w->workers[i];

			if (at[i] < k->files.n &&
			    (!least || sq_found_file_cmp(&k->files.v[at[i]], least) < 0)) {
				least = &k->files.v[at[i]];
				from = i;
			}
		}
		if (!least)
			return;
		at[from]++;
		/* twice: a directory renamed under the walk, or one said to be cut off */
		if (!d->n_files || !sq_slice_eq(d->files[d->n_files - 1].path, least->path))
			d->files[d->n_files++] = *least;
	}
}

static void merge_dirs(const struct sq_tree_walk *w, size_t *at, struct sq_discovery *d)
{
	for (;;) {
		const struct sq_found_dir *least = NULL;
		unsigned from = 0;

		for (unsigned i = 0; i < w->n_workers; i++) {
			const struct sq_tree_walk_worker *k = &w->workers[i];

			if (at[i] < k->dirs.n &&
			    (!least || sq_found_dir_cmp(&k->dirs.v[at[i]], least) < 0)) {
				least = &k->dirs.v[at[i]];
				from = i;
			}
		}
		if (!least)
			return;
		at[from]++;
		if (!d->n_dirs || !sq_slice_eq(d->dirs[d->n_dirs - 1].path, least->path))
			d->dirs[d->n_dirs++] = *least;
	}
}

static int merge(const struct sq_tree_walk *w, struct sq_discovery *d)
{
	_cleanup_(sq_freep) size_t *at = sq_calloc(w->n_workers * 2, sizeof(*at));
	size_t n_files = 0, n_dirs = 0;

	for (unsigned i = 0; i < w->n_workers; i++) {
		n_files += w->workers[i].files.n;
		n_dirs += w->workers[i].dirs.n;
	}
	d->files = sq_calloc(n_files + 1, sizeof(*d->files));
	d->dirs = sq_calloc(n_dirs + 1, sizeof(*d->dirs));
	if (!at || !d->files || !d->dirs)
		return sq_error_origin(-ENOMEM);
	merge_files(w, at, d);
	merge_dirs(w, at + w->n_workers, d);
	return 0;
}

/* the strings stay where they are: their arenas change hands */
static int take_arenas(struct sq_tree_walk *w, struct sq_discovery *d)
{
	d->mem = sq_calloc(1, sizeof(*d->mem) + w->n_workers * sizeof(d->mem->arenas[0]));
	if (!d->mem)
		return sq_error_origin(-ENOMEM);
	d->mem->n = w->n_workers;
	for (unsigned i = 0; i < w->n_workers; i++) {
		d->mem->arenas[i] = w->workers[i].arena;
		w->workers[i].arena = (struct sq_arena)SQ_ARENA_NULL;
	}
	return 0;
}

struct sq_discovery *sq_discovery_free(struct sq_discovery *d)
{
	if (!d)
		return NULL;
	for (unsigned i = 0; d->mem && i < d->mem->n; i++)
		sq_arena_deinit(&d->mem->arenas[i]);
	sq_free(d->mem);
	sq_free(d->files);
	sq_free(d->dirs);
	sq_ignore_unref(d->ignore);
	sq_free(d);
	return NULL;
}

static int discover(struct sq_tree_walk *w, const struct sq_parallel *par, struct sq_discovery *d)
{
	int r;

	r = sq_handle_fsid(w->root_fd, &d->fsid);
	if (r < 0)
		return sq_error_trace(r);
	r = below_kind(w, w->opts->below);
	if (r == BELOW_FILE) {
		r = list_one(w, w->opts->below);
	} else if (r == BELOW_DIR) {
		r = sq_tree_walk_push(w, w->opts->below);
		if (!r)
			r = sq_parallel_run(par, sq_tree_walk_work, w);
	}
	if (r < 0)
		return sq_error_trace(r);
	r = merge(w, d);
	if (!r)
		r = take_arenas(w, d);
	return sq_error_trace(r);
}

int sq_discover(int root_fd, const struct sq_ignore_config *cfg, const struct sq_discover_opts *opts,
		const struct sq_parallel *par, struct sq_discovery **ret_d)
{
	struct sq_discovery *d = sq_calloc(1, sizeof(*d));
	struct sq_tree_walk w = { .workers = NULL };
	int r;

	if (!d)
		return sq_error_origin(-ENOMEM);
	r = sq_ignore_new(root_fd, cfg, &d->ignore);
	if (!r)
		r = sq_tree_walk_init(&w, root_fd, opts, d->ignore, sq_parallel_width(par));
	if (!r)
		r = discover(&w, par, d);
	sq_tree_walk_deinit(&w);
	if (r < 0) {
		sq_discovery_free(d);
		return sq_error_trace(r);
	}
	*ret_d = d;
	return 0;
}
