/* SPDX-License-Identifier: MIT */
/*
 * Who is related to a set of definitions. A small set asks the posting lists
 * of its names; a big one is met by reading every link of the version once.
 */
#include "base/error.h"
#include "graph/edges.h"
#include "query/run.h"

/* definitions whose referrers are looked up one by one: each reads the files that mention its name */
#define FEW 256u

bool sq_ref_is_call(const struct sq_ref *r)
{
	return r->kind == SQ_REF_CALL || r->kind == SQ_REF_MACRO;
}

#define BIT(kind) (1u << (kind))

/* kinds of reference that make a relation */
static unsigned kinds_of(enum sq_field field)
{
	switch (field) {
	case SQ_FIELD_REFERENCES:
		return ~0u;
	case SQ_FIELD_IMPL:
		return BIT(SQ_REF_IMPLEMENT) | BIT(SQ_REF_INHERIT);
	case SQ_FIELD_INHERITS:
		return BIT(SQ_REF_INHERIT);
	default:
		return BIT(SQ_REF_CALL) | BIT(SQ_REF_MACRO);
	}
}

struct walk {
	struct sq_run *run;
	enum sq_field field;
	unsigned kinds;
	struct sq_selection *set;
};

/* whoever inherits from an interface implements it */
static bool is_interface(const struct sq_version *v, const struct sq_target *t)
{
	const struct sq_bound *b = sq_version_bound(v, t->file);
	uint32_t def = sq_bound_find_def(b, t->name, t->ordinal);
	struct sq_def d;

	if (def == SQ_NONE)
		return false;
	sq_defs_get(&b->columns, def, &d);
	return d.kind == SQ_KIND_INTERFACE || d.kind == SQ_KIND_TRAIT;
}

static bool is_wanted(const struct walk *w, const struct sq_ref *ref,
		      const struct sq_target *t)
{
	if (!(w->kinds & BIT(ref->kind)))
		return false;
	return w->field != SQ_FIELD_IMPL || ref->kind == SQ_REF_IMPLEMENT ||
	       is_interface(w->run->v, t);
}

static int take_source(void *arg, const struct sq_edge *e)
{
	struct walk *w = arg;
	int r = sq_run_step(w->run, 1);

	if (r || e->ref.encl == SQ_NONE || !is_wanted(w, &e->ref, &e->target))
		return r;
	return sq_selection_add(w->set, e->from_file, e->ref.encl);
}

static int take_target(void *arg, const struct sq_edge *e)
{
	struct walk *w = arg;
	const struct sq_bound *b;
	uint32_t def;
	int r = sq_run_step(w->run, 1);

	if (r || !sq_ref_is_call(&e->ref) || e->target.file == SQ_FILE_NONE)
		return r;
	b = sq_version_bound(w->run->v, e->target.file);
	def = sq_bound_find_def(b, e->target.name, e->target.ordinal);
	return def == SQ_NONE ? 0 : sq_selection_add(w->set, e->target.file, def);
}

/* ---- by reading all links -------------------------------------------------------- */

/* names that a member of @of has, so that most targets need no look-up */
static int names_of(struct sq_run *run, const struct sq_selection *of, uint64_t *names)
{
	struct sq_selection_cursor it = sq_selection_begin(of);
	uint64_t key;
	int r = 0;

	while (!r && sq_selection_next(&it, &key)) {
		const struct sq_bound *b = sq_version_bound(run->v, sq_key_file(key));
		struct sq_def d;
		sq_name id;

		sq_defs_get(&b->columns, sq_key_def(key), &d);
		id = b->names[d.name];
		names[id >> 6] |= 1ull << (id & 63);
		r = sq_run_step(run, 1);
	}
	return r;
}

static bool is_member(const struct sq_run *run, const struct sq_selection *of,
		      const uint64_t *names, const struct sq_target *t)
{
	uint32_t def;

	if (!(names[t->name >> 6] >> (t->name & 63) & 1))
		return false;
	def = sq_bound_find_def(sq_version_bound(run->v, t->file), t->name, t->ordinal);
	return def != SQ_NONE && sq_selection_has(of, t->file, def);
}

struct sweep {
	struct walk walk;
	const struct sq_selection *of;
	const uint64_t *names;
	SQ_VEC(bool) hits;              /* of each target of the file: is it a member? */
};

