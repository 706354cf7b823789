/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#ifdef SQ_DEBUG
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The trail is printed only when asked for: most errors are expected ones
 * (a file that vanished), and tests provoke thousands.
 */
void sq_error_note(int r, const char *file, int line, const char *what)
{
	int saved = errno;

	if (r < 0 && getenv("SQRYD_ERROR_TRACE"))
		fprintf(stderr, "%s:%d: %s %d (%s)\n", file, line, what, r,
			strerrorname_np(-r) ? strerrorname_np(-r) : "?");
	errno = saved;
}
#else
/* ISO C wants a declaration in every translation unit */
extern int sq_error_unused;
#endif
