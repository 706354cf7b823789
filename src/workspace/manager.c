/* SPDX-License-Identifier: MIT */
#include "workspace/manager.h"

#include <assert.h>
#include <stddef.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/time.h"
#include "graph/draft.h"
#include "workspace/evict.h"
#include "workspace/manager_state.h"
#include "workspace/rollback.h"

static struct sq_ws_map *map_alloc(size_t n)
{
	struct sq_ws_map *map = sq_malloc(sizeof(*map) + n * sizeof(map->v[0]));

	if (map)
		map->n = n;
	return map;
}

int sq_manager_new(struct sq_epoch *epoch, const struct sq_lang_traits *const *traits, uint64_t limit_bytes,
		   const struct sq_manager_hooks *hooks, struct sq_manager **ret_m)
{
	struct sq_manager *m = sq_calloc(1, sizeof(*m));
	int r = -ENOMEM;

	if (!m)
		return sq_error_origin(-ENOMEM);
	m->epoch = epoch;
	m->traits = traits;
	m->hooks = *hooks;
	m->map = map_alloc(0);
	if (!m->map)
		goto out_free;
	r = sq_epoch_record_acquire(epoch, &m->record);
	if (r < 0)
		goto out_free;
	r = sq_lock_init(&m->lock, SQ_RANK_WORKSPACES, "workspaces");
	if (r < 0)
		goto out_record;
	r = sq_lock_init(&m->hook_lock, SQ_RANK_HOOK, "publish hook");
	if (r < 0)
		goto out_lock;
	r = sq_cond_init(&m->planned);
	if (r < 0)
		goto out_hook;
	r = sq_admission_init(&m->admission, limit_bytes);
	if (r < 0)
		goto out_cond;
	*ret_m = m;
	return 0;
out_cond:
	(void)pthread_cond_destroy(&m->planned);   /* nobody waits */
out_hook:
	sq_lock_deinit(&m->hook_lock);
out_lock:
	sq_lock_deinit(&m->lock);
out_record:
	sq_epoch_record_release(m->record);
out_free:
	sq_free(m->map);
	sq_free(m);
	return sq_error_trace(r);
}

struct sq_manager *sq_manager_free(struct sq_manager *m)
{
	if (!m)
		return NULL;
	assert(!m->map->n && !m->gone);
	sq_epoch_barrier(m->record);
	sq_epoch_record_release(m->record);
	sq_admission_deinit(&m->admission);
	(void)pthread_cond_destroy(&m->planned);   /* nobody waits */
	sq_lock_deinit(&m->hook_lock);
	sq_lock_deinit(&m->lock);
	sq_free(m->map);
	sq_free(m);
	return NULL;
}

struct sq_admission *sq_manager_admission(struct sq_manager *m)
{
	return &m->admission;
}

const struct sq_ws_map *sq_manager_map(const struct sq_manager *m)
{
	/* pairs with the release in swap_locked */
	return sq_load_acquire(&m->map);
}

static int key_cmp(const struct sq_ws_key *a, const struct sq_ws_key *b)
{
	int c = sq_slice_cmp(a->root, b->root);

	if (c)
		return c;
	if (a->mode != b->mode)
		return a->mode < b->mode ? -1 : 1;
	return a->fingerprint == b->fingerprint ? 0 : a->fingerprint < b->fingerprint ? -1 : 1;
}

static struct sq_workspace *map_find(const struct sq_ws_map *map, const struct sq_ws_key *key)
{
	size_t lo = 0, hi = map->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = key_cmp(key, &map->v[mid]->key);

		if (!c)
			return map->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

struct sq_workspace *sq_manager_find(const struct sq_manager *m, const struct sq_ws_key *key)
{
	return map_find(sq_manager_map(m), key);
}

/* is @root the path itself or a directory above it? */
static bool covers(struct sq_slice root, struct sq_slice path, struct sq_slice *ret_rest)
{
	if (!sq_slice_has_prefix(path, root))
		return false;
	if (path.n == root.n) {
		*ret_rest = SQ_LIT("");
		return true;
	}
	if (root.n == 1) {   /* "/" */
		*ret_rest = sq_slice(path.p + 1, path.n - 1);
		return true;
	}
	if (path.p[root.n] != '/')
		return false;
	*ret_rest = sq_slice(path.p + root.n + 1, path.n - root.n - 1);
	return true;
}

struct sq_workspace *sq_manager_find_path(const struct sq_manager *m, struct sq_slice path,
					  struct sq_slice *ret_rest)
{
	const struct sq_ws_map *map = sq_manager_map(m);
	struct sq_workspace *best = NULL;
	struct sq_slice rest;

