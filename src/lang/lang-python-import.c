/* SPDX-License-Identifier: MIT */
/* import statements of Python */
#include "lang/lang-python.h"

/* "a . b" is written a.b */
static struct sq_slice squeeze(struct sq_walk *w, struct sq_slice text)
{
	sq_buf_clear(&w->scratch);
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n\\", text.p[i]))
			sq_buf_putc(&w->scratch, text.p[i]);
	return sq_walk_text(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)));
}

/* "x as y" or "x" */
static struct sq_slice split_alias(struct sq_walk *w, TSNode item, TSNode *ret_name)
{
	TSNode name = sq_node_field(item, "name");

	*ret_name = ts_node_is_null(name) ? item : name;
	return sq_node_text(w, sq_node_field(item, "alias"));
}

static void import_module(struct sq_walk *w, TSNode item)
{
	TSNode name;
	struct sq_slice alias = split_alias(w, item, &name);

	sq_walk_import(w, sq_node_line(item), SQ_IMPORT_MODULE, squeeze(w, sq_node_text(w, name)),
		       SQ_SLICE_NULL, alias, 0);
}

enum sq_visit sq_python_on_import(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t n = ts_node_named_child_count(f->node);

	for (uint32_t i = 0; i < n; i++) {
		TSNode item = ts_node_named_child(f->node, i);

		if (strcmp(ts_node_type(item), "comment") != 0)
			import_module(w, item);
	}
	return SQ_SKIP;
}

static void import_name(struct sq_walk *w, TSNode item, struct sq_slice target)
{
	TSNode name;
	struct sq_slice alias = split_alias(w, item, &name);
	struct sq_slice text = sq_node_text(w, name);
	TSPoint at = ts_node_start_point(name);
	uint32_t ref;

	if (!text.n)
		return;
	sq_walk_import(w, sq_node_line(item), SQ_IMPORT_NAME, target, text, alias, 0);
	ref = sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_IMPORT, text, SQ_ARGC_UNKNOWN);
	if (ref != SQ_NONE)
		sq_facts_ref(w->builder, ref)->qual = sq_facts_add_string(w->builder, target);
}

enum sq_visit sq_python_on_import_from(struct sq_walk *w, struct sq_frame *f)
{
	TSNode module = sq_node_field(f->node, "module_name");
	struct sq_slice target = squeeze(w, sq_node_text(w, module));
	uint32_t n = ts_node_named_child_count(f->node);

	for (uint32_t i = 0; i < n && target.n; i++) {
		TSNode item = ts_node_named_child(f->node, i);
		const char *type = ts_node_type(item);

		if (ts_node_eq(item, module))
			continue;
		if (!strcmp(type, "wildcard_import"))
			sq_walk_import(w, sq_node_line(item), SQ_IMPORT_NAME, target, SQ_SLICE_NULL,
				       SQ_SLICE_NULL, SQ_IMP_WILDCARD);
		else if (!strcmp(type, "dotted_name") || !strcmp(type, "aliased_import"))
			import_name(w, item, target);
	}
	return SQ_SKIP;
}
