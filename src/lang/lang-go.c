/* SPDX-License-Identifier: MIT */
/*
 * Go: grammar tree-sitter-go.
 * Role A: names that a statement binds, and a method's receiver. Role B: the
 * values of a short variable declaration. Role C: a type that says nothing
 * about what contains it (key of a map). Role D: key of a struct literal.
 * Names are bound when their statement ends: in "path := path.Join(a)" the
 * second path is the package. Until then their bytes are kept in obj_start and
 * obj_end of the frame that binds them.
 */
#include "lang/spec.h"

enum go_node {
	GO_OTHER, GO_FUNCTION, GO_PARAMETERS, GO_PARAMETER, GO_VALUES, GO_BINDS, GO_QUALIFIED,
	GO_TYPE_SPEC, GO_TYPE_PARAMETER, GO_STRUCT, GO_INTERFACE, GO_FIELD, GO_LITERAL,
	GO_LITERAL_VALUE, GO_KEYED, GO_CASE,
};

/* frame bits */
#define GO_HAS_FIELDS 0x01u      /* literal value: its keys are fields, of type aux if known */
#define GO_HAS_ELEMENTS 0x02u    /* literal value: of values whose type is aux if known */
#define GO_EMBEDDED 0x04u        /* field without a name */
#define GO_ANONYMOUS 0x08u       /* the type is, or is made of, a struct without a name */
#define GO_TYPE_OF_FIRST 0x10u   /* the type is that of a value: of the first name only */

/* state of w->carry inside a receiver */
enum { NO_RECEIVER, RECEIVER_TYPE, RECEIVER_PARAMETERS };

/* names */

static bool is_one_of(struct sq_slice s, const char *const *names)
{
	for (; *names; names++)
		if (sq_slice_is(s, *names))
			return true;
	return false;
}

static bool is_builtin_type(struct sq_slice s)
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

	return is_one_of(s, names) || is_builtin_type(s);
}

static bool is_upper(struct sq_slice s)
{
	return s.n && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

static unsigned visibility(struct sq_slice name)
{
	return is_upper(name) ? SQ_DEF_VIS_PUBLIC : SQ_DEF_VIS_PACKAGE;
}

static void set_name(struct sq_walk *w, struct sq_frame *owner, const struct sq_frame *f)
{
	struct sq_slice name = sq_frame_text(w, f);
	struct sq_def *d = sq_walk_get_def(w, owner->def);

	if (!d || sq_slice_is(name, "_"))
		return;
	d->flags |= (uint16_t)visibility(name);
	sq_walk_def_name(w, owner, sq_walk_leaf_sym(w, f));
}

/* the first name is the definition's on @owner, another one is its own */
static void name_one_of(struct sq_walk *w, struct sq_frame *owner, const struct sq_frame *f,
			enum sq_kind kind)
{
	struct sq_slice name = sq_frame_text(w, f);
	uint32_t saved = w->encl;

	if (!owner->count++) {
		set_name(w, owner, f);
		return;
	}
	if (sq_slice_is(name, "_"))
		return;
	w->encl = owner->saved_encl;
	(void)sq_walk_def_point(w, f, kind, sq_walk_leaf_sym(w, f), visibility(name));
	w->encl = saved;
}

/* binding */

static void keep_name(struct sq_frame *owner, const struct sq_frame *f)
{
	if (!owner->obj_start)
		owner->obj_start = f->start;
	owner->obj_end = f->end;
}

static bool is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || sq_is_identifier(sq_slice(&c, 1));
}

/* past white space, commas and comments */
static size_t skip_gap(struct sq_slice s, size_t i)
{
	for (; i < s.n && !is_name_byte(s.p[i]); i++) {
		if (s.p[i] != '/' || i + 1 >= s.n)
			continue;
		if (s.p[i + 1] == '/')
			while (i < s.n && s.p[i] != '\n')
				i++;
		else
			for (i += 2; i + 1 < s.n && (s.p[i] != '*' || s.p[i + 1] != '/'); i++)
				;
	}
	return i;
}

