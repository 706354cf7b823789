/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fast-lexer — the macros that generated lexers are written in, made fast.
 *
 * A generated lexer calls back into the core for every character. These
 * macros do the same steps in registers: while the next byte is ASCII and
 * lies in the same chunk and range, a step is a load and two comparisons;
 * everything else goes to the core's own advance(). What the core sees when
 * the lexer returns is what it would have seen.
 *
 * The fields of the core's lexer are mirrored here; core.c asserts that the
 * mirror is true, and the loader takes a module only when SQ_GRAMMAR_LEXER_ABI
 * of both is the same. Included before a parser.c, never before a scanner.c.
 */
#include <stddef.h>
#include <stdint.h>

#ifndef TREE_SITTER_PARSER_H_
#include "tree_sitter/parser.h"
#endif

struct sq_ts_point { uint32_t row, column; };
struct sq_ts_length { uint32_t bytes; struct sq_ts_point extent; };
struct sq_ts_range { struct sq_ts_point start_point, end_point; uint32_t start_byte, end_byte; };

/* of struct Lexer in the core's lexer.h */
struct sq_ts_lexer {
	TSLexer data;
	struct sq_ts_length current, token_start, token_end;
	struct sq_ts_range *ranges;
	const char *chunk;
	struct { void *payload; void *read; int encoding; void *decode; } input;
	struct { void *payload; void *log; } logger;
	uint32_t n_ranges, range_index;
	uint32_t chunk_start, chunk_size;
	uint32_t lookahead_size;
	bool did_get_column;
	struct { uint32_t value; bool valid; } column;
};

/* a lexer's state while its function runs; positions are bytes of the file */
struct sq_lex {
	const uint8_t *p, *last;      /* at the lookahead; no fast step at or after last */
	uint32_t to_byte;             /* byte = (uint32_t)p + to_byte */
	uint32_t row, line_start;
	uint32_t column_base;         /* the column counter is byte - column_base */
	bool column_valid;
	bool has_start, has_end, is_plain;
	int32_t lookahead;
	struct sq_ts_length start, end;
};

static inline __attribute__((always_inline)) uint32_t sq_lex_byte(const struct sq_lex *x)
{
	return (uint32_t)(uintptr_t)x->p + x->to_byte;
}

static inline __attribute__((always_inline)) struct sq_ts_length sq_lex_at(const struct sq_lex *x)
{
	uint32_t byte = sq_lex_byte(x);

	return (struct sq_ts_length){ byte, { x->row, byte - x->line_start } };
}

/* out of the core's lexer */
static inline __attribute__((always_inline)) void sq_lex_load(struct sq_lex *x, const TSLexer *lexer)
{
	const struct sq_ts_lexer *l = (const struct sq_ts_lexer *)lexer;
	uint32_t end = l->chunk_start + l->chunk_size;

	x->lookahead = l->data.lookahead;
	x->row = l->current.extent.row;
	x->line_start = l->current.bytes - l->current.extent.column;
	x->column_valid = l->column.valid;
	x->column_base = l->current.bytes - l->column.value;
	x->p = (const uint8_t *)l->chunk + (l->current.bytes - l->chunk_start);
	x->to_byte = l->current.bytes - (uint32_t)(uintptr_t)x->p;
	x->is_plain = l->n_ranges == 1;
	if (x->is_plain && l->chunk && l->range_index == 0 && l->lookahead_size == 1) {
		if (end > l->ranges->end_byte)
			end = l->ranges->end_byte;
		x->last = x->p + (end - l->current.bytes) - 1;
	} else {
		x->last = x->p;
	}
}

/* into the core's lexer, when x->p has moved; lookahead_size is 1 then */
static inline __attribute__((always_inline)) void sq_lex_store(const struct sq_lex *x, TSLexer *lexer)
{
	struct sq_ts_lexer *l = (struct sq_ts_lexer *)lexer;

	l->data.lookahead = x->lookahead;
	l->current = sq_lex_at(x);
	l->column.valid = x->column_valid;
	if (x->column_valid)
		l->column.value = l->current.bytes - x->column_base;
}

