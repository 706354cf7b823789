/* SPDX-License-Identifier: MIT */
/*
 * Java: grammar tree-sitter-java.
 * Role D: a label, which is no reference. Types tell the frame above them what
 * they name, and so do the expressions whose type is written down: casts,
 * "new", calls of methods of this class.
 */
#include "lang/spec.h"

enum java_node {
	JAVA_OTHER, JAVA_CLASS, JAVA_RECORD, JAVA_CLASS_BODY, JAVA_MODIFIERS, JAVA_DECLARATOR,
	JAVA_FIELD, JAVA_PARAMETER, JAVA_VARIABLE, JAVA_SCOPED_TYPE, JAVA_SCOPED_NAME,
	JAVA_METHOD_REFERENCE, JAVA_INVOCATION, JAVA_FIELD_ACCESS,
};

/* frame bits */
#define JAVA_FINAL 0x01u
#define JAVA_IS_OBJECT 0x02u   /* call: its value is the receiver of another one */

/* names */

static bool is_upper(struct sq_slice s)
{
	return s.n && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

/* types are written CamelCase, constants in capitals */
static bool looks_like_type(struct sq_slice s)
{
	if (!is_upper(s))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return true;
	return false;
}

static bool in_interface(struct sq_walk *w)
{
	const struct sq_def *d = sq_walk_get_def(w, w->encl);

	return d && (d->kind == SQ_KIND_INTERFACE || d->kind == SQ_KIND_ANNOTATION);
}

static unsigned default_visibility(struct sq_walk *w)
{
	return in_interface(w) ? SQ_DEF_VIS_PUBLIC : SQ_DEF_VIS_PACKAGE;
}

static void set_qualifier(struct sq_walk *w, uint32_t ref, uint32_t qual, unsigned flags)
{
	struct sq_ref *r = sq_facts_ref(w->builder, ref);

	if (!r)
		return;
	r->flags = (uint8_t)((r->flags & ~(SQ_REFF_EXPR | SQ_REFF_TYPED)) | flags);
	r->qual = qual == SQ_NONE ? SQ_NONE :
		  sq_facts_add_string(w->builder, sq_walk_text(w, qual));
}

/* where the last @mark in front of @at stands, not before @from */
static uint32_t find_back(const struct sq_walk *w, uint32_t from, uint32_t at, char mark)
{
	while (at > from && w->bytes.p[at] != mark)
		at--;
	return at;
}

/* members of this class, and what its methods return, by the text that uses them */

static uint32_t member_key(struct sq_walk *w, const char *before, struct sq_slice name,
			   const char *after)
{
	sq_buf_clear(&w->scratch);
	sq_buf_puts(&w->scratch, before);
	sq_buf_add_slice(&w->scratch, name);
	sq_buf_puts(&w->scratch, after);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static void bind_field(struct sq_walk *w, uint32_t sym, uint32_t type)
{
	struct sq_slice name = sq_walk_text(w, sym);

	if (type == SQ_NONE)
		return;
	sq_walk_bind_member(w, sym, type);
	sq_walk_bind_member(w, member_key(w, "this.", name, ""), type);
}

/* types */

static enum sq_visit on_type_name(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice text = sq_frame_text(w, f);
	uint32_t sym = sq_walk_leaf_sym(w, f), qual = SQ_NONE, ref;
	struct sq_frame *p = &f[-1];
	bool is_scoped = p->rule->arg == JAVA_SCOPED_TYPE;
	bool is_outer = is_scoped && (f->end < p->end || p[-1].rule->arg == JAVA_SCOPED_TYPE);
	unsigned flags = 0;

	if (is_scoped && f->start > p->start)
		qual = sq_walk_qual(w, p->start, find_back(w, p->start, f->start, '.'), &flags);
	if (is_scoped)   /* only the last name is what is meant */
		f->role = is_outer ? SQ_ROLE_TYPE : p->role;
	if (qual == SQ_NONE && (sq_walk_is_local(w, sym) || sq_slice_is(text, "var")))
		return SQ_SKIP;   /* type parameter; inferred type */
	p->type = sym;
	/* packages are in lower case */
	if (is_outer && !is_upper(text))
		return SQ_SKIP;
	if (f->role != SQ_ROLE_CALLEE && f->role != SQ_ROLE_INHERIT &&
	    f->role != SQ_ROLE_IMPLEMENT)
		f->role = SQ_ROLE_TYPE;
	ref = sq_walk_use(w, f, sym);
	if (qual != SQ_NONE)
		set_qualifier(w, ref, qual, flags & SQ_REFF_TYPED);
	return SQ_SKIP;
}

static void leave_type(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	f[-1].type = f->type;
}

static void leave_scoped_type(struct sq_walk *w, struct sq_frame *f)
{
	f[-1].type = sq_walk_type_path(w, sq_frame_text(w, f));
}

static void leave_catch_type(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	f[-1].type = f->count == 1 ? f->type : SQ_NONE;
}

static enum sq_visit on_type_parameter(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t n = ts_node_named_child_count(f->node);

	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_named_child(f->node, i);

		if (!strcmp(ts_node_type(child), "type_identifier")) {
			sq_walk_hide(w, sq_walk_sym(w, sq_node_text(w, child)));
			break;
		}
	}
	return SQ_DESCEND;
}

/* definitions */

static enum sq_visit on_class(struct sq_walk *w, struct sq_frame *f)
{
	static const struct { const char *type; enum sq_kind kind; } kinds[] = {
		{ "class_declaration", SQ_KIND_CLASS }, { "record_declaration", SQ_KIND_CLASS },
		{ "interface_declaration", SQ_KIND_INTERFACE }, { "enum_declaration", SQ_KIND_ENUM },
		{ "annotation_type_declaration", SQ_KIND_ANNOTATION },
	};
	const char *type = ts_node_type(f->node);
	enum sq_kind kind = SQ_KIND_CLASS;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(kinds); i++)
		if (!strcmp(type, kinds[i].type))
			kind = kinds[i].kind;
	(void)sq_walk_def(w, f, kind, SQ_NONE,
			  w->encl == SQ_NONE ? SQ_DEF_VIS_PACKAGE : default_visibility(w));
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

/* "extends B": what super(...) calls */
static void leave_superclass(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f[-1].rule->arg == JAVA_CLASS)
		f[-1].aux = f->type;
}