static int mark_targets(struct sweep *s, const struct sq_links *l)
{
	bool any = false;
	int r = sq_vec_reserve(&s->hits, l->n_targets);

	if (r < 0)
		return sq_error_trace(r);
	for (uint32_t i = 0; i < l->n_targets; i++) {
		s->hits.v[i] = is_member(s->walk.run, s->of, s->names, &l->targets[i]);
		any |= s->hits.v[i];
	}
	return any;
}

static bool is_hit(const struct sweep *s, const struct sq_ref *ref,
		   const struct sq_links *l, const struct sq_link *link)
{
	for (uint32_t k = link->first; k < link->first + link->n_listed; k++)
		if (s->hits.v[k] && is_wanted(&s->walk, ref, &l->targets[k]))
			return true;
	return false;
}

static int sweep_file(struct sweep *s, sq_file f)
{
	struct sq_file_slot slot = sq_version_slot(s->walk.run->v, f);
	struct sq_ref_cursor it;
	struct sq_ref ref;
	const uint8_t *at;
	int r;

	if (!slot.links)
		return 0;
	s->hits.n = 0;
	r = mark_targets(s, slot.links);
	if (r <= 0)
		return r ? r : sq_run_step(s->walk.run, slot.links->n_targets);
	at = slot.links->ref_link;
	sq_refs_begin(&slot.bound->columns, &it);
	for (r = 0; !r && sq_refs_next(&it, &ref);) {
		uint32_t link;

		at = sq_varint_get32(at, &link);
		if (ref.encl != SQ_NONE &&
		    is_hit(s, &ref, slot.links, &slot.links->links[link]))
			r = sq_selection_add(s->walk.set, f, ref.encl);
	}
	return r ? r : sq_run_step(s->walk.run, slot.bound->columns.n_refs);
}

static int sweep(const struct walk *w, const struct sq_selection *of)
{
	uint64_t *names = sq_calloc(w->run->v->n_names / 64 + 1, sizeof(*names));
	struct sweep s = { .walk = *w, .of = of, .names = names };
	int r = names ? names_of(w->run, of, names) : sq_error_origin(-ENOMEM);

	for (sq_file f = 0; !r && f < w->run->v->n_file_ids; f++)
		r = sweep_file(&s, f);
	sq_vec_deinit(&s.hits);
	sq_free(names);
	return r;
}

int sq_run_relatives(struct sq_run *run, enum sq_field field, const struct sq_selection *of,
		     struct sq_selection *set)
{
	struct walk w = { run, field, kinds_of(field), set };
	struct sq_selection_cursor it = sq_selection_begin(of);
	uint64_t key;
	int r = 0;

	if (field != SQ_FIELD_CALLEES && of->n > FEW)
		return sweep(&w, of);
	while (!r && sq_selection_next(&it, &key)) {
		if (field == SQ_FIELD_CALLEES)
			r = sq_edges_out(run->v, sq_key_file(key), sq_key_def(key),
					 take_target, &w);
		else
			r = sq_edges_in(run->v, sq_key_file(key), sq_key_def(key),
					take_source, &w);
		if (!r)
			r = sq_run_step(run, 1);
	}
	return r;
}

/* ---- by the name that is written ---------------------------------------------- */

static int implementers_in(struct sq_run *run, sq_file f, sq_name name,
			   struct sq_selection *set)
{
	const struct sq_bound *b = sq_version_bound(run->v, f);
	uint32_t local = sq_bound_local(b, name);
	struct sq_ref_cursor it;
	struct sq_ref ref;
	int r = 0;

	sq_refs_begin(&b->columns, &it);
	while (!r && sq_refs_next(&it, &ref))
		if (ref.kind == SQ_REF_IMPLEMENT && ref.name == local && ref.encl != SQ_NONE)
			r = sq_selection_add(set, f, ref.encl);
	return r ? r : sq_run_step(run, b->columns.n_refs);
}

int sq_run_implementers(struct sq_run *run, sq_name name, struct sq_selection *set)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	if (name == SQ_NAME_NONE)
		return 0;
	sq_version_postings(run->v, name, SQ_LIST_MENTION, &it);
	while (!r && sq_posting_next(&it, &p))
		r = implementers_in(run, p.file, name, set);
	return r;
}
