/* SPDX-License-Identifier: MIT */
/* relation_query, dependency_impact, trace_path: who is related to a symbol, and how. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/query_result.h"
#include "daemon/source.h"
#include "daemon/tool.h"
#include "graph/each.h"
#include "graph/trace.h"

enum relation { CALLERS, CALLEES, IMPORTS, EXPORTS, RETURNS, INSTANTIATIONS, WRAPS, CHANNEL_PEERS, N_RELATIONS };
static const char *const relation_names[N_RELATIONS] = {
	"callers", "callees", "imports", "exports", "returns", "instantiations", "wraps", "channel_peers",
};

struct relation_args {
	struct sq_slice symbol, to, file;
	enum relation relation;
	int64_t max_depth, limit, max_paths;
	bool files, indirect, same_language;
	uint8_t min_confidence;
	struct sq_tool_page page;
};

static const char *cut_of(enum sq_bfs_cut cut, bool is_limited)
{
	return cut == SQ_BFS_CUT_ROWS ? "row_budget" : is_limited ? "max_results" : NULL;
}

/* ---- relation_query ------------------------------------------------------------------ */

/* nearest first; then by the farther end */
static int cmp_relations(const void *pa, const void *pb, void *arg)
{
	const struct sq_bfs *w = arg;
	const struct sq_bfs_edge *a = pa, *b = pb;
	uint32_t x = sq_tool_edge_depth(w, a), y = sq_tool_edge_depth(w, b);

	if (x != y)
		return x < y ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static void write_relations(struct sq_read *r, struct sq_bfs *walk, bool found)
{
	struct relation_args *a = r->c->args;
	size_t n = walk->edges.n, kept = SQ_MIN(n, (size_t)a->limit);
	struct sq_tool_end end = { .has_total = true, .total = n, .cut = cut_of(walk->cut, kept < n) };
	struct sq_item_writer iw;
	struct sq_jw w;

	if (!sq_tool_page_of(r, &a->page, kept))
		return;
	if (n)
		qsort_r(walk->edges.v, n, sizeof(*walk->edges.v), cmp_relations, walk);
	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_tool_begin(r, &w);
	sq_jw_kstr(&w, "relationType", sq_slice_z(relation_names[a->relation]));
	if (!found)
		sq_jw_kbool(&w, "symbolFound", false);
	sq_jw_key(&w, "relations");
	sq_jw_begin_array(&w);
	for (size_t i = a->page.from; i < a->page.to; i++)
		sq_tool_edge_write(&iw, &w, walk, &walk->edges.v[i]);
	sq_jw_end_array(&w);
	sq_jw_ku64(&w, "total", n);
	if (a->page.next[0])
		end.next_page = a->page.next;
	sq_tool_end(r, &w, &end);
	sq_items_end(&iw);
}

/* files that define the symbol, in place of the definitions */
static void to_files(struct sq_tool_nodes *roots)
{
	for (size_t i = 0; i < roots->n; i++)
		roots->v[i].def = SQ_NONE;
}

/* the file of each exported definition is a node beside it */
static int walk_exports(struct sq_read *r, struct sq_bfs *walk, struct sq_tool_nodes *roots)
{
	const struct sq_bfs_ask ask = { .directions = 0 };
	size_t n = roots->n;
	int e = 0;

	for (size_t i = 0; i < n && !e; i++)
		e = sq_vec_push(roots, (struct sq_bfs_node){ roots->v[i].file, SQ_NONE, 0 });
	if (!e)
		e = sq_bfs_begin(walk, r->v, &ask, roots->v, roots->n);
	for (size_t i = 0; i < n && !e; i++) {
		const struct sq_bound *b = sq_version_bound(r->v, roots->v[i].file);
		struct sq_def d;

		if (sq_is_cancelled(&r->c->cancel))
			return -ECANCELED;
		sq_defs_get(&b->columns, roots->v[i].def, &d);
		if (sq_def_is_exported(r->v, b, &d))
			e = sq_vec_push(&walk->edges, (struct sq_bfs_edge){
				.from = sq_bfs_find(walk, roots->v[i].file, SQ_NONE),
				.to = sq_bfs_find(walk, roots->v[i].file, roots->v[i].def),
				.kind = SQ_TOOL_EXPORTS });
	}
	return e;
}

/* is it a type, or what makes an object of the type around it? */
static bool is_instantiable(const struct sq_version *v, const struct sq_bfs_node *n)
{
	const struct sq_bound *b = sq_version_bound(v, n->file);
	struct sq_def d, up;

	sq_defs_get(&b->columns, n->def, &d);
	if (d.kind != SQ_KIND_METHOD)
		return d.kind == SQ_KIND_CLASS || d.kind == SQ_KIND_STRUCT || d.kind == SQ_KIND_ENUM ||
		       d.kind == SQ_KIND_ENUM_VARIANT || d.kind == SQ_KIND_TYPE || d.kind == SQ_KIND_INTERFACE;
	if (d.parent == SQ_NONE)
		return false;
	sq_defs_get(&b->columns, d.parent, &up);
	return up.name == d.name;
}

/* a call of a type makes an object of it, in every language here */
static int walk_instantiations(struct sq_read *r, struct sq_bfs *walk, struct sq_tool_nodes *roots)
{
	const struct sq_bfs_ask ask = {
		.directions = SQ_BFS_IN, .kinds = 1u << SQ_REF_CALL, .max_rows = sq_tool_max_rows(r),
		.cancel = &r->c->cancel,
	};
	size_t n = 0;
	int e;

	for (size_t i = 0; i < roots->n; i++)
		if (is_instantiable(r->v, &roots->v[i]))
			roots->v[n++] = roots->v[i];
	roots->n = n;
	e = sq_bfs_run(walk, r->v, &ask, roots->v, n, 1);
	for (size_t i = 0; i < walk->edges.n; i++)
		walk->edges.v[i].kind = SQ_TOOL_INSTANTIATES;
	return e;
}

static int walk_relation(struct sq_read *r, struct sq_bfs *walk, struct sq_tool_nodes *roots)
{
	struct relation_args *a = r->c->args;
	struct sq_bfs_ask ask = {
		.directions = a->relation == CALLERS ? SQ_BFS_IN : SQ_BFS_OUT,
		.kinds = a->relation == IMPORTS ? SQ_BFS_IMPORTS : SQ_BFS_CALLS, .cancel = &r->c->cancel,
		.max_rows = sq_tool_max_rows(r),
	};

	if (a->relation == EXPORTS)
		return walk_exports(r, walk, roots);
	if (a->relation == INSTANTIATIONS)
		return walk_instantiations(r, walk, roots);
	if (a->relation == IMPORTS)
		to_files(roots);
	return sq_bfs_run(walk, r->v, &ask, roots->v, roots->n, (uint32_t)a->max_depth);
}

static void relate(struct sq_read *r)
{
	struct relation_args *a = r->c->args;
	struct sq_tool_nodes roots = { NULL, 0, 0 };
	struct sq_bfs walk = SQ_BFS_NULL;
	int e = sq_tool_meant(r->v, a->symbol, &roots);
	bool found = roots.n > 0;

	if (!e)
		e = walk_relation(r, &walk, &roots);
	if (e)
		sq_read_errno(r, e);
	else
		write_relations(r, &walk, found);
	sq_bfs_deinit(&walk);
	sq_vec_deinit(&roots);
}

/* ---- relation_query of what a function returns: the query "returns:NAME" ---------------- */

static void write_returning(struct sq_read *r, const struct sq_result *res, const struct sq_tool_nodes *meant)
{
	struct relation_args *a = r->c->args;
	size_t kept = SQ_MIN(res->n_items, (size_t)a->limit);
	struct sq_tool_end end = { .has_total = true, .total = res->total };
	struct sq_item_writer iw;
	struct sq_jw w;

	if (!sq_tool_page_of(r, &a->page, kept))
		return;
	if (res->truncated)
		end.cut = res->cut == SQ_CUT_LIMIT ? "max_results" : sq_cut_name(res->cut);
	if (a->page.next[0])
		end.next_page = a->page.next;
	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_tool_begin(r, &w);
	sq_jw_kstr(&w, "relationType", SQ_LIT("returns"));
	sq_jw_key(&w, "relations");
	sq_jw_begin_array(&w);
	for (size_t i = a->page.from; i < a->page.to; i++) {
		sq_jw_begin_object(&w);
		sq_jw_key(&w, "from");
		sq_node_write(&iw, &w, res->items[i].file, res->items[i].def);
		if (meant->n == 1) {
			sq_jw_key(&w, "to");
			sq_node_write(&iw, &w, meant->v[0].file, meant->v[0].def);
		}
		sq_jw_kstr(&w, "type", SQ_LIT("returns"));
		sq_jw_ku64(&w, "depth", 1);
		sq_jw_end_object(&w);
	}
	sq_jw_end_array(&w);
	sq_jw_ku64(&w, "total", res->total);
	sq_tool_end(r, &w, &end);
	sq_items_end(&iw);
}

static void run_returning(struct sq_read *r, const struct sq_query *q)
{
	struct relation_args *a = r->c->args;
	struct sq_tool_nodes meant = { NULL, 0, 0 };
	struct sq_query_error err = { .offset = 0 };
	struct sq_disk_source source;
	struct sq_query_opts o = {
		.limit = (size_t)a->limit, .cancel = &r->c->cancel, .par = sq_rebuild_parallel(r->c->d->rebuild),
		.source = &source.source, .max_rows = sq_config_u64(&r->c->d->config->query_max_rows),
	};
	struct sq_result res;
	int e;

	sq_disk_source_open(&source, r->ws->key.root.p);
	e = sq_query_run_with(q, r->v, &o, &res, &err);
	sq_disk_source_close(&source);
	if (e > 0) {
		sq_query_refused(r, e, &err, "symbol");
		return;
	}
	if (!e) {
		e = sq_tool_meant(r->v, a->symbol, &meant);
		if (!e)
			write_returning(r, &res, &meant);
		sq_result_deinit(&res);
	}
	if (e)
		sq_read_errno(r, e);
	sq_vec_deinit(&meant);
}

static void returning(struct sq_read *r)
{
	struct relation_args *a = r->c->args;
	const struct sq_query_var symbol = { SQ_LIT("symbol"), a->symbol };
	struct sq_query_error err;
	struct sq_query *q;
	int e = sq_query_parse_with(SQ_LIT("returns:$symbol"), &symbol, 1, &q, &err);

	if (e < 0) {
		sq_read_errno(r, e);
	} else if (e > 0) {
		sq_query_refused(r, e, &err, "symbol");
	} else {
		run_returning(r, q);
		sq_query_free(q);
	}
}

/* the name of a relation that our facts tell; -1: answered */
static int parse_relation(struct sq_call *c, struct sq_slice name)
{
	int i = 0;

	while (i < N_RELATIONS && !sq_slice_is(name, relation_names[i]))
		i++;
	if (i < WRAPS)
		return i;
	if (i < N_RELATIONS)
		sq_tool_not_recorded(c, "relation_type", i == WRAPS ? "what wraps what" :
				     "who sends to whom over a channel");
	else
		sq_call_invalid(c, "relation_type must be callers, callees, imports, exports, returns or "
				"instantiations");
	return -1;
}

void sq_method_relation_query(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT("."), type = SQ_SLICE_NULL;
	struct relation_args *a = sq_tool_args(c, sizeof(*a));
	int n;

	if (!a)
		return;
	a->max_depth = 1;
	a->limit = 200;
	a->page.size = 50;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "symbol", SQ_PARAM_STRING, true, 0, 0, &a->symbol },
		{ "relation_type", SQ_PARAM_STRING, true, 0, 0, &type },
		{ "max_depth", SQ_PARAM_INT, false, 1, 5, &a->max_depth },
		{ "max_results", SQ_PARAM_INT, false, 1, 5000, &a->limit },
		{ "page_token", SQ_PARAM_STRING, false, 0, 0, &a->page.token },
		{ "page_size", SQ_PARAM_INT, false, 1, 500, &a->page.size },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false))
		return;
	if (!a->symbol.n) {
		sq_call_violates(c, &(struct sq_violation){ .constraint = "non_empty", .field = "symbol" },
				 "symbol must not be empty");
		return;
	}
	n = parse_relation(c, type);
	if (n < 0)
		return;
	a->relation = (enum relation)n;
	sq_read_run(c, path, false, a->relation == RETURNS ? returning : relate);
}

