/* SPDX-License-Identifier: MIT */
#include "rebuild/work.h"

#include "base/error.h"
#include "base/time.h"

void sq_work_deinit(struct sq_work *w)
{
	w->changes = sq_change_set_free(w->changes);
}

int sq_work_init(struct sq_work *w)
{
	struct sq_change_set *set = NULL;
	int r = sq_change_set_new(&set);

	if (r < 0)
		return sq_error_trace(r);
	*w = (struct sq_work){ .changes = set, .enqueued_ns = sq_now_ns() };
	return 0;
}

static void merge_flags(struct sq_work *into, const struct sq_work *later)
{
	into->full |= later->full;
	into->enqueued_ns = SQ_MAX(into->enqueued_ns, later->enqueued_ns);
}

int sq_work_merge(struct sq_work *into, struct sq_work *later)
{
	int r;

	if (sq_work_is_none(later))
		return 0;
	if (sq_work_is_none(into)) {
		*into = *later;
		later->changes = NULL;
		return 0;
	}
	r = sq_change_set_merge(into->changes, later->changes);
	if (r < 0)
		return sq_error_trace(r);
	sq_change_set_sort(into->changes);
	merge_flags(into, later);
	sq_work_deinit(later);
	return 0;
}

void sq_work_merge_or_rescan(struct sq_work *into, struct sq_work *later)
{
	if (!sq_work_merge(into, later))
		return;
	into->changes->rescan = true;
	into->changes->rules_changed |= later->changes->rules_changed;
	into->changes->root_gone |= later->changes->root_gone;
	merge_flags(into, later);
	sq_work_deinit(later);
}

uint64_t sq_work_pending(const struct sq_work *w)
{
	const struct sq_change_set *s = w->changes;
	bool whole;

	if (!s)
		return 0;
	whole = w->full || s->rescan || s->rules_changed || s->root_gone;
	return s->n_changes ? s->n_changes : whole;
}
