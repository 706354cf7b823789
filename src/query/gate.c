/* SPDX-License-Identifier: MIT */
/*
 * The cost gate of query.md §1: over a big graph, an expression that nothing
 * narrows (no prefix of some length behind '^', no literal of some length that
 * every match holds) needs a kind, a language or a path beside it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "query/run.h"

struct gate {
	const struct sq_query *q;
	const struct sq_query_gate *limits;
	const struct sq_pred *broad;    /* the first one that is refused */
};

static bool is_broad(const struct gate *g, const struct sq_pred *p)
{
	bool is_all;

	if (!p->re || p->op != SQ_OP_REGEX || sq_fields[p->field].type == SQ_TAKES_CHOICE ||
	    p->field == SQ_FIELD_PATH)
		return false;
	return sq_regex_prefix(p->re).n < g->limits->min_prefix &&
	       sq_regex_literal(p->re, &is_all).n < g->limits->min_literal;
}

/* does it narrow the definitions that are looked at? */
static bool is_scope(const struct gate *g, const struct sq_expr *e)
{
	const struct sq_pred *p = &g->q->preds[e->pred];

	if (e->type == SQ_EXPR_AND)
		return is_scope(g, e->left) || is_scope(g, e->right);
	return e->type == SQ_EXPR_PRED && (p->field == SQ_FIELD_KIND ||
					   p->field == SQ_FIELD_LANG ||
					   p->field == SQ_FIELD_PATH);
}

static void walk(struct gate *g, const struct sq_expr *e, bool scoped)
{
	const struct sq_pred *p = &g->q->preds[e->pred];

	if (g->broad)
		return;
	if (e->type == SQ_EXPR_PRED) {
		if (p->sub)
			walk(g, p->sub, scoped);
		else if (!scoped && is_broad(g, p))
			g->broad = p;
		return;
	}
	if (e->type == SQ_EXPR_AND)
		scoped = scoped || is_scope(g, e);
	walk(g, e->left, scoped);
	if (e->type != SQ_EXPR_NOT)
		walk(g, e->right, scoped);
}

int sq_gate_check(const struct sq_query *q, const struct sq_version *v,
		  const struct sq_query_gate *limits, struct sq_query_error *ret_err)
{
	struct gate g = { .q = q, .limits = limits };

	if (!limits->node_limit || v->stats.n_defs <= limits->node_limit)
		return 0;
	walk(&g, q->root, false);
	if (!g.broad)
		return 0;
	*ret_err = (struct sq_query_error){
		.offset = g.broad->offset, .source = "static_estimate",
		.limit = limits->node_limit, .n_nodes = v->stats.n_defs,
	};
	snprintf(ret_err->shape, sizeof(ret_err->shape), "%s~=<elided>",
		 sq_fields[g.broad->field].name);
	snprintf(ret_err->message, sizeof(ret_err->message),
		 "a regular expression on %s over %" PRIu64 " definitions: add kind:, "
		 "lang: or path:, anchor it with '^' and %u characters, or give it "
		 "%u that every match holds", sq_fields[g.broad->field].name,
		 v->stats.n_defs, limits->min_prefix, limits->min_literal);
	return SQ_QUERY_E_TOO_BROAD;
}
