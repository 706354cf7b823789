/* SPDX-License-Identifier: MIT */
#include "query/run.h"

#include <stdio.h>

#include "base/atomic.h"
#include "base/error.h"

#define ROWS_PER_LOOK 4096u     /* rows between two looks at the flag */

int sq_run_look(struct sq_run *run)
{
	uint64_t max = run->o->max_rows ? run->o->max_rows : SQ_QUERY_MAX_ROWS;

	run->next_look = run->n_rows + ROWS_PER_LOOK;
	if (run->n_rows <= max)
		run->next_look = SQ_MIN(run->next_look, max + 1);
	/* no order needed: nothing else is read on behalf of the flag */
	if (run->o->cancel && sq_load_relaxed(run->o->cancel))
		return -ECANCELED;
	if (run->n_rows <= max)
		return 0;
	run->cut = SQ_CUT_ROWS;
	return SQ_RUN_E_BUDGET;
}

void sq_run_enter(struct sq_run *run, sq_file f, const struct sq_bound *b)
{
	run->file = f;
	run->bound = b;
	for (uint32_t i = 0; i < run->q->n_preds; i++) {
		const struct sq_pred *p = &run->q->preds[i];
		struct sq_pred_state *s = &run->state[i];

		if (s->test != SQ_TEST_FILE)
			continue;
		if (s->files)
			s->file_matches = s->files[f >> 6] >> (f & 63) & 1;
		else if (p->re)
			s->file_matches = sq_regex_match(p->re, b->path);
		else
			s->file_matches = memmem(b->path.p, b->path.n, p->value.p,
						 p->value.n);
	}
}

int sq_run_defs(struct sq_run *run)
{
	struct sq_def_cursor it;
	struct sq_def d;
	int r;

	if (run->defs_file == run->file)
		return 0;
	sq_vec_clear(&run->defs);
	run->defs_file = SQ_FILE_NONE;
	r = sq_vec_reserve(&run->defs, run->bound->columns.n_defs);
	if (r < 0)
		return sq_error_trace(r);
	sq_defs_begin(&run->bound->columns, &it);
	while (sq_defs_next(&it, &d))
		run->defs.v[run->defs.n++] = d;
	run->defs_file = run->file;
	return 0;
}

int sq_run_list_names(struct sq_run *run, const struct sq_name_set *names,
		      struct sq_selection *set)
{
	struct sq_keyset keys = SQ_KEYSET_NULL;
	int r = 0;

	for (sq_name id = 0; !r; id++) {
		id = sq_name_set_next(names, id);
		if (id == SQ_NAME_NONE)
			break;
		keys.n = 0;
		r = sq_keyset_add_name(&keys, run->v, id);
		if (!r)
			r = sq_selection_add_keys(set, &keys);
		if (!r)
			r = sq_run_step(run, 1 + keys.n);
	}
	sq_vec_deinit(&keys);
	return r;
}

/* ---- predicates ------------------------------------------------------------- */

static int match_names(struct sq_run *run, const struct sq_pred *p,
		       struct sq_name_set *names)
{
	int r = sq_name_set_match(run->v, p->re, run->o->cancel, names);

	return r ? r : sq_run_step(run, names->n);
}

int sq_run_meant(struct sq_run *run, const struct sq_pred *p, struct sq_selection *of)
{
	struct sq_name_set names = { 0 };
	struct sq_keyset keys = SQ_KEYSET_NULL;
	int r;

	if (p->sub)
		return sq_run_subset(run, p->sub, of);
	if (p->re) {
		r = match_names(run, p, &names);
		if (!r)
			r = sq_run_list_names(run, &names, of);
		sq_name_set_deinit(&names);
	} else {
		r = sq_keyset_add_symbol(&keys, run->v, p->value);
		if (!r)
			r = sq_selection_add_keys(of, &keys);
		sq_vec_deinit(&keys);
	}
	sq_selection_seal(of);
	return r;
}

static int prepare_relation(struct sq_run *run, const struct sq_pred *p,
			    struct sq_pred_state *s)
{
	struct sq_selection of = { .numbering = &run->numbering };
	int r = sq_run_meant(run, p, &of);

	if (!r)
		r = sq_run_relatives(run, p->field, &of, &s->set);
	sq_selection_deinit(&of);
	/* a trait of a library has no definition here */
	if (!r && p->field == SQ_FIELD_IMPL && !p->sub && !p->re)
		r = sq_run_implementers(run, sq_version_find(run->v, p->value),
					&s->set);
	return r;
}

/* add the definitions right inside (or anywhere inside) those of @of in the file at hand */
static int add_inner(struct sq_run *run, const struct sq_selection *of, bool deep,
		     struct sq_selection *set)
{
	int r = sq_run_defs(run);

