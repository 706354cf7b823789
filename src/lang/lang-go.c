/* SPDX-License-Identifier: MIT */
/* Go: leaves, types, expressions. */
#include "lang/lang-go.h"

/* names */

static bool is_one_of(struct sq_slice s, const char *const *names)
{
	for (; *names; names++)
		if (sq_slice_is(s, *names))
			return true;
	return false;
}

bool sq_go_is_builtin_type(struct sq_slice s)
{
	static const char *const names[] = {
		"int", "string", "bool", "byte", "error", "any", "uint", "int8", "int16", "int32",
		"int64", "uint8", "uint16", "uint32", "uint64", "uintptr", "float32", "float64",
		"complex64", "complex128", "rune", "comparable", NULL
	};

	return s.n >= 3 && s.n <= 10 && s.p[0] >= 'a' && is_one_of(s, names);
}

/* predeclared names that nobody defines anew */
static bool is_builtin(struct sq_slice s)
{
	static const char *const names[] = {
		"len", "append", "make", "new", "panic", "cap", "recover", "_", NULL
	};

	return is_one_of(s, names) || sq_go_is_builtin_type(s);
}

bool sq_go_is_upper(struct sq_slice s)
{
	return s.n && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

/* types */

/* Types tell their container what they name. */
static void tell_type(const struct sq_frame *f, uint32_t type)
{
	if (f->role != SQ_ROLE_C)
		((struct sq_frame *)f)[-1].type = type;
}

static void leave_type(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	tell_type(f, f->type);
	f[-1].bits |= f->bits & GO_ANONYMOUS;
}

/* of []T, [n]T and map[K]T only the T of its elements is kept */
static void leave_container(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	f[-1].aux = f->type;
	f[-1].bits |= (f->bits & GO_ANONYMOUS) | GO_HAS_ELEMENTS;
}

static enum sq_visit on_qualified(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_VALUE || f->role == SQ_ROLE_OBJECT)
		f->role = SQ_ROLE_TYPE;
	return SQ_DESCEND;
}

static void leave_qualified(struct sq_walk *w, struct sq_frame *f)
{
	tell_type(f, sq_walk_type_path(w, sq_frame_text(w, f)));
}

/* ".T" is the key under which type T's definition of this file is kept */
uint32_t sq_go_type_key(struct sq_walk *w, struct sq_slice name)
{
	sq_buf_clear(&w->scratch);
	sq_buf_putc(&w->scratch, '.');
	sq_buf_add_slice(&w->scratch, name);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static void use_receiver(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	uint32_t key;
	struct sq_def *method;

	f[-1].type = sym;
	if (w->carry == RECEIVER_PARAMETERS) {
		sq_walk_local(w, sym, SQ_NONE);
		return;
	}
	w->carry = RECEIVER_PARAMETERS;
	(void)sq_walk_ref(w, f, SQ_REF_TYPE, sym, SQ_NONE, SQ_REFF_TYPED);
	key = sq_go_type_key(w, sq_frame_text(w, f));
	method = sq_walk_get_def(w, w->encl);
	if (method && key != SQ_NONE && method->parent == SQ_NONE)
		method->parent = w->syms.v[key].member_of;
}

static enum sq_visit on_type_name(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);
	enum sq_role role = f->role;

	if (role == SQ_ROLE_NAME) {
		sq_go_set_name(w, &f[-1], f);
		return SQ_SKIP;
	}
	if (w->carry != NO_RECEIVER) {
		use_receiver(w, f, sym);
		return SQ_SKIP;
	}
	if (f[-1].rule->arg == GO_QUALIFIED) {
		(void)sq_walk_use_member(w, f, sym);
		return SQ_SKIP;
	}
	if (sq_walk_is_local(w, sym))
		return SQ_SKIP;   /* type parameter */
	tell_type(f, sym);
	if (role != SQ_ROLE_CALLEE && role != SQ_ROLE_INHERIT && role != SQ_ROLE_B)
		f->role = SQ_ROLE_TYPE;
	if (!sq_go_is_builtin_type(sq_frame_text(w, f)))
		(void)sq_walk_use(w, f, sym);
	return SQ_SKIP;
}

/* expressions */

