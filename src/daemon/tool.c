/* SPDX-License-Identifier: MIT */
#include "daemon/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "daemon/query_result.h"

#define CANDIDATES_MAX 20u

void *sq_tool_args(struct sq_call *c, size_t n)
{
	c->args = sq_calloc(1, n);
	if (!c->args) {
		sq_answer_internal(&c->out, c->req->id, "out of memory");
		sq_call_answered(c);
	}
	return c->args;
}

/* NULL: absent; false: answered */
static bool get_array(struct sq_call *c, const char *key, const struct sq_json **ret)
{
	const struct sq_json *v = c->req->params ? sq_json_get(c->req->params, key) : NULL;

	*ret = NULL;
	if (sq_json_type(v) == SQ_JSON_NULL)
		return true;
	if (sq_json_type(v) != SQ_JSON_ARRAY) {
		sq_call_invalid(c, "%s must be an array of strings", key);
		return false;
	}
	*ret = v;
	return true;
}

bool sq_tool_mask(struct sq_call *c, const char *key, int (*parse)(const char *), uint64_t *ret)
{
	const struct sq_json *v;

	if (!get_array(c, key, &v))
		return false;
	for (size_t i = 0; i < sq_json_len(v); i++) {
		const struct sq_json *item = sq_json_at(v, i);
		int n = sq_json_type(item) == SQ_JSON_STRING ? parse(sq_json_string(item).p) : -1;

		if (n < 0) {
			sq_call_invalid(c, "%s holds what is not known", key);
			return false;
		}
		*ret |= 1ull << n;
	}
	return true;
}

int sq_tool_strings(struct sq_call *c, const char *key, struct sq_slice *ret, size_t max)
{
	const struct sq_json *v;
	size_t n;

	if (!get_array(c, key, &v))
		return -1;
	n = v ? sq_json_len(v) : 0;
	for (size_t i = 0; i < n && i < max; i++) {
		ret[i] = sq_json_string(sq_json_at(v, i));
		if (!ret[i].n)
			n = max + 1;
	}
	if (n <= max)
		return (int)n;
	sq_call_invalid(c, "%s must be an array of at most %zu strings that are not empty", key, max);
	return -1;
}

/* ---- refusals ------------------------------------------------------------------------ */

void sq_tool_not_recorded(struct sq_call *c, const char *field, const char *what)
{
	static const struct sq_rpc_failure f = { SQ_RPC_INVALID_PARAMS, "validation_error", false, -1 };
	struct sq_buf details = SQ_BUF_NULL;
	char reason[200], message[220];
	struct sq_jw w;

	(void)snprintf(reason, sizeof(reason), "%s: %s is not recorded in this release", field, what);
	(void)snprintf(message, sizeof(message), "Invalid params: %s", reason);
	sq_jw_init(&w, &details);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "reason", sq_slice_z(reason));
	sq_jw_kstr(&w, "code", SQ_LIT("not_recorded"));
	sq_jw_kstr(&w, "field", sq_slice_z(field));
	sq_jw_end_object(&w);
	sq_buf_clear(&c->out);
	sq_rpc_error_envelope(&c->out, c->req->id, &f, sq_slice_z(message), sq_buf_slice(&details));
	sq_buf_deinit(&details);
	sq_call_answered(c);
}

void sq_tool_too_broad(struct sq_read *r, const char *shape)
{
	struct sq_query_error err = {
		.source = "runtime_budget", .limit = sq_config_u64(&r->c->d->config->query_max_rows), .n_nodes = r->v->stats.n_defs,
	};

	(void)snprintf(err.shape, sizeof(err.shape), "%s", shape);
	(void)snprintf(err.message, sizeof(err.message), "the row budget does not suffice for a tree of this size");
	sq_query_refused(r, SQ_QUERY_E_TOO_BROAD, &err, shape);
}

/* ---- the body ---------------------------------------------------------------------- */

void sq_tool_begin(struct sq_read *r, struct sq_jw *w)
{
	sq_read_begin(r, w);
	sq_jw_begin_object(w);
	sq_jw_key(w, "data");
	sq_jw_begin_object(w);
}

