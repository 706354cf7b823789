/* SPDX-License-Identifier: MIT */
#include "workspace/rollback.h"

#include "graph/draft.h"

void sq_rollback_arm(struct sq_rollback *rb, struct sq_workspace *ws, struct sq_draft **draft)
{
	/* relaxed: written under the lock that the caller holds */
	*rb = (struct sq_rollback){ .ws = ws, .draft = draft, .bytes = sq_load_relaxed(&ws->bytes), .is_armed = true };
}

void sq_rollback_run(struct sq_rollback *rb)
{
	if (!rb->is_armed)
		return;
	rb->is_armed = false;
	sq_graph_unswap(rb->ws->graph, SQ_TAKE(*rb->draft), rb->ws->writer);
	(void)sq_workspace_set_bytes(rb->ws, rb->bytes);
}
