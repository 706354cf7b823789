/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * cursor — visits the visible nodes of a tree in source order (private to walk.c).
 *
 *   sq_cursor_open(c, tree);             it is at the root
 *   sq_cursor_enter(c);                  the next node is the first child of this one
 *   while (sq_cursor_next(c)) ...        its children, one after the other
 *   sq_cursor_leave(c);                  done with them: next() goes on behind it
 *
 * With the core that is built here it reads the core's subtrees in place: of a
 * token it takes a number and a length, and no node is made unless it is asked
 * for. The core's own cursor, which does the same for everybody, took an eighth
 * of an index of the kernel (doc/design/003); it serves any other core.
 * Ownership: holds its levels between trees; a tree outlives its visit.
 * Threads:   one at a time.
 */
#include <tree_sitter/api.h>

#include "base/error.h"

#if defined(SQ_VENDORED_TREE_SITTER) && !defined(SQ_CURSOR_PLAIN)

#include <tree-sitter/lib/src/language.h>
#include <tree-sitter/lib/src/tree.h>

/* the children of one subtree: of a node, or of a part of it that grammars hide */
struct sq_level {
	const Subtree *parent, *next, *end;
	const TSSymbol *aliases;       /* by structural index, or NULL */
	Length at;                     /* where the text of *next begins */
	uint32_t structural;           /* index of *next, extras not counted */
	uint32_t own_structural;       /* index of @parent in its parent */
	bool is_hidden, is_extra;      /* of @parent */
};
struct sq_cursor {
	const TSTree *tree;
	struct sq_level *levels;
	uint32_t n, cap;
	int error;                     /* -ENOMEM: nodes were left out */
	/* the node it is at */
	const Subtree *subtree;
	Length start;
	uint32_t structural;
	TSSymbol alias;
	bool is_extra;
};

void sq_cursor_open(struct sq_cursor *c, const TSTree *tree);
void sq_cursor_deinit(struct sq_cursor *c);
int sq_cursor_grow(struct sq_cursor *c);
/** sq_cursor_field() - of the node it is at, in its parent; 0: none. */
TSFieldId sq_cursor_field(const struct sq_cursor *c);

/* as ts_node_symbol() */
static inline TSSymbol sq_cursor_symbol(const struct sq_cursor *c)
{
	TSSymbol s = c->alias ? c->alias : ts_subtree_symbol(*c->subtree);

	return s == ts_builtin_sym_error ? s : c->tree->language->public_symbol_map[s];
}

static inline uint32_t sq_cursor_start(const struct sq_cursor *c)
{
	return c->start.bytes;
}

static inline uint32_t sq_cursor_end(const struct sq_cursor *c)
{
	return c->start.bytes + ts_subtree_size(*c->subtree).bytes;
}

/* as ts_node_new() */
static inline TSNode sq_cursor_node(const struct sq_cursor *c)
{
	return (TSNode){
		{ c->start.bytes, c->start.extent.row, c->start.extent.column, c->alias },
		c->subtree, c->tree,
	};
}

static inline bool sq_cursor_has_children(const struct sq_cursor *c)
{
	return ts_subtree_visible_child_count(*c->subtree) > 0;
}

static inline void sq_cursor_push(struct sq_cursor *c, const Subtree *parent, Length start, bool is_hidden)
{
	const SubtreeHeapData *p = parent->ptr;
	const Subtree *children = ts_subtree_children(*parent);

	if (c->n == c->cap && sq_cursor_grow(c) < 0)
		return;
	c->levels[c->n++] = (struct sq_level){
		.parent = parent, .next = children, .end = children + p->child_count,
		.aliases = ts_language_alias_sequence(c->tree->language, p->production_id),
		.at = start, .own_structural = c->structural, .is_hidden = is_hidden, .is_extra = p->extra,
	};
}

/* only where there are children */
static inline void sq_cursor_enter(struct sq_cursor *c)
{
	sq_cursor_push(c, c->subtree, c->start, false);
}

static inline void sq_cursor_leave(struct sq_cursor *c)
{
	c->n--;
}

/* the next child of @l, visible or not, becomes the node it is at */
static inline void sq_cursor_step(struct sq_cursor *c, struct sq_level *l)
{
	const Subtree *s = l->next++;

	c->subtree = s;
	c->start = l->at;
	c->is_extra = ts_subtree_extra(*s);
	c->structural = l->structural;
	c->alias = 0;
	if (!c->is_extra) {
		if (l->aliases)
			c->alias = l->aliases[l->structural];
		l->structural++;
	}
	if (l->next < l->end)
		l->at = length_add(length_add(l->at, ts_subtree_size(*s)), ts_subtree_padding(*l->next));
}

static inline bool sq_cursor_next(struct sq_cursor *c)
{
	while (!c->error) {
		struct sq_level *l = &c->levels[c->n - 1];

		if (l->next < l->end) {
			sq_cursor_step(c, l);
			if (c->alias || ts_subtree_visible(*c->subtree))
				return true;
			if (sq_cursor_has_children(c))
				sq_cursor_push(c, c->subtree, c->start, true);
		} else if (l->is_hidden) {
			c->n--;
		} else {
			return false;
		}
	}
	return false;
}

#else

struct sq_cursor {
	TSTreeCursor core;
	bool is_open, is_entering;
	int error;
};

static inline void sq_cursor_open(struct sq_cursor *c, const TSTree *tree)
{
	if (c->is_open)
		ts_tree_cursor_delete(&c->core);
	c->core = ts_tree_cursor_new(ts_tree_root_node(tree));
	c->is_open = true;
	c->is_entering = false;
}

static inline void sq_cursor_deinit(struct sq_cursor *c)
{
	if (c->is_open)
		ts_tree_cursor_delete(&c->core);
	c->is_open = false;
}

static inline TSNode sq_cursor_node(const struct sq_cursor *c) { return ts_tree_cursor_current_node(&c->core); }
static inline TSSymbol sq_cursor_symbol(const struct sq_cursor *c) { return ts_node_symbol(sq_cursor_node(c)); }
static inline uint32_t sq_cursor_start(const struct sq_cursor *c) { return ts_node_start_byte(sq_cursor_node(c)); }
static inline uint32_t sq_cursor_end(const struct sq_cursor *c) { return ts_node_end_byte(sq_cursor_node(c)); }
static inline TSFieldId sq_cursor_field(const struct sq_cursor *c) { return ts_tree_cursor_current_field_id(&c->core); }
static inline bool sq_cursor_has_children(const struct sq_cursor *c) { return ts_node_child_count(sq_cursor_node(c)) > 0; }
static inline void sq_cursor_enter(struct sq_cursor *c) { c->is_entering = true; }
static inline void sq_cursor_leave(struct sq_cursor *c) { (void)ts_tree_cursor_goto_parent(&c->core); }

static inline bool sq_cursor_next(struct sq_cursor *c)
{
	if (!c->is_entering)
		return ts_tree_cursor_goto_next_sibling(&c->core);
	c->is_entering = false;
	return ts_tree_cursor_goto_first_child(&c->core);
}

#endif