void sq_tool_end(struct sq_read *r, struct sq_jw *w, const struct sq_tool_end *e)
{
	char text[SQ_WS_ERROR_MAX + 100];

	sq_jw_end_object(w);
	sq_jw_ku64(w, "execution_ms", (sq_now_ns() - r->c->started_ns) / 1000000u);
	sq_jw_kbool(w, "used_graph", true);
	if (e->has_total)
		sq_jw_ku64(w, "total", e->total);
	if (e->next_page)
		sq_jw_kstr(w, "next_page_token", sq_slice_z(e->next_page));
	if (e->cut) {
		sq_jw_kbool(w, "truncated", true);
		sq_jw_kstr(w, "truncated_reason", sq_slice_z(e->cut));
	}
	if (r->meta.meta.stale) {
		(void)snprintf(text, sizeof(text), "results are %llu hours old: the last build failed: %s",
			       (unsigned long long)r->meta.verdict.age_hours, r->meta.verdict.last_error);
		sq_jw_kstr(w, "_stale_warning", sq_slice_z(text));
	}
	sq_jw_end_object(w);
	sq_read_end(r, w);
}

/* ---- symbols and files --------------------------------------------------------------- */

struct sq_slice sq_tool_below_root(const struct sq_read *r, struct sq_slice want)
{
	struct sq_slice root = r->ws->key.root;

	if (want.n > root.n && want.p[0] == '/' && sq_slice_has_prefix(want, root) && want.p[root.n] == '/')
		return sq_slice(want.p + root.n + 1, want.n - root.n - 1);
	return want;
}

bool sq_tool_is_file(const struct sq_read *r, sq_file f, struct sq_slice want)
{
	return sq_slice_eq(sq_version_bound(r->v, f)->path, sq_tool_below_root(r, want));
}

bool sq_tool_file(struct sq_read *r, struct sq_slice want, sq_file *ret)
{
	sq_file f = sq_version_file(r->v, sq_tool_below_root(r, want));

	if (f == SQ_FILE_NONE || !sq_version_slot(r->v, f).links) {
		sq_read_invalid(r, "no indexed file has this file_path");
		return false;
	}
	*ret = f;
	return true;
}

/* -32602 with up to CANDIDATES_MAX short symbols to choose from */
static void refuse_ambiguous(struct sq_read *r, struct sq_slice symbol, const struct sq_match *m, size_t n)
{
	static const struct sq_rpc_failure f = { SQ_RPC_INVALID_PARAMS, "sqry::ambiguous_symbol", false, -1 };
	struct sq_buf details = SQ_BUF_NULL, text = SQ_BUF_NULL;
	struct sq_item_writer iw;
	struct sq_jw w;

	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_jw_init(&w, &details);
	sq_jw_begin_object(&w);
	sq_jw_kstr(&w, "symbol", symbol);
	sq_jw_ku64(&w, "total", n);
	sq_jw_key(&w, "candidates");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < n && i < CANDIDATES_MAX; i++) {
		sq_short_write(&iw, &w, m[i].file, m[i].def);
		sq_jw_end_object(&w);
	}
	sq_jw_end_array(&w);
	sq_jw_end_object(&w);
	sq_items_end(&iw);
	sq_buf_printf(&text, "Invalid params: sqry::ambiguous_symbol: %zu definitions are called ", n);
	sq_buf_add_slice(&text, symbol);
	sq_buf_puts(&text, "; a qualified name or file_path tells them apart");
	sq_buf_clear(r->out);
	sq_rpc_error_envelope(r->out, r->c->req->id, &f, sq_buf_slice(&text), sq_buf_slice(&details));
	sq_buf_deinit(&text);
	sq_buf_deinit(&details);
}

bool sq_tool_one(struct sq_read *r, struct sq_slice symbol, struct sq_slice file, struct sq_match *ret)
{
	struct sq_result res;
	size_t n = 0;
	int e = sq_symbol_lookup(r->v, symbol, &res);

	if (e) {
		sq_read_errno(r, e);
		return false;
	}
	for (size_t i = 0; i < res.n_items; i++)
		if (!file.n || sq_tool_is_file(r, res.items[i].file, file))
			res.items[n++] = res.items[i];
	if (n == 1)
		*ret = res.items[0];
	else if (n)
		refuse_ambiguous(r, symbol, res.items, n);
	else
		sq_read_invalid(r, "no definition has this name");
	sq_result_deinit(&res);
	return n == 1;
}

int sq_tool_meant(const struct sq_version *v, struct sq_slice symbol, struct sq_tool_nodes *out)
{
	struct sq_result res;
	int e = sq_symbol_lookup(v, symbol, &res);

	if (e)
		return e;
	for (size_t i = 0; i < res.n_items && !e; i++)
		e = sq_vec_push(out, (struct sq_bfs_node){ res.items[i].file, res.items[i].def, 0 });
	sq_result_deinit(&res);
	return e;
}

