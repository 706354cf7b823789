/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * refgraph — the references of a version as lists of successors: definitions
 * with calls or with all references, files with imports, or directories with
 * the imports between them. Only what is bound for certain is an edge.
 * Memory: while it is made, that of numbers.h and 8 bytes an edge; then 4 bytes
 * an edge and 8 a node. Nodes that have no edge in or no edge out are left out.
 * Ownership: the caller's. Threads: any reader once made.
 */
#include "graph/scc.h"

struct sq_refgraph {
	uint32_t n;
	struct sq_cycle_node *nodes;    /* ascending by (file id, definition), of MODULES by directory */
	uint32_t *start;                /* [n + 1] into edges */
	uint32_t *edges;                /* nodes, repetitions possible */
};
#define SQ_REFGRAPH_NULL { 0, NULL, NULL, NULL }
void sq_refgraph_deinit(struct sq_refgraph *g);
/** sq_refgraph_init() - Return: 0, -ECANCELED, -ENOMEM, -EOVERFLOW. */
int sq_refgraph_init(struct sq_refgraph *g, const struct sq_version *v, const struct sq_analysis *a,
		     enum sq_cycle_type type) sq_must_check;
/** sq_refgraph_find() - index of a node of definitions or files; SQ_NONE. */
uint32_t sq_refgraph_find(const struct sq_refgraph *g, sq_file f, uint32_t def);