	for (uint32_t i = 0; !r && i < run->defs.n; i++) {
		uint32_t up = run->defs.v[i].parent;

		while (deep && up != SQ_NONE && !sq_selection_has(of, run->file, up))
			up = run->defs.v[up].parent;
		if (up != SQ_NONE && sq_selection_has(of, run->file, up))
			r = sq_selection_add(set, run->file, i);
	}
	return r ? r : sq_run_step(run, run->defs.n);
}

static int prepare_inner(struct sq_run *run, const struct sq_pred *p,
			 struct sq_pred_state *s)
{
	struct sq_selection of = { .numbering = &run->numbering };
	bool deep = p->field == SQ_FIELD_SCOPE_ANCESTOR;
	struct sq_selection_cursor it;
	sq_file last = SQ_FILE_NONE;
	uint64_t key;
	int r = sq_run_meant(run, p, &of);

	it = sq_selection_begin(&of);
	while (!r && sq_selection_next(&it, &key)) {
		sq_file f = sq_key_file(key);

		if (f == last)
			continue;
		last = f;
		run->file = f;
		run->bound = sq_version_bound(run->v, f);
		r = add_inner(run, &of, deep, &s->set);
	}
	sq_selection_deinit(&of);
	return r;
}

static int prepare_name(struct sq_run *run, const struct sq_pred *p,
			struct sq_pred_state *s)
{
	if (p->re) {
		s->test = SQ_TEST_NAMES;
		return match_names(run, p, &s->names);
	}
	if (sq_symbol_is_qualified(p->value)) {
		s->test = SQ_TEST_SET;
		return sq_run_meant(run, p, &s->set);
	}
	s->test = SQ_TEST_NAME;
	s->name = sq_version_find(run->v, p->value);
	return 0;
}

/* fields whose matches are a set that is made before anything is tested */
static int prepare_set(struct sq_run *run, const struct sq_pred *p,
		       struct sq_pred_state *s)
{
	s->test = SQ_TEST_SET;
	switch (p->field) {
	case SQ_FIELD_PARENT:
	case SQ_FIELD_SCOPE_NAME:
	case SQ_FIELD_SCOPE_PARENT:
	case SQ_FIELD_SCOPE_ANCESTOR:
		return prepare_inner(run, p, s);
	case SQ_FIELD_EXPORTS:
		return sq_run_exports(run, p, &s->set);
	case SQ_FIELD_DUPLICATES:
		return sq_run_duplicates(run, p->mask, &s->set);
	case SQ_FIELD_UNUSED:
		return sq_run_unused(run, p->mask, &s->set);
	case SQ_FIELD_CIRCULAR:
		return sq_run_circular(run, p->mask, &s->set);
	case SQ_FIELD_ADDRESS_TAKEN:
	case SQ_FIELD_RESOLVED_VIA:
	case SQ_FIELD_CALLSITE_PROMISCUOUS:
		return sq_run_link_states(run, p, &s->set);
	default:
		return p->op > SQ_OP_REGEX ? sq_run_counts(run, p, &s->set) :
					     prepare_relation(run, p, s);
	}
}

static int prepare(struct sq_run *run, const struct sq_pred *p,
		   struct sq_pred_state *s)
{
	int r;

	s->set.numbering = &run->numbering;
	switch (p->field) {
	case SQ_FIELD_KIND:
	case SQ_FIELD_LANG:
	case SQ_FIELD_SCOPE:
	case SQ_FIELD_SCOPE_TYPE:
	case SQ_FIELD_ASYNC:
	case SQ_FIELD_STATIC:
	case SQ_FIELD_VISIBILITY:
		s->test = SQ_TEST_MASK;
		return 0;
	case SQ_FIELD_PATH:
		s->test = SQ_TEST_FILE;
		return 0;
	case SQ_FIELD_IMPORTS:
		s->test = SQ_TEST_FILE;
		return sq_run_imports(run, p, s);
	case SQ_FIELD_TEXT:
	case SQ_FIELD_RETURNS:
		s->test = SQ_TEST_TEXT;
		return 0;
	case SQ_FIELD_NAME:
		r = prepare_name(run, p, s);
		break;
	default:
		r = prepare_set(run, p, s);
	}
	sq_selection_seal(&s->set);
	return r;
}

int sq_run_prepare(struct sq_run *run)
{
	int r = 0;

	/* the predicates of a subquery come before the one that it is the value of */
	for (uint32_t i = 0; !r && i < run->q->n_preds; i++)
		r = prepare(run, &run->q->preds[i], &run->state[i]);
	run->file = SQ_FILE_NONE;
	run->bound = NULL;
	return sq_error_trace(r);
}

void sq_run_deinit(struct sq_run *run)
{
	for (uint32_t i = 0; i < run->q->n_preds; i++) {
		sq_name_set_deinit(&run->state[i].names);
		sq_selection_deinit(&run->state[i].set);
		sq_free(run->state[i].files);
	}
	sq_vec_deinit(&run->defs);
	sq_buf_deinit(&run->source.text);
	sq_vec_deinit(&run->source.lines);
	sq_numbering_deinit(&run->numbering);
}
