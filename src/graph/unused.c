/* SPDX-License-Identifier: MIT */
/*
 * Files are walked in rounds. The first round reads every file: references of
 * live code mark what they mean, those of private definitions wait for their
 * definition to be marked, which mostly happens in the same file. Who sets a mark
 * in another file does nothing else; after a round the marks are looked through
 * for those whose definition has yet to wake, and their files make up the next
 * round. A round's files are spread over the workers, who share the marks; each
 * file is read by one of them. What is marked in the end does not depend on any
 * order.
 *
 * Of a reference only the columns are read that matter here, and a link whose
 * targets are all marked is not looked at again: a file has a quarter as many
 * links as references.
 */
#include "graph/unused.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "facts/scan.h"
#include "graph/each.h"
#include "graph/judge.h"
#include "graph/numbers.h"

/* files that a worker takes at a time */
#define GRAIN 4u

/* a reference of a definition that is not known to be live */
struct waiting { uint32_t link, encl, next; };
struct run {
	const struct sq_version *v;
	const struct sq_analysis *a;
	struct sq_numbers numbers;
	struct sq_entries entries;
	/* bit sets, shared by the workers */
	struct sq_defset used;
	/* [definition] live whether used or not, or without references that wait for it to be; its
	 * references are read and its parent is marked; has a parent; can be unused */
	uint64_t *open, *done, *nested, *judged;
	uint64_t *members, *elided;             /* [name] meant by calls that nothing resolved; by long lists */
	bool is_first;
	SQ_VEC(sq_file) queue;                  /* of this round, after the first */
	struct reader *readers;                 /* [workers] */
};
/* what is left to do about a link of the file being read */
enum { HAS_TARGETS = 1, IS_UNRESOLVED = 2, IS_ELIDED = 4 };
/* what a worker knows of the file it reads */
struct reader {
	struct run *run;
	sq_file f;
	uint32_t base;                          /* number of its first definition */
	const struct sq_bound *b;
	const struct sq_links *l;
	/* [definition] what encloses it; itself or the next around it that can be unused; its waiting
	 * references; its local name, unless there are no functions */
	SQ_VEC(uint32_t) parent, src, head, names;
	SQ_VEC(uint32_t) stack;                 /* definitions that woke up */
	SQ_VEC(uint8_t) is_heir, is_visible, is_open;   /* [definition] */
	SQ_VEC(uint8_t) todo;                   /* [link] */
	SQ_VEC(struct waiting) waiting;
};

static bool test_bit(const uint64_t *bits, uint32_t i)
{
	/* relaxed: see above; what was set before the round, the pool has ordered */
	return sq_load_relaxed(&bits[i >> 6]) >> (i & 63) & 1;
}

/* Return: true when it was not set. No order is needed; most are set already. */
static inline bool set_bit(uint64_t *bits, uint32_t i)
{
	uint64_t bit = 1ull << (i & 63);

	return !test_bit(bits, i) && !(sq_or_acq_rel(&bits[i >> 6], bit) & bit);
}

/* the number of a definition of the file being read */
static uint32_t number(const struct reader *w, uint32_t def)
{
	return w->base + def;
}

/* definition @def of the file being read is used, and so is what encloses it */
static int use_here(struct reader *w, uint32_t def)
{
	int r = 0;

	for (; def != SQ_NONE && !r; def = w->parent.v[def]) {
		if (!set_bit(w->run->used.bits, number(w, def)))
			return 0;
		if (!w->is_open.v[def])
			r = sq_vec_push(&w->stack, def);
	}
	return r;
}

static bool is_inside(const struct reader *w, uint32_t def, uint32_t outer)
{
	while (def != SQ_NONE && def > outer)
		def = w->parent.v[def];
	return def == outer;
}

/* the targets of a link of a live reference; one of a definition that encloses the
 * reference does not count, so that such a link is looked at again */
static int use_link(struct reader *w, uint32_t index, uint32_t encl)
{
	const struct sq_link *link = &w->l->links[index];
	bool is_spent = true;
	int r = 0;

	for (uint32_t k = 0; k < link->n_listed && !r; k++) {
		sq_file f = w->l->targets[link->first + k].file;
		uint32_t def = sq_numbers_def(&w->run->numbers, w->f, link->first + k);

		if (def == SQ_NONE)
			continue;
		if (f != w->f)
			(void)set_bit(w->run->used.bits, sq_defset_bit(&w->run->used, f, def));
		else if (!is_inside(w, encl, def))
			r = use_here(w, def);
		else
			is_spent = false;
	}
	if (is_spent)
		w->todo.v[index] &= (uint8_t)~HAS_TARGETS;
	return r;
}

