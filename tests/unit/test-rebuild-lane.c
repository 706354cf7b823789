/* SPDX-License-Identifier: MIT */
#include "rebuild/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/estimate.h"
#include "../support/suite.h"

static struct sq_lane lane;
static char told[64];          /* letters of the waiters told, in order */
static int code_told;

struct letter { struct sq_waiter w; char c; };

static void done(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct letter *l = (struct letter *)(void *)w;
	size_t n = strlen(told);

	told[n] = l->c;
	told[n + 1] = '\0';
	code_told = o->code;
}

static struct letter waiter(char c)
{
	return (struct letter){ .w = { .done = done }, .c = c };
}

static struct sq_work work(const char *paths)
{
	struct sq_work w;

	ck_assert_int_eq(sq_work_init(&w), 0);
	for (const char *p = paths; *p; p++)
		ck_assert_int_eq(sq_change_set_add(w.changes, sq_slice(p, 1), SQ_CHANGE_FILE), 0);
	sq_change_set_sort(w.changes);
	return w;
}

static bool add(const char *paths, struct letter *l)
{
	struct sq_work w = work(paths);
	bool role;

	sq_lock(&lane.lock);
	role = sq_lane_add_locked(&lane, &w, l ? &l->w : NULL);
	sq_unlock(&lane.lock);
	ck_assert(sq_work_is_none(&w));
	return role;
}

/* take what is parked; its paths in order */
static const char *take(struct sq_work *w)
{
	static char paths[32];
	bool got;

	sq_lock(&lane.lock);
	got = sq_lane_take_locked(&lane, w);
	sq_unlock(&lane.lock);
	paths[0] = '\0';
	for (size_t i = 0; got && i < w->changes->n_changes; i++)
		snprintf(paths + i, sizeof(paths) - i, "%c", w->changes->changes[i].path.p[0]);
	return got ? paths : "(none)";
}

static bool end(struct sq_work *w, enum sq_outcome_code code)
{
	struct sq_outcome o = { .code = code };
	struct sq_waiter *due;
	bool more;

	sq_lock(&lane.lock);
	more = sq_lane_end_locked(&lane, code == SQ_OUTCOME_OK ? NULL : w, code == SQ_OUTCOME_CANCELLED, &due);
	sq_unlock(&lane.lock);
	sq_waiters_tell(due, &o);
	sq_work_deinit(w);
	return more;
}

static void setup(void)
{
	told[0] = '\0';
	ck_assert_int_eq(sq_lane_init(&lane), 0);
}

static void teardown(void)
{
	sq_lane_deinit(&lane);
}

START_TEST(merging)
{
	struct letter a = waiter('a'), b = waiter('b'), c = waiter('c'), d = waiter('d');
	struct sq_work w;

	/* RR-04, RR-05: one gets the role, the others park; LC-01, LC-02, LC-13: one entry, the sorted union */
	ck_assert(add("b", &a));
	ck_assert_str_eq(take(&w), "b");
	ck_assert(!add("z", &b));
	ck_assert(!add("xz", &c));
	ck_assert(!add("a", &d));
	ck_assert(end(&w, SQ_OUTCOME_OK));
	ck_assert_str_eq(told, "a");       /* only the first is covered */
	ck_assert_str_eq(take(&w), "axz");
	ck_assert(!end(&w, SQ_OUTCOME_OK));
	ck_assert_str_eq(told, "abcd");    /* in order of arrival */
	ck_assert(!lane.in_flight);
	ck_assert_str_eq((lane.in_flight = true, take(&w)), "(none)");
	lane.in_flight = false;
}
END_TEST

START_TEST(failures_come_back)
{
	struct letter a = waiter('a'), b = waiter('b'), c = waiter('c');
	struct sq_work w;
	bool run;

	/* HZ-05: a failed turn's changes are parked, not run at once */
	ck_assert(add("a", &a));
	ck_assert_str_eq(take(&w), "a");
	ck_assert(!end(&w, SQ_OUTCOME_BUILD));
	ck_assert_str_eq(told, "a");
	ck_assert_int_eq(code_told, SQ_OUTCOME_BUILD);
	ck_assert(!lane.in_flight);
	ck_assert_uint_eq(sq_lane_pending_locked(&lane), 1);
	/* the next change takes them along */
	ck_assert(add("b", &b));
	ck_assert_str_eq(take(&w), "ab");
	ck_assert(!end(&w, SQ_OUTCOME_BUILD));
	/* and so does somebody who wants to see them */
	sq_lock(&lane.lock);
	ck_assert(sq_lane_wait_locked(&lane, &c.w, &run));
	sq_unlock(&lane.lock);
	ck_assert(run);
	ck_assert_str_eq(take(&w), "ab");
	ck_assert(!end(&w, SQ_OUTCOME_OK));
	ck_assert_str_eq(told, "abc");
	ck_assert_int_eq(code_told, SQ_OUTCOME_OK);
	ck_assert_uint_eq(sq_lane_pending_locked(&lane), 0);
}
END_TEST

