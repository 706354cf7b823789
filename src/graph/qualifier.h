/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * qualifier — the components of a reference's qualifier text. Every component
 * is a name that the file mentions, because the linker looks it up.
 * Pure functions.
 */
#include <stdbool.h>

#include "base/str.h"

/**
 * sq_qualifier_next() - split off the next component at ".", "::" or "->".
 * Empty components are skipped. A text with a '/' has no components (it is the
 * target of an import, never a qualifier).
 */
bool sq_qualifier_next(struct sq_slice *rest, struct sq_slice *ret_component);
/** sq_qualifier_is_path() - does it have more than itself as component? */
bool sq_qualifier_is_path(struct sq_slice text);
