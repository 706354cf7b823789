/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "proto/json.h"
#include "proto/plain.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* lowest and highest second byte that a lead byte allows (Unicode table 3-7) */
static bool second_ok(unsigned char lead, unsigned char c)
{
	unsigned char lo = 0x80, hi = 0xbf;

	if (lead == 0xe0)
		lo = 0xa0;
	else if (lead == 0xed)
		hi = 0x9f;
	else if (lead == 0xf0)
		lo = 0x90;
	else if (lead == 0xf4)
		hi = 0x8f;
	return c >= lo && c <= hi;
}

size_t sq_utf8_span(const char *p, size_t n, size_t *ret_bad)
{
	unsigned char lead = (unsigned char)p[0];
	size_t want, i;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4) {
		*ret_bad = 1;
		return 0;
	}
	want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	for (i = 1; i < want; i++) {
		unsigned char c = i < n ? (unsigned char)p[i] : 0;

		if (i == 1 ? !second_ok(lead, c) : (c & 0xc0) != 0x80) {
			*ret_bad = i;
			return 0;
		}
	}
	return want;
}

bool sq_utf8_is_valid(struct sq_slice s)
{
	size_t bad, k;

	for (size_t i = 0; i < s.n; i += k) {
		k = sq_utf8_span(s.p + i, s.n - i, &bad);
		if (!k)
			return false;
	}
	return true;
}

void sq_jw_init(struct sq_jw *w, struct sq_buf *out)
{
	*w = (struct sq_jw){ .out = out };
}

/* where @n bytes may be written; NULL: no memory. An answer is made of small parts: looked at here first */
static inline char *room(struct sq_buf *b, size_t n)
{
	if (!b->error && n <= b->cap - b->n)
		return b->p + b->n;
	return sq_buf_reserve(b, n) ? NULL : b->p + b->n;
}

static inline void put(struct sq_buf *b, char c)
{
	char *p = room(b, 1);

	if (!p)
		return;
	*p = c;
	b->n++;
}

/* every value, nested ones too, starts here: a comma unless it is the first */
static inline void begin_value(struct sq_jw *w)
{
	uint64_t bit = 1ull << (w->depth & 63);

	if (w->comma & bit)
		put(w->out, ',');
	w->comma |= bit;
}

static void nest(struct sq_jw *w, char c)
{
	begin_value(w);
	put(w->out, c);
	w->depth++;
	w->comma &= ~(1ull << (w->depth & 63));
}

static void unnest(struct sq_jw *w, char c)
{
	put(w->out, c);
	w->depth--;
}

void sq_jw_begin_object(struct sq_jw *w)
{
	nest(w, '{');
}

void sq_jw_end_object(struct sq_jw *w)
{
	unnest(w, '}');
}

void sq_jw_begin_array(struct sq_jw *w)
{
	nest(w, '[');
}

void sq_jw_end_array(struct sq_jw *w)
{
	unnest(w, ']');
}

void sq_jw_key_n(struct sq_jw *w, const char *key, size_t n)
{
	char *p;

	begin_value(w);
	p = room(w->out, n + 3);
	if (p) {
		*p++ = '"';
		memcpy(p, key, n);
		memcpy(p + n, "\":", 2);
		w->out->n += n + 3;
	}
	/* the value that follows takes no comma of its own */
	w->comma &= ~(1ull << (w->depth & 63));
}

static void add_escape(struct sq_buf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *at = c ? strchr(from, c) : NULL;

	if (at) {
		sq_buf_putc(b, '\\');
		sq_buf_putc(b, to[at - from]);
	} else {
		sq_buf_printf(b, "\\u%04x", c);
	}
}

/* opening quote and all before the first character that needs a look; the closing quote when
 * there is none. Return: how many bytes of @s */
static size_t add_plain(struct sq_buf *b, struct sq_slice s)
{
	char *start = room(b, s.n + 2), *p = start;
	size_t i = 0;

	if (!p)
		return 0;
	*p++ = '"';
	for (; i + 8 <= s.n; i += 8, p += 8) {
		uint64_t v;

		memcpy(&v, s.p + i, 8);
		if (!sq_plain_are(v))
			break;
		memcpy(p, &v, 8);
	}
	while (i < s.n && sq_plain_is((unsigned char)s.p[i]))
		*p++ = s.p[i++];
	if (i == s.n)
		*p++ = '"';
	b->n += (size_t)(p - start);
	return i;
}

