/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"
#include "watch/watcher.h"

/* Linux 6.5; older headers do not know it, older kernels refuse it */
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif

enum sq_place_class sq_place_class(const struct sq_watch_root *r, struct sq_slice path)
{
	if (sq_slice_is(path, ".git") || sq_slice_is(path, ".git/info"))
		return SQ_PLACE_RULES;
	if (sq_slice_has_prefix(path, SQ_LIT(".git/")))
		return SQ_PLACE_IGNORED;
	if (r->ignore && sq_ignore_match(r->ignore, path, true))
		return SQ_PLACE_IGNORED;
	return SQ_PLACE_PASS;
}

int sq_place_key_of(int fd, struct sq_handle *ret_h, struct sq_dir_key *ret_k)
{
	int r = sq_handle_get(fd, "", AT_EMPTY_PATH, ret_h);

	/* overlayfs: a handle that can't be opened, but compared, is enough for T1 */
	if (r == SQ_HANDLE_E_NONE)
		r = sq_handle_get(fd, "", AT_EMPTY_PATH | AT_HANDLE_FID, ret_h);
	if (r)
		return sq_error_origin(r < 0 ? r : -EOPNOTSUPP);
	r = sq_handle_fsid(fd, &ret_h->fsid);
	if (r < 0)
		return sq_error_trace(r);
	*ret_k = (struct sq_dir_key){ ret_h->fsid, ret_h->bytes, ret_h->type, ret_h->n_bytes };
	return 0;
}

/* ---- the table ---- */

static void forget_one(void *arg, const struct sq_dir_node *n)
{
	struct sq_watch_group *g = arg;
	struct sq_dir_key key = sq_dir_node_key(n);

	if (n->flags & SQ_DIR_MARKED) {
		n->root->stats.n_marks--;
		n->root->w->stats.n_marks--;
	}
	/*
	 * T1: the marks move with the directories and can't be taken off without
	 * a path; their events must not look like those of a lost directory.
	 */
	if (g->fan.tier == SQ_WATCH_DIRECTORY)
		sq_dir_misses_add(&g->misses, &key, SQ_DIR_MISS_OUTSIDE);
}

void sq_place_forget(struct sq_watch_group *g, struct sq_dir_node *n)
{
	sq_dir_table_remove(&g->dirs, n, forget_one, g);
}

void sq_place_marked(struct sq_dir_node *n)
{
	if (n->flags & SQ_DIR_MARKED)
		return;
	n->flags |= SQ_DIR_MARKED;
	n->root->stats.n_marks++;
	n->root->w->stats.n_marks++;
}

static void unmark_one(struct sq_watch_group *g, struct sq_dir_node *n, struct sq_buf *path)
{
	struct sq_dir_key key = sq_dir_node_key(n);
	struct sq_dir_node *first = sq_dir_table_find(&g->dirs, &key);
	int _cleanup_(sq_fd_closep) fd = -1;
	const char *z;

	/* without a mark, or another root has it as well */
	if (!(n->flags & SQ_DIR_MARKED) || first != n || sq_dir_node_same(n) ||
	    sq_aside_has(n->root->w, &key, n->root))
		return;
	sq_buf_clear(path);
	sq_dir_node_path(n, path);
	z = sq_buf_z(path);
	if (z && !sq_fd_open_beneath(n->root->fd, z, O_PATH | O_DIRECTORY, 0, &fd))
		sq_fan_unmark_dir(&g->fan, fd);
}

void sq_place_unmark(struct sq_watch_group *g, struct sq_dir_node *top)
{
	struct sq_buf *path = &top->root->w->scratch;
	struct sq_dir_node *n = top;

	while (n) {
		unmark_one(g, n, path);
		if (n->first_child) {
			n = n->first_child;
			continue;
		}
		while (n != top && !n->next_sibling)
			n = n->parent;
		n = n == top ? NULL : n->next_sibling;
	}
}

void sq_place_break_loop(struct sq_watch_group *g, const struct sq_watch_root *root,
			 const struct sq_dir_key *key)
{
	struct sq_dir_node *n = sq_dir_table_find_in(&g->dirs, root, key);

	if (n && n->parent)
		sq_place_forget(g, n);
}

