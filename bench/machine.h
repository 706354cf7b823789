/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * machine — what the figures were measured on.
 * Ownership: caller-owned storage. Threads: any.
 */
#include <stdint.h>

struct sq_machine {
	char cpu[128], kernel[128], system[128], filesystem[32];
	unsigned cores;
	uint64_t memory_bytes;
	double load;                    /* of the last minute, at the start */
};
/** sq_machine_read() - @dir: the directory whose file system is named. What cannot be read stays "unknown". */
void sq_machine_read(const char *dir, struct sq_machine *ret);
