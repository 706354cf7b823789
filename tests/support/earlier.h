/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * earlier — the facts of one version of a file as a help for the next one, when
 * there is no graph that holds them.
 * Ownership: owns the facts and what is kept between versions.
 */
#include "lang/lang.h"

struct earlier {
	struct sq_facts facts;
	struct sq_slice *strings;
	struct sq_earlier as;      /* what sq_extract_again() wants */
};

static inline struct sq_slice earlier_string(const void *arg, uint32_t local)
{
	const struct earlier *e = arg;

	return e->strings[local];
}

static inline struct sq_earlier *earlier_of(struct earlier *e)
{
	e->as.columns = e->facts.blob ? &e->facts.columns : NULL;
	e->as.string = earlier_string;
	e->as.arg = e;
	e->as.keeps = true;
	return &e->as;
}

/* forget the facts */
static inline void earlier_clear(struct earlier *e)
{
	sq_facts_deinit(&e->facts);
	sq_free(e->strings);
	e->strings = NULL;
}

/* @f: consumed */
static inline void earlier_set(struct earlier *e, struct sq_facts *f)
{
	struct sq_string_cursor it;
	size_t n = 0;

	earlier_clear(e);
	e->facts = *f;
	f->blob = NULL;
	e->strings = sq_calloc(e->facts.columns.n_strings + (size_t)1, sizeof(*e->strings));
	if (!e->strings)
		abort();
	sq_strings_begin(&e->facts, &it);
	while (sq_strings_next(&it, &e->strings[n]))
		n++;
}

static inline void earlier_deinit(struct earlier *e)
{
	earlier_clear(e);
	e->as.kept = sq_kept_free(e->as.kept);
}