/* ---- dependency_impact ------------------------------------------------------------------ */

static void write_impacted(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w, const struct sq_bfs *walk,
			   size_t n_roots)
{
	struct relation_args *a = r->c->args;

	sq_jw_key(w, "impactedSymbols");
	sq_jw_begin_array(w);
	for (size_t i = a->page.from; i < a->page.to; i++) {
		const struct sq_bfs_node *n = &walk->nodes.v[n_roots + i];

		sq_jw_begin_object(w);
		sq_jw_key(w, "symbol");
		sq_node_write(iw, w, n->file, n->def);
		sq_jw_ku64(w, "depth", n->depth);
		sq_jw_kstr(w, "impactType", n->depth == 1 ? SQ_LIT("direct") : SQ_LIT("indirect"));
		sq_jw_end_object(w);
	}
	sq_jw_end_array(w);
}

static int cmp_files(const void *pa, const void *pb, void *arg)
{
	const struct sq_version *v = arg;

	return sq_slice_cmp(sq_version_bound(v, *(const sq_file *)pa)->path,
			    sq_version_bound(v, *(const sq_file *)pb)->path);
}

/* the files of what is impacted, those past the page too; in order, each once */
static int write_files(struct sq_read *r, struct sq_jw *w, const struct sq_bfs *walk, size_t from, size_t n)
{
	sq_file *files = sq_malloc((n + 1) * sizeof(*files));

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		files[i] = walk->nodes.v[from + i].file;
	qsort_r(files, n, sizeof(*files), cmp_files, (void *)r->v);
	sq_jw_key(w, "affectedFiles");
	sq_jw_begin_array(w);
	for (size_t i = 0; i < n; i++)
		if (!i || files[i] != files[i - 1])
			sq_jw_string(w, sq_version_bound(r->v, files[i])->path);
	sq_jw_end_array(w);
	sq_free(files);
	return 0;
}

