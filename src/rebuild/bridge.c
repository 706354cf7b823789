/* SPDX-License-Identifier: MIT */
#include "rebuild/bridge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "rebuild/build.h"

enum { MAX_ASIDES = 32, MAX_TRIES = 4, MAX_PATHS = 20000 };

void sq_bridge_deinit(struct sq_bridge *g)
{
	sq_free(g->excludes_file);
	sq_free(g->common_dir);
	g->excludes_file = g->common_dir = NULL;
}

/* ---- what to watch ----------------------------------------------------------- */

struct asides {
	struct sq_watch_aside v[MAX_ASIDES];
	char paths[MAX_ASIDES][PATH_MAX];
	size_t n;
};

static void want(struct asides *a, struct sq_slice dir, const char *name, enum sq_aside_what what)
{
	if (a->n == MAX_ASIDES || dir.n >= PATH_MAX)
		return;   /* a ref of so many directories: the upper ones are watched */
	(void)snprintf(a->paths[a->n], PATH_MAX, "%.*s", (int)dir.n, dir.p);
	a->v[a->n] = (struct sq_watch_aside){ a->paths[a->n], name, what };
	a->n++;
}

/* every directory from refs/ to that of the branch: a part may be made only later */
static void want_ref(struct asides *a, const struct sq_git_site *site, const char *ref)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", site->common_dir, ref);
	size_t top = strlen(site->common_dir) + 1;

	if (n >= (int)sizeof(path) || strncmp(ref, "refs/", 5))
		return;   /* detached: HEAD alone says it */
	for (const char *slash = strchr(path + top, '/'); slash; slash = strchr(slash + 1, '/'))
		want(a, sq_slice(path, (size_t)(slash - path)), NULL, SQ_ASIDE_GIT);
}

static void want_entry(struct asides *a, const char *root, const char *name)
{
	char dir[PATH_MAX];
	int n = snprintf(dir, sizeof(dir), "%s/.git", root);

	if (n < (int)sizeof(dir))
		want(a, sq_slice_z(dir), name, SQ_ASIDE_GIT);
}

static void want_rules(struct asides *a, const struct sq_git_site *site)
{
	char info[PATH_MAX];
	const char *slash = site->excludes_file ? strrchr(site->excludes_file, '/') : NULL;
	int n = snprintf(info, sizeof(info), "%s/info", site->common_dir);

	if (n < (int)sizeof(info))
		want(a, sq_slice_z(info), "exclude", SQ_ASIDE_RULES);
	if (slash && slash > site->excludes_file)
		want(a, sq_slice(site->excludes_file, (size_t)(slash - site->excludes_file)), slash + 1,
		     SQ_ASIDE_RULES);
}

/* Return: whether all of it is watched */
static bool watch_site(struct sq_build *b, const struct sq_git_site *site, const char *ref)
{
	struct asides *a = sq_malloc(sizeof(*a));
	int r = -ENOMEM;

	if (!a)
		return false;
	a->n = 0;
	if (site->git_dir) {
		want(a, sq_slice_z(site->git_dir), "HEAD", SQ_ASIDE_GIT);
		want(a, sq_slice_z(site->common_dir), "packed-refs", SQ_ASIDE_GIT);
		want(a, sq_slice_z(site->common_dir), "config", SQ_ASIDE_GIT);
		want_ref(a, site, ref);
		want_rules(a, site);
	} else {
		/* one that is just being made, or that can't be read: until it can */
		want_entry(a, b->ws->key.root.p, "HEAD");
		want_entry(a, b->ws->key.root.p, "config");
	}
	/* the lock, so that the root is not removed beneath us */
	sq_lock(&b->ws->record);
	if (b->watch)
		r = sq_watch_asides(b->watch, a->v, a->n);
	sq_unlock(&b->ws->record);
	sq_free(a);
	return r >= 0;
}

/* ---- reading ----------------------------------------------------------------- */

struct look {
	struct sq_git_site site;
	struct sq_git_snapshot now;
	bool is_git, is_blind;
};

