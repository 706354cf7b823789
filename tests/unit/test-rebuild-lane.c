/* SPDX-License-Identifier: MIT */
#include "rebuild/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

	/* RR-04 RR-05 LC-01 LC-02 LC-13: one gets the role, the others park; one entry, the sorted union */
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

	/* HZ-05 X-05: a failed turn's changes are parked, not run at once */
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

static void strcpy_ref(struct sq_git_snapshot *s, const char *ref)
{
	snprintf(s->ref, sizeof(s->ref), "%s", ref);
}

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
	/* LC-07: the later time */
	ck_assert_uint_eq(a.enqueued_ns, later);
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

/* X-11 CX-11: a user's cancel keeps the turn's changes and what is parked, and runs neither */
START_TEST(cancelled)
{
	struct letter a = waiter('a'), b = waiter('b'), c = waiter('c');
	struct sq_work w;

	ck_assert(add("a", &a));
	ck_assert_str_eq(take(&w), "a");
	ck_assert(!add("b", &b));
	ck_assert(!end(&w, SQ_OUTCOME_CANCELLED));
	ck_assert_str_eq(told, "ab");
	ck_assert_int_eq(code_told, SQ_OUTCOME_CANCELLED);
	ck_assert(!lane.in_flight);
	ck_assert_uint_eq(sq_lane_pending_locked(&lane), 2);
	ck_assert(add("c", &c));
	ck_assert_str_eq(take(&w), "abc");
	ck_assert(!end(&w, SQ_OUTCOME_OK));
}
END_TEST

/* RR-12 RR-14 LX-33: who leaves without giving the role back loses nothing, and a full turn follows */
START_TEST(sentinel)
{
	struct letter a = waiter('a'), b = waiter('b');
	struct sq_outcome o = { .code = SQ_OUTCOME_BUILD };
	struct sq_sentinel s = { .lane = &lane };
	struct sq_waiter *due = NULL;
	struct sq_work w;

	ck_assert(add("a", &a));
	ck_assert_str_eq(take(&s.work), "a");
	ck_assert(!add("b", &b));
	ck_assert(sq_sentinel_end(&s, &due));
	sq_waiters_tell(due, &o);
	ck_assert_str_eq(told, "a");
	ck_assert(!lane.in_flight && !s.lane);
	ck_assert(lane.parked.full);
	ck_assert(add("", NULL));
	ck_assert_str_eq(take(&w), "ab");
	ck_assert(w.full);
	ck_assert(!end(&w, SQ_OUTCOME_OK));
	ck_assert_str_eq(told, "ab");
}
END_TEST

/* RR-13: disarmed it does nothing */
START_TEST(sentinel_disarmed)
{
	struct sq_sentinel s = SQ_SENTINEL_NULL;
	struct sq_waiter *due = NULL;
	struct sq_work w;

	ck_assert(add("a", NULL));
	ck_assert_str_eq(take(&w), "a");
	ck_assert(!sq_sentinel_end(&s, &due));
	ck_assert(lane.in_flight && !due);
	ck_assert(!end(&w, SQ_OUTCOME_OK));
}
END_TEST

/* RR-10 RR-16: a fresh lane is free; a cancel flag has no part in that */
START_TEST(fresh)
{
	ck_assert(!lane.in_flight && sq_work_is_none(&lane.parked));
	ck_assert(!sq_lane_has_turn_locked(&lane));
	chore();
	ck_assert(lane.in_flight && !sq_lane_has_turn_locked(&lane));   /* nothing that a cancel could mean */
	sq_lock(&lane.lock);
	ck_assert(!sq_lane_release_locked(&lane));
	sq_unlock(&lane.lock);
}
END_TEST

