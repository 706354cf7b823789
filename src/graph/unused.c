/* SPDX-License-Identifier: MIT */
/*
 * Files are walked in rounds. The first round reads every file: references of
 * live code mark what they mean, those of private definitions wait for their
 * definition to be marked, which mostly happens in the same file. Marks that
 * wake a private definition of another file put that file into the next round.
 * A round's files are spread over the workers. They share the marks: who sets one
 * of another file lists that file for the next round afterwards, so that it does
 * not matter whether the file's reader of this round has seen the mark. What is
 * marked in the end does not depend on any order.
 */
#include "graph/unused.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "graph/each.h"
#include "graph/judge.h"
#include "graph/numbers.h"

/* files that a worker takes at a time */
#define GRAIN 4u

/* a reference of a definition that is not known to be live */
struct waiting { const struct sq_link *link; uint32_t encl, next; };
struct run {
	const struct sq_version *v;
	const struct sq_analysis *a;
	struct sq_numbers numbers;
	struct sq_entries entries;
	/* bit sets, shared by the workers */
	struct sq_defset used;
	/* [definition] live whether used or not; its references are read; has a parent; can be unused */
	uint64_t *open, *done, *nested, *judged;
	uint64_t *members, *elided;             /* [name] meant by calls that nothing resolved; by long lists */
	uint64_t *queued;                       /* [file] */
	bool is_first;
	SQ_VEC(sq_file) queue;                  /* of this round, after the first */
	struct reader *readers;                 /* [workers] */
};
/* what a worker knows of the file it reads */
struct reader {
	struct run *run;
	sq_file f;
	const struct sq_bound *b;
	const struct sq_links *l;
	SQ_VEC(uint32_t) parent, src, head, stack;      /* [definition]; definitions that woke up */
	SQ_VEC(uint8_t) is_heir;
	SQ_VEC(struct waiting) waiting;
	SQ_VEC(sq_file) queue;                  /* for the next round */
};

static bool test_bit(const uint64_t *bits, uint32_t i)
{
	/* relaxed: see above; what was set before the round, the pool has ordered */
	return sq_load_relaxed(&bits[i >> 6]) >> (i & 63) & 1;
}

/* Return: true when it was not set. No order is needed; most are set already. */
static bool set_bit(uint64_t *bits, uint32_t i)
{
	uint64_t bit = 1ull << (i & 63);

	return !test_bit(bits, i) && !(sq_or_acq_rel(&bits[i >> 6], bit) & bit);
}

static int enqueue(struct reader *w, sq_file f)
{
	return set_bit(w->run->queued, f) ? sq_vec_push(&w->queue, f) : 0;
}

/* the number of a definition of the file being read */
static uint32_t number(const struct reader *w, uint32_t def)
{
	return sq_defset_bit(&w->run->used, w->f, def);
}

/* definition @def of the file being read is used, and so is what encloses it */
static int use_here(struct reader *w, uint32_t def)
{
	int r = 0;

	for (; def != SQ_NONE && !r; def = w->parent.v[def]) {
		if (!set_bit(w->run->used.bits, number(w, def)))
			return 0;
		if (!test_bit(w->run->open, number(w, def)))
			r = sq_vec_push(&w->stack, def);
	}
	return r;
}

/* of another file: that has to be read again when it wakes somebody there */
static int use_there(struct reader *w, sq_file f, uint32_t def)
{
	const struct run *run = w->run;
	uint32_t i = sq_defset_bit(&run->used, f, def);

	if (!set_bit(run->used.bits, i))
		return 0;
	if (test_bit(run->open, i) && !test_bit(run->nested, i))
		return 0;
	return enqueue(w, f);
}

static bool is_inside(const struct reader *w, uint32_t def, uint32_t outer)
{
	while (def != SQ_NONE && def > outer)
		def = w->parent.v[def];
	return def == outer;
}

