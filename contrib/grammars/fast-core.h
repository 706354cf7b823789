/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fast-core — what the core's parser calls most, done with less.
 *
 * core.c includes this between the core's stack and its parser, so that the
 * parser calls these in place of the core's own functions. Each leaves behind
 * what the core's leaves behind, which a test compares node by node
 * (tests/unit/test-core); what is rare is left to the core's:
 *   - a pushed node of the stack is filled, not cleared: it has room for eight
 *     links, of which one is used;
 *   - the children of a reduction are taken off a stack that does not fork in
 *     two passes, into an array that has room for the parent;
 *   - what a parent sums up of its children is summed in registers, and of a
 *     token only what a token can have.
 */

static void sq_ts_release(SubtreePool *pool, Subtree self)
{
	if (self.data.is_inline)
		return;
	if (self.ptr->ref_count > 1)
		((SubtreeHeapData *)self.ptr)->ref_count--;
	else
		ts_subtree_release(pool, self);
}

static inline void sq_ts_retain(Subtree self)
{
	if (!self.data.is_inline)
		((SubtreeHeapData *)self.ptr)->ref_count++;
}

static void sq_ts_push(Stack *self, StackVersion version, Subtree subtree, bool is_pending, TSStateId state)
{
	StackNode *previous = self->heads.contents[version].node, *node;

	if (!subtree.ptr) {
		ts_stack_push(self, version, subtree, is_pending, state);
		return;
	}
	node = self->node_pool.size ? array_pop(&self->node_pool) : ts_malloc(sizeof(*node));
	node->state = state;
	node->position = length_add(previous->position, ts_subtree_total_size(subtree));
	node->links[0] = (StackLink){ .node = previous, .subtree = subtree, .is_pending = is_pending };
	node->link_count = 1;
	node->ref_count = 1;
	node->error_cost = previous->error_cost + ts_subtree_error_cost(subtree);
	node->node_count = previous->node_count + stack__subtree_node_count(subtree);
	node->dynamic_precedence = previous->dynamic_precedence + ts_subtree_dynamic_precedence(subtree);
	self->heads.contents[version].node = node;
}

/* the one path of @count subtrees, extras not counted, below @node. 0: it forks, or ends */
static uint32_t sq_ts_path(const StackNode *node, uint32_t count)
{
	uint32_t n = 0;

	for (; count; n++) {
		Subtree s;

		if (node->link_count != 1)
			return 0;
		s = node->links[0].subtree;
		if (!s.ptr)
			return 0;
		count -= !ts_subtree_extra(s);
		node = node->links[0].node;
	}
	return n;
}

static StackSliceArray sq_ts_pop(Stack *self, StackVersion version, uint32_t count)
{
	StackNode *node = self->heads.contents[version].node;
	uint32_t n = sq_ts_path(node, count);
	StackSlice slice;

	if (!n)
		return ts_stack_pop_count(self, version, count);
	array_clear(&self->slices);
	array_clear(&self->iterators);
	slice.subtrees.capacity = (uint32_t)(ts_subtree_alloc_size(n) / sizeof(Subtree));
	slice.subtrees.contents = ts_malloc(slice.subtrees.capacity * sizeof(Subtree));
	slice.subtrees.size = n;
	for (; n--; node = node->links[0].node) {
		slice.subtrees.contents[n] = node->links[0].subtree;
		sq_ts_retain(node->links[0].subtree);
	}
	slice.version = ts_stack__add_version(self, version, node);
	array_push(&self->slices, slice);
	return self->slices;
}

/* what is summed up over children */
typedef struct {
	Length padding, size;
	uint32_t named, visible, descendants, cost, lookahead_end, structural;
	int32_t precedence;
	bool has_tokens, has_change, on_column, has_error;
} SqTsSum;

static inline void sq_ts_sum_size(SqTsSum *s, Subtree child, uint32_t i)
{
	uint32_t end;

	if (i == 0) {
		s->padding = ts_subtree_padding(child);
		s->size = ts_subtree_size(child);
	} else {
		s->size = length_add(s->size, ts_subtree_total_size(child));
	}
	end = s->padding.bytes + s->size.bytes + ts_subtree_lookahead_bytes(child);
	if (end > s->lookahead_end)
		s->lookahead_end = end;
}

/* what only a subtree outside of its pointer can have; @row: of the size before it */
static inline void sq_ts_sum_heap(SqTsSum *s, const SubtreeHeapData *p, uint32_t row)
{
	if (row == 0 && p->depends_on_column)
		s->on_column = true;
	if (p->has_external_scanner_state_change)
		s->has_change = true;
	if (p->has_external_tokens)
		s->has_tokens = true;
	if (p->symbol == ts_builtin_sym_error)
		s->has_error = true;
	if (p->child_count) {
		s->precedence += p->dynamic_precedence;
		s->descendants += p->visible_descendant_count;
	}
}