/* ---- what a file says ---- */

static int reserve(struct reader *w, uint32_t n_defs, uint32_t n_links)
{
	int r;

	w->parent.n = w->src.n = w->head.n = w->names.n = w->is_heir.n = w->is_visible.n = 0;
	w->is_open.n = w->todo.n = w->stack.n = w->waiting.n = 0;
	r = sq_vec_reserve(&w->parent, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->src, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->names, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->head, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->is_heir, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->is_visible, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->is_open, n_defs);
	if (!r)
		r = sq_vec_reserve(&w->todo, n_links);
	return sq_error_trace(r);
}

/* bits of the definitions of a block, the lowest its first */
struct masks { uint64_t open, nested, judged; };

/* no order is needed: read after the round */
static void set_mask(uint64_t *bits, uint32_t from, uint64_t mask)
{
	if (mask << (from & 63))
		(void)sq_or_acq_rel(&bits[from >> 6], mask << (from & 63));
	if ((from & 63) && mask >> (64 - (from & 63)))
		(void)sq_or_acq_rel(&bits[(from >> 6) + 1], mask >> (64 - (from & 63)));
}

/* what @n definitions that are alike say by themselves */
static void classify(struct reader *w, const struct sq_def *d, uint32_t first, uint32_t n, struct masks *m)
{
	uint64_t mask = ~0ull >> (64 - n) << (first % SQ_FACTS_STRIDE);
	bool is_judged = sq_def_is_judged(d->kind), is_nested = d->parent != SQ_NONE;
	bool is_visible = sq_judge_visible(w->b->lang, d, !is_nested || w->is_visible.v[d->parent]);
	/* references wait for definitions that can be unused only */
	bool is_open = is_visible || !is_judged;

	memset(w->is_visible.v + first, is_visible, n);
	memset(w->is_open.v + first, is_open, n);
	m->judged |= is_judged ? mask : 0;
	m->nested |= is_nested ? mask : 0;
	m->open |= is_open ? mask : 0;
}

static bool is_function(uint8_t kind)
{
	return kind == SQ_KIND_METHOD || kind == SQ_KIND_FUNCTION;
}

/* does only its name say whether it is an entry point? */
static bool asks_name(const struct reader *w, uint8_t kind, uint16_t flags)
{
	return is_function(kind) || (flags & SQ_DEF_TEST) || w->b->lang == SQ_LANG_PYTHON;
}

static bool is_entry(struct reader *w, uint32_t i, struct sq_def *d)
{
	sq_name parent = SQ_NAME_NONE;

	if (!asks_name(w, d->kind, d->flags))
		return false;
	if (!w->names.n) {
		sq_defs_names(&w->b->columns, w->names.v);
		w->names.n = w->b->columns.n_defs;
	}
	d->name = w->names.v[i];
	if (d->parent != SQ_NONE && is_function(d->kind))
		parent = w->b->names[w->names.v[d->parent]];
	return sq_entry_is(&w->run->entries, w->run->v, w->b, d, parent);
}

/* definitions that were marked from elsewhere since the file was last read */
static int wake(struct reader *w, uint32_t i)
{
	int r = 0;

	if (!test_bit(w->run->used.bits, number(w, i)) || test_bit(w->run->done, number(w, i)))
		return 0;
	if (w->is_open.v[i])
		(void)set_bit(w->run->done, number(w, i));
	else
		r = sq_vec_push(&w->stack, i);
	return r ? r : use_here(w, w->parent.v[i]);
}

static int wake_range(struct reader *w, uint32_t from, uint32_t n)
{
	int r = 0;

	for (uint32_t i = from; i < from + n && !r; i++) {
		/* most of the big files are not used at all */
		if (!(number(w, i) & 63) && i + 64 <= from + n &&
		    !sq_load_relaxed(&w->run->used.bits[number(w, i) >> 6]))   /* relaxed: see test_bit() */
			i += 63;
		else
			r = wake(w, i);
	}
	return r;
}

