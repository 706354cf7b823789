/* SPDX-License-Identifier: MIT */
/*
 * Readers and pins against a writer that publishes as fast as it can. Every
 * version says its generation in a definition's name, so a reader that sees a
 * mixture, or memory that is gone, finds it out by itself; the sanitizers do
 * too. In the end nothing is retained.
 * Argument: number of versions.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "facts/facts.h"
#include "graph/draft.h"
#include "graph/dump.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define DEFAULT_VERSIONS 1500
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define DEFAULT_VERSIONS 1500
#endif
#endif
#ifndef DEFAULT_VERSIONS
#define DEFAULT_VERSIONS 10000
#endif

enum { N_READERS = 2, N_PINNERS = 2, N_FILES = 5, N_LINKERS = 2 };

static const char *const extensions[] = { ".c", NULL };
static const char *const none[] = { NULL };
static const struct sq_lang_traits c_traits = {
	.lang = SQ_LANG_C, .family = SQ_FAMILY_C, .style = SQ_STYLE_INCLUDE, .unit = SQ_UNIT_LINKAGE,
	.extensions = extensions, .index_stems = none, .self_names = none, .separator = "::",
};
static const struct sq_lang_traits *const traits[SQ_LANG_MAX] = { [SQ_LANG_C] = &c_traits };

static struct sq_epoch *epoch;
static struct sq_graph *graph;
static bool stop;
static uint64_t n_reads, n_pins, n_bad;

static void must(int r)
{
	if (r < 0) {
		fprintf(stderr, "unexpected error %d\n", r);
		abort();
	}
}

static struct sq_epoch_record *own_record(void)
{
	struct sq_epoch_record *r;

	must(sq_epoch_record_acquire(epoch, &r));
	return r;
}

static struct sq_slice text(char *buf, const char *prefix, uint64_t i)
{
	snprintf(buf, 32, "%s%llu", prefix, (unsigned long long)i);
	return sq_slice_z(buf);
}

/* all files of a version define "g<its generation>", except in the empty one */
static void look(const struct sq_version *v)
{
	char buf[32];
	sq_name name = sq_version_find(v, text(buf, "g", v->generation));
	struct sq_posting_iter it;
	struct sq_posting p;
	unsigned n = 0;

	if (!v->generation)
		return;
	sq_version_postings(v, name, SQ_LIST_DEF, &it);
	while (name != SQ_NAME_NONE && sq_posting_next(&it, &p))
		n += sq_bound_find_def(sq_version_bound(v, p.file), name, 0) == 0;
	if (n != v->stats.n_files || n == 0 || !sq_version_slot(v, 0).links)
		sq_add_relaxed(&n_bad, 1);      /* a statistic, read after the threads are joined */
}

static void *reader(void *arg)
{
	struct sq_epoch_record *r = own_record();

	(void)arg;
	/* relaxed: only says when to stop */
	while (!sq_load_relaxed(&stop)) {
		sq_epoch_enter(r);
		look(sq_graph_current(graph));
		(void)sq_epoch_leave(r);
		sq_add_relaxed(&n_reads, 1);    /* a statistic */
	}
	sq_epoch_record_release(r);
	return NULL;
}

static int count_bytes(void *arg, const void *p, size_t n)
{
	(void)p;
	*(size_t *)arg += n;
	return 0;
}

static void *pinner(void *arg)
{
	struct sq_epoch_record *r = own_record();

	(void)arg;
	while (!sq_load_relaxed(&stop)) {       /* relaxed: as in reader() */
		const struct sq_version *v;
		size_t bytes = 0;

		sq_epoch_enter(r);
		v = sq_graph_current(graph);
		must(sq_graph_pin(graph, v));
		(void)sq_epoch_leave(r);
		for (int i = 0; i < 3; i++) {
			sched_yield();
			look(v);
		}
		must(sq_dump(v, SQ_SLICE_NULL, count_bytes, &bytes));
		(void)sq_graph_unpin(graph, v);
		sq_add_relaxed(&n_pins, 1);     /* a statistic */
	}
	sq_epoch_record_release(r);
	return NULL;
}

/* ---- the writer, with workers of its own ---- */

struct call { int (*fn)(void *, unsigned); void *arg; unsigned worker; int r; };

static void *call_run(void *p)
{
	struct call *c = p;

	c->r = c->fn(c->arg, c->worker);
	return NULL;
}

