/* SPDX-License-Identifier: MIT */
/* Every invariant of a version, checked against the columns. For tests. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/varint.h"
#include "graph/name_index.h"
#include "graph/postings.h"
#include "graph/shards.h"
#include "graph/stats.h"

struct check {
	const struct sq_version *v;
	const char *what;               /* the first broken invariant */
	int error;
	struct sq_version_stats stats;  /* counted afresh */
};
struct full { sq_posting_key key; sq_file file; };

static bool need(struct check *c, bool holds, const char *what)
{
	if (!holds && !c->error) {
		c->error = -EINVAL;
		c->what = what;
	}
	return !c->error;
}

static void count(struct check *c, const void *piece, enum sq_piece_kind kind)
{
	const struct sq_piece *p = piece;

	need(c, p->kind == kind, "kind of a piece");
	need(c, p->birth <= c->v->generation, "a piece born after its version");
	c->stats.bytes_by_kind[kind] += p->n_bytes;
}

static void check_dicts(struct check *c)
{
	const struct sq_version *v = c->v;
	uint32_t next = 0;

	for (uint32_t i = 0; i < v->n_dicts; i++) {
		const struct sq_dict *d = v->dicts[i];

		count(c, d, SQ_PIECE_DICT);
		if (!need(c, !d->index == (d->n < SQ_NAME_INDEX_MIN), "a big dictionary has an index"))
			return;
		if (d->index)
			count(c, d->index, SQ_PIECE_NAME_INDEX);
		if (d->index && !need(c, sq_name_index_check(d->index, d), "the index of a dictionary"))
			return;
		if (!need(c, d->first == next && d->n, "dictionaries are contiguous") ||
		    !need(c, d->n < d->n_slots, "a dictionary has a free slot"))
			return;
		next += d->n;
	}
	need(c, next == v->n_names, "dictionaries make up the names");
	for (sq_name id = 0; id < next && !c->error; id++)
		need(c, sq_version_find(v, sq_version_string(v, id)) == id, "a name is found");
}

static void check_import_links(struct check *c, const struct sq_bound *b, const struct sq_links *l)
{
	if (!need(c, l->n_imports == b->columns.n_imports, "a link for each import"))
		return;
	for (uint32_t i = 0; i < l->n_imports; i++) {
		const struct sq_import_link *link = &l->imports[i];
		struct sq_slice last = SQ_SLICE_NULL;

		if (!need(c, link->first + link->n <= l->n_files, "range of an import link"))
			return;
		for (uint32_t k = 0; k < link->n; k++) {
			const struct sq_bound *to = sq_version_bound(c->v, l->files[link->first + k]);

			if (!need(c, to != NULL, "file of an import link") ||
			    !need(c, !k || sq_slice_cmp(last, to->path) < 0, "order of an import link"))
				return;
			last = to->path;
		}
	}
}

static void check_link(struct check *c, const struct sq_links *l, const struct sq_link *link)
{
	if (!need(c, link->state <= SQ_LINK_ELIDED && link->rule < SQ_RULE_MAX, "state and rule") ||
	    !need(c, link->n_listed <= SQ_LINK_MAX_LISTED, "count of a link") ||
	    !need(c, link->state != SQ_LINK_ELIDED || (!link->n_listed && link->first > SQ_LINK_MAX_LISTED),
		  "an elided link has too many to list") ||
	    !need(c, !link->n_listed || link->first + link->n_listed <= l->n_targets, "range of a link") ||
	    !need(c, link->state != SQ_LINK_BOUND || link->n_listed == 1, "a bound link has one target"))
		return;
	need(c, link->state != SQ_LINK_UNRESOLVED || !link->n_listed, "an unresolved link has none");
	for (uint32_t k = 0; k < link->n_listed && !c->error; k++) {
		const struct sq_target *t = &l->targets[link->first + k];
		const struct sq_bound *b = sq_version_bound(c->v, t->file);

		need(c, b && sq_bound_find_def(b, t->name, t->ordinal) != SQ_NONE, "target of a link");
	}
}

