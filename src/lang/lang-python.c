/* SPDX-License-Identifier: MIT */
/*
 * Python: grammar tree-sitter-python.
 * Role A: a name is bound here (assignment, loop, with, except).
 */
#include "lang/lang-python.h"

/* names */

static bool is_dunder(struct sq_slice s)
{
	return s.n > 4 && sq_slice_has_prefix(s, SQ_LIT("__")) &&
	       sq_slice_has_suffix(s, SQ_LIT("__"));
}

static unsigned visibility(struct sq_slice s)
{
	return s.n && s.p[0] == '_' && !is_dunder(s) ? SQ_DEF_VIS_PRIVATE : SQ_DEF_VIS_PUBLIC;
}

static bool is_constant(struct sq_slice s)
{
	bool has_letter = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return false;
		has_letter |= s.p[i] >= 'A' && s.p[i] <= 'Z';
	}
	return has_letter && s.n > 1;
}

/* classes are named in capitals: Foo(...) makes one, foo(...) need not */
static bool is_class_name(struct sq_slice path)
{
	size_t i = path.n;

	while (i && path.p[i - 1] != '.')
		i--;
	while (i < path.n && path.p[i] == '_')
		i++;
	return i < path.n && path.p[i] >= 'A' && path.p[i] <= 'Z';
}

static bool is_builtin_type(struct sq_slice s)
{
	static const char *const names[] = {
		"int", "str", "float", "bool", "bytes", "list", "dict", "tuple", "set", "object",
		"type", "complex", "frozenset", "bytearray", "None",
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++)
		if (sq_slice_is(s, names[i]))
			return true;
	return false;
}

/* types */

