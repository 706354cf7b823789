/* SPDX-License-Identifier: MIT */
/* Imports that are paths: C includes, JavaScript modules, Python modules. */
#include "graph/linker.h"

#include "graph/keys.h"

static void add_file(struct sq_linker *l, sq_file f)
{
	sq_linker_fail(l, sq_vec_push(&l->import_files, f));
}

/* Append the components of @rel to @path, "." and ".." taken literally.
 * Return: false when it leads out of the root. */
static bool join(struct sq_buf *path, struct sq_slice rel)
{
	while (rel.n) {
		const char *slash = memchr(rel.p, '/', rel.n);
		size_t n = slash ? (size_t)(slash - rel.p) : rel.n;
		struct sq_slice part = sq_slice(rel.p, n);

		rel = sq_slice(rel.p + n + (slash != NULL), rel.n - n - (slash != NULL));
		if (!n || sq_slice_is(part, "."))
			continue;
		if (sq_slice_is(part, "..")) {
			if (!path->n)
				return false;
			path->n = sq_path_dir(sq_buf_slice(path)).n;
			continue;
		}
		if (path->n)
			sq_buf_putc(path, '/');
		sq_buf_add_slice(path, part);
	}
	return true;
}

static bool join_from(struct sq_linker *l, struct sq_slice dir, struct sq_slice rel)
{
	sq_buf_clear(&l->path);
	sq_buf_add_slice(&l->path, dir);
	return join(&l->path, rel);
}

/* is @suffix the whole of @path or its tail after a '/'? */
static bool ends_with_path(struct sq_slice path, struct sq_slice suffix)
{
	return sq_slice_has_suffix(path, suffix) &&
	       (path.n == suffix.n || path.p[path.n - suffix.n - 1] == '/');
}

static struct sq_slice strip_dots(struct sq_slice s)
{
	for (;;) {
		if (sq_slice_has_prefix(s, SQ_LIT("../")))
			s = sq_slice(s.p + 3, s.n - 3);
		else if (sq_slice_has_prefix(s, SQ_LIT("./")))
			s = sq_slice(s.p + 2, s.n - 2);
		else
			return s;
	}
}

/* first include directory of compile_commands.json that has the target. The
 * directories are absolute and the graph does not know its root: a directory
 * fits when the file's own directory part is the tail of it. */
static bool include_dirs(struct sq_linker *l, struct sq_slice target, sq_name base)
{
	sq_linker_read_config(l);
	for (size_t d = 0; d < l->paths.n; d++) {
		struct sq_posting_iter it;
		struct sq_posting p;

		if (l->paths.v[d].lang != SQ_LANG_COMPILE_COMMANDS)
			continue;
		sq_version_postings(l->v, base, SQ_LIST_KEY, &it);
		while (sq_posting_next(&it, &p)) {
			struct sq_slice path = sq_version_bound(l->v, p.file)->path, dir;

			if (!ends_with_path(path, target) || sq_file_family(l, p.file) != SQ_FAMILY_C)
				continue;
			dir = sq_slice(path.p, path.n - target.n);
			if (dir.n)
				dir.n--;
			if (dir.n && ends_with_path(l->paths.v[d].target, dir)) {
				add_file(l, p.file);
				return true;
			}
		}
	}
	return false;
}

/*
 * A header of the C library in <> is the system's. A file of that name deep in the
 * tree serves something else (an allocator's test harness, a port to another
 * compiler); only a tree that has it in a directory "include" may be such a library.
 */
static bool is_the_systems(const struct sq_import_text *i, struct sq_slice path)
{
	struct sq_slice root = sq_slice(path.p, path.n - SQ_MIN(path.n, i->target.n));

	if (!(i->flags & SQ_IMP_SYSTEM) || !sq_is_system_header(i->target))
		return false;
	if (root.n)
		root.n--;
	return !sq_slice_is(sq_path_base(root), "include");
}

enum sq_link_state sq_import_include(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i)
{
	sq_name base = sq_version_find(l->v, sq_path_base(i->target));
	struct sq_slice target = strip_dots(i->target);
	size_t first = l->import_files.n;
	struct sq_posting_iter it;
	struct sq_posting p;
	sq_file f;

	if (base == SQ_NAME_NONE || !target.n)
		return SQ_LINK_UNRESOLVED;
	if (!(i->flags & SQ_IMP_SYSTEM) && join_from(l, sq_path_dir(from), i->target)) {
		f = sq_linker_file(l, &l->path);
		if (f != SQ_FILE_NONE) {
			add_file(l, f);
			return SQ_LINK_BOUND;
		}
	}
	if (include_dirs(l, target, base))
		return SQ_LINK_BOUND;
	/* every file whose path ends in the target; the compiler's search order is not known */
	sq_version_postings(l->v, base, SQ_LIST_KEY, &it);
	while (sq_posting_next(&it, &p)) {
		struct sq_slice path = sq_version_bound(l->v, p.file)->path;

		if (!ends_with_path(path, target) || sq_slice_eq(path, from) ||
		    sq_file_family(l, p.file) != SQ_FAMILY_C || is_the_systems(i, path))
			continue;
		add_file(l, p.file);
	}
	return l->import_files.n - first > 1 ? SQ_LINK_AMBIGUOUS : SQ_LINK_BOUND;
}

