/* SPDX-License-Identifier: MIT */
/* making room: whom, for how much, and what is left when it fails; pins, stamps, retained entries, the hook */
#include "workspace/evict.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/time.h"
#include "graph/draft.h"
#include "workspace/rollback.h"
#include "../support/suite.h"

#define MAX_WS 8

static struct sq_epoch *epoch;
static struct sq_epoch_record *rec;
static struct sq_manager *m;
static const struct sq_lang_traits *const traits[SQ_LANG_MAX];
static uint64_t unit;              /* bytes of one empty version */
static struct sq_workspace *dead[64];
static unsigned n_dead, n_freed_now, n_reclaims, n_retained;
static char gone[256];             /* roots, in the order of their eviction */
static bool runners_at_work;       /* they reclaim their own graphs */

static void on_last_unref(void *arg, struct sq_workspace *ws)
{
	(void)arg;
	dead[n_dead++] = ws;
}

static void bury(void)
{
	while (n_dead)
		sq_workspace_free(dead[--n_dead]);
}

static void free_now(void *arg, struct sq_workspace *ws)
{
	(void)arg;
	sq_lock_assert_none();
	n_freed_now++;
	sq_workspace_free(ws);
}

static void on_evict(void *arg, struct sq_workspace *ws)
{
	(void)arg;
	/* AD-07: nothing is locked while somebody is evicted (aborts in debug builds) */
	sq_lock_assert_none();
	/* EV-08: flag and state before the map lets go of it */
	ck_assert(sq_workspace_is_evicted(ws));
	ck_assert_int_eq(sq_workspace_state(ws), SQ_WS_EVICTED);
	if (!runners_at_work)
		strncat(gone, ws->key.root.p + 1, sizeof(gone) - strlen(gone) - 1);
}

static void reclaim(void *arg)
{
	struct sq_workspace *ws[MAX_WS];
	size_t n = runners_at_work ? 0 : sq_manager_collect_retained(m, ws, MAX_WS);

	(void)arg;
	sq_lock_assert_none();
	n_reclaims++;
	for (size_t i = 0; i < n; i++) {
		(void)sq_workspace_reclaim(ws[i]);
		sq_workspace_unref(ws[i]);
	}
	(void)sq_manager_reclaim(m);
	bury();
}

static void on_retained(void *arg)
{
	(void)arg;
	sq_lock_assert_none();
	n_retained++;
}

static void start(uint64_t limit)
{
	struct sq_manager_hooks hooks = {
		.on_last_unref = on_last_unref, .free_now = free_now, .on_evict = on_evict, .reclaim = reclaim,
		.on_retained = on_retained,
	};

	n_dead = n_freed_now = n_reclaims = n_retained = 0;
	gone[0] = '\0';
	ck_assert_int_eq(sq_epoch_new(&epoch), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(epoch, &rec), 0);
	ck_assert_int_eq(sq_manager_new(epoch, traits, limit, &hooks, &m), 0);
}

static void stop(void)
{
	struct sq_workspace *ws;

	while ((ws = sq_manager_first(m))) {
		ck_assert_int_eq(sq_manager_remove(m, ws), 0);
		sq_workspace_unref(ws);
	}
	sq_manager_quiesce(m);
	bury();
	sq_manager_free(m);
	sq_epoch_record_release(rec);
	sq_epoch_free(epoch);
}

static struct sq_workspace *get(const char *root)
{
	struct sq_ws_key key = { sq_slice_z(root), SQ_ROOT_GIT, 0 };
	struct sq_workspace *ws;

	ck_assert_int_eq(sq_manager_get(m, &key, &ws), 0);
	sq_workspace_unref(ws);   /* the map's stays */
	return ws;
}

static struct sq_draft *empty_draft(struct sq_workspace *ws)
{
	struct sq_draft_opts opts = { .clear = true };
	struct sq_draft_report report;
	struct sq_draft *d;

	ck_assert_int_eq(sq_draft_new(ws->graph, &opts, &d), 0);
	ck_assert_int_eq(sq_draft_finish(d, &report), 0);
	return d;
}

