/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * capture — what every turn was asked to do and the order in which it went; for
 * tests, with SQ_TEST_HOOKS only. Records are appended, in order, one a turn,
 * and stay until the daemon ends.
 * Ownership: embedded; owns copies of all that it records.
 * Threads:   any.
 */
#include "base/lock.h"
#include "rebuild/decide.h"
#include "rebuild/work.h"

#define SQ_CAPTURE_EVENTS 24u
struct sq_captured {
	char *root;
	char **files;                  /* of the merged change set, in its order */
	size_t n_files;
	bool full, rescan, git_state_changed, has_snapshot;
	uint8_t mode, git_class;
	struct sq_git_snapshot snapshot;
	uint64_t prior;                /* generation that the turn starts from */
	uint64_t enqueued_ns, started_ns;
	const char *events[SQ_CAPTURE_EVENTS];   /* static strings */
	unsigned n_events;
};
struct sq_capture {
	struct sq_lock lock;           /* all that follows */
	bool installed;
	struct { struct sq_captured **v; size_t n, cap; } turns;
};
int sq_capture_init(struct sq_capture *c) sq_must_check;
void sq_capture_deinit(struct sq_capture *c);
enum { SQ_CAPTURE_E_INSTALLED = 1 };
/** sq_capture_install() - record from now on. Return: 0; SQ_CAPTURE_E_INSTALLED: it does already, what there is stays. */
int sq_capture_install(struct sq_capture *c) sq_must_check;
/** sq_capture_begin() - a turn begins, its mode is decided. Return: its record; NULL: nobody wants any. */
struct sq_captured *sq_capture_begin(struct sq_capture *c, const char *root, const struct sq_work *w,
				     enum sq_mode mode, uint64_t prior);
/** sq_capture_event() - @name: static. @turn: may be NULL */
void sq_capture_event(struct sq_capture *c, struct sq_captured *turn, const char *name);
/** sq_capture_each() - fn(arg, turn) for each, in order, under the lock. */
void sq_capture_each(struct sq_capture *c, void (*fn)(void *arg, const struct sq_captured *turn), void *arg);
