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

bool sq_work_is_whole(const struct sq_work *w)
{
	const struct sq_change_set *s = w->changes;

	return w->full || s->rescan || s->rules_changed || s->root_gone ||
	       (sq_git_class_forces_full((enum sq_git_class)w->git_class) && !w->paths_known);
}

bool sq_work_is_empty(const struct sq_work *w)
{
	return !w->changes->n_changes && !w->git_state_changed && !sq_work_is_whole(w);
}

void sq_work_set_snapshot(struct sq_work *w, const struct sq_git_snapshot *snapshot)
{
	if (!snapshot->known)
		return;
	w->has_snapshot = true;
	w->snapshot = *snapshot;
}

enum sq_git_class sq_git_class_merge(enum sq_git_class earlier, enum sq_git_class later)
{
	if (sq_git_class_forces_full(earlier) || sq_git_class_forces_full(later))
		return SQ_GIT_TREE_DIVERGED;
	return later == SQ_GIT_NONE ? earlier : later;
}

/* does the side say all that its class stands for? */
static bool knows_its_paths(const struct sq_work *w)
{
	return w->paths_known || !sq_git_class_forces_full((enum sq_git_class)w->git_class);
}

static void merge_flags(struct sq_work *into, const struct sq_work *later)
{
	into->paths_known = knows_its_paths(into) && knows_its_paths(later);
	into->git_class = (uint8_t)sq_git_class_merge((enum sq_git_class)into->git_class,
						      (enum sq_git_class)later->git_class);
	into->git_state_changed |= later->git_state_changed;
	into->full |= later->full;
	into->over_budget |= later->over_budget;
	if (later->has_snapshot)
		sq_work_set_snapshot(into, &later->snapshot);
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

	if (!s)
		return 0;
	return s->n_changes ? s->n_changes : sq_work_is_whole(w);
}
