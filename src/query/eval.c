/* SPDX-License-Identifier: MIT */
/*
 * A query runs one of two ways. When some conjunct can list what may match
 * (a name, a relation, or an OR of such), its definitions are tested one by
 * one; else every file that its language and path do not rule out is scanned.
 */
#include <stdio.h>

#include "base/error.h"
#include "query/returns.h"
#include "query/run.h"

#define STEPS_PER_ROW 64u       /* of an automaton: about what a row costs */

/* ---- what a whole file says ---------------------------------------------------- */

/* the answer for a whole file, before any definition is decoded */
enum verdict { NO, MAYBE, YES };

static enum verdict judge_file(const struct sq_run *run, const struct sq_expr *e)
{
	const struct sq_pred *p = &run->q->preds[e->pred];
	enum verdict a, b;

	switch (e->type) {
	case SQ_EXPR_PRED:
		if (p->field == SQ_FIELD_LANG)
			return p->mask >> run->bound->lang & 1 ? YES : NO;
		if (run->state[e->pred].test == SQ_TEST_FILE)
			return run->state[e->pred].file_matches ? YES : NO;
		return MAYBE;
	case SQ_EXPR_NOT:
		a = judge_file(run, e->left);
		return a == MAYBE ? MAYBE : a == YES ? NO : YES;
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

/* ---- what one definition says: 0 no, 1 yes, else a failure --------------------- */

static unsigned scope_bit(enum sq_kind kind)
{
	switch (kind) {
	case SQ_KIND_MODULE:
		return SQ_SCOPE_MODULE;
	case SQ_KIND_FUNCTION:
	case SQ_KIND_METHOD:
	case SQ_KIND_MACRO:
		return SQ_SCOPE_FUNCTION;
	default:
		return SQ_SCOPE_CLASS;
	}
}

static int test_scope(struct sq_run *run, const struct sq_pred *p,
		      const struct sq_def *d)
{
	bool type = p->field == SQ_FIELD_SCOPE_TYPE;
	enum sq_kind kind;
	uint64_t bits;
	int r;

	if (d->parent == SQ_NONE)
		return p->mask & (type ? SQ_SCOPE_TYPE_FILE : SQ_SCOPE_FILE) ? 1 : 0;
	r = sq_run_defs(run);
	if (r < 0)
		return r;
	kind = (enum sq_kind)run->defs.v[d->parent].kind;
	bits = type ? 1ull << kind : scope_bit(kind);
	if (!type && (d->flags & SQ_DEF_NESTED))
		bits |= SQ_SCOPE_BLOCK;
	return p->mask & bits ? 1 : 0;
}

static int test_mask(struct sq_run *run, const struct sq_pred *p,
		     const struct sq_def *d)
{
	unsigned bit;

	switch (p->field) {
	case SQ_FIELD_KIND:
		bit = d->kind;
		break;
	case SQ_FIELD_LANG:
		bit = run->bound->lang;
		break;
	case SQ_FIELD_ASYNC:
		bit = d->flags & SQ_DEF_ASYNC ? 0 : 1;
		break;
	case SQ_FIELD_STATIC:
		bit = d->flags & SQ_DEF_STATIC ? 0 : 1;
		break;
	case SQ_FIELD_VISIBILITY:
		bit = d->flags & SQ_DEF_VIS_MASK;
		break;
	default:
		return test_scope(run, p, d);
	}
	return p->mask >> bit & 1;
}

/* a body may be long; the row budget pays for what is more than a look a byte */
static int match_source(struct sq_run *run, const struct sq_regex *re, struct sq_slice text)
{
	uint64_t work;
	int yes = sq_regex_match_long(re, text, run->o->cancel, &work);
	int r = yes < 0 ? yes : sq_run_step(run, work / STEPS_PER_ROW);

	return r ? r : yes;
}

static int test_returns(struct sq_run *run, const struct sq_pred *p,
			const struct sq_def *d)
{
	struct sq_slice text, name;
	int r;

	if (d->kind != SQ_KIND_FUNCTION && d->kind != SQ_KIND_METHOD)
		return 0;
	r = sq_run_signature(run, d, &text);
	if (r)
		return r == 1 ? 0 : r;
	name = sq_version_string(run->v, run->bound->names[d->name]);
	text = sq_returns_of((enum sq_lang)run->bound->lang, text, name);
	if (p->re)
		return text.n ? match_source(run, p->re, text) : 0;
	return sq_returns_match(text, p->value);
}

static int test_text(struct sq_run *run, const struct sq_pred *p,
		     const struct sq_def *d)
{
	struct sq_slice text;
	int r;

	if (p->field == SQ_FIELD_RETURNS)
		return test_returns(run, p, d);
	r = sq_run_text(run, d, &text);
	if (r)
		return r == 1 ? 0 : r;
	return match_source(run, p->re, text);
}

/* "address_taken:false": what is not in the set */
static bool is_complement(const struct sq_pred *p)
{
	return (p->field == SQ_FIELD_ADDRESS_TAKEN ||
		p->field == SQ_FIELD_CALLSITE_PROMISCUOUS) && p->mask == 2;
}

static int test_pred(struct sq_run *run, uint32_t i, uint32_t def,
		     const struct sq_def *d)
{
	const struct sq_pred_state *s = &run->state[i];
	const struct sq_pred *p = &run->q->preds[i];
	bool yes;

	switch (s->test) {
	case SQ_TEST_MASK:
		return test_mask(run, p, d);
	case SQ_TEST_NAME:
		return s->name != SQ_NAME_NONE &&
		       run->bound->names[d->name] == s->name;
	case SQ_TEST_NAMES:
		return sq_name_set_has(&s->names, run->bound->names[d->name]);
	case SQ_TEST_SET:
		yes = sq_selection_has(&s->set, run->file, def);
		return is_complement(p) ? !yes : yes;
	case SQ_TEST_TEXT:
		return test_text(run, p, d);
	case SQ_TEST_FILE:
		break;
	}
	return s->file_matches;
}

/* does testing it read source? Then the other side of an AND or OR goes first */
static bool is_slow(const struct sq_run *run, const struct sq_expr *e)
{
	if (e->type == SQ_EXPR_PRED)
		return run->state[e->pred].test == SQ_TEST_TEXT;
	return is_slow(run, e->left) || (e->type != SQ_EXPR_NOT && is_slow(run, e->right));
}

static int test(struct sq_run *run, const struct sq_expr *e, uint32_t def,
		const struct sq_def *d)
{
	const struct sq_expr *first = e->left, *second = e->right;
	int r;

	if (e->type == SQ_EXPR_PRED)
		return test_pred(run, e->pred, def, d);
	if (e->type == SQ_EXPR_NOT) {
		r = test(run, first, def, d);
		return r == 0 ? 1 : r == 1 ? 0 : r;
	}
	if (run->has_text && is_slow(run, first)) {
		first = e->right;
		second = e->left;
	}
	r = test(run, first, def, d);
	if (r != (e->type == SQ_EXPR_AND))
		return r;
	return test(run, second, def, d);
}

/* ---- by index ---------------------------------------------------------------- */

#define NOT_LISTED UINT64_MAX

static uint64_t pred_cost(const struct sq_run *run, uint32_t i)
{
	const struct sq_pred_state *s = &run->state[i];
	const struct sq_pred *p = &run->q->preds[i];

	switch (s->test) {
	case SQ_TEST_NAME:
		return 1;
	case SQ_TEST_NAMES:
		return 2 + 4ull * s->names.n; /* a name has few definitions */
	case SQ_TEST_SET:
		/* what is not in a set cannot be listed */
		return is_complement(p) ? NOT_LISTED : 1 + s->set.n;
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

static int list_pred(struct sq_run *run, uint32_t i, struct sq_selection *set)
{
	const struct sq_pred_state *s = &run->state[i];
	struct sq_keyset keys = SQ_KEYSET_NULL;
	struct sq_selection_cursor it;
	uint64_t key;
	int r = 0;

	if (s->test == SQ_TEST_NAMES)
		return sq_run_list_names(run, &s->names, set);
	if (s->test == SQ_TEST_NAME) {
		r = sq_keyset_add_name(&keys, run->v, s->name);
		if (!r)
			r = sq_selection_add_keys(set, &keys);
		sq_vec_deinit(&keys);
		return r;
	}
	it = sq_selection_begin(&s->set);
	while (!r && sq_selection_next(&it, &key))
		r = sq_selection_add(set, sq_key_file(key), sq_key_def(key));
	return r;
}

/* a superset of what matches @e, which has a cost */
static int list(struct sq_run *run, const struct sq_expr *e, struct sq_selection *set)
{
	int r;

	if (e->type == SQ_EXPR_PRED)
		return list_pred(run, e->pred, set);
	if (e->type == SQ_EXPR_AND)
		return list(run, cost(run, e->left) <= cost(run, e->right) ?
			    e->left : e->right, set);
	r = list(run, e->left, set);
	return r ? r : list(run, e->right, set);
}

struct each {
	int (*fn)(void *arg, sq_file f, uint32_t def, const struct sq_def *d);
	void *arg;
};

static int each_listed(struct sq_run *run, const struct sq_expr *e,
		       const struct each *to)
{
	struct sq_selection set = { .numbering = &run->numbering };
	struct sq_selection_cursor it;
	uint64_t key;
	int r = list(run, e, &set);

	sq_selection_seal(&set);
	it = sq_selection_begin(&set);
	while (!r && sq_selection_next(&it, &key)) {
		sq_file f = sq_key_file(key);
		struct sq_def d;

		r = sq_run_step(run, 1);
		if (r)
			break;
		if (!run->bound || run->file != f)
			sq_run_enter(run, f, sq_version_bound(run->v, f));
		if (!sq_path_is_below(run->bound->path, run->below))
			continue;
		sq_defs_get(&run->bound->columns, sq_key_def(key), &d);
		r = test(run, e, sq_key_def(key), &d);
		if (r == 1)
			r = to->fn(to->arg, f, sq_key_def(key), &d);
	}
	sq_selection_deinit(&set);
	return r;
}

/* ---- by scan ----------------------------------------------------------------- */

static int scan_file(struct sq_run *run, const struct sq_expr *e,
		     const struct each *to)
{
	enum verdict verdict = judge_file(run, e);
	struct sq_def_cursor it;
	struct sq_def d;
	int r = 0;

	if (verdict == NO)
		return sq_run_step(run, 1);
	sq_defs_begin(&run->bound->columns, &it);
	for (uint32_t def = 0; !r && sq_defs_next(&it, &d); def++) {
		r = sq_run_step(run, 1);
		if (r)
			break;
		r = verdict == YES ? 1 : test(run, e, def, &d);
		if (r == 1)
			r = to->fn(to->arg, run->file, def, &d);
	}
	return r;
}

static int each_scanned(struct sq_run *run, const struct sq_expr *e,
			const struct each *to)
{
	int r = 0;

	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(run->v, f);

		if (!b || !b->columns.n_defs)
			continue;
		if (!sq_path_is_below(b->path, run->below)) {
			r = sq_run_step(run, 1);
			continue;
		}
		sq_run_enter(run, f, b);
		r = scan_file(run, e, to);
	}
	return r;
}

int sq_run_each(struct sq_run *run, const struct sq_expr *e,
		int (*fn)(void *arg, sq_file f, uint32_t def, const struct sq_def *d),
		void *arg)
{
	const struct each to = { fn, arg };
	int r = sq_run_look(run);

	run->bound = NULL;
	if (r)
		return r;
	/* testing a listed definition costs about four scanned ones */
	if (cost(run, e) <= run->v->stats.n_defs / 4 + 64)
		return each_listed(run, e, &to);
	return each_scanned(run, e, &to);
}

static int take_member(void *arg, sq_file f, uint32_t def, const struct sq_def *d)
{
	(void)d;
	return sq_selection_add(arg, f, def);
}

int sq_run_subset(struct sq_run *run, const struct sq_expr *e, struct sq_selection *set)
{
	int r = sq_run_each(run, e, take_member, set);

	sq_selection_seal(set);
	return r;
}
