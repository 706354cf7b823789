/* SPDX-License-Identifier: MIT */
/*
 * test-equal — an incremental graph is byte-identical to a clean build.
 *
 *   test-equal [--lang L] [--seed N] [--steps N] [--disable TRIGGER] [--clean DIR]
 *
 * For every language: a random program on disk, changed step by step; after
 * each step the graph that was carried along is compared, as canonical dump,
 * with one built from nothing. With --disable one re-link trigger is switched
 * off and the run must find a difference (exit 0 when it does). --clean prints
 * the dump of a directory: every 100 steps the comparison is with that of a
 * new process.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "graph/relink.h"
#include "model.h"
#include "treegraph.h"

#define NEW_PROCESS_EVERY 100u
#define CONFIGURE_EVERY 37u     /* steps between two changes of the daemon's configuration */

struct options {
	int lang;
	uint64_t seed;
	unsigned steps, disabled;
	const char *clean, *self;
	uint8_t link_flags;             /* of --clean */
};

static int print_clean(const char *dir, uint8_t link_flags)
{
	struct sq_buf text = SQ_BUF_NULL;
	int r = treegraph_clean_dump(dir, link_flags, &text);

	if (r < 0)
		fprintf(stderr, "test-equal: %s: %s\n", dir, strerror(-r));
	else
		fwrite(text.n ? text.p : "", 1, text.n, stdout);
	sq_buf_deinit(&text);
	return r ? 1 : 0;
}

static int dump_of_new_process(const struct options *o, const char *dir, uint8_t link_flags,
			       struct sq_buf *out)
{
	char cmd[1024], buf[65536];
	size_t n;
	FILE *p;

	snprintf(cmd, sizeof(cmd), "'%s' --clean '%s' --link-flags %u", o->self, dir, link_flags);
	p = popen(cmd, "r");
	if (!p)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), p)) > 0)
		sq_buf_add(out, buf, n);
	return pclose(p) ? -EIO : sq_buf_error(out);
}

/* the graph that was carried along, and one built from nothing */
/* Return: 1 equal, 0 different, <0 */
static int compare(const struct options *o, const struct treegraph *t, const char *dir, unsigned step)
{
	struct sq_buf a = SQ_BUF_NULL, b = SQ_BUF_NULL;
	int r = treegraph_dump(t, &a);

	if (!r)
		r = step % NEW_PROCESS_EVERY ? treegraph_clean_dump(dir, t->link_flags, &b) :
					       dump_of_new_process(o, dir, t->link_flags, &b);
	if (!r) {
		r = a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
		if (!r && !o->disabled)
			treegraph_show_difference(sq_buf_slice(&a), sq_buf_slice(&b));
	}
	sq_buf_deinit(&a);
	sq_buf_deinit(&b);
	return r;
}

static void remove_tree(const char *dir)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd))
		fprintf(stderr, "test-equal: cannot remove %s\n", dir);
}

/* Return: steps that were equal; steps < o->steps: the next one differed; <0 error */
static long run(const struct options *o, enum sq_lang lang, struct model *m, const char *dir)
{
	struct treegraph t;
	const char *what = NULL;
	unsigned step = 0;
	int r = treegraph_init(&t);

	if (!r)
		r = treegraph_spread(&t);
	t.disabled = o->disabled;
	model_init(m, lang, dir, o->seed);
	for (; !r && step <= o->steps; step++) {
		if (step)
			model_step(m);
		if (step % CONFIGURE_EVERY == CONFIGURE_EVERY - 1)
			t.link_flags ^= SQ_LINKF_NO_DUCK;
		r = treegraph_update(&t, dir, false);
		if (!r && !o->disabled)
			r = sq_version_check(treegraph_version(&t), &what);
		if (r < 0)
			break;
		r = compare(o, &t, dir, step);
		if (r <= 0)
			break;
		r = 0;
	}
	if (r < 0)
		printf("%s\n", what ? what : strerror(-r));
	treegraph_deinit(&t);
	return r < 0 ? r : (long)step;
}

static int test_lang(const struct options *o, enum sq_lang lang)
{
	char dir[] = "/tmp/sqryd-equal-XXXXXX";
	uint64_t start = sq_now_ns();
	struct model m;
	long steps;

	if (!mkdtemp(dir)) {
		perror("mkdtemp");
		return 1;
	}
	steps = run(o, lang, &m, dir);
	if (o->disabled) {
		remove_tree(dir);
		return steps < 0 ? -1 : steps <= (long)o->steps;
	}
	if (steps <= (long)o->steps) {
		printf("FAIL %s seed %llu step %ld: %s (tree kept in %s)\n", sq_lang_name(lang),
		       (unsigned long long)o->seed, steps, m.what, dir);
		return 1;
	}
	printf("PASS %s: %ld steps equal, seed %llu, %.1f s\n", sq_lang_name(lang), steps - 1,
	       (unsigned long long)o->seed, (double)(sq_now_ns() - start) / 1e9);
	remove_tree(dir);
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "lang", 1, 0, 'l' }, { "seed", 1, 0, 's' }, { "steps", 1, 0, 'n' },
		{ "disable", 1, 0, 'd' }, { "clean", 1, 0, 'c' }, { "link-flags", 1, 0, 'f' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'l':
			o->lang = sq_lang_parse(optarg);
			if (o->lang < 0)
				return -1;
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			o->steps = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			for (unsigned t = 0; t < SQ_TRIGGER_MAX; t++)
				if (!strcmp(optarg, sq_trigger_name(t)))
					o->disabled = 1u << t;
			if (!o->disabled)
				return -1;
			break;
		case 'c':
			o->clean = optarg;
			break;
		case 'f':
			o->link_flags = (uint8_t)atoi(optarg);
			break;
		default:
			return -1;
		}
	return 0;
}

int main(int argc, char **argv)
{
	const char *env = getenv("SQ_EQUAL_STEPS");
	struct options o = { .lang = -1, .seed = 1, .steps = env ? (unsigned)atoi(env) : 150 };
	int failed = 0, found = 0;
	char self[512] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || parse(argc, argv, &o)) {
		fprintf(stderr, "usage: test-equal [--lang L] [--seed N] [--steps N] [--disable TRIGGER] [--clean DIR]\n");
		return 2;
	}
	o.self = self;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (o.clean)
		return print_clean(o.clean, o.link_flags);
	for (int lang = SQ_LANG_C; lang <= SQ_LANG_JAVA; lang++) {
		int r;

		if (o.lang >= 0 && o.lang != lang)
			continue;
		r = test_lang(&o, (enum sq_lang)lang);
		if (r < 0)
			return 1;
		failed |= r;
		found += r;
	}
	if (!o.disabled)
		return failed;
	printf("trigger switched off: %d language(s) differ\n", found);
	return found ? 0 : 1;
}
