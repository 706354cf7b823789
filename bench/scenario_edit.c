/* SPDX-License-Identifier: MIT */
/* from a saved file to an answer: one edit, and many in a row */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/edit.h"

#define SMALL_BYTES 12000       /* a median source; at most 20 KB by definition */
#define BIG_BYTES 300000
#define BIG_FILE "sqry_bench_big"
#define MAX_FIRST 5             /* files that are edited for the first time, a mode */
#define WANT_INCLUDERS 5000
#define NAME "sqry_bench_edited"
#define STORM_SAVES 5
#define MAX_WRONG 3             /* answers: more of them tell nothing new, and each may take half a minute */

/* which name and how many lines the @i-th edit of a kind has */
enum kind { KIND_BODY, KIND_NEW };
static void edit_of(enum kind kind, unsigned i, char *ret_name, size_t cap, unsigned *ret_lines)
{
	snprintf(ret_name, cap, kind == KIND_BODY ? NAME : NAME "_%u", i);
	*ret_lines = kind == KIND_BODY ? i % 40 + 1 : 3;
}

/* ---- one file, one kind --------------------------------------------------------- */

static void row_name(char *ret, size_t cap, const char *what, const char *how)
{
	snprintf(ret, cap, "%s: %s", what, how);
}

static int by_sync(struct sq_edit *e, enum kind kind, unsigned n, const char *what)
{
	char name[64], row[160];
	unsigned lines;
	double ms;

	for (unsigned i = 0; i < n && e->n_wrong < MAX_WRONG; i++) {
		edit_of(kind, i, name, sizeof(name), &lines);
		if (kind == KIND_NEW)
			e->last_lines = 0;
		if (sq_edit_sync(e, name, lines, &ms))
			return SQ_BENCH_E_FAILED;
		row_name(row, sizeof(row), what, "close to answer, sync");
		sq_bench_add(e->b, row, "ms", SQ_OURS, ms);
	}
	return 0;
}

/* with the quiet window, and what follows its end as the daemon measures it */
static int by_window(struct sq_edit *e, enum kind kind, unsigned n, const char *what)
{
	struct sq_bench *b = e->b;
	struct sq_target_status s;
	char name[64], row[160];
	unsigned lines;
	double ms;

	for (unsigned i = 0; i < n && e->n_wrong < MAX_WRONG; i++) {
		edit_of(kind, i + n, name, sizeof(name), &lines);
		if (kind == KIND_NEW)
			e->last_lines = 0;
		if (sq_edit_seen(e, name, lines, &ms))
			return SQ_BENCH_E_FAILED;
		row_name(row, sizeof(row), what, "close to answer, default debounce");
		sq_bench_add(b, row, "ms", SQ_OURS, ms);
		if (sq_target_status(&b->target, b->corpus.dir, &s))
			return sq_bench_fail(b, NULL);
		row_name(row, sizeof(row), what, "end of quiet window to queryable");
		if (s.last_us < 0) {
			sq_row_status(sq_bench_row(b, row, "ms", SQ_OURS), SQ_ROW_UNSUPPORTED,
				      "daemon/status has no time of the last build");
			continue;
		}
		sq_bench_add(b, row, "ms", SQ_OURS, (double)s.last_us / 1e3);
		if (!s.last_us_is_exact)
			sq_row_note(sq_bench_row(b, row, "ms", SQ_OURS), "the daemon tells whole milliseconds");
	}
	return 0;
}

static int edits_of(struct sq_bench *b, const struct sq_source *source, enum kind kind, unsigned n, const char *what)
{
	struct sq_edit e;
	int r = sq_edit_open(&e, b, source);

	if (r)
		return r;
	sq_row_note(sq_bench_row(b, what, "KB", SQ_OURS), "%s", source->path);
	sq_bench_add(b, what, "KB", SQ_OURS, (double)source->bytes / 1e3);
	r = by_sync(&e, kind, n, what);
	if (!r)
		r = by_window(&e, kind, n, what);
	sq_edit_close(&e, what);
	return r;
}

