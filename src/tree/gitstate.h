/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * gitstate — where HEAD of a work tree points, what a difference of two such
 * states means (GB-08), and which paths differ between them.
 * Read through libgit2 from the objects and refs alone: no process is started,
 * the index is never read, nothing that a repository's configuration names is
 * run, and nothing stays open between calls. Repositories of other users and
 * with the extensions worktreeConfig, partialClone and preciousObjects are read;
 * those with sha256 objects or a reftable are reported as unsupported.
 * Ownership: values; a site owns its strings.
 * Threads:   any; calls share nothing.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* in ascending weight; the last two ask for a comparison of the whole tree */
enum sq_git_class {
	SQ_GIT_NONE,               /* nothing was said about git */
	SQ_GIT_NOISE,              /* git's files moved, the state did not */
	SQ_GIT_LOCAL_COMMIT,       /* another commit with the same tree */
	SQ_GIT_TREE_DIVERGED,
	SQ_GIT_BRANCH_SWITCH,
	SQ_GIT_CLASS_MAX
};
const char *sq_git_class_name(enum sq_git_class c);   /* "none", "noise", "local_commit", ... */
struct sq_git_snapshot {
	char ref[256];             /* what HEAD names; of a detached one the commit */
	uint8_t commit[20], tree[20];      /* zeros: no commit yet */
	bool known;                /* false: the state could not be read */
};

/** sq_git_class_forces_full() - DF-03, DF-04: may files differ that no event named? */
static inline bool sq_git_class_forces_full(enum sq_git_class c)
{
	return c == SQ_GIT_TREE_DIVERGED || c == SQ_GIT_BRANCH_SWITCH;
}
/** sq_git_classify() - what happened between @from and @to; unknown on either side: a switch. */
enum sq_git_class sq_git_classify(const struct sq_git_snapshot *from, const struct sq_git_snapshot *to);
/** sq_git_same_tree() - do both name the same files? Never true of an unknown one. */
bool sq_git_same_tree(const struct sq_git_snapshot *a, const struct sq_git_snapshot *b);

enum { SQ_GIT_E_NONE = 1, SQ_GIT_E_UNSUPPORTED, SQ_GIT_E_UNKNOWN };

/* where git keeps what belongs to a root; NULL: there is none */
struct sq_git_site {
	char *git_dir, *common_dir;        /* HEAD is in the first, refs and info/exclude in the second */
	char *excludes_file;               /* core.excludesFile, or where git looks without it */
	char why[160];                     /* of SQ_GIT_E_UNSUPPORTED */
};
#define SQ_GIT_SITE_NULL { .git_dir = NULL }
void sq_git_site_deinit(struct sq_git_site *s);
/**
 * sq_git_site_find() - the repository whose work tree holds the directory @root.
 * @ret_s: filled unless <0; deinit it. Of an unsupported one only ->why.
 * Return: 0; SQ_GIT_E_NONE; SQ_GIT_E_UNSUPPORTED; -ENOMEM.
 */
int sq_git_site_find(const char *root, struct sq_git_site *ret_s) sq_must_check;
/** sq_git_snapshot_read() - the state now; what can't be read is not known. */
void sq_git_snapshot_read(const char *root, struct sq_git_snapshot *ret_s);
/**
 * sq_git_diff() - the paths below @root that differ between the trees of two states.
 * @each: its path is borrowed and relative to @root; @is_dir: a submodule. <0 ends the walk
 * Return: 0; SQ_GIT_E_UNKNOWN when the trees can't be compared (unknown state,
 * missing objects), perhaps after some calls; what @each returned; -errno.
 */
int sq_git_diff(const char *root, const struct sq_git_snapshot *from, const struct sq_git_snapshot *to,
		int (*each)(void *arg, struct sq_slice path, bool is_dir), void *arg) sq_must_check;
