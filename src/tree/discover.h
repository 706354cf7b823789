/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * discover — one parallel walk of a root: which files are there, with their
 * identity; which directories, with their file handles (for the watcher).
 * Ignore rules are applied before descending. Symlinks are not followed.
 * Never fatal for one entry: what cannot be read is reported with its reason.
 * A directory that can't be listed appears as a file SQ_SKIP_UNREADABLE under
 * its own path; one with entries whose paths exceed PATH_MAX, SQ_SKIP_LIMIT.
 * Other filesystems mounted below the root are walked too.
 * Ownership: the result owns everything in it; the ignore set by reference.
 * Threads:   sq_discover: one caller, workers through sq_parallel; the result
 *            is immutable.
 */
#include "base/parallel.h"
#include "tree/ignore.h"
#include "tree/tree.h"

struct sq_found_file {
	struct sq_slice path;           /* into the result's arena */
	struct sq_identity id;
	uint8_t skip;                   /* enum sq_skip: listed, not to be read */
};
struct sq_found_dir {
	struct sq_slice path;           /* "" is the root */
	struct sq_slice handle;         /* struct file_handle bytes: type (int32), then f_handle; empty when the fs has none */
	uint64_t dev, ino;
};
struct sq_discovery {
	struct sq_found_file *files;    /* sorted by path bytes */
	size_t n_files;
	struct sq_found_dir *dirs;      /* sorted by path bytes, root first */
	size_t n_dirs;
	uint64_t fsid;                  /* f_fsid of the root */
	struct sq_ignore *ignore;       /* the rules as read during this walk */
	struct sq_discovery_mem *mem;
};
/**
 * sq_discover()
 * @want:      name filter (language detection); a regular file for which it
 *             returns false is not listed at all
 *             (worker threads; NULL: every file)
 * @max_bytes: larger files are listed as SQ_SKIP_TOO_LARGE (0: no limit)
 * @cancel:    relaxed flag, may be NULL -> -ECANCELED
 * @on_dir:    called before a directory's entries are read (the T1 watcher
 *             marks it there, so that nothing is missed), may be NULL; worker
 *             threads; an error is remembered by the callee, never fatal here
 * @below:     the rules of the directories above it are read as well; when it
 *             is gone or ignored the result is empty, when it is a file that
 *             file is listed
 * Return: 0; -ECANCELED; -errno when the root can't be read, or out of memory
 * or descriptors.
 */
struct sq_discover_opts {
	bool (*want)(struct sq_slice path);
	uint64_t max_bytes;
	const bool *cancel;
	void (*on_dir)(void *arg, int dir_fd, struct sq_slice path);
	void *on_dir_arg;
	struct sq_slice below;          /* only this subtree (a directory path), "" for all */
};
int sq_discover(int root_fd, const struct sq_ignore_config *cfg, const struct sq_discover_opts *opts,
		const struct sq_parallel *par, struct sq_discovery **ret_d) sq_must_check;
struct sq_discovery *sq_discovery_free(struct sq_discovery *d);
/** sq_tree_stat() - one path now, without following links out of the root
 *  (openat2 RESOLVE_BENEATH|NO_SYMLINKS where it opens). Return: 0;
 *  -ENOENT and -ENOTDIR when a walk would not list it: it is gone, a directory, or
 *  a link is on the way; @ret_skip set when it is not to be read. Ignore rules and
 *  names are not looked at. */
int sq_tree_stat(int root_fd, struct sq_slice path, uint64_t max_bytes,
		 struct sq_identity *ret_id, enum sq_skip *ret_skip) sq_must_check;
/** sq_tree_stat_links() - the same, and how many names the file has; 0 of one that can't be asked. */
int sq_tree_stat_links(int root_fd, struct sq_slice path, uint64_t max_bytes,
		       struct sq_identity *ret_id, enum sq_skip *ret_skip, uint32_t *ret_n_links) sq_must_check;
