/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * manager — the workspaces that are registered, and the memory ledger.
 * The map is an immutable array, replaced whole; readers find a workspace
 * inside an epoch section without a lock.
 * Ownership: the daemon's. It owns the map and one reference a workspace.
 * Threads:   find*: inside a section, any thread. insert, remove, publish,
 *            reclaim: outside sections; take WORKSPACES.lock.
 * Invariants: a listed workspace is not evicted; rows are sorted by (root,
 *            mode, fingerprint); publish and removal exclude each other.
 */
#include "workspace/admission.h"
#include "workspace/workspace.h"

#define SQ_WORKSPACES_MAX 1024u          /* registered at once */

struct sq_manager_hooks {
	/* give a fresh workspace its ->build; 0 or -errno */
	int (*on_new)(void *arg, struct sq_workspace *ws);
	/* the last reference is gone: arrange sq_workspace_free() elsewhere. Any thread, may be inside a section */
	void (*on_last_unref)(void *arg, struct sq_workspace *ws);
	/* the same, but free it now. Outside of locks and sections. NULL: sq_workspace_free() alone */
	void (*free_now)(void *arg, struct sq_workspace *ws);
	/* it was evicted to make room: end its turn, tell who waits. Outside of locks and sections; may be NULL */
	void (*on_evict)(void *arg, struct sq_workspace *ws);
	/* free what nobody reads any more, now. Outside of locks and sections; may be NULL */
	void (*reclaim)(void *arg);
	/* something is retained that a reader may hold for long. Any thread, no lock; may be NULL */
	void (*on_retained)(void *arg);
	void *arg;
};
struct sq_ws_map {
	struct sq_epoch_entry retired;
	size_t n;
	struct sq_workspace *v[];
};

int sq_manager_new(struct sq_epoch *epoch, const struct sq_lang_traits *const *traits, uint64_t limit_bytes,
		   const struct sq_manager_hooks *hooks, struct sq_manager **ret_m) sq_must_check;
/** sq_manager_free() - no reader, no job left; every workspace was removed and freed. */
struct sq_manager *sq_manager_free(struct sq_manager *m);
struct sq_admission *sq_manager_admission(struct sq_manager *m);

/** sq_manager_map() - the rows now; inside a section. */
const struct sq_ws_map *sq_manager_map(const struct sq_manager *m);
/** sq_manager_find() - by key, inside a section. NULL: absent. */
struct sq_workspace *sq_manager_find(const struct sq_manager *m, const struct sq_ws_key *key);
/**
 * sq_manager_find_path() - the longest registered root that is @path or above
 * it, inside a section.
 * @ret_rest: what of @path is below the root, "" for the root itself
 */
struct sq_workspace *sq_manager_find_path(const struct sq_manager *m, struct sq_slice path,
					  struct sq_slice *ret_rest);
enum { SQ_MANAGER_E_FULL = 1, SQ_MANAGER_E_EVICTED = 2, SQ_MANAGER_E_CANCELLED = 3 };
/**
 * sq_manager_get() - the workspace of @key, registered now if need be.
 * @ret_ws: referenced
 * Return: 0; SQ_MANAGER_E_FULL (SQ_WORKSPACES_MAX); -errno.
 */
int sq_manager_get(struct sq_manager *m, const struct sq_ws_key *key, struct sq_workspace **ret_ws) sq_must_check;
/**
 * sq_manager_remove() - cancel, mark Evicted, take off the map, in this order (EV-08).
 * Its bytes go from loaded to retained until they are freed.
 * Return: 0; SQ_MANAGER_E_EVICTED when it was gone already; -ENOMEM, nothing changed.
 */
int sq_manager_remove(struct sq_manager *m, struct sq_workspace *ws) sq_must_check;
/**
 * sq_manager_publish() - the runner: re-check membership, swap the version in,
 * and move the bytes in the ledger, all under the map lock (PU-09, PU-10).
 * @d:   consumed on success
 * @res: consumed on success
 * A failure after the swap takes the swap back (rollback.h): the older version is
 * served, the ledger is as before, and the reservation is given back.
 * Return: 0; SQ_MANAGER_E_EVICTED, nothing changed; SQ_MANAGER_E_CANCELLED: a
 * reset came first; -errno, @d is consumed when the swap was taken back: *ret_d says.
 */
int sq_manager_publish(struct sq_manager *m, struct sq_workspace *ws, struct sq_draft **d,
		       struct sq_reservation *res) sq_must_check;
/** sq_manager_set_pinned() - Return: 0; SQ_MANAGER_E_EVICTED: it is not listed. */
int sq_manager_set_pinned(struct sq_manager *m, struct sq_workspace *ws, bool pinned) sq_must_check;
/**
 * sq_manager_clear() - the runner: serve the empty version again, for a reset. Reserves what that takes.
 * Return: 0; SQ_ADMISSION_E_FULL; SQ_MANAGER_E_EVICTED; -errno.
 */
int sq_manager_clear(struct sq_manager *m, struct sq_workspace *ws) sq_must_check;
/* what is called after every publish, outside of every lock (HK-04); it must return at once */
struct sq_publish_hook {
	/* @v: what was published; it stays the served one at least until the call returns, or the
	 * workspace is evicted, and is not freed before (HK-09). NULL: nothing is called (HK-01) */
	void (*fn)(void *arg, struct sq_workspace *ws, const struct sq_version *v);
	void *arg;
};
/** sq_manager_set_hook() - for publishes from now on. Any thread, also from within a hook. */
void sq_manager_set_hook(struct sq_manager *m, const struct sq_publish_hook *hook);
/** sq_manager_published() - the runner, after its publish: call the hook. No lock held. */
void sq_manager_published(struct sq_manager *m, struct sq_workspace *ws);
/** sq_manager_forget() - @ws is about to be freed: what it retained is given back. */
void sq_manager_forget(struct sq_manager *m, struct sq_workspace *ws);
/**
 * sq_manager_overdue() - call @late once for every retained entry older than @timeout_ns.
 * Nothing is freed, nothing stops being counted (RT-04). Takes WORKSPACES.lock around @late.
 * Return: when the next entry will be overdue, by sq_clock_ns(); 0: nothing is waiting for that.
 */
uint64_t sq_manager_overdue(struct sq_manager *m, uint64_t timeout_ns,
			    void (*late)(void *arg, const struct sq_workspace *ws, const struct sq_retained *e),
			    void *arg);
/** sq_manager_each_retained() - every entry, under WORKSPACES.lock. */
void sq_manager_each_retained(struct sq_manager *m,
			      void (*fn)(void *arg, const struct sq_workspace *ws, const struct sq_retained *e),
			      void *arg);
/** sq_manager_collect_retained() - referenced workspaces that hold retained bytes, at most @max. */
size_t sq_manager_collect_retained(struct sq_manager *m, struct sq_workspace **ws, size_t max);
/** sq_manager_reclaim() - free old maps, drop references of removed workspaces. Return: entries that wait. */
unsigned sq_manager_reclaim(struct sq_manager *m);
/** sq_manager_first() - some listed workspace, referenced; NULL: none. Outside sections. */
struct sq_workspace *sq_manager_first(struct sq_manager *m);
/** sq_manager_quiesce() - wait for a grace period and drop what the map held; for the end. */
void sq_manager_quiesce(struct sq_manager *m);
/** sq_manager_note_retained() - the runner: bring the ledger's retained bytes of @ws up to date. */
void sq_manager_note_retained(struct sq_manager *m, struct sq_workspace *ws);
void sq_manager_last_unref(struct sq_workspace *ws);
