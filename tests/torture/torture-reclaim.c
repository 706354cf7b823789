/* SPDX-License-Identifier: MIT */
/*
 * The whole engine, from files to versions, with readers, pins, rebuilds and
 * evictions of the same workspaces at once. First one by one: what a publish or
 * an unload leaves behind is freed when the last reader goes, by the thread that
 * it wakes; nothing else happens in this process then, and there is no timer.
 * Then all together; a reader that sees memory that is gone finds a name that
 * is not there, and the sanitizers find it too. In the end the ledger is empty.
 * Argument: number of evictions.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/time.h"
#include "graph/dump.h"
#include "rebuild/rebuild.h"

#if defined(SQ_LIBC_HEAP)
#define DEFAULT_EVICTIONS 40
#else
#define DEFAULT_EVICTIONS 300
#endif

enum { N_ROOTS = 3, N_FILES = 4, N_RELEASES = 15 };
#define GOAL_NS 200000000ull
#define HANG_NS 100000000000ull

static struct sq_epoch *epoch;
static struct sq_rebuild *rb;
static char dir[] = "/tmp/sq-reclaim-XXXXXX";
static char roots[N_ROOTS][64];
static bool stop;
static uint64_t n_reads, n_pins, n_edits, n_bad;

static void must(int r)
{
	if (r) {
		fprintf(stderr, "unexpected result %d\n", r);
		abort();
	}
}

static struct sq_epoch_record *own_record(void)
{
	struct sq_epoch_record *r;

	must(sq_epoch_record_acquire(epoch, &r));
	return r;
}

static void leave(struct sq_epoch_record *r)
{
	if (sq_epoch_leave(r))
		sq_rebuild_kick(rb);
}

/* ---- a load or a rebuild, until it is over ----------------------------------- */

struct wait { struct sq_waiter w; pthread_mutex_t lock; pthread_cond_t cond; bool is_over; };
#define WAIT_NEW { .w = { .done = over }, .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER }

static void over(struct sq_waiter *w, const struct sq_outcome *o)
{
	struct wait *wait = (struct wait *)(void *)w;

	if (o->code != SQ_OUTCOME_OK && o->code != SQ_OUTCOME_EVICTED)
		sq_add_relaxed(&n_bad, 1);   /* a statistic, as n_edits */
	pthread_mutex_lock(&wait->lock);
	wait->is_over = true;
	pthread_cond_signal(&wait->cond);
	pthread_mutex_unlock(&wait->lock);
}

static void wait_end(struct wait *wait)
{
	pthread_mutex_lock(&wait->lock);
	while (!wait->is_over)
		pthread_cond_wait(&wait->cond, &wait->lock);
	pthread_mutex_unlock(&wait->lock);
}

/* a file is there whole or as it was: turns read while we write */
static void write_files(unsigned root, uint64_t version)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	for (unsigned i = 0; i < N_FILES; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/f%u.c", roots[root], i);
		snprintf(fresh, sizeof(fresh), "%s/fresh-%llu", dir, (unsigned long long)version);
		f = fopen(fresh, "we");
		if (!f)
			abort();
		fprintf(f, "int mark(void);\nint f%u_%llu(void)\n{\n\treturn mark() + f%u_%llu();\n}\n", i,
			(unsigned long long)version, (i + 1) % N_FILES, (unsigned long long)version);
		if (fclose(f))
			abort();
		must(rename(fresh, path));
	}
}

/* Return: referenced */
static struct sq_workspace *load(unsigned root)
{
	struct sq_ws_key key = { .root = sq_slice_z(roots[root]) };
	struct wait wait = WAIT_NEW;
	struct sq_workspace *ws;
	int r;

	/* another thread loads it: it will be there, or gone, soon */
	while ((r = sq_rebuild_load(rb, &key, &wait.w, &ws)) == SQ_REBUILD_E_LOADING) {
		sq_workspace_unref(ws);
		sched_yield();
	}
	must(r);
	wait_end(&wait);
	return ws;
}

static void edit(struct sq_workspace *ws, unsigned root, uint64_t version)
{
	struct wait wait = WAIT_NEW;
	enum sq_disposition how;

	write_files(root, version);
	must(sq_rebuild_run(rb, ws, false, true, &wait.w, &how));
	wait_end(&wait);
	sq_add_relaxed(&n_edits, 1);   /* a statistic, read after the threads are joined */
}

/* ---- one release at a time ----------------------------------------------------- */

static uint64_t retained(void)
{
	struct sq_admission_state s;

	sq_admission_read(sq_manager_admission(sq_rebuild_manager(rb)), &s);
	return s.retained;
}