static int publish(struct sq_workspace *ws, struct sq_reservation *res)
{
	struct sq_draft *d = empty_draft(ws);
	int r = sq_manager_publish(m, ws, &d, res);

	sq_draft_free(d);
	return r;
}

/* loaded, last used at @when */
static struct sq_workspace *load(const char *root, uint64_t when)
{
	struct sq_workspace *ws = get(root);
	struct sq_reservation res = SQ_RESERVATION_NULL;

	ck_assert_int_eq(sq_manager_reserve(m, ws, unit, &res, NULL), 0);
	ck_assert_int_eq(publish(ws, &res), 0);
	while (sq_workspace_reclaim(ws))
		;
	sq_workspace_set_state(ws, SQ_WS_LOADED);
	ws->last_access_ns = when;
	return ws;
}

static struct sq_admission_state ledger(void)
{
	struct sq_admission_state s;

	sq_admission_read(sq_manager_admission(m), &s);
	return s;
}

static void expect_ledger(uint64_t loaded, uint64_t reserved, uint64_t retained)
{
	struct sq_admission_state s = ledger();

	ck_assert_uint_eq(s.loaded, loaded);
	ck_assert_uint_eq(s.reserved, reserved);
	ck_assert_uint_eq(s.retained, retained);
}

static void setup(void)
{
	struct sq_workspace *ws;

	start(1u << 20);
	unit = 4096;
	ws = load("/probe", 1);
	unit = ws->bytes;
	ck_assert_uint_gt(unit, 0);
	stop();
	start(3 * unit);
}

/* ---- whom --------------------------------------------------------------------- */

/* a map of made-up workspaces: (name, bytes, last use) */
static struct sq_ws_map *rows;
static struct sq_workspace made[MAX_WS];

static void clear_rows(void)
{
	static _Alignas(16) char room[sizeof(struct sq_ws_map) + MAX_WS * sizeof(struct sq_workspace *)];

	rows = (struct sq_ws_map *)(void *)room;
	rows->n = 0;
}

static void row(uint64_t bytes, uint64_t when, enum sq_ws_state state)
{
	size_t i = rows->n++;

	made[i] = (struct sq_workspace){ .serial = i + 1, .bytes = bytes, .last_access_ns = when, .state = state };
	rows->v[i] = &made[i];
}

static struct sq_workspace *victims[MAX_WS];
static uint64_t victim_bytes;

static size_t plan(const struct sq_workspace *requester, uint64_t need)
{
	return sq_evict_plan(rows, requester, need, victims, &victim_bytes);
}

START_TEST(plans)
{
	clear_rows();
	row(100, 50, SQ_WS_LOADED);
	row(200, 10, SQ_WS_LOADED);
	row(300, 30, SQ_WS_LOADED);
	row(400, 20, SQ_WS_LOADED);
	/* EV-02: oldest use first, until the sum suffices */
	ck_assert_uint_eq(plan(NULL, 200), 1);
	ck_assert_ptr_eq(victims[0], &made[1]);
	ck_assert_uint_eq(plan(NULL, 201), 2);
	ck_assert_ptr_eq(victims[1], &made[3]);
	ck_assert_uint_eq(victim_bytes, 600);
	/* EV-03: all of them may not be enough */
	ck_assert_uint_eq(plan(NULL, 5000), 4);
	ck_assert_uint_eq(victim_bytes, 1000);
	ck_assert_uint_eq(plan(NULL, 0), 0);
	/* what it retains goes with it */
	made[1].retained = 7;
	ck_assert_uint_eq(plan(NULL, 207), 1);
	ck_assert_uint_eq(victim_bytes, 207);
	/* EV-01 AD-19: not the requester, not the pinned, not Evicted or Unloaded ones */
	made[1].retained = 0;
	made[3].pinned = true;
	ck_assert_uint_eq(plan(&made[1], 5000), 2);
	ck_assert_ptr_eq(victims[0], &made[2]);
	ck_assert_ptr_eq(victims[1], &made[0]);
	made[2].state = SQ_WS_EVICTED;
	made[0].state = SQ_WS_UNLOADED;
	ck_assert_uint_eq(plan(&made[1], 5000), 0);
	/* HZ-12: nothing is gained by ending a load that has no bytes yet */
	made[0].state = SQ_WS_LOADING;
	made[0].bytes = 0;
	ck_assert_uint_eq(plan(&made[1], 5000), 0);
}
END_TEST

