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
struct sq_cjson_iter {
	TSTreeCursor cursor;
	bool has_more;
};
void sq_cjson_begin(TSNode container, struct sq_cjson_iter *ret_it);
/** sq_cjson_next() - next pair of an object or value of an array; false at the end. */
bool sq_cjson_next(struct sq_cjson_iter *it, TSNode *ret_child);
void sq_cjson_end(struct sq_cjson_iter *it);
bool sq_cjson_is(TSNode n, const char *type);
/** sq_cjson_text() - a string without its quotes and escapes; borrowed until the walk ends. */
struct sq_slice sq_cjson_text(struct sq_walk *w, TSNode string);
/** sq_cjson_pair() - value of a pair whose key is @ret_key. */
TSNode sq_cjson_pair(struct sq_walk *w, TSNode pair, struct sq_slice *ret_key);
/** sq_cjson_root() - the top value of a document. */
TSNode sq_cjson_root(const TSTree *tree);
