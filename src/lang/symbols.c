/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "base/hash.h"
#include "lang/cursor.h"
#include "lang/spec.h"

#define TABLE_MIN 4096u

int sq_walk_init(struct sq_walk *w)
{
	w->table = sq_calloc(TABLE_MIN, sizeof(*w->table));
	w->arena = sq_calloc(1, sizeof(*w->arena));
	w->cursor = sq_calloc(1, sizeof(*w->cursor));
	if (!w->table || !w->arena || !w->cursor)
		return sq_error_origin(-ENOMEM);
	w->table_mask = TABLE_MIN - 1;
	return 0;
}

void sq_walk_deinit(struct sq_walk *w)
{
	sq_free(w->table);
	sq_free(w->frames);
	if (w->arena)
		sq_arena_deinit(w->arena);
	sq_free(w->arena);
	if (w->cursor)
		sq_cursor_deinit(w->cursor);
	sq_free(w->cursor);
	sq_vec_deinit(&w->syms);
	sq_vec_deinit(&w->locals);
	sq_vec_deinit(&w->typed);
	sq_buf_deinit(&w->scratch);
}

void sq_walk_reset(struct sq_walk *w)
{
	/* by slot: costs what the last file used */
	for (size_t i = 0; i < w->syms.n; i++)
		w->table[w->syms.v[i].slot] = 0;
	sq_vec_clear(&w->syms);
	sq_vec_clear(&w->locals);
	sq_vec_clear(&w->typed);
	sq_arena_clear(w->arena);
	w->encl = SQ_NONE;
	w->n_functions = 0;
	w->n_scopes = 0;
	w->hashing = 0;
	w->roll = 0;
	w->n_tokens = 0;
	w->scope_start = 0;
	w->carry = 0;
	w->anonymous = 0;
	w->claimed = 0;
	w->error = 0;
}

static void place(struct sq_walk *w, uint32_t i)
{
	uint32_t slot = (uint32_t)w->syms.v[i].hash & w->table_mask;

	while (w->table[slot])
		slot = (slot + 1) & w->table_mask;
	w->table[slot] = i + 1;
	w->syms.v[i].slot = slot;
}

static int grow(struct sq_walk *w)
{
	uint32_t size = (w->table_mask + 1) * 2;
	uint32_t *table = sq_calloc(size, sizeof(*table));

	if (!table)
		return sq_error_origin(-ENOMEM);
	sq_free(w->table);
	w->table = table;
	w->table_mask = size - 1;
	for (uint32_t i = 0; i < w->syms.n; i++)
		place(w, i);
	return 0;
}

static uint32_t fail(struct sq_walk *w, int r)
{
	w->error = r;
	return SQ_NONE;
}

static uint32_t add_sym(struct sq_walk *w, struct sq_slice s, uint64_t hash)
{
	struct sq_sym sym = { .p = s.p, .len = (uint32_t)s.n, .string = SQ_NONE, .hash = hash,
			      .member_of = SQ_NONE, .member_type = SQ_NONE };
	int r = 0;

	if (s.p < w->bytes.p || s.p >= w->bytes.p + w->bytes.n) {
		sym.p = sq_arena_memdup(w->arena, s.p, s.n);
		if (!sym.p)
			return fail(w, -ENOMEM);
	}
	if (w->syms.n + 1 > (w->table_mask + 1) / 2)
		r = grow(w);
	if (!r)
		r = sq_vec_push(&w->syms, sym);
	if (r < 0)
		return fail(w, r);
	place(w, (uint32_t)w->syms.n - 1);
	return (uint32_t)w->syms.n - 1;
}

static uint32_t intern(struct sq_walk *w, struct sq_slice s, uint64_t hash)
{
	uint32_t slot = (uint32_t)hash & w->table_mask;

	for (; w->table[slot]; slot = (slot + 1) & w->table_mask) {
		const struct sq_sym *t = &w->syms.v[w->table[slot] - 1];

		if (t->hash == hash && t->len == s.n && !memcmp(t->p, s.p, s.n))
			return w->table[slot] - 1;
	}
	return add_sym(w, s, hash);
}

uint32_t sq_walk_sym(struct sq_walk *w, struct sq_slice text)
{
	return text.n ? intern(w, text, sq_hash64(text.p, text.n, 0)) : SQ_NONE;
}

uint32_t sq_walk_leaf_sym(struct sq_walk *w, const struct sq_frame *f)
{
	return f->end > f->start ? intern(w, sq_frame_text(w, f), w->leaf_hash) : SQ_NONE;
}

