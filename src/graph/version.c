/* SPDX-License-Identifier: MIT */
#include "graph/version.h"

#include "base/hash.h"

/* the dictionary with the highest ->first not above @id; nearly always the base */
static const struct sq_dict *dict_of(const struct sq_version *v, sq_name id)
{
	uint32_t lo = 0, hi = v->n_dicts;

	if (id < v->dicts[0]->n)
		return v->dicts[0];
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (v->dicts[mid]->first <= id)
			lo = mid;
		else
			hi = mid;
	}
	return v->dicts[lo];
}

struct sq_slice sq_version_string(const struct sq_version *v, sq_name id)
{
	if (id >= v->n_names)
		return SQ_SLICE_NULL;
	return sq_dict_get(dict_of(v, id), id);
}

sq_name sq_version_find_hash(const struct sq_version *v, struct sq_slice s, uint64_t hash)
{
	sq_name id = SQ_NAME_NONE;

	for (uint32_t i = 0; i < v->n_dicts && id == SQ_NAME_NONE; i++)
		id = sq_dict_find(v->dicts[i], s, hash);
	return id;
}

sq_name sq_version_find(const struct sq_version *v, struct sq_slice s)
{
	return sq_version_find_hash(v, s, sq_hash64(s.p, s.n, 0));
}

void sq_version_postings(const struct sq_version *v, sq_name id, enum sq_list which,
			 struct sq_posting_iter *ret)
{
	uint32_t shard = id >> SQ_SHARD_SHIFT;

	if (shard < v->n_shards)
		sq_shard_iter(v->shards[shard], id, which, ret);
	else
		*ret = (struct sq_posting_iter){ .at = NULL };
}

sq_file sq_version_file(const struct sq_version *v, struct sq_slice path)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	sq_name id = sq_version_find(v, path);

	if (id == SQ_NAME_NONE)
		return SQ_FILE_NONE;
	/* a file at the root has its path in common with base names elsewhere */
	sq_version_postings(v, id, SQ_LIST_KEY, &it);
	while (sq_posting_next(&it, &p))
		if (sq_slice_eq(sq_version_bound(v, p.file)->path, path))
			return p.file;
	return SQ_FILE_NONE;
}

uint64_t sq_version_bytes(const struct sq_version *v)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < SQ_PIECE_MAX; k++)
		sum += v->stats.bytes_by_kind[k];
	return sum;
}
