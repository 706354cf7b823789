/* SPDX-License-Identifier: MIT */
/* Analyses of a whole version: each is a job that ends when its call does. */
#include "daemon/items.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/tool.h"
#include "graph/scc.h"
#include "graph/unused.h"
#include "query/picks.h"

#define UNUSED_MAX 1000
#define CYCLES_MAX 500
#define CYCLE_NODES_MAX 200u   /* listed of one component */
#define DEPTH_MAX 1000000

struct analysis_args {
	struct sq_slice symbol, file;
	int64_t limit, min_depth, max_depth;
	bool self_loops;
	enum sq_unused_scope scope;
	enum sq_cycle_type type;
	uint64_t langs, kinds;         /* masks; 0: any */
	struct sq_tool_page page;
};

/* would it look at more rows than a query may? Half an analysis is none: what it says of one definition
 * depends on every reference */
static bool is_over_budget(const struct sq_read *r, enum sq_cycle_type type)
{
	const struct sq_version_stats *s = &r->v->stats;
	bool of_files = type == SQ_CYCLE_IMPORTS || type == SQ_CYCLE_MODULES;

	return (of_files ? s->n_files + s->n_imports : s->n_defs + s->n_refs) > sq_config_u64(&r->c->d->config->query_max_rows);
}

/* a list of @total, of which @kept may be shown */
static struct sq_tool_end end_of(const struct sq_tool_page *page, uint64_t total, size_t kept, bool is_cut)
{
	return (struct sq_tool_end){
		.has_total = true, .total = total, .next_page = page->next[0] ? page->next : NULL,
		.cut = is_cut ? "row_budget" : total > kept ? "max_results" : NULL,
	};
}

/* ---- find_unused ----------------------------------------------------------------- */

static bool is_wanted(const struct sq_read *r, const struct analysis_args *a, sq_file f, const struct sq_def *d)
{
	if (a->kinds && !(a->kinds >> d->kind & 1))
		return false;
	return sq_unused_in_scope(r->v, f, d, a->scope);
}

/* definition @i of file @f, which nothing uses */
static int pick_one(struct sq_read *r, struct sq_picks *picks, sq_file f, uint32_t i)
{
	struct analysis_args *a = r->c->args;
	struct sq_def d;

	/* millions are asked for: what is wanted in any case need not be decoded */
	if (a->kinds || a->scope != SQ_UNUSED_ALL) {
		sq_defs_get(&sq_version_bound(r->v, f)->columns, i, &d);
		if (!is_wanted(r, a, f, &d))
			return 0;
	}
	return sq_picks_add(picks, (struct sq_match){ f, i, 0 });
}

static void write_unused_one(struct sq_read *r, struct sq_item_writer *iw, struct sq_jw *w, const struct sq_match *m)
{
	const struct sq_bound *b = sq_version_bound(r->v, m->file);
	struct sq_def d;

	sq_defs_get(&b->columns, m->def, &d);
	sq_short_write(iw, w, m->file, m->def);
	sq_jw_kstr(w, "visibility", sq_def_is_public(b, &d) ? SQ_LIT("public") : SQ_LIT("private"));
	sq_jw_end_object(w);
}

static void write_unused(struct sq_read *r, const struct sq_result *res, bool is_cut)
{
	struct analysis_args *a = r->c->args;
	struct sq_item_writer iw;
	struct sq_tool_end end;
	struct sq_jw w;

	if (!sq_tool_page_of(r, &a->page, res->n_items))
		return;
	end = end_of(&a->page, res->total, res->n_items, is_cut);
	sq_tool_begin(r, &w);
	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_jw_kstr(&w, "scope", sq_slice_z(sq_unused_scope_name(a->scope)));
	sq_jw_key(&w, "symbols");
	sq_jw_begin_array(&w);
	for (size_t i = a->page.from; i < a->page.to; i++)
		write_unused_one(r, &iw, &w, &res->items[i]);
	sq_jw_end_array(&w);
	sq_items_end(&iw);
	sq_jw_ku64(&w, "total", res->total);
	sq_tool_end(r, &w, &end);
}

