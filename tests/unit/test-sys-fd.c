/* SPDX-License-Identifier: MIT */
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "../support/suite.h"

static char dir[64];

/* a directory to work in; the test's process goes there */
static void enter_scratch(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test-sys-fd-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void leave_scratch(void)
{
	char command[128];

	ck_assert_int_eq(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sq_fd_write_all(fd, text, strlen(text)), 0);
	sq_fd_close(fd);
}

START_TEST(closing)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	errno = ENOTTY;
	fd = sq_fd_close(fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, ENOTTY);
	sq_fd_closep(&fd);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(whole_file)
{
	static char big[300000];
	struct sq_buf b = SQ_BUF_NULL;

	enter_scratch();
	memset(big, 'x', sizeof(big) - 1);
	put_file("big", big);
	ck_assert_int_eq(sq_fd_read_file(AT_FDCWD, "big", SIZE_MAX, &b), 0);
	ck_assert_uint_eq(b.n, sizeof(big) - 1);
	/* it appends */
	put_file("small", "tail");
	ck_assert_int_eq(sq_fd_read_file(AT_FDCWD, "small", 4, &b), 0);
	ck_assert_uint_eq(b.n, sizeof(big) + 3);
	ck_assert_int_eq(memcmp(b.p + sizeof(big) - 1, "tail", 4), 0);
	sq_buf_clear(&b);
	ck_assert_int_eq(sq_fd_read_file(AT_FDCWD, "small", 3, &b), SQ_FD_E_TOO_LARGE);
	ck_assert(sq_slice_is(sq_buf_slice(&b), "tai"));
	sq_buf_clear(&b);
	ck_assert_int_eq(sq_fd_read_file(AT_FDCWD, "absent", 3, &b), -ENOENT);
	ck_assert_int_eq(sq_fd_read_file(AT_FDCWD, ".", 3, &b), -EISDIR);
	/* a file that has no size */
	ck_assert_int_eq(sq_fd_read_file(AT_FDCWD, "/proc/self/status", SIZE_MAX, &b), 0);
	ck_assert_uint_gt(b.n, 100);
	sq_buf_deinit(&b);
	leave_scratch();
}
END_TEST

/* many short reads: a pipe gives what it has */
START_TEST(pipes)
{
	struct sq_buf b = SQ_BUF_NULL;
	char some[10];
	int ends[2];
	size_t n = 99;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		for (int i = 0; i < 20000; i++)
			if (sq_fd_write_all(ends[1], "0123456789", 10))
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(sq_fd_read_full(ends[0], some, sizeof(some), &n), 0);
	ck_assert_uint_eq(n, 10);
	ck_assert_int_eq(sq_fd_read_all(ends[0], SIZE_MAX, &b), 0);
	ck_assert_uint_eq(b.n, 199990);
	ck_assert_int_eq(sq_fd_read_full(ends[0], some, sizeof(some), &n), 0);
	ck_assert_uint_eq(n, 0);
	close(ends[0]);
	ck_assert_int_eq(sq_fd_read_full(-1, some, sizeof(some), &n), -EBADF);
	ck_assert_int_eq(sq_fd_write_all(-1, some, sizeof(some)), -EBADF);
	sq_buf_deinit(&b);
}
END_TEST

START_TEST(offsets)
{
	char got[8];
	size_t n;
	int fd;

	enter_scratch();
	fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sq_fd_pwrite_all(fd, "abcdef", 6, 2), 0);
	ck_assert_int_eq(sq_fd_pread_full(fd, got, 8, 3, &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(memcmp(got, "bcdef", 5), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
	sq_fd_close(fd);
	leave_scratch();
}
END_TEST

typedef int open_fn(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd);

static int try_open(open_fn *fn, const char *path, int flags)
{
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -7, r;

	ck_assert_int_ge(root, 0);
	r = fn(root, path, flags, 0600, &fd);
	sq_fd_close(root);
	if (r < 0) {
		ck_assert_int_eq(fd, -7);
		return r;
	}
	ck_assert_int_ge(fd, 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	sq_fd_close(fd);
	return r;
}

/* the kernel's way and the steps must agree on every one of these */
START_TEST(beneath)
{
	static open_fn *const ways[] = { sq_fd_open_beneath, sq_fd_open_steps };
	static const struct { const char *path; int flags, want; } cases[] = {
		{ "a/b/file", O_RDONLY, 0 },
		{ "./a//b/./file", O_RDONLY, 0 },
		{ "", O_RDONLY | O_DIRECTORY, 0 },
		{ ".", O_RDONLY | O_DIRECTORY, 0 },
		{ "a/b", O_RDONLY | O_DIRECTORY, 0 },
		{ "a/b/", O_PATH, 0 },
		{ "a/b/file", O_PATH, 0 },
		{ "a/b/file/", O_RDONLY, -ENOTDIR },
		{ "a/b/file/x", O_RDONLY, -ENOTDIR },
		{ "a/b/absent", O_RDONLY, -ENOENT },
		{ "absent/file", O_RDONLY, -ENOENT },
		{ "a/b/file", O_RDONLY | O_DIRECTORY, -ENOTDIR },
		{ "a/link", O_RDONLY, -ELOOP },
		{ "a/link", O_PATH, -ELOOP },
		{ "a/link", O_PATH | O_NOFOLLOW, 0 },
		{ "dirlink/b/file", O_RDONLY, -ELOOP },
		{ "a/away/passwd", O_RDONLY, -ELOOP },
		{ "/etc/passwd", O_RDONLY, -EXDEV },
		{ "../x", O_RDONLY, -EXDEV },
	};

	enter_scratch();
	ck_assert_int_eq(mkdir("a", 0755) | mkdir("a/b", 0755), 0);
	put_file("a/b/file", "x");
	ck_assert_int_eq(symlink("b/file", "a/link") | symlink("a", "dirlink") |
			 symlink("/etc", "a/away"), 0);
	for (size_t w = 0; w < SQ_ARRAY_SIZE(ways); w++) {
		for (size_t i = 0; i < SQ_ARRAY_SIZE(cases); i++) {
			int r = try_open(ways[w], cases[i].path, cases[i].flags);

			ck_assert_msg(r == cases[i].want, "way %zu, \"%s\": %d instead of %d", w,
				      cases[i].path, r, cases[i].want);
		}
		ck_assert_int_eq(try_open(ways[w], w ? "a/new1" : "a/new0",
					  O_RDWR | O_CREAT | O_EXCL), 0);
		ck_assert_int_eq(try_open(ways[w], w ? "a/new1" : "a/new0",
					  O_RDWR | O_CREAT | O_EXCL), -EEXIST);
	}
	/* ".." that stays inside: the kernel allows it, the steps never do */
	ck_assert_int_eq(try_open(sq_fd_open_steps, "a/../a/b/file", O_RDONLY), -EXDEV);
	leave_scratch();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-fd");
	TCase *t = tcase_create("fd");

	tcase_add_test(t, closing);
	tcase_add_test(t, whole_file);
	tcase_add_test(t, pipes);
	tcase_add_test(t, offsets);
	tcase_add_test(t, beneath);
	suite_add_tcase(s, t);
	return suite_run(s);
}