static void bind_names(struct sq_walk *w, const struct sq_frame *owner, uint32_t type)
{
	struct sq_slice s = sq_slice(w->bytes.p + owner->obj_start,
				     owner->obj_end - owner->obj_start);

	if (!owner->obj_start)
		return;
	for (size_t i = skip_gap(s, 0); i < s.n; i = skip_gap(s, i)) {
		size_t from = i;

		while (i < s.n && is_name_byte(s.p[i]))
			i++;
		sq_walk_local(w, sq_walk_sym(w, sq_slice(s.p + from, i - from)), type);
		if (owner->bits & GO_TYPE_OF_FIRST)
			type = SQ_NONE;
	}
}

/* does ":=" stand behind the left side? */
static bool is_definition(const struct sq_walk *w, TSNode left)
{
	uint32_t i;

	if (ts_node_is_null(left))
		return false;
	for (i = ts_node_end_byte(left); i < w->bytes.n && strchr(" \t\r\n", w->bytes.p[i]);)
		i++;
	return i < w->bytes.n && w->bytes.p[i] == ':';
}

static enum sq_visit on_maybe_binds(struct sq_walk *w, struct sq_frame *f)
{
	f->role = is_definition(w, sq_node_field(f->node, "left")) ? SQ_ROLE_A : SQ_ROLE_WRITE;
	return SQ_DESCEND;
}

static void leave_binds(struct sq_walk *w, struct sq_frame *f)
{
	bind_names(w, f, f->type);
}

/* what range and channels give is not followed */
static void leave_untyped(struct sq_walk *w, struct sq_frame *f)
{
	bind_names(w, f, SQ_NONE);
}

static void leave_list(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if ((f->role != SQ_ROLE_B && f->role != SQ_ROLE_INIT) || f->count != 1 ||
	    f[-1].type != SQ_NONE)
		return;
	f[-1].type = f->type;
	f[-1].bits |= GO_TYPE_OF_FIRST;
}

