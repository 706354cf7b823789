/* SPDX-License-Identifier: MIT */
/* declarations of C: which name is what */
#include "lang/lang-c.h"

void sq_c_climb(struct sq_frame *f, struct sq_c_declarator *ret_d)
{
	struct sq_c_declarator d = { .owner = NULL, .top = f };
	bool decided = false;

	for (struct sq_frame *p = f - 1; p->rule; d.top = p--) {
		switch (p->rule->arg) {
		case SQ_C_FUNCTION_DECLARATOR:
			d.is_function |= !decided;
			decided = true;
			break;
		case SQ_C_POINTER:
			decided = true;
			break;
		case SQ_C_PAREN:
			d.is_bare_paren = p == f - 1;
			break;
		case SQ_C_INIT:
			d.has_init = true;
			break;
		case SQ_C_QUALIFIED:
			if (!d.qualified)
				d.scope_end = p->obj_end;
			d.qualified = p;
			break;
		case SQ_C_TEMPLATE_NAME:
			break;
		case SQ_C_DECLARATION ... SQ_C_TYPEDEF:
			d.owner = p;
			*ret_d = d;
			return;
		default:
			*ret_d = d;
			return;
		}
	}
	*ret_d = d;
}

unsigned sq_c_flags(const struct sq_walk *w, const struct sq_frame *f)
{
	unsigned flags = w->anonymous ? SQ_DEF_FILE_LOCAL : 0;
	const struct sq_frame *p = f - 1;

	while (p->rule && (p->rule->arg == SQ_C_TEMPLATE || p->rule->arg == SQ_C_FIELD ||
			   p->rule->arg == SQ_C_DECLARATION))
		p--;
	if (p->rule && p->rule->arg == SQ_C_FIELD_LIST)
		flags |= p->bits;
	return flags;
}

/* a declaration that stands without its semicolon is a misread prefix:
 * "static void __sched" of "static void __sched notrace f(void) { ... }" */
static bool is_torn(const struct sq_walk *w, const struct sq_frame *f)
{
	return f->end <= f->start || w->bytes.p[f->end - 1] != ';';
}

/* references made since the declaration began (its types) belong to the variable */
static void adopt_refs(struct sq_walk *w, const struct sq_frame *owner, uint32_t outer,
		       uint32_t def)
{
	for (uint32_t i = sq_facts_n_refs(w->builder); i-- > owner->aux;) {
		struct sq_ref *r = sq_facts_ref(w->builder, i);

		if (r->encl == outer)
			r->encl = def;
	}
}

static void declare_global(struct sq_walk *w, struct sq_frame *f, const struct sq_c_declarator *d,
			   uint32_t sym)
{
	struct sq_frame *owner = d->owner, *span = d->top;
	unsigned flags = sq_c_flags(w, owner);
	bool is_first = !owner->count++;
	uint32_t outer = w->encl, def;

	if (owner->bits & SQ_C_STATIC)
		flags |= SQ_DEF_STATIC | SQ_DEF_FILE_LOCAL;
	if (owner->bits & SQ_C_MACRO_CALL || !d->is_function)
		sq_walk_local(w, sym, owner->type);   /* for its type only: outside functions */
	if ((owner->bits & SQ_C_EXTERN) && !d->has_init) {
		(void)sq_walk_ref(w, f, SQ_REF_DECLARATION, sym, SQ_NONE, 0);
		return;
	}
	/* the first variable is the declaration; another spans its own declarator */
	if (is_first && span == f && !d->is_bare_paren) {
		def = sq_walk_def_point(w, owner, SQ_KIND_VARIABLE, sym, flags);
		adopt_refs(w, owner, outer, def);
		sq_cpp_attach(w, f, d, def);
		return;
	}
	def = sq_walk_def(w, span, SQ_KIND_VARIABLE, sym, flags);
	if (is_first) {
		struct sq_def *v = sq_walk_get_def(w, def);
		TSPoint start = ts_node_start_point(owner->node);
		TSPoint end = ts_node_end_point(owner->node);

		if (!v)
			return;
		v->start_line = start.row + 1;
		v->start_col = start.column;
		v->end_line = end.row + 1;
		v->end_col = end.column;
		v->sig_off = owner->start;
		adopt_refs(w, owner, outer, def);
	}
	sq_cpp_attach(w, f, d, def);
}

static bool has_underscores(struct sq_slice s)
{
	return sq_slice_has_prefix(s, SQ_LIT("__"));
}

