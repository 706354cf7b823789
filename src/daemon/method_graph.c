/* SPDX-License-Identifier: MIT */
/* subgraph, show_dependencies, export_graph: what lies around symbols or a file. */
#include <string.h>

#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/picture.h"
#include "daemon/returns.h"
#include "daemon/tool.h"

#define SYMBOLS_MAX 100u
#define DEPTH_MAX 5

struct graph_args {
	struct sq_slice symbols[SYMBOLS_MAX + 1], file;
	size_t n_symbols;
	unsigned directions, kinds;     /* as of struct sq_bfs_ask */
	bool with_files;                /* the files of the roots are roots too */
	bool with_exports, with_returns, same_language, is_verbose;
	uint64_t langs;
	int64_t max_depth, max_nodes;
	const char *cut;                /* name of the limit max_nodes */
	enum sq_picture picture;
	struct sq_tool_page page;
};

/* ---- roots ------------------------------------------------------------------------- */

/* a file stands for itself and for what it defines at its top */
static int add_file(struct sq_read *r, sq_file f, struct sq_tool_nodes *roots)
{
	const struct sq_bound *b = sq_version_bound(r->v, f);
	struct sq_def_cursor it;
	struct sq_def d;
	int e = sq_vec_push(roots, (struct sq_bfs_node){ f, SQ_NONE, 0 });

	sq_defs_begin(&b->columns, &it);
	for (uint32_t i = 0; !e && sq_defs_next(&it, &d); i++)
		if (d.parent == SQ_NONE)
			e = sq_vec_push(roots, (struct sq_bfs_node){ f, i, 0 });
	return e;
}

/* false: answered */
static bool collect(struct sq_read *r, struct sq_tool_nodes *roots)
{
	struct graph_args *a = r->c->args;
	sq_file f;
	int e = 0;

	if (a->file.n) {
		if (!sq_tool_file(r, a->file, &f))
			return false;
		e = add_file(r, f, roots);
	}
	for (size_t i = 0; i < a->n_symbols && !e; i++)
		e = sq_tool_meant(r->v, a->symbols[i], roots);
	for (size_t i = 0, n = roots->n; a->with_files && i < n && !e; i++)
		e = sq_vec_push(roots, (struct sq_bfs_node){ roots->v[i].file, SQ_NONE, 0 });
	if (e)
		sq_read_errno(r, e);
	return !e;
}

/* ---- exports: beside the walk, from files that are in it to what they define ----------- */

static int add_exports(struct sq_read *r, struct sq_bfs *w)
{
	int e = 0;

	for (uint32_t i = 0; i < w->nodes.n && !e; i++) {
		const struct sq_bfs_node *n = &w->nodes.v[i];
		const struct sq_bound *b = sq_version_bound(r->v, n->file);
		uint32_t file = n->def == SQ_NONE ? SQ_NONE : sq_bfs_find(w, n->file, SQ_NONE);
		struct sq_def d;

		if (file == SQ_NONE)
			continue;
		sq_defs_get(&b->columns, n->def, &d);
		if (sq_def_is_exported(r->v, b, &d))
			e = sq_vec_push(&w->edges, (struct sq_bfs_edge){
				.from = file, .to = i, .line = d.start_line, .kind = SQ_TOOL_EXPORTS, .confidence = 100 });
	}
	sq_bfs_seal(w);
	return e;
}

/* ---- the answer ------------------------------------------------------------------------ */

static void write_nodes(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w, const struct sq_bfs *walk)
{
	const struct sq_tool_page *p = &((struct graph_args *)r->c->args)->page;

	sq_jw_key(w, "nodes");
	sq_jw_begin_array(w);
	for (size_t i = p->from; i < p->to; i++)
		sq_node_write(iw, w, walk->nodes.v[i].file, walk->nodes.v[i].def);
	sq_jw_end_array(w);
}

/* an edge is on the page of the later of its nodes */
static void write_edges(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w, const struct sq_bfs *walk)
{
	const struct sq_tool_page *p = &((struct graph_args *)r->c->args)->page;

	sq_jw_key(w, "edges");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < walk->edges.n; i++) {
		const struct sq_bfs_edge *e = &walk->edges.v[i];
		uint32_t later = SQ_MAX(e->from, e->to);

		if (later >= p->from && later < p->to)
			sq_tool_edge_write(iw, w, walk, e);
	}
	sq_jw_end_array(w);
}

