/* SPDX-License-Identifier: MIT */
/*
 * What follows from links that changed: import edges (trigger 3) and base
 * types. Both reach files whose own facts and mentioned definition sets are
 * as they were.
 */
#include "graph/relink.h"

#include "base/vec.h"

/* sources whose includes are compared as wholes; for more of them a wide guess costs less */
#define MAX_COMPARED 256u

typedef SQ_VEC(sq_name) names_vec;

struct expander {
	const struct sq_version *before, *after;
	struct sq_file_set *set;
	struct sq_file_set sources;     /* files whose import targets changed */
	struct sq_file_set moved;       /* import targets that came or went, and all they lead to */
	struct sq_file_set differing;   /* what includers see now and did not before, or the reverse */
	struct sq_file_set targets;     /* scratch: import targets of one file */
	names_vec bases;                /* types whose bases may be others now */
	int error;
};

static void fail(struct expander *x, int r)
{
	if (r < 0 && !x->error)
		x->error = r;
}

/* the set that has() asks; made once a file, because a Go or Java import can mean
 * every file of a package, and a file can have many */
static void take_targets(struct expander *x, const struct sq_links *l)
{
	struct sq_file_set *s = &x->targets;

	for (uint32_t i = 0; i < s->n; i++)
		s->bits[s->list[i] / 64] &= ~(1ULL << (s->list[i] % 64));
	s->n = 0;
	for (uint32_t i = 0; l && i < l->n_files && !x->error; i++)
		fail(x, sq_file_set_add(s, l->files[i]));
}

/* has @a targets that @b lacks? They are added to @to unless that is NULL */
static bool add_missing(struct expander *x, const struct sq_links *a, const struct sq_links *b,
			struct sq_file_set *to)
{
	bool missing = false;

	take_targets(x, b);
	for (uint32_t i = 0; a && i < a->n_files && !x->error; i++) {
		if (sq_file_set_has(&x->targets, a->files[i]))
			continue;
		missing = true;
		if (to)
			fail(x, sq_file_set_add(to, a->files[i]));
	}
	return missing;
}

static bool has_missing(struct expander *x, const struct sq_links *a, const struct sq_links *b)
{
	return add_missing(x, a, b, NULL);
}

/* ---- bases of types ---------------------------------------------------------- */

static bool is_base(const struct sq_ref *r)
{
	return r->encl != SQ_NONE && (r->kind == SQ_REF_INHERIT || r->kind == SQ_REF_IMPLEMENT);
}

/* a number that changes when some base of some type of the file means another definition */
static uint64_t base_bindings(const struct sq_file_slot *s)
{
	struct sq_ref_cursor it;
	struct sq_ref r;
	uint64_t h = 0;

	if (!s->bound || !s->links || !s->links->n_links)
		return 0;
	sq_refs_begin(&s->bound->columns, &it);
	for (uint32_t i = 0; sq_refs_next(&it, &r); i++) {
		const struct sq_link *l;
		struct sq_def d;

		if (!is_base(&r))
			continue;
		sq_defs_get(&s->bound->columns, r.encl, &d);
		l = sq_links_of_ref(s->links, i);
		h = h * 31 + s->bound->names[d.name];
		h = h * 31 + sq_link_n_total(l);
		for (unsigned k = 0; k < l->n_listed; k++) {
			const struct sq_target *t = &s->links->targets[l->first + k];

			h = ((h * 31 + t->file) * 31 + t->name) * 31 + t->ordinal;
		}
	}
	return h;
}

/* names of the types of a file that have the base called @base, or any (SQ_NAME_NONE) */
static void add_derived(struct expander *x, const struct sq_bound *b, sq_name base)
{
	struct sq_ref_cursor it;
	struct sq_ref r;

	sq_refs_begin(&b->columns, &it);
	while (sq_refs_next(&it, &r) && !x->error) {
		struct sq_def d;

		if (!is_base(&r) || (base != SQ_NAME_NONE && b->names[r.name] != base))
			continue;
		sq_defs_get(&b->columns, r.encl, &d);
		fail(x, sq_vec_push(&x->bases, b->names[d.name]));
	}
}

static void add_aliases(struct expander *x, const struct sq_bound *b, sq_name name)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	while (sq_imports_next(&it, &imp))
		if (imp.alias != SQ_NONE && imp.name != SQ_NONE && b->names[imp.name] == name)
			fail(x, sq_vec_push(&x->bases, b->names[imp.alias]));
}

