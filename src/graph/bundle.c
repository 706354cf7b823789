/* SPDX-License-Identifier: MIT */
#include "graph/bundle.h"

#include <stdlib.h>

#include "base/error.h"

static int compare_births(const void *a, const void *b)
{
	const struct sq_piece *x = *(void *const *)a, *y = *(void *const *)b;

	return x->birth < y->birth ? -1 : x->birth > y->birth;
}

int sq_bundle_new(uint64_t death, void **pieces, size_t n, struct sq_bundle **ret_b)
{
	struct sq_bundle *b = sq_calloc(1, sizeof(*b));

	if (!b)
		return sq_error_origin(-ENOMEM);
	b->death = death;
	b->pieces = pieces;
	b->n = n;
	for (size_t i = 0; i < n; i++)
		b->n_bytes += ((struct sq_piece *)pieces[i])->n_bytes;
	if (n > 1)
		qsort(pieces, n, sizeof(*pieces), compare_births);
	*ret_b = b;
	return 0;
}

struct sq_bundle *sq_bundle_free(struct sq_bundle *b)
{
	if (b) {
		sq_free(b->pieces);
		sq_free(b);
	}
	return NULL;
}

uint64_t sq_bundle_release(struct sq_bundle *b, bool any_held, uint64_t held)
{
	uint64_t freed = 0;

	while (b->n) {
		struct sq_piece *p = b->pieces[b->n - 1];

		if (any_held && p->birth <= held)
			break;
		freed += p->n_bytes;
		sq_piece_free(p);
		b->n--;
	}
	b->n_bytes -= freed;
	return freed;
}
