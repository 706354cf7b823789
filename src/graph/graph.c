/* SPDX-License-Identifier: MIT */
#include "graph/graph.h"

#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/time.h"
#include "base/vec.h"
#include "graph/draft_state.h"

struct pin { uint64_t generation; uint32_t n; uint64_t since_ns; };
struct sq_graph {
	const struct sq_version *current;
	struct sq_heap *heap;           /* of all pieces */
	uint64_t retained_bytes;        /* atomic */
	struct sq_bundle *bundles;      /* the writer's list */
	struct sq_draft *undone;        /* the writer's list: swapped in and out again */
	uint64_t last_generation;       /* the writer's: ever swapped in */
	struct sq_lock lock;            /* rank GRAPH: pins, n_bundles */
	SQ_VEC(struct pin) pins;        /* by ascending generation, n > 0 */
	unsigned n_bundles;
};

int sq_graph_new(struct sq_epoch *epoch, const struct sq_lang_traits *const *traits,
		 struct sq_graph **ret_g)
{
	struct sq_graph *g = sq_calloc(1, sizeof(*g));
	struct sq_version *v;
	struct sq_piece piece;
	int r;

	if (!g)
		return sq_error_origin(-ENOMEM);
	r = sq_lock_init(&g->lock, SQ_RANK_GRAPH, "graph");
	if (r < 0)
		goto out_free;
	r = sq_heap_new(&g->heap);
	if (r < 0)
		goto out_lock;
	v = sq_piece_alloc(SQ_PIECE_ROOT, (struct sq_birth){ g->heap, 0 }, sizeof(*v));
	if (!v) {
		r = sq_error_origin(-ENOMEM);
		goto out_heap;
	}
	piece = v->piece;
	*v = (struct sq_version){ .piece = piece, .traits = traits };
	v->stats.bytes_by_kind[SQ_PIECE_ROOT] = piece.n_bytes;
	(void)epoch;    /* the writer's record knows its domain */
	g->current = v;
	*ret_g = g;
	return 0;
out_heap:
	sq_heap_free(g->heap);
out_lock:
	sq_lock_deinit(&g->lock);
out_free:
	sq_free(g);
	return sq_error_trace(r);
}

static void free_version(struct sq_version *v)
{
	for (uint32_t i = 0; i < v->n_dicts; i++) {
		sq_piece_free((void *)v->dicts[i]->index);
		sq_piece_free((void *)v->dicts[i]);
	}
	for (uint32_t i = 0; i < v->n_shards; i++)
		sq_piece_free((void *)v->shards[i]);
	for (sq_file f = 0; f < v->n_file_ids; f++) {
		struct sq_file_slot s = sq_version_slot(v, f);

		sq_piece_free((void *)s.bound);
		sq_piece_free((void *)s.links);
	}
	for (uint32_t i = 0; i < v->n_chunks; i++)
		sq_piece_free((void *)v->chunks[i]);
	sq_piece_free(v);
}

/* the epoch may not have called back yet: whoever comes second frees the bundle */
static void free_undone(struct sq_draft *d)
{
	struct sq_bundle *b = SQ_TAKE(d->bundle);

	sq_draft_free(d);
	/* pairs with grace_passed() */
	if (sq_xchg_acq_rel(&b->phase, SQ_BUNDLE_ORPHAN) == SQ_BUNDLE_PASSED)
		sq_bundle_free(b);
}

struct sq_graph *sq_graph_free(struct sq_graph *g)
{
	struct sq_bundle *next;

	if (!g)
		return NULL;
	/* single pieces need not give pages back: all go in the end */
	sq_heap_close(g->heap);
	for (struct sq_draft *d = g->undone; d; d = g->undone) {
		g->undone = d->next_undone;
		free_undone(d);
	}
	for (struct sq_bundle *b = g->bundles; b; b = next) {
		next = b->next;
		sq_bundle_release(b, false, 0);
		/* pairs with grace_passed(): whoever comes second frees it */
		if (sq_xchg_acq_rel(&b->phase, SQ_BUNDLE_ORPHAN) == SQ_BUNDLE_PASSED)
			sq_bundle_free(b);
	}
	free_version((struct sq_version *)g->current);
	sq_heap_free(g->heap);
	sq_vec_deinit(&g->pins);
	sq_lock_deinit(&g->lock);
	sq_free(g);
	return NULL;
}