/* path[.ext], then path/index[.ext]; adds every extension that exists for Python stubs, the first for JS */
static bool add_module(struct sq_linker *l, const struct sq_lang_traits *t, bool all)
{
	size_t stem = l->path.n, first = l->import_files.n;

	for (unsigned pass = 0; pass < 2 && l->import_files.n == first; pass++)
		for (const char *const *e = t->extensions; *e; e++) {
			sq_file f;

			l->path.n = stem;
			if (pass)
				sq_buf_printf(&l->path, "%s%s", stem ? "/" : "", t->index_stems[0]);
			else if (!stem)
				break;
			sq_buf_puts(&l->path, *e);
			f = sq_linker_file(l, &l->path);
			if (f == SQ_FILE_NONE)
				continue;
			add_file(l, f);
			if (!all)
				break;
		}
	l->path.n = stem;
	return l->import_files.n > first;
}

/* "a.b.c" appended as a path */
static void add_dotted(struct sq_buf *path, struct sq_slice dotted)
{
	if (path->n && dotted.n)
		sq_buf_putc(path, '/');
	for (size_t i = 0; i < dotted.n; i++)
		sq_buf_putc(path, dotted.p[i] == '.' ? '/' : dotted.p[i]);
}

static bool dotted_below(struct sq_linker *l, struct sq_slice dir, struct sq_slice dotted,
			 struct sq_slice member)
{
	const struct sq_lang_traits *t = l->v->traits[SQ_LANG_PYTHON];
	size_t first = l->import_files.n;

	sq_buf_clear(&l->path);
	sq_buf_add_slice(&l->path, dir);
	add_dotted(&l->path, dotted);
	add_module(l, t, true);
	if (member.n) {
		if (l->path.n)
			sq_buf_putc(&l->path, '/');
		sq_buf_add_slice(&l->path, member);
		add_module(l, t, true);
	}
	return l->import_files.n > first;
}

/* the directory that holds the importer's topmost package */
static struct sq_slice package_root(struct sq_linker *l, struct sq_slice from)
{
	struct sq_slice dir = sq_path_dir(from);

	while (dir.n) {
		sq_buf_clear(&l->path);
		sq_buf_add_slice(&l->path, dir);
		sq_buf_puts(&l->path, "/__init__.py");
		if (sq_linker_file(l, &l->path) == SQ_FILE_NONE)
			break;
		dir = sq_path_dir(dir);
	}
	return dir;
}

/* modules whose path ends with the dotted name, below any directory; a single
 * component is too little evidence (the standard library has such names) */
static enum sq_link_state dotted_anywhere(struct sq_linker *l, struct sq_slice dotted)
{
	const struct sq_lang_traits *t = l->v->traits[SQ_LANG_PYTHON];
	size_t dot = dotted.n, first = l->import_files.n;
	struct sq_posting_iter it;
	struct sq_posting p;
	sq_name last;

	while (dot && dotted.p[dot - 1] != '.')
		dot--;
	if (!dot)
		return SQ_LINK_UNRESOLVED;
	last = sq_version_find(l->v, sq_slice(dotted.p + dot, dotted.n - dot));
	if (last == SQ_NAME_NONE)
		return SQ_LINK_UNRESOLVED;
	sq_buf_clear(&l->path);
	add_dotted(&l->path, dotted);
	sq_version_postings(l->v, last, SQ_LIST_KEY, &it);
	while (sq_posting_next(&it, &p)) {
		struct sq_slice path = sq_version_bound(l->v, p.file)->path, stem;

		if (sq_file_family(l, p.file) != SQ_FAMILY_PYTHON)
			continue;
		stem = sq_keys_stem(t, path);
		if (sq_slice_is(sq_path_base(stem), t->index_stems[0]))
			stem = sq_path_dir(stem);
		if (ends_with_path(stem, sq_buf_slice(&l->path)))
			add_file(l, p.file);
	}
	return l->import_files.n - first > 1 ? SQ_LINK_AMBIGUOUS : SQ_LINK_BOUND;
}

enum sq_link_state sq_import_dotted(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i)
{
	struct sq_slice rest = i->target, dir = sq_path_dir(from);
	struct sq_slice member = i->kind == SQ_IMPORT_NAME ? i->member : SQ_SLICE_NULL;