int sq_place_insert(struct sq_watch_group *g, struct sq_dir_node *parent, struct sq_slice name,
		    const struct sq_dir_key *key, uint8_t flags, struct sq_dir_node **ret_n)
{
	struct sq_dir_node *there = sq_dir_table_child(&g->dirs, parent, name);
	struct sq_dir_node *n;
	int r;

	if (there && !sq_dir_node_is_key(there, key)) {
		sq_place_forget(g, there);
		there = NULL;
	}
	n = there ? there : sq_dir_table_find_in(&g->dirs, parent->root, key);
	if (n && n != there)
		r = n->parent ? sq_dir_table_move(&g->dirs, n, parent, name) : -ELOOP;
	else
		r = n ? 0 : sq_dir_table_insert(&g->dirs, parent->root, parent, name, key, &n);
	if (r < 0)
		return sq_error_trace(r);
	n->flags = (uint8_t)((n->flags & ~SQ_DIR_RULES_ONLY) | flags);
	*ret_n = n;
	return 0;
}

void sq_place_note(struct sq_watch_group *g, struct sq_dir_node *parent, struct sq_slice name)
{
	struct sq_watch_spot *last = g->spots.n ? &g->spots.v[g->spots.n - 1] : NULL;
	char *copy;

	if (last && last->parent == parent && sq_slice_is(name, last->name))
		return;
	copy = sq_strndup(name.p, name.n);
	if (!copy || sq_vec_push(&g->spots, ((struct sq_watch_spot){ parent, copy })) < 0) {
		sq_free(copy);
		sq_pending_flags(parent->root, SQ_PENDING_RESCAN);
		return;
	}
	sq_dir_node_pin(parent);
}

/* ---- T1: mark a new directory and what is in it ---- */

struct todo {
	struct sq_dir_node *parent;     /* pinned */
	char *name;
};
struct todos { struct todo *v; size_t n, cap; };

static void push_todo(struct todos *todos, struct sq_dir_node *parent, const char *name, size_t n)
{
	char *copy = sq_strndup(name, n);

	if (!copy || sq_vec_push(todos, ((struct todo){ parent, copy })) < 0) {
		sq_free(copy);
		/* a directory without a mark would be a silent hole */
		sq_pending_flags(parent->root, SQ_PENDING_RESCAN);
		return;
	}
	sq_dir_node_pin(parent);
}

static int open_dir_at(struct sq_watch *w, struct sq_dir_node *parent, const char *name,
		       int flags, int *ret_fd)
{
	sq_buf_clear(&w->scratch);
	sq_dir_node_path(parent, &w->scratch);
	if (w->scratch.n)
		sq_buf_putc(&w->scratch, '/');
	sq_buf_puts(&w->scratch, name);
	if (!sq_buf_z(&w->scratch))
		return sq_error_origin(-ENOMEM);
	return sq_fd_open_beneath(parent->root->fd, w->scratch.p, flags | O_DIRECTORY, 0, ret_fd);
}

static void push_children(struct todos *todos, struct sq_dir_node *n, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir) {
		(void)sq_fd_close(copy);
		sq_pending_flags(n->root, SQ_PENDING_RESCAN);
		return;
	}
	while ((e = readdir(dir))) {
		/* written before the mark was set: there is no event */
		if (sq_ignore_is_rule_file(sq_slice_z(e->d_name)))
			sq_pending_flags(n->root, SQ_PENDING_RULES);
		if (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN)
			continue;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		push_todo(todos, n, e->d_name, strlen(e->d_name));
	}
	(void)closedir(dir);    /* it was only read */
}

/* what does a directory without a mark mean for its root? */
static int give_up_on(struct sq_watch_root *r, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
	case -ESTALE:
		return err;     /* gone, or replaced: there is an event for that */
	case -EACCES:
		return err;     /* what can't be read is not indexed either */
	default:
		sq_watch_lose(r, sq_fan_why_not(err));
		return err;
	}
}

