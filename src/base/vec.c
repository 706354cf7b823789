/* SPDX-License-Identifier: MIT */
#include "base/vec.h"

#include <string.h>

int sq_vec_grow_(void **v, size_t *cap, size_t need, size_t item)
{
	size_t n = *cap + *cap / 2, bytes;
	void *old, *p;

	if (n < need)
		n = need;
	if (n < 8)
		n = 8;
	if (__builtin_mul_overflow(n, item, &bytes))
		return sq_error_origin(-ENOMEM);
	/* *v is really a pointer of another type: bytes may be copied, not aliased */
	memcpy(&old, v, sizeof(old));
	p = sq_realloc(old, bytes);
	if (!p)
		return sq_error_origin(-ENOMEM);
	memcpy(v, &p, sizeof(p));
	*cap = n;
	return 0;
}
