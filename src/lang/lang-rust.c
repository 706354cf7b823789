/* SPDX-License-Identifier: MIT */
/* Rust: grammar tree-sitter-rust. Names, types and expressions. */
#include "lang/lang-rust.h"

static bool is_one_of(struct sq_slice s, const char *const *names)
{
	for (; *names; names++)
		if (sq_slice_is(s, *names))
			return true;
	return false;
}

bool sq_rust_is_prelude(struct sq_slice s)
{
	static const char *const names[] = { "Some", "None", "Ok", "Err", NULL };

	return s.n <= 4 && is_one_of(s, names);
}

bool sq_rust_is_pointer(struct sq_slice s)
{
	static const char *const names[] = { "Box", "Rc", "Arc", NULL };

	return s.n <= 3 && is_one_of(s, names);
}

uint32_t sq_rust_use_as(struct sq_walk *w, struct sq_frame *f, uint32_t sym, enum sq_role role,
			uint32_t qual, unsigned flags)
{
	struct sq_frame *p = &f[-1];
	uint8_t saved = p->role;
	struct sq_ref *r;
	uint32_t ref;

	/* a member of nothing is what the engine does not look up among the locals */
	p->role = (uint8_t)role;
	p->obj_start = p->obj_end = 0;
	ref = sq_walk_use_member(w, f, sym);
	p->role = saved;
	r = sq_facts_ref(w->builder, ref);
	if (!r)
		return ref;
	r->flags = (uint8_t)((r->flags & ~(SQ_REFF_EXPR | SQ_REFF_ARROW)) | flags);
	if (qual != SQ_NONE)
		r->qual = sq_facts_add_string(w->builder, sq_walk_text(w, qual));
	return ref;
}

