/* SPDX-License-Identifier: MIT */
/* C: grammar tree-sitter-c. The rows are shared with C++. */
#include "lang/lang-c.h"

/* leaves */

enum sq_visit sq_c_on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->start == w->claimed && w->claimed)
		return SQ_SKIP;   /* the name of a definition that reads as something else */
	if (f->role == SQ_ROLE_DECL)
		sq_c_declare(w, f, sym);
	else if (f->role == SQ_ROLE_NAME)
		sq_walk_def_name(w, &f[-1], sym);
	else if (f->role == SQ_ROLE_A)
		sq_walk_local(w, sym, SQ_NONE);
	else if (w->n_functions || !sq_c_is_keyword(sq_frame_text(w, f)))
		f->ref = sq_walk_use(w, f, sym);   /* misread macros leave words behind */
	return SQ_SKIP;
}

/* the variable that an initialiser list fills, if it is the outermost list */
static uint32_t initialised_type(const struct sq_frame *list)
{
	const struct sq_frame *p = &list[-1];

	if (p->rule->arg == SQ_C_INIT)
		return p[-1].type;
	return p->type;   /* compound literal: its type descriptor told it; else none */
}

static void use_designator(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	/* f[-1] field_designator, f[-2] initializer_pair, f[-3] initializer_list */
	uint32_t type = initialised_type(&f[-3]);

	(void)sq_walk_ref(w, f, SQ_REF_WRITE, sym, type,
			  type == SQ_NONE ? SQ_REFF_EXPR : SQ_REFF_TYPED);
}

enum sq_visit sq_c_on_field_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_DECL)
		sq_c_declare(w, f, sym);
	else if (f->role == SQ_ROLE_MEMBER)
		(void)sq_walk_use_member(w, f, sym);
	else if (f->role == SQ_ROLE_B)
		use_designator(w, f, sym);
	else if (f->role == SQ_ROLE_C)   /* offsetof */
		(void)sq_walk_ref(w, f, SQ_REF_READ, sym, f[-1].type,
				  f[-1].type == SQ_NONE ? SQ_REFF_EXPR : SQ_REFF_TYPED);
	return SQ_SKIP;
}

/* "static DEFINE_MUTEX(lock);" reads as a declaration of (lock) */
static void use_type(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	f->role = SQ_ROLE_TYPE;
	f->ref = sq_walk_use(w, f, sym);
	f[-1].type = sym;
	f[-1].ref = f->ref;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * "module_init(start)" without a semicolon reads as the type of what comes
 * next. As a type it would share its line with that, or a "*" would follow.
 */
static bool is_lone_macro(const struct sq_walk *w, TSNode node)
{
	const char *p = w->bytes.p + ts_node_end_byte(node), *end = w->bytes.p + w->bytes.n;

	if (strcmp(ts_node_type(node), "macro_type_specifier") != 0)
		return false;
	while (p < end && is_blank(*p))
		p++;
	if (p < end && *p != '\n')
		return false;
	while (p < end && (is_blank(*p) || *p == '\n'))
		p++;
	return p == end || *p != '*';
}

static bool is_type(const struct sq_frame *f, const char *type)
{
	return !strcmp(ts_node_type(f->node), type);
}

/* is it the argument of such a macro; or of the call behind one, which reads as a prototype? */
static bool is_macro_argument(const struct sq_walk *w, const struct sq_frame *f)
{
	TSNode type;

	/* few type names stand alone in brackets: the rest is not looked at */
	if (!f->start || w->bytes.p[f->start - 1] != '(' || f->end >= w->bytes.n || w->bytes.p[f->end] != ')')
		return false;
	if (is_type(&f[-1], "type_descriptor"))
		return is_lone_macro(w, f[-2].node);
	if (!is_type(&f[-1], "parameter_declaration") || !is_type(&f[-2], "parameter_list") ||
	    !is_type(&f[-3], "function_declarator"))
		return false;
	type = sq_node_field(f[-4].node, "type");
	return !ts_node_is_null(type) && is_lone_macro(w, type);
}

enum sq_visit sq_c_on_type_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_DECL) {
		sq_c_declare(w, f, sym);
	} else if (f->role == SQ_ROLE_NAME && f[-1].def != SQ_NONE) {
		sq_walk_def_name(w, &f[-1], sym);
	} else if (f->role == SQ_ROLE_NAME) {
		/* struct x without a body */
		(void)sq_walk_ref(w, f, f[-1].bits ? SQ_REF_DECLARATION : SQ_REF_TYPE, sym,
				  SQ_NONE, 0);
		f[-2].type = sym;
	} else if (is_macro_argument(w, f)) {
		(void)sq_walk_ref(w, f, SQ_REF_READ, sym, SQ_NONE, 0);
	} else {
		use_type(w, f, sym);
	}
	return SQ_SKIP;
}