static struct sq_slice trim(struct sq_slice s)
{
	while (s.n && strchr(" \t\r\n\"'", s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && strchr(" \t\r\n\"'", s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Optional[T], T | None and "T" are T; list[T] is nothing we follow */
static uint32_t type_of_annotation(struct sq_walk *w, struct sq_slice s)
{
	const char *bar;

	s = trim(s);
	if (sq_slice_has_prefix(s, SQ_LIT("Optional[")) && s.p[s.n - 1] == ']')
		s = trim(sq_slice(s.p + 9, s.n - 10));
	bar = s.n ? memchr(s.p, '|', s.n) : NULL;
	if (bar && sq_slice_is(trim(sq_slice(bar + 1, s.n - (size_t)(bar + 1 - s.p))), "None"))
		s = trim(sq_slice(s.p, (size_t)(bar - s.p)));
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.' && !sq_is_identifier(sq_slice(s.p + i, 1)) &&
		    !(s.p[i] >= '0' && s.p[i] <= '9'))
			return SQ_NONE;
	return is_builtin_type(s) ? SQ_NONE : sq_walk_type_path(w, s);
}

/* the class that an expression makes: Foo(...), ns.Foo(...), await'ed or not */
static uint32_t type_of_value(struct sq_walk *w, TSNode value)
{
	struct sq_slice callee;

	if (ts_node_is_null(value) || strcmp(ts_node_type(value), "call") != 0)
		return SQ_NONE;
	callee = sq_node_text(w, sq_node_field(value, "function"));
	if (!is_class_name(callee) || memchr(callee.p, '(', callee.n))
		return SQ_NONE;
	return sq_walk_type_path(w, callee);
}

static uint32_t type_of_assignment(struct sq_walk *w, const struct sq_frame *f)
{
	struct sq_slice annotation;

	if (strcmp(ts_node_type(f->node), "assignment") != 0)
		return SQ_NONE;
	annotation = sq_node_text(w, sq_node_field(f->node, "type"));
	if (annotation.n)
		return type_of_annotation(w, annotation);
	return type_of_value(w, sq_node_field(f->node, "right"));
}

/* what "expr as name" makes of name: expr() in with, expr in except */
static uint32_t type_of_alias(struct sq_walk *w, const struct sq_frame *pattern)
{
	TSNode value = ts_node_named_child(pattern->node, 0);
	uint32_t type = type_of_value(w, value);

	if (type == SQ_NONE && !strcmp(ts_node_type(pattern[-1].node), "except_clause") &&
	    is_class_name(sq_node_text(w, value)) && strcmp(ts_node_type(value), "tuple") != 0)
		type = sq_walk_type_path(w, sq_node_text(w, value));
	return type;
}

/* binding */

static struct sq_def *class_at(struct sq_walk *w)
{
	struct sq_def *d = sq_walk_get_def(w, w->encl);

	return d && d->kind == SQ_KIND_CLASS ? d : NULL;
}

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

static uint32_t self_path(struct sq_walk *w, struct sq_slice name)
{
	sq_buf_clear(&w->scratch);
	sq_buf_puts(&w->scratch, "self.");
	sq_buf_add_slice(&w->scratch, name);
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

/* a name bound in a class body */
static void bind_in_class(struct sq_walk *w, struct sq_frame *f, uint32_t sym, uint32_t type)
{
	struct sq_slice name = sq_frame_text(w, f);
	uint32_t owner = w->encl;

	if (sym == SQ_NONE)
		return;   /* the parser says that a name is missing here */
	sq_walk_bind_member(w, self_path(w, name), type);
	if (has_member(w, owner, sym))
		(void)sq_walk_ref(w, f, SQ_REF_WRITE, sym, SQ_NONE, 0);
	else if (f[-1].def == SQ_NONE && !strcmp(ts_node_type(f[-1].node), "assignment"))
		(void)sq_walk_def(w, &f[-1], SQ_KIND_PROPERTY, sym, visibility(name));
	else
		(void)sq_walk_def_point(w, f, SQ_KIND_PROPERTY, sym, visibility(name));
}

/* a name bound at the level of the module; loops and conditions do not count as a level */
static void bind_in_module(struct sq_walk *w, struct sq_frame *f, uint32_t sym, uint32_t type)
{
	struct sq_slice name = sq_frame_text(w, f);
	enum sq_kind kind = is_constant(name) ? SQ_KIND_CONSTANT : SQ_KIND_VARIABLE;
	const struct sq_local *known = sq_walk_find(w, sym);

	if (known && known->is_global) {
		(void)sq_walk_ref(w, f, SQ_REF_WRITE, sym, SQ_NONE, 0);
		return;
	}
	sq_walk_local(w, sym, type);
	if (f[-1].def == SQ_NONE && !strcmp(ts_node_type(f[-1].node), "assignment"))
		(void)sq_walk_def(w, &f[-1], kind, sym, visibility(name));
	else
		(void)sq_walk_def_point(w, f, kind, sym, visibility(name));
}

static bool is_assigned(const struct sq_frame *f)
{
	const struct sq_frame *p = f - 1;

	while (p->rule && p->role == SQ_ROLE_A)
		p--;
	return !strcmp(ts_node_type(p->node), "assignment");
}

static void bind(struct sq_walk *w, struct sq_frame *f, uint32_t sym)
{
	const struct sq_local *known = sq_walk_find(w, sym);
	uint32_t type = type_of_assignment(w, &f[-1]);

	if (!strcmp(ts_node_type(f[-2].node), "as_pattern"))
		type = type_of_alias(w, &f[-2]);
	if (w->n_functions && known && known->is_global &&
	    known - w->locals.v >= (ptrdiff_t)w->scope_start)
		(void)sq_walk_ref(w, f, SQ_REF_WRITE, sym, SQ_NONE, 0);   /* "global" said so */
	else if (w->n_functions && !class_at(w))
		sq_walk_local(w, sym, type);
	else if (!is_assigned(f))
		sq_walk_hide(w, sym);
	else if (class_at(w))
		bind_in_class(w, f, sym, type);
	else
		bind_in_module(w, f, sym, type);
}

/* leaves */

static enum sq_visit on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice text = sq_frame_text(w, f);
	uint32_t sym = sq_walk_leaf_sym(w, f);

	switch (f->role) {
	case SQ_ROLE_NAME:
		sq_walk_def_name(w, &f[-1], sym);
		break;
	case SQ_ROLE_MEMBER:
		(void)sq_walk_use_member(w, f, sym);
		break;
	case SQ_ROLE_A:
		bind(w, f, sym);
		break;
	case SQ_ROLE_DECL:
		f[-1].aux = sym;
		if (!sq_is_self_name(w, text))
			sq_walk_local(w, sym, SQ_NONE);
		break;
	case SQ_ROLE_TYPE:
		if (!is_builtin_type(text))
			(void)sq_walk_use(w, f, sym);
		break;
	default:
		if (!is_dunder(text) && !(w->n_functions && sq_is_self_name(w, text)))
			(void)sq_walk_use(w, f, sym);
	}
	return SQ_SKIP;
}

/* "Foo" as an annotation is a forward reference */
static enum sq_visit on_string(struct sq_walk *w, struct sq_frame *f)
{
	TSPoint at = ts_node_start_point(f->node);
	struct sq_slice s;

	if (f->role != SQ_ROLE_TYPE)
		return SQ_DESCEND;
	s = sq_frame_text(w, f);
	if (s.n < 3 || !strchr("\"'", s.p[0]))
		return SQ_SKIP;
	s = sq_slice(s.p + 1, s.n - 2);
	if (sq_is_identifier(s) && !is_builtin_type(s))
		(void)sq_walk_ref_text(w, at.row + 1, at.column + 1, SQ_REF_TYPE, s, SQ_ARGC_UNKNOWN);
	return SQ_SKIP;
}

/* definitions */

/* set by decorators on the decorated_definition's frame */
#define IS_STATIC 0x01u
#define IS_ABSTRACT 0x02u
#define IS_GETTER 0x04u
#define IS_SETTER 0x08u

static enum sq_visit on_function(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));
	enum sq_kind kind = class_at(w) ? SQ_KIND_METHOD : SQ_KIND_FUNCTION;
	unsigned flags = visibility(name);

	if (sq_slice_has_prefix(sq_frame_text(w, f), SQ_LIT("async")))
		flags |= SQ_DEF_ASYNC;
	if (f[-1].bits & IS_STATIC)
		flags |= SQ_DEF_STATIC;
	if (f[-1].bits & IS_ABSTRACT)
		flags |= SQ_DEF_ABSTRACT;
	if (f[-1].bits & IS_GETTER)
		flags |= SQ_DEF_GETTER;
	if (f[-1].bits & IS_SETTER)
		flags |= SQ_DEF_SETTER;
	(void)sq_walk_def(w, f, kind, SQ_NONE, flags);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static enum sq_visit on_class(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));

