/* SPDX-License-Identifier: MIT */
/*
 * A grammar module: a generated parser.c, found by -I, with the macros of
 * fast-lexer.h, and what src/lang/module.h promises.
 */
#include <string.h>

#ifdef SQ_VENDORED_TREE_SITTER
#include "fast-lexer.h"
#define LEXER_ABI SQ_GRAMMAR_LEXER_ABI
#else
#include "tree_sitter/parser.h"
#define LEXER_ABI 0   /* the core is reached through its functions only */
#endif
#include "lang/module.h"

static size_t table_bytes(const void *language)
{
	const TSLanguage *l = language;

	return (size_t)l->state_count * l->symbol_count * sizeof(uint16_t);
}

/* as ts_language_lookup() reads it: groups of a value and its symbols */
static void expand_state(const TSLanguage *l, uint32_t state, uint16_t *row)
{
	const uint16_t *data = &l->small_parse_table[l->small_parse_table_map[state - l->large_state_count]];
	uint16_t n_groups = *data++;

	for (uint16_t i = 0; i < n_groups; i++) {
		uint16_t value = *data++, n_symbols = *data++;

		for (uint16_t j = 0; j < n_symbols; j++, data++)
			if (!row[*data])   /* the first that names a symbol is the one */
				row[*data] = value;
	}
}

static void expand(const void *language, uint16_t *table, void *ret_language)
{
	const TSLanguage *l = language;
	TSLanguage *copy = ret_language;
	size_t row = l->symbol_count, n_large = row * l->large_state_count;

	memcpy(table, l->parse_table, n_large * sizeof(*table));
	memset(table + n_large, 0, table_bytes(l) - n_large * sizeof(*table));
	for (uint32_t i = l->large_state_count; i < l->state_count; i++)
		expand_state(l, i, table + row * i);
	*copy = *l;
	copy->parse_table = table;
	copy->large_state_count = l->state_count;
}

const struct sq_grammar_module sqry_grammar_module = {
	.lexer_abi = LEXER_ABI,
	.table_bytes = table_bytes,
	.language_bytes = sizeof(TSLanguage),
	.expand = expand,
};

/* a generated parser of some size asks the compilers that it knows for -O0 */
#undef __GNUC__
#undef __clang__
#include "parser.c"