static enum sq_visit on_scope(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_type_switch(struct sq_walk *w, struct sq_frame *f)
{
	TSNode alias = sq_node_field(f->node, "alias");

	sq_walk_scope(w, f, false);
	f->aux = sq_walk_sym(w, sq_node_text(w, alias));
	sq_walk_local(w, f->aux, SQ_NONE);
	return SQ_DESCEND;
}

/* "case *T:" makes the switch's variable a T */
static enum sq_visit on_statements(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *c = &f[-1];

	if (c->rule->arg == GO_CASE && c[-1].aux != SQ_NONE && c->count == 2)
		sq_walk_local(w, c[-1].aux, c->type);
	return SQ_DESCEND;
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
static uint32_t type_key(struct sq_walk *w, struct sq_slice name)
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
	key = type_key(w, sq_frame_text(w, f));
	method = sq_walk_get_def(w, w->encl);
	if (method && key != SQ_NONE && method->parent == SQ_NONE)
		method->parent = w->syms.v[key].member_of;
}

static enum sq_visit on_type_name(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);
	enum sq_role role = f->role;

	if (role == SQ_ROLE_NAME) {
		set_name(w, &f[-1], f);
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
	if (!is_builtin_type(sq_frame_text(w, f)))
		(void)sq_walk_use(w, f, sym);
	return SQ_SKIP;
}

/* definitions */

/* "type T struct" rather than "T struct", when the keyword is not a group's */
static void include_keyword(struct sq_walk *w, const struct sq_frame *f)
{
	const struct sq_frame *p = &f[-1];
	struct sq_def *d = sq_walk_get_def(w, f->def);
	TSPoint at = ts_node_start_point(p->node);

	if (!d || f->start < p->start || memchr(w->bytes.p + p->start, '(', f->start - p->start))
		return;
	d->start_line = at.row + 1;
	d->start_col = at.column;
	d->sig_off = p->start;
}

static enum sq_visit on_function(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_FUNCTION, SQ_NONE, 0);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

/* "func TestX(t *testing.T)" */
static bool is_test(const struct sq_walk *w, const struct sq_frame *f, const struct sq_def *d)
{
	struct sq_slice name = sq_facts_string(w->builder, d->name);
	struct sq_slice head = sq_frame_text(w, f);

	if (!sq_slice_has_prefix(name, SQ_LIT("Test")) &&
	    !sq_slice_has_prefix(name, SQ_LIT("Benchmark")) &&
	    !sq_slice_has_prefix(name, SQ_LIT("Fuzz")))
		return false;
	if (f->body_start)
		head.n = f->body_start - f->start;
	return memmem(head.p, head.n, "testing.", 8);
}

/* the type of a call's (first) result: "(*T, error)", "(t *T)", "pkg.T" -> "T", "pkg.T" */
static uint32_t result_type(struct sq_walk *w, struct sq_slice s)
{
	size_t from = 0, end;

	if (s.n && s.p[0] == '(')
		from = 1;
	for (end = from; end < s.n && !strchr(",)[{(", s.p[end]);)
		end++;
	if (end < s.n && s.p[end] != ',' && s.p[end] != ')')
		return SQ_NONE;   /* a container, a function, a struct */
	for (size_t i = end; i > from; i--)
		if (strchr(" \t*", s.p[i - 1])) {
			from = i;
			break;
		}
	return is_builtin_type(sq_slice(s.p + from, end - from)) ? SQ_NONE :
	       sq_walk_type_path(w, sq_slice(s.p + from, end - from));
}

/* key "name()" holds what a function of this file returns */
static uint32_t call_key(struct sq_walk *w, struct sq_slice name)
{
	sq_buf_clear(&w->scratch);
	sq_buf_add_slice(&w->scratch, name);
	sq_buf_puts(&w->scratch, "()");
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static void leave_function(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_def *d = sq_walk_get_def(w, f->def);
	uint32_t type, key;

	if (!d || d->name == SQ_NONE)
		return;
	if (is_test(w, f, d))
		d->flags |= SQ_DEF_TEST;
	type = result_type(w, sq_node_text(w, sq_node_field(f->node, "result")));
	if (type == SQ_NONE)
		return;
	key = call_key(w, sq_facts_string(w->builder, d->name));
	if (key != SQ_NONE)
		w->syms.v[key].member_type = type;
}

static enum sq_visit on_method(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_METHOD, SQ_NONE, 0);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static enum sq_visit on_func_literal(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static enum sq_visit on_parameters(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_A)
		w->carry = RECEIVER_TYPE;
	return SQ_DESCEND;
}

static void leave_parameters(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_A)
		w->carry = NO_RECEIVER;
}

static void leave_parameter(struct sq_walk *w, struct sq_frame *f)
{
	if (f[-1].rule->arg == GO_PARAMETERS && f[-2].rule->arg == GO_FUNCTION)
		bind_names(w, f, f->type);
}

/* what a variadic parameter holds is a slice */
static void leave_variadic(struct sq_walk *w, struct sq_frame *f)
{
	f->type = SQ_NONE;
	leave_parameter(w, f);
}

/* rule->arg is taken: constants are told by their node */
static enum sq_kind values_kind(const struct sq_frame *f)
{
	return *ts_node_type(f->node) == 'c' ? SQ_KIND_CONSTANT : SQ_KIND_VARIABLE;
}

static enum sq_visit on_values(struct sq_walk *w, struct sq_frame *f)
{
	if (w->n_functions)
		return SQ_DESCEND;
	(void)sq_walk_def(w, f, values_kind(f), SQ_NONE, 0);
	include_keyword(w, f);
	return SQ_DESCEND;
}

static void leave_values(struct sq_walk *w, struct sq_frame *f)
{
	if (w->n_functions || f->type != SQ_NONE)
		bind_names(w, f, f->type);
}

static enum sq_visit on_type_spec(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));
	uint32_t key;

	(void)sq_walk_def(w, f, SQ_KIND_TYPE, SQ_NONE, 0);
	include_keyword(w, f);
	if (!w->n_functions) {
		key = type_key(w, name);
		if (key != SQ_NONE)
			w->syms.v[key].member_of = f->def;
	}
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

