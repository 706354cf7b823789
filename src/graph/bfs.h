/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * bfs — definitions and files reached from some of them, breadth first over
 * the link columns, against or along the references, with the edges between.
 * A reference is that of the innermost definition around it (or of the file);
 * but what lies inside of a root is the root's too.
 * Nodes of one depth are in order of (path bytes, definition), so that a cut
 * takes the same ones whatever the history of the version.
 * Ownership: a walk is its caller's and keeps its memory for the next begin.
 * Threads:   one; reads a version.
 * Invariants: node indices ascend with depth; an edge joins two nodes, is
 * listed once (the best of its references) and lies next to a node that was
 * expanded, i.e. one of a lower depth than sq_bfs_depth().
 */
#include "base/vec.h"
#include "graph/edges.h"

enum { SQ_BFS_IN = 1, SQ_BFS_OUT = 2 };       /* who refers to it; what it refers to */
#define SQ_BFS_CALLS (1u << SQ_REF_CALL | 1u << SQ_REF_MACRO)
#define SQ_BFS_IMPORTS (1u << SQ_REF_IMPORT)   /* with it, files lead to the files they import */
#define SQ_BFS_ALL ((1u << SQ_REF_MAX) - 1u - (1u << SQ_REF_DECLARATION) - SQ_BFS_IMPORTS)

struct sq_bfs_ask {
	unsigned directions;            /* SQ_BFS_IN | SQ_BFS_OUT */
	unsigned kinds;                 /* of references: 1u << enum sq_ref_kind */
	uint64_t langs;                 /* of what is walked into: 1 << enum sq_lang; 0: any */
	bool same_language;             /* leave out edges between two languages */
	uint8_t min_confidence;         /* percent */
	uint32_t max_nodes;             /* 0: any number */
	uint64_t max_rows;              /* references looked at; 0: SQ_BFS_MAX_ROWS */
	const bool *cancel;             /* relaxed flag, may be NULL */
};
#define SQ_BFS_MAX_ROWS (2ull << 20)

struct sq_bfs_node { sq_file file; uint32_t def, depth; };     /* def SQ_NONE: the file itself */
struct sq_bfs_edge {
	uint32_t from, to;              /* nodes: who refers, to what */
	uint32_t line;                  /* of the reference, in the file of @from; 0: an import of a file */
	uint8_t kind;                   /* enum sq_ref_kind, or of the caller */
	uint8_t rule, confidence;       /* percent; of an ambiguous one shared among its candidates */
	bool ambiguous;
};
/* why a walk is not the whole one */
enum sq_bfs_cut { SQ_BFS_WHOLE, SQ_BFS_CUT_NODES, SQ_BFS_CUT_ROWS };

struct sq_bfs {
	SQ_VEC(struct sq_bfs_node) nodes;
	SQ_VEC(struct sq_bfs_edge) edges;      /* in order of (from, to, kind) after sq_bfs_seal() */
	enum sq_bfs_cut cut;
	/* private */
	const struct sq_version *v;
	struct sq_bfs_ask ask;
	uint32_t *slots;                        /* node + 1 by hash of (file, def) */
	uint32_t n_slots;                       /* a power of two */
	SQ_VEC(uint32_t) order;
	uint32_t first, depth, at;              /* nodes to expand next: [first, nodes.n); of them the one at hand */
	uint64_t n_rows;
};
#define SQ_BFS_NULL { .v = NULL }
void sq_bfs_deinit(struct sq_bfs *w);
/** sq_bfs_begin() - forget what was, start at @roots (depth is set here, repetitions are fine). 0 or -ENOMEM. */
int sq_bfs_begin(struct sq_bfs *w, const struct sq_version *v, const struct sq_bfs_ask *ask,
		  const struct sq_bfs_node *roots, size_t n) sq_must_check;
/** sq_bfs_step() - one depth more. 0; SQ_BFS_E_DONE: nothing is left, or it was cut; -ECANCELED, -ENOMEM. */
enum { SQ_BFS_E_DONE = 1 };
int sq_bfs_step(struct sq_bfs *w) sq_must_check;
/** sq_bfs_seal() - put the edges in order; no step may follow. */
void sq_bfs_seal(struct sq_bfs *w);
/** sq_bfs_run() - begin, @max_depth steps, seal. 0, -ECANCELED, -ENOMEM. */
int sq_bfs_run(struct sq_bfs *w, const struct sq_version *v, const struct sq_bfs_ask *ask,
		const struct sq_bfs_node *roots, size_t n, uint32_t max_depth) sq_must_check;
/** sq_bfs_depth() - steps taken: nodes of a lower depth are expanded. */
static inline uint32_t sq_bfs_depth(const struct sq_bfs *w) { return w->depth; }
/** sq_bfs_frontier() - nodes that the next step expands. */
static inline uint32_t sq_bfs_frontier(const struct sq_bfs *w) { return (uint32_t)w->nodes.n - w->first; }
/** sq_bfs_find() - index of a node; SQ_NONE. */
uint32_t sq_bfs_find(const struct sq_bfs *w, sq_file f, uint32_t def);
/** sq_bfs_add() - a node of a finished walk, or a new one at its end, a depth further. 0; SQ_BFS_E_FULL: there are
 *  max_nodes already (and the walk is cut); -ENOMEM. */
enum { SQ_BFS_E_FULL = 1 };
int sq_bfs_add(struct sq_bfs *w, sq_file f, uint32_t def, uint32_t *ret) sq_must_check;
/** sq_bfs_kind_name() - wire name of an edge (vocabulary §2). */
const char *sq_bfs_kind_name(uint8_t kind);
