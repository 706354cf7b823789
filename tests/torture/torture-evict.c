/* SPDX-License-Identifier: MIT */
/*
 * Loads, unloads, evictions and queries of a few trees at once, under a limit
 * that holds only some of them: never more committed than the limit, never a
 * fresh answer from an empty graph, one build a load that wins, and nothing
 * reserved or retained in the end.
 */
#include "rebuild/rebuild.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/time.h"
#include "workspace/evict.h"
#include "workspace/verdict.h"

enum { N_TREES = 4, N_FILES = 6, N_LOADERS = 3, N_READERS = 2, N_SAME = 300 };

static char dir[64] = "/tmp/sqryd-evict.XXXXXX", roots[N_TREES][96];
static struct sq_epoch *epoch;
static struct sq_rebuild *rb;
static struct sq_lang_registry *registry;
static uint64_t n_bad, n_fresh, n_builds, n_refused, n_over;   /* atomic */
static bool ends;                                             /* atomic */
static unsigned n_rounds = 64;

static void must(int r)
{
	if (r) {
		fprintf(stderr, "unexpected result %d\n", r);
		abort();
	}
}

static void write_trees(void)
{
	char path[512];

	if (!mkdtemp(dir))
		abort();
	for (int t = 0; t < N_TREES; t++) {
		snprintf(roots[t], sizeof(roots[t]), "%s/t%d", dir, t);
		must(mkdir(roots[t], 0755));
		for (int i = 0; i < N_FILES; i++) {
			FILE *f;

			snprintf(path, sizeof(path), "%s/f%d.c", roots[t], i);
			f = fopen(path, "we");
			if (!f)
				abort();
			for (int k = 0; k < 40; k++)
				fprintf(f, "int f_%d_%d(int a)\n{\n\treturn f_%d_%d(a);\n}\n", i, k, (i + 1) % N_FILES, k);
			must(fclose(f));
		}
	}
}

static void remove_trees(void)
{
	char path[512];

	for (int t = 0; t < N_TREES; t++) {
		for (int i = 0; i < N_FILES; i++) {
			snprintf(path, sizeof(path), "%s/f%d.c", roots[t], i);
			must(unlink(path));
		}
		must(rmdir(roots[t]));
	}
	must(rmdir(dir));
}

static void published(void *arg, struct sq_workspace *ws, const struct sq_version *v)
{
	(void)arg;
	(void)ws;
	if (v->stats.n_defs)   /* a reset or an empty tree publishes nothing to read */
		sq_add_relaxed(&n_builds, 1);   /* relaxed: a statistic, as all of these */
}

static void start(uint64_t limit)
{
	struct sq_rebuild_config cfg = {
		.registry = registry, .memory_limit_bytes = limit, .n_workers = 2, .n_turns = 4,
		.max_file_bytes = 1 << 20, .on_publish = { published, NULL },
	};

	must(sq_epoch_new(&epoch));
	cfg.epoch = epoch;
	must(sq_rebuild_new(&cfg, &rb));
}

static void stop(void)
{
	rb = sq_rebuild_free(rb);
	epoch = sq_epoch_free(epoch);
}

/* ---- one load -------------------------------------------------------------------- */

struct wait { struct sq_waiter w; pthread_mutex_t lock; pthread_cond_t cond; bool is_over; enum sq_outcome_code code; };
#define WAIT_NEW { .w = { .done = over }, .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER }

static void over(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct wait *wait = (struct wait *)(void *)w;

	pthread_mutex_lock(&wait->lock);
	wait->code = o->code;
	wait->is_over = true;
	pthread_cond_signal(&wait->cond);
	pthread_mutex_unlock(&wait->lock);
}

/* Return: its outcome, or -1: in progress. @ret_ws: referenced */
static int load(int tree, struct sq_workspace **ret_ws)
{
	struct sq_ws_key key = { .root = sq_slice_z(roots[tree]) };
	struct wait wait = WAIT_NEW;
	int r = sq_rebuild_load(rb, &key, &wait.w, ret_ws);

	if (r == SQ_REBUILD_E_LOADING)
		return -1;
	must(r);
	pthread_mutex_lock(&wait.lock);
	while (!wait.is_over)
		pthread_cond_wait(&wait.cond, &wait.lock);
	pthread_mutex_unlock(&wait.lock);
	return (int)wait.code;
}

static void check_ledger(void)
{
	struct sq_admission_state s;

	sq_admission_read(sq_manager_admission(sq_rebuild_manager(rb)), &s);
	if (sq_admission_committed(&s) > s.limit)
		sq_add_relaxed(&n_over, 1);
}

static void await_quiet(uint64_t loaded)
{
	struct sq_admission_state s;

	do {
		sched_yield();
		sq_rebuild_reclaim(rb);
		sq_admission_read(sq_manager_admission(sq_rebuild_manager(rb)), &s);
	} while (s.reserved || s.retained);
	if (s.loaded != loaded && loaded != UINT64_MAX)
		sq_add_relaxed(&n_bad, 1);
}

/* ---- readers ------------------------------------------------------------------------- */

