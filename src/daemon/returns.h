/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * returns — edges from functions to the types that they return, beside a walk.
 *
 * A fact says that a function refers to a type, not where in the function; the
 * signature, read from the source, says whether that is what it returns. So an
 * edge needs both: a link to the type, and its name in the return type. Source
 * that changed since the graph was made of it gives no edge.
 * Threads: within the callback of sq_read_run().
 */
#include "daemon/read.h"
#include "graph/bfs.h"

/** sq_returns_add() - such edges to and from the nodes of a finished walk, and what is at their other end.
 *  The walk is sealed again. 0, -ECANCELED, -ENOMEM. */
int sq_returns_add(struct sq_read *r, struct sq_bfs *walk) sq_must_check;
