/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * gitstate — where HEAD of a work tree points, and what a difference of two
 * such states means (GB-08).
 * Ownership: values.
 * Threads:   any.
 */
#include <stdbool.h>
#include <stdint.h>

/* in ascending weight; the last two ask for a comparison of the whole tree */
enum sq_git_class {
	SQ_GIT_NONE,               /* nothing was said about git */
	SQ_GIT_NOISE,              /* git's files moved, the state did not */
	SQ_GIT_LOCAL_COMMIT,       /* another commit with the same tree */
	SQ_GIT_TREE_DIVERGED,
	SQ_GIT_BRANCH_SWITCH,
	SQ_GIT_CLASS_MAX
};
struct sq_git_snapshot {
	char ref[256];             /* what HEAD names; of a detached one the commit */
	uint8_t commit[20], tree[20];
	bool known;                /* false: the state could not be read */
};

/** sq_git_class_forces_full() - DF-03, DF-04: may files differ that no event named? */
static inline bool sq_git_class_forces_full(enum sq_git_class c)
{
	return c == SQ_GIT_TREE_DIVERGED || c == SQ_GIT_BRANCH_SWITCH;
}