static void write_impact(struct sq_read *r, const struct sq_bfs *walk)
{
	struct relation_args *a = r->c->args;
	size_t n_roots = 1, n = walk->nodes.n - n_roots, kept = SQ_MIN(n, (size_t)a->limit);
	struct sq_tool_end end = { .has_total = true, .total = n, .cut = cut_of(walk->cut, kept < n) };
	struct sq_item_writer iw;
	struct sq_jw w;
	int e = 0;

	if (!sq_tool_page_of(r, &a->page, kept))
		return;
	if (a->page.next[0])
		end.next_page = a->page.next;
	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_tool_begin(r, &w);
	sq_jw_kstr(&w, "targetSymbol", a->symbol);
	write_impacted(r, &iw, &w, walk, n_roots);
	if (a->files)
		e = write_files(r, &w, walk, n_roots, kept);
	sq_jw_ku64(&w, "total", n);
	sq_tool_end(r, &w, &end);
	sq_items_end(&iw);
	if (e)
		sq_read_errno(r, e);
}

static void impact(struct sq_read *r)
{
	struct relation_args *a = r->c->args;
	const struct sq_bfs_ask ask = {
		.directions = SQ_BFS_IN, .kinds = SQ_BFS_ALL, .max_rows = sq_tool_max_rows(r), .cancel = &r->c->cancel,
	};
	struct sq_bfs walk = SQ_BFS_NULL;
	struct sq_match m;
	int e;

	if (!sq_tool_one(r, a->symbol, a->file, &m))
		return;
	e = sq_bfs_run(&walk, r->v, &ask, &(struct sq_bfs_node){ m.file, m.def, 0 }, 1,
			a->indirect ? (uint32_t)a->max_depth : 1);
	if (e)
		sq_read_errno(r, e);
	else
		write_impact(r, &walk);
	sq_bfs_deinit(&walk);
}

