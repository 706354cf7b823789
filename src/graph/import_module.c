/* SPDX-License-Identifier: MIT */
/* Imports that are names of modules: Java packages, Go packages, Rust paths. */
#include "graph/linker.h"

static void add_file(struct sq_linker *l, sq_file f)
{
	sq_linker_fail(l, sq_vec_push(&l->import_files, f));
}

static struct sq_slice before_last(struct sq_slice s, char sep)
{
	size_t n = s.n;

	while (n && s.p[n - 1] != sep)
		n--;
	return sq_slice(s.p, n ? n - 1 : 0);
}
static struct sq_slice after_last(struct sq_slice s, char sep)
{
	size_t n = s.n;

	while (n && s.p[n - 1] != sep)
		n--;
	return sq_slice(s.p + n, s.n - n);
}

/* files of @package that define a type called @type */
static void add_class(struct sq_linker *l, struct sq_slice package, struct sq_slice type)
{
	sq_name name = sq_version_find(l->v, type), clause = sq_version_find(l->v, package);
	struct sq_posting_iter it;
	struct sq_posting p;

	if (name == SQ_NAME_NONE || clause == SQ_NAME_NONE)
		return;
	sq_version_postings(l->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p))
		if ((p.class_bits & SQ_CLASS_TYPE) && (p.class_bits & SQ_CLASS_TOP) &&
		    sq_file_family(l, p.file) == SQ_FAMILY_JAVA && sq_file_package(l, p.file) == clause)
			add_file(l, p.file);
}

static void add_package(struct sq_linker *l, struct sq_slice package)
{
	sq_name key = sq_version_find(l->v, after_last(package, '.'));
	sq_name clause = sq_version_find(l->v, package);
	struct sq_posting_iter it;
	struct sq_posting p;

	if (key == SQ_NAME_NONE || clause == SQ_NAME_NONE)
		return;
	sq_version_postings(l->v, key, SQ_LIST_KEY, &it);
	while (sq_posting_next(&it, &p))
		if (sq_file_family(l, p.file) == SQ_FAMILY_JAVA && sq_file_package(l, p.file) == clause)
			add_file(l, p.file);
}

enum sq_link_state sq_import_package(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i)
{
	size_t first = l->import_files.n;

	(void)from;     /* a Java import means the same in every file */
	if (!(i->flags & SQ_IMP_STATIC)) {
		if (i->flags & SQ_IMP_WILDCARD)
			add_package(l, i->target);
		else
			add_class(l, i->target, i->member);
	}
	/* a class of the path: static members, nested types */
	for (struct sq_slice path = i->target; path.n && l->import_files.n == first;
	     path = before_last(path, '.'))
		add_class(l, before_last(path, '.'), after_last(path, '.'));
	return SQ_LINK_BOUND;
}

/* Go files directly in @dir */
static void add_go_dir(struct sq_linker *l, struct sq_slice dir)
{
	struct sq_slice key = dir.n ? sq_path_base(dir) : SQ_LIT(".");
	sq_name name = sq_version_find(l->v, key);
	struct sq_posting_iter it;
	struct sq_posting p;

	if (name == SQ_NAME_NONE)
		return;
	sq_version_postings(l->v, name, SQ_LIST_KEY, &it);
	while (sq_posting_next(&it, &p)) {
		struct sq_slice path = sq_version_bound(l->v, p.file)->path;

		if (sq_file_family(l, p.file) == SQ_FAMILY_GO && sq_slice_eq(sq_path_dir(path), dir) &&
		    !sq_slice_has_suffix(path, SQ_LIT("_test.go")))
			add_file(l, p.file);
	}
}

enum sq_link_state sq_import_gopath(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i)
{
	size_t first = l->import_files.n;

