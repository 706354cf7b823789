/* SPDX-License-Identifier: MIT */
#include "base/resident.h"

#include "base/alloc.h"

#ifdef SQ_LIBC_HEAP
uint64_t sq_alloc_held_bytes(void)
{
	return 0;
}
#else
#include <limits.h>
#include <mimalloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_BYTES (PATH_MAX + 256)
#define ASK_PAGES 4096u

/* a range that is unmapped meanwhile has no pages */
static uint64_t resident_pages(uintptr_t from, uintptr_t to, uintptr_t page)
{
	unsigned char in_core[ASK_PAGES];
	uint64_t n = 0;

	while (from < to) {
		uintptr_t end = to - from > ASK_PAGES * page ? from + ASK_PAGES * page : to;

		if (mincore((void *)from, end - from, in_core) == 0)
			for (size_t i = 0; i < (end - from) / page; i++)
				n += in_core[i] & 1;
		from = end;
	}
	return n;
}

uint64_t sq_alloc_held_bytes(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	FILE *f = fopen("/proc/self/maps", "re");
	char line[LINE_BYTES];
	unsigned long from, to;
	uint64_t n = 0;

	if (!f)
		return 0;
	/* one in: mimalloc takes the first byte of a segment for the end of what is before it */
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx rw", &from, &to) == 2 && mi_is_in_heap_region((void *)(from + 1)))
			n += resident_pages(from, to, page);
	(void)fclose(f);   /* only read from */
	return n * page;
}
#endif