static void use_name(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_local *l = sq_walk_find(w, sym);

	if (f->role == SQ_ROLE_TYPE || (f->role == SQ_ROLE_B && l))
		f[-1].type = l ? l->type : sym;
	if (f->role == SQ_ROLE_CALLEE)
		f[-1].aux = sym;
	if ((f->role == SQ_ROLE_OBJECT && sq_go_is_package(w, sym)) || is_builtin(sq_frame_text(w, f)))
		return;
	(void)sq_walk_use(w, f, sym);
}

static void declare(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *owner = &f[-1];

	switch (owner->rule->arg) {
	case GO_FUNCTION:
		sq_go_set_name(w, owner, f);
		break;
	case GO_TYPE_PARAMETER:
		sq_walk_hide(w, sym);
		break;
	case GO_VALUES:
		if (owner->def != SQ_NONE)
			sq_go_name_one_of(w, owner, f, sq_go_values_kind(owner));
		sq_go_keep_name(owner, f);
		break;
	case GO_PARAMETER:
		sq_go_keep_name(owner, f);
		break;
	default:
		break;
	}
}

static enum sq_visit on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_NAME)
		declare(w, f, sym);
	else if (f->role == SQ_ROLE_A && f[-2].rule->arg == GO_BINDS)
		sq_go_keep_name(&f[-2], f);
	else if (f->role == SQ_ROLE_D)
		(void)sq_walk_ref(w, f, SQ_REF_WRITE, sym, f[-1].aux,
				  f[-1].aux == SQ_NONE ? SQ_REFF_EXPR : SQ_REFF_TYPED);
	else if (f->role != SQ_ROLE_A)
		use_name(w, f, sym);
	return SQ_SKIP;
}

/* x.f of a local x whose type's fields were seen in this file */
static uint32_t type_of_field(struct sq_walk *w, struct sq_slice path)
{
	const char *dot = path.n ? memchr(path.p, '.', path.n) : NULL;
	const struct sq_local *l;
	struct sq_slice field;
	uint32_t key;

	if (!dot)
		return SQ_NONE;
	l = sq_walk_find(w, sq_walk_sym(w, sq_slice(path.p, (size_t)(dot - path.p))));
	field = sq_slice(dot + 1, path.n - (size_t)(dot + 1 - path.p));
	if (!l || l->type == SQ_NONE || !sq_is_identifier(field))
		return SQ_NONE;
	key = sq_go_field_key(w, sq_walk_text(w, l->type), field);
	return key == SQ_NONE ? SQ_NONE : w->syms.v[key].member_type;
}

static enum sq_visit on_field_name(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_frame *p = &f[-1];
	uint32_t sym = sq_walk_leaf_sym(w, f), type;
	struct sq_ref *r;

	if (f->role == SQ_ROLE_NAME) {
		if (p->rule->arg == GO_FIELD && p->def != SQ_NONE)
			sq_go_name_one_of(w, p, f, SQ_KIND_PROPERTY);
		else
			sq_go_set_name(w, p, f);
		if (p->rule->arg == GO_FIELD)
			sq_go_keep_name(p, f);
		return SQ_SKIP;
	}
	r = sq_facts_ref(w->builder, sq_walk_use_member(w, f, sym));
	if (!r || !(r->flags & SQ_REFF_EXPR))
		return SQ_SKIP;
	type = type_of_field(w, sq_slice(w->bytes.p + p->obj_start, p->obj_end - p->obj_start));
	if (type == SQ_NONE)
		return SQ_SKIP;
	r->flags = (uint8_t)((r->flags & ~SQ_REFF_EXPR) | SQ_REFF_TYPED);
	r->qual = sq_facts_add_string(w->builder, sq_walk_text(w, type));
	return SQ_SKIP;
}

static enum sq_visit on_unary(struct sq_walk *w, struct sq_frame *f)
{
	char operator = w->bytes.p[f->start];

	if (operator == '&')
		f->child_role = SQ_ROLE_ADDRESS;
	else if (operator == '*' && f->role == SQ_ROLE_CALLEE)
		f->child_role = SQ_ROLE_TYPE;   /* (*T)(x) */
	return SQ_DESCEND;
}

/* names of types are not written as those of variables are */
static bool is_index(struct sq_walk *w, struct sq_slice s)
{
	return sq_is_identifier(s) && !sq_go_is_builtin_type(s) &&
	       (!sq_go_is_upper(s) || sq_walk_is_local(w, sq_walk_sym(w, s)));
}