static enum sq_visit on_method(struct sq_walk *w, struct sq_frame *f)
{
	enum sq_kind kind = w->encl == SQ_NONE ? SQ_KIND_FUNCTION : SQ_KIND_METHOD;

	(void)sq_walk_def(w, f, kind, SQ_NONE, default_visibility(w));
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static void leave_method(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_def *d = sq_walk_get_def(w, f->def);
	const struct sq_def *parent = d ? sq_walk_get_def(w, d->parent) : NULL;

	if (!d || d->name == SQ_NONE)
		return;
	if (parent && (parent->kind == SQ_KIND_INTERFACE || parent->kind == SQ_KIND_ANNOTATION) &&
	    !f->body_start)
		d->flags |= SQ_DEF_ABSTRACT;
	if (f->type != SQ_NONE)
		sq_walk_bind_member(w, member_key(w, "", sq_facts_string(w->builder, d->name), "()"),
				    f->type);
}

static enum sq_visit on_field(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_PROPERTY, SQ_NONE, default_visibility(w));
	return SQ_DESCEND;
}

static enum sq_visit on_enum_constant(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_ENUM_VARIANT, SQ_NONE, 0);
	return SQ_DESCEND;
}

static enum sq_visit on_modifier(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_def *d = sq_walk_get_def(w, f[-2].def);
	unsigned flag = f->rule->arg;

	if (f[-1].rule->arg != JAVA_MODIFIERS || !d)
		return SQ_SKIP;
	if (flag == SQ_DEF_VIS_PUBLIC || (flag & SQ_DEF_VIS_MASK))
		d->flags &= (uint16_t)~SQ_DEF_VIS_MASK;
	d->flags |= (uint16_t)flag;
	return SQ_SKIP;
}