static int run(void *pool, int (*fn)(void *, unsigned), void *arg)
{
	struct call calls[N_LINKERS];
	pthread_t threads[N_LINKERS];
	int r = 0;

	(void)pool;
	for (unsigned i = 0; i < N_LINKERS; i++) {
		calls[i] = (struct call){ fn, arg, i, 0 };
		if (pthread_create(&threads[i], NULL, call_run, &calls[i]))
			abort();
	}
	for (unsigned i = 0; i < N_LINKERS; i++) {
		pthread_join(threads[i], NULL);
		r = r ? r : calls[i].r;
	}
	return r;
}

struct turn { struct sq_draft *d; uint64_t generation; uint32_t n_files; };

static void put(struct turn *t, unsigned worker, uint32_t file)
{
	struct sq_facts_builder *b;
	struct sq_facts facts;
	char name[32], path[32];

	must(sq_facts_builder_new(&b));
	sq_facts_builder_reset(b, SQ_LANG_C);
	sq_facts_add_def(b, &(struct sq_def){ .name = sq_facts_add_string(b, text(name, "g", t->generation)),
		.parent = SQ_NONE, .start_line = 1, .end_line = 2 });
	for (uint32_t i = 0; i < 4; i++)
		sq_facts_add_ref(b, &(struct sq_ref){
			.name = sq_facts_add_string(b, text(name, "g", t->generation - i % 2)),
			.kind = SQ_REF_CALL, .line = 2 + i, .encl = 0, .qual = SQ_NONE });
	must(sq_facts_builder_finish(b, false, &facts));
	must(sq_draft_put(t->d, worker, &(struct sq_put){ .path = text(path, "f", file), .lang = SQ_LANG_C,
		.facts = &facts, .content_hash = t->generation, .size_bytes = 1 }));
	sq_facts_deinit(&facts);
	sq_facts_builder_free(b);
}

static int put_some(void *arg, unsigned worker)
{
	struct turn *t = arg;

	for (uint32_t i = worker; i < t->n_files; i += N_LINKERS)
		put(t, worker, i);
	return 0;
}

static void write_versions(uint64_t n)
{
	static const struct sq_parallel par = { N_LINKERS, run, NULL };
	struct sq_epoch_record *r = own_record();
	uint32_t before = 0;

	for (uint64_t g = 1; g <= n; g++) {
		bool clear = g % 97 == 0, parallel = g % 16 == 0;
		const struct sq_draft_opts opts = { .clear = clear, .par = parallel ? &par : NULL };
		struct turn t = { .generation = g, .n_files = 1 + (uint32_t)(g * 7 % N_FILES) };
		char path[32];

		must(sq_draft_new(graph, &opts, &t.d));
		if (parallel)
			must(run(NULL, put_some, &t));
		else
			for (uint32_t i = 0; i < t.n_files; i++)
				put(&t, 0, i);
		for (uint32_t i = t.n_files; i < before && !clear; i++)
			must(sq_draft_remove(t.d, text(path, "f", i)));
		must(sq_draft_finish(t.d, NULL));
		sq_graph_publish(graph, t.d, r);
		(void)sq_graph_reclaim(graph, r);
		before = t.n_files;
		if (g % 64 == 0)
			sched_yield();
	}
	/* relaxed: only says when to stop */
	sq_store_relaxed(&stop, true);
	sq_epoch_barrier(r);
	sq_epoch_record_release(r);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_VERSIONS;
	pthread_t threads[N_READERS + N_PINNERS];
	struct sq_epoch_record *r;
	const char *what = "";
	int bad;

	must(sq_epoch_new(&epoch));
	must(sq_graph_new(epoch, traits, &graph));
	for (unsigned i = 0; i < N_READERS + N_PINNERS; i++)
		if (pthread_create(&threads[i], NULL, i < N_READERS ? reader : pinner, NULL))
			abort();
	write_versions(n);
	for (unsigned i = 0; i < N_READERS + N_PINNERS; i++)
		pthread_join(threads[i], NULL);
	r = own_record();
	sq_epoch_barrier(r);
	bad = sq_graph_reclaim(graph, r) != 0 || sq_graph_retained_bytes(graph) != 0 || n_bad != 0;
	bad |= sq_version_check(sq_graph_current(graph), &what) != 0;
	printf("%llu versions, %llu reads, %llu pins, %llu bad, %llu bytes retained %s\n",
	       (unsigned long long)n, (unsigned long long)n_reads, (unsigned long long)n_pins,
	       (unsigned long long)n_bad, (unsigned long long)sq_graph_retained_bytes(graph), what);
	sq_graph_free(graph);
	sq_epoch_record_release(r);
	sq_epoch_free(epoch);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
