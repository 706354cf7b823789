/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * reader_priv — what the two ways of reading share. Private to src/tree.
 * Threads: as reader.h: one worker.
 */
#include "tree/reader.h"

struct sq_reader_ring;
struct sq_reader {
	enum sq_reader_mode mode;
	uint64_t max_bytes;              /* 0: no limit */
	struct sq_reader_ring *ring;     /* opened by the first run */
	char *buf;                       /* of plain reads */
	size_t buf_cap;
	bool chains_only;                /* the probe and tests: also what is cached */
	uint64_t n_chained;              /* files whose bytes came from the ring */
};

/* one sq_reader_run() */
struct sq_reader_job {
	int root_fd;
	const struct sq_slice *paths;
	size_t (*next)(void *arg);
	void *next_arg;
	int (*done)(void *arg, const struct sq_read_result *res);
	void *done_arg;
};

/** sq_reader_skip() - what a failed open or read says about the path. */
enum sq_skip sq_reader_skip(int r);
/**
 * sq_reader_read_plain() - read one file; @ret_res->bytes is in the reader's
 * buffer until the next call. @index is handed through.
 * Return: 0; -errno when the process is out of something.
 */
int sq_reader_read_plain(struct sq_reader *r, int root_fd, struct sq_slice path, size_t index,
			 struct sq_read_result *ret_res) sq_must_check;
enum { SQ_READER_E_WAIT = 1 };
/**
 * sq_reader_read_cached() - the same, as far as nothing has to be waited for.
 * Return: 0; SQ_READER_E_WAIT: it is not all in memory, it moved, or something
 * is wrong with it.
 */
int sq_reader_read_cached(struct sq_reader *r, int root_fd, const char *path, size_t index,
			  struct sq_read_result *ret_res) sq_must_check;
/** sq_reader_buf_trim() - give back a buffer that a big file left behind. */
void sq_reader_buf_trim(struct sq_reader *r);

/**
 * sq_reader_ring_open() - make sure that this thread has its ring.
 * Return: 0; -errno: read plainly.
 */
int sq_reader_ring_open(struct sq_reader *r) sq_must_check;
int sq_reader_ring_run(struct sq_reader *r, const struct sq_reader_job *job) sq_must_check;
void sq_reader_ring_close(struct sq_reader *r);
