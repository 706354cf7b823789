/* SPDX-License-Identifier: MIT */
/* What the imports of a file mean: files, closure, exported members. */
#include "graph/linker.h"

#include "graph/keys.h"

#define MAX_REEXPORT_DEPTH 16u

static enum sq_link_state resolve(struct sq_linker *l, const struct sq_lang_traits *t, struct sq_slice from,
				  const struct sq_import_text *i)
{
	if (i->kind == SQ_IMPORT_PACKAGE || i->kind == SQ_IMPORT_ROOT || i->kind == SQ_IMPORT_PATH ||
	    i->kind == SQ_IMPORT_USING)
		return SQ_LINK_UNRESOLVED;
	switch (t->style) {
	case SQ_STYLE_INCLUDE:
		return i->kind == SQ_IMPORT_INCLUDE ? sq_import_include(l, from, i) : SQ_LINK_UNRESOLVED;
	case SQ_STYLE_DOTTED:
		return sq_import_dotted(l, from, i);
	case SQ_STYLE_PACKAGE:
		return sq_import_package(l, from, i);
	case SQ_STYLE_RELATIVE:
		return sq_import_relative(l, from, i);
	case SQ_STYLE_GOPATH:
		return sq_import_gopath(l, from, i);
	case SQ_STYLE_CRATE:
		return sq_import_crate(l, from, i);
	default:
		return SQ_LINK_UNRESOLVED;
	}
}

/* insertion sort by path bytes: lists are short, and ids must not show */
static void sort_files(struct sq_linker *l, uint32_t first)
{
	size_t n = l->import_files.n - first, out = 0;
	sq_file *v;

	if (!n)
		return;
	v = l->import_files.v + first;
	for (size_t i = 1; i < n; i++) {
		sq_file f = v[i];
		struct sq_slice path = sq_version_bound(l->v, f)->path;
		size_t at = i;

		while (at && sq_slice_cmp(path, sq_version_bound(l->v, v[at - 1])->path) < 0) {
			v[at] = v[at - 1];
			at--;
		}
		v[at] = f;
	}
	for (size_t i = 0; i < n; i++)
		if (!out || v[out - 1] != v[i])
			v[out++] = v[i];
	l->import_files.n = first + out;
}

static void resolve_one(struct sq_linker *l, const struct sq_bound *b, const struct sq_import *imp)
{
	struct sq_import_link link = { .first = (uint32_t)l->import_files.n };
	struct sq_import_text text = {
		.target = sq_version_string(l->v, b->names[imp->target]),
		.kind = imp->kind, .flags = imp->flags,
	};
	uint32_t n;

	if (imp->name != SQ_NONE)
		text.member = sq_version_string(l->v, b->names[imp->name]);
	link.state = (uint8_t)resolve(l, l->v->traits[b->lang], b->path, &text);
	sort_files(l, link.first);
	n = (uint32_t)l->import_files.n - link.first;
	link.n = (uint16_t)SQ_MIN(n, (uint32_t)UINT16_MAX);
	l->import_files.n = link.first + link.n;
	if (!n)
		link.state = SQ_LINK_UNRESOLVED;
	sq_linker_fail(l, sq_vec_push(&l->import_links, link));
}

/* links of a file that no change concerns: its imports mean what they meant */
static const struct sq_links *settled_links(const struct sq_linker *l, sq_file f)
{
	const struct sq_links *links = sq_version_slot(l->v, f).links;

	return l->stale && links && links->n_links && !sq_file_set_has(l->stale, f) ? links : NULL;
}

/* the imports of a file that no change concerns, from its links; false: they can't be had there */
static bool take_links(struct sq_linker *l, sq_file f, uint32_t n_imports)
{
	const struct sq_links *links = settled_links(l, f);
	uint32_t first = (uint32_t)l->import_files.n;

	if (!links || links->n_imports != n_imports)
		return false;
	for (uint32_t i = 0; i < n_imports; i++) {
		struct sq_import_link link = links->imports[i];

		link.first += first;
		sq_linker_fail(l, sq_vec_push(&l->import_links, link));
	}
	for (uint32_t i = 0; i < links->n_files; i++)
		sq_linker_fail(l, sq_vec_push(&l->import_files, links->files[i]));
	return true;
}

uint32_t sq_imports_of(struct sq_linker *l, sq_file f)
{
	const struct sq_memo_slot *s = sq_memo_get(&l->import_memo, f);
	const struct sq_bound *b;
	struct sq_import_cursor it;
	struct sq_import imp;
	uint32_t first = (uint32_t)l->import_links.n;

	if (l->common && (l->common->is_whole || l->common->first[f] != SQ_NONE))
		return l->common->first[f];
	if (s)
		return s->first;
	b = sq_version_bound(l->v, f);
	if (!b || !l->v->traits[b->lang])
		return SQ_NONE;
	if (!take_links(l, f, b->columns.n_imports)) {
		sq_imports_begin(&b->columns, &it);
		while (!l->error && sq_imports_next(&it, &imp))
			resolve_one(l, b, &imp);
	}
	if (l->error)
		return SQ_NONE;
	sq_linker_fail(l, sq_memo_put(&l->import_memo, f, first, b->columns.n_imports));
	return first;
}

