/* SPDX-License-Identifier: MIT */
#include "lang/cursor.h"

#include <errno.h>

#include "base/alloc.h"

#if defined(SQ_VENDORED_TREE_SITTER) && !defined(SQ_CURSOR_PLAIN)

#define LEVELS_MIN 64u

void sq_cursor_open(struct sq_cursor *c, const TSTree *tree)
{
	c->tree = tree;
	c->n = 0;
	c->error = 0;
	c->subtree = &tree->root;
	c->start = ts_subtree_padding(tree->root);
	c->structural = 0;
	c->alias = 0;
	c->is_extra = ts_subtree_extra(tree->root);
}

void sq_cursor_deinit(struct sq_cursor *c)
{
	sq_free(c->levels);
	*c = (struct sq_cursor){ .levels = NULL };
}

int sq_cursor_grow(struct sq_cursor *c)
{
	uint32_t cap = c->cap ? c->cap * 2 : LEVELS_MIN;
	struct sq_level *levels = sq_realloc(c->levels, cap * sizeof(*levels));

	if (!levels)
		return c->error = sq_error_origin(-ENOMEM);
	c->levels = levels;
	c->cap = cap;
	return 0;
}

static TSFieldId field_in(const struct sq_cursor *c, const Subtree *parent, uint32_t structural)
{
	const TSFieldMapEntry *e, *end;

	ts_language_field_map(c->tree->language, parent->ptr->production_id, &e, &end);
	for (; e < end; e++)
		if (!e->inherited && e->child_index == structural)
			return e->field_id;
	return 0;
}

/* a hidden part gives its field to what is in it, unless that has one itself */
TSFieldId sq_cursor_field(const struct sq_cursor *c)
{
	uint32_t structural = c->structural;
	bool is_extra = c->is_extra;

	for (uint32_t i = c->n; i-- > 0 && !is_extra;) {
		const struct sq_level *l = &c->levels[i];
		TSFieldId field = field_in(c, l->parent, structural);

		if (field || !l->is_hidden)
			return field;
		structural = l->own_structural;
		is_extra = l->is_extra;
	}
	return 0;
}

#endif
