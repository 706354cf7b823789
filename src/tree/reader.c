/* SPDX-License-Identifier: MIT */
#include "tree/reader.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"
#include "tree/reader_priv.h"

#define BINARY_PROBE_BYTES 8192u
#define PROBE_MAX_BYTES (16u * 1024 * 1024)

bool sq_bytes_are_binary(struct sq_slice bytes)
{
	return bytes.n && memchr(bytes.p, '\0', SQ_MIN(bytes.n, (size_t)BINARY_PROBE_BYTES));
}

const char *sq_reader_mode_name(enum sq_reader_mode m)
{
	return m == SQ_READER_URING ? "io_uring" : "plain";
}

int sq_reader_new(enum sq_reader_mode mode, uint64_t max_bytes, struct sq_reader **ret_r)
{
	struct sq_reader *r = sq_calloc(1, sizeof(*r));

	if (!r)
		return sq_error_origin(-ENOMEM);
	r->mode = mode;
	r->max_bytes = max_bytes;
	*ret_r = r;
	return 0;
}

struct sq_reader *sq_reader_free(struct sq_reader *r)
{
	if (!r)
		return NULL;
	sq_reader_ring_close(r);
	sq_free(r->buf);
	sq_free(r);
	return NULL;
}

static int run_plain(struct sq_reader *r, const struct sq_reader_job *job)
{
	struct sq_read_result res;
	size_t i;
	int k;

	while ((i = job->next(job->next_arg)) != SIZE_MAX) {
		k = sq_reader_read_plain(r, job->root_fd, job->paths[i], i, &res);
		if (k < 0)
			return sq_error_trace(k);
		k = job->done(job->done_arg, &res);
		if (k < 0)
			return k;
		sq_reader_buf_trim(r);
	}
	return 0;
}

int sq_reader_run(struct sq_reader *r, int root_fd, const struct sq_slice *paths,
		  size_t (*next)(void *arg), void *next_arg,
		  int (*done)(void *arg, const struct sq_read_result *res), void *done_arg)
{
	const struct sq_reader_job job = {
		.root_fd = root_fd, .paths = paths,
		.next = next, .next_arg = next_arg, .done = done, .done_arg = done_arg,
	};

	/* a ring refused now (memory, descriptors) costs speed, not the run */
	if (r->mode == SQ_READER_URING && !sq_reader_ring_open(r))
		return sq_reader_ring_run(r, &job);
	return run_plain(r, &job);
}

/* ---- probe --------------------------------------------------------------- */

struct probe {
	struct sq_slice path;
	struct sq_slice expected;
	bool is_started, is_right;
};

static size_t probe_next(void *arg)
{
	struct probe *p = arg;

	if (p->is_started)
		return SIZE_MAX;
	p->is_started = true;
	return 0;
}

static int probe_done(void *arg, const struct sq_read_result *res)
{
	struct probe *p = arg;

	p->is_right = !res->skip && sq_slice_eq(res->bytes, p->expected);
	return 0;
}

/* Return: did a chain bring the right bytes of @path? */
static bool probe_path(struct sq_reader *r, const char *path)
{
	_cleanup_(sq_fd_closep) int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sq_buf bytes = SQ_BUF_NULL;
	struct probe p = { .path = sq_slice_z(path + 1) };
	int k;

	if (root < 0)
		return false;
	k = sq_fd_read_file(AT_FDCWD, path, PROBE_MAX_BYTES, &bytes);
	if (!k && bytes.n && !sq_reader_ring_open(r)) {
		p.expected = sq_buf_slice(&bytes);
		r->n_chained = 0;
		k = sq_reader_ring_run(r, &(struct sq_reader_job){
			.root_fd = root, .paths = &p.path, .next = probe_next, .next_arg = &p,
			.done = probe_done, .done_arg = &p });
	}
	sq_buf_deinit(&bytes);
	return !k && p.is_right && r->n_chained == 1;
}

/*
 * Our own program, or what every system has: one right chain is enough. A file
 * written this very moment does not go through the chain, so one may fail.
 */
static bool probe_any(struct sq_reader *r)
{
	char self[PATH_MAX];
	const char *const paths[] = { self, "/etc/passwd", "/etc/hostname" };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < SQ_ARRAY_SIZE(paths); i++)
		if (paths[i][0] == '/' && probe_path(r, paths[i]))
			return true;
	return false;
}

enum sq_reader_mode sq_reader_probe(const char **ret_why)
{
	const char *forced = getenv("SQRYD_READER");
	enum sq_reader_mode mode = SQ_READER_PLAIN;
	struct sq_reader *r;

	if (forced && sq_slice_is(sq_slice_z(forced), "plain")) {
		*ret_why = "SQRYD_READER asks for plain reads";
		return mode;
	}
	if (sq_reader_new(SQ_READER_URING, 0, &r) < 0) {
		*ret_why = "out of memory while trying io_uring";
		return mode;
	}
	r->chains_only = true;
	if (sq_reader_ring_open(r) < 0)
		*ret_why = "the kernel or a container refuses io_uring";
	else if (!probe_any(r))
		*ret_why = "a chain of open, read and close did not bring a file's bytes";
	else
		mode = SQ_READER_URING;
	sq_reader_free(r);
	return mode;
}
