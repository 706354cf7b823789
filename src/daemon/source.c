/* SPDX-License-Identifier: MIT */
#include "daemon/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "sys/fd.h"

/* 0; SQ_SOURCE_E_CHANGED when it is shorter than it was */
static int read_all(int fd, size_t n, struct sq_buf *out)
{
	size_t end;

	if (sq_buf_reserve(out, n) < 0)
		return -ENOMEM;
	for (end = out->n + n; out->n < end;) {
		ssize_t got = read(fd, out->p + out->n, end - out->n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return SQ_SOURCE_E_CHANGED;
		out->n += (size_t)got;
	}
	return 0;
}

static int open_file(int root_fd, struct sq_slice path)
{
	char *name = sq_malloc(path.n + 1);
	int fd = -1, r;

	if (!name)
		return -ENOMEM;
	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	/* what was a file may be a pipe by now, what was a directory a link out of the root */
	r = sq_fd_open_beneath(root_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	sq_free(name);
	return r < 0 ? r : fd;
}

static int read_source(void *arg, const struct sq_bound *b, struct sq_buf *out)
{
	struct sq_disk_source *s = arg;
	size_t start = out->n;
	struct stat st;
	int r = SQ_SOURCE_E_CHANGED, fd = open_file(s->root_fd, b->path);

	if (fd < 0)
		return fd == -ENOMEM ? fd : SQ_SOURCE_E_CHANGED;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == b->size_bytes)
		r = read_all(fd, (size_t)b->size_bytes, out);
	sq_fd_close(fd);
	if (!r && sq_hash64(out->p + start, out->n - start, 0) != b->content_hash)
		r = SQ_SOURCE_E_CHANGED;
	return r;
}

void sq_disk_source_open(struct sq_disk_source *s, const char *root)
{
	s->source = (struct sq_source){ read_source, s };
	s->root_fd = -1;
	if (sq_fd_open_real(root, O_RDONLY | O_DIRECTORY, &s->root_fd) < 0)
		s->root_fd = -1;   /* every file is unread */
}

void sq_disk_source_close(struct sq_disk_source *s)
{
	s->root_fd = sq_fd_close(s->root_fd);
}
