/* SPDX-License-Identifier: MIT */
/* Definitions of one name in one file, decoded once per linking run. */
#include "graph/linker.h"

enum sq_family sq_file_family(const struct sq_linker *l, sq_file f)
{
	const struct sq_bound *b = sq_version_bound(l->v, f);
	const struct sq_lang_traits *t = b ? l->v->traits[b->lang] : NULL;

	return t ? t->family : SQ_FAMILY_NONE;
}

sq_file sq_linker_file(struct sq_linker *l, const struct sq_buf *path)
{
	sq_file f;

	sq_linker_fail(l, sq_buf_error(path));
	if (l->error || !path->n)
		return SQ_FILE_NONE;
	f = sq_version_file(l->v, sq_buf_slice(path));
	if (f == SQ_FILE_NONE || sq_version_bound(l->v, f)->lang == SQ_LANG_NONE)
		return SQ_FILE_NONE;
	return f;
}

void sq_out_add(struct sq_linker *l, const struct sq_cand *c)
{
	for (size_t i = 0; i < l->out.n; i++)
		if (l->out.v[i].file == c->file && l->out.v[i].def == c->def)
			return;
	sq_linker_fail(l, sq_vec_push(&l->out, *c));
}

/* Is every ancestor a module? Then the name is reachable as a top-level one. */
static bool is_top(const struct sq_columns *c, uint32_t parent, int *ret_parent_kind, sq_name *ret_parent,
		   const struct sq_bound *b)
{
	struct sq_def p;
	bool top = true;

	*ret_parent_kind = -1;
	*ret_parent = SQ_NAME_NONE;
	for (bool first = true; parent != SQ_NONE; parent = p.parent, first = false) {
		sq_defs_get(c, parent, &p);
		if (first) {
			*ret_parent_kind = p.kind;
			*ret_parent = b->names[p.name];
		}
		top = top && p.kind == SQ_KIND_MODULE;
	}
	return top;
}

/* The type whose method this is, when the method stands outside the type's
 * body: the extractor leaves a TYPED type reference inside it. */
static sq_name receiver_of(const struct sq_bound *b, uint32_t def)
{
	struct sq_ref_cursor it;
	struct sq_ref r;

	sq_refs_begin(&b->columns, &it);
	while (sq_refs_next(&it, &r))
		if (r.encl == def && r.kind == SQ_REF_TYPE && (r.flags & SQ_REFF_TYPED))
			return b->names[r.name];
	return SQ_NAME_NONE;
}

static void decode(struct sq_linker *l, const struct sq_bound *b, sq_file file, sq_name name)
{
	struct sq_cand c = { .file = file, .name = name };
	uint32_t i = SQ_NONE;

	sq_linker_fail(l, sq_def_index_find(&l->def_index, file, b, name, &i));
	for (; i != SQ_NONE; i = sq_def_index_next(&l->def_index, b, i), c.ordinal++) {
		struct sq_def d;
		int parent_kind;
		bool top;

		sq_defs_get(&b->columns, i, &d);
		top = is_top(&b->columns, d.parent, &parent_kind, &c.parent, b);
		c.def = i;
		c.parent_def = d.parent;
		c.flags = d.flags;
		c.kind = d.kind;
		c.bits = sq_class_bits(&d, parent_kind, top);
		/* a field is a value where members are named without a receiver; posting
		 * lists leave it out, because no list is asked for fields */
		if (d.kind == SQ_KIND_PROPERTY && b->lang != SQ_LANG_C)
			c.bits |= SQ_CLASS_VALUE;
		c.foreign = d.kind == SQ_KIND_METHOD && d.parent == SQ_NONE;
		if (c.foreign)
			c.parent = receiver_of(b, i);
		sq_linker_fail(l, sq_vec_push(&l->cands, c));
	}
}

const struct sq_cand *sq_cands(struct sq_linker *l, sq_name name, sq_file file, uint32_t *ret_n)
{
	uint64_t key = (uint64_t)name << 32 | file;
	const struct sq_memo_slot *s = sq_memo_get(&l->cand_memo, key);
	const struct sq_bound *b;
	uint32_t first = (uint32_t)l->cands.n;

	if (s) {
		*ret_n = s->n;
		return l->cands.v + s->first;
	}
	b = sq_version_bound(l->v, file);
	if (b)
		decode(l, b, file, name);
	*ret_n = (uint32_t)l->cands.n - first;
	sq_linker_fail(l, sq_memo_put(&l->cand_memo, key, first, *ret_n));
	return l->cands.v + first;
}

sq_name sq_file_package(struct sq_linker *l, sq_file f)
{
	const struct sq_memo_slot *s = sq_memo_get(&l->package_memo, f);
	const struct sq_bound *b = sq_version_bound(l->v, f);
	struct sq_import_cursor it;
	struct sq_import imp;
	sq_name package = SQ_NAME_NONE;

	if (s)
		return s->first;
	if (!b)
		return SQ_NAME_NONE;
	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.kind == SQ_IMPORT_PACKAGE) {
			package = b->names[imp.target];
			break;
		}
	sq_linker_fail(l, sq_memo_put(&l->package_memo, f, package, 0));
	return package;
}
