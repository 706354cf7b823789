/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * rollback — the way back of a publish that is half done: what was served, and
 * how many bytes it had.
 * Ownership: the publisher's, on its stack; borrows the workspace, owns the
 *            draft from sq_rollback_run() on.
 * Threads:   the runner, under WORKSPACES.lock.
 * Invariants: armed before the swap, disarmed after the ledger was changed and
 *            its lock released (RB-05); high-water marks are not undone (RB-06).
 */
#include "workspace/workspace.h"

struct sq_draft;
struct sq_rollback {
	struct sq_workspace *ws;
	struct sq_draft **draft;
	uint64_t bytes;                 /* before the swap */
	bool is_armed;
};
/** sq_rollback_arm() - before the swap of *@draft. */
void sq_rollback_arm(struct sq_rollback *rb, struct sq_workspace *ws, struct sq_draft **draft);
/** sq_rollback_run() - serve again what was served; *@draft becomes NULL. Nothing when disarmed (RB-02). */
void sq_rollback_run(struct sq_rollback *rb);
static inline void sq_rollback_disarm(struct sq_rollback *rb) { rb->is_armed = false; }
