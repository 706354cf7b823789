/* SPDX-License-Identifier: MIT */
/* Go: names of definitions, and what statements bind. */
#include "lang/lang-go.h"

unsigned sq_go_visibility(struct sq_slice name)
{
	return sq_go_is_upper(name) ? SQ_DEF_VIS_PUBLIC : SQ_DEF_VIS_PACKAGE;
}

void sq_go_set_name(struct sq_walk *w, struct sq_frame *owner, const struct sq_frame *f)
{
	struct sq_slice name = sq_frame_text(w, f);
	struct sq_def *d = sq_walk_get_def(w, owner->def);

	if (!d || sq_slice_is(name, "_"))
		return;
	d->flags |= (uint16_t)sq_go_visibility(name);
	sq_walk_def_name(w, owner, sq_walk_leaf_sym(w, f));
}

/* the first name is the definition's on @owner, another one is its own */
void sq_go_name_one_of(struct sq_walk *w, struct sq_frame *owner, const struct sq_frame *f,
		       enum sq_kind kind)
{
	struct sq_slice name = sq_frame_text(w, f);
	uint32_t saved = w->encl;

	if (!owner->count++) {
		sq_go_set_name(w, owner, f);
		return;
	}
	if (sq_slice_is(name, "_"))
		return;
	w->encl = owner->saved_encl;
	(void)sq_walk_def_point(w, f, kind, sq_walk_leaf_sym(w, f), sq_go_visibility(name));
	w->encl = saved;
}

/* binding */

void sq_go_keep_name(struct sq_frame *owner, const struct sq_frame *f)
{
	if (!owner->obj_start)
		owner->obj_start = f->start;
	owner->obj_end = f->end;
}

static bool is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || sq_is_identifier(sq_slice(&c, 1));
}

/* past white space, commas and comments */
static size_t skip_gap(struct sq_slice s, size_t i)
{
	for (; i < s.n && !is_name_byte(s.p[i]); i++) {
		if (s.p[i] != '/' || i + 1 >= s.n)
			continue;
		if (s.p[i + 1] == '/')
			while (i < s.n && s.p[i] != '\n')
				i++;
		else
			for (i += 2; i + 1 < s.n && (s.p[i] != '*' || s.p[i + 1] != '/'); i++)
				;
	}
	return i;
}

void sq_go_bind_names(struct sq_walk *w, const struct sq_frame *owner, uint32_t type)
{
	struct sq_slice s = sq_slice(w->bytes.p + owner->obj_start,
				     owner->obj_end - owner->obj_start);

	if (!owner->obj_start)
		return;
	for (size_t i = skip_gap(s, 0); i < s.n; i = skip_gap(s, i)) {
		size_t from = i;

		while (i < s.n && is_name_byte(s.p[i]))
			i++;
		sq_walk_local(w, sq_walk_sym(w, sq_slice(s.p + from, i - from)), type);
		if (owner->bits & GO_TYPE_OF_FIRST)
			type = SQ_NONE;
	}
}

/* does ":=" stand behind the left side? */
static bool is_definition(const struct sq_walk *w, TSNode left)
{
	uint32_t i;

	if (ts_node_is_null(left))
		return false;
	for (i = ts_node_end_byte(left); i < w->bytes.n && strchr(" \t\r\n", w->bytes.p[i]);)
		i++;
	return i < w->bytes.n && w->bytes.p[i] == ':';
}

enum sq_visit sq_go_on_maybe_binds(struct sq_walk *w, struct sq_frame *f)
{
	f->role = is_definition(w, sq_node_field(f->node, "left")) ? SQ_ROLE_A : SQ_ROLE_WRITE;
	return SQ_DESCEND;
}

void sq_go_leave_binds(struct sq_walk *w, struct sq_frame *f)
{
	sq_go_bind_names(w, f, f->type);
}

/* what range and channels give is not followed */
void sq_go_leave_untyped(struct sq_walk *w, struct sq_frame *f)
{
	sq_go_bind_names(w, f, SQ_NONE);
}

void sq_go_leave_list(struct sq_walk *w, struct sq_frame *f)
{
	(void)w;
	if ((f->role != SQ_ROLE_B && f->role != SQ_ROLE_INIT) || f->count != 1 ||
	    f[-1].type != SQ_NONE)
		return;
	f[-1].type = f->type;
	f[-1].bits |= GO_TYPE_OF_FIRST;
}

enum sq_visit sq_go_on_scope(struct sq_walk *w, struct sq_frame *f)
{
	sq_walk_scope(w, f, false);
	return SQ_DESCEND;
}

enum sq_visit sq_go_on_type_switch(struct sq_walk *w, struct sq_frame *f)
{
	TSNode alias = sq_node_field(f->node, "alias");

	sq_walk_scope(w, f, false);
	f->aux = sq_walk_sym(w, sq_node_text(w, alias));
	sq_walk_local(w, f->aux, SQ_NONE);
	return SQ_DESCEND;
}

/* "case *T:" makes the switch's variable a T */
enum sq_visit sq_go_on_statements(struct sq_walk *w, struct sq_frame *f)
{
	const struct sq_frame *c = &f[-1];

	if (c->rule->arg == GO_CASE && c[-1].aux != SQ_NONE && c->count == 2)
		sq_walk_local(w, c[-1].aux, c->type);
	return SQ_DESCEND;
}
