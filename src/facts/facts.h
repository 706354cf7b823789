/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * facts — what one file says by itself: a pure function of (bytes, language,
 * extractor version). No path, no ids of any workspace, no pointers.
 *
 * Shape: one blob = header, columns, strings. The columns part refers to
 * strings by local index (0..n_strings) and is what the graph keeps in memory
 * and scans in place; the strings part is dropped once they are interned.
 * Columns are delta + varint encoded, with an anchor row every
 * SQ_FACTS_STRIDE items so that item i is reached in O(stride).
 * Ownership: sq_facts owns its blob; a view (struct sq_columns) borrows.
 * Threads:   immutable after sq_facts_builder_finish(); a builder belongs to
 *            one thread and is reused file after file.
 * Invariants (sq_facts_check): every index is in range, parent < own index,
 *            definitions in order of start (line, column), references and
 *            imports in source order.
 * Errors:    -ENOMEM; -EINVAL from sq_facts_check() for a damaged blob.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "facts/kinds.h"

#define SQ_FACTS_FORMAT 2u
#define SQ_FACTS_STRIDE 64u
#define SQ_NONE UINT32_MAX          /* no string, no definition */
#define SQ_ARGC_UNKNOWN 255u

/* definition flags */
#define SQ_DEF_VIS_MASK 0x0003u     /* one of: */
#define SQ_DEF_VIS_PUBLIC 0x0000u   /* the language's default where it has no notion */
#define SQ_DEF_VIS_PRIVATE 0x0001u
#define SQ_DEF_VIS_PROTECTED 0x0002u
#define SQ_DEF_VIS_PACKAGE 0x0003u  /* Java default, Rust pub(crate), Go lower case */
#define SQ_DEF_STATIC 0x0004u       /* static member or static linkage, as written */
#define SQ_DEF_ASYNC 0x0008u
#define SQ_DEF_FILE_LOCAL 0x0010u   /* invisible to other files unless they include it (C static) */
#define SQ_DEF_EXPORTED 0x0020u     /* JS/TS export */
#define SQ_DEF_DEFAULT 0x0040u      /* JS/TS default export */
#define SQ_DEF_ABSTRACT 0x0080u
#define SQ_DEF_UNSAFE 0x0100u
#define SQ_DEF_TEST 0x0200u
#define SQ_DEF_NESTED 0x0400u       /* inside a function body: visible there only */
#define SQ_DEF_GETTER 0x0800u       /* a method that is read like a field (JS, TS, Python) ... */
#define SQ_DEF_SETTER 0x1000u       /* ... or written like one */

/* reference flags */
#define SQ_REFF_TYPED 0x01u         /* qualifier is the receiver's declared type, not its text */
#define SQ_REFF_EXPR 0x02u          /* receiver is an expression that is not a plain path; no qualifier */
#define SQ_REFF_NEW 0x04u           /* constructor call: new X(), X{} */
#define SQ_REFF_AWAIT 0x08u         /* awaited call */
#define SQ_REFF_ARROW 0x10u         /* C/C++ -> (receiver is a pointer) */

/* import flags */
#define SQ_IMP_WILDCARD 0x01u       /* all public names of the target */
#define SQ_IMP_REEXPORT 0x02u       /* export ... from, pub use */
#define SQ_IMP_DEFAULT 0x04u        /* JS default import; with NAMESPACE: require(), either of both */
#define SQ_IMP_NAMESPACE 0x08u      /* import * as ns, require() */
#define SQ_IMP_SYSTEM 0x10u         /* #include <...> */
#define SQ_IMP_STATIC 0x20u         /* Java import static */
#define SQ_IMP_TYPE 0x40u           /* TS import type */
#define SQ_IMP_NESTED 0x80u         /* inside a function or conditional block */

