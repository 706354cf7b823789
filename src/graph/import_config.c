/* SPDX-License-Identifier: MIT */
/* Configuration files of name resolution, read once per linking run. */
#include "graph/linker.h"

#include <stdlib.h>

#define SQ_SWAP(a, b) do { __typeof__(a) _t = (a); (a) = (b); (b) = _t; } while (0)

static const struct { enum sq_lang lang; const char *file; } config_files[] = {
	{ SQ_LANG_GOMOD, "go.mod" },
	{ SQ_LANG_PACKAGE_JSON, "package.json" },
	{ SQ_LANG_TSCONFIG, "tsconfig.json" },
	{ SQ_LANG_CARGO, "Cargo.toml" },
	{ SQ_LANG_PYPROJECT, "pyproject.toml" },
	{ SQ_LANG_COMPILE_COMMANDS, "compile_commands.json" },
};

static void read_file(struct sq_linker *l, sq_file f, enum sq_lang lang)
{
	const struct sq_bound *b = sq_version_bound(l->v, f);
	struct sq_slice dir = sq_path_dir(b->path);
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp)) {
		struct sq_slice target = sq_version_string(l->v, b->names[imp.target]);
		struct sq_slice name = imp.name == SQ_NONE ? SQ_SLICE_NULL :
				       sq_version_string(l->v, b->names[imp.name]);

		if (imp.kind == SQ_IMPORT_ROOT)
			sq_linker_fail(l, sq_vec_push(&l->roots,
				(struct sq_config_root){ dir, target, name, lang }));
		else if (imp.kind == SQ_IMPORT_PATH)
			sq_linker_fail(l, sq_vec_push(&l->paths,
				(struct sq_config_path){ dir, target, name, lang }));
	}
}

/* deepest directory first, so that the innermost configuration wins; then by
 * path bytes, longest name first for Go modules below one another */
static int root_cmp(const void *pa, const void *pb)
{
	const struct sq_config_root *a = pa, *b = pb;

	if (a->name.n != b->name.n)
		return a->name.n > b->name.n ? -1 : 1;
	if (sq_slice_cmp(a->name, b->name))
		return sq_slice_cmp(a->name, b->name);
	return sq_slice_cmp(a->dir, b->dir);
}

void sq_linker_read_config(struct sq_linker *l)
{
	if (l->config_read)
		return;
	l->config_read = true;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(config_files); i++) {
		sq_name base = sq_version_find(l->v, sq_slice_z(config_files[i].file));
		SQ_VEC(sq_file) files = SQ_VEC_NULL;
		struct sq_posting_iter it;
		struct sq_posting p;

		if (base == SQ_NAME_NONE)
			continue;
		sq_version_postings(l->v, base, SQ_LIST_KEY, &it);
		while (sq_posting_next(&it, &p)) {
			const struct sq_bound *b = sq_version_bound(l->v, p.file);
			size_t at;

			if (b->lang != config_files[i].lang)
				continue;
			sq_linker_fail(l, sq_vec_push(&files, p.file));
			/* by path: ids must not show in the order of search paths */
			for (at = files.n; at > 1 && !l->error &&
			     sq_slice_cmp(sq_version_bound(l->v, files.v[at - 2])->path, b->path) > 0; at--)
				SQ_SWAP(files.v[at - 2], files.v[at - 1]);
		}
		for (size_t k = 0; k < files.n && !l->error; k++)
			read_file(l, files.v[k], config_files[i].lang);
		sq_vec_deinit(&files);
	}
	if (l->roots.n)
		qsort(l->roots.v, l->roots.n, sizeof(*l->roots.v), root_cmp);
}
