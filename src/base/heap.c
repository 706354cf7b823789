/* SPDX-License-Identifier: MIT */
/* Two-level segregated fit (Masmano et al., 2004) with a page-wise give-back. */
#include "base/heap.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/lock.h"

#ifdef SQ_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define PAGE_BYTES 4096u        /* bigger pages of other machines only give back less */
#define ARENA_BYTES (1u << 20)
#define OWN_BYTES (ARENA_BYTES / 4)     /* from here on a mapping of its own */
#define GIVE_BYTES (64u << 10)          /* holes from here on give their pages back */
#define UNIT 16u
#define MIN_BYTES 32u
#define ROW_BITS 5u             /* 32 bins a power of two: 3 % apart */
#define N_BINS (1u << ROW_BITS)
#define N_ROWS 13u
#define MAX_LOOKS 8u            /* at holes of the same bin that may be too small */

#define IS_FREE 1u
#define IS_LAST 2u              /* of its arena */
#define IS_OWN 4u               /* its bytes are those of the mapping */
#define FLAGS (UNIT - 1)

/* in front of every block, in use or not */
struct block {
	uint32_t before;        /* bytes of the block before it, 0: the first */
	uint32_t bytes;         /* a multiple of UNIT, with flags */
};
struct hole {
	struct block head;
	struct hole *next, *prev;
};
struct arena {
	struct arena *next, *prev;
	uint64_t bytes;
};
/*
 * What a user gets lies behind the head. AddressSanitizer is told that it may
 * touch nothing else: there the place of the links stays free in a block in use,
 * so that no byte of a user's serves a hole, and some bytes follow.
 */
#ifdef SQ_ADDRESS_SANITIZER
#define FRONT_BYTES sizeof(struct hole)
#define REAR_BYTES UNIT
#else
#define FRONT_BYTES sizeof(struct block)
#define REAR_BYTES 0u
#endif
#define ARENA_HEAD sizeof(struct arena)
#define ARENA_ROOM ((ARENA_BYTES - ARENA_HEAD) & ~(size_t)FLAGS)
_Static_assert((ARENA_HEAD + FRONT_BYTES) % UNIT == 0, "alignment of blocks");
_Static_assert(sizeof(struct hole) <= MIN_BYTES, "room for the links of a hole");

struct sq_heap {
	struct sq_lock lock;            /* all below */
	struct arena *arenas;
	unsigned n_shared;              /* arenas of many blocks */
	bool closed;
	uint32_t rows;                  /* bit: some bin of the row is not empty */
	uint32_t bins[N_ROWS];          /* bit: the bin is not empty */
	struct hole *holes[N_ROWS][N_BINS];
	struct sq_heap_stats stats;
};

static uint32_t bytes_of(const struct block *b)
{
	return b->bytes & ~FLAGS;
}

static struct block *block_after(struct block *b)
{
	return b->bytes & IS_LAST ? NULL : (struct block *)(void *)((char *)b + bytes_of(b));
}

static struct block *block_before(struct block *b)
{
	return b->before ? (struct block *)(void *)((char *)b - b->before) : NULL;
}

static struct arena *arena_of_first(struct block *b)
{
	return (struct arena *)(void *)((char *)b - ARENA_HEAD);
}

static struct block *first_block(struct arena *a)
{
	return (struct block *)(void *)(a + 1);
}

/* ---- what AddressSanitizer lets pass ------------------------------------------ */

/* the head and the links are ours alone, and only those of a hole are to be read */
static void show_hole(struct block *b)
{
	ASAN_UNPOISON_MEMORY_REGION(b, sizeof(struct hole));
}

/* @b is a part of the hole before it now */
static void hide_hole(struct block *b)
{
	ASAN_POISON_MEMORY_REGION(b, sizeof(struct hole));
}

static void hide_bytes(struct block *b, uint64_t bytes)
{
	ASAN_POISON_MEMORY_REGION(b + 1, bytes - sizeof(*b));
}

