/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * read — running a query against the current version of the workspace that a
 * path belongs to.
 *
 * A cheap query runs on the loop thread inside one epoch section. Any other is
 * a job: it takes a counted pin inside a section and leaves it, so that it
 * holds back that version only.
 * Threads: sq_read_run on the loop; the callback on the loop or a query thread.
 */
#include "daemon/answer.h"
#include "daemon/call.h"
#include "graph/version.h"

struct sq_read {
	struct sq_call *c;
	struct sq_buf *out;               /* the response object */
	struct sq_workspace *ws;
	const struct sq_version *v;
	struct sq_slice rest;             /* what of the path is below the root */
	struct sq_answer_meta meta;
};
/* writes the response: sq_read_begin(), payload, sq_read_end(); or sq_read_errno(), sq_read_invalid() */
typedef void (*sq_read_fn)(struct sq_read *r);
/** sq_read_run() - @path: absolute, or "." when one workspace is loaded. */
void sq_read_run(struct sq_call *c, struct sq_slice path, bool is_cheap, sq_read_fn fn);
/** sq_read_start_job() - always as a job; @then as of sq_call_start_job(), the callback's output is in job_out. */
void sq_read_start_job(struct sq_call *c, struct sq_slice path, sq_read_fn fn, void (*then)(struct sq_call *c));
void sq_read_begin(struct sq_read *r, struct sq_jw *w);
void sq_read_end(struct sq_read *r, struct sq_jw *w);
/** sq_read_invalid() - -32602 from within the callback. */
void sq_read_invalid(struct sq_read *r, const char *reason);
/** sq_read_errno() - a failure of the query itself; -ECANCELED is the timeout's. */
void sq_read_errno(struct sq_read *r, int error);

/**
 * sq_read_is_little() - may the loop thread answer: does the name that @symbol ends with stand in few
 * files of @list where @path leads?
 * @is_narrow: the answer depends on what @path says below the root. Then it has to be made canonical
 *             first, which the loop must not do: only the root itself is little.
 */
bool sq_read_is_little(struct sq_call *c, struct sq_slice path, bool is_narrow, struct sq_slice symbol,
		       enum sq_list list);

/**
 * sq_path_find() - the workspace that @path belongs to, by its text alone.
 * Inside a section. NULL: none, or the text needs realpath first.
 */
struct sq_workspace *sq_path_find(const struct sq_daemon *d, struct sq_slice path, struct sq_slice *ret_rest);
/** sq_path_real() - canonical form, or NULL with *ret_errno. May block: not on the loop. */
char *sq_path_real(struct sq_slice path, int *ret_errno);