/* "typedef unsigned long size_t;": the grammar knows size_t as primitive */
static enum sq_visit on_primitive_type(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_DECL)
		sq_c_declare(w, f, sq_walk_leaf_sym(w, f));
	return SQ_SKIP;
}

/* a static member is seen by other files, a static function is not */
static void set_static(struct sq_walk *w, const struct sq_frame *f)
{
	struct sq_def *d = sq_walk_get_def(w, f->def);

	if (!d)
		return;
	d->flags |= SQ_DEF_STATIC;
	if (f->rule->arg == SQ_C_FUNCTION && f[-1].rule->arg != SQ_C_FIELD_LIST &&
	    f[-2].rule->arg != SQ_C_FIELD_LIST)
		d->flags |= SQ_DEF_FILE_LOCAL;
}

static enum sq_visit on_storage_class(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);

	if (sq_slice_is(s, "static")) {
		f[-1].bits |= SQ_C_STATIC;
		set_static(w, &f[-1]);
	} else if (sq_slice_is(s, "extern")) {
		f[-1].bits |= SQ_C_EXTERN;
	}
	return SQ_SKIP;
}

/* definitions */

static enum sq_visit on_function(struct sq_walk *w, struct sq_frame *f)
{
	unsigned flags = sq_c_flags(w, f);

	if (w->carry)
		flags |= SQ_DEF_STATIC | SQ_DEF_FILE_LOCAL;
	w->carry = 0;
	(void)sq_walk_def(w, f, SQ_KIND_FUNCTION, SQ_NONE, flags);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static enum sq_visit on_declaration(struct sq_walk *w, struct sq_frame *f)
{
	w->carry = 0;
	f->aux = sq_facts_n_refs(w->builder);
	return SQ_DESCEND;
}

/* MACRO(name); at file level, read as type MACRO and declarator (name) */
static void leave_declaration(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_ref *r;

	if (!(f->bits & SQ_C_MACRO_CALL))
		return;
	r = sq_facts_ref(w->builder, f->ref);
	if (r) {
		r->kind = SQ_REF_CALL;
		r->argc = 1;
	}
}

static enum sq_visit on_paren_declarator(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f[-1].rule->arg == SQ_C_DECLARATION && f[-1].ref != SQ_NONE) {
		f[-1].bits |= SQ_C_MACRO_CALL;
		f[-1].type = SQ_NONE;
	}
	return SQ_DESCEND;
}

/* a named struct is no member of the field, variable or typedef that it is written in;
 * and C has no nested type names at all, at most those of a function */
static void lift(struct sq_walk *w, uint32_t def)
{
	struct sq_def *d = sq_walk_get_def(w, def), *p;

	if (!d || d->name == SQ_NONE)
		return;
	for (; (p = sq_walk_get_def(w, d->parent)); d->parent = p->parent) {
		bool is_scope = p->kind == SQ_KIND_FUNCTION || p->kind == SQ_KIND_METHOD;

		if (w->spec->lang != SQ_LANG_C)
			is_scope |= p->kind == SQ_KIND_CLASS || p->kind == SQ_KIND_STRUCT ||
				    p->kind == SQ_KIND_MODULE;
		if (is_scope && p->name != SQ_NONE)
			return;
	}
}

enum sq_visit sq_c_on_struct(struct sq_walk *w, struct sq_frame *f)
{
	if (!ts_node_is_null(sq_node_field(f->node, "body")))
		(void)sq_walk_def(w, f, f->rule->arg, SQ_NONE, sq_c_flags(w, f));
	else if (f->role != SQ_ROLE_TYPE)
		f->bits = 1;   /* "struct x;" only says that there is one */
	return SQ_DESCEND;
}