/* an identifier directly inside an ERROR child of n that can be the name */
static TSNode name_in_error(const struct sq_walk *w, TSNode n)
{
	static const TSNode none;
	uint32_t count = ts_node_named_child_count(n);

	for (uint32_t i = 0; i < count && i < 16; i++) {
		TSNode error = ts_node_named_child(n, i), name;

		if (strcmp(ts_node_type(error), "ERROR") != 0)
			continue;
		name = ts_node_named_child(error, 0);
		if (!ts_node_is_null(name) && sq_is_identifier(sq_node_text(w, name)) &&
		    !has_underscores(sq_node_text(w, name)))
			return name;
	}
	return none;
}

/* the reference that was made of the name becomes one of the attribute, or none is made */
static void claim(struct sq_walk *w, const struct sq_frame *f, TSNode name, uint32_t attribute)
{
	TSPoint at = ts_node_start_point(name), here = ts_node_start_point(f->node);
	uint32_t n = sq_facts_n_refs(w->builder);

	if (ts_node_start_byte(name) > f->start) {
		w->claimed = ts_node_start_byte(name);
		(void)sq_walk_ref(w, f, SQ_REF_READ, attribute, SQ_NONE, 0);
		return;
	}
	for (uint32_t i = n; i-- > 0 && i + 8 > n;) {
		struct sq_ref *r = sq_facts_ref(w->builder, i);

		if (r->line != at.row + 1 || r->col != at.column)
			continue;
		r->name = sq_facts_add_string(w->builder, sq_walk_text(w, attribute));
		r->line = here.row + 1;
		r->col = here.column;
		return;
	}
	(void)sq_walk_ref(w, f, SQ_REF_READ, attribute, SQ_NONE, 0);
}

/*
 * "int x __aligned = 1;" and "int __read_mostly x;" read as a declaration of
 * the attribute macro, with x in an ERROR beside it. Macros of that sort begin
 * with two underscores.
 */
static uint32_t true_name(struct sq_walk *w, const struct sq_frame *f,
			  const struct sq_c_declarator *d, uint32_t sym)
{
	TSNode name;

	if (!has_underscores(sq_walk_text(w, sym)))
		return sym;
	name = name_in_error(w, d->owner->node);
	for (const struct sq_frame *p = d->owner + 1; ts_node_is_null(name) && p < f; p++)
		name = name_in_error(w, p->node);
	if (ts_node_is_null(name))
		return sym;
	claim(w, f, name, sym);
	return sq_walk_sym(w, sq_node_text(w, name));
}

/* "static int __read_mostly" and then "x;" as a statement: the variable is x */
static bool declare_torn(struct sq_walk *w, struct sq_frame *f, const struct sq_c_declarator *d,
			 uint32_t sym)
{
	TSNode next = ts_node_next_named_sibling(d->owner->node), name;
	unsigned flags = sq_c_flags(w, d->owner);
	struct sq_def *v;
	TSPoint end;

	if (!has_underscores(sq_walk_text(w, sym)) || ts_node_is_null(next) ||
	    strcmp(ts_node_type(next), "expression_statement") != 0)
		return false;
	name = ts_node_named_child(next, 0);
	if (ts_node_is_null(name) || strcmp(ts_node_type(name), "identifier") != 0)
		return false;
	if (d->owner->bits & SQ_C_STATIC)
		flags |= SQ_DEF_STATIC | SQ_DEF_FILE_LOCAL;
	claim(w, f, name, sym);
	sym = sq_walk_sym(w, sq_node_text(w, name));
	sq_walk_local(w, sym, d->owner->type);
	if (d->owner->bits & SQ_C_EXTERN) {
		(void)sq_walk_ref(w, f, SQ_REF_DECLARATION, sym, SQ_NONE, 0);
		return true;
	}
	v = sq_walk_get_def(w, sq_walk_def_point(w, d->owner, SQ_KIND_VARIABLE, sym, flags));
	end = ts_node_end_point(next);
	if (v) {
		v->end_line = end.row + 1;
		v->end_col = end.column;
		v->sig_len = ts_node_end_byte(name) - d->owner->start;
	}
	return true;
}

