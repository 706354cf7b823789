/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * error — the one error convention: <0 is -errno (unexpected, passed up),
 * 0 is success, >0 a documented condition that the caller handles.
 * Threads: any thread.
 */
#include <errno.h>

#ifdef SQ_DEBUG
void sq_error_note(int r, const char *file, int line, const char *what);

/* Returns its argument in the compiler's sight: a caller's r < 0 stays known. */
static inline __attribute__((always_inline)) int
sq_error_keep(int r, const char *file, int line, const char *what)
{
	sq_error_note(r, file, line, what);
	return r;
}

#define sq_error_origin(r) sq_error_keep((r), __FILE__, __LINE__, "origin")
#define sq_error_trace(r) sq_error_keep((r), __FILE__, __LINE__, "trace")
#else
#define sq_error_origin(r) (r)   /* the error starts here */
#define sq_error_trace(r) (r)    /* the error passes through here */
#endif