/* the first round keeps it for the others */
static int classify_block(struct reader *w, const struct sq_def_block *k)
{
	struct sq_def d = { .kind = k->kind[0], .flags = k->flags[0], .parent = k->parent[0] };
	bool is_plain = k->is_plain && !asks_name(w, d.kind, d.flags);
	struct masks m = { 0, 0, 0 };
	int r = 0;

	for (uint32_t i = 0; i < k->n && !r; i += is_plain ? k->n : 1) {
		uint32_t at = k->is_plain ? 0 : i;

		d = (struct sq_def){ .kind = k->kind[at], .flags = k->flags[at], .parent = k->parent[at] };
		classify(w, &d, k->first + i, is_plain ? k->n : 1, &m);
		if (!is_plain && is_entry(w, k->first + i, &d))
			r = use_here(w, k->first + i);
	}
	set_mask(w->run->open, number(w, k->first), m.open);
	set_mask(w->run->nested, number(w, k->first), m.nested);
	set_mask(w->run->judged, number(w, k->first), m.judged);
	return r ? r : wake_range(w, k->first, k->n);
}

/* parents and sources; of what is plain every definition is its own source or none is one */
static void place_block(struct reader *w, const struct sq_def_block *k)
{
	bool is_judged = sq_def_is_judged(k->kind[0]);

	for (uint32_t i = 0; i < k->n; i++) {
		uint32_t def = k->first + i, parent = k->is_plain ? SQ_NONE : k->parent[i];

		if (!k->is_plain)
			is_judged = sq_def_is_judged(k->kind[i]);
		w->parent.v[def] = parent;
		w->src.v[def] = is_judged ? def : parent == SQ_NONE ? SQ_NONE : w->src.v[parent];
	}
	memset(w->head.v + k->first, 0xff, k->n * sizeof(*w->head.v));
	memset(w->is_heir.v + k->first, false, k->n);
}

static int read_defs(struct reader *w)
{
	uint32_t n = w->b->columns.n_defs;
	int r = reserve(w, n, w->l->n_links);
	struct sq_def_block k;

	for (uint32_t i = 0; i < n && !r; i += k.n) {
		sq_def_block_read(&w->b->columns, i, &k);
		place_block(w, &k);
		if (w->run->is_first)
			r = classify_block(w, &k);
	}
	if (r || w->run->is_first)
		return sq_error_trace(r);
	for (uint32_t i = 0; i < n; i++)
		w->is_open.v[i] = test_bit(w->run->open, number(w, i));
	return wake_range(w, 0, n);
}

static void read_links(struct reader *w)
{
	for (uint32_t i = 0; i < w->l->n_links; i++) {
		const struct sq_link *link = &w->l->links[i];
		uint8_t todo = link->n_listed ? HAS_TARGETS : 0;

		/* what has no target may mean many */
		if (w->run->is_first && link->state == SQ_LINK_ELIDED)
			todo |= IS_ELIDED;
		else if (w->run->is_first && !link->n_listed)
			todo |= IS_UNRESOLVED;
		w->todo.v[i] = todo;
	}
}

static int wait_for(struct reader *w, uint32_t src, uint32_t encl, uint32_t link)
{
	int r = sq_vec_push(&w->waiting, (struct waiting){ link, encl, w->head.v[src] });

	if (!r)
		w->head.v[src] = (uint32_t)w->waiting.n - 1;
	return r;
}

/* a reference that has targets left to mark */
static int read_ref(struct reader *w, uint32_t encl, uint32_t link)
{
	uint32_t src = encl == SQ_NONE ? SQ_NONE : w->src.v[encl];

	if (src == SQ_NONE || w->is_open.v[src])
		return w->run->is_first ? use_link(w, link, encl) : 0;
	return test_bit(w->run->done, number(w, src)) ? 0 : wait_for(w, src, encl, link);
}

/* names that what has no target may mean */
static void note_unlinked(struct reader *w, const struct sq_ref_block *b, uint64_t unresolved, uint64_t elided)
{
	uint32_t names[SQ_FACTS_STRIDE];

	sq_ref_block_names(b, names);
	for (; unresolved; unresolved &= unresolved - 1)
		(void)set_bit(w->run->members, w->b->names[names[__builtin_ctzll(unresolved)]]);
	for (; elided; elided &= elided - 1)
		(void)set_bit(w->run->elided, w->b->names[names[__builtin_ctzll(elided)]]);
}