static int pick_unused(struct sq_read *r, const struct sq_defset *set, struct sq_result *ret_r)
{
	struct analysis_args *a = r->c->args;
	struct sq_picks picks;
	int e = 0;

	sq_picks_init(&picks, r->v, (size_t)a->limit, SQ_PICKS_BY_PATH);
	for (sq_file f = 0; f < r->v->n_file_ids && !e; f++) {
		const struct sq_bound *b = sq_version_bound(r->v, f);

		if (!b || (a->langs && !(a->langs >> b->lang & 1)))
			continue;
		for (uint32_t i = sq_defset_next(set, f, 0); i != SQ_NONE && !e; i = sq_defset_next(set, f, i + 1))
			e = pick_one(r, &picks, f, i);
	}
	if (!e)
		sq_picks_finish(&picks, ret_r);
	sq_picks_deinit(&picks);
	return e;
}

static void find_unused(struct sq_read *r)
{
	const struct sq_analysis how = { &r->c->cancel, sq_rebuild_parallel(r->c->d->rebuild) };
	struct sq_result res = { .items = NULL };
	struct sq_defset set;
	int e;

	if (is_over_budget(r, SQ_CYCLE_ALL)) {
		write_unused(r, &res, true);
		return;
	}
	e = sq_unused_find(r->v, &how, &set);
	if (e) {
		sq_read_errno(r, e);
		return;
	}
	e = pick_unused(r, &set, &res);
	sq_defset_deinit(&set);
	if (e) {
		sq_read_errno(r, e);
		return;
	}
	write_unused(r, &res, false);
	sq_result_deinit(&res);
}

void sq_method_find_unused(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT("."), scope = SQ_LIT("all");
	struct analysis_args *a = sq_tool_args(c, sizeof(*a));
	bool without_gated = false;
	int n;

	if (!a)
		return;
	a->limit = 100;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "scope", SQ_PARAM_STRING, false, 0, 0, &scope },
		{ "max_results", SQ_PARAM_INT, false, 1, UNUSED_MAX, &a->limit },
		{ "exclude_cfg_gated", SQ_PARAM_BOOL, false, 0, 0, &without_gated },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false) || !sq_tool_pagination(c, &a->page) ||
	    !sq_tool_mask(c, "language", sq_lang_parse, &a->langs) ||
	    !sq_tool_mask(c, "symbol_kind", sq_kind_parse, &a->kinds))
		return;
	n = sq_unused_scope_parse(scope);
	if (n < 0) {
		sq_call_invalid(c, "scope must be all, public, private, function or struct");
		return;
	}
	if (without_gated) {
		sq_tool_not_recorded(c, "exclude_cfg_gated", "which definitions stand under #if or cfg");
		return;
	}
	a->scope = (enum sq_unused_scope)n;
	sq_read_run(c, path, false, find_unused);
}

/* ---- find_cycles, is_node_in_cycle --------------------------------------------------- */

/* what a node of a cycle is called: qualified name, path, or directory */
static void node_name(const struct sq_version *v, enum sq_cycle_type type, const struct sq_cycle_node *n,
		      struct sq_buf *out)
{
	struct sq_slice path = sq_version_bound(v, n->file)->path;

	if (n->def != SQ_NONE)
		sq_version_qualified(v, n->file, n->def, out);
	else if (type != SQ_CYCLE_MODULES)
		sq_buf_add_slice(out, path);
	else
		sq_buf_add_slice(out, sq_path_dir(path).n ? sq_path_dir(path) : SQ_LIT("."));
}