static int use_link(struct reader *w, const struct sq_link *link, uint32_t encl)
{
	int r = 0;

	for (uint32_t k = 0; k < link->n_listed && !r; k++) {
		sq_file f = w->l->targets[link->first + k].file;
		uint32_t def = sq_numbers_def(&w->run->numbers, w->f, link->first + k);

		if (def == SQ_NONE)
			continue;
		if (f != w->f)
			r = use_there(w, f, def);
		else if (!is_inside(w, encl, def))
			r = use_here(w, def);
	}
	return r;
}

/* ---- what a file says ---- */

static int reserve(struct reader *w, uint32_t n_defs)
{
	int r;

	w->parent.n = w->src.n = w->head.n = w->is_heir.n = 0;
	w->stack.n = w->waiting.n = 0;
	r = sq_vec_reserve(&w->parent, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->src, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->head, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->is_heir, n_defs);
	return sq_error_trace(r);
}

/* definitions that were marked from elsewhere since the file was last read */
static int wake(struct reader *w, uint32_t i)
{
	int r = 0;

	if (!test_bit(w->run->used.bits, number(w, i)) || test_bit(w->run->done, number(w, i)))
		return 0;
	if (test_bit(w->run->open, number(w, i)))
		(void)set_bit(w->run->done, number(w, i));
	else
		r = sq_vec_push(&w->stack, i);
	return r ? r : use_here(w, w->parent.v[i]);
}

static int read_defs(struct reader *w)
{
	struct sq_def_cursor it;
	struct sq_def d;
	int r = reserve(w, w->b->columns.n_defs);

	if (r < 0)
		return r;
	sq_defs_begin(&w->b->columns, &it);
	for (uint32_t i = 0; !r && sq_defs_next(&it, &d); i++) {
		w->parent.v[i] = d.parent;
		w->src.v[i] = sq_def_is_judged(d.kind) ? i :
				d.parent == SQ_NONE ? SQ_NONE : w->src.v[d.parent];
		w->head.v[i] = SQ_NONE;
		w->is_heir.v[i] = false;
		r = wake(w, i);
	}
	return r;
}

/* what has no target may mean many */
static void note_unlinked(struct reader *w, const struct sq_link *link, const struct sq_ref *ref)
{
	sq_name name = w->b->names[ref->name];

	if (link->n_total > link->n_listed)
		(void)set_bit(w->run->elided, name);
	else if (ref->qual != SQ_NONE || (ref->flags & SQ_REFF_EXPR))
		(void)set_bit(w->run->members, name);
}

static int wait_for(struct reader *w, uint32_t src, uint32_t encl, const struct sq_link *link)
{
	int r = sq_vec_push(&w->waiting, (struct waiting){ link, encl, w->head.v[src] });

	if (!r)
		w->head.v[src] = (uint32_t)w->waiting.n - 1;
	return r;
}

static int read_ref(struct reader *w, const struct sq_ref *ref, const struct sq_link *link)
{
	uint32_t src = ref->encl == SQ_NONE ? SQ_NONE : w->src.v[ref->encl];

	if (w->run->is_first) {
		if ((ref->kind == SQ_REF_INHERIT || ref->kind == SQ_REF_IMPLEMENT) && ref->encl != SQ_NONE)
			w->is_heir.v[ref->encl] = true;
		if (link->n_total > link->n_listed || !link->n_listed)
			note_unlinked(w, link, ref);
	}
	if (!link->n_listed || ref->kind == SQ_REF_DECLARATION)
		return 0;
	if (src == SQ_NONE || test_bit(w->run->open, number(w, src)))
		return w->run->is_first ? use_link(w, link, ref->encl) : 0;
	return test_bit(w->run->done, number(w, src)) ? 0 : wait_for(w, src, ref->encl, link);
}

static int read_refs(struct reader *w)
{
	const uint8_t *at = w->l->ref_link;
	struct sq_ref_cursor it;
	struct sq_ref ref;
	uint32_t link;
	int r = 0;

	sq_refs_begin(&w->b->columns, &it);
	while (!r && sq_refs_next(&it, &ref)) {
		at = sq_varint_get32(at, &link);
		r = read_ref(w, &ref, &w->l->links[link]);
	}
	return r;
}

