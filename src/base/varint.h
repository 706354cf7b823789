/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * varint — LEB128 of unsigned integers, zigzag for signed differences.
 * The *_get forms trust their input (in-memory columns that were checked
 * when they were made or read); sq_varint_check reads with a bound.
 */
#include <stddef.h>
#include <stdint.h>

static inline uint8_t *sq_varint_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) { *p++ = (uint8_t)(v | 0x80); v >>= 7; }
	*p++ = (uint8_t)v;
	return p;
}
/** sq_varint_len() - bytes that sq_varint_put() writes. */
static inline size_t sq_varint_len(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}
static inline const uint8_t *sq_varint_get(const uint8_t *p, uint64_t *ret_v)
{
	uint64_t v = *p & 0x7f;
	for (unsigned s = 7; *p++ & 0x80; s += 7)
		v |= (uint64_t)(*p & 0x7f) << s;
	*ret_v = v;
	return p;
}
static inline const uint8_t *sq_varint_get32(const uint8_t *p, uint32_t *ret_v)
{
	if (*p < 0x80) { *ret_v = *p; return p + 1; }
	uint64_t v;
	p = sq_varint_get(p, &v);
	*ret_v = (uint32_t)v;
	return p;
}
static inline uint64_t sq_zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63); }
static inline int64_t sq_unzigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }
/** sq_varint_check() - bounded read. Return: bytes read, 0 when damaged. */
size_t sq_varint_check(const uint8_t *p, const uint8_t *end, uint64_t *ret_v);
#define SQ_VARINT_MAX 10
