/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/atomic.h"
#include "base/error.h"
#include "query/fuzzy.h"
#include "query/keys.h"
#include "query/names.h"
#include "query/picks.h"

static bool is_canceled(const struct sq_search *s)
{
	/* no order needed: nothing else is read on behalf of the flag */
	return s->cancel && sq_load_relaxed(s->cancel);
}

static int refuse(struct sq_query_error *ret_err, const char *what)
{
	ret_err->offset = 0;
	snprintf(ret_err->message, sizeof(ret_err->message), "%s", what);
	return SQ_QUERY_E_SYNTAX;
}

static bool kind_matches(const struct sq_search *s, const struct sq_bound *b,
			 uint32_t def)
{
	struct sq_def d;

	if (s->kind < 0)
		return true;
	sq_defs_get(&b->columns, def, &d);
	return d.kind == s->kind;
}

static int add_def(const struct sq_version *v, const struct sq_search *s,
		   struct sq_match m, struct sq_picks *picks)
{
	const struct sq_bound *b = sq_version_bound(v, m.file);

	if (s->lang >= 0 && b->lang != s->lang)
		return 0;
	if (!kind_matches(s, b, m.def))
		return 0;
	return sq_picks_add(picks, m);
}

/* every definition of one name that passes the filters */
static int add_name(const struct sq_version *v, const struct sq_search *s,
		    sq_name id, float score, struct sq_picks *picks)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = 0;

	sq_version_postings(v, id, SQ_LIST_DEF, &it);
	while (!r && sq_posting_next(&it, &p)) {
		const struct sq_bound *b = sq_version_bound(v, p.file);
		struct sq_match m = { .file = p.file, .score = score };
		uint32_t local = sq_bound_local(b, id);

		m.def = sq_defs_find(&b->columns, local, 0);
		for (; !r && m.def != SQ_NONE;
		     m.def = sq_defs_find(&b->columns, local, m.def + 1))
			r = add_def(v, s, m, picks);
	}
	return r;
}

static int search_exact(const struct sq_version *v, const struct sq_search *s,
			struct sq_picks *picks)
{
	struct sq_keyset keys = SQ_KEYSET_NULL;
	sq_name id;
	int r;

	if (!sq_symbol_is_qualified(s->pattern)) {
		id = sq_version_find(v, s->pattern);
		return id == SQ_NAME_NONE ? 0 : add_name(v, s, id, 0, picks);
	}
	r = sq_keyset_add_symbol(&keys, v, s->pattern);
	if (!r)
		sq_keyset_seal(&keys);
	for (size_t i = 0; !r && i < keys.n; i++)
		r = add_def(v, s, (struct sq_match){
			.file = sq_key_file(keys.v[i]),
			.def = sq_key_def(keys.v[i]),
		}, picks);
	sq_vec_deinit(&keys);
	return r;
}

static int search_regex(const struct sq_version *v, const struct sq_search *s,
			struct sq_picks *picks, struct sq_query_error *ret_err)
{
	struct sq_name_set set = { 0 };
	struct sq_regex *re = NULL;
	char message[SQ_REGEX_MESSAGE];
	int r;

	r = sq_regex_new(s->pattern, false, &re, message);
	if (r)
		return r < 0 ? r : refuse(ret_err, message);
	r = sq_name_set_match(v, re, s->cancel, &set);
	for (sq_name id = 0; !r; id++) {
		id = sq_name_set_next(&set, id);
		if (id == SQ_NAME_NONE)
			break;
		r = is_canceled(s) ? -ECANCELED : add_name(v, s, id, 0, picks);
	}
	sq_name_set_deinit(&set);
	sq_regex_free(re);
	return r;
}

/* ---- fuzzy ----------------------------------------------------------------- */

struct candidate { sq_name id; float similarity; };
/* a heap with the least alike on top, so that it is the one to go */
struct candidates { struct candidate v[SQ_SEARCH_FUZZY_CANDIDATES]; size_t n; };

/* the text decides between equals: ids depend on the history of the graph */
static bool is_worse(const struct sq_version *v, struct candidate a,
		     struct candidate b)
{
	if (a.similarity != b.similarity)
		return a.similarity < b.similarity;
	return sq_slice_cmp(sq_version_string(v, a.id),
			    sq_version_string(v, b.id)) > 0;
}

