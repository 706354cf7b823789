/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * fuzz — entry point of a fuzz target, as libFuzzer calls it. Linked with
 * replay.c it runs every file below the corpus directories given as arguments,
 * or tests/fuzz/corpus/<name> for a program called fuzz-<name>.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
