/* SPDX-License-Identifier: MIT */
/* loading a whole tree: time, memory, again, twice */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/scenario.h"

#define MEGA 1e6
#define SETTLE_MS 1500          /* a second after the load memory is what it will be */

static void warm_cache(const struct sq_corpus *c)
{
	for (size_t i = 0; i < c->sources.n; i++) {
		_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;

		if (sq_corpus_read(c, c->sources.v[i].path, &text))
			continue;       /* it is for the page cache only */
	}
}

/* ---- cold-index, peak-rss ------------------------------------------------------- */

static void add_memory(struct sq_bench *b, const char *scenario)
{
	struct sq_report *r = &b->report;
	struct sq_memory m;

	(void)poll(NULL, 0, SETTLE_MS);
	if (!sq_target_memory(&b->target, &m))
		return;
	sq_sample_add(&sq_report_row(r, scenario, "peak resident", "MB", SQ_OURS)->sample, (double)m.peak / MEGA);
	sq_sample_add(&sq_report_row(r, scenario, "resident after the load", "MB", SQ_OURS)->sample,
		      (double)m.resident / MEGA);
	sq_sample_add(&sq_report_row(r, scenario, "anonymous after the load", "MB", SQ_OURS)->sample,
		      (double)m.anonymous / MEGA);
}

static int check_load(struct sq_bench *b)
{
	struct sq_target_status s;

	if (sq_target_status(&b->target, b->corpus.dir, &s))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, s.files > 0 && s.definitions > 0, "the graph holds %lld files, %lld definitions, "
		       "%lld references (%lld bound, %lld ambiguous, %lld unresolved)", (long long)s.files,
		       (long long)s.definitions, (long long)s.references, (long long)s.bound,
		       (long long)s.ambiguous, (long long)s.unresolved);
	sq_bench_check(b, s.bound + s.ambiguous + s.unresolved <= s.references,
		       "no reference is counted twice");
	/* without a graph there is nothing to edit and nothing to ask */
	return s.files > 0 ? 0 : SQ_BENCH_E_FAILED;
}

/* one load by a new daemon; its memory is kept for peak-rss */
static int load_once(struct sq_bench *b)
{
	uint64_t start;

	if (sq_bench_fresh(b))
		return SQ_BENCH_E_FAILED;
	start = sq_now_ns();
	if (sq_target_load(&b->target, b->corpus.dir))
		return sq_bench_fail(b, NULL);
	b->target.is_loaded = true;
	if (!strcmp(b->scenario, "cold-index")) {
		sq_bench_add(b, "whole corpus", "s", SQ_OURS, (double)(sq_now_ns() - start) / 1e9);
		sq_row_command(sq_bench_row(b, "whole corpus", "s", SQ_OURS), "daemon/load of a new daemon");
	}
	add_memory(b, "peak-rss");
	return check_load(b);
}

static void peer_index(struct sq_bench *b, const struct sq_peer *p)
{
	_cleanup_(sq_freep) char *out = sq_bench_out(b, p);
	struct sq_peer_words v = { .tree = b->corpus.dir, .out = out, .list = b->list,
				   .workers = b->report.machine.cores };
	struct sq_row *row = sq_bench_row(b, "whole corpus", "s", p->name);
	struct sq_run run;

	if (row->status || !out)        /* it failed before: once is enough */
		return;
	if (sq_bench_run_peer(b, p, p->index, &v, "whole corpus", "s", &run))
		sq_sample_add(&sq_report_row(&b->report, "peak-rss", "peak resident", "MB", p->name)->sample,
			      (double)run.peak_bytes / MEGA);
	if (p->litter) {
		_cleanup_(sq_freep) char *litter = sq_asprintf("%s/%s", b->corpus.dir, p->litter);

		sq_remove_tree(litter);
	}
}

/* turn 0 is ours, the others are the peers' */
static int one_turn(struct sq_bench *b, size_t turn)
{
	if (!turn)
		return load_once(b);
	if (sq_peers[turn - 1].index[0] && sq_bench_has_peer(b, &sq_peers[turn - 1])) {
		if (b->target.is_ours)
			sq_target_stop(&b->target);
		peer_index(b, &sq_peers[turn - 1]);
	}
	return 0;
}

int sq_scenario_cold_index(struct sq_bench *b)
{
	int r = 0;

	warm_cache(&b->corpus);
	for (unsigned round = 0; !r && round < b->o.rounds; round++)
		for (size_t i = 0; !r && i <= sq_n_peers; i++)
			/* the last round ends with ours, which stays loaded */
			r = one_turn(b, (b->o.rounds - round) % 2 ? sq_n_peers - i : i);
	return r;
}

int sq_scenario_peak_rss(struct sq_bench *b)
{
	const struct sq_row *row;
	int r = 0;

	for (unsigned round = 0; !r && round < b->o.rounds; round++) {
		row = sq_report_find(&b->report, "peak-rss", "peak resident", SQ_OURS);
		if (row && row->sample.values.n >= b->o.rounds)
			break;                  /* cold-index has measured it */
		r = load_once(b);
	}
	row = sq_report_find(&b->report, "peak-rss", "peak resident", SQ_OURS);
	if (!r)
		sq_bench_check(b, row || !b->target.pid, "the daemon's memory could be read from /proc");
	return r;
}

/* ---- warm-start ----------------------------------------------------------------- */

