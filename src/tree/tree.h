/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tree — the source tree on disk: discovery, ignore rules, batched reads.
 * Paths are relative to the root, '/'-separated bytes without leading "./".
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum sq_skip {            /* why a file is listed but not indexed */
	SQ_SKIP_NONE, SQ_SKIP_BINARY, SQ_SKIP_TOO_LARGE, SQ_SKIP_UNREADABLE, SQ_SKIP_NOT_REGULAR,
	SQ_SKIP_TIMEOUT, SQ_SKIP_LIMIT, SQ_SKIP_VANISHED, SQ_SKIP_NO_GRAMMAR, SQ_SKIP_UNSTABLE,
	SQ_SKIP_MAX
};
const char *sq_skip_name(enum sq_skip s);   /* "binary", "too_large", ... */

/* what is compared to decide whether bytes may have changed */
struct sq_identity {
	uint64_t dev, ino, size;
	uint64_t mtime_ns, ctime_ns;
};
static inline bool sq_identity_eq(const struct sq_identity *a, const struct sq_identity *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}