static enum sq_visit on_final(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f[-1].rule->arg == JAVA_MODIFIERS)
		f[-2].bits |= JAVA_FINAL;
	return SQ_SKIP;
}

static void leave_annotation(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));
	struct sq_def *d = sq_walk_get_def(w, f[-2].def);

	if (f[-1].rule->arg != JAVA_MODIFIERS || !d || d->kind != SQ_KIND_METHOD)
		return;
	if (sq_slice_is(name, "Test") || sq_slice_is(name, "ParameterizedTest") ||
	    sq_slice_is(name, "RepeatedTest"))
		d->flags |= SQ_DEF_TEST;
}

/* the first name is the definition's on the declaration, another one is its own */
static void name_field(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *owner = &f[-2];
	struct sq_def *d = sq_walk_get_def(w, owner->def), *parent;
	unsigned flags;
	uint32_t def;

	if (!d)
		return;
	parent = sq_walk_get_def(w, d->parent);
	if ((parent && (parent->kind == SQ_KIND_INTERFACE || parent->kind == SQ_KIND_ANNOTATION)) ||
	    ((owner->bits & JAVA_FINAL) && (d->flags & SQ_DEF_STATIC)))
		d->kind = SQ_KIND_CONSTANT;
	flags = d->flags;
	bind_field(w, sym, owner->type);
	if (d->name == SQ_NONE) {
		sq_walk_def_name(w, owner, sym);
		return;
	}
	def = sq_walk_def(w, &f[-1], d->kind, sym, flags);
	d = sq_walk_get_def(w, def);
	if (d)
		d->parent = owner->saved_encl;
}

static void name_parameter(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_frame *p = &f[-1];

	if (p[-2].rule->arg != JAVA_RECORD) {
		sq_walk_local(w, sym, p->type);
		return;
	}
	(void)sq_walk_def_point(w, p, SQ_KIND_PROPERTY, sym, 0);
	bind_field(w, sym, p->type);
}

static void declare(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	switch (f[-1].rule->arg) {
	case JAVA_DECLARATOR:
		if (f[-2].rule->arg == JAVA_FIELD) {
			name_field(w, f, sym);
			break;
		}
		sq_walk_local(w, sym, f[-2].type);
		f[-1].aux = sym;
		break;
	case JAVA_PARAMETER:
		name_parameter(w, f, sym);
		break;
	case JAVA_VARIABLE:
		sq_walk_local(w, sym, f[-1].type);
		break;
	default:
		sq_walk_def_name(w, &f[-1], sym);
	}
}

/* "var x = new T()" */
static void leave_declarator(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_local *l = sq_walk_find(w, f->aux);

	if (l && !l->is_global && l->type == SQ_NONE && f[-1].type == SQ_NONE)
		l->type = f->type;
	if (!f[-1].init_start)
		f[-1].init_start = f->init_start;
}

/* scopes */

static enum sq_visit on_scope(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_lambda(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

/* a block in a class body is code that no method holds */
static enum sq_visit on_block(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, f[-1].rule->arg == JAVA_CLASS_BODY);
	return SQ_DESCEND;
}

/* imports */

static void add_import(struct sq_walk *w, const struct sq_frame *f, struct sq_slice path,
		       TSNode node, unsigned flags)
{
	const char *dot = memrchr(path.p, '.', path.n);
	struct sq_slice name = dot ? sq_slice(dot + 1, path.n - (size_t)(dot + 1 - path.p)) : path;
	struct sq_slice target = dot ? sq_slice(path.p, (size_t)(dot - path.p)) : SQ_SLICE_NULL;
	TSNode last = sq_node_field(node, "name");
	TSPoint at = ts_node_start_point(ts_node_is_null(last) ? node : last);
	struct sq_ref *r;

	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_NAME, target, name, SQ_SLICE_NULL,
		       flags);
	r = sq_facts_ref(w->builder, sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_IMPORT,
						      name, SQ_ARGC_UNKNOWN));
	if (r && target.n)
		r->qual = sq_facts_add_string(w->builder, target);
}

