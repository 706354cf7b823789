/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * edges — who refers to a definition, and what a definition refers to, read
 * from the link columns.
 * Threads: any reader of the version.
 */
#include "graph/version.h"

struct sq_edge {
	sq_file from_file;
	uint32_t from_ref;              /* reference index in from_file */
	struct sq_ref ref;              /* decoded */
	const struct sq_link *link;
	struct sq_target target;        /* the target meant (one per candidate when ambiguous) */
	bool ambiguous;
};
/** sq_edges_in() - references bound to (or ambiguous with) definition @def of @f. @fn returns <0 or >0 to stop. */
int sq_edges_in(const struct sq_version *v, sq_file f, uint32_t def,
		int (*fn)(void *arg, const struct sq_edge *e), void *arg);
struct sq_edge_end { sq_file file; uint32_t def; };
/** sq_edges_in_all() - the same for several definitions, ascending by (file, def): those of one name are
 *  looked for in one pass over the files that mention it. @cancel: relaxed flag, may be NULL.
 *  Or -ENOMEM, -ECANCELED. */
int sq_edges_in_all(const struct sq_version *v, const struct sq_edge_end *of, size_t n, const bool *cancel,
		    int (*fn)(void *arg, const struct sq_edge *e), void *arg);
/** sq_edges_out() - references inside definition @def, bound or not: those of nested definitions and of
 *  members too, wherever in its file they are written. Unbound ones come once with target.file ==
 *  SQ_FILE_NONE. */
int sq_edges_out(const struct sq_version *v, sq_file f, uint32_t def,
		 int (*fn)(void *arg, const struct sq_edge *e), void *arg);
/** sq_edges_out_of_file() - references of @f that lie in no definition. As sq_edges_out(). */
int sq_edges_out_of_file(const struct sq_version *v, sq_file f,
			 int (*fn)(void *arg, const struct sq_edge *e), void *arg);