/* LC-11 LC-12 DL-06 DL-07: one entry however many come; who gets the role takes what is stranded, too */
START_TEST(one_entry)
{
	struct sq_work w;
	bool run;

	ck_assert(add("a", NULL));
	ck_assert_str_eq(take(&w), "a");
	for (char c = 'b'; c <= 'y'; c++)
		ck_assert(!add((char[]){ c, '\0' }, NULL));
	ck_assert(end(&w, SQ_OUTCOME_OK));
	ck_assert(lane.in_flight);       /* without a moment of being free */
	ck_assert_str_eq(take(&w), "bcdefghijklmnopqrstuvwxy");
	ck_assert(!end(&w, SQ_OUTCOME_BUILD));
	ck_assert(!lane.in_flight);
	/* stranded; the next dispatch absorbs it */
	ck_assert(add("z", NULL));
	ck_assert_str_eq(take(&w), "bcdefghijklmnopqrstuvwxyz");
	ck_assert(!end(&w, SQ_OUTCOME_BUILD));
	/* and so does a retry, once */
	sq_lock(&lane.lock);
	run = sq_lane_retry_locked(&lane);
	ck_assert(run && !sq_lane_retry_locked(&lane));
	sq_unlock(&lane.lock);
	ck_assert_str_eq(take(&w), "bcdefghijklmnopqrstuvwxyz");
	ck_assert(!end(&w, SQ_OUTCOME_OK));
	sq_lock(&lane.lock);
	ck_assert(!sq_lane_retry_locked(&lane));
	sq_unlock(&lane.lock);
}
END_TEST

static const enum sq_git_class forcing[] = { SQ_GIT_TREE_DIVERGED, SQ_GIT_BRANCH_SWITCH };
static const enum sq_git_class meek[] = { SQ_GIT_NONE, SQ_GIT_NOISE, SQ_GIT_LOCAL_COMMIT };

/* LC-04: either side forces: exactly TreeDiverged, all twelve */
START_TEST(class_that_forces)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(forcing); i++)
		for (size_t k = 0; k < SQ_ARRAY_SIZE(meek); k++) {
			ck_assert_int_eq(sq_git_class_merge(forcing[i], meek[k]), SQ_GIT_TREE_DIVERGED);
			ck_assert_int_eq(sq_git_class_merge(meek[k], forcing[i]), SQ_GIT_TREE_DIVERGED);
		}
	ck_assert_int_eq(sq_git_class_merge(SQ_GIT_BRANCH_SWITCH, SQ_GIT_BRANCH_SWITCH), SQ_GIT_TREE_DIVERGED);
}
END_TEST

START_TEST(class_that_does_not)
{
	/* LC-05: the later one */
	ck_assert_int_eq(sq_git_class_merge(SQ_GIT_NOISE, SQ_GIT_LOCAL_COMMIT), SQ_GIT_LOCAL_COMMIT);
	ck_assert_int_eq(sq_git_class_merge(SQ_GIT_LOCAL_COMMIT, SQ_GIT_NOISE), SQ_GIT_NOISE);
	/* LC-06: a missing one is absorbed, on either side */
	ck_assert_int_eq(sq_git_class_merge(SQ_GIT_NONE, SQ_GIT_LOCAL_COMMIT), SQ_GIT_LOCAL_COMMIT);
	ck_assert_int_eq(sq_git_class_merge(SQ_GIT_LOCAL_COMMIT, SQ_GIT_NONE), SQ_GIT_LOCAL_COMMIT);
	ck_assert_int_eq(sq_git_class_merge(SQ_GIT_NONE, SQ_GIT_NONE), SQ_GIT_NONE);
}
END_TEST

static struct sq_work of_git(enum sq_git_class class, const char *ref)
{
	struct sq_work w = work("");
	struct sq_git_snapshot s = { .known = true };

	w.git_class = (uint8_t)class;
	w.git_state_changed = class > SQ_GIT_NOISE;
	if (ref) {
		strcpy_ref(&s, ref);
		sq_work_set_snapshot(&w, &s);
	}
	return w;
}

