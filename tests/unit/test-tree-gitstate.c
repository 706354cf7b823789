/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "git-scratch.h"
#include "../support/suite.h"
#include "tree/gitstate.h"

struct rig {
	struct scratch s;
	char root[PATH_MAX + 8];       /* the work tree "r" */
};

static void rig_init(struct rig *rig)
{
	scratch_init(&rig->s);
	snprintf(rig->root, sizeof(rig->root), "%s/r", rig->s.path);
	git_environment(rig->s.path);
	git_sh(&rig->s, "git init -qb main r; cd r; mkdir d; echo 1 >a.c; echo 1 >d/b.c; git add .; git commit -qm 1");
}

static void rig_deinit(struct rig *rig) { scratch_deinit(&rig->s); }

static struct sq_git_snapshot snap(struct rig *rig)
{
	struct sq_git_snapshot s;

	sq_git_snapshot_read(rig->root, &s);
	return s;
}

/* the class of what @script does in the work tree */
static enum sq_git_class class_of(struct rig *rig, const char *script)
{
	struct sq_git_snapshot from = snap(rig), to;
	char in_root[4096];

	snprintf(in_root, sizeof(in_root), "cd r; %s", script);
	git_sh(&rig->s, in_root);
	to = snap(rig);
	return sq_git_classify(&from, &to);
}

/* GB-08: the class of each kind of difference, on repositories made by git */
START_TEST(classes_of_real_changes)
{
	struct rig rig;

	rig_init(&rig);
	ck_assert_int_eq(class_of(&rig, "git gc -q"), SQ_GIT_NOISE);
	ck_assert_int_eq(class_of(&rig, "git commit -q --allow-empty -m e"), SQ_GIT_LOCAL_COMMIT);
	ck_assert_int_eq(class_of(&rig, "git commit -q --amend --allow-empty -m other"), SQ_GIT_LOCAL_COMMIT);
	ck_assert_int_eq(class_of(&rig, "echo 2 >a.c; git commit -qam 2"), SQ_GIT_TREE_DIVERGED);
	ck_assert_int_eq(class_of(&rig, "git reset -q --hard HEAD~1"), SQ_GIT_TREE_DIVERGED);
	ck_assert_int_eq(class_of(&rig, "git switch -qc same"), SQ_GIT_BRANCH_SWITCH);
	ck_assert_int_eq(class_of(&rig, "echo 3 >a.c; git stash -q"), SQ_GIT_NOISE);
	/* a detached HEAD is a ref value like any other */
	ck_assert_int_eq(class_of(&rig, "git checkout -q --detach"), SQ_GIT_BRANCH_SWITCH);
	ck_assert_int_eq(class_of(&rig, "git status >/dev/null"), SQ_GIT_NOISE);
	/* GB-08: what can't be read is a switch, on either side and on both */
	ck_assert_int_eq(class_of(&rig, "mv .git/HEAD ../HEAD"), SQ_GIT_BRANCH_SWITCH);
	ck_assert_int_eq(class_of(&rig, "true"), SQ_GIT_BRANCH_SWITCH);
	ck_assert_int_eq(class_of(&rig, "mv ../HEAD .git/HEAD"), SQ_GIT_BRANCH_SWITCH);
	rig_deinit(&rig);
}
END_TEST

static struct sq_git_snapshot made(const char *ref, uint8_t commit, uint8_t tree, bool known)
{
	struct sq_git_snapshot s = { .known = known };

	snprintf(s.ref, sizeof(s.ref), "%s", ref);
	s.commit[19] = commit;
	s.tree[19] = tree;
	return s;
}

/* GB-08: the truth table: ref before tree before commit, unknown before all */
START_TEST(class_table)
{
	struct sq_git_snapshot base = made("refs/heads/a", 1, 1, true), to;

	for (unsigned i = 0; i < 16; i++) {
		bool ref = i & 1, tree = i & 2, commit = i & 4, unknown = i & 8;
		enum sq_git_class want = unknown || ref ? SQ_GIT_BRANCH_SWITCH :
			tree ? SQ_GIT_TREE_DIVERGED : commit ? SQ_GIT_LOCAL_COMMIT : SQ_GIT_NOISE;

		to = made(ref ? "refs/heads/b" : "refs/heads/a", commit ? 2 : 1, tree ? 2 : 1, !unknown);
		ck_assert_int_eq(sq_git_classify(&base, &to), want);
		ck_assert_int_eq(sq_git_classify(&to, &base), want);
		ck_assert(sq_git_same_tree(&base, &to) == (!tree && !unknown));
	}
	for (int c = 0; c < SQ_GIT_CLASS_MAX; c++)
		ck_assert_str_ne(sq_git_class_name((enum sq_git_class)c), "unknown");
}
END_TEST

