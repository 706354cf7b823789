/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tree-scratch — a temporary tree for the tests of src/tree and src/watch.
 * Failures end the test. Paths are relative to the tree.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char path[PATH_MAX];
	int fd;
};

static inline void scratch_init(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(s->path, sizeof(s->path), "%s/sqry-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(s->path));
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(s->fd, 0);
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void scratch_deinit(struct scratch *s)
{
	close(s->fd);
	ck_assert_int_eq(nftw(s->path, scratch_remove, 32, FTW_DEPTH | FTW_PHYS), 0);
}

/* with the directories above it */
static inline void scratch_dir(struct scratch *s, const char *path)
{
	char part[PATH_MAX];

	for (size_t i = 0; path[i]; i++) {
		if (i && path[i] == '/') {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			ck_assert(!mkdirat(s->fd, part, 0777) || errno == EEXIST);
		}
	}
	ck_assert(!mkdirat(s->fd, path, 0777) || errno == EEXIST);
}

static inline void scratch_bytes(struct scratch *s, const char *path, const void *p, size_t n)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	if (slash) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		scratch_dir(s, dir);
	}
	fd = openat(s->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, p, n), (ssize_t)n);
	close(fd);
}

static inline void scratch_file(struct scratch *s, const char *path, const char *text)
{
	scratch_bytes(s, path, text, strlen(text));
}
