/* SPDX-License-Identifier: MIT */
/* Questions that only the link columns of all files answer: how many callers,
 * how a call was resolved, whose address is taken. */
#include <stdlib.h>

#include "base/error.h"
#include "query/run.h"

/* one file's references with their links, in order */
struct refs {
	struct sq_file_slot slot;
	struct sq_ref_cursor it;
	const uint8_t *at;
};

static bool refs_begin(const struct sq_version *v, sq_file f, struct refs *ret)
{
	ret->slot = sq_version_slot(v, f);
	if (!ret->slot.links)
		return false;
	ret->at = ret->slot.links->ref_link;
	sq_refs_begin(&ret->slot.bound->columns, &ret->it);
	return true;
}

static bool refs_next(struct refs *r, struct sq_ref *ret_ref, const struct sq_link **ret_link)
{
	uint32_t link;

	if (!sq_refs_next(&r->it, ret_ref))
		return false;
	r->at = sq_varint_get32(r->at, &link);
	*ret_link = &r->slot.links->links[link];
	return true;
}

static uint32_t def_of(const struct sq_version *v, const struct sq_target *t)
{
	return sq_bound_find_def(sq_version_bound(v, t->file), t->name, t->ordinal);
}

/* ---- address_taken, resolved_via, callsite_promiscuous --------------------------- */

/* a function that is named without being called decays to its address in C */
static bool takes_address(const struct sq_run *run, const struct refs *refs,
			  const struct sq_ref *ref, const struct sq_target *t)
{
	struct sq_def d;
	uint32_t def;

	if (ref->kind == SQ_REF_ADDRESS)
		return true;
	if (ref->kind != SQ_REF_READ || run->v->traits[refs->slot.bound->lang] == NULL ||
	    run->v->traits[refs->slot.bound->lang]->family != SQ_FAMILY_C)
		return false;
	def = def_of(run->v, t);
	if (def == SQ_NONE)
		return false;
	sq_defs_get(&sq_version_bound(run->v, t->file)->columns, def, &d);
	return d.kind == SQ_KIND_FUNCTION || d.kind == SQ_KIND_METHOD;
}

static int add_taken(struct sq_run *run, struct refs *refs, struct sq_selection *set)
{
	const struct sq_link *link;
	struct sq_ref ref;
	int r = 0;

	while (!r && refs_next(refs, &ref, &link)) {
		if (ref.kind != SQ_REF_ADDRESS && ref.kind != SQ_REF_READ)
			continue;
		for (uint32_t k = 0; !r && k < link->n_listed; k++) {
			const struct sq_target *t =
				&refs->slot.links->targets[link->first + k];
			uint32_t def;

			if (!takes_address(run, refs, &ref, t))
				continue;
			def = def_of(run->v, t);
			if (def != SQ_NONE)
				r = sq_selection_add(set, t->file, def);
		}
	}
	return r;
}

static bool is_via(uint64_t mask, const struct sq_link *link)
{
	if (link->state == SQ_LINK_ELIDED)
		return mask & SQ_VIA_ELIDED;
	return link->state != SQ_LINK_UNRESOLVED && (mask >> link->rule & 1);
}

static int add_via(struct sq_run *run, sq_file f, struct refs *refs, uint64_t mask,
		   struct sq_selection *set)
{
	const struct sq_links *l = refs->slot.links;
	const struct sq_link *link;
	bool any = false;
	struct sq_ref ref;
	int r = 0;

	(void)run;
	for (uint32_t i = 0; i < l->n_links; i++)
		any |= is_via(mask, &l->links[i]);
	while (any && !r && refs_next(refs, &ref, &link))
		if (ref.encl != SQ_NONE && sq_ref_is_call(&ref) && is_via(mask, link))
			r = sq_selection_add(set, f, ref.encl);
	return r;
}

int sq_run_link_states(struct sq_run *run, const struct sq_pred *p, struct sq_selection *set)
{
	uint64_t mask = p->field == SQ_FIELD_RESOLVED_VIA ? p->mask : SQ_VIA_ELIDED;
	int r = 0;

	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		struct refs refs;

		if (!refs_begin(run->v, f, &refs))
			continue;
		if (p->field == SQ_FIELD_ADDRESS_TAKEN)
			r = add_taken(run, &refs, set);
		else
			r = add_via(run, f, &refs, mask, set);
		if (!r)
			r = sq_run_step(run, 1 + refs.slot.bound->columns.n_refs);
	}
	return r;
}