/* f[T](x) calls f; table[i](x) reads the table */
static enum sq_visit on_index(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice index;

	if (f->role != SQ_ROLE_CALLEE)
		return SQ_DESCEND;
	index = sq_node_text(w, sq_node_field(f->node, "index"));
	if (sq_go_is_builtin_type(index) || sq_go_is_upper(sq_go_last_part(index)))
		f->child_role = SQ_ROLE_TYPE;
	else
		f->role = SQ_ROLE_VALUE;
	return SQ_DESCEND;
}

static void leave_arguments(struct sq_walk *w, struct sq_frame *f)
{
	sq_leave_arguments(w, f);
	if (f[-1].aux != SQ_NONE && sq_slice_is(sq_walk_text(w, f[-1].aux), "new"))
		f[-1].type = f->type;
}

static void leave_call(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t key;

	if (f[-1].role != SQ_ROLE_B && f[-1].role != SQ_ROLE_INIT)
		return;
	if (f->type == SQ_NONE && f->aux != SQ_NONE) {
		key = sq_go_call_key(w, sq_walk_text(w, f->aux));
		f->type = key == SQ_NONE ? SQ_NONE : w->syms.v[key].member_type;
	}
	f[-1].type = f->type;
}

/* the grammar reads f[T](x), and table[i](x) too, as a conversion to a generic type */
static enum sq_visit on_conversion(struct sq_walk *w, struct sq_frame *f)
{
	TSNode type = sq_node_field(f->node, "type");
	struct sq_slice arguments;

	f->role = SQ_ROLE_TYPE;
	if (ts_node_is_null(type) || strcmp(ts_node_type(type), "generic_type") != 0)
		return SQ_DESCEND;
	arguments = sq_go_unquote(sq_node_text(w, sq_node_field(type, "type_arguments")));
	f->role = is_index(w, arguments) ? SQ_ROLE_B : SQ_ROLE_CALLEE;
	return SQ_DESCEND;
}

static void leave_conversion(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_ref *r = sq_facts_ref(w->builder, f->ref);

	if (r)
		r->argc = 1;
	else
		f[-1].type = f->type;
}

/* literals of structs, maps and slices */

static enum sq_visit on_literal_value(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *p = &f[-1];

	(void)w;
	if (p->rule->arg == GO_LITERAL) {
		f->bits = p->bits & GO_HAS_ELEMENTS ? GO_HAS_ELEMENTS : GO_HAS_FIELDS;
		f->aux = f->bits == GO_HAS_FIELDS ? p->type : p->aux;
		f->bits |= p->bits & GO_ANONYMOUS;
		return SQ_DESCEND;
	}
	/* below literal_element, which may be below keyed_element */
	p--;
	if (p->rule->arg == GO_KEYED)
		p--;
	f->bits = GO_HAS_FIELDS;
	if (p->rule->arg == GO_LITERAL_VALUE && (p->bits & GO_HAS_ELEMENTS)) {
		f->aux = p->aux;
		f->bits |= p->bits & GO_ANONYMOUS;
	}
	return SQ_DESCEND;
}

static enum sq_visit on_literal_element(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *value = &f[-2];

	(void)w;
	if (f->role != SQ_ROLE_A || value->rule->arg != GO_LITERAL_VALUE ||
	    !(value->bits & GO_HAS_FIELDS))
		return SQ_DESCEND;
	f->aux = value->aux;
	/* the fields of a struct without a name are nobody's */
	f->child_role = value->bits & GO_ANONYMOUS ? SQ_ROLE_IGNORE : SQ_ROLE_D;
	return SQ_DESCEND;
}

