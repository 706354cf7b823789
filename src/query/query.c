/* SPDX-License-Identifier: MIT */
/* A parsed query run over a version: what may not run, the matches, and what
 * the pipeline makes of them. */
#include <stdio.h>

#include "base/error.h"
#include "query/run.h"

const char *sq_cut_name(enum sq_cut c)
{
	static const char *const names[] = {
		"", "limit", "row_budget", "text_budget", "group_budget",
		"source_unavailable",
	};

	return (unsigned)c < SQ_ARRAY_SIZE(names) ? names[c] : "";
}

void sq_result_deinit(struct sq_result *r)
{
	for (unsigned i = 0; i < r->n_groups; i++)
		sq_free(r->groups[i].v);
	sq_free(r->items);
	sq_free(r->pairs);
	*r = (struct sq_result){ 0 };
}

static int refuse(struct sq_query_error *err, const struct sq_pred *p, const char *code,
		  const char *what)
{
	*err = (struct sq_query_error){ .offset = p->offset, .code = code };
	snprintf(err->message, sizeof(err->message), "%s", what);
	return SQ_QUERY_E_SYNTAX;
}

static bool needs_source(const struct sq_pred *p)
{
	return p->field == SQ_FIELD_TEXT || p->field == SQ_FIELD_RETURNS ||
	       (p->field == SQ_FIELD_DUPLICATES && (p->mask & SQ_DUP_SIGNATURE));
}

/* fields that are not to be had here, whatever their value */
static int check_fields(struct sq_run *run)
{
	for (uint32_t i = 0; i < run->q->n_preds; i++) {
		const struct sq_pred *p = &run->q->preds[i];

		if (p->field == SQ_FIELD_REPO)
			return refuse(run->err, p, "workspace_query_only",
				      "repo: chooses among the repositories of a "
				      "workspace query; this query is about one tree");
		if (!needs_source(p))
			continue;
		run->has_text = true;
		if (!run->o->source)
			return refuse(run->err, p, "needs_source",
				      "this field needs the source text, which cannot "
				      "be had here");
	}
	return 0;
}

static int too_broad(struct sq_run *run)
{
	*run->err = (struct sq_query_error){
		.source = "runtime_budget", .n_nodes = run->v->stats.n_defs,
		.n_examined = run->n_rows,
		.limit = run->o->max_rows ? run->o->max_rows : SQ_QUERY_MAX_ROWS,
	};
	snprintf(run->err->shape, sizeof(run->err->shape), "%s", sq_cut_name(run->cut));
	snprintf(run->err->message, sizeof(run->err->message),
		 "the budget (%s) ended while a set that the answer depends on was "
		 "made; narrow the query", sq_cut_name(run->cut));
	return SQ_QUERY_E_TOO_BROAD;
}

struct sink {
	struct sq_picks picks;
	struct sq_grouping *grouping;   /* NULL: items */
};

static int take_match(void *arg, sq_file f, uint32_t def, const struct sq_def *d)
{
	struct sink *s = arg;

	if (s->grouping) {
		int r = sq_grouping_add(s->grouping, f, def, d);

		if (r)
			return r;
	}
	return sq_picks_add(&s->picks, (struct sq_match){ f, def, 0 });
}

static bool makes_groups(const struct sq_query *q)
{
	return q->stage != SQ_STAGE_NONE && q->stage != SQ_STAGE_COUNT;
}

static int finish(struct sq_run *run, struct sink *s, struct sq_result *ret_r)
{
	struct sq_result res;
	int r = 0;

	sq_picks_finish(&s->picks, &res);
	res.stage = run->q->stage;
	res.is_count = res.stage == SQ_STAGE_COUNT;
	res.cut = run->cut;
	res.n_unread = run->source.n_unread;
	if (res.cut == SQ_CUT_NONE && res.n_unread)
		res.cut = SQ_CUT_UNREAD;
	if (res.cut == SQ_CUT_NONE && res.truncated && res.stage == SQ_STAGE_NONE)
		res.cut = SQ_CUT_LIMIT;
	if (s->grouping)
		r = sq_grouping_finish(s->grouping, &res);
	if (!r && run->q->join != SQ_FIELD_KIND && res.stage == SQ_STAGE_NONE)
		r = sq_run_pairs(run, &res);
	res.truncated = res.cut != SQ_CUT_NONE;
	res.n_examined = run->n_rows;
	if (r)
		sq_result_deinit(&res);
	else
		*ret_r = res;
	return r;
}

static int answer(struct sq_run *run, struct sq_result *ret_r)
{
	struct sink s = { .grouping = NULL };
	int r = sq_run_prepare(run);

	if (r)
		return r == SQ_RUN_E_BUDGET ? too_broad(run) : r;
	if (makes_groups(run->q)) {
		r = sq_grouping_new(run, &s.grouping);
		if (r < 0)
			return sq_error_trace(r);
	}
	sq_picks_init(&s.picks, run->v, run->q->stage == SQ_STAGE_NONE ? run->o->limit : 0,
		      SQ_PICKS_BY_PATH);
	run->below = run->o->below;
	r = sq_run_each(run, run->q->root, take_match, &s);
	run->below = SQ_SLICE_NULL;
	/* what was found so far is right, and the answer says that it is not all */
	if (!r || r == SQ_RUN_E_BUDGET)
		r = finish(run, &s, ret_r);
	sq_picks_deinit(&s.picks);
	sq_grouping_free(s.grouping);
	return r;
}

int sq_query_run_with(const struct sq_query *q, const struct sq_version *v,
		      const struct sq_query_opts *o, struct sq_result *ret_r,
		      struct sq_query_error *ret_err)
{
	struct sq_run *run = sq_calloc(1, sizeof(*run));
	int r;

	if (!run)
		return sq_error_origin(-ENOMEM);
	run->v = v;
	run->q = q;
	run->o = o;
	run->err = ret_err;
	run->numbering.v = v;
	run->file = run->defs_file = run->source.file = SQ_FILE_NONE;
	r = check_fields(run);
	if (!r)
		r = o->below.n ? 0 : sq_gate_check(q, v, &o->gate, ret_err);
	if (!r)
		r = answer(run, ret_r);
	sq_run_deinit(run);
	sq_free(run);
	return r;
}

int sq_query_run(const struct sq_query *q, const struct sq_version *v, size_t limit,
		 const bool *cancel, struct sq_result *ret_r, struct sq_query_error *ret_err)
{
	const struct sq_query_opts o = { .limit = limit, .cancel = cancel };

	return sq_query_run_with(q, v, &o, ret_r, ret_err);
}