void sq_jw_string(struct sq_jw *w, struct sq_slice s)
{
	size_t i;

	begin_value(w);
	i = add_plain(w->out, s);
	if (i == s.n || w->out->error)
		return;
	while (i < s.n) {
		size_t run = i + sq_plain_span(s.p + i, s.n - i), k, bad = 0;

		sq_buf_add(w->out, s.p + i, run - i);
		i = run;
		if (i == s.n)
			break;
		if ((unsigned char)s.p[i] < 0x80) {
			add_escape(w->out, (unsigned char)s.p[i++]);
			continue;
		}
		k = sq_utf8_span(s.p + i, s.n - i, &bad);
		if (k)
			sq_buf_add(w->out, s.p + i, k);
		else
			sq_buf_puts(w->out, REPLACEMENT);
		i += k ? k : bad;
	}
	sq_buf_putc(w->out, '"');
}

void sq_jw_u64(struct sq_jw *w, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits), *to;
	size_t n;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	n = (size_t)(digits + sizeof(digits) - p);
	begin_value(w);
	to = room(w->out, n);
	if (!to)
		return;
	memcpy(to, p, n);
	w->out->n += n;
}

void sq_jw_i64(struct sq_jw *w, int64_t v)
{
	begin_value(w);
	if (v < 0)
		sq_buf_putc(w->out, '-');
	sq_buf_add_u64(w->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void sq_jw_real(struct sq_jw *w, double v)
{
	char text[40];
	char *comma;

	if (!isfinite(v)) {
		sq_jw_null(w);
		return;
	}
	begin_value(w);
	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	/* the decimal point follows the host's locale, JSON's does not */
	comma = strchr(text, ',');
	if (comma)
		*comma = '.';
	sq_buf_puts(w->out, text);
	if (!strpbrk(text, ".e"))
		sq_buf_puts(w->out, ".0");
}

void sq_jw_bool(struct sq_jw *w, bool v)
{
	begin_value(w);
	sq_buf_puts(w->out, v ? "true" : "false");
}

void sq_jw_null(struct sq_jw *w)
{
	begin_value(w);
	sq_buf_puts(w->out, "null");
}

void sq_jw_raw(struct sq_jw *w, struct sq_slice json)
{
	begin_value(w);
	sq_buf_add_slice(w->out, json);
}

void sq_jw_kpath(struct sq_jw *w, const char *key, const char *b64_key,
		 struct sq_slice path)
{
	sq_jw_kstr(w, key, path);
	if (sq_plain_span(path.p, path.n) < path.n && !sq_utf8_is_valid(path)) {
		sq_jw_key(w, b64_key);
		sq_jw_base64(w, path);
	}
}

static bool is_uri_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c >= '-' && c <= '/') || c == '_' || c == '~';
}

static void add_percent_encoded(struct sq_buf *b, struct sq_slice s)
{
	size_t i = 0, run;

	while (i < s.n) {
		for (run = i; run < s.n && is_uri_plain((unsigned char)s.p[run]); run++)
			;
		sq_buf_add(b, s.p + i, run - i);
		if (run < s.n)
			sq_buf_printf(b, "%%%02X", (unsigned char)s.p[run++]);
		i = run;
	}
}

void sq_jw_kuri(struct sq_jw *w, const char *key, struct sq_slice root,
		struct sq_slice path)
{
	sq_jw_key(w, key);
	begin_value(w);
	sq_buf_puts(w->out, "\"file://");
	add_percent_encoded(w->out, root);
	if (path.n && !sq_slice_has_suffix(root, SQ_LIT("/")))
		sq_buf_putc(w->out, '/');
	add_percent_encoded(w->out, path);
	sq_buf_putc(w->out, '"');
}

/* ---- base64 --------------------------------------------------------------- */

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sq_jw_base64(struct sq_jw *w, struct sq_slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	begin_value(w);
	sq_buf_putc(w->out, '"');
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t v = (uint32_t)p[i] << 16;

		v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= left > 2 ? p[i + 2] : 0;
		sq_buf_putc(w->out, base64_digits[v >> 18]);
		sq_buf_putc(w->out, base64_digits[v >> 12 & 63]);
		sq_buf_putc(w->out, left > 1 ? base64_digits[v >> 6 & 63] : '=');
		sq_buf_putc(w->out, left > 2 ? base64_digits[v & 63] : '=');
	}
	sq_buf_putc(w->out, '"');
}

int sq_base64_decode(struct sq_slice text, struct sq_buf *out)
{
	size_t pad = 0;

	if (text.n % 4)
		return -EINVAL;
	while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < text.n; i += 4) {
		bool last = i + 4 == text.n;
		size_t n = last ? 4 - pad : 4;
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			char c = text.p[i + k];
			const char *at = k < n && c ? strchr(base64_digits, c) : NULL;

			if (k < n && !at)
				return -EINVAL;
			v = v << 6 | (at ? (uint32_t)(at - base64_digits) : 0);
		}
		for (size_t k = 0; k + 1 < n; k++)
			sq_buf_putc(out, (char)(v >> (16 - 8 * k)));
	}
	return sq_buf_error(out);
}