static void declare_variable(struct sq_walk *w, struct sq_frame *f,
			     const struct sq_c_declarator *d, uint32_t sym)
{
	if (!d->is_function)
		sym = true_name(w, f, d, sym);
	if (!w->n_functions && is_torn(w, d->owner)) {
		if (!d->is_function && declare_torn(w, f, d, sym))
			return;
		w->carry = d->owner->bits & SQ_C_STATIC;
		if (!d->is_function)
			return;
	}
	/* in C++ "T name(args);" inside a function nearly always is a variable */
	if (d->is_function && (!w->n_functions || w->spec->lang == SQ_LANG_C)) {
		(void)sq_walk_ref(w, f, SQ_REF_DECLARATION, sym, SQ_NONE, 0);
		return;
	}
	if (!w->n_functions)
		declare_global(w, f, d, sym);
	else if (d->owner->bits & SQ_C_EXTERN)
		(void)sq_walk_ref(w, f, SQ_REF_DECLARATION, sym, SQ_NONE, 0);
	else
		sq_walk_local(w, sym, d->owner->type);
}

/* the definition that the owner opened takes the first name, others are their own */
static void declare_member(struct sq_walk *w, const struct sq_c_declarator *d, uint32_t sym,
			   enum sq_kind kind)
{
	struct sq_def *owner = sq_walk_get_def(w, d->owner->def);
	uint32_t def;

	if (!owner)
		return;
	if (!sq_walk_def_has_name(w, d->owner)) {
		sq_walk_def_name(w, d->owner, sym);
		return;
	}
	def = sq_walk_def_point(w, d->top, kind, sym, owner->flags & ~SQ_DEF_NESTED);
	owner = sq_walk_get_def(w, d->owner->def);
	if (def != SQ_NONE && owner)
		sq_walk_get_def(w, def)->parent = owner->parent;
}

/* a pure virtual method has no other definition */
static bool is_pure(const struct sq_walk *w, const struct sq_frame *field)
{
	struct sq_slice s = sq_frame_text(w, field);

	for (const char *p = ";0="; *p; p++) {
		while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
			s.n--;
		if (!s.n || s.p[s.n - 1] != *p)
			return false;
		s.n--;
	}
	return true;
}

/* C++: a method that is only declared here */
static void declare_method(struct sq_walk *w, struct sq_frame *f,
			   const struct sq_c_declarator *d, uint32_t sym)
{
	struct sq_def *def = sq_walk_get_def(w, d->owner->def);

	if (!def || !is_pure(w, d->owner)) {
		(void)sq_walk_ref(w, f, SQ_REF_DECLARATION, sym, SQ_NONE, 0);
		return;
	}
	def->kind = SQ_KIND_METHOD;
	def->flags |= SQ_DEF_ABSTRACT;
	sq_walk_def_name(w, d->owner, sym);
}

static void declare_field(struct sq_walk *w, struct sq_frame *f, const struct sq_c_declarator *d,
			  uint32_t sym)
{
	bool is_cpp = w->spec->lang == SQ_LANG_CPP;

	if (d->is_function) {
		if (is_cpp)   /* C has no such member: a misread call */
			declare_method(w, f, d, sym);
		return;
	}
	sym = true_name(w, f, d, sym);
	declare_member(w, d, sym, SQ_KIND_PROPERTY);
	if (is_cpp)
		sq_cpp_bind_field(w, sym, d->owner->type);
}

static bool is_class(const struct sq_def *d)
{
	return d && (d->kind == SQ_KIND_CLASS || d->kind == SQ_KIND_STRUCT);
}

static void name_function(struct sq_walk *w, struct sq_frame *f, const struct sq_c_declarator *d,
			  uint32_t sym)
{
	struct sq_def *def = sq_walk_get_def(w, d->owner->def);

	if (!def || def->name != SQ_NONE)
		return;
	if (is_class(sq_walk_get_def(w, def->parent)))
		def->kind = SQ_KIND_METHOD;
	sq_walk_def_name(w, d->owner, sym);
	sq_cpp_attach(w, f, d, d->owner->def);
}

void sq_c_declare(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_c_declarator d;

	sq_c_climb(f, &d);
	if (!d.owner)
		return;
	switch (d.owner->rule->arg) {
	case SQ_C_PARAMETER:
		if (w->n_functions)
			sq_walk_local(w, sym, d.owner->type);
		break;
	case SQ_C_FIELD:
		declare_field(w, f, &d, sym);
		break;
	case SQ_C_TYPEDEF:
		declare_member(w, &d, sym, SQ_KIND_TYPE);
		break;
	case SQ_C_FUNCTION:
		name_function(w, f, &d, sym);
		break;
	default:
		declare_variable(w, f, &d, sym);
	}
}
