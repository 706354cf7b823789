/* SPDX-License-Identifier: MIT */
/* Modules of JavaScript and TypeScript: import, export, require(), module.exports. */
#include "lang/lang-script.h"

/* the text of a string without its quotes; nothing when it is no plain string */
static struct sq_slice string_text(const struct sq_walk *w, TSNode node)
{
	struct sq_slice s = sq_node_text(w, node);

	if (!sq_script_is(node, "string") || s.n < 3)
		return SQ_SLICE_NULL;
	return sq_slice(s.p + 1, s.n - 2);
}

/* a name, which may be written as a string */
static struct sq_slice name_text(const struct sq_walk *w, TSNode node)
{
	struct sq_slice s = string_text(w, node);

	return s.n ? s : sq_node_text(w, node);
}

static bool has_token(TSNode node, const char *token)
{
	uint32_t n = ts_node_child_count(node);

	for (uint32_t i = 0; i < n && i < 4; i++)
		if (sq_script_is(ts_node_child(node, i), token))
			return true;
	return false;
}

/* imports */

/* require() gives the whole module, which often is one class or function */
static void require_module(struct sq_walk *w, TSNode at, struct sq_slice target,
			   struct sq_slice alias, unsigned flags)
{
	sq_walk_import(w, sq_node_line(at), SQ_IMPORT_MODULE, target, SQ_LIT("default"), alias,
		       flags | SQ_IMP_NAMESPACE | SQ_IMP_DEFAULT);
}

static void import_module(struct sq_walk *w, TSNode at, struct sq_slice target,
			  struct sq_slice alias, unsigned flags)
{
	sq_walk_import(w, sq_node_line(at), SQ_IMPORT_MODULE, target, SQ_SLICE_NULL, alias,
		       alias.n ? flags | SQ_IMP_NAMESPACE : flags);
}

/* one member; it is mentioned at @at */
static void import_member(struct sq_walk *w, TSNode at, struct sq_slice target,
			  struct sq_slice name, struct sq_slice alias, unsigned flags)
{
	TSPoint point = ts_node_start_point(at);
	struct sq_ref *r;

	if (!name.n)
		return;
	if (sq_slice_eq(name, alias))
		alias = SQ_SLICE_NULL;
	sq_walk_import(w, sq_node_line(at), SQ_IMPORT_NAME, target, name, alias, flags);
	r = sq_facts_ref(w->builder, sq_walk_ref_text(w, point.row + 1, point.column, SQ_REF_IMPORT,
						      name, SQ_ARGC_UNKNOWN));
	if (r)
		r->qual = sq_facts_add_string(w->builder, target);
}

/* { a, b as c, type D } of an import or export */
static void import_specifiers(struct sq_walk *w, TSNode list, struct sq_slice target,
			      unsigned flags)
{
	uint32_t n = ts_node_named_child_count(list);

	for (uint32_t i = 0; i < n; i++) {
		TSNode item = ts_node_named_child(list, i), name = sq_node_field(item, "name");

		if (ts_node_is_null(name))
			continue;
		import_member(w, name, target, name_text(w, name),
			      name_text(w, sq_node_field(item, "alias")),
			      has_token(item, "type") ? flags | SQ_IMP_TYPE : flags);
	}
}

static void import_clause(struct sq_walk *w, TSNode clause, struct sq_slice target, unsigned flags)
{
	uint32_t n = ts_node_named_child_count(clause);

	for (uint32_t i = 0; i < n; i++) {
		TSNode item = ts_node_named_child(clause, i);
		const char *type = ts_node_type(item);

		if (!strcmp(type, "identifier"))
			import_member(w, item, target, SQ_LIT("default"), sq_node_text(w, item),
				      flags | SQ_IMP_DEFAULT);
		else if (!strcmp(type, "namespace_import"))
			import_module(w, item, target, sq_node_text(w, ts_node_named_child(item, 0)),
				      flags);
		else if (!strcmp(type, "named_imports"))
			import_specifiers(w, item, target, flags);
	}
}