struct sq_def {
	uint32_t name;                  /* local string */
	uint8_t kind;                   /* enum sq_kind */
	uint16_t flags;
	uint32_t parent;                /* enclosing definition (lower index) or SQ_NONE */
	uint32_t start_line, start_col; /* whole definition; line 1-based, column 0-based bytes */
	uint32_t end_line, end_col;     /* exclusive end column */
	uint32_t sig_off, sig_len;      /* bytes of the file: declaration without body, comments trimmed at the end */
	uint64_t body_hash;             /* over the tokens of its body, not white space or comments; 0: no body */
};
struct sq_ref {
	uint32_t name;
	uint8_t kind;                   /* enum sq_ref_kind */
	uint8_t flags;
	uint8_t argc;                   /* of a call, else SQ_ARGC_UNKNOWN */
	uint32_t line, col;             /* of the name itself */
	uint32_t encl;                  /* innermost enclosing definition or SQ_NONE */
	uint32_t qual;                  /* local string: "a.b" of a.b.name(), "ns::T", "self"; or SQ_NONE */
};
struct sq_import {
	uint32_t target;                /* local string: module, path or package text as written, unquoted */
	uint32_t name;                  /* imported member or SQ_NONE */
	uint32_t alias;                 /* local name it is bound to when it differs, or SQ_NONE */
	uint8_t kind;                   /* enum sq_import_kind */
	uint8_t flags;
	uint32_t line;
};

/*
 * A part: whole lines that were read by themselves. What they say is a pure
 * function of their bytes and of the types that file-level variables have where
 * the part begins, so the next version of the file takes over what its unchanged
 * parts say (lang/recall.h). Files of few parts, and languages that are read as a
 * whole, have none.
 */
struct sq_part {
	uint64_t hash;                  /* sq_hash64 of its bytes */
	uint32_t start, len;            /* bytes of the file */
	uint32_t row, n_rows;           /* lines before it; lines that it touches */
	uint32_t steps;                 /* of the parser, for the limit */
	uint32_t n_typed;               /* file-level variables whose type changes here */
	bool has_error;
};
struct sq_typed {
	uint32_t name, type;            /* local strings; type may be SQ_NONE */
};

/* the in-place part; points into a blob or into a bound segment */
struct sq_columns {
	const uint8_t *p;
	uint32_t n_bytes;
	uint32_t n_strings, n_defs, n_refs, n_imports;
};

struct sq_facts {
	uint8_t *blob;
	uint32_t n_bytes;
	uint8_t lang;                   /* enum sq_lang */
	bool has_error;                 /* the tree had ERROR or MISSING nodes */
	struct sq_columns columns;      /* into blob */
	const uint8_t *strings;         /* into blob: varint lengths, then bytes */
	uint32_t n_string_bytes;
};
#define SQ_FACTS_NULL { .blob = NULL }
void sq_facts_deinit(struct sq_facts *f);
/** sq_facts_open() - check a blob and take it. @blob: consumed on success only. */
int sq_facts_open(uint8_t *blob, uint32_t n, struct sq_facts *ret_f) sq_must_check;
/** sq_facts_check() - every invariant above, in O(n). 0 or -EINVAL. */
int sq_facts_check(const struct sq_facts *f) sq_must_check;

/* iterate strings in index order */
struct sq_string_cursor { const uint8_t *len, *bytes; uint32_t i, n; };
void sq_strings_begin(const struct sq_facts *f, struct sq_string_cursor *ret_c);
bool sq_strings_next(struct sq_string_cursor *c, struct sq_slice *ret_s);

/* sequential decoding; seek(i) positions so that the next next() yields item i */
struct sq_def_cursor { const struct sq_columns *c; const uint8_t *col[11]; uint32_t i; struct sq_def prev; };
struct sq_ref_cursor { const struct sq_columns *c; const uint8_t *col[8]; uint32_t i; struct sq_ref prev; };
struct sq_import_cursor { const struct sq_columns *c; const uint8_t *at; uint32_t i; struct sq_import prev; };
void sq_defs_begin(const struct sq_columns *c, struct sq_def_cursor *ret);
void sq_defs_seek(const struct sq_columns *c, uint32_t i, struct sq_def_cursor *ret);
bool sq_defs_next(struct sq_def_cursor *it, struct sq_def *ret);
/** sq_defs_get() - definition i; i < n_defs. */
void sq_defs_get(const struct sq_columns *c, uint32_t i, struct sq_def *ret);
/** sq_defs_find() - first definition at or after @from with local name @name, scanning the
 *  name column only. Return: its index, or SQ_NONE. */
