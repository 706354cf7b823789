/* SPDX-License-Identifier: MIT */
#include "tree/discover.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/atomic.h"
#include "sys/handle.h"
#include "sys/pool.h"
#include "tree-scratch.h"
#include "../support/suite.h"

static struct scratch tree;
static struct sq_discover_opts opts;

static bool want(struct sq_slice path)
{
	return sq_slice_has_suffix(path, SQ_LIT(".c"));
}

static void setup(void)
{
	scratch_init(&tree);
	opts = (struct sq_discover_opts){ .want = want, .max_bytes = 1000, .below = SQ_LIT("") };
}

static void teardown(void) { scratch_deinit(&tree); }

static struct sq_discovery *discover(const struct sq_parallel *par)
{
	struct sq_discovery *d = NULL;

	ck_assert_int_eq(sq_discover(tree.fd, NULL, &opts, par, &d), 0);
	for (size_t i = 1; i < d->n_files; i++)
		ck_assert_int_lt(sq_slice_cmp(d->files[i - 1].path, d->files[i].path), 0);
	for (size_t i = 1; i < d->n_dirs; i++)
		ck_assert_int_lt(sq_slice_cmp(d->dirs[i - 1].path, d->dirs[i].path), 0);
	return d;
}

/* "a.c b/x.c:too_large", the directories behind a '|' */
static const char *text_of(const struct sq_discovery *d)
{
	static struct sq_buf b;

	sq_buf_clear(&b);
	for (size_t i = 0; i < d->n_files; i++) {
		sq_buf_puts(&b, i ? " " : "");
		sq_buf_add_slice(&b, d->files[i].path);
		if (d->files[i].skip)
			sq_buf_printf(&b, ":%s", sq_skip_name(d->files[i].skip));
	}
	sq_buf_putc(&b, '|');
	for (size_t i = 0; i < d->n_dirs; i++) {
		sq_buf_puts(&b, i ? " " : "");
		sq_buf_add_slice(&b, d->dirs[i].path);
	}
	return sq_buf_z(&b);
}

static void expect(const char *text)
{
	struct sq_discovery *d = discover(NULL);

	ck_assert_str_eq(text_of(d), text);
	sq_discovery_free(d);
}

START_TEST(what_is_listed)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char big[1001];
	int s;

	memset(big, 'x', sizeof(big));
	expect("|");
	scratch_file(&tree, "a.c", "int a;\n");
	scratch_file(&tree, "a.txt", "no\n");
	scratch_file(&tree, "d/e/f.c", "");
	scratch_file(&tree, "d-e.c", "");
	scratch_bytes(&tree, "limit.c", big, 1000);
	scratch_bytes(&tree, "over.c", big, 1001);
	scratch_file(&tree, "node_modules/x.c", "");
	scratch_file(&tree, ".git/x.c", "");
	scratch_file(&tree, ".gitignore", "gone.c\n/out\n");
	scratch_file(&tree, "gone.c", "");
	scratch_file(&tree, "out/x.c", "");
	scratch_file(&tree, "d/out/x.c", "");
	scratch_file(&tree, ".a.c.swp", "");
	scratch_file(&tree, "#a.c#", "");
	ck_assert_int_eq(mkfifoat(tree.fd, "fifo.c", 0666), 0);
	ck_assert_int_eq(mkfifoat(tree.fd, "fifo", 0666), 0);
	ck_assert_int_lt(snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d/sock.c",
				  tree.fd), (int)sizeof(sun.sun_path));
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(s);
	/* links: to a file, to a directory, to the directory above, to nothing */
	ck_assert_int_eq(symlinkat("a.c", tree.fd, "link.c"), 0);
	ck_assert_int_eq(symlinkat("d", tree.fd, "dlink"), 0);
	ck_assert_int_eq(symlinkat("..", tree.fd, "d/loop"), 0);
	ck_assert_int_eq(symlinkat("nothing", tree.fd, "dangling.c"), 0);
	expect("a.c d-e.c d/e/f.c d/out/x.c fifo.c:not_regular limit.c over.c:too_large "
	       "sock.c:not_regular| d d/e d/out");
	opts.max_bytes = 0;
	expect("a.c d-e.c d/e/f.c d/out/x.c fifo.c:not_regular limit.c over.c "
	       "sock.c:not_regular| d d/e d/out");
}
END_TEST

