/* SPDX-License-Identifier: MIT */
/*
 * Files are walked in rounds. The first round reads every file: references of
 * live code mark what they mean, those of private definitions wait for their
 * definition to be marked, which mostly happens in the same file. Marks that
 * wake a private definition of another file put that file into the next round.
 */
#include "graph/unused.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "graph/each.h"
#include "graph/judge.h"
#include "graph/numbers.h"

/* a reference of a definition that is not known to be live */
struct waiting { const struct sq_link *link; uint32_t encl, next; };
struct run {
	const struct sq_version *v;
	const struct sq_analysis *a;
	struct sq_numbers numbers;
	struct sq_entries entries;
	struct sq_defset used;
	/* [definition] live whether used or not; its references are read; has a parent; can be unused */
	uint64_t *open, *done, *nested, *judged;
	uint64_t *members, *elided;             /* [name] meant by calls that nothing resolved; by long lists */
	bool is_first;
	SQ_VEC(sq_file) queue;                  /* of the next round */
	uint64_t *queued;                       /* [file] */
	/* of the file being read */
	sq_file f;
	const struct sq_bound *b;
	const struct sq_links *l;
	SQ_VEC(uint32_t) parent, src, head, stack;      /* [definition]; definitions that woke up */
	SQ_VEC(uint8_t) is_heir;
	SQ_VEC(struct waiting) waiting;
};

static bool test_bit(const uint64_t *bits, uint32_t i)
{
	return bits[i >> 6] >> (i & 63) & 1;
}

static void set_bit(uint64_t *bits, uint32_t i)
{
	bits[i >> 6] |= 1ull << (i & 63);
}

static int enqueue(struct run *run, sq_file f)
{
	if (test_bit(run->queued, f))
		return 0;
	set_bit(run->queued, f);
	return sq_vec_push(&run->queue, f);
}

/* the number of a definition of the file being read */
static uint32_t number(const struct run *run, uint32_t def)
{
	return sq_defset_bit(&run->used, run->f, def);
}

/* definition @def of the file being read is used, and so is what encloses it */
static int use_here(struct run *run, uint32_t def)
{
	int r = 0;

	for (; def != SQ_NONE && !r; def = run->parent.v[def]) {
		if (!sq_defset_add(&run->used, run->f, def))
			return 0;
		if (!test_bit(run->open, number(run, def)))
			r = sq_vec_push(&run->stack, def);
	}
	return r;
}

/* of another file: that has to be read again when it wakes somebody there */
static int use_there(struct run *run, sq_file f, uint32_t def)
{
	uint32_t i = sq_defset_bit(&run->used, f, def);

	if (!sq_defset_add(&run->used, f, def))
		return 0;
	if (test_bit(run->open, i) && !test_bit(run->nested, i))
		return 0;
	return enqueue(run, f);
}

static bool is_inside(const struct run *run, uint32_t def, uint32_t outer)
{
	while (def != SQ_NONE && def > outer)
		def = run->parent.v[def];
	return def == outer;
}

static int use_link(struct run *run, const struct sq_link *link, uint32_t encl)
{
	int r = 0;

	for (uint32_t k = 0; k < link->n_listed && !r; k++) {
		sq_file f = run->l->targets[link->first + k].file;
		uint32_t def = sq_numbers_def(&run->numbers, run->f, link->first + k);

		if (def == SQ_NONE)
			continue;
		if (f != run->f)
			r = use_there(run, f, def);
		else if (!is_inside(run, encl, def))
			r = use_here(run, def);
	}
	return r;
}

/* ---- what a file says ---- */

static int reserve(struct run *run, uint32_t n_defs)
{
	int r;

	run->parent.n = run->src.n = run->head.n = run->is_heir.n = 0;
	run->stack.n = run->waiting.n = 0;
	r = sq_vec_reserve(&run->parent, n_defs);
	if (!r)
		r = sq_vec_reserve(&run->src, n_defs);
	if (!r)
		r = sq_vec_reserve(&run->head, n_defs);
	if (!r)
		r = sq_vec_reserve(&run->is_heir, n_defs);
	return sq_error_trace(r);
}

