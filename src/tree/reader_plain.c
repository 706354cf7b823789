/* SPDX-License-Identifier: MIT */
#include "tree/reader_priv.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"
#include "tree/stat.h"

#define TRIES 3
#define BUF_KEEP_BYTES (1024u * 1024)

enum sq_skip sq_reader_skip(int r)
{
	if (sq_errno_is_gone(r))
		return SQ_SKIP_VANISHED;
	switch (r) {
	case -EISDIR:
	case -ENXIO:
	case -ENODEV:
		return SQ_SKIP_NOT_REGULAR;
	case -ENAMETOOLONG:
		return SQ_SKIP_LIMIT;
	default:
		return SQ_SKIP_UNREADABLE;
	}
}

void sq_reader_buf_trim(struct sq_reader *r)
{
	if (r->buf_cap <= BUF_KEEP_BYTES)
		return;
	sq_free(SQ_TAKE(r->buf));
	r->buf_cap = 0;
}

static int buf_reserve(struct sq_reader *r, uint64_t bytes)
{
	uint64_t cap = SQ_MAX(bytes, (uint64_t)(64 * 1024));

	if (r->buf_cap >= bytes)
		return 0;
	if (cap > SIZE_MAX / 2)
		return sq_error_origin(-ENOMEM);
	sq_free(SQ_TAKE(r->buf));
	r->buf_cap = 0;
	r->buf = sq_malloc((size_t)cap);
	if (!r->buf)
		return sq_error_origin(-ENOMEM);
	r->buf_cap = (size_t)cap;
	return 0;
}

enum { READ_MOVED = 1 };

static int read_fd(struct sq_reader *r, int fd, int (*read_full)(int, void *, size_t, size_t *),
		   struct sq_read_result *res)
{
	struct sq_stat before, after;
	size_t n = 0;
	int k;

	k = sq_stat_at(fd, "", &before);
	if (k < 0)
		return k;
	res->id = before.id;
	res->skip = sq_stat_skip(&before, r->max_bytes);
	if (res->skip)
		return 0;
	k = buf_reserve(r, before.id.size + 1);
	if (!k)
		k = read_full(fd, r->buf, (size_t)before.id.size + 1, &n);
	if (!k)
		k = sq_stat_at(fd, "", &after);
	if (k < 0)
		return k;
	if (n != before.id.size || !sq_identity_eq(&before.id, &after.id))
		return READ_MOVED;
	res->bytes = sq_slice(r->buf, n);
	return 0;
}

/*
 * One attempt. One byte more than the size is asked for, so that a file that
 * grew shows.
 * Return: 0 with bytes or skip set; READ_MOVED; -errno of open or read.
 */
static int read_once(struct sq_reader *r, int root_fd, const char *path, struct sq_read_result *res)
{
	_cleanup_(sq_fd_closep) int fd = -1;
	int k;

	k = sq_fd_open_beneath(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	return k < 0 ? k : read_fd(r, fd, sq_fd_read_full, res);
}

static int read_nowait(int fd, void *p, size_t n, size_t *ret_n)
{
	size_t at = 0;
	ssize_t k = 1;

	while (at < n && k > 0) {
		struct iovec v = { .iov_base = (char *)p + at, .iov_len = n - at };

		k = preadv2(fd, &v, 1, (off_t)at, RWF_NOWAIT);
		at += k > 0 ? (size_t)k : 0;
	}
	*ret_n = at;
	return k < 0 ? -errno : 0;
}

int sq_reader_read_cached(struct sq_reader *r, int root_fd, const char *path, size_t index,
			  struct sq_read_result *ret_res)
{
	static const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_CACHED,
	};
	struct sq_read_result res = { .index = index };
	_cleanup_(sq_fd_closep) int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd < 0 || read_fd(r, fd, read_nowait, &res))
		return SQ_READER_E_WAIT;
	*ret_res = res;
	return 0;
}

int sq_reader_read_plain(struct sq_reader *r, int root_fd, struct sq_slice path, size_t index,
			 struct sq_read_result *ret_res)
{
	struct sq_read_result res = { .index = index };
	struct sq_zpath z;
	int k;

	k = sq_zpath_set(&z, path);
	for (int i = 0; i < TRIES && !k; i++) {
		k = read_once(r, root_fd, z.z, &res);
		if (k != READ_MOVED)
			break;
		k = 0;
		res.skip = SQ_SKIP_UNSTABLE;
	}
	if (k < 0 && sq_errno_is_fatal(k))
		return sq_error_trace(k);
	if (k < 0)
		res.skip = sq_reader_skip(k);
	*ret_res = res;
	return 0;
}
