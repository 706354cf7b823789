/* SPDX-License-Identifier: MIT */
#include "watch/watch.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include "sys/fd.h"
#include "watch-rig.h"
#include "../support/suite.h"

static const enum sq_watch_tier tiers[] = { SQ_WATCH_DIRECTORY, SQ_WATCH_FILESYSTEM };
static struct rig rig;

static void open_rig(enum sq_watch_tier tier)
{
	struct sq_watch_config cfg = RIG_CONFIG(tier);
	const char *why = "";

	ck_assert_msg(!rig_open(&rig, &cfg, &why), "%s", why);
	ck_assert_int_eq(sq_watch_root_tier(rig.root), tier);
}

static void start(enum sq_watch_tier tier, const char *script)
{
	open_rig(tier);
	rig_sh(&rig, script);
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
}

START_TEST(files)
{
	start(tiers[_i], "mkdir r/a; echo 1 > r/a/x.c");
	rig_sh(&rig, "echo 1 > r/a/y.c");
	rig_expect(&rig, "a/y.c");
	rig_sh(&rig, "echo 2 >> r/a/x.c");
	rig_expect(&rig, "a/x.c");
	rig_sh(&rig, "mv r/a/x.c r/z.c");
	rig_expect(&rig, "a/x.c z.c");
	rig_sh(&rig, "mv r/z.c out/z.c; mv out/z.c r/a/z.c");
	rig_expect(&rig, "a/z.c z.c");
	rig_sh(&rig, "rm r/a/y.c");
	rig_expect(&rig, "a/y.c");
	rig_sh(&rig, "ln r/a/z.c r/hard.c");
	rig_expect(&rig, "hard.c");
	rig_sh(&rig, "ln -s a/z.c r/soft.c");
	rig_expect(&rig, "soft.c");
	rig_sh(&rig, "cat r/a/z.c > /dev/null; ls r > out/list; touch r/a/other.txt");
	rig_expect(&rig, "");
	rig_close(&rig);
}
END_TEST

START_TEST(truncate_by_path)
{
	pid_t pid;

	start(tiers[_i], "echo 1 > r/x.c");
	pid = fork();
	if (!pid)
		_exit(chdir(rig.path) || truncate("x.c", 0));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	rig_expect(&rig, "x.c");
	rig_close(&rig);
}
END_TEST

/* LX-03: files in directories that came after the watch began */
START_TEST(directories)
{
	start(tiers[_i], "mkdir -p r/a/b; echo 1 > r/a/b/x.c");
	rig_sh(&rig, "mkdir -p r/n/m/o; echo 1 > r/n/m/o/y.c");
	rig_expect(&rig, "n/");
	rig_sh(&rig, "echo 2 > r/n/m/o/y.c");
	rig_expect(&rig, "n/m/o/y.c");
	/* one node moves and its subtree follows */
	rig_sh(&rig, "mv r/a r/n/m/a2");
	rig_expect(&rig, "a/ n/m/a2/");
	rig_sh(&rig, "echo 2 > r/n/m/a2/b/x.c");
	rig_expect(&rig, "n/m/a2/b/x.c");
	rig_sh(&rig, "mv r/n r/k; echo 3 > r/k/m/a2/b/x.c");
	rig_expect(&rig, "k/ n/");
	rig_sh(&rig, "mv r/k/m out/m");
	rig_expect(&rig, "k/m/");
	rig_sh(&rig, "echo 4 > out/m/a2/b/x.c; mkdir out/m/q; echo 4 > out/m/q/z.c");
	rig_expect(&rig, "");
	rig_sh(&rig, "mv out/m r/m");
	rig_expect(&rig, "m/");
	rig_sh(&rig, "echo 5 > r/m/a2/b/x.c; echo 5 > r/m/q/z.c");
	rig_expect(&rig, "m/a2/b/x.c m/q/z.c");
	rig_sh(&rig, "rm -r r/m");
	rig_expect(&rig, "m/");
	rig_sh(&rig, "mkdir r/m; echo 6 > r/m/w.c");
	rig_expect(&rig, "m/");
	rig_sh(&rig, "echo 7 > r/m/w.c");
	rig_expect(&rig, "m/w.c");
	rig_close(&rig);
}
END_TEST