/* definitions that were marked from elsewhere since the file was last read */
static int wake(struct run *run, uint32_t i)
{
	int r = 0;

	if (!sq_defset_has(&run->used, run->f, i) || test_bit(run->done, number(run, i)))
		return 0;
	if (test_bit(run->open, number(run, i)))
		set_bit(run->done, number(run, i));
	else
		r = sq_vec_push(&run->stack, i);
	return r ? r : use_here(run, run->parent.v[i]);
}

static int read_defs(struct run *run)
{
	struct sq_def_cursor it;
	struct sq_def d;
	int r = reserve(run, run->b->columns.n_defs);

	if (r < 0)
		return r;
	sq_defs_begin(&run->b->columns, &it);
	for (uint32_t i = 0; !r && sq_defs_next(&it, &d); i++) {
		run->parent.v[i] = d.parent;
		run->src.v[i] = sq_def_is_judged(d.kind) ? i :
				d.parent == SQ_NONE ? SQ_NONE : run->src.v[d.parent];
		run->head.v[i] = SQ_NONE;
		run->is_heir.v[i] = false;
		r = wake(run, i);
	}
	return r;
}

/* what has no target may mean many */
static void note_unlinked(struct run *run, const struct sq_link *link, const struct sq_ref *ref)
{
	sq_name name = run->b->names[ref->name];

	if (link->n_total > link->n_listed)
		set_bit(run->elided, name);
	else if (ref->qual != SQ_NONE || (ref->flags & SQ_REFF_EXPR))
		set_bit(run->members, name);
}

static int wait_for(struct run *run, uint32_t src, uint32_t encl, const struct sq_link *link)
{
	int r = sq_vec_push(&run->waiting, (struct waiting){ link, encl, run->head.v[src] });

	if (!r)
		run->head.v[src] = (uint32_t)run->waiting.n - 1;
	return r;
}

static int read_ref(struct run *run, const struct sq_ref *ref, const struct sq_link *link)
{
	uint32_t src = ref->encl == SQ_NONE ? SQ_NONE : run->src.v[ref->encl];

	if (run->is_first) {
		if ((ref->kind == SQ_REF_INHERIT || ref->kind == SQ_REF_IMPLEMENT) && ref->encl != SQ_NONE)
			run->is_heir.v[ref->encl] = true;
		if (link->n_total > link->n_listed || !link->n_listed)
			note_unlinked(run, link, ref);
	}
	if (!link->n_listed || ref->kind == SQ_REF_DECLARATION)
		return 0;
	if (src == SQ_NONE || test_bit(run->open, number(run, src)))
		return run->is_first ? use_link(run, link, ref->encl) : 0;
	return test_bit(run->done, number(run, src)) ? 0 : wait_for(run, src, ref->encl, link);
}

static int read_refs(struct run *run)
{
	const uint8_t *at = run->l->ref_link;
	struct sq_ref_cursor it;
	struct sq_ref ref;
	uint32_t link;
	int r = 0;

	sq_refs_begin(&run->b->columns, &it);
	while (!r && sq_refs_next(&it, &ref)) {
		at = sq_varint_get32(at, &link);
		r = read_ref(run, &ref, &run->l->links[link]);
	}
	return r;
}

/* a method of a type with a supertype may be called through that */
static bool may_override(const struct run *run, const struct sq_def *d)
{
	uint8_t lang = run->b->lang;

	if (d->kind != SQ_KIND_METHOD && d->kind != SQ_KIND_FUNCTION)
		return false;
	if (d->parent == SQ_NONE || !run->is_heir.v[d->parent])
		return false;
	return (d->flags & SQ_DEF_VIS_MASK) != SQ_DEF_VIS_PRIVATE ||
	       lang == SQ_LANG_RUST || lang == SQ_LANG_PYTHON;
}

static int use_overriders(struct run *run)
{
	uint32_t n = run->b->columns.n_defs;
	struct sq_def_cursor it;
	struct sq_def d;
	int r = 0;

	if (!n || !memchr(run->is_heir.v, true, n))
		return 0;
	sq_defs_begin(&run->b->columns, &it);
	for (uint32_t i = 0; !r && sq_defs_next(&it, &d); i++)
		if (may_override(run, &d))
			r = use_here(run, i);
	return r;
}

