/* SPDX-License-Identifier: MIT */
/* map, keys, publish against removal, verdicts */
#include "workspace/manager.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "graph/draft.h"
#include "workspace/verdict.h"
#include "../support/suite.h"

#define NS_AN_HOUR (3600ull * 1000000000ull)

static struct sq_epoch *epoch;
static struct sq_epoch_record *rec;
static struct sq_manager *m;
static const struct sq_lang_traits *const traits[SQ_LANG_MAX];
static unsigned n_freed;

/* the test's threads are quiet when the last reference goes: free at once, but not under the map's lock */
static struct sq_workspace *dead[4096];   /* a slow reader may hold back many */
static unsigned n_dead;

static void on_last_unref(void *arg, struct sq_workspace *ws)
{
	(void)arg;
	dead[n_dead++] = ws;
}

static void bury(void)
{
	while (n_dead) {
		sq_workspace_free(dead[--n_dead]);
		n_freed++;
	}
}

static void setup(void)
{
	struct sq_manager_hooks hooks = { .on_last_unref = on_last_unref };

	n_freed = n_dead = 0;
	ck_assert_int_eq(sq_epoch_new(&epoch), 0);
	ck_assert_int_eq(sq_epoch_record_acquire(epoch, &rec), 0);
	ck_assert_int_eq(sq_manager_new(epoch, traits, 64u << 20, &hooks, &m), 0);
}

static void teardown(void)
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

static struct sq_workspace *get(const char *root, uint8_t mode, uint64_t fingerprint)
{
	struct sq_ws_key key = { sq_slice_z(root), mode, fingerprint };
	struct sq_workspace *ws;

	ck_assert_int_eq(sq_manager_get(m, &key, &ws), 0);
	sq_workspace_unref(ws);   /* the map's stays */
	return ws;
}

static struct sq_workspace *find(const char *path, const char *rest)
{
	struct sq_slice r = SQ_LIT("unset");
	struct sq_workspace *ws;

	sq_epoch_enter(rec);
	ws = sq_manager_find_path(m, sq_slice_z(path), &r);
	(void)sq_epoch_leave(rec);
	if (ws)
		ck_assert(sq_slice_is(r, rest));
	return ws;
}

START_TEST(keys_and_paths)
{
	struct sq_workspace *a = get("/a", SQ_ROOT_GIT, 0), *ab = get("/a/b", SQ_ROOT_GIT, 0), *root, *other;

	/* LD-14, LD-15 */
	ck_assert_ptr_eq(get("/a", SQ_ROOT_GIT, 0), a);
	ck_assert_ptr_ne(get("/a", SQ_ROOT_FOLDER, 0), a);
	other = get("/a", SQ_ROOT_GIT, 7);
	ck_assert_ptr_ne(other, a);
	/* LD-16 */
	ck_assert_int_eq(sq_workspace_state(a), SQ_WS_UNLOADED);
	ck_assert_uint_eq(a->bytes + a->high_water_bytes + a->retry_count + a->last_good_ns, 0);
	ck_assert(!sq_workspace_is_evicted(a));
	/* the longest root that is the path or above it */
	ck_assert_ptr_eq(find("/a", ""), a);
	ck_assert_ptr_eq(find("/a/x.c", "x.c"), a);
	ck_assert_ptr_eq(find("/a/b/c/d.c", "c/d.c"), ab);
	ck_assert_ptr_eq(find("/a/bc", "bc"), a);
	ck_assert_ptr_null(find("/ab", ""));
	root = get("/", SQ_ROOT_GIT, 0);
	ck_assert_ptr_eq(find("/ab", "ab"), root);
	/* rows are sorted */
	sq_epoch_enter(rec);
	const struct sq_ws_map *map = sq_manager_map(m);

	for (size_t i = 1; i < map->n; i++)
		ck_assert_int_le(sq_slice_cmp(map->v[i - 1]->key.root, map->v[i]->key.root), 0);
	(void)sq_epoch_leave(rec);
	/* EV-18: removed and registered again, it is another record */
	ck_assert_int_eq(sq_manager_remove(m, ab), 0);
	ck_assert_int_eq(sq_workspace_state(ab), SQ_WS_EVICTED);
	ck_assert_int_eq(sq_manager_remove(m, ab), SQ_MANAGER_E_EVICTED);
	ck_assert_ptr_eq(find("/a/b/c", "b/c"), a);
	ck_assert_uint_gt(get("/a/b", SQ_ROOT_GIT, 0)->serial, other->serial);
}
END_TEST

