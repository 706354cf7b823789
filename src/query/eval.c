/* SPDX-License-Identifier: MIT */
/*
 * A query runs one of two ways. When some conjunct can list what may match
 * (a name, a relation, or an OR of such), its definitions are tested one by
 * one; else every file that its language and path do not rule out is scanned.
 */
#include <stdlib.h>

#include "base/error.h"
#include "query/picks.h"
#include "query/run.h"

/* the answer for a whole file, before any definition is decoded */
enum verdict { NO, MAYBE, YES };

static enum verdict invert(enum verdict v)
{
	return v == MAYBE ? MAYBE : v == YES ? NO : YES;
}

static bool path_matches(const struct sq_pred *p, struct sq_slice path)
{
	if (p->re)
		return sq_regex_match(p->re, path);
	return memmem(path.p, path.n, p->value.p, p->value.n);
}

static void enter_file(struct sq_run *run, sq_file f,
		       const struct sq_bound *bound)
{
	run->file = f;
	run->bound = bound;
	for (uint32_t i = 0; i < run->q->n_preds; i++)
		if (run->state[i].test == SQ_TEST_PATH)
			run->state[i].path_matches =
				path_matches(&run->q->preds[i], bound->path);
}

static enum verdict judge_file(const struct sq_run *run, const struct sq_expr *e)
{
	const struct sq_pred *p = &run->q->preds[e->pred];
	enum verdict a, b;

	switch (e->type) {
	case SQ_EXPR_PRED:
		if (p->field == SQ_FIELD_LANG)
			return p->mask >> run->bound->lang & 1 ? YES : NO;
		if (p->field == SQ_FIELD_PATH)
			return run->state[e->pred].path_matches ? YES : NO;
		return MAYBE;
	case SQ_EXPR_NOT:
		return invert(judge_file(run, e->left));
	case SQ_EXPR_AND:
		a = judge_file(run, e->left);
		b = a == NO ? NO : judge_file(run, e->right);
		return SQ_MIN(a, b);
	case SQ_EXPR_OR:
		break;
	}
	a = judge_file(run, e->left);
	b = a == YES ? YES : judge_file(run, e->right);
	return SQ_MAX(a, b);
}

static bool test_pred(const struct sq_run *run, uint32_t i, uint32_t def,
		      const struct sq_def *d)
{
	const struct sq_pred_state *s = &run->state[i];
	const struct sq_pred *p = &run->q->preds[i];
	unsigned bit;

	switch (s->test) {
	case SQ_TEST_MASK:
		bit = p->field == SQ_FIELD_KIND ? d->kind : run->bound->lang;
		return p->mask >> bit & 1;
	case SQ_TEST_NAME:
		return s->name != SQ_NAME_NONE &&
		       run->bound->names[d->name] == s->name;
	case SQ_TEST_NAMES:
		return sq_name_set_has(&s->names, run->bound->names[d->name]);
	case SQ_TEST_KEYS:
		return sq_keyset_has(&s->keys, sq_key(run->file, def));
	case SQ_TEST_PATH:
		break;
	}
	return s->path_matches;
}

static bool test(const struct sq_run *run, const struct sq_expr *e,
		 uint32_t def, const struct sq_def *d)
{
	switch (e->type) {
	case SQ_EXPR_PRED:
		return test_pred(run, e->pred, def, d);
	case SQ_EXPR_NOT:
		return !test(run, e->left, def, d);
	case SQ_EXPR_AND:
		return test(run, e->left, def, d) && test(run, e->right, def, d);
	case SQ_EXPR_OR:
		break;
	}
	return test(run, e->left, def, d) || test(run, e->right, def, d);
}

/* ---- by index ---------------------------------------------------------------- */

#define NOT_LISTED UINT64_MAX

static uint64_t pred_cost(const struct sq_run *run, uint32_t i)
{
	const struct sq_pred_state *s = &run->state[i];

	switch (s->test) {
	case SQ_TEST_NAME:
		return 1;
	case SQ_TEST_NAMES:
		return 2 + 4ull * s->names.n; /* a name has few definitions */
	case SQ_TEST_KEYS:
		return 1 + s->keys.n;
	default:
		return NOT_LISTED;
	}
}

/* definitions to test when @e lists them; NOT_LISTED: it cannot */
static uint64_t cost(const struct sq_run *run, const struct sq_expr *e)
{
	uint64_t a, b;

	if (e->type == SQ_EXPR_PRED)
		return pred_cost(run, e->pred);
	if (e->type == SQ_EXPR_NOT)
		return NOT_LISTED;
	a = cost(run, e->left);
	b = cost(run, e->right);
	if (e->type == SQ_EXPR_AND)
		return SQ_MIN(a, b);
	return a == NOT_LISTED || b == NOT_LISTED ? NOT_LISTED : a + b;
}