static enum sq_visit on_body_type(struct sq_walk *w, struct sq_frame *f)
{
	const char *brace = memchr(w->bytes.p + f->start, '{', f->end - f->start);
	struct sq_frame *spec = &f[-1];

	if (spec->rule->arg != GO_TYPE_SPEC || spec->def == SQ_NONE) {
		f->bits |= GO_ANONYMOUS;
		return SQ_DESCEND;
	}
	sq_walk_get_def(w, spec->def)->kind = f->rule->arg == GO_STRUCT ? SQ_KIND_STRUCT :
					      SQ_KIND_INTERFACE;
	if (brace)
		spec->body_start = (uint32_t)(brace - w->bytes.p);
	return SQ_DESCEND;
}

static void leave_body_type(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	f[-1].bits |= f->bits & GO_ANONYMOUS;
}

static bool in_type(struct sq_walk *w)
{
	const struct sq_def *d = sq_walk_get_def(w, w->encl);

	return d && (d->kind == SQ_KIND_STRUCT || d->kind == SQ_KIND_INTERFACE ||
		     d->kind == SQ_KIND_TYPE || d->kind == SQ_KIND_PROPERTY);
}

static enum sq_visit on_field(struct sq_walk *w, struct sq_frame *f)
{
	bool of_type = f[-3].rule->arg == GO_TYPE_SPEC && f[-3].def == w->encl;

	f->role = SQ_ROLE_TYPE;
	if (ts_node_is_null(sq_node_field(f->node, "name"))) {
		f->bits = GO_EMBEDDED;
		if (of_type)
			f->role = SQ_ROLE_INHERIT;
	} else if (in_type(w)) {
		(void)sq_walk_def(w, f, SQ_KIND_PROPERTY, SQ_NONE, 0);
	}
	return SQ_DESCEND;
}

static struct sq_slice last_part(struct sq_slice path)
{
	const char *dot = path.n ? memrchr(path.p, '.', path.n) : NULL;

	return dot ? sq_slice(dot + 1, path.n - (size_t)(dot + 1 - path.p)) : path;
}

/* key "T.field" holds the field's type */
static uint32_t field_key(struct sq_walk *w, struct sq_slice type, struct sq_slice field)
{
	sq_buf_clear(&w->scratch);
	sq_buf_add_slice(&w->scratch, type);
	sq_buf_putc(&w->scratch, '.');
	sq_buf_add_slice(&w->scratch, field);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

static void keep_field_type(struct sq_walk *w, const struct sq_frame *f, struct sq_slice name)
{
	const struct sq_def *owner = sq_walk_get_def(w, f[-3].def);
	uint32_t key;

	if (f[-3].rule->arg != GO_TYPE_SPEC || !owner || owner->name == SQ_NONE ||
	    f->type == SQ_NONE || !name.n)
		return;
	key = field_key(w, sq_facts_string(w->builder, owner->name), name);
	if (key != SQ_NONE)
		w->syms.v[key].member_type = f->type;
}

static void leave_field(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_slice(w->bytes.p + f->obj_start, f->obj_end - f->obj_start);

	if (f->bits & GO_EMBEDDED)
		name = last_part(sq_walk_text(w, f->type));
	if ((f->bits & GO_EMBEDDED) && in_type(w))
		(void)sq_walk_def_point(w, f, SQ_KIND_PROPERTY, sq_walk_sym(w, name),
					visibility(name));
	keep_field_type(w, f, name);
}

static enum sq_visit on_method_elem(struct sq_walk *w, struct sq_frame *f)
{
	if (in_type(w))
		(void)sq_walk_def(w, f, SQ_KIND_METHOD, SQ_NONE, SQ_DEF_ABSTRACT);
	return SQ_DESCEND;
}

/* an embedded interface, unless it is a union of types */
static enum sq_visit on_type_elem(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);
	bool is_one = !memchr(s.p, '|', s.n) && !memchr(s.p, '~', s.n);

	if (f[-1].rule->arg == GO_INTERFACE && f[-2].rule->arg == GO_TYPE_SPEC && is_one)
		f->child_role = SQ_ROLE_INHERIT;
	return SQ_DESCEND;
}

/* imports */