	(void)sq_walk_def(w, f, SQ_KIND_CLASS, SQ_NONE, visibility(name));
	return SQ_DESCEND;
}

static enum sq_visit on_lambda(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

static void leave_decorator(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);

	if (sq_slice_is(s, "@staticmethod"))
		f[-1].bits |= IS_STATIC;
	else if (sq_slice_has_suffix(s, SQ_LIT("abstractmethod")))
		f[-1].bits |= IS_ABSTRACT;
	else if (sq_slice_is(s, "@property") || sq_slice_has_suffix(s, SQ_LIT("cached_property")))
		f[-1].bits |= IS_GETTER;
	else if (sq_slice_has_suffix(s, SQ_LIT(".setter")) || sq_slice_has_suffix(s, SQ_LIT(".deleter")))
		f[-1].bits |= IS_SETTER;
}

static void leave_typed_parameter(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice type = sq_node_text(w, sq_node_field(f->node, "type"));
	struct sq_local *l = sq_walk_find(w, f->aux);

	if (l && !l->is_global && type.n)
		l->type = type_of_annotation(w, type);
}

/* declare the names in the targets of a comprehension before its body is read */
static void declare_targets(struct sq_walk *w, struct sq_slice s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t from = i;

		/* byte by byte, because a name may be as long as its file */
		while (i < s.n && (sq_is_identifier(sq_slice(s.p + i, 1)) ||
				   (i > from && s.p[i] >= '0' && s.p[i] <= '9')))
			i++;
		if (i > from)
			sq_walk_local(w, sq_walk_sym(w, sq_slice(s.p + from, i - from)), SQ_NONE);
		else
			i++;
	}
}

