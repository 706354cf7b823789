/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * resident — what the kernel lends the general allocator (alloc.h) right now.
 * Threads: any; no lock.
 */
#include <stdint.h>

/**
 * sq_alloc_held_bytes() - resident pages of the allocator's mappings, used or free.
 * Reads /proc/self/maps and asks for each of those pages: some 50 µs for 32 MiB.
 * Return: 0 when the kernel does not say, and in sanitizer builds.
 */
uint64_t sq_alloc_held_bytes(void);
