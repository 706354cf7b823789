/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * stats — what one file adds to the counts of a version. Counts are kept by
 * adding and subtracting files, so an edit costs what its files cost; unsigned
 * wrap-around makes a subtraction an addition.
 */
#include "graph/version.h"

/** sq_stats_add_bound() - @sign: 1 or -1; @b may be NULL. */
void sq_stats_add_bound(struct sq_version_stats *s, const struct sq_bound *b, int sign);
/** sq_stats_add_links() - @l may be NULL. */
void sq_stats_add_links(struct sq_version_stats *s, const struct sq_links *l, int sign);