START_TEST(refs)
{
	struct rig rig;
	struct sq_git_snapshot a, b;

	rig_init(&rig);
	a = snap(&rig);
	ck_assert(a.known);
	ck_assert_str_eq(a.ref, "refs/heads/main");
	git_sh(&rig.s, "cd r; git pack-refs --all; test ! -e .git/refs/heads/main");
	b = snap(&rig);
	ck_assert(!memcmp(&a, &b, sizeof(a)));
	git_sh(&rig.s, "cd r; git checkout -q --detach");
	b = snap(&rig);
	ck_assert(b.known && strlen(b.ref) == 40 && sq_git_same_tree(&a, &b));
	git_sh(&rig.s, "cd r; git switch -q --orphan new");
	b = snap(&rig);
	ck_assert(b.known && !sq_git_same_tree(&a, &b));
	ck_assert_str_eq(b.ref, "refs/heads/new");
	rig_deinit(&rig);
}
END_TEST

static int collect(void *arg, struct sq_slice path, bool is_dir)
{
	struct sq_buf *b = arg;

	sq_buf_printf(b, "%.*s%s ", (int)path.n, path.p, is_dir ? "/" : "");
	return 0;
}

static int refuse(void *arg, struct sq_slice path, bool is_dir)
{
	(void)path;
	(void)is_dir;
	return *(int *)arg;
}

static void expect_diff(const char *root, const struct sq_git_snapshot *from, const struct sq_git_snapshot *to,
			const char *paths)
{
	struct sq_buf b = SQ_BUF_NULL;

	ck_assert_int_eq(sq_git_diff(root, from, to, collect, &b), 0);
	ck_assert_str_eq(sq_buf_z(&b), paths);
	sq_buf_deinit(&b);
}

START_TEST(differences)
{
	struct rig rig;
	struct sq_git_snapshot a, b, unknown = { .known = false };
	char below[PATH_MAX + 16];
	int stop = -E2BIG;

	rig_init(&rig);
	a = snap(&rig);
	git_sh(&rig.s, "cd r; echo 2 >d/b.c; git mv a.c z.c; echo 1 >d/c.c; git add .; git commit -qm 2");
	b = snap(&rig);
	expect_diff(rig.root, &a, &b, "a.c d/b.c d/c.c z.c ");
	expect_diff(rig.root, &b, &a, "a.c d/b.c d/c.c z.c ");
	expect_diff(rig.root, &a, &a, "");
	/* a root below the top of the work tree: only what is in it, named from there */
	snprintf(below, sizeof(below), "%s/d", rig.root);
	expect_diff(below, &a, &b, "b.c c.c ");
	ck_assert_int_eq(sq_git_diff(rig.root, &a, &b, refuse, &stop), -E2BIG);
	ck_assert_int_eq(sq_git_diff(rig.root, &a, &unknown, collect, NULL), SQ_GIT_E_UNKNOWN);
	/* a file becomes a directory */
	a = b;
	git_sh(&rig.s, "cd r; git rm -q z.c; mkdir z.c; echo >z.c/in.c; git add .; git commit -qm 3");
	b = snap(&rig);
	expect_diff(rig.root, &a, &b, "z.c z.c/in.c ");
	/* objects that are missing, as in a partial clone */
	git_sh(&rig.s, "cd r; rm -rf .git/objects/*");
	ck_assert_int_eq(sq_git_diff(rig.root, &a, &b, collect, NULL), SQ_GIT_E_UNKNOWN);
	rig_deinit(&rig);
}
END_TEST

