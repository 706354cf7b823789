/* SPDX-License-Identifier: MIT */
#include "daemon/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "graph/dump.h"
#include "sys/fd.h"

#define WRITE_BUFFER (256u << 10)

/* disk rather than memory: /var/tmp is on disk where /tmp is not */
static int open_unnamed(void)
{
	const char *dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd = -1;

	errno = ENOENT;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(dirs) && fd < 0; i++)
		if (dirs[i] && dirs[i][0] == '/')
			fd = open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd < 0 ? sq_error_origin(-errno) : fd;
}

struct writer { int fd; struct sq_buf buf; uint64_t size; };

static int flush(struct writer *w)
{
	int r = sq_fd_write_all(w->fd, w->buf.p, w->buf.n);

	w->size += w->buf.n;
	sq_buf_clear(&w->buf);
	return r < 0 ? sq_error_trace(r) : 0;
}

static int write_part(void *arg, const void *p, size_t n)
{
	struct writer *w = arg;

	sq_buf_add(&w->buf, p, n);
	if (sq_buf_error(&w->buf))
		return sq_error_origin(-ENOMEM);
	return w->buf.n < WRITE_BUFFER ? 0 : flush(w);
}

int sq_spool_new(const struct sq_version *v, struct sq_slice prefix, struct sq_spool **ret_s)
{
	static uint64_t last_id;   /* atomic */
	struct writer w = { .fd = open_unnamed(), .buf = SQ_BUF_NULL };
	struct sq_spool *s = NULL;
	int r = w.fd < 0 ? w.fd : 0;

	if (!r)
		r = sq_dump(v, prefix, write_part, &w);
	if (!r)
		r = flush(&w);
	if (!r) {
		s = sq_calloc(1, sizeof(*s));
		if (!s)
			r = sq_error_origin(-ENOMEM);
	}
	sq_buf_deinit(&w.buf);
	if (r < 0) {
		sq_fd_close(w.fd);
		return sq_error_trace(r);
	}
	/* relaxed: unique is enough */
	*s = (struct sq_spool){ .id = sq_add_relaxed(&last_id, 1) + 1, .fd = w.fd, .size = w.size };
	*ret_s = s;
	return 0;
}

struct sq_spool *sq_spool_free(struct sq_spool *s, struct sq_daemon *d)
{
	if (!s)
		return NULL;
	if (s->is_counted)
		d->n_spools--;
	s->fd = sq_fd_close(s->fd);
	sq_free(s);
	return NULL;
}

int sq_spool_read(struct sq_spool *s, struct sq_buf *out)
{
	uint64_t left = s->size - s->offset;
	size_t want = left < SQ_SPOOL_CHUNK ? (size_t)left : SQ_SPOOL_CHUNK, got;
	const char *end;
	int r = sq_buf_reserve(out, want);

	if (r < 0)
		return sq_error_trace(r);
	r = sq_fd_pread_full(s->fd, out->p + out->n, want, s->offset, &got);
	if (r < 0)
		return sq_error_trace(r);
	if (got < left) {   /* not the last chunk: stop behind a whole line */
		end = memrchr(out->p + out->n, '\n', got);
		if (end)
			got = (size_t)(end + 1 - (out->p + out->n));
	}
	out->n += got;
	s->offset += got;
	return 0;
}
