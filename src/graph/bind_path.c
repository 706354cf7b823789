/* SPDX-License-Identifier: MIT */
/*
 * Qualified names, component by component: through what an import binds, through
 * types and namespaces, and along the modules of a Rust crate.
 */
#include "graph/linker.h"
#include "graph/qualifier.h"

/* bases that are qualified by types whose bases are qualified ... */
#define MAX_PATH_DEPTH 4u

bool sq_path_eat(struct sq_slice q, struct sq_slice prefix, struct sq_slice *ret_rest)
{
	size_t n = prefix.n;

	if (!n || !sq_slice_has_prefix(q, prefix))
		return false;
	if (n < q.n && q.p[n] != '.' && q.p[n] != ':')
		return false;
	while (n < q.n && (q.p[n] == '.' || q.p[n] == ':'))
		n++;
	*ret_rest = sq_slice(q.p + n, q.n - n);
	return true;
}

/* ---- types -------------------------------------------------------------------- */

/* replace the types from @first on by what the components of @rest name inside them */
static bool step_types(struct sq_linker *l, size_t first, struct sq_slice rest)
{
	struct sq_slice part;

	while (rest.n && l->types.n > first && !l->error) {
		size_t before = l->out.n;
		sq_name name;

		if (!sq_qualifier_next(&rest, &part) ||
		    (name = sq_version_find(l->v, part)) == SQ_NAME_NONE) {
			l->types.n = first;
			return false;
		}
		sq_type_bind_members(l, first, name, SQ_RULE_TYPE);
		sq_type_take(l, before);
	}
	return l->types.n > first;
}

void sq_path_descend(struct sq_linker *l, sq_file m, struct sq_slice rest, sq_name name, unsigned depth)
{
	struct sq_slice part;
	size_t first = l->types.n, before = l->out.n;
	sq_name type;

	while (rest.n) {
		struct sq_slice after = rest;
		sq_file sub;

		if (!sq_qualifier_next(&after, &part))
			break;
		sub = sq_submodule(l, m, part);
		if (sub == SQ_FILE_NONE)
			break;
		m = sub;
		rest = after;
	}
	if (!rest.n) {
		sq_find_export(l, m, name, depth);
		return;
	}
	if (!sq_qualifier_next(&rest, &part) || (type = sq_version_find(l->v, part)) == SQ_NAME_NONE)
		return;
	sq_find_export(l, m, type, depth);
	sq_type_take(l, before);
	if (step_types(l, first, rest))
		sq_type_bind_members(l, first, name, SQ_RULE_IMPORT);
}

/* the types that a path names in file @g; C++ reopens namespaces, so there only the last counts */
static void path_types(struct sq_linker *l, sq_file g, struct sq_slice q)
{
	size_t first = l->types.n;
	struct sq_slice part = SQ_SLICE_NULL, rest = q;
	sq_name type;

	if (!sq_qualifier_next(&rest, &part))
		return;
	while (l->t->family == SQ_FAMILY_C && rest.n && sq_qualifier_next(&rest, &part))
		;
	type = sq_version_find(l->v, part);
	if (type == SQ_NAME_NONE)
		return;
	sq_type_resolve(l, g, type);
	(void)step_types(l, first, rest);
}

/* ---- imports ------------------------------------------------------------------ */

/* under which text an import without alias is used: Go says the package clause, not the path */
static struct sq_slice module_name(struct sq_linker *l, const struct sq_bound *b, const struct sq_import *imp,
				   struct sq_import_link link)
{
	struct sq_slice target = sq_version_string(l->v, b->names[imp->target]);

	if (imp->alias != SQ_NONE)
		return sq_version_string(l->v, b->names[imp->alias]);
	if (imp->kind != SQ_IMPORT_MODULE)
		return sq_version_string(l->v, b->names[imp->name]);
	if (l->t->style != SQ_STYLE_GOPATH)
		return target;
	if (link.n) {
		sq_name p = sq_file_package(l, l->import_files.v[link.first]);

		if (p != SQ_NAME_NONE)
			return sq_version_string(l->v, p);
	}
	return sq_path_base(target);
}

