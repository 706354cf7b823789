/* SPDX-License-Identifier: MIT */
/* Types, what they are derived from, and their members. */
#include "graph/linker.h"

#define MAX_INHERIT_DEPTH 8u
#define MAX_ALIAS_DEPTH 4u

/* what can stand before a member's name: in JavaScript any object or function, too */
static bool holds_members(const struct sq_linker *l, uint8_t kind)
{
	switch (kind) {
	case SQ_KIND_MODULE:
		return true;
	case SQ_KIND_VARIABLE: case SQ_KIND_CONSTANT: case SQ_KIND_FUNCTION:
		return l->t->family == SQ_FAMILY_JS;
	default:
		return sq_is_type_kind(kind);
	}
}

static bool same_home(struct sq_linker *l, const struct sq_cand *type, const struct sq_cand *method)
{
	struct sq_slice a = sq_version_bound(l->v, type->file)->path;
	struct sq_slice b = sq_version_bound(l->v, method->file)->path;

	switch (l->t->family) {
	case SQ_FAMILY_GO:
		return sq_same_dir(a, b);
	case SQ_FAMILY_C:
		return type->file == method->file || sq_is_marked(l, method->file) ||
		       (method->bits & SQ_CLASS_EXTERNAL);
	default:
		return true;
	}
}

static void add_members(struct sq_linker *l, const struct sq_cand *type, sq_name name, sq_file g)
{
	uint32_t n;
	const struct sq_cand *c = sq_cands(l, name, g, &n);

	for (uint32_t i = 0; i < n; i++) {
		bool inside = g == type->file && c[i].parent_def == type->def;
		bool outside = c[i].foreign && c[i].parent == type->name && same_home(l, type, &c[i]);

		if (inside || outside)
			sq_out_add(l, &c[i]);
	}
}

/* members called @name of one type, not of its bases */
static void own_members(struct sq_linker *l, const struct sq_cand *type, sq_name name)
{
	enum sq_family family = l->t->family;
	struct sq_posting_iter it;
	struct sq_posting p;

	add_members(l, type, name, type->file);
	/* only these write methods outside their type's body */
	if (family != SQ_FAMILY_GO && family != SQ_FAMILY_RUST && l->b->lang != SQ_LANG_CPP)
		return;
	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error)
		if (p.file != type->file && (p.class_bits & SQ_CLASS_CALLABLE) &&
		    sq_file_family(l, p.file) == family)
			add_members(l, type, name, p.file);
}

static bool members(struct sq_linker *l, const struct sq_cand *type, sq_name name, unsigned depth);

static bool inherited(struct sq_linker *l, const struct sq_cand *type, sq_name name, unsigned depth)
{
	const struct sq_bound *b = sq_version_bound(l->v, type->file);
	struct sq_ref_cursor it;
	struct sq_ref r;

	if (b->lang == SQ_LANG_C)   /* nothing there is derived from anything */
		return false;
	sq_refs_begin(&b->columns, &it);
	while (sq_refs_next(&it, &r) && !l->error) {
		size_t first = l->types.n;
		bool hit = false;

		if (r.encl != type->def || (r.kind != SQ_REF_INHERIT && r.kind != SQ_REF_IMPLEMENT))
			continue;
		if (r.qual != SQ_NONE)
			sq_path_resolve(l, type->file, sq_version_string(l->v, b->names[r.qual]),
					b->names[r.name]);
		else
			sq_type_resolve(l, type->file, b->names[r.name]);
		for (size_t i = first; i < l->types.n && !l->error; i++) {
			struct sq_cand base = l->types.v[i];

			hit |= members(l, &base, name, depth + 1);
		}
		l->types.n = first;
		if (hit)
			return true;
	}
	return false;
}

/* A type is looked into once for a reference, however many paths lead to it;
 * later ones are told what the first one found, so that their order is no matter.
 * Return: the visit, or NULL for the first one. */
static const struct sq_visit *visit_of(struct sq_linker *l, const struct sq_cand *type, sq_name name)
{
	for (size_t i = 0; i < l->visited.n; i++)
		if (l->visited.v[i].file == type->file && l->visited.v[i].def == type->def &&
		    l->visited.v[i].name == name)
			return &l->visited.v[i];
	return NULL;
}

static bool members(struct sq_linker *l, const struct sq_cand *type, sq_name name, unsigned depth)
{
	const struct sq_visit *known = visit_of(l, type, name);
	size_t before = l->out.n, at = l->visited.n;
	bool hit;

	if (known || depth > MAX_INHERIT_DEPTH)
		return known && known->hit;
	sq_linker_fail(l, sq_vec_push(&l->visited, (struct sq_visit){ type->file, type->def, name, false }));
	if (l->error)
		return false;
	own_members(l, type, name);
	hit = l->out.n > before || inherited(l, type, name, depth);
	l->visited.v[at].hit = hit;
	return hit;
}

