/* SPDX-License-Identifier: MIT */
/*
 * TypeScript: grammars tree-sitter-typescript and tree-sitter-tsx, which
 * differ in JSX and in <type> assertions only.
 *
 * A signature without a body is a definition until its implementation follows
 * it; then it is a declaration. Of overloads that have none, as in .d.ts
 * files, the first one is the definition.
 */
#include "lang/lang-script.h"

/* declarations */

static enum sq_visit define(struct sq_walk *w, struct sq_frame *f, enum sq_kind kind)
{
	unsigned flags = sq_script_export_flags(f);

	if (kind == SQ_KIND_ENUM)
		(void)sq_walk_def(w, f, kind, sq_walk_sym(w, sq_node_text(w, sq_node_field(f->node, "name"))),
				  flags);
	else
		(void)sq_walk_def(w, f, kind, SQ_NONE, flags);
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_interface(struct sq_walk *w, struct sq_frame *f)
{
	return define(w, f, SQ_KIND_INTERFACE);
}

static enum sq_visit on_type_alias(struct sq_walk *w, struct sq_frame *f)
{
	return define(w, f, SQ_KIND_TYPE);
}

static enum sq_visit on_enum(struct sq_walk *w, struct sq_frame *f)
{
	return define(w, f, SQ_KIND_ENUM);
}

static enum sq_visit on_enum_value(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");

	(void)sq_walk_def(w, f, SQ_KIND_ENUM_VARIANT, sq_script_member_sym(w, name), 0);
	return SQ_DESCEND;
}

/* namespace a.b { }, declare module "m" { } */
static enum sq_visit on_module(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_script_member_sym(w, sq_node_field(f->node, "name"));

	(void)sq_walk_def(w, f, SQ_KIND_MODULE, sym, sq_script_export_flags(f));
	return SQ_DESCEND;
}

/* members and signatures */

/* not the members of a type that is written where it is used */
static bool is_member(struct sq_walk *w, const struct sq_frame *f)
{
	const struct sq_def *d = sq_walk_get_def(w, w->encl);

	return f[-1].rule->arg != SCRIPT_OBJECT_TYPE || (d && d->kind == SQ_KIND_TYPE);
}

static enum sq_visit on_property_signature(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");

	if (is_member(w, f))
		(void)sq_walk_def(w, f, SQ_KIND_PROPERTY, sq_script_member_sym(w, name),
				  sq_script_words(w, f->node, name) & UINT16_MAX);
	return SQ_DESCEND;
}

/* a second signature of the same function */
static bool is_overload(struct sq_walk *w, uint32_t sym)
{
	const struct sq_def *d = w->carry ? sq_walk_get_def(w, w->carry - 1) : NULL;

	return d && d->parent == w->encl && d->name != SQ_NONE &&
	       sq_slice_eq(sq_facts_string(w->builder, d->name), sq_walk_text(w, sym));
}

static void declare(struct sq_walk *w, TSNode name, uint32_t sym, enum sq_kind kind)
{
	TSPoint at = ts_node_start_point(name);
	struct sq_ref *r;

	r = sq_facts_ref(w->builder, sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_DECLARATION,
						      sq_walk_text(w, sym), SQ_ARGC_UNKNOWN));
	if (r && kind == SQ_KIND_METHOD)
		r->qual = sq_facts_add_string(w->builder, SQ_LIT("this"));
}

static enum sq_visit on_signature(struct sq_walk *w, struct sq_frame *f, enum sq_kind kind,
				  uint32_t sym, unsigned flags)
{
	TSNode name = sq_node_field(f->node, "name");

	if (is_overload(w, sym)) {
		declare(w, name, sym, kind);
	} else if (sym != SQ_NONE) {
		w->carry = sq_walk_def(w, f, kind, sym, flags) + 1;
		w->carry_node = name;
	}
	sq_walk_scope(w, f, false);   /* of its parameters */
	return SQ_DESCEND;
}

static enum sq_visit on_function_signature(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	uint32_t sym = sq_walk_sym(w, sq_node_text(w, name));

	return on_signature(w, f, SQ_KIND_FUNCTION, sym,
			    (sq_script_words(w, f->node, name) & UINT16_MAX) |
			    sq_script_export_flags(f));
}

