/* SPDX-License-Identifier: MIT */
/* what the daemon costs when there is nothing for it to do */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/time.h"
#include "bench/edit.h"
#include "sys/fd.h"

#define SETTLE_MS 2000          /* what the last scenario left to do */
#define OPERATIONS_A_FILE 3     /* create+write+close, rename, unlink */
#define FILES_A_DIRECTORY 33    /* a million operations: 10,000 directories */
#define WRITES_A_SECOND 100

/* ---- idle ----------------------------------------------------------------------- */

/* what the daemon does in @seconds; @path: a file outside of every root that is written meanwhile */
static bool watch_idle(struct sq_bench *b, unsigned seconds, const char *path, const char *how)
{
	struct sq_effort before, after;
	char row[96];
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (!sq_target_effort(&b->target, &before))
		return false;
	for (unsigned i = 0; i < seconds * WRITES_A_SECOND; i++) {
		if (fd < 0) {
			(void)poll(NULL, 0, (int)seconds * 1000);
			break;
		}
		if (sq_fd_pwrite_all(fd, "x", 1, 0))
			return false;
		(void)poll(NULL, 0, 1000 / WRITES_A_SECOND);
	}
	if (fd >= 0) {
		sq_fd_close(fd);
		unlink(path);
	}
	if (!sq_target_effort(&b->target, &after))
		return false;
	snprintf(row, sizeof(row), "wake-ups a second, %s", how);
	sq_bench_add(b, row, "", SQ_OURS, (double)(after.switches - before.switches) / seconds);
	snprintf(row, sizeof(row), "CPU, %s", how);
	sq_bench_add(b, row, "%", SQ_OURS, 100 * (after.cpu_s - before.cpu_s) / seconds);
	return true;
}

int sq_scenario_idle(struct sq_bench *b)
{
	_cleanup_(sq_freep) char *path = sq_asprintf("%s/unrelated", b->scratch);
	struct sq_target_status s;
	int r = sq_bench_loaded(b);

	if (r)
		return r;
	(void)poll(NULL, 0, SETTLE_MS);
	if (!path || !watch_idle(b, b->o.idle_s, NULL, "nothing happens") ||
	    !watch_idle(b, b->o.idle_s, path, "100 unrelated writes a second")) {
		sq_row_status(sq_bench_row(b, "CPU, nothing happens", "%", SQ_OURS), SQ_ROW_UNSUPPORTED,
			      "/proc of the daemon cannot be read");
		return 0;
	}
	sq_row_note(sq_bench_row(b, "wake-ups a second, nothing happens", "", SQ_OURS),
		    "voluntary context switches of all threads in %u s; others' writes on this file system count",
		    b->o.idle_s);
	if (sq_target_status(&b->target, b->corpus.dir, &s))
		return sq_bench_fail(b, NULL);
	sq_bench_check(b, s.watching && !s.pending, "it was watching all the time, and nothing is pending");
	return 0;
}

/* ---- event-storm ---------------------------------------------------------------- */

struct writer { double wall_s, cpu_s; };

static double own_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* create + write + close, rename, unlink */
static bool one_file(int dir, uint64_t i)
{
	char from[48], to[48];
	int fd;

	snprintf(from, sizeof(from), "a%llu.c", (unsigned long long)i);
	snprintf(to, sizeof(to), "b%llu.c", (unsigned long long)i);
	fd = openat(dir, from, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "int x;\n", 7) != 7) {
		sq_fd_close(fd);
		return false;
	}
	sq_fd_close(fd);
	return !renameat(dir, from, dir, to) && !unlinkat(dir, to, 0);
}

/* @operations in one directory, or (@spread) in as many as there are per FILES_A_DIRECTORY */
static bool write_storm(const char *top, uint64_t operations, bool spread, struct writer *ret)
{
	uint64_t n = operations / OPERATIONS_A_FILE, start = sq_now_ns();
	_cleanup_(sq_fd_closep) int root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int dir = root;
	double cpu = own_cpu();
	char name[32];
	bool ok = root >= 0;

	for (uint64_t i = 0; ok && i < n; i++) {
		if (spread && i % FILES_A_DIRECTORY == 0) {
			if (dir != root)
				sq_fd_close(dir);
			snprintf(name, sizeof(name), "d%llu", (unsigned long long)(i / FILES_A_DIRECTORY));
			ok = !mkdirat(root, name, 0700);
			dir = ok ? openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
			ok = dir >= 0;
		}
		ok = ok && one_file(dir, i);
	}
	if (dir != root)
		sq_fd_close(dir);
	*ret = (struct writer){ (double)(sq_now_ns() - start) / 1e9, own_cpu() - cpu };
	return ok;
}