	/* the first row of a root is the one of gitRoot and fingerprint 0 (protocol 3.2) */
	for (size_t i = 0; i < map->n; i++) {
		struct sq_workspace *ws = map->v[i];

		if (best && ws->key.root.n <= best->key.root.n)
			continue;
		if (covers(ws->key.root, path, &rest)) {
			best = ws;
			*ret_rest = rest;
		}
	}
	return best;
}

static void map_free(struct sq_epoch_entry *e)
{
	sq_free((char *)e - offsetof(struct sq_ws_map, retired));
}

static void ws_dropped(struct sq_epoch_entry *e)
{
	sq_workspace_unref((struct sq_workspace *)(void *)((char *)e - offsetof(struct sq_workspace, retired)));
}

static void swap_locked(struct sq_manager *m, struct sq_ws_map *map) SQ_REQUIRES(&m->lock)
{
	struct sq_ws_map *old = m->map;

	/* pairs with sq_manager_map */
	sq_store_release(&m->map, map);
	sq_epoch_retire(m->record, &old->retired, map_free);
}

static int workspace_new(struct sq_manager *m, const struct sq_ws_key *key, struct sq_workspace **ret_ws)
{
	struct sq_workspace *ws = sq_calloc(1, sizeof(*ws));
	int r = -ENOMEM;

	if (!ws)
		return sq_error_origin(-ENOMEM);
	ws->key = *key;
	ws->key.root.p = sq_strndup(key->root.p, key->root.n);
	if (!ws->key.root.p)
		goto out_free;
	ws->manager = m;
	r = sq_lock_init(&ws->record, SQ_RANK_RECORD, "workspace record");
	if (r < 0)
		goto out_root;
	r = sq_epoch_record_acquire(m->epoch, &ws->writer);
	if (r < 0)
		goto out_lock;
	r = sq_graph_new(m->epoch, m->traits, &ws->graph);
	if (r < 0)
		goto out_record;
	r = m->hooks.on_new ? m->hooks.on_new(m->hooks.arg, ws) : 0;
	if (r < 0)
		goto out_graph;
	*ret_ws = ws;
	return 0;
out_graph:
	sq_graph_free(ws->graph);
out_record:
	sq_epoch_record_release(ws->writer);
out_lock:
	sq_lock_deinit(&ws->record);
out_root:
	sq_free((char *)ws->key.root.p);
out_free:
	sq_free(ws);
	return sq_error_trace(r);
}

static int insert_locked(struct sq_manager *m, struct sq_workspace *ws) SQ_REQUIRES(&m->lock)
{
	const struct sq_ws_map *old = m->map;
	struct sq_ws_map *map;
	size_t at = 0;

	if (old->n >= SQ_WORKSPACES_MAX)
		return SQ_MANAGER_E_FULL;
	map = map_alloc(old->n + 1);
	if (!map)
		return sq_error_origin(-ENOMEM);
	while (at < old->n && key_cmp(&old->v[at]->key, &ws->key) < 0)
		at++;
	memcpy(map->v, old->v, at * sizeof(map->v[0]));
	map->v[at] = ws;
	memcpy(map->v + at + 1, old->v + at, (old->n - at) * sizeof(map->v[0]));
	ws->serial = ++m->last_serial;
	swap_locked(m, map);
	return 0;
}

int sq_manager_get(struct sq_manager *m, const struct sq_ws_key *key, struct sq_workspace **ret_ws)
{
	struct sq_workspace *fresh = NULL, *ws;
	int r = 0;

	/* made outside the lock; thrown away when another thread was faster */
	sq_lock(&m->lock);
	ws = map_find(m->map, key);
	if (ws)
		sq_workspace_ref(ws);
	sq_unlock(&m->lock);
	if (ws) {
		*ret_ws = ws;
		return 0;
	}
	r = workspace_new(m, key, &fresh);
	if (r < 0)
		return sq_error_trace(r);
	/* the map's, before a reader can find it there and add its own; or ours to drop */
	fresh->refs = 1;
	sq_lock(&m->lock);
	ws = map_find(m->map, key);
	if (!ws) {
		r = insert_locked(m, fresh);
		if (!r)
			ws = SQ_TAKE(fresh);
	}
	if (ws)
		sq_workspace_ref(ws);
	(void)sq_epoch_poll(m->record);   /* what waits is polled again later */
	sq_unlock(&m->lock);
	if (fresh)
		sq_workspace_unref(fresh);
	if (!ws)
		return r;
	*ret_ws = ws;
	return 0;
}

bool sq_manager_is_listed_locked(const struct sq_manager *m, const struct sq_workspace *ws)
{
	return map_find(m->map, &ws->key) == ws;
}

int sq_manager_remove_locked(struct sq_manager *m, struct sq_workspace *ws)
{
	struct sq_ws_map *map;
	uint64_t bytes;
	size_t n = 0;

	if (!sq_manager_is_listed_locked(m, ws))
		return SQ_MANAGER_E_EVICTED;
	if (sq_vec_reserve(&ws->retained_by, 1) < 0)
		return sq_error_origin(-ENOMEM);
	map = map_alloc(m->map->n - 1);
	if (!map)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; i < m->map->n; i++)
		if (m->map->v[i] != ws)
			map->v[n++] = m->map->v[i];
	/* EV-08: flag, state, map, in this order. Pairs with sq_workspace_is_evicted */
	sq_store_release(&ws->evicted, true);
	sq_workspace_set_state(ws, SQ_WS_EVICTED);
	swap_locked(m, map);
	bytes = sq_workspace_set_bytes(ws, 0);
	sq_manager_retire_locked(m, ws, UINT64_MAX, bytes);
	ws->retained += bytes;
	ws->next_gone = m->gone;
	m->gone = ws;
	sq_admission_retire(&m->admission, bytes);
	sq_epoch_retire(m->record, &ws->retired, ws_dropped);
	return 0;
}

