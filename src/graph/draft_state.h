/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * draft_state — what a draft holds; shared by draft.c (puts), finish.c (the
 * passes), draft_link.c (the linking pass) and graph.c (publishing).
 * Ownership: pieces that the draft made are in ->made or in an entry until
 *            publishing gives them to the graph; pieces in ->dead belong to
 *            the graph and are only listed.
 */
#include "graph/bundle.h"
#include "graph/draft.h"
#include "graph/each.h"
#include "graph/intern.h"
#include "graph/relink.h"

enum sq_draft_op {
	SQ_DRAFT_PUT,           /* new facts in ->bound */
	SQ_DRAFT_SAME,          /* facts of the base, another identity: copied to ->bound */
	SQ_DRAFT_KEEP,          /* exactly as in the base */
	SQ_DRAFT_REMOVE,        /* of a file of the base */
	SQ_DRAFT_NOTHING,       /* put and removed again; ->bound only holds the path */
};
struct sq_draft_entry {
	struct sq_slice path;           /* in ->bound or in the base's bound facts */
	uint64_t hash;                  /* of the path */
	struct sq_bound *bound;
	sq_file base_file;              /* SQ_FILE_NONE: not in the prior version */
	sq_file file;                   /* set by finish */
	uint8_t op;                     /* enum sq_draft_op */
};
struct sq_draft_worker {
	SQ_VEC(struct sq_slice) strings;
	SQ_VEC(sq_name) ids;
	struct sq_intern_scratch scratch;
};
struct sq_draft {
	struct sq_graph *g;
	struct sq_draft_opts opts;
	struct sq_birth birth;          /* of all that it makes */
	const struct sq_version *base;  /* what is published now */
	const struct sq_version *prior; /* base, or &empty when cleared */
	struct sq_version empty;
	struct sq_lock lock;            /* rank DRAFT: entries and index */
	SQ_VEC(struct sq_draft_entry) entries;
	uint32_t *index;                /* path -> entry + 1, open addressing */
	uint32_t n_index;
	struct sq_intern intern;
	struct sq_draft_worker *workers;

	/* finish */
	SQ_VEC(struct sq_file_change) changes;
	SQ_VEC(void *) made;            /* all but the entries' bound facts */
	SQ_VEC(void *) dead;            /* pieces of the base that are no longer used */
	struct sq_version *v;           /* in made */
	uint64_t n_relinked, n_links_changed;
	struct sq_bundle *bundle;       /* what publishing will retire */
	struct sq_draft *next_undone;   /* the graph's list of those that were taken back */
};

static inline bool sq_draft_has_bound(const struct sq_draft_entry *e)
{
	return e->op == SQ_DRAFT_PUT || e->op == SQ_DRAFT_SAME;
}
/** sq_draft_each() - over all workers, or here when @n is at most @grain. */
int sq_draft_each(struct sq_draft *d, uint32_t n, uint32_t grain,
		  int (*fn)(void *arg, unsigned worker, uint32_t i), void *arg) sq_must_check;
/** sq_draft_link_par() - the workers of the linking pass. */
static inline const struct sq_parallel *sq_draft_link_par(const struct sq_draft *d)
{
	return d->opts.link_par ? d->opts.link_par : d->opts.par;
}
/** sq_draft_link_each() - sq_draft_each() over those. */
int sq_draft_link_each(struct sq_draft *d, uint32_t n, uint32_t grain,
		       int (*fn)(void *arg, unsigned worker, uint32_t i), void *arg) sq_must_check;
/** sq_draft_chunk() - the chunk of file @f, copied first when it is the base's. */
int sq_draft_chunk(struct sq_draft *d, sq_file f, struct sq_chunk **ret_c) sq_must_check;
/** sq_draft_made() - remember a piece; on failure it is freed. */
int sq_draft_made(struct sq_draft *d, void *piece) sq_must_check;
/** sq_draft_link() - the linking pass, with the part of the statistics that links give. */
int sq_draft_link(struct sq_draft *d) sq_must_check;
/** sq_draft_forget() - free the draft, not its pieces: they have been published. */
void sq_draft_forget(struct sq_draft *d);