/* every file once: no tree of it can have been kept */
static int first_edits(struct sq_bench *b, const struct sq_source **v, size_t n)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		struct sq_edit e;

		r = sq_edit_open(&e, b, v[i]);
		if (r)
			return r;
		/* half of them with sync, the others with the quiet window */
		r = i % 2 ? by_window(&e, KIND_NEW, 1, "300 KB, first edit") :
			    by_sync(&e, KIND_NEW, 1, "300 KB, first edit");
		sq_edit_close(&e, "300 KB, first edit");
	}
	return r;
}

static bool is_big(const struct sq_source *s)
{
	return s->bytes >= BIG_BYTES * 2 / 3 && s->bytes <= BIG_BYTES * 3 / 2;
}

/* a corpus without a big source gets one for the time of this; sources move when it does */
static int add_big(struct sq_bench *b)
{
	char path[64];

	snprintf(path, sizeof(path), BIG_FILE "%s", b->corpus.suffix);
	if (sq_corpus_add_big(&b->corpus, path, BIG_BYTES))
		return sq_bench_fail(b, "%s cannot be made", path);
	return sq_bench_target(b, sq_target_sync(&b->target, b->corpus.dir));
}

static int big_edits(struct sq_bench *b)
{
	const struct sq_source *v[2 * MAX_FIRST + 1];
	size_t n = sq_corpus_near(&b->corpus, BIG_BYTES, SQ_ARRAY_SIZE(v), v), keep = 0;
	size_t n_sources = b->corpus.sources.n;
	int r = n && is_big(v[0]) ? 0 : add_big(b);

	if (b->corpus.sources.n > n_sources)
		n = sq_corpus_near(&b->corpus, BIG_BYTES, SQ_ARRAY_SIZE(v), v);
	while (keep < n && is_big(v[keep]))
		keep++;
	if (!r)
		r = keep > 1 ? first_edits(b, v + 1, keep - 1) : first_edits(b, v, 1);
	if (!r)
		r = edits_of(b, v[0], KIND_BODY, b->o.edits, "300 KB, edited again");
	if (b->corpus.sources.n > n_sources) {
		sq_corpus_drop_big(&b->corpus);
		if (!r)
			r = sq_bench_target(b, sq_target_sync(&b->target, b->corpus.dir));
	}
	return r;
}

static int header_edits(struct sq_bench *b)
{
	size_t includers = 0;
	const struct sq_source *h = sq_corpus_popular_header(&b->corpus, WANT_INCLUDERS, &includers);
	int r;

	if (!h) {
		sq_row_status(sq_bench_row(b, "header", "KB", SQ_OURS), SQ_ROW_UNSUPPORTED,
			      "the corpus includes no header of its own");
		return 0;
	}
	r = edits_of(b, h, KIND_NEW, b->o.edits / 5 + 1, "header");
	sq_row_note(sq_bench_row(b, "header", "KB", SQ_OURS), "%s, named by an #include of %zu files", h->path,
		    includers);
	return r;
}

/* ---- peers ---------------------------------------------------------------------- */

static void peer_edits(struct sq_bench *b, const struct sq_peer *p, const struct sq_source *source)
{
	struct sq_peer_words v = { .tree = b->corpus.dir, .list = b->list, .file = source->path };
	_cleanup_(sq_freep) char *out = sq_bench_indexed(b, p, p->index, &v);
	struct sq_edit e;
	struct sq_run run;

	if (!out || sq_edit_open(&e, b, source))
		return;
	for (unsigned i = 0; i < b->o.rounds; i++)
		if (sq_edit_write(&e, NAME, i + 1) ||
		    !sq_bench_run_peer(b, p, p->update, &v, "20 KB, body: close to answer, sync", "ms", &run))
			break;
	if (sq_corpus_write(&b->corpus, source->path, e.text.p, e.text.n))
		(void)sq_bench_fail(b, "%s cannot be restored", source->path);
	sq_buf_deinit(&e.text);
	if (p->litter) {
		_cleanup_(sq_freep) char *litter = sq_asprintf("%s/%s", b->corpus.dir, p->litter);

		sq_remove_tree(litter);
	} else {                        /* its index may be asked by a later scenario */
		(void)sq_bench_run_peer(b, p, p->update, &v, NULL, "", &run);
	}
}

