/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * source — the text of indexed files for queries that need it (text, returns,
 * duplicates:signature): read from disk, and only used when it is, byte for
 * byte, what the graph was made of.
 * Ownership: its creator's; holds the root directory open.
 * Threads:   one.
 */
#include "query/query.h"

struct sq_disk_source {
	struct sq_source source;        /* for struct sq_query_opts */
	int root_fd;
};
/** sq_disk_source_open() - @root: NUL-terminated. Files of a root that cannot be opened are not to be had. */
void sq_disk_source_open(struct sq_disk_source *s, const char *root);
void sq_disk_source_close(struct sq_disk_source *s);
