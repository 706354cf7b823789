/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * picks — the best @limit matches out of any number, with the exact total.
 * Memory is O(limit): once more than that came in, the worst kept match is a
 * bar that later ones have to beat.
 * Ownership: belongs to one run; sq_picks_finish() hands the items over.
 * Threads:   one.
 */
#include "query/query.h"

enum sq_picks_order { SQ_PICKS_BY_PATH, SQ_PICKS_BY_SCORE };
struct sq_picks {
	const struct sq_version *v;
	enum sq_picks_order order;
	size_t limit;
	uint64_t total;
	struct sq_match *items;
	size_t n, cap;
	bool has_bar;
	struct sq_match bar;
	sq_file last_file;          /* the verdict of the bar on this file... */
	bool last_file_out;         /* ...all its matches come after the bar */
};
void sq_picks_init(struct sq_picks *p, const struct sq_version *v, size_t limit,
		   enum sq_picks_order order);
void sq_picks_deinit(struct sq_picks *p);
/** sq_picks_add() - a match that was not added before. 0 or -ENOMEM. */
int sq_picks_add(struct sq_picks *p, struct sq_match m) sq_must_check;
/** sq_picks_finish() - sort, cut, and move the items to @ret_r. */
void sq_picks_finish(struct sq_picks *p, struct sq_result *ret_r);

/** sq_file_cmp() - byte order of the paths of two files. */
int sq_file_cmp(const struct sq_version *v, sq_file a, sq_file b);