/* a peer that could not index the corpus is not asked to do it again */
static bool has_failed(const struct sq_bench *b, const struct sq_peer *p)
{
	const struct sq_row *row = sq_report_find(&b->report, "cold-index", "whole corpus", p->name);

	return row && row->status == SQ_ROW_FAILED;
}

static void all_peers_edit(struct sq_bench *b, const struct sq_source *source)
{
	for (size_t i = 0; i < sq_n_peers; i++) {
		const struct sq_peer *p = &sq_peers[i];

		if (!p->update[0] || !sq_bench_has_peer(b, p))
			continue;
		if (has_failed(b, p))
			sq_row_status(sq_bench_row(b, "20 KB, body: close to answer, sync", "ms", p->name),
				      SQ_ROW_FAILED, "it could not index the corpus");
		else
			peer_edits(b, p, source);
	}
}

/* ---- edit-one ------------------------------------------------------------------- */

int sq_scenario_edit_one(struct sq_bench *b)
{
	const struct sq_source *small;
	int r = sq_bench_loaded(b);

	if (r)
		return r;
	if (!sq_corpus_near(&b->corpus, SMALL_BYTES, 1, &small))
		return sq_bench_fail(b, "no source to edit");
	r = edits_of(b, small, KIND_BODY, b->o.edits, "20 KB, body");
	if (!r)
		r = edits_of(b, small, KIND_NEW, b->o.edits, "20 KB, new function");
	if (!r)
		all_peers_edit(b, small);
	if (!r)
		r = header_edits(b);
	return r ? r : big_edits(b);
}

/* ---- edit-storm ----------------------------------------------------------------- */

static void storm_name(char *ret, size_t cap, size_t i)
{
	snprintf(ret, cap, "sqry_bench_storm_%zu", i);
}

/* a save as editors do it: in place, or a new file renamed over the old one */
static int save(struct sq_bench *b, const struct sq_source *s, const struct sq_buf *text, bool by_rename)
{
	_cleanup_(sq_freep) char *path = sq_asprintf("%s/%s", b->corpus.dir, s->path);
	_cleanup_(sq_freep) char *temp = sq_asprintf("%s/%s~", b->corpus.dir, s->path);
	_cleanup_(sq_freep) char *name = sq_asprintf("%s~", s->path);
	int r;

	if (!path || !temp || !name)
		return sq_bench_fail(b, "out of memory");
	r = sq_corpus_write(&b->corpus, by_rename ? name : s->path, text->p, text->n);
	if (!r && by_rename)
		r = rename(temp, path);
	return r ? sq_bench_fail(b, "%s cannot be written", s->path) : 0;
}

static int storm_one(struct sq_bench *b, const struct sq_source *s, size_t i, struct sq_buf *old)
{
	char name[64];
	int r = 0;

	storm_name(name, sizeof(name), i);
	for (unsigned k = 0; !r && k < STORM_SAVES; k++) {
		_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

		sq_buf_add(&text, old->p, old->n);
		sq_edit_function(s->path, name, k + 1, &text);
		r = save(b, s, &text, k % 2);
	}
	return r;
}

/* how many of the saved functions are there, each once */
static int storm_count(struct sq_bench *b, size_t n, size_t *ret)
{
	size_t found = 0;
	char name[64];
	int64_t total;

	for (size_t i = 0; i < n; i++) {
		storm_name(name, sizeof(name), i);
		if (sq_target_find(&b->target, b->corpus.dir, name, &total, NULL))
			return sq_bench_fail(b, NULL);
		found += total == 1;
	}
	*ret = found;
	return 0;
}

