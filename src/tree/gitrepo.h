/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * gitrepo — an opened repository, for the files of src/tree that read git.
 * Ownership: freed by who opened it, with git_repository_free().
 * Threads:   any; one thread at a time for each.
 */
#include <git2.h>

#include "tree/gitstate.h"

/**
 * sq_git_open() - the repository whose work tree holds the directory @root.
 * @why: of SQ_GIT_E_UNSUPPORTED; may be NULL
 * Return: 0; SQ_GIT_E_NONE; SQ_GIT_E_UNSUPPORTED; -ENOMEM.
 */
int sq_git_open(const char *root, git_repository **ret_repo, char *why, size_t n_why) sq_must_check;
/** sq_git_error() - -ENOMEM for that, else SQ_GIT_E_UNKNOWN. */
int sq_git_error(int r);
