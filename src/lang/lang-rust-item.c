/* SPDX-License-Identifier: MIT */
/* Rust: items, impl blocks, and the names that patterns bind. */
#include "lang/lang-rust.h"

/* key under which a type's definition is kept for impl blocks: name and enclosing module */
static uint32_t type_key(struct sq_walk *w, struct sq_slice name, uint32_t module)
{
	sq_buf_clear(&w->scratch);
	sq_buf_printf(&w->scratch, ".%u.", module);
	sq_buf_add_slice(&w->scratch, name);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static void keep_type(struct sq_walk *w, struct sq_slice name, uint32_t module, uint32_t def)
{
	uint32_t key = name.n ? type_key(w, name, module) : SQ_NONE;

	if (key != SQ_NONE)
		w->syms.v[key].member_of = def;
}

/* the type of that name in the innermost scope around @encl that has one */
static uint32_t find_type(struct sq_walk *w, struct sq_slice name, uint32_t encl)
{
	for (;;) {
		uint32_t key = type_key(w, name, encl);
		const struct sq_def *d;

		if (key != SQ_NONE && w->syms.v[key].member_of != SQ_NONE)
			return w->syms.v[key].member_of;
		d = sq_walk_get_def(w, encl);
		if (!d)
			return SQ_NONE;
		encl = d->parent;
	}
}

static struct sq_slice name_of(const struct sq_walk *w, const struct sq_frame *f)
{
	return sq_node_text(w, sq_node_field(f->node, "name"));
}

/* the frame of the impl, trait or extern block whose item is at @f; or NULL */
static const struct sq_frame *block_of(const struct sq_frame *f)
{
	const struct sq_frame *p = &f[-2];

	if (f[-1].rule->arg != RUST_ITEMS)
		return NULL;
	return p->rule && (p->rule->arg == RUST_IMPL || p->rule->arg == RUST_TRAIT ||
			   p->rule->arg == RUST_EXTERN) ? p : NULL;
}

static bool is_member(const struct sq_frame *block)
{
	return block && block->rule->arg != RUST_EXTERN;
}

static unsigned default_visibility(const struct sq_frame *block)
{
	if (block && (block->rule->arg == RUST_TRAIT || (block->bits & RUST_OF_TRAIT)))
		return SQ_DEF_VIS_PUBLIC;
	return SQ_DEF_VIS_PRIVATE;
}

enum sq_visit sq_rust_on_visibility(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);
	struct sq_def *d = sq_walk_get_def(w, f[-1].def);
	unsigned flag = SQ_DEF_VIS_PACKAGE;

	if (f[-1].rule->arg == RUST_USE)
		f[-1].bits |= RUST_PUBLIC;
	if (!d)
		return SQ_SKIP;
	if (sq_slice_is(s, "pub"))
		flag = SQ_DEF_VIS_PUBLIC;
	else if (memmem(s.p, s.n, "self", 4))
		flag = SQ_DEF_VIS_PRIVATE;
	d->flags = (uint16_t)((d->flags & ~SQ_DEF_VIS_MASK) | flag);
	return SQ_SKIP;
}

enum sq_visit sq_rust_on_modifiers(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);
	struct sq_def *d = sq_walk_get_def(w, f[-1].def);

	if (d && memmem(s.p, s.n, "async", 5))
		d->flags |= SQ_DEF_ASYNC;
	if (d && memmem(s.p, s.n, "unsafe", 6))
		d->flags |= SQ_DEF_UNSAFE;
	return SQ_SKIP;
}

/* attributes */

static void use_derived(struct sq_walk *w, TSNode tokens)
{
	static const char *const of_language[] = {
		"Debug", "Clone", "Copy", "PartialEq", "Eq", "Hash", "Default", "PartialOrd", "Ord",
	};
	uint32_t n = ts_node_named_child_count(tokens);

	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_named_child(tokens, i);
		struct sq_slice name = sq_node_text(w, child);
		TSPoint at = ts_node_start_point(child);
		bool known = !sq_rust_is_upper(name);

		for (size_t k = 0; k < SQ_ARRAY_SIZE(of_language); k++)
			known |= sq_slice_is(name, of_language[k]);
		if (!known)
			(void)sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_TYPE, name,
					       SQ_ARGC_UNKNOWN);
	}
}

