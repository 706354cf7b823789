/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "base/hash.h"
#include "sys/fd.h"
#include "watch/watcher.h"

enum { MOUNTINFO_MAX_BYTES = 16 << 20 };

/* the fifth field of a line: the mount point, with blanks as \040 */
static struct sq_slice mount_point(struct sq_slice line)
{
	const char *p = line.p, *end = line.p + line.n, *stop;

	for (int field = 0; field < 4; field++) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (!p)
			return SQ_SLICE_NULL;
		p++;
	}
	stop = memchr(p, ' ', (size_t)(end - p));
	return stop ? sq_slice(p, (size_t)(stop - p)) : SQ_SLICE_NULL;
}

/* @path as mountinfo writes it */
static void escape(struct sq_buf *b, const char *path)
{
	for (; *path; path++) {
		if (strchr(" \t\n\\", *path))
			sq_buf_printf(b, "\\%03o", (unsigned)(unsigned char)*path);
		else
			sq_buf_putc(b, *path);
	}
}

static bool is_at_or_below(struct sq_slice point, struct sq_slice root)
{
	return sq_slice_has_prefix(point, root) &&
	       (point.n == root.n || point.p[root.n] == '/' || sq_slice_is(root, "/"));
}

uint64_t sq_mounts_hash(int mountinfo_fd, const char *path)
{
	struct sq_buf text = SQ_BUF_NULL, root = SQ_BUF_NULL;
	uint64_t hash = 0;
	const char *p, *end;

	escape(&root, path);
	if (mountinfo_fd < 0 || lseek(mountinfo_fd, 0, SEEK_SET) ||
	    sq_fd_read_all(mountinfo_fd, MOUNTINFO_MAX_BYTES, &text) ||
	    sq_buf_error(&root))
		goto out;
	end = text.p + text.n;
	for (p = text.p; p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		struct sq_slice line = sq_slice(p, (size_t)((eol ? eol : end) - p));

		if (is_at_or_below(mount_point(line), sq_buf_slice(&root)))
			hash = sq_hash64(line.p, line.n, hash + 1);
		p += line.n + 1;
	}
out:
	sq_buf_deinit(&text);
	sq_buf_deinit(&root);
	return hash;
}
