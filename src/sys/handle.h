/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * handle — the kernel's file handles: a name for an inode that outlives
 * renames, as fanotify reports it. The key of a directory is (fsid, type, bytes).
 * Ownership: a value; no resources.
 * Threads:   any.
 * The handle bytes depend on how they were asked for; fanotify's directory
 * handles equal those of sq_handle_get() without flags.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define SQ_HANDLE_MAX_BYTES 128      /* MAX_HANDLE_SZ */

struct sq_handle {
	uint64_t fsid;                   /* sq_handle_fsid(), or sq_handle_pack_fsid() of an event */
	uint32_t n_bytes;
	int32_t type;                    /* followed by the bytes: sq_handle_slice() */
	unsigned char bytes[SQ_HANDLE_MAX_BYTES];
};
_Static_assert(offsetof(struct sq_handle, bytes) == offsetof(struct sq_handle, type) + sizeof(int32_t),
	       "type and bytes are one piece");

enum { SQ_HANDLE_E_NONE = 1 };
/**
 * sq_handle_get() - handle of @path below @dir_fd; the last component is not followed.
 * @path:  "" with AT_EMPTY_PATH in @flags for @dir_fd itself
 * @flags: AT_EMPTY_PATH, AT_SYMLINK_FOLLOW
 * fsid is left 0: it is the same for a whole walk, so the caller asks once.
 * Return: 0; SQ_HANDLE_E_NONE when the filesystem has no handles; -errno.
 */
int sq_handle_get(int dir_fd, const char *path, int flags, struct sq_handle *ret_h) sq_must_check;
/** sq_handle_fsid() - f_fsid of the filesystem of @fd, 0 on those that have none. */
int sq_handle_fsid(int fd, uint64_t *ret_fsid) sq_must_check;
/** sq_handle_pack_fsid() - two ints of a kernel fsid, as statfs and fanotify give them. */
uint64_t sq_handle_pack_fsid(const void *eight_bytes);
/**
 * sq_handle_open() - open what @h names. Needs CAP_DAC_READ_SEARCH.
 * @mount_fd: any descriptor on the same filesystem
 * Return: 0; -ESTALE when it is gone; -errno; -ENOMEM after SQ_HANDLE_TRIES more tries.
 */
#define SQ_HANDLE_TRIES 1000u
int sq_handle_open(int mount_fd, const struct sq_handle *h, int flags, int *ret_fd) sq_must_check;
/** sq_handle_slice() - type (int32) and bytes in one piece; borrowed from @h. */
static inline struct sq_slice sq_handle_slice(const struct sq_handle *h)
{
	return sq_slice((const char *)h + offsetof(struct sq_handle, type), sizeof(h->type) + h->n_bytes);
}
/** sq_handle_from_slice() - the reverse. Return: 0; -EINVAL when @s is too short or too long. */
int sq_handle_from_slice(uint64_t fsid, struct sq_slice s, struct sq_handle *ret_h) sq_must_check;
bool sq_handle_eq(const struct sq_handle *a, const struct sq_handle *b);
