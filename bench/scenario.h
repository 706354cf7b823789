/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * scenario — one kind of work, done by us and by the peers that can, measured
 * and checked. And the run that scenarios share.
 * Ownership: the run owns its corpus, target and report.
 * Threads:   main thread, unless a scenario says otherwise.
 * Errors:    a scenario returns 0, or SQ_BENCH_E_FAILED after it has told the
 *            report why; the run goes on with the next one.
 */
#include "bench/corpus.h"
#include "bench/peer.h"
#include "bench/report.h"
#include "bench/repository.h"
#include "bench/target.h"

enum { SQ_BENCH_E_FAILED = 1 };

struct sq_options {
	const char *corpus, *cache, *scratch, *scenarios, *peers;
	const char *json, *html, *baseline, *table, *socket, *sqryd;
	unsigned rounds;
	uint64_t memory_mb;
	struct sq_peer_limits limits;
	/* how much of each */
	unsigned edits, queries, query_ms, clients, storm_files, idle_s, checkout_files;
	uint64_t storm_operations;
	uint64_t seed;
	bool smoke;
};

struct sq_bench {
	struct sq_options o;
	struct sq_corpus corpus;
	struct sq_repository repository;
	struct sq_target target;
	struct sq_report report;
	const char *scratch, *scenario; /* scenario: the one that runs */
	char *list;                     /* file with the paths of all sources */
};

struct sq_scenario {
	const char *name, *does;
	int (*run)(struct sq_bench *b);
	bool wants_repository;
};
extern const struct sq_scenario sq_scenarios[];
extern const size_t sq_n_scenarios;

/* scenario_index.c */
int sq_scenario_cold_index(struct sq_bench *b);
int sq_scenario_peak_rss(struct sq_bench *b);
int sq_scenario_warm_start(struct sq_bench *b);
int sq_scenario_worktree(struct sq_bench *b);
/* scenario_edit.c */
int sq_scenario_edit_one(struct sq_bench *b);
int sq_scenario_edit_storm(struct sq_bench *b);
/* scenario_checkout.c */
int sq_scenario_checkout(struct sq_bench *b);
/* scenario_query.c */
int sq_scenario_query_mix(struct sq_bench *b);
int sq_scenario_query_build(struct sq_bench *b);
/* scenario_quiet.c */
int sq_scenario_idle(struct sq_bench *b);
int sq_scenario_event_storm(struct sq_bench *b);

/* what scenarios share */

/** sq_bench_fail() - tell the report; @fmt NULL: the target's sentence. Return: SQ_BENCH_E_FAILED. */
int sq_bench_fail(struct sq_bench *b, const char *fmt, ...) SQ_PRINTF(2, 3);
/** sq_bench_target() - the report's failure for a call's result. Return: 0; SQ_BENCH_E_FAILED. */
int sq_bench_target(struct sq_bench *b, int r) sq_must_check;
/** sq_bench_loaded() - a daemon that has the corpus loaded. */
int sq_bench_loaded(struct sq_bench *b) sq_must_check;
/** sq_bench_fresh() - a daemon with nothing loaded, started just now when it is ours. */
int sq_bench_fresh(struct sq_bench *b) sq_must_check;
/** sq_bench_row() - of the scenario that runs. */
struct sq_row *sq_bench_row(struct sq_bench *b, const char *name, const char *unit, const char *subject);
void sq_bench_add(struct sq_bench *b, const char *name, const char *unit, const char *subject, double value);
bool sq_bench_check(struct sq_bench *b, bool ok, const char *fmt, ...) SQ_PRINTF(3, 4);
/** sq_bench_has_peer() - chosen by --peers (all by default). */
bool sq_bench_has_peer(const struct sq_bench *b, const struct sq_peer *p);
/**
 * sq_bench_run_peer() - run a command line of a peer into rows; an absent or failing one is told there.
 * @quantity: row of the wall time in seconds, or (@unit "ms") in milliseconds; NULL: not measured
 * Return: true when it succeeded.
 */
bool sq_bench_run_peer(struct sq_bench *b, const struct sq_peer *p, const char *const *words,
		       const struct sq_peer_words *v, const char *quantity, const char *unit,
		       struct sq_run *ret_run);
/** sq_bench_out() - an empty directory for a peer's files, made anew; freed with sq_free. */
char *sq_bench_out(struct sq_bench *b, const struct sq_peer *p);
/**
 * sq_bench_indexed() - such a directory with an index of the copy in it: the one that cold-index left, or made now.
 * @words: p->index or p->prepare
 * @v:     its out is set to the result
 * Return: freed with sq_free; NULL after the report was told.
 */
char *sq_bench_indexed(struct sq_bench *b, const struct sq_peer *p, const char *const *words,
		       struct sq_peer_words *v);
/** sq_bench_dir() - a new directory in the scratch directory; freed with sq_free, NULL on failure. */
char *sq_bench_dir(struct sq_bench *b, const char *name);
/** sq_bench_git() - git with our own name and no configuration in @dir. true when it succeeded. */
bool sq_bench_git(struct sq_bench *b, const char *dir, const char *const *words, double *ret_s);
