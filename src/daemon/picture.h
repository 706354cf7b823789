/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * picture — a walked graph as text for programs that draw: Graphviz, D2, Mermaid.
 * Names from files are quoted, so that none can end its label.
 * Threads: any reader of the version.
 */
#include "graph/bfs.h"

enum sq_picture { SQ_PICTURE_JSON, SQ_PICTURE_DOT, SQ_PICTURE_D2, SQ_PICTURE_MERMAID, SQ_PICTURE_MAX };
/** sq_picture_parse() - wire name; -1. */
int sq_picture_parse(struct sq_slice name);
/** sq_picture_draw() - append the text of all nodes and edges (JSON: nothing). @is_verbose: places too. */
void sq_picture_draw(enum sq_picture p, const struct sq_version *v, const struct sq_bfs *w, bool is_verbose,
		     struct sq_buf *out);
