/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * spool — the text of a canonical dump, kept in an unlinked file while one
 * connection reads it chunk by chunk.
 * Ownership: the connection's; freed after the last chunk, at its end, or when
 *            it starts another.
 * Threads:   made by a job, then loop thread; reads by one job at a time.
 */
#include "daemon/answer.h"

#define SQ_SPOOLS_MAX 4u
#define SQ_SPOOL_CHUNK (1u << 20)

struct sq_spool {
	uint64_t id;
	int fd;
	uint64_t size;
	uint64_t offset;           /* of the next chunk */
	bool is_counted;           /* among d->n_spools */
	struct sq_answer_meta meta;   /* of the version, for every chunk */
};
/** sq_spool_new() - dump @v below @prefix into a file. Return: 0; -errno (-ENOSPC: the disk is full). */
int sq_spool_new(const struct sq_version *v, struct sq_slice prefix, struct sq_spool **ret_s) sq_must_check;
struct sq_spool *sq_spool_free(struct sq_spool *s, struct sq_daemon *d);
/** sq_spool_read() - the next chunk, whole lines, appended to @out; moves the offset. */
int sq_spool_read(struct sq_spool *s, struct sq_buf *out) sq_must_check;