START_TEST(identity_and_handles)
{
	struct sq_discovery *d;
	struct sq_identity id;
	enum sq_skip skip;
	struct sq_handle h;
	struct stat st;
	uint64_t fsid;

	scratch_file(&tree, "d/a.c", "int a;\n");
	d = discover(NULL);
	ck_assert_uint_eq(d->n_files, 1);
	ck_assert_int_eq(fstatat(tree.fd, "d/a.c", &st, 0), 0);
	ck_assert_uint_eq(d->files[0].id.dev, st.st_dev);
	ck_assert_uint_eq(d->files[0].id.ino, st.st_ino);
	ck_assert_uint_eq(d->files[0].id.size, 7);
	ck_assert_uint_eq(d->files[0].id.mtime_ns,
			  (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("d/a.c"), 1000, &id, &skip), 0);
	ck_assert(sq_identity_eq(&id, &d->files[0].id));
	ck_assert_uint_eq(skip, SQ_SKIP_NONE);
	ck_assert_uint_eq(d->n_dirs, 2);
	ck_assert_int_eq(fstatat(tree.fd, "d", &st, 0), 0);
	ck_assert_uint_eq(d->dirs[1].ino, st.st_ino);
	ck_assert_int_eq(sq_handle_fsid(tree.fd, &fsid), 0);
	ck_assert_uint_eq(d->fsid, fsid);
	if (!sq_handle_get(tree.fd, "d", 0, &h))
		ck_assert(sq_slice_eq(d->dirs[1].handle, sq_handle_slice(&h)));
	sq_discovery_free(d);
}
END_TEST

START_TEST(stat_of_one_path)
{
	struct sq_identity id = { .ino = 77 };
	enum sq_skip skip = SQ_SKIP_MAX;
	static const char *const gone[] = {
		"none.c", "a.c/x.c", "d", "link.c", "dlink/b.c", "../x.c", "d/../../etc/passwd", "/etc/passwd",
	};

	scratch_file(&tree, "a.c", "12345");
	scratch_file(&tree, "d/b.c", "");
	ck_assert_int_eq(symlinkat("a.c", tree.fd, "link.c"), 0);
	ck_assert_int_eq(symlinkat("d", tree.fd, "dlink"), 0);
	ck_assert_int_eq(mkfifoat(tree.fd, "fifo.c", 0666), 0);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(gone); i++)
		ck_assert_msg(sq_tree_stat(tree.fd, sq_slice_z(gone[i]), 4, &id, &skip) < 0, "%s", gone[i]);
	ck_assert_uint_eq(id.ino, 77);
	ck_assert_uint_eq(skip, SQ_SKIP_MAX);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("none.c"), 4, &id, &skip), -ENOENT);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("a.c/x.c"), 4, &id, &skip), -ENOTDIR);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("link.c"), 4, &id, &skip), -ENOENT);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("dlink/b.c"), 4, &id, &skip), -ENOENT);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("d"), 4, &id, &skip), -ENOENT);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("a.c"), 4, &id, &skip), 0);
	ck_assert_uint_eq(skip, SQ_SKIP_TOO_LARGE);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("a.c"), 5, &id, &skip), 0);
	ck_assert_uint_eq(skip, SQ_SKIP_NONE);
	ck_assert_int_eq(sq_tree_stat(tree.fd, SQ_LIT("fifo.c"), 5, &id, &skip), 0);
	ck_assert_uint_eq(skip, SQ_SKIP_NOT_REGULAR);
}
END_TEST

static void expect_below(const char *below, const char *text)
{
	opts.below = sq_slice_z(below);
	expect(text);
}

