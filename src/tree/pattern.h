/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * pattern — one line of a .gitignore file, compiled. Private to src/tree.
 * Ownership: the memory of a pattern is in the arena it was compiled into.
 * Threads:   immutable after compilation.
 * The semantics are those of git 2.39, quirks included: whatever a rule file
 * says, this program and git have to agree on what is source.
 * Cost:      linear in path × pattern in the worst case, so a hostile rule
 *            file can't stop a walk.
 */
#include "base/arena.h"
#include "base/str.h"

struct sq_pattern_token;
struct sq_pattern {
	const char *text;        /* without "!", leading and trailing slash */
	uint32_t n_text;
	uint32_t n_literal;      /* bytes in front of the first special one */
	const struct sq_pattern_token *tokens;   /* of what follows the literal part */
	const uint64_t (*sets)[4];               /* bracket expressions: 256 bits each */
	uint32_t n_tokens;
	bool is_negative;        /* "!": re-includes */
	bool is_dir_only;        /* "x/" */
	bool is_basename;        /* no slash inside: matches in any depth */
	bool is_suffix;          /* "*.o" */
	bool is_never;           /* malformed: can't match anything */
};
/* what tells most patterns apart without looking at them; 0: any byte */
struct sq_pattern_key {
	uint8_t first;           /* of the name, or of the path */
	uint8_t last;            /* of the name */
	bool is_basename, is_dir_only;
};
enum { SQ_PATTERN_E_NONE = 1 };
/**
 * sq_pattern_compile() - @line is one line without its newline.
 * Return: 0; SQ_PATTERN_E_NONE for an empty line or a comment; -ENOMEM.
 */
int sq_pattern_compile(struct sq_arena *a, struct sq_slice line, struct sq_pattern *ret_p) sq_must_check;
/**
 * sq_pattern_match()
 * @rel:  path below the directory of the rule file
 * @base: its last component
 */
bool sq_pattern_match(const struct sq_pattern *p, struct sq_slice rel, struct sq_slice base, bool is_dir);
struct sq_pattern_key sq_pattern_key(const struct sq_pattern *p);
/** sq_pattern_key_admits() - false: sq_pattern_match() would be. @rel and @base are not empty. */
static inline bool sq_pattern_key_admits(struct sq_pattern_key k, struct sq_slice rel,
					 struct sq_slice base, bool is_dir)
{
	uint8_t first = (uint8_t)(k.is_basename ? base.p[0] : rel.p[0]);

	return (!k.last || k.last == (uint8_t)base.p[base.n - 1]) &&
	       (!k.first || k.first == first) && (!k.is_dir_only || is_dir);
}