/* equal renames are one event in the queue: their order is not that of the disk */
START_TEST(merged_renames)
{
	start(tiers[_i], "mkdir -p r/a/d r/b; echo 1 > r/a/d/x.c");
	rig_sh(&rig, "mv r/a/d r/b/e; mv r/b/e r/a/d; mv r/a/d r/b/e");
	rig_expect(&rig, "a/d/ b/e/");
	rig_sh(&rig, "echo 2 > r/b/e/x.c");
	rig_expect(&rig, "b/e/x.c");
	rig_sh(&rig, "mv r/b/e r/a/d; mv r/a/d r/b/e; mv r/b/e r/a/d; mv r/a/d r/b/e;"
		     "mv r/b/e r/a/d; mv r/a r/b/a; mv r/b/a/d r/d; mv r/b/a r/a; mv r/b r/a/b;"
		     "mv r/a/b r/b; mv r/a r/b/a; mv r/d r/b/a/d");
	rig_flush(&rig);
	rig_clear(&rig);
	rig_sh(&rig, "echo 3 > r/b/a/d/x.c; echo 3 > r/b/y.c");
	rig_expect(&rig, "b/a/d/x.c b/y.c");
	rig_close(&rig);
}
END_TEST

static void start_unhurried(enum sq_watch_tier tier, const char *script)
{
	struct sq_watch_config cfg = RIG_CONFIG(tier);
	const char *why = "";

	cfg.drain_ms = 3600000;         /* only a flush drains: all of a script at once */
	ck_assert_msg(!rig_open(&rig, &cfg, &why), "%s", why);
	rig_sh(&rig, script);
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
}

/*
 * A path that the table has leads, in the end, to another directory of that
 * name; and a directory in there is, in the table, above it.
 */
START_TEST(names_change_hands)
{
	start_unhurried(tiers[_i], "mkdir -p r/a/b r/c/b; echo 1 > r/a/b/x.c");
	rig_sh(&rig, "mkdir r/a/b/n; mkdir r/c/b/n; mv r/a r/t; mv r/c r/a; mv r/t r/a/b/n/s");
	rig_flush(&rig);
	ck_assert(!rig.all->rescan);
	ck_assert(rig_has(&rig, "a") & SQ_CHANGE_SUBTREE);
	ck_assert(rig_has(&rig, "c") & SQ_CHANGE_SUBTREE);
	rig_clear(&rig);
	rig_sh(&rig, "echo 1 > r/a/y.c; echo 1 > r/a/b/y.c; echo 1 > r/a/b/n/y.c;"
		     "echo 2 > r/a/b/n/s/y.c; echo 2 > r/a/b/n/s/b/x.c; echo 2 > r/a/b/n/s/b/n/y.c");
	rig_expect(&rig, "a/b/n/s/b/n/y.c a/b/n/s/b/x.c a/b/n/s/y.c a/b/n/y.c a/b/y.c a/y.c");
	rig_close(&rig);
}
END_TEST

START_TEST(ignored)
{
	start(tiers[_i], "mkdir -p r/node_modules/p r/gen; echo /gen > r/.gitignore;"
			 "echo 1 > r/gen/g.c; echo 1 > r/x.c");
	rig_sh(&rig, "echo 2 > r/gen/g.c; mkdir -p r/gen/d/e; echo 1 > r/gen/d/e/h.c;"
		     "echo 1 > r/node_modules/p/i.c; mkdir r/target; echo 1 > r/target/j.c;"
		     "mv r/gen/d r/gen/d2");
	rig_expect(&rig, "");
	/* across the border, both ways */
	rig_sh(&rig, "mv r/gen/d2 r/d2; echo 2 > r/d2/e/h.c");
	rig_expect(&rig, "d2/");
	rig_sh(&rig, "echo 3 > r/d2/e/h.c");
	rig_expect(&rig, "d2/e/h.c");
	rig_sh(&rig, "mv r/d2 r/gen/d3");
	rig_expect(&rig, "d2/");
	rig_sh(&rig, "echo 4 > r/gen/d3/e/h.c; mv r/x.c r/gen/x.c");
	rig_expect(&rig, "x.c");
	rig_sh(&rig, "echo '*.tmp' > r/.gitignore");
	rig_expect(&rig, " RULES");
	rig_ready(&rig);
	rig_sh(&rig, "echo 5 > r/gen/d3/e/h.c");
	rig_expect(&rig, "gen/d3/e/h.c");
	rig_sh(&rig, "mkdir r/sub; echo y.c > r/sub/.sqryignore");
	rig_expect(&rig, "sub/ RULES");
	rig_close(&rig);
}
END_TEST

