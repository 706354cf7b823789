/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * decide — full or incremental? The fork that every turn passes.
 *
 * Asked twice: when a turn begins, and once more when the names that changed
 * are known and with them the files to link again.
 * DF-13: the mode is what status shows, not a contract: both give the same graph.
 * Ownership: values.
 * Threads:   any; pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tree/gitstate.h"

enum sq_mode { SQ_MODE_NONE, SQ_MODE_FULL, SQ_MODE_INCREMENTAL, SQ_MODE_MAX };
const char *sq_mode_name(enum sq_mode m);      /* "none", "full", "incremental" */
/** sq_mode_decode() - of a stored byte; anything unknown is NONE (DF-11). */
enum sq_mode sq_mode_decode(uint8_t stored);

/* which question decided, in the order in which they are asked (DF-01) */
enum sq_fork_why { SQ_FORK_EMPTY, SQ_FORK_GIT, SQ_FORK_FEW, SQ_FORK_SHARE };
struct sq_fork {
	bool is_empty;                 /* no file and no change of git's state */
	bool paths_known;              /* what git's class stands for is in the change list */
	enum sq_git_class git_class;
	uint64_t n_relink;             /* files to link again; new ones and those not in the graph don't count */
	uint64_t n_files;              /* of the graph */
};
struct sq_fork_limits {
	uint32_t floor_files;          /* so many are always few, default 2000 */
	uint32_t percent;              /* of the files, 1 to 100, default 50 */
};
/** sq_fork_share() - floor(n_files * percent / 100); saturates. */
uint64_t sq_fork_share(uint64_t n_files, uint32_t percent);
/** sq_fork_decide() - FULL or INCREMENTAL. @ret_why: may be NULL */
enum sq_mode sq_fork_decide(const struct sq_fork *f, const struct sq_fork_limits *l, enum sq_fork_why *ret_why);
