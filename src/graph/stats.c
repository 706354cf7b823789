/* SPDX-License-Identifier: MIT */
#include "graph/stats.h"

#include "base/varint.h"

void sq_stats_add_bound(struct sq_version_stats *s, const struct sq_bound *b, int sign)
{
	uint64_t one = (uint64_t)(int64_t)sign;

	if (!b)
		return;
	if (b->lang == SQ_LANG_NONE) {
		s->n_skipped += one;
		return;
	}
	s->n_files += one;
	s->n_defs += one * b->columns.n_defs;
	s->n_refs += one * b->columns.n_refs;
	s->n_imports += one * b->columns.n_imports;
	s->source_bytes += one * b->size_bytes;
}

void sq_stats_add_links(struct sq_version_stats *s, const struct sq_links *l, int sign)
{
	uint64_t one = (uint64_t)(int64_t)sign;
	const uint8_t *at, *end;

	if (!l)
		return;
	at = l->ref_link;
	end = at + l->n_ref_bytes;
	while (at < end) {
		const struct sq_link *link;
		uint32_t i;

		at = sq_varint_get32(at, &i);
		link = &l->links[i];
		s->refs_by_state[link->state] += one;
		s->refs_by_rule[link->rule] += one;
	}
}
