/* SPDX-License-Identifier: MIT */
#include "graph/qualified.h"

#include "base/error.h"
#include "graph/keys.h"

static const struct sq_lang_traits *traits_of(const struct sq_version *v, const struct sq_bound *b)
{
	return v->traits[b->lang];
}

static struct sq_slice separator_of(const struct sq_lang_traits *t)
{
	return t && t->separator ? sq_slice_z(t->separator) : SQ_LIT(".");
}

static struct sq_slice package_of(const struct sq_version *v, const struct sq_bound *b)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.kind == SQ_IMPORT_PACKAGE)
			return sq_version_string(v, b->names[imp.target]);
	return SQ_SLICE_NULL;
}

static bool is_index_stem(const struct sq_lang_traits *t, struct sq_slice stem)
{
	for (const char *const *s = t->index_stems; s && *s; s++)
		if (sq_slice_is(stem, *s))
			return true;
	return false;
}

/* a crate's modules are counted from its source directory */
static struct sq_slice below_src(struct sq_slice path)
{
	for (size_t i = path.n; i > 3; i--)
		if (path.p[i - 1] == '/' && !memcmp(path.p + i - 4, "src", 3) &&
		    (i == 4 || path.p[i - 5] == '/'))
			return sq_slice(path.p + i, path.n - i);
	return path;
}

static void add_module_path(const struct sq_lang_traits *t, struct sq_slice path, struct sq_buf *out)
{
	struct sq_slice stem = sq_keys_stem(t, sq_path_base(path)), sep = separator_of(t);

	path.n -= sq_path_base(path).n - stem.n;
	if (is_index_stem(t, stem))
		path = sq_path_dir(path);
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '/')
			sq_buf_add_slice(out, sep);
		else
			sq_buf_putc(out, path.p[i]);
	}
}

/*
 * What stands in front of a definition at file level: the package clause, or
 * the module path of languages whose modules are files. Nothing when @root is
 * the module definition that the clause itself makes.
 */
static void add_prefix(const struct sq_version *v, const struct sq_bound *b, const struct sq_def *root,
		       struct sq_buf *out)
{
	const struct sq_lang_traits *t = traits_of(v, b);
	struct sq_slice package;
	size_t start = out->n;

	/* no clause to look for among hundreds of includes */
	if (!t || t->style == SQ_STYLE_INCLUDE)
		return;
	package = package_of(v, b);
	if (package.n) {
		if (root->kind == SQ_KIND_MODULE &&
		    sq_slice_eq(sq_version_string(v, b->names[root->name]), package))
			return;
		sq_buf_add_slice(out, package);
	} else if (t->style == SQ_STYLE_DOTTED) {
		add_module_path(t, b->path, out);
	} else if (t->style == SQ_STYLE_CRATE) {
		add_module_path(t, below_src(b->path), out);
	}
	if (out->n > start)
		sq_buf_add_slice(out, separator_of(t));
}

static void reverse(char *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		char c = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = c;
	}
}

static void add_reversed(struct sq_buf *out, struct sq_slice s)
{
	size_t start = out->n;

	sq_buf_add_slice(out, s);
	if (!sq_buf_error(out))
		reverse(out->p + start, s.n);
}

/* Parents are met from the inside out: everything is written backwards, and
 * the whole turned round in the end, whatever the depth. */
void sq_version_qualified(const struct sq_version *v, sq_file f, uint32_t def, struct sq_buf *out)
{
	struct sq_def d;

	sq_defs_get(&sq_version_bound(v, f)->columns, def, &d);
	sq_version_qualified_def(v, f, &d, out);
}

void sq_version_qualified_def(const struct sq_version *v, sq_file f, const struct sq_def *def, struct sq_buf *out)
{
	const struct sq_bound *b = sq_version_bound(v, f);
	struct sq_slice sep = separator_of(traits_of(v, b));
	size_t start = out->n, mark;
	struct sq_def d = *def;

	add_reversed(out, sq_version_string(v, b->names[d.name]));
	while (d.parent != SQ_NONE) {
		add_reversed(out, sep);
		sq_defs_get(&b->columns, d.parent, &d);
		add_reversed(out, sq_version_string(v, b->names[d.name]));
	}
	mark = out->n;
	add_prefix(v, b, &d, out);
	if (sq_buf_error(out))
		return;
	reverse(out->p + mark, out->n - mark);
	reverse(out->p + start, out->n - start);
}

void sq_qualified_deinit(struct sq_qualified *q)
{
	sq_buf_deinit(&q->text);
	sq_vec_deinit(&q->ends);
}

int sq_qualified_file(struct sq_qualified *q, const struct sq_version *v, sq_file f)
{
	const struct sq_bound *b = sq_version_bound(v, f);
	struct sq_slice sep = separator_of(traits_of(v, b));
	struct sq_def_cursor it;
	struct sq_def d;

	sq_buf_clear(&q->text);
	sq_vec_clear(&q->ends);
	if (sq_vec_reserve(&q->ends, b->columns.n_defs) < 0)
		return sq_error_origin(-ENOMEM);
	sq_defs_begin(&b->columns, &it);
	while (sq_defs_next(&it, &d)) {
		if (d.parent == SQ_NONE) {
			add_prefix(v, b, &d, &q->text);
		} else {
			struct sq_slice parent = sq_qualified_get(q, d.parent);
			size_t from = (size_t)(parent.p - q->text.p);

			if (sq_buf_reserve(&q->text, parent.n) < 0)
				return sq_error_origin(-ENOMEM);
			sq_buf_add(&q->text, q->text.p + from, parent.n);
			sq_buf_add_slice(&q->text, sep);
		}
		sq_buf_add_slice(&q->text, sq_version_string(v, b->names[d.name]));
		if (q->text.n > UINT32_MAX)
			return sq_error_origin(-EOVERFLOW);
		q->ends.v[q->ends.n++] = (uint32_t)q->text.n;
	}
	return sq_error_trace(sq_buf_error(&q->text));
}
