/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * scc — cycles: the strongly connected components of the calls between
 * definitions, of the imports between files or directories, or of every
 * reference between definitions. Tarjan's algorithm with an explicit stack.
 * Only what is bound for certain is an edge: ambiguous candidates are not, they
 * would tie together what never meets.
 * Order: components by their smallest member, members ascending by (path
 * bytes, definition) behind the chain; neither depends on ids or on history.
 */
#include "graph/analysis.h"

enum sq_cycle_type { SQ_CYCLE_CALLS, SQ_CYCLE_IMPORTS, SQ_CYCLE_MODULES, SQ_CYCLE_ALL, SQ_CYCLE_MAX };
/** sq_cycle_type_parse() - "calls", "imports", "modules", "all"; -1. */
int sq_cycle_type_parse(struct sq_slice name);
const char *sq_cycle_type_name(enum sq_cycle_type type);

struct sq_cycle_node {
	sq_file file;                   /* MODULES: a file of the directory */
	uint32_t def;                   /* IMPORTS, MODULES: SQ_NONE */
};
struct sq_cycle {
	uint32_t first, n;              /* members: nodes[first..first + n) */
	uint32_t n_chain;               /* the first of them form a cycle, in order: the shortest through nodes[first] */
};
struct sq_cycles {
	struct sq_cycle_node *nodes;
	struct sq_cycle *v;
	uint32_t n, n_nodes;
};
#define SQ_CYCLES_NULL { NULL, NULL, 0, 0 }
void sq_cycles_deinit(struct sq_cycles *c);
/* which components are asked for */
struct sq_cycles_ask {
	enum sq_cycle_type type;
	uint32_t min_size, max_size;    /* members; at least 2; max 0: no limit */
	bool self_loops;                /* and those of one member that refers to itself */
};
/** sq_cycles_find() - Return: 0, -ECANCELED, -ENOMEM, -EOVERFLOW. */
int sq_cycles_find(const struct sq_version *v, const struct sq_analysis *a, const struct sq_cycles_ask *ask,
		   struct sq_cycles *ret_c) sq_must_check;
/** sq_cycles_through() - as sq_cycles_find(), but only the component of @node, which stands first in it
 *  (MODULES: the directory of its file): none or one. */
int sq_cycles_through(const struct sq_version *v, const struct sq_analysis *a, const struct sq_cycles_ask *ask,
		      struct sq_cycle_node node, struct sq_cycles *ret_c) sq_must_check;
/** sq_cycles_set() - the definitions in cycles; of IMPORTS and MODULES all definitions of the files. */
int sq_cycles_set(const struct sq_version *v, const struct sq_cycles *c, bool is_modules,
		  struct sq_defset *ret_set) sq_must_check;
