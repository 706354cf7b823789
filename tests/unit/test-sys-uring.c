/* SPDX-License-Identifier: MIT */
#include "sys/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "../support/suite.h"

START_TEST(nops)
{
	struct sq_uring u = SQ_URING_NULL;
	struct io_uring_cqe cqe;
	uint64_t sum = 0;
	unsigned n = 0;

	ck_assert_int_eq(sq_uring_init(&u, 8, 256), 0);
	ck_assert_str_ne(sq_uring_flags_name(&u), "");
	/* more than there are slots: full means submitted, not failed */
	for (unsigned i = 1; i <= 100; i++) {
		struct io_uring_sqe *sqe = sq_uring_sqe(&u);

		ck_assert_ptr_nonnull(sqe);
		io_uring_prep_nop(sqe);
		sqe->user_data = i;
	}
	ck_assert_int_eq(sq_uring_wait(&u, 100, UINT64_MAX), 0);
	while (sq_uring_next(&u, &cqe)) {
		ck_assert_int_eq(cqe.res, 0);
		sum += cqe.user_data;
		n++;
	}
	ck_assert_uint_eq(n, 100);
	ck_assert_uint_eq(sum, 5050);
	sq_uring_deinit(&u);
	sq_uring_deinit(&u);
}
END_TEST

START_TEST(room)
{
	struct sq_uring u = SQ_URING_NULL;

	ck_assert_int_eq(sq_uring_init(&u, 8, 0), 0);
	for (int i = 0; i < 6; i++) {
		struct io_uring_sqe *sqe = sq_uring_sqe(&u);

		ck_assert_ptr_nonnull(sqe);
		io_uring_prep_nop(sqe);
	}
	ck_assert_uint_eq(io_uring_sq_ready(&u.ring), 6);
	ck_assert_int_eq(sq_uring_room(&u, 2), 0);
	ck_assert_uint_eq(io_uring_sq_ready(&u.ring), 6);
	ck_assert_int_eq(sq_uring_room(&u, 3), 0);   /* submits first */
	ck_assert_uint_eq(io_uring_sq_ready(&u.ring), 0);
	ck_assert_int_eq(sq_uring_room(&u, 9), -EBUSY);   /* more than there are */
	sq_uring_deinit(&u);
}
END_TEST

START_TEST(timeouts)
{
	struct sq_uring u = SQ_URING_NULL;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe cqe;
	uint64_t start;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(sq_uring_init(&u, 8, 0), 0);
	ck_assert_int_eq(sq_uring_wait(&u, 1, 0), SQ_URING_E_TIMEOUT);
	ck_assert_int_eq(sq_uring_wait(&u, 0, UINT64_MAX), 0);
	sqe = sq_uring_sqe(&u);
	ck_assert_ptr_nonnull(sqe);
	io_uring_prep_poll_add(sqe, ends[0], POLLIN);
	start = sq_now_ns();
	ck_assert_int_eq(sq_uring_wait(&u, 1, 20000000), SQ_URING_E_TIMEOUT);
	ck_assert_uint_ge(sq_now_ns() - start, 20000000);
	ck_assert(!sq_uring_next(&u, &cqe));
	ck_assert_int_eq(sq_uring_wait(&u, 1, 20000000), SQ_URING_E_TIMEOUT);
	ck_assert_int_eq(write(ends[1], "", 1), 1);
	ck_assert_int_eq(sq_uring_wait(&u, 1, 10ull * 1000000000), 0);
	ck_assert(sq_uring_next(&u, &cqe));
	ck_assert(cqe.res & POLLIN);
	ck_assert(!sq_uring_next(&u, &cqe));
	sq_uring_deinit(&u);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(opcodes)
{
	struct sq_uring u = SQ_URING_NULL;

	ck_assert_int_eq(sq_uring_init(&u, 8, 0), 0);
	ck_assert(sq_uring_has_op(&u, IORING_OP_NOP));
	ck_assert(!sq_uring_has_op(&u, 255));
	sq_uring_deinit(&u);
}
END_TEST

/* a container may refuse rings: that is a reason to skip, not to fail */
static bool refused(void)
{
	struct sq_uring u = SQ_URING_NULL;
	int r = sq_uring_init(&u, 8, 0);

	sq_uring_deinit(&u);
	if (r < 0)
		printf("SKIP: no io_uring here (error %d)\n", -r);
	return r < 0;
}

int main(void)
{
	Suite *s;
	TCase *t;

	if (refused())
		return 77;
	s = suite_create("sys-uring");
	t = tcase_create("uring");

	tcase_add_test(t, nops);
	tcase_add_test(t, room);
	tcase_add_test(t, timeouts);
	tcase_add_test(t, opcodes);
	suite_add_tcase(s, t);
	return suite_run(s);
}
