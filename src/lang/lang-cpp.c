/* SPDX-License-Identifier: MIT */
/* C++: the rows of C and what C++ adds. Grammar tree-sitter-cpp. */
#include "lang/lang-c.h"

#define CLASS_KINDS (1u << SQ_KIND_CLASS | 1u << SQ_KIND_STRUCT)

static bool is_name_part(const struct sq_frame *p)
{
	return p->rule->arg == SQ_C_QUALIFIED || p->rule->arg == SQ_C_TEMPLATE_NAME;
}

/* the a of a::b */
static bool is_scope(const struct sq_frame *p)
{
	return p->role == SQ_ROLE_OBJECT && p[-1].rule->arg == SQ_C_QUALIFIED;
}

/* the frame above all of a::b<T>:: that leaf @f is the name of */
static struct sq_frame *above_name(struct sq_frame *f)
{
	struct sq_frame *p = f - 1;

	while (is_name_part(p))
		p--;
	return p;
}

/* bytes of the scope in front of leaf @f's name; false when it has none */
static bool scope_of(const struct sq_frame *f, uint32_t *ret_start, uint32_t *ret_end)
{
	const struct sq_frame *outer = NULL;
	uint32_t end = 0;

	for (const struct sq_frame *p = f - 1; is_name_part(p) && !is_scope(p + 1); p--) {
		if (p->rule->arg != SQ_C_QUALIFIED || p->obj_end == 0)
			continue;
		if (!outer)
			end = p->obj_end;
		outer = p;
	}
	if (!outer)
		return false;
	*ret_start = outer->start;
	*ret_end = end;
	return true;
}

static uint32_t qualifier(struct sq_walk *w, const struct sq_frame *f)
{
	uint32_t start, end;

	return scope_of(f, &start, &end) ?
	       sq_walk_type_path(w, sq_slice(w->bytes.p + start, end - start)) : SQ_NONE;
}

/* the use that the role of leaf @f asks for, with its scope */
static uint32_t use(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	uint32_t start, end, ref = SQ_NONE;
	struct sq_ref *r;
	bool has_scope = scope_of(f, &start, &end);

	if (!has_scope && sq_walk_is_local(w, sym))
		return SQ_NONE;
	if (has_scope) {
		uint32_t qual = qualifier(w, f);

		ref = f->role == SQ_ROLE_CALLEE ? sq_walk_use(w, f, sym) :
		      sq_walk_ref(w, f, sq_ref_kind_of_role(f->role), sym, SQ_NONE, 0);
		r = sq_facts_ref(w->builder, ref);
		if (r && qual != SQ_NONE)
			r->qual = sq_facts_add_string(w->builder, sq_walk_text(w, qual));
		else if (r)
			r->flags |= SQ_REFF_EXPR;
		return ref;
	}
	return sq_walk_use(w, f, sym);
}

/* leaves */

static enum sq_visit on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice text = sq_frame_text(w, f);

	if (f->role != SQ_ROLE_DECL && is_name_part(&f[-1])) {
		/* casts look like calls of templates */
		if (!(sq_slice_has_suffix(text, SQ_LIT("_cast")) && f->role == SQ_ROLE_CALLEE))
			(void)use(w, f, sq_walk_leaf_sym(w, f));
		return SQ_SKIP;
	}
	return sq_c_on_identifier(w, f);
}

static enum sq_visit on_field_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_D)   /* member or base of an initialiser list */
		(void)sq_walk_ref(w, f, f[-1].rule->arg == SQ_C_TEMPLATE_NAME ?
				  SQ_REF_TYPE : SQ_REF_WRITE, sym, SQ_NONE, 0);
	else
		return sq_c_on_field_identifier(w, f);
	return SQ_SKIP;
}

static void use_type(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	if (f->role != SQ_ROLE_CALLEE && f->role != SQ_ROLE_INHERIT)
		f->role = SQ_ROLE_TYPE;
	f->ref = use(w, f, sym);
	f[-1].type = sym;
	f[-1].ref = f->role == SQ_ROLE_CALLEE ? f[-1].ref : f->ref;
}