static int list_pred(const struct sq_run *run, uint32_t i,
		     struct sq_keyset *keys)
{
	const struct sq_pred_state *s = &run->state[i];
	int r;

	if (s->test == SQ_TEST_NAME)
		return sq_keyset_add_name(keys, run->v, s->name);
	if (s->test == SQ_TEST_NAMES)
		return sq_run_list_names(run, &s->names, keys);
	r = sq_vec_reserve(keys, s->keys.n);
	if (!r && s->keys.n) {
		memcpy(keys->v + keys->n, s->keys.v,
		       s->keys.n * sizeof(*keys->v));
		keys->n += s->keys.n;
	}
	return r;
}

/* a superset of what matches @e, which has a cost */
static int list(const struct sq_run *run, const struct sq_expr *e,
		struct sq_keyset *keys)
{
	int r;

	if (e->type == SQ_EXPR_PRED)
		return list_pred(run, e->pred, keys);
	if (e->type == SQ_EXPR_AND)
		return list(run, cost(run, e->left) <= cost(run, e->right) ?
			    e->left : e->right, keys);
	r = list(run, e->left, keys);
	return r ? r : list(run, e->right, keys);
}

static int run_listed(struct sq_run *run, struct sq_picks *picks)
{
	struct sq_keyset keys = SQ_KEYSET_NULL;
	int r = list(run, run->q->root, &keys);

	if (!r)
		sq_keyset_seal(&keys);
	for (size_t i = 0; !r && i < keys.n; i++) {
		sq_file f = sq_key_file(keys.v[i]);
		uint32_t def = sq_key_def(keys.v[i]);
		struct sq_def d;

		if (!run->bound || run->file != f)
			enter_file(run, f, sq_version_bound(run->v, f));
		sq_defs_get(&run->bound->columns, def, &d);
		if (test(run, run->q->root, def, &d))
			r = sq_picks_add(picks, (struct sq_match){ f, def, 0 });
		if (i % 4096 == 4095 && sq_run_is_canceled(run))
			r = -ECANCELED;
	}
	sq_vec_deinit(&keys);
	return r;
}

/* ---- by scan ----------------------------------------------------------------- */

static int scan_file(struct sq_run *run, struct sq_picks *picks)
{
	enum verdict verdict = judge_file(run, run->q->root);
	struct sq_def_cursor it;
	struct sq_def d;
	int r = 0;

	if (verdict == NO)
		return 0;
	sq_defs_begin(&run->bound->columns, &it);
	for (uint32_t def = 0; !r && sq_defs_next(&it, &d); def++)
		if (verdict == YES || test(run, run->q->root, def, &d))
			r = sq_picks_add(picks, (struct sq_match){
				run->file, def, 0 });
	return r;
}

static int run_scan(struct sq_run *run, struct sq_picks *picks)
{
	int r = 0;

	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(run->v, f);

		if (!b || !b->columns.n_defs)
			continue;
		if (sq_run_is_canceled(run))
			return -ECANCELED;
		enter_file(run, f, b);
		r = scan_file(run, picks);
	}
	return r;
}

int sq_query_run(const struct sq_query *q, const struct sq_version *v,
		 size_t limit, const bool *cancel, struct sq_result *ret_r,
		 struct sq_query_error *ret_err)
{
	struct sq_run *run = sq_calloc(1, sizeof(*run));
	struct sq_picks picks;
	int r;

	(void)ret_err; /* nothing is refused at run time yet */
	if (!run)
		return sq_error_origin(-ENOMEM);
	run->v = v;
	run->q = q;
	run->cancel = cancel;
	sq_picks_init(&picks, v, q->is_count ? 0 : limit, SQ_PICKS_BY_PATH);
	r = sq_run_prepare(run);
	if (!r) {
		/* testing a listed definition costs about four scanned ones */
		if (cost(run, q->root) <= v->stats.n_defs / 4 + 64)
			r = run_listed(run, &picks);
		else
			r = run_scan(run, &picks);
	}
	if (!r) {
		sq_picks_finish(&picks, ret_r);
		ret_r->is_count = q->is_count;
		ret_r->truncated = !q->is_count && ret_r->truncated;
	}
	sq_picks_deinit(&picks);
	sq_run_deinit(run);
	sq_free(run);
	return sq_error_trace(r);
}
