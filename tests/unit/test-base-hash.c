/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "../support/suite.h"

static uint8_t bytes[512];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
}

/*
 * Hashes are stored in facts, so a change of the function must not go
 * unnoticed: these values were computed once and may change only together
 * with the extractor version.
 */
START_TEST(stable)
{
	static const struct { size_t n; uint64_t seed, want; } known[] = {
		{ 0, 0, 0xf58b5e9f5fa74ebaULL },
		{ 1, 42, 0x58de40067e78fd7aULL },
		{ 3, 0, 0x4ac54f191447c10cULL },
		{ 4, 42, 0xfcd99b7260605bf7ULL },
		{ 7, 0, 0x04a6cb04f7fae081ULL },
		{ 8, 42, 0xe405bc5249a3760aULL },
		{ 15, 0, 0x9d963e3bf33edd41ULL },
		{ 16, 42, 0x8a10d94f33632a8dULL },
		{ 17, 0, 0xc9c87c204b1edfebULL },
		{ 32, 42, 0xdd5876b4f2be882bULL },
		{ 47, 0, 0x263ba31cd2b6174bULL },
		{ 48, 42, 0xb5c50060880ba2f9ULL },
		{ 49, 0, 0x3e1e2052df6ef717ULL },
		{ 96, 42, 0xdde5757280fffd01ULL },
		{ 97, 0, 0x919641739180d71eULL },
		{ 145, 42, 0x70fa5ba255e4cc5eULL },
		{ 512, 0, 0x3216ea225b96b736ULL },
	};

	fill();
	for (size_t i = 0; i < SQ_ARRAY_SIZE(known); i++) {
		uint64_t got = sq_hash64(bytes, known[i].n, known[i].seed);

		ck_assert_msg(got == known[i].want, "n %zu: 0x%016llx", known[i].n,
			      (unsigned long long)got);
	}
}
END_TEST

/* the value depends on the bytes and nothing else; nothing past the end is read */
START_TEST(placement)
{
	fill();
	for (size_t n = 0; n < 200; n++) {
		uint64_t want = sq_hash64(bytes, n, 7);

		for (size_t shift = 0; shift < 9; shift++) {
			uint8_t *copy = malloc(n + shift + 1);

			memcpy(copy + shift, bytes, n);
			copy[n + shift] = (uint8_t)shift;
			ck_assert_uint_eq(sq_hash64(copy + shift, n, 7), want);
			free(copy);
		}
	}
}
END_TEST

/* each flipped bit changes about half of the 64 bits */
START_TEST(avalanche)
{
	static const size_t lengths[] = { 1, 3, 4, 7, 8, 15, 16, 17, 33, 48, 49, 96, 97, 200 };

	fill();
	for (size_t l = 0; l < SQ_ARRAY_SIZE(lengths); l++) {
		size_t n = lengths[l], flips = 0;
		uint64_t base = sq_hash64(bytes, n, 0);

		for (size_t bit = 0; bit < n * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			uint64_t diff = base ^ sq_hash64(bytes, n, 0);

			ck_assert_uint_ne(diff, 0);
			flips += (size_t)__builtin_popcountll(diff);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		double mean = (double)flips / (double)(n * 8);

		ck_assert_msg(mean > 28 && mean < 36, "n %zu: mean %f", n, mean);
	}
}
END_TEST

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* names as source has them: no two of 400,000 collide, table slots are even */
START_TEST(names)
{
	enum { N = 400000, SLOTS = 1024 };
	uint64_t *h = malloc(N * sizeof(*h));
	unsigned slots[SLOTS] = { 0 };
	char name[32];

	for (int i = 0; i < N; i++) {
		int n = snprintf(name, sizeof(name), "dev_attr_%d_show", i);

		h[i] = sq_hash64(name, (size_t)n, 0);
		slots[h[i] % SLOTS]++;
	}
	qsort(h, N, sizeof(*h), cmp_u64);
	for (int i = 1; i < N; i++)
		ck_assert_uint_ne(h[i], h[i - 1]);
	/* mean 390, deviation 20: seven deviations */
	for (int i = 0; i < SLOTS; i++)
		ck_assert_msg(slots[i] > 250 && slots[i] < 530, "slot %d: %u", i, slots[i]);
	free(h);
}
END_TEST

START_TEST(seeds)
{
	fill();
	for (size_t n = 0; n < 100; n++) {
		ck_assert_uint_ne(sq_hash64(bytes, n, 0), sq_hash64(bytes, n, 1));
		ck_assert_uint_ne(sq_hash64(bytes, n, 0), sq_hash64(bytes, n + 1, 0));
	}
	/* zeros differ by their number only */
	memset(bytes, 0, sizeof(bytes));
	for (size_t n = 0; n < 100; n++)
		ck_assert_uint_ne(sq_hash64(bytes, n, 0), sq_hash64(bytes, n + 1, 0));
	ck_assert_uint_ne(sq_hash_u64(1), sq_hash_u64(2));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-hash");
	TCase *t = tcase_create("hash");

	tcase_add_test(t, stable);
	tcase_add_test(t, placement);
	tcase_add_test(t, avalanche);
	tcase_add_test(t, names);
	tcase_add_test(t, seeds);
	suite_add_tcase(s, t);
	return suite_run(s);
}
