/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * memory — where the JSON reader's tree lives. jansson 2.14 ignores that its
 * string buffer could not grow and then writes behind it, so a program that
 * lives on when memory runs out gives it an allocator that never returns NULL
 * while a document is read: the document's arena, and a jump out of the reader
 * when that has no more. What is read that way is freed with its arena.
 * Ownership: the arena is the document's.
 * Threads:   sq_json_use_alloc() once, before any other thread; the rest any.
 */
#include <jansson.h>

#include "base/arena.h"
#include "base/str.h"

struct sq_json_load { struct sq_slice text; size_t flags; };
/** sq_json_load() - json_loadb() into @arena when sq_json_use_alloc() was called, else into the
 *  heap. Return: the root; NULL with @err, or without memory: err->text is empty then. */
json_t *sq_json_load(const struct sq_json_load *l, struct sq_arena *arena, json_error_t *err);
/** sq_json_unload() - what sq_json_load() returned; NULL is fine. */
void sq_json_unload(json_t *root, struct sq_arena *arena);
