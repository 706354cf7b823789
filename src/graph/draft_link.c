/* SPDX-License-Identifier: MIT */
/* The linking pass of a draft: which files, in parallel, and into the chunks. */
#include <string.h>

#include "base/error.h"
#include "graph/common.h"
#include "graph/stats.h"

/* from as many files on, what they all reach is worked out once for all of them */
#define COMMON_MIN_FILES 128u

/* one round: links that change may make further files be linked again */
struct pass {
	struct sq_draft *d;
	const struct sq_file_set *set;  /* of all rounds */
	struct sq_changed_names names;  /* not when all files are linked */
	bool is_whole;                  /* see links_all() */
	bool names_only;                /* see sq_relink_names_only() */
	struct sq_file_set stale;       /* files whose imports may not be what their links say, if not the set */
	SQ_VEC(sq_file) files;          /* of this round */
	struct sq_links **links;        /* [files.n] new pieces; NULL: the old one stays */
	uint8_t *settled;               /* [files.n] imports and bases mean what they meant: nothing follows */
	struct sq_linker **linkers;     /* [worker], kept over rounds */
	struct sq_link_common *common;
	struct sq_version_stats *stats; /* [worker] differences */
};

static int add_all(struct sq_draft *d, struct sq_file_set *set)
{
	int r = 0;

	for (sq_file f = 0; f < d->v->n_file_ids && r >= 0; f++)
		r = sq_file_set_add(set, f);
	return r;
}

static bool must_link_all(const struct sq_draft *d)
{
	bool relink = d->opts.link_flags != d->prior->link_flags &&
		      !(d->opts.disabled_triggers >> SQ_TRIGGER_DAEMON & 1);

	return d->opts.clear || relink || !d->prior->n_file_ids;
}

static bool links_all(const struct pass *p)
{
	return p->is_whole;
}

/* So many that a pass over all files costs less? Where imports mean what they
 * meant, a file costs a fraction, however many there are. */
static int widen(struct pass *p, struct sq_file_set *set)
{
	const struct sq_draft_opts *o = &p->d->opts;

	if (p->names_only || !o->links_whole || !o->links_whole(o->links_whole_arg, set->n))
		return 0;
	p->is_whole = true;
	sq_free(SQ_TAKE(p->names.bits));
	return sq_error_trace(add_all(p->d, set));
}

static int collect(struct pass *p, struct sq_file_set *set)
{
	struct sq_draft *d = p->d;
	int r = 0;

	p->is_whole = must_link_all(d);
	if (p->is_whole)
		return sq_error_trace(add_all(d, set));
	for (size_t i = 0; i < d->changes.n && r >= 0; i++)
		if (d->changes.v[i].new_bound)
			r = sq_file_set_add(set, d->changes.v[i].file);
	if (r >= 0 && d->changes.n)
		r = sq_relink_collect(d->prior, d->v, d->changes.v, d->changes.n,
				      d->opts.disabled_triggers, set, &p->names);
	p->names_only = r >= 0 && d->changes.n && sq_relink_names_only(d->v, d->changes.v, d->changes.n);
	for (size_t i = 0; p->names_only && i < d->changes.n && r >= 0; i++)
		r = sq_file_set_add(&p->stale, d->changes.v[i].file);
	if (r >= 0)
		r = widen(p, set);
	return sq_error_trace(r);
}

static const struct sq_file_set *stale_of(const struct pass *p)
{
	return links_all(p) ? NULL : p->names_only ? &p->stale : p->set;
}

/* the files of the set from @from on that are there and say something */
static int take_round(struct pass *p, const struct sq_file_set *set, uint32_t from)
{
	sq_vec_clear(&p->files);
	if (sq_vec_reserve(&p->files, set->n - from) < 0)
		return sq_error_origin(-ENOMEM);
	for (uint32_t i = from; i < set->n; i++) {
		const struct sq_bound *b = sq_version_bound(p->d->v, set->list[i]);

		if (b && b->lang != SQ_LANG_NONE)
			p->files.v[p->files.n++] = set->list[i];
	}
	return 0;
}

static int make_linkers(struct pass *p, uint32_t width)
{
	for (uint32_t w = 0; w < width; w++) {
		int r = sq_linker_new(&p->linkers[w]);

		if (r < 0)
			return sq_error_trace(r);
		sq_linker_begin(p->linkers[w], p->d->v, stale_of(p));
	}
	return 0;
}

static int share(struct pass *p)
{
	const struct sq_common_job job = {
		.d = p->d, .is_whole = links_all(p), .linkers = p->linkers,
		.files = p->names_only ? p->stale.list : p->files.v,
		.n = p->names_only ? p->stale.n : (uint32_t)p->files.n,
	};
	int r;

	if (p->common || p->files.n < COMMON_MIN_FILES || p->d->opts.links_alone)
		return 0;
	r = sq_link_common_new(&job, &p->common);
	if (r < 0)
		return sq_error_trace(r);
	for (uint32_t w = 0; w < sq_parallel_width(sq_draft_link_par(p->d)); w++)
		sq_linker_share(p->linkers[w], p->common);
	return 0;
}

/* can what it meant before be kept where no changed name is? */
static bool keeps_links(const struct pass *p, const struct sq_file_slot *old)
{
	return p->names_only && old->links && old->bound->lang == SQ_LANG_C;
}

