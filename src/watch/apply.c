/* SPDX-License-Identifier: MIT */
#include <sys/fanotify.h>

#include "base/error.h"
#include "watch/watcher.h"

/* ---- names ---- */

static struct sq_slice entry_path(struct sq_watch *w, const struct sq_dir_node *n,
				  struct sq_slice name)
{
	sq_buf_clear(&w->scratch);
	sq_dir_node_path(n, &w->scratch);
	if (w->scratch.n)
		sq_buf_putc(&w->scratch, '/');
	sq_buf_add_slice(&w->scratch, name);
	if (sq_buf_error(&w->scratch)) {
		/* a path that can't be named: compare all */
		sq_pending_flags(n->root, SQ_PENDING_RESCAN);
		return SQ_SLICE_NULL;
	}
	return sq_buf_slice(&w->scratch);
}

static void count_ignored(struct sq_watch_root *r)
{
	r->stats.n_ignored++;
	r->w->stats.n_ignored++;
}

static void count_event(struct sq_watch_root *r)
{
	r->stats.n_events++;
}

/*
 * An event is replayed for the root that held it, and only for that one: the
 * others have applied it when it came.
 */
static bool is_for(const struct sq_dir_node *n, const struct sq_watch_root *only)
{
	return only ? n->root == only : n->root->state == SQ_WATCH_LIVE;
}

static struct sq_dir_node *lookup(struct sq_watch *w, struct sq_watch_group *g,
				  const struct sq_dir_key *key)
{
	struct sq_dir_node *n = sq_dir_table_find(&g->dirs, key);

	if (n)
		return n;
	switch (sq_dir_misses_find(&g->misses, key)) {
	case SQ_DIR_MISS_OUTSIDE:
		return NULL;
	case SQ_DIR_MISS_IGNORED:
		w->stats.n_ignored++;
		return NULL;
	default:
		break;
	}
	sq_place_resolve(w, g, key);
	return sq_dir_table_find(&g->dirs, key);
}

/* ---- files ---- */

static void apply_file(struct sq_watch *w, struct sq_dir_node *n, struct sq_slice name)
{
	struct sq_watch_root *r = n->root;
	struct sq_slice path = entry_path(w, n, name);

	count_event(r);
	if (!path.n)
		return;
	if (sq_ignore_is_rule_file(path)) {
		sq_pending_flags(r, SQ_PENDING_RULES);
		return;
	}
	if (n->flags & SQ_DIR_RULES_ONLY || sq_ignore_is_editor_temp(name) ||
	    (w->cfg.want && !w->cfg.want(path)) ||
	    (r->ignore && sq_ignore_match(r->ignore, path, false))) {
		count_ignored(r);
		return;
	}
	sq_pending_path(r, path, SQ_CHANGE_FILE);
}

static void apply_file_name(struct sq_watch *w, struct sq_watch_group *g,
			    const struct sq_fan_name *at,
			    const struct sq_watch_root *only)
{
	struct sq_dir_node *n = at->is_set ? lookup(w, g, &at->dir) : NULL;

	for (; n; n = sq_dir_node_same(n))
		if (is_for(n, only))
			apply_file(w, n, at->name);
}

/* ---- directories ---- */

/* is the directory @name of @n one to watch? reports it as changed */
static enum sq_place_class report_dir(struct sq_watch *w, struct sq_dir_node *n,
				      struct sq_slice name)
{
	struct sq_slice path = entry_path(w, n, name);
	enum sq_place_class class;

	count_event(n->root);
	if (!path.n)
		return SQ_PLACE_IGNORED;
	class = sq_place_class(n->root, path);
	if (class == SQ_PLACE_IGNORED)
		count_ignored(n->root);
	if (class == SQ_PLACE_PASS)
		sq_pending_path(n->root, path, SQ_CHANGE_SUBTREE);
	return class;
}

/*
 * T2: the table follows each event at once, because a directory that it lacks
 * costs a question to the kernel; and it may be wrong for the time of a drain.
 * T1: nobody answers questions, so only the disk is believed: what an event
 * names is noted, and looked at when the drain ends.
 */
static bool is_t2(const struct sq_watch_group *g)
{
	return g->fan.tier == SQ_WATCH_FILESYSTEM;
}

/* Return: whether it was known in that root before */
static bool enter_dir(struct sq_watch_group *g, struct sq_dir_node *parent, struct sq_slice name,
		      const struct sq_dir_key *child, enum sq_place_class class)
{
	struct sq_watch_root *root = parent->root;
	bool is_known = sq_dir_table_find_in(&g->dirs, root, child) != NULL;
	uint8_t flags = class == SQ_PLACE_RULES ? SQ_DIR_RULES_ONLY : 0;
	struct sq_dir_node *n;
	int r;

	r = sq_place_insert(g, parent, name, child, flags, &n);
	if (r == -ELOOP)
		sq_place_break_loop(g, root, child);
	else if (r < 0)
		sq_pending_flags(root, SQ_PENDING_RESCAN);
	return is_known;
}