static inline void sq_ts_sum_visible(SqTsSum *s, Subtree child, const TSSymbol *aliases, const TSLanguage *language)
{
	bool is_extra = ts_subtree_extra(child);
	TSSymbol alias = aliases && !is_extra && ts_subtree_symbol(child) ? aliases[s->structural] : 0;

	if (alias) {
		s->descendants++;
		s->visible++;
		s->named += ts_language_symbol_metadata(language, alias).named;
	} else if (ts_subtree_visible(child)) {
		s->descendants++;
		s->visible++;
		s->named += ts_subtree_named(child);
	} else if (!child.data.is_inline && child.ptr->child_count) {
		s->visible += child.ptr->visible_child_count;
		s->named += child.ptr->named_child_count;
	}
	s->structural += !is_extra;
}

static inline void sq_ts_sum_ends(SubtreeHeapData *p, Subtree first, Subtree last)
{
	p->first_leaf.symbol = ts_subtree_leaf_symbol(first);
	p->first_leaf.parse_state = ts_subtree_leaf_parse_state(first);
	if (ts_subtree_fragile_left(first))
		p->fragile_left = true;
	if (ts_subtree_fragile_right(last))
		p->fragile_right = true;
	if (p->child_count >= 2 && !p->visible && !p->named && ts_subtree_symbol(first) == p->symbol) {
		uint32_t left = ts_subtree_repeat_depth(first), right = ts_subtree_repeat_depth(last);

		p->repeat_depth = (uint16_t)((left > right ? left : right) + 1);
	}
}

static void sq_ts_summarize(SubtreeHeapData *p, const Subtree *children, const TSLanguage *language)
{
	const TSSymbol *aliases = ts_language_alias_sequence(language, p->production_id);
	SqTsSum s = { .named = 0 };

	for (uint32_t i = 0; i < p->child_count; i++) {
		Subtree child = children[i];
		uint32_t row = s.size.extent.row;

		sq_ts_sum_size(&s, child, i);
		if (!child.data.is_inline)
			sq_ts_sum_heap(&s, child.ptr, row);
		if (ts_subtree_symbol(child) != ts_builtin_sym_error_repeat)
			s.cost += ts_subtree_error_cost(child);
		sq_ts_sum_visible(&s, child, aliases, language);
	}
	p->padding = s.padding;
	p->size = s.size;
	p->lookahead_bytes = s.lookahead_end - s.size.bytes - s.padding.bytes;
	p->error_cost = s.cost;
	p->named_child_count = s.named;
	p->visible_child_count = s.visible;
	p->visible_descendant_count = s.descendants;
	p->dynamic_precedence = s.precedence;
	p->has_external_tokens = s.has_tokens;
	p->has_external_scanner_state_change = s.has_change;
	p->depends_on_column = s.on_column;
	if (s.has_error) {
		p->fragile_left = p->fragile_right = true;
		p->parse_state = TS_TREE_STATE_NONE;
	}
	if (p->child_count)
		sq_ts_sum_ends(p, children[0], children[p->child_count - 1]);
}

static MutableSubtree sq_ts_new_node(TSSymbol symbol, SubtreeArray *children, unsigned production_id,
				     const TSLanguage *language)
{
	size_t bytes = ts_subtree_alloc_size(children->size);
	TSSymbolMetadata metadata;
	SubtreeHeapData *p;

	if (symbol == ts_builtin_sym_error || symbol == ts_builtin_sym_error_repeat)
		return ts_subtree_new_node(symbol, children, production_id, language);
	metadata = ts_language_symbol_metadata(language, symbol);
	if (children->capacity * sizeof(Subtree) < bytes) {
		children->contents = ts_realloc(children->contents, bytes);
		children->capacity = (uint32_t)(bytes / sizeof(Subtree));
	}
	p = (SubtreeHeapData *)&children->contents[children->size];
	*p = (SubtreeHeapData){
		.ref_count = 1, .symbol = symbol, .child_count = children->size,
		.visible = metadata.visible, .named = metadata.named,
	};
	p->production_id = (uint16_t)production_id;
	sq_ts_summarize(p, children->contents, language);
	return (MutableSubtree){ .ptr = p };
}

/* every state has a row of its own in the tables that modules hand out */
static inline void sq_ts_table_entry(const TSLanguage *language, TSStateId state, TSSymbol symbol, TableEntry *ret)
{
	const TSParseActionEntry *e;

	if (state >= language->large_state_count || symbol >= language->symbol_count) {
		ts_language_table_entry(language, state, symbol, ret);
		return;
	}
	e = &language->parse_actions[language->parse_table[state * language->symbol_count + symbol]];
	ret->action_count = e->entry.count;
	ret->is_reusable = e->entry.reusable;
	ret->actions = (const TSParseAction *)(e + 1);
}

#define ts_subtree_release sq_ts_release
#define ts_subtree_retain sq_ts_retain
#define ts_subtree_new_node sq_ts_new_node
#define ts_stack_push sq_ts_push
#define ts_stack_pop_count sq_ts_pop
#define ts_language_table_entry sq_ts_table_entry
