/* SPDX-License-Identifier: MIT */
#include "rebuild/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static bool want(struct sq_slice path)
{
	return sq_lang_detect(path) != SQ_LANG_NONE;
}

static void empty(struct sq_plan *p)
{
	for (size_t i = 0; i < p->found.n; i++)
		sq_discovery_free(p->found.v[i]);
	p->n = p->n_read = p->n_removed = p->n_moved = p->found.n = p->gone.n = p->linked.n = 0;
	p->read_bytes = 0;
}

void sq_plan_deinit(struct sq_plan *p)
{
	empty(p);
	sq_vec_deinit(&p->found);
	sq_vec_deinit(&p->gone);
	sq_vec_deinit(&p->linked);
	sq_free(p->v);
	p->v = NULL;
	p->n = p->cap = 0;
}

static int add(struct sq_plan *p, const struct sq_plan_item *item)
{
	int r = sq_vec_push(p, *item);

	if (r < 0)
		return sq_error_trace(r);
	if (item->what == SQ_PLAN_READ) {
		p->n_read++;
		p->read_bytes += item->id.size;
	}
	p->n_removed += item->what == SQ_PLAN_REMOVE;
	return 0;
}

/* a file that is there: does the version say the same of it already? */
/* @what: SQ_CHANGE_*: FILE: an event named it, so its bytes are looked at whatever its identity says */
static int add_found(struct sq_plan *p, const struct sq_found_file *f, const struct sq_bound *bound, uint8_t what)
{
	struct sq_plan_item item = { .path = f->path, .id = f->id, .skip = f->skip,
				     .is_named = what & SQ_CHANGE_FILE, .must_parse = what & SQ_CHANGE_PARSE };

	if (bound && !item.is_named && sq_identity_eq(&f->id, (const void *)bound->identity) &&
	    (!f->skip || f->skip == bound->skip))
		return 0;
	item.what = f->skip ? SQ_PLAN_SKIP : SQ_PLAN_READ;
	return add(p, &item);
}

static int add_gone(struct sq_plan *p, const struct sq_bound *bound)
{
	struct sq_plan_item item = { .path = bound->path, .bound = bound, .what = SQ_PLAN_REMOVE };

	return add(p, &item);
}

/* ---- files that moved ------------------------------------------------------- */

static const struct sq_identity *identity_of(const struct sq_bound *b)
{
	return (const void *)b->identity;
}

static int by_inode(const void *pa, const void *pb)
{
	const struct sq_identity *a = identity_of(*(const struct sq_bound *const *)pa);
	const struct sq_identity *b = identity_of(*(const struct sq_bound *const *)pb);

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return a->dev < b->dev ? -1 : a->dev > b->dev;
}

static int by_content(const void *pa, const void *pb)
{
	const struct sq_bound *a = *(const struct sq_bound *const *)pa, *b = *(const struct sq_bound *const *)pb;

	return a->content_hash < b->content_hash ? -1 : a->content_hash > b->content_hash;
}

static int collect_gone(struct sq_plan *p)
{
	int r = 0;

	for (size_t i = 0; i < p->n && r >= 0; i++)
		if (p->v[i].what == SQ_PLAN_REMOVE && !p->v[i].bound->skip && p->v[i].bound->lang != SQ_LANG_NONE)
			r = sq_vec_push(&p->gone, p->v[i].bound);
	return r < 0 ? sq_error_trace(r) : 0;
}

/* The directory that a file lies in can be renamed without a trace in the file:
 * its identity says that the bytes are those that were read. Times too young to
 * be trusted were never kept, so they are not equal. */
static void move(struct sq_plan *p, struct sq_plan_item *item)
{
	struct sq_bound key, *pkey = &key;
	const struct sq_bound **found;

	if (item->what != SQ_PLAN_READ || item->is_named)
		return;
	memcpy(key.identity, &item->id, sizeof(key.identity));
	found = bsearch(&pkey, p->gone.v, p->gone.n, sizeof(*p->gone.v), by_inode);
	if (!found || !sq_identity_eq(identity_of(*found), &item->id) ||
	    (*found)->lang != sq_lang_detect(item->path))
		return;
	item->what = SQ_PLAN_MOVE;
	item->bound = *found;
	p->n_read--;
	p->read_bytes -= item->id.size;
	p->n_moved++;
}

/* what is dropped here and turns up there keeps what it says */
static int match_moves(struct sq_plan *p)
{
	int r;

	if (!p->n_removed || !p->n_read)
		return 0;
	r = collect_gone(p);
	if (r < 0 || !p->gone.n)
		return r;
	qsort(p->gone.v, p->gone.n, sizeof(*p->gone.v), by_inode);
	for (size_t i = 0; i < p->n; i++)
		move(p, &p->v[i]);
	qsort(p->gone.v, p->gone.n, sizeof(*p->gone.v), by_content);
	return 0;
}