struct storm { const char *tree, *ignored; bool spread; const char *how; };

static bool storm_once(struct sq_bench *b, const struct storm *s, struct writer *ret)
{
	bool ok;

	sq_remove_tree(s->ignored);
	ok = !mkdir(s->ignored, 0700) && write_storm(s->ignored, b->o.storm_operations, s->spread, ret);
	return ok || sq_bench_fail(b, "%s cannot be written", s->ignored) == 0;
}

static int storm_alone(struct sq_bench *b, const struct storm *s, double *ret_wall)
{
	struct writer w;
	char row[96];

	if (!storm_once(b, s, &w))
		return SQ_BENCH_E_FAILED;
	snprintf(row, sizeof(row), "writer, %s", s->how);
	sq_bench_add(b, row, "s", "without a daemon", w.wall_s);
	*ret_wall = w.wall_s;
	return 0;
}

/* the same beside a daemon, and a new function meanwhile, which must not be lost */
static int storm_watched(struct sq_bench *b, const struct storm *s, double alone)
{
	struct sq_target_status before, after;
	struct sq_effort e0, e1;
	struct writer w;
	bool has_effort;
	char row[96];

	if (sq_target_status(&b->target, s->tree, &before))
		return sq_bench_fail(b, NULL);
	has_effort = sq_target_effort(&b->target, &e0);
	if (!storm_once(b, s, &w))
		return SQ_BENCH_E_FAILED;
	if (sq_target_sync(&b->target, s->tree) || sq_target_status(&b->target, s->tree, &after))
		return sq_bench_fail(b, NULL);
	has_effort = has_effort && sq_target_effort(&b->target, &e1);
	snprintf(row, sizeof(row), "writer, %s", s->how);
	sq_bench_add(b, row, "s", SQ_OURS, w.wall_s);
	snprintf(row, sizeof(row), "writer's time to that without a daemon, %s", s->how);
	sq_bench_add(b, row, "", SQ_OURS, w.wall_s / alone);
	snprintf(row, sizeof(row), "daemon's CPU to the writer's, %s", s->how);
	if (has_effort)
		sq_bench_add(b, row, "%", SQ_OURS, 100 * (e1.cpu_s - e0.cpu_s) / w.cpu_s);
	sq_bench_check(b, after.overflows == before.overflows && after.rescans == before.rescans,
		       "%s: %lld overflows, %lld rescans", s->how, (long long)(after.overflows - before.overflows),
		       (long long)(after.rescans - before.rescans));
	sq_bench_check(b, after.files == before.files && after.definitions == before.definitions,
		       "%s: the graph is as before (%lld files)", s->how, (long long)after.files);
	return 0;
}

/* save a function @name in @file and ask for it; @ret_ms: from the end of the save to the answer */
static int save_and_find(struct sq_bench *b, const char *tree, const char *file, const char *name,
			 int64_t *ret_total, double *ret_ms)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	_cleanup_(sq_fd_closep) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint64_t start;

	sq_edit_function("x.c", name, 3, &text);
	if (fd < 0 || sq_fd_write_all(fd, text.p, text.n))
		return sq_bench_fail(b, "%s cannot be written", file);
	fd = sq_fd_close(fd);
	start = sq_now_ns();
	if (sq_target_sync(&b->target, tree) || sq_target_find(&b->target, tree, name, ret_total, NULL))
		return sq_bench_fail(b, NULL);
	*ret_ms = (double)(sq_now_ns() - start) / 1e6;
	return 0;
}

static int edit_still_seen(struct sq_bench *b, const char *tree, const char *file, unsigned i)
{
	char name[64];
	int64_t total;
	double ms;

	snprintf(name, sizeof(name), "sqry_bench_after_storm_%u", i);
	if (save_and_find(b, tree, file, name, &total, &ms))
		return SQ_BENCH_E_FAILED;
	sq_bench_check(b, total == 1, "an edit behind the storm is answered");
	return 0;
}