uint32_t sq_defs_find(const struct sq_columns *c, uint32_t name, uint32_t from);
/** sq_defs_names() - local names of all definitions, the name column alone. @ret_names: [n_defs] */
void sq_defs_names(const struct sq_columns *c, uint32_t *ret_names);
/** sq_defs_n_names() - distinct names of definitions. They are the local strings below that, and no name
 *  occurs before the definition with its number: strings are numbered by first use. SQ_NONE: a
 *  blob of another maker, where that does not hold. */
uint32_t sq_defs_n_names(const struct sq_columns *c);
void sq_refs_begin(const struct sq_columns *c, struct sq_ref_cursor *ret);
void sq_refs_seek(const struct sq_columns *c, uint32_t i, struct sq_ref_cursor *ret);
bool sq_refs_next(struct sq_ref_cursor *it, struct sq_ref *ret);
void sq_imports_begin(const struct sq_columns *c, struct sq_import_cursor *ret);
bool sq_imports_next(struct sq_import_cursor *it, struct sq_import *ret);
/* after each part, sq_typed_next() gives its n_typed items, all of which must be read */
struct sq_part_cursor { const uint8_t *at, *end; struct sq_part prev; };
void sq_parts_begin(const struct sq_columns *c, struct sq_part_cursor *ret);
bool sq_parts_next(struct sq_part_cursor *it, struct sq_part *ret);
void sq_typed_next(struct sq_part_cursor *it, struct sq_typed *ret);

/*
 * Builder. A definition may be opened before its name is known (name = SQ_NONE;
 * one that never gets a name is left out, what it encloses moves to its parent)
 * and out of order: finish() sorts by start, then by order of opening. It numbers
 * the strings anew, in order of their first use by definitions, references,
 * imports and parts, so that a blob does not depend on the order of adding.
 */
struct sq_facts_builder;
int sq_facts_builder_new(struct sq_facts_builder **ret_b) sq_must_check;
struct sq_facts_builder *sq_facts_builder_free(struct sq_facts_builder *b);
/** sq_facts_builder_reset() - start the next file; keeps memory. */
void sq_facts_builder_reset(struct sq_facts_builder *b, enum sq_lang lang);
/* each returns the new index; on ENOMEM the builder remembers it and finish() fails */
uint32_t sq_facts_add_string(struct sq_facts_builder *b, struct sq_slice s);
uint32_t sq_facts_add_def(struct sq_facts_builder *b, const struct sq_def *def);
/** sq_facts_def() - the definition being built, valid until the next add_def. */
struct sq_def *sq_facts_def(struct sq_facts_builder *b, uint32_t i);
struct sq_slice sq_facts_string(const struct sq_facts_builder *b, uint32_t i);
uint32_t sq_facts_add_ref(struct sq_facts_builder *b, const struct sq_ref *ref);
/** sq_facts_ref() - the reference being built, valid until the next add_ref. */
struct sq_ref *sq_facts_ref(struct sq_facts_builder *b, uint32_t i);
/** sq_facts_add_refs() - @n of them, for the caller to fill in at once; NULL: out of memory. */
struct sq_ref *sq_facts_add_refs(struct sq_facts_builder *b, size_t n);
uint32_t sq_facts_n_refs(const struct sq_facts_builder *b);
void sq_facts_add_import(struct sq_facts_builder *b, const struct sq_import *imp);
uint32_t sq_facts_n_defs(const struct sq_facts_builder *b);
/** sq_facts_add_part() - in order of start, before its sq_facts_add_typed(), which count themselves. */
void sq_facts_add_part(struct sq_facts_builder *b, const struct sq_part *part);
void sq_facts_add_typed(struct sq_facts_builder *b, const struct sq_typed *typed);
/** sq_facts_builder_finish() - encode; sorts references by (line, col, kind, name) when needed. */
int sq_facts_builder_finish(struct sq_facts_builder *b, bool has_error, struct sq_facts *ret_f) sq_must_check;
/** sq_facts_builder_rank() - after finish(), until reset(): the number in the blob of the string
 *  that sq_facts_add_string() gave as @i; SQ_NONE: nothing uses it. */
uint32_t sq_facts_builder_rank(const struct sq_facts_builder *b, uint32_t i);

/** sq_facts_print() - stable text of facts, for tests and for "what does this file say". */
void sq_facts_print(const struct sq_facts *f, struct sq_buf *out);