static inline __attribute__((always_inline)) void sq_lex_advance(struct sq_lex *x, TSLexer *lexer,
								 bool skip)
{
	if (__builtin_expect(x->p < x->last && x->p[1] < 0x80, 1)) {
		x->p++;
		if (x->lookahead == '\n') {
			x->row++;
			x->line_start = sq_lex_byte(x);
			x->column_base = x->line_start;
			x->column_valid = true;
		}
		x->lookahead = *x->p;
		if (skip) {
			x->start = sq_lex_at(x);
			x->has_start = true;
		}
		return;
	}
	sq_lex_store(x, lexer);
	lexer->advance(lexer, skip);
	if (skip)
		x->has_start = false;
	sq_lex_load(x, lexer);
}

static inline __attribute__((always_inline)) void sq_lex_mark_end(struct sq_lex *x, TSLexer *lexer)
{
	x->has_end = x->is_plain;
	if (x->is_plain) {
		x->end = sq_lex_at(x);
		return;
	}
	sq_lex_store(x, lexer);
	lexer->mark_end(lexer);
}

static inline __attribute__((always_inline)) void sq_lex_finish(const struct sq_lex *x, TSLexer *lexer)
{
	struct sq_ts_lexer *l = (struct sq_ts_lexer *)lexer;

	sq_lex_store(x, lexer);
	if (x->has_start)
		l->token_start = x->start;
	if (x->has_end)
		l->token_end = x->end;
}

static inline bool sq_lex_eof(const TSLexer *lexer)
{
	const struct sq_ts_lexer *l = (const struct sq_ts_lexer *)lexer;

	return l->range_index == l->n_ranges;
}

/* sets begin with what is ASCII; lengths and bounds are constants here */
static inline __attribute__((always_inline)) bool sq_lex_in_set(const TSCharacterRange *ranges,
								uint32_t n, int32_t c)
{
	if (c >= 0x80)
		return set_contains(ranges, n, c);
#if defined(__clang__)
#pragma unroll
#else
#pragma GCC unroll 16
#endif
	for (uint32_t i = 0; i < (n < 8 ? n : 8); i++) {
		if ((uint32_t)(c - ranges[i].start) <= (uint32_t)(ranges[i].end - ranges[i].start))
			return true;
		if (ranges[i].end >= 0x80)
			return false;
	}
	return n > 8 ? set_contains(ranges, n, c) : false;
}
#define set_contains sq_lex_in_set

#undef START_LEXER
#define START_LEXER() \
	struct sq_lex sq_x = { .has_start = false, .has_end = false }; \
	bool result = false; \
	bool skip = false; \
	UNUSED bool eof = false; \
	int32_t lookahead; \
	sq_lex_load(&sq_x, lexer); \
	goto start; \
next_state: \
	sq_lex_advance(&sq_x, lexer, skip); \
start: \
	skip = false; \
	lookahead = sq_x.lookahead;

/* "eof = lexer->eof(lexer);" follows: only the part after || counts */
#define eof(lexer) lookahead * 0 || sq_lex_eof(lexer)

#undef ACCEPT_TOKEN
#define ACCEPT_TOKEN(symbol) \
	result = true; \
	lexer->result_symbol = symbol; \
	sq_lex_mark_end(&sq_x, lexer);

#undef END_STATE
#define END_STATE() \
	do { \
		sq_lex_finish(&sq_x, lexer); \
		return result; \
	} while (0);

/* ADVANCE_MAP is a list of pairs: a switch instead of a search */
#define SQ_EVAL(...) SQ_EVAL3(SQ_EVAL3(SQ_EVAL3(SQ_EVAL3(__VA_ARGS__))))
#define SQ_EVAL3(...) SQ_EVAL2(SQ_EVAL2(SQ_EVAL2(SQ_EVAL2(__VA_ARGS__))))
#define SQ_EVAL2(...) SQ_EVAL1(SQ_EVAL1(SQ_EVAL1(SQ_EVAL1(__VA_ARGS__))))
#define SQ_EVAL1(...) __VA_ARGS__
#define SQ_PARENS ()
#define SQ_CASE(c, s, ...) \
	case c: \
		state = s; \
		goto next_state; \
	__VA_OPT__(SQ_CASE_AGAIN SQ_PARENS(__VA_ARGS__))
#define SQ_CASE_AGAIN() SQ_CASE
#undef ADVANCE_MAP
#define ADVANCE_MAP(...) \
	switch (lookahead) { \
	SQ_EVAL(SQ_CASE(__VA_ARGS__)) \
	}