/* the dotted name below a package clause or an import */
static TSNode find_name(const struct sq_frame *f)
{
	uint32_t n = ts_node_named_child_count(f->node);

	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_named_child(f->node, i);
		const char *type = ts_node_type(child);

		if (!strcmp(type, "scoped_identifier") || !strcmp(type, "identifier"))
			return child;
	}
	return (TSNode){ .id = NULL };
}

static bool has_child(TSNode node, const char *type)
{
	uint32_t n = ts_node_child_count(node);

	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(ts_node_type(ts_node_child(node, i)), type))
			return true;
	return false;
}

static enum sq_visit on_import(struct sq_walk *w, struct sq_frame *f)
{
	unsigned flags = has_child(f->node, "static") ? SQ_IMP_STATIC : 0;
	TSNode node = find_name(f);
	struct sq_slice path = sq_walk_text(w, sq_walk_type_path(w, sq_node_text(w, node)));

	if (!path.n)
		return SQ_SKIP;
	if (has_child(f->node, "asterisk"))
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_NAME, path, SQ_SLICE_NULL,
			       SQ_SLICE_NULL, flags | SQ_IMP_WILDCARD);
	else
		add_import(w, f, path, node, flags);
	return SQ_SKIP;
}

static enum sq_visit on_package(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_type_path(w, sq_node_text(w, find_name(f)));

	if (sym != SQ_NONE)
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_PACKAGE, sq_walk_text(w, sym),
			       SQ_SLICE_NULL, SQ_SLICE_NULL, 0);
	return SQ_SKIP;
}

/* expressions */

static void use_member(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *p = &f[-1];
	struct sq_ref *r;
	uint32_t ref;

	if (p->rule->arg == JAVA_SCOPED_NAME) {
		p->obj_start = p->start;
		p->obj_end = find_back(w, p->start, f->start, '.');
	}
	ref = sq_walk_use_member(w, f, sym);
	r = sq_facts_ref(w->builder, ref);
	if (!r || !(r->flags & SQ_REFF_EXPR))
		return;
	if (p->obj_start == p->obj_end)   /* a method of this class, whatever locals there are */
		set_qualifier(w, ref, SQ_NONE, 0);
	else if (p->type != SQ_NONE)
		set_qualifier(w, ref, p->type, SQ_REFF_TYPED);
}

/* the name in "T::name"; T is visited like any other expression */
static bool use_method_reference(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *p = &f[-1];
	uint32_t colon;

	if (f->end != p->end || f->start == p->start)
		return false;
	colon = find_back(w, p->start, f->start, ':');
	p->obj_start = p->start;
	p->obj_end = colon > p->start ? colon - 1 : colon;
	p->role = SQ_ROLE_VALUE;
	(void)sq_walk_use_member(w, f, sym);
	return true;
}

static enum sq_visit on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	switch (f->role) {
	case SQ_ROLE_NAME:
		declare(w, f, sym);
		return SQ_SKIP;
	case SQ_ROLE_DECL:
		sq_walk_local(w, sym, f[-1].type);
		return SQ_SKIP;
	case SQ_ROLE_MEMBER:
		use_member(w, f, sym);
		return SQ_SKIP;
	case SQ_ROLE_D:
		return SQ_SKIP;
	default:
		break;
	}
	if (f[-1].rule->arg == JAVA_METHOD_REFERENCE) {
		if (use_method_reference(w, f, sym))
			return SQ_SKIP;
		f->role = SQ_ROLE_OBJECT;
	}
	if (f->role == SQ_ROLE_OBJECT && looks_like_type(sq_frame_text(w, f)) &&
	    !sq_walk_is_local(w, sym))
		f->role = SQ_ROLE_TYPE;
	(void)sq_walk_use(w, f, sym);
	return SQ_SKIP;
}