static void check_links(struct check *c, const struct sq_bound *b, const struct sq_links *l)
{
	const uint8_t *at = l->ref_link;

	count(c, l, SQ_PIECE_LINKS);
	check_import_links(c, b, l);
	if (!need(c, l->n_links && l->links[0].state == SQ_LINK_UNRESOLVED, "the unresolved link"))
		return;
	for (uint32_t i = 0; i < l->n_links && !c->error; i++)
		check_link(c, l, &l->links[i]);
	for (uint32_t i = 0; i < b->columns.n_refs && !c->error; i++) {
		uint32_t link;

		if (i % SQ_FACTS_STRIDE == 0)
			need(c, at == l->ref_link + l->ref_anchor[i / SQ_FACTS_STRIDE], "an anchor");
		at = sq_varint_get32(at, &link);
		need(c, link < l->n_links, "link of a reference");
	}
	need(c, at == l->ref_link + l->n_ref_bytes, "a link for each reference");
	if (!c->error)
		sq_stats_add_links(&c->stats, l, 1);
}

/* definitions of each name, in order, by way of the name alone */
static void check_def_names(struct check *c, const struct sq_bound *b)
{
	uint32_t local, n_found = 0;

	need(c, b->n_def_names == sq_defs_n_names(&b->columns), "names of definitions");
	for (uint32_t i = 0; b->n_def_names != SQ_NONE && i < b->n_def_names && !c->error; i++) {
		uint32_t def = sq_bound_first_def(b, b->names[i], &local);

		need(c, local == i, "a name is found where it stands");
		for (; def != SQ_NONE && !c->error; def = sq_bound_next_def(b, local, def)) {
			struct sq_def d;

			sq_defs_get(&b->columns, def, &d);
			need(c, d.name == i, "definition of a name");
			n_found++;
		}
	}
	if (b->n_def_names != SQ_NONE)
		need(c, n_found == b->columns.n_defs, "each definition is found by its name");
}

static void check_bound(struct check *c, sq_file f, const struct sq_bound *b)
{
	count(c, b, SQ_PIECE_BOUND);
	check_def_names(c, b);
	for (uint32_t i = 0; i < b->columns.n_strings && !c->error; i++)
		need(c, b->names[i] < c->v->n_names, "a local name");
	need(c, sq_slice_eq(sq_version_string(c->v, b->base_name), sq_path_base(b->path)), "base name");
	need(c, !b->skip == (b->lang != SQ_LANG_NONE), "a skipped file has no language");
	need(c, sq_version_file(c->v, b->path) == f, "a file is found by its path");
	sq_stats_add_bound(&c->stats, b, 1);
}

static void check_files(struct check *c)
{
	const struct sq_version *v = c->v;

	need(c, v->n_chunks == ((uint64_t)v->n_file_ids + SQ_CHUNK_FILES - 1) / SQ_CHUNK_FILES, "chunks");
	for (uint32_t i = 0; i < v->n_chunks && !c->error; i++) {
		if (need(c, v->chunks[i] != NULL, "a chunk"))
			count(c, v->chunks[i], SQ_PIECE_CHUNK);
	}
	for (uint64_t f = v->n_file_ids; f < (uint64_t)v->n_chunks * SQ_CHUNK_FILES && !c->error; f++)
		need(c, !v->chunks[f >> SQ_CHUNK_SHIFT]->slots[f % SQ_CHUNK_FILES].bound, "a slot past the files");
	for (sq_file f = 0; f < v->n_file_ids && !c->error; f++) {
		struct sq_file_slot s = sq_version_slot(v, f);

		need(c, s.bound || !s.links, "links of no file");
		if (!s.bound)
			continue;
		check_bound(c, f, s.bound);
		if (need(c, (s.bound->lang != SQ_LANG_NONE) == (s.links != NULL), "links of a file") && s.links)
			check_links(c, s.bound, s.links);
	}
}