const struct sq_version *sq_graph_current(const struct sq_graph *g)
{
	/* pairs with sq_graph_swap(): the pieces were written before */
	return sq_load_acquire(&g->current);
}

/* index of the first pin at or above @generation; g->lock is held */
static size_t pin_at(const struct sq_graph *g, uint64_t generation)
{
	size_t i = g->pins.n;

	while (i && g->pins.v[i - 1].generation >= generation)
		i--;
	return i;
}

int sq_graph_pin(struct sq_graph *g, const struct sq_version *v)
{
	uint64_t generation = v->generation;
	size_t i;
	int r = 0;

	sq_lock(&g->lock);
	i = pin_at(g, generation);
	if (i == g->pins.n || g->pins.v[i].generation != generation) {
		r = sq_vec_reserve(&g->pins, 1);
		if (r >= 0) {
			memmove(g->pins.v + i + 1, g->pins.v + i, (g->pins.n - i) * sizeof(*g->pins.v));
			g->pins.v[i] = (struct pin){ generation, 0, sq_clock_ns() };
			g->pins.n++;
		}
	}
	if (r >= 0)
		g->pins.v[i].n++;
	sq_unlock(&g->lock);
	return sq_error_trace(r);
}

bool sq_graph_unpin(struct sq_graph *g, const struct sq_version *v)
{
	bool reclaim = false;
	size_t i;

	sq_lock(&g->lock);
	i = pin_at(g, v->generation);
	if (!--g->pins.v[i].n) {
		memmove(g->pins.v + i, g->pins.v + i + 1, (g->pins.n - i - 1) * sizeof(*g->pins.v));
		g->pins.n--;
		reclaim = g->n_bundles > 0;
	}
	sq_unlock(&g->lock);
	return reclaim;
}

static void grace_passed(struct sq_epoch_entry *entry)
{
	struct sq_bundle *b = (struct sq_bundle *)((char *)entry - offsetof(struct sq_bundle, entry));

	/* pairs with sq_graph_free() and sq_graph_reclaim() */
	if (sq_xchg_acq_rel(&b->phase, SQ_BUNDLE_PASSED) == SQ_BUNDLE_ORPHAN)
		sq_bundle_free(b);
}

void sq_graph_swap(struct sq_graph *g, const struct sq_draft *d)
{
	g->last_generation = d->v->generation;
	/* pairs with sq_graph_current() */
	sq_store_release(&g->current, d->v);
}

uint64_t sq_graph_next_generation(const struct sq_graph *g)
{
	return SQ_MAX(g->last_generation, g->current->generation) + 1;
}

void sq_graph_unswap(struct sq_graph *g, struct sq_draft *d, struct sq_epoch_record *rec)
{
	/* pairs with sq_graph_current() */
	sq_store_release(&g->current, d->base);
	/* relaxed: see sq_graph_commit() */
	sq_add_relaxed(&g->retained_bytes, sq_draft_new_bytes(d));
	d->next_undone = g->undone;
	g->undone = d;
	sq_lock(&g->lock);
	g->n_bundles++;
	sq_unlock(&g->lock);
	/* the bundle's pieces are in use again: it only tells when the grace period is over */
	sq_epoch_retire(rec, &d->bundle->entry, grace_passed);
}

void sq_graph_publish(struct sq_graph *g, struct sq_draft *d, struct sq_epoch_record *rec)
{
	sq_graph_swap(g, d);
	sq_graph_commit(g, d, rec);
}

void sq_graph_commit(struct sq_graph *g, struct sq_draft *d, struct sq_epoch_record *rec)
{
	struct sq_bundle *b = SQ_TAKE(d->bundle);

	for (size_t i = 0; i < d->entries.n; i++)
		if (d->entries.v[i].op == SQ_DRAFT_NOTHING)
			sq_piece_free(d->entries.v[i].bound);
	sq_draft_forget(d);
	/* relaxed: a sum that status reads, no data hangs on it */
	sq_add_relaxed(&g->retained_bytes, b->n_bytes);
	b->next = g->bundles;
	g->bundles = b;
	sq_lock(&g->lock);
	g->n_bundles++;
	sq_unlock(&g->lock);
	sq_epoch_retire(rec, &b->entry, grace_passed);
}

