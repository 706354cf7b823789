/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * journal — which files the latest versions of a workspace changed, for who
 * asks what is new since a version. Bounded: what is older than it reaches
 * back is not known any more.
 * Ownership: embedded in sq_build.
 * Threads:   the runner notes; anybody lists. All under ws->record.
 * Invariants: every file that a version after ->since changed is in it, in the
 *            order of versions.
 */
#include "base/str.h"

enum { SQ_JOURNAL_FILES = 8192, SQ_JOURNAL_BYTES = 1 << 20 };
struct sq_journal_entry {
	uint64_t generation;
	char *path;                        /* n bytes, and a NUL */
	uint32_t n;
	bool is_gone;
};
struct sq_journal {
	struct sq_journal_entry *ring;     /* SQ_JOURNAL_FILES, made at the first note */
	size_t first, n, n_bytes;
	uint64_t since;                    /* complete for all later versions */
	uint64_t upto;                     /* the latest version noted */
};
void sq_journal_deinit(struct sq_journal *j);
/** sq_journal_restart() - version @generation was built from nothing, or what it changed is not kept. */
void sq_journal_restart(struct sq_journal *j, uint64_t generation);
/** sq_journal_note() - a file that version @generation (not below those before) changed. Short of memory: restarts. */
void sq_journal_note(struct sq_journal *j, uint64_t generation, struct sq_slice path, bool is_gone);
/** sq_journal_publish() - all of version @generation is noted. */
void sq_journal_publish(struct sq_journal *j, uint64_t generation);
/**
 * sq_journal_next() - the first entry of a version after @since at or behind index @at.
 * Return: its index, or the number of entries.
 */
size_t sq_journal_next(const struct sq_journal *j, uint64_t since, size_t at);
const struct sq_journal_entry *sq_journal_at(const struct sq_journal *j, size_t i);
/** sq_journal_reaches() - is everything after @since in it? */
static inline bool sq_journal_reaches(const struct sq_journal *j, uint64_t since)
{
	return since >= j->since && since <= j->upto;
}
