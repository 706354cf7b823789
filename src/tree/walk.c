/* SPDX-License-Identifier: MIT */
#include "tree/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"

#define DENTS_BYTES (64u * 1024)

int sq_found_file_cmp(const void *a, const void *b)
{
	const struct sq_found_file *x = a, *y = b;

	return sq_slice_cmp(x->path, y->path);
}

int sq_found_dir_cmp(const void *a, const void *b)
{
	const struct sq_found_dir *x = a, *y = b;

	return sq_slice_cmp(x->path, y->path);
}

/* ---- findings ------------------------------------------------------------ */

static int path_keep(struct sq_tree_walk_worker *k, struct sq_slice path, struct sq_slice *ret_path)
{
	const char *copy = sq_arena_memdup(&k->arena, path.p, path.n);

	if (!copy)
		return sq_error_origin(-ENOMEM);
	*ret_path = sq_slice(copy, path.n);
	return 0;
}

int sq_tree_walk_add_file(struct sq_tree_walk_worker *k, struct sq_slice path, const struct sq_identity *id,
		     enum sq_skip skip)
{
	struct sq_found_file f = { .id = *id, .skip = (uint8_t)skip };
	int r;

	r = path_keep(k, path, &f.path);
	if (!r)
		r = sq_vec_push(&k->files, f);
	return sq_error_trace(r);
}

static int add_unreadable(struct sq_tree_walk_worker *k, struct sq_slice path)
{
	const struct sq_identity none = { .dev = 0 };

	return sq_tree_walk_add_file(k, path, &none, SQ_SKIP_UNREADABLE);
}

/* @path is in an arena already */
static int add_dir(struct sq_tree_walk_worker *k, struct sq_slice path, int fd, const struct sq_stat *st)
{
	struct sq_found_dir d = {
		.path = path, .handle = SQ_SLICE_NULL,
		.dev = st->id.dev, .ino = st->id.ino,
	};
	struct sq_handle h;
	int r;

	/* without a handle the watcher falls back; the walk goes on */
	r = sq_handle_get(fd, "", AT_EMPTY_PATH, &h);
	if (!r) {
		r = path_keep(k, sq_handle_slice(&h), &d.handle);
		if (r < 0)
			return r;
	}
	return sq_vec_push(&k->dirs, d);
}

/* ---- one entry ----------------------------------------------------------- */

static mode_t dirent_mode(const struct dirent64 *e)
{
	return e->d_type == DT_UNKNOWN ? 0 : DTTOIF(e->d_type);
}

/* Return: 0, with @ret_denied when it can't be asked; -errno: gone, or fatal */
static int entry_stat(int dir_fd, const char *name, struct sq_stat *ret_st, bool *ret_denied)
{
	int r = sq_stat_at(dir_fd, name, ret_st);

	*ret_denied = r < 0 && !sq_errno_is_gone(r) && !sq_errno_is_fatal(r);
	return *ret_denied ? 0 : r;
}

static int visit_file(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, int dir_fd, const char *name,
		      struct sq_slice path, struct sq_stat *st)
{
	bool denied = false;
	int r;

	if (w->opts->want && !w->opts->want(path))
		return 0;
	if (sq_ignore_match(w->ignore, path, false))
		return 0;
	if (!st->id.ino) {
		r = entry_stat(dir_fd, name, st, &denied);
		if (r < 0)
			return sq_errno_is_gone(r) ? 0 : r;
	}
	if (denied)
		return add_unreadable(k, path);
	/* it became something else since its entry was read */
	if (S_ISDIR(st->mode) || S_ISLNK(st->mode))
		return 0;
	return sq_tree_walk_add_file(k, path, &st->id, sq_stat_skip(st, w->opts->max_bytes));
}

static int visit_dir(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, struct sq_slice path)
{
	struct sq_slice copy;
	int r;

	if (sq_ignore_match(w->ignore, path, true))
		return 0;
	r = path_keep(k, path, &copy);
	if (!r)
		r = sq_vec_push(&k->children, copy);
	return r;
}

