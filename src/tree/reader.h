/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * reader — batched reads of many small files by one worker.
 * io_uring: open -> read -> close chains on direct descriptors and registered
 * buffers, joined by IOSQE_IO_HARDLINK; or plain openat/read/close. Which one
 * is decided once per process by sq_reader_probe() with one real chain. The
 * ring is for files that have to be waited for: what is in memory is read
 * directly (RESOLVE_CACHED, RWF_NOWAIT), which no chain can beat.
 * After the bytes are in, the file is stat'ed; when size or times moved in
 * between it is read again, at most three times, then SQ_SKIP_UNSTABLE.
 * Nothing is opened through a symbolic link or outside of the root, and no
 * FIFO or device is waited for.
 * Ownership: a reader belongs to one worker thread. Bytes handed to the
 *            callback are valid during the callback only.
 * Threads:   one at a time; the ring is opened by the first run and opened
 *            anew when another thread runs. A ring that can't be opened then
 *            costs speed, not the run: it reads plainly.
 * Memory:    2 MiB a reader with a ring, at most 32 MiB more while it reads
 *            files of over 64 KiB; a plain one, the largest file.
 * Environment: SQRYD_READER=plain makes the probe refuse the ring; io_uring,
 *            the default, still asks it to work.
 */
#include "base/parallel.h"
#include "tree/tree.h"

enum sq_reader_mode { SQ_READER_PLAIN, SQ_READER_URING };
struct sq_reader;
/** sq_reader_probe() - @ret_why: static sentence when the ring is refused (SQ_READER_PLAIN). */
enum sq_reader_mode sq_reader_probe(const char **ret_why);
const char *sq_reader_mode_name(enum sq_reader_mode m);   /* "io_uring", "plain" */
/** sq_reader_new() - @max_bytes: larger files are SQ_SKIP_TOO_LARGE (0: no limit). */
int sq_reader_new(enum sq_reader_mode mode, uint64_t max_bytes, struct sq_reader **ret_r) sq_must_check;
struct sq_reader *sq_reader_free(struct sq_reader *r);

struct sq_read_result {
	size_t index;                   /* into the request array */
	struct sq_slice bytes;
	struct sq_identity id;          /* of the bytes read */
	enum sq_skip skip;              /* not SQ_SKIP_NONE: bytes are empty */
};
/**
 * sq_reader_run() - read paths[0..n) below root_fd, in any order, calling @done
 * once for each while further reads are in flight.
 * @next: instead of an array: returns the next index to read, or SIZE_MAX when
 *        there is no more (so that several workers share one list).
 * Return: 0; what @done returned when negative; -errno of the ring itself, or
 * out of memory or descriptors. Skips that occur: TOO_LARGE UNREADABLE
 * NOT_REGULAR VANISHED UNSTABLE LIMIT (path too long). Binary is for the
 * caller to ask.
 */
int sq_reader_run(struct sq_reader *r, int root_fd, const struct sq_slice *paths,
		  size_t (*next)(void *arg), void *next_arg,
		  int (*done)(void *arg, const struct sq_read_result *res), void *done_arg) sq_must_check;
/** sq_bytes_are_binary() - NUL byte in the first 8 KiB. */
bool sq_bytes_are_binary(struct sq_slice bytes);
