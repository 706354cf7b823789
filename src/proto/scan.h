/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * scan — source text of parts of a JSON document, without a tree: what the
 * tree reader loses (an id's spelling, integers beyond int64_t).
 * Text that is not well-formed yields wrong spans but never a read outside it.
 * Ownership: every span borrows from the text.
 * Threads:   pure functions.
 */
#include <stdbool.h>

#include "base/str.h"

/** sq_scan_element() - the next value of an array. @at: start inside the array at 0, then
 *  hand it back unchanged. Return: false after the last one. */
bool sq_scan_element(struct sq_slice array, size_t *at, struct sq_slice *ret_value);
/** sq_scan_member() - value of the last member of @object whose key (escapes undone) is the
 *  ASCII text @key, as the tree reader lets the last one win. Return: false when absent. */
bool sq_scan_member(struct sq_slice object, const char *key, struct sq_slice *ret_value);
/** sq_scan_widen() - copy @text to @out, giving every integer that does not fit int64_t the
 *  spelling of a real. */
void sq_scan_widen(struct sq_slice text, struct sq_buf *out);
