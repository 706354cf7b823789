/* SPDX-License-Identifier: MIT */
#include "proto/scan.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct sq_slice s, size_t at)
{
	while (at < s.n && is_space(s.p[at]))
		at++;
	return at;
}

/* @at is on the opening quote; returns the index behind the closing one */
static size_t skip_string(struct sq_slice s, size_t at)
{
	for (at++; at < s.n; at++) {
		if (s.p[at] == '\\')
			at++;
		else if (s.p[at] == '"')
			return at + 1;
	}
	return s.n;
}

static bool is_scalar_byte(char c)
{
	return !is_space(c) && !strchr(",:]}[{\"", c);
}

static size_t skip_scalar(struct sq_slice s, size_t at)
{
	while (at < s.n && s.p[at] && is_scalar_byte(s.p[at]))
		at++;
	return at;
}

static size_t skip_nested(struct sq_slice s, size_t at)
{
	size_t depth = 0;

	while (at < s.n) {
		char c = s.p[at];

		if (c == '"') {
			at = skip_string(s, at);
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && !--depth)
			break;
	}
	return at;
}

static size_t skip_value(struct sq_slice s, size_t at)
{
	if (at >= s.n)
		return s.n;
	switch (s.p[at]) {
	case '"':
		return skip_string(s, at);
	case '{':
	case '[':
		return skip_nested(s, at);
	default:
		return skip_scalar(s, at);
	}
}

/* a value at or behind *@at, and *@at moved behind it and its comma */
static bool take_value(struct sq_slice s, size_t *at, struct sq_slice *ret)
{
	size_t start = skip_space(s, *at);
	size_t end = skip_value(s, start);

	if (end == start)
		return false;
	*ret = sq_slice(s.p + start, end - start);
	end = skip_space(s, end);
	if (end < s.n && s.p[end] == ',')
		end++;
	*at = end;
	return true;
}

/* the container's opening bracket, skipped once */
static size_t enter(struct sq_slice s, size_t at)
{
	if (at)
		return at;
	at = skip_space(s, 0);
	return at < s.n ? at + 1 : s.n;
}

bool sq_scan_element(struct sq_slice array, size_t *at,
		     struct sq_slice *ret_value)
{
	*at = enter(array, *at);
	return take_value(array, at, ret_value);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* one character of a string's source text; -1: not ASCII or malformed */
static int next_char(struct sq_slice s, size_t *at)
{
	static const char plain[] = "\"\\/bfnrt";
	static const char value[] = "\"\\/\b\f\n\r\t";
	char c = s.p[(*at)++];
	const char *which;
	int code = 0;

	if (c != '\\')
		return (unsigned char)c < 0x80 ? c : -1;
	if (*at >= s.n)
		return -1;
	c = s.p[(*at)++];
	if (c == 'u' && s.n - *at >= 4) {
		for (int i = 0; i < 4; i++)
			code = code * 16 + hex_value(s.p[(*at)++]);
		return code < 0x80 ? code : -1;
	}
	which = c ? strchr(plain, c) : NULL;
	return which ? value[which - plain] : -1;
}

/* does the quoted source text @s spell @key? */
static bool spells(struct sq_slice s, const char *key)
{
	size_t at = 0;

	if (s.n < 2)
		return false;
	s = sq_slice(s.p + 1, s.n - 2);
	while (at < s.n) {
		int c = next_char(s, &at);

		if (!*key || c != *key)
			return false;
		key++;
	}
	return !*key;
}

bool sq_scan_member(struct sq_slice object, const char *key,
		    struct sq_slice *ret_value)
{
	size_t at = enter(object, 0);
	struct sq_slice k, v;
	bool found = false;

	while (take_value(object, &at, &k)) {
		at = skip_space(object, at);
		if (at >= object.n || object.p[at] != ':')
			break;
		at++;
		if (!take_value(object, &at, &v))
			break;
		if (spells(k, key)) {
			*ret_value = v;
			found = true;
		}
	}
	return found;
}

/* an integer whose digits do not fit int64_t */
static bool is_wide_integer(struct sq_slice s)
{
	static const char max[] = "9223372036854775807";
	static const char min[] = "9223372036854775808";
	bool negative = s.n && s.p[0] == '-';
	size_t digits = s.n - negative;

	for (size_t i = negative; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	if (digits != sizeof(max) - 1)
		return digits > sizeof(max) - 1;
	return memcmp(s.p + negative, negative ? min : max, digits) > 0;
}

void sq_scan_widen(struct sq_slice text, struct sq_buf *out)
{
	size_t at = 0;

	while (at < text.n) {
		size_t end;
		bool scalar = text.p[at] != '"' && text.p[at] &&
			      is_scalar_byte(text.p[at]);

		if (text.p[at] == '"')
			end = skip_string(text, at);
		else
			end = scalar ? skip_scalar(text, at) : at + 1;
		sq_buf_add(out, text.p + at, end - at);
		if (scalar && is_wide_integer(sq_slice(text.p + at, end - at)))
			sq_buf_puts(out, ".0");
		at = end;
	}
}