static struct sq_slice unquote(struct sq_slice s)
{
	return s.n >= 2 ? sq_slice(s.p + 1, s.n - 2) : SQ_SLICE_NULL;
}

/* "v2" of "example.org/m/v2" */
static bool is_version(struct sq_slice s)
{
	if (s.n < 2 || s.p[0] != 'v')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* what a package of this path is probably called */
static struct sq_slice package_name(struct sq_slice path)
{
	struct sq_slice base = sq_path_base(path);
	const char *dot;

	if (is_version(base) && sq_path_dir(path).n)
		base = sq_path_base(sq_path_dir(path));
	dot = base.n ? memchr(base.p, '.', base.n) : NULL;   /* yaml.v3 */
	return dot ? sq_slice(base.p, (size_t)(dot - base.p)) : base;
}

static enum sq_visit on_import(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice path = unquote(sq_node_text(w, sq_node_field(f->node, "path")));
	struct sq_slice alias = sq_node_text(w, sq_node_field(f->node, "name"));
	bool is_dot = sq_slice_is(alias, ".");

	if (!path.n)
		return SQ_SKIP;
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_MODULE, path, SQ_SLICE_NULL,
		       is_dot ? SQ_SLICE_NULL : alias, is_dot ? SQ_IMP_WILDCARD : 0);
	/* a file-level name without a type: is_package() */
	if (!is_dot)
		sq_walk_local(w, sq_walk_sym(w, alias.n ? alias : package_name(path)), SQ_NONE);
	return SQ_SKIP;
}

static bool is_package(const struct sq_walk *w, uint32_t sym)
{
	const struct sq_local *l = sq_walk_find(w, sym);

	return l && l->is_global && l->type == SQ_NONE;
}

static enum sq_visit on_package(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_PACKAGE,
		       sq_node_text(w, ts_node_named_child(f->node, 0)), SQ_SLICE_NULL,
		       SQ_SLICE_NULL, 0);
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
	if ((f->role == SQ_ROLE_OBJECT && is_package(w, sym)) || is_builtin(sq_frame_text(w, f)))
		return;
	(void)sq_walk_use(w, f, sym);
}

