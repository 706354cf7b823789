/* SPDX-License-Identifier: MIT */
#include "proto/frame.h"

int sq_frame_next(struct sq_slice in, struct sq_slice *ret_body,
		  size_t *ret_used)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t n;

	if (in.n < SQ_FRAME_PREFIX)
		return SQ_FRAME_E_MORE;
	n = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
	if (n > SQ_FRAME_MAX)
		return SQ_FRAME_E_TOO_LARGE;
	if (in.n - SQ_FRAME_PREFIX < n)
		return SQ_FRAME_E_MORE;
	*ret_body = sq_slice(in.p + SQ_FRAME_PREFIX, n);
	*ret_used = SQ_FRAME_PREFIX + n;
	return 0;
}

size_t sq_frame_begin(struct sq_buf *b)
{
	size_t at = b->n;

	sq_buf_add(b, "\0\0\0\0", SQ_FRAME_PREFIX);
	return at;
}

int sq_frame_end(struct sq_buf *b, size_t at)
{
	size_t n;

	if (sq_buf_error(b))
		return 0; /* the writer asks the buffer once, at its end */
	n = b->n - at - SQ_FRAME_PREFIX;
	if (n > SQ_FRAME_MAX) {
		b->n = at;
		return SQ_FRAME_E_TOO_LARGE;
	}
	for (size_t i = 0; i < SQ_FRAME_PREFIX; i++)
		b->p[at + i] = (char)(n >> (8 * i));
	return 0;
}
