/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fuzz — entry point of a fuzz target, as libFuzzer calls it. Linked with
 * replay.c it runs every file of the corpus directories given as arguments, or
 * of tests/fuzz/corpus/<name> for a program called fuzz-<name>, and the fixtures
 * that the target takes as inputs.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fixtures as inputs: a byte of the target's, then the file */
struct fuzz_fixtures {
	const char *dir;                /* below tests/fixtures; NULL: none */
	int (*head)(const char *path);  /* that byte; -1: not this file */
};
extern const struct fuzz_fixtures fuzz_fixtures;