static void declare(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	struct sq_frame *owner = &f[-1];

	switch (owner->rule->arg) {
	case GO_FUNCTION:
		set_name(w, owner, f);
		break;
	case GO_TYPE_PARAMETER:
		sq_walk_hide(w, sym);
		break;
	case GO_VALUES:
		if (owner->def != SQ_NONE)
			name_one_of(w, owner, f, values_kind(owner));
		keep_name(owner, f);
		break;
	case GO_PARAMETER:
		keep_name(owner, f);
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
		keep_name(&f[-2], f);
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
	key = field_key(w, sq_walk_text(w, l->type), field);
	return key == SQ_NONE ? SQ_NONE : w->syms.v[key].member_type;
}

static enum sq_visit on_field_name(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_frame *p = &f[-1];
	uint32_t sym = sq_walk_leaf_sym(w, f), type;
	struct sq_ref *r;

	if (f->role == SQ_ROLE_NAME) {
		if (p->rule->arg == GO_FIELD && p->def != SQ_NONE)
			name_one_of(w, p, f, SQ_KIND_PROPERTY);
		else
			set_name(w, p, f);
		if (p->rule->arg == GO_FIELD)
			keep_name(p, f);
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
	return sq_is_identifier(s) && !is_builtin_type(s) &&
	       (!is_upper(s) || sq_walk_is_local(w, sq_walk_sym(w, s)));
}

/* f[T](x) calls f; table[i](x) reads the table */
static enum sq_visit on_index(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice index;

	if (f->role != SQ_ROLE_CALLEE)
		return SQ_DESCEND;
	index = sq_node_text(w, sq_node_field(f->node, "index"));
	if (is_builtin_type(index) || is_upper(last_part(index)))
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
		key = call_key(w, sq_walk_text(w, f->aux));
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
	arguments = unquote(sq_node_text(w, sq_node_field(type, "type_arguments")));
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

	{ .type = "package_clause", .enter = on_package },
	{ .type = "import_spec", .enter = on_import },

	{ .type = "function_declaration", .enter = on_function, .leave = leave_function,
	  .arg = GO_FUNCTION },
	{ .type = "method_declaration", .enter = on_method, .arg = GO_FUNCTION },
	{ .type = "func_literal", .enter = on_func_literal, .arg = GO_FUNCTION },
	{ .type = "parameter_list", .enter = on_parameters, .leave = leave_parameters,
	  .arg = GO_PARAMETERS },
	{ .type = "parameter_declaration", .leave = leave_parameter, .arg = GO_PARAMETER },
	{ .type = "variadic_parameter_declaration", .leave = leave_variadic,
	  .arg = GO_PARAMETER },
	{ .type = "var_spec", .enter = on_values, .leave = leave_values, .arg = GO_VALUES },
	{ .type = "const_spec", .enter = on_values, .leave = leave_values, .arg = GO_VALUES },
	{ .type = "type_spec", .enter = on_type_spec, .arg = GO_TYPE_SPEC },
	{ .type = "type_alias", .enter = on_type_spec, .arg = GO_TYPE_SPEC },
	{ .type = "type_parameter_declaration", .arg = GO_TYPE_PARAMETER },
	{ .type = "struct_type", .enter = on_body_type, .leave = leave_body_type,
	  .arg = GO_STRUCT },
	{ .type = "interface_type", .enter = on_body_type, .leave = leave_body_type,
	  .arg = GO_INTERFACE },
	{ .type = "field_declaration", .enter = on_field, .leave = leave_field, .arg = GO_FIELD },
	{ .type = "method_elem", .enter = on_method_elem },
	{ .type = "type_elem", .enter = on_type_elem },

	{ .type = "pointer_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "parenthesized_type", .leave = leave_type, .child_role = SQ_ROLE_SAME },
	{ .type = "generic_type", .leave = leave_type },
	{ .type = "qualified_type", .enter = on_qualified, .leave = leave_qualified,
	  .arg = GO_QUALIFIED },
	{ .type = "slice_type", .leave = leave_container },
	{ .type = "array_type", .leave = leave_container },
	{ .type = "implicit_length_array_type", .leave = leave_container },
	{ .type = "map_type", .leave = leave_container },

	{ .type = "block", .enter = on_scope },
	{ .type = "if_statement", .enter = on_scope },
	{ .type = "for_statement", .enter = on_scope },
	{ .type = "expression_switch_statement", .enter = on_scope },
	{ .type = "type_switch_statement", .enter = on_type_switch },
	{ .type = "expression_case", .enter = on_scope },
	{ .type = "default_case", .enter = on_scope },
	{ .type = "type_case", .enter = on_scope, .flags = SQ_RULE_COUNT, .arg = GO_CASE },
	{ .type = "communication_case", .enter = on_scope },
	{ .type = "statement_list", .enter = on_statements },
	{ .type = "short_var_declaration", .leave = leave_binds, .arg = GO_BINDS },
	{ .type = "range_clause", .enter = on_maybe_binds, .leave = leave_untyped,
	  .arg = GO_BINDS },
	{ .type = "receive_statement", .enter = on_maybe_binds, .leave = leave_untyped,
	  .arg = GO_BINDS },
	{ .type = "inc_statement", .child_role = SQ_ROLE_WRITE },
	{ .type = "dec_statement", .child_role = SQ_ROLE_WRITE },

	{ .type = "expression_list", .leave = leave_list, .child_role = SQ_ROLE_SAME,
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

const struct sq_lang_traits sq_traits_go = {
	.lang = SQ_LANG_GO,
	.family = SQ_FAMILY_GO,
	.style = SQ_STYLE_GOPATH,
	.unit = SQ_UNIT_DIRECTORY,
	.extensions = extensions,
	.self_names = self_names,
	.separator = ".",
	.duck_methods = true,
};

const struct sq_spec sq_spec_go = {
	.lang = SQ_LANG_GO,
	.version = 1,
	.grammar = "go",
	.rules = { rules },
	.roles = { roles },
	.extensions = extensions,
	.traits = &sq_traits_go,
};
