/* SPDX-License-Identifier: MIT */
/* The fork, the estimate, the alarms and the gates: what decides about a turn. */
#include "rebuild/decide.h"

#include <stdlib.h>

#include "base/atomic.h"
#include "base/time.h"
#include "rebuild/alarms.h"
#include "rebuild/estimate.h"
#include "rebuild/gate.h"
#include "sys/thread.h"
#include "../support/suite.h"

/* ---- the fork ---------------------------------------------------------------------- */

static const struct sq_fork_limits limits = { .floor_files = 2000, .percent = 50 };

static void expect(struct sq_fork f, enum sq_mode mode, enum sq_fork_why why)
{
	enum sq_fork_why is;

	ck_assert_int_eq(sq_fork_decide(&f, &limits, &is), mode);
	ck_assert_int_eq(is, why);
}

/* DF-01 X-10: empty, git, few, share; the first that matches, whatever the later ones say */
START_TEST(fork_order)
{
	struct sq_fork all = { .is_empty = true, .git_class = SQ_GIT_BRANCH_SWITCH, .n_relink = 9000, .n_files = 10000 };

	/* DF-02: nothing changed: a no-op, incremental */
	expect(all, SQ_MODE_INCREMENTAL, SQ_FORK_EMPTY);
	all.is_empty = false;
	expect(all, SQ_MODE_FULL, SQ_FORK_GIT);
	/* DF-03: whatever the number of files */
	all.n_relink = 0;
	expect(all, SQ_MODE_FULL, SQ_FORK_GIT);
	all.git_class = SQ_GIT_TREE_DIVERGED;
	expect(all, SQ_MODE_FULL, SQ_FORK_GIT);
	/* its paths are known: it is only reported */
	all.paths_known = true;
	expect(all, SQ_MODE_INCREMENTAL, SQ_FORK_FEW);
	all.n_relink = 9000;
	expect(all, SQ_MODE_FULL, SQ_FORK_SHARE);
}
END_TEST

/* DF-04: neither local commits nor noise force anything */
START_TEST(fork_meek)
{
	for (int c = SQ_GIT_NONE; c <= SQ_GIT_LOCAL_COMMIT; c++)
		expect((struct sq_fork){ .git_class = (enum sq_git_class)c, .n_relink = 1, .n_files = 10 },
		       SQ_MODE_INCREMENTAL, SQ_FORK_FEW);
}
END_TEST

/* DF-05: strictly more than the floor */
START_TEST(fork_floor)
{
	expect((struct sq_fork){ .n_relink = 2000, .n_files = 2000 }, SQ_MODE_INCREMENTAL, SQ_FORK_FEW);
	expect((struct sq_fork){ .n_relink = 2001, .n_files = 2001 }, SQ_MODE_FULL, SQ_FORK_SHARE);
}
END_TEST

/* DF-06: strictly more than the share */
START_TEST(fork_share)
{
	expect((struct sq_fork){ .n_relink = 5000, .n_files = 10001 }, SQ_MODE_INCREMENTAL, SQ_FORK_SHARE);
	expect((struct sq_fork){ .n_relink = 5001, .n_files = 10001 }, SQ_MODE_FULL, SQ_FORK_SHARE);
}
END_TEST

/* DF-07: integers, saturating; no files, no share */
START_TEST(fork_arithmetic)
{
	ck_assert_uint_eq(sq_fork_share(0, 50), 0);
	ck_assert_uint_eq(sq_fork_share(10, 33), 3);
	ck_assert_uint_eq(sq_fork_share(1, 99), 0);
	ck_assert_uint_eq(sq_fork_share(100, 1), 1);
	ck_assert_uint_eq(sq_fork_share(UINT64_MAX, 100), UINT64_MAX / 100);
	ck_assert_uint_eq(sq_fork_share(UINT64_MAX / 100, 100), UINT64_MAX / 100);
}
END_TEST

/* DF-08 DF-09: files that the graph does not have count for nothing, however many come */
START_TEST(fork_new_files)
{
	expect((struct sq_fork){ .n_relink = 0, .n_files = 10 }, SQ_MODE_INCREMENTAL, SQ_FORK_FEW);
}
END_TEST

/* DF-11: 0 none, 1 full, 2 incremental, anything else none */
START_TEST(modes)
{
	ck_assert_int_eq(SQ_MODE_NONE, 0);
	ck_assert_int_eq(SQ_MODE_FULL, 1);
	ck_assert_int_eq(SQ_MODE_INCREMENTAL, 2);
	for (unsigned i = 0; i < 256; i++)
		ck_assert_int_eq(sq_mode_decode((uint8_t)i), i <= 2 ? i : SQ_MODE_NONE);
	ck_assert_str_eq(sq_mode_name(SQ_MODE_FULL), "full");
}
END_TEST

/* ---- the estimate ------------------------------------------------------------------- */