static struct sq_draft *empty_draft(struct sq_workspace *ws)
{
	struct sq_draft_opts opts = { .clear = true };
	struct sq_draft_report report;
	struct sq_draft *d;

	ck_assert_int_eq(sq_draft_new(ws->graph, &opts, &d), 0);
	ck_assert_int_eq(sq_draft_finish(d, &report), 0);
	return d;
}

START_TEST(publish_and_remove)
{
	struct sq_workspace *ws = get("/a", SQ_ROOT_GIT, 0);
	struct sq_reservation res = SQ_RESERVATION_NULL;
	struct sq_admission *a = sq_manager_admission(m);
	struct sq_admission_state s;
	struct sq_draft *d;

	sq_workspace_ref(ws);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(sq_admission_reserve(a, 4096, &res, NULL), 0);
		d = empty_draft(ws);
		ck_assert_int_eq(sq_manager_publish(m, ws, &d, &res), 0);
		ck_assert_ptr_null(d);
		while (sq_workspace_reclaim(ws))
			;
	}
	sq_admission_read(a, &s);
	ck_assert_uint_eq(s.loaded, sq_version_bytes(sq_graph_current(ws->graph)));
	ck_assert_uint_eq(s.loaded, ws->bytes);
	ck_assert_uint_eq(s.reserved + s.retained, 0);
	/* a reader's pin keeps the old version's bytes in retained */
	const struct sq_version *v = sq_graph_current(ws->graph);

	ck_assert_int_eq(sq_graph_pin(ws->graph, v), 0);
	ck_assert_int_eq(sq_admission_reserve(a, 4096, &res, NULL), 0);
	d = empty_draft(ws);
	ck_assert_int_eq(sq_manager_publish(m, ws, &d, &res), 0);
	ck_assert_uint_gt(sq_workspace_reclaim(ws), 0);
	sq_admission_read(a, &s);
	ck_assert_uint_eq(s.retained, sq_graph_retained_bytes(ws->graph));
	ck_assert_uint_gt(s.retained, 0);
	ck_assert(sq_graph_unpin(ws->graph, v));
	ck_assert_uint_eq(sq_workspace_reclaim(ws), 0);
	sq_admission_read(a, &s);
	ck_assert_uint_eq(s.retained, 0);
	/* EV-15: removed while a turn is at it: no publish, the turn gives its reservation back */
	ck_assert_int_eq(sq_admission_reserve(a, 4096, &res, NULL), 0);
	d = empty_draft(ws);
	ck_assert_int_eq(sq_manager_remove(m, ws), 0);
	ck_assert_int_eq(sq_manager_publish(m, ws, &d, &res), SQ_MANAGER_E_EVICTED);
	sq_draft_free(d);
	sq_reservation_release(&res);
	sq_admission_read(a, &s);
	ck_assert_uint_eq(s.loaded + s.reserved, 0);
	ck_assert_uint_gt(s.retained, 0);
	/* and its bytes stay counted until the last reference is gone */
	sq_manager_quiesce(m);
	ck_assert_uint_eq(n_dead, 0);
	sq_workspace_unref(ws);
	ck_assert_uint_eq(n_dead, 1);
	bury();
	sq_admission_read(a, &s);
	ck_assert_uint_eq(s.retained, 0);
}
END_TEST

