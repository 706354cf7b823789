/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * ask — one question to a tool method from options, and its answer on stdout.
 * Threads: main.
 */
#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/text.h"

/* what is not set is left to the daemon */
struct sq_ask {
	char *path;
	const char *type, *scope, *symbol, *file, *from, *to, *name, *relation, *format, *target;
	const char *const *symbols;
	size_t n_symbols;
	const char *cursor;             /* page that an earlier answer named */
	bool has_pagination;            /* of methods that take "pagination"; else page_token and page_size */
	struct sq_opt_list langs, kinds, include;
	const char *list;               /* the member of the answer that is cut into pages */
	int64_t limit, nodes, page, min_depth, max_depth, hops, paths, min_complexity;
	bool self_loops, is_direct, no_callers, no_callees, imports, is_verbose;
};
#define SQ_ASK_NULL { .path = NULL }
/* the options of what answers in pages of up to @max; @a: struct sq_ask */
#define SQ_ASK_PAGE_OPTS(a, max) \
	{ "page-size", 0, SQ_OPT_INT, &(a).page, 1, (max), "N", "N on each page of the answer (all on one)" }, \
	{ "cursor", 0, SQ_OPT_STRING, &(a).cursor, 0, 0, "TOKEN", "the page that the answer before named as the next" }
/** sq_ask() - ask, print by @print or as JSON. Return: an exit status: found by "total". */
int sq_ask(struct sq_cli *cli, const char *method, const char *dir, struct sq_ask *a,
	   int (*print)(const struct sq_cli *cli, const struct sqry_value *data));
/** sq_ask_place() - a cell: where a short symbol or a node is. */
void sq_ask_place(struct sq_rows *rows, const struct sqry_value *v);
/** sq_ask_node() - cells: where it is, its kind, its name. */
void sq_ask_node(struct sq_rows *rows, const struct sqry_value *v);
/** sq_ask_step() - one more name of a chain: "a -> b -> c". */
void sq_ask_step(struct sq_buf *line, const char *name);