/* whoever mentions a type whose bases changed, and the types derived from it */
static void expand_bases(struct expander *x)
{
	uint64_t *seen;

	if (!x->bases.n)
		return;
	seen = sq_calloc(x->after->n_names / 64 + 1, sizeof(*seen));
	if (!seen) {
		fail(x, sq_error_origin(-ENOMEM));
		return;
	}
	for (size_t i = 0; i < x->bases.n && !x->error; i++) {
		sq_name name = x->bases.v[i];
		struct sq_posting_iter it;
		struct sq_posting p;

		if (seen[name / 64] >> (name % 64) & 1)
			continue;
		seen[name / 64] |= 1ULL << (name % 64);
		sq_version_postings(x->after, name, SQ_LIST_MENTION, &it);
		while (sq_posting_next(&it, &p) && !x->error) {
			const struct sq_bound *b = sq_version_bound(x->after, p.file);

			fail(x, sq_file_set_add(x->set, p.file));
			add_derived(x, b, name);
			add_aliases(x, b, name);
		}
		/* methods of the type itself use its bases without a mention of it */
		sq_version_postings(x->after, name, SQ_LIST_DEF, &it);
		while (sq_posting_next(&it, &p) && !x->error)
			fail(x, sq_file_set_add(x->set, p.file));
	}
	sq_free(seen);
}

/* ---- import edges ---------------------------------------------------------------- */

/* add what the files of the set lead to in @v, transitively, from index @from on */
static void close_forward(struct expander *x, const struct sq_version *v, struct sq_file_set *s, uint32_t from)
{
	for (uint32_t at = from; at < s->n && !x->error; at++) {
		const struct sq_links *l = sq_version_slot(v, s->list[at]).links;

		for (uint32_t i = 0; l && i < l->n_files; i++)
			fail(x, sq_file_set_add(s, l->files[i]));
	}
}

static bool same_set(const struct sq_file_set *a, const struct sq_file_set *b)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (!sq_file_set_has(b, a->list[i]))
			return false;
	return a->n == b->n;
}

static bool sees_by_include(const struct sq_version *v, const struct sq_bound *b)
{
	const struct sq_lang_traits *t = b ? v->traits[b->lang] : NULL;

	return t && t->style == SQ_STYLE_INCLUDE;
}

/*
 * What C and C++ files see is a set, however they come to it: an include of
 * something that was included already changes nothing for anybody. Includers
 * reach a file that is new only through another file whose includes changed.
 */
static void compare_seen(struct expander *x, sq_file f)
{
	struct sq_file_set old = { .bits = NULL }, now = { .bits = NULL };

	if (!sq_version_bound(x->before, f))
		return;
	fail(x, sq_file_set_add(&old, f));
	fail(x, sq_file_set_add(&now, f));
	close_forward(x, x->before, &old, 0);
	close_forward(x, x->after, &now, 0);
	for (uint32_t i = 0; i < old.n && !x->error; i++)
		if (!sq_file_set_has(&now, old.list[i]))
			fail(x, sq_file_set_add(&x->differing, old.list[i]));
	for (uint32_t i = 0; i < now.n && !x->error; i++)
		if (!sq_file_set_has(&old, now.list[i]))
			fail(x, sq_file_set_add(&x->differing, now.list[i]));
	if (!same_set(&old, &now))
		fail(x, sq_file_set_add(&x->sources, f));
	sq_file_set_deinit(&old);
	sq_file_set_deinit(&now);
}

/* reverse import edges of the whole version: for each file, who imports it */
struct reverse { uint32_t *first; sq_file *from; };

static int reverse_edges(const struct sq_version *v, struct reverse *ret)
{
	uint32_t n = v->n_file_ids;
	uint32_t *first = sq_calloc((size_t)n + 2, sizeof(*first));
	sq_file *from = NULL;

	if (!first)
		return sq_error_origin(-ENOMEM);
	for (sq_file f = 0; f < n; f++) {
		const struct sq_links *l = sq_version_slot(v, f).links;

		for (uint32_t i = 0; l && i < l->n_files; i++)
			first[l->files[i] + 2]++;
	}
	for (uint32_t i = 0; i < n; i++)
		first[i + 2] += first[i + 1];
	from = sq_malloc(SQ_MAX((size_t)first[n + 1], (size_t)1) * sizeof(*from));
	if (!from) {
		sq_free(first);
		return sq_error_origin(-ENOMEM);
	}
	for (sq_file f = 0; f < n; f++) {
		const struct sq_links *l = sq_version_slot(v, f).links;

		for (uint32_t i = 0; l && i < l->n_files; i++)
			from[first[l->files[i] + 1]++] = f;
	}
	ret->first = first;
	ret->from = from;
	return 0;
}

/* An include names the last component of what it means: most .c files are of no one. */
static bool may_be_imported(const struct expander *x, sq_file f)
{
	const struct sq_bound *b = sq_version_bound(x->after, f);
	struct sq_posting_iter it;
	struct sq_posting p;

	if (!sees_by_include(x->after, b))
		return true;
	sq_version_postings(x->after, b->base_name, SQ_LIST_IMPORTER, &it);
	return sq_posting_next(&it, &p);
}

/* add everyone who reaches the files of the set through imports */
static void close_backward(struct expander *x, struct sq_file_set *s)
{
	struct reverse rev;
	uint32_t i = 0;
	int r;

	while (i < s->n && !may_be_imported(x, s->list[i]))
		i++;
	if (i == s->n)   /* the edges of all files need not be turned round */
		return;
	r = reverse_edges(x->after, &rev);
	if (r) {
		fail(x, r);
		return;
	}
	for (uint32_t at = 0; at < s->n && !x->error; at++) {
		sq_file f = s->list[at];

		if (f >= x->after->n_file_ids)
			continue;
		for (uint32_t k = rev.first[f]; k < rev.first[f + 1]; k++)
			fail(x, sq_file_set_add(s, rev.from[k]));
	}
	sq_free(rev.first);
	sq_free(rev.from);
}

