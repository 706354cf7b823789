/* SPDX-License-Identifier: MIT */
#include "lang/table.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include "base/error.h"
#include "lang/module.h"

#define HUGE_PAGE (2u << 20)
#define CACHE_LINE 64u

#ifdef SQ_VENDORED_TREE_SITTER
#define CORE_LEXER_ABI SQ_GRAMMAR_LEXER_ABI
#else
#define CORE_LEXER_ABI 0u
#endif

/* on its own huge pages when it fills most of them: the walk of a table miss costs twice under
 * a hypervisor, and rows are visited at random */
static uint16_t *alloc_rows(size_t bytes)
{
	size_t room = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	uint16_t *rows;

	if (room - bytes > bytes)
		return sq_aligned_alloc(CACHE_LINE, bytes);
	rows = sq_aligned_alloc(HUGE_PAGE, room);
	if (rows)
		(void)madvise(rows, room, MADV_HUGEPAGE);   /* a wish */
	return rows;
}

int sq_table_init(struct sq_table *t, void *handle, const TSLanguage **language)
{
	const struct sq_grammar_module *m = dlsym(handle, SQ_GRAMMAR_MODULE_NAME);

	if (!m)
		return 0;
	if (m->lexer_abi && m->lexer_abi != CORE_LEXER_ABI)
		return sq_error_origin(-ENOEXEC);
	t->language = sq_malloc(m->language_bytes);
	t->rows = t->language ? alloc_rows(m->table_bytes(*language)) : NULL;
	if (!t->rows) {
		sq_table_deinit(t);
		return 0;
	}
	m->expand(*language, t->rows, t->language);
	*language = t->language;
	return 0;
}

void sq_table_deinit(struct sq_table *t)
{
	sq_free(t->rows);
	sq_free(t->language);
	*t = (struct sq_table)SQ_TABLE_NULL;
}
