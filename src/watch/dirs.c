/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/time.h"
#include "sys/fd.h"
#include "sys/handle.h"
#include "watch/watcher.h"

/* ---- a list of directories against the table ---- */

static int open_found(const struct sq_watch_root *r, const struct sq_found_dir *d, int *ret_fd)
{
	char *z = sq_strndup(d->path.p, d->path.n);
	int err;

	if (!z)
		return sq_error_origin(-ENOMEM);
	err = sq_fd_open_beneath(r->fd, z, O_PATH | O_DIRECTORY, 0, ret_fd);
	sq_free(z);
	return err;
}

static const struct sq_watch_place *place_of(const struct sq_watch_root *r, uint64_t dev)
{
	for (size_t i = 0; i < r->places.n; i++)
		if (r->places.v[i].dev == dev)
			return &r->places.v[i];
	return NULL;
}

static int key_of_found(struct sq_watch_root *r, const struct sq_found_dir *d, struct sq_handle *h,
			struct sq_dir_key *ret_key)
{
	const struct sq_watch_place *place = place_of(r, d->dev);
	int _cleanup_(sq_fd_closep) fd = -1;
	bool is_new = false;
	uint64_t fsid = 0;
	int err = 0;

	if (!place || !d->handle.n)
		err = open_found(r, d, &fd);
	if (place)
		fsid = place->fsid;
	else if (!err)
		err = sq_watch_root_reach(r, fd, d->dev, &fsid, &is_new);
	/* a file system that is marked only now: the walk was before */
	if (is_new && r->group->fan.tier == SQ_WATCH_FILESYSTEM)
		sq_pending_flags(r, SQ_PENDING_RESCAN);
	if (!err && !d->handle.n)
		return sq_place_key_of(fd, h, ret_key);
	if (!err)
		err = sq_handle_from_slice(fsid, d->handle, h);
	if (err < 0)
		return sq_error_trace(err);
	*ret_key = (struct sq_dir_key){ fsid, h->bytes, h->type, h->n_bytes };
	return 0;
}

/* Return: 0; -errno when the directory can't be watched */
static int enter_found(struct sq_watch_root *r, const struct sq_found_dir *d)
{
	struct sq_watch_group *g = r->group;
	struct sq_slice name = sq_path_base(d->path);
	struct sq_dir_node *parent = sq_dir_table_at(&g->dirs, r->top, sq_path_dir(d->path));
	struct sq_dir_node *there, *n;
	struct sq_handle h;
	struct sq_dir_key key;
	int err;

	if (!parent)
		return 0;       /* it went after the walk: there is an event */
	err = key_of_found(r, d, &h, &key);
	if (err < 0)
		return err == -ENOENT || err == -ENOTDIR || err == -ELOOP ? 0 : sq_error_trace(err);
	there = sq_dir_table_child(&g->dirs, parent, name);
	n = sq_dir_table_find_in(&g->dirs, r, &key);
	if ((there || n) && there != n) {
		/* the walk and the events disagree: the disk decides */
		sq_place_note(g, parent, name);
		if (n && n->parent)
			sq_place_note(g, n->parent, sq_slice(n->name, n->n_name));
	} else if (!n) {
		err = sq_dir_table_insert(&g->dirs, r, parent, name, &key, &n);
		if (err < 0)
			return sq_error_trace(err);
	}
	if (!n)
		return 0;
	n->generation = r->generation;
	/* listed by a walk that did not mark it */
	if (g->fan.tier == SQ_WATCH_DIRECTORY && !(n->flags & SQ_DIR_MARKED))
		sq_place_note(g, parent, name);
	return 0;
}

/* nodes that the walk did not list: gone, ignored now, or younger than it */
static void doubt_unlisted(struct sq_watch_root *r, struct sq_dir_node *top)
{
	struct sq_dir_node *n = top;

	while (n) {
		bool is_doubtful = n != r->top && n->generation != r->generation &&
				   !(n->flags & SQ_DIR_RULES_ONLY);

		if (is_doubtful)
			sq_place_note(r->group, n->parent, sq_slice(n->name, n->n_name));
		if (n->first_child && !is_doubtful) {
			n = n->first_child;
			continue;
		}
		while (n != top && !n->next_sibling)
			n = n->parent;
		n = n == top ? NULL : n->next_sibling;
	}
}