	if (rest.n && rest.p[0] == '.') {
		for (size_t dots = 0; rest.n && rest.p[0] == '.'; dots++) {
			rest = sq_slice(rest.p + 1, rest.n - 1);
			if (!dots)
				continue;
			if (!dir.n)
				return SQ_LINK_UNRESOLVED;
			dir = sq_path_dir(dir);
		}
		dotted_below(l, dir, rest, member);
		return SQ_LINK_BOUND;
	}
	if (!rest.n)
		return SQ_LINK_UNRESOLVED;
	if (dotted_below(l, package_root(l, from), rest, member) ||
	    dotted_below(l, SQ_SLICE_NULL, rest, member) || dotted_below(l, SQ_LIT("src"), rest, member))
		return SQ_LINK_BOUND;
	sq_linker_read_config(l);
	for (size_t k = 0; k < l->paths.n; k++) {
		if (l->paths.v[k].lang != SQ_LANG_PYPROJECT ||
		    !join_from(l, l->paths.v[k].dir, l->paths.v[k].target))
			continue;
		sq_buf_clear(&l->path2);
		sq_buf_add_slice(&l->path2, sq_buf_slice(&l->path));
		if (dotted_below(l, sq_buf_slice(&l->path2), rest, member))
			return SQ_LINK_BOUND;
	}
	return dotted_anywhere(l, rest);
}

/* "./x.js" may be written for x.ts: try the text itself, then its stem */
static bool add_script(struct sq_linker *l, const struct sq_lang_traits *t)
{
	sq_file f = sq_linker_file(l, &l->path);
	struct sq_slice stem;

	if (f != SQ_FILE_NONE) {
		add_file(l, f);
		return true;
	}
	if (add_module(l, t, false))
		return true;
	stem = sq_keys_stem(t, sq_buf_slice(&l->path));
	if (stem.n == l->path.n)
		return false;
	l->path.n = stem.n;
	return add_module(l, t, false);
}

/* tsconfig "paths": "@lib/x*" -> "src/lib/x*" */
static bool mapped_path(struct sq_linker *l, const struct sq_lang_traits *t, const struct sq_config_path *c,
			struct sq_slice target)
{
	struct sq_slice pattern = c->alias, to = c->target;
	bool star = pattern.n && pattern.p[pattern.n - 1] == '*';
	struct sq_slice rest = SQ_SLICE_NULL;

	if (!pattern.n) {                       /* baseUrl */
		return join_from(l, c->dir, to) && join(&l->path, target) && add_script(l, t);
	}
	if (star) {
		pattern.n--;
		if (!sq_slice_has_prefix(target, pattern))
			return false;
		rest = sq_slice(target.p + pattern.n, target.n - pattern.n);
		if (to.n && to.p[to.n - 1] == '*')
			to.n--;
	} else if (!sq_slice_eq(target, pattern)) {
		return false;
	}
	sq_buf_clear(&l->path2);
	sq_buf_add_slice(&l->path2, to);
	sq_buf_add_slice(&l->path2, rest);
	sq_linker_fail(l, sq_buf_error(&l->path2));
	return !l->error && join_from(l, c->dir, sq_buf_slice(&l->path2)) && add_script(l, t);
}

/* a package of this tree, by the name in its package.json */
static bool package_path(struct sq_linker *l, const struct sq_lang_traits *t, struct sq_slice target)
{
	for (size_t k = 0; k < l->roots.n; k++) {
		const struct sq_config_root *r = &l->roots.v[k];
		struct sq_slice rest;

		if (r->lang != SQ_LANG_PACKAGE_JSON || !sq_slice_has_prefix(target, r->name))
			continue;
		rest = sq_slice(target.p + r->name.n, target.n - r->name.n);
		if (rest.n && rest.p[0] != '/')
			continue;
		if (rest.n) {
			if (join_from(l, r->dir, sq_slice(rest.p + 1, rest.n - 1)) && add_script(l, t))
				return true;
			continue;
		}
		if (r->main.n && join_from(l, r->dir, r->main) && add_script(l, t))
			return true;
		if (join_from(l, r->dir, SQ_SLICE_NULL) && add_module(l, t, false))
			return true;
		if (join_from(l, r->dir, SQ_LIT("src")) && add_module(l, t, false))
			return true;
	}
	return false;
}

enum sq_link_state sq_import_relative(struct sq_linker *l, struct sq_slice from, const struct sq_import_text *i)
{
	const struct sq_lang_traits *t = l->v->traits[SQ_LANG_TYPESCRIPT];

	if (!i->target.n)
		return SQ_LINK_UNRESOLVED;
	if (i->target.p[0] == '.') {
		if (join_from(l, sq_path_dir(from), i->target))
			add_script(l, t);
		return SQ_LINK_BOUND;
	}
	sq_linker_read_config(l);
	for (size_t k = 0; k < l->paths.n; k++)
		if (l->paths.v[k].lang == SQ_LANG_TSCONFIG && mapped_path(l, t, &l->paths.v[k], i->target))
			return SQ_LINK_BOUND;
	package_path(l, t, i->target);
	return SQ_LINK_BOUND;
}
