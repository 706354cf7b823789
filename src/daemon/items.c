/* SPDX-License-Identifier: MIT */
#include "daemon/items.h"

#include "base/error.h"

void sq_items_begin(struct sq_item_writer *iw, const struct sq_version *v, struct sq_slice root)
{
	*iw = (struct sq_item_writer){ .v = v, .root = root };
}

void sq_items_end(struct sq_item_writer *iw)
{
	sq_buf_deinit(&iw->qualified);
}

void sq_path_write(struct sq_jw *w, struct sq_slice path)
{
	sq_jw_kpath(w, "file_path", "path_b64", path);
}

static void kstrz(struct sq_jw *w, const char *key, const char *z)
{
	sq_jw_kstr(w, key, sq_slice_z(z));
}

/* name, qualified name and kind; the language is the file's */
static void write_names(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, const struct sq_bound *b,
			const struct sq_def *d, const char *qualified_key)
{
	sq_jw_kstr(w, "name", sq_version_string(iw->v, b->names[d->name]));
	sq_buf_clear(&iw->qualified);
	sq_version_qualified_def(iw->v, f, d, &iw->qualified);
	sq_jw_kstr(w, qualified_key, sq_buf_slice(&iw->qualified));
	kstrz(w, "kind", sq_kind_name((enum sq_kind)d->kind));
}

void sq_item_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def, double score)
{
	const struct sq_bound *b = sq_version_bound(iw->v, f);
	struct sq_def d;

	sq_defs_get(&b->columns, def, &d);
	sq_jw_begin_object(w);
	write_names(iw, w, f, b, &d, "qualified_name");
	kstrz(w, "language", sq_lang_name((enum sq_lang)b->lang));
	sq_path_write(w, b->path);
	sq_jw_ku64(w, "start_line", d.start_line);
	sq_jw_ku64(w, "start_column", d.start_col);
	sq_jw_ku64(w, "end_line", d.end_line);
	sq_jw_ku64(w, "end_column", d.end_col);
	if (score >= 0) {
		sq_jw_key(w, "score");
		sq_jw_real(w, score);
	}
	sq_jw_end_object(w);
}

/* the object is open: name, qualified name and kind; @d: filled but for a file */
static void write_head(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def, struct sq_def *d)
{
	const struct sq_bound *b = sq_version_bound(iw->v, f);

	if (def == SQ_NONE) {   /* outside of any definition: the file itself */
		sq_jw_kstr(w, "name", sq_path_base(b->path));
		sq_jw_kstr(w, "qualifiedName", b->path);
		kstrz(w, "kind", "file");
	} else {
		sq_defs_get(&b->columns, def, d);
		write_names(iw, w, f, b, d, "qualifiedName");
	}
}

void sq_short_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def)
{
	const struct sq_bound *b = sq_version_bound(iw->v, f);
	struct sq_def d = { .start_line = 1 };

	sq_jw_begin_object(w);
	write_head(iw, w, f, def, &d);
	sq_jw_kuri(w, "fileUri", iw->root, b->path);
	sq_jw_ku64(w, "line", d.start_line);
	kstrz(w, "language", sq_lang_name((enum sq_lang)b->lang));
}

static void write_place(struct sq_jw *w, const char *key, uint32_t line, uint32_t character)
{
	sq_jw_key(w, key);
	sq_jw_begin_object(w);
	sq_jw_ku64(w, "line", line);
	sq_jw_ku64(w, "character", character);
	sq_jw_end_object(w);
}

void sq_node_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def)
{
	const struct sq_bound *b = sq_version_bound(iw->v, f);
	struct sq_def d = { .start_line = 1, .end_line = 1 };

	sq_jw_begin_object(w);
	write_head(iw, w, f, def, &d);
	kstrz(w, "language", sq_lang_name((enum sq_lang)b->lang));
	sq_jw_kuri(w, "fileUri", iw->root, b->path);
	sq_jw_key(w, "range");
	sq_jw_begin_object(w);
	write_place(w, "start", d.start_line, d.start_col);
	write_place(w, "end", d.end_line, d.end_col);
	sq_jw_end_object(w);
	sq_jw_end_object(w);
}
