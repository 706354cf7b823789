/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * items — definitions as the wire shows them (protocol 2.4).
 * Threads: any reader of the version.
 */
#include "graph/version.h"
#include "proto/json.h"

/* reused from item to item */
struct sq_item_writer {
	const struct sq_version *v;
	struct sq_slice root;          /* of the workspace */
	struct sq_buf qualified;
};
void sq_items_begin(struct sq_item_writer *iw, const struct sq_version *v, struct sq_slice root);
void sq_items_end(struct sq_item_writer *iw);
/** sq_item_write() - {name, qualified_name, kind, language, file_path, start_line, ...}.
 *  @score: negative omits it. */
void sq_item_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def, double score);
/** sq_short_write() - members of a short symbol: {name, qualifiedName, kind, fileUri, line, language};
 *  the object is open, the caller adds its own and closes it. */
void sq_short_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def);
/** sq_node_write() - a node reference: {name, qualifiedName, kind, language, fileUri, range}; lines
 *  from 1, characters from 0. @def: SQ_NONE for the file itself. */
void sq_node_write(struct sq_item_writer *iw, struct sq_jw *w, sq_file f, uint32_t def);
/** sq_path_write() - "file_path" with "path_b64" beside it when bytes were lost. */
void sq_path_write(struct sq_jw *w, struct sq_slice path);