void sq_c_leave_struct(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name;

	if (f->def == SQ_NONE)
		return;
	lift(w, f->def);
	name = sq_node_text(w, sq_node_field(f->node, "name"));
	if (name.n)
		f[-1].type = sq_walk_sym(w, name);
}

/* the newline that ends a directive is not part of the definition */
static void leave_macro(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_def *d = sq_walk_get_def(w, f->def);
	uint32_t end = f->end, from;

	if (!d)
		return;
	d->parent = SQ_NONE;
	d->flags &= (uint16_t)~SQ_DEF_NESTED;
	if (end > f->start && w->bytes.p[end - 1] != '\n')
		return;
	while (end > f->start && strchr(" \t\r\n", w->bytes.p[end - 1])) {
		end--;
		if (w->bytes.p[end] == '\n')
			d->end_line--;
	}
	for (from = end; from && w->bytes.p[from - 1] != '\n';)
		from--;
	d->end_col = end - from;
	f->end = end;
}

static enum sq_visit on_macro(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_MACRO, SQ_NONE, 0);
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_macro_body(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_D && memchr(w->bytes.p + f->start, '\n', f->end - f->start))
		sq_walk_body_at(w, &f[-1], f->start);
	if (f->role == SQ_ROLE_D || f->role == SQ_ROLE_BODY)
		sq_c_scan_macro(w, f);
	return SQ_SKIP;
}

/* preprocessor */

static enum sq_visit on_include(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_node_text(w, sq_node_field(f->node, "path"));
	unsigned flags = 0;

	if (s.n && s.p[0] != '"' && s.p[0] != '<') {
		/* a macro names it: something is included, and nobody knows what */
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_INCLUDE, s, SQ_SLICE_NULL,
			       SQ_SLICE_NULL, 0);
		return SQ_DESCEND;
	}
	if (s.n < 2)
		return SQ_DESCEND;
	if (s.p[0] == '<')
		flags = SQ_IMP_SYSTEM;
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_INCLUDE, sq_slice(s.p + 1, s.n - 2),
		       SQ_SLICE_NULL, SQ_SLICE_NULL, flags);
	return SQ_SKIP;
}

/* #undef X mentions a macro; the arguments of #pragma and #error nothing */
static enum sq_visit on_preproc_call(struct sq_walk *w, struct sq_frame *f)
{
	TSNode arg = sq_node_field(f->node, "argument");
	struct sq_slice text = sq_node_text(w, arg);
	TSPoint at;

	if (!sq_slice_is(sq_node_text(w, sq_node_field(f->node, "directive")), "#undef") || !text.n)
		return SQ_SKIP;
	while (text.n && strchr(" \t\r", text.p[text.n - 1]))
		text.n--;
	at = ts_node_start_point(arg);
	if (sq_is_identifier(text))
		(void)sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_MACRO, text, SQ_ARGC_UNKNOWN);
	return SQ_SKIP;
}

/* expressions */

static enum sq_visit on_pointer_expression(struct sq_walk *w, struct sq_frame *f)
{
	if (w->bytes.p[f->start] == '&')
		f->child_role = SQ_ROLE_ADDRESS;
	else if (f->role == SQ_ROLE_CALLEE)
		f->child_role = SQ_ROLE_CALLEE;   /* (*f)(x) */
	return SQ_DESCEND;
}

static enum sq_visit on_subscript(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_CALLEE)   /* table[i](x) reads the table */
		f->role = SQ_ROLE_VALUE;
	return SQ_DESCEND;
}

static enum sq_visit on_field(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_PROPERTY, SQ_NONE, sq_c_flags(w, f));
	return SQ_DESCEND;
}

static enum sq_visit on_typedef(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_TYPE, SQ_NONE, sq_c_flags(w, f));
	return SQ_DESCEND;
}

/* a type inside tells its own type to what contains it */
void sq_c_leave_type(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->type != SQ_NONE)
		f[-1].type = f->type;
}

static const char *const extensions[] = { ".c", ".h", NULL };