/* EV-04: the lock is held from the look-up to the removal; EV-14: nothing of the lane is touched */
int sq_manager_remove(struct sq_manager *m, struct sq_workspace *ws)
{
	int r;

	sq_lock(&m->lock);
	r = sq_manager_remove_locked(m, ws);
	sq_unlock(&m->lock);
	return r;
}

/* the ledger after a swap that was taken back: what was built is retained until nobody reads it */
static int undo_locked(struct sq_manager *m, struct sq_rollback *back, struct sq_reservation *res,
		       int error) SQ_REQUIRES(&m->lock)
{
	struct sq_workspace *ws = back->ws;
	uint64_t retained;

	sq_rollback_run(back);
	retained = sq_graph_retained_bytes(ws->graph);
	/* RB-04: after the rollback; it was reserved, so the sum does not grow */
	sq_admission_commit(&m->admission, res, 0, 0, retained - ws->retained);
	ws->retained = retained;
	return sq_error_origin(error);
}

static int publish_locked(struct sq_manager *m, struct sq_workspace *ws, struct sq_draft **d,
			  struct sq_reservation *res) SQ_REQUIRES(&m->lock)
{
	/* PU-01: measured before it is visible */
	uint64_t old_bytes, retained, new_bytes = sq_version_bytes(sq_draft_version(*d));
	uint64_t generation = sq_draft_version(*d)->generation;
	struct sq_rollback back;
	int r = sq_fault_at("retained_alloc");

	/* PU-05: the step that can fail comes first */
	if (!r)
		r = sq_vec_reserve(&ws->retained_by, 1);
	if (r < 0)
		return sq_error_trace(r);
	/* PU-02: what was served is known before it is replaced; PU-06: nothing waits from here on */
	sq_rollback_arm(&back, ws, d);
	sq_graph_swap(ws->graph, *d);
	old_bytes = sq_workspace_set_bytes(ws, new_bytes);
	r = sq_fault_at("publish_after_swap");
	if (r < 0)
		return undo_locked(m, &back, res, r);
	sq_graph_commit(ws->graph, SQ_TAKE(*d), ws->writer);
	retained = sq_graph_retained_bytes(ws->graph);
	sq_admission_commit(&m->admission, res, old_bytes, new_bytes, retained - ws->retained);
	/* RB-05: the ledger's lock was released in there */
	sq_rollback_disarm(&back);
	sq_manager_retire_locked(m, ws, generation, retained - ws->retained);
	ws->retained = retained;
	return 0;
}