static void apply_dir_at(struct sq_watch_group *g, struct sq_dir_node *parent,
			 const struct sq_fan_event *e)
{
	struct sq_watch *w = parent->root->w;
	enum sq_place_class class = report_dir(w, parent, e->at.name);
	bool is_created = e->mask & FAN_CREATE, is_deleted = e->mask & FAN_DELETE;
	struct sq_dir_node *n;

	if (class == SQ_PLACE_IGNORED) {
		if (is_created && e->child.n)
			sq_dir_misses_add(&g->misses, &e->child, SQ_DIR_MISS_IGNORED);
		return;
	}
	/* merged events have no order, and without a handle there is only the disk to ask */
	if (!is_t2(g) || !e->child.n || (is_created && is_deleted)) {
		sq_place_note(g, parent, e->at.name);
		return;
	}
	n = sq_dir_table_find_in(&g->dirs, parent->root, &e->child);
	if (is_deleted && n && n->parent)
		sq_place_forget(g, n);
	else if (is_created)
		(void)enter_dir(g, parent, e->at.name, &e->child,
				class);       /* new: never known */
}

/* Return: whether a root itself was removed */
static bool is_root(const struct sq_watch_group *g, const struct sq_dir_key *key)
{
	struct sq_dir_node *n = sq_dir_table_find(&g->dirs, key);

	while (n && n->parent)
		n = sq_dir_node_same(n);
	return n;
}

static void apply_dir(struct sq_watch *w, struct sq_watch_group *g, const struct sq_fan_event *e,
		      const struct sq_watch_root *only)
{
	struct sq_dir_node *n, *next;

	/* DELETE_SELF comes only when nobody has it open any more, and we have */
	if (e->mask & FAN_DELETE && e->child.n && is_root(g, &e->child))
		g->has_moved = true;
	n = lookup(w, g, &e->at.dir);
	if (!n && e->mask & FAN_CREATE && e->child.n) {
		/* as its parent: no question to the kernel for each new directory of a storm */
		enum sq_dir_miss kind = sq_dir_misses_find(&g->misses, &e->at.dir);

		if (kind != SQ_DIR_MISS_UNKNOWN)
			sq_dir_misses_add(&g->misses, &e->child, kind);
	}
	for (; n; n = next) {
		next = sq_dir_node_same(n);
		if (is_for(n, only))
			apply_dir_at(g, n, e);
	}
}

/* ---- renamed directories ---- */

/* the spots of one side of a rename */
static void note_side(struct sq_watch *w, struct sq_watch_group *g, const struct sq_fan_name *at,
		      const struct sq_watch_root *only)
{
	struct sq_dir_node *n = at->is_set ? lookup(w, g, &at->dir) : NULL;

	for (; n; n = sq_dir_node_same(n))
		if (is_for(n, only) && report_dir(w, n, at->name) != SQ_PLACE_IGNORED)
			sq_place_note(g, n, at->name);
}

/* where the table has the moved directory: perhaps not there any more */
static void note_known(struct sq_watch_group *g, const struct sq_dir_key *child,
		       const struct sq_watch_root *only)
{
	struct sq_dir_node *n = sq_dir_table_find(&g->dirs, child);

	for (; n; n = sq_dir_node_same(n))
		if (n->parent && is_for(n, only))
			sq_place_note(g, n->parent, sq_slice(n->name, n->n_name));
}

/* nodes of the moved directory in roots that it left, or where it is ignored now */
static void forget_moved(struct sq_watch *w, struct sq_watch_group *g, const struct sq_fan_event *e,
			 const struct sq_watch_root *only)
{
	struct sq_dir_node *n = sq_dir_table_find(&g->dirs, &e->child), *next;

	for (; n; n = next) {
		struct sq_dir_node *to;
		struct sq_slice path;

		next = sq_dir_node_same(n);
		if (!n->parent || !is_for(n, only))
			continue;
		to = sq_dir_table_find_in(&g->dirs, n->root, &e->to.dir);
		path = to ? entry_path(w, to, e->to.name) : SQ_SLICE_NULL;
		if (!path.n || sq_place_class(n->root, path) == SQ_PLACE_IGNORED)
			sq_place_forget(g, n);
	}
}

/* was the place that it left one whose directories are nodes? */
static bool was_watched(struct sq_watch *w, struct sq_watch_group *g, const struct sq_fan_event *e,
			const struct sq_watch_root *root)
{
	struct sq_dir_node *n = NULL;
	struct sq_slice path;

	if (e->from.is_set)
		n = sq_dir_table_find_in(&g->dirs, root, &e->from.dir);
	path = n ? entry_path(w, n, e->from.name) : SQ_SLICE_NULL;
	return path.n && sq_place_class(root, path) != SQ_PLACE_IGNORED;
}

