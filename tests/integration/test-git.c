/* SPDX-License-Identifier: MIT */
/*
 * What people do with git, and what each costs: turns, mode, files parsed; and
 * after each the graph is that of a build from nothing. doc/git.md has the same
 * table for readers.
 */
#include "rebuild-rig.h"
#include "suite.h"

/* 30 files that call each other; branches: dev (3 files differ), same (none), topic (50 commits) */
static const char tree[] =
	"git init -qb main r; cd r; git config gc.auto 0; git config advice.detachedHead false; mkdir src;"
	"for i in 0 1 2 3 4 5 6 7 8 9; do for j in a b c; do"
	"  echo \"int f$j$i(void); int g$j$i(void) { return f$j$i(); }\" >src/$j$i.c; done; done;"
	"git add .; git commit -qm 1; git branch same;"
	"git switch -qc dev; echo 'int dev(void);' | tee src/a0.c src/a1.c >src/new.c; git add .; git commit -qm dev;"
	"git switch -qc topic main;"
	"for i in $(seq 50); do echo \"int t$i(void);\" >>src/topic.c; git add .; git commit -qm t$i; done;"
	"git switch -q main; echo 'int main2(void);' >src/b0.c; git commit -qam 2; git branch -q second;"
	"git clone -q --bare . ../bare; git clone -q ../bare ../other 2>/dev/null; cd ../other;"
	"echo 'int pulled(void);' | tee src/c0.c >src/c1.c; git commit -qam pulled; git push -q origin main";

struct scenario {
	const char *name, *script;
	unsigned turns, parsed;
	enum sq_git_class class;       /* of a turn */
};

static const struct scenario scenarios[] = {
	{ "edit one file", "echo 'int e1(void);' >src/a5.c", 1, 1, SQ_GIT_NOISE },
	{ "touch one file", "touch src/a5.c", 1, 0, SQ_GIT_NOISE },
	{ "add", "git add .", 0, 0, 0 },
	{ "commit", "git commit -qm edit", 1, 0, SQ_GIT_TREE_DIVERGED },
	{ "amend the message", "git commit -q --amend -m other", 0, 0, 0 },
	{ "empty commit", "git commit -q --allow-empty -m empty", 0, 0, 0 },
	{ "status, diff, log", "git status >/dev/null; git diff >/dev/null; git log >/dev/null", 0, 0, 0 },
	{ "tag, branch, fetch", "git tag t; git branch b; git branch -D -q b; git fetch -q ../bare dev", 0, 0, 0 },
	{ "gc and pack-refs", "git gc -q; git pack-refs --all", 0, 0, 0 },
	{ "edit and commit at once", "echo 'int e2(void);' >src/a6.c; git commit -qam e2", 1, 1, SQ_GIT_TREE_DIVERGED },
	{ "edit before a stash", "echo 'int e3(void);' >src/a7.c", 1, 1, SQ_GIT_NOISE },
	{ "stash", "git stash -q", 1, 1, SQ_GIT_NOISE },
	{ "stash pop", "git stash pop -q", 1, 1, SQ_GIT_NOISE },
	{ "checkout a file", "git checkout -q src/a7.c", 1, 1, SQ_GIT_NOISE },
	{ "edit, stash, pop at once", "echo 'int e4(void);' >src/a7.c; git stash -q; git stash pop -q", 1, 1, SQ_GIT_NOISE },
	{ "reset --hard", "git reset -q --hard", 1, 1, SQ_GIT_NOISE },
	{ "switch to a branch of the same tree", "git switch -qc here; git switch -q main; git switch -q here", 0, 0, 0 },
	{ "detached checkout of the same commit", "git checkout -q --detach", 0, 0, 0 },
	{ "detached checkout of another commit", "git checkout -q main~2", 1, 1, SQ_GIT_BRANCH_SWITCH },
	{ "back to the branch", "git switch -q main", 1, 1, SQ_GIT_BRANCH_SWITCH },
	{ "checkout a branch: 6 files differ", "git checkout -q dev", 1, 6, SQ_GIT_BRANCH_SWITCH },
	{ "there and back at once", "git checkout -q main; git checkout -q dev", 1, 0, SQ_GIT_NOISE },
	{ "back", "git checkout -q main", 1, 5, SQ_GIT_BRANCH_SWITCH },
	{ "pull, merged", "git pull -q --no-rebase --no-edit ../bare main", 1, 2, SQ_GIT_TREE_DIVERGED },
	{ "reset --soft and commit again", "git reset -q --soft HEAD~1; git commit -q -m again", 0, 0, 0 },
	{ "checkout a topic of 50 commits", "git checkout -q topic", 1, 6, SQ_GIT_BRANCH_SWITCH },
	{ "rebase of 50 commits", "git rebase -q second", 1, 1, SQ_GIT_TREE_DIVERGED },
	{ "bisect, start to end", "git bisect start HEAD HEAD~40 >/dev/null;"
	  "git bisect run sh -c '! grep -q t20 src/topic.c' >/dev/null; git bisect reset >/dev/null 2>&1", 1, 0, SQ_GIT_NOISE },
	{ "bisect, one step", "git bisect start HEAD HEAD~40 >/dev/null", 1, 1, SQ_GIT_BRANCH_SWITCH },
	{ "bisect reset", "git bisect reset >/dev/null 2>&1", 1, 1, SQ_GIT_BRANCH_SWITCH },
	{ "cherry-pick", "git cherry-pick dev >/dev/null", 1, 3, SQ_GIT_TREE_DIVERGED },
	{ "worktree add", "git worktree add -q ../wt -b wt", 0, 0, 0 },
	{ "commit in the other work tree", "cd ../wt; echo 'int wt(void);' >src/a0.c; git commit -qam wt", 0, 0, 0 },
	{ "submodule add", "git -c protocol.file.allow=always submodule --quiet add ../other sub; git commit -qm sub", 1, 30,
	  SQ_GIT_TREE_DIVERGED },
	{ "submodule update", "cd ../other; echo 'int s2(void);' >src/a0.c; git commit -qam s2; cd ../r;"
	  "git -c protocol.file.allow=always submodule --quiet update --remote", 1, 1, SQ_GIT_NOISE },
	{ "index.lock comes and goes", "for i in 1 2 3 4 5; do echo >.git/index.lock; rm .git/index.lock; done", 0, 0, 0 },
};

