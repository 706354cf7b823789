/* SPDX-License-Identifier: MIT */
#include "cli/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void sq_text_safe(struct sq_buf *b, struct sq_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		/* U+0080 to U+009F are controls too: C2 80 to C2 9F */
		bool c1 = c == 0xc2 && i + 1 < s.n &&
			  (unsigned char)s.p[i + 1] < 0xa0;

		if (c < 0x20 || c == 0x7f)
			sq_buf_printf(b, "\\x%02x", c);
		else if (c1)
			sq_buf_printf(b, "\\x%02x", (unsigned char)s.p[++i]);
		else
			sq_buf_putc(b, (char)c);
	}
}

void sq_text_count(struct sq_buf *b, uint64_t v)
{
	if (v >= 1000) {
		sq_text_count(b, v / 1000);
		sq_buf_printf(b, ",%03u", (unsigned)(v % 1000));
	} else {
		sq_buf_printf(b, "%u", (unsigned)v);
	}
}

void sq_text_bytes(struct sq_buf *b, uint64_t bytes)
{
	static const char *const unit[] = { "KB", "MB", "GB", "TB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		sq_buf_printf(b, "%u B", (unsigned)bytes);
		return;
	}
	while (v >= 1000 && i + 1 < SQ_ARRAY_SIZE(unit)) {
		v /= 1024;
		i++;
	}
	sq_buf_printf(b, v < 100 ? "%.1f %s" : "%.0f %s", v, unit[i]);
}

void sq_text_percent(struct sq_buf *b, uint64_t part, uint64_t all)
{
	if (all)
		sq_buf_printf(b, "%.1f %%", 100.0 * (double)part / (double)all);
	else
		sq_buf_puts(b, "-");
}

void sq_text_duration(struct sq_buf *b, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		sq_buf_printf(b, "%u ms", (unsigned)ms);
	else if (s < 60)
		sq_buf_printf(b, "%.1f s", (double)ms / 1000);
	else if (s < 3600)
		sq_buf_printf(b, "%um %us", (unsigned)(s / 60),
			      (unsigned)(s % 60));
	else if (s < 86400)
		sq_buf_printf(b, "%uh %um", (unsigned)(s / 3600),
			      (unsigned)(s / 60 % 60));
	else
		sq_buf_printf(b, "%ud %uh", (unsigned)(s / 86400),
			      (unsigned)(s / 3600 % 24));
}

static struct sq_slice current_directory(void)
{
	static char dir[PATH_MAX];

	if (!dir[0] && !getcwd(dir, sizeof(dir)))
		dir[0] = '\0';
	return sq_slice_z(dir);
}

void sq_text_path(struct sq_buf *b, const char *root, const char *path)
{
	struct sq_slice cwd = current_directory(), full;
	struct sq_buf t = SQ_BUF_NULL;

	if (*root) {
		sq_buf_puts(&t, root);
		if (!sq_slice_has_suffix(sq_slice_z(root), SQ_LIT("/")))
			sq_buf_putc(&t, '/');
	}
	sq_buf_puts(&t, path);
	full = sq_buf_slice(&t);
	if (cwd.n > 1 && full.n > cwd.n && sq_slice_has_prefix(full, cwd) &&
	    full.p[cwd.n] == '/')
		full = sq_slice(full.p + cwd.n + 1, full.n - cwd.n - 1);
	sq_text_safe(b, full);
	sq_buf_deinit(&t);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void sq_text_uri_path(struct sq_buf *b, const char *uri)
{
	struct sq_slice s = sq_slice_z(uri);

	if (!sq_slice_has_prefix(s, SQ_LIT("file://")))
		return;
	for (size_t i = strlen("file://"); i < s.n; i++) {
		int hi = -1, lo = -1;

		if (s.p[i] == '%' && i + 2 < s.n) {
			hi = hex_value(s.p[i + 1]);
			lo = hex_value(s.p[i + 2]);
		}
		if (hi >= 0 && lo >= 0) {
			sq_buf_putc(b, (char)(hi << 4 | lo));
			i += 2;
		} else {
			sq_buf_putc(b, s.p[i]);
		}
	}
}

/* ---- rows -------------------------------------------------------------------- */

void sq_rows_init(struct sq_rows *r, unsigned n_columns,
		  const enum sq_style *styles)
{
	*r = (struct sq_rows){ .n_columns = n_columns };
	memcpy(r->styles, styles, n_columns * sizeof(*styles));
}

void sq_rows_deinit(struct sq_rows *r)
{
	sq_buf_deinit(&r->text);
	sq_free(r->ends);
	*r = (struct sq_rows){ 0 };
}

void sq_rows_end_cell(struct sq_rows *r)
{
	if (r->n == r->cap) {
		size_t cap = SQ_MAX(r->cap * 2, (size_t)64);
		size_t *ends = sq_realloc(r->ends, cap * sizeof(*ends));

		if (!ends) {
			r->text.error = -ENOMEM;
			return;
		}
		r->ends = ends;
		r->cap = cap;
	}
	r->ends[r->n++] = r->text.n;
}

void sq_rows_cell(struct sq_rows *r, const char *s)
{
	sq_text_safe(&r->text, sq_slice_z(s));
	sq_rows_end_cell(r);
}

static struct sq_slice cell(const struct sq_rows *r, size_t i)
{
	size_t start = i ? r->ends[i - 1] : 0;

	return sq_slice(r->text.p + start, r->ends[i] - start);
}

/* characters, near enough to columns for source code */
static size_t width(struct sq_slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void print_cell(struct sq_slice s, size_t pad, enum sq_style style,
		       bool color)
{
	static const char *const codes[] = {
		[SQ_STYLE_PLAIN] = "", [SQ_STYLE_PLACE] = "\033[36m",
		[SQ_STYLE_KIND] = "\033[33m", [SQ_STYLE_NAME] = "\033[1m",
		[SQ_STYLE_DIM] = "\033[2m",
	};
	bool styled = color && *codes[style];

	printf("%s%.*s%s%*s", styled ? codes[style] : "", (int)s.n, s.p,
	       styled ? "\033[0m" : "", (int)pad, "");
}

int sq_rows_print(struct sq_rows *r, bool color)
{
	size_t widths[SQ_ROWS_COLUMNS] = { 0 };
	unsigned last = 0;

	if (sq_buf_error(&r->text))
		return -ENOMEM;
	for (size_t i = 0; i < r->n; i++) {
		size_t *w = &widths[i % r->n_columns];

		*w = SQ_MAX(*w, width(cell(r, i)));
	}
	for (unsigned c = 0; c < r->n_columns; c++)
		if (widths[c])
			last = c;
	for (size_t i = 0; i < r->n; i++) {
		unsigned c = (unsigned)(i % r->n_columns);
		struct sq_slice s = cell(r, i);

		/* an empty column takes no room, the last one no padding */
		if (widths[c])
			print_cell(s, c == last ? 0 : widths[c] - width(s) + 2,
				   r->styles[c], color);
		if (c == r->n_columns - 1)
			putchar('\n');
	}
	return 0;
}