static const struct sq_frame *class_frame(const struct sq_frame *f)
{
	do
		f--;
	while (f->rule && f->rule->arg != JAVA_CLASS && f->rule->arg != JAVA_RECORD);
	return f->rule ? f : NULL;
}

/* this(...) and super(...) call a constructor, which is named as its class */
static void use_constructor(struct sq_walk *w, struct sq_frame *f, bool is_super)
{
	const struct sq_frame *c = class_frame(f);
	struct sq_slice path;
	const char *dot;
	uint32_t sym;

	if (!c)
		return;
	path = is_super ? sq_walk_text(w, c->aux) : sq_node_text(w, sq_node_field(c->node, "name"));
	dot = path.n ? memrchr(path.p, '.', path.n) : NULL;
	if (dot)
		path = sq_slice(dot + 1, path.n - (size_t)(dot + 1 - path.p));
	sym = sq_walk_sym(w, path);
	if (sym != SQ_NONE)
		(void)sq_walk_use(w, f, sym);
}

static enum sq_visit on_this(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_CALLEE)
		use_constructor(w, f, false);
	/* Outer.this.m(): the receiver is an Outer */
	if (f->role == SQ_ROLE_MEMBER && f[-1].role == SQ_ROLE_OBJECT)
		f[-2].obj_end = f[-1].obj_end;
	return SQ_SKIP;
}

static enum sq_visit on_super(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_CALLEE) {
		use_constructor(w, f, true);
	} else if (f[-1].rule->arg == JAVA_INVOCATION || f[-1].rule->arg == JAVA_FIELD_ACCESS) {
		f[-1].obj_start = f->start;   /* T.super.m() is super.m() */
		f[-1].obj_end = f->end;
	}
	return SQ_SKIP;
}

static enum sq_visit on_invocation(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_OBJECT)
		f->bits |= JAVA_IS_OBJECT;
	f->role = SQ_ROLE_CALLEE;   /* what use_member() does with its name */
	return SQ_DESCEND;
}

/* a call of a method of this class has the type that the method returns */
static void leave_invocation(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_ref *r;
	const struct sq_sym *s;
	uint32_t key;

	if (!(f->bits & JAVA_IS_OBJECT) && f[-1].rule->arg != JAVA_DECLARATOR)
		return;
	r = sq_facts_ref(w->builder, f->ref);
	if (!r || r->qual != SQ_NONE || (r->flags & SQ_REFF_EXPR))
		return;
	key = member_key(w, "", sq_facts_string(w->builder, r->name), "()");
	s = key == SQ_NONE ? NULL : &w->syms.v[key];
	if (s && s->member_of != SQ_NONE && s->member_of == sq_walk_class(w))
		f[-1].type = s->member_type;
}

#define MODIFIER(text, flag) \
	{ .type = text, .enter = on_modifier, .flags = SQ_RULE_TOKEN, .arg = flag }

