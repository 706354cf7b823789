/* SPDX-License-Identifier: MIT */
#include "tree/ignore.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/atomic.h"
#include "base/vec.h"
#include "sys/thread.h"
#include "tree-scratch.h"
#include "../support/suite.h"

static struct scratch tree;

static void setup(void) { scratch_init(&tree); }

static void teardown(void) { scratch_deinit(&tree); }

static struct sq_ignore *ignore_new(const char *const *excludes, bool use_gitignore)
{
	struct sq_ignore_config cfg = { .excludes = excludes, .use_gitignore = use_gitignore };
	struct sq_ignore *i = NULL;

	ck_assert_int_eq(sq_ignore_new(tree.fd, &cfg, &i), 0);
	return i;
}

static void enter(struct sq_ignore *i, const char *dir)
{
	int fd = openat(tree.fd, *dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sq_ignore_enter(i, sq_slice_z(dir), fd), 0);
	close(fd);
}

static bool file(struct sq_ignore *i, const char *path) { return sq_ignore_match(i, sq_slice_z(path), false); }
static bool dir(struct sq_ignore *i, const char *path) { return sq_ignore_match(i, sq_slice_z(path), true); }
static bool deep(struct sq_ignore *i, const char *path) { return sq_ignore_match_deep(i, sq_slice_z(path), false); }

START_TEST(builtin_names)
{
	static const char *const names[] = {
		".git", ".hg", ".svn", "node_modules", "target", ".venv", "venv",
		"__pycache__", ".cache", "a/b/node_modules",
	};
	static const char *const kept[] = { "build", "dist", "vendor", "src", "targets", ".github" };
	struct sq_ignore *i = ignore_new(NULL, true);

	enter(i, "");
	for (size_t n = 0; n < SQ_ARRAY_SIZE(names); n++)
		ck_assert_msg(dir(i, names[n]), "%s", names[n]);
	for (size_t n = 0; n < SQ_ARRAY_SIZE(kept); n++)
		ck_assert_msg(!dir(i, kept[n]), "%s", kept[n]);
	ck_assert(!file(i, "target"));
	ck_assert(file(i, ".git"));
	ck_assert(deep(i, "x/node_modules/y/z.js"));
	ck_assert(!deep(i, "x/y/z.js"));
	sq_ignore_unref(i);
}
END_TEST

START_TEST(precedence)
{
	static const char *const excludes[] = { "*.gen.c", "!keep.gen.c", "/out/", NULL };
	struct sq_ignore *i;

	scratch_file(&tree, ".git/info/exclude", "info.c\nboth.c\n");
	scratch_file(&tree, ".gitignore", "*.o\n!both.c\n!node_modules/\n/top.c\n*.gen.c\n");
	scratch_file(&tree, ".sqryignore", "!target/\nfixture/\n");
	scratch_file(&tree, "sub/.gitignore", "!x.o\ny.c\n/top.c\n");
	scratch_file(&tree, "sub/.sqryignore", "!y.c\nz.c\n");
	scratch_dir(&tree, "other");
	i = ignore_new(excludes, true);
	enter(i, "");
	enter(i, "sub");
	enter(i, "other");
	ck_assert(file(i, "info.c"));
	ck_assert(!file(i, "both.c"));
	ck_assert(file(i, "x.o"));
	ck_assert(!file(i, "sub/x.o"));
	ck_assert(file(i, "sub/z.o"));
	ck_assert(file(i, "other/x.o"));
	/* .sqryignore is above .gitignore, whatever the depth */
	ck_assert(!file(i, "sub/y.c"));
	ck_assert(file(i, "sub/z.c"));
	ck_assert(!dir(i, "target"));
	ck_assert(!dir(i, "sub/target"));
	ck_assert(dir(i, "node_modules"));
	ck_assert(dir(i, "sub/fixture"));
	/* anchors belong to the rule file's directory */
	ck_assert(file(i, "top.c"));
	ck_assert(file(i, "sub/top.c"));
	ck_assert(!file(i, "other/top.c"));
	/* configuration is above all */
	ck_assert(file(i, "a.gen.c"));
	ck_assert(!file(i, "sub/keep.gen.c"));
	ck_assert(dir(i, "out"));
	ck_assert(!dir(i, "sub/out"));
	sq_ignore_unref(i);
	i = ignore_new(NULL, false);
	enter(i, "");
	ck_assert(!file(i, "info.c"));
	ck_assert(!file(i, "x.o"));
	ck_assert(dir(i, "fixture"));
	sq_ignore_unref(i);
}
END_TEST

