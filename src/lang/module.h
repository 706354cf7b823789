/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * module — what a grammar module says of itself, beside its language.
 *
 * A module is built from contrib/grammars/module.c. It exports the language
 * and, under SQ_GRAMMAR_MODULE_NAME, this. A module without it works too, more
 * slowly.
 * Ownership: static data of the module.
 * Threads:   immutable.
 */
#include <stddef.h>
#include <stdint.h>

#define SQ_GRAMMAR_MODULE_NAME "sqry_grammar_module"
/* of the core's lexer that the module writes to: contrib/grammars/fast-lexer.h */
#define SQ_GRAMMAR_LEXER_ABI 1u

struct sq_grammar_module {
	uint32_t lexer_abi;
	/** bytes of the dense table of @language (a const TSLanguage *) */
	size_t (*table_bytes)(const void *language);
	uint32_t language_bytes;
	/**
	 * expand() - a copy of a language whose states all stand in one table
	 * @ret_language: language_bytes
	 * @table: table_bytes(language); belongs to the copy
	 */
	void (*expand)(const void *language, uint16_t *table, void *ret_language);
};