/* import A = B.C: a name for a member of a namespace */
static enum sq_visit on_import_alias(struct sq_walk *w, struct sq_frame *f)
{
	TSNode alias = ts_node_named_child(f->node, 0), path = ts_node_named_child(f->node, 1);
	struct sq_slice text = sq_walk_text(w, sq_walk_type_path(w, sq_node_text(w, path)));
	const char *dot = text.n ? memrchr(text.p, '.', text.n) : NULL;
	struct sq_slice target = dot ? sq_slice(text.p, (size_t)(dot - text.p)) : SQ_LIT(".");
	struct sq_slice name = dot ? sq_slice(dot + 1, text.n - target.n - 1) : text;
	TSNode last = sq_node_field(path, "property");
	TSPoint at = ts_node_start_point(ts_node_is_null(last) ? path : last);
	struct sq_ref *r;

	if (!name.n)
		return SQ_SKIP;
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_USING, target, name,
		       sq_node_text(w, alias), 0);
	r = sq_facts_ref(w->builder, sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_READ, name,
						      SQ_ARGC_UNKNOWN));
	if (r && dot)
		r->qual = sq_facts_add_string(w->builder, target);
	return SQ_SKIP;
}

static enum sq_visit on_method_signature(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");

	if (is_member(w, f))
		return on_signature(w, f, SQ_KIND_METHOD, sq_script_member_sym(w, name),
				    sq_script_words(w, f->node, name) & UINT16_MAX);
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

/* constructor(private x: T) makes a property */
static enum sq_visit on_parameter(struct sq_walk *w, struct sq_frame *f)
{
	TSNode pattern = sq_node_field(f->node, "pattern");
	const struct sq_frame *method = &f[-2];

	if ((sq_script_words(w, f->node, pattern) & (SCRIPT_ACCESS | SCRIPT_READONLY)) &&
	    sq_script_is(method->node, "method_definition"))
		f->bits |= SCRIPT_IS_PROPERTY;
	return SQ_DESCEND;
}

#define LEAF(name) { .type = name, .flags = SQ_RULE_LEAF }
#define SCOPE(name) { .type = name, .enter = sq_script_on_scope }
#define SAME(name) { .type = name, .child_role = SQ_ROLE_SAME }

static const struct sq_rule_row rules[] = {
	{ .type = "type_identifier", .enter = sq_script_on_type, .flags = SQ_RULE_LEAF },
	{ .type = "predefined_type", .enter = sq_on_opaque },
	{ .type = "accessibility_modifier", .enter = sq_on_opaque },
	{ .type = "override_modifier", .enter = sq_on_opaque },
	LEAF("this_type"), LEAF("existential_type"),

	{ .type = "interface_declaration", .enter = on_interface },
	{ .type = "type_alias_declaration", .enter = on_type_alias },
	{ .type = "enum_declaration", .enter = on_enum },
	{ .type = "enum_body", .arg = SCRIPT_ENUM_BODY },
	{ .type = "enum_assignment", .enter = on_enum_value },
	{ .type = "internal_module", .enter = on_module, .arg = SCRIPT_MODULE },
	{ .type = "module", .enter = on_module, .arg = SCRIPT_MODULE },
	{ .type = "ambient_declaration", .arg = SCRIPT_AMBIENT },
	{ .type = "import_alias", .enter = sq_on_opaque },
	{ .type = "abstract_class_declaration", .enter = sq_script_on_class, .arg = SCRIPT_CLASS },
	{ .type = "extends_clause", .arg = SCRIPT_HERITAGE },
	{ .type = "implements_clause", .child_role = SQ_ROLE_IMPLEMENT },
	{ .type = "object_type", .arg = SCRIPT_OBJECT_TYPE },
	{ .type = "public_field_definition", .enter = sq_script_on_field },
	{ .type = "property_signature", .enter = on_property_signature },
	{ .type = "function_signature", .enter = on_function_signature },
	{ .type = "import_alias", .enter = on_import_alias },
	{ .type = "method_signature", .enter = on_method_signature },
	{ .type = "abstract_method_signature", .enter = on_method_signature },
	{ .type = "required_parameter", .enter = on_parameter, .arg = SCRIPT_PARAMETER },
	{ .type = "optional_parameter", .enter = on_parameter, .arg = SCRIPT_PARAMETER },

	SCOPE("call_signature"), SCOPE("construct_signature"), SCOPE("function_type"),
	SCOPE("constructor_type"), SCOPE("conditional_type"), SCOPE("index_signature"),
	{ .type = "type_arguments", .child_role = SQ_ROLE_TYPE },
	{ .type = "infer_type", .child_role = SQ_ROLE_DECL },
	SAME("as_expression"), SAME("satisfies_expression"), SAME("non_null_expression"),
	SAME("instantiation_expression"),
	{ .type = NULL },
};

static const struct sq_role_row roles[] = {
	{ "interface_declaration", "name", SQ_ROLE_NAME },
	{ "interface_declaration", "body", SQ_ROLE_BODY },
	{ "type_alias_declaration", "name", SQ_ROLE_NAME },
	{ "enum_declaration", "name", SQ_ROLE_IGNORE },
	{ "enum_declaration", "body", SQ_ROLE_BODY },
	{ "enum_body", "name", SQ_ROLE_NAME },
	{ "enum_assignment", "value", SQ_ROLE_INIT },
	{ "internal_module", "name", SQ_ROLE_IGNORE },
	{ "internal_module", "body", SQ_ROLE_BODY },
	{ "module", "name", SQ_ROLE_IGNORE },
	{ "module", "body", SQ_ROLE_BODY },
	{ "abstract_class_declaration", "name", SQ_ROLE_IGNORE },
	{ "abstract_class_declaration", "body", SQ_ROLE_BODY },
	{ "extends_clause", "value", SQ_ROLE_INHERIT },
	{ "extends_type_clause", "type", SQ_ROLE_INHERIT },
	{ "public_field_definition", "value", SQ_ROLE_INIT },
	{ "function_signature", "name", SQ_ROLE_IGNORE },
	{ "required_parameter", "name", SQ_ROLE_IGNORE },
	{ "required_parameter", "pattern", SQ_ROLE_DECL },
	{ "optional_parameter", "name", SQ_ROLE_IGNORE },
	{ "optional_parameter", "pattern", SQ_ROLE_DECL },
	{ "type_parameter", "name", SQ_ROLE_DECL },
	{ "mapped_type_clause", "name", SQ_ROLE_DECL },
	{ "index_signature", "name", SQ_ROLE_IGNORE },
	{ "type_predicate", "name", SQ_ROLE_IGNORE },
	{ "generic_type", "name", SQ_ROLE_SAME },
	{ "nested_type_identifier", "module", SQ_ROLE_OBJECT },
	{ "nested_type_identifier", "name", SQ_ROLE_MEMBER },
	{ "nested_identifier", "object", SQ_ROLE_OBJECT },
	{ "nested_identifier", "property", SQ_ROLE_MEMBER },
	{ NULL, NULL, 0 },
};

/* the part of the rules that is the grammar's own */
static const struct sq_rule_row typescript_rules[] = {
	SAME("type_assertion"),
	{ .type = NULL },
};

static const char *const extensions[] = { ".ts", ".mts", ".cts", NULL };
static const char *const tsx_extensions[] = { ".tsx", NULL };

const struct sq_lang_traits sq_traits_typescript = SQ_SCRIPT_TRAITS(SQ_LANG_TYPESCRIPT);
const struct sq_lang_traits sq_traits_tsx = SQ_SCRIPT_TRAITS(SQ_LANG_TSX);

const struct sq_spec sq_spec_typescript = {
	.lang = SQ_LANG_TYPESCRIPT,
	.version = 3,
	.grammar = "typescript",
	.rules = { sq_script_rules, rules, typescript_rules },
	.roles = { sq_script_roles, roles },
	.extensions = extensions,
	.traits = &sq_traits_typescript,
	.inserts_semicolons = true,
};

const struct sq_spec sq_spec_tsx = {
	.lang = SQ_LANG_TSX,
	.version = 3,
	.grammar = "tsx",
	.rules = { sq_script_rules, rules, sq_script_jsx_rules },
	.roles = { sq_script_roles, roles, sq_script_jsx_roles },
	.extensions = tsx_extensions,
	.traits = &sq_traits_tsx,
	.inserts_semicolons = true,
};