/* the ref is watched before it is read, so that what comes after is told */
static void look_at_git(struct sq_build *b, struct look *l)
{
	const char *root = b->ws->key.root.p;
	struct sq_git_snapshot before;
	int r;

	memset(l, 0, sizeof(*l));
	r = sq_git_site_find(root, &l->site);
	l->is_git = !r;
	if (!l->is_git) {
		(void)watch_site(b, &l->site, "");   /* nothing is missed but that it became readable */
		return;
	}
	sq_git_snapshot_read(root, &l->now);
	for (unsigned i = 0; i < MAX_TRIES; i++) {
		before = l->now;
		l->is_blind = !watch_site(b, &l->site, before.ref);
		sq_git_snapshot_read(root, &l->now);
		if (!strcmp(before.ref, l->now.ref))
			return;
	}
	l->is_blind = true;   /* it moves faster than we look: look again every time */
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void set_text(char **text, char *owned)
{
	sq_free(*text);
	*text = owned;
}

/* Return: whether the user's ignore file is another one than before */
static bool keep_locked(struct sq_bridge *g, struct look *l)
{
	bool differs = l->is_git && !same_text(g->excludes_file, l->site.excludes_file);

	g->is_git = l->is_git;
	g->is_blind = l->is_blind;
	g->seen = l->now;
	g->n_looked++;
	(void)snprintf(g->why, sizeof(g->why), "%s", l->site.why);
	if (differs)
		set_text(&g->excludes_file, SQ_TAKE(l->site.excludes_file));
	set_text(&g->common_dir, SQ_TAKE(l->site.common_dir));
	return differs;
}

void sq_bridge_rules(struct sq_build *b, struct sq_bridge_rules *ret)
{
	size_t n = 0;
	int len;

	memset(ret->files, 0, sizeof(ret->files));
	if (faccessat(b->root_fd, ".git", F_OK, AT_SYMLINK_NOFOLLOW))
		return;
	sq_lock(&b->ws->record);
	len = snprintf(ret->info, sizeof(ret->info), "%s/info/exclude", b->bridge.common_dir ? b->bridge.common_dir : "");
	if (b->bridge.common_dir && len < (int)sizeof(ret->info))
		ret->files[n++] = ret->info;
	len = snprintf(ret->user, sizeof(ret->user), "%s", b->bridge.excludes_file ? b->bridge.excludes_file : "");
	if (b->bridge.excludes_file && len < (int)sizeof(ret->user))
		ret->files[n] = ret->user;
	sq_unlock(&b->ws->record);
}

/* HZ-13: one of the two writers of the baseline; the other is a publish */
void sq_bridge_watch(struct sq_build *b)
{
	struct look l;

	look_at_git(b, &l);
	sq_lock(&b->ws->record);
	(void)keep_locked(&b->bridge, &l);   /* the walk that follows reads it anyway */
	/* GB-02 GB-03: what a publish wrote is not overwritten */
	if (l.is_git && !b->has_baseline) {
		b->baseline = l.now;
		b->has_baseline = true;
	}
	sq_unlock(&b->ws->record);
	sq_git_site_deinit(&l.site);
}

/* ---- the watch thread -------------------------------------------------------- */

/* more than this, and one walk is cheaper than all these paths */
struct paths { struct sq_change_set *set; size_t n_left; };

static int add_path(void *arg, struct sq_slice path, bool is_dir)
{
	struct paths *p = arg;

	if (!p->n_left--)
		return sq_error_origin(-E2BIG);
	p->set->rules_changed |= sq_ignore_is_rule_file(path);
	return sq_change_set_add(p->set, path, is_dir ? SQ_CHANGE_SUBTREE : SQ_CHANGE_DOUBT);
}

/* files may differ that no event named: those of the trees' difference */
static bool add_difference(struct sq_build *b, const struct sq_git_snapshot *from, struct sq_work *work)
{
	struct paths p = { .set = work->changes, .n_left = MAX_PATHS };
	int r = sq_git_diff(b->ws->key.root.p, from, &work->snapshot, add_path, &p);

	sq_change_set_sort(work->changes);
	return !r;
}

/* a set that names no file may be nothing to do */
static bool asks_for_turn(const struct sq_work *work, bool is_published)
{
	const struct sq_change_set *set = work->changes;

	/* WB-10: nothing at all */
	if (set->n_changes || set->rescan || set->rules_changed || set->root_gone)
		return true;
	/* WB-11 */
	if (!sq_git_class_forces_full((enum sq_git_class)work->git_class))
		return false;
	/* WB-12, but HZ-06: a turn that failed may have left what a checkout wrote unpublished */
	return !is_published;
}

/* Return: whether the tree that git names now is the published one */
static bool classify_locked(const struct sq_build *b, struct sq_work *work)
{
	const struct sq_git_snapshot *seen = &b->bridge.seen;

	if (!b->bridge.is_git)
		return false;
	/* WB-20: against what is published now */
	work->git_class = (uint8_t)(b->has_baseline ? sq_git_classify(&b->baseline, seen) : SQ_GIT_BRANCH_SWITCH);
	work->git_state_changed = work->git_class > SQ_GIT_NOISE;
	sq_work_set_snapshot(work, seen);
	return b->has_baseline && sq_git_same_tree(&b->baseline, seen);
}

/* WB-13 GB-07: the quiet window is closed */
static void look_again(struct sq_build *b, struct sq_change_set *set)
{
	struct look l;
	bool must_look;

	sq_lock(&b->ws->record);
	/* a .git that came or went is a rule file */
	must_look = set->git_changed || set->rules_changed || b->bridge.is_blind;
	sq_unlock(&b->ws->record);
	if (!must_look)
		return;
	look_at_git(b, &l);
	sq_lock(&b->ws->record);
	set->rules_changed |= keep_locked(&b->bridge, &l);
	sq_unlock(&b->ws->record);
	sq_git_site_deinit(&l.site);
}

bool sq_bridge_look(struct sq_build *b, struct sq_work *work)
{
	struct sq_git_snapshot from = { .known = false };
	bool is_published, passes;

	look_again(b, work->changes);
	sq_lock(&b->ws->record);
	is_published = classify_locked(b, work);
	if (b->has_baseline)
		from = b->baseline;
	passes = asks_for_turn(work, is_published);
	b->bridge.n_passed += passes;
	b->bridge.n_skipped += !passes;
	if (passes)
		b->bridge.last_class = (enum sq_git_class)work->git_class;
	sq_unlock(&b->ws->record);
	if (passes && sq_git_class_forces_full((enum sq_git_class)work->git_class))
		work->paths_known = work->has_snapshot && add_difference(b, &from, work);
	return passes;
}