static void *reader(void *arg)
{
	struct sq_epoch_record *rec;
	unsigned seed = (unsigned)(uintptr_t)arg;

	must(sq_epoch_record_acquire(epoch, &rec));
	while (!sq_load_acquire(&ends)) {   /* pairs with the end of each part */
		struct sq_slice rest;
		struct sq_workspace *ws;
		struct sq_verdict v;

		sq_epoch_enter(rec);
		ws = sq_manager_find_path(sq_rebuild_manager(rb), sq_slice_z(roots[rand_r(&seed) % N_TREES]), &rest);
		if (ws) {
			sq_workspace_classify(ws, sq_realtime_ns(), 24, &v);
			if (v.kind == SQ_VERDICT_FRESH) {
				const struct sq_version *g = sq_graph_current(ws->graph);

				sq_workspace_touch(ws, sq_now_ns());
				sq_add_relaxed(&n_fresh, 1);
				/* SV-08: never fresh and empty */
				if (g->stats.n_defs != N_FILES * 40)
					sq_add_relaxed(&n_bad, 1);
			}
			/* EV-17: what is found evicted reads as absent; only one who raced with it sees that */
			if (v.kind == SQ_VERDICT_EVICTED && !sq_workspace_is_evicted(ws))
				sq_add_relaxed(&n_bad, 1);
		}
		if (sq_epoch_leave(rec))
			sq_rebuild_kick(rb);
		check_ledger();
	}
	sq_epoch_record_release(rec);
	return NULL;
}

/* ---- load against unload, and against the limit ---------------------------------------- */

static void *loader(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < n_rounds; i++) {
		int tree = rand_r(&seed) % N_TREES;
		struct sq_workspace *ws;
		int code = load(tree, &ws);

		if (code == SQ_OUTCOME_BUDGET || code == SQ_OUTCOME_OVERSIZE)
			sq_add_relaxed(&n_refused, 1);
		else if (code > SQ_OUTCOME_CANCELLED)
			sq_add_relaxed(&n_bad, 1);
		if (rand_r(&seed) % 3 == 0)
			(void)sq_rebuild_unload(rb, ws);
		sq_workspace_unref(ws);
		check_ledger();
	}
	return NULL;
}

/* @limit holds some of the trees */
static void run(uint64_t limit, const char *what)
{
	pthread_t loaders[N_LOADERS], readers[N_READERS];
	uint64_t evicted;

	start(limit);
	sq_store_release(&ends, false);
	for (uintptr_t i = 0; i < N_READERS; i++)
		must(pthread_create(&readers[i], NULL, reader, (void *)(i + 1)));
	for (uintptr_t i = 0; i < N_LOADERS; i++)
		must(pthread_create(&loaders[i], NULL, loader, (void *)(i + 10)));
	for (int i = 0; i < N_LOADERS; i++)
		must(pthread_join(loaders[i], NULL));
	sq_store_release(&ends, true);
	for (int i = 0; i < N_READERS; i++)
		must(pthread_join(readers[i], NULL));
	/* EV-20: whatever happened, nothing stays reserved, and nothing retained once nobody reads */
	await_quiet(UINT64_MAX);
	evicted = sq_manager_n_evicted(sq_rebuild_manager(rb));
	stop();
	printf("%s: %llu builds, %llu evictions, %llu refused, %llu fresh reads, %llu over the limit, %llu bad\n", what,
	       (unsigned long long)n_builds, (unsigned long long)evicted, (unsigned long long)n_refused,
	       (unsigned long long)n_fresh, (unsigned long long)n_over, (unsigned long long)n_bad);
}

/* ---- one key, many at once --------------------------------------------------------------- */

static void *same(void *arg)
{
	struct sq_workspace *ws;
	int code;

	(void)arg;
	while ((code = load(0, &ws)) < 0) {
		sq_workspace_unref(ws);
		sched_yield();
	}
	if (code != SQ_OUTCOME_OK)
		sq_add_relaxed(&n_bad, 1);
	sq_workspace_unref(ws);
	return NULL;
}

/* LD-02: one build, whoever else asks */
static void run_same(void)
{
	static pthread_t t[N_SAME];

	start(256u << 20);
	sq_store_relaxed(&n_builds, 0);   /* relaxed: nobody else runs */
	for (int i = 0; i < N_SAME; i++)
		must(pthread_create(&t[i], NULL, same, NULL));
	for (int i = 0; i < N_SAME; i++)
		must(pthread_join(t[i], NULL));
	printf("%d loads of one key: %llu builds\n", N_SAME, (unsigned long long)n_builds);
	if (n_builds != 1)
		n_bad++;
	await_quiet(UINT64_MAX);
	stop();
}

/* EV-20 AD-05 AD-09 PU-12 SV-08 EV-04 EV-17 LD-02 PU-06 PU-09: see above */
int main(void)
{
	const char *rounds = getenv("SQ_TEST_ROUNDS");
	const char *grammars = getenv("SQRYD_GRAMMAR_DIR");

	if (rounds)
		n_rounds = (unsigned)atoi(rounds);
	write_trees();
	must(sq_lang_registry_new(grammars, &registry));
	run(256u << 20, "room for all");
	/* a load asks for 3 MiB at least: two at once, with what they leave */
	run(7u << 20, "room for two loads");
	run((3u << 20) + (160u << 10), "room for one load");
	run_same();
	registry = sq_lang_registry_free(registry);
	remove_trees();
	return n_bad || n_over;
}