static void mark_names(uint64_t *bits, const struct sq_bound *b)
{
	struct sq_def_cursor defs;
	struct sq_def d;
	struct sq_import_cursor imports;
	struct sq_import imp;

	sq_defs_begin(&b->columns, &defs);
	while (sq_defs_next(&defs, &d))
		bits[b->names[d.name] / 64] |= 1ULL << (b->names[d.name] % 64);
	/* names that a module only passes on */
	sq_imports_begin(&b->columns, &imports);
	while (sq_imports_next(&imports, &imp)) {
		uint32_t bound = imp.alias != SQ_NONE ? imp.alias : imp.name;

		if (bound != SQ_NONE)
			bits[b->names[bound] / 64] |= 1ULL << (b->names[bound] % 64);
	}
}

static void mark_names_of(const struct expander *x, const struct sq_file_set *s, uint64_t *bits)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct sq_bound *a = sq_version_bound(x->before, s->list[i]);
		const struct sq_bound *b = sq_version_bound(x->after, s->list[i]);

		if (a)
			mark_names(bits, a);
		if (b && b != a)
			mark_names(bits, b);
	}
}

static bool has_name(const uint64_t *bits, const struct sq_bound *b)
{
	for (uint32_t i = 0; i < b->columns.n_strings; i++)
		if (bits[b->names[i] / 64] >> (b->names[i] % 64) & 1)
			return true;
	return false;
}

/* of those who reach a file with changed imports, whoever has a name of the difference */
static void expand_imports(struct expander *x)
{
	uint64_t *bits;

	if (!x->sources.n)
		return;
	bits = sq_calloc(x->after->n_names / 64 + 1, sizeof(*bits));
	if (!bits) {
		fail(x, sq_error_origin(-ENOMEM));
		return;
	}
	close_forward(x, x->after, &x->moved, 0);
	close_forward(x, x->before, &x->moved, 0);
	close_backward(x, &x->sources);
	mark_names_of(x, &x->moved, bits);
	mark_names_of(x, &x->differing, bits);
	for (uint32_t i = 0; i < x->sources.n && !x->error; i++) {
		sq_file f = x->sources.list[i];
		const struct sq_bound *b = sq_version_bound(x->after, f);

		if (b && has_name(bits, b))
			fail(x, sq_file_set_add(x->set, f));
	}
	sq_free(bits);
}

/* files with other import targets than before, that see by including */
static uint32_t count_includers(struct expander *x, const sq_file *linked, size_t n)
{
	uint32_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct sq_file_slot a = sq_version_slot(x->before, linked[i]);
		struct sq_file_slot b = sq_version_slot(x->after, linked[i]);

		count += a.links != b.links && sees_by_include(x->after, b.bound) &&
			 (has_missing(x, a.links, b.links) || has_missing(x, b.links, a.links));
	}
	return count;
}

static void expand_one(struct expander *x, sq_file f, bool compare)
{
	struct sq_file_slot a = sq_version_slot(x->before, f), b = sq_version_slot(x->after, f);
	bool moved;

	if (a.links == b.links)
		return;
	moved = has_missing(x, b.links, a.links) || has_missing(x, a.links, b.links);
	if (moved && compare && sees_by_include(x->after, b.bound) &&
	    (!a.bound || sees_by_include(x->before, a.bound))) {
		compare_seen(x, f);
	} else if (moved) {
		(void)add_missing(x, b.links, a.links, &x->moved);
		(void)add_missing(x, a.links, b.links, &x->moved);
		fail(x, sq_file_set_add(&x->sources, f));
	}
	if (!moved && base_bindings(&a) == base_bindings(&b))
		return;
	if (a.bound)
		add_derived(x, a.bound, SQ_NAME_NONE);
	if (b.bound)
		add_derived(x, b.bound, SQ_NAME_NONE);
}

int sq_relink_expand(const struct sq_version *before, const struct sq_version *after,
		     const sq_file *linked, size_t n, unsigned disabled, struct sq_file_set *set)
{
	struct expander x = { .before = before, .after = after, .set = set };
	bool compare;

	if (disabled >> SQ_TRIGGER_INCLUDES & 1)
		return 0;
	compare = count_includers(&x, linked, n) <= MAX_COMPARED;
	for (size_t i = 0; i < n && !x.error; i++)
		expand_one(&x, linked[i], compare);
	expand_imports(&x);
	expand_bases(&x);
	sq_file_set_deinit(&x.sources);
	sq_file_set_deinit(&x.moved);
	sq_file_set_deinit(&x.differing);
	sq_file_set_deinit(&x.targets);
	sq_vec_deinit(&x.bases);
	return x.error;
}
