/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * epoch — epoch-based reclamation (Concurrency Kit's ck_epoch).
 * A reader enters, loads a root, runs, leaves. A writer unlinks an object and
 * retires it; it is freed after every reader that might see it has left.
 * Ownership: a domain owns its records; they are cache-line aligned, one per
 *            thread, recycled but never freed before the domain.
 * Threads:   a record belongs to the thread that acquired it; only the owner
 *            enters, leaves, retires and polls it.
 * Invariants: nobody retires, polls or waits inside a section.
 * The wrapper carries ThreadSanitizer annotations, because libck is not
 * instrumented: correct use gives no report and there is no suppression file.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

struct sq_epoch;
struct sq_epoch_record;

/* embedded in what is retired; the callback gets its address back */
struct sq_epoch_entry {
	void *ck_slot[2];           /* room for a ck_epoch_entry_t */
	void (*fn)(struct sq_epoch_entry *);
};

int sq_epoch_new(struct sq_epoch **ret_e) sq_must_check;
/** sq_epoch_free() - no thread may hold a record's section; runs what is still retired. */
struct sq_epoch *sq_epoch_free(struct sq_epoch *e);
/** sq_epoch_record_acquire() - this thread's record (a recycled one when there is one). */
int sq_epoch_record_acquire(struct sq_epoch *e, struct sq_epoch_record **ret_r) sq_must_check;
/** sq_epoch_record_release() - runs or hands over nothing: retired entries must be drained first. */
void sq_epoch_record_release(struct sq_epoch_record *r);
/** sq_epoch_number() - how far the domain has come, for figures. Any thread. */
unsigned sq_epoch_number(const struct sq_epoch *e);
void sq_epoch_enter(struct sq_epoch_record *r);
/**
 * sq_epoch_leave()
 * Return: true when a writer asked (sq_epoch_want_reclaim) to be told that a
 * reader left; the caller then wakes the writer.
 */
bool sq_epoch_leave(struct sq_epoch_record *r);
bool sq_epoch_is_inside(const struct sq_epoch_record *r);
/** sq_epoch_retire() - run fn(entry) from a later poll of this record, after a grace period. */
void sq_epoch_retire(struct sq_epoch_record *r, struct sq_epoch_entry *entry,
		     void (*fn)(struct sq_epoch_entry *));
/** sq_epoch_poll() - run what is due. Return: number of entries still waiting. */
unsigned sq_epoch_poll(struct sq_epoch_record *r);
/** sq_epoch_barrier() - wait for a grace period and run everything of this record. */
void sq_epoch_barrier(struct sq_epoch_record *r);
/**
 * sq_epoch_want_reclaim() - leaves return true from now on.
 * A writer that means to sleep sets it, then polls, and sleeps only when
 * entries still wait: the reader that holds them up sees the flag when it
 * leaves. Costs a membarrier(2) when set, nothing when cleared.
 * Context: any thread, outside of sections.
 */
void sq_epoch_want_reclaim(struct sq_epoch *e, bool want);
