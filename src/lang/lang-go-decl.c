/* SPDX-License-Identifier: MIT */
/* Go: definitions and imports. */
#include "lang/lang-go.h"

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

enum sq_visit sq_go_on_function(struct sq_walk *w, struct sq_frame *f)
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

	if (!s.n)
		return SQ_NONE;
	if (s.p[0] == '(')
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
	return sq_go_is_builtin_type(sq_slice(s.p + from, end - from)) ? SQ_NONE :
	       sq_walk_type_path(w, sq_slice(s.p + from, end - from));
}

/* key "name()" holds what a function of this file returns */
uint32_t sq_go_call_key(struct sq_walk *w, struct sq_slice name)
{
	sq_buf_clear(&w->scratch);
	sq_buf_add_slice(&w->scratch, name);
	sq_buf_puts(&w->scratch, "()");
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

void sq_go_leave_function(struct sq_walk *w, struct sq_frame *f)
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
	key = sq_go_call_key(w, sq_facts_string(w->builder, d->name));
	if (key != SQ_NONE)
		w->syms.v[key].member_type = type;
}

enum sq_visit sq_go_on_method(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, SQ_KIND_METHOD, SQ_NONE, 0);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

enum sq_visit sq_go_on_func_literal(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

enum sq_visit sq_go_on_parameters(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_A)
		w->carry = RECEIVER_TYPE;
	return SQ_DESCEND;
}

void sq_go_leave_parameters(struct sq_walk *w, struct sq_frame *f)
{
	if (f->role == SQ_ROLE_A)
		w->carry = NO_RECEIVER;
}

void sq_go_leave_parameter(struct sq_walk *w, struct sq_frame *f)
{
	if (f[-1].rule->arg == GO_PARAMETERS && f[-2].rule->arg == GO_FUNCTION)
		sq_go_bind_names(w, f, f->type);
}

/* what a variadic parameter holds is a slice */
void sq_go_leave_variadic(struct sq_walk *w, struct sq_frame *f)
{
	f->type = SQ_NONE;
	sq_go_leave_parameter(w, f);
}

/* rule->arg is taken: constants are told by their node */
enum sq_kind sq_go_values_kind(const struct sq_frame *f)
{
	return *ts_node_type(f->node) == 'c' ? SQ_KIND_CONSTANT : SQ_KIND_VARIABLE;
}

enum sq_visit sq_go_on_values(struct sq_walk *w, struct sq_frame *f)
{
	if (w->n_functions)
		return SQ_DESCEND;
	(void)sq_walk_def(w, f, sq_go_values_kind(f), SQ_NONE, 0);
	include_keyword(w, f);
	return SQ_DESCEND;
}

void sq_go_leave_values(struct sq_walk *w, struct sq_frame *f)
{
	if (w->n_functions || f->type != SQ_NONE)
		sq_go_bind_names(w, f, f->type);
}

enum sq_visit sq_go_on_type_spec(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));
	uint32_t key;

	(void)sq_walk_def(w, f, SQ_KIND_TYPE, SQ_NONE, 0);
	include_keyword(w, f);
	if (!w->n_functions) {
		key = sq_go_type_key(w, name);
		if (key != SQ_NONE)
			w->syms.v[key].member_of = f->def;
	}
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

enum sq_visit sq_go_on_body_type(struct sq_walk *w, struct sq_frame *f)
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
		sq_walk_body_at(w, spec, (uint32_t)(brace - w->bytes.p));
	return SQ_DESCEND;
}

void sq_go_leave_body_type(struct sq_walk *w, struct sq_frame *f)
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

enum sq_visit sq_go_on_field(struct sq_walk *w, struct sq_frame *f)
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

struct sq_slice sq_go_last_part(struct sq_slice path)
{
	const char *dot = path.n ? memrchr(path.p, '.', path.n) : NULL;

	return dot ? sq_slice(dot + 1, path.n - (size_t)(dot + 1 - path.p)) : path;
}

/* key "T.field" holds the field's type */
uint32_t sq_go_field_key(struct sq_walk *w, struct sq_slice type, struct sq_slice field)
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
	key = sq_go_field_key(w, sq_facts_string(w->builder, owner->name), name);
	if (key != SQ_NONE)
		w->syms.v[key].member_type = f->type;
}

void sq_go_leave_field(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_slice(w->bytes.p + f->obj_start, f->obj_end - f->obj_start);

	if (f->bits & GO_EMBEDDED)
		name = sq_go_last_part(sq_walk_text(w, f->type));
	if ((f->bits & GO_EMBEDDED) && in_type(w))
		(void)sq_walk_def_point(w, f, SQ_KIND_PROPERTY, sq_walk_sym(w, name),
					sq_go_visibility(name));
	keep_field_type(w, f, name);
}

enum sq_visit sq_go_on_method_elem(struct sq_walk *w, struct sq_frame *f)
{
	if (in_type(w))
		(void)sq_walk_def(w, f, SQ_KIND_METHOD, SQ_NONE, SQ_DEF_ABSTRACT);
	return SQ_DESCEND;
}

/* an embedded interface, unless it is a union of types */
enum sq_visit sq_go_on_type_elem(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_frame_text(w, f);
	bool is_one = !memchr(s.p, '|', s.n) && !memchr(s.p, '~', s.n);

	if (f[-1].rule->arg == GO_INTERFACE && f[-2].rule->arg == GO_TYPE_SPEC && is_one)
		f->child_role = SQ_ROLE_INHERIT;
	return SQ_DESCEND;
}

/* imports */

struct sq_slice sq_go_unquote(struct sq_slice s)
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

enum sq_visit sq_go_on_import(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice path = sq_go_unquote(sq_node_text(w, sq_node_field(f->node, "path")));
	struct sq_slice alias = sq_node_text(w, sq_node_field(f->node, "name"));
	bool is_dot = sq_slice_is(alias, ".");

	if (!path.n)
		return SQ_SKIP;
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_MODULE, path, SQ_SLICE_NULL,
		       is_dot ? SQ_SLICE_NULL : alias, is_dot ? SQ_IMP_WILDCARD : 0);
	/* a file-level name without a type: sq_go_is_package() */
	if (!is_dot)
		sq_walk_local(w, sq_walk_sym(w, alias.n ? alias : package_name(path)), SQ_NONE);
	return SQ_SKIP;
}

bool sq_go_is_package(const struct sq_walk *w, uint32_t sym)
{
	const struct sq_local *l = sq_walk_find(w, sym);

	return l && l->is_global && l->type == SQ_NONE;
}

enum sq_visit sq_go_on_package(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_PACKAGE,
		       sq_node_text(w, ts_node_named_child(f->node, 0)), SQ_SLICE_NULL,
		       SQ_SLICE_NULL, 0);
	return SQ_SKIP;
}
