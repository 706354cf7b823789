/* SPDX-License-Identifier: MIT */
#include "sys/uring.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
#endif

/* best first; a kernel that does not know a flag says EINVAL */
static const unsigned flag_sets[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_COOP_TASKRUN,
	0,
};

int sq_uring_init(struct sq_uring *u, unsigned entries, unsigned cq_entries)
{
	int r = -EINVAL;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(flag_sets) && r == -EINVAL; i++) {
		struct io_uring_params params = {
			.flags = flag_sets[i] | IORING_SETUP_CLAMP |
				 (cq_entries ? IORING_SETUP_CQSIZE : 0),
			.cq_entries = cq_entries,
		};

		r = io_uring_queue_init_params(entries, &u->ring, &params);
		if (!r)
			u->setup_flags = flag_sets[i];
	}
	if (r < 0)
		return sq_error_origin(r);
	u->is_open = true;
	return 0;
}

void sq_uring_deinit(struct sq_uring *u)
{
	if (u->is_open)
		io_uring_queue_exit(&u->ring);
	u->is_open = false;
}

bool sq_uring_has_op(struct sq_uring *u, unsigned op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&u->ring);
	bool has = probe && io_uring_opcode_supported(probe, (int)op);

	if (probe)
		io_uring_free_probe(probe);
	return has;
}

const char *sq_uring_flags_name(const struct sq_uring *u)
{
	if (u->setup_flags & IORING_SETUP_DEFER_TASKRUN)
		return "defer_taskrun";
	if (u->setup_flags & IORING_SETUP_COOP_TASKRUN)
		return "coop_taskrun";
	return "plain";
}

int sq_uring_room(struct sq_uring *u, unsigned n)
{
	int r;

	if (io_uring_sq_space_left(&u->ring) >= n)
		return 0;
	do {
		r = io_uring_submit(&u->ring);
	} while (r == -EINTR);
	if (r < 0)
		return sq_error_origin(r);
	return io_uring_sq_space_left(&u->ring) >= n ? 0 : sq_error_origin(-EBUSY);
}

struct io_uring_sqe *sq_uring_sqe(struct sq_uring *u)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	if (!sqe && !sq_uring_room(u, 1))
		sqe = io_uring_get_sqe(&u->ring);
	/* the prep calls of liburing leave user_data and some fields alone */
	if (sqe)
		memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

static int submit_and_wait(struct sq_uring *u, unsigned n, uint64_t timeout_ns)
{
	struct io_uring_cqe *cqe;
	struct __kernel_timespec t = {
		.tv_sec = (long long)(timeout_ns / 1000000000u),
		.tv_nsec = (long long)(timeout_ns % 1000000000u),
	};

	if (!n || !timeout_ns)
		return io_uring_submit_and_get_events(&u->ring);
	if (timeout_ns == UINT64_MAX)
		return io_uring_submit_and_wait(&u->ring, n);
	return io_uring_submit_and_wait_timeout(&u->ring, &cqe, n, &t, NULL);
}

int sq_uring_wait(struct sq_uring *u, unsigned n, uint64_t timeout_ns)
{
	int r = submit_and_wait(u, n, timeout_ns);

	if (r == -ETIME)
		return SQ_URING_E_TIMEOUT;
	if (r == -EINTR)
		return SQ_URING_E_INTERRUPTED;
	if (r < 0)
		return sq_error_origin(r);
	/* when it submitted something, the kernel hides why it stopped to wait */
	if (io_uring_cq_ready(&u->ring) < n)
		return timeout_ns == UINT64_MAX ? SQ_URING_E_INTERRUPTED : SQ_URING_E_TIMEOUT;
	return 0;
}

bool sq_uring_next(struct sq_uring *u, struct io_uring_cqe *ret_cqe)
{
	struct io_uring_cqe *cqe;

	if (io_uring_peek_cqe(&u->ring, &cqe) || !cqe)
		return false;
	*ret_cqe = *cqe;
	io_uring_cqe_seen(&u->ring, cqe);
	return true;
}