static void write_graph(struct sq_read *r, const struct sq_bfs *walk)
{
	struct graph_args *a = r->c->args;
	struct sq_tool_end end = { .has_total = true, .total = walk->nodes.n };
	struct sq_item_writer iw;
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_jw w;

	if (!sq_tool_page_of(r, &a->page, walk->nodes.n))
		return;
	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_tool_begin(r, &w);
	if (!walk->nodes.n)
		sq_jw_kbool(&w, "symbolFound", false);
	write_nodes(r, &iw, &w, walk);
	write_edges(r, &iw, &w, walk);
	if (a->picture && !a->page.from) {
		sq_picture_draw(a->picture, r->v, walk, a->is_verbose, &text);
		sq_jw_kstr(&w, "rendered", sq_buf_slice(&text));
	}
	if (walk->cut)
		end.cut = walk->cut == SQ_BFS_CUT_NODES ? a->cut : "row_budget";
	if (a->page.next[0])
		end.next_page = a->page.next;
	sq_tool_end(r, &w, &end);
	if (sq_buf_error(&text))
		sq_read_errno(r, -ENOMEM);
	sq_buf_deinit(&text);
	sq_items_end(&iw);
}

static void graph(struct sq_read *r)
{
	struct graph_args *a = r->c->args;
	const struct sq_bfs_ask ask = {
		.directions = a->directions, .kinds = a->kinds, .langs = a->langs, .same_language = a->same_language,
		.max_nodes = (uint32_t)a->max_nodes, .max_rows = sq_tool_max_rows(r), .cancel = &r->c->cancel,
	};
	struct sq_tool_nodes roots = { NULL, 0, 0 };
	struct sq_bfs walk = SQ_BFS_NULL;
	int e;

	if (collect(r, &roots)) {
		e = sq_bfs_run(&walk, r->v, &ask, roots.v, roots.n, (uint32_t)a->max_depth);
		if (!e && a->with_returns)
			e = sq_returns_add(r, &walk);
		if (!e && a->with_exports)
			e = add_exports(r, &walk);
		if (e)
			sq_read_errno(r, e);
		else
			write_graph(r, &walk);
	}
	sq_bfs_deinit(&walk);
	sq_vec_deinit(&roots);
}

/* ---- parameters ------------------------------------------------------------------------ */

/* false: answered */
static bool read_symbols(struct sq_call *c, struct sq_slice one)
{
	struct graph_args *a = c->args;
	int n = sq_tool_strings(c, "symbols", a->symbols, SYMBOLS_MAX);

	if (n < 0)
		return false;
	a->n_symbols = (size_t)n;
	if (one.n)
		a->symbols[a->n_symbols++] = one;
	return true;
}

void sq_method_subgraph(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT(".");
	struct graph_args *a = sq_tool_args(c, sizeof(*a));
	bool callers = true, callees = true, imports = false, cross = true;

	if (!a)
		return;
	a->max_depth = 2;
	a->max_nodes = a->page.size = 50;
	a->cut = "max_nodes";
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "max_depth", SQ_PARAM_INT, false, 1, DEPTH_MAX, &a->max_depth },
		{ "max_nodes", SQ_PARAM_INT, false, 1, 500, &a->max_nodes },
		{ "include_callers", SQ_PARAM_BOOL, false, 0, 0, &callers },
		{ "include_callees", SQ_PARAM_BOOL, false, 0, 0, &callees },
		{ "include_imports", SQ_PARAM_BOOL, false, 0, 0, &imports },
		{ "cross_language", SQ_PARAM_BOOL, false, 0, 0, &cross },
		{ "page_token", SQ_PARAM_STRING, false, 0, 0, &a->page.token },
		{ "page_size", SQ_PARAM_INT, false, 1, 200, &a->page.size },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false) || !read_symbols(c, SQ_SLICE_NULL))
		return;
	if (!a->n_symbols) {
		sq_call_violates(c, &(struct sq_violation){ .constraint = "non_empty", .field = "symbols" },
				 "symbols must not be empty");
		return;
	}
	a->directions = (callers ? SQ_BFS_IN : 0) | (callees ? SQ_BFS_OUT : 0);
	a->kinds = SQ_BFS_CALLS | (imports ? SQ_BFS_IMPORTS : 0);
	a->with_files = imports;
	a->same_language = !cross;
	sq_read_run(c, path, false, graph);
}