static const struct sq_rule_row rules[] = {
	{ .type = "line_comment", .flags = SQ_RULE_COMMENT },
	{ .type = "block_comment", .flags = SQ_RULE_COMMENT },
	{ .type = "identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "type_identifier", .enter = on_type_name, .flags = SQ_RULE_LEAF },
	{ .type = "this", .enter = on_this, .flags = SQ_RULE_LEAF },
	{ .type = "super", .enter = on_super, .flags = SQ_RULE_LEAF },
	{ .type = "decimal_integer_literal", .flags = SQ_RULE_LEAF },
	{ .type = "hex_integer_literal", .flags = SQ_RULE_LEAF },
	{ .type = "character_literal", .flags = SQ_RULE_LEAF },
	{ .type = "null_literal", .flags = SQ_RULE_LEAF },
	{ .type = "true", .flags = SQ_RULE_LEAF },
	{ .type = "false", .flags = SQ_RULE_LEAF },
	{ .type = "void_type", .flags = SQ_RULE_LEAF },
	{ .type = "boolean_type", .flags = SQ_RULE_LEAF },
	{ .type = "integral_type", .enter = sq_on_opaque },
	{ .type = "floating_point_type", .enter = sq_on_opaque },
	{ .type = "string_literal" },
	MODIFIER("public", SQ_DEF_VIS_PUBLIC),
	MODIFIER("protected", SQ_DEF_VIS_PROTECTED),
	MODIFIER("private", SQ_DEF_VIS_PRIVATE),
	MODIFIER("static", SQ_DEF_STATIC),
	MODIFIER("abstract", SQ_DEF_ABSTRACT),
	{ .type = "final", .enter = on_final, .flags = SQ_RULE_TOKEN },

	{ .type = "package_declaration", .enter = on_package },
	{ .type = "import_declaration", .enter = on_import },
	{ .type = "module_declaration", .enter = sq_on_opaque },

	{ .type = "class_declaration", .enter = on_class, .arg = JAVA_CLASS },
	{ .type = "interface_declaration", .enter = on_class, .arg = JAVA_CLASS },
	{ .type = "enum_declaration", .enter = on_class, .arg = JAVA_CLASS },
	{ .type = "annotation_type_declaration", .enter = on_class, .arg = JAVA_CLASS },
	{ .type = "record_declaration", .enter = on_class, .arg = JAVA_RECORD },
	{ .type = "superclass", .leave = leave_superclass, .child_role = SQ_ROLE_INHERIT },
	{ .type = "super_interfaces", .child_role = SQ_ROLE_IMPLEMENT },
	{ .type = "extends_interfaces", .child_role = SQ_ROLE_INHERIT },
	{ .type = "type_list", .child_role = SQ_ROLE_SAME },
	{ .type = "class_body", .arg = JAVA_CLASS_BODY },
	{ .type = "enum_body_declarations", .arg = JAVA_CLASS_BODY },
	{ .type = "static_initializer", .arg = JAVA_CLASS_BODY },
	{ .type = "type_parameter", .enter = on_type_parameter },
	{ .type = "method_declaration", .enter = on_method, .leave = leave_method },
	{ .type = "annotation_type_element_declaration", .enter = on_method,
	  .leave = leave_method },
	{ .type = "constructor_declaration", .enter = on_method },
	{ .type = "compact_constructor_declaration", .enter = on_method },
	{ .type = "field_declaration", .enter = on_field, .arg = JAVA_FIELD },
	{ .type = "constant_declaration", .enter = on_field, .arg = JAVA_FIELD },
	{ .type = "enum_constant", .enter = on_enum_constant },
	{ .type = "modifiers", .arg = JAVA_MODIFIERS },
	{ .type = "marker_annotation", .leave = leave_annotation },
	{ .type = "annotation", .leave = leave_annotation },

	{ .type = "variable_declarator", .leave = leave_declarator, .arg = JAVA_DECLARATOR },
	{ .type = "formal_parameter", .arg = JAVA_PARAMETER },
	{ .type = "catch_formal_parameter", .arg = JAVA_VARIABLE },
	{ .type = "enhanced_for_statement", .enter = on_scope, .arg = JAVA_VARIABLE },
	{ .type = "resource", .arg = JAVA_VARIABLE },
	{ .type = "instanceof_expression", .arg = JAVA_VARIABLE },
	{ .type = "inferred_parameters", .child_role = SQ_ROLE_DECL },
	{ .type = "type_pattern", .child_role = SQ_ROLE_DECL },
	{ .type = "record_pattern", .child_role = SQ_ROLE_TYPE },
	{ .type = "record_pattern_body", .child_role = SQ_ROLE_VALUE },
	{ .type = "record_pattern_component", .child_role = SQ_ROLE_DECL },

	{ .type = "generic_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "annotated_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "scoped_type_identifier", .leave = leave_scoped_type, .arg = JAVA_SCOPED_TYPE,
	  .child_role = SQ_ROLE_TYPE },
	{ .type = "type_arguments", .child_role = SQ_ROLE_TYPE },
	{ .type = "catch_type", .leave = leave_catch_type, .flags = SQ_RULE_COUNT },
	{ .type = "scoped_identifier", .arg = JAVA_SCOPED_NAME },

	{ .type = "block", .enter = on_block },
	{ .type = "for_statement", .enter = on_scope },
	{ .type = "catch_clause", .enter = on_scope },
	{ .type = "try_with_resources_statement", .enter = on_scope },
	{ .type = "switch_block", .enter = on_scope },
	{ .type = "switch_rule", .enter = on_scope },
	{ .type = "lambda_expression", .enter = on_lambda },
	{ .type = "labeled_statement", .child_role = SQ_ROLE_D },
	{ .type = "break_statement", .child_role = SQ_ROLE_D },
	{ .type = "continue_statement", .child_role = SQ_ROLE_D },

	{ .type = "method_invocation", .enter = on_invocation, .leave = leave_invocation,
	  .flags = SQ_RULE_CALL, .arg = JAVA_INVOCATION },
	{ .type = "object_creation_expression", .leave = leave_type,
	  .flags = SQ_RULE_CALL | SQ_RULE_NEW },
	{ .type = "explicit_constructor_invocation", .flags = SQ_RULE_CALL | SQ_RULE_NEW },
	{ .type = "argument_list", .leave = sq_leave_arguments, .flags = SQ_RULE_COUNT },
	{ .type = "field_access", .arg = JAVA_FIELD_ACCESS },
	{ .type = "method_reference", .arg = JAVA_METHOD_REFERENCE },
	{ .type = "cast_expression", .leave = leave_type },
	{ .type = "parenthesized_expression", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "update_expression", .child_role = SQ_ROLE_WRITE },
	{ .type = NULL },
};

static const struct sq_role_row roles[] = {
	{ "class_declaration", "name", SQ_ROLE_NAME },
	{ "class_declaration", "body", SQ_ROLE_BODY },
	{ "interface_declaration", "name", SQ_ROLE_NAME },
	{ "interface_declaration", "body", SQ_ROLE_BODY },
	{ "enum_declaration", "name", SQ_ROLE_NAME },
	{ "enum_declaration", "body", SQ_ROLE_BODY },
	{ "annotation_type_declaration", "name", SQ_ROLE_NAME },
	{ "annotation_type_declaration", "body", SQ_ROLE_BODY },
	{ "record_declaration", "name", SQ_ROLE_NAME },
	{ "record_declaration", "body", SQ_ROLE_BODY },
	{ "method_declaration", "name", SQ_ROLE_NAME },
	{ "method_declaration", "type", SQ_ROLE_TYPE },
	{ "method_declaration", "body", SQ_ROLE_BODY },
	{ "annotation_type_element_declaration", "name", SQ_ROLE_NAME },
	{ "annotation_type_element_declaration", "type", SQ_ROLE_TYPE },
	{ "constructor_declaration", "name", SQ_ROLE_NAME },
	{ "constructor_declaration", "body", SQ_ROLE_BODY },
	{ "compact_constructor_declaration", "name", SQ_ROLE_NAME },
	{ "compact_constructor_declaration", "body", SQ_ROLE_BODY },
	{ "enum_constant", "name", SQ_ROLE_NAME },
	{ "enum_constant", "body", SQ_ROLE_BODY },
	{ "marker_annotation", "name", SQ_ROLE_TYPE },
	{ "annotation", "name", SQ_ROLE_TYPE },
	{ "element_value_pair", "key", SQ_ROLE_IGNORE },
	{ "scoped_identifier", "scope", SQ_ROLE_IGNORE },
	{ "scoped_identifier", "name", SQ_ROLE_MEMBER },

	{ "variable_declarator", "name", SQ_ROLE_NAME },
	{ "variable_declarator", "value", SQ_ROLE_INIT },
	{ "formal_parameter", "name", SQ_ROLE_NAME },
	{ "catch_formal_parameter", "name", SQ_ROLE_NAME },
	{ "enhanced_for_statement", "name", SQ_ROLE_NAME },
	{ "resource", "name", SQ_ROLE_NAME },
	{ "instanceof_expression", "right", SQ_ROLE_TYPE },
	{ "instanceof_expression", "name", SQ_ROLE_NAME },
	{ "lambda_expression", "parameters", SQ_ROLE_DECL },

	{ "method_invocation", "object", SQ_ROLE_OBJECT },
	{ "method_invocation", "name", SQ_ROLE_MEMBER },
	{ "method_invocation", "arguments", SQ_ROLE_ARGS },
	{ "object_creation_expression", "type", SQ_ROLE_CALLEE },
	{ "object_creation_expression", "arguments", SQ_ROLE_ARGS },
	{ "explicit_constructor_invocation", "constructor", SQ_ROLE_CALLEE },
	{ "explicit_constructor_invocation", "arguments", SQ_ROLE_ARGS },
	{ "field_access", "object", SQ_ROLE_OBJECT },
	{ "field_access", "field", SQ_ROLE_MEMBER },
	{ "array_access", "array", SQ_ROLE_SAME },
	{ "assignment_expression", "left", SQ_ROLE_WRITE },
	{ NULL, NULL, 0 },
};

static const char *const extensions[] = { ".java", NULL };
static const char *const self_names[] = { "this", NULL };

/* members of built-in types and of the standard library's most used ones */
static const char *const common_members[] = {
	"add", "addAll", "append", "charAt", "clear", "close", "compareTo", "concat", "contains",
	"containsKey", "containsValue", "endsWith", "entrySet", "equals", "equalsIgnoreCase",
	"filter", "flush", "forEach", "format", "get", "getBytes", "getClass", "getKey",
	"getMessage", "getName", "getOrDefault", "getValue", "hasNext", "hashCode", "indexOf",
	"insert", "isEmpty", "iterator", "join", "keySet", "lastIndexOf", "length", "map",
	"matches", "name", "next", "orElse", "ordinal", "peek", "poll", "pop", "print",
	"printStackTrace", "println", "push", "put", "putAll", "putIfAbsent", "read", "remove",
	"replace", "replaceAll", "reverse", "run", "set", "setLength", "size", "sort", "split",
	"start", "startsWith", "stream", "strip", "sublist", "substring", "toArray",
	"toCharArray", "toLowerCase", "toString", "toUpperCase", "trim", "valueOf", "values",
	"write", NULL,
};

const struct sq_lang_traits sq_traits_java = {
	.lang = SQ_LANG_JAVA,
	.family = SQ_FAMILY_JAVA,
	.style = SQ_STYLE_PACKAGE,
	.unit = SQ_UNIT_PACKAGE,
	.extensions = extensions,
	.self_names = self_names,
	.super_name = "super",
	.separator = ".",
	.duck_methods = true,
	.common_members = common_members,
};

const struct sq_spec sq_spec_java = {
	.lang = SQ_LANG_JAVA,
	.version = 3,
	.grammar = "java",
	.rules = { rules },
	.roles = { roles },
	.extensions = extensions,
	.traits = &sq_traits_java,
};