/* ---- edges ----------------------------------------------------------------------------- */

const char *sq_tool_edge_name(uint8_t kind)
{
	if (kind == SQ_TOOL_EXPORTS)
		return "exports";
	if (kind == SQ_TOOL_RETURNS)
		return "returns";
	return kind == SQ_TOOL_INSTANTIATES ? "instantiates" : sq_bfs_kind_name(kind);
}

void sq_tool_edge_write(struct sq_item_writer *iw, struct sq_jw *w, const struct sq_bfs *walk,
			const struct sq_bfs_edge *e)
{
	const struct sq_bfs_node *from = &walk->nodes.v[e->from], *to = &walk->nodes.v[e->to];

	sq_jw_begin_object(w);
	sq_jw_key(w, "from");
	sq_node_write(iw, w, from->file, from->def);
	sq_jw_key(w, "to");
	sq_node_write(iw, w, to->file, to->def);
	sq_jw_kstr(w, "type", sq_slice_z(sq_tool_edge_name(e->kind)));
	sq_jw_ku64(w, "depth", sq_tool_edge_depth(walk, e));
	if (e->kind != SQ_TOOL_EXPORTS) {
		sq_jw_key(w, "metadata");
		sq_jw_begin_object(w);
		if (e->line)
			sq_jw_ku64(w, "line", e->line);
		sq_jw_kstr(w, "via", sq_slice_z(sq_rule_resolved_via((enum sq_rule)e->rule)));
		sq_jw_ku64(w, "confidence", e->confidence);
		sq_jw_kbool(w, "ambiguous", e->ambiguous);
		sq_jw_end_object(w);
	}
	sq_jw_end_object(w);
}

/* ---- pages ----------------------------------------------------------------------------- */

#define PAGE_SIZE 50
#define PAGE_SIZE_MAX 500

bool sq_tool_pagination(struct sq_call *c, struct sq_tool_page *p)
{
	const struct sq_json *v = c->req->params ? sq_json_get(c->req->params, "pagination") : NULL;
	const struct sq_json *cursor = v ? sq_json_get(v, "cursor") : NULL;
	const struct sq_json *size = v ? sq_json_get(v, "page_size") : NULL;

	p->size = INT64_MAX;
	if (sq_json_type(v) == SQ_JSON_NULL)
		return true;
	if (sq_json_type(v) != SQ_JSON_OBJECT ||
	    (sq_json_type(cursor) != SQ_JSON_NULL && sq_json_type(cursor) != SQ_JSON_STRING) ||
	    (sq_json_type(size) != SQ_JSON_NULL && sq_json_type(size) != SQ_JSON_INT)) {
		sq_call_invalid(c, "pagination must be {cursor: a string, page_size: an integer}");
		return false;
	}
	p->token = sq_json_string(cursor);
	p->size = sq_json_int(size, PAGE_SIZE);
	if (p->size >= 1 && p->size <= PAGE_SIZE_MAX)
		return true;
	sq_call_invalid(c, "pagination.page_size must be from 1 to %d", PAGE_SIZE_MAX);
	return false;
}

/* "GENERATION.OFFSET" */
static bool parse_token(struct sq_slice token, uint64_t *ret_generation, uint64_t *ret_offset)
{
	char text[SQ_TOOL_TOKEN_MAX], *end;

	if (token.n >= sizeof(text) || token.p[0] < '0' || token.p[0] > '9')
		return false;
	memcpy(text, token.p, token.n);
	text[token.n] = '\0';
	*ret_generation = strtoull(text, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return false;
	*ret_offset = strtoull(end + 1, &end, 10);
	return end == text + token.n;
}

bool sq_tool_page_of(struct sq_read *r, struct sq_tool_page *p, size_t n)
{
	uint64_t generation = r->v->generation, from = 0;

	if (p->token.n && !parse_token(p->token, &generation, &from)) {
		sq_read_invalid(r, "page_token is not one of an earlier answer");
		return false;
	}
	if (generation != r->v->generation) {
		sq_read_invalid(r, "page_token is of an older version of the graph: begin with the first page");
		return false;
	}
	p->from = SQ_MIN(from, n);
	p->to = n - p->from > (uint64_t)p->size ? p->from + (size_t)p->size : n;
	p->next[0] = '\0';
	if (p->to < n)
		(void)snprintf(p->next, sizeof(p->next), "%llu.%zu", (unsigned long long)generation, p->to);
	return true;
}