	sq_linker_read_config(l);
	/* longest module path first */
	for (size_t k = 0; k < l->roots.n && l->import_files.n == first; k++) {
		const struct sq_config_root *r = &l->roots.v[k];
		struct sq_slice rest;

		if (r->lang != SQ_LANG_GOMOD || !sq_slice_has_prefix(i->target, r->name))
			continue;
		rest = sq_slice(i->target.p + r->name.n, i->target.n - r->name.n);
		if (rest.n && rest.p[0] != '/')
			continue;
		sq_buf_clear(&l->path);
		sq_buf_add_slice(&l->path, r->dir);
		if (rest.n)
			sq_buf_add_slice(&l->path, sq_slice(rest.p + !r->dir.n, rest.n - !r->dir.n));
		sq_linker_fail(l, sq_buf_error(&l->path));
		add_go_dir(l, sq_buf_slice(&l->path));
	}
	/* vendored copies, innermost first */
	for (struct sq_slice dir = sq_path_dir(from); l->import_files.n == first; dir = sq_path_dir(dir)) {
		sq_buf_clear(&l->path);
		sq_buf_add_slice(&l->path, dir);
		sq_buf_puts(&l->path, dir.n ? "/vendor/" : "vendor/");
		sq_buf_add_slice(&l->path, i->target);
		sq_linker_fail(l, sq_buf_error(&l->path));
		add_go_dir(l, sq_buf_slice(&l->path));
		if (!dir.n)
			break;
	}
	return SQ_LINK_BOUND;
}

/* directory of the crate's sources: the innermost Cargo.toml's src/, else the
 * directory of a lib.rs or main.rs above the file, else the file's own */
static struct sq_slice crate_src(struct sq_linker *l, struct sq_slice from, struct sq_buf *out)
{
	static const char *const marks[] = { "src/lib.rs", "src/main.rs", "lib.rs", "main.rs" };
	struct sq_slice dir = sq_path_dir(from);

	for (;; dir = sq_path_dir(dir)) {
		for (size_t k = 0; k < SQ_ARRAY_SIZE(marks); k++) {
			sq_buf_clear(out);
			sq_buf_add_slice(out, dir);
			sq_buf_puts(out, dir.n ? "/" : "");
			sq_buf_puts(out, marks[k]);
			if (sq_linker_file(l, out) != SQ_FILE_NONE) {
				out->n = sq_path_dir(sq_buf_slice(out)).n;
				return sq_buf_slice(out);
			}
		}
		if (!dir.n)
			break;
	}
	sq_buf_clear(out);
	sq_buf_add_slice(out, sq_path_dir(from));
	return sq_buf_slice(out);
}

static sq_file rust_file(struct sq_linker *l, size_t dir_n, const char *tail)
{
	sq_file f;

	l->path.n = dir_n;
	sq_buf_puts(&l->path, dir_n || tail[0] != '/' ? tail : tail + 1);
	f = sq_linker_file(l, &l->path);
	l->path.n = dir_n;
	return f;
}

/* the file of the module whose children live in directory l->path */
static sq_file rust_module(struct sq_linker *l)
{
	static const char *const tails[] = { ".rs", "/mod.rs", "/lib.rs", "/main.rs" };
	size_t n = l->path.n;

	for (size_t k = 0; k < SQ_ARRAY_SIZE(tails); k++) {
		sq_file f = !n && tails[k][0] == '.' ? SQ_FILE_NONE : rust_file(l, n, tails[k]);

		if (f != SQ_FILE_NONE)
			return f;
	}
	return SQ_FILE_NONE;
}

/* directory in which the children of the file's module are */
static struct sq_slice children_dir(struct sq_slice from)
{
	struct sq_slice base = sq_path_base(from);

	if (sq_slice_is(base, "mod.rs") || sq_slice_is(base, "lib.rs") || sq_slice_is(base, "main.rs"))
		return sq_path_dir(from);
	return sq_slice_has_suffix(from, SQ_LIT(".rs")) ? sq_slice(from.p, from.n - 3) : from;
}

static struct sq_slice next_part(struct sq_slice *rest)
{
	size_t n = 0;
	struct sq_slice part;

	while (n < rest->n && rest->p[n] != ':')
		n++;
	part = sq_slice(rest->p, n);
	while (n < rest->n && rest->p[n] == ':')
		n++;
	*rest = sq_slice(rest->p + n, rest->n - n);
	return part;
}

/* a crate of this tree by its package name: its source directory into l->path */
static bool named_crate(struct sq_linker *l, struct sq_slice name)
{
	sq_linker_read_config(l);
	for (size_t k = 0; k < l->roots.n; k++) {
		const struct sq_config_root *r = &l->roots.v[k];

		if (r->lang != SQ_LANG_CARGO || !sq_slice_eq(r->name, name))
			continue;
		sq_buf_clear(&l->path);
		sq_buf_add_slice(&l->path, r->dir);
		sq_buf_puts(&l->path, r->dir.n ? "/src" : "src");
		return true;
	}
	return false;
}