static void add_types(struct sq_linker *l, sq_name name, sq_file g, bool top_only)
{
	uint32_t n;
	const struct sq_cand *c = sq_cands(l, name, g, &n);

	for (uint32_t i = 0; i < n; i++)
		if (holds_members(l, c[i].kind) &&
		    (!top_only || (c[i].bits & SQ_CLASS_TOP)))
			sq_linker_fail(l, sq_vec_push(&l->types, c[i]));
}

/* move what was added to out since @before to types, where it is a type or namespace */
void sq_type_take(struct sq_linker *l, size_t before)
{
	for (size_t i = before; i < l->out.n; i++)
		if (holds_members(l, l->out.v[i].kind))
			sq_linker_fail(l, sq_vec_push(&l->types, l->out.v[i]));
	l->out.n = before;
}

/* types that the imports of @g give for @name: the named ones, or the wildcards */
static void imported_types(struct sq_linker *l, sq_file g, sq_name name, bool wildcards)
{
	const struct sq_bound *b = sq_version_bound(l->v, g);
	uint32_t first = sq_imports_of(l, g), i = 0;
	size_t before = l->out.n;
	struct sq_import_cursor it;
	struct sq_import imp;

	if (first == SQ_NONE)
		return;
	sq_imports_begin(&b->columns, &it);
	for (; sq_imports_next(&it, &imp) && !l->error; i++) {
		struct sq_import_link link = l->import_links.v[first + i];
		uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;
		bool wild = imp.flags & SQ_IMP_WILDCARD;

		if (wild != wildcards || (!wild && (imp.name == SQ_NONE || b->names[bound] != name)) ||
		    (g == l->file && !sq_import_is_visible(l, i)))
			continue;
		sq_import_find(l, g, &imp, link, wild ? name : b->names[imp.name]);
	}
	sq_type_take(l, before);
}

bool sq_same_unit(struct sq_linker *l, sq_file a, sq_file b)
{
	const struct sq_bound *ba = sq_version_bound(l->v, a), *bb = sq_version_bound(l->v, b);
	const struct sq_lang_traits *t = l->v->traits[ba->lang];

	if (t->unit == SQ_UNIT_DIRECTORY)
		return sq_same_dir(ba->path, bb->path) && sq_file_package(l, a) == sq_file_package(l, b);
	return t->unit == SQ_UNIT_PACKAGE && sq_file_package(l, a) == sq_file_package(l, b);
}

/* types called @name in the unit (Go directory, Java package) or, for C, in the whole family */
static void unit_types(struct sq_linker *l, sq_file g, sq_name name)
{
	enum sq_family family = sq_file_family(l, g);
	size_t first = l->types.n, near = 0;
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p) && !l->error) {
		if (!(p.class_bits & (SQ_CLASS_TYPE | SQ_CLASS_MODULE)) || !(p.class_bits & SQ_CLASS_TOP) ||
		    sq_file_family(l, p.file) != family)
			continue;
		if (family != SQ_FAMILY_C) {
			if (sq_same_unit(l, g, p.file))
				add_types(l, name, p.file, true);
			continue;
		}
		if (sq_is_marked(l, p.file))
			near++;
		add_types(l, name, p.file, true);
	}
	if (!near)
		return;
	/* some are included: those only */
	for (size_t i = near = first; i < l->types.n; i++)
		if (sq_is_marked(l, l->types.v[i].file))
			l->types.v[near++] = l->types.v[i];
	l->types.n = near;
}

/* by path and position: postings come by file id, which must not show */
static void sort_types(struct sq_linker *l, size_t first)
{
	for (size_t i = first + 1; i < l->types.n; i++) {
		struct sq_cand c = l->types.v[i];
		struct sq_slice path = sq_version_bound(l->v, c.file)->path;
		size_t at = i;

		for (; at > first; at--) {
			const struct sq_cand *p = &l->types.v[at - 1];
			int r = sq_slice_cmp(path, sq_version_bound(l->v, p->file)->path);

			if (r > 0 || (!r && c.def >= p->def))
				break;
			l->types.v[at] = *p;
		}
		l->types.v[at] = c;
	}
}

/* where the name of a reference ends, on its line */
static uint32_t ref_end(const struct sq_linker *l, const struct sq_ref *r)
{
	return r->col + (uint32_t)sq_version_string(l->v, l->b->names[r->name]).n;
}

/*
 * The one type that the alias @def of the current file is another name for, as a
 * reference: "type A = b::C", "typedef b::C A". Types with arguments, unions, arrays
 * and function types are something else. An alias of another file is not followed:
 * an edit of what it names would have to reach those who use it.
 */