const struct sq_bound *sq_plan_gone(const struct sq_plan *p, enum sq_lang lang, uint64_t content_hash, uint64_t size)
{
	struct sq_bound key = { .content_hash = content_hash }, *pkey = &key;
	const struct sq_bound **found;

	if (!p->gone.n)
		return NULL;
	found = bsearch(&pkey, p->gone.v, p->gone.n, sizeof(*p->gone.v), by_content);
	/* of several with one content and two languages the wrong one may be met: then it is parsed */
	return found && (*found)->size_bytes == size && (*found)->lang == lang ? *found : NULL;
}

static bool is_below(struct sq_slice path, struct sq_slice dir)
{
	return !dir.n || (path.n > dir.n && path.p[dir.n] == '/' && sq_slice_has_prefix(path, dir));
}

/* files of the version below @dir that the walk did not meet */
static int add_missing(struct sq_plan *p, struct sq_slice dir, const uint8_t *met)
{
	int r;

	for (sq_file f = 0; f < p->prior->n_file_ids; f++) {
		const struct sq_bound *bound = sq_version_bound(p->prior, f);

		if (!bound || (met[f / 8] >> (f % 8) & 1) || !is_below(bound->path, dir))
			continue;
		r = add_gone(p, bound);
		if (r < 0)
			return sq_error_trace(r);
	}
	return 0;
}

/* compare one walk of @dir with the version */
static int compare(struct sq_plan *p, const struct sq_discovery *d, struct sq_slice dir, bool always)
{
	const struct sq_version *v = p->prior;
	_cleanup_(sq_freep) uint8_t *met = sq_calloc(v->n_file_ids / 8 + 1, 1);
	int r;

	if (!met)
		return sq_error_origin(-ENOMEM);
	for (size_t i = 0; d && i < d->n_files; i++) {
		if (sq_load_relaxed(p->cancel))   /* relaxed: a request to stop soon */
			return -ECANCELED;
		sq_file f = v->n_file_ids ? sq_version_file(v, d->files[i].path) : SQ_FILE_NONE;
		const struct sq_bound *bound = f == SQ_FILE_NONE ? NULL : sq_version_bound(v, f);

		if (bound)
			met[f / 8] |= (uint8_t)(1u << (f % 8));
		r = add_found(p, &d->files[i], bound, always ? SQ_CHANGE_FILE : 0);
		if (r < 0)
			return sq_error_trace(r);
	}
	return add_missing(p, dir, met);
}

struct mark_arg { struct sq_watch_root *root; };

static void mark_dir(void *arg, int dir_fd, struct sq_slice path)
{
	struct mark_arg *m = arg;

	sq_watch_mark_dir(m->root, dir_fd, path);
}

/* walk @below; what was found belongs to the plan. *ret_d NULL: it is not a directory any more */
static int walk(struct sq_build *b, struct sq_plan *p, struct sq_slice below, struct sq_discovery **ret_d)
{
	struct sq_rebuild *rb = b->rb;
	struct sq_bridge_rules rules;
	/* source packages carry ignore files that hide all of their sources from git */
	struct sq_ignore_config cfg = {
		.excludes = sq_rules_excludes(rb), .use_gitignore = rb->cfg.use_gitignore,
		.needs_work_tree = true, .user_files = rules.files,
	};
	struct mark_arg mark = { .root = b->watch };   /* the runner alone replaces it */
	struct sq_discover_opts opts = {
		.want = want, .max_bytes = rb->cfg.max_file_bytes, .cancel = &b->turn_cancel,
		.on_dir = b->watch ? mark_dir : NULL, .on_dir_arg = &mark, .below = below,
	};
	struct sq_discovery *d = NULL;
	int r = sq_vec_reserve(&p->found, 1);

	if (r < 0)
		return sq_error_trace(r);
	sq_bridge_rules(b, &rules);
	r = sq_discover(b->root_fd, &cfg, &opts, below.n ? NULL : p->par, &d);
	if (below.n && (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)) {
		*ret_d = NULL;
		return 0;
	}
	if (r < 0)
		return sq_error_trace(r);
	p->found.v[p->found.n++] = d;
	*ret_d = d;
	return 0;
}

int sq_plan_whole(struct sq_build *b, struct sq_plan *p, bool all)
{
	struct sq_discovery *d;
	int r;

	empty(p);
	r = walk(b, p, SQ_LIT(""), &d);
	if (r < 0)
		return sq_error_trace(r);
	r = sq_build_set_rules(b, d);
	if (r < 0)
		return sq_error_trace(r);
	if (b->watch) {
		r = sq_watch_ready(b->watch, d->dirs, d->n_dirs, d->ignore);
		if (r < 0)
			return sq_error_trace(r);
	}
	r = compare(p, d, SQ_LIT(""), all);
	return r < 0 || all ? r : match_moves(p);
}

