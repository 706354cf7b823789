/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * watch-rig — a watcher on a temporary tree, with a sink that collects.
 * The watcher drops events of its own process, so that what a test does to the
 * tree is done by a child: rig_sh().
 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/fanotify.h>
#include <sys/wait.h>

#include "tree-scratch.h"
#include "watch/watch.h"

struct rig {
	struct scratch tree;            /* the root is its directory "r" */
	int fd;
	char path[PATH_MAX];
	struct sq_watch *w;
	struct sq_watch_root *root;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct sq_change_set *all;      /* merged since rig_clear() */
	unsigned n_sets;
};

/* the tests' idea of a source file */
static inline bool rig_want(struct sq_slice path)
{
	return sq_slice_has_suffix(path, SQ_LIT(".c"));
}

static inline void rig_sink(void *arg, void *cookie, struct sq_change_set *set)
{
	struct rig *rig = cookie;

	(void)arg;
	pthread_mutex_lock(&rig->mutex);
	if (sq_change_set_merge(rig->all, set) < 0)
		abort();
	rig->n_sets++;
	pthread_cond_broadcast(&rig->cond);
	pthread_mutex_unlock(&rig->mutex);
	sq_change_set_free(set);
}

static inline void rig_clear(struct rig *rig)
{
	pthread_mutex_lock(&rig->mutex);
	rig->all = sq_change_set_free(rig->all);
	if (sq_change_set_new(&rig->all) < 0)
		abort();
	rig->n_sets = 0;
	pthread_mutex_unlock(&rig->mutex);
}

static inline void rig_flushed(void *arg) { sem_post(arg); }

static inline void rig_flush_root(struct sq_watch_root *r)
{
	sem_t done;

	sem_init(&done, 0, 0);
	sq_watch_flush(r, rig_flushed, &done);
	while (sem_wait(&done) && errno == EINTR)
		;
	sem_destroy(&done);
}

static inline void rig_flush(struct rig *rig) { rig_flush_root(rig->root); }

static inline void rig_wait_set(struct rig *rig)
{
	pthread_mutex_lock(&rig->mutex);
	while (!rig->n_sets)
		pthread_cond_wait(&rig->cond, &rig->mutex);
	pthread_mutex_unlock(&rig->mutex);
}

/* run @script in the parent directory of the root, and wait for it */
static inline void rig_sh(struct rig *rig, const char *script)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		if (chdir(rig->tree.path))
			_exit(126);
		execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "%s: %d", script, status);
}

static inline void rig_mark(void *arg, int dir_fd, struct sq_slice path)
{
	struct rig *rig = arg;

	sq_watch_mark_dir(rig->root, dir_fd, path);
}

static inline struct sq_discovery *rig_discover(struct rig *rig, const char *below)
{
	struct sq_ignore_config cfg = { .use_gitignore = true };
	struct sq_discover_opts opts = {
		.want = rig_want, .max_bytes = 1 << 20,
		.on_dir = rig_mark, .on_dir_arg = rig, .below = sq_slice_z(below),
	};
	struct sq_discovery *d = NULL;
	int r = sq_discover(rig->fd, &cfg, &opts, NULL, &d);

	ck_assert_msg(!r, "discover %s: %d", below, r);
	return d;
}

/* what the rebuild does on a rescan, and at first */
static inline void rig_ready(struct rig *rig)
{
	struct sq_discovery *d = rig_discover(rig, "");

	ck_assert_int_eq(sq_watch_ready(rig->root, d->dirs, d->n_dirs, d->ignore), 0);
	sq_discovery_free(d);
}

/* what the rebuild does with a SUBTREE change of @below */
static inline void rig_follow(struct rig *rig, const char *below)
{
	struct sq_discovery *d = rig_discover(rig, below);

	ck_assert_int_eq(sq_watch_dirs_changed(rig->root, sq_slice_z(below), d->dirs, d->n_dirs), 0);
	sq_discovery_free(d);
}

static inline int rig_open(struct rig *rig, const struct sq_watch_config *cfg, const char **ret_why)
{
	int r;

	memset(rig, 0, sizeof(*rig));
	pthread_mutex_init(&rig->mutex, NULL);
	pthread_cond_init(&rig->cond, NULL);
	rig_clear(rig);
	scratch_init(&rig->tree);
	scratch_dir(&rig->tree, "r");
	scratch_dir(&rig->tree, "out");
	snprintf(rig->path, sizeof(rig->path), "%.*s/r", PATH_MAX - 3, rig->tree.path);
	rig->fd = openat(rig->tree.fd, "r", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(rig->fd, 0);
	ck_assert_int_eq(sq_watch_new(cfg, rig_sink, NULL, &rig->w), 0);
	r = sq_watch_add(rig->w, rig->path, rig->fd, rig, &rig->root, ret_why);
	return r;
}

static inline void rig_close(struct rig *rig)
{
	if (rig->root)
		sq_watch_remove(rig->root);
	sq_watch_free(rig->w);
	rig->all = sq_change_set_free(rig->all);
	close(rig->fd);
	scratch_deinit(&rig->tree);
	pthread_cond_destroy(&rig->cond);
	pthread_mutex_destroy(&rig->mutex);
}

/* a window that only a flush closes: tests do not wait for the clock */
#define RIG_CONFIG(tier) { .quiet_ms = 3600000, .max_wait_ms = 3600000, \
			   .force_tier = (tier), .want = rig_want }

static inline uint8_t rig_has(struct rig *rig, const char *path)
{
	for (size_t i = 0; i < rig->all->n_changes; i++)
		if (sq_slice_is(rig->all->changes[i].path, path))
			return rig->all->changes[i].what;
	return 0;
}

static inline void rig_print(struct rig *rig, struct sq_buf *b)
{
	const struct sq_change_set *s = rig->all;

	for (size_t i = 0; i < s->n_changes; i++)
		sq_buf_printf(b, "%s%.*s%s", i ? " " : "", (int)s->changes[i].path.n,
			      s->changes[i].path.p, s->changes[i].what & SQ_CHANGE_SUBTREE ? "/" : "");
	if (s->rescan)
		sq_buf_puts(b, " RESCAN");
	if (s->rules_changed)
		sq_buf_puts(b, " RULES");
	if (s->git_changed)
		sq_buf_puts(b, " GIT");
	if (s->root_gone)
		sq_buf_puts(b, " GONE");
}

/* flush, compare with "path path dir/ FLAG", and start anew */
#define rig_expect(rig, expected) do { \
	struct sq_buf _b = SQ_BUF_NULL; \
	const char *_got; \
	rig_flush(rig); \
	rig_print(rig, &_b); \
	_got = sq_buf_z(&_b); \
	ck_assert_str_eq(_got, expected); \
	sq_buf_deinit(&_b); \
	rig_clear(rig); \
} while (0)

/* does the kernel, and the file system of the temporary directory, allow it? */
static inline bool rig_can(enum sq_watch_tier tier)
{
	bool is_fs = tier == SQ_WATCH_FILESYSTEM;
	const char *tmp = getenv("TMPDIR");
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME_TARGET | FAN_CLOEXEC |
			       (is_fs ? FAN_UNLIMITED_QUEUE : 0), O_RDONLY);
	int r = fd < 0 ? -1 : fanotify_mark(fd, FAN_MARK_ADD | (is_fs ? FAN_MARK_FILESYSTEM : 0),
					    FAN_DELETE, AT_FDCWD, tmp && *tmp ? tmp : "/tmp");

	if (fd >= 0)
		close(fd);
	return !r;
}