uint32_t sq_rust_call_key(struct sq_walk *w, uint32_t owner, struct sq_slice name, bool inner)
{
	struct sq_slice type = sq_walk_text(w, owner);

	sq_buf_clear(&w->scratch);
	sq_buf_add_slice(&w->scratch, type);
	sq_buf_puts(&w->scratch, "::");
	sq_buf_add_slice(&w->scratch, name);
	sq_buf_puts(&w->scratch, inner ? "()?" : "()");
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

/* types of values */

/* A value tells the frame above its type, and in aux what its Result or Option holds. */
static void tell_value(struct sq_frame *f, uint32_t type, uint32_t inner)
{
	struct sq_frame *p = &f[-1];

	switch (p->rule->arg) {
	case RUST_LET:
		if (p->type == SQ_NONE)   /* a written type wins */
			p->type = type;
		break;
	case RUST_WRAPPER:
	case RUST_FIELD_EXPRESSION:
		p->type = type;
		p->aux = inner;
		break;
	case RUST_OTHER:
		p->type = type;   /* arguments: Box::new(T::new()) */
		break;
	default:
		break;
	}
}

static void leave_value(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	tell_value(f, f->type, f->aux);
}

/* x? is what x holds */
static void leave_try(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	tell_value(f, f->type == SQ_NONE ? f->aux : f->type, SQ_NONE);
}

static struct sq_frame *call_of(struct sq_frame *f)
{
	struct sq_frame *call = sq_frame_call(f);

	return call->rule && call->rule->arg == RUST_CALL ? call : NULL;
}

static uint32_t known_result(struct sq_walk *w, uint32_t owner, struct sq_slice name, bool inner)
{
	uint32_t key = sq_rust_call_key(w, owner, name, inner);

	return key == SQ_NONE ? SQ_NONE : w->syms.v[key].member_type;
}

/* T::new() and T::default() make a T; functions of this file say what they return */
static void infer_path_call(struct sq_walk *w, struct sq_frame *f, uint32_t path)
{
	struct sq_slice name = sq_frame_text(w, f), owner = sq_walk_text(w, path), last = owner;
	struct sq_frame *call = call_of(f);
	const char *colon = owner.n ? memrchr(owner.p, ':', owner.n) : NULL;

	if (!call)
		return;
	if (sq_slice_is(owner, "Self"))
		path = w->carry ? w->carry - 1 : SQ_NONE;
	if (colon)
		last = sq_slice(colon + 1, owner.n - (size_t)(colon + 1 - owner.p));
	call->type = known_result(w, path, name, false);
	call->aux = known_result(w, path, name, true);
	if (call->type != SQ_NONE || call->aux != SQ_NONE || !sq_rust_is_upper(last))
		return;
	if (sq_slice_is(name, "new") && sq_rust_is_pointer(last))
		call->bits |= RUST_TAKES_ARGUMENT;
	else if (sq_slice_is(name, "new") || sq_slice_is(name, "default") || sq_rust_is_upper(name))
		call->type = path;
}

static void infer_name_call(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *call = call_of(f);

	if (!call)
		return;
	call->type = known_result(w, SQ_NONE, sq_frame_text(w, f), false);
	call->aux = known_result(w, SQ_NONE, sq_frame_text(w, f), true);
	if (sq_rust_is_upper(sq_frame_text(w, f)))
		call->type = sym;
}

/* x.unwrap() is what x holds, x.clone() another x */
static void infer_method_call(struct sq_walk *w, struct sq_frame *f, const struct sq_ref *r)
{
	static const char *const unwraps[] = { "unwrap", "expect", "unwrap_or_default", NULL };
	struct sq_slice name = sq_frame_text(w, f);
	const struct sq_frame *object = &f[-1];
	struct sq_frame *call = call_of(f);
	uint32_t owner = object->type;

	if (!call)
		return;
	if ((r->flags & SQ_REFF_TYPED) && r->qual != SQ_NONE)
		owner = sq_walk_sym(w, sq_facts_string(w->builder, r->qual));
	else if (r->qual != SQ_NONE && w->carry &&
		 sq_slice_is(sq_facts_string(w->builder, r->qual), "self"))
		owner = w->carry - 1;
	if (is_one_of(name, unwraps)) {
		call->type = object->type == SQ_NONE ? object->aux : object->type;
	} else if (sq_slice_is(name, "clone")) {
		call->type = owner;
	} else if (owner != SQ_NONE) {
		call->type = known_result(w, owner, name, false);
		call->aux = known_result(w, owner, name, true);
	}
}

static void leave_arguments(struct sq_walk *w, struct sq_frame *f)
{
	sq_leave_arguments(w, f);
	if (f[-1].bits & RUST_TAKES_ARGUMENT)
		f[-1].type = f->type;
}

/* types */

static void tell_type(struct sq_frame *f, uint32_t type)
{
	f[-1].type = type;
}

static void leave_type(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	tell_type(f, f->type);
}

static void leave_generic_type(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_walk_text(w, f->type);

	tell_type(f, f->aux != SQ_NONE && sq_rust_is_pointer(name) ? f->aux : f->type);
}

static void leave_type_arguments(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	f[-1].aux = f->type;
}

/* path of a::b::name at leaf @f; SQ_NONE with @ret_flags EXPR when it is none */
static uint32_t path_of(struct sq_walk *w, const struct sq_frame *f, unsigned *ret_flags)
{
	const struct sq_frame *p = &f[-1];
	uint32_t path = SQ_NONE;

	*ret_flags = 0;
	if (p->obj_end > p->obj_start)
		path = sq_walk_type_path(w, sq_slice(w->bytes.p + p->obj_start,
						     p->obj_end - p->obj_start));
	if (path == SQ_NONE && p->type != SQ_NONE) {   /* <T as Trait>::name */
		*ret_flags = SQ_REFF_TYPED;
		return p->type;
	}
	if (path == SQ_NONE && p->obj_end > p->obj_start)
		*ret_flags = SQ_REFF_EXPR;
	/* self::name is name, seen from the module */
	return sq_slice_is(sq_walk_text(w, path), "self") ? SQ_NONE : path;
}

/* Self is a name of the impl's type */
static void use_self_type(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t type = w->carry ? w->carry - 1 : SQ_NONE;

	tell_type(f, type);
	if (f->role == SQ_ROLE_CALLEE && type != SQ_NONE)
		(void)sq_rust_use_as(w, f, type, SQ_ROLE_CALLEE, SQ_NONE, 0);
}

static enum sq_role type_role(enum sq_role role)
{
	switch (role) {
	case SQ_ROLE_CALLEE:
	case SQ_ROLE_INHERIT:
	case SQ_ROLE_IMPLEMENT:
		return role;
	default:
		return SQ_ROLE_TYPE;
	}
}

static enum sq_visit on_type_name(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice text = sq_frame_text(w, f);
	uint32_t sym = sq_walk_leaf_sym(w, f), path;
	struct sq_frame *p = &f[-1];
	enum sq_role role = type_role(p->rule->arg == RUST_SCOPED ? p->role : f->role);
	unsigned flags;

	if (f->role == SQ_ROLE_NAME && p->rule->arg == RUST_TYPE_PARAMETER) {
		sq_walk_hide(w, sym);
	} else if (f->role == SQ_ROLE_NAME) {
		sq_walk_def_name(w, p, sym);
	} else if (p->rule->arg == RUST_SCOPED) {
		path = path_of(w, f, &flags);
		if (p->role == SQ_ROLE_C)   /* what a pattern takes apart may be a variant */
			role = SQ_ROLE_VALUE;
		(void)sq_rust_use_as(w, f, sym, role, path, flags);
	} else if (sq_slice_is(text, "Self")) {
		use_self_type(w, f);
	} else if (!sq_slice_is(text, "_") && !sq_walk_is_local(w, sym)) {
		tell_type(f, sym);
		f->role = (uint8_t)role;
		(void)sq_walk_use(w, f, sym);
	}
	return SQ_SKIP;
}

static void leave_scoped_type(struct sq_walk *w, struct sq_frame *f)
{
	tell_type(f, sq_walk_type_path(w, sq_frame_text(w, f)));
}

/* names */

/* the last name of a::b::name in an expression or pattern */
static void use_scoped(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *p = &f[-1];
	enum sq_role role = p->role;
	unsigned flags;
	uint32_t path = path_of(w, f, &flags), ref;
	struct sq_ref *r;

	if (role == SQ_ROLE_D) {
		(void)sq_walk_ref(w, f, SQ_REF_MACRO, sym, path, flags);
		return;
	}
	if (role == SQ_ROLE_OBJECT) {
		if (!sq_rust_is_upper(sq_frame_text(w, f)))
			return;   /* a module on the way */
		role = SQ_ROLE_TYPE;
	}
	if (role == SQ_ROLE_DECL)
		role = SQ_ROLE_VALUE;
	ref = sq_rust_use_as(w, f, sym, role, path, flags);
	if (role != SQ_ROLE_CALLEE)
		return;
	r = sq_facts_ref(w->builder, ref);
	if (r && sq_rust_is_upper(sq_frame_text(w, f)))
		r->flags |= SQ_REFF_NEW;
	infer_path_call(w, f, path);
}

static void use_callee(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_ref *r;

	if (sq_rust_is_prelude(sq_frame_text(w, f)))
		return;
	if (sq_slice_is(sq_frame_text(w, f), "Self")) {
		if (w->carry)
			(void)sq_rust_use_as(w, f, w->carry - 1, SQ_ROLE_CALLEE, SQ_NONE, SQ_REFF_NEW);
		if (call_of(f) && w->carry)
			call_of(f)->type = w->carry - 1;
		return;
	}
	r = sq_facts_ref(w->builder, sq_walk_use(w, f, sym));
	if (!r)
		return;
	if (sq_rust_is_upper(sq_frame_text(w, f)))
		r->flags |= SQ_REFF_NEW;
	infer_name_call(w, f, sym);
}

/* a name in a pattern is bound, unless it is written as constants and variants are */
static void use_in_pattern(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	if (!sq_rust_is_upper(sq_frame_text(w, f))) {
		sq_rust_bind(w, f, sym);
		return;
	}
	f->role = SQ_ROLE_VALUE;
	if (!sq_rust_is_prelude(sq_frame_text(w, f)))
		(void)sq_walk_use(w, f, sym);
}

static void use_value(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_local *l = sq_walk_find(w, sym);

	if (sq_rust_is_prelude(sq_frame_text(w, f)) || sq_slice_is(sq_frame_text(w, f), "Self"))
		return;
	if (l && l->type != SQ_NONE && f[-1].rule->arg == RUST_LET)
		tell_value(f, l->type, SQ_NONE);
	(void)sq_walk_use(w, f, sym);
}

/* "T { name }": writes the field and reads the variable */
static void use_shorthand(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	uint32_t type = f[-3].type;

	(void)sq_walk_ref(w, f, SQ_REF_WRITE, sym, type,
			  type == SQ_NONE ? SQ_REFF_EXPR : SQ_REFF_TYPED);
	f->role = SQ_ROLE_VALUE;
	(void)sq_walk_use(w, f, sym);
}

static enum sq_visit on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);
	struct sq_frame *p = &f[-1];

	if (p->rule->arg == RUST_TOKENS) {
		sq_rust_use_token(w, f, sym);
		return SQ_SKIP;
	}
	switch (f->role) {
	case SQ_ROLE_NAME:
		if (p->rule->arg == RUST_TYPE_PARAMETER)
			sq_walk_hide(w, sym);
		else
			sq_rust_name_item(w, f, sym);
		break;
	case SQ_ROLE_DECL:
		use_in_pattern(w, f, sym);
		break;
	case SQ_ROLE_A:
		sq_rust_use(w, f);
		break;
	case SQ_ROLE_D:
		(void)sq_walk_ref(w, f, SQ_REF_MACRO, sym, SQ_NONE, 0);
		break;
	case SQ_ROLE_MEMBER:
		use_scoped(w, f, sym);
		break;
	case SQ_ROLE_CALLEE:
		use_callee(w, f, sym);
		break;
	case SQ_ROLE_OBJECT:
		if (p->rule->arg != RUST_SCOPED)
			use_value(w, f, sym);
		else if (sq_rust_is_upper(sq_frame_text(w, f)) && !sq_walk_is_local(w, sym) &&
			 !sq_slice_is(sq_frame_text(w, f), "Self"))
			(void)sq_walk_ref(w, f, SQ_REF_TYPE, sym, SQ_NONE, 0);
		break;
	default:
		if (p->rule->arg == RUST_SHORTHAND)
			use_shorthand(w, f, sym);
		else
			use_value(w, f, sym);
	}
	return SQ_SKIP;
}

