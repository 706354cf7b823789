/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * regex — a compiled pattern: POSIX extended syntax with \d \w \s \b and
 * (?:...), matched byte by byte, ASCII only, and anywhere in the text. There are
 * no back references, so that an automaton decides it in time linear in the
 * text (automaton.h); nesting and repetition are bounded, so that compiling is
 * cheap and a byte costs a bounded number of steps.
 * Ownership: belongs to its creator.
 * Threads:   one at a time, matching included: it keeps what it learnt.
 */
#include <stdbool.h>

#include "base/str.h"

#define SQ_REGEX_MAX_BYTES 1024u
#define SQ_REGEX_MAX_DEPTH 50u
#define SQ_REGEX_MAX_REPEAT 1000u       /* of one {m,n} */
#define SQ_REGEX_MAX_ATOMS 4096u        /* with every {m,n} written out */
#define SQ_REGEX_MAX_NEEDS 16u          /* more alternatives are not kept apart */
#define SQ_REGEX_MESSAGE 160u           /* bytes that a message may need */

struct sq_regex;
enum { SQ_REGEX_E_SYNTAX = 1 };
/* i, m and s of /regex/ims */
#define SQ_REGEXF_ICASE 1u      /* ASCII case does not matter */
#define SQ_REGEXF_LINES 2u      /* '^' and '$' match at every line */
#define SQ_REGEXF_DOT_ALL 4u    /* '.' matches a newline too */
/** sq_regex_new_flags() - Return: as sq_regex_new(). */
int sq_regex_new_flags(struct sq_slice pattern, unsigned flags, struct sq_regex **ret_re,
		       char ret_message[SQ_REGEX_MESSAGE]) sq_must_check;
/** sq_regex_new() - SQ_REGEXF_DOT_ALL. Return: 0; SQ_REGEX_E_SYNTAX with @ret_message; -ENOMEM. */
int sq_regex_new(struct sq_slice pattern, bool icase, struct sq_regex **ret_re,
		 char ret_message[SQ_REGEX_MESSAGE]) sq_must_check;
/** sq_regex_new_glob() - the whole text; '*' stops at '/', '**' does not. As sq_regex_new(). */
int sq_regex_new_glob(struct sq_slice glob, struct sq_regex **ret_re,
		      char ret_message[SQ_REGEX_MESSAGE]) sq_must_check;
struct sq_regex *sq_regex_free(struct sq_regex *re);
bool sq_regex_match(const struct sq_regex *re, struct sq_slice text);
/**
 * sq_regex_match_long() - the same for a text that may be long.
 * @cancel: may be NULL.
 * @ret_work: steps that it took beyond a look at each byte.
 * Return: 0 or 1; -ECANCELED.
 */
int sq_regex_match_long(const struct sq_regex *re, struct sq_slice text, const bool *cancel,
			uint64_t *ret_work) sq_must_check;
/** sq_regex_literal() - bytes that every match contains; empty: none known.
 *  @ret_is_all: containing them is enough. */
struct sq_slice sq_regex_literal(const struct sq_regex *re, bool *ret_is_all);
/** sq_regex_prefix() - bytes that every match begins the text with; empty: none known. */
struct sq_slice sq_regex_prefix(const struct sq_regex *re);
/** sq_regex_prefix_is_all() - is beginning with the prefix enough? */
bool sq_regex_prefix_is_all(const struct sq_regex *re);
/* every match contains one of these; n = 0: none known. "_(init|exit)$": "_init", "_exit" */
struct sq_regex_needs {
	const struct sq_slice *v;
	unsigned n;
	bool is_enough;         /* containing one is enough */
	bool icase;             /* without regard to ASCII case */
};
struct sq_regex_needs sq_regex_needs(const struct sq_regex *re);
