/* SPDX-License-Identifier: MIT */
/*
 * The tree-sitter core, with the proof that fast-lexer.h mirrors its lexer: a core
 * whose lexer is laid out differently does not compile.
 */
#include "lib.c"

#include "fast-lexer.h"

#define SAME(field, mirror) \
	_Static_assert(offsetof(Lexer, field) == offsetof(struct sq_ts_lexer, mirror) && \
		       sizeof(((Lexer *)0)->field) == sizeof(((struct sq_ts_lexer *)0)->mirror), \
		       "fast-lexer.h: " #mirror)

SAME(data, data);
SAME(current_position, current);
SAME(current_position.bytes, current.bytes);
SAME(current_position.extent.row, current.extent.row);
SAME(current_position.extent.column, current.extent.column);
SAME(token_start_position, token_start);
SAME(token_end_position, token_end);
SAME(included_ranges, ranges);
SAME(chunk, chunk);
SAME(included_range_count, n_ranges);
SAME(current_included_range_index, range_index);
SAME(chunk_start, chunk_start);
SAME(chunk_size, chunk_size);
SAME(lookahead_size, lookahead_size);
SAME(column_data, column);
SAME(column_data.value, column.value);
SAME(column_data.valid, column.valid);
_Static_assert(offsetof(TSRange, end_byte) == offsetof(struct sq_ts_range, end_byte) &&
	       sizeof(TSRange) == sizeof(struct sq_ts_range), "fast-lexer.h: range");
