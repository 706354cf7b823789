/* SPDX-License-Identifier: MIT */
#include "proto/memory.h"

#include <setjmp.h>

#include "proto/json.h"

/* before every block of ours: jansson frees blocks without saying whence */
enum origin { FROM_HEAP = 0x68656170, FROM_ARENA = 0x6172656e };
struct header {
	uint64_t origin;
	char data[];
};

static bool in_use;     /* set once, before there are threads */

/* the document that this thread is reading */
static _Thread_local struct {
	struct sq_arena *arena;
	jmp_buf out;
} reading;

static void *allocate(size_t n)
{
	struct header *h = NULL;

	if (n > SIZE_MAX - sizeof(*h))
		return NULL;
	if (reading.arena) {
		h = sq_arena_alloc(reading.arena, sizeof(*h) + n);
		if (!h)
			_longjmp(reading.out, 1);
		h->origin = FROM_ARENA;
		return h->data;
	}
	h = sq_malloc(sizeof(*h) + n);
	if (!h)
		return NULL;
	h->origin = FROM_HEAP;
	return h->data;
}

static void release(void *p)
{
	struct header *h = p ? (struct header *)p - 1 : NULL;

	if (h && h->origin == FROM_HEAP)
		sq_free(h);
}

void sq_json_use_alloc(void)
{
	json_set_alloc_funcs(allocate, release);
	in_use = true;
}

json_t *sq_json_load(const struct sq_json_load *l, struct sq_arena *arena,
		     json_error_t *err)
{
	json_t *root;

	if (!in_use)
		return json_loadb(l->text.p, l->text.n, l->flags, err);
	if (_setjmp(reading.out)) {
		/* the reader holds nothing but what is in the arena */
		reading.arena = NULL;
		err->text[0] = '\0';
		return NULL;
	}
	reading.arena = arena;
	root = json_loadb(l->text.p, l->text.n, l->flags, err);
	reading.arena = NULL;
	return root;
}

void sq_json_unload(json_t *root, struct sq_arena *arena)
{
	if (!in_use)
		json_decref(root);
	sq_arena_deinit(arena);
}
