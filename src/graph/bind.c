/* SPDX-License-Identifier: MIT */
/*
 * The rules that bind one reference, in the order of enum sq_rule. A rule that
 * finds candidates ends the search: one candidate binds, several make the
 * reference ambiguous. A name that an import claims is never bound by a later
 * rule, even when the import's target is not in the tree.
 */
#include "graph/linker.h"
#include "graph/qualifier.h"

#define WANT_ANY 0x1fu          /* every class but the two place bits */

/* which classes of definitions a reference kind may mean */
static uint8_t wanted(const struct sq_linker *l, const struct sq_ref *r)
{
	bool c = l->b->lang == SQ_LANG_C, java = l->t->family == SQ_FAMILY_JAVA;

	switch (r->kind) {
	case SQ_REF_CALL:
		/* a Java field can't be called */
		if (java)
			return SQ_CLASS_CALLABLE | SQ_CLASS_TYPE;
		return SQ_CLASS_CALLABLE | SQ_CLASS_MACRO | SQ_CLASS_VALUE | (c ? 0 : SQ_CLASS_TYPE);
	case SQ_REF_TYPE:
		return SQ_CLASS_TYPE | SQ_CLASS_MACRO | (c ? 0 : SQ_CLASS_MODULE);
	case SQ_REF_INHERIT:
	case SQ_REF_IMPLEMENT:
		return SQ_CLASS_TYPE;
	case SQ_REF_MACRO:
		return SQ_CLASS_MACRO;
	case SQ_REF_DECLARATION:
		return SQ_CLASS_CALLABLE | SQ_CLASS_TYPE | SQ_CLASS_VALUE;
	case SQ_REF_IMPORT:
		return WANT_ANY;
	default:
		/* nor can its method be named without a receiver and without a call */
		if (java && r->qual == SQ_NONE)
			return SQ_CLASS_VALUE | SQ_CLASS_TYPE | SQ_CLASS_MODULE;
		return SQ_CLASS_CALLABLE | SQ_CLASS_MACRO | SQ_CLASS_VALUE |
		       (c ? 0 : SQ_CLASS_TYPE | SQ_CLASS_MODULE);
	}
}

static bool is_self_name(const struct sq_lang_traits *t, struct sq_slice s)
{
	for (const char *const *n = t->self_names; n && *n; n++)
		if (sq_slice_is(s, *n))
			return true;
	return false;
}

static struct sq_slice text(const struct sq_linker *l, uint32_t local)
{
	return sq_version_string(l->v, l->b->names[local]);
}

/* a C enumerator is a name of its file, although an enum is its parent; what an inline
 * module of Rust holds is not, but for macros, whose scope is the text */
static bool is_file_level(const struct sq_linker *l, const struct sq_cand *c)
{
	if (l->t->family == SQ_FAMILY_RUST && c->parent_def != SQ_NONE && !(c->bits & SQ_CLASS_MACRO))
		return false;
	return (c->bits & SQ_CLASS_TOP) ||
	       (c->kind == SQ_KIND_ENUM_VARIANT && l->t->family == SQ_FAMILY_C);
}

/* a candidate that no earlier one can equal: one loop over postings made them all */
static void out_push(struct sq_linker *l, const struct sq_cand *c)
{
	sq_linker_fail(l, sq_vec_push(&l->out, *c));
}

/* ---- scope ------------------------------------------------------------- */

/* add the file's own definitions of a name in one scope */
static void add_scope(struct sq_linker *l, uint32_t local, uint32_t scope, uint8_t want)
{
	uint32_t n;
	const struct sq_cand *c = sq_cands(l, l->b->names[local], l->file, &n);

	for (uint32_t i = 0; i < n; i++)
		if ((c[i].bits & want) && !c[i].foreign &&
		    (c[i].parent_def == scope ||
		     (scope == SQ_NONE && is_file_level(l, &c[i]))))
			sq_out_add(l, &c[i]);
}

/* may code in a scope of this kind use the scope's members by bare name? */
static bool opens_scope(const struct sq_linker *l, uint8_t kind)
{
	if (kind == SQ_KIND_MODULE || !sq_is_type_kind(kind))
		return true;
	return l->t->family == SQ_FAMILY_C || l->t->family == SQ_FAMILY_JAVA;
}