/* where a path starts: sets l->path to a module's children directory and eats the prefix */
static bool crate_start(struct sq_linker *l, struct sq_slice from, struct sq_slice *path)
{
	struct sq_slice after = *path, head = next_part(&after);
	struct sq_slice here = children_dir(from);

	if (sq_slice_is(head, "crate")) {
		(void)crate_src(l, from, &l->path2);
		sq_buf_clear(&l->path);
		sq_buf_add_slice(&l->path, sq_buf_slice(&l->path2));
		*path = after;
		return true;
	}
	sq_buf_clear(&l->path);
	sq_buf_add_slice(&l->path, here);
	if (sq_slice_is(head, "self")) {
		*path = after;
		return true;
	}
	if (sq_slice_is(head, "super")) {
		while (sq_slice_is(head, "super")) {
			l->path.n = sq_path_dir(sq_buf_slice(&l->path)).n;
			*path = after;
			head = next_part(&after);
		}
		return true;
	}
	return false;
}

static sq_file walk_modules(struct sq_linker *l, struct sq_slice path, bool need_first, struct sq_slice *ret_rest)
{
	sq_file at = need_first ? SQ_FILE_NONE : rust_module(l);

	while (path.n) {
		struct sq_slice rest = path, part = next_part(&rest);
		size_t n = l->path.n;
		sq_file f;

		if (n)
			sq_buf_putc(&l->path, '/');
		sq_buf_add_slice(&l->path, part);
		f = rust_module(l);
		if (f == SQ_FILE_NONE) {
			l->path.n = n;
			break;
		}
		at = f;
		path = rest;
	}
	*ret_rest = path;
	return at;
}

/* the file at @from, when @name is an inline module of it: "mod a { } use a::b;" */
static sq_file inline_module(struct sq_linker *l, struct sq_slice from, struct sq_slice name)
{
	sq_name module = sq_version_find(l->v, name);
	const struct sq_cand *c;
	uint32_t n;
	sq_file f;

	sq_buf_clear(&l->path);
	sq_buf_add_slice(&l->path, from);
	sq_linker_fail(l, sq_buf_error(&l->path));
	if (l->error || module == SQ_NAME_NONE || (f = sq_linker_file(l, &l->path)) == SQ_FILE_NONE)
		return SQ_FILE_NONE;
	c = sq_cands(l, module, f, &n);
	for (uint32_t i = 0; i < n; i++)
		if (c[i].kind == SQ_KIND_MODULE && c[i].parent_def == SQ_NONE)
			return f;
	return SQ_FILE_NONE;
}

sq_file sq_crate_path(struct sq_linker *l, struct sq_slice from, struct sq_slice path, struct sq_slice *ret_rest)
{
	struct sq_slice rest = path, head;
	sq_file f;

	if (crate_start(l, from, &path))
		return walk_modules(l, path, false, ret_rest);
	/* a child of this module, else a crate of this tree, else outside */
	f = walk_modules(l, path, true, ret_rest);
	if (f != SQ_FILE_NONE)
		return f;
	head = next_part(&rest);
	if (named_crate(l, head))
		return walk_modules(l, rest, false, ret_rest);
	*ret_rest = path;
	return inline_module(l, from, head);
}

enum sq_link_state sq_import_crate(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i)
{
	struct sq_slice target = i->target, rest;
	sq_file f;

	f = sq_crate_path(l, from, target.n ? target : i->member, &rest);
	if (f != SQ_FILE_NONE)
		add_file(l, f);
	if (i->kind == SQ_IMPORT_NAME && f != SQ_FILE_NONE && !rest.n && i->member.n && target.n) {
		/* the member may be a module file itself */
		sq_buf_clear(&l->path2);
		sq_buf_add_slice(&l->path2, target);
		sq_buf_puts(&l->path2, "::");
		sq_buf_add_slice(&l->path2, i->member);
		sq_linker_fail(l, sq_buf_error(&l->path2));
		if (!l->error) {
			char *whole = sq_strndup(l->path2.p, l->path2.n);

			if (!whole) {
				sq_linker_fail(l, -ENOMEM);
				return SQ_LINK_UNRESOLVED;
			}
			f = sq_crate_path(l, from, sq_slice_z(whole), &rest);
			sq_free(whole);
			if (f != SQ_FILE_NONE && !rest.n)
				add_file(l, f);
		}
	}
	return SQ_LINK_BOUND;
}
