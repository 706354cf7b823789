/* SPDX-License-Identifier: MIT */
#include "base/varint.h"

size_t sq_varint_check(const uint8_t *p, const uint8_t *end, uint64_t *ret_v)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < SQ_VARINT_MAX && p + i < end; i++) {
		uint8_t c = p[i];

		if (i == SQ_VARINT_MAX - 1 && c > 1)
			return 0;   /* more than 64 bits */
		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c < 0x80) {
			*ret_v = v;
			return i + 1;
		}
	}
	return 0;
}