static int enter_all(struct sq_watch_root *r, struct sq_slice below,
		     const struct sq_found_dir *dirs, size_t n_dirs)
{
	struct sq_dir_node *top;
	int err;

	r->generation++;
	for (size_t i = 0; i < n_dirs; i++) {
		if (!dirs[i].path.n)
			continue;
		err = enter_found(r, &dirs[i]);
		if (err < 0)
			return sq_error_trace(err);
	}
	top = sq_dir_table_at(&r->group->dirs, r->top, below);
	if (top)
		doubt_unlisted(r, top);
	return 0;
}

/* ---- the interface ---- */

/* Return: whether the root is live now */
static bool become_live(struct sq_watch_root *r)
{
	if (r->state == SQ_WATCH_LIVE)
		return true;
	sq_dir_misses_clear(&r->group->misses);
	if (r->held_lost) {
		/* events between the walk and now are lost: once more */
		r->held_lost = false;
		sq_pending_flags(r, SQ_PENDING_RESCAN);
		return false;
	}
	r->state = SQ_WATCH_LIVE;
	r->group->n_holding--;
	return true;
}

static int ready_locked(struct sq_watch_root *r, const struct sq_found_dir *dirs, size_t n_dirs)
{
	struct sq_watch_group *g = r->group;
	int err;

	r->w->event_ns = sq_now_ns();
	r->is_started = true;
	if (!g)
		return 0;
	if (g->fan.tier == SQ_WATCH_FILESYSTEM)
		sq_dir_misses_clear(&g->misses);
	err = enter_all(r, SQ_SLICE_NULL, dirs, n_dirs);
	if (err < 0) {
		sq_watch_lose(r, sq_fan_why_not(err));
		return 0;
	}
	/* no walk lists it, and info/exclude in it counts */
	if (g->fan.tier == SQ_WATCH_DIRECTORY)
		sq_place_note(g, r->top, SQ_LIT(".git"));
	sq_place_settle(r->w, g, false);
	if (r->group && become_live(r))
		sq_apply_held(r);
	r->w->event_ns = sq_now_ns();
	sq_apply_end(r->w, g);
	return 0;
}

int sq_watch_ready(struct sq_watch_root *r, const struct sq_found_dir *dirs, size_t n_dirs,
		   struct sq_ignore *ignore)
{
	struct sq_watch *w = r->w;
	struct sq_ignore *old;
	int err;

	sq_lock(&w->lock);
	old = r->ignore;
	r->ignore = ignore ? sq_ignore_ref(ignore) : NULL;
	err = ready_locked(r, dirs, n_dirs);
	sq_unlock(&w->lock);
	(void)sq_ignore_unref(old);
	sq_wake_signal(&w->wake);       /* there may be a set to close */
	return err;
}

int sq_watch_dirs_changed(struct sq_watch_root *r, struct sq_slice below,
			  const struct sq_found_dir *dirs, size_t n_dirs)
{
	struct sq_watch *w = r->w;
	int err = 0;

	sq_lock(&w->lock);
	/* holding: a walk of the whole root is due anyway */
	if (r->state == SQ_WATCH_LIVE) {
		w->event_ns = sq_now_ns();
		err = enter_all(r, below, dirs, n_dirs);
		if (err < 0)
			sq_watch_lose(r, sq_fan_why_not(err));
		else
			sq_place_settle(w, r->group, false);
	}
	sq_unlock(&w->lock);
	sq_wake_signal(&w->wake);
	return 0;
}

void sq_watch_mark_dir(struct sq_watch_root *r, int dir_fd, struct sq_slice path)
{
	struct sq_watch *w = r->w;
	struct sq_watch_group *g;
	struct sq_dir_node *parent, *n;
	struct sq_handle h;
	struct sq_dir_key key;
	int err;

	sq_lock(&w->lock);
	g = r->group;
	if (!g || g->fan.tier != SQ_WATCH_DIRECTORY || !path.n) {
		sq_unlock(&w->lock);
		return;
	}
	w->event_ns = sq_now_ns();
	err = sq_fan_mark_dir(&g->fan, dir_fd, false);
	if (!err)
		err = sq_place_key_of(dir_fd, &h, &key);
	parent = sq_dir_table_at(&g->dirs, r->top, sq_path_dir(path));
	if (!err && parent)
		err = sq_place_insert(g, parent, sq_path_base(path), &key, 0, &n);
	if (!err && parent)
		sq_place_marked(n);
	if (err < 0 && err != -ENOENT && err != -ELOOP)
		sq_watch_lose(r, sq_fan_why_not(err));
	sq_unlock(&w->lock);
}
