/* SPDX-License-Identifier: MIT */
/*
 * Random operations on a tree against what the watcher reports: whatever
 * differs between a snapshot before and one after is reported, by its path or
 * by a directory above it. SQ_TEST_SEED and SQ_TEST_ROUNDS repeat a run.
 */
#include "watch/watch.h"

#include <dirent.h>
#include <grp.h>
#include <sched.h>

#include "base/vec.h"
#include "sys/fd.h"
#include "watch-rig.h"
#include "../support/suite.h"

enum { NAMES = 6, BATCH_MAX = 40, LIVE_OPS = 6000 };

static struct rig rig;
static unsigned base_seed = 20240521, n_rounds = 150;

/* ---- operations, in a child whose working directory holds r and out ---- */

static void random_path(unsigned *seed, char *path, size_t cap, bool is_dir)
{
	unsigned depth = (unsigned)rand_r(seed) % 4;
	int n = snprintf(path, cap, rand_r(seed) % 4 ? "r" : "out");

	for (unsigned i = 0; i < depth; i++)
		n += snprintf(path + n, cap - (size_t)n, "/%s%d",
			      rand_r(seed) % 12 ? "d" : "node_modules", rand_r(seed) % NAMES);
	if (is_dir)
		snprintf(path + n, cap - (size_t)n, "/d%d", rand_r(seed) % NAMES);
	else
		snprintf(path + n, cap - (size_t)n, "/f%d.%s", rand_r(seed) % NAMES,
			 rand_r(seed) % 6 ? "c" : "txt");
}

static void write_file(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0666);

	if (fd < 0)
		return;
	if (write(fd, "x\n", 2) != 2)
		_exit(9);
	close(fd);
}

static int remove_any(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void mkdirs(char *path)
{
	for (char *p = path; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(path, 0777);
			*p = '/';
		}
	(void)mkdir(path, 0777);
}

/* most fail, which is as well */
static void random_op(unsigned *seed)
{
	char a[PATH_MAX], b[PATH_MAX];
	unsigned op = (unsigned)rand_r(seed) % 20;
	bool is_dir = op >= 12;

	random_path(seed, a, sizeof(a), is_dir);
	random_path(seed, b, sizeof(b), is_dir);
	if (op < 5)
		write_file(a, O_TRUNC);
	else if (op < 8)
		write_file(a, O_APPEND);
	else if (op < 9)
		(void)!truncate(a, rand_r(seed) % 3);
	else if (op < 10)
		(void)unlink(a);
	else if (op < 12)
		(void)rename(a, b);
	else if (op < 15)
		mkdirs(a);
	else if (op < 18)
		(void)rename(a, b);
	else if (op < 19)
		(void)rmdir(a);
	else if (rand_r(seed) % 4 == 0)
		(void)nftw(a, remove_any, 16, FTW_DEPTH | FTW_PHYS);
	else
		(void)link(a, b);
}

static pid_t start_ops(unsigned seed, unsigned n)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (chdir(rig.tree.path))
		_exit(1);
	while (n--)
		random_op(&seed);
	_exit(0);
}

static void finish_ops(pid_t pid)
{
	int status;

	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* ---- snapshots ---- */

struct seen { char *path; struct sq_identity id; bool is_linked; };
struct snapshot { struct seen *v; size_t n, cap; };

static void snapshot_at(struct snapshot *s, int fd, const char *at)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir))) {
		struct stat st;
		char *path;

		if (e->d_name[0] == '.' || strstr(e->d_name, "node_modules"))
			continue;
		path = sq_asprintf("%s%s%s", at, *at ? "/" : "", e->d_name);
		ck_assert_int_eq(fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
		if (S_ISDIR(st.st_mode)) {
			int sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			ck_assert_int_ge(sub, 0);
			snapshot_at(s, sub, path);
		} else if (rig_want(sq_slice_z(path))) {
			struct sq_identity id = {
				.ino = st.st_ino, .size = (uint64_t)st.st_size,
				.mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
					    (uint64_t)st.st_mtim.tv_nsec,
			};

			ck_assert_int_eq(sq_vec_push(s, ((struct seen){ path, id,
							 st.st_nlink > 1 })), 0);
			path = NULL;
		}
		sq_free(path);
	}
	closedir(dir);
}

static int seen_cmp(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->path, ((const struct seen *)b)->path);
}

static void snapshot_take(struct snapshot *s)
{
	int fd = openat(rig.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*s = (struct snapshot){ NULL, 0, 0 };
	snapshot_at(s, fd, "");
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), seen_cmp);
}

static void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		sq_free(s->v[i].path);
	sq_vec_deinit(s);
}

static bool is_reported(const char *path)
{
	struct sq_slice at = sq_slice_z(path);

	if (rig.all->rescan || rig_has(&rig, path))
		return true;
	while (at.n) {
		at = sq_path_dir(at);
		for (size_t i = 0; i < rig.all->n_changes; i++)
			if (sq_slice_eq(rig.all->changes[i].path, at) &&
			    rig.all->changes[i].what & SQ_CHANGE_SUBTREE)
				return true;
	}
	return false;
}

