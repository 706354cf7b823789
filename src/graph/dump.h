/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * dump — the canonical text of a whole version, streamed by path in byte
 * order: no ids, no times, no floating point. Equal trees give equal dumps,
 * whatever the path of edits, the number of workers or the caches.
 */
#include "graph/version.h"

/** sq_dump() - @write is called with pieces of text; its negative result ends the dump.
 *  @prefix: only files below this path ("" for all). */
int sq_dump(const struct sq_version *v, struct sq_slice prefix,
	    int (*write)(void *arg, const void *p, size_t n), void *arg) sq_must_check;
/** sq_dump_hash() - sq_hash64-based 128-bit hash of the dump, as 32 hex digits + NUL. */
int sq_dump_hash(const struct sq_version *v, char ret_hex[33]) sq_must_check;
