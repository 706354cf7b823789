/* SPDX-License-Identifier: MIT */
#include "tree/reader_priv.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "base/error.h"
#include "sys/cpu.h"
#include "sys/uring.h"
#include "tree/stat.h"

#define DEPTH 32u                               /* files in flight */
#define SLOT_BYTES (64u * 1024)
#define BIG_TOTAL_BYTES (32u * 1024 * 1024)     /* of buffers beyond the slots */
/*
 * A kernel stamps files with its coarse clock, which is behind by at most a
 * tick (10 ms at 100 Hz).
 */
#define TICK_NS 10000000u

enum { OP_OPEN, OP_READ, OP_CLOSE, N_OPS };

struct slot {
	struct sq_zpath path;
	size_t index;
	uint64_t started_ns;            /* coarse real time when the chain was queued */
	char *buf;                      /* SLOT_BYTES, in sq_reader_ring.buffers */
	char *big;                      /* instead of buf, for the second attempt */
	size_t big_bytes;
	int res[N_OPS];
	unsigned n_res;
};

struct sq_reader_ring {
	struct sq_uring uring;
	pthread_t owner;                /* a ring belongs to the thread that made it */
	char *buffers;
	bool is_registered;             /* the buffers are */
	size_t big_bytes;               /* in use by all slots */
	unsigned free[DEPTH], n_free;
	struct slot slots[DEPTH];
};

/* ---- opening ------------------------------------------------------------- */

/*
 * At most half of what this user may lock, shared by one reader a CPU. Where
 * that is too little, or the kernel says so, reads go to the same memory
 * unregistered.
 */
static bool register_buffers(struct sq_reader_ring *g)
{
	struct iovec v[DEPTH];
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return false;
	if (limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur / 2 / sq_cpu_count() < DEPTH * SLOT_BYTES)
		return false;
	for (unsigned i = 0; i < DEPTH; i++)
		v[i] = (struct iovec){ .iov_base = g->slots[i].buf, .iov_len = SLOT_BYTES };
	return io_uring_register_buffers(&g->uring.ring, v, DEPTH) == 0;
}

static int register_files(struct sq_reader_ring *g)
{
	int fds[DEPTH];
	int r;

	r = io_uring_register_files_sparse(&g->uring.ring, DEPTH);
	if (r != -EINVAL)
		return r;
	for (unsigned i = 0; i < DEPTH; i++)
		fds[i] = -1;
	return io_uring_register_files(&g->uring.ring, fds, DEPTH);
}

static void ring_free(struct sq_reader_ring *g)
{
	sq_uring_deinit(&g->uring);
	sq_free(g->buffers);
	sq_free(g);
}

static int ring_new(struct sq_reader_ring **ret_g)
{
	struct sq_reader_ring *g = sq_calloc(1, sizeof(*g));
	int r;

	if (!g)
		return sq_error_origin(-ENOMEM);
	g->uring = (struct sq_uring)SQ_URING_NULL;
	g->owner = pthread_self();
	g->buffers = sq_aligned_alloc(4096, (size_t)DEPTH * SLOT_BYTES);
	r = g->buffers ? sq_uring_init(&g->uring, DEPTH * N_OPS, 0) : sq_error_origin(-ENOMEM);
	if (!r)
		r = register_files(g);
	if (r < 0) {
		ring_free(g);
		return sq_error_trace(r);
	}
	for (unsigned i = 0; i < DEPTH; i++) {
		g->slots[i].buf = g->buffers + (size_t)i * SLOT_BYTES;
		g->free[g->n_free++] = i;
	}
	g->is_registered = register_buffers(g);
	*ret_g = g;
	return 0;
}

int sq_reader_ring_open(struct sq_reader *r)
{
	if (r->ring && pthread_equal(r->ring->owner, pthread_self()))
		return 0;
	sq_reader_ring_close(r);
	return ring_new(&r->ring);
}

void sq_reader_ring_close(struct sq_reader *r)
{
	if (r->ring)
		ring_free(SQ_TAKE(r->ring));
}

/* ---- one chain ----------------------------------------------------------- */

/* the kernel's clock for file times */
static uint64_t coarse_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void prep(struct io_uring_sqe *sqe, unsigned i, unsigned op, unsigned flags)
{
	sqe->flags |= flags;
	io_uring_sqe_set_data64(sqe, (uint64_t)i * N_OPS + op);
}

