/* SPDX-License-Identifier: MIT */
/*
 * replay — main of a fuzz target without libFuzzer: every corpus file as it is,
 * and with each of a few seeded mutations, so that make check looks beyond
 * the files too. Prints what it ran. With --write DIR the inputs are written
 * there, for libFuzzer to start from.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define N_MUTATIONS 200

static unsigned long n_files, n_runs;
static const char *write_to;

static uint64_t next_random(uint64_t *s)
{
	/* xorshift64 of G. Marsaglia */
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* an exact-size copy, so that a sanitizer sees a read past the end */
static void run(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	n_runs++;
}

static void run_mutations(uint8_t *p, size_t n)
{
	uint64_t seed = 0x9e3779b97f4a7c15u ^ n;

	for (int i = 0; i < N_MUTATIONS && n; i++) {
		size_t at = next_random(&seed) % n;
		uint8_t was = p[at];

		switch (next_random(&seed) % 3) {
		case 0:
			run(p, at);
			break;
		case 1:
			p[at] = (uint8_t)next_random(&seed);
			run(p, n);
			p[at] = was;
			break;
		default:
			p[at] = p[next_random(&seed) % n];
			run(p + at / 2, n - at / 2);
			p[at] = was;
		}
	}
}

/* an input of its own in the directory that libFuzzer is given */
static int write_input(const uint8_t *p, size_t n)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%lu", write_to, n_files);
	f = fopen(path, "wbe");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f)) {
		perror(path);
		return -1;
	}
	return 0;
}

/* @head: the first byte, -1 for none */
static int run_file(const char *path, int head)
{
	FILE *f = fopen(path, "rbe");
	size_t n = 0;
	struct stat st;
	uint8_t *p;
	int r = 0;

	if (!f || fstat(fileno(f), &st)) {
		perror(path);
		return -1;
	}
	p = malloc((size_t)st.st_size + 1);
	if (!p)
		abort();
	if (head >= 0)
		p[n++] = (uint8_t)head;
	if (fread(p + n, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		perror(path);
		return -1;
	}
	fclose(f);
	n += (size_t)st.st_size;
	if (write_to) {
		r = write_input(p, n);
	} else {
		run(p, n);
		run_mutations(p, n);
	}
	free(p);
	n_files++;
	return r;
}

static int run_dir(const char *dir, bool is_fixtures)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d) {
		perror(dir);
		return -1;
	}
	while (!r && (e = readdir(d))) {
		char path[4096];
		int head;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (is_fixtures && e->d_type == DT_DIR) {
			r = run_dir(path, true);
			continue;
		}
		head = is_fixtures ? fuzz_fixtures.head(path) : -1;
		if (!is_fixtures || head >= 0)
			r = run_file(path, head);
	}
	closedir(d);
	return r;
}

/* what the sources have for this target; a target needs no corpus beside its fixtures */
static int run_own(const char *name)
{
	const char *top = getenv("SQ_TOP_SRCDIR");
	char dir[4096];
	int r = 0;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".", name ? name + 5 : "");
	if (!fuzz_fixtures.dir || !access(dir, F_OK))
		r = run_dir(dir, false);
	if (r || !fuzz_fixtures.dir)
		return r;
	snprintf(dir, sizeof(dir), "%s/tests/fixtures/%s", top ? top : ".", fuzz_fixtures.dir);
	return run_dir(dir, true);
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz-");
	int r = 0, i = 1;

	/* libtool's wrapper runs lt-fuzz-x from fuzz-x/.libs: the last one */
	while (name && strstr(name + 1, "fuzz-"))
		name = strstr(name + 1, "fuzz-");
	if (argc > 2 && !strcmp(argv[1], "--write")) {
		write_to = argv[2];
		i = 3;
	}
	if (i == argc)
		r = run_own(name);
	for (; !r && i < argc; i++)
		r = run_dir(argv[i], false);
	printf("%s: %lu files, %lu runs\n", name ? name : argv[0], n_files, n_runs);
	return r || !n_files ? EXIT_FAILURE : EXIT_SUCCESS;
}