/* is the directory there, and is it ours to watch? @ret_fd: marked, readable */
static int mark_one(struct sq_watch *w, const struct todo *t, int *ret_fd,
		    struct sq_dir_node **ret_n)
{
	struct sq_watch_root *r = t->parent->root;
	struct sq_watch_group *g = r->group;
	int _cleanup_(sq_fd_closep) fd = -1;
	enum sq_place_class class;
	struct sq_handle h;
	struct sq_dir_key key;
	int err;

	err = open_dir_at(w, t->parent, t->name, O_RDONLY | O_NONBLOCK, &fd);
	if (err < 0)
		return give_up_on(r, err);
	class = sq_place_class(r, sq_buf_slice(&w->scratch));
	if (class == SQ_PLACE_IGNORED)
		return 0;
	err = sq_place_key_of(fd, &h, &key);
	if (!err)
		err = sq_fan_mark_dir(&g->fan, fd, false);
	if (err < 0)
		return give_up_on(r, err);
	err = sq_place_insert(g, t->parent, sq_slice_z(t->name), &key,
			      class == SQ_PLACE_RULES ? SQ_DIR_RULES_ONLY : 0, ret_n);
	if (err == -ELOOP) {
		/* the table has its parent below it: until another spot is settled */
		sq_place_note(g, t->parent, sq_slice_z(t->name));
		return err;
	}
	if (err < 0) {
		/* marked, but not in the table: a walk enters it */
		sq_pending_flags(r, SQ_PENDING_RESCAN);
		return err;
	}
	sq_place_marked(*ret_n);
	*ret_fd = fd;
	fd = -1;
	return 1;
}

/* mark before reading: what is made meanwhile shows up in one of the two */
static void mark_tree(struct sq_watch *w, struct sq_dir_node *parent, struct sq_slice name)
{
	struct todos todos = { NULL, 0, 0 };

	push_todo(&todos, parent, name.p, name.n);
	while (todos.n) {
		struct todo t = todos.v[--todos.n];
		struct sq_dir_node *n = NULL;
		int fd = -1;

		if (!t.parent->dead && mark_one(w, &t, &fd, &n) > 0) {
			push_children(&todos, n, fd);
			fd = sq_fd_close(fd);
		}
		sq_dir_node_unpin(t.parent);
		sq_free(t.name);
	}
	sq_vec_deinit(&todos);
}

/* ---- spots ---- */

/*
 * Does the path that the table has for @n lead to it? At T1 the table is older
 * than the disk until all spots are settled: the path of a directory that was
 * moved may be that of another by now, and what stands there is not @n's.
 */
static bool is_in_place(struct sq_watch *w, const struct sq_dir_node *n)
{
	int _cleanup_(sq_fd_closep) fd = -1;
	struct sq_handle h;
	struct sq_dir_key key;
	const char *z;

	if (!n->parent)
		return true;
	sq_buf_clear(&w->scratch);
	sq_dir_node_path(n, &w->scratch);
	z = sq_buf_z(&w->scratch);
	return z && !sq_fd_open_beneath(n->root->fd, z, O_PATH | O_DIRECTORY, 0, &fd) &&
	       !sq_place_key_of(fd, &h, &key) && sq_dir_node_is_key(n, &key);
}

/*
 * What stands at (parent, name) now? The answer is younger than every event
 * that was read. Return: 1 and the node there; 0 none; -ELOOP when the table
 * has @s->parent below it; -errno.
 */
