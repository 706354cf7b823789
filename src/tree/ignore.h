/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * ignore — which paths of a root are not indexed: built-in directory names
 * (.git .hg .svn node_modules target .venv venv __pycache__ .cache), nested
 * .gitignore, .git/info/exclude, .sqryignore (same syntax, wins), and the
 * configuration's excludes. Editors' temporary files are never indexed.
 * Semantics are git's (last match wins, a directory's rules apply below it,
 * nothing below an ignored directory can be re-included).
 * Precedence, highest first: .git .hg .svn and editors' files (absolute);
 * configuration; .sqryignore, deepest first; the other built-in names;
 * .gitignore, deepest first; .git/info/exclude; the files of the user (those
 * of a linked work tree's repository and core.excludesFile). So "!target/" in a .sqryignore
 * brings a directory of that name back, and in a .gitignore it does not.
 * With needs_work_tree a .gitignore counts only where git would read it: below
 * a directory that holds a .git, or when the root lies inside of a work tree.
 * Release tarballs carry rule files that are not meant for them: that of
 * Debian's linux-source ignores the whole tree. Rule files above the root are
 * not read.
 * Ownership: a set is immutable once built for one state of the rule files
 *            and is shared by reference count.
 * Threads:   matching: any thread, without a lock; entering: any thread, also
 *            while others match; short lock inside.
 */
#include "tree/tree.h"

struct sq_ignore;
struct sq_ignore_config {
	const char *const *excludes;   /* extra patterns, NULL-terminated, may be NULL */
	bool use_gitignore;            /* default true */
	bool needs_work_tree;          /* .gitignore counts in git work trees only; default false */
	const char *const *user_files; /* rule files elsewhere, absolute, highest first, NULL-terminated; may be NULL */
};
/** sq_ignore_new() - no rule file read yet except the root's info/exclude. */
int sq_ignore_new(int root_fd, const struct sq_ignore_config *cfg, struct sq_ignore **ret_i) sq_must_check;
struct sq_ignore *sq_ignore_ref(struct sq_ignore *i);
struct sq_ignore *sq_ignore_unref(struct sq_ignore *i);
/**
 * sq_ignore_enter() - read the rule files of directory @dir (opened as @dir_fd)
 * once; parents first. Idempotent per directory.
 */
int sq_ignore_enter(struct sq_ignore *i, struct sq_slice dir, int dir_fd) sq_must_check;
/**
 * sq_ignore_match() - is @path ignored by itself (its parents are not asked)?
 * The directories above it must have been entered.
 */
bool sq_ignore_match(const struct sq_ignore *i, struct sq_slice path, bool is_dir);
/** sq_ignore_match_deep() - the same, asking every parent directory first. */
bool sq_ignore_match_deep(const struct sq_ignore *i, struct sq_slice path, bool is_dir);
/** sq_ignore_is_rule_file() - does a change of this path change the rules? Pure, by name.
 *  A .git that comes or goes does (not what is in it, but for info/exclude). */
bool sq_ignore_is_rule_file(struct sq_slice path);
/** sq_ignore_is_editor_temp() - .X.swp, *~, #*#, .#*, *.bak, ___jb_tmp___ ... Pure, by name. */
bool sq_ignore_is_editor_temp(struct sq_slice base);