static int wake_all(struct run *run)
{
	int r = 0;

	while (run->stack.n && !r) {
		uint32_t def = run->stack.v[--run->stack.n];

		if (test_bit(run->done, number(run, def)))
			continue;
		set_bit(run->done, number(run, def));
		for (uint32_t w = run->head.v[def]; w != SQ_NONE && !r; w = run->waiting.v[w].next)
			r = use_link(run, run->waiting.v[w].link, run->waiting.v[w].encl);
	}
	return r;
}

static int read_file(struct run *run, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(run->v, f);
	int r;

	if (!s.links)
		return 0;
	run->f = f;
	run->b = s.bound;
	run->l = s.links;
	r = read_defs(run);
	if (!r && (run->is_first || run->stack.n))
		r = read_refs(run);
	if (!r && run->is_first)
		r = use_overriders(run);
	return r ? r : wake_all(run);
}

/* ---- rounds ---- */

static int use_name(struct run *run, sq_name name, uint8_t class_bits)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	sq_version_postings(run->v, name, SQ_LIST_DEF, &it);
	while (!r && sq_posting_next(&it, &p)) {
		const struct sq_bound *b = sq_version_bound(run->v, p.file);
		uint32_t local, def;

		if ((p.class_bits & class_bits) != class_bits)
			continue;
		local = sq_bound_local(b, name);
		def = sq_defs_find(&b->columns, local, 0);
		for (; !r && def != SQ_NONE; def = sq_defs_find(&b->columns, local, def + 1))
			r = use_there(run, p.file, def);
	}
	return r;
}

static int use_names(struct run *run, const uint64_t *names, uint8_t class_bits)
{
	int r = 0;

	for (uint32_t w = 0; w <= run->v->n_names / 64 && !r; w++)
		for (uint64_t bits = names[w]; bits && !r; bits &= bits - 1)
			r = use_name(run, w * 64 + (uint32_t)__builtin_ctzll(bits), class_bits);
	return r;
}

static int first_round(struct run *run)
{
	int r = 0;

	run->is_first = true;
	for (sq_file f = 0; f < run->v->n_file_ids && !r; f++)
		r = sq_is_cancelled(run->a->cancel) ? -ECANCELED : read_file(run, f);
	run->is_first = false;
	if (!r)
		r = use_names(run, run->members, SQ_CLASS_CALLABLE | SQ_CLASS_MEMBER);
	return r ? r : use_names(run, run->elided, 0);
}

static int next_round(struct run *run)
{
	__typeof__(run->queue) queue = run->queue;
	int r = 0;

	memset(&run->queue, 0, sizeof(run->queue));
	memset(run->queued, 0, (run->v->n_file_ids / 64 + 1) * sizeof(*run->queued));
	for (size_t i = 0; i < queue.n && !r; i++)
		r = sq_is_cancelled(run->a->cancel) ? -ECANCELED : read_file(run, queue.v[i]);
	sq_vec_deinit(&queue);
	return r;
}

/* ---- before the first round: what each definition says by itself ---- */

static void classify(struct run *run, uint32_t i, const struct sq_def *d)
{
	const struct sq_bound *b = run->b;
	uint32_t at = number(run, i);
	sq_name parent = SQ_NAME_NONE;
	struct sq_def p;

	if (sq_def_is_judged(d->kind))
		set_bit(run->judged, at);
	if (d->parent != SQ_NONE)
		set_bit(run->nested, at);
	if (sq_judge_visible(b->lang, d, d->parent == SQ_NONE || test_bit(run->open, number(run, d->parent))))
		set_bit(run->open, at);
	if (d->parent != SQ_NONE && (d->kind == SQ_KIND_METHOD || d->kind == SQ_KIND_FUNCTION)) {
		sq_defs_get(&b->columns, d->parent, &p);
		parent = b->names[p.name];
	}
	if (sq_entry_is(&run->entries, run->v, b, d, parent))
		(void)sq_defset_add(&run->used, run->f, i);   /* the first round wakes it */
}

static int classify_all(struct run *run)
{
	for (sq_file f = 0; f < run->v->n_file_ids; f++) {
		struct sq_def_cursor it;
		struct sq_def d;

		run->f = f;
		run->b = sq_version_bound(run->v, f);
		if (!run->b || !run->b->columns.n_defs)
			continue;
		if (sq_is_cancelled(run->a->cancel))
			return sq_error_origin(-ECANCELED);
		sq_defs_begin(&run->b->columns, &it);
		for (uint32_t i = 0; sq_defs_next(&it, &d); i++)
			classify(run, i, &d);
	}
	return 0;
}