/* self, super, crate: paths of their own below use */
static enum sq_visit on_path_word(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_A)
		sq_rust_use(w, f);
	else if (f->role == SQ_ROLE_DECL)   /* self: Box<Self> */
		(void)sq_rust_on_self_parameter(w, f);
	return SQ_SKIP;
}

static enum sq_visit on_scoped(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role != SQ_ROLE_A)
		return SQ_DESCEND;
	sq_rust_use(w, f);
	return SQ_SKIP;
}

static void use_field(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *p = &f[-1];
	uint32_t ref = sq_walk_use_member(w, f, sym);
	struct sq_ref *r = sq_facts_ref(w->builder, ref);

	if (!r)
		return;
	if ((r->flags & SQ_REFF_EXPR) && p->type != SQ_NONE) {
		r->flags = (uint8_t)((r->flags & ~SQ_REFF_EXPR) | SQ_REFF_TYPED);
		r->qual = sq_facts_add_string(w->builder, sq_walk_text(w, p->type));
	}
	if (r->kind == SQ_REF_CALL)
		infer_method_call(w, f, r);
}

static void use_field_of(struct sq_walk *w, struct sq_frame *f, enum sq_ref_kind kind,
			 uint32_t sym, uint32_t type)
{
	(void)sq_walk_ref(w, f, kind, sym, type, type == SQ_NONE ? SQ_REFF_EXPR : SQ_REFF_TYPED);
}

