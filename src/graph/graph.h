/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * graph — the versions of one workspace: current root, pins, retired pieces.
 *
 * Readers: sq_epoch_enter(rec); v = sq_graph_current(g); ...; sq_epoch_leave(rec).
 * A reader that stays longer takes a pin inside the section, leaves, and
 * unpins when done; a pin holds back only pieces that its version uses.
 * Writer: one thread at a time makes a draft (graph/draft.h) and publishes it:
 * the root is swapped, and what the new version no longer uses is retired as
 * one bundle stamped [birth, death). A bundle is freed when its grace period
 * has passed and no pinned generation lies within a piece's life.
 * Threads: current/pin: inside a section; publish: the writer; reclaim: the
 * writer thread that retired (it polls its own epoch record).
 */
#include <stdbool.h>

#include "base/epoch.h"
#include "graph/version.h"

struct sq_graph;
/** sq_graph_new() - starts with an empty version (generation 0), never NULL. */
int sq_graph_new(struct sq_epoch *epoch, const struct sq_lang_traits *const *traits,
		 struct sq_graph **ret_g) sq_must_check;
/** sq_graph_free() - no reader, no pin left; frees every piece. */
struct sq_graph *sq_graph_free(struct sq_graph *g);
/** sq_graph_current() - inside a section; pairs with the release in sq_graph_swap. */
const struct sq_version *sq_graph_current(const struct sq_graph *g);
/** sq_graph_pin() - inside a section; 0 or -ENOMEM. The version stays until unpin. */
int sq_graph_pin(struct sq_graph *g, const struct sq_version *v) sq_must_check;
/** sq_graph_unpin() - any thread. Return: true when this may let something be freed
 *  (the caller wakes the writer to reclaim). */
bool sq_graph_unpin(struct sq_graph *g, const struct sq_version *v);
struct sq_draft;
/** sq_graph_publish() - swap in the finished draft (consumed) and retire the difference. Never fails
 *  after sq_draft_finish(). @rec: the writer's epoch record. */
void sq_graph_publish(struct sq_graph *g, struct sq_draft *d, struct sq_epoch_record *rec);
/* the same in two steps, with a way back between them */
/** sq_graph_swap() - readers find the draft's version from now on; nothing is retired yet. */
void sq_graph_swap(struct sq_graph *g, const struct sq_draft *d);
/** sq_graph_commit() - the rest of the publish. @d: consumed */
void sq_graph_commit(struct sq_graph *g, struct sq_draft *d, struct sq_epoch_record *rec);
/** sq_graph_unswap() - readers find again what they found before the swap. What the draft made is freed
 *  when nobody reads it any more, and counts as retained until then. @d: consumed */
void sq_graph_unswap(struct sq_graph *g, struct sq_draft *d, struct sq_epoch_record *rec);
/** sq_graph_next_generation() - of the next draft; one that was taken back is not used again. Writer. */
uint64_t sq_graph_next_generation(const struct sq_graph *g);
/** sq_graph_retained_at() - bytes that wait since the publish of @generation. Writer. */
uint64_t sq_graph_retained_at(const struct sq_graph *g, uint64_t generation);
/** sq_graph_oldest_pin_ns() - when the pin was taken that is held longest, sq_clock_ns(); 0: none. Any thread. */
uint64_t sq_graph_oldest_pin_ns(struct sq_graph *g);
/** sq_graph_oldest_pin_generation() - the oldest version that a pin holds; 0: none. Any thread. */
uint64_t sq_graph_oldest_pin_generation(struct sq_graph *g);
/**
 * sq_graph_reclaim() - free what is due. Return: bundles that still wait, for
 * a reader to leave or for a pin to go. A writer that means to sleep on the
 * former says so with sq_epoch_want_reclaim(), which is the domain's and so
 * not touched here.
 */
unsigned sq_graph_reclaim(struct sq_graph *g, struct sq_epoch_record *rec);
/** sq_graph_heap() - where the pieces lie; its counts are for any thread. */
struct sq_heap *sq_graph_heap(const struct sq_graph *g);
uint64_t sq_graph_retained_bytes(const struct sq_graph *g);   /* retired, not yet freed; any thread */
