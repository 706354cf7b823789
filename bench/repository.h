/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * repository — the git history of the corpus' copy: commits "before" (as it was
 * copied) and "after", in which sources drawn by lot got one function more.
 * Made once a run, before the copy is loaded when a scenario will want it: a
 * daemon that is loaded need not follow its making.
 * Ownership: the repository owns its list. Threads: main thread.
 * Invariants: "before" is checked out whenever no scenario is at work.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sq_bench;

struct sq_repository {
	bool exists;
	size_t *changed;        /* indices into the corpus' sources */
	size_t n_changed;
	uint64_t changed_bytes; /* size of these sources at "after" */
	double git_s;           /* of a checkout of "before", with nobody watching */
};
#define SQ_REPOSITORY_NULL { .exists = false }

void sq_repository_deinit(struct sq_repository *r);
/** sq_repository_make() - unless it is there. Return: 0; SQ_BENCH_E_FAILED, told the report. */
int sq_repository_make(struct sq_bench *b);
/* finds the names of the functions that the changed sources got, one each */
#define SQ_REPOSITORY_NAMES "^sqry_bench_checkout_[0-9]+$"