/* "from pkg import mod; mod.f()", "use crate::a::b; b::f()": the member is a module */
static void through_member(struct sq_linker *l, sq_file g, const struct sq_import *imp,
			   struct sq_import_link link, struct sq_slice rest, sq_name name)
{
	const struct sq_bound *b = sq_version_bound(l->v, g);
	size_t first = l->types.n, before = l->out.n;
	struct sq_slice member = sq_version_string(l->v, b->names[imp->name]), stem, dir;

	sq_import_find(l, g, imp, link, b->names[imp->name]);
	if (l->out.n > before) {
		sq_type_take(l, before);
		if (step_types(l, first, rest))
			sq_type_bind_members(l, first, name, SQ_RULE_IMPORT);
		l->types.n = first;
		return;
	}
	/* the import's own files hold the submodule, when it is a file (last by name) */
	for (uint32_t k = 0; k < link.n && l->out.n == before && !l->error; k++) {
		sq_file m = l->import_files.v[link.first + k];
		struct sq_slice path = sq_version_bound(l->v, m)->path;

		stem = sq_path_base(path);
		dir = sq_path_base(sq_path_dir(path));
		if ((sq_slice_has_prefix(stem, member) && stem.n > member.n && stem.p[member.n] == '.') ||
		    sq_slice_eq(dir, member))
			sq_path_descend(l, m, rest, name, 0);
	}
}

struct through {
	struct sq_import imp;
	struct sq_import_link link;
	struct sq_slice rest;
};

static bool binds_path(const struct sq_linker *l, const struct sq_import *imp)
{
	if ((imp->flags & SQ_IMP_WILDCARD) || sq_import_only_exports(l->t, imp))
		return false;
	return imp->kind == SQ_IMPORT_MODULE || sq_import_binds_member(l->t, imp);
}

/* the import of @g whose bound text is the longest start of the qualifier */
static bool longest_import(struct sq_linker *l, sq_file g, struct sq_slice q, struct through *ret)
{
	const struct sq_bound *b = sq_version_bound(l->v, g);
	uint32_t first = sq_imports_of(l, g);
	struct sq_import_cursor it;
	struct sq_slice rest;
	struct sq_import imp;
	bool found = false;

	if (first == SQ_NONE || l->t->style == SQ_STYLE_INCLUDE)
		return false;
	sq_imports_begin(&b->columns, &it);
	for (uint32_t i = 0; sq_imports_next(&it, &imp); i++) {
		struct sq_import_link link = l->import_links.v[first + i];

		if (!binds_path(l, &imp) || (g == l->file && !sq_import_is_visible(l, i)) ||
		    !sq_path_eat(q, module_name(l, b, &imp, link), &rest))
			continue;
		/* what a function imports hides what its file does */
		if (!found || rest.n < ret->rest.n ||
		    (rest.n == ret->rest.n && (imp.flags & ~ret->imp.flags & SQ_IMP_NESTED)))
			*ret = (struct through){ imp, link, rest };
		found = true;
	}
	return found;
}

/* Return: does an import claim the qualifier, whether or not it leads anywhere? */
static bool through_import(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name)
{
	struct through t = { .link = { .n = 0 } };
	size_t before = l->out.n;

	if (!longest_import(l, g, q, &t))
		return false;
	if (t.imp.kind != SQ_IMPORT_MODULE) {
		through_member(l, g, &t.imp, t.link, t.rest, name);
		return true;
	}
	for (uint32_t k = 0; k < t.link.n && !l->error; k++)
		sq_path_descend(l, l->import_files.v[t.link.first + k], t.rest, name, 0);
	/* require() of a module that is one class: a static member of it */
	if (l->out.n == before && t.imp.name != SQ_NONE)
		through_member(l, g, &t.imp, t.link, t.rest, name);
	return true;
}