enum sq_visit sq_rust_on_attribute(struct sq_walk *w, struct sq_frame *f)
{
	TSNode attribute = ts_node_named_child(f->node, 0);
	struct sq_slice name;
	TSNode arguments;

	if (ts_node_is_null(attribute))
		return SQ_SKIP;
	name = sq_node_text(w, ts_node_named_child(attribute, 0));
	arguments = sq_node_field(attribute, "arguments");
	if (sq_slice_is(name, "test") || sq_slice_has_suffix(name, SQ_LIT("::test")))
		f[-1].bits |= RUST_TEST_NEXT;
	else if (sq_slice_is(name, "derive") && !ts_node_is_null(arguments))
		use_derived(w, arguments);
	return SQ_SKIP;
}

/* functions */

/* "&mut a::T<'x>" -> node of T, and of a; null when it has no name */
static TSNode base_type(TSNode type, TSNode *ret_path)
{
	*ret_path = (TSNode){ .id = NULL };
	while (!ts_node_is_null(type)) {
		const char *kind = ts_node_type(type);

		if (!strcmp(kind, "type_identifier"))
			return type;
		if (!strcmp(kind, "scoped_type_identifier")) {
			*ret_path = sq_node_field(type, "path");
			return sq_node_field(type, "name");
		}
		if (!strcmp(kind, "generic_type") || !strcmp(kind, "reference_type") ||
		    !strcmp(kind, "pointer_type"))
			type = sq_node_field(type, "type");
		else if (!strcmp(kind, "dynamic_type"))
			type = sq_node_field(type, "trait");
		else
			break;
	}
	return (TSNode){ .id = NULL };
}

/* A method away from its type's definition says whose it is, where its own name
 * stands: the type itself is written once for all of them. */
static void mention_owner(struct sq_walk *w, const struct sq_frame *f, const struct sq_frame *impl)
{
	TSNode path, name = base_type(sq_node_field(impl->node, "type"), &path);
	uint32_t sym = sq_walk_sym(w, sq_node_text(w, name));

	if (!sq_walk_is_local(w, sym))
		(void)sq_walk_ref(w, f, SQ_REF_TYPE, sym,
				  sq_walk_type_path(w, sq_node_text(w, path)), SQ_REFF_TYPED);
}

void sq_rust_name_item(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_def *d = sq_walk_get_def(w, f[-1].def);
	const struct sq_frame *block = block_of(&f[-1]);

	sq_walk_def_name(w, &f[-1], sym);
	if (d && d->kind == SQ_KIND_METHOD && d->parent == SQ_NONE && block &&
	    block->rule->arg == RUST_IMPL)
		mention_owner(w, f, block);
}

