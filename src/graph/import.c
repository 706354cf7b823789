/* SPDX-License-Identifier: MIT */
/* What the imports of a file mean: files, closure, exported members. */
#include "graph/linker.h"

#include "graph/keys.h"

#define MAX_REEXPORT_DEPTH 16u

static enum sq_link_state resolve(struct sq_linker *l, const struct sq_lang_traits *t, struct sq_slice from,
				  const struct sq_import_text *i)
{
	if (i->kind == SQ_IMPORT_PACKAGE || i->kind == SQ_IMPORT_ROOT || i->kind == SQ_IMPORT_PATH)
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
	if (!n)
		link.state = SQ_LINK_UNRESOLVED;
	sq_linker_fail(l, sq_vec_push(&l->import_links, link));
}

uint32_t sq_imports_of(struct sq_linker *l, sq_file f)
{
	const struct sq_memo_slot *s = sq_memo_get(&l->import_memo, f);
	const struct sq_bound *b;
	struct sq_import_cursor it;
	struct sq_import imp;
	uint32_t first = (uint32_t)l->import_links.n;

	if (s)
		return s->first;
	b = sq_version_bound(l->v, f);
	if (!b || !l->v->traits[b->lang])
		return SQ_NONE;
	sq_imports_begin(&b->columns, &it);
	while (!l->error && sq_imports_next(&it, &imp))
		resolve_one(l, b, &imp);
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

/* links of a file that no change concerns: its imports mean what they meant */
static const struct sq_links *settled_links(const struct sq_linker *l, sq_file f)
{
	const struct sq_links *links = sq_version_slot(l->v, f).links;

	return l->stale && links && links->n_links && !sq_file_set_has(l->stale, f) ? links : NULL;
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
	size_t before = l->out.n;
	uint32_t n;
	const struct sq_cand *c = sq_cands(l, name, m, &n);

	for (uint32_t i = 0; i < n; i++)
		if ((c[i].bits & SQ_CLASS_TOP) && !(c[i].flags & SQ_DEF_NESTED) &&
		    (!exported_only || (c[i].flags & (SQ_DEF_EXPORTED | SQ_DEF_DEFAULT))))
			sq_out_add(l, &c[i]);
	return l->out.n > before;
}

/* does this import make names of its target members of the importing module too? */
static bool reexports(const struct sq_lang_traits *t, const struct sq_import *imp)
{
	if (t->style == SQ_STYLE_DOTTED)
		return !(imp->flags & SQ_IMP_NESTED);
	return imp->flags & SQ_IMP_REEXPORT;
}

/* what the module's own imports bind to @name: "import { a } from ...; export { a }" */
static void find_imported(struct sq_linker *l, sq_file m, const struct sq_bound *b, sq_name name, unsigned depth)
{
	uint32_t first = sq_imports_of(l, m), i = 0;
	struct sq_import_cursor it;
	struct sq_import imp;

	if (first == SQ_NONE)
		return;
	sq_imports_begin(&b->columns, &it);
	for (; sq_imports_next(&it, &imp) && !l->error; i++) {
		uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;
		struct sq_import_link link = l->import_links.v[first + i];

		if (imp.name == SQ_NONE || (imp.flags & SQ_IMP_REEXPORT) || b->names[bound] != name)
			continue;
		for (uint32_t k = 0; k < link.n; k++)
			sq_find_export(l, l->import_files.v[link.first + k], b->names[imp.name], depth + 1);
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
	for (uint32_t k = 0; k < link.n; k++)
		sq_find_export(l, l->import_files.v[link.first + k], name, depth + 1);
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
