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

/* one search under way */
struct run {
	const struct sq_version *v;
	const struct sq_search *s;
	struct sq_picks *picks;
	uint64_t n_rows, max_rows;
};
#define ROWS_PER_LOOK 4096u
#define STOP 16                 /* the row budget is used up; no SQ_QUERY_E_* */

static int take_row(struct run *run)
{
	if (run->n_rows % ROWS_PER_LOOK == 0 && is_canceled(run->s))
		return -ECANCELED;
	return run->n_rows++ < run->max_rows ? 0 : STOP;
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

static int add_def(struct run *run, struct sq_match m)
{
	const struct sq_bound *b = sq_version_bound(run->v, m.file);
	const struct sq_search *s = run->s;
	int r = take_row(run);

	if (r || (s->lang >= 0 && b->lang != s->lang) || !sq_path_is_below(b->path, s->below))
		return r;
	return kind_matches(s, b, m.def) ? sq_picks_add(run->picks, m) : 0;
}

/* every definition of one name that passes the filters */
static int add_name(struct run *run, sq_name id, float score)
{
	struct sq_posting_iter it;
	struct sq_posting p;
	int r = take_row(run);

	sq_version_postings(run->v, id, SQ_LIST_DEF, &it);
	while (!r && sq_posting_next(&it, &p)) {
		const struct sq_bound *b = sq_version_bound(run->v, p.file);
		struct sq_match m = { .file = p.file, .score = score };
		uint32_t local;

		m.def = sq_bound_first_def(b, id, &local);
		for (; !r && m.def != SQ_NONE;
		     m.def = sq_bound_next_def(b, local, m.def))
			r = add_def(run, m);
	}
	return r;
}

static int search_exact(struct run *run)
{
	struct sq_keyset keys = SQ_KEYSET_NULL;
	sq_name id;
	int r;

	if (!sq_symbol_is_qualified(run->s->pattern)) {
		id = sq_version_find(run->v, run->s->pattern);
		return id == SQ_NAME_NONE ? 0 : add_name(run, id, 0);
	}
	r = sq_keyset_add_symbol(&keys, run->v, run->s->pattern);
	if (!r)
		sq_keyset_seal(&keys);
	for (size_t i = 0; !r && i < keys.n; i++)
		r = add_def(run, (struct sq_match){
			.file = sq_key_file(keys.v[i]),
			.def = sq_key_def(keys.v[i]),
		});
	sq_vec_deinit(&keys);
	return r;
}

static int search_regex(struct run *run, struct sq_query_error *ret_err)
{
	struct sq_name_set set = { 0 };
	struct sq_regex *re = NULL;
	char message[SQ_REGEX_MESSAGE];
	int r;

	r = sq_regex_new(run->s->pattern, false, &re, message);
	if (r)
		return r < 0 ? r : refuse(ret_err, message);
	r = sq_name_set_match(run->v, re, run->s->cancel, &set);
	for (sq_name id = 0; !r; id++) {
		id = sq_name_set_next(&set, id);
		if (id == SQ_NAME_NONE)
			break;
		r = add_name(run, id, 0);
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

/* what one fuzzy search has: the best of the names that were looked at */
struct fuzzy {
	struct run *run;
	const struct sq_trigrams *t;
	struct candidates *c;
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
	int r = take_row(f->run);

	if (r || is_out(f, sq_trigrams_bound(f->t, name.n)))
		return r;
	new.similarity = sq_trigrams_similarity(f->t, name);
	if (!is_out(f, new.similarity) && is_defined(f->run->v, id))
		offer(f->run->v, f->c, new);
	return 0;
}

static int collect(struct fuzzy *f)
{
	const struct sq_version *v = f->run->v;
	int r = 0;

	for (uint32_t i = 0; !r && i < v->n_dicts; i++) {
		const struct sq_dict *d = v->dicts[i];

		for (uint32_t k = 0; !r && k < d->n; k++)
			r = look_at(f, d->first + k, sq_dict_get(d, d->first + k));
	}
	return r;
}

static int search_fuzzy(struct run *run)
{
	struct sq_trigrams *t = sq_malloc(sizeof(*t));
	struct candidates *c = sq_calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (t && c) {
		sq_trigrams_init(t, run->s->pattern);
		r = collect(&(struct fuzzy){ run, t, c });
	}
	for (size_t i = 0; !r && i < c->n; i++) {
		float score = sq_jaro_winkler(
			run->s->pattern, sq_version_string(run->v, c->v[i].id));

		if (score >= SQ_SEARCH_FUZZY_MIN_SCORE)
			r = add_name(run, c->v[i].id, score);
	}
	sq_free(t);
	sq_free(c);
	return r;
}

static int search(struct run *run, struct sq_query_error *ret_err)
{
	if (run->s->mode == SQ_SEARCH_FUZZY)
		return search_fuzzy(run);
	if (run->s->mode == SQ_SEARCH_REGEX)
		return search_regex(run, ret_err);
	return search_exact(run);
}

int sq_search_run(const struct sq_version *v, const struct sq_search *s,
		  struct sq_result *ret_r, struct sq_query_error *ret_err)
{
	struct sq_picks picks;
	struct run run = {
		.v = v, .s = s, .picks = &picks, .max_rows = s->max_rows ? s->max_rows : SQ_QUERY_MAX_ROWS,
	};
	int r;

	if (!s->pattern.n)
		return refuse(ret_err, "the pattern is empty");
	if (s->pattern.n > SQ_SEARCH_MAX_PATTERN)
		return refuse(ret_err, "the pattern is longer than 1024 bytes");
	sq_picks_init(&picks, v, s->limit,
		      s->mode == SQ_SEARCH_FUZZY ? SQ_PICKS_BY_SCORE : SQ_PICKS_BY_PATH);
	r = search(&run, ret_err);
	if (!r || r == STOP) {
		sq_picks_finish(&picks, ret_r);
		ret_r->cut = r == STOP ? SQ_CUT_ROWS : ret_r->truncated ? SQ_CUT_LIMIT : SQ_CUT_NONE;
		ret_r->truncated = ret_r->cut != SQ_CUT_NONE;
		ret_r->n_examined = run.n_rows;
		r = 0;
	}
	sq_picks_deinit(&picks);
	return r;
}

bool sq_search_is_cheap(const struct sq_search *s)
{
	return s->mode == SQ_SEARCH_EXACT;
}
