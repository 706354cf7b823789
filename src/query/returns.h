/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * returns — the return type that a signature names, as text.
 * Ownership: slices point into what was passed.
 * Threads:   any; pure functions.
 */
#include <stdbool.h>

#include "base/str.h"
#include "graph/segment.h"

/** sq_returns_of() - the return type in a signature of @name; empty: it names none. */
struct sq_slice sq_returns_of(enum sq_lang lang, struct sq_slice signature, struct sq_slice name);
/** sq_returns_match() - is @type, or a name in it, @want? */
bool sq_returns_match(struct sq_slice type, struct sq_slice want);