START_TEST(rule_files_that_do_not_count)
{
	struct sq_ignore *i;

	scratch_file(&tree, "real", "*.c\n");
	ck_assert_int_eq(symlinkat("real", tree.fd, ".gitignore"), 0);
	ck_assert_int_eq(mkfifoat(tree.fd, ".sqryignore", 0666), 0);
	scratch_dir(&tree, "d/.gitignore");
	i = ignore_new(NULL, true);
	enter(i, "");
	enter(i, "d");
	ck_assert(!file(i, "x.c"));
	ck_assert(!file(i, "d/x.c"));
	sq_ignore_unref(i);
}
END_TEST

START_TEST(names_only)
{
	static const char *const temps[] = {
		".main.c.swp", ".main.c.swo", ".x.swx", "main.c~", "#main.c#", ".#main.c",
		"main.c.bak", "Main.java___jb_tmp___", "Main.java___jb_old___",
	};
	static const char *const sources[] = {
		"main.c", "swp", "x.swp", "~x", "#x", "a#", "bak.c", ".x.c", "~", ".swp", "#",
	};

	for (size_t n = 0; n < SQ_ARRAY_SIZE(temps); n++)
		ck_assert_msg(sq_ignore_is_editor_temp(sq_slice_z(temps[n])), "%s", temps[n]);
	for (size_t n = 0; n < SQ_ARRAY_SIZE(sources); n++)
		ck_assert_msg(!sq_ignore_is_editor_temp(sq_slice_z(sources[n])), "%s", sources[n]);
	ck_assert(sq_ignore_is_rule_file(SQ_LIT(".gitignore")));
	ck_assert(sq_ignore_is_rule_file(SQ_LIT("a/b/.sqryignore")));
	ck_assert(sq_ignore_is_rule_file(SQ_LIT(".git/info/exclude")));
	ck_assert(sq_ignore_is_rule_file(SQ_LIT("a/.git")));
	ck_assert(!sq_ignore_is_rule_file(SQ_LIT("a/.git/index")));
	ck_assert(!sq_ignore_is_rule_file(SQ_LIT("a/info/exclude")));
	ck_assert(!sq_ignore_is_rule_file(SQ_LIT("a.gitignore")));
}
END_TEST

