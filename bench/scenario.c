/* SPDX-License-Identifier: MIT */
#include "bench/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIT_TIMEOUT_S 1800

const struct sq_scenario sq_scenarios[] = {
	{ "cold-index", "load the corpus into a new daemon; the peers index it", sq_scenario_cold_index, false },
	{ "peak-rss", "memory of the daemon while and after it loads the corpus", sq_scenario_peak_rss, false },
	{ "warm-start", "start again with nothing changed, to the first right answer", sq_scenario_warm_start, false },
	{ "edit-one", "one edit until it is answered: body, new function, popular header; small and large files",
	  sq_scenario_edit_one, false },
	{ "edit-storm", "many edits in a row, until the last is answered", sq_scenario_edit_storm, false },
	{ "query-mix", "names, patterns, callers, paths, unused, cycles; 1 and many clients", sq_scenario_query_mix, false },
	{ "query-build", "exact names while the whole corpus is built again", sq_scenario_query_build, false },
	{ "checkout", "git checkout of a commit that differs in many files", sq_scenario_checkout, true },
	{ "worktree", "a second worktree of the same tree: time and memory", sq_scenario_worktree, true },
	{ "idle", "wake-ups and CPU time while nothing happens", sq_scenario_idle, false },
	{ "event-storm", "a million operations below an ignored directory", sq_scenario_event_storm, false },
};
const size_t sq_n_scenarios = SQ_ARRAY_SIZE(sq_scenarios);

int sq_bench_fail(struct sq_bench *b, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	if (fmt) {
		va_start(ap, fmt);
		(void)vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	sq_report_failure(&b->report, "%s: %s", b->scenario, fmt ? text : b->target.why);
	return SQ_BENCH_E_FAILED;
}

int sq_bench_target(struct sq_bench *b, int r)
{
	return r ? sq_bench_fail(b, NULL) : 0;
}

int sq_bench_fresh(struct sq_bench *b)
{
	if (b->target.is_ours)
		sq_target_stop(&b->target);
	if (sq_target_start(&b->target))
		return sq_bench_fail(b, NULL);
	b->target.is_loaded = false;
	return b->target.is_ours ? 0 : sq_bench_target(b, sq_target_unload(&b->target, b->corpus.dir));
}

int sq_bench_loaded(struct sq_bench *b)
{
	if (b->target.is_loaded)
		return 0;
	if (sq_target_start(&b->target) || sq_target_load(&b->target, b->corpus.dir))
		return sq_bench_fail(b, NULL);
	b->target.is_loaded = true;
	return 0;
}

struct sq_row *sq_bench_row(struct sq_bench *b, const char *name, const char *unit, const char *subject)
{
	return sq_report_row(&b->report, b->scenario, name, unit, subject);
}

void sq_bench_add(struct sq_bench *b, const char *name, const char *unit, const char *subject, double value)
{
	sq_sample_add(&sq_bench_row(b, name, unit, subject)->sample, value);
}

bool sq_bench_check(struct sq_bench *b, bool ok, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return sq_report_check(&b->report, b->scenario, ok, "%s", text);
}

/* ---- peers ---------------------------------------------------------------------- */

/* is @name an item of the list "a,b,c"? */
static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == n && !strncmp(at, name, n))
			return true;
	return false;
}

bool sq_bench_has_peer(const struct sq_bench *b, const struct sq_peer *p)
{
	return !b->o.peers || is_listed(b->o.peers, p->name);
}

static void peer_failed(struct sq_bench *b, const struct sq_peer *p, struct sq_row *row, const char *why)
{
	if (row)
		sq_row_status(row, SQ_ROW_FAILED, "%s", why);
	if (!p->may_fail)
		sq_report_failure(&b->report, "%s: peer %s: %s", b->scenario, p->name, why);
}

bool sq_bench_run_peer(struct sq_bench *b, const struct sq_peer *p, const char *const *words,
		       const struct sq_peer_words *v, const char *quantity, const char *unit,
		       struct sq_run *ret_run)
{
	_cleanup_(sq_buf_deinit) struct sq_buf command = SQ_BUF_NULL, why = SQ_BUF_NULL;
	struct sq_row *row = quantity ? sq_bench_row(b, quantity, unit, p->name) : NULL;
	struct sq_run run = { .end = SQ_RUN_ABSENT };
	struct sq_peer_limits limits = b->o.limits;

