/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * common — what the linkers of one pass over many files share: the imports of
 * all files to be linked, resolved once, and from them what every file of the
 * version reaches. A pass over a few files asks for what it needs instead.
 * Ownership: the pass's scratch memory; linkers borrow it.
 * Threads:   made by the writer, on all workers; then read only.
 */
#include "graph/draft_state.h"
#include "graph/linker.h"

struct sq_common_job {
	struct sq_draft *d;
	const sq_file *files;           /* whose imports may not be what their links say */
	uint32_t n;
	bool is_whole;                  /* @files are all files that say something */
	struct sq_linker **linkers;     /* one a worker; their own imports are used up */
};
/** sq_link_common_new() - 0, -ENOMEM or -ECANCELED. */
int sq_link_common_new(const struct sq_common_job *job, struct sq_link_common **ret_c) sq_must_check;
struct sq_link_common *sq_link_common_free(struct sq_link_common *c);
