/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * run — the runner role: who holds it drains a workspace's lane on a turn
 * thread, turn after turn, and reclaims. Private to rebuild/.
 * Threads: any, outside of epoch sections; the drain loop is a job.
 */
#include "rebuild/build.h"

/** sq_run_submit() - @work (consumed) goes into the lane and runs; @w may be NULL. */
void sq_run_submit(struct sq_build *b, struct sq_work *work, struct sq_waiter *w);
/** sq_run_start() - the caller was given the runner role by the lane: queue the drain loop. */
void sq_run_start(struct sq_build *b);
/** sq_run_evicted() - the workspace was removed: tell whoever waits, unless a turn does. */
void sq_run_evicted(struct sq_build *b);
/** sq_run_init_alarms() - of a fresh build. */
void sq_run_init_alarms(struct sq_build *b);
/** sq_run_forget_retry() - it was evicted: nothing is tried again. */
void sq_run_forget_retry(struct sq_build *b);
/** sq_run_note_waiting() - does this workspace's record wait for readers? Keeps the domain's flag right. */
void sq_run_note_waiting(struct sq_build *b, bool waits);
/**
 * sq_run_collect() - after a big turn: pool and caller give their free pages back.
 * The pool's readers and parsers go, too: what the biggest files of a tree made
 * them take is a hundred MiB after a load of the kernel, and small turns have
 * tools of their own. What a worker allocated, others free; only its own thread can give such a page
 * back. A pool that is busy does so at the end of what it is busy with, when
 * that is big. Context: a thread of ->turns, no lock.
 */
void sq_run_collect(struct sq_rebuild *rb);
/**
 * sq_run_drop_tools() - the same, and those of the turn threads go too: some MiB
 * a thread, made afresh when they are needed. Context: the turn thread @thread.
 */
void sq_run_drop_tools(struct sq_rebuild *rb, unsigned thread);