/* WS-05: the vector of the rule, nothing, fractions, saturation */
START_TEST(working_set)
{
	ck_assert_uint_eq(sq_estimate_working_set(1000000, 50000, 200000), 1600000);
	ck_assert_uint_eq(sq_estimate_working_set(0, 0, 0), 0);
	ck_assert_uint_eq(sq_estimate_working_set(1, 0, 1), 3);
	ck_assert_uint_eq(sq_estimate_working_set(UINT64_MAX, 1, 1), UINT64_MAX);
}
END_TEST

START_TEST(estimates)
{
	/* WS-01: prior bytes; 4096 a file */
	ck_assert_uint_eq(sq_estimate_full(1000, 10, 0), 1500 + 40960);
	/* WS-02 X-08: prior bytes and 2048 a changed file; 4096 of each */
	ck_assert_uint_eq(sq_estimate_incremental(1000, 10, 0), (1000 + 20480) * 3 / 2 + 40960);
	/* WS-03: the length of the change list alone */
	ck_assert_uint_eq(sq_estimate_incremental(0, 1, 0), 2048 * 3 / 2 + 4096);
	/* WS-04: a quarter of the strings */
	ck_assert_uint_eq(sq_estimate_full(0, 0, 4000), 1000);
	ck_assert_uint_eq(sq_estimate_incremental(0, 0, 4001), 1001);
	/* WS-06: all of it saturates */
	ck_assert_uint_eq(sq_estimate_full(0, UINT64_MAX, 0), UINT64_MAX);
	ck_assert_uint_eq(sq_estimate_incremental(UINT64_MAX, 1, 0), UINT64_MAX);
	ck_assert_uint_eq(sq_estimate_incremental(0, UINT64_MAX / 2, 0), UINT64_MAX);
	ck_assert_uint_eq(sq_estimate_full(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
}
END_TEST

static struct sq_version nothing;

/* WS-08 X-09 HZ-11: a graph of nothing says nothing: 0.8 of the tree's bytes, the floor of 2 MiB at least */
START_TEST(first_load)
{
	struct sq_plan plan = { .prior = &nothing, .read_bytes = 100u << 20 };

	ck_assert_uint_eq(sq_estimate(&plan, true), (100u << 20) / 5 * 4);
	ck_assert_uint_eq(sq_estimate(&plan, false), (100u << 20) / 5 * 4);
	plan.read_bytes = 0;
	ck_assert_uint_eq(sq_estimate(&plan, true), 3u << 20);
}
END_TEST

/* ---- alarms ------------------------------------------------------------------------- */

/* RY-03: the schedule, for ever */
START_TEST(schedule)
{
	static const uint32_t want[] = { 0, 30, 60, 120, 300, 600, 600 };

	for (uint32_t i = 0; i < SQ_ARRAY_SIZE(want); i++)
		ck_assert_uint_eq(sq_retry_delay_s(i), want[i]);
	ck_assert_uint_eq(sq_retry_delay_s(100), 600);
	ck_assert_uint_eq(sq_retry_delay_s(UINT32_MAX), 600);
}
END_TEST

static struct sq_lock lock = SQ_LOCK_STATIC(SQ_RANK_RECORD, "test");
static pthread_cond_t rang = PTHREAD_COND_INITIALIZER;
static char order[8];
static unsigned n_rang;

struct bell { struct sq_alarm a; char c; };

static void ring(struct sq_alarm *a)
{
	sq_lock(&lock);
	order[n_rang++] = ((struct bell *)(void *)a)->c;
	pthread_cond_signal(&rang);
	sq_unlock(&lock);
}

static void wait_for(unsigned n)
{
	sq_lock(&lock);
	while (n_rang < n)
		sq_lock_wait(&lock, &rang);
	sq_unlock(&lock);
}

START_TEST(alarms)
{
	struct bell a = { { .fire = ring }, 'a' }, b = { { .fire = ring }, 'b' }, c = { { .fire = ring }, 'c' };
	uint64_t now = sq_clock_ns(), n_wakeups;
	struct sq_alarms *as;

	n_rang = 0;
	ck_assert_int_eq(sq_alarms_new(&as), 0);
	ck_assert_uint_eq(sq_alarms_count(as, &n_wakeups), 0);
	ck_assert(sq_alarm_set(as, &c.a, now + 3600000000000));
	ck_assert(sq_alarm_set(as, &b.a, now + 20000000));
	ck_assert(sq_alarm_set(as, &a.a, now + 10000000));
	ck_assert_uint_eq(sq_alarm_at(as, &c.a), now + 3600000000000);
	wait_for(2);
	ck_assert(!memcmp(order, "ab", 2));
	/* LX-25: set again it has the new time only */
	ck_assert(!sq_alarm_set(as, &c.a, now + 7200000000000));
	ck_assert_uint_eq(sq_alarms_count(as, &n_wakeups), 1);
	ck_assert(sq_alarm_clear(as, &c.a));
	ck_assert(!sq_alarm_clear(as, &c.a));
	ck_assert(!sq_alarm_clear(as, &a.a));   /* fired */
	ck_assert(sq_alarm_set(as, &a.a, now));
	wait_for(3);
	ck_assert(sq_alarm_set(as, &a.a, now + 3600000000000));
	sq_alarms_free(as);                     /* and it does not fire */
	ck_assert_uint_eq(n_rang, 3);
}
END_TEST

#ifdef SQ_TEST_HOOKS
/* RY-06: half a minute passes at once */
START_TEST(alarm_of_a_moved_clock)
{
	struct bell a = { { .fire = ring }, 'a' };
	struct sq_alarms *as;

	n_rang = 0;
	ck_assert_int_eq(sq_alarms_new(&as), 0);
	ck_assert(sq_alarm_set(as, &a.a, sq_clock_ns() + 30000000000));
	sq_clock_advance(29000000000);
	sq_alarms_look(as);
	ck_assert_uint_eq(n_rang, 0);
	sq_clock_advance(1000000000);
	sq_alarms_look(as);
	wait_for(1);
	sq_alarms_free(as);
}
END_TEST

/* ---- gates -------------------------------------------------------------------------- */

static struct sq_gate gate;
static unsigned n_passed;

static void *pass(void *arg)
{
	(void)arg;
	sq_gate_pass(&gate);
	(void)sq_add_relaxed(&n_passed, 1);
	return NULL;
}

static void await(unsigned waiting, unsigned passed)
{
	while (sq_gate_waiting(&gate) != waiting || sq_load_relaxed(&n_passed) != passed)
		continue;
}

/* TH-01 TH-02: none: at once; of N holds each release lets one go, and none is left for who comes then */
START_TEST(gates)
{
	pthread_t t[3];

	n_passed = 0;
	ck_assert_int_eq(sq_gate_init(&gate, "test"), 0);
	pass(NULL);
	ck_assert_int_eq(sq_gate_install(&gate, 2), 0);
	/* TH-04: a second one is handed back */
	ck_assert_int_eq(sq_gate_install(&gate, 9), SQ_GATE_E_INSTALLED);
	ck_assert_uint_eq(gate.n_holds, 2);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sq_thread_start("gate", pass, NULL, &t[i]), 0);
	await(2, 2);   /* the third is not held: N is the first N */
	sq_gate_release(&gate);
	await(1, 3);
	sq_gate_release(&gate);
	await(0, 4);
	for (int i = 0; i < 3; i++)
		sq_thread_join(t[i]);
	pass(NULL);
	sq_gate_deinit(&gate);
}
END_TEST

/* HZ-15 TH-03 TH-09 TH-10: a release before anybody waits is not kept for a later hold; holds add up; reached stays */
START_TEST(gate_release_before_wait)
{
	bool never = false;
	pthread_t t;

	n_passed = 0;
	ck_assert_int_eq(sq_gate_init(&gate, "test"), 0);
	sq_gate_release(&gate);
	sq_gate_hold(&gate, 1);
	sq_gate_hold(&gate, 1);
	sq_gate_release(&gate);
	ck_assert_int_eq(sq_thread_start("gate", pass, NULL, &t), 0);
	ck_assert(sq_gate_wait(&gate, &never));
	await(1, 0);
	sq_gate_release(&gate);
	await(0, 1);
	ck_assert(sq_gate_wait(&gate, &never));   /* late, told all the same */
	sq_thread_join(t);
	sq_gate_deinit(&gate);
}
END_TEST

/* TH-03: release against wait, many times: nobody is left behind */
START_TEST(gate_race)
{
	ck_assert_int_eq(sq_gate_init(&gate, "test"), 0);
	for (int i = 0; i < 300; i++) {
		pthread_t t;

		ck_assert_int_eq(sq_gate_install(&gate, 1), 0);
		ck_assert_int_eq(sq_thread_start("gate", pass, NULL, &t), 0);
		sq_gate_release(&gate);
		sq_thread_join(t);
	}
	sq_gate_deinit(&gate);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("rebuild/decide");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, fork_order);
	tcase_add_test(tc, fork_meek);
	tcase_add_test(tc, fork_floor);
	tcase_add_test(tc, fork_share);
	tcase_add_test(tc, fork_arithmetic);
	tcase_add_test(tc, fork_new_files);
	tcase_add_test(tc, modes);
	tcase_add_test(tc, working_set);
	tcase_add_test(tc, estimates);
	tcase_add_test(tc, first_load);
	tcase_add_test(tc, schedule);
	tcase_add_test(tc, alarms);
#ifdef SQ_TEST_HOOKS
	tcase_add_test(tc, alarm_of_a_moved_clock);
	tcase_add_test(tc, gates);
	tcase_add_test(tc, gate_release_before_wait);
	tcase_add_test(tc, gate_race);
#endif
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
