/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * facts-random — facts out of a seed: the arrays that went into a builder, for
 * comparison with what comes out of the columns.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "facts/facts.h"

struct sample {
	uint64_t state;
	uint32_t n_strings, n_defs, n_refs, n_imports, n_parts, n_typed;
	struct sq_def *defs;
	struct sq_ref *refs;
	struct sq_import *imports;
	struct sq_part *parts;
	struct sq_typed *typed;     /* of all parts */
};

static inline uint64_t sample_next(struct sample *s)
{
	s->state += 0x9e3779b97f4a7c15ULL;
	return sq_hash_u64(s->state);
}

static inline uint32_t sample_below(struct sample *s, uint32_t n)
{
	return n ? (uint32_t)(sample_next(s) % n) : 0;
}

/* mostly small, sometimes any number of bits */
static inline uint32_t sample_number(struct sample *s)
{
	return (uint32_t)(sample_next(s) >> (32 + sample_below(s, 31)));
}

static inline uint32_t sample_string(struct sample *s)
{
	return sample_below(s, s->n_strings);
}

static inline void sample_defs(struct sample *s)
{
	uint32_t line = 1, col = 0;

	for (uint32_t i = 0; i < s->n_defs; i++) {
		struct sq_def *d = &s->defs[i];
		uint32_t lines = sample_below(s, 4) ? sample_below(s, 3) : sample_below(s, 5000);

		line += lines;
		col = lines ? sample_below(s, 90) : col + sample_below(s, 9);
		*d = (struct sq_def){
			.name = sample_string(s), .kind = (uint8_t)sample_below(s, SQ_KIND_MAX),
			.flags = (uint16_t)sample_below(s, 0x800),
			.parent = i && sample_below(s, 2) ? sample_below(s, i) : SQ_NONE,
			.start_line = line, .start_col = col,
			.end_line = line + sample_below(s, 200), .end_col = col + sample_below(s, 99),
			.sig_off = sample_number(s) >> 1, .sig_len = sample_below(s, 300),
			.body_hash = sample_below(s, 2) ? sample_next(s) : 0,
		};
	}
}

static inline void sample_refs(struct sample *s)
{
	uint32_t line = 1, col = 0;

	for (uint32_t i = 0; i < s->n_refs; i++) {
		struct sq_ref *r = &s->refs[i];
		uint32_t lines = sample_below(s, 3) ? 0 : sample_number(s) >> 14;

		line += lines;
		col = lines ? sample_below(s, 120) : col + 1 + sample_below(s, 40);
		*r = (struct sq_ref){
			.name = sample_string(s), .kind = (uint8_t)sample_below(s, SQ_REF_MAX),
			.flags = sample_below(s, 2) ? 0 : (uint8_t)sample_below(s, 32),
			.argc = SQ_ARGC_UNKNOWN, .line = line, .col = col,
			.encl = s->n_defs && sample_below(s, 3) ? sample_below(s, s->n_defs) : SQ_NONE,
			.qual = sample_below(s, 3) ? SQ_NONE : sample_string(s),
		};
		if (r->kind == SQ_REF_CALL)
			r->argc = (uint8_t)sample_below(s, 256);
	}
}

static inline void sample_imports(struct sample *s)
{
	uint32_t line = 1;

	for (uint32_t i = 0; i < s->n_imports; i++) {
		line += sample_below(s, 3);
		s->imports[i] = (struct sq_import){
			.target = sample_string(s),
			.name = sample_below(s, 2) ? SQ_NONE : sample_string(s),
			.alias = sample_below(s, 2) ? SQ_NONE : sample_string(s),
			.kind = (uint8_t)sample_below(s, SQ_IMPORT_MAX),
			.flags = (uint8_t)sample_below(s, 256), .line = line,
		};
	}
}

static inline void sample_parts(struct sample *s)
{
	uint32_t at = 0, row = 0;

	for (uint32_t i = 0; i < s->n_parts; i++) {
		struct sq_part *p = &s->parts[i];

		at += sample_below(s, 3) ? 0 : sample_below(s, 4000);
		row += sample_below(s, 3) ? 0 : sample_below(s, 90);
		*p = (struct sq_part){
			.hash = sample_next(s), .start = at, .len = 1 + sample_below(s, 9000), .row = row,
			.n_rows = sample_below(s, 300), .steps = sample_below(s, 5) ? sample_below(s, 9) : 150000,
			.n_typed = sample_below(s, 3) ? 0 : sample_below(s, 4), .has_error = sample_below(s, 2),
		};
		at += p->len;
		row += p->n_rows;
		for (uint32_t t = 0; t < p->n_typed; t++)
			s->typed[s->n_typed++] = (struct sq_typed){
				sample_string(s), sample_below(s, 3) ? sample_string(s) : SQ_NONE,
			};
	}
}

