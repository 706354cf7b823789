/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * corpus — the source tree of a run: found or unpacked, and copied into the
 * scratch directory so that edits never touch the original.
 * Ownership: the corpus owns its lists. Threads: main thread.
 * Invariants: paths are relative to dir, in byte order.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "base/vec.h"

struct sq_source {
	char *path;
	uint64_t bytes;
	bool is_header;
};

struct sq_corpus {
	char *name;                     /* as the user gave it */
	char *origin;                   /* where it was found */
	char *dir;                      /* our copy */
	SQ_VEC(struct sq_source) sources;
	uint64_t n_bytes;
	const char *suffix;             /* of the language with most bytes, without headers: ".c" */
};
#define SQ_CORPUS_NULL { NULL, NULL, NULL, SQ_VEC_NULL, 0, NULL }

void sq_corpus_deinit(struct sq_corpus *c);
/**
 * sq_corpus_find() - a directory, or "kernel" or "kcore" unpacked into @cache when it is not there yet.
 * @ret_why: a sentence, set when the result is not 0
 * Return: 0; SQ_CORPUS_E_BAD: missing, unreadable, or cannot be unpacked.
 */
enum { SQ_CORPUS_E_BAD = 1 };
int sq_corpus_find(struct sq_corpus *c, const char *name, const char *cache, struct sq_buf *ret_why) sq_must_check;
/** sq_corpus_clean() - remove what process @by had unpacked when it was killed. */
void sq_corpus_clean(const char *cache, pid_t by);
/**
 * sq_corpus_copy() - copy its files to @dir (links, .git and .gitignore left out) and list its sources.
 * Return: 0; SQ_CORPUS_E_BAD: it holds no source file, or one that cannot be read.
 */
int sq_corpus_copy(struct sq_corpus *c, const char *dir, struct sq_buf *ret_why) sq_must_check;
/** sq_corpus_read() - the text of a source of our copy. 0 or -errno. */
int sq_corpus_read(const struct sq_corpus *c, const char *path, struct sq_buf *ret) sq_must_check;
/** sq_corpus_write() - make it hold @text in place: open, truncate, write, close. */
int sq_corpus_write(const struct sq_corpus *c, const char *path, const void *text, size_t n) sq_must_check;
/** sq_corpus_near() - up to @max sources of the main language, nearest in size to @bytes first. Return: how many. */
size_t sq_corpus_near(const struct sq_corpus *c, uint64_t bytes, size_t max, const struct sq_source **ret);
/** sq_corpus_popular_header() - the header whose count of including files is nearest to @want,
 *  from above if there is one; NULL without headers. */
const struct sq_source *sq_corpus_popular_header(const struct sq_corpus *c, size_t want, size_t *ret_includers);
/** sq_corpus_add_big() - write a source of @bytes made of others, and list it. 0 or -errno. */
int sq_corpus_add_big(struct sq_corpus *c, const char *path, uint64_t bytes) sq_must_check;
/** sq_corpus_drop_big() - undo the last sq_corpus_add_big(). */
void sq_corpus_drop_big(struct sq_corpus *c);
