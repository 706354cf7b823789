/* SPDX-License-Identifier: MIT */
/*
 * JavaScript: grammar tree-sitter-javascript; and the rules that TypeScript
 * has in common with it.
 */
#include "lang/lang-script.h"

/* leaves */

static bool is_upper(struct sq_slice s)
{
	return s.n && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

/* "extends B": what super(...) calls */
static void note_base(struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *p = &f[-1];

	while (p->rule->arg == SCRIPT_HERITAGE)
		p--;
	if (p->rule->arg == SCRIPT_CLASS)
		p->aux = sym;
}

static enum sq_visit on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice text = sq_frame_text(w, f);
	uint32_t sym = sq_walk_leaf_sym(w, f);

	switch (f->role) {
	case SQ_ROLE_NAME:
		sq_walk_def_name(w, &f[-1], sym);
		return SQ_SKIP;
	case SQ_ROLE_DECL:
		sq_script_on_name(w, f, sym);
		return SQ_SKIP;
	case SQ_ROLE_A:   /* an element in lower case is one of HTML */
		if (!is_upper(text))
			return SQ_SKIP;
		f->role = SQ_ROLE_CALLEE;
		break;
	case SQ_ROLE_INHERIT:
		note_base(f, sym);
		break;
	default:
		break;
	}
	if (!sq_slice_is(text, "arguments") || !w->n_functions)
		(void)sq_walk_use(w, f, sym);
	return SQ_SKIP;
}

static enum sq_visit on_property(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_NAME && f[-1].rule->arg == SCRIPT_ENUM_BODY)
		(void)sq_walk_def_point(w, f, SQ_KIND_ENUM_VARIANT, sym, 0);
	else if (f->role == SQ_ROLE_NAME)
		sq_walk_def_name(w, &f[-1], sym);
	else if (f->role == SQ_ROLE_MEMBER)
		(void)sq_walk_use_member(w, f, sym);
	return SQ_SKIP;
}

/* super(...) calls the constructor of the base, which is named as its class */
static enum sq_visit on_super(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *c = f;

	if (f->role != SQ_ROLE_CALLEE)
		return SQ_SKIP;
	while (c->rule && c->rule->arg != SCRIPT_CLASS)
		c--;
	if (c->rule && c->aux != SQ_NONE) {
		uint32_t ref = sq_walk_use(w, f, c->aux);

		if (ref != SQ_NONE)
			sq_facts_ref(w->builder, ref)->flags |= SQ_REFF_NEW;
	}
	return SQ_SKIP;
}

/* scopes */

enum sq_visit sq_script_on_scope(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

/* the block of a namespace holds its members; that of a function has its scope */
static enum sq_visit on_block(struct sq_walk *w, struct sq_frame *f)
{
	unsigned p = f[-1].rule->arg;

	if (p != SCRIPT_MODULE && p != SCRIPT_AMBIENT && p != SCRIPT_FUNCTION && p != SCRIPT_ARROW)
		sq_walk_scope(w, f, p == SCRIPT_STATIC_BLOCK);
	return SQ_DESCEND;
}

static enum sq_visit on_for_in(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	/* "left" has no role of its own */
	f->child_role = ts_node_is_null(sq_node_field(f->node, "kind")) ? SQ_ROLE_WRITE :
									  SQ_ROLE_DECL;
	return SQ_DESCEND;
}

/* expressions */

static enum sq_visit on_member_expression(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_WRITE && f[-1].rule->arg == SCRIPT_ASSIGNMENT &&
	    (f[-1].bits & SCRIPT_IS_DONE))
		return SQ_SKIP;
	if (f->role == SQ_ROLE_INIT && (f[-1].bits & SCRIPT_IS_IMPORT))
		return SQ_SKIP;
	if (f->role == SQ_ROLE_A)
		f->role = SQ_ROLE_CALLEE;
	return SQ_DESCEND;
}

static enum sq_visit on_subscript(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_CALLEE || f->role == SQ_ROLE_INHERIT)
		f->role = SQ_ROLE_VALUE;
	return SQ_DESCEND;
}

/* the grammar reads "await f<T>()" as a call of what "await f" gives */
static enum sq_visit on_await(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_CALLEE && (f[-1].rule->flags & SQ_RULE_CALL))
		f->child_role = SQ_ROLE_CALLEE;
	return SQ_DESCEND;
}

static void leave_await(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_ref *r = f->child_role == SQ_ROLE_CALLEE ?
			   sq_facts_ref(w->builder, f[-1].ref) : NULL;

	if (r)
		r->flags |= SQ_REFF_AWAIT;
}

#define LEAF(name) { .type = name, .flags = SQ_RULE_LEAF }