static enum sq_visit on_type_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);
	struct sq_frame *p = above_name(f);

	if (f->role == SQ_ROLE_A)
		sq_walk_local(w, sym, SQ_NONE);   /* template parameter */
	else if (f->role == SQ_ROLE_NAME && p->def != SQ_NONE)
		sq_walk_def_name(w, p, sym);
	else if (is_scope(&f[-1]) && f[-2].role == SQ_ROLE_DECL)
		return SQ_SKIP;   /* A<T>::f: sq_cpp_attach() mentions A */
	else if (f->role == SQ_ROLE_DECL || f->role == SQ_ROLE_NAME)
		return sq_c_on_type_identifier(w, f);
	else
		use_type(w, f, sym);
	return SQ_SKIP;
}

static enum sq_visit on_namespace_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_OBJECT && f[-1].role != SQ_ROLE_DECL &&
	    !sq_slice_is(sq_frame_text(w, f), "std") && !sq_walk_is_local(w, sym))
		(void)sq_walk_ref(w, f, SQ_REF_TYPE, sym, SQ_NONE, 0);
	return SQ_SKIP;
}

/* "~ T", "operator ==", "operator bool": a name without its white space */
static uint32_t squeeze(struct sq_walk *w, struct sq_slice text)
{
	sq_buf_clear(&w->scratch);
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]))
			sq_buf_putc(&w->scratch, text.p[i]);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static enum sq_visit on_special_name(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = squeeze(w, sq_frame_text(w, f));

	if (f->role == SQ_ROLE_DECL)
		sq_c_declare(w, f, sym);
	else
		(void)use(w, f, sym);
	return SQ_SKIP;
}

static enum sq_visit on_operator_cast(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t type = squeeze(w, sq_node_text(w, sq_node_field(f->node, "type")));
	struct sq_slice text = sq_walk_text(w, type);
	struct sq_c_declarator d;
	uint32_t sym;

	sq_buf_clear(&w->scratch);
	sq_buf_puts(&w->scratch, "operator ");
	sq_buf_add_slice(&w->scratch, text);
	sym = sq_walk_sym(w, sq_buf_slice(&w->scratch));
	sq_c_climb(f, &d);
	if (d.owner && d.owner->rule->arg == SQ_C_FUNCTION)
		sq_c_declare(w, f, sym);
	else if (d.owner)
		(void)sq_walk_ref(w, f, SQ_REF_DECLARATION, sym, SQ_NONE, 0);
	return SQ_DESCEND;
}

/* names */

static bool is_pointer_template(struct sq_slice s)
{
	static const char *const names[] = {
		"unique_ptr", "shared_ptr", "weak_ptr", "optional", "intrusive_ptr",
		"scoped_refptr", "reference_wrapper", "atomic",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++)
		if (sq_slice_is(s, names[i]))
			return true;
	return false;
}

/* a::b<T> of role TYPE: what it names, told to what contains it */
static void leave_name(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t pointee;

	if (f->role != SQ_ROLE_TYPE && f->role != SQ_ROLE_CALLEE)
		return;
	pointee = f->aux;
	if (pointee == SQ_NONE)
		f[-1].type = sq_walk_type_path(w, sq_frame_text(w, f));
	else
		f[-1].type = f[-1].aux = pointee;
}

/* a smart pointer's declared type is, for its members, what it points to */
static void leave_template_name(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));

	if (!is_pointer_template(name))
		f->aux = SQ_NONE;
	leave_name(w, f);
}

static void leave_template_arguments(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->type != SQ_NONE)
		f[-1].aux = f->type;   /* the last one; pointer templates have one that counts */
}

static enum sq_visit on_template_method(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role != SQ_ROLE_MEMBER)
		return SQ_DESCEND;
	f->obj_start = f[-1].obj_start;
	f->obj_end = f[-1].obj_end;
	f->role = f[-1].role;
	f->child_role = SQ_ROLE_MEMBER;
	return SQ_DESCEND;
}

