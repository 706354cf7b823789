/* SPDX-License-Identifier: MIT */
#include "workspace/evict.h"

#include <sys/types.h>

#include "base/error.h"
#include "workspace/manager_state.h"

static uint64_t frees(const struct sq_workspace *ws)
{
	/* relaxed: changes under the map's lock only */
	return sq_load_relaxed(&ws->bytes) + ws->retained;
}

static bool is_candidate(const struct sq_workspace *ws, const struct sq_workspace *requester)
{
	enum sq_ws_state s = sq_workspace_state(ws);

	return ws != requester && !sq_workspace_is_pinned(ws) && s != SQ_WS_EVICTED && s != SQ_WS_UNLOADED &&
	       frees(ws);
}

/* the next in the order of last use, after @from in (time, serial) */
static struct sq_workspace *oldest_after(const struct sq_ws_map *map, const struct sq_workspace *requester,
					 const struct sq_workspace *from, uint64_t from_ns, uint64_t *ret_ns)
{
	struct sq_workspace *best = NULL;
	uint64_t best_ns = 0;

	for (size_t i = 0; i < map->n; i++) {
		struct sq_workspace *ws = map->v[i];
		uint64_t ns = sq_load_relaxed(&ws->last_access_ns);   /* relaxed: queries move it all the time */

		if (!is_candidate(ws, requester))
			continue;
		if (from && (ns < from_ns || (ns == from_ns && ws->serial <= from->serial)))
			continue;
		if (best && (ns > best_ns || (ns == best_ns && ws->serial > best->serial)))
			continue;
		best = ws;
		best_ns = ns;
	}
	*ret_ns = best_ns;
	return best;
}

size_t sq_evict_plan(const struct sq_ws_map *map, const struct sq_workspace *requester, uint64_t need,
		     struct sq_workspace **out, uint64_t *ret_bytes)
{
	struct sq_workspace *at = NULL;
	uint64_t ns = 0;
	size_t n = 0;

	*ret_bytes = 0;
	while (*ret_bytes < need && n < map->n) {
		at = oldest_after(map, requester, at, ns, &ns);
		if (!at)
			break;
		*ret_bytes += frees(at);
		out[n++] = at;
	}
	return n;
}

/* ---- phase 1 ------------------------------------------------------------------- */

/* Return: 0 it may go on; why not. Serialised with removals by the lock (AD-05) */
static int check_requester_locked(const struct sq_manager *m, const struct sq_workspace *ws)
{
	if (!sq_manager_is_listed_locked(m, ws))
		return SQ_MANAGER_E_EVICTED;
	/* acquire: pairs with whoever cancelled */
	if (sq_load_acquire(&ws->cancel_rebuild) || sq_load_acquire(&ws->cancel_reset))
		return SQ_MANAGER_E_CANCELLED;
	return 0;
}

/* by how much @bytes more are too many */
static uint64_t over_limit(struct sq_manager *m, uint64_t bytes, uint64_t *ret_retained)
{
	struct sq_admission_state now;
	uint64_t sum;

	sq_admission_read(&m->admission, &now);
	*ret_retained = now.retained;
	if (__builtin_add_overflow(sq_admission_committed(&now), bytes, &sum))
		sum = UINT64_MAX;
	return sum > now.limit && bytes <= now.limit ? sum - now.limit : 0;
}

/* ---- phase 2 ------------------------------------------------------------------- */

static void reclaim(struct sq_manager *m)
{
	sq_lock_assert_none();   /* AD-07 */
	if (m->hooks.reclaim)
		m->hooks.reclaim(m->hooks.arg);
}

static void free_victim(struct sq_manager *m, struct sq_workspace *ws)
{
	if (!sq_workspace_unref_last(ws))
		return;   /* a reader or its own turn holds it: it stays counted (AD-17) */
	if (m->hooks.free_now)
		m->hooks.free_now(m->hooks.arg, ws);
	else
		sq_workspace_free(ws);
}

/* evict those of @victims that are still there and not pinned; references are dropped. Return: how many */
static size_t evict(struct sq_manager *m, struct sq_workspace **victims, size_t n)
{
	size_t n_gone = 0;
	int r;

	sq_lock_assert_none();   /* AD-07 */
	for (size_t i = 0; i < n; i++) {
		sq_lock(&m->lock);
		r = sq_workspace_is_pinned(victims[i]) ? 1 : sq_manager_remove_locked(m, victims[i]);
		if (!r)
			(void)sq_add_relaxed(&m->n_evicted, 1);   /* relaxed: a counter for people */
		sq_unlock(&m->lock);
		if (r)
			continue;
		n_gone++;
		if (m->hooks.on_evict)
			m->hooks.on_evict(m->hooks.arg, victims[i]);
	}
	if (n_gone)
		sq_manager_quiesce(m);   /* readers that found it leave; the map lets go of it */
	for (size_t i = 0; i < n; i++)
		free_victim(m, victims[i]);
	return n_gone;
}