void sq_method_dependency_impact(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT(".");
	struct relation_args *a = sq_tool_args(c, sizeof(*a));

	if (!a)
		return;
	a->max_depth = 3;
	a->limit = 500;
	a->page.size = 100;
	a->files = a->indirect = true;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "symbol", SQ_PARAM_STRING, true, 0, 0, &a->symbol },
		{ "file_path", SQ_PARAM_STRING, false, 0, 0, &a->file },
		{ "max_depth", SQ_PARAM_INT, false, 1, 10, &a->max_depth },
		{ "include_files", SQ_PARAM_BOOL, false, 0, 0, &a->files },
		{ "include_indirect", SQ_PARAM_BOOL, false, 0, 0, &a->indirect },
		{ "max_results", SQ_PARAM_INT, false, 1, 5000, &a->limit },
		{ "page_token", SQ_PARAM_STRING, false, 0, 0, &a->page.token },
		{ "page_size", SQ_PARAM_INT, false, 1, 500, &a->page.size },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false))
		return;
	if (a->symbol.n)
		sq_read_run(c, path, false, impact);
	else
		sq_call_violates(c, &(struct sq_violation){ .constraint = "non_empty", .field = "symbol" },
				 "symbol must not be empty");
}

/* ---- trace_path ------------------------------------------------------------------------- */