/* EV-19: whatever it does, if it has bytes */
START_TEST(states_that_may_go)
{
	static const enum sq_ws_state may[] = { SQ_WS_LOADING, SQ_WS_REBUILDING, SQ_WS_FAILED, SQ_WS_LOADED };

	for (size_t i = 0; i < SQ_ARRAY_SIZE(may); i++) {
		clear_rows();
		row(100, 1, may[i]);
		ck_assert_uint_eq(plan(NULL, 100), 1);
	}
}
END_TEST

/* equal stamps: by age of the record, so that a plan is the same every time */
START_TEST(plans_break_ties)
{
	clear_rows();
	row(1, 5, SQ_WS_LOADED);
	row(1, 5, SQ_WS_LOADED);
	row(1, 5, SQ_WS_LOADED);
	ck_assert_uint_eq(plan(NULL, 3), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_ptr_eq(victims[i], &made[i]);
}
END_TEST

/* LD-18: strictly, whatever the clock says */
START_TEST(touch_advances)
{
	struct sq_workspace ws = { .last_access_ns = 100 };

	sq_workspace_touch(&ws, 200);
	ck_assert_uint_eq(ws.last_access_ns, 200);
	sq_workspace_touch(&ws, 200);
	ck_assert_uint_eq(ws.last_access_ns, 201);
	sq_workspace_touch(&ws, 5);
	ck_assert_uint_eq(ws.last_access_ns, 202);
}
END_TEST

/* ---- three phases ---------------------------------------------------------------- */

START_TEST(oldest_goes)
{
	struct sq_workspace *a = load("/a", 30), *d;
	struct sq_reservation res = SQ_RESERVATION_NULL;

	(void)load("/b", 10);
	(void)load("/c", 20);
	ck_assert_str_eq(gone, "");
	expect_ledger(3 * unit, 0, 0);
	/* AD-15 AD-08: the oldest is evicted and freed at once, then the request fits */
	d = get("/d");
	ck_assert_int_eq(sq_manager_reserve(m, d, unit, &res, NULL), 0);
	ck_assert_str_eq(gone, "b");
	ck_assert_uint_eq(n_freed_now, 1);
	expect_ledger(2 * unit, unit, 0);
	ck_assert_uint_eq(sq_manager_n_evicted(m), 1);
	ck_assert_int_eq(publish(d, &res), 0);
	expect_ledger(3 * unit, 0, unit < 1 ? 0 : ledger().retained);
	while (sq_workspace_reclaim(d))
		;
	/* EV-02: what was used last stays, in the order of use */
	sq_workspace_set_state(d, SQ_WS_LOADED);
	d->last_access_ns = 25;
	ck_assert_int_eq(sq_manager_reserve(m, a, 2 * unit, &res, NULL), 0);
	ck_assert_str_eq(gone, "bcd");
	sq_reservation_release(&res);
}
END_TEST

/* AD-06: nobody goes when it fits, though exactly */
START_TEST(nobody_goes_when_it_fits)
{
	struct sq_workspace *a = load("/a", 1), *b = load("/b", 2);
	struct sq_reservation res = SQ_RESERVATION_NULL;

	ck_assert_int_eq(sq_manager_reserve(m, a, unit, &res, NULL), 0);
	ck_assert_str_eq(gone, "");
	ck_assert_uint_eq(n_reclaims, 0);
	sq_reservation_release(&res);
	/* AD-13 AD-02: more than there is at all; nothing is changed */
	ck_assert_int_eq(sq_manager_reserve(m, b, 3 * unit + 1, &res, NULL), SQ_ADMISSION_E_FULL);
	ck_assert_str_eq(gone, "");
	expect_ledger(2 * unit, 0, 0);
}
END_TEST

START_TEST(pinned_stay)
{
	struct sq_workspace *a = load("/a", 1), *b = load("/b", 2), *c = load("/c", 3), *d = get("/d");
	struct sq_reservation res = SQ_RESERVATION_NULL;
	struct sq_admission_state at;

	ck_assert_int_eq(sq_manager_set_pinned(m, a, true), 0);
	ck_assert_int_eq(sq_manager_set_pinned(m, b, true), 0);
	ck_assert_int_eq(sq_manager_reserve(m, d, unit, &res, NULL), 0);
	ck_assert_str_eq(gone, "c");
	sq_reservation_release(&res);
	(void)c;
	/* AD-16: only pinned ones are left; they count and stay */
	ck_assert_int_eq(sq_manager_reserve(m, d, 2 * unit, &res, &at), SQ_ADMISSION_E_FULL);
	ck_assert_str_eq(gone, "c");
	/* AD-10: the numbers of the refusal */
	ck_assert_uint_eq(at.limit, 3 * unit);
	ck_assert_uint_eq(at.loaded, 2 * unit);
	ck_assert_uint_eq(at.reserved, 0);
	ck_assert_uint_eq(at.retained, 0);
	/* AD-19: a requester never evicts itself, pinned or not */
	ck_assert_int_eq(sq_manager_set_pinned(m, a, false), 0);
	ck_assert_int_eq(sq_manager_reserve(m, a, 2 * unit, &res, NULL), SQ_ADMISSION_E_FULL);
	ck_assert_str_eq(gone, "c");
	ck_assert_int_eq(sq_workspace_state(a), SQ_WS_LOADED);
	/* EV-13: an explicit removal asks no pin */
	ck_assert_int_eq(sq_manager_remove(m, b), 0);
	ck_assert_int_eq(sq_manager_set_pinned(m, b, true), SQ_MANAGER_E_EVICTED);
}
END_TEST

/* nobody is evicted for a request that all victims together would not serve */
START_TEST(nobody_goes_in_vain)
{
	struct sq_workspace *a = load("/a", 1), *d = get("/d");
	struct sq_reservation res = SQ_RESERVATION_NULL;

	(void)load("/b", 2);
	(void)load("/c", 3);
	ck_assert_int_eq(sq_manager_set_pinned(m, a, true), 0);
	ck_assert_int_eq(sq_manager_reserve(m, d, 3 * unit, &res, NULL), SQ_ADMISSION_E_FULL);
	ck_assert_str_eq(gone, "");
	expect_ledger(3 * unit, 0, 0);
}
END_TEST

START_TEST(readers_keep_bytes_counted)
{
	struct sq_workspace *a = load("/a", 1), *d;
	struct sq_reservation res = SQ_RESERVATION_NULL;
	struct sq_admission_state at;
	const struct sq_version *v;

	(void)load("/b", 2);
	(void)load("/c", 3);
	d = get("/d");
	/* a query job: a reference and a pin */
	sq_workspace_ref(a);
	v = sq_graph_current(a->graph);
	ck_assert_int_eq(sq_graph_pin(a->graph, v), 0);
	/* AD-17 AD-18 EV-07: evicted, but read: its bytes stay counted, the request fails, the eviction is not undone */
	ck_assert_int_eq(sq_manager_reserve(m, d, unit, &res, &at), SQ_ADMISSION_E_FULL);
	ck_assert_str_eq(gone, "a");
	ck_assert_uint_eq(at.retained, unit);
	expect_ledger(2 * unit, 0, unit);
	/* EV-06: no bytes of its own any more, and never no graph */
	ck_assert_uint_eq(a->bytes, 0);
	ck_assert_ptr_nonnull(sq_graph_current(a->graph));
	/* EV-09 SV-11: the reader's version is whole until it lets go */
	ck_assert_uint_eq(sq_version_bytes(v), unit);
	(void)sq_graph_unpin(a->graph, v);
	sq_workspace_unref(a);
	bury();
	expect_ledger(2 * unit, 0, 0);
	ck_assert_int_eq(sq_manager_reserve(m, d, unit, &res, NULL), 0);
	ck_assert_str_eq(gone, "a");
	sq_reservation_release(&res);
}
END_TEST

START_TEST(requesters_that_are_gone)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_reservation res = SQ_RESERVATION_NULL;

	/* AD-04: cancelled, though listed; nothing is reserved */
	sq_store_relaxed(&a->cancel_rebuild, true);
	ck_assert_int_eq(sq_manager_reserve(m, a, 1, &res, NULL), SQ_MANAGER_E_CANCELLED);
	sq_store_relaxed(&a->cancel_rebuild, false);
	sq_store_relaxed(&a->cancel_reset, true);
	ck_assert_int_eq(sq_manager_reserve(m, a, 1, &res, NULL), SQ_MANAGER_E_CANCELLED);
	ck_assert_int_eq(publish(a, &res), SQ_MANAGER_E_CANCELLED);
	sq_store_relaxed(&a->cancel_reset, false);
	/* AD-03: not registered any more */
	sq_workspace_ref(a);
	ck_assert_int_eq(sq_manager_remove(m, a), 0);
	ck_assert_int_eq(sq_manager_reserve(m, a, 1, &res, NULL), SQ_MANAGER_E_EVICTED);
	ck_assert_ptr_null(res.admission);
	ck_assert_uint_eq(ledger().reserved, 0);
	sq_workspace_unref(a);
}
END_TEST

