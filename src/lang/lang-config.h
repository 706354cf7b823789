/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * lang-config — files that configure name resolution: imports of kind ROOT
 * and PATH, nothing else. Damaged files give what can still be read.
 */
#include "lang/spec.h"

void sq_config_scan_package_json(struct sq_walk *w, const TSTree *tree);
void sq_config_scan_tsconfig(struct sq_walk *w, const TSTree *tree);
void sq_config_scan_compile_commands(struct sq_walk *w, const TSTree *tree);
void sq_config_scan_gomod(struct sq_walk *w, const TSTree *tree);
void sq_config_scan_cargo(struct sq_walk *w, const TSTree *tree);
void sq_config_scan_pyproject(struct sq_walk *w, const TSTree *tree);

/* JSON values; children are walked with a cursor, so that long arrays stay linear */
struct sq_json_iter {
	TSTreeCursor cursor;
	bool has_more;
};
void sq_json_begin(TSNode container, struct sq_json_iter *ret_it);
/** sq_json_next() - next pair of an object or value of an array; false at the end. */
bool sq_json_next(struct sq_json_iter *it, TSNode *ret_child);
void sq_json_end(struct sq_json_iter *it);
bool sq_json_is(TSNode n, const char *type);
/** sq_json_text() - a string without its quotes and escapes; borrowed until the walk ends. */
struct sq_slice sq_json_text(struct sq_walk *w, TSNode string);
/** sq_json_pair() - value of a pair whose key is @ret_key. */
TSNode sq_json_pair(struct sq_walk *w, TSNode pair, struct sq_slice *ret_key);
/** sq_json_root() - the top value of a document. */
TSNode sq_json_root(const TSTree *tree);