enum sq_visit sq_script_on_import(struct sq_walk *w, struct sq_frame *f)
{
	unsigned flags = has_token(f->node, "type") || has_token(f->node, "typeof") ?
			 SQ_IMP_TYPE : 0;
	uint32_t n = ts_node_named_child_count(f->node);
	TSNode source = sq_node_field(f->node, "source");
	bool is_bare = true;

	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_named_child(f->node, i);

		if (sq_script_is(child, "import_clause")) {
			import_clause(w, child, string_text(w, source), flags);
			is_bare = false;
		} else if (sq_script_is(child, "import_require_clause")) {
			require_module(w, child, string_text(w, sq_node_field(child, "source")),
				       sq_node_text(w, ts_node_named_child(child, 0)), flags);
			is_bare = false;
		}
	}
	if (is_bare && string_text(w, source).n)
		import_module(w, f->node, string_text(w, source), SQ_SLICE_NULL, flags);
	return SQ_SKIP;
}

/* require() and import() */

/* the module that a call of require() or import() names */
static struct sq_slice module_of_call(const struct sq_walk *w, TSNode call, bool *ret_is_require)
{
	TSNode callee, arguments;
	bool is_require = false;

	if (!sq_script_is(call, "call_expression"))
		return SQ_SLICE_NULL;
	callee = sq_node_field(call, "function");
	arguments = sq_node_field(call, "arguments");
	is_require = sq_script_is(callee, "identifier") &&
		     sq_slice_is(sq_node_text(w, callee), "require");
	if (!is_require && !sq_script_is(callee, "import"))
		return SQ_SLICE_NULL;
	*ret_is_require = is_require;
	return string_text(w, ts_node_named_child(arguments, 0));
}

/* const { a, b: c } = require() */
static void require_names(struct sq_walk *w, TSNode pattern, struct sq_slice target)
{
	uint32_t n = ts_node_named_child_count(pattern);

	for (uint32_t i = 0; i < n; i++) {
		TSNode item = ts_node_named_child(pattern, i), key = item, value = { .id = NULL };

		if (sq_script_is(item, "object_assignment_pattern")) {
			key = sq_node_field(item, "left");
		} else if (sq_script_is(item, "pair_pattern")) {
			key = sq_node_field(item, "key");
			value = sq_node_field(item, "value");
		}
		if (sq_script_is(value, "assignment_pattern"))
			value = sq_node_field(value, "left");
		if (sq_script_is(key, "shorthand_property_identifier_pattern") ||
		    sq_script_is(value, "identifier"))
			import_member(w, key, target, name_text(w, key), sq_node_text(w, value), 0);
	}
	if (!n)
		import_module(w, pattern, target, SQ_SLICE_NULL, 0);
}

/* the name of the only member of what a module gives: require('m').member */
static TSNode take_member(TSNode *value)
{
	TSNode member = { .id = NULL };

	if (sq_script_is(*value, "member_expression")) {
		member = sq_node_field(*value, "property");
		*value = sq_node_field(*value, "object");
	}
	return member;
}

static TSNode unwrap(TSNode value)
{
	while (sq_script_is(value, "parenthesized_expression") ||
	       sq_script_is(value, "await_expression") || sq_script_is(value, "as_expression") ||
	       sq_script_is(value, "non_null_expression"))
		value = ts_node_named_child(value, 0);
	return value;
}

bool sq_script_require(struct sq_walk *w, struct sq_frame *f)
{
	TSNode name = sq_node_field(f->node, "name");
	TSNode value = unwrap(sq_node_field(f->node, "value"));
	TSNode member = take_member(&value), call = unwrap(value);
	struct sq_slice target;
	bool is_require = false;

	target = module_of_call(w, call, &is_require);
	/* a promise is no module */
	if (!target.n || (!is_require && sq_script_is(sq_node_field(f->node, "value"), "call_expression")))
		return false;
	if (!ts_node_is_null(member) && !is_require && ts_node_eq(call, value))
		return false;
	if (sq_script_is(name, "identifier") && !ts_node_is_null(member))
		import_member(w, member, target, sq_node_text(w, member), sq_node_text(w, name), 0);
	else if (sq_script_is(name, "identifier") && is_require)
		require_module(w, name, target, sq_node_text(w, name), 0);
	else if (sq_script_is(name, "identifier"))
		import_module(w, name, target, sq_node_text(w, name), 0);
	else if (sq_script_is(name, "object_pattern") && ts_node_is_null(member))
		require_names(w, name, target);
	else
		return false;
	return true;
}

