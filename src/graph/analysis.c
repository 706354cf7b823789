/* SPDX-License-Identifier: MIT */
#include "graph/analysis.h"

#include "base/error.h"

int sq_defset_init(struct sq_defset *s, const struct sq_version *v)
{
	struct sq_defset set = { .n_files = v->n_file_ids };
	uint64_t n = 0;

	set.base = sq_malloc(((size_t)set.n_files + 1) * sizeof(*set.base));
	if (!set.base)
		return sq_error_origin(-ENOMEM);
	for (sq_file f = 0; f < set.n_files; f++) {
		const struct sq_bound *b = sq_version_bound(v, f);

		set.base[f] = (uint32_t)n;
		n += b ? b->columns.n_defs : 0;
		if (n > UINT32_MAX) {
			sq_free(set.base);
			return sq_error_origin(-EOVERFLOW);
		}
	}
	set.base[set.n_files] = (uint32_t)n;
	set.bits = sq_calloc(n / 64 + 1, sizeof(*set.bits));
	if (!set.bits) {
		sq_free(set.base);
		return sq_error_origin(-ENOMEM);
	}
	*s = set;
	return 0;
}

void sq_defset_deinit(struct sq_defset *s)
{
	sq_free(s->base);
	sq_free(s->bits);
	*s = (struct sq_defset)SQ_DEFSET_NULL;
}

uint32_t sq_defset_next(const struct sq_defset *s, sq_file f, uint32_t from)
{
	uint32_t i = s->base[f] + from, end = s->base[f + 1];

	while (i < end) {
		uint64_t bits = s->bits[i >> 6] >> (i & 63);

		if (bits) {
			i += (uint32_t)__builtin_ctzll(bits);
			return i < end ? i - s->base[f] : SQ_NONE;
		}
		i = (i | 63) + 1;
	}
	return SQ_NONE;
}
