/* SPDX-License-Identifier: MIT */
/*
 * reader-compare — read a whole tree plainly and through io_uring, with a
 * warm and with a cold cache. The ways take turns within a round, so that a
 * change in the machine's load meets both; the median round is printed.
 *
 * Cold: the pages of every file are dropped (POSIX_FADV_DONTNEED); root also
 * drops all dentries and inodes (drop_caches).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/time.h"
#include "sys/cpu.h"
#include "sys/fd.h"
#include "sys/pool.h"
#include "tree/discover.h"
#include "tree/reader.h"

#define MAX_ROUNDS 99

enum { WARM, COLD, N_TEMPERATURES };
static const enum sq_reader_mode modes[] = { SQ_READER_PLAIN, SQ_READER_URING };
#define N_MODES SQ_ARRAY_SIZE(modes)

struct compare {
	int root_fd;
	struct sq_pool *pool;
	struct sq_reader **readers;     /* one a worker and mode */
	struct sq_discovery *tree;
	struct sq_slice *paths;
	unsigned n_rounds;
	uint64_t times[N_TEMPERATURES][N_MODES][MAX_ROUNDS];
	/* of the run in progress */
	enum sq_reader_mode mode;
	size_t next;
	uint64_t n_files, n_bytes, sum;
};

static size_t next_index(void *arg)
{
	struct compare *c = arg;
	/* no order: the counter alone is shared */
	size_t i = sq_add_relaxed(&c->next, 1);

	return i < c->tree->n_files ? i : SIZE_MAX;
}

struct tally {
	uint64_t n_files, n_bytes, sum;
};

/* touch every byte, as a parser would: what was copied is in the cache of this CPU */
static int count(void *arg, const struct sq_read_result *res)
{
	struct tally *t = arg;

	if (res->skip)
		return 0;
	t->n_files++;
	t->n_bytes += res->bytes.n;
	for (size_t i = 0; i < res->bytes.n; i += 64)
		t->sum += (unsigned char)res->bytes.p[i];
	return 0;
}

static int work(void *arg, unsigned worker)
{
	struct compare *c = arg;
	struct sq_reader **r = &c->readers[worker * N_MODES + c->mode];
	struct tally t = { 0 };
	int k = 0;

	/* a worker keeps its reader */
	if (!*r)
		k = sq_reader_new(c->mode, 0, r);
	if (!k)
		k = sq_reader_run(*r, c->root_fd, c->paths, next_index, c, count, &t);
	/* no order: read after the workers have returned */
	(void)sq_add_relaxed(&c->n_files, t.n_files);
	(void)sq_add_relaxed(&c->n_bytes, t.n_bytes);
	(void)sq_add_relaxed(&c->sum, t.sum);
	return k;
}

static int read_tree(struct compare *c, enum sq_reader_mode mode, uint64_t *ret_ns)
{
	uint64_t start = sq_now_ns();
	int r;

	c->mode = mode;
	c->next = c->n_files = c->n_bytes = c->sum = 0;
	r = sq_pool_run(c->pool, work, c);
	*ret_ns = sq_now_ns() - start;
	return r;
}