static bool is_declared(const struct sq_frame *f)
{
	while (f->rule && f->role != SQ_ROLE_INIT)
		f--;
	return f->rule && (f[-1].bits & SCRIPT_IS_IMPORT);
}

enum sq_visit sq_script_on_call(struct sq_walk *w, struct sq_frame *f)
{
	bool is_require = false;
	struct sq_slice target = module_of_call(w, f->node, &is_require);

	if (!target.n)
		return SQ_DESCEND;
	if (!is_declared(f))
		import_module(w, f->node, target, SQ_SLICE_NULL, 0);
	return SQ_SKIP;
}

/* exports */

static void export_name(struct sq_walk *w, TSNode at, struct sq_slice name, struct sq_slice alias)
{
	uint32_t sym = sq_walk_sym(w, name);
	bool is_default = sq_slice_is(alias, "default");

	if (sym == SQ_NONE)
		return;
	if (!alias.n || sq_slice_eq(name, alias) || is_default)
		w->syms.v[sym].marks |= SCRIPT_MARK_EXPORTED;
	if (is_default)
		w->syms.v[sym].marks |= SCRIPT_MARK_DEFAULT;
	if (sq_slice_eq(name, alias))
		alias = SQ_SLICE_NULL;
	sq_walk_import(w, sq_node_line(at), SQ_IMPORT_NAME, SQ_LIT("."), name, alias,
		       SQ_IMP_REEXPORT);
}

void sq_script_export(struct sq_walk *w, TSNode name, struct sq_slice alias)
{
	export_name(w, name, name_text(w, name), alias);
}

/* { a, b as c } without "from": names of this file */
static void export_clause(struct sq_walk *w, TSNode clause)
{
	uint32_t n = ts_node_named_child_count(clause);

	for (uint32_t i = 0; i < n; i++) {
		TSNode item = ts_node_named_child(clause, i), name = sq_node_field(item, "name");
		TSPoint at;

		if (ts_node_is_null(name))
			continue;
		at = ts_node_start_point(name);
		sq_script_export(w, name, name_text(w, sq_node_field(item, "alias")));
		(void)sq_walk_ref_text(w, at.row + 1, at.column, SQ_REF_READ, name_text(w, name),
				       SQ_ARGC_UNKNOWN);
	}
}

static void export_from(struct sq_walk *w, const struct sq_frame *f, struct sq_slice target)
{
	uint32_t n = ts_node_named_child_count(f->node);
	unsigned flags = SQ_IMP_REEXPORT | (has_token(f->node, "type") ? SQ_IMP_TYPE : 0);
	TSNode first = ts_node_named_child(f->node, 0);

	for (uint32_t i = 0; i < n && sq_script_is(first, "comment"); i++)
		first = ts_node_named_child(f->node, i);
	if (sq_script_is(first, "export_clause"))
		import_specifiers(w, first, target, flags);
	else if (sq_script_is(first, "namespace_export"))
		import_module(w, first, target, name_text(w, ts_node_named_child(first, 0)), flags);
	else
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_NAME, target, SQ_SLICE_NULL,
			       SQ_SLICE_NULL, flags | SQ_IMP_WILDCARD);
}

