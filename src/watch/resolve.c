/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"
#include "watch/watcher.h"

/*
 * From the handle of a directory upwards, over "..", until a directory is met
 * that the table or the memory of misses knows. Paths are not compared: the
 * same directory may be reached through several mounts, and a path seen
 * through the wrong one may look like another's.
 */
enum { MAX_MOUNTS = 16, MAX_DEPTH = 1024, LINK_BYTES = 4096 + 64 };

enum climb_result { CLIMB_FOUND = 1, CLIMB_OUTSIDE, CLIMB_IGNORED, CLIMB_GONE };

struct step {
	struct sq_dir_key key;          /* bytes owned */
	char *name;                     /* in its parent */
};
struct steps { struct step *v; size_t n, cap; };       /* deepest first */

static void steps_deinit(struct steps *s)
{
	for (size_t i = 0; i < s->n; i++) {
		void *bytes;

		memcpy(&bytes, &s->v[i].key.bytes, sizeof(bytes));
		sq_free(bytes);
		sq_free(s->v[i].name);
	}
	sq_vec_deinit(s);
}

static int steps_push(struct steps *s, const struct sq_handle *h, const char *name)
{
	void *bytes = sq_memdup(h->bytes, h->n_bytes);
	char *copy = sq_strdup(name);
	struct step step = { { h->fsid, bytes, h->type, h->n_bytes }, copy };
	int r = -ENOMEM;

	if (bytes && copy)
		r = sq_vec_push(s, step);
	if (r < 0) {
		sq_free(bytes);
		sq_free(copy);
		return sq_error_trace(r);
	}
	return 0;
}

/* the last component of where @fd is now */
static int read_name(int fd, char *buf, size_t cap, const char **ret_name)
{
	char proc[64], *slash;
	ssize_t n;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, buf, cap - 1);
	if (n < 0)
		return sq_error_origin(-errno);
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash || !slash[1])
		return sq_error_origin(-ENOENT);
	*ret_name = slash + 1;
	return 0;
}

/* make the steps children of @at as far down as they are not ignored */
static bool descend(struct sq_watch_group *g, struct sq_dir_node *at, const struct steps *steps,
		    struct sq_buf *path)
{
	struct sq_watch_root *r = at->root;

	for (size_t i = steps->n; i--;) {
		const struct step *s = &steps->v[i];
		enum sq_place_class class;

		sq_buf_clear(path);
		sq_dir_node_path(at, path);
		if (path->n)
			sq_buf_putc(path, '/');
		sq_buf_puts(path, s->name);
		class = sq_place_class(r, sq_buf_slice(path));
		if (class == SQ_PLACE_IGNORED)
			return false;
		if (sq_place_insert(g, at, sq_slice_z(s->name), &s->key,
				    class == SQ_PLACE_RULES ? SQ_DIR_RULES_ONLY : 0, &at) < 0) {
			sq_pending_flags(r, SQ_PENDING_RESCAN);
			return false;
		}
	}
	return true;
}

static void remember(struct sq_watch_group *g, const struct steps *steps, enum sq_dir_miss kind)
{
	for (size_t i = 0; i < steps->n; i++)
		sq_dir_misses_add(&g->misses, &steps->v[i].key, kind);
}

/* does the table know @key, to hang the steps below it? */
static int try_join(struct sq_watch *w, struct sq_watch_group *g, const struct steps *steps,
		    const struct sq_dir_key *key)
{
	struct sq_dir_node *n = sq_dir_table_find(&g->dirs, key), *next;
	bool is_live = false, is_in = false;
	enum sq_dir_miss miss;

	for (; n; n = next) {
		next = sq_dir_node_same(n);
		if (n->root->state != SQ_WATCH_LIVE)
			continue;
		is_live = true;
		is_in |= descend(g, n, steps, &w->scratch);
	}
	if (is_in)
		return CLIMB_FOUND;
	miss = is_live ? SQ_DIR_MISS_IGNORED : sq_dir_misses_find(&g->misses, key);
	if (miss == SQ_DIR_MISS_UNKNOWN)
		return 0;
	return miss == SQ_DIR_MISS_IGNORED ? CLIMB_IGNORED : CLIMB_OUTSIDE;
}

static int same_mount(int a, int b, bool *ret_same)
{
	struct statx x, y;

	if (statx(a, "", AT_EMPTY_PATH, STATX_MNT_ID, &x) || statx(b, "", AT_EMPTY_PATH,
								   STATX_MNT_ID, &y))
		return sq_error_origin(-errno);
	*ret_same = x.stx_mnt_id == y.stx_mnt_id;
	return 0;
}