/* ---- edits beside a storm ------------------------------------------------------- */

struct storm_thread { struct sq_bench *b; const struct storm *storm; bool ok; int over; };

static void *storm_in_thread(void *arg)
{
	struct storm_thread *t = arg;
	struct writer w;

	t->ok = write_storm(t->storm->ignored, t->b->o.storm_operations, t->storm->spread, &w);
	sq_store_relaxed(&t->over, 1);          /* relaxed: a wish to stop, the join orders the rest */
	return NULL;
}

/* save, and ask until it is answered, again and again while another thread writes */
static int edits_during(struct sq_bench *b, const struct storm *s, const char *file, const int *over)
{
	struct sq_row *row = sq_bench_row(b, "edit to answer beside a storm", "ms", SQ_OURS);
	unsigned n = 0, n_found = 0;
	char name[64];

	for (; !n || !sq_load_relaxed(over); n++) {     /* relaxed: a wish to stop */
		int64_t total;
		double ms;

		snprintf(name, sizeof(name), "sqry_bench_in_storm_%u", n);
		if (save_and_find(b, s->tree, file, name, &total, &ms))
			return SQ_BENCH_E_FAILED;
		sq_sample_add(&row->sample, ms);
		n_found += total == 1;
	}
	sq_bench_check(b, n_found == n, "%u of %u edits beside the storm are answered", n_found, n);
	return 0;
}

static int edit_beside(struct sq_bench *b, const struct storm *s, const char *file)
{
	struct storm_thread t = { .b = b, .storm = s };
	pthread_t thread;
	int r;

	sq_remove_tree(s->ignored);
	if (mkdir(s->ignored, 0700) || pthread_create(&thread, NULL, storm_in_thread, &t))
		return sq_bench_fail(b, "no storm in %s", s->ignored);
	r = edits_during(b, s, file, &t.over);
	pthread_join(thread, NULL);
	if (!t.ok)
		r = sq_bench_fail(b, "%s cannot be written", s->ignored);
	return r;
}

/* with and without in turn; the daemon is started for each turn, so that "without" has no mark at all */
static int one_round(struct sq_bench *b, const struct storm *s, const char *file, unsigned round)
{
	double alone = 0;
	int r = 0;

	for (unsigned turn = 0; !r && turn < 2; turn++) {
		if (!turn) {
			if (b->target.is_ours)
				sq_target_stop(&b->target);
			else if (sq_target_start(&b->target) || sq_target_unload(&b->target, s->tree))
				return sq_bench_fail(b, NULL);
			r = storm_alone(b, s, &alone);
			continue;
		}
		if (sq_target_start(&b->target) || sq_target_load(&b->target, s->tree))
			return sq_bench_fail(b, NULL);
		r = storm_watched(b, s, alone);
		if (!r)
			r = edit_still_seen(b, s->tree, file, round);
		if (!r && s->spread)
			r = edit_beside(b, s, file);
	}
	sq_remove_tree(s->ignored);
	return r;
}

int sq_scenario_event_storm(struct sq_bench *b)
{
	_cleanup_(sq_freep) char *tree = sq_bench_dir(b, "storm");
	_cleanup_(sq_freep) char *ignored = sq_asprintf("%s/target", tree ? tree : "");
	_cleanup_(sq_freep) char *file = sq_asprintf("%s/main.c", tree ? tree : "");
	const struct storm storms[] = {
		{ tree, ignored, true, "new directories" },
		{ tree, ignored, false, "one flat directory" },
	};
	struct writer w;
	int fd, r = tree && ignored && file ? 0 : sq_bench_fail(b, "no directory for it");

	if (r)
		return r;
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || !storm_once(b, &storms[0], &w))   /* not measured: inodes and the journal get warm */
		r = SQ_BENCH_E_FAILED;
	sq_fd_close(fd);
	for (unsigned i = 0; !r && i < b->o.rounds; i++)
		for (size_t k = 0; !r && k < SQ_ARRAY_SIZE(storms); k++)
			r = one_round(b, &storms[k], file, i * 2 + (unsigned)k);
	if (b->target.client && b->target.is_ours)
		sq_target_stop(&b->target);
	sq_remove_tree(tree);
	return r;
}
