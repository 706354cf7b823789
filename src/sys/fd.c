/* SPDX-License-Identifier: MIT */
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

int sq_fd_close(int fd)
{
	int saved = errno;

	/*
	 * The descriptor is gone whatever close says, EINTR included; a late
	 * write error is the business of who called fsync.
	 */
	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return -1;
}

int sq_fd_read_full(int fd, void *p, size_t n, size_t *ret_n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t r = read(fd, (char *)p + at, n - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return sq_error_origin(-errno);
		if (!r)
			break;
		at += (size_t)r;
	}
	*ret_n = at;
	return 0;
}

int sq_fd_pread_full(int fd, void *p, size_t n, uint64_t offset, size_t *ret_n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t r = pread(fd, (char *)p + at, n - at, (off_t)(offset + at));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return sq_error_origin(-errno);
		if (!r)
			break;
		at += (size_t)r;
	}
	*ret_n = at;
	return 0;
}

/* what to ask for first: the size, where there is one, and a byte to see the end */
static size_t first_read(int fd, size_t max_bytes)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return 4096;
	if ((uint64_t)st.st_size >= max_bytes)
		return max_bytes + 1;
	return (size_t)st.st_size + 1;
}

int sq_fd_read_all(int fd, size_t max_bytes, struct sq_buf *b)
{
	size_t start = b->n, want, got;
	int r;

	if (max_bytes > SIZE_MAX / 4)
		max_bytes = SIZE_MAX / 4;
	want = first_read(fd, max_bytes);
	for (;;) {
		r = sq_buf_reserve(b, want);
		if (r < 0)
			return sq_error_trace(r);
		r = sq_fd_read_full(fd, b->p + b->n, want, &got);
		if (r < 0)
			return sq_error_trace(r);
		b->n += got;
		if (b->n - start > max_bytes) {
			b->n = start + max_bytes;
			return SQ_FD_E_TOO_LARGE;
		}
		if (got < want)
			return 0;
		want = SQ_MIN(SQ_MAX(b->n - start, (size_t)4096), max_bytes + 1 - (b->n - start));
	}
}

int sq_fd_read_file(int dir_fd, const char *path, size_t max_bytes, struct sq_buf *b)
{
	_cleanup_(sq_fd_closep) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return sq_error_origin(-errno);
	return sq_error_trace(sq_fd_read_all(fd, max_bytes, b));
}

int sq_fd_write_all(int fd, const void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t r = write(fd, (const char *)p + at, n - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return sq_error_origin(-errno);
		at += (size_t)r;
	}
	return 0;
}

int sq_fd_pwrite_all(int fd, const void *p, size_t n, uint64_t offset)
{
	for (size_t at = 0; at < n;) {
		ssize_t r = pwrite(fd, (const char *)p + at, n - at, (off_t)(offset + at));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return sq_error_origin(-errno);
		at += (size_t)r;
	}
	return 0;
}

static int open_kernel(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		.mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long r;

	/* EAGAIN: a rename elsewhere raced with the check of ".."; bounded, it is no promise */
	for (int tries = 0; tries < 8; tries++) {
		r = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
		if (r >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	if (r < 0)
		return -errno;
	*ret_fd = (int)r;
	return 0;
}

int sq_fd_open_beneath(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd)
{
	int r;

	flags |= O_CLOEXEC;
	r = open_kernel(dir_fd, *path ? path : ".", flags, mode, ret_fd);
	/* EPERM: a seccomp filter older than the call; a real one comes back below */
	if (r == -ENOSYS || r == -EPERM || r == -EINVAL)
		r = sq_fd_open_steps(dir_fd, path, flags, mode, ret_fd);
	return r < 0 ? sq_error_origin(r) : 0;
}

/*
 * The next component of *path, copied to name. Return: 1; 0 at the end; -errno.
 * "." and empty components are skipped.
 */
static int next_component(const char **path, char name[256])
{
	const char *p = *path, *end;
	size_t n;

	do {
		while (*p == '/')
			p++;
		end = strchrnul(p, '/');
		n = (size_t)(end - p);
		if (n != 1 || *p != '.')
			break;
		p = end;
	} while (*p);
	if (!n || !*p) {
		*path = end;
		return 0;
	}
	if (n > 255)
		return -ENAMETOOLONG;
	if (n == 2 && p[0] == '.' && p[1] == '.')
		return -EXDEV;
	memcpy(name, p, n);
	name[n] = '\0';
	*path = end;
	return 1;
}

static bool is_last(const char *rest)
{
	char name[256];

	return next_component(&rest, name) == 0;
}

/* openat of one component; a link is ELOOP, also where O_DIRECTORY says ENOTDIR */
static int open_one(int dir_fd, const char *name, int flags, mode_t mode)
{
	struct stat st;
	int fd = openat(dir_fd, name, flags | O_NOFOLLOW, mode);

	if (fd < 0 && errno == ENOTDIR &&
	    !fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode))
		return -ELOOP;
	if (fd < 0)
		return -errno;
	/* O_PATH opens the link itself, unless the caller asked for just that */
	if ((flags & O_PATH) && !(flags & O_NOFOLLOW) && !fstat(fd, &st) && S_ISLNK(st.st_mode)) {
		sq_fd_close(fd);
		return -ELOOP;
	}
	return fd;
}

int sq_fd_open_steps(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd)
{
	_cleanup_(sq_fd_closep) int owned = -1;
	int at = dir_fd, r;
	char name[256];

	if (*path == '/')
		return sq_error_origin(-EXDEV);
	flags |= O_CLOEXEC;
	r = next_component(&path, name);
	if (!r) {
		name[0] = '.';
		name[1] = '\0';
		r = 1;
	}
	while (r > 0 && !is_last(path)) {
		int fd = open_one(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

		if (fd < 0)
			return sq_error_origin(fd);
		sq_fd_close(owned);
		at = owned = fd;
		r = next_component(&path, name);
	}
	if (r < 0)
		return sq_error_origin(r);
	if (*path == '/')
		flags |= O_DIRECTORY;   /* "a/" and "a/." are directories */
	r = open_one(at, name, flags, mode);
	if (r < 0)
		return sq_error_origin(r);
	*ret_fd = r;
	return 0;
}

int sq_fd_open_real(const char *path, int flags, int *ret_fd)
{
	_cleanup_(sq_fd_closep) int top = -1;

	if (*path != '/')
		return sq_error_origin(-EINVAL);
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return sq_error_origin(-errno);
	while (*path == '/')
		path++;
	return sq_fd_open_beneath(top, path, flags, 0, ret_fd);
}

int sq_fd_no_magic(const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	int r = fd < 0 ? -errno : 0;

	sq_fd_close(fd);
	return r == -ENOSYS || r == -EPERM || r == -EINVAL ? 0 : r;
}