void sq_cpp_bind_field(struct sq_walk *w, uint32_t sym, uint32_t type)
{
	sq_walk_bind_member(w, sym, type);
	sq_buf_clear(&w->scratch);
	sq_buf_puts(&w->scratch, "this.");
	sq_buf_add_slice(&w->scratch, sq_walk_text(w, sym));
	sq_walk_bind_member(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)), type);
}

/* namespaces the walk is in, "a::b", then @inner */
static uint32_t namespace_path(struct sq_walk *w, uint32_t def, struct sq_slice inner)
{
	uint32_t chain[16], n = 0;

	for (const struct sq_def *d; n < 16 && (d = sq_walk_get_def(w, def)); def = d->parent)
		if (d->kind == SQ_KIND_MODULE)
			chain[n++] = d->name;
	sq_buf_clear(&w->scratch);
	while (n) {
		sq_buf_add_slice(&w->scratch, sq_facts_string(w->builder, chain[--n]));
		if (n || inner.n)
			sq_buf_puts(&w->scratch, "::");
	}
	sq_buf_add_slice(&w->scratch, inner);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

/* "ns::A" -> "ns" and "A" */
static void split_scope(struct sq_slice path, struct sq_slice *ret_outer, struct sq_slice *ret_last)
{
	size_t i = path.n;

	while (i && path.p[i - 1] != ':')
		i--;
	*ret_last = sq_slice(path.p + i, path.n - i);
	*ret_outer = sq_slice(path.p, i >= 2 ? i - 2 : 0);
}

void sq_cpp_attach(struct sq_walk *w, const struct sq_frame *f, const struct sq_c_declarator *d,
		   uint32_t def)
{
	struct sq_def *method = sq_walk_get_def(w, def);
	struct sq_slice outer, last, path;
	uint32_t sym, owner, saved = w->encl;

	if (!d->qualified || !method || d->scope_end <= d->qualified->start)
		return;
	sym = sq_walk_type_path(w, sq_slice(w->bytes.p + d->qualified->start,
					    d->scope_end - d->qualified->start));
	if (sym == SQ_NONE)
		return;
	path = sq_walk_text(w, sym);
	split_scope(path, &outer, &last);
	sym = sq_walk_sym(w, last);
	owner = sq_walk_find_def(w, sym, CLASS_KINDS | 1u << SQ_KIND_MODULE);
	method = sq_walk_get_def(w, def);
	if (owner != SQ_NONE) {
		bool is_class = CLASS_KINDS >> sq_walk_get_def(w, owner)->kind & 1;

		method->parent = owner;
		if (method->kind == SQ_KIND_FUNCTION && is_class)
			method->kind = SQ_KIND_METHOD;
		return;
	}
	if (method->kind == SQ_KIND_FUNCTION)
		method->kind = SQ_KIND_METHOD;
	w->encl = def;
	(void)sq_walk_ref(w, f, SQ_REF_TYPE, sym, namespace_path(w, method->parent, outer),
			  SQ_REFF_TYPED);
	w->encl = saved;
	method->parent = SQ_NONE;
}

/* definitions */

static enum sq_visit on_field_list(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (!strcmp(ts_node_type(f[-1].node), "class_specifier"))
		f->bits = SQ_DEF_VIS_PRIVATE;
	return SQ_DESCEND;
}

static enum sq_visit on_access(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);

	if (f[-1].rule->arg != SQ_C_FIELD_LIST)
		return SQ_SKIP;
	f[-1].bits = sq_slice_is(s, "private") ? SQ_DEF_VIS_PRIVATE :
		     sq_slice_is(s, "protected") ? SQ_DEF_VIS_PROTECTED : SQ_DEF_VIS_PUBLIC;
	return SQ_SKIP;
}

static enum sq_visit on_alias(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, f->rule->arg, SQ_NONE, sq_c_flags(w, f));
	return SQ_DESCEND;
}