/*
 * open -> read -> close on file slot @i. Hard links: a soft one would cancel
 * the close after a read that is shorter than the buffer, which almost every
 * one is. O_NONBLOCK is for what is no regular file any more.
 */
static int chain_queue(struct sq_reader_ring *g, int root_fd, unsigned i)
{
	static const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct slot *s = &g->slots[i];
	struct io_uring_sqe *sqe[N_OPS];
	int r;

	r = sq_uring_room(&g->uring, N_OPS);
	if (r < 0)
		return sq_error_trace(r);
	for (unsigned op = 0; op < N_OPS; op++) {
		sqe[op] = sq_uring_sqe(&g->uring);
		if (!sqe[op])
			return sq_error_origin(-EBUSY);
	}
	/* liburing 2.3 wants a pointer to non-const and does not write there */
	io_uring_prep_openat2_direct(sqe[OP_OPEN], root_fd, s->path.z, (struct open_how *)&how, i);
	prep(sqe[OP_OPEN], i, OP_OPEN, IOSQE_IO_HARDLINK);
	if (s->big)
		io_uring_prep_read(sqe[OP_READ], (int)i, s->big, (unsigned)s->big_bytes, 0);
	else if (g->is_registered)
		io_uring_prep_read_fixed(sqe[OP_READ], (int)i, s->buf, SLOT_BYTES, 0, (int)i);
	else
		io_uring_prep_read(sqe[OP_READ], (int)i, s->buf, SLOT_BYTES, 0);
	prep(sqe[OP_READ], i, OP_READ, IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK);
	io_uring_prep_close_direct(sqe[OP_CLOSE], i);
	prep(sqe[OP_CLOSE], i, OP_CLOSE, 0);
	s->n_res = 0;
	s->started_ns = coarse_now_ns();
	return 0;
}

static void big_drop(struct sq_reader_ring *g, struct slot *s)
{
	g->big_bytes -= s->big_bytes;
	s->big_bytes = 0;
	sq_free(SQ_TAKE(s->big));
}

/* Return: is there memory to read @size bytes through the ring? */
static bool big_take(struct sq_reader_ring *g, struct slot *s, uint64_t size)
{
	big_drop(g, s);
	if (size >= BIG_TOTAL_BYTES - g->big_bytes)
		return false;
	s->big = sq_malloc((size_t)size + 1);
	if (!s->big)
		return false;
	s->big_bytes = (size_t)size + 1;
	g->big_bytes += s->big_bytes;
	return true;
}

enum { CHAIN_DONE, CHAIN_AGAIN, CHAIN_CAREFUL };

/*
 * What a finished chain gave. The inode is looked at once, after the read: a
 * change time from before the chain was queued proves that nothing was written
 * meanwhile. A younger one proves nothing, and the careful way decides.
 */
static int chain_judge(struct sq_reader *r, int root_fd, struct slot *s, struct sq_read_result *res)
{
	const int opened = s->res[OP_OPEN], n = s->res[OP_READ];
	const size_t cap = s->big ? s->big_bytes : SLOT_BYTES;
	struct sq_stat st;

	if (opened < 0) {
		if (!sq_errno_is_gone(opened) && opened != -EACCES && opened != -EPERM)
			return CHAIN_CAREFUL;
		res->skip = sq_reader_skip(opened);
		return CHAIN_DONE;
	}
	if (n < 0 || sq_stat_at(root_fd, s->path.z, &st) < 0)
		return CHAIN_CAREFUL;
	res->id = st.id;
	res->skip = sq_stat_skip(&st, r->max_bytes);
	if (res->skip)
		return CHAIN_DONE;
	if ((size_t)n == cap && st.id.size > cap && !s->big)
		return CHAIN_AGAIN;
	if (st.id.size != (uint64_t)n || st.id.ctime_ns + TICK_NS >= s->started_ns)
		return CHAIN_CAREFUL;
	res->bytes = sq_slice(s->big ? s->big : s->buf, (size_t)n);
	return CHAIN_DONE;
}

/* ---- a run --------------------------------------------------------------- */

struct run {
	struct sq_reader *r;
	struct sq_reader_ring *g;
	const struct sq_reader_job *job;
	unsigned n_flying;
	bool is_over;                   /* nothing more to start */
	int error;
};

