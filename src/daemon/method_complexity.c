/* SPDX-License-Identifier: MIT */
/* complexity_metrics: how much functions decide, read from their source. */
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/source.h"
#include "daemon/tool.h"
#include "query/complexity.h"

struct complexity_args {
	struct sq_slice target;
	int64_t min, limit;
	bool by_complexity;
};

/* a target is a file, or a symbol. 1: neither */
static int find_target(struct sq_read *r, struct sq_slice target, struct sq_result *ret)
{
	sq_file f = sq_version_file(r->v, sq_tool_below_root(r, target));
	SQ_VEC(struct sq_match) v = SQ_VEC_NULL;
	uint32_t n;
	int e = 0;

	if (f == SQ_FILE_NONE || !sq_version_slot(r->v, f).links)
		return sq_symbol_lookup(r->v, target, ret);
	n = sq_version_bound(r->v, f)->columns.n_defs;
	for (uint32_t i = 0; i < n && !e; i++)
		e = sq_vec_push(&v, (struct sq_match){ f, i, 0 });
	if (e)
		sq_vec_deinit(&v);
	else
		*ret = (struct sq_result){ .items = v.v, .n_items = v.n, .total = v.n };
	return e;
}

static void write_metric(struct sq_read *r, struct sq_jw *w, const struct sq_metric *m, struct sq_buf *text)
{
	const struct sq_bound *b = sq_version_bound(r->v, m->file);
	struct sq_def d;

	sq_defs_get(&b->columns, m->def, &d);
	sq_buf_clear(text);
	sq_version_qualified(r->v, m->file, m->def, text);
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "name", sq_version_string(r->v, b->names[d.name]));
	sq_jw_kstr(w, "qualifiedName", sq_buf_slice(text));
	sq_jw_kstr(w, "kind", sq_slice_z(sq_kind_name((enum sq_kind)d.kind)));
	sq_jw_kpath(w, "filePath", "filePathB64", b->path);
	sq_jw_ku64(w, "line", d.start_line);
	sq_jw_ku64(w, "complexity", m->complexity);
	sq_jw_ku64(w, "lines", m->lines);
	sq_jw_end_object(w);
}

static void write_metrics(struct sq_read *r, const struct sq_metrics *m, bool found)
{
	enum sq_cut cut = m->cut ? m->cut : m->n_unread ? SQ_CUT_UNREAD : SQ_CUT_NONE;
	const struct sq_tool_end end = {
		.has_total = true, .total = m->total,
		.cut = cut ? sq_cut_name(cut) : m->total > m->v.n ? "max_results" : NULL,
	};
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_jw w;

	sq_tool_begin(r, &w);
	if (!found)
		sq_jw_kbool(&w, "symbolFound", false);
	sq_jw_key(&w, "metrics");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < m->v.n; i++)
		write_metric(r, &w, &m->v.v[i], &text);
	sq_jw_end_array(&w);
	sq_jw_ku64(&w, "total", m->total);
	sq_jw_key(&w, "averageComplexity");
	sq_jw_real(&w, m->total ? (double)m->sum / (double)m->total : 0.0);
	sq_jw_ku64(&w, "maxComplexity", m->max);
	sq_tool_end(r, &w, &end);
	sq_buf_deinit(&text);
}

static void measure(struct sq_read *r)
{
	static const struct sq_match none;
	struct complexity_args *a = r->c->args;
	struct sq_result res = { .items = NULL };
	struct sq_metrics m = SQ_METRICS_NULL;
	struct sq_disk_source source;
	struct sq_complexity_ask ask = {
		.min = (uint32_t)a->min, .by_complexity = a->by_complexity, .limit = (size_t)a->limit,
		.max_rows = sq_config_u64(&r->c->d->config->query_max_rows), .cancel = &r->c->cancel, .source = &source.source,
	};
	int e = a->target.n ? find_target(r, a->target, &res) : 0;

	if (a->target.n && !e) {
		ask.only = res.n_items ? res.items : &none;
		ask.n_only = res.n_items;
	}
	if (!e) {
		sq_disk_source_open(&source, r->ws->key.root.p);
		e = sq_complexity_measure(r->v, &ask, &m);
		sq_disk_source_close(&source);
	}
	if (e)
		sq_read_errno(r, e);
	else
		write_metrics(r, &m, !a->target.n || res.n_items);
	sq_metrics_deinit(&m);
	sq_result_deinit(&res);
}

void sq_method_complexity_metrics(struct sq_call *c)
{
	struct sq_slice path = SQ_LIT(".");
	struct complexity_args *a = sq_tool_args(c, sizeof(*a));

	if (!a)
		return;
	a->min = 1;
	a->limit = 100;
	a->by_complexity = true;
	const struct sq_param table[] = {
		{ "path", SQ_PARAM_STRING, false, 0, 0, &path },
		{ "target", SQ_PARAM_STRING, false, 0, 0, &a->target },
		{ "min_complexity", SQ_PARAM_INT, false, 1, 100, &a->min },
		{ "sort_by_complexity", SQ_PARAM_BOOL, false, 0, 0, &a->by_complexity },
		{ "max_results", SQ_PARAM_INT, false, 1, 1000, &a->limit },
	};
	if (sq_params_read(c, table, SQ_ARRAY_SIZE(table), false))
		sq_read_run(c, path, false, measure);
}