bool sq_path_bind_import(struct sq_linker *l, struct sq_slice q, sq_name name)
{
	if (!through_import(l, l->file, q, name))
		return false;
	l->claimed = true;
	return sq_found(l, SQ_RULE_IMPORT);
}

/* ---- crates, packages, namespaces ------------------------------------------------ */

/* Append the inline modules around definition @encl, outermost first, but for the
 * innermost @skip of them. Return: how many there are in all. */
static unsigned add_inline_modules(struct sq_linker *l, uint32_t encl, unsigned skip, struct sq_buf *out)
{
	uint32_t modules[32];
	unsigned n = 0;

	for (uint32_t s = encl; s != SQ_NONE && n < SQ_ARRAY_SIZE(modules); s = l->defs.v[s].parent)
		if (l->defs.v[s].kind == SQ_KIND_MODULE)
			modules[n++] = s;
	for (unsigned i = n; i-- > SQ_MIN(skip, n);) {
		sq_buf_puts(out, "::");
		sq_buf_add_slice(out, sq_version_string(l->v, l->b->names[l->defs.v[modules[i]].name]));
	}
	return n;
}

/* "self" and "super" inside an inline module are counted from there: as the file would say it */
static struct sq_slice from_file(struct sq_linker *l, struct sq_slice q, struct sq_buf *out)
{
	struct sq_slice rest = q;
	unsigned up = 0, n;

	if (!sq_path_eat(rest, SQ_LIT("self"), &rest))
		while (sq_path_eat(rest, SQ_LIT("super"), &rest))
			up++;
	if (sq_slice_eq(rest, q))
		return q;
	sq_buf_puts(out, "self");
	n = add_inline_modules(l, l->encl, up, out);
	if (!n)
		return q;
	if (up > n) {
		sq_buf_clear(out);
		for (unsigned i = n; i < up; i++)
			sq_buf_puts(out, i > n ? "::super" : "super");
	}
	if (rest.n) {
		sq_buf_puts(out, "::");
		sq_buf_add_slice(out, rest);
	}
	sq_linker_fail(l, sq_buf_error(out));
	return l->error ? q : sq_buf_slice(out);
}

/* Rust a::b::f, crate::a::f: a path of modules as @g sees it */
static void crate_path(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name)
{
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_slice rest;
	sq_file f;

	if (l->t->style != SQ_STYLE_CRATE)
		return;
	if (g == l->file)
		q = from_file(l, q, &text);
	f = sq_crate_path(l, sq_version_bound(l->v, g)->path, q, &rest);
	if (f != SQ_FILE_NONE)
		sq_path_descend(l, f, rest, name, 0);
	sq_buf_deinit(&text);
}

/* what an import of @text would mean; added to path_files, because import_files is
 * lent by the pass when that works out the imports of all files at once */
static void find_package(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *text)
{
	__typeof__(l->import_files) imports = l->import_files;

	l->import_files = l->path_files;
	(void)sq_import_package(l, from, text);
	l->path_files = l->import_files;
	l->import_files = imports;
}

/* Java com.shop.Item.of(): the package is written out */
static void package_path(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name)
{
	struct sq_import_text text = { .kind = SQ_IMPORT_NAME };
	struct sq_slice from = sq_version_bound(l->v, g)->path;

	if (l->t->style != SQ_STYLE_PACKAGE)
		return;
	for (size_t dot = 0; dot < q.n && !l->error; dot++) {
		size_t first = l->path_files.n, n, end = dot + 1;

		if (q.p[dot] != '.' || sq_version_find(l->v, sq_slice(q.p, dot)) == SQ_NAME_NONE)
			continue;
		while (end < q.n && q.p[end] != '.')
			end++;
		text.target = sq_slice(q.p, dot);
		text.member = sq_slice(q.p + dot + 1, end - dot - 1);
		find_package(l, from, &text);
		n = l->path_files.n;
		for (size_t k = first; k < n && !l->error; k++)
			if (sq_file_package(l, l->path_files.v[k]) == sq_version_find(l->v, text.target))
				sq_path_descend(l, l->path_files.v[k],
						sq_slice(q.p + dot + 1, q.n - dot - 1), name, 0);
		l->path_files.n = first;
	}
}

