/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lang — grammars, extraction specs, and file bytes -> facts.
 *
 * contrib/grammars/manifest lists the languages; each has one spec file in
 * this directory. Grammars are shared objects, loaded on first use.
 * Ownership: the registry lives as long as the process; an extractor belongs
 *            to one worker thread and holds its parser and builder.
 * Threads:   the registry may be used by any thread (takes GRAMMAR.lock on a
 *            first load); an extractor by its owner only.
 * Facts are a pure function of (bytes, language, sq_lang_version()); limits
 * that decide facts are deterministic (bytes, nesting depth, progress steps).
 * Time is a watchdog only: SQ_LANG_E_TIMEOUT, nothing may be cached.
 */
#include <stdbool.h>

#include "base/str.h"
#include "facts/facts.h"
#include "facts/traits.h"

struct sq_lang_registry;
struct sq_extractor;
struct sq_kept;   /* the tree of one version of a file, for the parse of the next */

enum {
	SQ_LANG_E_UNKNOWN = 1,    /* no spec or grammar for this file */
	SQ_LANG_E_TIMEOUT = 2,    /* the watchdog fired: try again later */
	SQ_LANG_E_LIMIT = 3,      /* a deterministic limit ended it; no facts */
	SQ_LANG_E_CANCELLED = 4,
};

/**
 * sq_lang_registry_new()
 * @grammar_dir: where the shared objects are; NULL: SQRYD_GRAMMAR_DIR of the
 *               environment, then the installed directory.
 */
int sq_lang_registry_new(const char *grammar_dir, struct sq_lang_registry **ret_r) sq_must_check;
struct sq_lang_registry *sq_lang_registry_free(struct sq_lang_registry *r);
/** sq_lang_detect() - language by file name (SQ_LANG_NONE: not indexed). Pure. ".h" is C. */
enum sq_lang sq_lang_detect(struct sq_slice path);
/** sq_lang_traits_table() - SQ_LANG_MAX pointers, NULL where a language has none. */
const struct sq_lang_traits *const *sq_lang_traits_table(void);
/** sq_lang_version() - extractor version of a language; part of a cache key. */
uint32_t sq_lang_version(enum sq_lang lang);
/** sq_lang_load() - make sure the grammar is there. Return: 0, SQ_LANG_E_UNKNOWN, -errno;
 *  *ret_why (may be NULL) gets a static or registry-owned sentence on failure. */
int sq_lang_load(struct sq_lang_registry *r, enum sq_lang lang, const char **ret_why);

struct sq_extract_limits {
	uint32_t max_depth;           /* nesting below which nodes are not visited (default 2000) */
	uint64_t max_steps;           /* parser progress callbacks before SQ_LANG_E_LIMIT */
	/* CPU time of this thread (default 5 s): a busy machine fires no false alarm;
	 * parsing never waits, so it bounds a hang as wall time would; 0: none */
	uint64_t watchdog_ns;
	const bool *cancel;           /* relaxed flag polled inside, may be NULL */
	bool plain;                   /* parse every line, to compare; the facts are the same */
};
void sq_extract_limits_default(struct sq_extract_limits *ret);

int sq_extractor_new(struct sq_lang_registry *r, struct sq_extractor **ret_x) sq_must_check;
struct sq_extractor *sq_extractor_free(struct sq_extractor *x);
/**
 * sq_extract() - parse and extract one file.
 * Return: 0; SQ_LANG_E_*; -errno.
 */
int sq_extract(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes,
	       const struct sq_extract_limits *limits, struct sq_facts *ret_f) sq_must_check;
/* what an extraction did; times are wall time of this thread */
struct sq_extract_report {
	uint64_t cut_ns, parse_ns, walk_ns, encode_ns;
	uint32_t n_pieces, n_parsed;  /* pieces of the file; those that went through the parser */
	uint32_t n_known;             /* those whose facts were taken from the earlier version */
	uint64_t parsed_bytes;
	bool is_edited;               /* tree-sitter was given the old tree */
};
/* what is known of an earlier version of a file, in the same language */
struct sq_earlier {
	/* its facts: columns (NULL: unknown) and the text of a local string; borrowed */
	const struct sq_columns *columns;
	struct sq_slice (*string)(const void *arg, uint32_t local);
	const void *arg;
	/* its tree. In: consumed, or NULL. Out, also on failure: that of the version that
	 * was read, when @keeps and it is of use; the caller's */
	struct sq_kept *kept;
	bool keeps;
	/* out, on success: by local string of the new facts, the local string of @columns that it
	 * is, SQ_NONE where that is not known; the extractor's, until its next file. NULL: of none */
	const uint32_t *same;
};
/**
 * sq_extract_again() - the same with the help of an earlier version.
 * @earlier: may be NULL
 * @ret_report: may be NULL; set on success only
 * Facts do not depend on @earlier: design §5, and compared by tests/integration/equal/test-trees.c.
 */
int sq_extract_again(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes,
		     const struct sq_extract_limits *limits, struct sq_earlier *earlier,
		     struct sq_extract_report *ret_report, struct sq_facts *ret_f) sq_must_check;
struct sq_kept *sq_kept_free(struct sq_kept *k);
/** sq_kept_text() - the bytes whose tree this is; borrowed. */
struct sq_slice sq_kept_text(const struct sq_kept *k);
enum sq_lang sq_kept_lang(const struct sq_kept *k);
/** sq_kept_bytes() - what it occupies: tree and source bytes. */
size_t sq_kept_bytes(const struct sq_kept *k);
/** sq_parse_only() - the floor: parse, drop the tree. For bench/. */
int sq_parse_only(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes);
