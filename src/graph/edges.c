/* SPDX-License-Identifier: MIT */
#include "graph/edges.h"

#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "graph/each.h"
#include "graph/keys.h"
#include "graph/relink.h"

/* so many are decoded one after the other rather than passed over */
#define FEW_REFS 8u

/* ---- references of one file to definitions of one name ---- */

struct in {
	const struct sq_version *v;
	sq_name name;
	const uint64_t *keys;           /* of the definitions meant, ascending: see key_of() */
	size_t n_keys;
	const bool *cancel;             /* or NULL */
	int (*fn)(void *arg, const struct sq_edge *e);
	void *arg;
	struct sq_file_set files;       /* to be scanned */
	SQ_VEC(sq_name) names;          /* under which the definition is known */
};

static uint64_t key_of(sq_file f, uint32_t ordinal)
{
	return (uint64_t)f << 32 | ordinal;
}

/* the first of the definitions at or after @key; n_keys: none */
static size_t first_at(const struct in *in, uint64_t key)
{
	size_t lo = 0, hi = in->n_keys;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (in->keys[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_meant(const struct in *in, const struct sq_target *t)
{
	uint64_t key = key_of(t->file, t->ordinal);
	size_t i;

	if (t->name != in->name)
		return false;
	i = first_at(in, key);
	return i < in->n_keys && in->keys[i] == key;
}

static bool is_home(const struct in *in, sq_file f)
{
	size_t i = first_at(in, key_of(f, 0));

	return i < in->n_keys && in->keys[i] >> 32 == f;
}

static int emit(const struct in *in, sq_file f, uint32_t i, const struct sq_ref *ref,
		const struct sq_link *link, const struct sq_target *t)
{
	const struct sq_edge e = {
		.from_file = f,
		.from_ref = i,
		.ref = *ref,
		.link = link,
		.target = *t,
		.ambiguous = link->state != SQ_LINK_BOUND,
	};

	return in->fn(in->arg, &e);
}

/* decode reference @i with a cursor that stands anywhere */
static void decode(const struct sq_columns *c, struct sq_ref_cursor *it, uint32_t i, struct sq_ref *ret)
{
	if (it->i > i || i - it->i >= FEW_REFS)
		sq_refs_seek(c, i, it);
	while (it->i <= i && sq_refs_next(it, ret))
		;
}

/* the references of one file that have one link */
struct hits {
	const struct sq_links *l;
	uint8_t code[5];                /* the link as it is encoded */
	size_t n_code;
	const uint8_t *at, *end;        /* in ref_link */
	uint32_t block;
};

static void hits_begin(struct hits *h, const struct sq_links *l, uint32_t link)
{
	*h = (struct hits){ .l = l, .at = l->ref_link, .end = l->ref_link + l->n_ref_bytes };
	h->n_code = (size_t)(sq_varint_put(h->code, link) - h->code);
}

/* is the code at @p a whole number, not the end of a longer one? */
static bool is_whole(const struct hits *h, const uint8_t *p)
{
	if (p > h->l->ref_link && p[-1] >= 0x80)
		return false;
	return (size_t)(h->end - p) >= h->n_code && !memcmp(p, h->code, h->n_code);
}

/* which reference the number at @p belongs to; @p ascends from call to call */
static uint32_t index_at(struct hits *h, const uint8_t *p, uint32_t n_refs)
{
	uint32_t n_blocks = (n_refs + SQ_FACTS_STRIDE - 1) / SQ_FACTS_STRIDE, i;
	const uint8_t *from;

	while (h->block + 1 < n_blocks && h->l->ref_link + h->l->ref_anchor[h->block + 1] <= p)
		h->block++;
	i = h->block * SQ_FACTS_STRIDE;
	for (from = h->l->ref_link + h->l->ref_anchor[h->block]; from < p; from++)
		i += *from < 0x80;
	return i;
}

/* the next one; SQ_NONE. Most bytes are only looked at by memchr() */
static uint32_t hits_next(struct hits *h, uint32_t n_refs)
{
	const uint8_t *p;

	while (h->at < h->end && (p = memchr(h->at, h->code[0], (size_t)(h->end - h->at)))) {
		h->at = p + 1;
		if (is_whole(h, p))
			return index_at(h, p, n_refs);
	}
	return SQ_NONE;
}

static int scan_link(const struct in *in, sq_file f, struct sq_file_slot s, const struct sq_link *link,
		     const struct sq_target *t)
{
	struct sq_ref_cursor it;
	struct sq_ref ref = { 0 };
	struct hits h;
	uint32_t i;
	int r = 0;

	sq_refs_begin(&s.bound->columns, &it);
	hits_begin(&h, s.links, (uint32_t)(link - s.links->links));
	while (!r && (i = hits_next(&h, s.bound->columns.n_refs)) != SQ_NONE) {
		decode(&s.bound->columns, &it, i, &ref);
		r = emit(in, f, i, &ref, link, t);
	}
	return r;
}

#define AT_ONCE 16u

/* the first target at or after @t with this name; n_targets: none. Few have it: they are looked at by the dozen */
static uint32_t next_target(const struct sq_links *l, sq_name name, uint32_t t)
{
	for (; t + AT_ONCE <= l->n_targets; t += AT_ONCE) {
		uint32_t any = 0;

		for (uint32_t k = 0; k < AT_ONCE; k++)
			any |= l->targets[t + k].name == name;
		if (any)
			break;
	}
	while (t < l->n_targets && l->targets[t].name != name)
		t++;
	return t;
}

/* the first link at or after @k that lists target @t; n_links: none */
static uint32_t next_link(const struct sq_links *l, uint32_t t, uint32_t k)
{
	for (; k + AT_ONCE <= l->n_links; k += AT_ONCE) {
		uint32_t any = 0;

		for (uint32_t i = 0; i < AT_ONCE; i++)
			any |= t - l->links[k + i].first < l->links[k + i].n_listed;
		if (any)
			break;
	}
	while (k < l->n_links && t - l->links[k].first >= l->links[k].n_listed)
		k++;
	return k;
}

static int scan_file(const struct in *in, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(in->v, f);
	const struct sq_links *l = s.links;
	int r = 0;

	for (uint32_t t = 0; l && !r && (t = next_target(l, in->name, t)) < l->n_targets; t++) {
		if (!is_meant(in, &l->targets[t]))
			continue;
		/* several links may list it, each with a target of its own or a shared one */
		for (uint32_t k = 0; !r && (k = next_link(l, t, k)) < l->n_links; k++)
			r = scan_link(in, f, s, &l->links[k], &l->targets[t]);
	}
	return r;
}

/* ---- which files may refer to it ---- */

/* Where names can be passed on under another one (exports, package files), a
 * file that renames it makes its own importers candidates. */
static bool renames(const struct sq_version *v, const struct sq_bound *b)
{
	const struct sq_lang_traits *t = v->traits[b->lang];

	return t && (t->style == SQ_STYLE_DOTTED || t->style == SQ_STYLE_RELATIVE ||
		     t->style == SQ_STYLE_CRATE);
}

static int add_name(struct in *in, sq_name name)
{
	for (size_t i = 0; i < in->names.n; i++)
		if (in->names.v[i] == name)
			return 0;
	return sq_vec_push(&in->names, name);
}

static int add_aliases(struct in *in, const struct sq_bound *b, sq_name name)
{
	struct sq_import_cursor it;
	struct sq_import imp;
	int r = 0;

	sq_imports_begin(&b->columns, &it);
	while (r >= 0 && sq_imports_next(&it, &imp))
		if (imp.alias != SQ_NONE && imp.name != SQ_NONE && b->names[imp.name] == name)
			r = add_name(in, b->names[imp.alias]);
	return r;
}

static int add_mentions(struct in *in, sq_name name, bool follow)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	sq_version_postings(in->v, name, SQ_LIST_MENTION, &it);
	while (r >= 0 && sq_posting_next(&it, &p)) {
		r = sq_file_set_add(&in->files, p.file);
		if (r >= 0 && follow)
			r = add_aliases(in, sq_version_bound(in->v, p.file), name);
	}
	return r;
}

/* a default export is imported under any name: ask the importers of the file */
static int add_default(struct in *in, const struct sq_bound *b)
{
	sq_name name = sq_version_find(in->v, SQ_LIT("default"));
	struct sq_keys k;
	int r = name == SQ_NAME_NONE ? 0 : add_name(in, name);

	sq_keys_of_file(in->v->traits[b->lang], b->path, SQ_SLICE_NULL, &k);
	for (unsigned i = 0; i < k.n && r >= 0; i++) {
		struct sq_posting_iter it;
		struct sq_posting p;

		name = sq_version_find(in->v, k.key[i]);
		if (name == SQ_NAME_NONE)
			continue;
		sq_version_postings(in->v, name, SQ_LIST_IMPORTER, &it);
		while (r >= 0 && sq_posting_next(&it, &p))
			r = sq_file_set_add(&in->files, p.file);
	}
	return r;
}

/* import foo from "./x": foo is another name for x's default export */
static int add_default_names(struct in *in)
{
	int r = 0;

	for (uint32_t i = 0; i < in->files.n && r >= 0; i++) {
		const struct sq_bound *b = sq_version_bound(in->v, in->files.list[i]);
		struct sq_import_cursor it;
		struct sq_import imp;

		sq_imports_begin(&b->columns, &it);
		while (r >= 0 && sq_imports_next(&it, &imp)) {
			uint32_t local = imp.alias != SQ_NONE ? imp.alias : imp.name;

			if ((imp.flags & SQ_IMP_DEFAULT) && local != SQ_NONE)
				r = add_name(in, b->names[local]);
		}
	}
	return r;
}

static int collect(struct in *in, sq_file f, const struct sq_bound *b, const struct sq_def *d)
{
	bool follow = renames(in->v, b);
	int r = sq_file_set_add(&in->files, f);

	if (r >= 0)
		r = add_name(in, in->name);
	if (r >= 0 && follow && (d->flags & SQ_DEF_DEFAULT)) {
		r = add_default(in, b);
		if (r >= 0)
			r = add_default_names(in);
	}
	for (size_t i = 0; i < in->names.n && r >= 0; i++)
		r = add_mentions(in, in->names.v[i], follow);
	return sq_error_trace(r);
}

/* languages without renaming imports need no set: the posting list is it, and where the definitions are */
static int scan_list(const struct in *in)
{
	sq_file last = SQ_FILE_NONE;
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	for (size_t i = 0; i < in->n_keys && !r; i++) {
		sq_file home = (sq_file)(in->keys[i] >> 32);

		if (home != last)
			r = scan_file(in, home);
		last = home;
	}
	sq_version_postings(in->v, in->name, SQ_LIST_MENTION, &it);
	while (!r && sq_posting_next(&it, &p)) {
		if (sq_is_cancelled(in->cancel))
			return -ECANCELED;
		if (!is_home(in, p.file))
			r = scan_file(in, p.file);
	}
	return r;
}

int sq_edges_in(const struct sq_version *v, sq_file f, uint32_t def,
		int (*fn)(void *arg, const struct sq_edge *e), void *arg)
{
	const struct sq_bound *b = sq_version_bound(v, f);
	const uint64_t key = key_of(f, sq_bound_ordinal(b, def));
	struct in in = { .v = v, .keys = &key, .n_keys = 1, .fn = fn, .arg = arg };
	struct sq_def d;
	int r;

	sq_defs_get(&b->columns, def, &d);
	in.name = b->names[d.name];
	if (!renames(v, b))
		return scan_list(&in);
	r = collect(&in, f, b, &d);
	for (uint32_t i = 0; i < in.files.n && !r; i++)
		r = scan_file(&in, in.files.list[i]);
	sq_file_set_deinit(&in.files);
	sq_vec_deinit(&in.names);
	return r;
}

static sq_name name_of(const struct sq_version *v, struct sq_edge_end e)
{
	const struct sq_bound *b = sq_version_bound(v, e.file);
	struct sq_def d;

	sq_defs_get(&b->columns, e.def, &d);
	return b->names[d.name];
}

int sq_edges_in_all(const struct sq_version *v, const struct sq_edge_end *of, size_t n, const bool *cancel,
		    int (*fn)(void *arg, const struct sq_edge *e), void *arg)
{
	struct in in = { .v = v, .cancel = cancel, .fn = fn, .arg = arg };
	uint64_t *keys;
	int r = 0;

	if (!n)
		return 0;
	keys = sq_malloc(n * sizeof(*keys));
	if (!keys)
		return sq_error_origin(-ENOMEM);
	in.keys = keys;
	in.name = name_of(v, of[0]);
	for (size_t i = 0; i < n && !r; i++) {
		const struct sq_bound *b = sq_version_bound(v, of[i].file);

		if (sq_is_cancelled(cancel))
			r = -ECANCELED;
		else if (!renames(v, b) && name_of(v, of[i]) == in.name)
			keys[in.n_keys++] = key_of(of[i].file, sq_bound_ordinal(b, of[i].def));
		else
			r = sq_edges_in(v, of[i].file, of[i].def, fn, arg);
	}
	if (!r && in.n_keys)
		r = scan_list(&in);
	sq_free(keys);
	return r;
}

/* ---- references inside a definition ---- */

static bool is_before(const struct sq_ref *r, const struct sq_def *d)
{
	return r->line < d->start_line || (r->line == d->start_line && r->col < d->start_col);
}

static bool is_past(const struct sq_ref *r, const struct sq_def *d)
{
	return r->line > d->end_line || (r->line == d->end_line && r->col >= d->end_col);
}

/* an index of a block's first reference, at or before the first one inside @d */
static uint32_t first_block(const struct sq_columns *c, const struct sq_def *d)
{
	uint32_t lo = 0, hi = (c->n_refs + SQ_FACTS_STRIDE - 1) / SQ_FACTS_STRIDE;
	struct sq_ref_cursor it;
	struct sq_ref ref;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		sq_refs_seek(c, mid * SQ_FACTS_STRIDE, &it);
		if (sq_refs_next(&it, &ref) && is_before(&ref, d))
			lo = mid;
		else
			hi = mid;
	}
	return lo * SQ_FACTS_STRIDE;
}

static bool is_inside(const struct sq_columns *c, uint32_t encl, uint32_t def)
{
	struct sq_def d;

	/* parents have lower indices: past @def upwards there is nothing to find */
	while (encl != SQ_NONE && encl > def) {
		sq_defs_get(c, encl, &d);
		encl = d.parent;
	}
	return encl == def;
}

static int emit_targets(const struct in *in, const struct sq_links *l, sq_file f, uint32_t i,
			const struct sq_ref *ref, const struct sq_link *link)
{
	static const struct sq_target none = { SQ_FILE_NONE, SQ_NAME_NONE, 0 };
	struct sq_edge e = { .from_file = f, .from_ref = i, .ref = *ref, .link = link, .target = none };
	int r = 0;

	e.ambiguous = link->state == SQ_LINK_AMBIGUOUS || link->state == SQ_LINK_ELIDED;
	if (!link->n_listed)
		return in->fn(in->arg, &e);
	for (uint32_t k = 0; k < link->n_listed && !r; k++) {
		e.target = l->targets[link->first + k];
		r = in->fn(in->arg, &e);
	}
	return r;
}

/* May what belongs to @d be written outside of its lines? Methods of C++, Go and
 * Rust, and functions that JavaScript adds to a prototype. */
static bool is_scattered(const struct sq_version *v, const struct sq_bound *b, const struct sq_def *d)
{
	const struct sq_lang_traits *t = v->traits[b->lang];
	bool is_type = d->kind == SQ_KIND_CLASS || d->kind == SQ_KIND_STRUCT || d->kind == SQ_KIND_INTERFACE ||
		       d->kind == SQ_KIND_TRAIT || d->kind == SQ_KIND_ENUM || d->kind == SQ_KIND_TYPE;

	if (b->lang == SQ_LANG_CPP || b->lang == SQ_LANG_GO || b->lang == SQ_LANG_RUST)
		return is_type;
	return t && t->family == SQ_FAMILY_JS && (is_type || d->kind == SQ_KIND_FUNCTION);
}

/* those of @def wherever they are, or of no definition (SQ_NONE): every reference of the file is asked */
static int file_out(const struct in *in, struct sq_file_slot s, sq_file f, uint32_t def)
{
	const uint8_t *at = s.links->ref_link;
	struct sq_ref_cursor it;
	struct sq_ref ref;
	uint32_t link;
	int r = 0;

	sq_refs_begin(&s.bound->columns, &it);
	for (uint32_t i = 0; !r && sq_refs_next(&it, &ref); i++) {
		at = sq_varint_get32(at, &link);
		if (def == SQ_NONE ? ref.encl == SQ_NONE : is_inside(&s.bound->columns, ref.encl, def))
			r = emit_targets(in, s.links, f, i, &ref, &s.links->links[link]);
	}
	return r;
}

/* those from its first line to its last */
static int span_out(const struct in *in, struct sq_file_slot s, sq_file f, uint32_t def, const struct sq_def *d)
{
	uint32_t i = first_block(&s.bound->columns, d);
	struct sq_ref_cursor it;
	struct sq_ref ref;
	int r = 0;

	sq_refs_seek(&s.bound->columns, i, &it);
	for (; !r && sq_refs_next(&it, &ref) && !is_past(&ref, d); i++)
		if (!is_before(&ref, d) && is_inside(&s.bound->columns, ref.encl, def))
			r = emit_targets(in, s.links, f, i, &ref, sq_links_of_ref(s.links, i));
	return r;
}

int sq_edges_out(const struct sq_version *v, sq_file f, uint32_t def,
		 int (*fn)(void *arg, const struct sq_edge *e), void *arg)
{
	struct sq_file_slot s = sq_version_slot(v, f);
	const struct in in = { .v = v, .fn = fn, .arg = arg };
	struct sq_def d;

	sq_defs_get(&s.bound->columns, def, &d);
	if (is_scattered(v, s.bound, &d))
		return file_out(&in, s, f, def);
	return span_out(&in, s, f, def, &d);
}

int sq_edges_out_of_file(const struct sq_version *v, sq_file f,
			 int (*fn)(void *arg, const struct sq_edge *e), void *arg)
{
	const struct in in = { .v = v, .fn = fn, .arg = arg };

	return file_out(&in, sq_version_slot(v, f), f, SQ_NONE);
}
