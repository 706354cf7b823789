/* SPDX-License-Identifier: MIT */
#include "base/atomic.h"
#include "base/time.h"
#include "watch/watcher.h"

/* limits: of raw events a root holds, and of paths in one set */
#define MAX_HELD_BYTES (32u << 20)
#define MAX_SET_CHANGES (1u << 20)

#define NS_PER_MS 1000000ULL

static void open_pending(struct sq_watch_root *r)
{
	struct sq_watch_pending *p = &r->pending;

	if (!p->is_open)
		p->first_ns = r->w->event_ns;
	p->is_open = true;
	p->last_ns = r->w->event_ns;
	r->w->is_relevant = true;
}

void sq_pending_flags(struct sq_watch_root *r, unsigned flags)
{
	struct sq_watch_pending *p = &r->pending;

	open_pending(r);
	if (flags & SQ_PENDING_RESCAN && !p->rescan) {
		p->rescan = true;
		r->stats.n_rescans++;
		r->w->stats.n_rescans++;
	}
	p->rules_changed |= !!(flags & SQ_PENDING_RULES);
	p->git_changed |= !!(flags & SQ_PENDING_GIT);
}

void sq_pending_path(struct sq_watch_root *r, struct sq_slice path, uint8_t what)
{
	struct sq_watch_pending *p = &r->pending;

	open_pending(r);
	p->n_events++;
	if (p->rescan)
		return;         /* everything is compared anyway */
	if ((!p->set && sq_change_set_new(&p->set) < 0) ||
	    p->set->n_changes >= MAX_SET_CHANGES ||
	    sq_change_set_add(p->set, path, what) < 0) {
		p->set = sq_change_set_free(p->set);
		sq_pending_flags(r, SQ_PENDING_RESCAN);
	}
}

uint64_t sq_pending_due_ns(const struct sq_watch_root *r)
{
	const struct sq_watch_config *cfg = &r->w->cfg;
	const struct sq_watch_pending *p = &r->pending;

	if (!p->is_open || !r->is_started)
		return UINT64_MAX;
	/* relaxed: sq_watch_set_windows() */
	return SQ_MIN(p->last_ns + sq_load_relaxed(&cfg->quiet_ms) * NS_PER_MS,
		      p->first_ns + sq_load_relaxed(&cfg->max_wait_ms) * NS_PER_MS);
}

struct sq_change_set *sq_pending_take(struct sq_watch_root *r)
{
	struct sq_watch_pending *p = &r->pending;
	struct sq_change_set *s = p->set;
	bool is_moved;

	if (!p->is_open || !r->is_started)
		return NULL;
	/* asked each time: T1 is not told of what happens above the root */
	is_moved = !r->is_gone && sq_place_root_moved(r);
	if (!s && !p->rescan && !p->rules_changed && !p->git_changed && !is_moved) {
		p->is_open = false;
		return NULL;
	}
	if (!s && sq_change_set_new(&s) < 0) {
		/* nothing is lost: the next window tries again */
		p->first_ns = p->last_ns = sq_now_ns();
		return NULL;
	}
	sq_change_set_sort(s);
	s->rescan = p->rescan;
	s->rules_changed = p->rules_changed;
	s->git_changed = p->git_changed;
	s->root_gone = is_moved;
	s->first_event_ns = p->first_ns;
	s->n_events = p->n_events;
	r->is_gone |= is_moved;
	*p = (struct sq_watch_pending){ .set = NULL };
	r->stats.n_sets++;
	r->w->stats.n_sets++;
	return s;
}

void sq_pending_deinit(struct sq_watch_root *r)
{
	r->pending.set = sq_change_set_free(r->pending.set);
	r->pending.is_open = false;
	sq_buf_deinit(&r->held);
}

void sq_watch_hold(struct sq_watch_root *r, struct sq_slice raw)
{
	if (r->held_lost)
		return;
	if (!r->held.n)
		r->held_ns = r->w->event_ns;
	if (r->held.n + raw.n <= MAX_HELD_BYTES)
		sq_buf_add_slice(&r->held, raw);
	if (r->held.n + raw.n > MAX_HELD_BYTES || sq_buf_error(&r->held)) {
		sq_buf_deinit(&r->held);
		r->held_lost = true;
	}
}

void sq_watch_lost_events(struct sq_watch *w, struct sq_watch_group *g)
{
	w->stats.n_overflows++;
	sq_dir_misses_clear(&g->misses);
	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];

		if (r->group != g)
			continue;
		r->stats.n_overflows++;
		sq_pending_flags(r, SQ_PENDING_RESCAN);
		/*
		 * A lost rename leaves the table wrong: paths made from it now
		 * would be wrong after the walk that the rescan brings.
		 */
		if (r->state == SQ_WATCH_HOLDING) {
			sq_buf_deinit(&r->held);
			r->held_lost = true;
		} else if (r->state == SQ_WATCH_LIVE) {
			r->state = SQ_WATCH_HOLDING;
			r->held_lost = false;
			g->n_holding++;
		}
	}
}

void sq_watch_lose(struct sq_watch_root *r, const char *why)
{
	if (r->state == SQ_WATCH_LOST)
		return;
	r->why = why;
	sq_watch_root_leave(r);
	r->state = SQ_WATCH_LOST;
	sq_pending_flags(r, SQ_PENDING_RESCAN);
}