/* one definition a component; all but the last enclose only the next one */
static void open_namespaces(struct sq_walk *w, struct sq_frame *f, struct sq_slice path)
{
	uint32_t outer = SQ_NONE;
	const char *p = path.p, *end = path.p + path.n;

	for (;;) {
		const char *from = p;
		struct sq_def *d;
		uint32_t sym;

		while (p < end && *p != ':' && !strchr(" \t\r\n", *p))
			p++;
		sym = sq_walk_sym(w, sq_slice(from, (size_t)(p - from)));
		while (p < end && strchr(": \t\r\n", *p))
			p++;
		if (p >= end) {
			outer = outer == SQ_NONE ? w->encl : outer;
			(void)sq_walk_def(w, f, SQ_KIND_MODULE, sym, 0);
			d = sq_walk_get_def(w, f->def);
			if (d)
				d->parent = outer;
			return;
		}
		uint32_t def = sq_walk_def_point(w, f, SQ_KIND_MODULE, sym, 0);

		d = sq_walk_get_def(w, def);
		if (d && outer != SQ_NONE)
			d->parent = outer;
		outer = def;
	}
}

static enum sq_visit on_namespace(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));

	if (name.n) {
		open_namespaces(w, f, name);
	} else {
		w->anonymous++;
		f->bits = 1;
	}
	return SQ_DESCEND;
}

static void leave_namespace(struct sq_walk *w, struct sq_frame *f)
{
	w->anonymous -= f->bits;
}

static enum sq_visit on_template(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_lambda(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

/* imports */

static void add_using(struct sq_walk *w, struct sq_frame *f, struct sq_slice path, bool is_namespace)
{
	uint32_t sym = sq_walk_type_path(w, path);
	struct sq_slice target, name;
	TSPoint at;

	if (sym == SQ_NONE)
		return;
	path = sq_walk_text(w, sym);
	if (is_namespace) {
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_USING, path, SQ_SLICE_NULL,
			       SQ_SLICE_NULL, SQ_IMP_WILDCARD);
		return;
	}
	split_scope(path, &target, &name);
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_USING, target, name, SQ_SLICE_NULL, 0);
	at = ts_node_end_point(f->node);
	if (at.row + 1 != sq_node_line(f->node) || at.column < name.n + 1)
		return;
	sym = sq_walk_ref_text(w, at.row + 1, at.column - (uint32_t)name.n - 1, SQ_REF_IMPORT,
			       name, SQ_ARGC_UNKNOWN);
	if (sym != SQ_NONE && target.n)
		sq_facts_ref(w->builder, sym)->qual = sq_facts_add_string(w->builder, target);
}

static enum sq_visit on_using(struct sq_walk *w, struct sq_frame *f)
{
	TSNode last = ts_node_named_child(f->node, ts_node_named_child_count(f->node) - 1);
	TSNode second = ts_node_child(f->node, 1);
	bool is_namespace = sq_slice_is(sq_node_text(w, second), "namespace");

	if (!ts_node_is_null(last))
		add_using(w, f, sq_node_text(w, last), is_namespace);
	return SQ_SKIP;
}

static enum sq_visit on_namespace_alias(struct sq_walk *w, struct sq_frame *f)
{
	TSNode last = ts_node_named_child(f->node, ts_node_named_child_count(f->node) - 1);
	uint32_t sym = sq_walk_type_path(w, sq_node_text(w, last));

	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_USING, sq_walk_text(w, sym),
		       SQ_SLICE_NULL, sq_node_text(w, sq_node_field(f->node, "name")),
		       SQ_IMP_NAMESPACE);
	return SQ_SKIP;
}

/* types of auto */

static void infer(struct sq_walk *w, const struct sq_frame *init, uint32_t type)
{
	struct sq_local *l;

	if (init->rule->arg != SQ_C_INIT || init[-1].rule->arg != SQ_C_DECLARATION ||
	    init->aux == SQ_NONE || type == SQ_NONE)
		return;
	l = sq_walk_find(w, init->aux);
	if (l && l->type == SQ_NONE)
		l->type = type;
}

