/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/handle.h"
#include "watch/watcher.h"

/*
 * Directories that hold no source but say something about a root: those where
 * git keeps refs, that of a user's ignore file. They are no nodes of the table:
 * most lie outside of the root, and nothing in them is ever indexed.
 */

static void aside_deinit(struct sq_aside *a)
{
	sq_free(a->handle);
	sq_free(a->name);
	a->fd = sq_fd_close(a->fd);
}

static struct sq_dir_key key_of(const struct sq_aside *a)
{
	return (struct sq_dir_key){ a->handle->fsid, a->handle->bytes, a->handle->type, a->handle->n_bytes };
}

/* an event asks the filter first: a bit of each hash */
static void filter_all(struct sq_watch *w)
{
	memset(w->aside_filter, 0, sizeof(w->aside_filter));
	w->n_asides = 0;
	for (size_t i = 0; i < w->roots.n; i++)
		for (size_t k = 0; k < w->roots.v[i]->asides.n; k++) {
			uint64_t hash = w->roots.v[i]->asides.v[k].hash;

			w->aside_filter[hash / 64 % SQ_ASIDE_WORDS] |= 1ULL << (hash % 64);
			w->n_asides++;
		}
}

bool sq_aside_has(const struct sq_watch *w, const struct sq_dir_key *key, const struct sq_watch_root *but)
{
	for (size_t i = 0; i < w->roots.n; i++)
		for (size_t k = 0; k < w->roots.v[i]->asides.n; k++) {
			struct sq_dir_key has = key_of(&w->roots.v[i]->asides.v[k]);

			if (w->roots.v[i] != but && sq_dir_key_eq(&has, key))
				return true;
		}
	return false;
}

/* T1: the mark is one for all who want it */
static void unmark(struct sq_watch_root *r, const struct sq_aside *a)
{
	struct sq_dir_key key = key_of(a);

	if (r->group && r->group->fan.tier == SQ_WATCH_DIRECTORY &&
	    !sq_dir_table_find(&r->group->dirs, &key) && !sq_aside_has(r->w, &key, r))
		sq_fan_unmark_dir(&r->group->fan, a->fd);
}

static void drop(struct sq_watch_root *r, struct sq_aside *v, size_t n, bool is_unmarked)
{
	for (size_t i = 0; i < n; i++) {
		if (is_unmarked)
			unmark(r, &v[i]);
		aside_deinit(&v[i]);
	}
}

void sq_aside_leave(struct sq_watch_root *r)
{
	drop(r, r->asides.v, r->asides.n, true);
	sq_vec_deinit(&r->asides);
	filter_all(r->w);
}

static int aside_init(struct sq_watch_root *r, const struct sq_watch_aside *want, struct sq_aside *a)
{
	bool is_new;
	uint64_t fsid;
	struct stat st;
	struct sq_handle h;
	struct sq_dir_key key;
	int err;

	*a = (struct sq_aside){ .fd = -1, .what = want->what };
	a->fd = open(want->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (a->fd < 0 || fstat(a->fd, &st))
		return sq_error_origin(-errno);
	err = sq_watch_root_reach(r, a->fd, (uint64_t)st.st_dev, &fsid, &is_new);
	if (!err && r->group->fan.tier == SQ_WATCH_DIRECTORY)
		err = sq_fan_mark_dir(&r->group->fan, a->fd, false);
	if (!err)
		err = sq_place_key_of(a->fd, &h, &key);
	if (err < 0)
		return sq_error_trace(err);
	a->handle = sq_memdup(&h, sizeof(h));
	a->name = want->name ? sq_strdup(want->name) : NULL;
	if (!a->handle || (want->name && !a->name))
		return sq_error_origin(-ENOMEM);
	a->hash = sq_dir_key_hash(&key);
	return 0;
}

static bool is_just_missing(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES;
}

int sq_watch_asides(struct sq_watch_root *r, const struct sq_watch_aside *v, size_t n)
{
	struct { struct sq_aside *v; size_t n, cap; } old = { NULL, 0, 0 };
	struct sq_watch *w = r->w;
	int err = 0;

	sq_lock(&w->lock);
	old.v = r->asides.v;
	old.n = r->asides.n;
	old.cap = r->asides.cap;
	memset(&r->asides, 0, sizeof(r->asides));
	if (!r->group)
		err = sq_error_origin(-EOPNOTSUPP);
	for (size_t i = 0; i < n && !err; i++) {
		struct sq_aside a;
		int one = aside_init(r, &v[i], &a);

		if (!one)
			one = sq_vec_push(&r->asides, a);
		if (one < 0)
			aside_deinit(&a);
		if (one < 0 && !is_just_missing(one))
			err = one;
	}
	/* after the new ones are in: what both want keeps its mark */
	for (size_t i = 0; i < old.n; i++) {
		struct sq_dir_key key = key_of(&old.v[i]);

		drop(r, &old.v[i], 1, !sq_aside_has(w, &key, NULL));
	}
	sq_vec_deinit(&old);
	filter_all(w);
	sq_unlock(&w->lock);
	return err;
}

/* ---- events ------------------------------------------------------------------ */

static bool counts(const struct sq_aside *a, struct sq_slice name)
{
	if (a->name)
		return sq_slice_is(name, a->name);
	/* git writes X.lock, then renames it to X */
	return !sq_slice_has_suffix(name, SQ_LIT(".lock"));
}

/* Return: is it one of the directories? */
static bool one_name(struct sq_watch *w, const struct sq_watch_group *g, const struct sq_fan_name *at)
{
	uint64_t hash = sq_dir_key_hash(&at->dir);
	bool is_one = false;

	if (!(w->aside_filter[hash / 64 % SQ_ASIDE_WORDS] >> (hash % 64) & 1))
		return false;
	for (size_t i = 0; i < w->roots.n; i++) {
		struct sq_watch_root *r = w->roots.v[i];

		for (size_t k = 0; r->group == g && k < r->asides.n; k++) {
			const struct sq_aside *a = &r->asides.v[k];
			struct sq_dir_key key = key_of(a);

			if (a->hash != hash || !sq_dir_key_eq(&key, &at->dir))
				continue;
			is_one = true;
			if (counts(a, at->name))
				sq_pending_flags(r, a->what == SQ_ASIDE_RULES ? SQ_PENDING_RULES : SQ_PENDING_GIT);
		}
	}
	return is_one && !sq_dir_table_find(&g->dirs, &at->dir);
}

bool sq_aside_event(struct sq_watch *w, const struct sq_watch_group *g, const struct sq_fan_event *e)
{
	const struct sq_fan_name *sides[] = { &e->at, &e->from, &e->to };
	unsigned n_set = 0, n_aside = 0;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(sides); i++) {
		if (!sides[i]->is_set)
			continue;
		n_set++;
		n_aside += one_name(w, g, sides[i]);
	}
	return n_set && n_aside == n_set;
}
