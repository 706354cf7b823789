/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * vec — a typed growable array: SQ_VEC(type) v = SQ_VEC_NULL.
 * Ownership: the vector owns its items' memory, not what they point to.
 */
#include "base/alloc.h"
#include "base/error.h"

#define SQ_VEC(type) struct { type *v; size_t n, cap; }
#define SQ_VEC_NULL { NULL, 0, 0 }
int sq_vec_grow_(void **v, size_t *cap, size_t need, size_t item);
/* make room for @more further items: 0 or -ENOMEM, the vector unchanged */
#define sq_vec_reserve(vec, more) \
	((vec)->n + (more) <= (vec)->cap ? 0 : \
	 sq_vec_grow_((void **)&(vec)->v, &(vec)->cap, (vec)->n + (more), sizeof(*(vec)->v)))
/* append one item: 0 or -ENOMEM */
#define sq_vec_push(vec, ...) \
	({ int _r = sq_vec_reserve(vec, 1); if (!_r) (vec)->v[(vec)->n++] = (__VA_ARGS__); _r; })
#define sq_vec_clear(vec) ((void)((vec)->n = 0))
#define sq_vec_deinit(vec) \
	do { sq_free((vec)->v); (vec)->v = NULL; (vec)->n = (vec)->cap = 0; } while (0)
