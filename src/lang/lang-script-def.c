/* SPDX-License-Identifier: MIT */
/* definitions of JavaScript that TypeScript has too */
#include "lang/lang-script.h"

/* names and flags */

static bool is_constant_name(struct sq_slice s)
{
	bool has_letter = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return false;
		has_letter |= s.p[i] >= 'A' && s.p[i] <= 'Z';
	}
	return has_letter && s.n > 1;
}

int sq_script_value_kind(TSNode value)
{
	const char *type;

	if (ts_node_is_null(value))
		return -1;
	type = ts_node_type(value);
	if (!strcmp(type, "arrow_function") || !strcmp(type, "function_expression") ||
	    !strcmp(type, "generator_function"))
		return SQ_KIND_FUNCTION;
	return strcmp(type, "class") ? -1 : SQ_KIND_CLASS;
}

static unsigned flag_of_word(struct sq_slice s)
{
	static const struct { const char *word; unsigned flag; } words[] = {
		{ "static", SQ_DEF_STATIC }, { "static get", SQ_DEF_STATIC | SQ_DEF_GETTER },
		{ "get", SQ_DEF_GETTER }, { "set", SQ_DEF_SETTER },
		{ "async", SQ_DEF_ASYNC }, { "abstract", SQ_DEF_ABSTRACT },
		{ "private", SQ_DEF_VIS_PRIVATE | SCRIPT_ACCESS },
		{ "protected", SQ_DEF_VIS_PROTECTED | SCRIPT_ACCESS },
		{ "public", SCRIPT_ACCESS }, { "override", SCRIPT_ACCESS },
		{ "readonly", SCRIPT_READONLY },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(words); i++)
		if (sq_slice_is(s, words[i].word))
			return words[i].flag;
	return 0;
}

unsigned sq_script_words(const struct sq_walk *w, TSNode node, TSNode name)
{
	uint32_t n = ts_node_child_count(node);
	unsigned flags = 0;

	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_child(node, i);

		if (!ts_node_is_null(name) && ts_node_start_byte(child) >= ts_node_start_byte(name))
			break;
		if (sq_script_is(child, "decorator") || sq_script_is(child, "comment"))
			continue;
		if (sq_script_is(child, "formal_parameters") || sq_script_is(child, "statement_block"))
			break;
		flags |= flag_of_word(sq_node_text(w, child));
	}
	if (sq_script_is(name, "private_property_identifier"))
		flags |= SQ_DEF_VIS_PRIVATE;
	return flags;
}

unsigned sq_script_export_flags(const struct sq_frame *f)
{
	const struct sq_frame *p = f - 1;

	if (p->rule && p->rule->arg == SCRIPT_AMBIENT)
		p--;
	if (!p->rule || p->rule->arg != SCRIPT_EXPORT)
		return 0;
	return SQ_DEF_EXPORTED | (p->bits & SCRIPT_IS_DEFAULT ? SQ_DEF_DEFAULT : 0);
}

uint32_t sq_script_member_sym(struct sq_walk *w, TSNode name)
{
	struct sq_slice s = sq_node_text(w, name);

	if (s.n >= 2 && sq_script_is(name, "string"))
		s = sq_slice(s.p + 1, s.n - 2);
	if (sq_script_is(name, "computed_property_name") && memchr(s.p, '\n', s.n))
		return SQ_NONE;
	return sq_walk_sym(w, s);
}

void sq_script_bind_member(struct sq_walk *w, struct sq_slice name, uint32_t type)
{
	if (type == SQ_NONE)
		return;
	sq_buf_clear(&w->scratch);
	sq_buf_puts(&w->scratch, "this.");
	sq_buf_add_slice(&w->scratch, name);
	sq_walk_bind_member(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)), type);
}

/* a definition shows the words of the statement it begins */
static void begin_signature(struct sq_walk *w, const struct sq_frame *f)
{
	const struct sq_frame *p = &f[-1];
	struct sq_def *d = sq_walk_get_def(w, f->def);
	uint32_t words = 0;

	while (words < 8 && p->start + words < f->start && w->bytes.p[p->start + words] != ' ')
		words++;
	if (d && p->rule->arg == SCRIPT_DECLARATION && p->start + words + 1 == f->start)
		d->sig_off = p->start;
}

/* binding names */

/* in this scope the name means a definition */
static void bind_defined(struct sq_walk *w, uint32_t sym)
{
	if (w->n_scopes)
		sq_walk_unhide(w, sym);
}

static bool is_var(const struct sq_walk *w, const struct sq_frame *f)
{
	return sq_slice_has_prefix(sq_frame_text(w, f), SQ_LIT("var"));
}