START_TEST(git_directory)
{
	start(tiers[_i], "mkdir -p r/.git/info r/.git/objects; : > r/.git/info/exclude");
	rig_sh(&rig, "echo 1 > r/.git/index.lock; mv r/.git/index.lock r/.git/index;"
		     "echo 1 > r/.git/objects/o.c; echo 1 > r/.git/x.c; echo 1 > r/.git/info/refs");
	rig_expect(&rig, "");
	rig_sh(&rig, "echo '*.tmp' > r/.git/info/exclude");
	rig_expect(&rig, " RULES");
	rig_sh(&rig, "rm -r r/.git; mkdir -p r/.git/info/d");
	rig_flush(&rig);
	rig_clear(&rig);
	rig_sh(&rig, "echo '*.tmp' > r/.git/info/exclude; echo 1 > r/.git/info/d/x.c");
	rig_expect(&rig, " RULES");
	rig_close(&rig);
}
END_TEST

/* what editors do when they save; one change each */
static const char *const saves[] = {
	/* direct */
	"echo 2 > r/a/x.c",
	/* vim, backupcopy=no: probe, backup by rename, new file, backup deleted */
	"echo 1 > r/a/4913; rm r/a/4913; echo 1 > r/a/.x.c.swp; mv r/a/x.c r/a/x.c~;"
	"echo 2 > r/a/x.c; rm r/a/x.c~ r/a/.x.c.swp",
	/* JetBrains safe write */
	"echo 2 > r/a/x.c___jb_tmp___; mv r/a/x.c r/a/x.c___jb_old___;"
	"mv r/a/x.c___jb_tmp___ r/a/x.c; rm r/a/x.c___jb_old___",
	/* VS Code: a temporary file renamed over the old one */
	"echo 2 > r/a/x.c.vsctmp; mv r/a/x.c.vsctmp r/a/x.c",
	/* emacs: lock, backup by rename, new file */
	"ln -s me@host r/a/.#x.c; echo 2 > 'r/a/#x.c#'; mv r/a/x.c r/a/x.c~; echo 2 > r/a/x.c;"
	"rm r/a/.#x.c 'r/a/#x.c#'",
	/* sed -i */
	"sed -i s/1/2/ r/a/x.c",
};

START_TEST(editor_saves)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(tiers); i++) {
		if (!rig_can(tiers[i]))
			continue;
		start(tiers[i], "mkdir r/a; echo 1 > r/a/x.c");
		rig_sh(&rig, saves[_i]);
		rig_expect(&rig, "a/x.c");
		rig_close(&rig);
	}
}
END_TEST