static bool bind_scope(struct sq_linker *l, uint32_t local, uint32_t encl, uint8_t want)
{
	if (l->first_def.v[local] == SQ_NONE)
		return false;
	for (uint32_t s = encl; s != SQ_NONE; s = l->defs.v[s].parent) {
		if (opens_scope(l, l->defs.v[s].kind))
			add_scope(l, local, s, want);
		if (sq_found(l, SQ_RULE_SCOPE))
			return true;
		/* an item of an outer Rust module needs a path or a use */
		if (l->defs.v[s].kind == SQ_KIND_MODULE && l->t->family == SQ_FAMILY_RUST)
			return false;
	}
	add_scope(l, local, SQ_NONE, want);
	return sq_found(l, SQ_RULE_SCOPE);
}

/* ---- imports --------------------------------------------------------------- */

/* keep what the reference can mean */
static void filter_out(struct sq_linker *l, uint8_t want)
{
	size_t n = 0;

	for (size_t i = 0; i < l->out.n; i++)
		if (l->out.v[i].bits & want)
			l->out.v[n++] = l->out.v[i];
	l->out.n = n;
}

/* the imports that bind a name, of those confined to a function or of the others */
static void add_imported(struct sq_linker *l, uint32_t local, bool confined)
{
	uint32_t first = sq_imports_of(l, l->file);

	for (uint32_t i = l->import_of.v[local] - 1; first != SQ_NONE && i < l->imports.n && !l->error; i++) {
		const struct sq_import *imp = &l->imports.v[i];
		uint32_t bound = imp->alias != SQ_NONE ? imp->alias : imp->name;

		if (bound != local || !sq_import_binds_member(l->t, imp) ||
		    (l->import_scope.v[i] != SQ_NONE) != confined || !sq_import_is_visible(l, i))
			continue;
		l->claimed = true;
		if (!l->out.n)
			sq_import_find(l, l->file, imp, l->import_links.v[first + i],
				       l->b->names[imp->name]);
	}
}

static bool bind_import(struct sq_linker *l, uint32_t local, uint8_t want)
{
	if (!l->import_of.v[local])
		return false;
	add_imported(l, local, false);
	filter_out(l, want);
	return sq_found(l, SQ_RULE_IMPORT);
}

static bool bind_wildcards(struct sq_linker *l, uint32_t local, uint8_t want)
{
	uint32_t first;

	if (l->t->style == SQ_STYLE_INCLUDE || (first = sq_imports_of(l, l->file)) == SQ_NONE)
		return false;
	for (uint32_t i = 0; i < l->imports.n && !l->out.n && !l->error; i++) {
		struct sq_import_link link = l->import_links.v[first + i];

		if (!(l->imports.v[i].flags & SQ_IMP_WILDCARD) || !sq_import_is_visible(l, i))
			continue;
		sq_import_find(l, l->file, &l->imports.v[i], link, l->b->names[local]);
		filter_out(l, want);
	}
	return sq_found(l, SQ_RULE_WILDCARD);
}

/* ---- unit, linkage, unique ---------------------------------------------------- */

/* C and C++: what is included, and what has external linkage anywhere. Both
 * together: an #else stub in a header and the real function are two candidates. */
static bool bind_linkage(struct sq_linker *l, sq_name name, uint8_t want)
{
	bool included = false;
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error) {
		bool near = sq_is_marked(l, p.file);
		bool far = (p.class_bits & SQ_CLASS_EXTERNAL) && (p.class_bits & SQ_CLASS_TOP) &&
			   (p.class_bits & want & (SQ_CLASS_CALLABLE | SQ_CLASS_VALUE));
		const struct sq_cand *c;
		uint32_t n;

		if (!(p.class_bits & want) || (!near && !far) ||
		    sq_file_family(l, p.file) != SQ_FAMILY_C)
			continue;
		c = sq_cands(l, name, p.file, &n);
		for (uint32_t i = 0; i < n; i++) {
			bool external = (c[i].bits & SQ_CLASS_EXTERNAL) && (c[i].bits & SQ_CLASS_TOP) &&
					(c[i].kind == SQ_KIND_FUNCTION || c[i].kind == SQ_KIND_VARIABLE);

			if (!(c[i].bits & want) || !is_file_level(l, &c[i]) || (!near && !external))
				continue;
			included |= near;
			out_push(l, &c[i]);
		}
	}
	return sq_found(l, included ? SQ_RULE_INCLUDE : SQ_RULE_LINKAGE);
}