static enum sq_visit on_field_name(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_NAME)
		sq_walk_def_name(w, &f[-1], sym);
	else if (f->role == SQ_ROLE_MEMBER)
		use_field(w, f, sym);
	else if (f->role == SQ_ROLE_B)   /* below field_initializer, its list, the struct */
		use_field_of(w, f, SQ_REF_WRITE, sym, f[-3].type);
	else if (f->role == SQ_ROLE_C)   /* below field_pattern, the struct */
		use_field_of(w, f, SQ_REF_READ, sym, f[-2].type);
	return SQ_SKIP;
}

static enum sq_visit on_shorthand_field(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	use_field_of(w, f, SQ_REF_READ, sym, f[-2].type);
	f->role = SQ_ROLE_DECL;
	f[-1].role = SQ_ROLE_DECL;
	sq_rust_bind(w, f, sym);
	return SQ_SKIP;
}

/* statements and expressions */

static enum sq_visit on_scope(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_closure(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static enum sq_visit on_for(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return sq_rust_on_let(w, f);
}

static enum sq_visit on_block(struct sq_walk *w, struct sq_frame *f)
{
	if (f[-1].rule->arg == RUST_FOR && f->role == SQ_ROLE_BODY)
		sq_rust_leave_let(w, &f[-1]);
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static void leave_parameter(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_local *l = sq_walk_find(w, f->aux);

	if (l && !l->is_global)
		l->type = f->type;
}

static enum sq_visit on_unary(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_WRITE && w->bytes.p[f->start] == '*')
		f->child_role = SQ_ROLE_WRITE;
	return SQ_DESCEND;
}

/* a[i] = x writes a and reads i */
static enum sq_visit on_index(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_WRITE)
		f->child_role = SQ_ROLE_WRITE;
	return SQ_DESCEND;
}

static enum sq_visit on_bracket(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f[-1].rule->arg == RUST_INDEX)
		f[-1].child_role = SQ_ROLE_VALUE;
	return SQ_SKIP;
}