/* @n_dir: bytes of "dir/" in k->path */
static int visit(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, int dir_fd, size_t n_dir,
		 const struct dirent64 *e)
{
	const size_t n_name = strlen(e->d_name);
	struct sq_stat st = { .mode = dirent_mode(e) };
	struct sq_slice path;
	bool denied = false;
	int r;

	if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
		return 0;
	/* no system call takes a longer one: said once for the directory */
	if (n_dir + n_name >= sizeof(k->path.z))
		return sq_tree_walk_add_file(k, sq_slice(k->path.z, n_dir - 1), &st.id, SQ_SKIP_LIMIT);
	memcpy(k->path.z + n_dir, e->d_name, n_name + 1);
	path = sq_slice(k->path.z, n_dir + n_name);
	if (!st.mode) {
		r = entry_stat(dir_fd, e->d_name, &st, &denied);
		if (r < 0)
			return sq_errno_is_gone(r) ? 0 : r;
		if (denied)
			return add_unreadable(k, path);
	}
	if (S_ISDIR(st.mode))
		return visit_dir(w, k, path);
	if (S_ISLNK(st.mode))
		return 0;
	return visit_file(w, k, dir_fd, e->d_name, path, &st);
}

/* ---- one directory ------------------------------------------------------- */

static bool is_cancelled(const struct sq_tree_walk *w)
{
	/* no order: nothing is read on the strength of it */
	return w->opts->cancel && sq_load_relaxed(w->opts->cancel);
}

static int read_entries(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, int fd, size_t n_dir)
{
	ssize_t n;
	int r;

	while ((n = getdents64(fd, k->dents, DENTS_BYTES)) > 0) {
		if (is_cancelled(w))
			return -ECANCELED;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const void *)(k->dents + at);

			r = visit(w, k, fd, n_dir, e);
			if (r < 0)
				return sq_error_trace(r);
			at += e->d_reclen;
		}
	}
	return n < 0 ? -errno : 0;
}

static int read_open_dir(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, int fd, struct sq_slice path)
{
	struct sq_stat st;
	size_t n_dir;
	int r;

	r = sq_stat_at(fd, "", &st);
	if (r < 0)
		return r;
	r = add_dir(k, path, fd, &st);
	if (r < 0)
		return r;
	if (w->opts->on_dir)
		w->opts->on_dir(w->opts->on_dir_arg, fd, path);
	r = sq_ignore_enter(w->ignore, path, fd);
	if (r < 0)
		return r;
	n_dir = path.n;
	if (path.n) {
		memcpy(k->path.z, path.p, path.n);
		k->path.z[n_dir++] = '/';
	}
	return read_entries(w, k, fd, n_dir);
}

/* Return: 0, also when a directory is gone or can't be read; -errno ends the walk */
static int read_dir(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, struct sq_slice path)
{
	_cleanup_(sq_fd_closep) int fd = -1;
	int r;

	sq_vec_clear(&k->children);
	r = sq_zpath_set(&k->path, path);
	if (r < 0)
		return r;
	r = sq_fd_open_beneath(w->root_fd, k->path.z, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, &fd);
	if (!r)
		r = read_open_dir(w, k, fd, path);
	/* a root that can't be read is no empty tree */
	if (!r || !path.n || r == -ECANCELED || sq_errno_is_fatal(r))
		return sq_error_trace(r);
	return sq_errno_is_gone(r) ? 0 : add_unreadable(k, path);
}

/* ---- the queue ----------------------------------------------------------- */

static void fail_locked(struct sq_tree_walk *w, int r) SQ_REQUIRES(&w->lock)
{
	if (!w->error)
		w->error = r;
	pthread_cond_broadcast(&w->changed);
}