/* of a declaration: are its names visible in the whole file? */
static bool is_file_level(const struct sq_walk *w, bool var)
{
	return !w->n_functions && (var || !w->n_scopes);
}

static void bind_local(struct sq_walk *w, uint32_t sym, uint32_t type, bool var)
{
	if (var)
		sq_walk_local_wide(w, sym, type);
	else
		sq_walk_local(w, sym, type);
}

static void bind_variable(struct sq_walk *w, uint32_t sym, uint32_t type)
{
	if (w->n_scopes)
		sq_walk_unhide(w, sym);
	else
		sq_walk_local(w, sym, type);
}

static enum sq_kind variable_kind(const struct sq_walk *w, const struct sq_frame *declaration,
				  struct sq_slice name, TSNode value)
{
	if (!sq_slice_has_prefix(sq_frame_text(w, declaration), SQ_LIT("const")))
		return SQ_KIND_VARIABLE;
	return is_constant_name(name) || sq_script_is_literal(value) ? SQ_KIND_CONSTANT :
								       SQ_KIND_VARIABLE;
}

static void define_variable(struct sq_walk *w, struct sq_frame *f, uint32_t sym, TSNode value)
{
	TSNode annotation = sq_node_field(f->node, "type");
	uint32_t type = sq_script_type(w, annotation, value);
	const struct sq_frame *declaration = &f[-1];
	bool var = is_var(w, declaration);

	if (!is_file_level(w, var)) {
		bind_local(w, sym, type, var);
		return;
	}
	bind_variable(w, sym, type);
	(void)sq_walk_def(w, f, variable_kind(w, declaration, sq_walk_text(w, sym), value), sym,
			  sq_script_export_flags(declaration));
	begin_signature(w, f);
}

enum sq_visit sq_script_on_declarator(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name"), value = sq_node_field(f->node, "value");
	int kind = sq_script_value_kind(value);
	uint32_t sym;

	if (sq_script_require(w, f))
		f->bits |= SCRIPT_IS_IMPORT;
	if (!sq_script_is(name, "identifier"))
		return SQ_DESCEND;
	sym = sq_walk_sym(w, sq_node_text(w, name));
	if (f->bits & SCRIPT_IS_IMPORT) {
		bind_defined(w, sym);
	} else if (kind >= 0) {
		bind_defined(w, sym);
		(void)sq_walk_def(w, f, kind, sym, sq_script_export_flags(&f[-1]));
		begin_signature(w, f);
	} else {
		define_variable(w, f, sym, value);
	}
	return SQ_DESCEND;
}

/* one name of a pattern that a declarator or a loop declares */
static void bind_declared(struct sq_walk *w, struct sq_frame *f, const struct sq_frame *declaration,
			  bool var, uint32_t sym)
{
	struct sq_slice name = sq_frame_text(w, f);

	if (!is_file_level(w, var)) {
		bind_local(w, sym, SQ_NONE, var);
		return;
	}
	bind_variable(w, sym, SQ_NONE);
	(void)sq_walk_def_point(w, f, variable_kind(w, declaration, name, (TSNode){ .id = NULL }),
				sym, sq_script_export_flags(declaration));
}

static void bind_parameter(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_frame *p = &f[-1];
	TSNode annotation = sq_node_field(p->node, "type");
	uint32_t type = sq_script_type(w, annotation, sq_node_field(p->node, "value"));
	unsigned flags;
	struct sq_def *d;

	sq_walk_local(w, sym, type);
	if (!(p->bits & SCRIPT_IS_PROPERTY) || sq_walk_class(w) == SQ_NONE)
		return;
	flags = sq_script_words(w, p->node, sq_node_field(p->node, "pattern")) & SQ_DEF_VIS_MASK;
	sq_script_bind_member(w, sq_frame_text(w, f), type);
	d = sq_walk_get_def(w, sq_walk_def_point(w, p, SQ_KIND_PROPERTY, sym, flags));
	if (!d)
		return;
	d->parent = sq_walk_class(w);
	/* nested as its class is, not as its constructor */
	d->flags &= (uint16_t)~SQ_DEF_NESTED;
	d->flags |= sq_walk_get_def(w, d->parent)->flags & SQ_DEF_NESTED;
}

