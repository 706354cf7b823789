/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * bridge — from the watcher to the lane: what git says of a workspace's tree
 * now, against what it said when it was last published (b->baseline), and what
 * that means for a change set (behaviour §16, §21).
 * Ownership: embedded in sq_build.
 * Threads:   the fields under ws->record. The watch thread looks, after the quiet
 *            window (GB-07); the runner starts it.
 * Invariants: the baseline has two writers: sq_bridge_watch(), when there is
 *            none (GB-02, GB-03), and a publish of work that carried a snapshot (GB-04).
 */
#include <limits.h>

#include "rebuild/work.h"
#include "tree/gitstate.h"

struct sq_build;
struct sq_bridge {
	bool is_git;                       /* a repository that can be read */
	bool is_blind;                     /* its files can't be watched: read it for every set */
	char why[160];                     /* of an unsupported repository */
	char *common_dir, *excludes_file;  /* as they were last seen: rules are there, too */
	struct sq_git_snapshot seen;       /* when it was last read */
	enum sq_git_class last_class;      /* of the last set that was passed on */
	uint64_t n_looked, n_passed, n_skipped;   /* states read; sets passed on; sets that ask for nothing */
};
void sq_bridge_deinit(struct sq_bridge *g);

/** sq_bridge_watch() - watching begins, or where git is may have changed: the runner, before it walks. */
void sq_bridge_watch(struct sq_build *b);
/* the rule files outside of the tree that count for it, as sq_ignore_config wants them */
struct sq_bridge_rules {
	char info[PATH_MAX], user[PATH_MAX];
	const char *files[3];
};
/** sq_bridge_rules() - none when the root is not the top of a work tree: they speak from there. */
void sq_bridge_rules(struct sq_build *b, struct sq_bridge_rules *ret_rules);
/**
 * sq_bridge_look() - the watch thread has a closed set, in @work: what does git say?
 * Adds class and snapshot, and the paths that differ between the trees.
 * The state is read only when git's files moved.
 * Return: false when @work asks for no turn (WB-10..12, HZ-06).
 */
bool sq_bridge_look(struct sq_build *b, struct sq_work *work);
