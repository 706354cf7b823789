/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * link — names to definitions: the pure function
 *   links(file) = f(its facts, its path, candidates of the names it mentions,
 *                   the files its imports mean, their imports, unit, config)
 * evaluated against a version whose names, shards and bound facts are final.
 * Ties break by path bytes, never by order of arrival or by id.
 * Ownership: a linker is scratch memory of one worker; reused file after file.
 * Threads:   one linker a thread; the version is read only.
 */
#include "graph/relink.h"

struct sq_linker;
int sq_linker_new(struct sq_linker **ret_l) sq_must_check;
struct sq_linker *sq_linker_free(struct sq_linker *l);
/**
 * sq_linker_begin() - the version all following calls read. Resets caches.
 * @stale: files whose links in @v may be out of date; what the imports of all
 *         others mean is read from their links. NULL: every file. Borrowed.
 */
void sq_linker_begin(struct sq_linker *l, const struct sq_version *v, const struct sq_file_set *stale);
/**
 * sq_link_file_again() - what sq_link_file() makes, for a C file that was @old, facts and links,
 * while sq_relink_names_only() holds; only what may differ is bound.
 * @names: of sq_relink_collect()
 * Return: 0 and no base of a type means another definition; SQ_LINK_E_BASES one may; -ENOMEM
 */
enum { SQ_LINK_E_BASES = 1 };
int sq_link_file_again(struct sq_linker *l, sq_file f, const struct sq_file_slot *old,
		       const struct sq_changed_names *names, struct sq_birth birth,
		       struct sq_links **ret_links) sq_must_check;
/** sq_link_file() - a new links piece with the given birth, or -ENOMEM. */
int sq_link_file(struct sq_linker *l, sq_file f, struct sq_birth birth, struct sq_links **ret_links) sq_must_check;
