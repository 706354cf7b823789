/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * log — leveled lines to stderr or to a file that is rotated (logfile.h), with "<N>" prefixes when stderr is the journal.
 * Only daemon/ and cli/ log at warning or above; lower layers return errors.
 * One failure, one line; fields are key=value; client bytes are escaped by the
 * caller (sq_buf_add_escaped).
 * Threads: any thread; lines do not interleave. Rate limit: per call site, at
 * most 20 lines in 10 s, then one line with the number suppressed.
 */
#include <stdbool.h>

#include "base/alloc.h"

enum sq_log_level { SQ_LOG_ERROR = 3, SQ_LOG_WARNING = 4, SQ_LOG_NOTICE = 5, SQ_LOG_INFO = 6, SQ_LOG_DEBUG = 7 };
struct sq_log_site { unsigned long long window_ns; unsigned n, suppressed; };
void sq_log_set_level(enum sq_log_level level);
bool sq_log_wants(enum sq_log_level level);
/** sq_log_set_fd() - where lines go (default 2); borrowed. A file is closed. */
void sq_log_set_fd(int fd);
/**
 * sq_log_open() - lines go to the file @path (logfile.h) from now on; the same
 * one is opened again.
 * Return: 0; -errno, lines go where they went.
 */
int sq_log_open(const char *path, unsigned long long max_bytes, unsigned keep) sq_must_check;
/** sq_log_is_journal() - the service manager connected @fd to the journal (JOURNAL_STREAM). */
bool sq_log_is_journal(int fd);
void sq_log_write(struct sq_log_site *site, enum sq_log_level level, const char *fmt, ...) SQ_PRINTF(3, 4);
#define sq_log(level, ...) \
	do { static struct sq_log_site _site; \
	     if (sq_log_wants(level)) sq_log_write(&_site, (level), __VA_ARGS__); } while (0)
#define sq_log_error(...) sq_log(SQ_LOG_ERROR, __VA_ARGS__)
#define sq_log_warning(...) sq_log(SQ_LOG_WARNING, __VA_ARGS__)
#define sq_log_notice(...) sq_log(SQ_LOG_NOTICE, __VA_ARGS__)
#define sq_log_info(...) sq_log(SQ_LOG_INFO, __VA_ARGS__)
#define sq_log_debug(...) sq_log(SQ_LOG_DEBUG, __VA_ARGS__)
