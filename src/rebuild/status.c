/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rebuild/build.h"

const char *sq_pass_name(enum sq_pass p)
{
	static const char *const names[SQ_PASS_MAX] = { "none", "discover", "read", "link", "publish" };

	return p < SQ_PASS_MAX ? names[p] : "unknown";
}

void sq_rebuild_status(struct sq_workspace *ws, struct sq_build_status *ret)
{
	struct sq_build *b = sq_build_of(ws);
	const char *why;

	*ret = (struct sq_build_status){ .tier = SQ_WATCH_NONE };
	/* relaxed: a moment's figures for people */
	ret->pass = (enum sq_pass)sq_load_relaxed(&b->pass);
	ret->files_done = sq_load_relaxed(&b->files_done);
	ret->files_total = sq_load_relaxed(&b->files_total);
	ret->n_parsed = sq_load_relaxed(&b->n_parsed);
	ret->n_moved = sq_load_relaxed(&b->n_moved);
	ret->n_relinked = sq_load_relaxed(&b->n_relinked);
	sq_lock(&ws->record);
	if (b->watch) {
		ret->tier = sq_watch_root_tier(b->watch);
		sq_watch_root_stats(b->watch, &ret->watch);
		ret->watch_pending = sq_watch_root_pending(b->watch);
	}
	why = b->watch_reason[0] ? b->watch_reason :
	      ret->tier == SQ_WATCH_FILESYSTEM ? "" : b->rb->watch_reason;
	(void)snprintf(ret->watch_reason, sizeof(ret->watch_reason), "%s", why);
	ret->has_last = b->last.is_set;
	ret->last_was_full = b->last.was_full;
	ret->last_duration_ns = b->last.duration_ns;
	ret->last_files = b->last.n_files;
	ret->last_stages = b->last.stages;
	sq_unlock(&ws->record);
}

bool sq_rebuild_is_watched(const struct sq_workspace *ws)
{
	/* pairs with the release in watch_root and sq_build_unwatch */
	return sq_load_acquire(&sq_build_of(ws)->is_watched);
}

uint64_t sq_rebuild_pending(struct sq_workspace *ws)
{
	/* relaxed: a moment's figure */
	return sq_load_relaxed(&ws->pending_files);
}

void sq_rebuild_trees(struct sq_rebuild *rb, struct sq_trees_stats *ret)
{
	sq_trees_read_stats(rb->trees, ret);
}

uint64_t sq_rebuild_n_dispatched(const struct sq_rebuild *rb)
{
	/* relaxed: a counter for people */
	return sq_load_relaxed(&rb->n_dispatched);
}

enum sq_reader_mode sq_rebuild_reader(const struct sq_rebuild *rb, const char **ret_why)
{
	*ret_why = rb->reader_mode == SQ_READER_PLAIN ? rb->reader_why : NULL;
	return rb->reader_mode;
}

unsigned sq_rebuild_n_workers(const struct sq_rebuild *rb)
{
	return rb->cfg.n_workers;
}

#ifdef SQ_TEST_HOOKS
void sq_rebuild_peek_lane(struct sq_workspace *ws, struct sq_lane_view *ret)
{
	struct sq_lane *l = &sq_build_of(ws)->lane;

	sq_lock(&l->lock);
	*ret = (struct sq_lane_view){
		.in_flight = l->in_flight, .is_parked = !sq_work_is_none(&l->parked), .is_full = l->parked.full,
		.n_files = sq_work_is_none(&l->parked) ? 0 : l->parked.changes->n_changes,
		.enqueued_ns = l->parked.enqueued_ns,
	};
	sq_unlock(&l->lock);
}

void sq_rebuild_set_fault(struct sq_rebuild *rb, enum sq_fault_site site, int error, unsigned count)
{
	sq_lock(&rb->fault_lock);
	rb->faults[site] = (struct sq_fault){ error, count };
	sq_unlock(&rb->fault_lock);
}

int sq_fault_take(struct sq_rebuild *rb, enum sq_fault_site site)
{
	struct sq_fault *f = &rb->faults[site];
	int error = 0;

	sq_lock(&rb->fault_lock);
	if (f->count) {
		f->count--;
		error = f->error;
	}
	sq_unlock(&rb->fault_lock);
	return error;
}

void sq_fault_allocs(struct sq_rebuild *rb, bool arm)
{
	struct sq_fault *f = &rb->faults[SQ_FAULT_ALLOC];
	unsigned n = 0;

	sq_lock(&rb->fault_lock);
	if (arm) {
		n = f->count;
		f->count = 0;
	}
	rb->fail_at = n ? sq_alloc_count() + n : 0;
	sq_unlock(&rb->fault_lock);
	sq_alloc_fail_after(n);
}

void sq_fault_pause(struct sq_rebuild *rb, bool pause)
{
	uint64_t now = sq_alloc_count(), left;

	sq_lock(&rb->fault_lock);
	if (pause)
		rb->fail_left = rb->fail_at > now ? rb->fail_at - now : 0;
	left = pause ? 0 : rb->fail_left;
	if (!pause)
		rb->fail_at = left ? now + left : 0;
	sq_unlock(&rb->fault_lock);
	sq_alloc_fail_after(left);
}
#endif
