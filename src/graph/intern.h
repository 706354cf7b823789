/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * intern — the new names of a draft while many workers add them: 64 hash
 * tables, chosen by the top bits of the hash, each with its own lock.
 * Names that the prior version knows keep their id. New ones get a provisional
 * id, base + (index << 6 | stripe), which sq_intern_final() turns into the
 * NameId once sq_intern_flatten() has laid the stripes out behind each other
 * as one dictionary. The order of ids depends on the workers; nothing that can
 * be observed depends on the order of ids.
 * Ownership: embedded in a draft; memory of the stripes goes at flatten.
 * Threads:   batch: any thread, takes STRIPE locks one at a time. The prior
 *            dictionaries are read without a lock. The rest: the writer.
 */
#include "base/lock.h"
#include "base/parallel.h"
#include "base/vec.h"
#include "graph/version.h"

#define SQ_INTERN_STRIPES 64u
struct sq_intern_block { char *p; uint32_t used; };
struct sq_intern_slot { uint32_t at, tag; };      /* block << 16 | position, 0: free; hash >> 32 */
struct sq_intern_stripe {
	struct sq_lock lock;
	struct sq_intern_slot *slots;
	uint32_t n_slots, n, room;      /* room: bytes left in the last block */
	uint64_t n_bytes;               /* of all strings */
	SQ_VEC(struct sq_intern_block) blocks;
	sq_name first;                  /* set by flatten */
};
struct sq_intern {
	const struct sq_version *prior;
	sq_name base;                   /* first id that is not the prior version's */
	unsigned n_locks;               /* initialised ones */
	struct sq_intern_stripe stripes[SQ_INTERN_STRIPES];
};
/* scratch of one worker */
struct sq_intern_item { uint64_t hash; uint32_t i; };
struct sq_intern_scratch {
	SQ_VEC(struct sq_intern_item) items;
	SQ_VEC(uint32_t) order;
};

int sq_intern_init(struct sq_intern *in, const struct sq_version *prior) sq_must_check;
void sq_intern_deinit(struct sq_intern *in);
void sq_intern_scratch_deinit(struct sq_intern_scratch *s);
/**
 * sq_intern_batch() - ids of @n strings, final or provisional.
 * @ids: in and out; one that is not SQ_NAME_NONE is known and stays
 * @start: stripe to begin with; workers that begin apart seldom meet
 * Return: 0, -ENOMEM, -EOVERFLOW (2^32 names); some may have been added then.
 */
int sq_intern_batch(struct sq_intern *in, struct sq_intern_scratch *scratch, unsigned start,
		    const struct sq_slice *strings, uint32_t n, sq_name *ids) sq_must_check;
uint64_t sq_intern_n_new(const struct sq_intern *in);
/** sq_intern_flatten() - all new names as one dictionary from ->base on; NULL when there are none. */
int sq_intern_flatten(struct sq_intern *in, const struct sq_parallel *par, struct sq_birth birth,
		      struct sq_dict **ret_d) sq_must_check;
/** sq_intern_final() - NameId of an id that sq_intern_batch() gave; after flatten. */
static inline sq_name sq_intern_final(const struct sq_intern *in, sq_name id)
{
	if (id < in->base)
		return id;
	id -= in->base;
	return in->stripes[id % SQ_INTERN_STRIPES].first + id / SQ_INTERN_STRIPES;
}