/* a file that is compiled by itself: what it sees comes through its own includes */
static bool is_compiled(struct sq_slice path)
{
	static const char *const suffixes[] = { ".c", ".cc", ".cpp", ".cxx", ".c++" };

	for (size_t i = 0; i < SQ_ARRAY_SIZE(suffixes); i++)
		if (sq_slice_has_suffix(path, sq_slice_z(suffixes[i])))
			return true;
	return false;
}

/* #include "..." of a file that is not in the tree (made by the build, or moved by it),
 * but which is called as the one at @path */
static bool may_include(struct sq_linker *l, struct sq_slice path)
{
	uint32_t first = sq_imports_of(l, l->file);

	for (uint32_t i = 0; first != SQ_NONE && i < l->imports.n; i++)
		if (!l->import_links.v[first + i].n && !(l->imports.v[i].flags & SQ_IMP_SYSTEM) &&
		    sq_slice_eq(sq_path_base(text(l, l->imports.v[i].target)), sq_path_base(path)))
			return true;
	return false;
}

/* does the file name any header of its own project? If not, who includes it does. */
static bool has_own_include(struct sq_linker *l)
{
	uint32_t first = sq_imports_of(l, l->file);

	for (uint32_t i = 0; first != SQ_NONE && i < l->imports.n; i++)
		if (l->import_links.v[first + i].n && !(l->imports.v[i].flags & SQ_IMP_SYSTEM))
			return true;
	return false;
}

/*
 * Can a macro of a file that is not included be meant here? What a header uses
 * depends on who includes it. What a .c file uses does not, unless it is itself
 * included by another one: there the name is more often the system's (assert of some
 * header beside it, strcasecmp of some Windows header mean nothing to the file).
 */
static bool may_see_macros(struct sq_linker *l, sq_file f)
{
	struct sq_slice path = sq_version_bound(l->v, f)->path;

	if (!is_compiled(l->b->path))
		return true;
	if (is_compiled(path))
		return false;
	return may_include(l, path) || (sq_same_dir(path, l->b->path) && !has_own_include(l));
}

/*
 * Types and macros of files whose include is not understood: only when there is
 * no second one. Types are taken from everywhere, as sq_type_resolve() does: a base
 * has to bind where its members are looked for.
 */
static bool bind_unique(struct sq_linker *l, sq_name name, uint8_t want)
{
	struct sq_posting_iter it;
	struct sq_posting p;

	want &= SQ_CLASS_TYPE | SQ_CLASS_MACRO;
	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error) {
		uint8_t here = p.class_bits & want;
		const struct sq_cand *c;
		uint32_t n;

		if (!here || sq_file_family(l, p.file) != SQ_FAMILY_C)
			continue;
		if ((here & SQ_CLASS_MACRO) && !may_see_macros(l, p.file))
			here &= (uint8_t)~SQ_CLASS_MACRO;
		if (!here)
			continue;
		c = sq_cands(l, name, p.file, &n);
		for (uint32_t i = 0; i < n; i++)
			if ((c[i].bits & here) && (c[i].bits & SQ_CLASS_TOP))
				out_push(l, &c[i]);
	}
	return sq_found(l, SQ_RULE_UNIQUE);
}

static bool bind_unit(struct sq_linker *l, sq_name name, uint8_t want)
{
	struct sq_posting_iter it;
	struct sq_posting p;

	if (l->t->unit == SQ_UNIT_LINKAGE)
		return bind_linkage(l, name, want) || bind_unique(l, name, want);
	if (l->t->unit != SQ_UNIT_DIRECTORY && l->t->unit != SQ_UNIT_PACKAGE)
		return false;
	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error) {
		const struct sq_cand *c;
		uint32_t n;

		if (!(p.class_bits & want) || !(p.class_bits & SQ_CLASS_TOP) ||
		    sq_file_family(l, p.file) != l->t->family || !sq_same_unit(l, l->file, p.file))
			continue;
		c = sq_cands(l, name, p.file, &n);
		for (uint32_t i = 0; i < n; i++)
			if ((c[i].bits & want) && (c[i].bits & SQ_CLASS_TOP) && !c[i].foreign)
				out_push(l, &c[i]);
	}
	return sq_found(l, SQ_RULE_UNIT);
}