/* Return: 1 when dentries and inodes went too; 0 when only pages did */
static int make_cold(struct compare *c)
{
	_cleanup_(sq_fd_closep) int drop = -1;

	for (size_t i = 0; i < c->tree->n_files; i++) {
		_cleanup_(sq_fd_closep) int fd = -1;
		char path[4096];

		snprintf(path, sizeof(path), "%.*s", (int)c->paths[i].n, c->paths[i].p);
		fd = openat(c->root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0)
			(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	return drop >= 0 && write(drop, "3", 1) == 1;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void print_results(struct compare *c, bool fully_cold)
{
	static const char *const names[] = { "warm", "cold" };

	printf("%-5s %-9s %10s %12s %9s %10s\n", "cache", "reader", "seconds", "files/s", "MB/s", "of plain");
	for (int t = 0; t < N_TEMPERATURES; t++) {
		double plain = 0;

		for (size_t m = 0; m < N_MODES; m++) {
			double s;

			qsort(c->times[t][m], c->n_rounds, sizeof(uint64_t), compare_times);
			s = (double)c->times[t][m][c->n_rounds / 2] / 1e9;
			if (!m)
				plain = s;
			printf("%-5s %-9s %10.3f %12.0f %9.1f %9.2fx\n", names[t],
			       sq_reader_mode_name(modes[m]), s, (double)c->n_files / s,
			       (double)c->n_bytes / 1e6 / s, s / plain);
		}
	}
	printf("cold: %s\n", fully_cold ? "pages, dentries and inodes dropped" :
					  "pages dropped, dentries and inodes kept (not root)");
}

static int run_rounds(struct compare *c)
{
	bool fully_cold = false;
	uint64_t sum = 0, ns;
	int r;

	/* the first run of each warms the cache and opens the rings */
	r = read_tree(c, SQ_READER_PLAIN, &ns);
	if (!r)
		r = read_tree(c, SQ_READER_URING, &ns);
	for (unsigned k = 0; k < c->n_rounds && !r; k++) {
		for (size_t m = 0; m < N_MODES && !r; m++)
			r = read_tree(c, modes[m], &c->times[WARM][m][k]);
	}
	sum = c->sum;
	for (unsigned k = 0; k < c->n_rounds && !r; k++) {
		for (size_t m = 0; m < N_MODES && !r; m++) {
			fully_cold = make_cold(c);
			r = read_tree(c, modes[m], &c->times[COLD][m][k]);
			if (!r && c->sum != sum) {
				fprintf(stderr, "reader-compare: the tree changed, or a reader is wrong\n");
				return -EIO;
			}
		}
	}
	if (r < 0)
		return r;
	printf("%" PRIu64 " files, %.1f MB, %u workers, median of %u rounds\n", c->n_files,
	       (double)c->n_bytes / 1e6, sq_pool_parallel(c->pool)->n_workers, c->n_rounds);
	print_results(c, fully_cold);
	return 0;
}

static bool want_c(struct sq_slice path)
{
	return sq_slice_has_suffix(path, SQ_LIT(".c")) || sq_slice_has_suffix(path, SQ_LIT(".h"));
}

static int compare_dir(struct compare *c, const char *dir, bool all)
{
	const struct sq_discover_opts opts = { .want = all ? NULL : want_c, .below = SQ_LIT("") };
	const struct sq_ignore_config cfg = { .use_gitignore = true, .needs_work_tree = true };
	uint64_t start, ns[2];
	int r = 0;

	c->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return -errno;
	for (int i = 0; i < 2 && !r; i++) {
		c->tree = sq_discovery_free(c->tree);
		start = sq_now_ns();
		r = sq_discover(c->root_fd, &cfg, &opts, sq_pool_parallel(c->pool), &c->tree);
		ns[i] = sq_now_ns() - start;
	}
	if (r < 0)
		return r;
	printf("walk: %zu files in %zu directories, %.3f s, again %.3f s\n", c->tree->n_files,
	       c->tree->n_dirs, (double)ns[0] / 1e9, (double)ns[1] / 1e9);
	c->paths = sq_calloc(c->tree->n_files + 1, sizeof(*c->paths));
	if (!c->paths)
		return -ENOMEM;
	for (size_t i = 0; i < c->tree->n_files; i++)
		c->paths[i] = c->tree->files[i].path;
	return run_rounds(c);
}

static int usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: reader-compare [-a] [-j WORKERS] [-n ROUNDS] DIR\n"
		"Reads the .c and .h files (-a: all files) below DIR plainly and through io_uring.\n");
	return status;
}

int main(int argc, char **argv)
{
	static struct compare c = { .root_fd = -1, .n_rounds = 5 };
	unsigned n_workers = sq_cpu_count();
	const char *why = NULL;
	bool all = false;
	int opt, r;

	while ((opt = getopt(argc, argv, "aj:n:h")) != -1) {
		switch (opt) {
		case 'a':
			all = true;
			break;
		case 'j':
			n_workers = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			c.n_rounds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			return usage(opt == 'h' ? 0 : 2);
		}
	}
	if (optind + 1 != argc || !n_workers || !c.n_rounds || c.n_rounds > MAX_ROUNDS)
		return usage(2);
	if (sq_reader_probe(&why) != SQ_READER_URING)
		printf("io_uring is not used: %s\n", why);
	r = sq_pool_new(n_workers, "read", false, &c.pool);
	c.readers = sq_calloc(n_workers * N_MODES, sizeof(*c.readers));
	if (!r)
		r = c.readers ? compare_dir(&c, argv[optind], all) : -ENOMEM;
	if (r < 0)
		fprintf(stderr, "reader-compare: %s: %s\n", argv[optind], strerror(-r));
	for (unsigned i = 0; c.readers && i < n_workers * N_MODES; i++)
		sq_reader_free(c.readers[i]);
	sq_free(c.readers);
	sq_free(c.paths);
	sq_discovery_free(c.tree);
	sq_pool_free(c.pool);
	(void)sq_fd_close(c.root_fd);
	return r < 0 ? 1 : 0;
}
