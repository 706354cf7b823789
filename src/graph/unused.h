/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * unused — definitions that nothing in the tree uses.
 *
 * A definition is used when it is an entry point, or when a reference from
 * live code outside of itself is bound to it, has it among its candidates, or
 * might mean it (a call through an unknown receiver uses every method of that
 * name; a name with more candidates than are listed uses all of them).
 * Prototypes use nothing. A used definition makes what encloses it used.
 * Live code is file level code, what is visible outside of its unit (it may be
 * called by who is not in the tree), and every used definition. So an island
 * of private functions that call each other is unused, and so is a public
 * function that nobody here calls, but not what that one calls.
 * Entry points: main, init of Go, tests, constructors and destructors,
 * operators and __names__, methods of a type that inherits or implements
 * (they may be called through it).
 * Judged are functions, methods, classes, interfaces, traits, structs, enums,
 * types, macros, constants and variables; other kinds live with what encloses
 * them and are never in the set.
 */
#include "graph/analysis.h"

/** sq_unused_find() - the unused definitions of @v. 0, -ECANCELED, -ENOMEM, -EOVERFLOW. */
int sq_unused_find(const struct sq_version *v, const struct sq_analysis *a,
		   struct sq_defset *ret_set) sq_must_check;

/* what a caller asks for: unused:private, find_unused {scope} */
enum sq_unused_scope {
	SQ_UNUSED_ALL, SQ_UNUSED_PUBLIC, SQ_UNUSED_PRIVATE, SQ_UNUSED_FUNCTION, SQ_UNUSED_STRUCT,
	SQ_UNUSED_MAX
};
/** sq_unused_scope_parse() - wire name to scope; -1. */
int sq_unused_scope_parse(struct sq_slice name);
const char *sq_unused_scope_name(enum sq_unused_scope scope);
/** sq_unused_in_scope() - is an unused definition within @scope? FUNCTION: functions and methods;
 *  STRUCT: structs, classes, interfaces, traits, enums and types. */
bool sq_unused_in_scope(const struct sq_version *v, sq_file f, const struct sq_def *d,
			enum sq_unused_scope scope);

/** sq_def_is_public() - visible outside of its file or unit, by its own flags and those of what
 *  encloses it, as its language has it. */
bool sq_def_is_public(const struct sq_bound *b, const struct sq_def *d);
/** sq_def_is_judged() - is @kind one that can be unused? */
bool sq_def_is_judged(uint8_t kind);