/* until nothing is retained, without a section or a call that could help it. Return: time since @since */
static uint64_t await_freed(const char *what, uint64_t since)
{
	while (retained()) {
		if (sq_now_ns() - since > HANG_NS) {
			fprintf(stderr, "%s: %llu bytes are never freed\n", what, (unsigned long long)retained());
			exit(EXIT_FAILURE);
		}
		sched_yield();
	}
	return sq_now_ns() - since;
}

static void must_be_retained(const char *what)
{
	if (retained())
		return;
	fprintf(stderr, "%s: freed before the reader left\n", what);
	exit(EXIT_FAILURE);
}

static uint64_t release_section(struct sq_epoch_record *r, struct sq_workspace *ws, uint64_t round)
{
	uint64_t since;

	sq_epoch_enter(r);
	edit(ws, 0, round);
	must_be_retained("section");
	since = sq_now_ns();
	leave(r);
	return await_freed("section", since);
}

static uint64_t release_pin(struct sq_epoch_record *r, struct sq_workspace *ws, uint64_t round)
{
	const struct sq_version *v;
	uint64_t since;

	sq_epoch_enter(r);
	v = sq_graph_current(ws->graph);
	must(sq_graph_pin(ws->graph, v));
	leave(r);
	edit(ws, 0, round);
	must_be_retained("pin");
	since = sq_now_ns();
	if (sq_graph_unpin(ws->graph, v))
		sq_rebuild_kick(rb);
	return await_freed("pin", since);
}