/* a method of a type with a supertype may be called through that */
static bool may_override(const struct reader *w, const struct sq_def *d)
{
	uint8_t lang = w->b->lang;

	if (d->kind != SQ_KIND_METHOD && d->kind != SQ_KIND_FUNCTION)
		return false;
	if (d->parent == SQ_NONE || !w->is_heir.v[d->parent])
		return false;
	return (d->flags & SQ_DEF_VIS_MASK) != SQ_DEF_VIS_PRIVATE ||
	       lang == SQ_LANG_RUST || lang == SQ_LANG_PYTHON;
}

static int use_overriders(struct reader *w)
{
	uint32_t n = w->b->columns.n_defs;
	struct sq_def_cursor it;
	struct sq_def d;
	int r = 0;

	if (!n || !memchr(w->is_heir.v, true, n))
		return 0;
	sq_defs_begin(&w->b->columns, &it);
	for (uint32_t i = 0; !r && sq_defs_next(&it, &d); i++)
		if (may_override(w, &d))
			r = use_here(w, i);
	return r;
}

static int wake_all(struct reader *w)
{
	int r = 0;

	while (w->stack.n && !r) {
		uint32_t def = w->stack.v[--w->stack.n];

		if (test_bit(w->run->done, number(w, def)))
			continue;
		(void)set_bit(w->run->done, number(w, def));
		for (uint32_t k = w->head.v[def]; k != SQ_NONE && !r; k = w->waiting.v[k].next)
			r = use_link(w, w->waiting.v[k].link, w->waiting.v[k].encl);
	}
	return r;
}

static int read_file(struct reader *w, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(w->run->v, f);
	int r;

	if (!s.links)
		return 0;
	w->f = f;
	w->b = s.bound;
	w->l = s.links;
	r = read_defs(w);
	if (!r && (w->run->is_first || w->stack.n))
		r = read_refs(w);
	if (!r && w->run->is_first)
		r = use_overriders(w);
	return r ? r : wake_all(w);
}

/* ---- rounds ---- */

static int use_name(struct reader *w, sq_name name, uint8_t class_bits)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	sq_version_postings(w->run->v, name, SQ_LIST_DEF, &it);
	while (!r && sq_posting_next(&it, &p)) {
		const struct sq_bound *b = sq_version_bound(w->run->v, p.file);
		uint32_t local, def;

		if ((p.class_bits & class_bits) != class_bits)
			continue;
		local = sq_bound_local(b, name);
		def = sq_defs_find(&b->columns, local, 0);
		for (; !r && def != SQ_NONE; def = sq_defs_find(&b->columns, local, def + 1))
			r = use_there(w, p.file, def);
	}
	return r;
}

static int use_names(struct reader *w, const uint64_t *names, uint8_t class_bits)
{
	int r = 0;

	for (uint32_t at = 0; at <= w->run->v->n_names / 64 && !r; at++)
		for (uint64_t bits = names[at]; bits && !r; bits &= bits - 1)
			r = use_name(w, at * 64 + (uint32_t)__builtin_ctzll(bits), class_bits);
	return r;
}

static int read_any(void *arg, unsigned worker, uint32_t i)
{
	struct run *run = arg;

	return read_file(&run->readers[worker], run->is_first ? i : run->queue.v[i]);
}

static int read_all(struct run *run, uint32_t n)
{
	const struct sq_each each = {
		.par = run->a->par, .cancel = run->a->cancel, .n = n, .grain = GRAIN, .fn = read_any, .arg = run,
	};

	return sq_error_trace(sq_each_run(&each));
}

static int first_round(struct run *run)
{
	int r;

	run->is_first = true;
	r = read_all(run, run->v->n_file_ids);
	run->is_first = false;
	if (!r)
		r = use_names(&run->readers[0], run->members, SQ_CLASS_CALLABLE | SQ_CLASS_MEMBER);
	return r ? r : use_names(&run->readers[0], run->elided, 0);
}