START_TEST(lru)
{
	struct sq_workspace *a = load("/a", 3), *ws = NULL;

	(void)load("/b", 1);
	(void)load("/c", 2);
	/* EV-12 EV-10: the oldest that is not pinned, and who it was */
	ck_assert_int_eq(sq_manager_set_pinned(m, get("/b"), true), 0);
	ck_assert_int_eq(sq_manager_evict_lru(m, &ws), 1);
	ck_assert(sq_slice_is(ws->key.root, "/c"));
	sq_workspace_unref(ws);
	ck_assert_int_eq(sq_manager_evict_lru(m, &ws), 1);
	ck_assert_ptr_eq(ws, a);
	sq_workspace_unref(ws);
	/* EV-11: nobody is left that may go */
	ck_assert_int_eq(sq_manager_evict_lru(m, &ws), 0);
	ck_assert_str_eq(gone, "ca");
}
END_TEST

/* ---- publish ----------------------------------------------------------------------- */

/* AD-20: consumed once: the same size fits again, a thousand times */
START_TEST(publish_consumes_once)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_reservation res = SQ_RESERVATION_NULL;

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(sq_manager_reserve(m, a, 2 * unit, &res, NULL), 0);
		ck_assert_int_eq(publish(a, &res), 0);
		/* PU-18: the whole of it goes, whatever the real size */
		ck_assert_uint_eq(ledger().reserved, 0);
		while (sq_workspace_reclaim(a))
			;
		expect_ledger(unit, 0, 0);
	}
}
END_TEST

