/* SPDX-License-Identifier: MIT */
/*
 * test-shared [--rounds N] [--seed N] [DIR...] — a pass over many files, which
 * works out imports for all of them at once, against one in which every file
 * does so by itself: the same dump. For every language: many model programs side
 * by side, built whole, then changed and brought up to date, so that both kinds
 * of shared passes occur. Each DIR is built whole, both ways; without one, the
 * sources of sqryd and their tests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model.h"
#include "treegraph.h"

#define N_MODELS 36u
#define MIN_SHARED 128u   /* as COMMON_MIN_FILES of the linking pass */

struct options { uint64_t seed; unsigned rounds; };

/* Return: 1 equal, 0 different, <0 */
static int equal(const struct treegraph *a, const struct treegraph *b)
{
	struct sq_buf x = SQ_BUF_NULL, y = SQ_BUF_NULL;
	int r = treegraph_dump(a, &x);

	if (!r)
		r = treegraph_dump(b, &y);
	if (!r)
		r = x.n == y.n && x.n && !memcmp(x.p, y.p, x.n);
	sq_buf_deinit(&x);
	sq_buf_deinit(&y);
	return r;
}

static int build(struct treegraph *shared, struct treegraph *alone, const char *dir)
{
	int r = treegraph_init(shared), q = treegraph_init(alone);

	if (!r)
		r = treegraph_spread(shared);
	alone->links_alone = true;
	if (!r)
		r = q;
	if (!r)
		r = treegraph_update(shared, dir, true);
	if (!r)
		r = treegraph_update(alone, dir, true);
	return r ? r : equal(shared, alone);
}

static int result(const char *what, int r)
{
	if (r == 1)
		return 0;
	printf("FAIL %s: %s\n", what, r ? strerror(-r) : "the dumps differ");
	return 1;
}

static int whole(const char *dir)
{
	struct treegraph shared, alone;
	int r = build(&shared, &alone, dir);

	printf("%s: %llu files linked together and one by one\n", dir,
	       (unsigned long long)shared.report.n_relinked);
	if (r == 1 && shared.report.n_relinked < MIN_SHARED)
		r = -ENOENT;
	treegraph_deinit(&shared);
	treegraph_deinit(&alone);
	return result(dir, r);
}

static int own_sources(void)
{
	static const char *const below[] = { "src", "tests" };
	const char *top = getenv("SQ_TOP_SRCDIR");
	char dir[1024];
	int failed = 0;

	for (unsigned i = 0; i < SQ_ARRAY_SIZE(below); i++) {
		snprintf(dir, sizeof(dir), "%s/%s", top ? top : ".", below[i]);
		failed |= whole(dir);
	}
	return failed;
}

/* ---- model programs ----------------------------------------------------------- */

/* Return: rounds whose update was a shared pass; <0: -errno, or -EILSEQ when the dumps differ */
static int follow(const struct options *o, struct model *models, const char *dir)
{
	struct treegraph shared, alone;
	int r = build(&shared, &alone, dir), n_shared = 0;

	for (unsigned round = 0; r == 1 && round < o->rounds; round++) {
		for (unsigned i = 0; i < N_MODELS; i++)
			model_step(&models[i]);
		r = treegraph_update(&shared, dir, false);
		if (!r)
			r = treegraph_update(&alone, dir, false);
		n_shared += shared.report.n_relinked >= MIN_SHARED;
		if (!r)
			r = equal(&shared, &alone);
	}
	treegraph_deinit(&shared);
	treegraph_deinit(&alone);
	return r < 0 ? r : r ? n_shared : -EILSEQ;
}

static int test_lang(const struct options *o, enum sq_lang lang)
{
	static char roots[N_MODELS][64];
	static struct model models[N_MODELS];
	char dir[] = "/tmp/sqryd-shared-XXXXXX", cmd[64];
	int r;

	if (!mkdtemp(dir))
		return result("mkdtemp", -errno);
	for (unsigned i = 0; i < N_MODELS; i++) {
		snprintf(roots[i], sizeof(roots[i]), "%s/m%u", dir, i);
		if (mkdir(roots[i], 0755))
			return result(roots[i], -errno);
		model_init(&models[i], lang, roots[i], o->seed + i);
	}
	r = follow(o, models, dir);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd))
		printf("cannot remove %s\n", dir);
	if (r == -EILSEQ)
		return result(sq_lang_name(lang), 0);
	if (r < 0)
		return result(sq_lang_name(lang), r);
	printf("%s: equal over %u rounds, %d of them linked together\n", sq_lang_name(lang), o->rounds, r);
	return !r;      /* a test of nothing */
}

int main(int argc, char **argv)
{
	const char *env = getenv("SQ_ROUNDS");
	struct options o = { .seed = 1, .rounds = env ? (unsigned)atoi(env) / 20 : 6 };
	bool has_dir = false;
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "--rounds")) {
			o.rounds = (unsigned)atoi(argv[++i]);
		} else if (i + 1 < argc && !strcmp(argv[i], "--seed")) {
			o.seed = strtoull(argv[++i], NULL, 10);
		} else {
			has_dir = true;
			failed |= whole(argv[i]);
		}
	}
	if (has_dir)
		return failed;
	failed = own_sources();
	for (int lang = SQ_LANG_C; lang <= SQ_LANG_JAVA; lang++)
		failed |= test_lang(&o, (enum sq_lang)lang);
	return failed;
}
