/* SPDX-License-Identifier: MIT */
/* direct_callers, direct_callees: who calls a symbol, and whom it calls, without those further away. */
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/tool.h"

#define LIMIT 100
#define LIMIT_MAX 500

struct direct_args {
	struct sq_slice symbol;
	int64_t limit;
	bool is_callers;
	struct sq_tool_page page;
};

static void write_neighbour(struct sq_item_writer *iw, struct sq_jw *w, const struct sq_neighbour *n)
{
	if (n->file == SQ_FILE_NONE) {   /* a callee that nothing resolved */
		sq_jw_begin_object(w);
		sq_jw_kstr(w, "name", sq_version_string(iw->v, n->name));
		sq_jw_kstr(w, "qualifiedName", sq_version_string(iw->v, n->name));
		sq_jw_kstr(w, "kind", SQ_LIT("unresolved"));
		sq_jw_kstr(w, "fileUri", SQ_LIT(""));
		sq_jw_ku64(w, "line", n->first_line);
		sq_jw_kstr(w, "language", SQ_LIT(""));
	} else {
		sq_short_write(iw, w, n->file, n->def);
	}
	sq_jw_ku64(w, "sites", n->n_sites);
	sq_jw_kstr(w, "via", sq_slice_z(sq_rule_resolved_via((enum sq_rule)n->rule)));
	sq_jw_ku64(w, "confidence", sq_rule_confidence((enum sq_rule)n->rule));
	sq_jw_kbool(w, "ambiguous", n->ambiguous);
	sq_jw_end_object(w);
}

static void write_data(struct sq_read *r, struct sq_jw *w, const struct sq_neighbours *n, bool found)
{
	struct direct_args *a = r->c->args;
	struct sq_item_writer iw;

	sq_items_begin(&iw, r->v, r->ws->key.root);
	sq_jw_kstr(w, a->is_callers ? "target" : "source", a->symbol);
	if (!found)
		sq_jw_kbool(w, "symbolFound", false);
	sq_jw_key(w, a->is_callers ? "callers" : "callees");
	sq_jw_begin_array(w);
	for (size_t i = a->page.from; i < a->page.to; i++)
		write_neighbour(&iw, w, &n->v[i]);
	sq_jw_end_array(w);
	sq_jw_ku64(w, "total", n->total);
	sq_items_end(&iw);
}

static void write_direct(struct sq_read *r, const struct sq_neighbours *n, bool found)
{
	struct direct_args *a = r->c->args;
	struct sq_tool_end end = { .has_total = true, .total = n->total };
	struct sq_jw w;

	if (!sq_tool_page_of(r, &a->page, n->n))
		return;
	if (n->cut)
		end.cut = n->cut == SQ_CUT_LIMIT ? "max_results" : sq_cut_name(n->cut);
	if (a->page.next[0])
		end.next_page = a->page.next;
	sq_tool_begin(r, &w);
	write_data(r, &w, n, found);
	sq_tool_end(r, &w, &end);
}

static bool symbol_exists(struct sq_read *r, struct sq_slice symbol)
{
	struct sq_result res;
	bool found;

	if (sq_symbol_lookup(r->v, symbol, &res))
		return true;   /* unknown: say nothing */
	found = res.total > 0;
	sq_result_deinit(&res);
	return found;
}

static void direct(struct sq_read *r)
{
	struct direct_args *a = r->c->args;
	const struct sq_neighbours_ask ask = {
		.limit = (size_t)a->limit, .cancel = &r->c->cancel, .max_rows = sq_config_u64(&r->c->d->config->query_max_rows),
	};
	struct sq_neighbours n;
	int e = (a->is_callers ? sq_direct_callers : sq_direct_callees)(r->v, a->symbol, &ask, &n);

	if (e) {
		sq_read_errno(r, e);
		return;
	}
	write_direct(r, &n, n.total || n.cut || symbol_exists(r, a->symbol));
	sq_neighbours_deinit(&n);
}

static struct sq_slice trim(struct sq_slice s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = sq_slice(s.p + 1, s.n - 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static void run_direct(struct sq_call *c, bool is_callers)
{
	struct sq_slice path = SQ_LIT(".");
	struct direct_args *a = sq_tool_args(c, sizeof(*a));

	if (!a)
		return;
	a->limit = LIMIT;
	a->is_callers = is_callers;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "symbol", SQ_PARAM_STRING, true, 0, 0, &a->symbol },
		{ "max_results", SQ_PARAM_INT, false, 1, LIMIT_MAX, &a->limit },
	};
	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), false) || !sq_tool_pagination(c, &a->page))
		return;
	a->symbol = trim(a->symbol);
	if (!a->symbol.n) {
		sq_call_violates(c, &(struct sq_violation){ .constraint = "non_empty", .field = "symbol" },
				 "symbol must not be blank");
		return;
	}
	/* callers are found by scanning the files that mention the name */
	sq_read_run(c, path, sq_read_is_little(c, path, false, a->symbol, SQ_LIST_MENTION), direct);
}

void sq_method_direct_callers(struct sq_call *c)
{
	run_direct(c, true);
}

void sq_method_direct_callees(struct sq_call *c)
{
	run_direct(c, false);
}