struct entries { size_t n; uint64_t last_token, bytes; };

static void count_entry(void *arg, const struct sq_workspace *ws, const struct sq_retained *e)
{
	struct entries *s = arg;

	(void)ws;
	s->n++;
	s->bytes += e->bytes;
	s->last_token = SQ_MAX(s->last_token, e->token);
}

static struct entries entries(void)
{
	struct entries s = { .n = 0 };

	sq_manager_each_retained(m, count_entry, &s);
	return s;
}

START_TEST(one_entry_a_publish)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_reservation res = SQ_RESERVATION_NULL;
	const struct sq_version *v = sq_graph_current(a->graph);
	uint64_t token = 0;

	ck_assert_int_eq(sq_graph_pin(a->graph, v), 0);
	ck_assert_uint_eq(entries().n, 0);
	for (size_t i = 1; i <= 2; i++) {
		ck_assert_int_eq(sq_manager_reserve(m, a, unit, &res, NULL), 0);
		ck_assert_int_eq(publish(a, &res), 0);
		/* PU-04: with the bytes that were replaced; PU-08 below */
		ck_assert_uint_eq(entries().n, i);
		ck_assert_uint_eq(entries().bytes, ledger().retained);
		/* PU-08: unique and ascending */
		ck_assert_uint_gt(entries().last_token, token);
		token = entries().last_token;
	}
	/* RT-03 RT-09: held while it is read, and counted */
	ck_assert_uint_gt(sq_workspace_reclaim(a), 0);
	ck_assert_uint_ge(entries().n, 1);
	ck_assert_uint_eq(entries().bytes, ledger().retained);
	ck_assert_uint_gt(n_retained, 0);
	/* RT-02: freed by the pass after the last reader */
	ck_assert(sq_graph_unpin(a->graph, v));
	while (sq_workspace_reclaim(a))
		;
	ck_assert_uint_eq(entries().n, 0);
	expect_ledger(unit, 0, 0);
}
END_TEST