START_TEST(waiting)
{
	struct letter a = waiter('a'), b = waiter('b'), c = waiter('c');
	struct sq_work w;
	bool run;

	/* nothing seen: nothing to wait for */
	sq_lock(&lane.lock);
	ck_assert(!sq_lane_wait_locked(&lane, &a.w, &run));
	sq_unlock(&lane.lock);
	/* a turn in flight covers it */
	ck_assert(add("a", NULL));
	ck_assert_str_eq(take(&w), "a");
	sq_lock(&lane.lock);
	ck_assert(sq_lane_wait_locked(&lane, &a.w, &run));
	ck_assert(!run);
	sq_unlock(&lane.lock);
	/* what is parked beside it is the next turn's */
	ck_assert(!add("b", NULL));
	sq_lock(&lane.lock);
	ck_assert(sq_lane_wait_locked(&lane, &b.w, &run));
	ck_assert(!run);
	sq_unlock(&lane.lock);
	ck_assert(end(&w, SQ_OUTCOME_OK));
	ck_assert_str_eq(told, "a");
	ck_assert_str_eq(take(&w), "b");
	/* eviction tells everybody and drops what is parked */
	ck_assert(!add("c", &c));
	sq_lock(&lane.lock);
	struct sq_waiter *all = sq_lane_clear_locked(&lane);
	sq_unlock(&lane.lock);
	struct sq_outcome o = { .code = SQ_OUTCOME_EVICTED };

	sq_waiters_tell(all, &o);
	ck_assert_str_eq(told, "abc");
	sq_work_deinit(&w);
	ck_assert_uint_eq(sq_lane_pending_locked(&lane), 0);
}
END_TEST

static void chore(void)
{
	sq_lock(&lane.lock);
	ck_assert(sq_lane_chore_locked(&lane));
	sq_unlock(&lane.lock);
}

START_TEST(role_without_a_turn)
{
	struct letter a = waiter('a');
	struct sq_work w;

	/* a reclaim holds the role; work that arrives meanwhile is found when it lets go */
	chore();
	ck_assert(!add("a", &a));
	sq_lock(&lane.lock);
	ck_assert(sq_lane_release_locked(&lane));
	sq_unlock(&lane.lock);
	ck_assert_str_eq(take(&w), "a");
	ck_assert(!end(&w, SQ_OUTCOME_BUILD));
	/* what failed is not run again by a reclaim */
	chore();
	sq_lock(&lane.lock);
	ck_assert(!sq_lane_release_locked(&lane));
	sq_unlock(&lane.lock);
}
END_TEST

START_TEST(flags)
{
	struct sq_work a = work("ab"), b = work("b");

	b.full = true;
	b.changes->rescan = true;
	a.changes->rules_changed = true;
	b.enqueued_ns = a.enqueued_ns + 5;
	uint64_t later = b.enqueued_ns;

	ck_assert_int_eq(sq_work_merge(&a, &b), 0);
	ck_assert(a.full && a.changes->rescan && a.changes->rules_changed && !a.changes->root_gone);
	ck_assert_uint_eq(a.changes->n_changes, 2);
	ck_assert_uint_eq(a.enqueued_ns, later);   /* LC-07 */
	ck_assert(sq_work_is_none(&b));
	ck_assert_uint_eq(sq_work_pending(&a), 2);
	sq_work_deinit(&a);
	a = work("");
	ck_assert_uint_eq(sq_work_pending(&a), 0);
	a.changes->rescan = true;
	ck_assert_uint_eq(sq_work_pending(&a), 1);
	sq_work_deinit(&a);
}
END_TEST

START_TEST(estimates)
{
	/* WS-05 */
	ck_assert_uint_eq(sq_estimate_working_set(1000000, 50000, 200000), 1600000);
	ck_assert_uint_eq(sq_estimate_working_set(0, 0, 0), 0);
	ck_assert_uint_eq(sq_estimate_working_set(1, 0, 1), 3);
	ck_assert_uint_eq(sq_estimate_working_set(UINT64_MAX, 1, 1), UINT64_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rebuild/lane");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, merging);
	tcase_add_test(tc, failures_come_back);
	tcase_add_test(tc, waiting);
	tcase_add_test(tc, role_without_a_turn);
	tcase_add_test(tc, flags);
	tcase_add_test(tc, estimates);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