/* a source may end in what no parser understands: then a clean build does not have the function either */
static int storm_check(struct sq_bench *b, size_t n, const struct sq_target_status *before)
{
	struct sq_target_status after, clean;
	size_t found = 0, found_clean = 0;

	if (storm_count(b, n, &found))
		return SQ_BENCH_E_FAILED;
	if (sq_target_status(&b->target, b->corpus.dir, &after))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, after.overflows == before->overflows && after.rescans == before->rescans,
		       "by events alone: %lld overflows, %lld rescans", (long long)(after.overflows - before->overflows),
		       (long long)(after.rescans - before->rescans));
	if (sq_target_rebuild(&b->target, b->corpus.dir) || sq_target_status(&b->target, b->corpus.dir, &clean))
		return sq_bench_fail(b, NULL);
	if (storm_count(b, n, &found_clean))
		return SQ_BENCH_E_FAILED;
	sq_bench_check(b, found == found_clean && found * 100 >= n * 95,
		       "%zu of %zu files are answered as last saved, %zu of them by a clean build", found, n, found_clean);
	sq_bench_check(b, after.definitions == clean.definitions && after.references == clean.references &&
		       after.bound == clean.bound && after.ambiguous == clean.ambiguous,
		       "as many definitions (%lld), references (%lld) and bound ones (%lld) as after a clean build",
		       (long long)clean.definitions, (long long)clean.references, (long long)clean.bound);
	return 0;
}

static int storm(struct sq_bench *b, const struct sq_source **v, size_t n, struct sq_buf *old)
{
	struct sq_target_status before;
	uint64_t start, written;
	int r = 0;

	if (sq_target_status(&b->target, b->corpus.dir, &before))
		return sq_bench_fail(b, NULL);
	start = sq_now_ns();
	for (size_t i = 0; !r && i < n; i++)
		r = storm_one(b, v[i], i, &old[i]);
	written = sq_now_ns();
	if (!r)
		r = sq_bench_target(b, sq_target_sync(&b->target, b->corpus.dir));
	if (r)
		return r;
	sq_bench_add(b, "last save to sync answered", "ms", SQ_OURS, (double)(sq_now_ns() - written) / 1e6);
	sq_bench_add(b, "first save to sync answered", "ms", SQ_OURS, (double)(sq_now_ns() - start) / 1e6);
	sq_row_note(sq_bench_row(b, "first save to sync answered", "ms", SQ_OURS),
		    "%zu files saved %d times each, in place and by rename; the writing took %.0f ms", n, STORM_SAVES,
		    (double)(written - start) / 1e6);
	return storm_check(b, n, &before);
}

/* every file as it was, and the graph too */
static int calm(struct sq_bench *b, const struct sq_source **v, size_t n, struct sq_buf *old)
{
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (save(b, v[i], &old[i], false))
			r = SQ_BENCH_E_FAILED;
	return r || !b->target.client ? r : sq_bench_target(b, sq_target_sync(&b->target, b->corpus.dir));
}

int sq_scenario_edit_storm(struct sq_bench *b)
{
	const struct sq_source **v = sq_calloc(b->o.storm_files, sizeof(*v));
	struct sq_buf *old = sq_calloc(b->o.storm_files, sizeof(*old));
	size_t n = v ? sq_corpus_near(&b->corpus, SMALL_BYTES, b->o.storm_files, v) : 0;
	int r = v && old && n ? sq_bench_loaded(b) : sq_bench_fail(b, "no source to edit");

	for (size_t i = 0; !r && i < n; i++)
		if (sq_corpus_read(&b->corpus, v[i]->path, &old[i]))
			r = sq_bench_fail(b, "%s cannot be read", v[i]->path);
	for (unsigned i = 0; !r && i < b->o.rounds; i++) {
		r = storm(b, v, n, old);
		if (calm(b, v, n, old) && !r)
			r = SQ_BENCH_E_FAILED;
	}
	for (size_t i = 0; old && i < n; i++)
		sq_buf_deinit(&old[i]);
	sq_free(v);
	sq_free(old);
	return r;
}