/* what an eviction leaves goes with the last reference, here that of a reader with a pin */
static uint64_t release_evicted(struct sq_epoch_record *r, struct sq_workspace *ws)
{
	const struct sq_version *v;
	uint64_t since;

	sq_epoch_enter(r);
	v = sq_graph_current(ws->graph);
	must(sq_graph_pin(ws->graph, v));
	leave(r);
	if (!sq_rebuild_unload(rb, ws))
		abort();
	must_be_retained("unload");
	since = sq_now_ns();
	(void)sq_graph_unpin(ws->graph, v);   /* the workspace's end frees more */
	sq_workspace_unref(ws);
	return await_freed("unload", since);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* the median: a busy machine makes one round slow, a timer all */
static int judge(const char *what, uint64_t *ns)
{
	qsort(ns, N_RELEASES, sizeof(*ns), compare);
	printf("%s: freed after %.3f ms, at most %.3f\n", what, (double)ns[N_RELEASES / 2] / 1e6,
	       (double)ns[N_RELEASES - 1] / 1e6);
	return ns[N_RELEASES / 2] > GOAL_NS;
}

static int releases(void)
{
	struct sq_epoch_record *r = own_record();
	uint64_t section[N_RELEASES], pin[N_RELEASES], evicted[N_RELEASES];

	for (unsigned i = 0; i < N_RELEASES; i++) {
		struct sq_workspace *ws = load(0);

		section[i] = release_section(r, ws, 2 * i);
		pin[i] = release_pin(r, ws, 2 * i + 1);
		evicted[i] = release_evicted(r, ws);
	}
	sq_epoch_record_release(r);
	return judge("section", section) + judge("pin", pin) + judge("unload", evicted);
}

/* ---- all at once ---------------------------------------------------------------- */

/* every version of these trees mentions "mark" and has files that define something */
static void look(const struct sq_version *v)
{
	sq_name name = sq_version_find(v, SQ_LIT("mark"));
	struct sq_posting_iter it;
	struct sq_posting p;
	uint32_t n = 0;

	if (!v->stats.n_files)
		return;   /* not built yet */
	sq_version_postings(v, name, SQ_LIST_MENTION, &it);
	while (name != SQ_NAME_NONE && sq_posting_next(&it, &p))
		n += sq_version_bound(v, p.file) != NULL;
	if (n != v->stats.n_files)
		sq_add_relaxed(&n_bad, 1);   /* a statistic */
}

static struct sq_workspace *find(uint64_t i)
{
	struct sq_slice rest;

	return sq_manager_find_path(sq_rebuild_manager(rb), sq_slice_z(roots[i % N_ROOTS]), &rest);
}

static void *reader(void *arg)
{
	struct sq_epoch_record *r = own_record();

	(void)arg;
	/* relaxed: only says when to stop */
	for (uint64_t i = 0; !sq_load_relaxed(&stop); i++) {
		struct sq_workspace *ws;

		sq_epoch_enter(r);
		ws = find(i);
		if (ws)
			look(sq_graph_current(ws->graph));
		leave(r);
		sq_add_relaxed(&n_reads, ws != NULL);   /* a statistic */
		if (i % 64 == 0)
			sched_yield();
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

static void read_pinned(struct sq_epoch_record *r, uint64_t i)
{
	const struct sq_version *v = NULL;
	struct sq_workspace *ws;
	size_t bytes = 0;

	sq_epoch_enter(r);
	ws = find(i);
	if (ws) {
		sq_workspace_ref(ws);
		v = sq_graph_current(ws->graph);
		must(sq_graph_pin(ws->graph, v));
	}
	leave(r);
	sched_yield();
	if (!ws)
		return;
	look(v);
	must(sq_dump(v, SQ_SLICE_NULL, count_bytes, &bytes));
	sched_yield();
	look(v);
	if (sq_graph_unpin(ws->graph, v))
		sq_rebuild_kick(rb);
	sq_workspace_unref(ws);
	sq_add_relaxed(&n_pins, 1);   /* a statistic */
}

static void *pinner(void *arg)
{
	struct sq_epoch_record *r = own_record();

	(void)arg;
	for (uint64_t i = 0; !sq_load_relaxed(&stop); i++)   /* relaxed: as in reader() */
		read_pinned(r, i);
	sq_epoch_record_release(r);
	return NULL;
}

static void *editor(void *arg)
{
	(void)arg;
	for (uint64_t i = 0; !sq_load_relaxed(&stop); i++) {   /* relaxed: as in reader() */
		unsigned root = (unsigned)(i % N_ROOTS);
		struct sq_workspace *ws = load(root);

		edit(ws, root, 2 * i);
		sq_workspace_unref(ws);
	}
	return NULL;
}

static void evict(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		unsigned root = (unsigned)(i * 7 % N_ROOTS);
		struct sq_workspace *ws = load(root);

		if (i % 2)
			edit(ws, root, 2 * i + 1);
		if (!sq_rebuild_unload(rb, ws))
			abort();   /* only we unload */
		sq_workspace_unref(ws);
	}
	/* relaxed: only says when to stop */
	sq_store_relaxed(&stop, true);
}

static int storm(uint64_t n)
{
	void *(*const fns[])(void *) = { editor, reader, reader, pinner, pinner };
	pthread_t threads[SQ_ARRAY_SIZE(fns)];

	for (size_t i = 0; i < SQ_ARRAY_SIZE(fns); i++)
		if (pthread_create(&threads[i], NULL, fns[i], NULL))
			abort();
	evict(n);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(fns); i++)
		pthread_join(threads[i], NULL);
	printf("%llu evictions, %llu edits, %llu reads, %llu pins, %llu bad\n", (unsigned long long)n,
	       (unsigned long long)n_edits, (unsigned long long)n_reads, (unsigned long long)n_pins,
	       (unsigned long long)n_bad);
	return n_bad || !n_reads || !n_pins || !n_edits;
}

static int unload_all(void)
{
	struct sq_manager *m = sq_rebuild_manager(rb);
	struct sq_admission_state s;
	struct sq_workspace *ws;

	while ((ws = sq_manager_first(m))) {
		(void)sq_rebuild_unload(rb, ws);
		sq_workspace_unref(ws);
	}
	(void)await_freed("end", sq_now_ns());
	sq_admission_read(sq_manager_admission(m), &s);
	return s.loaded || s.reserved;
}

/* ---- set up --------------------------------------------------------------------- */

static void make_roots(void)
{
	if (!mkdtemp(dir))
		abort();
	for (unsigned i = 0; i < N_ROOTS; i++) {
		snprintf(roots[i], sizeof(roots[i]), "%s/r%u", dir, i);
		must(mkdir(roots[i], 0700));
		write_files(i, 0);
	}
}

static void remove_roots(void)
{
	char path[PATH_MAX];

	for (unsigned i = 0; i < N_ROOTS; i++) {
		for (unsigned k = 0; k < N_FILES; k++) {
			snprintf(path, sizeof(path), "%s/f%u.c", roots[i], k);
			must(unlink(path));
		}
		must(rmdir(roots[i]));
	}
	must(rmdir(dir));
}

int main(int argc, char **argv)
{
	struct sq_rebuild_config cfg = { .memory_limit_bytes = 256u << 20, .n_workers = 2, .n_turns = 2,
					 .max_file_bytes = 1u << 20 };
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_EVICTIONS;
	struct sq_lang_registry *registry;
	int bad;

	make_roots();
	must(sq_epoch_new(&epoch));
	must(sq_lang_registry_new(NULL, &registry));
	cfg.epoch = epoch;
	cfg.registry = registry;
	must(sq_rebuild_new(&cfg, &rb));
	bad = releases();
	bad |= storm(n);
	bad |= unload_all();
	sq_rebuild_free(rb);
	sq_lang_registry_free(registry);
	sq_epoch_free(epoch);
	remove_roots();
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