static void write_node(struct sq_read *r, struct sq_jw *w, const struct sq_cycle_node *n, struct sq_buf *text)
{
	struct analysis_args *a = r->c->args;
	const struct sq_bound *b = sq_version_bound(r->v, n->file);
	struct sq_def d = { .start_line = 1 };

	sq_buf_clear(text);
	node_name(r->v, a->type, n, text);
	sq_jw_begin_object(w);
	if (n->def != SQ_NONE) {
		sq_defs_get(&b->columns, n->def, &d);
		sq_jw_kstr(w, "name", sq_version_string(r->v, b->names[d.name]));
	} else {
		sq_jw_kstr(w, "name", sq_path_base(sq_buf_slice(text)));
	}
	sq_jw_kstr(w, "qualifiedName", sq_buf_slice(text));
	sq_jw_kuri(w, "fileUri", r->ws->key.root, n->def != SQ_NONE || a->type != SQ_CYCLE_MODULES ?
		   b->path : sq_path_dir(b->path));
	sq_jw_ku64(w, "line", d.start_line);
	sq_jw_end_object(w);
}

static void write_chain(struct sq_read *r, struct sq_jw *w, const struct sq_cycle_node *n, uint32_t n_chain)
{
	struct analysis_args *a = r->c->args;
	struct sq_buf text = SQ_BUF_NULL;

	for (uint32_t i = 0; i <= n_chain; i++) {
		if (i)
			sq_buf_puts(&text, " -> ");
		node_name(r->v, a->type, &n[i % n_chain], &text);
	}
	sq_jw_kstr(w, "chain", sq_buf_slice(&text));
	sq_buf_deinit(&text);
}

static void write_cycle(struct sq_read *r, struct sq_jw *w, const struct sq_cycles *c, uint32_t i)
{
	const struct sq_cycle_node *n = c->nodes + c->v[i].first;
	uint32_t n_listed = SQ_MIN(c->v[i].n, CYCLE_NODES_MAX);
	struct sq_buf text = SQ_BUF_NULL;

	sq_jw_begin_object(w);
	sq_jw_ku64(w, "depth", c->v[i].n);
	sq_jw_key(w, "nodes");
	sq_jw_begin_array(w);
	for (uint32_t k = 0; k < n_listed; k++)
		write_node(r, w, &n[k], &text);
	sq_jw_end_array(w);
	if (n_listed < c->v[i].n)
		sq_jw_kbool(w, "nodesTruncated", true);
	write_chain(r, w, n, c->v[i].n_chain);
	sq_jw_end_object(w);
	sq_buf_deinit(&text);
}

static struct sq_cycles_ask ask_of(const struct analysis_args *a)
{
	return (struct sq_cycles_ask){
		.type = a->type, .min_size = (uint32_t)a->min_depth, .max_size = (uint32_t)a->max_depth,
		.self_loops = a->self_loops || a->min_depth == 1,
	};
}

static void write_cycles(struct sq_read *r, const struct sq_cycles *c, bool is_cut)
{
	struct analysis_args *a = r->c->args;
	size_t kept = SQ_MIN((size_t)c->n, (size_t)a->limit);
	struct sq_tool_end end;
	struct sq_jw w;

	if (!sq_tool_page_of(r, &a->page, kept))
		return;
	end = end_of(&a->page, c->n, kept, is_cut);
	sq_tool_begin(r, &w);
	sq_jw_kstr(&w, "cycleType", sq_slice_z(sq_cycle_type_name(a->type)));
	sq_jw_key(&w, "cycles");
	sq_jw_begin_array(&w);
	for (size_t i = a->page.from; i < a->page.to; i++)
		write_cycle(r, &w, c, (uint32_t)i);
	sq_jw_end_array(&w);
	sq_jw_ku64(&w, "total", c->n);
	sq_tool_end(r, &w, &end);
}

static void find_cycles(struct sq_read *r)
{
	struct analysis_args *a = r->c->args;
	const struct sq_analysis how = { &r->c->cancel, sq_rebuild_parallel(r->c->d->rebuild) };
	const struct sq_cycles_ask ask = ask_of(a);
	struct sq_cycles c = SQ_CYCLES_NULL;
	bool is_cut = is_over_budget(r, a->type);
	int e = is_cut ? 0 : sq_cycles_find(r->v, &how, &ask, &c);

	if (e) {
		sq_read_errno(r, e);
		return;
	}
	write_cycles(r, &c, is_cut);
	sq_cycles_deinit(&c);
}