START_TEST(held_until_ready)
{
	struct sq_watch_stats st;

	open_rig(tiers[_i]);
	rig_sh(&rig, "mkdir -p r/a/b; echo 1 > r/a/b/x.c; echo 1 > r/y.c; mv r/a r/c");
	rig_flush(&rig);
	ck_assert_uint_eq(rig.n_sets, 0);
	ck_assert(sq_watch_root_pending(rig.root));
	rig_ready(&rig);
	rig_flush(&rig);
	ck_assert_uint_eq(rig_has(&rig, "y.c"), SQ_CHANGE_FILE);
	ck_assert_uint_eq(rig_has(&rig, "a"), SQ_CHANGE_SUBTREE);
	ck_assert_uint_eq(rig_has(&rig, "c"), SQ_CHANGE_SUBTREE);
	ck_assert(!rig.all->rescan && !rig.all->root_gone);
	rig_clear(&rig);
	rig_sh(&rig, "echo 2 > r/c/b/x.c");
	rig_expect(&rig, "c/b/x.c");
	sq_watch_root_stats(rig.root, &st);
	ck_assert_uint_eq(st.n_overflows + st.n_rescans, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(root_gone)
{
	start(tiers[_i], "mkdir r/a");
	rig_sh(&rig, "mv r s");
	rig_expect(&rig, " GONE");
	rig_sh(&rig, "mv s r");
	rig_close(&rig);
	start(tiers[_i], "mkdir r/a");
	rig_sh(&rig, "mv r s; mv s r; echo 1 > r/a/x.c");
	rig_expect(&rig, "a/x.c");
	rig_sh(&rig, "rm -r r");
	rig_expect(&rig, "a/ GONE");
	rig_close(&rig);
}
END_TEST

START_TEST(parent_of_root_moves)
{
	struct sq_watch_config cfg = RIG_CONFIG(SQ_WATCH_FILESYSTEM);
	struct rig inner = { .fd = -1 };
	const char *why;
	int fd;

	ck_assert_int_eq(rig_open(&rig, &cfg, &why), 0);
	rig_sh(&rig, "mkdir -p out/p/root");
	fd = openat(rig.tree.fd, "out/p/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(inner.path, sizeof(inner.path), "%.*s/out/p/root", PATH_MAX - 16, rig.tree.path);
	pthread_mutex_init(&inner.mutex, NULL);
	pthread_cond_init(&inner.cond, NULL);
	rig_clear(&inner);
	ck_assert_int_eq(sq_watch_add(rig.w, inner.path, fd, &inner, &inner.root, &why), 0);
	inner.fd = fd;
	rig_ready(&inner);
	rig_sh(&rig, "mv out/p out/q");
	rig_expect(&inner, " GONE");
	sq_watch_remove(inner.root);
	sq_change_set_free(inner.all);
	close(fd);
	rig_close(&rig);
}
END_TEST

/* one root inside the other: both get the event */
START_TEST(nested_roots)
{
	struct rig inner = { .fd = -1 };
	const char *why;

	start(tiers[_i], "mkdir -p r/sub/d; echo 1 > r/sub/d/x.c");
	pthread_mutex_init(&inner.mutex, NULL);
	pthread_cond_init(&inner.cond, NULL);
	rig_clear(&inner);
	inner.fd = openat(rig.fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(inner.path, sizeof(inner.path), "%.*s/sub", PATH_MAX - 5, rig.path);
	ck_assert_int_eq(sq_watch_add(rig.w, inner.path, inner.fd, &inner, &inner.root, &why), 0);
	rig_ready(&inner);
	rig_sh(&rig, "echo 2 > r/sub/d/x.c; mkdir r/sub/e; echo 1 > r/sub/e/y.c; echo 1 > r/z.c");
	rig_expect(&rig, "sub/d/x.c sub/e/ z.c");
	rig_expect(&inner, "d/x.c e/");
	rig_sh(&rig, "mv r/sub/d r/d2; echo 3 > r/d2/x.c");
	rig_expect(&rig, "d2/ sub/d/");
	rig_expect(&inner, "d/");
	rig_sh(&rig, "mv r/d2 r/sub/e/d3");
	rig_expect(&rig, "d2/ sub/e/d3/");
	rig_expect(&inner, "e/d3/");
	rig_sh(&rig, "echo 4 > r/sub/e/d3/x.c");
	rig_expect(&rig, "sub/e/d3/x.c");
	rig_expect(&inner, "e/d3/x.c");
	sq_watch_remove(inner.root);
	/* the marks that both needed are still there */
	rig_sh(&rig, "echo 5 > r/sub/e/d3/x.c; echo 5 > r/sub/w.c");
	rig_expect(&rig, "sub/e/d3/x.c sub/w.c");
	sq_change_set_free(inner.all);
	close(inner.fd);
	rig_close(&rig);
}
END_TEST

/* ---- what needs a file system of its own ---- */

static bool enter_own_tmpfs(struct scratch *s)
{
	scratch_init(s);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", s->path, "tmpfs", 0, NULL)) {
		scratch_deinit(s);
		return false;
	}
	setenv("TMPDIR", s->path, 1);
	return true;
}

static void leave_own_tmpfs(struct scratch *s)
{
	ck_assert_int_eq(umount2(s->path, MNT_DETACH), 0);
	unsetenv("TMPDIR");
	scratch_deinit(s);
}

/* the own cap: too much waits in the kernel */
START_TEST(queue_cap)
{
	struct sq_watch_config cfg = RIG_CONFIG(tiers[_i]);
	struct sq_watch_stats st;
	struct scratch mnt;
	const char *why;

	/* a foreign event would count as well */
	if (!enter_own_tmpfs(&mnt)) {
		printf("queue_cap: skipped: no mount can be made\n");
		return;
	}
	cfg.queue_limit_events = 64;
	cfg.drain_ms = 3600000;
	ck_assert_int_eq(rig_open(&rig, &cfg, &why), 0);
	rig_sh(&rig, "mkdir -p r/a/b");
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
	rig_sh(&rig, "mv r/a/b r/moved; for i in $(seq 100); do echo > r/a/f$i.c; done");
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	rig_clear(&rig);
	/* what comes before the walk is held, and has right names after it */
	rig_sh(&rig, "echo 1 > r/moved/x.c");
	rig_expect(&rig, "");
	rig_ready(&rig);
	rig_expect(&rig, "moved/x.c");
	rig_sh(&rig, "echo 1 > r/moved/y.c");
	rig_expect(&rig, "moved/y.c");
	sq_watch_root_stats(rig.root, &st);
	ck_assert_uint_eq(st.n_overflows, 1);
	ck_assert_uint_eq(st.n_rescans, 1);
	rig_close(&rig);
	leave_own_tmpfs(&mnt);
}
END_TEST

static bool set_queue_limit(const char *value, char *old, size_t cap)
{
	const char *file = "/proc/sys/fs/fanotify/max_queued_events";
	int fd = open(file, O_RDWR | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (old) {
		n = read(fd, old, cap - 1);
		old[n > 0 ? n : 0] = '\0';
	}
	n = pwrite(fd, value, strlen(value), 0);
	close(fd);
	return n > 0;
}

/* the kernel's own overflow event, which has no record */
/* LX-04 LX-31: events are lost, that something changed is not: a rescan */
START_TEST(kernel_overflow)
{
	struct sq_watch_config cfg = RIG_CONFIG(tiers[_i]);
	struct sq_watch_stats st;
	struct scratch mnt;
	char old[32];
	const char *why;
	int r;

	cfg.queue_limit_events = 100000;
	cfg.drain_ms = 3600000;
	if (!enter_own_tmpfs(&mnt)) {
		printf("kernel_overflow: skipped: no mount can be made\n");
		return;
	}
	if (!set_queue_limit("64", old, sizeof(old))) {
		printf("kernel_overflow: skipped: the queue limit can't be set\n");
		leave_own_tmpfs(&mnt);
		return;
	}
	r = rig_open(&rig, &cfg, &why);
	ck_assert(set_queue_limit(old, NULL, 0));
	ck_assert_int_eq(r, 0);
	rig_sh(&rig, "mkdir -p r/a");
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
	rig_sh(&rig, "for i in $(seq 200); do echo > r/a/f$i.c; done; mv r/a r/b");
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	rig_clear(&rig);
	rig_ready(&rig);
	rig_sh(&rig, "echo 1 > r/b/x.c");
	rig_expect(&rig, "b/x.c");
	sq_watch_stats(rig.w, &st);
	ck_assert_uint_eq(st.n_overflows, 1);
	rig_close(&rig);
	leave_own_tmpfs(&mnt);
}
END_TEST

/* a window of @cfg closes by itself */
static void expect_closes(const struct sq_watch_config *cfg)
{
	const char *why;

	ck_assert_int_eq(rig_open(&rig, cfg, &why), 0);
	rig_ready(&rig);
	rig_sh(&rig, "echo 1 > r/x.c");
	rig_wait_set(&rig);
	ck_assert_uint_eq(rig_has(&rig, "x.c"), SQ_CHANGE_FILE);
	rig_close(&rig);
}

/* X-02 WB-06: after a quiet window, as long as it is configured */
START_TEST(quiet_window_closes)
{
	struct sq_watch_config cfg = RIG_CONFIG(tiers[_i]);

	cfg.quiet_ms = 20;
	expect_closes(&cfg);
}
END_TEST

/* or after the longest wait, quiet or not */
START_TEST(max_wait_closes)
{
	struct sq_watch_config cfg = RIG_CONFIG(tiers[_i]);

	cfg.max_wait_ms = 50;
	expect_closes(&cfg);
}
END_TEST

/* LX-29: what cannot be watched is an error of the call */
START_TEST(bad_roots)
{
	struct sq_watch_config cfg = RIG_CONFIG(SQ_WATCH_NONE);
	struct sq_watch_root *r = NULL;
	const char *why = NULL;
	struct sq_watch *w;
	int fd;

	ck_assert_int_eq(rig_open(&rig, &cfg, &why), -EOPNOTSUPP);
	ck_assert_str_eq(why, "a lower tier is configured");
	ck_assert_int_eq(sq_watch_best_tier(rig.w, &why), SQ_WATCH_NONE);
	rig_close(&rig);
	cfg.force_tier = -1;
	ck_assert_int_eq(sq_watch_new(&cfg, rig_sink, NULL, &w), 0);
	fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_lt(sq_watch_add(w, "/proc/self", fd, NULL, &r, &why), 0);
	ck_assert_str_eq(why, "proc tells nothing about changes");
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(sq_watch_add(w, "/dev/null", fd, NULL, &r, &why), -ENOTDIR);
	close(fd);
	ck_assert_ptr_null(r);
	sq_watch_free(w);
}
END_TEST

/* LX-06: nobody wakes up for nothing */
START_TEST(idle_is_free)
{
	struct sq_watch_stats before, after;
	struct scratch mnt;

	if (!enter_own_tmpfs(&mnt)) {
		printf("idle_is_free: skipped: no mount can be made\n");
		return;
	}
	start(tiers[_i], "mkdir r/a");
	rig_sh(&rig, "echo 1 > r/a/x.c");
	rig_expect(&rig, "a/x.c");
	sq_watch_stats(rig.w, &before);
	poll(NULL, 0, 300);
	sq_watch_stats(rig.w, &after);
	/* one may be on its way from the flush */
	ck_assert_uint_le(after.n_wakeups - before.n_wakeups, 1);
	rig_close(&rig);
	leave_own_tmpfs(&mnt);
}
END_TEST

START_TEST(mount_below)
{
	struct scratch mnt;

	if (!enter_own_tmpfs(&mnt)) {
		printf("mount_below: skipped: no mount can be made\n");
		return;
	}
	start(tiers[_i], "mkdir r/a r/m");
	rig_sh(&rig, "mount -t tmpfs none r/m; echo 1 > r/m/x.c; mkdir -p r/m/d/e");
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	/* marked during the walk, or after it and then said so */
	rig_ready(&rig);
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
	rig_sh(&rig, "echo 2 > r/m/x.c; echo 1 > r/m/d/e/y.c; mv r/m/d/e r/m/f");
	rig_flush(&rig);
	ck_assert_uint_eq(rig_has(&rig, "m/x.c"), SQ_CHANGE_FILE);
	ck_assert_uint_eq(rig_has(&rig, "m/d/e"), SQ_CHANGE_SUBTREE);
	ck_assert_uint_eq(rig_has(&rig, "m/f"), SQ_CHANGE_SUBTREE);
	rig_clear(&rig);
	rig_sh(&rig, "umount -l r/m");
	rig_flush(&rig);
	ck_assert(rig.all->rescan);
	rig_close(&rig);
	leave_own_tmpfs(&mnt);
}
END_TEST

START_TEST(bind_mount)
{
	struct scratch mnt;

	if (!enter_own_tmpfs(&mnt)) {
		printf("bind_mount: skipped: no mount can be made\n");
		return;
	}
	/* written through another mount of the same file system */
	start(tiers[_i], "mkdir -p r/a out/b; mount --bind r/a out/b");
	rig_sh(&rig, "echo 1 > out/b/x.c; mkdir -p out/b/n; echo 1 > out/b/n/y.c");
	rig_expect(&rig, "a/n/ a/x.c");
	rig_sh(&rig, "umount out/b");
	rig_close(&rig);
	leave_own_tmpfs(&mnt);
}
END_TEST

/* no file system mark there: directory marks by itself */
START_TEST(overlay)
{
	struct sq_watch_config cfg = RIG_CONFIG(-1);
	struct scratch mnt;
	const char *why;

	if (!enter_own_tmpfs(&mnt)) {
		printf("overlay: skipped: no mount can be made\n");
		return;
	}
	scratch_init(&rig.tree);
	rig_sh(&rig, "mkdir l u w o; mkdir -p l/old; echo 1 > l/old/x.c;"
		     "mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none o || touch no");
	if (!faccessat(rig.tree.fd, "no", F_OK, 0)) {
		printf("overlay: skipped: no overlay can be mounted\n");
		leave_own_tmpfs(&mnt);
		return;
	}
	snprintf(rig.path, sizeof(rig.path), "%.*s/o", PATH_MAX - 3, rig.tree.path);
	setenv("TMPDIR", rig.path, 1);
	ck_assert_int_eq(rig_open(&rig, &cfg, &why), 0);
	ck_assert_int_eq(sq_watch_root_tier(rig.root), SQ_WATCH_DIRECTORY);
	rig_sh(&rig, "mv ../old r/old");
	rig_ready(&rig);
	rig_flush(&rig);
	rig_clear(&rig);
	/* the first write copies the file up */
	rig_sh(&rig, "echo 2 >> r/old/x.c; mkdir -p r/n/m; echo 1 > r/n/m/y.c");
	rig_expect(&rig, "n/ old/x.c");
	rig_sh(&rig, "mv r/n/m r/old/m; echo 2 > r/old/m/y.c; mv r/old/x.c r/z.c");
	rig_expect(&rig, "n/m/ old/m/ old/x.c z.c");
	rig_sh(&rig, "echo 3 > r/old/m/y.c");
	rig_expect(&rig, "old/m/y.c");
	rig_close(&rig);
	leave_own_tmpfs(&mnt);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch-watch");
	TCase *tc = tcase_create("events"), *own = tcase_create("mounts");
	int first = 0, end = 2;

	if (!rig_can(SQ_WATCH_DIRECTORY)) {
		printf("skipped: no fanotify group with names can be made\n");
		return 77;
	}
	if (!rig_can(SQ_WATCH_FILESYSTEM)) {
		printf("filesystem marks: skipped: no capability, or not on this file system\n");
		end = 1;
	}
	tcase_set_timeout(tc, 60);
	tcase_set_timeout(own, 60);
	tcase_add_loop_test(tc, files, first, end);
	tcase_add_loop_test(tc, truncate_by_path, first, end);
	tcase_add_loop_test(tc, directories, first, end);
	tcase_add_loop_test(tc, merged_renames, first, end);
	tcase_add_loop_test(tc, names_change_hands, first, end);
	tcase_add_loop_test(tc, ignored, first, end);
	tcase_add_loop_test(tc, git_directory, first, end);
	tcase_add_loop_test(tc, editor_saves, 0, (int)SQ_ARRAY_SIZE(saves));
	tcase_add_loop_test(tc, held_until_ready, first, end);
	tcase_add_loop_test(tc, root_gone, first, end);
	if (end == 2)
		tcase_add_test(tc, parent_of_root_moves);
	tcase_add_loop_test(tc, nested_roots, first, end);
	tcase_add_loop_test(own, queue_cap, first, end);
	tcase_add_loop_test(own, kernel_overflow, first, end);
	tcase_add_loop_test(tc, quiet_window_closes, first, end);
	tcase_add_loop_test(tc, max_wait_closes, first, end);
	tcase_add_test(tc, bad_roots);
	tcase_add_loop_test(own, idle_is_free, first, end);
	tcase_add_loop_test(own, mount_below, first, end);
	tcase_add_loop_test(own, bind_mount, first, end);
	if (end == 2)
		tcase_add_test(own, overlay);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, own);
	return suite_run(s);
}