static unsigned n_late;

static void late(void *arg, const struct sq_workspace *ws, const struct sq_retained *e)
{
	(void)arg;
	ck_assert(sq_slice_is(ws->key.root, "/a"));
	ck_assert_uint_gt(e->bytes, 0);
	n_late++;
}

/* RT-04: one warning each, and nothing else */
START_TEST(late_readers_are_told_of_once)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_reservation res = SQ_RESERVATION_NULL;
	const struct sq_version *v = sq_graph_current(a->graph);
	uint64_t next, held;

	n_late = 0;
	ck_assert_uint_eq(sq_manager_overdue(m, 1, late, NULL), 0);
	ck_assert_int_eq(sq_graph_pin(a->graph, v), 0);
	ck_assert_int_eq(sq_manager_reserve(m, a, unit, &res, NULL), 0);
	ck_assert_int_eq(publish(a, &res), 0);
	(void)sq_workspace_reclaim(a);
	held = ledger().retained;
	/* not yet: but when */
	next = sq_manager_overdue(m, 3600ull * 1000000000u, late, NULL);
	ck_assert_uint_gt(next, sq_clock_ns());
	ck_assert_uint_eq(n_late, 0);
	ck_assert_uint_eq(sq_manager_overdue(m, 0, late, NULL), 0);
	ck_assert_uint_eq(n_late, 1);
	ck_assert_uint_eq(sq_manager_overdue(m, 0, late, NULL), 0);
	ck_assert_uint_eq(n_late, 1);
	ck_assert_uint_eq(ledger().retained, held);
	/* evicted while it is read: another entry, another warning */
	sq_workspace_ref(a);
	ck_assert_int_eq(sq_manager_remove(m, a), 0);
	ck_assert_uint_eq(sq_manager_overdue(m, 0, late, NULL), 0);
	ck_assert_uint_eq(n_late, 2);
	(void)sq_graph_unpin(a->graph, v);
	sq_manager_quiesce(m);
	sq_workspace_unref(a);
	bury();
	ck_assert_uint_eq(sq_manager_overdue(m, 0, late, NULL), 0);
}
END_TEST

/* ---- the way back --------------------------------------------------------------------- */

START_TEST(rollback)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_draft *d = empty_draft(a);
	const struct sq_version *v = sq_graph_current(a->graph);
	struct sq_rollback back;

	/* RB-02: nothing when disarmed */
	sq_rollback_arm(&back, a, &d);
	sq_rollback_disarm(&back);
	sq_rollback_run(&back);
	ck_assert_ptr_nonnull(d);
	/* RB-01: what was served, and its bytes */
	sq_rollback_arm(&back, a, &d);
	sq_graph_swap(a->graph, d);
	ck_assert_ptr_ne(sq_graph_current(a->graph), v);
	(void)sq_workspace_set_bytes(a, 10 * unit);
	sq_rollback_run(&back);
	ck_assert_ptr_eq(sq_graph_current(a->graph), v);
	ck_assert_uint_eq(a->bytes, unit);
	ck_assert_ptr_null(d);
	/* RB-06: how high it was is not taken back */
	ck_assert_uint_eq(a->high_water_bytes, 10 * unit);
	sq_rollback_run(&back);
	/* what was built is freed, and its clock is not used again */
	ck_assert_uint_gt(sq_graph_retained_bytes(a->graph), 0);
	while (sq_workspace_reclaim(a))
		;
	ck_assert_uint_eq(sq_graph_retained_bytes(a->graph), 0);
	ck_assert_uint_eq(sq_graph_next_generation(a->graph), v->generation + 2);
}
END_TEST