/* members of a C++ namespace, which every file may reopen: what is included or external */
static bool bind_namespace(struct sq_linker *l, sq_name namespace, sq_name name)
{
	bool included = false;
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error) {
		bool near = sq_is_marked(l, p.file);
		const struct sq_cand *c;
		uint32_t n;

		if (!(p.class_bits & SQ_CLASS_TOP) || (!near && !(p.class_bits & SQ_CLASS_EXTERNAL)) ||
		    sq_file_family(l, p.file) != SQ_FAMILY_C)
			continue;
		c = sq_cands(l, name, p.file, &n);
		for (uint32_t i = 0; i < n; i++) {
			if (c[i].foreign || c[i].parent != namespace || !(c[i].bits & SQ_CLASS_TOP) ||
			    (!near && !(c[i].bits & SQ_CLASS_EXTERNAL)))
				continue;
			included |= near;
			sq_linker_fail(l, sq_vec_push(&l->out, c[i]));
		}
	}
	return sq_found(l, included ? SQ_RULE_INCLUDE : SQ_RULE_LINKAGE);
}

static bool bind_cpp_scope(struct sq_linker *l, struct sq_slice q, sq_name name)
{
	struct sq_slice part = SQ_SLICE_NULL, rest = q, next;
	sq_name scope;

	while (sq_qualifier_next(&rest, &next))
		part = next;
	scope = sq_version_find(l->v, part);
	return scope != SQ_NAME_NONE && bind_namespace(l, scope, name);
}

bool sq_path_bind(struct sq_linker *l, struct sq_slice q, sq_name name)
{
	size_t first = l->types.n;

	if (l->b->lang == SQ_LANG_CPP && bind_cpp_scope(l, q, name))
		return true;
	path_types(l, l->file, q);
	if (sq_type_bind_members(l, first, name, SQ_RULE_TYPE))
		return true;
	crate_path(l, l->file, q, name);
	package_path(l, l->file, q, name);
	return sq_found(l, SQ_RULE_IMPORT);
}

bool sq_path_names_type(struct sq_linker *l, struct sq_slice q)
{
	size_t first = l->types.n;
	bool found = false;

	path_types(l, l->file, q);
	for (size_t i = first; i < l->types.n; i++)
		found |= sq_is_type_kind(l->types.v[i].kind) || l->types.v[i].kind == SQ_KIND_MODULE;
	l->types.n = first;
	return found;
}

void sq_path_lookup(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name)
{
	size_t first = l->types.n, before = l->out.n;

	if (l->path_depth == MAX_PATH_DEPTH)
		return;
	l->path_depth++;
	if (!through_import(l, g, q, name)) {
		path_types(l, g, q);
		if (l->types.n > first)
			sq_type_bind_members(l, first, name, SQ_RULE_TYPE);
		if (l->out.n == before)
			crate_path(l, g, q, name);
		if (l->out.n == before)
			package_path(l, g, q, name);
	}
	l->path_depth--;
}

void sq_path_resolve(struct sq_linker *l, sq_file g, struct sq_slice q, sq_name name)
{
	size_t first = l->types.n, before = l->out.n;

	sq_path_lookup(l, g, q, name);
	sq_type_take(l, before);
	/* a namespace around it is no evidence against a C++ type of that name */
	if (l->types.n == first && l->t->family == SQ_FAMILY_C)
		sq_type_resolve(l, g, name);
}
