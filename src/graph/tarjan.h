/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tarjan — strongly connected components of a directed graph given as lists of
 * successors: those of node i are edges[start[i]..start[i + 1]). Linear time,
 * an explicit stack; 20 bytes of scratch a node.
 * Threads: one; reads the graph only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

/**
 * sq_tarjan()
 * @cancel:   relaxed flag, may be NULL
 * @ret_comp: [n] number of each node's component, in [0, *ret_n)
 * Return: 0, -ECANCELED, -ENOMEM; ret_comp is scratch on failure.
 */
int sq_tarjan(uint32_t n, const uint32_t *start, const uint32_t *edges, const bool *cancel,
	      uint32_t *ret_comp, uint32_t *ret_n) sq_must_check;