enum sq_visit sq_rust_on_function(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *block = block_of(f);
	unsigned flags = default_visibility(block);
	enum sq_kind kind = is_member(block) ? SQ_KIND_METHOD : SQ_KIND_FUNCTION;
	bool has_body = f->rule->arg == RUST_FUNCTION;

	if (f[-1].bits & RUST_TEST_NEXT)
		flags |= SQ_DEF_TEST;
	f[-1].bits &= (uint16_t)~RUST_TEST_NEXT;
	if (block && block->rule->arg == RUST_TRAIT && !has_body)
		flags |= SQ_DEF_ABSTRACT;
	if (block && block->rule->arg == RUST_EXTERN)
		flags |= SQ_DEF_UNSAFE;
	(void)sq_walk_def(w, f, kind, SQ_NONE, flags);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

enum sq_visit sq_rust_on_self_parameter(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_frame *p = &f[-1];

	(void)w;
	while (p->rule && p->def == SQ_NONE)
		p--;
	if (p->rule)
		p->bits |= RUST_HAS_SELF;
	return SQ_SKIP;
}

/* "Result<&T, E>" -> "T"; empty for what has no inner type */
static struct sq_slice inner_type(struct sq_slice s)
{
	const char *open = s.n ? memchr(s.p, '<', s.n) : NULL;
	size_t i, n;

	if (!open || !(sq_slice_has_suffix(sq_slice(s.p, (size_t)(open - s.p)), SQ_LIT("Result")) ||
		       sq_slice_has_suffix(sq_slice(s.p, (size_t)(open - s.p)), SQ_LIT("Option"))))
		return SQ_SLICE_NULL;
	i = (size_t)(open + 1 - s.p);
	while (i < s.n && strchr("& \t\n", s.p[i]))
		i++;
	if (sq_slice_has_prefix(sq_slice(s.p + i, s.n - i), SQ_LIT("mut ")))
		i += 4;
	for (n = i; n < s.n && !strchr("<,>", s.p[n]);)
		n++;
	if (n < s.n && s.p[n] == '<' && sq_rust_is_pointer(sq_slice(s.p + i, n - i))) {
		for (i = ++n; n < s.n && !strchr("<,>", s.p[n]);)
			n++;
	}
	return sq_slice(s.p + i, n - i);
}

static void keep_result(struct sq_walk *w, struct sq_frame *f, uint32_t owner)
{
	struct sq_slice name = sq_facts_string(w->builder, sq_walk_get_def(w, f->def)->name);
	struct sq_slice text = sq_node_text(w, sq_node_field(f->node, "return_type"));
	struct sq_slice inner = inner_type(text);
	uint32_t type = f->type, key;

	if (inner.n)
		type = sq_slice_is(inner, "Self") ? owner : sq_walk_type_path(w, inner);
	if (type == SQ_NONE || sq_walk_is_local(w, type))
		return;
	key = sq_rust_call_key(w, owner, name, inner.n);
	if (key != SQ_NONE)
		w->syms.v[key].member_type = type;
}

/* the parts of a function's frame are known: whose it is, what it returns */
void sq_rust_leave_function(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *block = block_of(f);
	struct sq_def *d = sq_walk_get_def(w, f->def);

	if (!d || d->name == SQ_NONE)
		return;
	if (is_member(block) && !(f->bits & RUST_HAS_SELF))
		d->flags |= SQ_DEF_STATIC;
	if (f->type != SQ_NONE && (!is_member(block) || w->carry))
		keep_result(w, f, is_member(block) ? w->carry - 1 : SQ_NONE);
}

/* types, values, modules */

enum sq_visit sq_rust_on_type_item(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t module = w->encl;

	(void)sq_walk_def(w, f, f->rule->arg, SQ_NONE, default_visibility(block_of(f)));
	if (f->rule->arg != SQ_KIND_TYPE)
		keep_type(w, name_of(w, f), module, f->def);
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

enum sq_visit sq_rust_on_value_item(struct sq_walk *w, struct sq_frame *f)
{
	unsigned flags = default_visibility(block_of(f));

	if (f->rule->arg == SQ_KIND_VARIABLE)
		flags |= SQ_DEF_STATIC;
	(void)sq_walk_def(w, f, f->rule->arg, SQ_NONE, flags);
	return SQ_DESCEND;
}

void sq_rust_leave_value_item(struct sq_walk *w, struct sq_frame *f)
{
	if (!w->n_scopes && f->type != SQ_NONE)
		sq_walk_local(w, sq_walk_sym(w, name_of(w, f)), f->type);
}

enum sq_visit sq_rust_on_trait(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t module = w->encl;

	(void)sq_walk_def(w, f, SQ_KIND_TRAIT, SQ_NONE, SQ_DEF_VIS_PRIVATE);
	keep_type(w, name_of(w, f), module, f->def);
	sq_walk_scope(w, f, false);
	f->aux = w->carry;
	w->carry = 0;
	return SQ_DESCEND;
}

void sq_rust_leave_trait(struct sq_walk *w, struct sq_frame *f)
{
	w->carry = f->aux;
}

/* Inside, the innermost definition is the type's; nothing when it is not here. */
enum sq_visit sq_rust_on_impl(struct sq_walk *w, struct sq_frame *f)
{
	TSNode path, name = base_type(sq_node_field(f->node, "type"), &path);
	struct sq_slice text = sq_node_text(w, name);

	sq_walk_scope(w, f, false);
	f->aux = w->encl;
	f->ref = w->carry;
	if (!ts_node_is_null(sq_node_field(f->node, "trait")))
		f->bits |= RUST_OF_TRAIT;
	w->encl = text.n && ts_node_is_null(path) ? find_type(w, text, w->encl) : SQ_NONE;
	w->carry = text.n ? sq_walk_sym(w, text) + 1 : 0;
	return SQ_DESCEND;
}

void sq_rust_leave_impl(struct sq_walk *w, struct sq_frame *f)
{
	w->encl = f->aux;
	w->carry = f->ref;
}

enum sq_visit sq_rust_on_module(struct sq_walk *w, struct sq_frame *f)
{
	if (ts_node_is_null(sq_node_field(f->node, "body"))) {
		sq_rust_add_module_file(w, f, name_of(w, f));
		return SQ_SKIP;
	}
	(void)sq_walk_def(w, f, SQ_KIND_MODULE, SQ_NONE, SQ_DEF_VIS_PRIVATE);
	return SQ_DESCEND;
}

enum sq_visit sq_rust_on_variant(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_ENUM_VARIANT, SQ_NONE, 0);
	return SQ_DESCEND;
}

enum sq_visit sq_rust_on_field(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_def *owner = sq_walk_get_def(w, w->encl);
	bool of_variant = owner && owner->kind == SQ_KIND_ENUM_VARIANT;

	(void)sq_walk_def(w, f, SQ_KIND_PROPERTY, SQ_NONE,
			  of_variant ? SQ_DEF_VIS_PUBLIC : SQ_DEF_VIS_PRIVATE);
	return SQ_DESCEND;
}

void sq_rust_leave_field(struct sq_walk *w, struct sq_frame *f)
{
	if (f->type == SQ_NONE)
		return;
	sq_buf_clear(&w->scratch);
	sq_buf_puts(&w->scratch, "self.");
	sq_buf_add_slice(&w->scratch, name_of(w, f));
	sq_walk_bind_member(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)), f->type);
}