/* what the workers found for the next round */
static int take_queues(struct run *run)
{
	unsigned n = sq_parallel_width(run->a->par);
	int r = 0;

	sq_vec_clear(&run->queue);
	for (unsigned w = 0; w < n && !r; w++) {
		struct reader *from = &run->readers[w];

		r = sq_vec_reserve(&run->queue, from->queue.n);
		for (size_t i = 0; i < from->queue.n && !r; i++)
			run->queue.v[run->queue.n++] = from->queue.v[i];
		sq_vec_clear(&from->queue);
	}
	memset(run->queued, 0, (run->v->n_file_ids / 64 + 1) * sizeof(*run->queued));
	return sq_error_trace(r);
}

static int next_rounds(struct run *run)
{
	int r = take_queues(run);

	while (!r && run->queue.n) {
		r = read_all(run, (uint32_t)run->queue.n);
		if (!r)
			r = take_queues(run);
	}
	return r;
}

/* ---- before the first round: what each definition says by itself ---- */

static void classify(const struct reader *w, uint32_t i, const struct sq_def *d)
{
	const struct run *run = w->run;
	const struct sq_bound *b = w->b;
	uint32_t at = number(w, i);
	sq_name parent = SQ_NAME_NONE;
	struct sq_def p;

	if (sq_def_is_judged(d->kind))
		(void)set_bit(run->judged, at);
	if (d->parent != SQ_NONE)
		(void)set_bit(run->nested, at);
	if (sq_judge_visible(b->lang, d, d->parent == SQ_NONE || test_bit(run->open, number(w, d->parent))))
		(void)set_bit(run->open, at);
	if (d->parent != SQ_NONE && (d->kind == SQ_KIND_METHOD || d->kind == SQ_KIND_FUNCTION)) {
		sq_defs_get(&b->columns, d->parent, &p);
		parent = b->names[p.name];
	}
	if (sq_entry_is(&run->entries, run->v, b, d, parent))
		(void)set_bit(run->used.bits, at);   /* the first round wakes it */
}

static int classify_file(void *arg, unsigned worker, uint32_t f)
{
	struct run *run = arg;
	struct reader *w = &run->readers[worker];
	struct sq_def_cursor it;
	struct sq_def d;

	w->f = f;
	w->b = sq_version_bound(run->v, f);
	if (!w->b || !w->b->columns.n_defs)
		return 0;
	sq_defs_begin(&w->b->columns, &it);
	for (uint32_t i = 0; sq_defs_next(&it, &d); i++)
		classify(w, i, &d);
	return 0;
}

static int classify_all(struct run *run)
{
	const struct sq_each each = {
		.par = run->a->par, .cancel = run->a->cancel, .n = run->v->n_file_ids, .grain = GRAIN,
		.fn = classify_file, .arg = run,
	};

	return sq_error_trace(sq_each_run(&each));
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

static int make_readers(struct run *run)
{
	unsigned n = sq_parallel_width(run->a->par);

	run->readers = sq_calloc(n, sizeof(*run->readers));
	if (!run->readers)
		return sq_error_origin(-ENOMEM);
	for (unsigned i = 0; i < n; i++)
		run->readers[i].run = run;
	return 0;
}

static int prepare(struct run *run)
{
	int r = make_readers(run);
	uint32_t n_defs;

	if (!r)
		r = sq_defset_init(&run->used, run->v);
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

static void reader_deinit(struct reader *w)
{
	sq_vec_deinit(&w->parent);
	sq_vec_deinit(&w->src);
	sq_vec_deinit(&w->head);
	sq_vec_deinit(&w->stack);
	sq_vec_deinit(&w->is_heir);
	sq_vec_deinit(&w->waiting);
	sq_vec_deinit(&w->queue);
}

static void run_deinit(struct run *run)
{
	for (unsigned i = 0; run->readers && i < sq_parallel_width(run->a->par); i++)
		reader_deinit(&run->readers[i]);
	sq_free(run->readers);
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
}

int sq_unused_find(const struct sq_version *v, const struct sq_analysis *a, struct sq_defset *ret_set)
{
	struct run run = { .v = v, .a = a };
	int r = prepare(&run);

	if (!r)
		r = first_round(&run);
	if (!r)
		r = next_rounds(&run);
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
