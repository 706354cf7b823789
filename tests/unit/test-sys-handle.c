/* SPDX-License-Identifier: MIT */
#include "sys/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fd.h"
#include "../support/suite.h"

/* in place of the C library's: what the kernel says while an inode number is given anew */
static unsigned n_no_memory, n_opens;

int open_by_handle_at(int mount_fd, struct file_handle *h, int flags)
{
	n_opens++;
	if (n_no_memory) {
		n_no_memory--;
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_open_by_handle_at, mount_fd, h, flags);
}

static char dir[64];
static int root;

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test-sys-handle-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(mkdirat(root, "a", 0755) | mkdirat(root, "b", 0755), 0);
}

static void teardown(void)
{
	char command[128];

	close(root);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* a handle stays the same over a rename, and differs between directories */
START_TEST(identity)
{
	struct sq_handle a, b, again;
	int fd;

	ck_assert_int_eq(sq_handle_get(root, "a", 0, &a), 0);
	ck_assert_int_eq(sq_handle_get(root, "b", 0, &b), 0);
	ck_assert(!sq_handle_eq(&a, &b));
	ck_assert_int_eq(renameat(root, "a", root, "c"), 0);
	ck_assert_int_eq(sq_handle_get(root, "c", 0, &again), 0);
	ck_assert(sq_handle_eq(&a, &again));
	again.fsid = 1;
	ck_assert(!sq_handle_eq(&a, &again));
	/* by descriptor it is the same */
	fd = openat(root, "c", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(sq_handle_get(fd, "", AT_EMPTY_PATH, &again), 0);
	ck_assert(sq_handle_eq(&a, &again));
	close(fd);
	ck_assert_int_eq(sq_handle_get(root, "absent", 0, &again), -ENOENT);
	ck_assert_int_eq(sq_handle_get(AT_FDCWD, "/proc", 0, &again), SQ_HANDLE_E_NONE);
}
END_TEST

START_TEST(slices)
{
	struct sq_handle a, back;
	struct sq_slice s;
	char big[sizeof(int32_t) + SQ_HANDLE_MAX_BYTES + 1] = { 0 };

	ck_assert_int_eq(sq_handle_get(root, "a", 0, &a), 0);
	a.fsid = 77;
	s = sq_handle_slice(&a);
	ck_assert_uint_eq(s.n, 4 + a.n_bytes);
	ck_assert_int_eq(sq_handle_from_slice(77, s, &back), 0);
	ck_assert(sq_handle_eq(&a, &back));
	ck_assert_int_eq(sq_handle_from_slice(77, sq_slice(big, 3), &back), -EINVAL);
	ck_assert_int_eq(sq_handle_from_slice(77, sq_slice(big, sizeof(big)), &back), -EINVAL);
	ck_assert_int_eq(sq_handle_from_slice(77, sq_slice(big, sizeof(big) - 1), &back), 0);
	ck_assert_uint_eq(back.n_bytes, SQ_HANDLE_MAX_BYTES);
}
END_TEST

START_TEST(filesystems)
{
	uint64_t one, two;
	int parts[2] = { 1, 2 }, fd = openat(root, "a", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(sq_handle_fsid(root, &one), 0);
	ck_assert_int_eq(sq_handle_fsid(fd, &two), 0);
	ck_assert_uint_eq(one, two);
	close(fd);
	ck_assert_int_eq(sq_handle_fsid(-1, &one), -EBADF);
	ck_assert_uint_eq(sq_handle_pack_fsid(parts), 0x200000001ull);
}
END_TEST

/* needs CAP_DAC_READ_SEARCH; without it the error is EPERM, and that is tested */
START_TEST(opening)
{
	struct sq_handle a;
	struct stat st, want;
	int fd = -5, r;

	ck_assert_int_eq(sq_handle_get(root, "a", 0, &a), 0);
	ck_assert_int_eq(fstatat(root, "a", &want, 0), 0);
	r = sq_handle_open(root, &a, O_PATH, &fd);
	if (r == -EPERM) {
		ck_assert_int_eq(fd, -5);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_ino, want.st_ino);
	sq_fd_close(fd);
	/* want of memory that passes is none, and one that stays is not taken for a removed file */
	n_no_memory = 20;
	ck_assert_int_eq(sq_handle_open(root, &a, O_PATH, &fd), 0);
	sq_fd_close(fd);
	n_no_memory = UINT_MAX;
	n_opens = 0;
	ck_assert_int_eq(sq_handle_open(root, &a, O_PATH, &fd), -ENOMEM);
	ck_assert_uint_eq(n_opens, 1 + SQ_HANDLE_TRIES);
	n_no_memory = 0;
	ck_assert_int_eq(unlinkat(root, "a", AT_REMOVEDIR), 0);
	ck_assert_int_eq(sq_handle_open(root, &a, O_PATH, &fd), -ESTALE);
	a.n_bytes = 1000;
	ck_assert_int_eq(sq_handle_open(root, &a, O_PATH, &fd), -EINVAL);
}
END_TEST

int main(void)
{
	struct sq_handle h;
	Suite *s;
	TCase *t;

	if (sq_handle_get(AT_FDCWD, "/tmp", 0, &h) == SQ_HANDLE_E_NONE) {
		puts("SKIP: the filesystem of /tmp has no file handles");
		return 77;
	}
	s = suite_create("sys-handle");
	t = tcase_create("handle");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, identity);
	tcase_add_test(t, slices);
	tcase_add_test(t, filesystems);
	tcase_add_test(t, opening);
	suite_add_tcase(s, t);
	return suite_run(s);
}
