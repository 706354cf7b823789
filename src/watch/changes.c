/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/vec.h"
#include "watch/watch.h"

/* a set that was sorted once stays cheap to merge into: compact before growing */
enum { COMPACT_AT = 4096, COVERED = 0x80 };

struct sq_change_set_mem {
	struct sq_arena paths;
	size_t cap;
};

int sq_change_set_new(struct sq_change_set **ret_s)
{
	struct sq_change_set *s = sq_calloc(1, sizeof(*s));

	if (!s)
		return sq_error_origin(-ENOMEM);
	s->mem = sq_calloc(1, sizeof(*s->mem));
	if (!s->mem) {
		sq_free(s);
		return sq_error_origin(-ENOMEM);
	}
	*ret_s = s;
	return 0;
}

struct sq_change_set *sq_change_set_free(struct sq_change_set *s)
{
	if (!s)
		return NULL;
	sq_arena_deinit(&s->mem->paths);
	sq_free(s->mem);
	sq_free(s->changes);
	sq_free(s);
	return NULL;
}

static int make_room(struct sq_change_set *s)
{
	if (s->n_changes < s->mem->cap)
		return 0;
	if (s->n_changes >= COMPACT_AT)
		sq_change_set_sort(s);
	if (s->n_changes <= s->mem->cap / 2 && s->mem->cap)
		return 0;
	return sq_vec_grow_((void **)&s->changes, &s->mem->cap,
			    s->n_changes + 1, sizeof(*s->changes));
}

int sq_change_set_add(struct sq_change_set *s, struct sq_slice path, uint8_t what)
{
	struct sq_change *last = s->n_changes ? &s->changes[s->n_changes - 1] : NULL;
	char *copy;
	int r;

	/* one save is several events for one path in a row */
	if (last && sq_slice_eq(last->path, path)) {
		last->what |= what;
		return 0;
	}
	r = make_room(s);
	if (r < 0)
		return sq_error_trace(r);
	copy = sq_arena_memdup(&s->mem->paths, path.n ? path.p : "", path.n);
	if (!copy)
		return sq_error_origin(-ENOMEM);
	s->changes[s->n_changes++] = (struct sq_change){ sq_slice(copy, path.n), what };
	return 0;
}

static int change_cmp(const void *a, const void *b)
{
	const struct sq_change *x = a, *y = b;

	return sq_slice_cmp(x->path, y->path);
}

static struct sq_change *find(const struct sq_change_set *s, size_t n, struct sq_slice path)
{
	struct sq_change key = { path, 0 };

	if (!n)
		return NULL;
	return bsearch(&key, s->changes, n, sizeof(key), change_cmp);
}

static bool is_below_subtree(const struct sq_change_set *s, struct sq_slice path)
{
	while (path.n) {
		const struct sq_change *up;

		path = sq_path_dir(path);
		up = find(s, s->n_changes, path);
		if (up && up->what & SQ_CHANGE_SUBTREE)
			return true;
	}
	return false;
}

bool sq_change_set_covers(const struct sq_change_set *s, struct sq_slice path)
{
	return is_below_subtree(s, path);
}

static bool drop_duplicates(struct sq_change_set *s)
{
	bool has_subtree = false;
	size_t n = 0;

	for (size_t i = 0; i < s->n_changes; i++) {
		has_subtree |= s->changes[i].what & SQ_CHANGE_SUBTREE;
		if (n && sq_slice_eq(s->changes[n - 1].path, s->changes[i].path))
			s->changes[n - 1].what |= s->changes[i].what;
		else
			s->changes[n++] = s->changes[i];
	}
	s->n_changes = n;
	return has_subtree;
}

void sq_change_set_sort(struct sq_change_set *s)
{
	size_t n = 0;

	if (s->n_changes > 1)
		qsort(s->changes, s->n_changes, sizeof(*s->changes), change_cmp);
	if (!drop_duplicates(s))
		return;
	/* marked first, taken out after: the search needs the array whole */
	for (size_t i = 0; i < s->n_changes; i++)
		if (is_below_subtree(s, s->changes[i].path))
			s->changes[i].what |= COVERED;
	for (size_t i = 0; i < s->n_changes; i++)
		if (!(s->changes[i].what & COVERED))
			s->changes[n++] = s->changes[i];
	s->n_changes = n;
}

static void merge_flags(struct sq_change_set *into, const struct sq_change_set *from)
{
	into->rescan |= from->rescan;
	into->rules_changed |= from->rules_changed;
	into->root_gone |= from->root_gone;
	into->git_changed |= from->git_changed;
	into->n_events += from->n_events;
	if (from->first_event_ns &&
	    (!into->first_event_ns || from->first_event_ns < into->first_event_ns))
		into->first_event_ns = from->first_event_ns;
}

int sq_change_set_merge(struct sq_change_set *into, const struct sq_change_set *from)
{
	size_t n;
	int r;

	sq_change_set_sort(into);
	n = into->n_changes;
	/* room first: a half-merged set would have flags without paths */
	if (n + from->n_changes > into->mem->cap) {
		r = sq_vec_grow_((void **)&into->changes, &into->mem->cap,
				 n + from->n_changes, sizeof(*into->changes));
		if (r < 0)
			return sq_error_trace(r);
	}
	for (size_t i = 0; i < from->n_changes; i++) {
		const struct sq_change *c = &from->changes[i];
		struct sq_change *have = find(into, n, c->path);

		if (have) {
			have->what |= c->what;
			continue;
		}
		r = sq_change_set_add(into, c->path, c->what);
		if (r < 0)
			return sq_error_trace(r);
	}
	sq_change_set_sort(into);
	merge_flags(into, from);
	return 0;
}
