/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fan — one fanotify group: made, marked, and its events parsed.
 * Two of them at most: one whose marks cover file systems (T2), one whose
 * marks cover single directories (T1).
 * Ownership: embedded; the group's descriptor and its marks end with deinit.
 * Threads:   marks may be set from any thread; reading: the watch thread.
 */
#include <stdbool.h>

#include "base/str.h"
#include "watch/dirtable.h"
#include "watch/watch.h"

struct sq_fan {
	int fd;                         /* non-blocking */
	enum sq_watch_tier tier;
};
#define SQ_FAN_NULL { .fd = -1, .tier = SQ_WATCH_NONE }
/**
 * sq_fan_init() - a group for @tier.
 * @is_limited: keep the kernel's queue limit even when it could be lifted
 * @ret_why:    static sentence, on failure
 * Return: 0; -EPERM without the capabilities; -errno.
 */
int sq_fan_init(struct sq_fan *f, enum sq_watch_tier tier, bool is_limited,
		const char **ret_why) sq_must_check;
void sq_fan_deinit(struct sq_fan *f);
/** sq_fan_mark_fs() - everything on the file system of @fd. */
int sq_fan_mark_fs(const struct sq_fan *f, int fd) sq_must_check;
void sq_fan_unmark_fs(const struct sq_fan *f, int fd);
/**
 * sq_fan_mark_dir() - directory @dir_fd and its entries.
 * @is_root: also its own removal and rename (T2: only these)
 * Return: 0; -ENOSPC when the user's marks are used up; -errno.
 */
int sq_fan_mark_dir(const struct sq_fan *f, int dir_fd, bool is_root) sq_must_check;
void sq_fan_unmark_dir(const struct sq_fan *f, int dir_fd);
/** sq_fan_queued() - events waiting in the kernel. */
uint64_t sq_fan_queued(const struct sq_fan *f);
/** sq_fan_why_not() - why a mark was refused, as a static sentence. */
const char *sq_fan_why_not(int r);
/** sq_fan_why_remote() - NULL, or why events of the file system of @fd can't be complete. */
const char *sq_fan_why_remote(int fd);

/* a directory and the entry in it that an event speaks of */
struct sq_fan_name {
	struct sq_dir_key dir;
	struct sq_slice name;           /* "." is the directory itself */
	bool is_set;
};
struct sq_fan_event {
	uint64_t mask;
	int32_t pid;
	struct sq_slice raw;            /* the whole event */
	struct sq_fan_name at;          /* all but renames */
	struct sq_fan_name from, to;    /* of a rename; T1: one may be missing */
	struct sq_dir_key child;        /* the object itself, n == 0: not told */
};
/**
 * sq_fan_next() - parse the event at *@p and advance; everything is borrowed.
 * Return: 1; 0 at the end; -EBADMSG when the bytes make no sense.
 */
int sq_fan_next(const char **p, const char *end, struct sq_fan_event *ret_e) sq_must_check;
