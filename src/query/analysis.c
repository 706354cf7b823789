/* SPDX-License-Identifier: MIT */
/* Fields that ask for an analysis of the whole version: duplicates, unused, circular. */
#include <ctype.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "graph/scc.h"
#include "graph/unused.h"
#include "query/run.h"

/* ---- duplicates ------------------------------------------------------------------ */

struct copy { uint64_t hash, key; };
struct copies {
	struct sq_run *run;
	uint64_t mask;
	struct sq_buf text;             /* a signature without its name, blanks made one */
	SQ_VEC(struct copy) v;
};

static bool is_function(const struct sq_def *d)
{
	return d->kind == SQ_KIND_FUNCTION || d->kind == SQ_KIND_METHOD;
}

static bool is_type(const struct sq_def *d)
{
	return d->kind == SQ_KIND_STRUCT || d->kind == SQ_KIND_CLASS ||
	       d->kind == SQ_KIND_INTERFACE || d->kind == SQ_KIND_TRAIT ||
	       d->kind == SQ_KIND_ENUM;
}

static bool wants_body(uint64_t mask, const struct sq_def *d)
{
	return d->body_hash && ((mask & SQ_DUP_BODY) ||
				((mask & SQ_DUP_FUNCTION) && is_function(d)) ||
				((mask & SQ_DUP_STRUCT) && is_type(d)));
}

static void normalise(struct sq_slice sig, struct sq_slice name, struct sq_buf *out)
{
	bool blank = false;

	sq_buf_clear(out);
	for (size_t i = 0; i < sig.n; i++) {
		bool word = i && (isalnum((unsigned char)sig.p[i - 1]) || sig.p[i - 1] == '_');

		if (isspace((unsigned char)sig.p[i])) {
			blank = true;
			continue;
		}
		if (blank)
			sq_buf_putc(out, ' ');
		blank = false;
		if (!word && name.n && sig.n - i >= name.n &&
		    !memcmp(sig.p + i, name.p, name.n)) {
			i += name.n - 1;
			sq_buf_putc(out, '@');
		} else {
			sq_buf_putc(out, sig.p[i]);
		}
	}
}

/* 0 with the hash; 1: its source is not to be had */
static int hash_signature(struct copies *c, const struct sq_def *d, uint64_t *ret_hash)
{
	struct sq_slice sig;
	int r = sq_run_signature(c->run, d, &sig);

	if (r)
		return r;
	normalise(sig, sq_version_string(c->run->v, c->run->bound->names[d->name]), &c->text);
	if (sq_buf_error(&c->text))
		return sq_error_origin(-ENOMEM);
	*ret_hash = sq_hash64(c->text.p, c->text.n, c->run->bound->lang);
	return 0;
}

static int add_copy(struct copies *c, sq_file f, uint32_t def, const struct sq_def *d)
{
	struct copy copy = { d->body_hash, sq_key(f, def) };
	int r = 0;

	if (c->mask & SQ_DUP_SIGNATURE) {
		if (!is_function(d))
			return 0;
		r = hash_signature(c, d, &copy.hash);
		if (r)
			return r == 1 ? 0 : r;
	} else if (!wants_body(c->mask, d)) {
		return 0;
	}
	return sq_vec_push(&c->v, copy);
}

static int collect_copies(struct copies *c)
{
	struct sq_run *run = c->run;
	int r = 0;

	for (sq_file f = 0; !r && f < run->v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(run->v, f);
		struct sq_def_cursor it;
		struct sq_def d;

		if (!b || !b->columns.n_defs)
			continue;
		run->file = f;
		run->bound = b;
		sq_defs_begin(&b->columns, &it);
		for (uint32_t def = 0; !r && sq_defs_next(&it, &d); def++)
			r = add_copy(c, f, def, &d);
		if (!r)
			r = sq_run_step(run, b->columns.n_defs);
	}
	return r;
}

