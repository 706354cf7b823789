/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * logfile — a file of log lines that is rotated by size: .1 the last, .N the oldest.
 * Ownership: log.c's; owns its descriptor.
 * Threads:   one at a time (log.c holds its lock).
 * Invariants: mode 0600; never written through a symbolic link; the file is
 *            closed before it is renamed; a line is never split over two files.
 * Failure:   when it cannot be renamed, lines are appended up to twice the
 *            limit, then refused and counted; it is tried again when 60 s have
 *            gone by. Each failure is a line of <path>.rotate-errors.log.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

#define SQ_LOGFILE_RETRY_NS (60ull * 1000 * 1000 * 1000)

struct sq_logfile {
	char *path;
	int fd;                     /* -1: cannot be opened at the moment */
	uint64_t size, max_bytes;   /* max_bytes 0, or no regular file: never rotated */
	unsigned keep;
	bool is_regular;
	bool is_degraded;           /* the last rotation failed */
	uint64_t failed_ns;         /* when, sq_clock_ns() */
	uint64_t n_refused;         /* lines since then */
};
/** sq_logfile_open() - @path is absolute, copied. Return: 0; -errno. */
int sq_logfile_open(const char *path, uint64_t max_bytes, unsigned keep, struct sq_logfile **ret_f) sq_must_check;
struct sq_logfile *sq_logfile_close(struct sq_logfile *f);
/** sq_logfile_reopen() - somebody moved it away. Return: 0; -errno, it goes on with the old one. */
int sq_logfile_reopen(struct sq_logfile *f) sq_must_check;
/** sq_logfile_write() - one line with its end; rotates before it when it would not fit. */
void sq_logfile_write(struct sq_logfile *f, const char *line, size_t n);