/* ---- numbers of callers, callees, referrers --------------------------------------- */

struct count {
	struct sq_run *run;
	enum sq_field field;
	uint32_t *n;                    /* of each definition */
	SQ_VEC(uint64_t) pairs;         /* of one file: counted definition << 32 | the other */
	SQ_VEC(uint32_t) numbers;       /* of one file's targets, 0: not yet, else number + 1 */
};

/* which definition a target of the file is, looked up once; SQ_NONE: gone */
static uint32_t number_of(struct count *c, const struct sq_links *l, uint32_t target)
{
	const struct sq_target *t = &l->targets[target];
	uint32_t def;

	if (c->numbers.v[target])
		return c->numbers.v[target] - 1;
	def = def_of(c->run->v, t);
	if (def == SQ_NONE)
		return SQ_NONE;
	def = sq_number(&c->run->numbering, t->file, def);
	c->numbers.v[target] = def + 1;
	return def;
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* a referrer lies in one file, so what is distinct there is distinct at all */
static int count_file(struct count *c, sq_file f, struct refs *refs)
{
	const struct sq_links *l = refs->slot.links;
	const struct sq_link *link;
	struct sq_ref ref;
	int r;

	sq_vec_clear(&c->pairs);
	c->numbers.n = 0;
	r = sq_vec_reserve(&c->numbers, l->n_targets);
	if (!r && l->n_targets)
		memset(c->numbers.v, 0, l->n_targets * sizeof(*c->numbers.v));
	while (!r && refs_next(refs, &ref, &link)) {
		if (ref.encl == SQ_NONE ||
		    (c->field != SQ_FIELD_REFERENCES && !sq_ref_is_call(&ref)))
			continue;
		for (uint32_t k = 0; !r && k < link->n_listed; k++) {
			uint64_t a = sq_number(&c->run->numbering, f, ref.encl);
			uint64_t b = number_of(c, l, link->first + k);

			if (b == SQ_NONE)
				continue;
			r = sq_vec_push(&c->pairs, c->field == SQ_FIELD_CALLEES ?
					a << 32 | b : b << 32 | a);
		}
	}
	if (c->pairs.n > 1)
		qsort(c->pairs.v, c->pairs.n, sizeof(*c->pairs.v), cmp_u64);
	for (size_t i = 0; !r && i < c->pairs.n; i++)
		if (!i || c->pairs.v[i] != c->pairs.v[i - 1])
			c->n[c->pairs.v[i] >> 32]++;
	return r;
}

static bool compare(uint64_t n, enum sq_op op, uint64_t with)
{
	switch (op) {
	case SQ_OP_GT:
		return n > with;
	case SQ_OP_LT:
		return n < with;
	case SQ_OP_GE:
		return n >= with;
	default:
		return n <= with;
	}
}

static int take_counted(const struct count *c, const struct sq_pred *p,
			struct sq_selection *set)
{
	const struct sq_numbering *num = &c->run->numbering;
	int r = 0;

	for (sq_file f = 0; !r && f < c->run->v->n_file_ids; f++) {
		uint32_t first = num->first[f], n = num->first[f + 1] - first;

		for (uint32_t def = 0; !r && def < n; def++)
			if (compare(c->n[first + def], p->op, p->number))
				r = sq_selection_add(set, f, def);
		if (!r)
			r = sq_run_step(c->run, n);
	}
	return r;
}

int sq_run_counts(struct sq_run *run, const struct sq_pred *p, struct sq_selection *set)
{
	struct count c = { .run = run, .field = p->field };
	int r = sq_numbering_make(&run->numbering);

	if (r < 0)
		return sq_error_trace(r);
	c.n = sq_calloc((size_t)sq_numbering_total(&run->numbering) + 1, sizeof(*c.n));
	if (!c.n)
		return sq_error_origin(-ENOMEM);
	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		struct refs refs;

		if (!refs_begin(run->v, f, &refs))
			continue;
		r = count_file(&c, f, &refs);
		if (!r)
			r = sq_run_step(run, 1 + refs.slot.bound->columns.n_refs);
	}
	if (!r)
		r = take_counted(&c, p, set);
	sq_vec_deinit(&c.pairs);
	sq_vec_deinit(&c.numbers);
	sq_free(c.n);
	return r;
}