/* a value that is the module's default: a name, a function, a class, any expression */
static void export_default(struct sq_walk *w, struct sq_frame *f, TSNode value)
{
	int kind = sq_script_value_kind(value);
	TSNode name = sq_node_field(value, "name");
	uint32_t sym = sq_walk_sym(w, ts_node_is_null(name) ? SQ_LIT("default") :
							      sq_node_text(w, name));

	if (sq_script_is(value, "identifier"))
		sq_script_export(w, value, SQ_LIT("default"));
	else if (kind >= 0)
		(void)sq_walk_def(w, f, kind, sym, SQ_DEF_EXPORTED | SQ_DEF_DEFAULT);
	else
		(void)sq_walk_def(w, f, SQ_KIND_VARIABLE, sq_walk_sym(w, SQ_LIT("default")),
				  SQ_DEF_EXPORTED | SQ_DEF_DEFAULT);
}

enum sq_visit sq_script_on_export(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice target = string_text(w, sq_node_field(f->node, "source"));
	TSNode value = sq_node_field(f->node, "value");
	uint32_t n = ts_node_named_child_count(f->node);

	if (target.n) {
		export_from(w, f, target);
		return SQ_SKIP;
	}
	if (has_token(f->node, "as"))   /* export as namespace N: for scripts without modules */
		return SQ_SKIP;
	if (has_token(f->node, "default"))
		f->bits |= SCRIPT_IS_DEFAULT;
	for (uint32_t i = 0; i < n; i++) {
		TSNode child = ts_node_named_child(f->node, i);

		if (sq_script_is(child, "export_clause")) {
			export_clause(w, child);
			return SQ_SKIP;
		}
		if (sq_script_is(child, "identifier") && has_token(f->node, "="))
			sq_script_export(w, child, SQ_LIT("default"));
	}
	if (!ts_node_is_null(value))
		export_default(w, f, value);
	return SQ_DESCEND;
}

/* CommonJS */

static bool is_exports(const struct sq_walk *w, TSNode node)
{
	struct sq_slice s = sq_node_text(w, node);

	return sq_slice_is(s, "module.exports") || sq_slice_is(s, "exports");
}

/* module.exports = { a, b: c, f() {} } */
static void export_object(struct sq_walk *w, TSNode object)
{
	uint32_t n = ts_node_named_child_count(object);

	for (uint32_t i = 0; i < n; i++) {
		TSNode item = ts_node_named_child(object, i);

		if (sq_script_is(item, "shorthand_property_identifier"))
			sq_script_export(w, item, SQ_SLICE_NULL);
	}
}

/* module.exports = value */
static void export_whole(struct sq_walk *w, struct sq_frame *f, TSNode value)
{
	bool is_require = false;
	struct sq_slice target = module_of_call(w, value, &is_require);

	if (target.n) {
		f->bits |= SCRIPT_IS_IMPORT;
		sq_walk_import(w, sq_node_line(value), SQ_IMPORT_NAME, target, SQ_SLICE_NULL,
			       SQ_SLICE_NULL, SQ_IMP_REEXPORT | SQ_IMP_WILDCARD);
	} else if (sq_script_is(value, "object"))
		export_object(w, value);
	else if (!sq_script_is(value, "assignment_expression"))
		export_default(w, f, value);
}

/* exports.name = value */
static void export_one(struct sq_walk *w, struct sq_frame *f, TSNode key, TSNode value)
{
	struct sq_slice name = sq_node_text(w, key);
	unsigned flags = SQ_DEF_EXPORTED | (sq_slice_is(name, "default") ? SQ_DEF_DEFAULT : 0);
	int kind = sq_script_value_kind(value);
	TSNode member = take_member(&value);
	struct sq_slice target;
	bool is_require = false;

	target = module_of_call(w, value, &is_require);
	if (target.n && is_require)
		f->bits |= SCRIPT_IS_IMPORT;
	if (target.n && is_require && !ts_node_is_null(member))
		import_member(w, member, target, sq_node_text(w, member), name, SQ_IMP_REEXPORT);
	else if (target.n && is_require)
		require_module(w, key, target, name, SQ_IMP_REEXPORT);
	else if (ts_node_is_null(member) && sq_script_is(value, "identifier"))
		sq_script_export(w, value, name);
	else if (kind >= 0)
		(void)sq_walk_def(w, f, kind, sq_walk_sym(w, name), flags);
	else if (!sq_script_is(value, "unary_expression"))   /* not void 0, which compilers write */
		(void)sq_walk_def_point(w, f, SQ_KIND_VARIABLE, sq_walk_sym(w, name), flags);
}