static void check_one(const char *path, const char *what, unsigned seed)
{
	struct sq_buf b = SQ_BUF_NULL;

	if (is_reported(path))
		return;
	rig_print(&rig, &b);
	ck_abort_msg("seed %u: %s %s is not among: %s", seed, path, what, sq_buf_z(&b));
}

/* Return: number of differences */
static size_t check_covers(const struct snapshot *a, const struct snapshot *b, unsigned seed)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->n || k < b->n) {
		int c = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->v[i].path, b->v[k].path);

		if (c < 0) {
			check_one(a->v[i++].path, "went", seed);
		} else if (c > 0) {
			check_one(b->v[k++].path, "came", seed);
		} else {
			/* an event names one of the links; the others are the reader's to find */
			bool is_same = sq_identity_eq(&a->v[i].id, &b->v[k].id) ||
				       a->v[i].is_linked || b->v[k].is_linked;

			if (!is_same)
				check_one(b->v[k].path, "changed", seed);
			n += !is_same;
			i++, k++;
			continue;
		}
		n++;
	}
	return n;
}

/* ---- what the rebuild does with a set ---- */

static void follow(unsigned *seed, bool is_lazy)
{
	if (rig.all->rescan) {
		rig_clear(&rig);
		rig_ready(&rig);
		return;
	}
	for (size_t i = 0; i < rig.all->n_changes; i++) {
		const struct sq_change *c = &rig.all->changes[i];
		char *below;

		/* the watcher must not depend on being told of directories that it saw come */
		if (!(c->what & SQ_CHANGE_SUBTREE) || (is_lazy && rand_r(seed) % 2))
			continue;
		below = sq_strndup(c->path.p, c->path.n);
		rig_follow(&rig, below);
		sq_free(below);
	}
	rig_clear(&rig);
}

/* @is_whole: only a flush drains, so that the watcher sees each batch at once */
static void open_random(enum sq_watch_tier tier, bool is_whole)
{
	struct sq_watch_config cfg = RIG_CONFIG(tier);
	const char *why = "";

	if (is_whole)
		cfg.drain_ms = 3600000;

	ck_assert_msg(!rig_open(&rig, &cfg, &why), "%s", why);
	finish_ops(start_ops(base_seed, 400));
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
}

static void expect_no_sweep(void)
{
	struct sq_watch_stats st;

	sq_watch_root_stats(rig.root, &st);
	ck_assert_uint_eq(st.n_overflows, 0);
	ck_assert_uint_eq(st.n_rescans, 0);
}

/* ---- tests ---- */

static void run_batches(enum sq_watch_tier tier, unsigned seed, bool is_whole)
{
	struct snapshot before, after;
	size_t n_differences = 0;

	open_random(tier, is_whole);
	snapshot_take(&before);
	for (unsigned round = 0; round < n_rounds; round++) {
		unsigned n = 1 + (unsigned)rand_r(&seed) % BATCH_MAX, ops = (unsigned)rand_r(&seed);

		finish_ops(start_ops(ops, n));
		rig_flush(&rig);
		snapshot_take(&after);
		n_differences += check_covers(&before, &after, ops);
		snapshot_free(&before);
		before = after;
		follow(&seed, true);
		rig_flush(&rig);
		if (rand_r(&seed) % 16 == 0)
			rig_ready(&rig);
	}
	snapshot_free(&before);
	ck_assert_uint_gt(n_differences, n_rounds);
	expect_no_sweep();
	rig_close(&rig);
}

/* the watcher drains, and walks happen, while the writer goes on */
static void run_live(enum sq_watch_tier tier, unsigned seed)
{
	struct snapshot before, after;
	pid_t pid;

	open_random(tier, false);
	snapshot_take(&before);
	pid = start_ops(seed, LIVE_OPS);
	for (int i = 0; i < 20; i++) {
		struct sq_discovery *d = rig_discover(&rig, "");

		if (rand_r(&seed) % 2)
			ck_assert_int_eq(sq_watch_ready(rig.root, d->dirs, d->n_dirs,
							d->ignore), 0);
		else
			ck_assert_int_eq(sq_watch_dirs_changed(rig.root, SQ_SLICE_NULL, d->dirs,
							       d->n_dirs), 0);
		sq_discovery_free(d);
		rig_flush(&rig);
	}
	finish_ops(pid);
	rig_flush(&rig);
	snapshot_take(&after);
	check_covers(&before, &after, seed);
	snapshot_free(&before);
	/* and the table is right again */
	follow(&seed, true);
	before = after;
	finish_ops(start_ops(seed, BATCH_MAX));
	rig_flush(&rig);
	snapshot_take(&after);
	check_covers(&before, &after, seed);
	snapshot_free(&before);
	snapshot_free(&after);
	rig_close(&rig);
}