static void expect_snapshot(const char *earlier, const char *later, const char *merged)
{
	struct sq_work a = of_git(SQ_GIT_NONE, earlier), b = of_git(SQ_GIT_NONE, later);

	ck_assert_int_eq(sq_work_merge(&a, &b), 0);
	ck_assert_int_eq(a.has_snapshot, merged != NULL);
	if (merged)
		ck_assert_str_eq(a.snapshot.ref, merged);
	sq_work_deinit(&a);
}

/* LC-08 LC-09 LC-14: present beats missing, the later (arriving) one wins, a plain request keeps the watcher's */
START_TEST(snapshots)
{
	expect_snapshot("one", "two", "two");
	expect_snapshot("two", "one", "one");
	expect_snapshot("one", NULL, "one");
	expect_snapshot(NULL, "two", "two");
	expect_snapshot(NULL, NULL, NULL);
}
END_TEST

/* LC-03: the OR, in all four cases */
START_TEST(git_state)
{
	for (int i = 0; i < 4; i++) {
		struct sq_work a = work("a"), b = work("b");

		a.git_state_changed = i & 1;
		b.git_state_changed = i & 2;
		ck_assert_int_eq(sq_work_merge(&a, &b), 0);
		ck_assert_int_eq(a.git_state_changed, i != 0);
		sq_work_deinit(&a);
	}
}
END_TEST

static bool forces(enum sq_git_class x, enum sq_git_class y, bool x_known, bool y_known)
{
	struct sq_work a = of_git(x, NULL), b = of_git(y, NULL);
	bool whole;

	a.paths_known = x_known;
	b.paths_known = y_known;
	ck_assert_int_eq(sq_work_merge(&a, &b), 0);
	whole = sq_work_is_whole(&a);
	sq_work_deinit(&a);
	return whole;
}

/* LC-10: whether all must be compared does not depend on the order, the class that is left may */
START_TEST(order)
{
	for (int x = 0; x < SQ_GIT_CLASS_MAX; x++)
		for (int y = 0; y < SQ_GIT_CLASS_MAX; y++)
			for (int known = 0; known < 4; known++) {
				bool k = known & 1, l = known & 2;
				bool is = forces((enum sq_git_class)x, (enum sq_git_class)y, k, l);

				ck_assert_int_eq(is, forces((enum sq_git_class)y, (enum sq_git_class)x, l, k));
				ck_assert_int_eq(is, (sq_git_class_forces_full((enum sq_git_class)x) && !k) ||
						 (sq_git_class_forces_full((enum sq_git_class)y) && !l));
			}
	ck_assert_int_ne(sq_git_class_merge(SQ_GIT_NOISE, SQ_GIT_LOCAL_COMMIT),
			 sq_git_class_merge(SQ_GIT_LOCAL_COMMIT, SQ_GIT_NOISE));
}
END_TEST

/* DF-14: empty means no files and no change of git's state */
START_TEST(empty)
{
	struct sq_work w = work("");

	ck_assert(sq_work_is_empty(&w));
	w.git_state_changed = true;
	ck_assert(!sq_work_is_empty(&w));
	sq_work_deinit(&w);
	w = work("a");
	ck_assert(!sq_work_is_empty(&w));
	sq_work_deinit(&w);
	w = work("");
	w.changes->rescan = true;
	ck_assert(!sq_work_is_empty(&w));
	sq_work_deinit(&w);
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
	tcase_add_test(tc, cancelled);
	tcase_add_test(tc, sentinel);
	tcase_add_test(tc, sentinel_disarmed);
	tcase_add_test(tc, fresh);
	tcase_add_test(tc, one_entry);
	tcase_add_test(tc, class_that_forces);
	tcase_add_test(tc, class_that_does_not);
	tcase_add_test(tc, snapshots);
	tcase_add_test(tc, git_state);
	tcase_add_test(tc, order);
	tcase_add_test(tc, empty);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
