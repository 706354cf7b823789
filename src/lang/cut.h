/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * cut — a file as pieces that are parsed one by one (private to src/lang).
 *
 * A language may say where its files can be cut: a misread macro then spoils
 * its piece and not the file, and the next version of a file is parsed where
 * it differs. Where the cuts are is a pure function of the bytes, and so are
 * the facts. A language without a cut has one piece a file.
 * Ownership: belongs to an extractor; keeps its memory from file to file.
 * Invariants: pieces do not overlap and are in order of start; what lies
 *            between them holds no token that says anything.
 */
#include "base/str.h"
#include "base/vec.h"

enum sq_piece_kind {
	SQ_PIECE_TEXT,       /* to be parsed */
	SQ_PIECE_CONDITION,  /* a line #if, #ifdef, #elif ...: the spec's condition() reads it */
	SQ_PIECE_DEFINES,    /* lines that need no parser: condition() reads them too */
};
struct sq_piece {
	uint32_t start, end;     /* bytes */
	uint32_t row;            /* lines before start */
	uint32_t skip, skip_end; /* bytes in it that say nothing whatever is around them; equal: none */
	uint8_t kind;
};
struct sq_mark { uint32_t start, end, group; uint8_t kind; };
struct sq_cut {
	SQ_VEC(struct sq_piece) pieces;
	bool want_runs;          /* in: take lines out that need no parser, where that is worth it */
	uint64_t run_bytes;      /* out: of such lines */
	bool has_runs;           /* out: it is worth it */
	/* scratch of the language */
	SQ_VEC(struct sq_mark) marks;
	SQ_VEC(bool) groups;
};
static inline void sq_cut_deinit(struct sq_cut *c)
{
	sq_vec_deinit(&c->pieces);
	sq_vec_deinit(&c->marks);
	sq_vec_deinit(&c->groups);
}
/** sq_cut_whole() - one piece. Return: 0; -ENOMEM. */
static inline int sq_cut_whole(struct sq_slice bytes, struct sq_cut *c)
{
	sq_vec_clear(&c->pieces);
	return sq_vec_push(&c->pieces, (struct sq_piece){ .end = (uint32_t)bytes.n });
}
typedef uint8_t sq_bytes16 __attribute__((vector_size(16)));
/** sq_count_lines() - newlines in @n bytes; files have so many lines that a call a line shows. */
static inline uint32_t sq_count_lines(const char *p, size_t n)
{
	uint32_t sum = 0;

	while (n >= 16) {
		sq_bytes16 count = { 0 }, b;
		size_t blocks = SQ_MIN(n / 16, (size_t)255);   /* a byte of count takes no more */

		n -= blocks * 16;
		for (; blocks; blocks--, p += 16) {
			memcpy(&b, p, sizeof(b));
			count -= (sq_bytes16)(b == '\n');
		}
		for (unsigned i = 0; i < 16; i++)
			sum += count[i];
	}
	for (; n; n--)
		sum += *p++ == '\n';
	return sum;
}