int sq_manager_publish(struct sq_manager *m, struct sq_workspace *ws, struct sq_draft **d,
		       struct sq_reservation *res)
{
	int r;

	sq_lock(&m->lock);
	/* PU-09, PU-10: a removal takes the same lock: fully before or fully after */
	if (sq_workspace_is_evicted(ws))
		r = SQ_MANAGER_E_EVICTED;
	else if (sq_load_acquire(&ws->cancel_reset))   /* pairs with sq_rebuild_reset */
		r = SQ_MANAGER_E_CANCELLED;
	else
		r = publish_locked(m, ws, d, res);
	sq_unlock(&m->lock);
	return r < 0 ? sq_error_trace(r) : r;
}

static int empty_draft(struct sq_workspace *ws, struct sq_draft **ret_d)
{
	struct sq_draft_opts opts = { .clear = true };
	struct sq_draft_report report;
	struct sq_draft *d;
	int r = sq_draft_new(ws->graph, &opts, &d);

	if (r < 0)
		return sq_error_trace(r);
	r = sq_draft_finish(d, &report);
	if (r < 0) {
		sq_draft_free(d);
		return sq_error_trace(r);
	}
	*ret_d = d;
	return 0;
}

int sq_manager_clear(struct sq_manager *m, struct sq_workspace *ws)
{
	struct sq_reservation res = SQ_RESERVATION_NULL;
	struct sq_draft *d = NULL;
	int r = empty_draft(ws, &d);

	if (!r)
		r = sq_manager_reserve(m, ws, sq_draft_new_bytes(d), &res, NULL);
	if (!r) {
		sq_lock(&m->lock);
		r = sq_workspace_is_evicted(ws) ? SQ_MANAGER_E_EVICTED : publish_locked(m, ws, &d, &res);
		sq_unlock(&m->lock);
	}
	sq_draft_free(d);
	sq_reservation_release(&res);
	return r < 0 ? sq_error_trace(r) : r;
}

int sq_manager_set_pinned(struct sq_manager *m, struct sq_workspace *ws, bool pinned)
{
	int r = 0;

	sq_lock(&m->lock);
	if (sq_manager_is_listed_locked(m, ws))
		sq_store_relaxed(&ws->pinned, pinned);   /* relaxed: whoever acts on it has the lock */
	else
		r = SQ_MANAGER_E_EVICTED;
	sq_unlock(&m->lock);
	return r;
}

/* ---- the hook --------------------------------------------------------------------- */

void sq_manager_set_hook(struct sq_manager *m, const struct sq_publish_hook *hook)
{
	sq_lock(&m->hook_lock);
	m->hook = *hook;
	sq_unlock(&m->hook_lock);
}

void sq_manager_published(struct sq_manager *m, struct sq_workspace *ws)
{
	struct sq_publish_hook hook;

	/* HK-05: copied, so that a slow hook does not stand in the way of its replacement */
	sq_lock(&m->hook_lock);
	hook = m->hook;
	sq_unlock(&m->hook_lock);
	sq_lock_assert_none();
	if (hook.fn)
		hook.fn(hook.arg, ws, sq_graph_current(ws->graph));
}

unsigned sq_manager_reclaim(struct sq_manager *m)
{
	unsigned waiting;

	sq_lock(&m->lock);
	waiting = sq_epoch_poll(m->record);
	sq_unlock(&m->lock);
	return waiting;
}

struct sq_workspace *sq_manager_first(struct sq_manager *m)
{
	struct sq_workspace *ws;

	sq_lock(&m->lock);
	ws = m->map->n ? sq_workspace_ref(m->map->v[0]) : NULL;
	sq_unlock(&m->lock);
	return ws;
}

void sq_manager_quiesce(struct sq_manager *m)
{
	sq_lock(&m->lock);
	sq_epoch_barrier(m->record);
	sq_unlock(&m->lock);
}

void sq_manager_last_unref(struct sq_workspace *ws)
{
	struct sq_manager *m = ws->manager;

	m->hooks.on_last_unref(m->hooks.arg, ws);
}