/* one requester at a time: what one was promised by phase 1, no other takes before its phase 3 */
static void begin_planning(struct sq_manager *m)
{
	sq_lock(&m->lock);
	while (m->is_planning)
		sq_lock_wait(&m->lock, &m->planned);
	m->is_planning = true;
	sq_unlock(&m->lock);
}

static void end_planning(struct sq_manager *m)
{
	sq_lock(&m->lock);
	m->is_planning = false;
	(void)pthread_cond_broadcast(&m->planned);   /* cannot fail on a good one */
	sq_unlock(&m->lock);
}

/* referenced victims for what is missing now; the planner. Return: how many, -ENOMEM */
static ssize_t plan(struct sq_manager *m, const struct sq_workspace *ws, uint64_t bytes,
		    struct sq_workspace ***ret_victims)
{
	struct sq_workspace **v;
	uint64_t need, got, retained;
	size_t n = 0;

	sq_lock(&m->lock);
	v = sq_malloc((m->map->n + 1) * sizeof(*v));
	need = v ? over_limit(m, bytes, &retained) : 0;
	if (need)
		n = sq_evict_plan(m->map, ws, need, v, &got);
	/* what others retain may come free; beyond that nobody is evicted in vain */
	if (n && got < need && need - got > retained)
		n = 0;
	for (size_t i = 0; i < n; i++)
		(void)sq_workspace_ref(v[i]);
	sq_unlock(&m->lock);
	if (!v)
		return sq_error_origin(-ENOMEM);
	*ret_victims = v;
	return (ssize_t)n;
}

static int evict_for(struct sq_manager *m, const struct sq_workspace *ws, uint64_t bytes)
{
	struct sq_workspace **victims;
	ssize_t n = plan(m, ws, bytes, &victims);

	if (n < 0)
		return sq_error_trace((int)n);
	/* AD-08: freed bytes count at once */
	if (n && evict(m, victims, (size_t)n))
		reclaim(m);
	sq_free(victims);
	return 0;
}

/* phases 1 and 2; the planner */
static int make_room(struct sq_manager *m, struct sq_workspace *ws, uint64_t bytes)
{
	uint64_t need, retained;
	int r;

	sq_lock(&m->lock);
	r = check_requester_locked(m, ws);
	need = over_limit(m, bytes, &retained);
	sq_unlock(&m->lock);
	if (r || !need)
		return r;
	if (retained)
		reclaim(m);
	r = evict_for(m, ws, bytes);
	return r < 0 ? sq_error_trace(r) : r;
}

/* ---- phase 3 ------------------------------------------------------------------- */

int sq_manager_reserve(struct sq_manager *m, struct sq_workspace *ws, uint64_t bytes, struct sq_reservation *res,
		       struct sq_admission_state *ret_at)
{
	int r;

	begin_planning(m);
	r = make_room(m, ws, bytes);
	if (!r)
		r = sq_admission_reserve(&m->admission, bytes, res, ret_at);
	end_planning(m);
	return r < 0 ? sq_error_trace(r) : r;
}

int sq_manager_extend(struct sq_manager *m, struct sq_workspace *ws, struct sq_reservation *res, uint64_t more,
		      struct sq_admission_state *ret_at)
{
	int r;

	begin_planning(m);
	r = make_room(m, ws, more);
	if (!r)
		r = sq_reservation_extend(res, more, ret_at);
	end_planning(m);
	return r < 0 ? sq_error_trace(r) : r;
}

int sq_manager_evict_lru(struct sq_manager *m, struct sq_workspace **ret_ws)
{
	struct sq_workspace *ws;
	uint64_t ns;
	int r = 0;

	sq_lock(&m->lock);
	ws = oldest_after(m->map, NULL, NULL, 0, &ns);
	if (ws) {
		(void)sq_workspace_ref(ws);
		r = sq_manager_remove_locked(m, ws);
	}
	sq_unlock(&m->lock);
	if (!ws)
		return 0;
	if (r < 0) {
		sq_workspace_unref(ws);
		return sq_error_trace(r);
	}
	if (m->hooks.on_evict)
		m->hooks.on_evict(m->hooks.arg, ws);
	*ret_ws = ws;
	return 1;
}

uint64_t sq_manager_n_evicted(const struct sq_manager *m)
{
	/* relaxed: a counter for people */
	return sq_load_relaxed(&m->n_evicted);
}
