/* SPDX-License-Identifier: MIT */
#include "query/fuzzy.h"

#include <stdlib.h>

static unsigned char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) :
				      (unsigned char)c;
}

static uint32_t filter_bit(uint32_t gram)
{
	/* Fibonacci hashing: the top 16 bits of a multiple of 2^32 / phi */
	return (gram * 2654435769u) >> 16;
}

static bool in_filter(const struct sq_trigrams *t, uint32_t gram)
{
	uint32_t bit = filter_bit(gram);

	return t->filter[bit >> 6] >> (bit & 63) & 1;
}

static int cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* the i-th trigram's last byte enters at position i: blanks pad both ends */
static uint32_t shift_in(uint32_t gram, struct sq_slice s, size_t i)
{
	return (gram << 8 | (i < s.n ? lower(s.p[i]) : ' ')) & 0xffffff;
}

#define TWO_BLANKS 0x2020u

void sq_trigrams_init(struct sq_trigrams *t, struct sq_slice pattern)
{
	uint32_t gram = TWO_BLANKS, n = 0;

	pattern.n = SQ_MIN(pattern.n, (size_t)SQ_FUZZY_MAX);
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i <= pattern.n; i++)
		t->gram[t->n++] = gram = shift_in(gram, pattern, i);
	qsort(t->gram, t->n, sizeof(t->gram[0]), cmp_u32);
	for (uint32_t i = 0; i < t->n; i++)
		if (!n || t->gram[n - 1] != t->gram[i])
			t->gram[n++] = t->gram[i];
	t->n = n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t bit = filter_bit(t->gram[i]);

		t->filter[bit >> 6] |= 1ull << (bit & 63);
	}
}

float sq_trigrams_similarity(const struct sq_trigrams *t, struct sq_slice name)
{
	bool seen[SQ_FUZZY_MAX + 2] = { false };
	uint32_t gram = TWO_BLANKS, shared = 0;
	size_t all;

	name.n = SQ_MIN(name.n, (size_t)SQ_FUZZY_MAX);
	for (size_t i = 0; i <= name.n; i++) {
		const uint32_t *hit;

		gram = shift_in(gram, name, i);
		if (!in_filter(t, gram))
			continue;
		hit = bsearch(&gram, t->gram, t->n, sizeof(gram), cmp_u32);
		if (!hit || seen[hit - t->gram])
			continue;
		seen[hit - t->gram] = true;
		shared++;
	}
	all = t->n + name.n + 1 - shared;
	return (float)shared / (float)all;
}

float sq_trigrams_bound(const struct sq_trigrams *t, size_t n)
{
	size_t in_name = SQ_MIN(n, (size_t)SQ_FUZZY_MAX) + 1;
	size_t shared = SQ_MIN((size_t)t->n, in_name);

	return (float)shared / (float)(t->n + in_name - shared);
}

struct jaro {
	bool a_hit[SQ_FUZZY_MAX], b_hit[SQ_FUZZY_MAX];
	size_t n_hits;
};

/* pair equal bytes that are at most half the longer length apart */
static void pair(struct jaro *j, struct sq_slice a, struct sq_slice b)
{
	size_t longer = SQ_MAX(a.n, b.n);
	size_t reach = longer / 2 > 0 ? longer / 2 - 1 : 0;

	for (size_t i = 0; i < a.n; i++) {
		size_t from = i > reach ? i - reach : 0;
		size_t to = SQ_MIN(i + reach + 1, b.n);

		for (size_t k = from; k < to; k++) {
			if (j->b_hit[k] || lower(a.p[i]) != lower(b.p[k]))
				continue;
			j->a_hit[i] = j->b_hit[k] = true;
			j->n_hits++;
			break;
		}
	}
}

static size_t count_moved(const struct jaro *j, struct sq_slice a,
			  struct sq_slice b)
{
	size_t moved = 0, k = 0;

	for (size_t i = 0; i < a.n; i++) {
		if (!j->a_hit[i])
			continue;
		while (!j->b_hit[k])
			k++;
		moved += lower(a.p[i]) != lower(b.p[k++]);
	}
	return moved;
}

float sq_jaro_winkler(struct sq_slice a, struct sq_slice b)
{
	struct jaro j = { .n_hits = 0 };
	size_t prefix = 0;
	double m, jaro;

	a.n = SQ_MIN(a.n, (size_t)SQ_FUZZY_MAX);
	b.n = SQ_MIN(b.n, (size_t)SQ_FUZZY_MAX);
	pair(&j, a, b);
	if (!j.n_hits)
		return a.n == b.n && !a.n ? 1 : 0;
	m = (double)j.n_hits;
	jaro = (m / (double)a.n + m / (double)b.n +
		(m - (double)count_moved(&j, a, b) / 2) / m) / 3;
	while (prefix < 4 && prefix < a.n && prefix < b.n &&
	       lower(a.p[prefix]) == lower(b.p[prefix]))
		prefix++;
	return (float)(jaro + (double)prefix * 0.1 * (1 - jaro));
}