void sq_script_on_name(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_frame *p = &f[-1];

	while (p->rule->arg == SCRIPT_PATTERN)
		p--;
	switch (p->rule->arg) {
	case SCRIPT_DECLARATOR:
		if (p->bits & SCRIPT_IS_IMPORT)
			bind_defined(w, sym);
		else if (p != &f[-1])   /* a name by itself: see sq_script_on_declarator() */
			bind_declared(w, f, &p[-1], is_var(w, &p[-1]), sym);
		break;
	case SCRIPT_FOR:
		bind_declared(w, f, p, sq_slice_is(sq_node_text(w, sq_node_field(p->node, "kind")),
						   "var"), sym);
		break;
	case SCRIPT_PARAMETER:
		if (p == &f[-1])
			bind_parameter(w, f, sym);
		else
			sq_walk_local(w, sym, SQ_NONE);
		break;
	default:
		sq_walk_local(w, sym, SQ_NONE);
	}
}

/* functions */

void sq_script_end_signature(struct sq_walk *w, uint32_t sym)
{
	struct sq_def *d = sq_walk_get_def(w, w->carry - 1);
	struct sq_slice name = sq_walk_text(w, sym);
	TSPoint at;
	struct sq_ref *r;

	if (!w->carry || !d || d->name == SQ_NONE || d->parent != w->encl ||
	    !sq_slice_eq(sq_facts_string(w->builder, d->name), name))
		return;
	at = ts_node_start_point(w->carry_node);
	r = sq_facts_ref(w->builder, sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_DECLARATION,
						      name, SQ_ARGC_UNKNOWN));
	if (r && d->kind == SQ_KIND_METHOD)
		r->qual = sq_facts_add_string(w->builder, SQ_LIT("this"));
	d->name = SQ_NONE;   /* no definition any more */
	w->carry = 0;
}

