/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * plain — bytes of a string that JSON shows as they are: ASCII but for controls,
 * '"' and '\'. Eight at a time, as nearly all of what is read and written is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SQ_PLAIN_EACH(byte) ((byte) * 0x0101010101010101ull)

static inline bool sq_plain_is(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/** sq_plain_are() - the eight bytes of @v, all of them. */
static inline bool sq_plain_are(uint64_t v)
{
	uint64_t quote = v ^ SQ_PLAIN_EACH('"'), slash = v ^ SQ_PLAIN_EACH('\\');

	/* a byte below what is subtracted borrows: its high bit is set and that of @v is not */
	return !(((v - SQ_PLAIN_EACH(0x20)) | (quote - SQ_PLAIN_EACH(1)) | (slash - SQ_PLAIN_EACH(1)) | v) &
		 SQ_PLAIN_EACH(0x80));
}

/** sq_plain_span() - how many bytes from @p on are plain. */
static inline size_t sq_plain_span(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t v;

	for (; i + 8 <= n; i += 8) {
		memcpy(&v, p + i, 8);
		if (!sq_plain_are(v))
			break;
	}
	while (i < n && sq_plain_is((unsigned char)p[i]))
		i++;
	return i;
}
