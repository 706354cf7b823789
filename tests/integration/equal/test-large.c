/* SPDX-License-Identifier: MIT */
/*
 * test-large [--tree DIR] [--edits N] [--interval N] [--seed S] [--memory MB] —
 * the real daemon follows edits of a copy of DIR; after every interval its
 * canonical dump is compared with that of a second daemon, which has one worker
 * and no past. Without --tree: the sources of sqryd. Environment: SQ_LARGE_TREE,
 * SQ_LARGE_EDITS.
 *
 * A difference is shown with the edits since the last comparison; --interval 1
 * with the same seed then finds the edit.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rig.h"
#include "base/time.h"
#include "treeedit.h"

struct options {
	const char *tree;
	unsigned edits, interval, memory_mb;
	uint64_t seed;
};
static struct options o = { .edits = 60, .interval = 20, .seed = 1, .memory_mb = 4000 };

/* the command line client, at the daemon of @r */
static void ask(struct rig *r, char *answer, size_t cap, const char *fmt, ...) SQ_PRINTF(4, 5);
static void ask(struct rig *r, char *answer, size_t cap, const char *fmt, ...)
{
	const char *top = getenv("SQ_TOP_BUILDDIR");
	char words[512], cmd[1024];
	va_list ap;
	size_t n;
	FILE *p;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	snprintf(cmd, sizeof(cmd), "%s/src/cli/sqry %s --socket '%s'", top ? top : ".", words, r->sock);
	p = popen(cmd, "re");
	ck_assert_ptr_nonnull(p);
	n = fread(answer, 1, cap - 1, p);
	answer[n] = '\0';
	ck_assert_msg(!pclose(p), "%s failed", cmd);
}

static void sync_tree(struct rig *r)
{
	char answer[4096];

	ask(r, answer, sizeof(answer), "daemon sync '%s' --timeout 600", r->tree);
}

static void hash_of(struct rig *r, char *hash, size_t cap)
{
	ask(r, hash, cap, "graph dump --canonical --hash '%s'", r->tree);
	hash[strcspn(hash, "\n")] = '\0';
	ck_assert_uint_gt(strlen(hash), 0);
}

static void show_difference(struct rig *a, struct rig *b)
{
	char answer[4096], cmd[1024];

	ask(a, answer, sizeof(answer), "graph dump --canonical '%s' >'%s/incremental'", a->tree, a->dir);
	ask(b, answer, sizeof(answer), "graph dump --canonical '%s' >'%s/clean'", a->tree, a->dir);
	snprintf(cmd, sizeof(cmd), "cd '%s' && diff incremental clean | head -n 40", a->dir);
	fflush(stdout);
	if (system(cmd) < 0)
		perror("diff");
}

static bool compare(struct rig *r, unsigned step)
{
	char config[96], is[4096], clean[4096];
	struct rig second;
	bool equal;

	snprintf(config, sizeof(config), "workers = 1\ntool_timeout_secs = 3600\nturn_budget_secs = 0\nmemory_limit_mb = %u\n", o.memory_mb);
	rig_init(&second, config);
	strcpy(second.tree, r->tree);
	rig_start(&second);
	ask(&second, clean, sizeof(clean), "index '%s'", second.tree);
	hash_of(&second, clean, sizeof(clean));
	hash_of(r, is, sizeof(is));
	equal = !strcmp(is, clean);
	printf("after %u edits: %s %s\n", step, is, equal ? "equal" : "DIFFERENT");
	if (!equal)
		show_difference(r, &second);
	ck_assert_int_eq(rig_stop(&second), 0);
	rig_deinit(&second);
	return equal;
}

static void copy_tree(struct rig *r)
{
	const char *top = getenv("SQ_TOP_SRCDIR");
	char cmd[1024];

	if (o.tree)
		snprintf(cmd, sizeof(cmd), "cp -r --reflink=auto '%s/.' '%s'", o.tree, r->tree);
	else
		snprintf(cmd, sizeof(cmd), "cd '%s' && cp -r --no-preserve=mode src include tests '%s'",
			 top ? top : ".", r->tree);
	ck_assert_int_eq(system(cmd), 0);
}

START_TEST(equal_after_edits)
{
	char config[96], answer[4096];
	uint64_t start = sq_now_ns();
	bool equal = true;
	struct treeedit t;
	struct rig r;
	int error;

	snprintf(config, sizeof(config), "tool_timeout_secs = 3600\nturn_budget_secs = 0\nmemory_limit_mb = %u\n", o.memory_mb);
	rig_init(&r, config);
	copy_tree(&r);
	rig_start(&r);
	ask(&r, answer, sizeof(answer), "index '%s'", r.tree);
	printf("%s", answer);
	error = treeedit_init(&t, r.tree, o.seed);
	ck_assert_msg(!error, "%s: %s", r.tree, strerror(-error));
	for (unsigned step = 1; step <= o.edits && equal; step++) {
		error = treeedit_step(&t);
		ck_assert_msg(!error, "edit %u, %s: %s", step, t.what, strerror(-error));
		printf("%u: %s\n", step, t.what);
		/* one in four comes together with the next */
		if (textedit_below(&t.ed, 4) || step % o.interval == 0 || step == o.edits)
			sync_tree(&r);
		if (step % o.interval == 0 || step == o.edits)
			equal = compare(&r, step);
	}
	printf("%s: %u edits, seed %llu, %zu sources, %.0f s\n", equal ? "PASS" : "FAIL", o.edits,
	       (unsigned long long)o.seed, t.n_paths, (double)(sq_now_ns() - start) / 1e9);
	treeedit_deinit(&t);
	ck_assert_int_eq(rig_stop(&r), 0);
	rig_deinit(&r);
	ck_assert(equal);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, equal_after_edits);
}

static int parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "tree", 1, 0, 't' }, { "edits", 1, 0, 'n' }, { "interval", 1, 0, 'i' },
		{ "seed", 1, 0, 's' }, { "memory", 1, 0, 'm' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 't':
			o.tree = optarg;
			break;
		case 'n':
			o.edits = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'i':
			o.interval = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			o.seed = strtoull(optarg, NULL, 10);
			break;
		case 'm':
			o.memory_mb = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			return -1;
		}
	return optind == argc && o.interval && o.edits ? 0 : -1;
}

int main(int argc, char **argv)
{
	const char *tree = getenv("SQ_LARGE_TREE"), *edits = getenv("SQ_LARGE_EDITS");

	o.tree = tree && *tree ? tree : NULL;
	if (edits) {
		o.edits = (unsigned)atoi(edits);
		o.interval = 50;
	}
	if (parse(argc, argv)) {
		fprintf(stderr, "usage: test-large [--tree DIR] [--edits N] [--interval N] [--seed S] [--memory MB]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* the time limit of a test is for hangs, not for a kernel */
	setenv("CK_FORK", "no", 1);
	return rig_main("equal at size", add);
}