static void sift_down(const struct sq_version *v, struct candidates *c)
{
	for (size_t i = 0, k; (k = 2 * i + 1) < c->n; i = k) {
		struct candidate t;

		if (k + 1 < c->n && is_worse(v, c->v[k + 1], c->v[k]))
			k++;
		if (!is_worse(v, c->v[k], c->v[i]))
			return;
		t = c->v[i];
		c->v[i] = c->v[k];
		c->v[k] = t;
	}
}

static void offer(const struct sq_version *v, struct candidates *c,
		  struct candidate new)
{
	size_t i = c->n;

	if (c->n == SQ_ARRAY_SIZE(c->v)) {
		if (is_worse(v, c->v[0], new)) {
			c->v[0] = new;
			sift_down(v, c);
		}
		return;
	}
	for (c->n++; i && is_worse(v, new, c->v[(i - 1) / 2]); i = (i - 1) / 2)
		c->v[i] = c->v[(i - 1) / 2];
	c->v[i] = new;
}

static bool is_defined(const struct sq_version *v, sq_name id)
{
	struct sq_posting_iter it;
	struct sq_posting p;

	sq_version_postings(v, id, SQ_LIST_DEF, &it);
	return sq_posting_next(&it, &p);
}

/* what one fuzzy search has: the names that were looked at and the best of them */
struct fuzzy {
	const struct sq_version *v;
	const struct sq_search *s;
	const struct sq_trigrams *t;
	struct candidates *c;
	uint32_t n_seen;
};

/* is nothing with at most @similarity to be taken any more? */
static bool is_out(const struct fuzzy *f, float similarity)
{
	const struct candidates *c = f->c;

	return similarity < SQ_SEARCH_FUZZY_MIN_SIMILARITY ||
	       (c->n == SQ_ARRAY_SIZE(c->v) && similarity < c->v[0].similarity);
}

static int look_at(struct fuzzy *f, sq_name id, struct sq_slice name)
{
	struct candidate new = { .id = id };

	if (f->n_seen++ % 4096 == 0 && is_canceled(f->s))
		return -ECANCELED;
	if (is_out(f, sq_trigrams_bound(f->t, name.n)))
		return 0;
	new.similarity = sq_trigrams_similarity(f->t, name);
	if (!is_out(f, new.similarity) && is_defined(f->v, id))
		offer(f->v, f->c, new);
	return 0;
}

static int collect(struct fuzzy *f)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < f->v->n_dicts; i++) {
		const struct sq_dict *d = f->v->dicts[i];

		for (uint32_t k = 0; !r && k < d->n; k++)
			r = look_at(f, d->first + k, sq_dict_get(d, d->first + k));
	}
	return r;
}

static int search_fuzzy(const struct sq_version *v, const struct sq_search *s,
			struct sq_picks *picks)
{
	struct sq_trigrams *t = sq_malloc(sizeof(*t));
	struct candidates *c = sq_calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (t && c) {
		sq_trigrams_init(t, s->pattern);
		r = collect(&(struct fuzzy){ v, s, t, c, 0 });
	}
	for (size_t i = 0; !r && i < c->n; i++) {
		float score = sq_jaro_winkler(
			s->pattern, sq_version_string(v, c->v[i].id));

		if (score >= SQ_SEARCH_FUZZY_MIN_SCORE)
			r = add_name(v, s, c->v[i].id, score, picks);
	}
	sq_free(t);
	sq_free(c);
	return r;
}

int sq_search_run(const struct sq_version *v, const struct sq_search *s,
		  struct sq_result *ret_r, struct sq_query_error *ret_err)
{
	bool fuzzy = s->mode == SQ_SEARCH_FUZZY;
	struct sq_picks picks;
	int r;

	if (!s->pattern.n)
		return refuse(ret_err, "the pattern is empty");
	if (s->pattern.n > SQ_SEARCH_MAX_PATTERN)
		return refuse(ret_err, "the pattern is longer than 1024 bytes");
	sq_picks_init(&picks, v, s->limit,
		      fuzzy ? SQ_PICKS_BY_SCORE : SQ_PICKS_BY_PATH);
	if (fuzzy)
		r = search_fuzzy(v, s, &picks);
	else if (s->mode == SQ_SEARCH_REGEX)
		r = search_regex(v, s, &picks, ret_err);
	else
		r = search_exact(v, s, &picks);
	if (!r)
		sq_picks_finish(&picks, ret_r);
	sq_picks_deinit(&picks);
	return r;
}

bool sq_search_is_cheap(const struct sq_search *s)
{
	return s->mode == SQ_SEARCH_EXACT;
}