static void write_path(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w, const struct sq_traces *t,
		       const struct sq_trace_path *p)
{
	uint8_t lang = sq_version_bound(r->v, t->steps.v[p->first].file)->lang;
	bool crosses = false;
	double score = 1;

	sq_jw_begin_object(w);
	sq_jw_key(w, "steps");
	sq_jw_begin_array(w);
	for (uint32_t i = 0; i < p->n; i++) {
		const struct sq_trace_step *s = &t->steps.v[p->first + i];

		sq_jw_begin_object(w);
		sq_jw_key(w, "symbol");
		sq_node_write(iw, w, s->file, s->def);
		sq_jw_kstr(w, "edgeType", i ? sq_slice_z(sq_bfs_kind_name(s->kind)) : SQ_LIT("start"));
		if (i) {
			sq_jw_key(w, "confidence");
			sq_jw_real(w, s->confidence / 100.0);
			score *= s->confidence / 100.0;
		}
		sq_jw_end_object(w);
		crosses |= sq_version_bound(r->v, s->file)->lang != lang;
	}
	sq_jw_end_array(w);
	sq_jw_ku64(w, "length", p->n - 1);
	sq_jw_key(w, "score");
	sq_jw_real(w, score);
	sq_jw_kbool(w, "crossLanguage", crosses);
	sq_jw_end_object(w);
}

static void write_traces(struct sq_read *r, const struct sq_traces *t, bool found)
{
	struct relation_args *a = r->c->args;
	/* when there are more, how many is not known */
	const struct sq_tool_end end = {
		.has_total = true, .total = t->paths.n,
		.cut = t->is_cut ? "row_budget" : t->has_more ? "max_paths" : NULL,
	};
	struct sq_item_writer iw;
	struct sq_jw w;

	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_tool_begin(r, &w);
	if (!found)
		sq_jw_kbool(&w, "symbolFound", false);
	sq_jw_key(&w, "paths");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < t->paths.n; i++)
		write_path(r, &iw, &w, t, &t->paths.v[i]);
	sq_jw_end_array(&w);
	sq_jw_kstr(&w, "fromSymbol", a->symbol);
	sq_jw_kstr(&w, "toSymbol", a->to);
	sq_tool_end(r, &w, &end);
	sq_items_end(&iw);
}

static void trace(struct sq_read *r)
{
	struct relation_args *a = r->c->args;
	const struct sq_trace_ask ask = {
		.max_hops = (uint32_t)a->max_depth, .max_paths = (uint32_t)a->max_paths,
		.same_language = a->same_language, .min_confidence = a->min_confidence,
		.max_rows = sq_tool_max_rows(r), .cancel = &r->c->cancel,
	};
	struct sq_tool_nodes from = { NULL, 0, 0 }, to = { NULL, 0, 0 };
	struct sq_traces t = SQ_TRACES_NULL;
	int e = sq_tool_meant(r->v, a->symbol, &from);

	if (!e)
		e = sq_tool_meant(r->v, a->to, &to);
	if (!e && from.n && to.n)
		e = sq_trace_find(r->v, &ask, from.v, from.n, to.v, to.n, &t);
	if (e)
		sq_read_errno(r, e);
	else
		write_traces(r, &t, from.n && to.n);
	sq_traces_deinit(&t);
	sq_vec_deinit(&from);
	sq_vec_deinit(&to);
}

/* min_confidence, from 0 to 1; false: answered */
static bool read_confidence(struct sq_call *c)
{
	struct relation_args *a = c->args;
	const struct sq_json *v = c->req->params ? sq_json_get(c->req->params, "min_confidence") : NULL;
	double x = sq_json_real(v, 0.5);

	if (sq_json_type(v) != SQ_JSON_NULL && sq_json_type(v) != SQ_JSON_REAL && sq_json_type(v) != SQ_JSON_INT)
		x = -1;
	if (!(x >= 0 && x <= 1)) {
		sq_call_invalid(c, "min_confidence must be a number from 0 to 1");
		return false;
	}
	a->min_confidence = (uint8_t)(x * 100 + 0.5);
	return true;
}

void sq_method_trace_path(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT(".");
	struct relation_args *a = sq_tool_args(c, sizeof(*a));
	bool cross = true;

	if (!a)
		return;
	a->max_depth = a->max_paths = 5;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "from_symbol", SQ_PARAM_STRING, true, 0, 0, &a->symbol },
		{ "to_symbol", SQ_PARAM_STRING, true, 0, 0, &a->to },
		{ "max_hops", SQ_PARAM_INT, false, 1, 10, &a->max_depth },
		{ "max_paths", SQ_PARAM_INT, false, 1, 20, &a->max_paths },
		{ "cross_language", SQ_PARAM_BOOL, false, 0, 0, &cross },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false) || !read_confidence(c))
		return;
	a->same_language = !cross;
	if (a->symbol.n && a->to.n)
		sq_read_run(c, path, false, trace);
	else
		sq_call_violates(c, &(struct sq_violation){ .constraint = "non_empty", .field = "from_symbol",
				 .other = "to_symbol" }, "from_symbol and to_symbol must not be empty");
}
