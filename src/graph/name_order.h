/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * name_order — the strings of a dictionary in byte order. Kernel-sized ones
 * share long prefixes, so a string is looked at eight bytes at a time, and only
 * as far as it must be to tell it from its neighbours.
 * Ownership: nothing is kept. Threads: spread over the workers of @par.
 */
#include "base/parallel.h"
#include "graph/dict.h"

/** sq_name_order() - the local indices of @d by bytes to @order, @d->n of them.
 *  Return: 0, -ENOMEM, -ECANCELED. */
int sq_name_order(const struct sq_dict *d, const struct sq_parallel *par, const bool *cancel,
		  uint32_t *order) sq_must_check;