static void note_heirs(struct reader *w, const struct sq_ref_block *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if ((b->kind[i] == SQ_REF_INHERIT || b->kind[i] == SQ_REF_IMPLEMENT) && b->encl[i] != SQ_NONE)
			w->is_heir.v[b->encl[i]] = true;
}

/*
 * The links of the @n references of a block. A number takes one byte as often as
 * two: a branch on that would be foretold wrongly time and again.
 */
static const uint8_t *read_numbers(const uint8_t *at, uint32_t n, uint32_t *ret)
{
	for (uint32_t i = 0; i + 1 < n; i++) {   /* another number follows: at[1] is there */
		uint32_t more = at[0] >> 7;

		if (__builtin_expect(more & at[1] >> 7, 0)) {
			at = sq_varint_get32(at, &ret[i]);
			continue;
		}
		ret[i] = (at[0] & 0x7fu) | (at[1] & -more) << 7;
		at += 1 + more;
	}
	return sq_varint_get32(at, &ret[n - 1]);
}

/* references of a block, by bit, whose links have something left to do */
struct left { uint64_t targets, unresolved, elided; };

static struct left look_up(const struct reader *w, const uint32_t *links, uint32_t n)
{
	struct left left = { 0, 0, 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint64_t todo = w->todo.v[links[i]];

		left.targets |= (todo & HAS_TARGETS) << i;
		left.unresolved |= (todo >> 1 & 1) << i;
		left.elided |= (todo >> 2 & 1) << i;
	}
	return left;
}

static int read_targets(struct reader *w, const struct sq_ref_block *b, const uint32_t *links, uint64_t left)
{
	int r = 0;

	for (; left && !r; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);

		/* one before it in the block may have been the last that the link waited for */
		if ((w->todo.v[links[i]] & HAS_TARGETS) && b->kind[i] != SQ_REF_DECLARATION)
			r = read_ref(w, b->encl[i], links[i]);
	}
	return r;
}

static uint64_t members(const struct sq_ref_block *b, uint64_t of)
{
	uint64_t bits = 0;

	for (; of; of &= of - 1)
		bits |= (uint64_t)b->is_member[__builtin_ctzll(of)] << __builtin_ctzll(of);
	return bits;
}

static int read_block(struct reader *w, const struct sq_columns *c, uint32_t first, const uint8_t **at)
{
	uint32_t links[SQ_FACTS_STRIDE], n = SQ_MIN(c->n_refs - first, SQ_FACTS_STRIDE);
	/* C has nothing that inherits */
	bool has_heirs = w->run->is_first && w->b->lang != SQ_LANG_C;
	struct sq_ref_block b;
	struct left left;

	*at = read_numbers(*at, n, links);
	left = look_up(w, links, n);
	if (!has_heirs && !(left.targets | left.unresolved | left.elided))
		return 0;
	sq_ref_block_read(c, first, &b);
	left.unresolved = members(&b, left.unresolved);
	if (left.unresolved | left.elided)
		note_unlinked(w, &b, left.unresolved, left.elided);
	if (has_heirs)
		note_heirs(w, &b);
	return read_targets(w, &b, links, left.targets);
}

static int read_refs(struct reader *w)
{
	const uint8_t *at = w->l->ref_link;
	int r = 0;

	read_links(w);
	for (uint32_t i = 0; i < w->b->columns.n_refs && !r; i += SQ_FACTS_STRIDE)
		r = read_block(w, &w->b->columns, i, &at);
	return r;
}

/* a method of a type with a supertype may be called through that */
static bool may_override(const struct reader *w, const struct sq_def *d)
{
	uint8_t lang = w->b->lang;

	if (!is_function(d->kind) || d->parent == SQ_NONE || !w->is_heir.v[d->parent])
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

		if (!set_bit(w->run->done, number(w, def)))
			continue;
		for (uint32_t k = w->head.v[def]; k != SQ_NONE && !r; k = w->waiting.v[k].next)
			if (w->todo.v[w->waiting.v[k].link] & HAS_TARGETS)
				r = use_link(w, w->waiting.v[k].link, w->waiting.v[k].encl);
	}
	return r;
}

static bool is_marked(const struct reader *w, uint32_t index)
{
	const struct sq_link *link = &w->l->links[index];

	for (uint32_t k = link->first; k < link->first + link->n_listed; k++) {
		uint32_t def = sq_numbers_def(&w->run->numbers, w->f, k);

		if (def != SQ_NONE &&
		    !test_bit(w->run->used.bits, sq_defset_bit(&w->run->used, w->l->targets[k].file, def)))
			return false;
	}
	return true;
}