static const struct sq_rule_row rules[] = {
	{ .type = "comment", .flags = SQ_RULE_COMMENT },
	{ .type = "identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "field_identifier", .enter = on_field_name, .flags = SQ_RULE_LEAF },
	{ .type = "type_identifier", .enter = on_type_name, .flags = SQ_RULE_LEAF },
	{ .type = "package_identifier", .flags = SQ_RULE_LEAF },
	{ .type = "label_name", .flags = SQ_RULE_LEAF },
	{ .type = "int_literal", .flags = SQ_RULE_LEAF },
	{ .type = "float_literal", .flags = SQ_RULE_LEAF },
	{ .type = "rune_literal", .flags = SQ_RULE_LEAF },
	{ .type = "nil", .flags = SQ_RULE_LEAF },
	{ .type = "true", .flags = SQ_RULE_LEAF },
	{ .type = "false", .flags = SQ_RULE_LEAF },
	{ .type = "iota", .flags = SQ_RULE_LEAF },
	{ .type = "interpreted_string_literal", .enter = sq_on_opaque },
	{ .type = "raw_string_literal", .enter = sq_on_opaque },

	{ .type = "package_clause", .enter = sq_go_on_package },
	{ .type = "import_spec", .enter = sq_go_on_import },

	{ .type = "function_declaration", .enter = sq_go_on_function, .leave = sq_go_leave_function,
	  .arg = GO_FUNCTION },
	{ .type = "method_declaration", .enter = sq_go_on_method, .arg = GO_FUNCTION },
	{ .type = "func_literal", .enter = sq_go_on_func_literal, .arg = GO_FUNCTION },
	{ .type = "parameter_list", .enter = sq_go_on_parameters, .leave = sq_go_leave_parameters,
	  .arg = GO_PARAMETERS },
	{ .type = "parameter_declaration", .leave = sq_go_leave_parameter, .arg = GO_PARAMETER },
	{ .type = "variadic_parameter_declaration", .leave = sq_go_leave_variadic,
	  .arg = GO_PARAMETER },
	{ .type = "var_spec", .enter = sq_go_on_values, .leave = sq_go_leave_values, .arg = GO_VALUES },
	{ .type = "const_spec", .enter = sq_go_on_values, .leave = sq_go_leave_values, .arg = GO_VALUES },
	{ .type = "type_spec", .enter = sq_go_on_type_spec, .arg = GO_TYPE_SPEC },
	{ .type = "type_alias", .enter = sq_go_on_type_spec, .arg = GO_TYPE_SPEC },
	{ .type = "type_parameter_declaration", .arg = GO_TYPE_PARAMETER },
	{ .type = "struct_type", .enter = sq_go_on_body_type, .leave = sq_go_leave_body_type,
	  .arg = GO_STRUCT },
	{ .type = "interface_type", .enter = sq_go_on_body_type, .leave = sq_go_leave_body_type,
	  .arg = GO_INTERFACE },
	{ .type = "field_declaration", .enter = sq_go_on_field, .leave = sq_go_leave_field,
	  .arg = GO_FIELD },
	{ .type = "method_elem", .enter = sq_go_on_method_elem },
	{ .type = "type_elem", .enter = sq_go_on_type_elem },

	{ .type = "pointer_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "parenthesized_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "generic_type", .leave = leave_type },
	{ .type = "qualified_type", .enter = on_qualified, .leave = leave_qualified,
	  .arg = GO_QUALIFIED },
	{ .type = "slice_type", .leave = leave_container },
	{ .type = "array_type", .leave = leave_container },
	{ .type = "implicit_length_array_type", .leave = leave_container },
	{ .type = "map_type", .leave = leave_container },

	{ .type = "block", .enter = sq_go_on_scope },
	{ .type = "if_statement", .enter = sq_go_on_scope },
	{ .type = "for_statement", .enter = sq_go_on_scope },
	{ .type = "expression_switch_statement", .enter = sq_go_on_scope },
	{ .type = "type_switch_statement", .enter = sq_go_on_type_switch },
	{ .type = "expression_case", .enter = sq_go_on_scope },
	{ .type = "default_case", .enter = sq_go_on_scope },
	{ .type = "type_case", .enter = sq_go_on_scope, .flags = SQ_RULE_COUNT, .arg = GO_CASE },
	{ .type = "communication_case", .enter = sq_go_on_scope },
	{ .type = "statement_list", .enter = sq_go_on_statements },
	{ .type = "short_var_declaration", .leave = sq_go_leave_binds, .arg = GO_BINDS },
	{ .type = "range_clause", .enter = sq_go_on_maybe_binds, .leave = sq_go_leave_untyped,
	  .arg = GO_BINDS },
	{ .type = "receive_statement", .enter = sq_go_on_maybe_binds, .leave = sq_go_leave_untyped,
	  .arg = GO_BINDS },
	{ .type = "inc_statement", .child_role = SQ_ROLE_WRITE },
	{ .type = "dec_statement", .child_role = SQ_ROLE_WRITE },

	{ .type = "expression_list", .leave = sq_go_leave_list, .child_role = SQ_ROLE_SAME,
	  .flags = SQ_RULE_COUNT },
	{ .type = "call_expression", .leave = leave_call, .flags = SQ_RULE_CALL },
	{ .type = "argument_list", .leave = leave_arguments, .flags = SQ_RULE_COUNT },
	{ .type = "type_conversion_expression", .enter = on_conversion,
	  .leave = leave_conversion, .flags = SQ_RULE_CALL },
	{ .type = "type_assertion_expression", .leave = leave_type },
	{ .type = "parenthesized_expression", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "unary_expression", .enter = on_unary, .leave = leave_type },
	{ .type = "index_expression", .enter = on_index },
	{ .type = "composite_literal", .leave = leave_type, .flags = SQ_RULE_CALL | SQ_RULE_NEW,
	  .arg = GO_LITERAL },
	{ .type = "literal_value", .enter = on_literal_value, .arg = GO_LITERAL_VALUE },
	{ .type = "keyed_element", .arg = GO_KEYED },
	{ .type = "literal_element", .enter = on_literal_element },
	{ .type = NULL },
};

static const struct sq_role_row roles[] = {
	{ "function_declaration", "name", SQ_ROLE_NAME },
	{ "function_declaration", "body", SQ_ROLE_BODY },
	{ "method_declaration", "receiver", SQ_ROLE_A },
	{ "method_declaration", "name", SQ_ROLE_NAME },
	{ "method_declaration", "body", SQ_ROLE_BODY },
	{ "parameter_declaration", "name", SQ_ROLE_NAME },
	{ "variadic_parameter_declaration", "name", SQ_ROLE_NAME },
	{ "type_parameter_declaration", "name", SQ_ROLE_NAME },
	{ "var_spec", "name", SQ_ROLE_NAME },
	{ "var_spec", "value", SQ_ROLE_INIT },
	{ "const_spec", "name", SQ_ROLE_NAME },
	{ "const_spec", "value", SQ_ROLE_INIT },
	{ "type_spec", "name", SQ_ROLE_NAME },
	{ "type_alias", "name", SQ_ROLE_NAME },
	{ "field_declaration", "name", SQ_ROLE_NAME },
	{ "field_declaration", "type", SQ_ROLE_SAME },
	{ "method_elem", "name", SQ_ROLE_NAME },
	{ "generic_type", "type", SQ_ROLE_SAME },
	{ "qualified_type", "package", SQ_ROLE_OBJECT },
	{ "qualified_type", "name", SQ_ROLE_MEMBER },
	{ "map_type", "key", SQ_ROLE_C },
	{ "short_var_declaration", "left", SQ_ROLE_A },
	{ "short_var_declaration", "right", SQ_ROLE_B },
	{ "range_clause", "left", SQ_ROLE_SAME },
	{ "receive_statement", "left", SQ_ROLE_SAME },
	{ "type_switch_statement", "alias", SQ_ROLE_IGNORE },
	{ "assignment_statement", "left", SQ_ROLE_WRITE },
	{ "call_expression", "function", SQ_ROLE_CALLEE },
	{ "call_expression", "arguments", SQ_ROLE_ARGS },
	{ "type_conversion_expression", "type", SQ_ROLE_SAME },
	{ "type_assertion_expression", "type", SQ_ROLE_TYPE },
	{ "selector_expression", "operand", SQ_ROLE_OBJECT },
	{ "selector_expression", "field", SQ_ROLE_MEMBER },
	{ "index_expression", "operand", SQ_ROLE_SAME },
	{ "composite_literal", "type", SQ_ROLE_CALLEE },
	{ "keyed_element", "key", SQ_ROLE_A },
	{ NULL, NULL, 0 },
};

static const char *const extensions[] = { ".go", NULL };
static const char *const self_names[] = { NULL };

/* members of built-in types and of the standard library's most used ones */
static const char *const common_members[] = {
	"Close", "Done", "Error", "Lock", "RLock", "RUnlock", "Read", "String", "Unlock",
	"Unwrap", "Wait", "Write", NULL,
};

const struct sq_lang_traits sq_traits_go = {
	.lang = SQ_LANG_GO,
	.family = SQ_FAMILY_GO,
	.style = SQ_STYLE_GOPATH,
	.unit = SQ_UNIT_DIRECTORY,
	.extensions = extensions,
	.self_names = self_names,
	.separator = ".",
	.duck_methods = true,
	.common_members = common_members,
};

const struct sq_spec sq_spec_go = {
	.lang = SQ_LANG_GO,
	.version = 2,
	.grammar = "go",
	.rules = { rules },
	.roles = { roles },
	.extensions = extensions,
	.traits = &sq_traits_go,
};
