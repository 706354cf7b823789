/* SPDX-License-Identifier: MIT */
/*
 * floor — the time that parsing alone takes: read every source file of a
 * directory, parse it whole, drop the tree. What an index costs above this is
 * ours; it does not parse runs of #defines in C, and may gain on the floor there.
 *
 *   sqry-bench-floor DIR [WORKERS]
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/time.h"
#include "lang/lang.h"
#include "sys/cpu.h"
#include "sys/fd.h"
#include "tree/discover.h"

#define MAX_FILE_BYTES (32u << 20)

struct job { struct sq_slice path; uint64_t size; };
struct run {
	struct sq_lang_registry *registry;
	struct job *jobs;
	size_t n_jobs, at;      /* at: atomic */
	uint64_t bytes;         /* atomic */
	int root_fd;
};

static bool want(struct sq_slice path)
{
	enum sq_lang lang = sq_lang_detect(path);

	return lang >= SQ_LANG_C && lang <= SQ_LANG_JAVA;
}

static int biggest_first(const void *pa, const void *pb)
{
	const struct job *a = pa, *b = pb;

	return a->size > b->size ? -1 : a->size < b->size;
}

static void parse_one(struct run *run, struct sq_extractor *x, const struct job *job, char *buf)
{
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)job->path.n, job->path.p);
	fd = openat(run->root_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, buf, MAX_FILE_BYTES);
	close(fd);
	if (n <= 0)
		return;
	(void)sq_parse_only(x, sq_lang_detect(job->path), sq_slice(buf, (size_t)n));
	sq_add_relaxed(&run->bytes, (uint64_t)n);       /* a sum, read after the join */
}

static void *work(void *arg)
{
	struct run *run = arg;
	struct sq_extractor *x = NULL;
	char *buf = malloc(MAX_FILE_BYTES);
	size_t i;

	if (buf && !sq_extractor_new(run->registry, &x))
		/* relaxed: the index is all that is shared */
		while ((i = sq_add_relaxed(&run->at, 1)) < run->n_jobs)
			parse_one(run, x, &run->jobs[i], buf);
	sq_extractor_free(x);
	free(buf);
	return NULL;
}

static int collect(struct run *run, struct sq_discovery *d)
{
	run->jobs = calloc(d->n_files + 1, sizeof(*run->jobs));
	if (!run->jobs)
		return -1;
	for (size_t i = 0; i < d->n_files; i++)
		if (!d->files[i].skip)
			run->jobs[run->n_jobs++] = (struct job){ d->files[i].path, d->files[i].id.size };
	qsort(run->jobs, run->n_jobs, sizeof(*run->jobs), biggest_first);
	return 0;
}

int main(int argc, char **argv)
{
	struct sq_discover_opts opts = { .want = want, .max_bytes = MAX_FILE_BYTES };
	struct sq_ignore_config cfg = { .use_gitignore = true, .needs_work_tree = true };
	unsigned workers = argc > 2 ? (unsigned)atoi(argv[2]) : sq_cpu_count();
	struct run run = { .n_jobs = 0 };
	struct sq_discovery *d = NULL;
	pthread_t threads[256];
	struct rusage usage;
	uint64_t start;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("sqry-bench-floor " PACKAGE_VERSION);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		puts("usage: sqry-bench-floor DIR [WORKERS]\n\nRead and parse every source file below DIR, keep nothing: "
		     "what parsing costs when every line is parsed.");
		return 0;
	}
	if (argc < 2 || !workers || workers > 256) {
		fprintf(stderr, "usage: sqry-bench-floor DIR [WORKERS]\n");
		return 2;
	}
	run.root_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run.root_fd < 0 || sq_lang_registry_new(NULL, &run.registry) ||
	    sq_discover(run.root_fd, &cfg, &opts, NULL, &d) || collect(&run, d)) {
		fprintf(stderr, "sqry-bench-floor: %s cannot be read\n", argv[1]);
		return 1;
	}
	start = sq_now_ns();
	for (unsigned i = 0; i < workers; i++)
		if (pthread_create(&threads[i], NULL, work, &run))
			return 1;
	for (unsigned i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu files, %.1f MB, %u workers: %.3f s wall, %.3f s CPU, %.1f MB/s\n", run.n_jobs,
	       (double)run.bytes / 1e6, workers, (double)(sq_now_ns() - start) / 1e9,
	       (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
	       (double)run.bytes / 1e6 / ((double)(sq_now_ns() - start) / 1e9));
	sq_discovery_free(d);
	sq_lang_registry_free(run.registry);
	free(run.jobs);
	close(run.root_fd);
	return 0;
}
