/* SPDX-License-Identifier: MIT */
/*
 * The tree-sitter core, its hottest functions replaced by fast-core.h, with the proof
 * that fast-lexer.h mirrors its lexer: a core that is laid out differently does not
 * compile. SQ_STOCK_CORE leaves it as it is: what test-core compares with.
 */
#ifdef SQ_STOCK_CORE
#include "lib.c"
#else
/*
 * A tree belongs to one thread at a time here (lang.h: an extractor, a kept tree), so
 * that a count of references needs no lock prefix, a tenth of a parse: atomic.h of the
 * core is taken for included.
 */
#define TREE_SITTER_ATOMIC_H_
#include <stddef.h>
#include <stdint.h>
static inline size_t atomic_load(const volatile size_t *p) { return *p; }
static inline uint32_t atomic_inc(volatile uint32_t *p) { return ++*(uint32_t *)p; }
static inline uint32_t atomic_dec(volatile uint32_t *p) { return --*(uint32_t *)p; }

#include "alloc.c"
#include "get_changed_ranges.c"
#include "language.c"
#include "lexer.c"
#include "node.c"
#include "query.c"
#include "subtree.c"
#include "stack.c"
#include "tree_cursor.c"
#include "tree.c"
#include "wasm_store.c"
#include "fast-core.h"
#include "parser.c"
#endif

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
