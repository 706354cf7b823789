/* SPDX-License-Identifier: MIT */
#include "sys/handle.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/error.h"

_Static_assert(SQ_HANDLE_MAX_BYTES == MAX_HANDLE_SZ, "handle size");

/* room for a struct file_handle, whose bytes are a flexible array */
union handle_room {
	struct file_handle h;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

int sq_handle_get(int dir_fd, const char *path, int flags, struct sq_handle *ret_h)
{
	union handle_room room;
	int mount_id;

	room.h.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(dir_fd, path, &room.h, &mount_id, flags)) {
		/* EOVERFLOW: larger than the kernel's own limit, so none that we can keep */
		if (errno == EOPNOTSUPP || errno == EOVERFLOW)
			return SQ_HANDLE_E_NONE;
		return sq_error_origin(-errno);
	}
	*ret_h = (struct sq_handle){
		.n_bytes = room.h.handle_bytes,
		.type = room.h.handle_type,
	};
	memcpy(ret_h->bytes, room.h.f_handle, room.h.handle_bytes);
	return 0;
}

uint64_t sq_handle_pack_fsid(const void *eight_bytes)
{
	uint32_t half[2];

	memcpy(half, eight_bytes, sizeof(half));
	return (uint64_t)half[1] << 32 | half[0];
}

int sq_handle_fsid(int fd, uint64_t *ret_fsid)
{
	struct statfs st;
	int r;

	_Static_assert(sizeof(st.f_fsid) == 8, "fsid size");
	do {
		r = fstatfs(fd, &st);
	} while (r && errno == EINTR);
	if (r)
		return sq_error_origin(-errno);
	*ret_fsid = sq_handle_pack_fsid(&st.f_fsid);
	return 0;
}

/*
 * The kernel says ENOMEM, too, while the inode number of a removed file is being
 * given to a new one: iget_locked() finds the inode that is made and gives up,
 * which ext4 takes for want of memory. The file is gone then, and the kernel
 * says so (ESTALE) once the new one is made; seen are up to 19 tries, of 8 ms in
 * all. ENOMEM that stays is what it says.
 */
static int open_handle(int mount_fd, struct file_handle *h, int flags)
{
	int fd = open_by_handle_at(mount_fd, h, flags);

	for (unsigned i = 0; fd < 0 && errno == ENOMEM && i < SQ_HANDLE_TRIES; i++) {
		(void)sched_yield();
		fd = open_by_handle_at(mount_fd, h, flags);
	}
	return fd;
}

int sq_handle_open(int mount_fd, const struct sq_handle *h, int flags, int *ret_fd)
{
	union handle_room room;
	int fd;

	if (h->n_bytes > SQ_HANDLE_MAX_BYTES)
		return sq_error_origin(-EINVAL);
	room.h.handle_bytes = h->n_bytes;
	room.h.handle_type = h->type;
	memcpy(room.h.f_handle, h->bytes, h->n_bytes);
	fd = open_handle(mount_fd, &room.h, flags | O_CLOEXEC);
	if (fd < 0)
		return sq_error_origin(-errno);
	*ret_fd = fd;
	return 0;
}

int sq_handle_from_slice(uint64_t fsid, struct sq_slice s, struct sq_handle *ret_h)
{
	if (s.n < sizeof(ret_h->type) || s.n - sizeof(ret_h->type) > SQ_HANDLE_MAX_BYTES)
		return sq_error_origin(-EINVAL);
	memset(ret_h, 0, sizeof(*ret_h));
	ret_h->fsid = fsid;
	ret_h->n_bytes = (uint32_t)(s.n - sizeof(ret_h->type));
	memcpy(&ret_h->type, s.p, sizeof(ret_h->type));
	memcpy(ret_h->bytes, s.p + sizeof(ret_h->type), ret_h->n_bytes);
	return 0;
}

bool sq_handle_eq(const struct sq_handle *a, const struct sq_handle *b)
{
	return a->fsid == b->fsid && a->type == b->type && a->n_bytes == b->n_bytes &&
	       !memcmp(a->bytes, b->bytes, a->n_bytes);
}