/* a name to ask for, defined once or more */
static int some_name(struct sq_bench *b, char *ret_name, size_t cap)
{
	struct sqry_params *p = sqry_params_new();
	const struct sqry_value *items;
	struct sqry_reply *reply;

	sqry_params_string(p, "search_path", b->corpus.dir);
	sqry_params_string(p, "query", "kind:function");
	sqry_params_int(p, "limit", 1);
	if (sq_target_call(&b->target, "daemon/query", p, &reply))
		return sq_bench_fail(b, NULL);
	items = sqry_value_get(sqry_reply_result(reply), "items");
	snprintf(ret_name, cap, "%s", sqry_value_string(sqry_value_get(sqry_value_at(items, 0), "name"), NULL));
	sqry_reply_free(reply);
	return 0;
}

static int start_warm(struct sq_bench *b, const char *name)
{
	struct sq_target_status s;
	int64_t total = -1;
	uint64_t start;

	sq_target_stop(&b->target);
	start = sq_now_ns();
	if (sq_target_start(&b->target) || sq_target_load(&b->target, b->corpus.dir) ||
	    sq_target_find(&b->target, b->corpus.dir, name, &total, NULL))
		return sq_bench_fail(b, NULL);
	b->target.is_loaded = true;
	sq_bench_add(b, "start to first right answer", "s", SQ_OURS, (double)(sq_now_ns() - start) / 1e9);
	sq_bench_check(b, total > 0, "the first answer has \"%s\"", name);
	if (sq_target_status(&b->target, b->corpus.dir, &s))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, s.parsed_total == 0, "nothing was parsed (parsed_total %lld)", (long long)s.parsed_total);
	return 0;
}

int sq_scenario_warm_start(struct sq_bench *b)
{
	struct sq_target_status s;
	char name[256];
	int r = sq_bench_loaded(b);

	if (r)
		return r;
	if (sq_target_status(&b->target, b->corpus.dir, &s))
		return sq_bench_fail(b, NULL);
	if (!s.has_store || !b->target.is_ours) {
		sq_row_status(sq_bench_row(b, "start to first right answer", "s", SQ_OURS), SQ_ROW_UNSUPPORTED, "%s",
			      s.has_store ? "the daemon is not ours to stop"
			      : "not supported by this daemon: it keeps nothing across a restart "
				"(no \"store\" in daemon/status)");
		return 0;
	}
	r = some_name(b, name, sizeof(name));
	for (unsigned i = 0; !r && i < b->o.rounds; i++)
		r = start_warm(b, name);
	return r;
}

/* ---- worktree ------------------------------------------------------------------- */

static bool make_worktree(struct sq_bench *b, const char *dir)
{
	const char *const add[] = { "worktree", "add", "-q", "--detach", dir, "before", NULL };

	return !sq_repository_make(b) && sq_bench_git(b, b->corpus.dir, add, NULL);
}

static int measure_worktree(struct sq_bench *b, const char *dir)
{
	const struct sq_row *cold = sq_report_find(&b->report, "cold-index", "whole corpus", SQ_OURS);
	struct sq_target_status one, two;
	struct sq_memory before, after;
	struct sq_summary s;
	uint64_t start;
	double took;

	if (sq_bench_loaded(b) || sq_bench_target(b, sq_target_sync(&b->target, b->corpus.dir)))
		return SQ_BENCH_E_FAILED;
	(void)poll(NULL, 0, SETTLE_MS);
	if (!sq_target_memory(&b->target, &before))
		before.anonymous = 0;
	start = sq_now_ns();
	if (sq_target_load(&b->target, dir))
		return sq_bench_fail(b, NULL);
	took = (double)(sq_now_ns() - start) / 1e9;
	sq_bench_add(b, "load of the second worktree", "s", SQ_OURS, took);
	if (cold && cold->sample.values.n) {
		sq_sample_summary(&cold->sample, &s);
		sq_bench_add(b, "share of a cold index", "%", SQ_OURS, 100 * took / s.median);
	}
	(void)poll(NULL, 0, SETTLE_MS);
	if (before.anonymous && sq_target_memory(&b->target, &after)) {
		double extra = (double)after.anonymous - (double)before.anonymous;

		sq_bench_add(b, "further anonymous memory", "MB", SQ_OURS, extra / MEGA);
		sq_bench_add(b, "further memory, share of the first", "%", SQ_OURS,
			     100 * extra / (double)before.anonymous);
	}
	if (sq_target_status(&b->target, b->corpus.dir, &one) || sq_target_status(&b->target, dir, &two))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, one.files == two.files && one.definitions == two.definitions &&
		       one.references == two.references && one.bound == two.bound,
		       "both worktrees have %lld files, %lld definitions, %lld bound references; the second has %lld, "
		       "%lld, %lld", (long long)one.files, (long long)one.definitions, (long long)one.bound,
		       (long long)two.files, (long long)two.definitions, (long long)two.bound);
	return sq_bench_target(b, sq_target_unload(&b->target, dir));
}

int sq_scenario_worktree(struct sq_bench *b)
{
	const char *const prune[] = { "worktree", "prune", NULL };
	_cleanup_(sq_freep) char *dir = sq_asprintf("%s/second", b->scratch);
	int r = dir && make_worktree(b, dir) ? 0 : SQ_BENCH_E_FAILED;

	for (unsigned i = 0; !r && i < b->o.rounds; i++)
		r = measure_worktree(b, dir);
	sq_remove_tree(dir);
	if (!r && !sq_bench_git(b, b->corpus.dir, prune, NULL))
		r = SQ_BENCH_E_FAILED;
	return r;
}