/* by first use, as a builder numbers them; those without a use go */
static inline void sample_number_string(uint32_t *rank, uint32_t *n, uint32_t *string)
{
	if (*string == SQ_NONE)
		return;
	if (rank[*string] == SQ_NONE)
		rank[*string] = (*n)++;
	*string = rank[*string];
}

static inline void sample_number_strings(struct sample *s)
{
	uint32_t *rank = sq_malloc(s->n_strings * sizeof(*rank)), n = 0;

	if (!rank)
		abort();
	for (uint32_t i = 0; i < s->n_strings; i++)
		rank[i] = SQ_NONE;
	for (uint32_t i = 0; i < s->n_defs; i++)
		sample_number_string(rank, &n, &s->defs[i].name);
	for (uint32_t i = 0; i < s->n_refs; i++) {
		sample_number_string(rank, &n, &s->refs[i].name);
		sample_number_string(rank, &n, &s->refs[i].qual);
	}
	for (uint32_t i = 0; i < s->n_imports; i++) {
		sample_number_string(rank, &n, &s->imports[i].target);
		sample_number_string(rank, &n, &s->imports[i].name);
		sample_number_string(rank, &n, &s->imports[i].alias);
	}
	for (uint32_t i = 0; i < s->n_typed; i++) {
		sample_number_string(rank, &n, &s->typed[i].name);
		sample_number_string(rank, &n, &s->typed[i].type);
	}
	s->n_strings = n;
	sq_free(rank);
}

static inline void sample_make(struct sample *s, uint64_t seed, uint32_t max)
{
	*s = (struct sample){ .state = seed };
	s->n_strings = 1 + sample_below(s, max);
	s->n_defs = sample_below(s, max);
	s->n_refs = sample_below(s, 4 * max);
	s->n_imports = sample_below(s, max / 4 + 1);
	s->n_parts = sample_below(s, max / 8 + 1);
	s->defs = sq_calloc(s->n_defs + 1, sizeof(*s->defs));
	s->refs = sq_calloc(s->n_refs + 1, sizeof(*s->refs));
	s->imports = sq_calloc(s->n_imports + 1, sizeof(*s->imports));
	s->parts = sq_calloc(s->n_parts + 1, sizeof(*s->parts));
	s->typed = sq_calloc(4 * s->n_parts + 1, sizeof(*s->typed));
	if (!s->defs || !s->refs || !s->imports || !s->parts || !s->typed)
		abort();
	sample_defs(s);
	sample_refs(s);
	sample_imports(s);
	sample_parts(s);
	sample_number_strings(s);
}

static inline void sample_drop(struct sample *s)
{
	sq_free(s->defs);
	sq_free(s->refs);
	sq_free(s->imports);
	sq_free(s->parts);
	sq_free(s->typed);
}

/* string i is "s<i>", some of them long */
static inline size_t sample_text(uint32_t i, char *buf, size_t cap)
{
	size_t n = i % 7 == 3 ? cap - 1 : 0, k = 0;

	buf[k++] = 's';
	for (uint32_t v = i; v || k == 1; v /= 10)
		buf[k++] = (char)('0' + v % 10);
	while (k < n)
		buf[k++] = 'x';
	return k;
}

/* all but the strings */
static inline void sample_feed_items(const struct sample *s, struct sq_facts_builder *b)
{
	for (uint32_t i = 0; i < s->n_defs; i++)
		(void)sq_facts_add_def(b, &s->defs[i]);
	for (uint32_t i = 0; i < s->n_refs; i++)
		(void)sq_facts_add_ref(b, &s->refs[i]);
	for (uint32_t i = 0; i < s->n_imports; i++)
		sq_facts_add_import(b, &s->imports[i]);
	for (uint32_t i = 0, t = 0; i < s->n_parts; i++) {
		sq_facts_add_part(b, &s->parts[i]);
		for (uint32_t stop = t + s->parts[i].n_typed; t < stop; t++)
			sq_facts_add_typed(b, &s->typed[t]);
	}
}

static inline void sample_feed(const struct sample *s, struct sq_facts_builder *b)
{
	char buf[200];

	sq_facts_builder_reset(b, SQ_LANG_C);
	for (uint32_t i = 0; i < s->n_strings; i++)
		if (sq_facts_add_string(b, sq_slice(buf, sample_text(i, buf, sizeof(buf)))) != i)
			abort();
	sample_feed_items(s, b);
}