START_TEST(verdicts)
{
	struct sq_workspace *ws = get("/a", SQ_ROOT_GIT, 0);
	uint64_t now = 1000 * NS_AN_HOUR;
	struct sq_verdict v;

	sq_workspace_classify(ws, now, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_NOT_READY);
	sq_workspace_set_state(ws, SQ_WS_LOADING);
	sq_workspace_classify(ws, now, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_NOT_READY);
	/* SV-05: never built */
	ck_assert_uint_eq(sq_workspace_record_failure(ws, 5, "no luck"), 1);
	ck_assert_uint_eq(sq_workspace_record_failure(ws, 5, "no luck again"), 2);
	sq_workspace_set_state(ws, SQ_WS_FAILED);
	sq_workspace_classify(ws, now, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_FAILED);
	ck_assert_str_eq(v.last_error, "no luck again");
	/* RY-02 */
	sq_workspace_record_success(ws, now);
	ck_assert_uint_eq(ws->retry_count, 0);
	sq_workspace_set_state(ws, SQ_WS_LOADED);
	sq_workspace_classify(ws, now + 5, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_FRESH);
	ck_assert(sq_workspace_cas_state(ws, SQ_WS_LOADED, SQ_WS_REBUILDING));
	ck_assert(!sq_workspace_cas_state(ws, SQ_WS_LOADED, SQ_WS_REBUILDING));
	sq_workspace_classify(ws, now + 5, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_FRESH);
	ck_assert_int_eq(v.state, SQ_WS_REBUILDING);
	/* SV-02, SV-03, SV-04, SV-10 */
	sq_workspace_set_state(ws, SQ_WS_FAILED);
	sq_workspace_classify(ws, now + 24 * NS_AN_HOUR - 1, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_STALE);
	ck_assert_uint_eq(v.age_hours, 23);
	sq_workspace_classify(ws, now + 24 * NS_AN_HOUR, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_EXPIRED);
	sq_workspace_classify(ws, now + 10000 * NS_AN_HOUR, 0, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_STALE);
	sq_workspace_classify(ws, now - NS_AN_HOUR, 24, &v);
	ck_assert_uint_eq(v.age_hours, 0);
	sq_workspace_set_state(ws, SQ_WS_EVICTED);
	sq_workspace_classify(ws, now, 24, &v);
	ck_assert_int_eq(v.kind, SQ_VERDICT_EVICTED);
	sq_workspace_set_state(ws, SQ_WS_LOADED);
}
END_TEST

/* readers look up and classify while workspaces come and go */
static bool storm_ends;

static void *reader(void *arg)
{
	struct sq_epoch_record *mine;
	struct sq_slice rest;
	uint64_t *n = arg;

	ck_assert_int_eq(sq_epoch_record_acquire(epoch, &mine), 0);
	while (!sq_load_acquire(&storm_ends)) {   /* pairs with readers_and_removals */
		struct sq_workspace *ws;
		struct sq_verdict v;

		sq_epoch_enter(mine);
		ws = sq_manager_find_path(m, SQ_LIT("/storm/x/y"), &rest);
		if (ws) {
			sq_workspace_classify(ws, 1, 0, &v);
			ck_assert_ptr_nonnull(sq_graph_current(ws->graph));
			ck_assert_uint_eq(ws->key.root.p[0], '/');
			(*n)++;
		}
		(void)sq_epoch_leave(mine);
	}
	sq_epoch_record_release(mine);
	return NULL;
}

START_TEST(readers_and_removals)
{
	pthread_t t[2];
	uint64_t n[2] = { 0, 0 };

	sq_store_release(&storm_ends, false);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, reader, &n[i]), 0);
	for (int round = 0; round < 3000; round++) {
		struct sq_workspace *ws = get("/storm/x", SQ_ROOT_GIT, 0);

		sq_workspace_set_state(ws, SQ_WS_LOADED);
		ck_assert_int_eq(sq_manager_remove(m, ws), 0);
		(void)sq_manager_reclaim(m);
		bury();
	}
	sq_store_release(&storm_ends, true);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	sq_manager_quiesce(m);
	bury();
	ck_assert_uint_eq(n_freed, 3000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workspace/manager");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, keys_and_paths);
	tcase_add_test(tc, publish_and_remove);
	tcase_add_test(tc, verdicts);
	tcase_add_test(tc, readers_and_removals);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