static enum sq_visit on_comprehension(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t n = ts_node_named_child_count(f->node);

	sq_walk_scope(w, f, true);
	for (uint32_t i = 0; i < n; i++) {
		TSNode clause = ts_node_named_child(f->node, i);

		if (!strcmp(ts_node_type(clause), "for_in_clause"))
			declare_targets(w, sq_node_text(w, sq_node_field(clause, "left")));
	}
	return SQ_DESCEND;
}

static enum sq_visit on_global(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t n = ts_node_named_child_count(f->node);

	for (uint32_t i = 0; i < n && w->n_functions; i++)
		sq_walk_unhide(w, sq_walk_sym(w, sq_node_text(w, ts_node_named_child(f->node, i))));
	return SQ_SKIP;
}

static enum sq_visit on_type_alias(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_type_path(w, sq_node_text(w, sq_node_field(f->node, "left")));
	struct sq_slice name = sq_walk_text(w, sym);

	(void)sq_walk_def(w, f, SQ_KIND_TYPE, sym, visibility(name));
	return SQ_DESCEND;
}

/* expressions */

/* self.x = ... in a method that sets an object up defines the property */
static bool is_set_up(struct sq_walk *w)
{
	static const char *const names[] = { "__init__", "__new__", "__post_init__", "setUp" };
	const struct sq_def *d = sq_walk_get_def(w, w->encl), *owner;
	struct sq_slice name;

	if (!d || d->kind != SQ_KIND_METHOD)
		return false;
	owner = sq_walk_get_def(w, d->parent);
	name = sq_facts_string(w->builder, d->name);
	for (size_t i = 0; owner && i < SQ_ARRAY_SIZE(names); i++)
		if (sq_slice_is(name, names[i]))
			return owner->kind == SQ_KIND_CLASS;
	return false;
}

static bool define_member(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice object = sq_node_text(w, sq_node_field(f->node, "object"));
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "attribute"));
	uint32_t owner = sq_walk_class(w), sym, def;
	bool is_whole = !strcmp(ts_node_type(f[-1].node), "assignment");
	struct sq_def *d;

	if (!sq_slice_is(object, "self") || owner == SQ_NONE)
		return false;
	if (is_whole)
		sq_walk_bind_member(w, self_path(w, name), type_of_assignment(w, &f[-1]));
	sym = sq_walk_sym(w, name);
	if (!is_set_up(w) || sym == SQ_NONE || has_member(w, owner, sym))
		return false;
	def = sq_walk_def_point(w, is_whole ? &f[-1] : f, SQ_KIND_PROPERTY, sym, visibility(name));
	d = sq_walk_get_def(w, def);
	if (d) {
		d->parent = owner;
		/* nested as its class is, not as its method */
		d->flags &= (uint16_t)~SQ_DEF_NESTED;
		d->flags |= sq_walk_get_def(w, owner)->flags & SQ_DEF_NESTED;
	}
	return d;
}

static enum sq_visit on_attribute(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role != SQ_ROLE_A)
		return SQ_DESCEND;
	f->role = SQ_ROLE_WRITE;
	return define_member(w, f) ? SQ_SKIP : SQ_DESCEND;
}