/* the highest pinned generation below @death; safe to act on after unlocking,
 * since past the grace period nobody can pin an old version afresh */
static bool pinned_below(struct sq_graph *g, uint64_t death, uint64_t *ret_held)
{
	size_t i;

	sq_lock(&g->lock);
	i = pin_at(g, death);
	if (i)
		*ret_held = g->pins.v[i - 1].generation;
	sq_unlock(&g->lock);
	return i > 0;
}

/* Return: is it gone? */
static bool reclaim_bundle(struct sq_graph *g, struct sq_bundle *b)
{
	uint64_t held = 0;
	bool any;

	/* pairs with grace_passed() */
	if (sq_load_acquire(&b->phase) != SQ_BUNDLE_PASSED)
		return false;
	any = pinned_below(g, b->death, &held);
	/* relaxed: see sq_graph_commit() */
	sq_sub_relaxed(&g->retained_bytes, sq_bundle_release(b, any, held));
	if (b->n)
		return false;
	sq_bundle_free(b);
	return true;
}

static bool is_pinned(struct sq_graph *g, uint64_t generation)
{
	size_t i;
	bool is;

	sq_lock(&g->lock);
	i = pin_at(g, generation);
	is = i < g->pins.n && g->pins.v[i].generation == generation;
	sq_unlock(&g->lock);
	return is;
}

static unsigned reclaim_undone(struct sq_graph *g, unsigned *n_gone)
{
	struct sq_draft **link = &g->undone, *d;
	unsigned n_waiting = 0;

	while ((d = *link)) {
		/* pairs with grace_passed() */
		if (sq_load_acquire(&d->bundle->phase) != SQ_BUNDLE_PASSED || is_pinned(g, d->v->generation)) {
			n_waiting++;
			link = &d->next_undone;
			continue;
		}
		*link = d->next_undone;
		sq_sub_relaxed(&g->retained_bytes, sq_draft_new_bytes(d));   /* relaxed: see sq_graph_commit() */
		free_undone(d);
		++*n_gone;
	}
	return n_waiting;
}

unsigned sq_graph_reclaim(struct sq_graph *g, struct sq_epoch_record *rec)
{
	struct sq_bundle **link = &g->bundles;
	unsigned n_waiting, n_gone = 0;

	sq_epoch_poll(rec);
	n_waiting = reclaim_undone(g, &n_gone);
	while (*link) {
		struct sq_bundle *b = *link, *next = b->next;

		if (reclaim_bundle(g, b)) {
			*link = next;
			n_gone++;
			continue;
		}
		n_waiting++;
		link = &b->next;
	}
	sq_lock(&g->lock);
	g->n_bundles -= n_gone;
	sq_unlock(&g->lock);
	return n_waiting;
}

uint64_t sq_graph_retained_at(const struct sq_graph *g, uint64_t generation)
{
	for (const struct sq_bundle *b = g->bundles; b; b = b->next)
		if (b->death == generation)
			return b->n_bytes;
	return 0;
}

uint64_t sq_graph_oldest_pin_ns(struct sq_graph *g)
{
	uint64_t ns;

	sq_lock(&g->lock);
	ns = g->pins.n ? g->pins.v[0].since_ns : 0;
	sq_unlock(&g->lock);
	return ns;
}

uint64_t sq_graph_oldest_pin_generation(struct sq_graph *g)
{
	uint64_t generation;

	sq_lock(&g->lock);
	generation = g->pins.n ? g->pins.v[0].generation : 0;
	sq_unlock(&g->lock);
	return generation;
}

struct sq_heap *sq_graph_heap(const struct sq_graph *g)
{
	return g->heap;
}

uint64_t sq_graph_retained_bytes(const struct sq_graph *g)
{
	/* relaxed: see sq_graph_commit() */
	return sq_load_relaxed(&g->retained_bytes);
}