static enum sq_visit on_call(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	f->type = f->aux = SQ_NONE;
	return SQ_DESCEND;
}

static const struct sq_rule_row rules[] = {
	{ .type = "line_comment", .flags = SQ_RULE_COMMENT },
	{ .type = "block_comment", .flags = SQ_RULE_COMMENT },
	{ .type = "identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "field_identifier", .enter = on_field_name, .flags = SQ_RULE_LEAF },
	{ .type = "shorthand_field_identifier", .enter = on_shorthand_field,
	  .flags = SQ_RULE_LEAF },
	{ .type = "type_identifier", .enter = on_type_name, .flags = SQ_RULE_LEAF },
	{ .type = "self", .enter = on_path_word, .flags = SQ_RULE_LEAF },
	{ .type = "super", .enter = on_path_word, .flags = SQ_RULE_LEAF },
	{ .type = "crate", .enter = on_path_word, .flags = SQ_RULE_LEAF },
	{ .type = "metavariable", .flags = SQ_RULE_LEAF },
	{ .type = "primitive_type", .flags = SQ_RULE_LEAF },
	{ .type = "mutable_specifier", .flags = SQ_RULE_LEAF },
	{ .type = "integer_literal", .flags = SQ_RULE_LEAF },
	{ .type = "float_literal", .flags = SQ_RULE_LEAF },
	{ .type = "char_literal", .flags = SQ_RULE_LEAF },
	{ .type = "boolean_literal", .flags = SQ_RULE_LEAF },
	{ .type = "string_literal", .enter = sq_on_opaque },
	{ .type = "raw_string_literal", .enter = sq_on_opaque },
	{ .type = "lifetime", .enter = sq_on_opaque },
	{ .type = "label", .enter = sq_on_opaque },
	{ .type = "[", .enter = on_bracket, .flags = SQ_RULE_TOKEN },

	{ .type = "attribute_item", .enter = sq_rust_on_attribute },
	{ .type = "inner_attribute_item", .enter = sq_on_opaque },
	{ .type = "visibility_modifier", .enter = sq_rust_on_visibility },
	{ .type = "function_modifiers", .enter = sq_rust_on_modifiers },
	{ .type = "extern_modifier", .enter = sq_on_opaque },
	{ .type = "use_declaration", .child_role = SQ_ROLE_A, .arg = RUST_USE },
	{ .type = "use_list", .child_role = SQ_ROLE_A },
	{ .type = "scoped_use_list", .enter = sq_rust_on_use_list, .child_role = SQ_ROLE_A,
	  .arg = RUST_USE_LIST },
	{ .type = "use_as_clause", .enter = sq_rust_on_use_alias },
	{ .type = "use_wildcard", .enter = sq_rust_on_use_wildcard },
	{ .type = "extern_crate_declaration", .enter = sq_rust_on_extern_crate },

	{ .type = "mod_item", .enter = sq_rust_on_module },
	{ .type = "foreign_mod_item", .arg = RUST_EXTERN },
	{ .type = "declaration_list", .arg = RUST_ITEMS },
	{ .type = "struct_item", .enter = sq_rust_on_type_item, .arg = SQ_KIND_STRUCT },
	{ .type = "union_item", .enter = sq_rust_on_type_item, .arg = SQ_KIND_STRUCT },
	{ .type = "enum_item", .enter = sq_rust_on_type_item, .arg = SQ_KIND_ENUM },
	{ .type = "type_item", .enter = sq_rust_on_type_item, .arg = SQ_KIND_TYPE },
	{ .type = "associated_type", .enter = sq_rust_on_type_item, .arg = SQ_KIND_TYPE },
	{ .type = "const_item", .enter = sq_rust_on_value_item,
	  .leave = sq_rust_leave_value_item, .arg = SQ_KIND_CONSTANT },
	{ .type = "static_item", .enter = sq_rust_on_value_item,
	  .leave = sq_rust_leave_value_item, .arg = SQ_KIND_VARIABLE },
	{ .type = "trait_item", .enter = sq_rust_on_trait, .leave = sq_rust_leave_trait,
	  .arg = RUST_TRAIT },
	{ .type = "impl_item", .enter = sq_rust_on_impl, .leave = sq_rust_leave_impl,
	  .arg = RUST_IMPL },
	{ .type = "enum_variant", .enter = sq_rust_on_variant },
	{ .type = "field_declaration", .enter = sq_rust_on_field, .leave = sq_rust_leave_field },
	{ .type = "function_item", .enter = sq_rust_on_function, .leave = sq_rust_leave_function,
	  .arg = RUST_FUNCTION },
	{ .type = "function_signature_item", .enter = sq_rust_on_function,
	  .leave = sq_rust_leave_function },
	{ .type = "macro_definition", .enter = sq_rust_on_macro_definition },
	{ .type = "macro_rule", .enter = sq_rust_on_macro_rule },
	{ .type = "token_tree", .arg = RUST_TOKENS },
	{ .type = "token_repetition", .arg = RUST_TOKENS },
	{ .type = "type_parameter", .arg = RUST_TYPE_PARAMETER },
	{ .type = "const_parameter", .arg = RUST_TYPE_PARAMETER },
	{ .type = "trait_bounds", .child_role = SQ_ROLE_SAME },
	{ .type = "self_parameter", .enter = sq_rust_on_self_parameter },
	{ .type = "parameter", .leave = leave_parameter, .arg = RUST_PARAMETER },
	{ .type = "closure_parameters", .child_role = SQ_ROLE_DECL },

	{ .type = "reference_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "pointer_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "dynamic_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "abstract_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "higher_ranked_trait_bound", .leave = leave_type,
	  .child_role = SQ_ROLE_SAME },
	{ .type = "generic_type", .leave = leave_generic_type },
	{ .type = "generic_type_with_turbofish", .leave = leave_generic_type },
	{ .type = "type_arguments", .leave = leave_type_arguments, .child_role = SQ_ROLE_TYPE },
	{ .type = "bracketed_type", .leave = leave_type },
	{ .type = "qualified_type", .leave = leave_type },
	{ .type = "scoped_type_identifier", .leave = leave_scoped_type, .arg = RUST_SCOPED },

	{ .type = "block", .enter = on_block },
	{ .type = "if_expression", .enter = on_scope },
	{ .type = "while_expression", .enter = on_scope },
	{ .type = "for_expression", .enter = on_for, .arg = RUST_FOR },
	{ .type = "match_arm", .enter = on_scope },
	{ .type = "closure_expression", .enter = on_closure },
	{ .type = "let_declaration", .enter = sq_rust_on_let, .leave = sq_rust_leave_let,
	  .arg = RUST_LET },
	{ .type = "let_condition", .enter = sq_rust_on_let, .leave = sq_rust_leave_let,
	  .arg = RUST_LET },
	{ .type = "match_pattern", .child_role = SQ_ROLE_DECL },
	{ .type = "tuple_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "slice_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "tuple_struct_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "struct_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "field_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "mut_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "ref_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "captured_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "reference_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "or_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "generic_pattern", .child_role = SQ_ROLE_SAME },

	{ .type = "call_expression", .enter = on_call, .leave = leave_value,
	  .flags = SQ_RULE_CALL, .arg = RUST_CALL },
	{ .type = "arguments", .leave = leave_arguments, .flags = SQ_RULE_COUNT },
	{ .type = "generic_function", .child_role = SQ_ROLE_SAME },
	{ .type = "scoped_identifier", .enter = on_scoped, .arg = RUST_SCOPED },
	{ .type = "field_expression", .arg = RUST_FIELD_EXPRESSION },
	{ .type = "index_expression", .enter = on_index, .arg = RUST_INDEX },
	{ .type = "parenthesized_expression", .leave = leave_value, .child_role = SQ_ROLE_SAME,
	  .arg = RUST_WRAPPER },
	{ .type = "reference_expression", .leave = leave_value, .arg = RUST_WRAPPER },
	{ .type = "try_expression", .leave = leave_try, .arg = RUST_WRAPPER },
	{ .type = "await_expression", .leave = leave_value, .flags = SQ_RULE_AWAIT,
	  .arg = RUST_WRAPPER },
	{ .type = "unary_expression", .enter = on_unary },
	{ .type = "struct_expression", .leave = leave_value,
	  .flags = SQ_RULE_CALL | SQ_RULE_NEW },
	{ .type = "shorthand_field_initializer", .arg = RUST_SHORTHAND },
	{ .type = "macro_invocation" },
	{ .type = NULL },
};

static const struct sq_role_row roles[] = {
	{ "scoped_use_list", "path", SQ_ROLE_IGNORE },
	{ "mod_item", "name", SQ_ROLE_NAME },
	{ "mod_item", "body", SQ_ROLE_BODY },
	{ "struct_item", "name", SQ_ROLE_NAME },
	{ "struct_item", "body", SQ_ROLE_BODY },
	{ "union_item", "name", SQ_ROLE_NAME },
	{ "union_item", "body", SQ_ROLE_BODY },
	{ "enum_item", "name", SQ_ROLE_NAME },
	{ "enum_item", "body", SQ_ROLE_BODY },
	{ "type_item", "name", SQ_ROLE_NAME },
	{ "associated_type", "name", SQ_ROLE_NAME },
	{ "associated_type", "bounds", SQ_ROLE_TYPE },
	{ "const_item", "name", SQ_ROLE_NAME },
	{ "const_item", "type", SQ_ROLE_TYPE },
	{ "const_item", "value", SQ_ROLE_INIT },
	{ "static_item", "name", SQ_ROLE_NAME },
	{ "static_item", "type", SQ_ROLE_TYPE },
	{ "static_item", "value", SQ_ROLE_INIT },
	{ "trait_item", "name", SQ_ROLE_NAME },
	{ "trait_item", "bounds", SQ_ROLE_INHERIT },
	{ "trait_item", "body", SQ_ROLE_BODY },
	{ "impl_item", "trait", SQ_ROLE_IMPLEMENT },
	{ "impl_item", "type", SQ_ROLE_TYPE },
	{ "enum_variant", "name", SQ_ROLE_NAME },
	{ "enum_variant", "body", SQ_ROLE_BODY },
	{ "field_declaration", "name", SQ_ROLE_NAME },
	{ "field_declaration", "type", SQ_ROLE_TYPE },
	{ "function_item", "name", SQ_ROLE_NAME },
	{ "function_item", "body", SQ_ROLE_BODY },
	{ "function_signature_item", "name", SQ_ROLE_NAME },
	{ "macro_definition", "name", SQ_ROLE_NAME },
	{ "macro_rule", "left", SQ_ROLE_IGNORE },
	{ "type_parameter", "name", SQ_ROLE_NAME },
	{ "type_parameter", "bounds", SQ_ROLE_TYPE },
	{ "const_parameter", "name", SQ_ROLE_NAME },
	{ "lifetime_parameter", "bounds", SQ_ROLE_IGNORE },
	{ "type_binding", "name", SQ_ROLE_IGNORE },
	{ "parameter", "pattern", SQ_ROLE_DECL },
	{ "variadic_parameter", "pattern", SQ_ROLE_DECL },

	{ "generic_type", "type", SQ_ROLE_SAME },
	{ "generic_type_with_turbofish", "type", SQ_ROLE_SAME },
	{ "scoped_type_identifier", "path", SQ_ROLE_OBJECT },
	{ "scoped_type_identifier", "name", SQ_ROLE_MEMBER },
	{ "scoped_identifier", "path", SQ_ROLE_OBJECT },
	{ "scoped_identifier", "name", SQ_ROLE_MEMBER },

	{ "let_declaration", "pattern", SQ_ROLE_DECL },
	{ "let_declaration", "type", SQ_ROLE_TYPE },
	{ "let_condition", "pattern", SQ_ROLE_DECL },
	{ "for_expression", "pattern", SQ_ROLE_DECL },
	{ "for_expression", "body", SQ_ROLE_BODY },
	{ "match_pattern", "condition", SQ_ROLE_VALUE },
	{ "tuple_struct_pattern", "type", SQ_ROLE_C },
	{ "struct_pattern", "type", SQ_ROLE_C },
	{ "field_pattern", "name", SQ_ROLE_C },
	{ "generic_pattern", "type_arguments", SQ_ROLE_TYPE },

	{ "call_expression", "function", SQ_ROLE_CALLEE },
	{ "call_expression", "arguments", SQ_ROLE_ARGS },
	{ "generic_function", "type_arguments", SQ_ROLE_TYPE },
	{ "field_expression", "value", SQ_ROLE_OBJECT },
	{ "field_expression", "field", SQ_ROLE_MEMBER },
	{ "assignment_expression", "left", SQ_ROLE_WRITE },
	{ "compound_assignment_expr", "left", SQ_ROLE_WRITE },
	{ "reference_expression", "value", SQ_ROLE_ADDRESS },
	{ "struct_expression", "name", SQ_ROLE_CALLEE },
	{ "field_initializer", "field", SQ_ROLE_B },
	{ "macro_invocation", "macro", SQ_ROLE_D },
	{ NULL, NULL, 0 },
};

static const char *const extensions[] = { ".rs", NULL };
/* the file of a directory, and the roots of crates, have no name in a path */
static const char *const index_stems[] = { "mod", "lib", "main", NULL };
static const char *const self_names[] = { "self", "Self", NULL };

/* members of built-in types and of the standard library's most used ones */
static const char *const common_members[] = {
	"abs", "all", "and_then", "any", "append", "as_bytes", "as_mut", "as_ref", "as_slice",
	"as_str", "borrow", "borrow_mut", "bytes", "chain", "chars", "clear", "clone", "cloned",
	"cmp", "collect", "concat", "contains", "contains_key", "copied", "count", "dedup",
	"drain", "ends_with", "entry", "enumerate", "eq", "expect", "extend", "filter",
	"filter_map", "find", "first", "flat_map", "flatten", "flush", "fmt", "fold", "get",
	"get_mut", "insert", "into", "into_iter", "is_empty", "is_err", "is_none", "is_ok",
	"is_some", "iter", "iter_mut", "join", "keys", "last", "len", "lines", "lock", "map",
	"map_err", "max", "min", "next", "ok", "ok_or", "parse", "partial_cmp", "peek", "pop",
	"position", "product", "push", "push_str", "read", "remove", "replace", "resize", "rev",
	"reverse", "skip", "sort", "sort_by", "split", "splitn", "starts_with", "step_by", "sum",
	"swap", "take", "to_ascii_lowercase", "to_lowercase", "to_owned", "to_string",
	"to_uppercase", "to_vec", "trim", "trim_end", "trim_start", "truncate", "unwrap",
	"unwrap_or", "unwrap_or_default", "unwrap_or_else", "unzip", "values", "with_capacity",
	"write", "zip", NULL,
};

const struct sq_lang_traits sq_traits_rust = {
	.lang = SQ_LANG_RUST,
	.family = SQ_FAMILY_RUST,
	.style = SQ_STYLE_CRATE,
	.unit = SQ_UNIT_CRATE,
	.extensions = extensions,
	.index_stems = index_stems,
	.self_names = self_names,
	.separator = "::",
	.duck_methods = true,
	.common_members = common_members,
};

const struct sq_spec sq_spec_rust = {
	.lang = SQ_LANG_RUST,
	.version = 3,
	.grammar = "rust",
	.rules = { rules },
	.roles = { roles },
	.extensions = extensions,
	.traits = &sq_traits_rust,
};
