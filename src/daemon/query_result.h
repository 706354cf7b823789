/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * query_result — what daemon/search and daemon/query answer (protocol 2.4, 2.5).
 * Threads: any; writes the response of a read.
 */
#include "daemon/read.h"
#include "query/query.h"

/** sq_search_result_write() - {root, items, total, truncated, cursor}; @with_score: fuzzy. */
void sq_search_result_write(struct sq_read *r, const struct sq_result *res, bool with_score);
/** sq_query_result_write() - {root, items, total, truncated, ...} with what the pipeline made. */
void sq_query_result_write(struct sq_read *r, const struct sq_result *res);
/** sq_query_refused() - -32602 for SQ_QUERY_E_* @e; @what: "query", "pattern". */
void sq_query_refused(struct sq_read *r, int e, const struct sq_query_error *err, const char *what);