static const enum sq_watch_tier tiers[] = { SQ_WATCH_DIRECTORY, SQ_WATCH_FILESYSTEM };

START_TEST(batches)
{
	run_batches(tiers[_i], base_seed, false);
}
END_TEST

START_TEST(whole_batches)
{
	run_batches(tiers[_i], base_seed, true);
}
END_TEST

START_TEST(live)
{
	for (unsigned i = 0; i < 3; i++)
		run_live(tiers[_i], base_seed + i);
}
END_TEST

/* ---- without any capability ---- */

static void become_nobody(void)
{
	const struct { unsigned id; } nobody = { 65534 };

	ck_assert(!setgroups(0, NULL));
	ck_assert(!setresgid(nobody.id, nobody.id, nobody.id));
	ck_assert(!setresuid(nobody.id, nobody.id, nobody.id));
}

static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		fn();
		_exit(0);
	}
	finish_ops(pid);
	(void)status;
}

static void nobody_watches(void)
{
	struct sq_watch_config cfg = RIG_CONFIG(-1);
	const char *why = NULL;

	become_nobody();
	ck_assert_int_eq(rig_open(&rig, &cfg, &why), 0);
	ck_assert_int_eq(sq_watch_best_tier(rig.w, &why), SQ_WATCH_DIRECTORY);
	ck_assert_str_eq(why, "CAP_SYS_ADMIN is missing");
	ck_assert_int_eq(sq_watch_root_tier(rig.root), SQ_WATCH_DIRECTORY);
	rig_close(&rig);
	run_batches(SQ_WATCH_DIRECTORY, base_seed + 1, false);
	run_live(SQ_WATCH_DIRECTORY, base_seed + 2);
}

START_TEST(as_nobody)
{
	in_child(nobody_watches);
}
END_TEST

static void few_marks(void)
{
	struct sq_watch_config cfg = RIG_CONFIG(SQ_WATCH_DIRECTORY);
	const char *why = NULL;
	int fd;

	become_nobody();
	/* limits of its own, below those of the machine */
	if (unshare(CLONE_NEWUSER)) {
		printf("marks_run_out: skipped: no user namespace\n");
		return;
	}
	fd = open("/proc/sys/user/max_fanotify_marks", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "8", 1) != 1) {
		printf("marks_run_out: skipped: the limit can't be set\n");
		return;
	}
	close(fd);
	ck_assert_int_eq(rig_open(&rig, &cfg, &why), 0);
	rig_ready(&rig);
	rig_sh(&rig, "mkdir -p r/a/b r/c; echo 1 > r/c/x.c");
	rig_flush(&rig);
	ck_assert(!rig.all->rescan);
	ck_assert_int_eq(sq_watch_root_tier(rig.root), SQ_WATCH_DIRECTORY);
	rig_clear(&rig);
	rig_sh(&rig, "mkdir -p r/d/e/f/g/h/i/j/k/l");
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	ck_assert_int_eq(sq_watch_root_tier(rig.root), SQ_WATCH_NONE);
	ck_assert_str_eq(sq_watch_root_why(rig.root),
			 "the user's limit of fanotify marks is reached");
	/* during a walk as well */
	rig_close(&rig);
	ck_assert_int_eq(rig_open(&rig, &cfg, &why), 0);
	rig_sh(&rig, "mkdir -p r/d/e/f/g/h/i/j/k/l");
	rig_ready(&rig);
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	ck_assert_int_eq(sq_watch_root_tier(rig.root), SQ_WATCH_NONE);
	rig_close(&rig);
}

START_TEST(marks_run_out)
{
	in_child(few_marks);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch-random");
	TCase *tc = tcase_create("random");
	int end = 2;

	if (!rig_can(SQ_WATCH_DIRECTORY)) {
		printf("skipped: no fanotify group with names can be made\n");
		return 77;
	}
	if (!rig_can(SQ_WATCH_FILESYSTEM)) {
		printf("filesystem marks: skipped: no capability, or not on this file system\n");
		end = 1;
	}
	if (getenv("SQ_TEST_SEED"))
		base_seed = (unsigned)atoi(getenv("SQ_TEST_SEED"));
	if (getenv("SQ_TEST_ROUNDS"))
		n_rounds = (unsigned)atoi(getenv("SQ_TEST_ROUNDS"));
	printf("seed %u, %u rounds\n", base_seed, n_rounds);
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, batches, 0, end);
	tcase_add_loop_test(tc, whole_batches, 0, end);
	tcase_add_loop_test(tc, live, 0, end);
	if (!geteuid()) {
		tcase_add_test(tc, as_nobody);
		tcase_add_test(tc, marks_run_out);
	} else {
		printf("as_nobody, marks_run_out: skipped: not root\n");
	}
	suite_add_tcase(s, tc);
	return suite_run(s);
}