static bool implicit_this(const struct sq_linker *l)
{
	return l->b->lang == SQ_LANG_CPP || l->t->family == SQ_FAMILY_JAVA;
}

static bool bind_bare(struct sq_linker *l, const struct sq_ref *r, uint8_t want)
{
	/* an import inside of a function is one of its locals */
	if (l->import_of.v[r->name]) {
		add_imported(l, r->name, true);
		filter_out(l, want);
		if (l->claimed)
			return sq_found(l, SQ_RULE_IMPORT);
	}
	if (bind_scope(l, r->name, r->encl, want))
		return true;
	if (implicit_this(l) && sq_type_bind_self(l, r, false)) {
		filter_out(l, want);
		if (sq_found(l, l->rule))
			return true;
	}
	if (bind_import(l, r->name, want) || l->claimed)
		return l->out.n > 0;
	return bind_unit(l, l->b->names[r->name], want) || bind_wildcards(l, r->name, want);
}

/* ---- any member of that name ------------------------------------------------ */

/* a member of the language's own strings, lists, streams: that is what it means more often */
static bool is_common_member(const struct sq_lang_traits *t, struct sq_slice name)
{
	for (const char *const *m = t->common_members; m && *m; m++)
		if (sq_slice_is(name, *m))
			return true;
	return false;
}

/* x.m() of an unknown x: the family's only method of that name, and only when its file can be reached from here */
static bool bind_duck(struct sq_linker *l, const struct sq_ref *r)
{
	sq_name name = l->b->names[r->name];
	struct sq_posting_iter it;
	struct sq_posting p;

	if (!l->t->duck_methods || r->kind != SQ_REF_CALL || (l->v->link_flags & SQ_LINKF_NO_DUCK) ||
	    is_common_member(l->t, text(l, r->name)))
		return false;
	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error) {
		const struct sq_cand *c;
		uint32_t n;

		if (!(p.class_bits & SQ_CLASS_CALLABLE) || sq_file_family(l, p.file) != l->t->family)
			continue;
		c = sq_cands(l, name, p.file, &n);
		for (uint32_t i = 0; i < n; i++)
			if (c[i].kind == SQ_KIND_METHOD)
				sq_out_add(l, &c[i]);
		if (l->out.n > 1)
			break;
	}
	if (l->out.n == 1) {
		sq_mark_closure(l, l->file);
		if (sq_is_marked(l, l->out.v[0].file) || sq_same_unit(l, l->file, l->out.v[0].file))
			return sq_found(l, SQ_RULE_DUCK);
	}
	l->out.n = 0;
	return false;
}

/*
 * Does code of the current file know where the path @q starts, by a definition in
 * reach? If not, it is the language's own (Math, Vec, str), whose methods are not ours
 * even when we have the only one of that name. What imports bind was asked before.
 */
static bool is_known_root(struct sq_linker *l, struct sq_slice q)
{
	struct sq_posting_iter it;
	struct sq_slice root;
	struct sq_posting p;
	sq_name name;

	if (!sq_qualifier_next(&q, &root) || (name = sq_version_find(l->v, root)) == SQ_NAME_NONE)
		return false;
	sq_mark_closure(l, l->file);
	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error)
		if (sq_file_family(l, p.file) == l->t->family &&
		    (sq_is_marked(l, p.file) || sq_same_unit(l, l->file, p.file)))
			return true;
	return false;
}

