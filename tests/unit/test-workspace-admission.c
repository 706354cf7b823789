/* SPDX-License-Identifier: MIT */
#include "workspace/admission.h"
#include "../support/suite.h"

#include <pthread.h>
#include <stdlib.h>

static struct sq_admission a;
static struct sq_admission_state s;

static void setup(void)
{
	ck_assert_int_eq(sq_admission_init(&a, 1000), 0);
}

static void teardown(void)
{
	sq_admission_deinit(&a);
}

static uint64_t committed(void)
{
	sq_admission_read(&a, &s);
	return sq_admission_committed(&s);
}

START_TEST(limits)
{
	struct sq_reservation x = SQ_RESERVATION_NULL, y = SQ_RESERVATION_NULL, z = SQ_RESERVATION_NULL;

	/* AD-13: above the whole limit; nothing changes */
	ck_assert_int_eq(sq_admission_reserve(&a, 1001, &x, &s), SQ_ADMISSION_E_FULL);
	ck_assert_uint_eq(s.limit, 1000);
	ck_assert_uint_eq(committed(), 0);
	/* AD-01: equality is allowed; AD-14: live reservations count; AD-23: nothing always fits */
	ck_assert_int_eq(sq_admission_reserve(&a, 600, &x, NULL), 0);
	ck_assert_int_eq(sq_admission_reserve(&a, 401, &y, &s), SQ_ADMISSION_E_FULL);
	ck_assert_uint_eq(s.reserved, 600);
	ck_assert_int_eq(sq_admission_reserve(&a, 400, &y, NULL), 0);
	/* AD-23: nothing always fits */
	ck_assert_int_eq(sq_admission_reserve(&a, 0, &z, NULL), 0);
	ck_assert_int_eq(sq_reservation_extend(&x, 1, &s), SQ_ADMISSION_E_FULL);
	/* AD-12: what was not consumed comes back, once */
	sq_reservation_release(&y);
	sq_reservation_release(&y);
	ck_assert_uint_eq(committed(), 600);
	ck_assert_int_eq(sq_reservation_extend(&x, 400, NULL), 0);
	sq_reservation_release(&x);
	sq_reservation_release(&z);
	ck_assert_uint_eq(committed(), 0);
	/* AD-11: what was granted lifted the mark */
	ck_assert_uint_eq(s.high_water, 1000);
}
END_TEST

START_TEST(life_of_bytes)
{
	struct sq_reservation x = SQ_RESERVATION_NULL;

	/* load: reserved -> loaded; PU-18: whatever the real size */
	ck_assert_int_eq(sq_admission_reserve(&a, 500, &x, NULL), 0);
	sq_admission_commit(&a, &x, 0, 300, 0);
	ck_assert_ptr_null(x.admission);
	sq_admission_read(&a, &s);
	ck_assert_uint_eq(s.loaded, 300);
	ck_assert_uint_eq(s.reserved, 0);
	/* rebuild: what the new version does not use is retained until it is freed */
	ck_assert_int_eq(sq_admission_reserve(&a, 200, &x, NULL), 0);
	sq_admission_commit(&a, &x, 300, 350, 120);
	sq_admission_read(&a, &s);
	ck_assert_uint_eq(s.loaded, 350);
	ck_assert_uint_eq(s.retained, 120);
	ck_assert_int_eq(sq_admission_reserve(&a, 531, &x, NULL), SQ_ADMISSION_E_FULL);
	sq_admission_freed(&a, 120);
	ck_assert_int_eq(sq_admission_reserve(&a, 531, &x, NULL), 0);
	sq_reservation_release(&x);
	/* eviction: nothing leaves the ledger before it is freed (EV-07) */
	sq_admission_retire(&a, 350);
	ck_assert_uint_eq(committed(), 350);
	sq_admission_freed(&a, 350);
	ck_assert_uint_eq(committed(), 0);
	/* AD-22: no wrap */
	sq_admission_freed(&a, 5);
	sq_admission_retire(&a, UINT64_MAX);
	sq_admission_retire(&a, UINT64_MAX);
	ck_assert_uint_eq(committed(), UINT64_MAX);
}
END_TEST

static void *storm(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < 20000; i++) {
		struct sq_reservation x = SQ_RESERVATION_NULL;
		struct sq_admission_state now;
		uint64_t n = (uint64_t)rand_r(&seed) % 700;

		if (sq_admission_reserve(&a, n, &x, NULL))
			continue;
		if ((rand_r(&seed) & 1) && sq_reservation_extend(&x, (uint64_t)rand_r(&seed) % 200, NULL))
			ck_assert_uint_eq(x.bytes, n);
		sq_admission_read(&a, &now);
		ck_assert_uint_le(sq_admission_committed(&now), 1000);
		if (rand_r(&seed) & 1) {
			uint64_t take = x.bytes;

			sq_admission_commit(&a, &x, 0, take, 0);
			sq_admission_retire(&a, take);
			sq_admission_freed(&a, take);
		} else {
			sq_reservation_release(&x);
		}
	}
	return NULL;
}

START_TEST(never_over_the_limit)
{
	pthread_t t[4];

	for (uintptr_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, storm, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_eq(committed(), 0);
	ck_assert_uint_le(s.high_water, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("workspace/admission");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, life_of_bytes);
	tcase_add_test(tc, never_over_the_limit);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
