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
	sq_buf_deinit(&iw->path);
}

/* well-formed UTF-8, as RFC 3629 has it */
static bool is_utf8(struct sq_slice s)
{
	const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;

	while (p < end) {
		unsigned c = *p++, more, min;

		if (c < 0x80)
			continue;
		if (c >= 0xc2 && c <= 0xdf)
			more = 1, min = 0x80, c &= 0x1f;
		else if (c >= 0xe0 && c <= 0xef)
			more = 2, min = 0x800, c &= 0x0f;
		else if (c >= 0xf0 && c <= 0xf4)
			more = 3, min = 0x10000, c &= 0x07;
		else
			return false;
		for (; more; more--) {
			if (p == end || (*p & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*p++ & 0x3f);
		}
		if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
	}
	return true;
}

static void base64(struct sq_slice s, struct sq_buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		size_t n = s.n - i < 3 ? s.n - i : 3;
		unsigned v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (unsigned char)s.p[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			sq_buf_putc(out, k <= n ? digits[v >> (18 - 6 * k) & 63] : '=');
	}
}

void sq_path_write(struct sq_jw *w, struct sq_slice path)
{
	struct sq_buf b64 = SQ_BUF_NULL;

	sq_jw_kstr(w, "file_path", path);
	if (is_utf8(path))
		return;
	base64(path, &b64);
	sq_jw_kstr(w, "path_b64", sq_buf_slice(&b64));
	sq_buf_deinit(&b64);
}

static void kstrz(struct sq_jw *w, const char *key, const char *z)
{
	sq_jw_kstr(w, key, sq_slice_z(z));
}

/* name, qualified name and kind; the language is the file's */
static void write_names(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, const struct sq_bound *b,
			uint32_t def, const struct sq_def *d, const char *qualified_key)
{
	sq_jw_kstr(w, "name", sq_version_string(iw->v, b->names[d->name]));
	sq_buf_clear(&iw->qualified);
	sq_version_qualified(iw->v, f, def, &iw->qualified);
	sq_jw_kstr(w, qualified_key, sq_buf_slice(&iw->qualified));
	kstrz(w, "kind", sq_kind_name((enum sq_kind)d->kind));
}

void sq_item_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def, double score)
{
	const struct sq_bound *b = sq_version_bound(iw->v, f);
	struct sq_def d;

	sq_defs_get(&b->columns, def, &d);
	sq_jw_begin_object(w);
	write_names(iw, w, f, b, def, &d, "qualified_name");
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

/* RFC 3986: what is neither unreserved nor '/' is percent-encoded */
static void add_encoded(struct sq_buf *out, struct sq_slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
			sq_buf_putc(out, (char)c);
			continue;
		}
		sq_buf_putc(out, '%');
		sq_buf_putc(out, hex[c >> 4]);
		sq_buf_putc(out, hex[c & 15]);
	}
}

void sq_short_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def)
{
	const struct sq_bound *b = sq_version_bound(iw->v, f);
	struct sq_def d = { .start_line = 1 };

	sq_jw_begin_object(w);
	if (def == SQ_NONE) {   /* outside of any definition: the file itself */
		sq_jw_kstr(w, "name", sq_path_base(b->path));
		sq_jw_kstr(w, "qualifiedName", b->path);
		kstrz(w, "kind", "file");
	} else {
		sq_defs_get(&b->columns, def, &d);
		write_names(iw, w, f, b, def, &d, "qualifiedName");
	}
	sq_buf_clear(&iw->path);
	sq_buf_puts(&iw->path, "file://");
	add_encoded(&iw->path, iw->root);
	if (iw->root.n > 1)
		sq_buf_putc(&iw->path, '/');
	add_encoded(&iw->path, b->path);
	sq_jw_kstr(w, "fileUri", sq_buf_slice(&iw->path));
	sq_jw_ku64(w, "line", d.start_line);
	kstrz(w, "language", sq_lang_name((enum sq_lang)b->lang));
}
