/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * manager_state — what a manager holds; private to manager.c, retained.c and
 * evict.c.
 * Threads: fields under ->lock but where they say otherwise.
 */
#include "workspace/manager.h"

struct sq_manager {
	struct sq_lock lock;               /* rank WORKSPACES: replacing the map, record */
	struct sq_ws_map *map;             /* atomic; readers inside a section */
	struct sq_epoch *epoch;
	struct sq_epoch_record *record;    /* used by whoever holds the lock */
	const struct sq_lang_traits *const *traits;
	struct sq_admission admission;     /* its own lock */
	struct sq_manager_hooks hooks;     /* constant */
	uint64_t last_serial, last_token;
	struct sq_workspace *gone;         /* evicted, not freed yet */
	bool is_planning;                  /* somebody makes room; one at a time */
	pthread_cond_t planned;            /* ... and is done */
	uint64_t n_evicted;                /* to make room, ever */
	struct sq_lock hook_lock;          /* rank HOOK: hook */
	struct sq_publish_hook hook;
};
/** sq_manager_is_listed_locked() - is @ws on the map? */
bool sq_manager_is_listed_locked(const struct sq_manager *m, const struct sq_workspace *ws);
/** sq_manager_remove_locked() - see sq_manager_remove(). */
int sq_manager_remove_locked(struct sq_manager *m, struct sq_workspace *ws) SQ_REQUIRES(&m->lock);
/** sq_manager_retire_locked() - @bytes are retained by @ws from now on. Room was made before. */
void sq_manager_retire_locked(struct sq_manager *m, struct sq_workspace *ws, uint64_t generation,
			      uint64_t bytes) SQ_REQUIRES(&m->lock);