static void fail(struct run *u, int r)
{
	if (!u->error)
		u->error = r;
	u->is_over = true;
}

static void deliver(struct run *u, const struct sq_read_result *res)
{
	int r;

	if (u->error)
		return;
	r = u->job->done(u->job->done_arg, res);
	if (r < 0)
		fail(u, r);
}

static void read_carefully(struct run *u, const struct slot *s)
{
	struct sq_read_result res;
	int r;

	if (u->error)
		return;
	r = sq_reader_read_plain(u->r, u->job->root_fd, u->job->paths[s->index], s->index, &res);
	if (r < 0)
		fail(u, sq_error_trace(r));
	else
		deliver(u, &res);
	sq_reader_buf_trim(u->r);
}

/* all three of a chain's results are in */
static void finish(struct run *u, unsigned i)
{
	struct slot *s = &u->g->slots[i];
	struct sq_read_result res = { .index = s->index };
	int verdict = chain_judge(u->r, u->job->root_fd, s, &res);

	if (verdict == CHAIN_AGAIN && !u->error && big_take(u->g, s, res.id.size)) {
		if (!chain_queue(u->g, u->job->root_fd, i))
			return;
		verdict = CHAIN_CAREFUL;
	}
	if (verdict == CHAIN_DONE) {
		u->r->n_chained += !res.skip;
		deliver(u, &res);
	} else {
		read_carefully(u, s);
	}
	big_drop(u->g, s);
	u->g->free[u->g->n_free++] = i;
	u->n_flying--;
}

/*
 * A chain costs more than the copy of what is in memory already (and 32
 * buffers more cache than one), so that is read here and now.
 */
static bool read_cached(struct run *u, const struct slot *s)
{
	struct sq_read_result res;

	if (u->r->chains_only ||
	    sq_reader_read_cached(u->r, u->job->root_fd, s->path.z, s->index, &res))
		return false;
	deliver(u, &res);
	sq_reader_buf_trim(u->r);
	return true;
}

/* Return: is a chain on its way? If not, the file is done, or there was none. */
static bool start(struct run *u)
{
	unsigned i = u->g->free[u->g->n_free - 1];
	struct slot *s = &u->g->slots[i];
	size_t index = u->job->next(u->job->next_arg);
	int r;

	if (index == SIZE_MAX) {
		u->is_over = true;
		return false;
	}
	s->index = index;
	r = sq_zpath_set(&s->path, u->job->paths[index]);
	if (!r && read_cached(u, s))
		return false;
	if (!r)
		r = chain_queue(u->g, u->job->root_fd, i);
	if (r < 0) {
		/* whatever it was, the careful way says the same or reads it */
		read_carefully(u, s);
		return false;
	}
	u->g->n_free--;
	u->n_flying++;
	return true;
}

/*
 * Start what there is room for. The links of chains are followed only when
 * this thread enters the kernel, and a callback may take a millisecond (it
 * parses): so after each file that was read directly, look at the ring.
 * Return: how many completions may be waited for.
 */
static unsigned start_some(struct run *u)
{
	while (!u->is_over && u->g->n_free) {
		if (!start(u) && u->n_flying)
			return 0;
	}
	return u->n_flying ? 1 : 0;
}

/* up to the first file that is done, for the same reason */
static void reap(struct run *u)
{
	struct io_uring_cqe cqe;

	while (sq_uring_next(&u->g->uring, &cqe)) {
		unsigned i = (unsigned)(cqe.user_data / N_OPS);
		struct slot *s = &u->g->slots[i];

		s->res[cqe.user_data % N_OPS] = cqe.res;
		if (++s->n_res == N_OPS) {
			finish(u, i);
			return;
		}
	}
}

int sq_reader_ring_run(struct sq_reader *r, const struct sq_reader_job *job)
{
	struct run u = { .r = r, .g = r->ring, .job = job };
	int k;

	for (;;) {
		unsigned n = start_some(&u);

		/* after an error too: the kernel writes to the slots until then */
		if (!u.n_flying)
			return u.error;
		k = sq_uring_wait(&u.g->uring, n, n ? UINT64_MAX : 0);
		if (k < 0 && k != -EBUSY && k != -EAGAIN)
			break;
		reap(&u);
	}
	/* the ring is broken; its memory is given up rather than reused under it */
	r->ring = NULL;
	return u.error ? u.error : sq_error_trace(k);
}
