/* SPDX-License-Identifier: MIT */
/* git checkout of a commit that differs in many files */
#include <stdio.h>

#include "base/time.h"
#include "bench/edit.h"

#define SHARE_OF_SMALL 5        /* in a corpus of fewer files: one in so many, at least */
#define N_LOOKED_AT 50

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;     /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* @n sources drawn by seed, without repetition: the head of a shuffle */
static size_t *draw(struct sq_bench *b, size_t *ret_n)
{
	size_t all = b->corpus.sources.n, n = b->o.checkout_files;
	size_t *v = sq_calloc(all, sizeof(*v));
	uint64_t state = b->o.seed;

	if (n > all / 2)
		n = all / SHARE_OF_SMALL ? all / SHARE_OF_SMALL : 1;
	for (size_t i = 0; v && i < all; i++)
		v[i] = i;
	for (size_t i = 0; v && i < n; i++) {
		size_t k = i + next_random(&state) % (all - i), t = v[i];

		v[i] = v[k];
		v[k] = t;
	}
	*ret_n = n;
	return v;
}

static void name_of(char *ret, size_t cap, size_t i)
{
	snprintf(ret, cap, "sqry_bench_checkout_%zu", i);
}

static int change(struct sq_bench *b, const size_t *v, size_t n, uint64_t *ret_bytes)
{
	char name[64];

	*ret_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
		const struct sq_source *s = &b->corpus.sources.v[v[i]];

		name_of(name, sizeof(name), i);
		if (sq_corpus_read(&b->corpus, s->path, &text))
			return sq_bench_fail(b, "%s cannot be read", s->path);
		sq_edit_function(s->path, name, 2, &text);
		if (sq_buf_error(&text) || sq_corpus_write(&b->corpus, s->path, text.p, text.n))
			return sq_bench_fail(b, "%s cannot be written", s->path);
		*ret_bytes += text.n;
	}
	return 0;
}

static bool make_commits(struct sq_bench *b, const size_t *v, size_t n, uint64_t *ret_bytes)
{
	const char *const init[] = { "init", "-q", NULL }, *const add[] = { "add", "-A", NULL };
	const char *const first[] = { "commit", "-q", "-m", "before", NULL };
	const char *const second[] = { "commit", "-q", "-m", "after", NULL };
	const char *const tag[] = { "tag", "before", NULL }, *const tag_after[] = { "tag", "after", NULL };
	const char *const back[] = { "checkout", "-q", "before", NULL };
	const char *dir = b->corpus.dir;

	return sq_bench_git(b, dir, init, NULL) && sq_bench_git(b, dir, add, NULL) &&
	       sq_bench_git(b, dir, first, NULL) && sq_bench_git(b, dir, tag, NULL) &&
	       !change(b, v, n, ret_bytes) && sq_bench_git(b, dir, add, NULL) &&
	       sq_bench_git(b, dir, second, NULL) && sq_bench_git(b, dir, tag_after, NULL) &&
	       sq_bench_git(b, dir, back, NULL);
}

/* how many of the looked at names the graph has, each once */
static int count_found(struct sq_bench *b, size_t n, size_t *ret_found, size_t *ret_asked)
{
	size_t step = n / N_LOOKED_AT + 1, found = 0, asked = 0;
	char name[64];
	int64_t total;

	for (size_t i = 0; i < n; i += step, asked++) {
		name_of(name, sizeof(name), i);
		if (sq_target_find(&b->target, b->corpus.dir, name, &total, NULL))
			return sq_bench_fail(b, NULL);
		found += total == 1;
	}
	*ret_found = found;
	*ret_asked = asked;
	return 0;
}

static void judge_time(struct sq_bench *b, double took, uint64_t bytes)
{
	const struct sq_row *cold = sq_report_find(&b->report, "cold-index", "whole corpus", SQ_OURS);
	double share = (double)bytes / (double)b->corpus.n_bytes;
	struct sq_summary s;

	if (!cold || !cold->sample.values.n)
		return;
	sq_sample_summary(&cold->sample, &s);
	/* (time - 0.3 s) / (changed share x cold): required 1.5, goal 1.2 */
	sq_bench_add(b, "factor on the changed share of a cold index, 0.3 s off", "", SQ_OURS,
		     (took - 0.3) / (share * s.median));
}

