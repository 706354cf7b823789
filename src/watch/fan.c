/* SPDX-License-Identifier: MIT */
#include "watch/fan.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"

/*
 * MODIFY: truncate by path gives nothing else. ATTRIB is left out, it doubles
 * the cost of every unlink. The SELF events are wanted of roots only, so they
 * are asked for by an inode mark: on the whole file system they would queue a
 * second event for every unlink and rename.
 */
#define MASK_ENTRIES (FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ONDIR)
#define MASK_SELF (FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_ONDIR)
#define GROUP_FLAGS (FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME_TARGET)

enum { EVENT_METADATA_BYTES = 24 };     /* what FIONREAD counts for each event */

/* ---- group ---- */

/* a group without this power is no use for file system marks */
static int probe_open_by_handle(void)
{
	struct sq_handle h;
	int _cleanup_(sq_fd_closep) dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int _cleanup_(sq_fd_closep) fd = -1;
	int r;

	if (dir < 0)
		return sq_error_origin(-errno);
	r = sq_handle_get(dir, "", AT_EMPTY_PATH, &h);
	/* "/" says nothing when it has no handles: the roots' file systems decide */
	if (r)
		return r < 0 ? sq_error_trace(r) : 0;
	r = sq_handle_open(dir, &h, O_PATH, &fd);
	return r == -EPERM ? sq_error_trace(r) : 0;
}

static int init_filesystem(struct sq_fan *f, bool is_limited, const char **ret_why)
{
	unsigned flags = GROUP_FLAGS | (is_limited ? 0 : FAN_UNLIMITED_QUEUE);
	int _cleanup_(sq_fd_closep) fd = -1;
	int r;

	/* unlimited marks are not needed; asking shows whether we are capable */
	fd = fanotify_init(flags | FAN_UNLIMITED_MARKS, O_RDONLY);
	if (fd < 0) {
		r = -errno;
		*ret_why = r == -EPERM ? "CAP_SYS_ADMIN is missing" : sq_fan_why_not(r);
		return sq_error_origin(r);
	}
	r = probe_open_by_handle();
	if (r < 0) {
		*ret_why = r == -EPERM ? "CAP_DAC_READ_SEARCH is missing" : sq_fan_why_not(r);
		return sq_error_trace(r);
	}
	f->fd = fd;
	fd = -1;
	return 0;
}

static int init_directory(struct sq_fan *f, bool is_limited, const char **ret_why)
{
	int fd = -1, r;

	if (!is_limited)
		fd = fanotify_init(GROUP_FLAGS | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS,
				   O_RDONLY);
	if (fd < 0)
		fd = fanotify_init(GROUP_FLAGS, O_RDONLY);
	if (fd < 0) {
		r = -errno;
		*ret_why = sq_fan_why_not(r);
		return sq_error_origin(r);
	}
	f->fd = fd;
	return 0;
}

int sq_fan_init(struct sq_fan *f, enum sq_watch_tier tier, bool is_limited, const char **ret_why)
{
	int r;

	if (tier == SQ_WATCH_FILESYSTEM)
		r = init_filesystem(f, is_limited, ret_why);
	else
		r = init_directory(f, is_limited, ret_why);
	if (r < 0)
		return sq_error_trace(r);
	f->tier = tier;
	return 0;
}

void sq_fan_deinit(struct sq_fan *f)
{
	f->fd = sq_fd_close(f->fd);
	f->tier = SQ_WATCH_NONE;
}

uint64_t sq_fan_queued(const struct sq_fan *f)
{
	int bytes = 0;

	if (ioctl(f->fd, FIONREAD, &bytes) || bytes < 0)
		return 0;
	return (uint64_t)bytes / EVENT_METADATA_BYTES;
}

/* ---- marks ---- */

int sq_fan_mark_fs(const struct sq_fan *f, int fd)
{
	if (fanotify_mark(f->fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, MASK_ENTRIES, fd, "."))
		return sq_error_origin(-errno);
	return 0;
}

void sq_fan_unmark_fs(const struct sq_fan *f, int fd)
{
	/* it may have gone with its file system */
	(void)fanotify_mark(f->fd, FAN_MARK_REMOVE | FAN_MARK_FILESYSTEM, MASK_ENTRIES, fd, ".");
}

int sq_fan_mark_dir(const struct sq_fan *f, int dir_fd, bool is_root)
{
	uint64_t mask = is_root ? MASK_SELF : 0;

	if (f->tier == SQ_WATCH_DIRECTORY)
		mask |= MASK_ENTRIES | FAN_EVENT_ON_CHILD;
	if (fanotify_mark(f->fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, mask, dir_fd, "."))
		return sq_error_origin(-errno);
	return 0;
}

void sq_fan_unmark_dir(const struct sq_fan *f, int dir_fd)
{
	/* not marked, or gone with the directory: as good */
	(void)fanotify_mark(f->fd, FAN_MARK_REMOVE,
			    MASK_ENTRIES | MASK_SELF | FAN_EVENT_ON_CHILD, dir_fd, ".");
}

