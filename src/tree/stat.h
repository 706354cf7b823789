/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * stat — identity and readability of one inode, and what an errno says about
 * one path. Private to src/tree.
 * Threads: any.
 */
#include <limits.h>
#include <sys/stat.h>

#include "tree/tree.h"

/* a path with its NUL as the kernel wants it; PATH_MAX counts the NUL */
struct sq_zpath {
	char z[PATH_MAX];
};
/** sq_zpath_set() - Return: 0; -ENAMETOOLONG; -EINVAL when there is a NUL in @path. */
int sq_zpath_set(struct sq_zpath *p, struct sq_slice path) sq_must_check;

struct sq_stat {
	struct sq_identity id;
	mode_t mode;
	uint32_t n_links;
};
/** sq_stat_at() - @name below @dir_fd, its last component not followed; "" is @dir_fd itself. */
int sq_stat_at(int dir_fd, const char *name, struct sq_stat *ret_st) sq_must_check;
/** sq_stat_skip() - what the inode alone says: not regular, too large (@max_bytes 0: no limit), or none. */
enum sq_skip sq_stat_skip(const struct sq_stat *st, uint64_t max_bytes);

/** sq_errno_is_gone() - there is no such file here (any more): missing, or a link stands in the way. */
bool sq_errno_is_gone(int r);
/** sq_errno_is_fatal() - the process is out of something; says nothing about the path. */
bool sq_errno_is_fatal(int r);