static void leave_new(struct sq_walk *w, struct sq_frame *f)
{
	infer(w, &f[-1], f->type);
}

/* auto p = std::make_unique<T>(...), static_cast<T *>(x) */
static void leave_call(struct sq_walk *w, struct sq_frame *f)
{
	if (f->aux != SQ_NONE)
		infer(w, &f[-1], f->aux);
}

static void leave_template_function(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));
	struct sq_frame *call = above_name(f);

	if ((sq_slice_has_suffix(name, SQ_LIT("_cast")) || sq_slice_is(name, "make_unique") ||
	     sq_slice_is(name, "make_shared")) && (call->rule->flags & SQ_RULE_CALL))
		call->aux = f->aux;
	f->aux = SQ_NONE;
}

/* remember which variable an initialiser sets */
static enum sq_visit on_init(struct sq_walk *w, struct sq_frame *f)
{
	TSNode n = sq_node_field(f->node, "declarator");
	TSNode inner;

	while (!ts_node_is_null(n)) {
		if (!strcmp(ts_node_type(n), "identifier")) {
			f->aux = sq_walk_sym(w, sq_node_text(w, n));
			break;
		}
		inner = ts_node_named_child(n, ts_node_named_child_count(n) - 1);
		n = inner;
	}
	return SQ_DESCEND;
}

static const struct sq_rule_row rules[] = {
	{ .type = "identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "field_identifier", .enter = on_field_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "type_identifier", .enter = on_type_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "namespace_identifier", .enter = on_namespace_identifier,
	  .flags = SQ_RULE_LEAF },
	{ .type = "destructor_name", .enter = on_special_name, .flags = SQ_RULE_LEAF },
	{ .type = "operator_name", .enter = on_special_name, .flags = SQ_RULE_LEAF },
	{ .type = "access_specifier", .enter = on_access, .flags = SQ_RULE_LEAF },
	{ .type = "raw_string_literal", .enter = sq_on_opaque },

	{ .type = "qualified_identifier", .leave = leave_name, .arg = SQ_C_QUALIFIED },
	{ .type = "template_type", .leave = leave_template_name, .arg = SQ_C_TEMPLATE_NAME },
	{ .type = "template_function", .leave = leave_template_function,
	  .arg = SQ_C_TEMPLATE_NAME },
	{ .type = "template_method", .enter = on_template_method, .arg = SQ_C_TEMPLATE_NAME },
	{ .type = "dependent_name", .child_role = SQ_ROLE_SAME, .arg = SQ_C_TEMPLATE_NAME },
	{ .type = "template_argument_list", .leave = leave_template_arguments },
	{ .type = "operator_cast", .enter = on_operator_cast },

	{ .type = "class_specifier", .enter = sq_c_on_struct, .leave = sq_c_leave_struct,
	  .arg = SQ_KIND_CLASS },
	{ .type = "field_declaration_list", .enter = on_field_list, .arg = SQ_C_FIELD_LIST },
	{ .type = "base_class_clause", .child_role = SQ_ROLE_INHERIT },
	{ .type = "namespace_definition", .enter = on_namespace, .leave = leave_namespace,
	  .arg = SQ_C_NAMESPACE },
	{ .type = "nested_namespace_specifier", .enter = sq_on_opaque },
	{ .type = "template_declaration", .enter = on_template, .arg = SQ_C_TEMPLATE },
	{ .type = "type_parameter_declaration", .child_role = SQ_ROLE_A },
	{ .type = "variadic_type_parameter_declaration", .child_role = SQ_ROLE_A },
	{ .type = "optional_type_parameter_declaration" },
	{ .type = "alias_declaration", .enter = on_alias, .arg = SQ_KIND_TYPE },
	{ .type = "concept_definition", .enter = on_alias, .arg = SQ_KIND_TYPE },
	{ .type = "using_declaration", .enter = on_using },
	{ .type = "namespace_alias_definition", .enter = on_namespace_alias },

	{ .type = "optional_parameter_declaration", .arg = SQ_C_PARAMETER },
	{ .type = "variadic_parameter_declaration", .arg = SQ_C_PARAMETER },
	{ .type = "for_range_loop", .arg = SQ_C_PARAMETER },
	{ .type = "reference_declarator", .arg = SQ_C_POINTER, .child_role = SQ_ROLE_DECL },
	{ .type = "variadic_declarator", .arg = SQ_C_PAREN, .child_role = SQ_ROLE_DECL },
	{ .type = "structured_binding_declarator", .child_role = SQ_ROLE_A },
	{ .type = "init_declarator", .enter = on_init, .arg = SQ_C_INIT },
	{ .type = "lambda_expression", .enter = on_lambda },
	{ .type = "field_initializer", .child_role = SQ_ROLE_D },

	{ .type = "call_expression", .leave = leave_call, .flags = SQ_RULE_CALL },
	{ .type = "new_expression", .leave = leave_new, .flags = SQ_RULE_CALL | SQ_RULE_NEW },
	{ .type = "compound_literal_expression", .leave = leave_new,
	  .flags = SQ_RULE_CALL | SQ_RULE_NEW },
	{ .type = NULL },
};