START_TEST(only_in_a_work_tree)
{
	struct sq_ignore_config cfg = { .use_gitignore = true, .needs_work_tree = true };
	struct scratch outer = tree;
	struct sq_ignore *i;

	scratch_file(&tree, ".gitignore", "/*\n");
	scratch_file(&tree, ".sqryignore", "own.c\n");
	scratch_file(&tree, "clone/.gitignore", "x.c\n");
	scratch_dir(&tree, "clone/.git");
	scratch_file(&tree, "clone/sub/.gitignore", "y.c\n");
	scratch_file(&tree, "linked/.git", "gitdir: /nowhere\n");
	scratch_file(&tree, "linked/.gitignore", "x.c\n");
	ck_assert_int_eq(sq_ignore_new(tree.fd, &cfg, &i), 0);
	enter(i, "");
	enter(i, "clone");
	enter(i, "clone/sub");
	enter(i, "linked");
	ck_assert(!file(i, "x.c"));
	ck_assert(file(i, "own.c"));
	ck_assert(file(i, "clone/x.c"));
	ck_assert(file(i, "clone/sub/x.c"));
	ck_assert(file(i, "clone/sub/y.c"));
	ck_assert(file(i, "linked/x.c"));
	sq_ignore_unref(i);
	i = ignore_new(NULL, true);
	enter(i, "");
	ck_assert(file(i, "x.c"));
	sq_ignore_unref(i);
	/* a root inside of a work tree */
	tree.fd = openat(outer.fd, "clone/sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(sq_ignore_new(tree.fd, &cfg, &i), 0);
	enter(i, "");
	ck_assert(file(i, "y.c"));
	ck_assert(!file(i, "x.c"));
	sq_ignore_unref(i);
	close(tree.fd);
	tree = outer;
}
END_TEST

/* a slash at the end of a path pattern is there only for "**" to leave it out */
START_TEST(slash_left_out)
{
	struct sq_ignore *i;

	scratch_file(&tree, ".gitignore", "ab**//\ncd//\n");
	i = ignore_new(NULL, true);
	enter(i, "");
	ck_assert(dir(i, "ab"));
	ck_assert(!file(i, "ab"));
	ck_assert(!dir(i, "abc"));
	ck_assert(!dir(i, "cd"));
	sq_ignore_unref(i);
}
END_TEST

/* a set never changes: entering again reads nothing */
START_TEST(entered_once)
{
	struct sq_ignore *i;

	scratch_file(&tree, ".gitignore", "a.c\n");
	i = ignore_new(NULL, true);
	enter(i, "");
	scratch_file(&tree, ".gitignore", "b.c\n");
	enter(i, "");
	ck_assert(file(i, "a.c"));
	ck_assert(!file(i, "b.c"));
	ck_assert_ptr_eq(sq_ignore_ref(i), i);
	sq_ignore_unref(i);
	ck_assert(file(i, "a.c"));
	sq_ignore_unref(i);
}
END_TEST

/* exponential in a backtracking matcher; here it must just end */
START_TEST(hostile_patterns)
{
	char rules[20000], path[3001];
	size_t n = 0;
	struct sq_ignore *i;

	for (int k = 0; k < 200; k++)
		n += (size_t)snprintf(rules + n, sizeof(rules) - n, "a*");
	n += (size_t)snprintf(rules + n, sizeof(rules) - n, "b\n");
	for (int k = 0; k < 200; k++)
		n += (size_t)snprintf(rules + n, sizeof(rules) - n, "**/a*/");
	n += (size_t)snprintf(rules + n, sizeof(rules) - n, "b\n");
	for (int k = 0; k < 9000; k++)
		rules[n++] = '?';
	scratch_bytes(&tree, ".gitignore", rules, n);
	i = ignore_new(NULL, true);
	enter(i, "");
	memset(path, 'a', 3000);
	path[3000] = '\0';
	ck_assert(!file(i, path));
	for (int k = 1; k < 3000; k += 2)
		path[k] = '/';
	ck_assert(!file(i, path));
	path[2999] = 'b';
	ck_assert(!file(i, path));
	sq_ignore_unref(i);
}
END_TEST

/* ---- many threads -------------------------------------------------------- */

#define N_DIRS 400

struct racer {
	struct sq_ignore *i;
	unsigned seed;
	unsigned n_wrong;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	for (unsigned k = 0; k < N_DIRS; k++) {
		unsigned d = (k * 7 + r->seed * 131) % N_DIRS;
		char name[64];
		int fd;

		snprintf(name, sizeof(name), "d%u", d);
		fd = openat(tree.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || sq_ignore_enter(r->i, sq_slice_z(name), fd) < 0)
			r->n_wrong++;
		close(fd);
		snprintf(name, sizeof(name), "d%u/f%u.c", d, d);
		r->n_wrong += !file(r->i, name);
		snprintf(name, sizeof(name), "d%u/f%u.c", d, d + 1);
		r->n_wrong += file(r->i, name);
	}
	return NULL;
}

START_TEST(entered_by_many)
{
	struct racer racers[4];
	pthread_t threads[4];
	struct sq_ignore *i;

	for (unsigned d = 0; d < N_DIRS; d++) {
		char name[64], rule[64];

		snprintf(name, sizeof(name), "d%u/.gitignore", d);
		snprintf(rule, sizeof(rule), "/f%u.c\n", d);
		scratch_file(&tree, name, rule);
	}
	i = ignore_new(NULL, true);
	enter(i, "");
	for (unsigned t = 0; t < 4; t++) {
		racers[t] = (struct racer){ .i = i, .seed = t };
		ck_assert_int_eq(sq_thread_start("racer", race, &racers[t], &threads[t]), 0);
	}
	for (unsigned t = 0; t < 4; t++) {
		sq_thread_join(threads[t]);
		ck_assert_uint_eq(racers[t].n_wrong, 0);
	}
	sq_ignore_unref(i);
}
END_TEST

/* ---- against git --------------------------------------------------------- */

#define N_ROUNDS 150

static uint64_t rng;

static unsigned pick(unsigned n)
{
	rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(rng >> 33) % n;
}

static char *const git_env[] = {
	(char *)"PATH=/usr/local/bin:/usr/bin:/bin", (char *)"HOME=/nonexistent",
	(char *)"XDG_CONFIG_HOME=/nonexistent", (char *)"GIT_CONFIG_NOSYSTEM=1",
	(char *)"GIT_CONFIG_GLOBAL=/dev/null", (char *)"GIT_CEILING_DIRECTORIES=/", (char *)"LC_ALL=C", NULL,
};

/* Return: exit status of git @args in the tree; 127 when there is no git */
static int git(const char *in, const char *out, const char *const *args)
{
	const char *argv[16] = { "git", "-C", tree.path };
	posix_spawn_file_actions_t fa;
	int status = 0;
	pid_t pid;
	int r;

	for (unsigned n = 0; args[n]; n++)
		argv[n + 3] = args[n];
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, in, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	r = posix_spawnp(&pid, "git", &fa, NULL, (char *const *)argv, git_env);
	posix_spawn_file_actions_destroy(&fa);
	if (r)
		return 127;
	if (waitpid(pid, &status, 0) != pid)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* one alphabet for both, so that they meet often */
static const char *const names[] = {
	"a", "b", "ab", "abc", "a.c", "b.o", "c.a.b", "x y", "[a]", "a*b", "#a", "!a", "a ", "\\a", "a-b",
	"A", "..a", "a]", "-", "\xc3\xa9", "aaa", "abab",
};
static const char *const pieces[] = {
	"a", "b", "c", "ab", ".", "*", "*", "*", "**", "**", "**/", "/**", "/", "/", "/*/", "?", "?",
	"[ab]", "[!a]", "[^b]", "[a-c]", "[]a]", "[!]a]", "[a-]", "[-a]", "[[:alpha:]]", "[[:punct:][:space:]]",
	"[[:nope:]]", "[", "]", "[a", "[b-a]", "[\\a]", "[a\\-c]", "[[:]", "[[:a]", "\\", "\\*", "\\ ", " ", "!", "#",
	"\\!", "\\#", "\\\\", "\xc3\xa9", "\xc3", "***", "*.c", "*.o", "x y", "A", "-",
};

struct entry {
	char path[128];
	bool is_dir;
};
static SQ_VEC(struct entry) entries = SQ_VEC_NULL;

static void add_entry(const char *above, const char *name, bool is_dir)
{
	struct entry e = { .is_dir = is_dir };
	int n = snprintf(e.path, sizeof(e.path), "%s%s%s", above, *above ? "/" : "", name);

	if (n >= (int)sizeof(e.path) || !faccessat(tree.fd, e.path, F_OK, AT_SYMLINK_NOFOLLOW))
		return;
	if (is_dir)
		scratch_dir(&tree, e.path);
	else
		scratch_file(&tree, e.path, "");
	ck_assert_int_eq(sq_vec_push(&entries, e), 0);
}

static void random_tree(void)
{
	sq_vec_clear(&entries);
	for (unsigned n = 0; n < 12; n++)
		add_entry("", names[pick(SQ_ARRAY_SIZE(names))], pick(3) > 0);
	for (unsigned n = 0; n < 90; n++) {
		const struct entry *above = &entries.v[pick((unsigned)entries.n)];
		char path[128];

		if (!above->is_dir)
			continue;
		snprintf(path, sizeof(path), "%s", above->path);
		add_entry(path, names[pick(SQ_ARRAY_SIZE(names))], pick(2));
	}
}

static void random_rules(const char *path)
{
	struct sq_buf b = SQ_BUF_NULL;

	if (!pick(8))
		sq_buf_puts(&b, "\xef\xbb\xbf");
	for (unsigned n = 1 + pick(6); n; n--) {
		if (!pick(4))
			sq_buf_putc(&b, '!');
		if (!pick(5))
			sq_buf_putc(&b, '/');
		for (unsigned k = 1 + pick(5); k; k--)
			sq_buf_puts(&b, pieces[pick(SQ_ARRAY_SIZE(pieces))]);
		if (!pick(5))
			sq_buf_putc(&b, '/');
		sq_buf_puts(&b, pick(6) ? "\n" : pick(2) ? "\r\n" : "  \n");
	}
	/* the last line may lack its newline */
	if (!pick(4))
		b.n--;
	ck_assert_int_eq(sq_buf_error(&b), 0);
	scratch_bytes(&tree, path, b.p, b.n);
	sq_buf_deinit(&b);
}

static void random_rule_files(void)
{
	for (size_t n = 0; n < entries.n; n++) {
		char path[160];

		if (!entries.v[n].is_dir)
			continue;
		snprintf(path, sizeof(path), "%s/.gitignore", entries.v[n].path);
		(void)unlinkat(tree.fd, path, 0);
		if (!pick(4))
			random_rules(path);
	}
	random_rules(".gitignore");
	random_rules(".git/info/exclude");
}

static void write_question(const char *path)
{
	struct sq_buf b = SQ_BUF_NULL;

	for (size_t n = 0; n < entries.n; n++)
		sq_buf_add(&b, entries.v[n].path, strlen(entries.v[n].path) + 1);
	scratch_bytes(&tree, path, b.p, b.n);
	sq_buf_deinit(&b);
}

/* git prints the ignored ones in the order asked */
static unsigned compare(struct sq_ignore *i, const char *answer, size_t n_answer, uint64_t seed)
{
	const char *p = answer, *end = answer + n_answer;
	unsigned n_ignored = 0;

	for (size_t n = 0; n < entries.n; n++) {
		const struct entry *e = &entries.v[n];
		bool want = p < end && !strcmp(p, e->path);
		bool got = sq_ignore_match_deep(i, sq_slice_z(e->path), e->is_dir);

		if (want)
			p += strlen(p) + 1;
		n_ignored += want;
		ck_assert_msg(want == got, "seed %llu: \"%s\"%s: git says %s", (unsigned long long)seed,
			      e->path, e->is_dir ? "/" : "", want ? "ignored" : "not ignored");
	}
	ck_assert_ptr_eq(p, end);
	return n_ignored;
}

static unsigned round_of(uint64_t seed)
{
	const char *const args[] = { "check-ignore", "--no-index", "--stdin", "-z", NULL };
	char in[PATH_MAX + 16], out[PATH_MAX + 16];
	static char answer[1 << 20];
	struct sq_ignore *i;
	unsigned n_ignored;
	ssize_t n;
	int fd, r;

	rng = seed;
	random_rule_files();
	write_question(".git/question");
	snprintf(in, sizeof(in), "%s/.git/question", tree.path);
	snprintf(out, sizeof(out), "%s/.git/answer", tree.path);
	r = git(in, out, args);
	/* 1: nothing is ignored */
	ck_assert(r == 0 || r == 1);
	fd = open(out, O_RDONLY | O_CLOEXEC);
	n = read(fd, answer, sizeof(answer));
	close(fd);
	ck_assert_int_ge(n, 0);
	i = ignore_new(NULL, true);
	enter(i, "");
	/* a directory comes after the one above it */
	for (size_t k = 0; k < entries.n; k++)
		if (entries.v[k].is_dir)
			enter(i, entries.v[k].path);
	n_ignored = compare(i, answer, (size_t)n, seed);
	sq_ignore_unref(i);
	return n_ignored;
}

START_TEST(as_git_does)
{
	const char *const args[] = { "init", "-q", NULL };
	const char *env = getenv("SQ_SEED"), *rounds = getenv("SQ_ROUNDS");
	uint64_t seed = env ? strtoull(env, NULL, 10) : 1;
	unsigned long n_rounds = rounds ? strtoul(rounds, NULL, 10) : N_ROUNDS;
	unsigned n_ignored = 0, n_cases = 0;

	ck_assert_int_eq(git("/dev/null", "/dev/null", args), 0);
	rng = seed;
	random_tree();
	for (unsigned long k = 0; k < n_rounds; k++, seed++) {
		n_ignored += round_of(seed);
		n_cases += (unsigned)entries.n;
	}
	/* a test in which little is ignored, or all, would say nothing */
	ck_assert_uint_ge(n_cases, 2000);
	ck_assert_uint_gt(n_ignored, n_cases / 10);
	ck_assert_uint_lt(n_ignored, n_cases * 9 / 10);
	printf("against git: %u cases, %u ignored\n", n_cases, n_ignored);
	sq_vec_deinit(&entries);
}
END_TEST

static bool have_git(void)
{
	const char *const args[] = { "--version", NULL };

	snprintf(tree.path, sizeof(tree.path), "/");
	return git("/dev/null", "/dev/null", args) == 0;
}

int main(void)
{
	Suite *s = suite_create("tree-ignore");
	TCase *t = tcase_create("ignore"), *g = tcase_create("git");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, builtin_names);
	tcase_add_test(t, precedence);
	tcase_add_test(t, rule_files_that_do_not_count);
	tcase_add_test(t, names_only);
	tcase_add_test(t, only_in_a_work_tree);
	tcase_add_test(t, entered_once);
	tcase_add_test(t, slash_left_out);
	tcase_add_test(t, hostile_patterns);
	tcase_add_test(t, entered_by_many);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(g, setup, teardown);
	tcase_set_timeout(g, 60);
	if (have_git())
		tcase_add_test(g, as_git_does);
	else
		printf("SKIP: git is not installed: rules are not compared with git's\n");
	suite_add_tcase(s, g);
	return suite_run(s);
}