static void enter_new_places(struct sq_watch *w, struct sq_watch_group *g,
			     const struct sq_fan_event *e, const struct sq_watch_root *only)
{
	struct sq_dir_node *n = sq_dir_table_find(&g->dirs, &e->to.dir), *next;

	for (; n; n = next) {
		enum sq_place_class class;
		struct sq_slice path;
		bool is_known;

		next = sq_dir_node_same(n);
		if (!is_for(n, only))
			continue;
		is_known = was_watched(w, g, e, n->root);
		path = entry_path(w, n, e->to.name);
		class = path.n ? sq_place_class(n->root, path) : SQ_PLACE_IGNORED;
		if (class == SQ_PLACE_IGNORED) {
			sq_dir_misses_add(&g->misses, &e->child, SQ_DIR_MISS_IGNORED);
			continue;
		}
		/* what is below it may have been learnt as outside or ignored */
		is_known &= enter_dir(g, n, e->to.name, &e->child, class);
		if (!is_known)
			sq_dir_misses_clear(&g->misses);
	}
}

static void apply_dir_rename(struct sq_watch *w, struct sq_watch_group *g,
			     const struct sq_fan_event *e, const struct sq_watch_root *only)
{
	/* perhaps above a root, or a root itself */
	if (!e->child.n || !sq_dir_table_find(&g->dirs, &e->child) || is_root(g, &e->child))
		g->has_moved = true;
	/* the new place first: then the node moves, with its subtree, before it is missed */
	note_side(w, g, &e->to, only);
	note_side(w, g, &e->from, only);
	if (!e->child.n)
		return;
	if (!is_t2(g)) {
		/* only the side with a mark is told */
		note_known(g, &e->child, only);
		return;
	}
	forget_moved(w, g, e, only);
	enter_new_places(w, g, e, only);
}

/* ---- events ---- */

static void apply_event(struct sq_watch *w, struct sq_watch_group *g, const struct sq_fan_event *e,
			const struct sq_watch_root *only)
{
	bool is_dir = e->mask & FAN_ONDIR;

	if (e->mask & (FAN_DELETE_SELF | FAN_MOVE_SELF))
		g->has_moved = true;
	if (e->mask & FAN_RENAME) {
		if (is_dir) {
			apply_dir_rename(w, g, e, only);
		} else {
			apply_file_name(w, g, &e->from, only);
			apply_file_name(w, g, &e->to, only);
		}
		return;
	}
	if (!e->at.is_set || sq_slice_is(e->at.name, "."))
		return;
	if (is_dir)
		apply_dir(w, g, e, only);
	else
		apply_file_name(w, g, &e->at, only);
}

static bool may_matter(const struct sq_watch *w, const struct sq_fan_name *n)
{
	if (!n->is_set)
		return false;
	if (sq_ignore_is_rule_file(n->name) || sq_slice_is(n->name, "exclude"))
		return true;
	return !sq_ignore_is_editor_temp(n->name) && (!w->cfg.want || w->cfg.want(n->name));
}

static void hold_event(struct sq_watch *w, struct sq_watch_group *g, const struct sq_fan_event *e)
{
	if (!(e->mask & FAN_ONDIR) && !may_matter(w, &e->at) &&
	    !may_matter(w, &e->from) && !may_matter(w, &e->to))
		return;
	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];

		if (r->group == g && r->state == SQ_WATCH_HOLDING)
			sq_watch_hold(r, e->raw);
	}
}

uint64_t sq_apply_buffer(struct sq_watch *w, struct sq_watch_group *g, const char *p, size_t n)
{
	const char *end = p + n;
	struct sq_fan_event e;
	uint64_t n_events = 0;
	int r;

	while ((r = sq_fan_next(&p, end, &e)) > 0) {
		n_events++;
		w->stats.n_events++;
		/* carries no record at all: looked at before anything else */
		if (e.mask & FAN_Q_OVERFLOW) {
			sq_watch_lost_events(w, g);
			continue;
		}
		if (e.pid == w->pid)
			continue;
		if (w->n_asides && sq_aside_event(w, g, &e))
			continue;
		if (g->n_holding)
			hold_event(w, g, &e);
		apply_event(w, g, &e, NULL);
	}
	if (r < 0)
		sq_watch_lost_events(w, g);
	return n_events;
}

void sq_apply_held(struct sq_watch_root *r)
{
	struct sq_watch_group *g = r->group;
	struct sq_buf held = r->held;
	const char *p = held.p, *end = held.p + held.n;
	struct sq_fan_event e;

	r->held = (struct sq_buf)SQ_BUF_NULL;
	r->w->event_ns = r->held_ns;
	/* they were parsed before they were held */
	while (held.n && sq_fan_next(&p, end, &e) > 0)
		apply_event(r->w, g, &e, r);
	sq_buf_deinit(&held);
}

void sq_apply_end(struct sq_watch *w, struct sq_watch_group *g)
{
	if (g->spots.n)
		sq_place_settle(w, g, true);
	if (g->has_moved)
		sq_place_check_roots(w, g);
	g->has_moved = false;
}