void sq_method_show_dependencies(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT("."), symbol = SQ_SLICE_NULL;
	struct graph_args *a = sq_tool_args(c, sizeof(*a));

	if (!a)
		return;
	a->max_depth = 2;
	a->max_nodes = 500;
	a->page.size = 100;
	a->cut = "max_results";
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "file_path", SQ_PARAM_STRING, false, 0, 0, &a->file },
		{ "symbol_name", SQ_PARAM_STRING, false, 0, 0, &symbol },
		{ "max_depth", SQ_PARAM_INT, false, 1, DEPTH_MAX, &a->max_depth },
		{ "max_results", SQ_PARAM_INT, false, 1, 5000, &a->max_nodes },
		{ "page_token", SQ_PARAM_STRING, false, 0, 0, &a->page.token },
		{ "page_size", SQ_PARAM_INT, false, 1, 1000, &a->page.size },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false))
		return;
	if (!a->file.n == !symbol.n) {
		sq_call_violates(c, &(struct sq_violation){ .constraint = "xor", .field = "file_path",
				 .other = "symbol_name" }, "one of file_path and symbol_name is needed");
		return;
	}
	a->symbols[0] = symbol;
	a->n_symbols = symbol.n ? 1 : 0;
	a->directions = SQ_BFS_OUT;
	a->kinds = SQ_BFS_ALL | SQ_BFS_IMPORTS;
	sq_read_run(c, path, false, graph);
}

/* a word of "include" */
enum { INCLUDE_CALLS, INCLUDE_IMPORTS, INCLUDE_EXPORTS, INCLUDE_RETURNS };

static int parse_include(const char *name)
{
	static const char *const words[] = { "calls", "imports", "exports", "returns" };

	for (int i = 0; i < (int)SQ_ARRAY_SIZE(words); i++)
		if (!strcmp(name, words[i]))
			return i;
	return -1;
}

static bool read_export(struct sq_call *c, struct sq_slice format, struct sq_slice symbol)
{
	struct graph_args *a = c->args;
	int picture = sq_picture_parse(format);
	uint64_t include = 0;

	if (!read_symbols(c, symbol) || !sq_tool_mask(c, "languages", sq_lang_parse, &a->langs) ||
	    !sq_tool_mask(c, "include", parse_include, &include))
		return false;
	if (picture < 0) {
		sq_call_invalid(c, "format must be json, dot, d2 or mermaid");
		return false;
	}
	if (!a->file.n && !a->n_symbols) {
		sq_call_invalid(c, "one of file_path, symbol_name and symbols is needed");
		return false;
	}
	if (!include)
		include = 1u << INCLUDE_CALLS;
	a->picture = (enum sq_picture)picture;
	a->directions = SQ_BFS_IN | SQ_BFS_OUT;
	a->kinds = (include >> INCLUDE_CALLS & 1 ? SQ_BFS_CALLS : 0) |
		   (include >> INCLUDE_IMPORTS & 1 ? SQ_BFS_IMPORTS : 0);
	a->with_exports = include >> INCLUDE_EXPORTS & 1;
	a->with_returns = include >> INCLUDE_RETURNS & 1;
	a->with_files = include & (1u << INCLUDE_IMPORTS | 1u << INCLUDE_EXPORTS);
	return true;
}

void sq_method_export_graph(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT("."), symbol = SQ_SLICE_NULL, format = SQ_LIT("json");
	struct graph_args *a = sq_tool_args(c, sizeof(*a));

	if (!a)
		return;
	a->max_depth = 2;
	a->max_nodes = 1000;
	a->page.size = 200;
	a->cut = "max_results";
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "file_path", SQ_PARAM_STRING, false, 0, 0, &a->file },
		{ "symbol_name", SQ_PARAM_STRING, false, 0, 0, &symbol },
		{ "format", SQ_PARAM_STRING, false, 0, 0, &format },
		{ "verbose", SQ_PARAM_BOOL, false, 0, 0, &a->is_verbose },
		{ "max_depth", SQ_PARAM_INT, false, 1, DEPTH_MAX, &a->max_depth },
		{ "max_results", SQ_PARAM_INT, false, 1, 5000, &a->max_nodes },
		{ "page_token", SQ_PARAM_STRING, false, 0, 0, &a->page.token },
		{ "page_size", SQ_PARAM_INT, false, 1, 1000, &a->page.size },
	};
	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), false) && read_export(c, format, symbol))
		sq_read_run(c, path, false, graph);
}
