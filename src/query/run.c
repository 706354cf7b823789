/* SPDX-License-Identifier: MIT */
#include "query/run.h"

#include "base/atomic.h"
#include "base/error.h"
#include "graph/edges.h"

bool sq_run_is_canceled(const struct sq_run *run)
{
	/* no order needed: nothing else is read on behalf of the flag */
	return run->cancel && sq_load_relaxed(run->cancel);
}

bool sq_ref_is_call(const struct sq_ref *r)
{
	return r->kind == SQ_REF_CALL || r->kind == SQ_REF_MACRO;
}

/* ---- relatives -------------------------------------------------------------- */

struct walk {
	const struct sq_run *run;
	struct sq_keyset *keys;
	bool calls_only;
	unsigned n_seen;
};

static int step(struct walk *w)
{
	if (++w->n_seen % 4096 == 0 && sq_run_is_canceled(w->run))
		return -ECANCELED;
	return 0;
}

static int take_source(void *arg, const struct sq_edge *e)
{
	struct walk *w = arg;
	int r = step(w);

	if (r < 0 || e->ref.encl == SQ_NONE ||
	    (w->calls_only && !sq_ref_is_call(&e->ref)))
		return r;
	return sq_vec_push(w->keys, sq_key(e->from_file, e->ref.encl));
}

static int take_target(void *arg, const struct sq_edge *e)
{
	struct walk *w = arg;
	const struct sq_bound *b;
	uint32_t def;
	int r = step(w);

	if (r < 0 || !sq_ref_is_call(&e->ref) || e->target.file == SQ_FILE_NONE)
		return r;
	b = sq_version_bound(w->run->v, e->target.file);
	def = sq_bound_find_def(b, e->target.name, e->target.ordinal);
	if (def == SQ_NONE)
		return 0;
	return sq_vec_push(w->keys, sq_key(e->target.file, def));
}

int sq_relatives(const struct sq_run *run, enum sq_field field,
		 const struct sq_keyset *of, struct sq_keyset *keys)
{
	struct walk w = {
		.run = run, .keys = keys,
		.calls_only = field != SQ_FIELD_REFERENCES,
	};
	int r = 0;

	for (size_t i = 0; !r && i < of->n; i++) {
		sq_file f = sq_key_file(of->v[i]);
		uint32_t def = sq_key_def(of->v[i]);

		if (field == SQ_FIELD_CALLEES)
			r = sq_edges_out(run->v, f, def, take_target, &w);
		else
			r = sq_edges_in(run->v, f, def, take_source, &w);
	}
	return sq_error_trace(r);
}

/* ---- predicates ------------------------------------------------------------- */

int sq_run_list_names(const struct sq_run *run, const struct sq_name_set *names,
		      struct sq_keyset *keys)
{
	int r = 0;

	for (sq_name id = 0; !r; id++) {
		id = sq_name_set_next(names, id);
		if (id == SQ_NAME_NONE)
			break;
		r = sq_run_is_canceled(run) ? -ECANCELED :
		    sq_keyset_add_name(keys, run->v, id);
	}
	return r;
}

static int prepare_relation(struct sq_run *run, const struct sq_pred *p,
			    struct sq_pred_state *s)
{
	struct sq_keyset of = SQ_KEYSET_NULL;
	int r;

	s->test = SQ_TEST_KEYS;
	if (p->re) {
		r = sq_name_set_match(run->v, p->re, run->cancel, &s->names);
		if (!r)
			r = sq_run_list_names(run, &s->names, &of);
	} else {
		r = sq_keyset_add_symbol(&of, run->v, p->value);
	}
	if (!r) {
		sq_keyset_seal(&of);
		r = sq_relatives(run, p->field, &of, &s->keys);
	}
	sq_keyset_seal(&s->keys);
	sq_vec_deinit(&of);
	return r;
}

static int prepare_name(struct sq_run *run, const struct sq_pred *p,
			struct sq_pred_state *s)
{
	int r;

	if (p->re) {
		s->test = SQ_TEST_NAMES;
		return sq_name_set_match(run->v, p->re, run->cancel, &s->names);
	}
	if (!sq_symbol_is_qualified(p->value)) {
		s->test = SQ_TEST_NAME;
		s->name = sq_version_find(run->v, p->value);
		return 0;
	}
	s->test = SQ_TEST_KEYS;
	r = sq_keyset_add_symbol(&s->keys, run->v, p->value);
	sq_keyset_seal(&s->keys);
	return r;
}

static int prepare(struct sq_run *run, const struct sq_pred *p,
		   struct sq_pred_state *s)
{
	switch (p->field) {
	case SQ_FIELD_KIND:
	case SQ_FIELD_LANG:
		s->test = SQ_TEST_MASK;
		return 0;
	case SQ_FIELD_PATH:
		s->test = SQ_TEST_PATH;
		return 0;
	case SQ_FIELD_NAME:
		return prepare_name(run, p, s);
	case SQ_FIELD_CALLERS:
	case SQ_FIELD_CALLEES:
	case SQ_FIELD_REFERENCES:
		break;
	}
	return prepare_relation(run, p, s);
}

int sq_run_prepare(struct sq_run *run)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < run->q->n_preds; i++)
		r = prepare(run, &run->q->preds[i], &run->state[i]);
	return sq_error_trace(r);
}

void sq_run_deinit(struct sq_run *run)
{
	for (uint32_t i = 0; i < run->q->n_preds; i++) {
		sq_name_set_deinit(&run->state[i].names);
		sq_vec_deinit(&run->state[i].keys);
	}
}