const char *sq_fan_why_not(int r)
{
	switch (r) {
	case -ENOSPC:
		return "the user's limit of fanotify marks is reached";
	case -EMFILE:
		return "the user's limit of fanotify groups, or of open files, is reached";
	case -EPERM:
		return "the kernel refuses the mark without further capabilities";
	case -EACCES:
		return "the directory may not be read";
	case -ENOSYS:
		return "the kernel has no fanotify";
	case -EINVAL:
		return "the kernel has no fanotify with names and renames (Linux 5.17 is needed)";
	case -EXDEV:
		return "a btrfs subvolume can't be marked as a file system of its own";
	case -EOPNOTSUPP:
	case -ENODEV:
		return "the file system has no file handles that fanotify could report";
	case -ENOMEM:
		return "no memory for fanotify marks";
	default:
		return "fanotify failed";
	}
}

const char *sq_fan_why_remote(int fd)
{
	static const struct { uint64_t magic; const char *why; } remote[] = {
		{ 0x6969, "NFS tells nothing about writes of other machines" },
		{ 0x65735546, "FUSE tells nothing about writes behind its back" },
		{ 0x01021997, "9p tells nothing about writes of the host" },
		{ 0x517b, "SMB tells nothing about writes of other machines" },
		{ 0xfe534d42, "SMB tells nothing about writes of other machines" },
		{ 0xff534d42, "CIFS tells nothing about writes of other machines" },
		{ 0x00c36400, "Ceph tells nothing about writes of other machines" },
		{ 0x6b414653, "AFS tells nothing about writes of other machines" },
		{ 0x9fa0, "proc tells nothing about changes" },
		{ 0x62656572, "sysfs tells nothing about changes" },
	};
	struct statfs st;

	if (fstatfs(fd, &st))
		return "the file system does not answer";
	for (size_t i = 0; i < SQ_ARRAY_SIZE(remote); i++)
		if (((uint64_t)st.f_type & 0xffffffff) == remote[i].magic)
			return remote[i].why;
	return NULL;
}

/* ---- events ---- */

/* struct fanotify_event_info_fid up to the handle's bytes */
enum { INFO_FSID = 4, INFO_HANDLE_BYTES = 12, INFO_HANDLE_TYPE = 16, INFO_HANDLE = 20 };

static uint32_t read_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int parse_name(const char *info, size_t len, const struct sq_dir_key *key,
		      struct sq_fan_name *ret_n)
{
	const char *name = info + INFO_HANDLE + key->n;
	size_t room = len - INFO_HANDLE - key->n;
	size_t n = strnlen(name, room);

	if (n == room || !n)
		return sq_error_origin(-EBADMSG);
	*ret_n = (struct sq_fan_name){ *key, sq_slice(name, n), true };
	return 0;
}

static int parse_info(const char *info, size_t len, struct sq_fan_event *e)
{
	struct sq_dir_key key;

	switch ((unsigned char)info[0]) {
	case FAN_EVENT_INFO_TYPE_FID:
	case FAN_EVENT_INFO_TYPE_DFID:
	case FAN_EVENT_INFO_TYPE_DFID_NAME:
	case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
	case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME:
		break;
	default:
		return 0;       /* a record that a later kernel added */
	}
	if (len < INFO_HANDLE || read_u32(info + INFO_HANDLE_BYTES) > len - INFO_HANDLE)
		return sq_error_origin(-EBADMSG);
	key.fsid = sq_handle_pack_fsid(info + INFO_FSID);
	key.n = read_u32(info + INFO_HANDLE_BYTES);
	key.type = (int32_t)read_u32(info + INFO_HANDLE_TYPE);
	key.bytes = info + INFO_HANDLE;
	switch ((unsigned char)info[0]) {
	case FAN_EVENT_INFO_TYPE_DFID_NAME:
		return parse_name(info, len, &key, &e->at);
	case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
		return parse_name(info, len, &key, &e->from);
	case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME:
		return parse_name(info, len, &key, &e->to);
	case FAN_EVENT_INFO_TYPE_DFID:
		e->at = (struct sq_fan_name){ key, SQ_LIT("."), true };
		return 0;
	default:
		e->child = key;
		return 0;
	}
}

int sq_fan_next(const char **p, const char *end, struct sq_fan_event *ret_e)
{
	struct fanotify_event_metadata m;
	struct sq_fan_event e = { .mask = 0 };
	size_t left = (size_t)(end - *p), at;
	int r;

	if (!left)
		return 0;
	if (left < sizeof(m))
		return sq_error_origin(-EBADMSG);
	memcpy(&m, *p, sizeof(m));
	if (m.vers != FANOTIFY_METADATA_VERSION || m.event_len < m.metadata_len ||
	    m.metadata_len < sizeof(m) || m.event_len > left)
		return sq_error_origin(-EBADMSG);
	e.mask = m.mask;
	e.pid = m.pid;
	e.raw = sq_slice(*p, m.event_len);
	for (at = m.metadata_len; at < m.event_len;) {
		uint16_t len;

		if (m.event_len - at < 4)
			return sq_error_origin(-EBADMSG);
		memcpy(&len, *p + at + 2, sizeof(len));
		if (len < 4 || len > m.event_len - at)
			return sq_error_origin(-EBADMSG);
		r = parse_info(*p + at, len, &e);
		if (r < 0)
			return sq_error_trace(r);
		at += len;
	}
	*p += m.event_len;
	*ret_e = e;
	return 1;
}
