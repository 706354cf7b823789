/* SPDX-License-Identifier: MIT */
/*
 * latency — how long a client of a running daemon waits.
 *
 *   latency edits DIR FILE [ROUNDS]     four kinds of edit of a C file below DIR:
 *                                       close(2) -> daemon/sync answered, and ->
 *                                       the edit is seen in an answer
 *   latency queries DIR SYMBOL [COUNT]  exact name and direct callers over the socket
 *
 * DIR is loaded first. FILE is edited in place and restored at the end. Every
 * edit is checked: an answer without it is counted as wrong and the exit
 * status is 1. Medians and 99th percentiles in microseconds.
 */
#include <sqry/sqry.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct bench {
	struct sqry_client *client;
	const char *dir, *file;
	char *text;             /* the file as it was */
	size_t n_text;
	unsigned rounds, wrong;
	double *sync_us, *seen_us;
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void report(const char *what, double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
	printf("%-44s n=%-6u p50 %9.1f us   p99 %9.1f us   max %9.1f us\n", what, n, v[n / 2],
	       v[(n * 99) / 100 >= n ? n - 1 : (n * 99) / 100], v[n - 1]);
}

static struct sqry_reply *call(struct bench *b, const char *method, const char *params)
{
	struct sqry_failure why;
	struct sqry_reply *reply = NULL;
	int r = sqry_call(b->client, method, params, -1, &reply, &why);

	if (r) {
		fprintf(stderr, "latency: %s: %s\n", method, why.message);
		exit(1);
	}
	return reply;
}

static void call_path(struct bench *b, const char *method, const char *key)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, key, b->dir);
	sqry_reply_free(call(b, method, sqry_params_json(p)));
	sqry_params_free(p);
}

/* number of definitions of a name */
static long count_of(struct bench *b, const char *name)
{
	struct sqry_params *p = sqry_params_new();
	struct sqry_reply *reply;
	long n;

	sqry_params_string(p, "search_path", b->dir);
	sqry_params_string(p, "pattern", name);
	sqry_params_string(p, "mode", "exact");
	reply = call(b, "daemon/search", sqry_params_json(p));
	n = (long)sqry_value_int(sqry_value_get(sqry_reply_result(reply), "total"), -1);
	sqry_reply_free(reply);
	sqry_params_free(p);
	return n;
}

static void write_file(const struct bench *b, const char *tail)
{
	int fd = open(b->file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write(fd, b->text, b->n_text) != (ssize_t)b->n_text ||
	    write(fd, tail, strlen(tail)) != (ssize_t)strlen(tail)) {
		perror(b->file);
		exit(1);
	}
	close(fd);
}

/* what each kind of edit appends, and the name that must be there afterwards */
static void edit_text(unsigned kind, unsigned round, char *tail, size_t cap, char *name, size_t name_cap)
{
	unsigned id = kind == 0 ? 0 : round;

	snprintf(name, name_cap, kind == 1 ? "sqryd_latency_mentioned" : "sqryd_latency_%u_%u", kind, id);
	if (kind == 3)
		snprintf(tail, cap, "\n#include <linux/sqryd_%u.h>\nint %s(int a) { return a; }\n", round, name);
	else
		snprintf(tail, cap, "\nint %s(int a) { return a + %u; }\n", name, kind == 1 ? 1 : round);
}

static void one_edit(struct bench *b, unsigned kind, unsigned round)
{
	char tail[256], name[96];
	double start;

	edit_text(kind, round, tail, sizeof(tail), name, sizeof(name));
	if (kind == 1) {                /* the function goes away first: others go on mentioning it */
		write_file(b, "");
		call_path(b, "daemon/sync", "path");
		if (count_of(b, name))
			b->wrong++;
	}
	write_file(b, tail);
	start = now_us();
	call_path(b, "daemon/sync", "path");
	b->sync_us[round] = now_us() - start;
	if (count_of(b, name) != 1)
		b->wrong++;
	b->seen_us[round] = now_us() - start;
}

