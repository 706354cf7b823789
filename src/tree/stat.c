/* SPDX-License-Identifier: MIT */
#include "tree/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"
#include "tree/discover.h"

int sq_zpath_set(struct sq_zpath *p, struct sq_slice path)
{
	if (path.n >= sizeof(p->z))
		return -ENAMETOOLONG;
	if (path.n) {
		if (memchr(path.p, '\0', path.n))
			return -EINVAL;
		memcpy(p->z, path.p, path.n);
	}
	p->z[path.n] = '\0';
	return 0;
}

static uint64_t timestamp_ns(const struct statx_timestamp *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + t->tv_nsec;
}

int sq_stat_at(int dir_fd, const char *name, struct sq_stat *ret_st)
{
	const int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	const unsigned mask = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_SIZE |
			      STATX_MTIME | STATX_CTIME;
	struct statx sx;

	if (statx(dir_fd, name, flags, mask, &sx) < 0)
		return -errno;
	*ret_st = (struct sq_stat){
		.id = {
			.dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
			.ino = sx.stx_ino,
			.size = sx.stx_size,
			.mtime_ns = timestamp_ns(&sx.stx_mtime),
			.ctime_ns = timestamp_ns(&sx.stx_ctime),
		},
		.mode = sx.stx_mode,
		.n_links = sx.stx_nlink,
	};
	return 0;
}

enum sq_skip sq_stat_skip(const struct sq_stat *st, uint64_t max_bytes)
{
	if (!S_ISREG(st->mode))
		return SQ_SKIP_NOT_REGULAR;
	if (max_bytes && st->id.size > max_bytes)
		return SQ_SKIP_TOO_LARGE;
	return SQ_SKIP_NONE;
}

bool sq_errno_is_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE;
}

bool sq_errno_is_fatal(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ENOBUFS;
}

/*
 * A directory that can't be listed hides its files from a walk, so a file
 * below it must not appear when it is asked for by name either.
 */
static int denied(int root_fd, struct sq_slice path)
{
	struct sq_zpath dir;
	int r;

	r = sq_zpath_set(&dir, sq_path_dir(path));
	if (r < 0)
		return r;
	r = faccessat(root_fd, dir.z[0] ? dir.z : ".", R_OK, AT_EACCESS);
	return r < 0 ? -ENOENT : 0;
}

int sq_tree_stat(int root_fd, struct sq_slice path, uint64_t max_bytes,
		 struct sq_identity *ret_id, enum sq_skip *ret_skip)
{
	uint32_t n_links;

	return sq_tree_stat_links(root_fd, path, max_bytes, ret_id, ret_skip, &n_links);
}

int sq_tree_stat_links(int root_fd, struct sq_slice path, uint64_t max_bytes,
		       struct sq_identity *ret_id, enum sq_skip *ret_skip, uint32_t *ret_n_links)
{
	_cleanup_(sq_fd_closep) int fd = -1;
	struct sq_stat st = { .mode = S_IFREG };
	enum sq_skip skip = SQ_SKIP_UNREADABLE;
	struct sq_zpath z;
	int r;

	r = sq_zpath_set(&z, path);
	if (r < 0)
		return sq_error_origin(r);
	r = sq_fd_open_beneath(root_fd, z.z, O_PATH, 0, &fd);
	if (!r)
		r = sq_stat_at(fd, "", &st);
	if (!r) {
		/* a walk lists neither links nor, as files, directories */
		if (S_ISLNK(st.mode) || S_ISDIR(st.mode))
			return -ENOENT;
		skip = sq_stat_skip(&st, max_bytes);
	} else if (r == -ELOOP) {
		return -ENOENT;
	} else if (r == -EACCES || r == -EPERM) {
		r = denied(root_fd, path);
	}
	if (r < 0)
		return sq_error_trace(r);
	*ret_id = st.id;
	*ret_skip = skip;
	*ret_n_links = st.n_links;
	return 0;
}
