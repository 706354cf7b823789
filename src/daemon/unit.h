/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * unit — the units for systemd: those of contrib/systemd/ with this program's
 * path, the memory limit of the configuration, and perhaps a user's name.
 * Threads: main of a short-lived process.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"

struct sq_unit_options {
	bool is_system;
	const char *user;              /* of the system's units, instead of the template; NULL: the template */
	uint64_t memory_limit_mb;
};
/**
 * sq_unit_memory_mb() - MemoryMax: design §1 point 3 promises anonymous memory
 * of at most 1.10 times the limit and a fixed part; the rest is page cache.
 */
uint64_t sq_unit_memory_mb(uint64_t limit_mb);
/** sq_unit_print() - both units, one after the other. Return: 0; -errno. */
int sq_unit_print(const struct sq_unit_options *o, FILE *out) sq_must_check;
/** sq_unit_install() - write them to /etc/systemd/system, or the user's directory, and say what to do next. */
int sq_unit_install(const struct sq_unit_options *o) sq_must_check;
