/* SPDX-License-Identifier: MIT */
#include "watch-rig.h"
#include "../support/suite.h"

static const enum sq_watch_tier tiers[] = { SQ_WATCH_DIRECTORY, SQ_WATCH_FILESYSTEM };

static void open_rig(struct rig *rig, int tier)
{
	struct sq_watch_config cfg = RIG_CONFIG((int)tiers[tier]);
	const char *why = NULL;

	ck_assert_int_eq(rig_open(rig, &cfg, &why), 0);
	rig_sh(rig, "mkdir -p out/g/refs/heads out/conf r/.git/info");
	rig_flush(rig);   /* these are older than what is asked for */
}

static void set_asides(struct rig *rig)
{
	static const char *const dirs[] = { "out/g", "out/g/refs", "out/g/refs/heads", "out/conf", "out/none", "r/.git" };
	static const char *const names[] = { "HEAD", NULL, NULL, "ignore", "x", "packed-refs" };
	struct sq_watch_aside v[SQ_ARRAY_SIZE(dirs)];
	char paths[SQ_ARRAY_SIZE(dirs)][PATH_MAX + 32];

	for (size_t i = 0; i < SQ_ARRAY_SIZE(dirs); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", rig->tree.path, dirs[i]);
		v[i] = (struct sq_watch_aside){ paths[i], names[i], i == 3 ? SQ_ASIDE_RULES : SQ_ASIDE_GIT };
	}
	ck_assert_int_eq(sq_watch_asides(rig->root, v, SQ_ARRAY_SIZE(v)), 0);
}

START_TEST(what_counts)
{
	struct rig rig;

	open_rig(&rig, _i);
	set_asides(&rig);
	rig_ready(&rig);
	rig_expect(&rig, "");
	/* the churn of git's own files */
	rig_sh(&rig, "cd out/g; echo >index.lock; mv index.lock index; echo >FETCH_HEAD; echo >HEAD.lock;"
		     "echo >refs/heads/main.lock; mkdir objects; echo >objects/x; rm HEAD.lock");
	rig_expect(&rig, "");
	rig_sh(&rig, "cd out/g; echo >HEAD.lock; mv HEAD.lock HEAD");
	rig_expect(&rig, " GIT");
	rig_sh(&rig, "cd out/g/refs/heads; mv main.lock main");
	rig_expect(&rig, " GIT");
	rig_sh(&rig, "mkdir out/g/refs/heads/deep");
	rig_expect(&rig, " GIT");
	rig_sh(&rig, "rm out/g/refs/heads/main");
	rig_expect(&rig, " GIT");
	rig_sh(&rig, "echo >r/.git/packed-refs; echo >r/a.c");
	rig_expect(&rig, "a.c GIT");
	rig_sh(&rig, "echo >r/.git/other; echo >out/conf/other");
	rig_expect(&rig, "");
	rig_sh(&rig, "echo >out/conf/ignore");
	rig_expect(&rig, " RULES");
	/* the directory is a node as well: what it says as one is not lost */
	rig_sh(&rig, "echo >r/.git/info/exclude");
	rig_expect(&rig, " RULES");
	rig_close(&rig);
}
END_TEST

START_TEST(replaced)
{
	struct rig rig;

	open_rig(&rig, _i);
	set_asides(&rig);
	/* also while the directories of the root are not known yet */
	rig_sh(&rig, "echo >out/g/HEAD");
	rig_ready(&rig);
	rig_expect(&rig, " GIT");
	set_asides(&rig);
	rig_sh(&rig, "echo >out/g/HEAD");
	rig_expect(&rig, " GIT");
	ck_assert_int_eq(sq_watch_asides(rig.root, NULL, 0), 0);
	rig_sh(&rig, "echo >out/g/HEAD; echo >out/conf/ignore; echo >r/.git/packed-refs");
	rig_expect(&rig, "");
	/* what it is as a node is still watched */
	rig_sh(&rig, "echo 2 >r/.git/info/exclude");
	rig_expect(&rig, " RULES");
	rig_close(&rig);
}
END_TEST

/* two work trees of one repository: the mark on what both watch outlives one of them */
START_TEST(shared)
{
	struct rig rig, other = { .fd = -1 };
	const char *why;

	open_rig(&rig, _i);
	set_asides(&rig);
	rig_ready(&rig);
	rig_sh(&rig, "mkdir out/w");
	other.fd = openat(rig.tree.fd, "out/w", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(other.path, sizeof(other.path), "%.*s/out/w", PATH_MAX - 8, rig.tree.path);
	other.tree = rig.tree;
	pthread_mutex_init(&other.mutex, NULL);
	pthread_cond_init(&other.cond, NULL);
	rig_clear(&other);
	ck_assert_int_eq(sq_watch_add(rig.w, other.path, other.fd, &other, &other.root, &why), 0);
	set_asides(&other);
	rig_ready(&other);
	rig_sh(&rig, "echo >out/g/HEAD");
	rig_expect(&other, " GIT");
	rig_expect(&rig, " GIT");
	/* also the one who has it as a node leaves it to the other */
	sq_watch_remove(SQ_TAKE(rig.root));
	rig_sh(&rig, "echo 2 >out/g/HEAD");
	rig_expect(&other, " GIT");
	rig_sh(&rig, "echo 2 >r/.git/packed-refs");
	rig_expect(&other, " GIT");
	sq_watch_remove(other.root);
	sq_change_set_free(other.all);
	close(other.fd);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch-aside");
	TCase *tc = tcase_create("asides");
	int end = rig_can(SQ_WATCH_FILESYSTEM) ? 2 : 1;

	if (!rig_can(SQ_WATCH_DIRECTORY)) {
		printf("skipped: no fanotify group with names can be made\n");
		return 77;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_counts, 0, end);
	tcase_add_loop_test(tc, replaced, 0, end);
	tcase_add_loop_test(tc, shared, 0, end);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