/* Return: was it what the table says? */
static bool check(struct rig *rig, const struct scenario *s)
{
	struct rig_cost c = rig_do(rig, s->script);
	bool is_right = c.turns == s->turns && c.parsed == s->parsed && (!c.turns || (!c.was_full && c.class == s->class));

	printf("%c %-38s | %u | %-11s | %2u | %s |\n", is_right ? '|' : '!', s->name, (unsigned)c.turns,
	       !c.turns ? "-" : c.was_full ? "full" : "incremental", (unsigned)c.parsed,
	       c.turns ? sq_git_class_name(c.class) : "-");
	rig_expect_clean(rig);
	return is_right;
}

/* WB-10 WB-11 WB-12 WB-21: each scenario is the least work that is right */
START_TEST(table)
{
	struct rig rig;

	unsigned n_wrong = 0;

	rig_init(&rig, "cp -r $GIT_TEST_TREE/. .");
	for (size_t i = 0; i < SQ_ARRAY_SIZE(scenarios); i++)
		n_wrong += !check(&rig, &scenarios[i]);
	ck_assert_uint_eq(n_wrong, 0);
	rig_deinit(&rig);
}
END_TEST

/* a linked work tree as a workspace of its own: its HEAD is elsewhere, its refs in yet another place */
START_TEST(linked_work_tree)
{
	struct rig rig;
	struct rig_cost c;

	rig_init(&rig, "git init -qb main m; cd m; echo 'int a(void);' >a.c; git add .; git commit -qm 1;"
		       "git worktree add -q ../r -b side/branch");
	c = rig_do(&rig, "git commit -q --allow-empty -m 2");
	ck_assert(c.turns == 0 && c.looked == 1);
	c = rig_do(&rig, "echo 'int b(void);' >a.c; git commit -qam 3");
	ck_assert(c.turns == 1 && c.class == SQ_GIT_TREE_DIVERGED);
	/* what the main work tree does is not ours, but it packs our ref */
	c = rig_do(&rig, "cd ../m; echo 'int c(void);' >a.c; git commit -qam m; git pack-refs --all");
	ck_assert(c.turns == 0);
	c = rig_do(&rig, "git switch -qc other/deep/branch; git commit -q --allow-empty -m 4");
	ck_assert(c.turns == 0 && c.looked >= 1);
	c = rig_do(&rig, "git reset -q --hard HEAD~2");
	ck_assert(c.turns == 1 && c.parsed == 1);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* windows that close by themselves, in the middle of what git does */
START_TEST(short_windows)
{
	static const char *const scripts[] = {
		"git checkout -q topic", "git rebase -q second", "git checkout -q dev", "git checkout -q main",
		("git bisect start topic topic~40 >/dev/null; git bisect run sh -c '! grep -q t20 src/topic.c' >/dev/null;"
		"git bisect reset >/dev/null 2>&1"),
	};
	struct rig rig;

	rig_init(&rig, "cp -r $GIT_TEST_TREE/. .");
	sq_workspace_unref(SQ_TAKE(rig.ws));
	sq_rebuild_free(rig.rb);
	rig_start(&rig, 20);
	rig.ws = rig_load_as(&rig, rig.root, 0);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(scripts); i++) {
		(void)rig_do(&rig, scripts[i]);
		ck_assert(!sq_build_of(rig.ws)->last.was_full);
		rig_expect_clean(&rig);
	}
	rig_deinit(&rig);
}
END_TEST

/* made once: it is most of the time */
static struct scratch made;

static void make_tree(void)
{
	scratch_init(&made);
	git_sh(&made, tree);
	setenv("GIT_TEST_TREE", made.path, 1);
}

static void remove_tree(void) { scratch_deinit(&made); }

int main(void)
{
	Suite *s = suite_create("git");
	TCase *tc = tcase_create("git");

	if (!git_is_there() || !getenv("SQRYD_GRAMMAR_DIR")) {
		puts("SKIP: no git command, or no grammars");
		return 77;
	}
	tcase_add_unchecked_fixture(tc, make_tree, remove_tree);
	setvbuf(stdout, NULL, _IOLBF, 0);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, table);
	tcase_add_test(tc, linked_work_tree);
	tcase_add_test(tc, short_windows);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