static bool bind_qualified(struct sq_linker *l, const struct sq_ref *r)
{
	struct sq_slice q = text(l, r->qual), rest;
	sq_name name = l->b->names[r->name];

	if (r->flags & SQ_REFF_TYPED) {
		/* a type that an import claims is no namesake's, in the tree or not */
		if (sq_path_bind_import(l, q, name) || l->claimed || sq_path_bind(l, q, name))
			return l->out.n > 0;
		return false;
	}
	if (is_self_name(l->t, q))
		return sq_type_bind_self(l, r, false);
	if (l->t->super_name && sq_slice_is(q, l->t->super_name))
		return sq_type_bind_self(l, r, true);
	/* a C receiver is an object: without its type nothing is known about the member */
	if (l->b->lang == SQ_LANG_C)
		return false;
	if (r->flags & SQ_REFF_ARROW)
		return bind_duck(l, r);
	if (sq_path_bind_import(l, q, name) || l->claimed)
		return l->out.n > 0;
	/* self.field.m(): the field's type is unknown */
	for (const char *const *s = l->t->self_names; s && *s; s++)
		if (sq_path_eat(q, sq_slice_z(*s), &rest) && l->t->style != SQ_STYLE_CRATE)
			return bind_duck(l, r);
	if (sq_path_bind(l, q, name))
		return true;
	/* a type without that member has none, whoever else has one */
	return is_known_root(l, q) && !sq_path_names_type(l, q) && bind_duck(l, r);
}

/* the mention of a member in its import: bound like the import itself */
static void bind_import_ref(struct sq_linker *l, const struct sq_ref *r)
{
	uint32_t first = sq_imports_of(l, l->file);

	for (uint32_t i = 0; first != SQ_NONE && i < l->imports.n && !l->out.n && !l->error; i++) {
		const struct sq_import *imp = &l->imports.v[i];
		struct sq_import_link link = l->import_links.v[first + i];

		if (imp->name != r->name || (r->qual != SQ_NONE && imp->target != r->qual))
			continue;
		sq_import_find(l, l->file, imp, link, l->b->names[r->name]);
	}
	(void)sq_found(l, SQ_RULE_IMPORT);
}

/* drop the candidates that have @flag, when there are others */
static void drop_flag(struct sq_linker *l, uint16_t flag)
{
	size_t n = 0;

	for (size_t i = 0; i < l->out.n; i++)
		n += !(l->out.v[i].flags & flag);
	if (!n || n == l->out.n)
		return;
	n = 0;
	for (size_t i = 0; i < l->out.n; i++)
		if (!(l->out.v[i].flags & flag))
			l->out.v[n++] = l->out.v[i];
	l->out.n = n;
}

/* keep the candidates of @classes, when there are any */
static void prefer(struct sq_linker *l, uint8_t classes)
{
	for (size_t i = 0; i < l->out.n; i++)
		if (l->out.v[i].bits & classes) {
			filter_out(l, classes);
			return;
		}
}

/*
 * Of several things of one name in one place, the one that the use can mean: what is
 * read has a getter, what is written a setter; in Java a field and a method may share
 * a name, and in C++ a function hides the class.
 */
static void pick_by_use(struct sq_linker *l, const struct sq_ref *r)
{
	bool java = l->t->family == SQ_FAMILY_JAVA;

	if (l->out.n < 2)
		return;
	drop_flag(l, r->kind == SQ_REF_WRITE ? SQ_DEF_GETTER : SQ_DEF_SETTER);
	if (r->kind == SQ_REF_CALL && !(r->flags & SQ_REFF_NEW) && (java || l->b->lang == SQ_LANG_CPP))
		prefer(l, SQ_CLASS_CALLABLE);
	else if (java && (r->kind == SQ_REF_READ || r->kind == SQ_REF_WRITE))
		prefer(l, SQ_CLASS_VALUE);
}

void sq_bind(struct sq_linker *l, const struct sq_ref *r)
{
	sq_vec_clear(&l->out);
	sq_vec_clear(&l->types);
	sq_vec_clear(&l->visited);
	l->rule = SQ_RULE_NONE;
	l->claimed = false;
	l->encl = r->encl;
	if (r->kind == SQ_REF_IMPORT)
		bind_import_ref(l, r);
	else if (r->flags & SQ_REFF_EXPR)
		(void)bind_duck(l, r);
	else if (r->qual != SQ_NONE)
		(void)bind_qualified(l, r);
	else
		(void)bind_bare(l, r, wanted(l, r));
	pick_by_use(l, r);
}