static void write_in_cycle(struct sq_read *r, const struct sq_cycles *c)
{
	struct analysis_args *a = r->c->args;
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_jw w;

	sq_tool_begin(r, &w);
	sq_jw_kstr(&w, "symbol", a->symbol);
	sq_jw_kbool(&w, "inCycle", c->n > 0);
	sq_jw_kstr(&w, "cycleType", sq_slice_z(sq_cycle_type_name(a->type)));
	if (c->n) {
		sq_jw_key(&w, "cycle");
		sq_jw_begin_array(&w);
		for (uint32_t i = 0; i < c->v[0].n_chain; i++) {
			sq_buf_clear(&text);
			node_name(r->v, a->type, &c->nodes[i], &text);
			sq_jw_string(&w, sq_buf_slice(&text));
		}
		sq_jw_end_array(&w);
	}
	sq_buf_deinit(&text);
	sq_tool_end(r, &w, &(struct sq_tool_end){ .has_total = true, .total = c->n });
}

static void is_in_cycle(struct sq_read *r)
{
	struct analysis_args *a = r->c->args;
	const struct sq_analysis how = { &r->c->cancel, sq_rebuild_parallel(r->c->d->rebuild) };
	const struct sq_cycles_ask ask = ask_of(a);
	struct sq_cycle_node node;
	struct sq_cycles c;
	struct sq_match m;
	int e;

	if (!sq_tool_one(r, a->symbol, a->file, &m))
		return;
	if (is_over_budget(r, a->type)) {
		sq_tool_too_broad(r, "cycle_type");
		return;
	}
	node = (struct sq_cycle_node){ m.file, m.def };
	e = sq_cycles_through(r->v, &how, &ask, node, &c);
	if (e) {
		sq_read_errno(r, e);
		return;
	}
	write_in_cycle(r, &c);
	sq_cycles_deinit(&c);
}

static void run_cycles(struct sq_call *c, bool of_node)
{
	struct sq_slice path = SQ_LIT("."), type = SQ_LIT("calls");
	struct analysis_args *a = sq_tool_args(c, sizeof(*a));
	int n;

	if (!a)
		return;
	a->limit = 100;
	a->min_depth = 2;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "cycle_type", SQ_PARAM_STRING, false, 0, 0, &type },
		{ "min_depth", SQ_PARAM_INT, false, 1, of_node ? 100 : DEPTH_MAX, &a->min_depth },
		{ "max_depth", SQ_PARAM_INT, false, 1, DEPTH_MAX, &a->max_depth },
		{ "include_self_loops", SQ_PARAM_BOOL, false, 0, 0, &a->self_loops },
		{ "max_results", SQ_PARAM_INT, false, 1, CYCLES_MAX, &a->limit },
		{ "symbol", of_node ? SQ_PARAM_STRING : SQ_PARAM_IGNORED, of_node, 0, 0, &a->symbol },
		{ "file_path", of_node ? SQ_PARAM_STRING : SQ_PARAM_IGNORED, false, 0, 0, &a->file },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false) || !sq_tool_pagination(c, &a->page))
		return;
	n = sq_cycle_type_parse(type);
	if (n < 0 || n == SQ_CYCLE_ALL) {
		sq_call_invalid(c, "cycle_type must be calls, imports or modules");
	} else if (a->max_depth && a->max_depth < a->min_depth) {
		sq_call_violates(c, &(struct sq_violation){ .constraint = "ordering", .field = "min_depth",
				 .other = "max_depth" }, "max_depth must not be below min_depth");
	} else if (of_node && !a->symbol.n) {
		sq_call_violates(c, &(struct sq_violation){ .constraint = "non_empty", .field = "symbol" },
				 "symbol must not be empty");
	} else {
		a->type = (enum sq_cycle_type)n;
		sq_read_run(c, path, false, of_node ? is_in_cycle : find_cycles);
	}
}

void sq_method_find_cycles(struct sq_call *c)
{
	run_cycles(c, false);
}

void sq_method_is_node_in_cycle(struct sq_call *c)
{
	run_cycles(c, true);
}