static int cmp_copies(const void *a, const void *b)
{
	const struct copy *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

int sq_run_duplicates(struct sq_run *run, uint64_t mask, struct sq_selection *set)
{
	struct copies c = { .run = run, .mask = mask };
	int r = collect_copies(&c);

	if (!r && c.v.n > 1)
		qsort(c.v.v, c.v.n, sizeof(*c.v.v), cmp_copies);
	for (size_t i = 0; !r && i < c.v.n; i++) {
		bool before = i && c.v.v[i - 1].hash == c.v.v[i].hash;
		bool behind = i + 1 < c.v.n && c.v.v[i + 1].hash == c.v.v[i].hash;

		if (before || behind)
			r = sq_selection_add(set, sq_key_file(c.v.v[i].key),
					     sq_key_def(c.v.v[i].key));
	}
	sq_buf_deinit(&c.text);
	sq_vec_deinit(&c.v);
	return r;
}

/* ---- unused, circular -------------------------------------------------------------- */

static bool in_scopes(const struct sq_run *run, uint64_t mask, sq_file f,
		      const struct sq_def *d)
{
	for (unsigned i = 0; i < SQ_UNUSED_MAX; i++)
		if ((mask >> i & 1) &&
		    sq_unused_in_scope(run->v, f, d, (enum sq_unused_scope)i))
			return true;
	return false;
}

static int take_found(struct sq_run *run, const struct sq_defset *from, uint64_t mask,
		       struct sq_selection *set)
{
	int r = 0;

	for (sq_file f = 0; !r && f < from->n_files; f++) {
		uint32_t i = sq_defset_next(from, f, 0);

		for (; !r && i != SQ_NONE; i = sq_defset_next(from, f, i + 1)) {
			struct sq_def d;

			sq_defs_get(&sq_version_bound(run->v, f)->columns, i, &d);
			if (!mask || in_scopes(run, mask, f, &d))
				r = sq_selection_add(set, f, i);
		}
		if (!r)
			r = sq_run_step(run, 1);
	}
	return r;
}

/* an analysis reads every reference, whatever it finds */
static int pay_for_references(struct sq_run *run)
{
	return sq_run_step(run, run->v->stats.n_defs + run->v->stats.n_refs);
}

int sq_run_unused(struct sq_run *run, uint64_t mask, struct sq_selection *set)
{
	const struct sq_analysis a = { .cancel = run->o->cancel, .par = run->o->par };
	struct sq_defset found = SQ_DEFSET_NULL;
	int r = pay_for_references(run);

	if (!r)
		r = sq_unused_find(run->v, &a, &found);
	if (!r)
		r = take_found(run, &found, mask, set);
	sq_defset_deinit(&found);
	return r;
}

static int add_cycles(struct sq_run *run, enum sq_cycle_type type, struct sq_selection *set)
{
	const struct sq_analysis a = { .cancel = run->o->cancel, .par = run->o->par };
	const struct sq_cycles_ask ask = { .type = type, .min_size = 2 };
	struct sq_cycles cycles = SQ_CYCLES_NULL;
	struct sq_defset found = SQ_DEFSET_NULL;
	int r = type == SQ_CYCLE_IMPORTS ? sq_run_step(run, run->v->stats.n_imports) : pay_for_references(run);

	if (!r)
		r = sq_cycles_find(run->v, &a, &ask, &cycles);
	if (!r)
		r = sq_cycles_set(run->v, &cycles, false, &found);
	if (!r)
		r = take_found(run, &found, 0, set);
	sq_defset_deinit(&found);
	sq_cycles_deinit(&cycles);
	return r;
}

int sq_run_circular(struct sq_run *run, uint64_t mask, struct sq_selection *set)
{
	int r = 0;

	if (mask & SQ_CIRCULAR_CALLS)
		r = add_cycles(run, SQ_CYCLE_CALLS, set);
	if (!r && (mask & SQ_CIRCULAR_IMPORTS))
		r = add_cycles(run, SQ_CYCLE_IMPORTS, set);
	return r;
}
