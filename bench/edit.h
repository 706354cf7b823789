/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * edit — changes of one source of the corpus: what is appended, written, seen.
 * Ownership: the edit owns the text as it was. Threads: main thread.
 * Invariants: sq_edit_close() leaves the file as it was found.
 */
#include "bench/scenario.h"

struct sq_edit {
	struct sq_bench *b;
	const struct sq_source *source;
	struct sq_buf text;             /* as it was */
	unsigned n_wrong, n_done;       /* answers */
	int64_t last_end;               /* end line of the function in the last answer */
	unsigned last_lines;
};

int sq_edit_open(struct sq_edit *e, struct sq_bench *b, const struct sq_source *source) sq_must_check;
/** sq_edit_close() - restore and sync; tells the report the count of right answers. */
void sq_edit_close(struct sq_edit *e, const char *what);

/** sq_edit_function() - a function @name with @lines statements, in the language of @path. */
void sq_edit_function(const char *path, const char *name, unsigned lines, struct sq_buf *ret);
/** sq_edit_in_front() - @text with such a function before all that is in it but a mark or line that must be
 *  first. There it is found whatever follows. */
void sq_edit_in_front(const char *path, const char *name, unsigned lines, struct sq_slice text, struct sq_buf *ret);

/**
 * sq_edit_sync() - append a function; until daemon/sync has answered, and the search behind it.
 * sq_edit_seen() - append it and ask until it is there, with no sync: the default debounce.
 * A wrong answer counts in n_wrong. Return: 0; SQ_BENCH_E_FAILED.
 */
int sq_edit_sync(struct sq_edit *e, const char *name, unsigned lines, double *ret_ms) sq_must_check;
int sq_edit_seen(struct sq_edit *e, const char *name, unsigned lines, double *ret_ms) sq_must_check;
/** sq_edit_write() - append without asking. */
int sq_edit_write(struct sq_edit *e, const char *name, unsigned lines) sq_must_check;