static int reserve_marks(struct sq_linker *l)
{
	uint32_t need = l->v->n_file_ids;
	uint32_t *bigger;

	if (need <= l->mark_cap)
		return 0;
	bigger = sq_calloc(need, sizeof(*bigger));
	if (!bigger)
		return sq_error_origin(-ENOMEM);
	sq_free(l->mark);
	l->mark = bigger;
	l->mark_cap = need;
	l->mark_epoch = 0;
	return 0;
}

static void mark(struct sq_linker *l, sq_file f)
{
	if (f >= l->mark_cap || l->mark[f] == l->mark_epoch)
		return;
	l->mark[f] = l->mark_epoch;
	sq_linker_fail(l, sq_vec_push(&l->queue, f));
}

static void mark_imports(struct sq_linker *l, sq_file g)
{
	const struct sq_links *settled = settled_links(l, g);
	uint32_t first, n;

	if (settled) {
		for (uint32_t i = 0; i < settled->n_files; i++)
			mark(l, settled->files[i]);
		return;
	}
	first = sq_imports_of(l, g);
	n = first == SQ_NONE ? 0 : sq_version_bound(l->v, g)->columns.n_imports;
	for (uint32_t i = 0; i < n; i++) {
		struct sq_import_link link = l->import_links.v[first + i];

		for (uint32_t k = 0; k < link.n; k++)
			mark(l, l->import_files.v[link.first + k]);
	}
}

void sq_mark_closure(struct sq_linker *l, sq_file f)
{
	if (l->marked_for == f)
		return;
	if (l->common && !l->error) {
		sq_reach_of(l->common->reach, f, l->near);
		l->marked_for = f;
		return;
	}
	sq_linker_fail(l, reserve_marks(l));
	if (l->error)
		return;
	if (!++l->mark_epoch) {
		memset(l->mark, 0, l->mark_cap * sizeof(*l->mark));
		l->mark_epoch = 1;
	}
	l->marked_for = f;
	sq_vec_clear(&l->queue);
	mark(l, f);
	for (size_t at = 0; at < l->queue.n && !l->error; at++)
		mark_imports(l, l->queue.v[at]);
}

sq_file sq_submodule(struct sq_linker *l, sq_file m, struct sq_slice name)
{
	const struct sq_bound *b = sq_version_bound(l->v, m);
	const struct sq_lang_traits *t = l->v->traits[b->lang];
	struct sq_slice dir = sq_path_dir(b->path);

	if (t->style == SQ_STYLE_CRATE) {
		struct sq_slice rest;
		sq_file f = sq_crate_path(l, b->path, name, &rest);

		return f != SQ_FILE_NONE && !rest.n ? f : SQ_FILE_NONE;
	}
	if (t->style != SQ_STYLE_DOTTED ||
	    !sq_slice_is(sq_keys_stem(t, sq_path_base(b->path)), t->index_stems[0]))
		return SQ_FILE_NONE;
	for (unsigned pass = 0; pass < 2; pass++)
		for (const char *const *e = t->extensions; *e; e++) {
			sq_file f;

			sq_buf_clear(&l->path2);
			sq_buf_printf(&l->path2, "%.*s%s%.*s%s%s%s", (int)dir.n, dir.p, dir.n ? "/" : "",
				      (int)name.n, name.p, pass ? "/" : "", pass ? t->index_stems[0] : "", *e);
			f = sq_linker_file(l, &l->path2);
			if (f != SQ_FILE_NONE)
				return f;
		}
	return SQ_FILE_NONE;
}

/* "export default": found by flag, because the definition has a name of its own */
static void add_defaults(struct sq_linker *l, sq_file m)
{
	const struct sq_bound *b = sq_version_bound(l->v, m);
	struct sq_def_cursor it;
	struct sq_def d;
	uint32_t i = 0;

	sq_defs_begin(&b->columns, &it);
	for (; sq_defs_next(&it, &d); i++) {
		uint32_t n;
		const struct sq_cand *c;

		if (!(d.flags & SQ_DEF_DEFAULT))
			continue;
		c = sq_cands(l, b->names[d.name], m, &n);
		for (uint32_t k = 0; k < n; k++)
			if (c[k].def == i)
				sq_out_add(l, &c[k]);
	}
}