	if (!sq_peer_is_there(p)) {
		if (row)
			sq_row_status(row, SQ_ROW_ABSENT, "%s is not installed (bench/setup-peers)", p->program);
		return false;
	}
	/* the others have no appetite worth looking at, and looking costs time */
	limits.memory_bytes = p->may_fail ? limits.memory_bytes : 0;
	if (sq_peer_run(p, words, v, &limits, &run, &command, &why)) {
		peer_failed(b, p, row, "cannot be run");
		return false;
	}
	if (row && sq_buf_z(&command))
		sq_row_command(row, command.p);
	if (!sq_run_ok(&run)) {
		peer_failed(b, p, row, sq_buf_z(&why));
		return false;
	}
	if (row)
		sq_sample_add(&row->sample, run.wall_s * (!strcmp(unit, "ms") ? 1000 : 1));
	*ret_run = run;
	return true;
}

/* where @p has its index of the copy, made by an earlier scenario; NULL when there is none */
static char *index_of(struct sq_bench *b, const struct sq_peer *p)
{
	const struct sq_row *row = sq_report_find(&b->report, "cold-index", "whole corpus", p->name);
	char *out = sq_asprintf("%s/peer-%s", b->scratch, p->name);

	if (out && (!row || !row->sample.values.n || p->litter || access(out, F_OK)))
		sq_free(SQ_TAKE(out));
	return out;
}

char *sq_bench_indexed(struct sq_bench *b, const struct sq_peer *p, const char *const *words,
		       struct sq_peer_words *v)
{
	char *out = words == p->index ? index_of(b, p) : NULL;
	struct sq_run run;

	if (out) {
		v->out = out;
		return out;
	}
	v->out = out = sq_bench_out(b, p);
	if (out && *words && sq_peer_is_there(p) && !sq_bench_run_peer(b, p, words, v, NULL, "", &run))
		sq_free(SQ_TAKE(out));
	return out;
}

char *sq_bench_dir(struct sq_bench *b, const char *name)
{
	char *dir = sq_asprintf("%s/%s", b->scratch, name);

	if (dir && mkdir(dir, 0700))
		sq_free(SQ_TAKE(dir));
	return dir;
}

char *sq_bench_out(struct sq_bench *b, const struct sq_peer *p)
{
	_cleanup_(sq_freep) char *name = sq_asprintf("peer-%s", p->name);
	_cleanup_(sq_freep) char *old = sq_asprintf("%s/peer-%s", b->scratch, p->name);

	if (!name || !old)
		return NULL;
	sq_remove_tree(old);
	return sq_bench_dir(b, name);
}

bool sq_bench_git(struct sq_bench *b, const char *dir, const char *const *words, double *ret_s)
{
	static const char *const env[] = {
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=sqry-bench",
		"GIT_AUTHOR_EMAIL=sqry-bench@localhost", "GIT_COMMITTER_NAME=sqry-bench",
		"GIT_COMMITTER_EMAIL=sqry-bench@localhost", "GIT_TERMINAL_PROMPT=0", NULL,
	};
	_cleanup_(sq_freep) char *out = sq_asprintf("%s/git.log", b->scratch);
	_cleanup_(sq_buf_deinit) struct sq_buf why = SQ_BUF_NULL, command = SQ_BUF_NULL;
	const char *argv[16] = { "git", "-c", "gc.auto=0", "-c", "core.fsync=none" };
	struct sq_command c = { .argv = argv, .dir = dir, .env = env, .timeout_s = GIT_TIMEOUT_S, .out = out };
	struct sq_run run = { .end = SQ_RUN_ABSENT };

	for (size_t i = 0; words[i] && i + 6 < SQ_ARRAY_SIZE(argv); i++)
		argv[i + 5] = words[i];
	if (out && !sq_process_run(&c, &run) && sq_run_ok(&run)) {
		if (ret_s)
			*ret_s = run.wall_s;
		return true;
	}
	sq_run_text(&run, out, &why);
	sq_command_text(&c, &command);
	(void)sq_bench_fail(b, "%s: %s", sq_buf_z(&command), sq_buf_z(&why));
	return false;
}