static const struct sq_role_row roles[] = {
	{ "qualified_identifier", "scope", SQ_ROLE_OBJECT },
	{ "qualified_identifier", "name", SQ_ROLE_SAME },
	{ "template_type", "name", SQ_ROLE_SAME },
	{ "template_function", "name", SQ_ROLE_SAME },
	{ "template_method", "name", SQ_ROLE_SAME },
	{ "class_specifier", "name", SQ_ROLE_NAME },
	{ "class_specifier", "body", SQ_ROLE_BODY },
	{ "enum_specifier", "base", SQ_ROLE_TYPE },
	{ "namespace_definition", "name", SQ_ROLE_IGNORE },
	{ "namespace_definition", "body", SQ_ROLE_BODY },
	{ "optional_type_parameter_declaration", "name", SQ_ROLE_A },
	{ "optional_type_parameter_declaration", "default_type", SQ_ROLE_TYPE },
	{ "alias_declaration", "name", SQ_ROLE_NAME },
	{ "alias_declaration", "type", SQ_ROLE_TYPE },
	{ "concept_definition", "name", SQ_ROLE_NAME },
	{ "field_declaration", "default_value", SQ_ROLE_INIT },
	{ "declaration", "value", SQ_ROLE_INIT },
	{ "optional_parameter_declaration", "type", SQ_ROLE_TYPE },
	{ "optional_parameter_declaration", "declarator", SQ_ROLE_DECL },
	{ "variadic_parameter_declaration", "type", SQ_ROLE_TYPE },
	{ "variadic_parameter_declaration", "declarator", SQ_ROLE_DECL },
	{ "for_range_loop", "type", SQ_ROLE_TYPE },
	{ "for_range_loop", "declarator", SQ_ROLE_DECL },
	{ "lambda_capture_initializer", "left", SQ_ROLE_A },
	{ "new_expression", "type", SQ_ROLE_CALLEE },
	{ "new_expression", "arguments", SQ_ROLE_ARGS },
	{ "compound_literal_expression", "type", SQ_ROLE_CALLEE },
	{ NULL, NULL, 0 },
};

static const char *const files[] = {
	".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx", ".ipp", ".inl", ".c++", ".h++", ".tpp", NULL
};
static const char *const self_names[] = { "this", NULL };

const struct sq_lang_traits sq_traits_cpp = {
	.lang = SQ_LANG_CPP,
	.family = SQ_FAMILY_C,
	.style = SQ_STYLE_INCLUDE,
	.unit = SQ_UNIT_LINKAGE,
	.extensions = files,
	.self_names = self_names,
	.separator = "::",
};

const struct sq_spec sq_spec_cpp = {
	.lang = SQ_LANG_CPP,
	.version = 3,
	.grammar = "cpp",
	.rules = { sq_c_rules, rules },
	.roles = { sq_c_roles, roles },
	.extensions = files,
	.traits = &sq_traits_cpp,
};
