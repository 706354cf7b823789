/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"
#include "watch/watcher.h"

/* ---- file systems ---- */

static struct sq_watch_sb *find_sb(struct sq_watch *w, uint64_t fsid)
{
	for (size_t i = 0; i < w->sbs.n; i++)
		if (w->sbs.v[i].fsid == fsid)
			return &w->sbs.v[i];
	return NULL;
}

static int sb_hold(struct sq_watch *w, uint64_t fsid, int fd)
{
	struct sq_watch_sb *sb = find_sb(w, fsid);
	int r;

	if (sb) {
		sb->n_refs++;
		return 0;
	}
	r = sq_vec_reserve(&w->sbs, 1);
	if (!r)
		r = sq_fan_mark_fs(&w->groups[SQ_WATCH_T2].fan, fd);
	if (r < 0)
		return sq_error_trace(r);
	w->sbs.v[w->sbs.n++] = (struct sq_watch_sb){ fsid, 1 };
	w->stats.n_marks++;
	return 0;
}

static void sb_drop(struct sq_watch *w, uint64_t fsid, int fd)
{
	struct sq_watch_sb *sb = find_sb(w, fsid);

	if (!sb || --sb->n_refs)
		return;
	sq_fan_unmark_fs(&w->groups[SQ_WATCH_T2].fan, fd);
	*sb = w->sbs.v[--w->sbs.n];
	w->stats.n_marks--;
}

static int add_place(struct sq_watch_root *r, int fd, uint64_t dev, uint64_t fsid)
{
	struct sq_watch_place p = { .fsid = fsid, .dev = dev, .fd = fd };
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st))
		return sq_error_origin(-errno);
	p.mount_id = st.stx_mnt_id;
	return sq_vec_push(&r->places, p);
}

int sq_watch_root_reach(struct sq_watch_root *r, int fd, uint64_t dev, uint64_t *ret_fsid,
			bool *ret_is_new)
{
	bool is_t2 = r->group->fan.tier == SQ_WATCH_FILESYSTEM;
	int _cleanup_(sq_fd_closep) copy = -1;
	uint64_t fsid;
	int err;

	for (size_t i = 0; i < r->places.n; i++)
		if (r->places.v[i].dev == dev) {
			*ret_fsid = r->places.v[i].fsid;
			*ret_is_new = false;
			return 0;
		}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return sq_error_origin(-errno);
	err = sq_handle_fsid(fd, &fsid);
	if (!err && is_t2)
		err = sb_hold(r->w, fsid, fd);
	if (err < 0)
		return sq_error_trace(err);
	err = add_place(r, copy, dev, fsid);
	if (err < 0) {
		if (is_t2)
			sb_drop(r->w, fsid, fd);
		return sq_error_trace(err);
	}
	copy = -1;
	*ret_fsid = fsid;
	*ret_is_new = true;
	return 0;
}

static void drop_places(struct sq_watch_root *r, bool is_t2)
{
	for (size_t i = 0; i < r->places.n; i++) {
		struct sq_watch_place *p = &r->places.v[i];

		if (is_t2)
			sb_drop(r->w, p->fsid, p->fd);
		if (p->fd != r->fd)
			p->fd = sq_fd_close(p->fd);
	}
	sq_vec_deinit(&r->places);
}

/* ---- leaving ---- */

void sq_watch_root_leave(struct sq_watch_root *r)
{
	struct sq_watch_group *g = r->group;
	bool is_t2;

	if (!g)
		return;
	is_t2 = g->fan.tier == SQ_WATCH_FILESYSTEM;
	sq_aside_leave(r);
	if (r->top) {
		sq_place_unmark(g, r->top);
		sq_dir_table_remove(&g->dirs, r->top, NULL, NULL);
		r->top = NULL;
	}
	drop_places(r, is_t2);
	r->w->stats.n_marks -= r->stats.n_marks;
	r->stats.n_marks = 0;
	sq_buf_deinit(&r->held);
	if (r->state == SQ_WATCH_HOLDING)
		g->n_holding--;
	r->group = NULL;
}

struct sq_watch_root *sq_watch_root_free(struct sq_watch_root *r)
{
	if (!r)
		return NULL;
	sq_watch_root_leave(r);
	sq_pending_deinit(r);
	r->ignore = sq_ignore_unref(r->ignore);
	r->fd = sq_fd_close(r->fd);
	sq_free(r->path);
	sq_free(r);
	return NULL;
}

/* ---- joining ---- */

static int root_new(struct sq_watch *w, const char *path, int fd, void *cookie,
		    struct sq_watch_root **ret_r)
{
	struct sq_watch_root *r = sq_calloc(1, sizeof(*r));
	struct stat st;
	int err;

	if (!r)
		return sq_error_origin(-ENOMEM);
	r->w = w;
	r->cookie = cookie;
	r->path = sq_strdup(path);
	r->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	err = r->fd < 0 ? -errno : r->path ? 0 : -ENOMEM;
	if (!err && fstat(r->fd, &st))
		err = -errno;
	if (!err && !S_ISDIR(st.st_mode))
		err = -ENOTDIR;
	if (err < 0) {
		(void)sq_watch_root_free(r);
		return sq_error_origin(err);
	}
	r->dev = (uint64_t)st.st_dev;
	r->ino = (uint64_t)st.st_ino;
	r->state = SQ_WATCH_HOLDING;
	*ret_r = r;
	return 0;
}