static int settle_one(struct sq_watch *w, struct sq_watch_group *g, const struct sq_watch_spot *s,
		      bool is_reported, struct sq_dir_node **ret_n)
{
	struct sq_slice name = sq_slice_z(s->name);
	struct sq_dir_node *there = sq_dir_table_child(&g->dirs, s->parent, name);
	int _cleanup_(sq_fd_closep) fd = -1;
	enum sq_place_class class;
	struct sq_handle h;
	struct sq_dir_key key;
	bool is_t2 = g->fan.tier == SQ_WATCH_FILESYSTEM;
	int r;

	r = open_dir_at(w, s->parent, s->name, O_PATH, &fd);
	class = sq_place_class(s->parent->root, sq_buf_slice(&w->scratch));
	if (!r && class != SQ_PLACE_IGNORED)
		r = sq_place_key_of(fd, &h, &key);
	if (r < 0 || class == SQ_PLACE_IGNORED) {
		if (there && !r)
			sq_place_unmark(g, there);
		if (there)
			sq_place_forget(g, there);
		return 0;
	}
	if (is_reported && class == SQ_PLACE_PASS && (!there || !sq_dir_node_is_key(there, &key)))
		sq_pending_path(s->parent->root, sq_buf_slice(&w->scratch), SQ_CHANGE_SUBTREE);
	/* what is below it may have been learnt as outside or ignored */
	if (is_t2 && !sq_dir_table_find_in(&g->dirs, s->parent->root, &key))
		sq_dir_misses_clear(&g->misses);
	r = sq_place_insert(g, s->parent, name, &key,
			    class == SQ_PLACE_RULES ? SQ_DIR_RULES_ONLY : 0, ret_n);
	if (r == -ELOOP && is_t2) {
		/* what is not in the table is asked for when it is needed */
		sq_place_break_loop(g, s->parent->root, &key);
		return 0;
	}
	return r < 0 ? sq_error_trace(r) : 1;
}

/* Return: whether it has to wait for other spots */
static bool settle_spot(struct sq_watch *w, struct sq_watch_group *g, const struct sq_watch_spot *s,
			bool is_reported)
{
	struct sq_dir_node *n = NULL;
	int r;

	if (s->parent->dead)
		return false;
	if (g->fan.tier == SQ_WATCH_DIRECTORY && !is_in_place(w, s->parent))
		return true;
	r = settle_one(w, g, s, is_reported, &n);
	if (r == -ELOOP)
		return true;
	if (r < 0)
		sq_pending_flags(s->parent->root, SQ_PENDING_RESCAN);
	if (r > 0 && g->fan.tier == SQ_WATCH_DIRECTORY && !(n->flags & SQ_DIR_MARKED))
		mark_tree(w, s->parent, sq_slice_z(s->name));
	return false;
}

static void spot_free(struct sq_watch_spot *s)
{
	sq_dir_node_unpin(s->parent);
	sq_free(s->name);
}

/*
 * The disk moves under our hands, and the event that says so is not read yet:
 * then the directory is entered anew, with all below it, when it is.
 */
static void give_up_spot(struct sq_watch *w, struct sq_watch_group *g, const struct sq_watch_spot *s)
{
	struct sq_dir_node *top = NULL;

	if (s->parent->dead)
		return;
	if (g->fan.tier == SQ_WATCH_DIRECTORY)
		for (struct sq_dir_node *n = s->parent; n; n = n->parent)
			if (!is_in_place(w, n))
				top = n;
	if (top)
		sq_place_forget(g, top);
	else
		sq_pending_flags(s->parent->root, SQ_PENDING_RESCAN);
}

void sq_place_settle(struct sq_watch *w, struct sq_watch_group *g, bool is_reported)
{
	size_t n_before, n_left;

	/* a directory may be known below one that is below it by now: in turns */
	do {
		n_before = g->spots.n;
		n_left = 0;
		for (size_t i = 0; i < n_before; i++) {
			struct sq_watch_spot s = g->spots.v[i];

			if (settle_spot(w, g, &s, is_reported))
				g->spots.v[n_left++] = s;
			else
				spot_free(&s);
		}
		/* and those that were noted meanwhile */
		for (size_t i = n_before; i < g->spots.n; i++)
			g->spots.v[n_left++] = g->spots.v[i];
		g->spots.n = n_left;
	} while (n_left && n_left < n_before);
	for (size_t i = 0; i < n_left; i++) {
		give_up_spot(w, g, &g->spots.v[i]);
		spot_free(&g->spots.v[i]);
	}
	sq_vec_clear(&g->spots);
}

/* ---- roots ---- */

bool sq_place_root_moved(const struct sq_watch_root *r)
{
	struct stat st;

	return stat(r->path, &st) || (uint64_t)st.st_dev != r->dev || (uint64_t)st.st_ino != r->ino;
}

void sq_place_check_roots(struct sq_watch *w, struct sq_watch_group *g)
{
	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];

		/* it may come back: said when the set is closed */
		if (r->group == g && !r->is_gone && sq_place_root_moved(r))
			sq_pending_flags(r, 0);
	}
}