/* all that is judged and not used, in place of the used ones */
static void invert(struct run *run)
{
	uint64_t n = 0;

	for (size_t w = 0; w <= run->used.base[run->used.n_files] / 64; w++) {
		run->used.bits[w] = run->judged[w] & ~run->used.bits[w];
		n += (unsigned)__builtin_popcountll(run->used.bits[w]);
	}
	run->used.n = n;
}

static uint64_t *new_bits(uint32_t n)
{
	return sq_calloc(n / 64 + 1ul, sizeof(uint64_t));
}

static int prepare(struct run *run)
{
	int r = sq_defset_init(&run->used, run->v);
	uint32_t n_defs;

	if (r)
		return sq_error_trace(r);
	n_defs = run->used.base[run->used.n_files];
	run->open = new_bits(n_defs);
	run->done = new_bits(n_defs);
	run->nested = new_bits(n_defs);
	run->judged = new_bits(n_defs);
	run->members = new_bits(run->v->n_names);
	run->elided = new_bits(run->v->n_names);
	run->queued = new_bits(run->v->n_file_ids);
	if (!run->open || !run->done || !run->nested || !run->judged || !run->members || !run->elided ||
	    !run->queued)
		return sq_error_origin(-ENOMEM);
	sq_entries_init(&run->entries, run->v);
	r = sq_numbers_init(&run->numbers, run->v, run->a);
	return r ? r : classify_all(run);
}

static void run_deinit(struct run *run)
{
	sq_numbers_deinit(&run->numbers);
	sq_defset_deinit(&run->used);
	sq_free(run->open);
	sq_free(run->done);
	sq_free(run->nested);
	sq_free(run->judged);
	sq_free(run->members);
	sq_free(run->elided);
	sq_free(run->queued);
	sq_vec_deinit(&run->queue);
	sq_vec_deinit(&run->parent);
	sq_vec_deinit(&run->src);
	sq_vec_deinit(&run->head);
	sq_vec_deinit(&run->stack);
	sq_vec_deinit(&run->is_heir);
	sq_vec_deinit(&run->waiting);
}

int sq_unused_find(const struct sq_version *v, const struct sq_analysis *a, struct sq_defset *ret_set)
{
	struct run run = { .v = v, .a = a };
	int r = prepare(&run);

	if (!r)
		r = first_round(&run);
	while (!r && run.queue.n)
		r = next_round(&run);
	if (!r) {
		invert(&run);
		*ret_set = run.used;
		run.used = (struct sq_defset)SQ_DEFSET_NULL;
	}
	run_deinit(&run);
	return sq_error_trace(r);
}

/* ---- scopes ---- */

static const char *const scope_names[SQ_UNUSED_MAX] = { "all", "public", "private", "function", "struct" };

int sq_unused_scope_parse(struct sq_slice name)
{
	for (int i = 0; i < SQ_UNUSED_MAX; i++)
		if (sq_slice_is(name, scope_names[i]))
			return i;
	return -1;
}

const char *sq_unused_scope_name(enum sq_unused_scope scope)
{
	return scope < SQ_UNUSED_MAX ? scope_names[scope] : "";
}

bool sq_unused_in_scope(const struct sq_version *v, sq_file f, const struct sq_def *d,
			enum sq_unused_scope scope)
{
	switch (scope) {
	case SQ_UNUSED_PUBLIC:
		return sq_def_is_public(sq_version_bound(v, f), d);
	case SQ_UNUSED_PRIVATE:
		return !sq_def_is_public(sq_version_bound(v, f), d);
	case SQ_UNUSED_FUNCTION:
		return d->kind == SQ_KIND_FUNCTION || d->kind == SQ_KIND_METHOD;
	case SQ_UNUSED_STRUCT:
		return d->kind == SQ_KIND_STRUCT || d->kind == SQ_KIND_CLASS || d->kind == SQ_KIND_INTERFACE ||
		       d->kind == SQ_KIND_TRAIT || d->kind == SQ_KIND_ENUM || d->kind == SQ_KIND_TYPE;
	default:
		return true;
	}
}