static int link_one(void *arg, unsigned worker, uint32_t i)
{
	struct pass *p = arg;
	sq_file f = p->files.v[i];
	struct sq_file_slot before = sq_version_slot(p->d->prior, f);
	const struct sq_links *old = before.links;
	bool keeps = keeps_links(p, &before);
	struct sq_links *links;
	int r;

	if (keeps)
		r = sq_link_file_again(p->linkers[worker], f, &before, &p->names, p->d->birth, &links);
	else
		r = sq_link_file(p->linkers[worker], f, p->d->birth, &links);
	if (r < 0)
		return sq_error_trace(r);
	p->settled[i] = keeps && r != SQ_LINK_E_BASES;
	sq_stats_add_links(&p->stats[worker], old, -1);
	sq_stats_add_links(&p->stats[worker], links, 1);
	if (old && sq_links_equal(old, links))
		sq_piece_free(links);
	else
		p->links[i] = links;
	return 0;
}

static int place_links(struct pass *p, uint32_t i)
{
	struct sq_draft *d = p->d;
	sq_file f = p->files.v[i];
	const struct sq_links *old = sq_version_slot(d->prior, f).links;
	struct sq_file_slot now = sq_version_slot(d->v, f);
	const struct sq_links *links = p->links[i] ? p->links[i] : old;
	struct sq_chunk *c;
	int r;

	d->n_links_changed += p->links[i] != NULL;
	if (now.links == links)
		return 0;
	/* a file with new facts has lost its links already: see freeze() */
	if (now.links) {
		r = sq_vec_push(&d->dead, (void *)now.links);
		if (r < 0)
			return sq_error_trace(r);
	}
	r = sq_draft_chunk(d, f, &c);
	if (r >= 0)
		c->slots[f & (SQ_CHUNK_FILES - 1)].links = links;
	return sq_error_trace(r);
}

static void add_stats(struct sq_version_stats *to, const struct sq_version_stats *from)
{
	for (unsigned i = 0; i < SQ_ARRAY_SIZE(to->refs_by_state); i++)
		to->refs_by_state[i] += from->refs_by_state[i];
	for (unsigned i = 0; i < SQ_ARRAY_SIZE(to->refs_by_rule); i++)
		to->refs_by_rule[i] += from->refs_by_rule[i];
}

/* removed files, and files that are skipped now, are not linked: their old
 * links leave the counts here */
static void subtract_unlinked(struct sq_draft *d)
{
	for (size_t i = 0; i < d->changes.n; i++) {
		const struct sq_file_change *c = &d->changes.v[i];

		if (!c->new_bound || c->new_bound->lang == SQ_LANG_NONE)
			sq_stats_add_links(&d->v->stats, sq_version_slot(d->prior, c->file).links, -1);
	}
}

static int run(struct pass *p)
{
	struct sq_draft *d = p->d;
	uint32_t n = (uint32_t)p->files.n;
	int r;

	p->links = sq_calloc((size_t)n + 1, sizeof(*p->links));
	sq_free(p->settled);
	p->settled = sq_calloc((size_t)n + 1, sizeof(*p->settled));
	if (!p->links || !p->settled || sq_vec_reserve(&d->made, n) < 0)
		return sq_error_origin(-ENOMEM);
	r = sq_draft_link_each(d, n, 8, link_one, p);
	for (uint32_t i = 0; i < n; i++)
		if (p->links[i])
			d->made.v[d->made.n++] = p->links[i];
	for (uint32_t i = 0; i < n && r >= 0; i++)
		r = place_links(p, i);
	sq_free(SQ_TAKE(p->links));
	d->n_relinked += n;
	return sq_error_trace(r);
}

/* leave the files whose new links may make others be linked again */
static void drop_settled(struct pass *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->files.n; i++)
		if (!p->settled[i])
			p->files.v[n++] = p->files.v[i];
	p->files.n = n;
}

/* link the set, and what follows from the links that change, until nothing does */
static int run_rounds(struct pass *p, struct sq_file_set *set)
{
	struct sq_draft *d = p->d;
	int r = 0;

	for (uint32_t from = 0; from < set->n && r >= 0;) {
		r = take_round(p, set, from);
		from = set->n;
		if (r >= 0)
			r = share(p);
		if (r >= 0)
			r = run(p);
		if (r >= 0)
			drop_settled(p);
		if (r >= 0 && !links_all(p))
			r = sq_relink_expand(d->prior, d->v, p->files.v, p->files.n,
					     d->opts.disabled_triggers, set);
	}
	return sq_error_trace(r);
}

int sq_draft_link(struct sq_draft *d)
{
	uint32_t width = sq_parallel_width(sq_draft_link_par(d));
	struct sq_file_set set = { .bits = NULL };
	struct pass p = { .d = d, .set = &set };
	int r = collect(&p, &set);

	p.linkers = sq_calloc(width, sizeof(*p.linkers));
	p.stats = sq_calloc(width, sizeof(*p.stats));
	if (r >= 0 && (!p.linkers || !p.stats))
		r = sq_error_origin(-ENOMEM);
	if (r >= 0)
		r = make_linkers(&p, width);
	if (r >= 0)
		r = run_rounds(&p, &set);
	if (r >= 0)
		subtract_unlinked(d);
	for (uint32_t w = 0; p.linkers && w < width; w++)
		sq_linker_free(p.linkers[w]);
	sq_link_common_free(p.common);
	for (uint32_t w = 0; p.stats && w < width; w++)
		add_stats(&d->v->stats, &p.stats[w]);
	sq_free(p.linkers);
	sq_free(p.links);
	sq_free(p.stats);
	sq_vec_deinit(&p.files);
	sq_free(p.names.bits);
	sq_free(p.settled);
	sq_file_set_deinit(&p.stale);
	sq_file_set_deinit(&set);
	return sq_error_trace(r);
}