static int check_out(struct sq_bench *b, const char *tag, bool is_there, size_t n, uint64_t bytes)
{
	const char *const words[] = { "checkout", "-q", tag, NULL };
	struct sq_target_status before, after;
	double git_s, took;
	size_t found = 0, asked = 0;
	uint64_t start;

	if (sq_target_status(&b->target, b->corpus.dir, &before))
		return sq_bench_fail(b, NULL);
	start = sq_now_ns();
	if (!sq_bench_git(b, b->corpus.dir, words, &git_s))
		return SQ_BENCH_E_FAILED;
	if (sq_target_sync(&b->target, b->corpus.dir))
		return sq_bench_fail(b, NULL);
	took = (double)(sq_now_ns() - start) / 1e9;
	if (count_found(b, n, &found, &asked) || sq_target_status(&b->target, b->corpus.dir, &after))
		return SQ_BENCH_E_FAILED;
	sq_bench_add(b, "start of checkout to answer", "s", SQ_OURS, took);
	sq_bench_add(b, "end of checkout to answer", "s", SQ_OURS, took - git_s);
	sq_bench_add(b, "git checkout itself", "s", "git, beside the daemon", git_s);
	judge_time(b, took, bytes);
	sq_bench_check(b, found == (is_there ? asked : 0), "at \"%s\": %zu of %zu names of changed files are there", tag,
		       found, asked);
	sq_bench_check(b, (is_there ? after.definitions - before.definitions :
			   before.definitions - after.definitions) >= (int64_t)n,
		       "at \"%s\": definitions changed by %lld for %zu changed files", tag,
		       (long long)(after.definitions - before.definitions), n);
	if (before.parsed_total >= 0)
		sq_bench_check(b, after.parsed_total - before.parsed_total >= (int64_t)n,
			       "at \"%s\": %lld files were parsed", tag,
			       (long long)(after.parsed_total - before.parsed_total));
	return 0;
}

/* the time of git without a daemon that watches: it takes part of the machine */
static int git_alone(struct sq_bench *b)
{
	const char *const after[] = { "checkout", "-q", "after", NULL };
	const char *const before[] = { "checkout", "-q", "before", NULL };
	double s;

	if (!sq_bench_git(b, b->corpus.dir, after, &s))
		return SQ_BENCH_E_FAILED;
	sq_bench_add(b, "git checkout itself", "s", "git, alone", s);
	return sq_bench_git(b, b->corpus.dir, before, NULL) ? 0 : SQ_BENCH_E_FAILED;
}

static int run(struct sq_bench *b, const size_t *v, size_t n)
{
	uint64_t bytes;
	int r;

	if (b->target.client && b->target.is_loaded) {  /* it shall not follow the making of the commits */
		b->target.is_loaded = false;
		if (sq_target_unload(&b->target, b->corpus.dir))
			return sq_bench_fail(b, NULL);
	}
	if (!make_commits(b, v, n, &bytes) || git_alone(b))
		return SQ_BENCH_E_FAILED;
	sq_bench_add(b, "changed files", "", SQ_OURS, (double)n);
	sq_row_note(sq_bench_row(b, "changed files", "", SQ_OURS), "%.1f MB, %.1f %% of the corpus, drawn by seed %llu",
		    (double)bytes / 1e6, 100 * (double)bytes / (double)b->corpus.n_bytes,
		    (unsigned long long)b->o.seed);
	r = sq_bench_loaded(b);
	for (unsigned i = 0; !r && i < b->o.rounds; i++) {
		r = check_out(b, "after", true, n, bytes);
		if (!r)
			r = check_out(b, "before", false, n, bytes);
	}
	return r;
}

int sq_scenario_checkout(struct sq_bench *b)
{
	_cleanup_(sq_freep) char *git = sq_asprintf("%s/.git", b->corpus.dir);
	size_t n, *v = draw(b, &n);
	int r = v && git ? run(b, v, n) : sq_bench_fail(b, "out of memory");

	sq_remove_tree(git);
	if (b->target.is_loaded && sq_target_sync(&b->target, b->corpus.dir) && !r)
		r = sq_bench_fail(b, NULL);
	sq_free(v);
	return r;
}