START_TEST(worktrees_and_submodules)
{
	struct rig rig;
	struct sq_git_site site;
	struct sq_git_snapshot a, b;
	char path[PATH_MAX + 32];

	rig_init(&rig);
	git_sh(&rig.s, "git -C r worktree add -q ../wt -b wt; git init -qb main sub; cd sub; echo >s.c; git add .;"
	       "git commit -qm s; cd ../r; git -c protocol.file.allow=always submodule add -q ../sub sub; "
	       "git commit -qm sub");
	snprintf(path, sizeof(path), "%s/wt", rig.s.path);
	ck_assert_int_eq(sq_git_site_find(path, &site), 0);
	ck_assert_ptr_nonnull(strstr(site.git_dir, "/r/.git/worktrees/wt"));
	ck_assert(!strcmp(site.common_dir + strlen(site.common_dir) - 7, "/r/.git"));
	sq_git_site_deinit(&site);
	sq_git_snapshot_read(path, &a);
	ck_assert(a.known);
	ck_assert_str_eq(a.ref, "refs/heads/wt");
	snprintf(path, sizeof(path), "%s/sub", rig.root);
	ck_assert_int_eq(sq_git_site_find(path, &site), 0);
	ck_assert_ptr_nonnull(strstr(site.git_dir, "/r/.git/modules/sub"));
	ck_assert_str_eq(site.git_dir, site.common_dir);
	sq_git_site_deinit(&site);
	a = snap(&rig);
	git_sh(&rig.s, "cd r/sub; echo 2 >s.c; git commit -qam 2; cd ..; git commit -qam sub2");
	b = snap(&rig);
	expect_diff(rig.root, &a, &b, "sub/ ");
	rig_deinit(&rig);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
/*
 * libgit2 1.5 loses the match data of a text that does not match (its
 * git_regexp_match): a block for each entry of the configuration of a repository
 * of format 1 that is no extension, at each opening. Nothing of ours is hidden:
 * we do not use PCRE.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8.so";
}
#endif

START_TEST(sites)
{
	struct rig rig;
	struct sq_git_site site;
	struct sq_git_snapshot s;
	char want[PATH_MAX + 32];

	rig_init(&rig);
	ck_assert_int_eq(sq_git_site_find(rig.s.path, &site), SQ_GIT_E_NONE);
	sq_git_site_deinit(&site);
	ck_assert_int_eq(sq_git_site_find(rig.root, &site), 0);
	snprintf(want, sizeof(want), "%s/.config/git/ignore", rig.s.path);
	ck_assert_str_eq(site.excludes_file, want);
	sq_git_site_deinit(&site);
	git_sh(&rig.s, "cd r; git config core.excludesFile '~/mine'");
	ck_assert_int_eq(sq_git_site_find(rig.root, &site), 0);
	snprintf(want, sizeof(want), "%s/mine", rig.s.path);
	ck_assert_str_eq(site.excludes_file, want);
	sq_git_site_deinit(&site);
	/* extensions that do not concern us */
	git_sh(&rig.s, "cd r; git config core.repositoryformatversion 1; git config extensions.worktreeConfig true;"
	       "git config extensions.partialClone origin; git config extensions.preciousObjects true");
	s = snap(&rig);
	ck_assert(s.known);
	/* and one that does */
	git_sh(&rig.s, "git init -q --object-format=sha256 s256");
	snprintf(want, sizeof(want), "%s/s256", rig.s.path);
	ck_assert_int_eq(sq_git_site_find(want, &site), SQ_GIT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(site.why, "objectformat"));
	sq_git_site_deinit(&site);
	git_sh(&rig.s, "cd r; git config extensions.refStorage reftable");
	ck_assert_int_eq(sq_git_site_find(rig.root, &site), SQ_GIT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(site.why, "refstorage"));
	sq_git_site_deinit(&site);
	s = snap(&rig);
	ck_assert(!s.known);
	rig_deinit(&rig);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tree-gitstate");
	TCase *tc = tcase_create("gitstate");

	if (!git_is_there()) {
		puts("SKIP: no git command");
		return 77;
	}
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, sites);   /* first: without forks libgit2 keeps the HOME that it saw first */
	tcase_add_test(tc, classes_of_real_changes);
	tcase_add_test(tc, class_table);
	tcase_add_test(tc, refs);
	tcase_add_test(tc, differences);
	tcase_add_test(tc, worktrees_and_submodules);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