/* marks and the top node in @g; on failure the root is without a group as before */
static int root_join(struct sq_watch_root *r, struct sq_watch_group *g)
{
	struct sq_watch *w = r->w;
	bool is_t2 = g->fan.tier == SQ_WATCH_FILESYSTEM;
	struct sq_handle h;
	struct sq_dir_key key;
	int err;

	err = sq_place_key_of(r->fd, &h, &key);
	if (!err && is_t2)
		err = sb_hold(w, key.fsid, r->fd);
	if (err < 0)
		return sq_error_trace(err);
	err = add_place(r, r->fd, r->dev, key.fsid);
	if (err < 0) {
		if (is_t2)
			sb_drop(w, key.fsid, r->fd);
		return sq_error_trace(err);
	}
	r->group = g;
	g->n_holding++;
	err = sq_fan_mark_dir(&g->fan, r->fd, true);
	if (!err)
		err = sq_dir_table_insert(&g->dirs, r, NULL, SQ_SLICE_NULL, &key, &r->top);
	if (!err)
		sq_place_marked(r->top);
	if (err < 0) {
		sq_watch_root_leave(r);
		return sq_error_trace(err);
	}
	return 0;
}

static int join_best(struct sq_watch_root *r, const char **ret_why)
{
	struct sq_watch *w = r->w;
	int err = -EOPNOTSUPP;

	*ret_why = w->why_not_better ? w->why_not_better : "watching is switched off";
	for (size_t i = 0; i < SQ_WATCH_N_GROUPS; i++) {
		struct sq_watch_group *g = &w->groups[i];
		const char *why;

		/* the directory group is made when the first root needs it */
		if (i == SQ_WATCH_T1 && g->fan.fd < 0 && w->cfg.force_tier < 0 && w->best != SQ_WATCH_NONE &&
		    sq_fan_init(&g->fan, SQ_WATCH_DIRECTORY, w->cfg.queue_limit_events, &why) < 0)
			*ret_why = why;
		if (g->fan.fd < 0)
			continue;
		err = root_join(r, g);
		if (!err)
			return 0;
		*ret_why = sq_fan_why_not(err);
	}
	return sq_error_trace(err);
}

int sq_watch_add(struct sq_watch *w, const char *root_path, int root_fd, void *cookie,
		 struct sq_watch_root **ret_r, const char **ret_why)
{
	struct sq_watch_root *r = NULL;
	const char *why = sq_fan_why_remote(root_fd);
	int err;

	if (why) {
		*ret_why = why;
		return sq_error_origin(-EOPNOTSUPP);
	}
	err = root_new(w, root_path, root_fd, cookie, &r);
	if (err < 0) {
		*ret_why = err == -ENOTDIR ? "it is not a directory" : "the directory can't be opened";
		return sq_error_trace(err);
	}
	sq_lock(&w->lock);
	r->mounts_hash = sq_mounts_hash(w->mountinfo_fd, r->path);
	err = sq_vec_reserve(&w->roots, 1);
	if (!err)
		err = join_best(r, ret_why);
	else
		*ret_why = sq_fan_why_not(err);
	if (!err) {
		r->serial = ++w->n_added;
		w->roots.v[w->roots.n++] = r;
	}
	sq_unlock(&w->lock);
	if (err < 0) {
		(void)sq_watch_root_free(r);
		return sq_error_trace(err);
	}
	*ret_r = r;
	sq_wake_signal(&w->wake);       /* the group may be new to its poll */
	return 0;
}

size_t sq_watch_list(const struct sq_watch *w, struct sq_watch_entry *v, size_t max)
{
	struct sq_watch *lockable = (struct sq_watch *)(uintptr_t)w;
	size_t n;

	sq_lock(&lockable->lock);
	n = w->roots.n;
	for (size_t i = 0; i < SQ_MIN(n, max); i++) {
		const struct sq_watch_root *r = w->roots.v[i];

		v[i] = (struct sq_watch_entry){
			.generation = r->serial,
			.is_live = r->state != SQ_WATCH_LOST && !r->is_gone,
			.tier = r->group ? r->group->fan.tier : SQ_WATCH_NONE,
		};
		(void)snprintf(v[i].path, sizeof(v[i].path), "%s", r->path);
	}
	sq_unlock(&lockable->lock);
	return n;
}

enum sq_watch_tier sq_watch_root_tier(const struct sq_watch_root *r)
{
	struct sq_lock *lock = &r->w->lock;
	enum sq_watch_tier tier;

	sq_lock(lock);
	tier = r->group ? r->group->fan.tier : SQ_WATCH_NONE;
	sq_unlock(lock);
	return tier;
}

const char *sq_watch_root_why(const struct sq_watch_root *r)
{
	struct sq_lock *lock = &r->w->lock;
	const char *why;

	sq_lock(lock);
	why = r->why ? r->why : r->w->why_not_better;
	sq_unlock(lock);
	return why;
}

bool sq_watch_root_pending(const struct sq_watch_root *r)
{
	struct sq_lock *lock = &r->w->lock;
	bool is_open;

	sq_lock(lock);
	is_open = r->pending.is_open || r->held.n;
	sq_unlock(lock);
	return is_open;
}

void sq_watch_root_stats(const struct sq_watch_root *r, struct sq_watch_stats *ret)
{
	struct sq_lock *lock = &r->w->lock;

	sq_lock(lock);
	*ret = r->stats;
	sq_unlock(lock);
}
