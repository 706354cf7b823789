/* SPDX-License-Identifier: MIT */
/* git checkout of a commit that differs in many files */
#include "base/time.h"
#include "bench/edit.h"

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

/* sources that are alike are parsed once */
static bool is_parsed(size_t n_parsed, size_t n)
{
	return n_parsed * 20 >= n * 19;
}

/* the graph at "before" and "after", as it was first */
struct firsts { struct sq_target_status at[2]; bool is_known[2]; };

static int judge_graph(struct sq_bench *b, bool is_after, struct firsts *firsts, const struct sq_target_status *before)
{
	size_t n = b->repository.n_changed;
	const char *tag = is_after ? "after" : "before";
	struct sq_target_status now;
	int64_t found;

	if (sq_target_count(&b->target, b->corpus.dir, SQ_REPOSITORY_NAMES, &found) ||
	    sq_target_status(&b->target, b->corpus.dir, &now))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, found == (int64_t)(is_after ? n : 0), "at \"%s\": %lld of %zu functions of changed files are there",
		       tag, (long long)found, n);
	if (!firsts->is_known[is_after])
		firsts->at[is_after] = now;
	firsts->is_known[is_after] = true;
	sq_bench_check(b, is_same_graph(&now, &firsts->at[is_after]), "at \"%s\": the graph counts what it did at first: "
		       "%lld definitions, %lld references, %lld bound", tag, (long long)now.definitions,
		       (long long)now.references, (long long)now.bound);
	if (before->parsed_total >= 0)
		sq_bench_check(b, is_parsed((size_t)(now.parsed_total - before->parsed_total), n),
			       "at \"%s\": %lld files were parsed", tag,
			       (long long)(now.parsed_total - before->parsed_total));
	return 0;
}

/* "after" against a clean build of it, and back to "before", which was one at first */
static int judge_clean(struct sq_bench *b, const struct sq_target_status *after)
{
	const char *const words[] = { "checkout", "-q", "after", NULL }, *const back[] = { "checkout", "-q", "before", NULL };
	const char *dir = b->corpus.dir;
	struct sq_target_status clean;
	int r = sq_bench_target(b, sq_target_unload(&b->target, dir));

	b->target.is_loaded = false;
	if (r || !sq_bench_git(b, dir, words, NULL))
		return SQ_BENCH_E_FAILED;
	r = sq_bench_loaded(b);
	if (!r)
		r = sq_bench_target(b, sq_target_status(&b->target, dir, &clean));
	if (r)
		return r;
	sq_bench_check(b, is_same_graph(&clean, after), "at \"after\": a clean build counts the same: %lld definitions, "
		       "%lld references, %lld bound", (long long)clean.definitions, (long long)clean.references,
		       (long long)clean.bound);
	if (!sq_bench_git(b, dir, back, NULL))
		return SQ_BENCH_E_FAILED;
	return sq_bench_target(b, sq_target_sync(&b->target, dir));
}

static int check_out(struct sq_bench *b, bool is_after, struct firsts *firsts)
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
	return judge_graph(b, is_after, firsts, &before);
}

int sq_scenario_checkout(struct sq_bench *b)
{
	const struct sq_repository *repo = &b->repository;
	struct firsts firsts = { .is_known = { true, false } };
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
		r = sq_bench_target(b, sq_target_status(&b->target, b->corpus.dir, &firsts.at[0]));
	for (unsigned i = 0; !r && i < 2 * b->o.rounds; i++)
		r = check_out(b, i % 2 == 0, &firsts);
	if (!r)
		r = judge_clean(b, &firsts.at[1]);
	return r;
}
