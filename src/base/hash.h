/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * hash — a fast non-cryptographic hash for tables and for bodies.
 * Threads: pure functions. The values are stable across runs and machines
 * (little-endian reads), because body hashes are part of facts.
 */
#include <stddef.h>
#include <stdint.h>

uint64_t sq_hash64(const void *p, size_t n, uint64_t seed);
static inline uint64_t sq_hash_u64(uint64_t x)
{
	/* the 64-bit finalizer of MurmurHash3 */
	x ^= x >> 33; x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33; x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}