static int plan_file(struct sq_build *b, struct sq_plan *p, struct sq_slice path, uint8_t what)
{
	sq_file f = sq_version_file(p->prior, path);
	const struct sq_bound *bound = f == SQ_FILE_NONE ? NULL : sq_version_bound(p->prior, f);
	struct sq_found_file found = { .path = path };
	enum sq_skip skip = SQ_SKIP_NONE;
	uint32_t n_links = 0;
	int r;

	if (!want(path) || sq_ignore_match_deep(b->ignore, path, false))
		return bound ? add_gone(p, bound) : 0;
	r = sq_tree_stat_links(b->root_fd, path, b->rb->cfg.max_file_bytes, &found.id, &skip, &n_links);
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return bound ? add_gone(p, bound) : 0;
	if (r == -EACCES || r == -EPERM || r == -EIO)
		skip = SQ_SKIP_UNREADABLE;
	else if (r < 0)
		return sq_error_trace(r);
	found.skip = (uint8_t)skip;
	if (n_links > 1 && what & SQ_CHANGE_FILE && sq_vec_push(&p->linked, found.id) < 0)
		return sq_error_origin(-ENOMEM);
	return add_found(p, &found, bound, what);
}

static int plan_not_a_file(struct sq_plan *p, const struct sq_discovery *d, struct sq_slice path)
{
	sq_file f = sq_version_file(p->prior, path);

	/* a directory that can't be read is listed under its own name, first of all */
	if (d->n_files && sq_slice_eq(d->files[0].path, path))
		return 0;
	return f == SQ_FILE_NONE ? 0 : add_gone(p, sq_version_bound(p->prior, f));
}

static int plan_subtree(struct sq_build *b, struct sq_plan *p, struct sq_slice dir)
{
	struct sq_discovery *d = NULL;
	int r;

	if (sq_build_has_rules_below(b, dir))
		return SQ_PLAN_E_RULES;
	if (!sq_ignore_match_deep(b->ignore, dir, true)) {
		r = walk(b, p, dir, &d);
		if (r < 0)
			return sq_error_trace(r);
	}
	for (size_t i = 0; d && i < d->n_dirs; i++)
		if (sq_build_dir_has_rules(b, d->dirs[i].path))
			return SQ_PLAN_E_RULES;
	if (b->watch) {
		r = sq_watch_dirs_changed(b->watch, dir, d ? d->dirs : NULL, d ? d->n_dirs : 0);
		if (r < 0)
			return sq_error_trace(r);
	}
	r = compare(p, d, dir, false);
	if (r < 0)
		return sq_error_trace(r);
	/* a file may have taken the directory's place, or the reverse */
	return d ? plan_not_a_file(p, d, dir) : plan_file(b, p, dir, SQ_CHANGE_FILE);
}

/* ---- hard links -------------------------------------------------------------- */

static int identity_cmp(const void *pa, const void *pb)
{
	const struct sq_identity *a = pa, *b = pb;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return a->dev < b->dev ? -1 : a->dev > b->dev;
}

static bool is_named(const struct sq_change_set *set, struct sq_slice path)
{
	size_t lo = 0, hi = set->n_changes;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = sq_slice_cmp(set->changes[mid].path, path);

		if (!c)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* an event names the path that was written; the inode's other paths say the same now */
static int plan_links(struct sq_build *b, struct sq_plan *p, const struct sq_change_set *set)
{
	int r = 0;

	if (!p->linked.n)
		return 0;
	qsort(p->linked.v, p->linked.n, sizeof(*p->linked.v), identity_cmp);
	for (sq_file f = 0; f < p->prior->n_file_ids && !r; f++) {
		const struct sq_bound *bound = sq_version_bound(p->prior, f);

		/* below a subtree that is walked, identities are compared anyway */
		if (bound && bsearch(identity_of(bound), p->linked.v, p->linked.n, sizeof(*p->linked.v), identity_cmp) &&
		    !is_named(set, bound->path) && !sq_change_set_covers(set, bound->path))
			r = plan_file(b, p, bound->path, SQ_CHANGE_FILE);
	}
	return r;
}

int sq_plan_changes(struct sq_build *b, struct sq_plan *p, const struct sq_change_set *set)
{
	int r = 0;

	empty(p);
	for (size_t i = 0; i < set->n_changes && !r; i++) {
		const struct sq_change *c = &set->changes[i];

		if (sq_load_relaxed(p->cancel))   /* relaxed: a request to stop soon */
			return -ECANCELED;
		if (!c->path.n)
			return SQ_PLAN_E_RULES;   /* the root itself: compare everything */
		r = c->what & SQ_CHANGE_SUBTREE ? plan_subtree(b, p, c->path) :
			plan_file(b, p, c->path, c->what);
	}
	if (!r)
		r = plan_links(b, p, set);
	if (r > 0)
		empty(p);
	else if (!r)
		r = match_moves(p);
	return r < 0 ? sq_error_trace(r) : r;
}
