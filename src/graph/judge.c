/* SPDX-License-Identifier: MIT */
/* Which definitions can be unused, and which are visible to who is not in the tree. */
#include "graph/judge.h"

static bool is_family_visible(uint8_t lang, const struct sq_def *d)
{
	unsigned vis = d->flags & SQ_DEF_VIS_MASK;

	if (d->flags & (SQ_DEF_FILE_LOCAL | SQ_DEF_NESTED))
		return false;
	switch (lang) {
	case SQ_LANG_JAVASCRIPT:
	case SQ_LANG_TYPESCRIPT:
	case SQ_LANG_TSX:
		if (d->parent == SQ_NONE)
			return d->flags & (SQ_DEF_EXPORTED | SQ_DEF_DEFAULT);
		break;
	default:
		break;
	}
	return vis == SQ_DEF_VIS_PUBLIC || vis == SQ_DEF_VIS_PROTECTED;
}

bool sq_judge_visible(uint8_t lang, const struct sq_def *d, bool is_parent_visible)
{
	return is_parent_visible && is_family_visible(lang, d);
}

bool sq_def_is_public(const struct sq_bound *b, const struct sq_def *d)
{
	struct sq_def at = *d;

	while (is_family_visible(b->lang, &at)) {
		if (at.parent == SQ_NONE)
			return true;
		sq_defs_get(&b->columns, at.parent, &at);
	}
	return false;
}

bool sq_def_is_judged(uint8_t kind)
{
	switch (kind) {
	case SQ_KIND_FUNCTION:
	case SQ_KIND_METHOD:
	case SQ_KIND_CLASS:
	case SQ_KIND_INTERFACE:
	case SQ_KIND_TRAIT:
	case SQ_KIND_STRUCT:
	case SQ_KIND_ENUM:
	case SQ_KIND_TYPE:
	case SQ_KIND_MACRO:
	case SQ_KIND_CONSTANT:
	case SQ_KIND_VARIABLE:
		return true;
	default:
		return false;
	}
}

void sq_entries_init(struct sq_entries *e, const struct sq_version *v)
{
	e->main = sq_version_find(v, SQ_LIT("main"));
	e->init = sq_version_find(v, SQ_LIT("init"));
	e->constructor = sq_version_find(v, SQ_LIT("constructor"));
}

static bool is_dunder(struct sq_slice s)
{
	return s.n > 4 && sq_slice_has_prefix(s, SQ_LIT("__")) && sq_slice_has_suffix(s, SQ_LIT("__"));
}

static bool is_special(const struct sq_version *v, uint8_t lang, sq_name name)
{
	struct sq_slice s;

	if (lang != SQ_LANG_CPP && lang != SQ_LANG_PYTHON)
		return false;
	s = sq_version_string(v, name);
	if (lang == SQ_LANG_PYTHON)
		return is_dunder(s);
	return s.n && (s.p[0] == '~' || sq_slice_has_prefix(s, SQ_LIT("operator")));
}

bool sq_entry_is(const struct sq_entries *e, const struct sq_version *v, const struct sq_bound *b,
		 const struct sq_def *d, sq_name parent)
{
	sq_name name = b->names[d->name];

	if (d->flags & SQ_DEF_TEST)
		return true;
	if (d->kind != SQ_KIND_FUNCTION && d->kind != SQ_KIND_METHOD)
		return b->lang == SQ_LANG_PYTHON && is_special(v, b->lang, name);
	if (name == e->main || (name == e->init && b->lang == SQ_LANG_GO))
		return true;
	if (d->parent != SQ_NONE && (name == e->constructor || name == parent))
		return true;
	return is_special(v, b->lang, name);
}