/* Return: the @n bytes of the user, who may touch them now */
static void *show_bytes(struct block *b, uint64_t n, uint64_t bytes)
{
	char *p = (char *)b + FRONT_BYTES;

	hide_bytes(b, bytes);
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

/* ---- bins ------------------------------------------------------------------- */

struct bin { unsigned row, i; };

static struct bin bin_of(uint32_t bytes)
{
	uint32_t units = bytes / UNIT;
	unsigned log;

	if (units < N_BINS)
		return (struct bin){ 0, units };
	log = 31u - (unsigned)__builtin_clz(units);
	return (struct bin){ log - ROW_BITS + 1, units >> (log - ROW_BITS) & (N_BINS - 1) };
}

/* the pages inside a hole that it does not keep */
static size_t given_bytes(const struct block *b, char **ret_from)
{
	uintptr_t from = ((uintptr_t)b + sizeof(struct hole) + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
	uintptr_t to = ((uintptr_t)b + bytes_of(b)) & ~(uintptr_t)(PAGE_BYTES - 1);

	*ret_from = (char *)from;
	return bytes_of(b) >= GIVE_BYTES ? to - from : 0;
}

static void hole_add(struct sq_heap *h, struct block *b) SQ_REQUIRES(&h->lock)
{
	struct bin bin = bin_of(bytes_of(b));
	struct hole *hole = (struct hole *)(void *)b, **head = &h->holes[bin.row][bin.i];
	char *from;

	show_hole(b);
	b->bytes |= IS_FREE;
	hole->prev = NULL;
	hole->next = *head;
	if (*head)
		(*head)->prev = hole;
	*head = hole;
	h->bins[bin.row] |= 1u << bin.i;
	h->rows |= 1u << bin.row;
	h->stats.slack_bytes += bytes_of(b) - given_bytes(b, &from);
}

static void hole_take(struct sq_heap *h, struct block *b) SQ_REQUIRES(&h->lock)
{
	struct bin bin = bin_of(bytes_of(b));
	struct hole *hole = (struct hole *)(void *)b;
	char *from;

	if (hole->next)
		hole->next->prev = hole->prev;
	if (hole->prev)
		hole->prev->next = hole->next;
	else
		h->holes[bin.row][bin.i] = hole->next;
	if (!h->holes[bin.row][bin.i]) {
		h->bins[bin.row] &= ~(1u << bin.i);
		if (!h->bins[bin.row])
			h->rows &= ~(1u << bin.row);
	}
	b->bytes &= ~IS_FREE;
	h->stats.slack_bytes -= bytes_of(b) - given_bytes(b, &from);
}

/* the first hole of a bin above the one of @bytes: all there are big enough */
static struct block *find_above(const struct sq_heap *h, struct bin bin)
{
	uint32_t bins = bin.i + 1 < N_BINS ? h->bins[bin.row] & ~0u << (bin.i + 1) : 0;
	uint32_t rows;

	if (!bins) {
		rows = h->rows & ~0u << (bin.row + 1);
		if (!rows)
			return NULL;
		bin.row = (unsigned)__builtin_ctz(rows);
		bins = h->bins[bin.row];
	}
	return &h->holes[bin.row][__builtin_ctz(bins)]->head;
}

static struct block *find(const struct sq_heap *h, uint32_t bytes)
{
	struct bin bin = bin_of(bytes);
	struct hole *hole = h->holes[bin.row][bin.i];

	for (unsigned looks = 0; hole && looks < MAX_LOOKS; looks++, hole = hole->next)
		if (bytes_of(&hole->head) >= bytes)
			return &hole->head;
	return find_above(h, bin);
}

/* ---- arenas ----------------------------------------------------------------- */

static struct arena *arena_map(struct sq_heap *h, uint64_t bytes) SQ_REQUIRES(&h->lock)
{
	struct arena *a = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (a == MAP_FAILED)
		return NULL;
	a->bytes = bytes;
	a->prev = NULL;
	a->next = h->arenas;
	if (h->arenas)
		h->arenas->prev = a;
	h->arenas = a;
	h->stats.mapped_bytes += bytes;
	return a;
}

static void arena_give(struct arena *a)
{
	/* what comes to lie there is another's */
	ASAN_UNPOISON_MEMORY_REGION(a, a->bytes);
	(void)munmap(a, a->bytes);   /* our own mapping, whole: cannot fail but for a split, then it stays mapped */
}

static void arena_unmap(struct sq_heap *h, struct arena *a) SQ_REQUIRES(&h->lock)
{
	if (a->next)
		a->next->prev = a->prev;
	if (a->prev)
		a->prev->next = a->next;
	else
		h->arenas = a->next;
	h->stats.mapped_bytes -= a->bytes;
	arena_give(a);
}

static struct block *arena_add(struct sq_heap *h) SQ_REQUIRES(&h->lock)
{
	struct arena *a = arena_map(h, ARENA_BYTES);
	struct block *b;

	if (!a)
		return NULL;
	h->n_shared++;
	h->stats.slack_bytes += ARENA_HEAD;
	b = first_block(a);
	b->before = 0;
	b->bytes = ARENA_ROOM | IS_LAST;
	hide_bytes(b, ARENA_ROOM);
	hole_add(h, b);
	return b;
}

/* ---- blocks ----------------------------------------------------------------- */

static void *alloc_own(struct sq_heap *h, uint64_t n, uint64_t *ret_bytes) SQ_REQUIRES(&h->lock)
{
	uint64_t bytes = ARENA_HEAD + FRONT_BYTES + n + REAR_BYTES;
	struct arena *a;

	bytes = (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	a = arena_map(h, bytes);
	if (!a)
		return NULL;
	first_block(a)->before = 0;
	first_block(a)->bytes = IS_OWN;
	*ret_bytes = bytes;
	return show_bytes(first_block(a), n, bytes - ARENA_HEAD);
}

/* cut @b down to @bytes; what is behind becomes a hole */
static void split(struct sq_heap *h, struct block *b, uint32_t bytes) SQ_REQUIRES(&h->lock)
{
	uint32_t rest = bytes_of(b) - bytes, last = b->bytes & IS_LAST;
	struct block *tail, *after = block_after(b);

	if (rest < MIN_BYTES)
		return;
	b->bytes = bytes;
	tail = block_after(b);
	show_hole(tail);
	tail->before = bytes;
	tail->bytes = rest | last;
	if (after)
		after->before = rest;
	hole_add(h, tail);
}

static void *alloc_shared(struct sq_heap *h, uint32_t n, uint64_t *ret_bytes) SQ_REQUIRES(&h->lock)
{
	uint32_t bytes = SQ_MAX(MIN_BYTES, (uint32_t)(n + FRONT_BYTES + REAR_BYTES + FLAGS) & ~FLAGS);
	struct block *b = find(h, bytes);

	if (!b)
		b = arena_add(h);
	if (!b)
		return NULL;
	hole_take(h, b);
	split(h, b, bytes);
	*ret_bytes = bytes_of(b);
	return show_bytes(b, n, bytes_of(b));
}

void *sq_heap_alloc(struct sq_heap *h, uint64_t n, uint64_t *ret_bytes)
{
	uint64_t bytes = 0;
	void *p;

	if (n > SIZE_MAX / 2 || sq_alloc_is_refused())
		return NULL;
	sq_lock(&h->lock);
	assert(!h->closed);
	p = n >= OWN_BYTES ? alloc_own(h, n, &bytes) : alloc_shared(h, (uint32_t)n, &bytes);
	if (p) {
		h->stats.used_bytes += bytes;
		h->stats.n_blocks++;
		*ret_bytes = bytes;
	}
	sq_unlock(&h->lock);
	return p;
}

/* @b and the holes on both sides of it as one block, which is in no bin */
static struct block *merge(struct sq_heap *h, struct block *b) SQ_REQUIRES(&h->lock)
{
	struct block *before = block_before(b), *after = block_after(b);

	if (after && after->bytes & IS_FREE) {
		hole_take(h, after);
		b->bytes = (bytes_of(b) + bytes_of(after)) | (after->bytes & IS_LAST);
		hide_hole(after);
	}
	if (before && before->bytes & IS_FREE) {
		hole_take(h, before);
		before->bytes = (bytes_of(before) + bytes_of(b)) | (b->bytes & IS_LAST);
		hide_hole(b);
		b = before;
	}
	after = block_after(b);
	if (after)
		after->before = bytes_of(b);
	return b;
}

static void release_shared(struct sq_heap *h, struct block *b) SQ_REQUIRES(&h->lock)
{
	char *from;
	size_t n;

	b = merge(h, b);
	if (!b->before && b->bytes & IS_LAST && h->n_shared > 1) {
		h->n_shared--;
		h->stats.slack_bytes -= ARENA_HEAD;
		arena_unmap(h, arena_of_first(b));
		return;
	}
	hole_add(h, b);
	n = given_bytes(b, &from);
	if (n)
		(void)madvise(from, n, MADV_DONTNEED);   /* refused: the pages stay, which costs only memory */
}

/*
 * A reader that is still at a freed piece must not go unseen: to ThreadSanitizer
 * a block that was given back is one that was written to.
 */
static void mark_freed(struct block *b, uint64_t bytes)
{
#ifdef SQ_THREAD_SANITIZER
	memset(b + 1, 0xdd, bytes - sizeof(*b));
#endif
	hide_bytes(b, bytes);
}

void sq_heap_release(struct sq_heap *h, void *p)
{
	struct block *b;
	uint64_t bytes;

	if (!p)
		return;
	b = (struct block *)(void *)((char *)p - FRONT_BYTES);
	sq_lock(&h->lock);
	bytes = b->bytes & IS_OWN ? arena_of_first(b)->bytes : bytes_of(b);
	h->stats.used_bytes -= bytes;
	h->stats.n_blocks--;
	mark_freed(b, b->bytes & IS_OWN ? bytes - ARENA_HEAD : bytes);
	if (b->bytes & IS_OWN)
		arena_unmap(h, arena_of_first(b));
	else if (!h->closed)
		release_shared(h, b);
	sq_unlock(&h->lock);
}

/* ---- the heap --------------------------------------------------------------- */

int sq_heap_new(struct sq_heap **ret_h)
{
	struct sq_heap *h = sq_calloc(1, sizeof(*h));
	int r;

	if (!h)
		return sq_error_origin(-ENOMEM);
	r = sq_lock_init(&h->lock, SQ_RANK_HEAP, "heap");
	if (r < 0) {
		sq_free(h);
		return sq_error_trace(r);
	}
	*ret_h = h;
	return 0;
}

struct sq_heap *sq_heap_free(struct sq_heap *h)
{
	struct arena *next;

	if (!h)
		return NULL;
	for (struct arena *a = h->arenas; a; a = next) {
		next = a->next;
		arena_give(a);
	}
	sq_lock_deinit(&h->lock);
	sq_free(h);
	return NULL;
}

void sq_heap_close(struct sq_heap *h)
{
	sq_lock(&h->lock);
	h->closed = true;
	sq_unlock(&h->lock);
}

void sq_heap_read(struct sq_heap *h, struct sq_heap_stats *ret)
{
	sq_lock(&h->lock);
	*ret = h->stats;
	sq_unlock(&h->lock);
}

/* ---- checking --------------------------------------------------------------- */

struct sums { uint64_t used, slack, n_blocks, n_holes; };

static bool check_arena(struct arena *a, struct sums *sums)
{
	uint32_t before = 0;
	bool was_free = false;
	char *from;

	for (struct block *b = first_block(a); b; b = block_after(b)) {
		bool is_free = b->bytes & IS_FREE;

		if (b->before != before || bytes_of(b) < MIN_BYTES || (is_free && was_free))
			return false;
		if ((char *)b + bytes_of(b) > (char *)a + a->bytes)
			return false;
		if (is_free)
			sums->slack += bytes_of(b) - given_bytes(b, &from);
		else
			sums->used += bytes_of(b);
		sums->n_blocks += !is_free;
		sums->n_holes += is_free;
		before = bytes_of(b);
		was_free = is_free;
	}
	sums->slack += ARENA_HEAD;
	return true;
}

static uint64_t count_binned(const struct sq_heap *h)
{
	uint64_t n = 0;

	for (unsigned row = 0; row < N_ROWS; row++)
		for (unsigned i = 0; i < N_BINS; i++)
			for (struct hole *hole = h->holes[row][i]; hole; hole = hole->next) {
				struct bin bin = bin_of(bytes_of(&hole->head));

				n += bin.row == row && bin.i == i && hole->head.bytes & IS_FREE;
			}
	return n;
}

int sq_heap_check(struct sq_heap *h)
{
	struct sums sums = { 0 };
	bool ok = true;

	sq_lock(&h->lock);
	for (struct arena *a = h->arenas; a && ok; a = a->next) {
		if (first_block(a)->bytes & IS_OWN) {
			sums.used += a->bytes;
			sums.n_blocks++;
		} else {
			ok = check_arena(a, &sums);
		}
	}
	ok = ok && sums.used == h->stats.used_bytes && sums.slack == h->stats.slack_bytes &&
	     sums.n_blocks == h->stats.n_blocks && sums.n_holes == count_binned(h);
	sq_unlock(&h->lock);
	return ok ? 0 : -EINVAL;
}
