/* SPDX-License-Identifier: MIT */
#include "tree/tree.h"

static const char *const skip_names[SQ_SKIP_MAX] = {
	[SQ_SKIP_NONE] = "none",
	[SQ_SKIP_BINARY] = "binary",
	[SQ_SKIP_TOO_LARGE] = "too_large",
	[SQ_SKIP_UNREADABLE] = "unreadable",
	[SQ_SKIP_NOT_REGULAR] = "not_regular",
	[SQ_SKIP_TIMEOUT] = "timeout",
	[SQ_SKIP_LIMIT] = "limit",
	[SQ_SKIP_VANISHED] = "vanished",
	[SQ_SKIP_NO_GRAMMAR] = "no_grammar",
	[SQ_SKIP_UNSTABLE] = "unstable",
};

const char *sq_skip_name(enum sq_skip s)
{
	return (unsigned)s < SQ_SKIP_MAX ? skip_names[s] : "unknown";
}
