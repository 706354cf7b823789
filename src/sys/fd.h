/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fd — file descriptors: closing, whole reads and writes, opening below a root.
 * Ownership: a descriptor belongs to who opened it; -1 when unset; all are
 *            O_CLOEXEC.
 * Threads:   any.
 * Interrupted calls (EINTR) are repeated; short reads and writes continue.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/** sq_fd_close() - closes @fd when it is >= 0 and keeps errno. Return: -1, for fd = sq_fd_close(fd). */
int sq_fd_close(int fd);
/* for _cleanup_(sq_fd_closep) int fd = -1; */
static inline void sq_fd_closep(int *fd) { *fd = sq_fd_close(*fd); }

enum { SQ_FD_E_TOO_LARGE = 1 };
/**
 * sq_fd_read_all() - append everything up to the end of file to @b.
 * Return: 0; SQ_FD_E_TOO_LARGE when there is more than @max_bytes (@b then
 * holds that much of it); -errno.
 */
int sq_fd_read_all(int fd, size_t max_bytes, struct sq_buf *b) sq_must_check;
/** sq_fd_read_file() - open @path (absolute, or below @dir_fd; links are followed), then sq_fd_read_all(). */
int sq_fd_read_file(int dir_fd, const char *path, size_t max_bytes, struct sq_buf *b) sq_must_check;
/** sq_fd_read_full() - read until @n bytes or the end. @ret_n: bytes read, < n only at the end. */
int sq_fd_read_full(int fd, void *p, size_t n, size_t *ret_n) sq_must_check;
/** sq_fd_pread_full() - the same from @offset; the file position does not move. */
int sq_fd_pread_full(int fd, void *p, size_t n, uint64_t offset, size_t *ret_n) sq_must_check;
/** sq_fd_write_all() - all @n bytes or -errno. A blocking descriptor, or -EAGAIN with a part written. */
int sq_fd_write_all(int fd, const void *p, size_t n) sq_must_check;
int sq_fd_pwrite_all(int fd, const void *p, size_t n, uint64_t offset) sq_must_check;

/**
 * sq_fd_open_beneath() - open @path below @dir_fd, never outside of it.
 * @path:  relative; no component may be a symbolic link or ".."; "" opens the
 *         directory itself
 * @flags: of open(2); O_CLOEXEC is added
 * @mode:  when O_CREAT is in @flags
 * openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS), or
 * one openat(O_NOFOLLOW) a component where the kernel or a filter refuses it.
 * Return: 0; -ELOOP for a link, -EXDEV for a way out, else -errno.
 */
int sq_fd_open_beneath(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd) sq_must_check;
/**
 * sq_fd_open_real() - open a canonical absolute path as it is written: a link
 * that took the place of any of its components is not followed (-ELOOP).
 */
int sq_fd_open_real(const char *path, int flags, int *ret_fd) sq_must_check;
/**
 * sq_fd_no_magic() - does @path lead anywhere without magic links of /proc
 * (/proc/PID/root, cwd, fd/N)? Other links are followed.
 * Return: 0, also where the kernel or a filter cannot tell; -ELOOP; -errno of the path.
 */
int sq_fd_no_magic(const char *path) sq_must_check;
/** sq_fd_open_steps() - the second way of sq_fd_open_beneath() alone, for its test. */
int sq_fd_open_steps(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd) sq_must_check;
