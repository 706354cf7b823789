/* SPDX-License-Identifier: MIT */
/*
 * The model of test-equal on a running daemon: after a step or some of a random
 * program on disk, one daemon/sync, and the canonical dump is compared with that
 * of a clean build of the same files in this process. Nine languages under
 * sweeps (T0), directory marks (T1) and a filesystem mark (T2).
 *
 * Environment: SQ_LIVE_STEPS a language and tier, SQ_TEST_SEED, SQ_LIVE_LANG.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../rig.h"
#include "base/time.h"
#include "graph/dump.h"
#include "model.h"
#include "treegraph.h"

#define STEPS 60u
#define TOGETHER 4u           /* one step in so many shares the sync of the next */

static const struct tier {
	const char *config, *name;     /* name: as status has it */
} tiers[] = {
	{ "none", "none" }, { "directory", "directory marks" }, { "filesystem", "filesystem mark" },
};
static struct rig rig;
static struct rig_conn conn;
static struct treegraph clean;
static unsigned n_steps = STEPS;
static uint64_t seed = 1;
static int only = -1;

static struct sq_json_doc *ask_root(const char *method, const char *key, const char *root, const char *more)
{
	struct sq_json_doc *d = rig_ask(&conn, method, "{\"%s\":\"%s\"%s}", key, root, more);

	ck_assert_msg(d && !rig_error(d), "%s: error %d", method, d ? rig_error(d) : 0);
	return d;
}

static void do_root(const char *method, const char *key, const char *root)
{
	sq_json_doc_free(ask_root(method, key, root, ""));
}

/* Return: false when that tier can't be had here */
static bool expect_tier(const struct tier *t, const char *root)
{
	struct sq_json_doc *d = rig_ask(&conn, "daemon/status", "{}");
	struct sq_slice is = sq_json_string(sq_json_get(rig_workspace(d, root), "watch_mechanism"));
	bool equal = sq_slice_is(is, t->name);

	if (!equal)
		printf("SKIP: %s: the tier here is %.*s\n", t->name, (int)is.n, is.p ? is.p : "");
	sq_json_doc_free(d);
	return equal;
}

static void daemons_text(const char *root, struct sq_buf *out)
{
	struct sq_json_doc *d = ask_root("daemon/dump", "path", root, "");

	for (;;) {
		struct sq_slice next = sq_json_string(sq_json_get(rig_result(d), "next_cursor"));
		struct sq_slice part = sq_json_string(sq_json_get(rig_result(d), "text"));
		char more[96];

		sq_buf_add_slice(out, part);
		if (!next.n)
			break;
		snprintf(more, sizeof(more), ",\"cursor\":\"%.*s\"", (int)next.n, next.p);
		sq_json_doc_free(d);
		d = ask_root("daemon/dump", "path", root, more);
	}
	sq_json_doc_free(d);
}

static void fail_with_texts(const struct model *m, unsigned step)
{
	struct sq_buf is = SQ_BUF_NULL, must = SQ_BUF_NULL;

	daemons_text(m->root, &is);
	ck_assert_int_eq(treegraph_dump(&clean, &must), 0);
	treegraph_show_difference(sq_buf_slice(&is), sq_buf_slice(&must));
	sq_buf_deinit(&is);
	sq_buf_deinit(&must);
	ck_abort_msg("%s, seed %llu, step %u: %s", sq_lang_name(m->lang), (unsigned long long)seed, step, m->what);
}

static void compare(const struct model *m, unsigned step)
{
	struct sq_json_doc *d;
	char hex[33];

	do_root("daemon/sync", "path", m->root);
	d = ask_root("daemon/dump", "path", m->root, ",\"hash\":true");
	ck_assert_int_eq(treegraph_update(&clean, m->root, true), 0);
	ck_assert_int_eq(sq_dump_hash(treegraph_version(&clean), hex), 0);
	if (!sq_slice_is(sq_json_string(sq_json_get(rig_result(d), "hash")), hex))
		fail_with_texts(m, step);
	sq_json_doc_free(d);
}

/* Return: false when the tier can't be had */
static bool run_language(const struct tier *t, enum sq_lang lang)
{
	uint64_t start = sq_now_ns();
	unsigned n_compared = 0;
	struct model m;
	char root[96], git[104];

	snprintf(root, sizeof(root), "%s/%s", rig.tree, sq_lang_name(lang));
	ck_assert_int_eq(mkdir(root, 0755), 0);
	/* a work tree, in which the daemon minds a .gitignore */
	snprintf(git, sizeof(git), "%s/.git", root);
	ck_assert_int_eq(mkdir(git, 0755), 0);
	model_init(&m, lang, root, seed);
	do_root("daemon/load", "index_root", root);
	if (!expect_tier(t, root))
		return false;
	compare(&m, 0);
	for (unsigned step = 1; step <= n_steps; step++) {
		m.save = (uint8_t)model_random(&m, MODEL_SAVES);
		model_step(&m);
		if (!model_random(&m, TOGETHER) && step < n_steps)
			continue;
		compare(&m, step);
		n_compared++;
	}
	do_root("daemon/unload", "index_root", root);
	printf("%s, %s: %u steps, %u comparisons, equal, seed %llu, %.1f s\n", t->name, sq_lang_name(lang), n_steps,
	       n_compared, (unsigned long long)seed, (double)(sq_now_ns() - start) / 1e9);
	fflush(stdout);
	return true;
}

static int64_t kept_trees(const char *key)
{
	struct sq_json_doc *d = rig_ask(&conn, "daemon/status", "{}");
	int64_t n = sq_json_int(sq_json_get(sq_json_get(rig_result(d), "kept_trees"), key), -1);

	sq_json_doc_free(d);
	return n;
}

START_TEST(equal_after_every_sync)
{
	const struct tier *t = &tiers[_i];
	bool has_tier = true;
	char config[64];

	snprintf(config, sizeof(config), "[watch]\ntier = %s", t->config);
	rig_init(&rig, config);
	rig_start(&rig);
	rig_connect(&rig, &conn);
	ck_assert_int_eq(treegraph_init(&clean), 0);
	for (int lang = SQ_LANG_C; lang <= SQ_LANG_JAVA && has_tier; lang++)
		if (only < 0 || only == lang)
			has_tier = run_language(t, (enum sq_lang)lang);
	ck_assert_int_eq(kept_trees("differing_total"), 0);
	ck_assert(!has_tier || kept_trees("reused_total") > 0);
	treegraph_deinit(&clean);
	rig_close(&conn);
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}
END_TEST

static void add(TCase *tc)
{
	/* the limit is for hangs; the long form takes minutes */
	tcase_set_timeout(tc, 60 + n_steps * 9 / 10);
	tcase_add_loop_test(tc, equal_after_every_sync, 0, (int)SQ_ARRAY_SIZE(tiers));
}

int main(void)
{
	const char *steps = getenv("SQ_LIVE_STEPS"), *from = getenv("SQ_TEST_SEED"), *lang = getenv("SQ_LIVE_LANG");

	if (steps)
		n_steps = (unsigned)atoi(steps);
	if (from)
		seed = strtoull(from, NULL, 10);
	if (lang)
		only = sq_lang_parse(lang);
	return rig_main("equal, live", add);
}
