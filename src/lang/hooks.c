/* SPDX-License-Identifier: MIT */
#include "lang/spec.h"

enum sq_visit sq_on_identifier(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_NAME)
		sq_walk_def_name(w, &f[-1], sym);
	else if (f->role == SQ_ROLE_DECL)
		sq_walk_local(w, sym, SQ_NONE);
	else
		(void)sq_walk_use(w, f, sym);
	return SQ_SKIP;
}

enum sq_visit sq_on_member(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_NAME)
		sq_walk_def_name(w, &f[-1], sym);
	else
		(void)sq_walk_use_member(w, f, sym);
	return SQ_SKIP;
}

enum sq_visit sq_on_type(struct sq_walk *w, struct sq_frame *f)
{
	uint32_t sym = sq_walk_leaf_sym(w, f);

	if (f->role == SQ_ROLE_NAME) {
		sq_walk_def_name(w, &f[-1], sym);
		return SQ_SKIP;
	}
	/* a type name is a type wherever nothing more special is known */
	if (f->role == SQ_ROLE_VALUE || f->role == SQ_ROLE_OBJECT)
		f->role = SQ_ROLE_TYPE;
	(void)sq_walk_use(w, f, sym);
	f[-1].type = sym;
	return SQ_SKIP;
}

enum sq_visit sq_on_definition(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, f->rule->arg, SQ_NONE, 0);
	return SQ_DESCEND;
}

enum sq_visit sq_on_function(struct sq_walk *w, struct sq_frame *f)
{
	(void)sq_walk_def(w, f, f->rule->arg, SQ_NONE, 0);
	sq_walk_scope(w, f, true);
	return SQ_DESCEND;
}

enum sq_visit sq_on_opaque(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	(void)f;
	return SQ_SKIP;
}

void sq_leave_arguments(struct sq_walk *w, struct sq_frame *f)
{
	struct sq_ref *r = sq_facts_ref(w->builder, f[-1].ref);

	if (r)
		r->argc = (uint8_t)SQ_MIN(f->count, SQ_ARGC_UNKNOWN - 1);
}
