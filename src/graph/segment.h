/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * segment — one file of a workspace: bound facts + links. The two are separate
 * pieces, because links change when other files do and facts do not.
 */
#include "facts/facts.h"
#include "graph/dict.h"

typedef uint32_t sq_file;               /* FileId: index into the file table */
#define SQ_FILE_NONE UINT32_MAX

/* bound facts: columns + local string -> NameId + path + where names of definitions are; one allocation */
struct sq_bound {
	struct sq_piece piece;
	struct sq_columns columns;      /* into this allocation */
	const sq_name *names;           /* [columns.n_strings] */
	struct sq_slice path;           /* relative to the root */
	sq_name base_name;              /* last component of the path, interned */
	uint32_t n_def_names;           /* see sq_defs_n_names() */
	uint8_t lang;                   /* enum sq_lang; SQ_LANG_NONE for a skipped file */
	uint8_t skip;                   /* reason code of the tree layer, 0: indexed */
	bool has_error;                 /* syntax errors seen */
	uint64_t content_hash;          /* sq_hash64 of the bytes */
	uint64_t facts_hash;            /* sq_hash64 of the facts: a re-read file of equal bytes and facts is not re-bound */
	uint64_t size_bytes;            /* of the file */
	uint8_t identity[40];           /* opaque to the graph: struct sq_identity of the tree layer */
};

enum sq_link_state {
	SQ_LINK_UNRESOLVED,             /* no candidate */
	SQ_LINK_BOUND,                  /* exactly one target */
	SQ_LINK_AMBIGUOUS,              /* several; see candidates */
	SQ_LINK_ELIDED,                 /* more candidates than worth listing: total only */
};
/* which rule bound it; the order is the order in which rules are tried */
enum sq_rule {
	SQ_RULE_NONE, SQ_RULE_SCOPE, SQ_RULE_SELF, SQ_RULE_TYPE, SQ_RULE_INHERITED, SQ_RULE_IMPORT,
	SQ_RULE_WILDCARD, SQ_RULE_INCLUDE, SQ_RULE_UNIT, SQ_RULE_LINKAGE, SQ_RULE_UNIQUE, SQ_RULE_DUCK,
	SQ_RULE_MAX
};
const char *sq_rule_name(enum sq_rule r);            /* "scope", "import", ... */
const char *sq_rule_resolved_via(enum sq_rule r);    /* vocabulary.md §2: "direct", "binding_plane", ... */
uint8_t sq_rule_confidence(enum sq_rule r);          /* percent */

/* a target survives edits of its file that leave the definitions of its name alone */
struct sq_target {
	sq_file file;
	sq_name name;
	uint32_t ordinal;               /* k-th definition of that name in that file, source order */
};
struct sq_link {
	uint8_t state;                  /* enum sq_link_state */
	uint8_t rule;                   /* enum sq_rule */
	uint16_t n_listed;              /* targets listed (AMBIGUOUS: at most SQ_LINK_MAX_LISTED) */
	uint32_t first;                 /* into targets; ELIDED, which lists none: candidates in all */
};
/* candidates in all */
static inline uint32_t sq_link_n_total(const struct sq_link *l)
{
	return l->state == SQ_LINK_ELIDED ? l->first : l->n_listed;
}
#define SQ_LINK_MAX_LISTED 16u

/* what each import (by index) means: files, in byte order of their paths */
struct sq_import_link { uint32_t first; uint16_t n; uint8_t state; };   /* state: enum sq_link_state */

struct sq_links {
	struct sq_piece piece;
	uint32_t n_links, n_targets, n_imports, n_files;
	const struct sq_link *links;    /* distinct bindings; [0] is the unresolved one */
	const struct sq_target *targets;
	const struct sq_import_link *imports;    /* [columns.n_imports] */
	const sq_file *files;           /* import targets */
	const uint32_t *ref_anchor;     /* byte offset of every SQ_FACTS_STRIDE-th reference */
	const uint8_t *ref_link;        /* varint link index per reference, in order */
	uint32_t n_ref_bytes;
};
/** sq_links_of_ref() - link of reference i. */
const struct sq_link *sq_links_of_ref(const struct sq_links *l, uint32_t i);
/** sq_links_equal() - same content (birth and size aside). */
bool sq_links_equal(const struct sq_links *a, const struct sq_links *b);