/* definitions that sleep on, but whose waking would mark nothing: the file is not read again for them */
static void settle(struct reader *w)
{
	for (uint32_t i = 0; i < w->b->columns.n_defs; i++) {
		uint32_t k = w->head.v[i];

		if (w->is_open.v[i] || test_bit(w->run->done, number(w, i)))
			continue;
		while (k != SQ_NONE && is_marked(w, w->waiting.v[k].link))
			k = w->waiting.v[k].next;
		if (k == SQ_NONE)
			(void)set_bit(w->run->open, number(w, i));
	}
}

static int read_file(struct reader *w, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(w->run->v, f);
	int r;

	if (!s.links)
		return 0;
	w->f = f;
	w->base = sq_defset_bit(&w->run->used, f, 0);
	w->b = s.bound;
	w->l = s.links;
	r = read_defs(w);
	if (!r && (w->run->is_first || w->stack.n))
		r = read_refs(w);
	if (!r && w->run->is_first)
		r = use_overriders(w);
	if (!r)
		r = wake_all(w);
	if (!r && w->run->is_first)
		settle(w);
	return r;
}

/* ---- rounds ---- */

static void use_name(struct run *run, sq_name name, uint8_t class_bits)
{
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(run->v, name, SQ_LIST_DEF, &it);
	while (sq_posting_next(&it, &p)) {
		const struct sq_bound *b = sq_version_bound(run->v, p.file);
		uint32_t local, def;

		if ((p.class_bits & class_bits) != class_bits)
			continue;
		def = sq_bound_first_def(b, name, &local);
		for (; def != SQ_NONE; def = sq_bound_next_def(b, local, def))
			(void)set_bit(run->used.bits, sq_defset_bit(&run->used, p.file, def));
	}
}

static void use_names(struct run *run, const uint64_t *names, uint8_t class_bits)
{
	for (uint32_t at = 0; at <= run->v->n_names / 64; at++)
		for (uint64_t bits = names[at]; bits; bits &= bits - 1)
			use_name(run, at * 64 + (uint32_t)__builtin_ctzll(bits), class_bits);
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
	if (r)
		return r;
	use_names(run, run->members, SQ_CLASS_CALLABLE | SQ_CLASS_MEMBER);
	use_names(run, run->elided, 0);
	return 0;
}

/* marked, not awake, and of those whose waking marks something else */
static uint64_t sleepers(const struct run *run, uint32_t word)
{
	return run->used.bits[word] & ~run->done[word] & (~run->open[word] | run->nested[word]);
}

static bool has_sleepers(const struct run *run, sq_file f)
{
	uint32_t from = run->used.base[f], to = run->used.base[f + 1];
	uint64_t below = ~0ull << (from & 63);

	for (uint32_t word = from >> 6; word <= to >> 6 && from < to; word++, below = ~0ull) {
		uint64_t above = word == to >> 6 ? ~(~0ull << (to & 63)) : ~0ull;

		if (sleepers(run, word) & below & above)
			return true;
	}
	return false;
}

static int next_rounds(struct run *run)
{
	int r = 0;

	do {
		sq_vec_clear(&run->queue);
		for (sq_file f = 0; f < run->used.n_files && !r; f++)
			if (has_sleepers(run, f))
				r = sq_vec_push(&run->queue, f);
		if (!r)
			r = read_all(run, (uint32_t)run->queue.n);
	} while (!r && run->queue.n);
	return sq_error_trace(r);
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
	if (!run->open || !run->done || !run->nested || !run->judged || !run->members || !run->elided)
		return sq_error_origin(-ENOMEM);
	sq_entries_init(&run->entries, run->v);
	return sq_error_trace(sq_numbers_init(&run->numbers, run->v, run->a));
}

static void reader_deinit(struct reader *w)
{
	sq_vec_deinit(&w->parent);
	sq_vec_deinit(&w->src);
	sq_vec_deinit(&w->names);
	sq_vec_deinit(&w->head);
	sq_vec_deinit(&w->stack);
	sq_vec_deinit(&w->is_heir);
	sq_vec_deinit(&w->is_visible);
	sq_vec_deinit(&w->is_open);
	sq_vec_deinit(&w->todo);
	sq_vec_deinit(&w->waiting);
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
