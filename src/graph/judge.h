/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * judge — what one definition's own facts say about being used: is it a kind
 * that can be unused, may somebody outside of the tree use it, is it called by
 * the language itself. Private to the analyses.
 * Threads: pure functions.
 */
#include "graph/unused.h"

/** sq_judge_visible() - sq_def_is_public() for who walks a file and knows the answer for the parent. */
bool sq_judge_visible(uint8_t lang, const struct sq_def *d, bool is_parent_visible);

struct sq_entries { sq_name main, init, constructor; };
void sq_entries_init(struct sq_entries *e, const struct sq_version *v);
/** sq_entry_is() - an entry point by its name and flags. @parent: name of what encloses it, or SQ_NAME_NONE. */
bool sq_entry_is(const struct sq_entries *e, const struct sq_version *v, const struct sq_bound *b,
		 const struct sq_def *d, sq_name parent);