static bool add_own(struct sq_linker *l, sq_file m, sq_name name, bool exported_only)
{
	const struct sq_lang_traits *t = l->v->traits[sq_version_bound(l->v, m)->lang];
	size_t before = l->out.n;
	uint32_t n;
	const struct sq_cand *c = sq_cands(l, name, m, &n);

	for (uint32_t i = 0; i < n; i++)
		if ((c[i].bits & SQ_CLASS_TOP) && !(c[i].flags & SQ_DEF_NESTED) &&
		    /* what an inline module holds is named by its path */
		    (t->style != SQ_STYLE_CRATE || c[i].parent_def == SQ_NONE) &&
		    (!exported_only || (c[i].flags & (SQ_DEF_EXPORTED | SQ_DEF_DEFAULT))))
			sq_out_add(l, &c[i]);
	return l->out.n > before;
}

/* does this import make names of its target members of the importing module too? */
static bool reexports(const struct sq_lang_traits *t, const struct sq_import *imp)
{
	if (t->style == SQ_STYLE_DOTTED)
		return !(imp->flags & SQ_IMP_NESTED);
	/* "pub use" of an inline module is that module's */
	if (t->style == SQ_STYLE_CRATE && (imp->flags & SQ_IMP_NESTED))
		return false;
	return imp->flags & SQ_IMP_REEXPORT;
}

static void find_imported(struct sq_linker *l, sq_file m, const struct sq_bound *b, sq_name name,
			  unsigned depth);

/* ---- what an import names in its targets ------------------------------------------ */

/* Java: what follows the package in an import's target is a class and what it holds */
static bool beyond_package(struct sq_linker *l, struct sq_slice target, sq_file f, struct sq_slice *ret_rest)
{
	sq_name package = sq_file_package(l, f);

	if (package == SQ_NAME_NONE) {
		*ret_rest = target;
		return true;
	}
	return sq_path_eat(target, sq_version_string(l->v, package), ret_rest);
}

/* an import does not reach what its file may not see; drop it from what was added since @before */
static void drop_hidden(struct sq_linker *l, size_t before, sq_file g)
{
	size_t n = before;

	for (size_t i = before; i < l->out.n; i++) {
		sq_file f = l->out.v[i].file;
		unsigned visibility = l->out.v[i].flags & SQ_DEF_VIS_MASK;

		if (f != g && (visibility == SQ_DEF_VIS_PRIVATE ||
			       (visibility == SQ_DEF_VIS_PACKAGE &&
				sq_file_package(l, f) != sq_file_package(l, g))))
			continue;
		l->out.v[n++] = l->out.v[i];
	}
	l->out.n = n;
}

/* Python "from pkg import mod": besides pkg the import leads to the file mod itself,
 * where a definition called mod is not meant */
static bool is_member_file(struct sq_linker *l, struct sq_slice target, struct sq_slice member, sq_file f)
{
	const struct sq_lang_traits *t = l->v->traits[SQ_LANG_PYTHON];
	struct sq_slice stem = sq_keys_stem(t, sq_version_bound(l->v, f)->path), last = target;

	if (!member.n)
		return false;
	if (sq_slice_is(sq_path_base(stem), t->index_stems[0]))
		stem = sq_path_dir(stem);
	for (size_t i = target.n; i && last.n == target.n; i--)
		if (target.p[i - 1] == '.')
			last = sq_slice(target.p + i, target.n - i);
	return sq_slice_eq(sq_path_base(stem), member) &&
	       (!last.n || sq_slice_eq(sq_path_base(sq_path_dir(stem)), last));
}

static void find_in_crate(struct sq_linker *l, const struct sq_bound *b, struct sq_slice target, sq_name name,
			  unsigned depth)
{
	struct sq_slice rest;
	sq_file f = SQ_FILE_NONE;

	/* "use name;" of a crate */
	f = sq_crate_path(l, b->path, target.n ? target : sq_version_string(l->v, name), &rest);
	if (f != SQ_FILE_NONE && (target.n || rest.n))
		sq_path_descend(l, f, rest, name, depth);
}

static void find_import(struct sq_linker *l, sq_file g, const struct sq_import *imp,
			struct sq_import_link link, sq_name name, unsigned depth)
{
	const struct sq_bound *b = sq_version_bound(l->v, g);
	const struct sq_lang_traits *t = l->v->traits[b->lang];
	struct sq_slice target = sq_version_string(l->v, b->names[imp->target]), rest = SQ_SLICE_NULL;
	struct sq_slice member = imp->name == SQ_NONE ? SQ_SLICE_NULL :
						       sq_version_string(l->v, b->names[imp->name]);
	size_t before = l->out.n;

