/* SPDX-License-Identifier: MIT */
/* git checkout of a commit that differs in many files */
#include <stdio.h>

#include "base/time.h"
#include "bench/edit.h"

#define N_LOOKED_AT 50

/* how many of the looked at names the graph has, each once */
static int count_found(struct sq_bench *b, size_t n, size_t *ret_found, size_t *ret_asked)
{
	size_t step = n / N_LOOKED_AT + 1, found = 0, asked = 0;
	char name[64];
	int64_t total;

	for (size_t i = 0; i < n; i += step, asked++) {
		sq_repository_name(name, sizeof(name), i);
		if (sq_target_find(&b->target, b->corpus.dir, name, &total, NULL))
			return sq_bench_fail(b, NULL);
		found += total == 1;
	}
	*ret_found = found;
	*ret_asked = asked;
	return 0;
}

static void judge_time(struct sq_bench *b, double took)
{
	const struct sq_row *cold = sq_report_find(&b->report, "cold-index", "whole corpus", SQ_OURS);
	double share = (double)b->repository.changed_bytes / (double)b->corpus.n_bytes;
	struct sq_summary s;

	if (!cold || !cold->sample.values.n)
		return;
	sq_sample_summary(&cold->sample, &s);
	/* (time - 0.3 s) / (changed share x cold): required 1.5, goal 1.2 */
	sq_bench_add(b, "factor on the changed share of a cold index, 0.3 s off", "", SQ_OURS,
		     (took - 0.3) / (share * s.median));
}

static bool is_same_graph(const struct sq_target_status *a, const struct sq_target_status *b)
{
	return a->files == b->files && a->definitions == b->definitions && a->references == b->references &&
	       a->bound == b->bound && a->ambiguous == b->ambiguous;
}

/* a source may end in what no parser understands, and then its new function is not seen: one in 20 at most */
static bool is_nearly(size_t n, size_t all)
{
	return n <= all && n * 20 >= all * 19;
}

/* sources that are alike are parsed once */
static bool is_parsed(size_t n_parsed, size_t n)
{
	return n_parsed * 20 >= n * 19;
}

/* @first: the graph as it was before the first checkout */
static int judge_graph(struct sq_bench *b, bool is_after, const struct sq_target_status *first,
		       const struct sq_target_status *before)
{
	size_t n = b->repository.n_changed, found = 0, asked = 0;
	const char *tag = is_after ? "after" : "before";
	struct sq_target_status now;

	if (count_found(b, n, &found, &asked))
		return SQ_BENCH_E_FAILED;
	if (sq_target_status(&b->target, b->corpus.dir, &now))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, is_after ? is_nearly(found, asked) : !found,
		       "at \"%s\": %zu of %zu names of changed files are there", tag, found, asked);
	/* more than one a file where what stood at its end is read otherwise with a function behind it */
	if (is_after)
		sq_bench_check(b, (now.definitions - first->definitions) * 20 >= (int64_t)n * 19,
			       "at \"after\": %lld definitions more for %zu changed files",
			       (long long)(now.definitions - first->definitions), n);
	else
		sq_bench_check(b, is_same_graph(&now, first), "at \"before\": the graph counts what it did at first: "
			       "%lld definitions, %lld references, %lld bound", (long long)now.definitions,
			       (long long)now.references, (long long)now.bound);
	if (before->parsed_total >= 0)
		sq_bench_check(b, is_parsed((size_t)(now.parsed_total - before->parsed_total), n),
			       "at \"%s\": %lld files were parsed", tag,
			       (long long)(now.parsed_total - before->parsed_total));
	return 0;
}

static int check_out(struct sq_bench *b, bool is_after, const struct sq_target_status *first)
{
	const char *const words[] = { "checkout", "-q", is_after ? "after" : "before", NULL };
	struct sq_target_status before;
	double git_s, took;
	uint64_t start;

	if (sq_target_status(&b->target, b->corpus.dir, &before))
		return sq_bench_fail(b, NULL);
	start = sq_now_ns();
	if (!sq_bench_git(b, b->corpus.dir, words, &git_s))
		return SQ_BENCH_E_FAILED;
	if (sq_target_sync(&b->target, b->corpus.dir))
		return sq_bench_fail(b, NULL);
	took = (double)(sq_now_ns() - start) / 1e9;
	sq_bench_add(b, "start of checkout to answer", "s", SQ_OURS, took);
	sq_bench_add(b, "end of checkout to answer", "s", SQ_OURS, took - git_s);
	sq_bench_add(b, "git checkout itself", "s", "git, beside the daemon", git_s);
	judge_time(b, took);
	return judge_graph(b, is_after, first, &before);
}

int sq_scenario_checkout(struct sq_bench *b)
{
	const struct sq_repository *repo = &b->repository;
	struct sq_target_status first;
	int r = sq_repository_make(b);

	if (r)
		return r;
	sq_bench_add(b, "git checkout itself", "s", "git, alone", repo->git_s);
	sq_bench_add(b, "changed files", "", SQ_OURS, (double)repo->n_changed);
	sq_row_note(sq_bench_row(b, "changed files", "", SQ_OURS), "%.1f MB, %.1f %% of the corpus, drawn by seed %llu",
		    (double)repo->changed_bytes / 1e6, 100 * (double)repo->changed_bytes / (double)b->corpus.n_bytes,
		    (unsigned long long)b->o.seed);
	r = sq_bench_loaded(b);
	if (!r)
		r = sq_bench_target(b, sq_target_sync(&b->target, b->corpus.dir));
	if (!r)
		r = sq_bench_target(b, sq_target_status(&b->target, b->corpus.dir, &first));
	for (unsigned i = 0; !r && i < 2 * b->o.rounds; i++)
		r = check_out(b, i % 2 == 0, &first);
	return r;
}