START_TEST(below_a_directory)
{
	scratch_file(&tree, ".gitignore", "*.gen.c\n/skip/\n!/a/b/keep.gen.c\n");
	scratch_file(&tree, "a/.gitignore", "no.c\n");
	scratch_file(&tree, "a/b/no.c", "");
	scratch_file(&tree, "a/b/yes.c", "");
	scratch_file(&tree, "a/b/x.gen.c", "");
	scratch_file(&tree, "a/b/keep.gen.c", "");
	scratch_file(&tree, "a/bb.c", "");
	scratch_file(&tree, "skip/a/x.c", "");
	scratch_file(&tree, "target/x.c", "");
	ck_assert_int_eq(symlinkat("a", tree.fd, "link"), 0);
	expect_below("a/b", "a/b/keep.gen.c a/b/yes.c|a/b");
	expect_below("a", "a/b/keep.gen.c a/b/yes.c a/bb.c|a a/b");
	expect_below("skip/a", "|");
	expect_below("skip", "|");
	expect_below("target", "|");
	expect_below("link", "|");
	expect_below("link/b", "|");
	expect_below("nothing", "|");
	expect_below("nothing/at/all", "|");
	/* it has become a file meanwhile */
	expect_below("a/bb.c", "a/bb.c|");
	expect_below("a/b/no.c", "|");
	expect_below(".gitignore", "|");
	expect_below("a/bb.c/x", "|");
}
END_TEST

/* ---- what goes wrong ----------------------------------------------------- */