static bool alias_of(struct sq_linker *l, uint32_t def, struct sq_ref *ret_r)
{
	const struct sq_def *d = &l->defs.v[def];
	struct sq_ref_cursor it;
	struct sq_ref r, last = { .name = SQ_NONE };
	unsigned n = 0;

	sq_refs_begin(&l->b->columns, &it);
	while (sq_refs_next(&it, &r) && r.line <= d->end_line) {
		if (r.encl != def)
			continue;
		if (r.kind != SQ_REF_TYPE || (n && r.qual == SQ_NONE))
			return false;
		last = r;
		n++;
	}
	/* but for the semicolon, nothing follows; a C++ typedef says its name last */
	if (!n || (l->b->lang != SQ_LANG_CPP &&
		   (last.line != d->end_line || ref_end(l, &last) + 1 < d->end_col)))
		return false;
	*ret_r = last;
	return true;
}

/* add what the aliases among types[first..) are names for */
static void follow_aliases(struct sq_linker *l, size_t first)
{
	enum sq_family family = l->t->family;
	size_t n = l->types.n;
	struct sq_ref r;

	if (l->b->lang != SQ_LANG_CPP && family != SQ_FAMILY_RUST && family != SQ_FAMILY_JS)
		return;
	for (size_t i = first; i < n && !l->error; i++) {
		struct sq_cand c = l->types.v[i];

		if (c.kind != SQ_KIND_TYPE || c.file != l->file || l->alias_depth == MAX_ALIAS_DEPTH ||
		    !alias_of(l, c.def, &r))
			continue;
		l->alias_depth++;
		if (r.qual != SQ_NONE)
			sq_path_resolve(l, l->file, sq_version_string(l->v, l->b->names[r.qual]),
					l->b->names[r.name]);
		else
			sq_type_resolve(l, l->file, l->b->names[r.name]);
		l->alias_depth--;
	}
}

/* types (and C++ namespaces, Rust inline modules) that @name means in file @g; added to types */
void sq_type_resolve(struct sq_linker *l, sq_file g, sq_name name)
{
	size_t before = l->types.n;

	/* in the order of bind_bare(): what it binds a base to is where members are sought */
	add_types(l, name, g, false);
	if (l->types.n == before)
		imported_types(l, g, name, false);
	if (l->types.n == before)
		unit_types(l, g, name);
	if (l->types.n == before)
		imported_types(l, g, name, true);
	sort_types(l, before);
	if (g == l->file)
		follow_aliases(l, before);
}

/* the enclosing type of a method of the current file; false when there is none */
static bool self_type(struct sq_linker *l, uint32_t encl)
{
	for (uint32_t s = encl, in = SQ_NONE; s != SQ_NONE; in = s, s = l->defs.v[s].parent) {
		bool has_method = in != SQ_NONE && l->defs.v[in].kind == SQ_KIND_METHOD;
		const struct sq_cand *c;
		uint32_t n;

		/* in JavaScript an object's or a prototype's method, too */
		if (sq_is_type_kind(l->defs.v[s].kind) ||
		    (has_method && l->t->family == SQ_FAMILY_JS && holds_members(l, l->defs.v[s].kind))) {
			c = sq_cands(l, l->b->names[l->defs.v[s].name], l->file, &n);
			for (uint32_t i = 0; i < n; i++)
				if (c[i].def == s)
					sq_linker_fail(l, sq_vec_push(&l->types, c[i]));
			return true;
		}
		if (l->defs.v[s].kind != SQ_KIND_METHOD || l->defs.v[s].parent != SQ_NONE)
			continue;
		c = sq_cands(l, l->b->names[l->defs.v[s].name], l->file, &n);
		for (uint32_t i = 0; i < n; i++)
			if (c[i].def == s && c[i].parent != SQ_NAME_NONE) {
				sq_type_resolve(l, l->file, c[i].parent);
				return true;
			}
	}
	return false;
}

/* bind to a member of the types collected in l->types[first..) */
bool sq_type_bind_members(struct sq_linker *l, size_t first, sq_name name, enum sq_rule rule)
{
	bool own = false, any = false;

	for (size_t i = first; i < l->types.n && !l->error; i++) {
		struct sq_cand type = l->types.v[i];
		size_t before = l->out.n;

		own_members(l, &type, name);
		own |= l->out.n > before;
	}
	for (size_t i = first; i < l->types.n && !own && !l->error; i++) {
		struct sq_cand type = l->types.v[i];

		any |= inherited(l, &type, name, 0);
	}
	l->types.n = first;
	return sq_found(l, own || !any ? rule : SQ_RULE_INHERITED);
}

bool sq_type_bind_self(struct sq_linker *l, const struct sq_ref *r, bool super)
{
	size_t first = l->types.n;

	if (!self_type(l, r->encl))
		return false;
	if (super) {
		for (size_t i = first; i < l->types.n && !l->error; i++) {
			struct sq_cand type = l->types.v[i];

			inherited(l, &type, l->b->names[r->name], 0);
		}
		l->types.n = first;
		return sq_found(l, SQ_RULE_INHERITED);
	}
	return sq_type_bind_members(l, first, l->b->names[r->name], SQ_RULE_SELF);
}