/* a reader that found the version that was taken back keeps it */
START_TEST(rollback_beside_a_reader)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_draft *d = empty_draft(a);
	struct sq_rollback back;
	const struct sq_version *v;

	sq_rollback_arm(&back, a, &d);
	sq_graph_swap(a->graph, d);
	sq_epoch_enter(rec);
	v = sq_graph_current(a->graph);
	ck_assert_int_eq(sq_graph_pin(a->graph, v), 0);
	(void)sq_epoch_leave(rec);
	sq_rollback_run(&back);
	ck_assert_uint_eq(sq_workspace_reclaim(a), 1);
	ck_assert_uint_eq(sq_version_bytes(v), unit);
	ck_assert(sq_graph_unpin(a->graph, v));
	ck_assert_uint_eq(sq_workspace_reclaim(a), 0);
}
END_TEST

/* PU-16 PU-17: the previous value comes back, the mark only rises */
START_TEST(high_water)
{
	struct sq_workspace ws = { .bytes = 5, .high_water_bytes = 5 };

	ck_assert_uint_eq(sq_workspace_set_bytes(&ws, 20), 5);
	ck_assert_uint_eq(sq_workspace_set_bytes(&ws, 10), 20);
	ck_assert_uint_eq(ws.bytes, 10);
	ck_assert_uint_eq(ws.high_water_bytes, 20);
}
END_TEST

/* ---- states ---------------------------------------------------------------------------- */

/* LD-17: every state has its number and both names */
START_TEST(state_round_trip)
{
	static const char *const names[] = { "Unloaded", "Loading", "Loaded", "Rebuilding", "Evicted", "Failed" };
	struct sq_workspace ws = { .serial = 1 };

	ck_assert_uint_eq(SQ_ARRAY_SIZE(names), SQ_WS_STATE_MAX);
	for (int s = 0; s < SQ_WS_STATE_MAX; s++) {
		sq_workspace_set_state(&ws, (enum sq_ws_state)s);
		ck_assert_int_eq(sq_workspace_state(&ws), s);
		ck_assert_uint_eq(ws.state, s);
		ck_assert_str_eq(sq_ws_state_name((enum sq_ws_state)s), names[s]);
	}
}
END_TEST

/* LD-16 LD-22: a fresh record, and a graph from the start */
START_TEST(fresh_record)
{
	struct sq_workspace *a = get("/a");

	ck_assert_int_eq(sq_workspace_state(a), SQ_WS_UNLOADED);
	ck_assert_uint_eq(a->bytes | a->high_water_bytes | a->retry_count | a->last_good_ns | a->retained, 0);
	ck_assert(!a->cancel_rebuild && !a->cancel_reset && !a->evicted && !a->last_error[0]);
	ck_assert_ptr_nonnull(sq_graph_current(a->graph));
	/* LD-14: looked up, not made again, and not pinned */
	ck_assert_ptr_eq(get("/a"), a);
	ck_assert(!sq_workspace_is_pinned(a));
	/* LD-21: a look-up is not a use */
	a->last_access_ns = 77;
	(void)get("/a");
	ck_assert_uint_eq(a->last_access_ns, 77);
}
END_TEST

/* ---- the hook --------------------------------------------------------------------------- */

static unsigned n_hooked;
static const struct sq_version *hooked;

static void hook(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	(void)arg;
	/* HK-04: nothing is locked (aborts in debug builds) */
	sq_lock_assert_none();
	n_hooked++;
	hooked = v;
	/* HK-09: the very version */
	ck_assert_ptr_eq(v, sq_graph_current(ws->graph));
}

static void hook_that_leaves(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	static const struct sq_publish_hook none = { .fn = NULL };

	hook(arg, ws, v);
	sq_manager_set_hook(m, &none);
}