const struct sq_rule_row sq_script_rules[] = {
	{ .type = "comment", .flags = SQ_RULE_COMMENT },
	{ .type = "html_comment", .flags = SQ_RULE_COMMENT },
	{ .type = "hash_bang_line", .flags = SQ_RULE_COMMENT },
	{ .type = "program", .leave = sq_script_leave_program },
	{ .type = "identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "shorthand_property_identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "shorthand_property_identifier_pattern", .enter = on_identifier,
	  .flags = SQ_RULE_LEAF },
	{ .type = "property_identifier", .enter = on_property, .flags = SQ_RULE_LEAF },
	{ .type = "private_property_identifier", .enter = on_property, .flags = SQ_RULE_LEAF },
	{ .type = "super", .enter = on_super, .flags = SQ_RULE_LEAF },
	LEAF("this"), LEAF("undefined"), LEAF("null"), LEAF("true"), LEAF("false"),
	LEAF("number"), LEAF("statement_identifier"), LEAF("optional_chain"),
	LEAF("string_fragment"), LEAF("escape_sequence"), LEAF("import"),
	{ .type = "meta_property", .enter = sq_on_opaque },
	{ .type = "regex", .enter = sq_on_opaque },
	{ .type = "import_attribute", .enter = sq_on_opaque },

	{ .type = "import_statement", .enter = sq_script_on_import },
	{ .type = "export_statement", .enter = sq_script_on_export, .arg = SCRIPT_EXPORT },

	{ .type = "function_declaration", .enter = sq_script_on_function, .arg = SCRIPT_FUNCTION },
	{ .type = "generator_function_declaration", .enter = sq_script_on_function,
	  .arg = SCRIPT_FUNCTION },
	{ .type = "function_expression", .enter = sq_script_on_function_value,
	  .leave = sq_script_leave_value, .arg = SCRIPT_FUNCTION },
	{ .type = "generator_function", .enter = sq_script_on_function_value,
	  .leave = sq_script_leave_value, .arg = SCRIPT_FUNCTION },
	{ .type = "arrow_function", .enter = sq_script_on_function_value,
	  .leave = sq_script_leave_value, .arg = SCRIPT_ARROW },
	{ .type = "method_definition", .enter = sq_script_on_method, .arg = SCRIPT_FUNCTION },
	{ .type = "class_declaration", .enter = sq_script_on_class, .arg = SCRIPT_CLASS },
	{ .type = "class", .enter = sq_script_on_class_value, .leave = sq_script_leave_value,
	  .arg = SCRIPT_CLASS },
	{ .type = "class_heritage", .child_role = SQ_ROLE_INHERIT, .arg = SCRIPT_HERITAGE },
	{ .type = "class_static_block", .arg = SCRIPT_STATIC_BLOCK },
	{ .type = "pair", .enter = sq_script_on_pair },
	{ .type = "object", .enter = sq_script_on_object, .arg = SCRIPT_OBJECT },
	{ .type = "decorator", .child_role = SQ_ROLE_CALLEE, .flags = SQ_RULE_CALL },

	{ .type = "lexical_declaration", .arg = SCRIPT_DECLARATION },
	{ .type = "variable_declaration", .arg = SCRIPT_DECLARATION },
	{ .type = "variable_declarator", .enter = sq_script_on_declarator,
	  .arg = SCRIPT_DECLARATOR },
	{ .type = "formal_parameters", .child_role = SQ_ROLE_DECL, .arg = SCRIPT_PARAMETERS },
	{ .type = "object_pattern", .child_role = SQ_ROLE_SAME, .arg = SCRIPT_PATTERN },
	{ .type = "array_pattern", .child_role = SQ_ROLE_SAME, .arg = SCRIPT_PATTERN },
	{ .type = "rest_pattern", .child_role = SQ_ROLE_SAME, .arg = SCRIPT_PATTERN },
	{ .type = "assignment_pattern", .arg = SCRIPT_PATTERN },
	{ .type = "object_assignment_pattern", .arg = SCRIPT_PATTERN },
	{ .type = "pair_pattern", .arg = SCRIPT_PATTERN },

	{ .type = "statement_block", .enter = on_block },
	{ .type = "for_statement", .enter = sq_script_on_scope },
	{ .type = "for_in_statement", .enter = on_for_in, .arg = SCRIPT_FOR },
	{ .type = "catch_clause", .enter = sq_script_on_scope, .arg = SCRIPT_CATCH },
	{ .type = "switch_body", .enter = sq_script_on_scope },

	{ .type = "call_expression", .enter = sq_script_on_call, .flags = SQ_RULE_CALL },
	{ .type = "new_expression", .flags = SQ_RULE_CALL | SQ_RULE_NEW },
	{ .type = "await_expression", .enter = on_await, .leave = leave_await,
	  .flags = SQ_RULE_AWAIT },
	{ .type = "arguments", .leave = sq_leave_arguments, .flags = SQ_RULE_COUNT },
	{ .type = "member_expression", .enter = on_member_expression },
	{ .type = "subscript_expression", .enter = on_subscript },
	{ .type = "parenthesized_expression", .child_role = SQ_ROLE_SAME },
	{ .type = "assignment_expression", .enter = sq_script_on_assignment,
	  .arg = SCRIPT_ASSIGNMENT },
	{ .type = NULL },
};