/* Return: 1 with a directory; 0 when the walk is over; -errno of any worker */
static int next_dir(struct sq_tree_walk *w, struct sq_slice *ret_path)
{
	int r;

	sq_lock(&w->lock);
	if (is_cancelled(w))
		fail_locked(w, -ECANCELED);
	while (!w->error && !w->stack.n && w->n_open)
		sq_lock_wait(&w->lock, &w->changed);
	r = w->error;
	if (!r && w->stack.n) {
		*ret_path = w->stack.v[--w->stack.n];
		r = 1;
	}
	sq_unlock(&w->lock);
	return r;
}

/* a directory was read with result @r: its children are next */
static void dir_done(struct sq_tree_walk *w, struct sq_tree_walk_worker *k, int r)
{
	sq_lock(&w->lock);
	if (!r)
		r = sq_vec_reserve(&w->stack, k->children.n);
	if (!r && k->children.n) {
		memcpy(w->stack.v + w->stack.n, k->children.v,
		       k->children.n * sizeof(k->children.v[0]));
		w->stack.n += k->children.n;
		w->n_open += k->children.n;
	}
	if (r < 0)
		fail_locked(w, r);
	w->n_open--;
	/* one child is for this worker itself */
	if (!w->n_open || k->children.n > 1)
		pthread_cond_broadcast(&w->changed);
	sq_unlock(&w->lock);
}

int sq_tree_walk_work(void *arg, unsigned worker)
{
	struct sq_tree_walk *w = arg;
	struct sq_tree_walk_worker *k = &w->workers[worker];
	struct sq_slice path = SQ_SLICE_NULL;
	int r;

	k->dents = sq_malloc(DENTS_BYTES);
	if (!k->dents) {
		sq_lock(&w->lock);
		fail_locked(w, sq_error_origin(-ENOMEM));
		sq_unlock(&w->lock);
	}
	while ((r = next_dir(w, &path)) > 0)
		dir_done(w, k, read_dir(w, k, path));
	sq_free(SQ_TAKE(k->dents));
	if (!r && k->files.n)
		qsort(k->files.v, k->files.n, sizeof(k->files.v[0]), sq_found_file_cmp);
	if (!r && k->dirs.n)
		qsort(k->dirs.v, k->dirs.n, sizeof(k->dirs.v[0]), sq_found_dir_cmp);
	return r;
}

int sq_tree_walk_push(struct sq_tree_walk *w, struct sq_slice path)
{
	struct sq_slice copy;
	int r;

	r = path_keep(&w->workers[0], path, &copy);
	if (!r)
		r = sq_vec_push(&w->stack, copy);
	if (!r)
		w->n_open++;
	return sq_error_trace(r);
}

/* ---- life ---------------------------------------------------------------- */

int sq_tree_walk_init(struct sq_tree_walk *w, int root_fd, const struct sq_discover_opts *opts,
		 struct sq_ignore *ignore, unsigned n_workers)
{
	int r;

	*w = (struct sq_tree_walk){
		.root_fd = root_fd, .opts = opts, .ignore = ignore, .n_workers = n_workers,
	};
	w->workers = sq_calloc(n_workers, sizeof(*w->workers));
	if (!w->workers)
		return sq_error_origin(-ENOMEM);
	r = sq_lock_init(&w->lock, SQ_RANK_POOL, "walk");
	if (r < 0)
		goto out_workers;
	r = sq_cond_init(&w->changed);
	if (r < 0)
		goto out_lock;
	return 0;
out_lock:
	sq_lock_deinit(&w->lock);
out_workers:
	sq_free(SQ_TAKE(w->workers));
	return sq_error_trace(r);
}

void sq_tree_walk_deinit(struct sq_tree_walk *w)
{
	if (!w->workers)
		return;
	for (unsigned i = 0; i < w->n_workers; i++) {
		struct sq_tree_walk_worker *k = &w->workers[i];

		sq_vec_deinit(&k->files);
		sq_vec_deinit(&k->dirs);
		sq_vec_deinit(&k->children);
		sq_arena_deinit(&k->arena);
	}
	sq_vec_deinit(&w->stack);
	pthread_cond_destroy(&w->changed);
	sq_lock_deinit(&w->lock);
	sq_free(SQ_TAKE(w->workers));
}