START_TEST(hooks)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_reservation res = SQ_RESERVATION_NULL;
	struct sq_publish_hook h = { .fn = hook };

	n_hooked = 0;
	/* HK-01: none */
	sq_manager_published(m, a);
	ck_assert_uint_eq(n_hooked, 0);
	sq_manager_set_hook(m, &h);
	/* PU-15: a publish does not call it; who published does */
	ck_assert_int_eq(sq_manager_reserve(m, a, unit, &res, NULL), 0);
	ck_assert_int_eq(publish(a, &res), 0);
	ck_assert_uint_eq(n_hooked, 0);
	sq_manager_published(m, a);
	ck_assert_uint_eq(n_hooked, 1);
	ck_assert_ptr_eq(hooked, sq_graph_current(a->graph));
	/* HK-03: from the next on; and set from within */
	h.fn = hook_that_leaves;
	sq_manager_set_hook(m, &h);
	sq_manager_published(m, a);
	sq_manager_published(m, a);
	ck_assert_uint_eq(n_hooked, 2);
	while (sq_workspace_reclaim(a))
		;
}
END_TEST

/* AD-21: a reservation that is given back after the workspace is gone */
START_TEST(reservation_outlives)
{
	struct sq_workspace *a = load("/a", 1);
	struct sq_reservation res = SQ_RESERVATION_NULL;

	ck_assert_int_eq(sq_manager_reserve(m, a, unit, &res, NULL), 0);
	ck_assert_int_eq(sq_manager_remove(m, a), 0);
	sq_manager_quiesce(m);
	bury();
	ck_assert_uint_eq(ledger().reserved, unit);
	sq_reservation_release(&res);
	expect_ledger(0, 0, 0);
}
END_TEST

/* ---- many at once -------------------------------------------------------------------------- */

struct request { struct sq_workspace *ws; struct sq_reservation res; int r; };

static void *requester(void *arg)
{
	struct request *q = arg;

	q->r = sq_manager_reserve(m, q->ws, unit, &q->res, NULL);
	return NULL;
}

/* HZ-12: two that need one victim's bytes each evict two, not four */
START_TEST(no_more_than_needed)
{
	for (int round = 0; round < 50; round++) {
		struct request q[2] = { { .r = -1 }, { .r = -1 } };
		struct sq_workspace *ws;
		uint64_t before;
		pthread_t t[2];

		runners_at_work = false;
		(void)load("/a", 1);
		(void)load("/b", 2);
		(void)load("/c", 3);
		runners_at_work = true;
		q[0].ws = get("/x");
		q[1].ws = get("/y");
		before = sq_manager_n_evicted(m);
		ck_assert_int_eq(pthread_create(&t[0], NULL, requester, &q[0]), 0);
		ck_assert_int_eq(pthread_create(&t[1], NULL, requester, &q[1]), 0);
		pthread_join(t[0], NULL);
		pthread_join(t[1], NULL);
		ck_assert_uint_eq(sq_manager_n_evicted(m) - before, 2);
		for (int i = 0; i < 2; i++) {
			ck_assert_int_eq(q[i].r, 0);
			sq_reservation_release(&q[i].res);
		}
		while ((ws = sq_manager_first(m))) {
			ck_assert_int_eq(sq_manager_remove(m, ws), 0);
			sq_workspace_unref(ws);
		}
		sq_manager_quiesce(m);
		bury();
	}
	runners_at_work = false;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workspace/evict");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, stop);
	tcase_add_test(tc, plans);
	tcase_add_test(tc, states_that_may_go);
	tcase_add_test(tc, plans_break_ties);
	tcase_add_test(tc, touch_advances);
	tcase_add_test(tc, oldest_goes);
	tcase_add_test(tc, nobody_goes_when_it_fits);
	tcase_add_test(tc, pinned_stay);
	tcase_add_test(tc, nobody_goes_in_vain);
	tcase_add_test(tc, readers_keep_bytes_counted);
	tcase_add_test(tc, requesters_that_are_gone);
	tcase_add_test(tc, lru);
	tcase_add_test(tc, publish_consumes_once);
	tcase_add_test(tc, one_entry_a_publish);
	tcase_add_test(tc, late_readers_are_told_of_once);
	tcase_add_test(tc, rollback);
	tcase_add_test(tc, rollback_beside_a_reader);
	tcase_add_test(tc, high_water);
	tcase_add_test(tc, state_round_trip);
	tcase_add_test(tc, fresh_record);
	tcase_add_test(tc, hooks);
	tcase_add_test(tc, reservation_outlives);
	tcase_add_test(tc, no_more_than_needed);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
