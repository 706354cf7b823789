/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * frame — 4-byte little-endian length, then one UTF-8 JSON document (protocol 2.1).
 * Ownership: bodies borrow from the input; output goes into the caller's buffer.
 * Threads:   as the owner.
 */
#include "base/str.h"

#define SQ_FRAME_MAX (64u << 20)    /* bytes of a body */
#define SQ_FRAME_PREFIX 4u
enum { SQ_FRAME_E_MORE = 1, SQ_FRAME_E_TOO_LARGE = 2 };
/** sq_frame_next() - first whole frame in @in. Return: 0 (@ret_body borrows, @ret_used = bytes to drop); SQ_FRAME_E_*. */
int sq_frame_next(struct sq_slice in, struct sq_slice *ret_body, size_t *ret_used) sq_must_check;
/** sq_frame_begin() - reserve the prefix. Return: where, for sq_frame_end(). */
size_t sq_frame_begin(struct sq_buf *b);
/**
 * sq_frame_end() - fill in the prefix around what was appended since.
 * Return: 0; SQ_FRAME_E_TOO_LARGE: the body is over SQ_FRAME_MAX and the
 * buffer is cut back to what it was at sq_frame_begin().
 */
int sq_frame_end(struct sq_buf *b, size_t at);
