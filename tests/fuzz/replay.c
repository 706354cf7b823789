/* SPDX-License-Identifier: MIT */
/*
 * replay — main of a fuzz target without libFuzzer: every corpus file as it is,
 * and with each of a few seeded mutations, so that make check looks beyond
 * the files too. Prints what it ran.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define N_MUTATIONS 200

static unsigned long n_files, n_runs;

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

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	if (!f || fstat(fileno(f), &st)) {
		perror(path);
		return -1;
	}
	p = malloc((size_t)st.st_size + 1);
	if (!p || fread(p, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		perror(path);
		return -1;
	}
	fclose(f);
	run(p, (size_t)st.st_size);
	run_mutations(p, (size_t)st.st_size);
	free(p);
	n_files++;
	return 0;
}

static int run_dir(const char *dir)
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

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		r = run_file(path);
	}
	closedir(d);
	return r;
}

int main(int argc, char **argv)
{
	const char *top = getenv("SQ_TOP_SRCDIR");
	const char *name = strstr(argv[0], "fuzz-");
	char dir[4096];
	int r = 0;

	/* libtool's wrapper runs lt-fuzz-x from fuzz-x/.libs: the last one */
	while (name && strstr(name + 1, "fuzz-"))
		name = strstr(name + 1, "fuzz-");
	for (int i = 1; !r && i < argc; i++)
		r = run_dir(argv[i]);
	if (argc == 1) {
		snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s",
			 top ? top : ".", name ? name + 5 : "");
		r = run_dir(dir);
	}
	printf("%s: %lu files, %lu runs\n", name ? name : argv[0], n_files,
	       n_runs);
	return r || !n_files ? EXIT_FAILURE : EXIT_SUCCESS;
}