enum sq_visit sq_rust_on_macro_definition(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	uint32_t at = ts_node_is_null(name) ? f->end : ts_node_end_byte(name);

	(void)sq_walk_def(w, f, SQ_KIND_MACRO, SQ_NONE, 0);
	while (at < f->end && !strchr("({[", w->bytes.p[at]))
		at++;
	f->body_start = at;
	return SQ_DESCEND;
}

/* the body's hash begins at the first rule: behind the name */
enum sq_visit sq_rust_on_macro_rule(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_frame *macro = &f[-1];

	if (macro->def != SQ_NONE && !macro->count++) {
		macro->roll = w->roll;
		macro->n_tokens = w->n_tokens;
	}
	return SQ_DESCEND;
}

#define PENDING (SQ_NONE - 1)   /* type of a local that is not bound yet */

/*
 * Names of a pattern. "let x = x.next();" means the old x on the right: names
 * of let and for wait among the locals, not yet bound to their symbols, until
 * their statement (or the head of the loop) ends. Scopes that open meanwhile
 * end before that, so the order of locals stays that of a stack.
 */

void sq_rust_bind(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *owner = f;
	struct sq_local l = { .sym = sym, .type = PENDING };
	int r;

	if (sym == SQ_NONE)
		return;
	if (f[-1].rule->arg == RUST_PARAMETER)
		f[-1].aux = sym;
	while (owner->rule && owner->role == SQ_ROLE_DECL)
		owner--;
	if (!owner->rule || (owner->rule->arg != RUST_LET && owner->rule->arg != RUST_FOR)) {
		sq_walk_local(w, sym, SQ_NONE);
		return;
	}
	if (owner == &f[-1])
		owner->bits |= RUST_IS_SIMPLE;
	l.shadowed = w->syms.v[sym].local;
	r = sq_vec_push(&w->locals, l);
	if (r < 0)
		w->error = r;
}

enum sq_visit sq_rust_on_let(struct sq_walk *w, struct sq_frame *f)
{
	f->aux = (uint32_t)w->locals.n;
	return SQ_DESCEND;
}

void sq_rust_leave_let(struct sq_walk *w, struct sq_frame *f)
{
	for (uint32_t i = f->aux; i < w->locals.n; i++) {
		struct sq_local *l = &w->locals.v[i];
		uint32_t *bound = &w->syms.v[l->sym].local;

		if (l->type != PENDING)
			continue;
		l->type = f->bits & RUST_IS_SIMPLE ? f->type : SQ_NONE;
		if (*bound > i)
			continue;   /* damaged code: a later one of the name must end first */
		l->shadowed = *bound;
		*bound = i + 1;
	}
	f->aux = (uint32_t)w->locals.n;
}