const struct sq_rule_row sq_c_rules[] = {
	{ .type = "comment", .flags = SQ_RULE_COMMENT },
	{ .type = "identifier", .enter = sq_c_on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "field_identifier", .enter = sq_c_on_field_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "type_identifier", .enter = sq_c_on_type_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "primitive_type", .enter = on_primitive_type, .flags = SQ_RULE_LEAF },
	{ .type = "storage_class_specifier", .enter = on_storage_class, .flags = SQ_RULE_LEAF },
	{ .type = "number_literal", .flags = SQ_RULE_LEAF },
	{ .type = "statement_identifier", .flags = SQ_RULE_LEAF },
	{ .type = "string_literal", .enter = sq_on_opaque },
	{ .type = "char_literal", .enter = sq_on_opaque },
	{ .type = "attribute_declaration", .enter = sq_on_opaque },
	{ .type = "attribute_specifier", .enter = sq_on_opaque },
	{ .type = "ms_declspec_modifier", .enter = sq_on_opaque },
	{ .type = "gnu_asm_clobber_list", .enter = sq_on_opaque },
	{ .type = "gnu_asm_goto_list", .enter = sq_on_opaque },

	{ .type = "function_definition", .enter = on_function, .arg = SQ_C_FUNCTION },
	{ .type = "declaration", .enter = on_declaration, .leave = leave_declaration,
	  .arg = SQ_C_DECLARATION },
	{ .type = "parameter_declaration", .arg = SQ_C_PARAMETER },
	{ .type = "parameter_list", .child_role = SQ_ROLE_A },
	{ .type = "field_declaration", .enter = on_field, .arg = SQ_C_FIELD },
	{ .type = "type_definition", .enter = on_typedef, .arg = SQ_C_TYPEDEF },
	{ .type = "function_declarator", .arg = SQ_C_FUNCTION_DECLARATOR },
	{ .type = "pointer_declarator", .arg = SQ_C_POINTER, .child_role = SQ_ROLE_DECL },
	{ .type = "array_declarator", .arg = SQ_C_POINTER },
	{ .type = "parenthesized_declarator", .enter = on_paren_declarator, .arg = SQ_C_PAREN,
	  .child_role = SQ_ROLE_DECL },
	{ .type = "attributed_declarator", .arg = SQ_C_PAREN, .child_role = SQ_ROLE_DECL },
	{ .type = "init_declarator", .arg = SQ_C_INIT },
	{ .type = "struct_specifier", .enter = sq_c_on_struct, .leave = sq_c_leave_struct,
	  .arg = SQ_KIND_STRUCT },
	{ .type = "union_specifier", .enter = sq_c_on_struct, .leave = sq_c_leave_struct,
	  .arg = SQ_KIND_STRUCT },
	{ .type = "enum_specifier", .enter = sq_c_on_struct, .leave = sq_c_leave_struct, .arg = SQ_KIND_ENUM },
	{ .type = "enumerator", .enter = sq_on_definition, .arg = SQ_KIND_ENUM_VARIANT },
	{ .type = "type_descriptor", .leave = sq_c_leave_type },

	{ .type = "preproc_def", .enter = on_macro, .leave = leave_macro },
	{ .type = "preproc_function_def", .enter = on_macro, .leave = leave_macro },
	{ .type = "preproc_params", .child_role = SQ_ROLE_A },
	{ .type = "preproc_arg", .enter = on_macro_body, .flags = SQ_RULE_LEAF },
	{ .type = "preproc_include", .enter = on_include },
	{ .type = "preproc_call", .enter = on_preproc_call },
	{ .type = "preproc_defined", .child_role = SQ_ROLE_MACRO },

	{ .type = "call_expression", .flags = SQ_RULE_CALL },
	{ .type = "argument_list", .leave = sq_leave_arguments, .flags = SQ_RULE_COUNT },
	{ .type = "parenthesized_expression", .child_role = SQ_ROLE_SAME },
	{ .type = "field_expression" },
	{ .type = "subscript_expression", .enter = on_subscript },
	{ .type = "pointer_expression", .enter = on_pointer_expression },
	{ .type = "field_designator", .child_role = SQ_ROLE_B },
	{ .type = "expression_statement", .enter = sq_c_on_expression_statement },
	{ .type = "compound_statement", .enter = sq_c_on_compound,
	  .leave = sq_c_leave_compound },
	{ .type = NULL },
};