/* as nobody: root may read everything. Runs in a process of its own. */
static void as_nobody(void (*fn)(void))
{
	const struct passwd *pw = getpwnam("nobody");
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (!getuid() && (!pw || setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0))
			_exit(2);
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static void check_unreadable(void)
{
	struct sq_discovery *d = NULL;
	struct sq_identity id;
	enum sq_skip skip = SQ_SKIP_NONE;

	if (sq_discover(tree.fd, NULL, &opts, NULL, &d) ||
	    strcmp(text_of(d), "a.c closed:unreadable named/x.c:unreadable| named"))
		_exit(3);
	sq_discovery_free(d);
	/* by name the same as by walking */
	if (sq_tree_stat(tree.fd, SQ_LIT("closed/x.c"), 0, &id, &skip) != -ENOENT)
		_exit(4);
	if (sq_tree_stat(tree.fd, SQ_LIT("named/x.c"), 0, &id, &skip) || skip != SQ_SKIP_UNREADABLE)
		_exit(5);
}

START_TEST(unreadable)
{
	scratch_file(&tree, "a.c", "");
	scratch_file(&tree, "closed/x.c", "");
	scratch_file(&tree, "named/x.c", "");
	ck_assert_int_eq(fchmodat(tree.fd, "closed", 0, 0), 0);
	/* may be listed, and nothing in it looked at */
	ck_assert_int_eq(fchmodat(tree.fd, "named", 0444, 0), 0);
	ck_assert_int_eq(fchmod(tree.fd, 0777), 0);
	as_nobody(check_unreadable);
	fchmodat(tree.fd, "closed", 0700, 0);
	fchmodat(tree.fd, "named", 0700, 0);
}
END_TEST

static void check_closed_root(void)
{
	struct sq_discovery *d = NULL;

	if (sq_discover(tree.fd, NULL, &opts, NULL, &d) != -EACCES || d)
		_exit(3);
}

START_TEST(closed_root)
{
	struct scratch outer = tree;

	scratch_file(&tree, "root/a.c", "");
	ck_assert_int_eq(fchmodat(tree.fd, "root", 0, 0), 0);
	tree.fd = openat(outer.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(fchmod(outer.fd, 0777), 0);
	as_nobody(check_closed_root);
	close(tree.fd);
	tree = outer;
	fchmodat(tree.fd, "root", 0700, 0);
}
END_TEST

/* deeper than a path can say: noted where it ends */
START_TEST(too_deep)
{
	char name[201];
	struct sq_discovery *d;
	int fd = dup(tree.fd), n_limit = 0;

	memset(name, 'd', 200);
	name[200] = '\0';
	for (int i = 0; i < 30; i++) {
		int next;

		ck_assert_int_eq(mkdirat(fd, name, 0777), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close(fd);
		fd = next;
	}
	close(fd);
	d = discover(NULL);
	ck_assert_uint_eq(d->n_dirs, 1 + 4095 / 201);
	for (size_t i = 0; i < d->n_files; i++)
		n_limit += d->files[i].skip == SQ_SKIP_LIMIT;
	ck_assert_int_eq(n_limit, 1);
	sq_discovery_free(d);
	/* what removes the tree can't name it either */
	snprintf(name, sizeof(name), "rm -rf %.150s/ddd*", tree.path);
	ck_assert_int_eq(system(name), 0);
}
END_TEST

START_TEST(cancelled)
{
	struct sq_discovery *d = NULL;
	bool cancel = true;

	scratch_file(&tree, "d/a.c", "");
	opts.cancel = &cancel;
	ck_assert_int_eq(sq_discover(tree.fd, NULL, &opts, NULL, &d), -ECANCELED);
	ck_assert_ptr_null(d);
	cancel = false;
	expect("d/a.c| d");
}
END_TEST

/* ---- many workers -------------------------------------------------------- */

static void grow(const char *above, unsigned depth)
{
	char path[256];

	for (unsigned i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s%sf%u.c", above, *above ? "/" : "", i);
		scratch_file(&tree, path, "int x;\n");
	}
	for (unsigned i = 0; i < 4 && depth; i++) {
		snprintf(path, sizeof(path), "%s%sd%u", above, *above ? "/" : "", i);
		scratch_dir(&tree, path);
		grow(path, depth - 1);
	}
}

struct marks {
	unsigned n;
};

static void on_dir(void *arg, int dir_fd, struct sq_slice path)
{
	struct marks *m = arg;

	/* no order: only the sum counts, after the workers have joined */
	(void)sq_add_relaxed(&m->n, 1);
	ck_assert_int_ge(dir_fd, 0);
	ck_assert(path.n || path.p);
}

START_TEST(same_with_any_number_of_workers)
{
	struct marks m = { 0 };
	struct sq_discovery *one;
	char *text;

	grow("", 4);
	scratch_file(&tree, "d1/.gitignore", "f3.c\n");
	one = discover(NULL);
	ck_assert_uint_eq(one->n_dirs, 1 + 4 + 16 + 64 + 256);
	ck_assert_uint_eq(one->n_files, one->n_dirs * 6 - 85);
	text = sq_strdup(text_of(one));
	ck_assert_ptr_nonnull(text);
	opts.on_dir = on_dir;
	opts.on_dir_arg = &m;
	for (unsigned n = 1; n <= 5; n++) {
		struct sq_pool *pool = NULL;
		struct sq_discovery *d;

		m.n = 0;
		ck_assert_int_eq(sq_pool_new(n, "walk", false, &pool), 0);
		d = discover(sq_pool_parallel(pool));
		ck_assert_str_eq(text_of(d), text);
		ck_assert_uint_eq(m.n, one->n_dirs);
		for (size_t i = 0; i < d->n_files; i++)
			ck_assert(sq_identity_eq(&d->files[i].id, &one->files[i].id));
		sq_discovery_free(d);
		sq_pool_free(pool);
	}
	sq_free(text);
	sq_discovery_free(one);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tree-discover");
	TCase *t = tcase_create("discover"), *p = tcase_create("permissions");

	tcase_add_checked_fixture(t, setup, teardown);
	/* thousands of files, perhaps on a busy disk */
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_listed);
	tcase_add_test(t, identity_and_handles);
	tcase_add_test(t, stat_of_one_path);
	tcase_add_test(t, below_a_directory);
	tcase_add_test(t, too_deep);
	tcase_add_test(t, cancelled);
	tcase_add_test(t, same_with_any_number_of_workers);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(p, setup, teardown);
	tcase_add_test(p, unreadable);
	tcase_add_test(p, closed_root);
	suite_add_tcase(s, p);
	return suite_run(s);
}