/* a second file that mentions the function which kind 1 adds */
static void mention(struct bench *b, bool there)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/sqryd_latency_mention.c", b->dir);
	if (!there) {
		unlink(path);
		return;
	}
	f = fopen(path, "we");
	if (!f) {
		perror(path);
		exit(1);
	}
	fputs("int sqryd_latency_mentioned(int);\nint sqryd_latency_user(void)\n{\n"
	      "\treturn sqryd_latency_mentioned(1);\n}\n", f);
	fclose(f);
}

static int run_edits(struct bench *b)
{
	static const char *const kinds[] = { "body change", "new function that another file mentions",
					     "rename of a function", "include added" };
	char what[96];

	mention(b, true);
	for (unsigned kind = 0; kind < 4; kind++) {
		for (unsigned i = 0; i < b->rounds; i++)
			one_edit(b, kind, i);
		snprintf(what, sizeof(what), "%s: sync", kinds[kind]);
		report(what, b->sync_us, b->rounds);
		snprintf(what, sizeof(what), "%s: seen", kinds[kind]);
		report(what, b->seen_us, b->rounds);
	}
	mention(b, false);
	write_file(b, "");
	call_path(b, "daemon/sync", "path");
	printf("wrong answers: %u\n", b->wrong);
	return b->wrong != 0;
}

static int run_queries(struct bench *b, const char *symbol)
{
	struct sqry_params *exact = sqry_params_new(), *callers = sqry_params_new();

	sqry_params_string(exact, "search_path", b->dir);
	sqry_params_string(exact, "pattern", symbol);
	sqry_params_string(exact, "mode", "exact");
	sqry_params_string(callers, "path", b->dir);
	sqry_params_string(callers, "symbol", symbol);
	for (unsigned pass = 0; pass < 2; pass++) {
		const char *method = pass ? "direct_callers" : "daemon/search";
		const char *params = sqry_params_json(pass ? callers : exact);

		for (unsigned i = 0; i < b->rounds; i++) {
			double start = now_us();
			struct sqry_reply *reply = call(b, method, params);

			b->sync_us[i] = now_us() - start;
			sqry_reply_free(reply);
		}
		report(pass ? "direct callers" : "exact name", b->sync_us, b->rounds);
	}
	sqry_params_free(exact);
	sqry_params_free(callers);
	return 0;
}

static void read_file(struct bench *b)
{
	struct stat st;
	int fd = open(b->file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st)) {
		perror(b->file);
		exit(1);
	}
	b->n_text = (size_t)st.st_size;
	b->text = malloc(b->n_text + 1);
	if (!b->text || read(fd, b->text, b->n_text) != (ssize_t)b->n_text) {
		perror(b->file);
		exit(1);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct bench b = { .wrong = 0 };
	struct sqry_options options = SQRY_OPTIONS_INIT;
	struct sqry_failure why;
	char dir[PATH_MAX], file[2 * PATH_MAX];
	bool edits = argc > 3 && !strcmp(argv[1], "edits");
	int r;

	if (argc < 4 || (!edits && strcmp(argv[1], "queries")) || !realpath(argv[2], dir)) {
		fprintf(stderr, "usage: latency edits DIR FILE [ROUNDS] | latency queries DIR SYMBOL [COUNT]\n");
		return 2;
	}
	snprintf(file, sizeof(file), "%s/%s", dir, argv[3]);
	b.dir = dir;
	b.file = file;
	b.rounds = argc > 4 ? (unsigned)atoi(argv[4]) : edits ? 50 : 10000;
	b.sync_us = calloc(b.rounds + 1, sizeof(double));
	b.seen_us = calloc(b.rounds + 1, sizeof(double));
	if (!b.rounds || !b.sync_us || !b.seen_us)
		return 2;
	if (sqry_connect(&options, &b.client, &why)) {
		fprintf(stderr, "latency: %s\n", why.message);
		return 1;
	}
	call_path(&b, "daemon/load", "index_root");
	if (edits)
		read_file(&b);
	r = edits ? run_edits(&b) : run_queries(&b, argv[3]);
	sqry_client_free(b.client);
	free(b.text);
	free(b.sync_us);
	free(b.seen_us);
	return r;
}