const struct sq_role_row sq_c_roles[] = {
	{ "function_definition", "type", SQ_ROLE_TYPE },
	{ "function_definition", "declarator", SQ_ROLE_DECL },
	{ "function_definition", "body", SQ_ROLE_BODY },
	{ "declaration", "type", SQ_ROLE_TYPE },
	{ "declaration", "declarator", SQ_ROLE_DECL },
	{ "parameter_declaration", "type", SQ_ROLE_TYPE },
	{ "parameter_declaration", "declarator", SQ_ROLE_DECL },
	{ "field_declaration", "type", SQ_ROLE_TYPE },
	{ "field_declaration", "declarator", SQ_ROLE_DECL },
	{ "type_definition", "type", SQ_ROLE_TYPE },
	{ "type_definition", "declarator", SQ_ROLE_DECL },
	{ "type_descriptor", "type", SQ_ROLE_TYPE },
	{ "function_declarator", "declarator", SQ_ROLE_DECL },
	{ "array_declarator", "declarator", SQ_ROLE_DECL },
	{ "init_declarator", "declarator", SQ_ROLE_DECL },
	{ "init_declarator", "value", SQ_ROLE_INIT },
	{ "struct_specifier", "name", SQ_ROLE_NAME },
	{ "struct_specifier", "body", SQ_ROLE_BODY },
	{ "union_specifier", "name", SQ_ROLE_NAME },
	{ "union_specifier", "body", SQ_ROLE_BODY },
	{ "enum_specifier", "name", SQ_ROLE_NAME },
	{ "enum_specifier", "body", SQ_ROLE_BODY },
	{ "enumerator", "name", SQ_ROLE_NAME },
	{ "preproc_def", "name", SQ_ROLE_NAME },
	{ "preproc_def", "value", SQ_ROLE_D },
	{ "preproc_function_def", "name", SQ_ROLE_NAME },
	{ "preproc_function_def", "value", SQ_ROLE_BODY },
	{ "preproc_if", "condition", SQ_ROLE_MACRO },
	{ "preproc_elif", "condition", SQ_ROLE_MACRO },
	{ "preproc_ifdef", "name", SQ_ROLE_MACRO },
	{ "preproc_elifdef", "name", SQ_ROLE_MACRO },
	{ "call_expression", "function", SQ_ROLE_CALLEE },
	{ "call_expression", "arguments", SQ_ROLE_ARGS },
	{ "field_expression", "argument", SQ_ROLE_OBJECT },
	{ "field_expression", "field", SQ_ROLE_MEMBER },
	{ "subscript_expression", "argument", SQ_ROLE_SAME },
	{ "assignment_expression", "left", SQ_ROLE_WRITE },
	{ "update_expression", "argument", SQ_ROLE_WRITE },
	{ "gnu_asm_input_operand", "symbol", SQ_ROLE_IGNORE },
	{ "gnu_asm_output_operand", "symbol", SQ_ROLE_IGNORE },
	{ NULL, NULL, 0 },
};

/* what only the C grammar has */
static const struct sq_rule_row c_rules[] = {
	{ .type = "macro_type_specifier", .flags = SQ_RULE_CALL },
	{ .type = NULL },
};
static const struct sq_role_row c_roles[] = {
	{ "macro_type_specifier", "name", SQ_ROLE_CALLEE },
	{ "offsetof_expression", "member", SQ_ROLE_C },
	{ NULL, NULL, 0 },
};

const struct sq_lang_traits sq_traits_c = {
	.lang = SQ_LANG_C,
	.family = SQ_FAMILY_C,
	.style = SQ_STYLE_INCLUDE,
	.unit = SQ_UNIT_LINKAGE,
	.extensions = extensions,
	.separator = ".",
};

const struct sq_spec sq_spec_c = {
	.lang = SQ_LANG_C,
	.version = 5,
	.grammar = "c",
	.cut = sq_c_cut,
	.condition = sq_c_condition,
	.rules = { sq_c_rules, c_rules },
	.roles = { sq_c_roles, c_roles },
	.extensions = extensions,
	.traits = &sq_traits_c,
};
