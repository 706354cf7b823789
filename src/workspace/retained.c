/* SPDX-License-Identifier: MIT */
/* What publishes and evictions took out of use, until it is freed: who waits for how long. */
#include "base/error.h"
#include "base/time.h"
#include "workspace/manager_state.h"

void sq_manager_retire_locked(struct sq_manager *m, struct sq_workspace *ws, uint64_t generation, uint64_t bytes)
{
	struct sq_retained e = {
		.token = ++m->last_token, .generation = generation, .bytes = bytes, .at_ns = sq_clock_ns(),
	};
	int r = sq_vec_push(&ws->retained_by, e);

	(void)r;   /* room was made before anything was changed */
}

/* RT-01: this and sq_manager_forget() are the only ones to remove entries; both are told by who frees */
static void drop_freed_locked(struct sq_workspace *ws)
{
	size_t n = 0;

	for (size_t i = 0; i < ws->retained_by.n; i++) {
		struct sq_retained *e = &ws->retained_by.v[i];

		if (e->generation != UINT64_MAX)
			e->bytes = sq_graph_retained_at(ws->graph, e->generation);
		if (e->bytes)
			ws->retained_by.v[n++] = *e;
	}
	ws->retained_by.n = n;
}

void sq_manager_note_retained(struct sq_manager *m, struct sq_workspace *ws)
{
	bool holds = false;
	uint64_t now;

	sq_lock(&m->lock);
	/* an evicted workspace gives its bytes back when it is freed */
	if (!sq_workspace_is_evicted(ws)) {
		now = sq_graph_retained_bytes(ws->graph);
		drop_freed_locked(ws);
		if (now < ws->retained) {
			sq_admission_freed(&m->admission, ws->retained - now);
			ws->retained = now;
		}
		holds = now != 0;
	}
	sq_unlock(&m->lock);
	if (holds && m->hooks.on_retained)
		m->hooks.on_retained(m->hooks.arg);
}

void sq_manager_forget(struct sq_manager *m, struct sq_workspace *ws)
{
	sq_lock(&m->lock);
	for (struct sq_workspace **at = &m->gone; *at; at = &(*at)->next_gone) {
		if (*at != ws)
			continue;
		*at = ws->next_gone;
		break;
	}
	ws->retained_by.n = 0;
	sq_admission_freed(&m->admission, ws->retained);
	ws->retained = 0;
	sq_unlock(&m->lock);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return !a || b < a ? b : a;
}

uint64_t sq_manager_overdue(struct sq_manager *m, uint64_t timeout_ns,
			    void (*late)(void *arg, const struct sq_workspace *ws, const struct sq_retained *e),
			    void *arg)
{
	uint64_t now = sq_clock_ns(), next = 0;
	struct sq_workspace *ws;
	size_t at = 0;

	sq_lock(&m->lock);
	ws = m->gone;
	for (;;) {
		if (!ws) {
			if (at == m->map->n)
				break;
			ws = m->map->v[at++];
		}
		for (size_t i = 0; i < ws->retained_by.n; i++) {
			struct sq_retained *e = &ws->retained_by.v[i];

			if (e->is_warned)
				continue;
			if (e->at_ns + timeout_ns > now) {
				next = sooner(next, e->at_ns + timeout_ns);
				continue;
			}
			e->is_warned = true;
			late(arg, ws, e);
		}
		ws = sq_workspace_is_evicted(ws) ? ws->next_gone : NULL;
	}
	sq_unlock(&m->lock);
	return next;
}

void sq_manager_each_retained(struct sq_manager *m,
			      void (*fn)(void *arg, const struct sq_workspace *ws, const struct sq_retained *e),
			      void *arg)
{
	sq_lock(&m->lock);
	for (const struct sq_workspace *ws = m->gone; ws; ws = ws->next_gone)
		for (size_t i = 0; i < ws->retained_by.n; i++)
			fn(arg, ws, &ws->retained_by.v[i]);
	for (size_t at = 0; at < m->map->n; at++)
		for (size_t i = 0; i < m->map->v[at]->retained_by.n; i++)
			fn(arg, m->map->v[at], &m->map->v[at]->retained_by.v[i]);
	sq_unlock(&m->lock);
}

size_t sq_manager_collect_retained(struct sq_manager *m, struct sq_workspace **ws, size_t max)
{
	size_t n = 0;

	sq_lock(&m->lock);
	for (size_t i = 0; i < m->map->n && n < max; i++)
		if (sq_graph_retained_bytes(m->map->v[i]->graph))
			ws[n++] = sq_workspace_ref(m->map->v[i]);
	sq_unlock(&m->lock);
	return n;
}