	if (imp->kind == SQ_IMPORT_USING && t->style == SQ_STYLE_RELATIVE) {
		/* import A = B.C of TypeScript: a path of this very file */
		if (!sq_slice_is(target, "."))
			sq_path_lookup(l, g, target, name);
		else if (!add_own(l, g, name, false))
			find_imported(l, g, b, name, depth);
		return;
	}
	if (t->style == SQ_STYLE_CRATE) {
		if (link.n)
			find_in_crate(l, b, target, name, depth);
		return;
	}
	for (uint32_t k = 0; k < link.n && l->out.n == before && !l->error; k++) {
		sq_file f = l->import_files.v[link.first + k];

		if (t->style == SQ_STYLE_PACKAGE && !beyond_package(l, target, f, &rest))
			continue;
		if (t->style == SQ_STYLE_DOTTED && is_member_file(l, target, member, f))
			continue;
		sq_path_descend(l, f, rest, name, depth);
		if (t->style == SQ_STYLE_PACKAGE)
			drop_hidden(l, before, g);
	}
}

void sq_import_find(struct sq_linker *l, sq_file g, const struct sq_import *imp, struct sq_import_link link,
		    sq_name name)
{
	find_import(l, g, imp, link, name, 0);
}

/* ---- exports ------------------------------------------------------------------------- */

/* what the module's own imports bind to @name: "import { a } from ...; export { a }" */
static void find_imported(struct sq_linker *l, sq_file m, const struct sq_bound *b, sq_name name, unsigned depth)
{
	uint32_t first = sq_imports_of(l, m), i = 0;
	struct sq_import_cursor it;
	struct sq_import imp;

	if (first == SQ_NONE || depth > MAX_REEXPORT_DEPTH)
		return;
	sq_imports_begin(&b->columns, &it);
	for (; sq_imports_next(&it, &imp) && !l->error; i++) {
		uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;
		struct sq_import_link link = l->import_links.v[first + i];

		if (imp.name == SQ_NONE || (imp.flags & SQ_IMP_REEXPORT) || b->names[bound] != name)
			continue;
		find_import(l, m, &imp, link, b->names[imp.name], depth + 1);
	}
}

static void follow(struct sq_linker *l, sq_file m, const struct sq_bound *b, const struct sq_import *imp,
		   uint32_t link_index, sq_name name, unsigned depth)
{
	struct sq_import_link link;

	/* "export { a as b }" of a name this very file defines or imports */
	if (sq_slice_is(sq_version_string(l->v, b->names[imp->target]), ".") &&
	    l->v->traits[b->lang]->style == SQ_STYLE_RELATIVE) {
		if (!add_own(l, m, name, false))
			find_imported(l, m, b, name, depth);
		return;
	}
	link = l->import_links.v[link_index];
	find_import(l, m, imp, link, name, depth + 1);
}

/* Modules that re-export each other are asked once a search: without this the
 * number of paths through them grows exponentially. */
static bool first_ask(struct sq_linker *l, sq_file m, sq_name name, unsigned depth)
{
	uint64_t key = (uint64_t)name << 32 | m;

	if (!depth)
		sq_memo_clear(&l->asked);
	if (sq_memo_get(&l->asked, key))
		return false;
	sq_linker_fail(l, sq_memo_put(&l->asked, key, 0, 0));
	return true;
}

void sq_find_export(struct sq_linker *l, sq_file m, sq_name name, unsigned depth)
{
	const struct sq_bound *b = sq_version_bound(l->v, m);
	const struct sq_lang_traits *t = b ? l->v->traits[b->lang] : NULL;
	struct sq_import_cursor it;
	struct sq_import imp;
	size_t before = l->out.n;
	uint32_t first, i = 0;
	bool js;

	if (!t || depth > MAX_REEXPORT_DEPTH || l->error || !first_ask(l, m, name, depth))
		return;
	js = t->style == SQ_STYLE_RELATIVE;
	if (js && sq_slice_is(sq_version_string(l->v, name), "default"))
		add_defaults(l, m);
	if (l->out.n > before || add_own(l, m, name, js) || (first = sq_imports_of(l, m)) == SQ_NONE)
		return;
	/* named re-exports win over wildcards */
	for (unsigned wild = 0; wild < 2 && l->out.n == before; wild++) {
		sq_imports_begin(&b->columns, &it);
		for (i = 0; sq_imports_next(&it, &imp) && !l->error; i++) {
			uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;

			if (!reexports(t, &imp) || !!(imp.flags & SQ_IMP_WILDCARD) != wild)
				continue;
			if (wild)
				follow(l, m, b, &imp, first + i, name, depth);
			else if (imp.name != SQ_NONE && b->names[bound] == name)
				follow(l, m, b, &imp, first + i, b->names[imp.name], depth);
		}
	}
	/* a module that marks no export at all: any top-level name may be meant */
	if (js && l->out.n == before)
		add_own(l, m, name, false);
}