/* super().m() and super(A, self).m(): the receiver is written super */
static enum sq_visit on_attribute_object(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);

	if (f->role == SQ_ROLE_OBJECT && sq_slice_has_prefix(s, SQ_LIT("super(")))
		f[-1].obj_end = f->start + 5;
	return SQ_DESCEND;
}

static enum sq_visit on_subscript(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_A)
		f->role = SQ_ROLE_WRITE;
	else if (f->role == SQ_ROLE_CALLEE)
		f->role = SQ_ROLE_VALUE;
	if (f->role == SQ_ROLE_TYPE || f->role == SQ_ROLE_INHERIT)
		f->child_role = SQ_ROLE_TYPE;
	return SQ_DESCEND;
}

static enum sq_visit on_arguments(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_INHERIT)
		f->child_role = SQ_ROLE_INHERIT;
	return SQ_DESCEND;
}

static const struct sq_rule_row rules[] = {
	{ .type = "comment", .flags = SQ_RULE_COMMENT },
	{ .type = "identifier", .enter = on_identifier, .flags = SQ_RULE_LEAF },
	{ .type = "integer", .flags = SQ_RULE_LEAF },
	{ .type = "float", .flags = SQ_RULE_LEAF },
	{ .type = "string", .enter = on_string },

	{ .type = "function_definition", .enter = on_function },
	{ .type = "class_definition", .enter = on_class },
	{ .type = "lambda", .enter = on_lambda },
	{ .type = "decorator", .leave = leave_decorator, .child_role = SQ_ROLE_CALLEE,
	  .flags = SQ_RULE_CALL },
	{ .type = "parameters", .child_role = SQ_ROLE_DECL },
	{ .type = "lambda_parameters", .child_role = SQ_ROLE_DECL },
	{ .type = "typed_parameter", .leave = leave_typed_parameter, .child_role = SQ_ROLE_DECL },
	{ .type = "typed_default_parameter", .leave = leave_typed_parameter },
	{ .type = "list_splat_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "dictionary_splat_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "pattern_list", .child_role = SQ_ROLE_SAME },
	{ .type = "tuple_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "list_pattern", .child_role = SQ_ROLE_SAME },
	{ .type = "as_pattern_target", .child_role = SQ_ROLE_A },
	{ .type = "case_pattern", .child_role = SQ_ROLE_A },
	{ .type = "class_pattern", .child_role = SQ_ROLE_TYPE },
	{ .type = "keyword_pattern", .child_role = SQ_ROLE_IGNORE },
	{ .type = "dotted_name", .child_role = SQ_ROLE_SAME },

	{ .type = "type", .child_role = SQ_ROLE_TYPE },
	{ .type = "generic_type", .child_role = SQ_ROLE_TYPE },
	{ .type = "union_type", .child_role = SQ_ROLE_TYPE },
	{ .type = "type_parameter", .child_role = SQ_ROLE_TYPE },
	{ .type = "binary_operator", .child_role = SQ_ROLE_VALUE },
	{ .type = "type_alias_statement", .enter = on_type_alias },

	{ .type = "import_statement", .enter = sq_python_on_import },
	{ .type = "import_from_statement", .enter = sq_python_on_import_from },
	{ .type = "future_import_statement", .enter = sq_on_opaque },
	{ .type = "global_statement", .enter = on_global },
	{ .type = "nonlocal_statement", .enter = sq_on_opaque },

	{ .type = "call", .enter = on_attribute_object, .flags = SQ_RULE_CALL },
	{ .type = "argument_list", .enter = on_arguments, .leave = sq_leave_arguments,
	  .flags = SQ_RULE_COUNT },
	{ .type = "attribute", .enter = on_attribute },
	{ .type = "subscript", .enter = on_subscript },
	{ .type = "parenthesized_expression", .child_role = SQ_ROLE_SAME },
	{ .type = "await", .flags = SQ_RULE_AWAIT },
	{ .type = "list_comprehension", .enter = on_comprehension },
	{ .type = "set_comprehension", .enter = on_comprehension },
	{ .type = "dictionary_comprehension", .enter = on_comprehension },
	{ .type = "generator_expression", .enter = on_comprehension },
	{ .type = NULL },
};

static const struct sq_role_row roles[] = {
	{ "function_definition", "name", SQ_ROLE_NAME },
	{ "function_definition", "body", SQ_ROLE_BODY },
	{ "function_definition", "return_type", SQ_ROLE_TYPE },
	{ "class_definition", "name", SQ_ROLE_NAME },
	{ "class_definition", "superclasses", SQ_ROLE_INHERIT },
	{ "class_definition", "body", SQ_ROLE_BODY },
	{ "typed_parameter", "type", SQ_ROLE_TYPE },
	{ "typed_default_parameter", "name", SQ_ROLE_DECL },
	{ "typed_default_parameter", "type", SQ_ROLE_TYPE },
	{ "default_parameter", "name", SQ_ROLE_DECL },
	{ "type_alias_statement", "left", SQ_ROLE_IGNORE },
	{ "assignment", "left", SQ_ROLE_A },
	{ "assignment", "type", SQ_ROLE_TYPE },
	{ "assignment", "right", SQ_ROLE_INIT },
	{ "augmented_assignment", "left", SQ_ROLE_WRITE },
	{ "named_expression", "name", SQ_ROLE_A },
	{ "for_statement", "left", SQ_ROLE_A },
	{ "for_in_clause", "left", SQ_ROLE_A },
	{ "call", "function", SQ_ROLE_CALLEE },
	{ "call", "arguments", SQ_ROLE_ARGS },
	{ "keyword_argument", "name", SQ_ROLE_IGNORE },
	{ "attribute", "object", SQ_ROLE_OBJECT },
	{ "attribute", "attribute", SQ_ROLE_MEMBER },
	{ "subscript", "value", SQ_ROLE_SAME },
	{ NULL, NULL, 0 },
};

static const char *const extensions[] = { ".py", ".pyi", NULL };
static const char *const index_stems[] = { "__init__", NULL };
static const char *const self_names[] = { "self", "cls", NULL };

/* members of built-in types and of the standard library's most used ones */
static const char *const common_members[] = {
	"add", "append", "as_integer_ratio", "capitalize", "casefold", "center", "clear", "copy",
	"count", "decode", "difference", "discard", "encode", "endswith", "expandtabs", "extend",
	"find", "format", "fromkeys", "get", "group", "groups", "index", "insert", "intersection",
	"isalnum", "isalpha", "isdigit", "islower", "isspace", "issubset", "issuperset",
	"isupper", "items", "join", "keys", "ljust", "lower", "lstrip", "partition", "pop",
	"popitem", "read", "readline", "readlines", "remove", "replace", "reverse", "rfind",
	"rindex", "rjust", "rpartition", "rsplit", "rstrip", "seek", "setdefault", "sort",
	"split", "splitlines", "startswith", "strip", "swapcase", "tell", "title", "translate",
	"union", "update", "upper", "values", "write", "writelines", "zfill", NULL,
};

const struct sq_lang_traits sq_traits_python = {
	.lang = SQ_LANG_PYTHON,
	.family = SQ_FAMILY_PYTHON,
	.style = SQ_STYLE_DOTTED,
	.unit = SQ_UNIT_FILE,
	.extensions = extensions,
	.index_stems = index_stems,
	.self_names = self_names,
	.super_name = "super",
	.separator = ".",
	.duck_methods = true,
	.common_members = common_members,
};

const struct sq_spec sq_spec_python = {
	.lang = SQ_LANG_PYTHON,
	.version = 3,
	.grammar = "python",
	.rules = { rules },
	.roles = { roles },
	.extensions = extensions,
	.traits = &sq_traits_python,
};
