/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * evict — making room in the ledger: reserving in three phases, and whom that
 * takes off the map.
 *
 * 1. Under the map's lock: is the requester still listed and not cancelled, does
 *    it fit, and if not, whose bytes would do? Nothing is changed (AD-02).
 * 2. Without any lock: what is retained and read by nobody is freed; when that
 *    is not enough, those are evicted, and freed at once unless somebody reads.
 * 3. The ledger alone decides (AD-09). A refusal undoes no eviction (AD-18).
 * Threads:   any that holds no lock and is outside of epoch sections. One at a
 *            time goes through the phases, the others wait for it without a
 *            lock: no two evict for the same bytes (HZ-12), and what was freed
 *            for one is not taken by another.
 * Invariants: pinned workspaces and the requester are never victims; nobody is
 *            evicted when all victims together would not suffice.
 */
#include "workspace/manager.h"

/**
 * sq_evict_plan() - whom to evict for @need bytes: least recently used first.
 * Not the requester, not pinned ones, not Evicted or Unloaded ones, none without
 * bytes. May fall short (EV-03). WORKSPACES.lock is held, or nothing changes.
 * @requester: may be NULL
 * @out:       room for map->n
 * @ret_bytes: what their eviction frees
 * Return: how many.
 */
size_t sq_evict_plan(const struct sq_ws_map *map, const struct sq_workspace *requester, uint64_t need,
		     struct sq_workspace **out, uint64_t *ret_bytes);
/**
 * sq_manager_reserve() - promise @bytes to the turn of @ws.
 * @ret_at: the ledger when refused; may be NULL
 * Return: 0; SQ_ADMISSION_E_FULL; SQ_MANAGER_E_EVICTED, _CANCELLED: the requester, nothing reserved; -ENOMEM.
 */
int sq_manager_reserve(struct sq_manager *m, struct sq_workspace *ws, uint64_t bytes, struct sq_reservation *res,
		       struct sq_admission_state *ret_at) sq_must_check;
/** sq_manager_extend() - the same for @more on top of what @res has. */
int sq_manager_extend(struct sq_manager *m, struct sq_workspace *ws, struct sq_reservation *res, uint64_t more,
		      struct sq_admission_state *ret_at) sq_must_check;
/**
 * sq_manager_evict_lru() - evict the least recently used workspace that is not pinned.
 * @ret_ws: it, referenced
 * Return: 1; 0 nobody; -errno.
 */
int sq_manager_evict_lru(struct sq_manager *m, struct sq_workspace **ret_ws) sq_must_check;
/** sq_manager_n_evicted() - to make room, ever. Any thread. */
uint64_t sq_manager_n_evicted(const struct sq_manager *m);
