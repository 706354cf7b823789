/* SPDX-License-Identifier: MIT */
/* what JavaScript and TypeScript say of types */
#include "lang/lang-script.h"

/* a path whose first name is no local and no type parameter */
static uint32_t global_path(struct sq_walk *w, struct sq_slice text)
{
	size_t n = 0;

	while (n < text.n && sq_is_identifier(sq_slice(text.p, n + 1)))
		n++;
	if (!n || sq_walk_is_local(w, sq_walk_sym(w, sq_slice(text.p, n))) ||
	    sq_is_self_name(w, sq_slice(text.p, n)))
		return SQ_NONE;
	return sq_walk_type_path(w, text);
}

/* null and undefined do not count */
static bool is_nothing(TSNode type)
{
	TSNode child = ts_node_named_child(type, 0);

	return sq_script_is(type, "literal_type") &&
	       (sq_script_is(child, "null") || sq_script_is(child, "undefined"));
}

/* the only member of a union that is something */
static TSNode only_member(TSNode type)
{
	uint32_t n = ts_node_named_child_count(type);
	TSNode only = { .id = NULL };

	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_named_child(type, i);

		if (is_nothing(child) || sq_script_is(child, "comment"))
			continue;
		if (!ts_node_is_null(only))
			return (TSNode){ .id = NULL };
		only = child;
	}
	return only;
}

/* the class behind a type or a literal of the language itself, or NULL */
static const char *built_in(struct sq_slice node_type, struct sq_slice text)
{
	static const struct { const char *type, *text, *name; } names[] = {
		{ "array_type", NULL, "Array" }, { "tuple_type", NULL, "Array" },
		{ "predefined_type", "string", "String" }, { "predefined_type", "number", "Number" },
		{ "predefined_type", "boolean", "Boolean" }, { "predefined_type", "bigint", "BigInt" },
		{ "predefined_type", "symbol", "Symbol" }, { "template_literal_type", NULL, "String" },
		{ "array", NULL, "Array" }, { "string", NULL, "String" },
		{ "template_string", NULL, "String" }, { "number", NULL, "Number" },
		{ "regex", NULL, "RegExp" }, { "true", NULL, "Boolean" }, { "false", NULL, "Boolean" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++)
		if (sq_slice_is(node_type, names[i].type) &&
		    (!names[i].text || sq_slice_is(text, names[i].text)))
			return names[i].name;
	return NULL;
}

static uint32_t built_in_type(struct sq_walk *w, TSNode node)
{
	const char *name = built_in(sq_slice_z(ts_node_type(node)), sq_node_text(w, node));

	return name ? sq_walk_sym(w, sq_slice_z(name)) : SQ_NONE;
}

uint32_t sq_script_type_of_node(struct sq_walk *w, TSNode type)
{
	while (!ts_node_is_null(type)) {
		const char *name = ts_node_type(type);

		if (!strcmp(name, "type_identifier") || !strcmp(name, "nested_type_identifier"))
			return global_path(w, sq_node_text(w, type));
		if (!strcmp(name, "generic_type"))
			type = sq_node_field(type, "name");
		else if (!strcmp(name, "union_type"))
			type = only_member(type);
		else if (!strcmp(name, "parenthesized_type") || !strcmp(name, "readonly_type") ||
			 !strcmp(name, "type_annotation") || !strcmp(name, "literal_type"))
			type = ts_node_named_child(type, 0);
		else
			return built_in_type(w, type);
	}
	return SQ_NONE;
}

static uint32_t class_name(struct sq_walk *w)
{
	const struct sq_def *d = sq_walk_get_def(w, sq_walk_class(w));

	return d && d->name != SQ_NONE ?
	       sq_walk_sym(w, sq_facts_string(w->builder, d->name)) : SQ_NONE;
}

/* the class that an expression makes or is said to be of */
static uint32_t type_of_value(struct sq_walk *w, TSNode value)
{
	while (!ts_node_is_null(value)) {
		const char *name = ts_node_type(value);

		if (!strcmp(name, "new_expression"))
			return global_path(w, sq_node_text(w, sq_node_field(value, "constructor")));
		if (!strcmp(name, "as_expression"))
			return sq_script_type_of_node(w, ts_node_named_child(value, 1));
		if (!strcmp(name, "this"))
			return class_name(w);
		if (strcmp(name, "parenthesized_expression") != 0 &&
		    strcmp(name, "non_null_expression") != 0 &&
		    strcmp(name, "satisfies_expression") != 0)
			return built_in_type(w, value);
		value = ts_node_named_child(value, 0);
	}
	return SQ_NONE;
}

uint32_t sq_script_type(struct sq_walk *w, TSNode annotation, TSNode value)
{
	if (!ts_node_is_null(annotation))
		return sq_script_type_of_node(w, annotation);
	return type_of_value(w, value);
}

bool sq_script_is_literal(TSNode value)
{
	static const char *const types[] = {
		"number", "string", "true", "false", "null", "regex", "template_string",
	};

	if (sq_script_is(value, "as_expression") || sq_script_is(value, "satisfies_expression"))
		value = ts_node_named_child(value, 0);
	if (sq_script_is(value, "unary_expression"))
		value = sq_node_field(value, "argument");
	for (size_t i = 0; i < SQ_ARRAY_SIZE(types); i++)
		if (sq_script_is(value, types[i]))
			return true;
	return false;
}

/* TypeScript only: a type_identifier */
enum sq_visit sq_script_on_type(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	switch (f->role) {
	case SQ_ROLE_NAME:
		sq_walk_def_name(w, &f[-1], sym);
		return SQ_SKIP;
	case SQ_ROLE_DECL:   /* type parameters are of nobody's concern */
		sq_walk_hide(w, sym);
		return SQ_SKIP;
	case SQ_ROLE_MEMBER:
		if (f[-1].role != SQ_ROLE_INHERIT && f[-1].role != SQ_ROLE_IMPLEMENT)
			f[-1].role = SQ_ROLE_TYPE;
		(void)sq_walk_use_member(w, f, sym);
		return SQ_SKIP;
	case SQ_ROLE_INHERIT:
	case SQ_ROLE_IMPLEMENT:
		break;
	default:
		f->role = SQ_ROLE_TYPE;
	}
	if (!sq_walk_is_local(w, sym))
		(void)sq_walk_use(w, f, sym);
	return SQ_SKIP;
}