enum sq_visit sq_script_on_function(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	uint32_t sym = sq_walk_sym(w, sq_node_text(w, name));
	unsigned flags = sq_script_words(w, f->node, name) & UINT16_MAX;

	sq_script_end_signature(w, sym);
	if (sym != SQ_NONE)
		bind_defined(w, sym);
	(void)sq_walk_def(w, f, SQ_KIND_FUNCTION, sym, flags | sq_script_export_flags(f));
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

/* the definition that a value is the body of */
static struct sq_def *owner_of(struct sq_walk *w, const struct sq_frame *f)
{
	return f->role == SQ_ROLE_INIT ? sq_walk_get_def(w, f[-1].def) : NULL;
}

enum sq_visit sq_script_on_function_value(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	uint32_t sym = sq_walk_sym(w, sq_node_text(w, name));
	unsigned flags = sq_script_words(w, f->node, name) & SQ_DEF_ASYNC;
	struct sq_def *owner = owner_of(w, f);

	if (owner)
		owner->flags |= (uint16_t)flags;
	else if (sym != SQ_NONE)   /* its name is known inside of it only */
		(void)sq_walk_def(w, f, SQ_KIND_FUNCTION, sym, flags | SQ_DEF_NESTED);
	sq_walk_scope(w, f, true);
	if (owner && sym != SQ_NONE)
		sq_walk_hide(w, sym);
	return SQ_DESCEND;
}

void sq_script_leave_value(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_def *owner = owner_of(w, f);

	if (owner && f->def == SQ_NONE && owner->kind != SQ_KIND_VARIABLE &&
	    owner->kind != SQ_KIND_CONSTANT && owner->kind != SQ_KIND_PROPERTY) {
		f[-1].body_start = f->body_start;
		f[-1].roll = f->roll;
		f[-1].n_tokens = f->n_tokens;
	}
}

/* classes */

enum sq_visit sq_script_on_class(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	uint32_t sym = sq_walk_sym(w, sq_node_text(w, name));
	unsigned flags = sq_script_words(w, f->node, name) & UINT16_MAX;

	if (sym != SQ_NONE)
		bind_defined(w, sym);
	(void)sq_walk_def(w, f, SQ_KIND_CLASS, sym, flags | sq_script_export_flags(f));
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

enum sq_visit sq_script_on_class_value(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_sym(w, sq_node_text(w, sq_node_field(f->node, "name")));
	const struct sq_def *owner = owner_of(w, f);

	/* without a name it is no definition, but its members must not be taken for the
	 * properties of a class around it */
	if (!owner)
		(void)sq_walk_def(w, f, SQ_KIND_CLASS, sym, SQ_DEF_NESTED);
	sq_walk_scope(w, f, false);
	if (owner && sym != SQ_NONE)
		sq_walk_hide(w, sym);
	return SQ_DESCEND;
}

/* a member of the object that is exported is a function of this file */
static bool is_exported_object(const struct sq_frame *object)
{
	return object->rule->arg == SCRIPT_OBJECT && (object->bits & SCRIPT_EXPORTS);
}

enum sq_visit sq_script_on_method(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	uint32_t sym = sq_script_member_sym(w, name);
	unsigned flags = sq_script_words(w, f->node, name) & UINT16_MAX;

	sq_script_end_signature(w, sym);
	if (is_exported_object(&f[-1]))
		(void)sq_walk_def(w, f, SQ_KIND_FUNCTION, sym, flags | SQ_DEF_EXPORTED);
	else
		(void)sq_walk_def(w, f, SQ_KIND_METHOD, sym, flags);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

/* JavaScript calls the name "property", TypeScript "name" */
enum sq_visit sq_script_on_field(struct sq_walk *w, struct sq_frame *f)
{
	TSNode value = sq_node_field(f->node, "value"), name = sq_node_field(f->node, "name");
	uint32_t sym;
	unsigned flags;

	if (ts_node_is_null(name))
		name = sq_node_field(f->node, "property");
	sym = sq_script_member_sym(w, name);
	if (sym == SQ_NONE)
		return SQ_DESCEND;
	flags = sq_script_words(w, f->node, name) & UINT16_MAX;
	sq_script_bind_member(w, sq_walk_text(w, sym),
			      sq_script_type(w, sq_node_field(f->node, "type"), value));
	(void)sq_walk_def(w, f, sq_script_value_kind(value) == SQ_KIND_FUNCTION ?
			  SQ_KIND_METHOD : SQ_KIND_PROPERTY, sym, flags);
	return SQ_DESCEND;
}

/* "name: function () {}" is a method in another spelling */
enum sq_visit sq_script_on_pair(struct sq_walk *w, struct sq_frame *f)
{
	TSNode key = sq_node_field(f->node, "key"), value = sq_node_field(f->node, "value");
	int kind = sq_script_value_kind(value);

	if (is_exported_object(&f[-1]) && sq_script_is(value, "identifier"))
		sq_script_export(w, value, sq_walk_text(w, sq_script_member_sym(w, key)));
	if (kind < 0 || sq_script_is(key, "computed_property_name"))
		return SQ_DESCEND;
	if (is_exported_object(&f[-1]))
		(void)sq_walk_def(w, f, kind, sq_script_member_sym(w, key), SQ_DEF_EXPORTED);
	else
		(void)sq_walk_def(w, f, kind == SQ_KIND_FUNCTION ? SQ_KIND_METHOD : kind,
				  sq_script_member_sym(w, key), 0);
	return SQ_DESCEND;
}

/* this.x = ... */

static bool has_member(struct sq_walk *w, uint32_t owner, uint32_t sym)
{
	uint32_t string = w->syms.v[sym].string, n = sq_facts_n_defs(w->builder);

	for (uint32_t i = owner + 1; string != SQ_NONE && i < n; i++) {
		const struct sq_def *d = sq_walk_get_def(w, i);

		if (d->parent == owner && d->name == string)
			return true;
	}
	return false;
}

static bool in_constructor(struct sq_walk *w, uint32_t owner)
{
	const struct sq_def *d = sq_walk_get_def(w, w->encl);

	return d && d->kind == SQ_KIND_METHOD && d->parent == owner && d->name != SQ_NONE &&
	       sq_slice_is(sq_facts_string(w->builder, d->name), "constructor");
}

/* this.f = this.f.bind(this): a method that comes later */
static bool is_rebound(struct sq_walk *w, TSNode left, TSNode value)
{
	struct sq_slice path = sq_node_text(w, left), text = sq_node_text(w, value);

	return text.n > path.n && sq_slice_has_prefix(text, path) && text.p[path.n] == '.';
}

bool sq_script_define_this(struct sq_walk *w, struct sq_frame *f, TSNode left)
{
	TSNode name = sq_node_field(left, "property"), value = sq_node_field(f->node, "right");
	uint32_t owner = sq_walk_class(w), sym, def, type;
	struct sq_def *d;

	if (owner == SQ_NONE || !sq_script_is(sq_node_field(left, "object"), "this"))
		return false;
	type = sq_script_type(w, (TSNode){ .id = NULL }, value);
	sym = sq_script_member_sym(w, name);
	sq_script_bind_member(w, sq_walk_text(w, sym), type);
	if (!in_constructor(w, owner) || sym == SQ_NONE || has_member(w, owner, sym) ||
	    is_rebound(w, left, value))
		return false;
	def = sq_walk_def_point(w, f, SQ_KIND_PROPERTY, sym,
				sq_script_words(w, left, name) & SQ_DEF_VIS_MASK);
	d = sq_walk_get_def(w, def);
	if (!d)
		return false;
	d->parent = owner;
	d->flags &= (uint16_t)~SQ_DEF_NESTED;
	d->flags |= sq_walk_get_def(w, owner)->flags & SQ_DEF_NESTED;
	return true;
}
