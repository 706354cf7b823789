/* SPDX-License-Identifier: MIT */
/* Rust: use trees, extern crates, module files. */
#include "lang/lang-rust.h"

#define MAX_PARTS 64u

/* one component and its separator off the path, when it is @word */
static bool eat(struct sq_slice *path, struct sq_slice word)
{
	if (!sq_slice_has_prefix(*path, word) || (path->n > word.n && path->p[word.n] != ':'))
		return false;
	*path = sq_slice(path->p + SQ_MIN(word.n + 2, path->n), path->n - SQ_MIN(word.n + 2, path->n));
	return true;
}

/* definitions of the inline modules around this place, innermost first */
static unsigned inline_modules(struct sq_walk *w, uint32_t *modules, unsigned max)
{
	unsigned n = 0;

	for (uint32_t at = w->encl; at != SQ_NONE && n < max;) {
		const struct sq_def *d = sq_walk_get_def(w, at);

		if (d->kind == SQ_KIND_MODULE && d->name != SQ_NONE)
			modules[n++] = at;
		at = d->parent;
	}
	return n;
}

/*
 * "self" and "super" of an inline module mean that module and the one around it; a
 * record stands for the file, so it says the path from there.
 */
static uint32_t from_file(struct sq_walk *w, uint32_t path)
{
	uint32_t modules[32];
	unsigned n = inline_modules(w, modules, SQ_ARRAY_SIZE(modules)), up = 0;
	struct sq_slice rest;

	if (path == SQ_NONE || !n)
		return path;
	rest = sq_walk_text(w, path);
	if (!eat(&rest, SQ_LIT("self"))) {
		while (eat(&rest, SQ_LIT("super")))
			up++;
		if (!up)
			return path;
	}
	sq_buf_clear(&w->scratch);
	if (up <= n)
		sq_buf_puts(&w->scratch, "self");
	for (unsigned i = n; i < up; i++)
		sq_buf_puts(&w->scratch, i > n ? "::super" : "super");
	for (unsigned i = n; i-- > SQ_MIN(up, n);) {
		sq_buf_puts(&w->scratch, "::");
		sq_buf_add_slice(&w->scratch,
				 sq_facts_string(w->builder, sq_walk_get_def(w, modules[i])->name));
	}
	if (rest.n) {
		sq_buf_puts(&w->scratch, "::");
		sq_buf_add_slice(&w->scratch, rest);
	}
	return sq_walk_sym(w, sq_buf_slice(&w->scratch));
}

/* paths of the lists around @f, outermost first, then @path; canonical text */
static uint32_t whole_path(struct sq_walk *w, const struct sq_frame *f, struct sq_slice path)
{
	uint32_t parts[MAX_PARTS], n = 0;

	if (path.n)
		parts[n++] = sq_walk_type_path(w, path);
	for (const struct sq_frame *p = f - 1; p->rule && p->rule->arg != RUST_USE; p--) {
		if (p->rule->arg != RUST_USE_LIST || p->obj_start == p->obj_end)
			continue;
		if (n == MAX_PARTS)
			return SQ_NONE;
		parts[n++] = sq_walk_type_path(w, sq_slice(w->bytes.p + p->obj_start,
							   p->obj_end - p->obj_start));
	}
	sq_buf_clear(&w->scratch);
	for (uint32_t i = n; i-- > 0;) {
		if (parts[i] == SQ_NONE)
			return SQ_NONE;
		sq_buf_add_slice(&w->scratch, sq_walk_text(w, parts[i]));
		if (i)
			sq_buf_puts(&w->scratch, "::");
	}
	return from_file(w, sq_walk_sym(w, sq_buf_slice(&w->scratch)));
}

static unsigned flags_of(const struct sq_walk *w, const struct sq_frame *f)
{
	unsigned flags = w->encl == SQ_NONE ? 0 : SQ_IMP_NESTED;

	while (f->rule && f->rule->arg != RUST_USE)
		f--;
	if (f->rule && (f->bits & RUST_PUBLIC))
		flags |= SQ_IMP_REEXPORT;
	return flags;
}

static void split(struct sq_slice path, struct sq_slice *ret_target, struct sq_slice *ret_name)
{
	const char *colon = path.n ? memrchr(path.p, ':', path.n) : NULL;
	size_t at = colon ? (size_t)(colon + 1 - path.p) : 0;

	*ret_name = sq_slice(path.p + at, path.n - at);
	*ret_target = sq_slice(path.p, at >= 2 ? at - 2 : 0);
}

/* @at: node of the last name of the path */
static void add(struct sq_walk *w, const struct sq_frame *f, uint32_t path, TSNode at,
		struct sq_slice alias)
{
	struct sq_slice target, name;
	TSPoint point = ts_node_start_point(at);
	struct sq_ref *r;

	if (path == SQ_NONE)
		return;
	split(sq_walk_text(w, path), &target, &name);
	if (sq_slice_is(name, "self"))   /* a::{self} names a */
		split(target, &target, &name);
	if (!name.n)
		return;
	sq_walk_import(w, point.row + 1, SQ_IMPORT_NAME, target, name, alias, flags_of(w, f));
	r = sq_facts_ref(w->builder, sq_walk_ref_text(w, point.row + 1, point.column, SQ_REF_IMPORT,
						      name, SQ_ARGC_UNKNOWN));
	if (r && target.n)
		r->qual = sq_facts_add_string(w->builder, target);
}

static TSNode last_name(TSNode path)
{
	TSNode name = sq_node_field(path, "name");

	return ts_node_is_null(name) ? path : name;
}

void sq_rust_use(struct sq_walk *w, const struct sq_frame *f)
{
	add(w, f, whole_path(w, f, sq_frame_text(w, f)), last_name(f->node), SQ_SLICE_NULL);
}

enum sq_visit sq_rust_on_use_list(struct sq_walk *w, struct sq_frame *f)
{
	TSNode path = sq_node_field(f->node, "path");

	(void)w;
	if (!ts_node_is_null(path)) {
		f->obj_start = ts_node_start_byte(path);
		f->obj_end = ts_node_end_byte(path);
	}
	return SQ_DESCEND;
}

enum sq_visit sq_rust_on_use_alias(struct sq_walk *w, struct sq_frame *f)
{
	TSNode path = sq_node_field(f->node, "path");

	if (!ts_node_is_null(path))
		add(w, f, whole_path(w, f, sq_node_text(w, path)), last_name(path),
		    sq_node_text(w, sq_node_field(f->node, "alias")));
	return SQ_SKIP;
}

enum sq_visit sq_rust_on_use_wildcard(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice s = sq_node_text(w, ts_node_named_child(f->node, 0));
	uint32_t path = whole_path(w, f, s);

	if (path != SQ_NONE)
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_NAME, sq_walk_text(w, path),
			       SQ_SLICE_NULL, SQ_SLICE_NULL, SQ_IMP_WILDCARD | flags_of(w, f));
	return SQ_SKIP;
}

enum sq_visit sq_rust_on_extern_crate(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_slice name = sq_node_text(w, sq_node_field(f->node, "name"));

	if (name.n)
		sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_MODULE, name, SQ_SLICE_NULL,
			       sq_node_text(w, sq_node_field(f->node, "alias")), 0);
	return SQ_SKIP;
}

void sq_rust_add_module_file(struct sq_walk *w, const struct sq_frame *f, struct sq_slice name)
{
	sq_walk_import(w, sq_node_line(f->node), SQ_IMPORT_MOD, name, SQ_SLICE_NULL,
		       SQ_SLICE_NULL, w->encl == SQ_NONE ? 0 : SQ_IMP_NESTED);
}