struct sq_slice sq_walk_text(const struct sq_walk *w, uint32_t sym)
{
	return sym < w->syms.n ? sq_slice(w->syms.v[sym].p, w->syms.v[sym].len) : SQ_SLICE_NULL;
}

void sq_walk_scope(struct sq_walk *w, struct sq_frame *f, bool function)
{
	if (f->scope)
		return;
	f->scope = true;
	f->function = function;
	f->saved_locals = (uint32_t)w->locals.n;
	f->saved_scope = w->scope_start;
	w->scope_start = (uint32_t)w->locals.n;
	w->n_scopes++;
	w->n_functions += function;
}

static void bind(struct sq_walk *w, struct sq_local l)
{
	struct sq_sym *s = &w->syms.v[l.sym];
	int r;

	l.shadowed = s->local;
	/* one entry a name and scope, the last declaration wins */
	if (s->local && s->local - 1 >= w->scope_start) {
		l.shadowed = w->locals.v[s->local - 1].shadowed;
		w->locals.v[s->local - 1] = l;
		return;
	}
	r = sq_vec_push(&w->locals, l);
	if (r < 0)
		w->error = r;
	else
		s->local = (uint32_t)w->locals.n;
}

void sq_walk_end_scope(struct sq_walk *w, struct sq_frame *f)
{
	size_t n = w->locals.n;

	while (w->locals.n > f->saved_locals) {
		const struct sq_local *l = &w->locals.v[--w->locals.n];

		w->syms.v[l->sym].local = l->shadowed;
	}
	w->scope_start = f->saved_scope;
	w->n_scopes--;
	w->n_functions -= f->function;
	f->scope = false;
	/* no entry is written before it is read: at most as many come back as went */
	for (size_t i = f->saved_locals; i < n && !f->function; i++) {
		struct sq_local l = w->locals.v[i];

		if (l.is_wide)
			bind(w, l);
	}
}

/* what later pieces see of this one: a variable without a type is as none */
static void note_typed(struct sq_walk *w, uint32_t sym, uint32_t type)
{
	const struct sq_local *l = sq_walk_find(w, sym);
	int r = 0;

	if (type != SQ_NONE || (l && l->type != SQ_NONE))
		r = sq_vec_push(&w->typed, (struct sq_typed){ sym, type });
	if (r < 0)
		w->error = r;
}

void sq_walk_local(struct sq_walk *w, uint32_t sym, uint32_t type)
{
	if (sym != SQ_NONE && !w->n_scopes && w->spec->cut)
		note_typed(w, sym, type);
	if (sym != SQ_NONE)
		bind(w, (struct sq_local){ .sym = sym, .type = type,
					   .is_global = !w->n_scopes });
}

void sq_walk_local_wide(struct sq_walk *w, uint32_t sym, uint32_t type)
{
	if (sym != SQ_NONE)
		bind(w, (struct sq_local){ .sym = sym, .type = type, .is_global = !w->n_scopes,
					   .is_wide = true });
}

void sq_walk_hide(struct sq_walk *w, uint32_t sym)
{
	if (sym != SQ_NONE)
		bind(w, (struct sq_local){ .sym = sym, .type = SQ_NONE });
}

void sq_walk_unhide(struct sq_walk *w, uint32_t sym)
{
	if (sym != SQ_NONE)
		bind(w, (struct sq_local){ .sym = sym, .type = SQ_NONE, .is_global = true });
}

uint32_t sq_walk_class(struct sq_walk *w)
{
	const uint32_t kinds = 1u << SQ_KIND_CLASS | 1u << SQ_KIND_STRUCT |
			       1u << SQ_KIND_INTERFACE | 1u << SQ_KIND_TRAIT | 1u << SQ_KIND_ENUM;
	uint32_t i = w->encl;

	for (const struct sq_def *d; (d = sq_walk_get_def(w, i)); i = d->parent)
		if (kinds >> d->kind & 1)
			return i;
	return SQ_NONE;
}

void sq_walk_bind_member(struct sq_walk *w, uint32_t path, uint32_t type)
{
	uint32_t owner = sq_walk_class(w);

	if (path == SQ_NONE || type == SQ_NONE || owner == SQ_NONE)
		return;
	w->syms.v[path].member_of = owner;
	w->syms.v[path].member_type = type;
}

struct sq_local *sq_walk_find(const struct sq_walk *w, uint32_t sym)
{
	if (sym == SQ_NONE || !w->syms.v[sym].local)
		return NULL;
	return &w->locals.v[w->syms.v[sym].local - 1];
}
