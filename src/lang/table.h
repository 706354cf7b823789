/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * table — the parse table of a grammar with every state in a row of its own.
 *
 * A generated table keeps its rare states as lists that are searched symbol by
 * symbol; more than three quarters of the states of C are rare ones. Here they
 * are spread out at load, in huge pages where the kernel has some.
 * Ownership: the registry's; outlives every parser and tree of the language.
 * Threads:   written at load, immutable after.
 * Invariant: every (state, symbol) gives what the generated table gives.
 */
#include <stdint.h>

#include <tree_sitter/api.h>

#include "base/alloc.h"

struct sq_table {
	void *language;         /* copy of the TSLanguage */
	uint16_t *rows;
};
#define SQ_TABLE_NULL { .rows = NULL }

/**
 * sq_table_init()
 * @handle: of the module, open
 * @language: replaced by the copy when there is one; as it was without memory
 *            for it, or when the module knows nothing of tables
 * Return: 0; -ENOEXEC: the module writes to another core's lexer.
 */
int sq_table_init(struct sq_table *t, void *handle, const TSLanguage **language) sq_must_check;
void sq_table_deinit(struct sq_table *t);
