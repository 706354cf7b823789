/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <endian.h>
#include <string.h>

/*
 * Multiply and fold (the construction of wyhash and of MUM before it): two
 * words are multiplied to 128 bits and the halves are xored. 16 bytes cost one
 * multiplication; three lanes keep the multiplier busy on long input. Not
 * against an adversary who picks bytes to collide.
 * The constants are odd with half of their bits set: the golden ratio, the
 * two multipliers of splitmix64 and that of rrmxmx.
 */
#define K0 0x9e3779b97f4a7c15ULL
#define K1 0xbf58476d1ce4e5b9ULL
#define K2 0x94d049bb133111ebULL
#define K3 0xd6e8feb86659fd93ULL

__extension__ typedef unsigned __int128 wide;

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	wide w = (wide)a * b;

	return (uint64_t)w ^ (uint64_t)(w >> 64);
}

static inline uint64_t read8(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint64_t read4(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* up to 16 bytes, read without a loop: the ends overlap in the middle */
static inline void read_short(const uint8_t *p, size_t n, uint64_t *ret_a, uint64_t *ret_b)
{
	if (n >= 8) {
		*ret_a = read8(p);
		*ret_b = read8(p + n - 8);
	} else if (n >= 4) {
		*ret_a = read4(p);
		*ret_b = read4(p + n - 4);
	} else if (n) {
		*ret_a = (uint64_t)p[0] << 16 | (uint64_t)p[n >> 1] << 8 | p[n - 1];
		*ret_b = 0;
	} else {
		*ret_a = *ret_b = 0;
	}
}

uint64_t sq_hash64(const void *data, size_t n, uint64_t seed)
{
	const uint8_t *p = data;
	uint64_t a, b;
	size_t left = n;

	seed ^= fold(seed ^ K0, K1);
	if (n <= 16) {
		read_short(p, n, &a, &b);
	} else {
		if (left > 48) {
			uint64_t s1 = seed, s2 = seed;

			do {
				seed = fold(read8(p) ^ K1, read8(p + 8) ^ seed);
				s1 = fold(read8(p + 16) ^ K2, read8(p + 24) ^ s1);
				s2 = fold(read8(p + 32) ^ K3, read8(p + 40) ^ s2);
				p += 48;
				left -= 48;
			} while (left > 48);
			seed ^= s1 ^ s2;
		}
		for (; left > 16; p += 16, left -= 16)
			seed = fold(read8(p) ^ K1, read8(p + 8) ^ seed);
		/* the last 16 bytes; they may overlap what was already read */
		a = read8(p + left - 16);
		b = read8(p + left - 8);
	}
	a ^= K1;
	b ^= seed;
	return fold(fold(a, b) ^ K0 ^ n, fold(b ^ K3, a ^ K2) ^ K1);
}