/* one level up. Return: 0 and the parent; CLIMB_OUTSIDE at the top; -errno */
static int step_up(int fd, const struct sq_handle *h, int *ret_fd, struct sq_handle *ret_h)
{
	int _cleanup_(sq_fd_closep) up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sq_handle uh;
	bool is_same = true;
	int r;

	/* ENOENT: not below what this mount shows */
	if (up < 0)
		return errno == ENOENT ? CLIMB_OUTSIDE : sq_error_origin(-errno);
	r = sq_handle_get(up, "", AT_EMPTY_PATH, &uh);
	if (r > 0)
		return CLIMB_OUTSIDE;
	if (!r)
		r = same_mount(fd, up, &is_same);
	if (r < 0)
		return sq_error_trace(r);
	uh.fsid = h->fsid;
	if (!is_same)
		r = sq_handle_fsid(up, &uh.fsid);
	if (r < 0)
		return sq_error_trace(r);
	if (sq_handle_eq(&uh, h))
		return CLIMB_OUTSIDE;
	*ret_fd = up;
	*ret_h = uh;
	up = -1;
	return 0;
}

static int climb_from(struct sq_watch *w, struct sq_watch_group *g, int *fd, struct sq_handle *h,
		      struct steps *steps)
{
	char link[LINK_BYTES];

	while (steps->n < MAX_DEPTH) {
		struct sq_dir_key key;
		const char *name = NULL;
		int up = -1, r;

		r = read_name(*fd, link, sizeof(link), &name);
		if (r < 0)
			return r == -ENOENT ? CLIMB_OUTSIDE : sq_error_trace(r);
		r = steps_push(steps, h, name);
		if (!r)
			r = step_up(*fd, h, &up, h);
		if (r)
			return r;
		(void)sq_fd_close(*fd);
		*fd = up;
		key = (struct sq_dir_key){ h->fsid, h->bytes, h->type, h->n_bytes };
		r = try_join(w, g, steps, &key);
		if (r)
			return r;
	}
	return sq_error_origin(-ENAMETOOLONG);
}

static int climb(struct sq_watch *w, struct sq_watch_group *g, int mount_fd,
		 const struct sq_dir_key *key, struct steps *steps)
{
	int _cleanup_(sq_fd_closep) fd = -1;
	struct sq_handle h = { .fsid = key->fsid, .n_bytes = key->n, .type = key->type };
	struct stat st;
	int r;

	if (key->n > sizeof(h.bytes))
		return sq_error_origin(-EINVAL);
	memcpy(h.bytes, key->bytes, key->n);
	r = sq_handle_open(mount_fd, &h, O_PATH | O_DIRECTORY, &fd);
	if (r == -ESTALE || r == -ENOENT || r == -ENOTDIR)
		return CLIMB_GONE;
	if (r < 0)
		return sq_error_trace(r);
	if (fstat(fd, &st))
		return sq_error_origin(-errno);
	if (!st.st_nlink)
		return CLIMB_GONE;
	return climb_from(w, g, &fd, &h, steps);
}

/* the events of @fsid can't be placed: all roots that reach there are compared */
static void give_up(struct sq_watch *w, struct sq_watch_group *g, uint64_t fsid)
{
	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];

		if (r->group != g)
			continue;
		for (size_t k = 0; k < r->places.n; k++)
			if (r->places.v[k].fsid == fsid) {
				sq_pending_flags(r, SQ_PENDING_RESCAN);
				break;
			}
	}
}

static size_t distinct_mounts(struct sq_watch *w, struct sq_watch_group *g, uint64_t fsid,
			      const struct sq_watch_place *ret_places[MAX_MOUNTS])
{
	size_t n = 0;

	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];

		for (size_t k = 0; r->group == g && k < r->places.n; k++) {
			const struct sq_watch_place *p = &r->places.v[k];
			size_t at = 0;

			while (at < n && ret_places[at]->mount_id != p->mount_id)
				at++;
			if (p->fsid == fsid && at == n && n < MAX_MOUNTS)
				ret_places[n++] = p;
		}
	}
	return n;
}

void sq_place_resolve(struct sq_watch *w, struct sq_watch_group *g, const struct sq_dir_key *key)
{
	const struct sq_watch_place *places[MAX_MOUNTS];
	size_t n = 0;
	int result = CLIMB_OUTSIDE;

	if (g->fan.tier == SQ_WATCH_DIRECTORY) {
		/* no power to ask: it was marked, so it is or was in one of the roots */
		give_up(w, g, key->fsid);
		sq_dir_misses_add(&g->misses, key, SQ_DIR_MISS_OUTSIDE);
		return;
	}
	n = distinct_mounts(w, g, key->fsid, places);
	for (size_t i = 0; i < n && result == CLIMB_OUTSIDE; i++) {
		struct steps steps = { NULL, 0, 0 };

		result = climb(w, g, places[i]->fd, key, &steps);
		/* a directory above may be outside of this mount and inside of the next */
		if (result == CLIMB_IGNORED || (result == CLIMB_OUTSIDE && n == 1))
			remember(g, &steps, result == CLIMB_IGNORED ? SQ_DIR_MISS_IGNORED
								    : SQ_DIR_MISS_OUTSIDE);
		steps_deinit(&steps);
	}
	if (result < 0)
		give_up(w, g, key->fsid);
	else if (result != CLIMB_FOUND)
		sq_dir_misses_add(&g->misses, key, result == CLIMB_IGNORED ? SQ_DIR_MISS_IGNORED
									   : SQ_DIR_MISS_OUTSIDE);
}