/* A.prototype.f = function () {}, a.f = function () {} of an A of this file */
static bool define_member_of(struct sq_walk *w, struct sq_frame *f, TSNode left, TSNode value)
{
	const uint32_t kinds = 1u << SQ_KIND_FUNCTION | 1u << SQ_KIND_CLASS |
			       1u << SQ_KIND_VARIABLE | 1u << SQ_KIND_CONSTANT;
	TSNode object = sq_node_field(left, "object");
	bool is_prototype = sq_slice_is(sq_node_text(w, sq_node_field(object, "property")),
					"prototype");
	int kind = sq_script_value_kind(value);
	struct sq_def *d;
	uint32_t owner;

	if (kind != SQ_KIND_FUNCTION)
		return false;
	if (is_prototype)
		object = sq_node_field(object, "object");
	if (!sq_script_is(object, "identifier"))
		return false;
	owner = sq_walk_find_def(w, sq_walk_sym(w, sq_node_text(w, object)), kinds);
	d = sq_walk_get_def(w, owner);
	if (!d || d->parent != SQ_NONE || (d->flags & SQ_DEF_NESTED))
		return false;
	(void)sq_walk_def(w, f, SQ_KIND_METHOD, sq_script_member_sym(w, sq_node_field(left, "property")),
			  is_prototype ? 0 : SQ_DEF_STATIC);
	d = sq_walk_get_def(w, f->def);
	if (d)
		d->parent = owner;
	return d;
}

enum sq_visit sq_script_on_assignment(struct sq_walk *w, struct sq_frame *f)
{
	TSNode left = sq_node_field(f->node, "left"), right = sq_node_field(f->node, "right");
	TSNode object;

	if (!sq_script_is(left, "member_expression"))
		return SQ_DESCEND;
	object = sq_node_field(left, "object");
	if (w->n_functions) {
		if (sq_script_define_this(w, f, left))
			f->bits |= SCRIPT_IS_DONE;
		return SQ_DESCEND;
	}
	if (is_exports(w, left)) {
		f->bits |= SCRIPT_IS_DONE | SCRIPT_EXPORTS;
		export_whole(w, f, right);
	} else if (is_exports(w, object)) {
		f->bits |= SCRIPT_IS_DONE;
		export_one(w, f, sq_node_field(left, "property"), right);
	} else if (define_member_of(w, f, left, right)) {
		f->bits |= SCRIPT_IS_DONE;
	}
	return SQ_DESCEND;
}

enum sq_visit sq_script_on_object(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if (f->role == SQ_ROLE_INIT && f[-1].rule->arg == SCRIPT_ASSIGNMENT)
		f->bits |= f[-1].bits & SCRIPT_EXPORTS;
	return SQ_DESCEND;
}

/* "export { a }" may stand before and after a */
void sq_script_leave_program(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t n = sq_facts_n_defs(w->builder);

	(void)f;
	for (uint32_t i = 0; i < n; i++) {
		struct sq_def *d = sq_walk_get_def(w, i);
		uint32_t sym, marks;

		if (d->parent != SQ_NONE || d->name == SQ_NONE || (d->flags & SQ_DEF_NESTED))
			continue;
		sym = sq_walk_sym(w, sq_facts_string(w->builder, d->name));
		marks = sym == SQ_NONE ? 0 : w->syms.v[sym].marks;
		if (marks & SCRIPT_MARK_EXPORTED)
			d->flags |= SQ_DEF_EXPORTED;
		if (marks & SCRIPT_MARK_DEFAULT)
			d->flags |= SQ_DEF_DEFAULT;
	}
}