static int compare_full(const void *pa, const void *pb)
{
	const struct full *a = pa, *b = pb;
	uint64_t x = a->key >> 8, y = b->key >> 8;

	if (x != y)
		return x < y ? -1 : 1;
	return a->file < b->file ? -1 : a->file > b->file;
}

struct expected { SQ_VEC(struct full) v; };

/* what the shards must hold, from the files */
static int expect(struct check *c, struct expected *all)
{
	struct sq_postings p = { .seen = { 0 } };
	int r = 0;

	for (sq_file f = 0; f < c->v->n_file_ids && r >= 0; f++) {
		r = sq_postings_of(&p, c->v, sq_version_bound(c->v, f));
		for (size_t i = 0; i < p.keys.n && r >= 0; i++)
			r = sq_vec_push(&all->v, (struct full){ p.keys.v[i], f });
	}
	sq_postings_deinit(&p);
	if (r >= 0 && all->v.n)
		qsort(all->v.v, all->v.n, sizeof(*all->v.v), compare_full);
	return r;
}

static void check_list(struct check *c, sq_name name, enum sq_list list, struct expected *all, size_t *at)
{
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(c->v, name, list, &it);
	while (!c->error && sq_posting_next(&it, &p)) {
		struct full want = { sq_posting_key_of(name, list, p.class_bits), p.file };

		need(c, *at < all->v.n && all->v.v[*at].key == want.key && all->v.v[*at].file == want.file,
		     "a posting");
		++*at;
	}
}

static void check_shards(struct check *c)
{
	const struct sq_version *v = c->v;
	struct expected all = { SQ_VEC_NULL };
	size_t at = 0;

	need(c, v->n_shards == ((uint64_t)v->n_names + SQ_SHARD_NAMES - 1) / SQ_SHARD_NAMES, "shards");
	for (uint32_t i = 0; i < v->n_shards && !c->error; i++) {
		if (!need(c, v->shards[i] != NULL, "a shard"))
			return;
		count(c, v->shards[i], SQ_PIECE_SHARD);
		need(c, v->shards[i]->n_names <= sq_shard_n_names(v, i), "names of a shard");
		c->stats.n_names += sq_shard_n_live(v->shards[i]);
	}
	if (!c->error && expect(c, &all) < 0)
		c->error = -ENOMEM;
	for (sq_name id = 0; id < v->n_names && !c->error; id++)
		for (unsigned list = 0; list < SQ_LIST_MAX; list++)
			check_list(c, id, list, &all, &at);
	need(c, at == all.v.n, "postings are complete");
	sq_vec_deinit(&all.v);
}

static void check_stats(struct check *c)
{
	const struct sq_version_stats *a = &c->stats, *b = &c->v->stats;

	count(c, c->v, SQ_PIECE_ROOT);
	need(c, a->n_files == b->n_files && a->n_skipped == b->n_skipped, "number of files");
	need(c, a->n_defs == b->n_defs && a->n_refs == b->n_refs && a->n_imports == b->n_imports, "counts");
	need(c, a->n_names == b->n_names, "number of names");
	need(c, a->source_bytes == b->source_bytes, "bytes of source");
	need(c, !memcmp(a->refs_by_state, b->refs_by_state, sizeof(a->refs_by_state)), "references by state");
	need(c, !memcmp(a->refs_by_rule, b->refs_by_rule, sizeof(a->refs_by_rule)), "references by rule");
	need(c, !memcmp(a->bytes_by_kind, b->bytes_by_kind, sizeof(a->bytes_by_kind)), "bytes by kind");
}

int sq_version_check(const struct sq_version *v, const char **ret_what)
{
	struct check c = { .v = v };

	check_dicts(&c);
	if (!c.error)
		check_files(&c);
	if (!c.error)
		check_shards(&c);
	if (!c.error)
		check_stats(&c);
	if (c.error && ret_what)
		*ret_what = c.what ? c.what : "out of memory";
	return c.error;
}
