/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * keys — under which names an import may find a file, and the last component
 * of an import's target: the meeting point of SQ_LIST_KEY and SQ_LIST_IMPORTER.
 * Pure functions of path, language traits and the file's own facts, so that
 * adding, removing or renaming a file tells by its keys whom to link again.
 */
#include "facts/facts.h"
#include "facts/traits.h"

#define SQ_KEYS_MAX 8
struct sq_keys { struct sq_slice key[SQ_KEYS_MAX]; unsigned n; };
/**
 * sq_keys_of_file() - distinct keys of a file. @package: target of its package
 * clause or root name (SQ_IMPORT_PACKAGE / SQ_IMPORT_ROOT), or null.
 * Slices point into @path or @package.
 */
void sq_keys_of_file(const struct sq_lang_traits *t, struct sq_slice path, struct sq_slice package,
		     struct sq_keys *ret_k);
/** sq_keys_of_import() - last components by which the target may be found (the member too,
 *  where "import a.b" style targets may name a submodule). Slices point into the arguments. */
void sq_keys_of_import(const struct sq_lang_traits *t, struct sq_slice target, struct sq_slice member,
		       struct sq_keys *ret_k);
/** sq_keys_stem() - a file name without the language's extension. */
struct sq_slice sq_keys_stem(const struct sq_lang_traits *t, struct sq_slice base);
