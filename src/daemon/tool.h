/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tool — what the tool methods of protocol 2.4 share: their arguments, symbols
 * and files as clients write them, the body around "data", and pages.
 *
 * A page token says which version its list was made from; the list is made
 * again for each page, so a token of another version is refused.
 * Threads: sq_tool_args() and the readers of parameters on the loop; the rest
 *          within the callback of sq_read_run().
 */
#include "daemon/items.h"
#include "daemon/read.h"
#include "graph/bfs.h"
#include "query/query.h"

/** sq_tool_args() - zeroed arguments in c->args. NULL: answered. */
void *sq_tool_args(struct sq_call *c, size_t n);
/** sq_tool_mask() - an array of wire names to a mask of what @parse makes of them. false: answered. */
bool sq_tool_mask(struct sq_call *c, const char *key, int (*parse)(const char *), uint64_t *ret) sq_must_check;
/** sq_tool_strings() - an array of strings, borrowed from the message. Return: how many (absent: 0);
 *  -1: answered, it is something else or longer than @max. */
int sq_tool_strings(struct sq_call *c, const char *key, struct sq_slice *ret, size_t max) sq_must_check;

/** sq_tool_not_recorded() - -32602, code "not_recorded": @field asks for @what, which no fact of ours says. */
void sq_tool_not_recorded(struct sq_call *c, const char *field, const char *what);
/** sq_tool_too_broad() - -32602 query_too_broad: the row budget does not suffice, and no part of the answer
 *  would be right. @shape: what asked. */
void sq_tool_too_broad(struct sq_read *r, const char *shape);
/** sq_tool_begin() - the response up to the open "data" object. */
void sq_tool_begin(struct sq_read *r, struct sq_jw *w);
struct sq_tool_end {
	bool has_total;
	uint64_t total;
	const char *cut;                /* why the answer is not the whole one, or NULL */
	const char *next_page;          /* or NULL */
};
/** sq_tool_end() - close "data" and write what stands beside it. */
void sq_tool_end(struct sq_read *r, struct sq_jw *w, const struct sq_tool_end *e);

/** sq_tool_below_root() - a path without the root in front. */
struct sq_slice sq_tool_below_root(const struct sq_read *r, struct sq_slice want);
/** sq_tool_is_file() - is @f what @want says: a path below the root, or an absolute one? */
bool sq_tool_is_file(const struct sq_read *r, sq_file f, struct sq_slice want);
/** sq_tool_file() - the file of a path as above. false: answered. */
bool sq_tool_file(struct sq_read *r, struct sq_slice want, sq_file *ret) sq_must_check;
/** sq_tool_one() - the one definition that @symbol means, in @file unless that is empty.
 *  false: answered; several are refused with up to 20 of them to choose from. */
bool sq_tool_one(struct sq_read *r, struct sq_slice symbol, struct sq_slice file, struct sq_match *ret) sq_must_check;

/** sq_tool_max_rows() - the row budget of a walk. */
static inline uint64_t sq_tool_max_rows(const struct sq_read *r)
{
	return SQ_MIN((uint64_t)SQ_BFS_MAX_ROWS, sq_config_u64(&r->c->d->config->query_max_rows));
}

struct sq_tool_nodes { struct sq_bfs_node *v; size_t n, cap; };        /* an SQ_VEC with a tag */
/** sq_tool_meant() - add every definition that @symbol means. 0 or -ENOMEM. */
int sq_tool_meant(const struct sq_version *v, struct sq_slice symbol, struct sq_tool_nodes *out) sq_must_check;

/* edges of a walk; what a file exports; what makes an object of a type; what a function returns */
#define SQ_TOOL_EXPORTS SQ_REF_MAX
#define SQ_TOOL_INSTANTIATES (SQ_REF_MAX + 1)
#define SQ_TOOL_RETURNS (SQ_REF_MAX + 2)
/** sq_tool_edge_name() - wire name of an edge. */
const char *sq_tool_edge_name(uint8_t kind);
/** sq_tool_edge_write() - {from, to, type, depth, metadata}. */
void sq_tool_edge_write(struct sq_item_writer *iw, struct sq_jw *w, const struct sq_bfs *walk,
			const struct sq_bfs_edge *e);
/** sq_tool_edge_depth() - how far from the roots: 1 for those next to one. */
static inline uint32_t sq_tool_edge_depth(const struct sq_bfs *w, const struct sq_bfs_edge *e)
{
	uint32_t a = w->nodes.v[e->from].depth, b = w->nodes.v[e->to].depth;

	return SQ_MIN(a, b) + 1;
}

/* one page of a list */
#define SQ_TOOL_TOKEN_MAX 48
struct sq_tool_page {
	int64_t size;
	struct sq_slice token;          /* of the client; empty: the first page */
	size_t from, to;                /* of sq_tool_page_of() */
	char next[SQ_TOOL_TOKEN_MAX];   /* "": the last page */
};
/** sq_tool_pagination() - "pagination": {cursor, page_size 1 to 500 (50)}; the cursor is a page token.
 *  Absent: one page of all. false: answered. */
bool sq_tool_pagination(struct sq_call *c, struct sq_tool_page *p) sq_must_check;
/** sq_tool_page_of() - which part of a list of @n the page is. false: answered, the token is wrong. */
bool sq_tool_page_of(struct sq_read *r, struct sq_tool_page *p, size_t n) sq_must_check;
