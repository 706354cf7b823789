/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>

bool sq_slice_has_prefix(struct sq_slice a, struct sq_slice prefix)
{
	return a.n >= prefix.n && (!prefix.n || !memcmp(a.p, prefix.p, prefix.n));
}

bool sq_slice_has_suffix(struct sq_slice a, struct sq_slice suffix)
{
	return a.n >= suffix.n &&
	       (!suffix.n || !memcmp(a.p + a.n - suffix.n, suffix.p, suffix.n));
}

int sq_slice_cmp(struct sq_slice a, struct sq_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	if (r)
		return r;
	return a.n < b.n ? -1 : a.n > b.n;
}

struct sq_slice sq_path_base(struct sq_slice path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

	if (!slash)
		return path;
	return sq_slice(slash + 1, path.n - (size_t)(slash + 1 - path.p));
}

struct sq_slice sq_path_dir(struct sq_slice path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

	return sq_slice(path.p, slash ? (size_t)(slash - path.p) : 0);
}

bool sq_path_is_below(struct sq_slice path, struct sq_slice dir)
{
	if (!dir.n)
		return true;
	return sq_slice_has_prefix(path, dir) && (path.n == dir.n || path.p[dir.n] == '/');
}

void sq_buf_deinit(struct sq_buf *b)
{
	sq_free(b->p);
	*b = (struct sq_buf)SQ_BUF_NULL;
}

void sq_buf_clear(struct sq_buf *b)
{
	b->n = 0;
	b->error = 0;
}

int sq_buf_reserve(struct sq_buf *b, size_t more)
{
	size_t need, cap;
	char *p;

	if (b->error)
		return b->error;
	if (more <= b->cap - b->n)
		return 0;
	if (__builtin_add_overflow(b->n, more, &need) || need > SIZE_MAX / 2)
		return b->error = -ENOMEM;
	cap = b->cap * 2 > need ? b->cap * 2 : need;
	if (cap < 64)
		cap = 64;
	p = sq_realloc(b->p, cap);
	if (!p)
		return b->error = -ENOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

void sq_buf_add(struct sq_buf *b, const void *p, size_t n)
{
	if (!n || sq_buf_reserve(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void sq_buf_putc(struct sq_buf *b, char c)
{
	if (sq_buf_reserve(b, 1))
		return;
	b->p[b->n++] = c;
}

void sq_buf_puts(struct sq_buf *b, const char *z)
{
	sq_buf_add(b, z, strlen(z));
}

void sq_buf_add_slice(struct sq_buf *b, struct sq_slice s)
{
	sq_buf_add(b, s.p, s.n);
}

static void SQ_PRINTF(2, 0) add_v(struct sq_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (sq_buf_reserve(b, 1))
		return;
	va_copy(again, ap);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	if (n >= 0 && (size_t)n >= b->cap - b->n) {
		if (!sq_buf_reserve(b, (size_t)n + 1))
			(void)vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
	}
	va_end(again);
	if (n < 0)
		b->error = -ENOMEM;   /* the only cause left: no room for wide characters */
	if (!b->error)
		b->n += (size_t)n;
}

void sq_buf_printf(struct sq_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_v(b, fmt, ap);
	va_end(ap);
}

void sq_buf_add_u64(struct sq_buf *b, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	sq_buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void sq_buf_add_escaped(struct sq_buf *b, struct sq_slice s)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c < 0x7f) {
			sq_buf_putc(b, (char)c);
		} else {
			char esc[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

			sq_buf_add(b, esc, sizeof(esc));
		}
	}
}

const char *sq_buf_z(struct sq_buf *b)
{
	if (b->error)
		return NULL;
	if (!b->n)
		return "";
	if (sq_buf_reserve(b, 1))
		return NULL;
	b->p[b->n] = '\0';
	return b->p;
}

char *sq_asprintf(const char *fmt, ...)
{
	struct sq_buf b = SQ_BUF_NULL;
	va_list ap;

	va_start(ap, fmt);
	add_v(&b, fmt, ap);
	va_end(ap);
	sq_buf_putc(&b, '\0');
	if (b.error)
		sq_buf_deinit(&b);
	return b.p;
}
