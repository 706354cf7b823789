/* SPDX-License-Identifier: MIT */
#include "lang/tsarena.h"

#include <sys/mman.h>

#include "lang/tsalloc.h"

/* a block begins this much behind the place that was free, where its size stands */
#define FIRST (SQ_TSARENA_ALIGN - sizeof(size_t))

static void map(struct sq_tsarena *a)
{
	void *base = mmap(NULL, SQ_TSARENA_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base != MAP_FAILED)
		a->base = base;
}

bool sq_tsarena_enter(struct sq_tsarena *a)
{
	if (!a->base)
		map(a);
	if (!a->base)
		return false;
	a->used = FIRST;
	a->high = 0;
	a->has_spilled = false;
	a->is_in_use = true;
	sq_tsalloc_arena(a);
	return true;
}

void sq_tsarena_leave(struct sq_tsarena *a)
{
	if (!a->is_in_use)
		return;
	a->is_in_use = false;
	sq_tsalloc_arena(NULL);
	if (a->high > SQ_TSARENA_KEPT_BYTES)
		(void)madvise(a->base + SQ_TSARENA_KEPT_BYTES, a->high - SQ_TSARENA_KEPT_BYTES, MADV_DONTNEED);
	sq_tsarena_poison(a->base, a->high);
}

void sq_tsarena_deinit(struct sq_tsarena *a)
{
	if (a->base) {
		sq_tsarena_unpoison(a->base, SQ_TSARENA_BYTES);
		(void)munmap(a->base, SQ_TSARENA_BYTES);
	}
	*a = (struct sq_tsarena){ .base = NULL };
}
