/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * relink — which files must be linked again after a change (design §4).
 * Input: for every changed file its old and new bound facts. Output: a set of
 * files, a superset of those whose links differ, as close as the indexes allow.
 */
#include "graph/version.h"

enum sq_trigger {
	SQ_TRIGGER_NAMES,       /* (1) definition set of a mentioned name */
	SQ_TRIGGER_IMPORTS,     /* (2) an import target came, went or moved */
	SQ_TRIGGER_INCLUDES,    /* (3) include / re-export edges of a file changed */
	SQ_TRIGGER_UNIT,        /* (4) package clause, module path, directory */
	SQ_TRIGGER_CONFIG,      /* (5) a configuration file of resolution changed */
	SQ_TRIGGER_DAEMON,      /* (6) the daemon's own configuration */
	SQ_TRIGGER_MAX
};
const char *sq_trigger_name(enum sq_trigger t);

struct sq_file_change {
	sq_file file;
	const struct sq_bound *old_bound;   /* NULL: added */
	const struct sq_bound *new_bound;   /* NULL: removed */
};
/* the names of which a definition set changed, or what is passed on under them */
struct sq_changed_names {
	uint64_t *bits;                     /* one a name of the version after; NULL unless any */
	bool any, types;                    /* is there one; one that has a type or a namespace among its definitions */
};
/* a growing set of FileIds */
struct sq_file_set { uint64_t *bits; uint32_t n_bits; sq_file *list; uint32_t n, cap; };
void sq_file_set_deinit(struct sq_file_set *s);
int sq_file_set_add(struct sq_file_set *s, sq_file f) sq_must_check;
bool sq_file_set_has(const struct sq_file_set *s, sq_file f);
/**
 * sq_relink_collect() - add to @set every file to be linked again.
 * @before: the published version; @after: the draft (names, shards, bounds final, links old)
 * @disabled: bit mask of triggers left out (tests only)
 * @ret_names: its bits are to be freed
 */
int sq_relink_collect(const struct sq_version *before, const struct sq_version *after,
		      const struct sq_file_change *changes, size_t n, unsigned disabled,
		      struct sq_file_set *set, struct sq_changed_names *ret_names) sq_must_check;
/**
 * sq_relink_names_only() - do the changes leave alone which files there are, their languages and
 * what they import, and concern only files that see each other by including? Then all imports mean
 * what they meant, and a C file's reference means something else only when its own name is one of
 * those changed, or, with a receiver, when a type is.
 */
bool sq_relink_names_only(const struct sq_version *after, const struct sq_file_change *changes, size_t n);
/**
 * sq_relink_expand() - what follows from the links just made: changed import
 * targets reach the importers that mention a name of the difference; changed
 * base types reach whoever mentions the derived ones. Called after every round
 * of linking, with the links of @linked installed in @after, until it adds nothing.
 */
int sq_relink_expand(const struct sq_version *before, const struct sq_version *after,
		     const sq_file *linked, size_t n, unsigned disabled,
		     struct sq_file_set *set) sq_must_check;