const struct sq_role_row sq_script_roles[] = {
	{ "export_statement", "value", SQ_ROLE_INIT },
	{ "function_declaration", "name", SQ_ROLE_IGNORE },
	{ "function_declaration", "body", SQ_ROLE_BODY },
	{ "generator_function_declaration", "name", SQ_ROLE_IGNORE },
	{ "generator_function_declaration", "body", SQ_ROLE_BODY },
	{ "function_expression", "name", SQ_ROLE_IGNORE },
	{ "function_expression", "body", SQ_ROLE_BODY },
	{ "generator_function", "name", SQ_ROLE_IGNORE },
	{ "generator_function", "body", SQ_ROLE_BODY },
	{ "arrow_function", "parameter", SQ_ROLE_DECL },
	{ "arrow_function", "body", SQ_ROLE_BODY },
	{ "method_definition", "body", SQ_ROLE_BODY },
	{ "class_declaration", "name", SQ_ROLE_IGNORE },
	{ "class_declaration", "body", SQ_ROLE_BODY },
	{ "class", "name", SQ_ROLE_IGNORE },
	{ "class", "body", SQ_ROLE_BODY },
	{ "pair", "value", SQ_ROLE_INIT },
	{ "variable_declarator", "name", SQ_ROLE_DECL },
	{ "variable_declarator", "value", SQ_ROLE_INIT },
	{ "assignment_pattern", "left", SQ_ROLE_SAME },
	{ "object_assignment_pattern", "left", SQ_ROLE_SAME },
	{ "pair_pattern", "value", SQ_ROLE_SAME },
	{ "catch_clause", "parameter", SQ_ROLE_DECL },
	{ "for_in_statement", "right", SQ_ROLE_VALUE },
	{ "for_in_statement", "value", SQ_ROLE_VALUE },
	{ "for_in_statement", "body", SQ_ROLE_VALUE },
	{ "call_expression", "function", SQ_ROLE_CALLEE },
	{ "call_expression", "arguments", SQ_ROLE_ARGS },
	{ "new_expression", "constructor", SQ_ROLE_CALLEE },
	{ "new_expression", "arguments", SQ_ROLE_ARGS },
	{ "member_expression", "object", SQ_ROLE_OBJECT },
	{ "member_expression", "property", SQ_ROLE_MEMBER },
	{ "subscript_expression", "object", SQ_ROLE_SAME },
	{ "assignment_expression", "left", SQ_ROLE_WRITE },
	{ "assignment_expression", "right", SQ_ROLE_INIT },
	{ "augmented_assignment_expression", "left", SQ_ROLE_WRITE },
	{ "update_expression", "argument", SQ_ROLE_WRITE },
	{ NULL, NULL, 0 },
};

const struct sq_rule_row sq_script_jsx_rules[] = {
	{ .type = "jsx_opening_element", .flags = SQ_RULE_CALL },
	{ .type = "jsx_self_closing_element", .flags = SQ_RULE_CALL },
	{ .type = "jsx_closing_element", .enter = sq_on_opaque },
	{ .type = "jsx_namespace_name", .enter = sq_on_opaque },
	LEAF("jsx_text"),
	{ .type = NULL },
};

const struct sq_role_row sq_script_jsx_roles[] = {
	{ "jsx_opening_element", "name", SQ_ROLE_A },
	{ "jsx_self_closing_element", "name", SQ_ROLE_A },
	{ NULL, NULL, 0 },
};

static const struct sq_rule_row javascript_rules[] = {
	{ .type = "field_definition", .enter = sq_script_on_field },
	{ .type = "using_declaration", .arg = SCRIPT_DECLARATION },
	{ .type = NULL },
};

static const struct sq_role_row javascript_roles[] = {
	{ "field_definition", "value", SQ_ROLE_INIT },
	{ NULL, NULL, 0 },
};

const char *const sq_script_suffixes[] = {
	".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", NULL,
};
const char *const sq_script_index_stems[] = { "index", NULL };
const char *const sq_script_self_names[] = { "this", NULL };
static const char *const extensions[] = { ".js", ".jsx", ".mjs", ".cjs", NULL };

const struct sq_lang_traits sq_traits_javascript = SQ_SCRIPT_TRAITS(SQ_LANG_JAVASCRIPT);

const struct sq_spec sq_spec_javascript = {
	.lang = SQ_LANG_JAVASCRIPT,
	.version = 3,
	.grammar = "javascript",
	.rules = { sq_script_rules, javascript_rules, sq_script_jsx_rules },
	.roles = { sq_script_roles, javascript_roles, sq_script_jsx_roles },
	.extensions = extensions,
	.traits = &sq_traits_javascript,
	.inserts_semicolons = true,
};
