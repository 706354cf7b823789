/* SPDX-License-Identifier: MIT */
#include "daemon/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "sys/fd.h"

#define BACKLOG 256
#define HELLO_LIMIT_MS 500       /* a live daemon answers within microseconds */
#define DEATH_LIMIT_MS 2000      /* of one that was killed; a large address space takes its time */

static int say(struct sq_instance_error *err, int code, const char *fmt, ...) SQ_PRINTF(3, 4);
static int say(struct sq_instance_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

static char *default_dir(void)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");

	if (xdg && xdg[0] == '/')
		return sq_asprintf("%s/sqry", xdg);
	return sq_asprintf("%s/sqry-%u", tmp && tmp[0] == '/' ? tmp : "/tmp", (unsigned)getuid());
}

/* ours, and nobody else can put a socket there */
static int make_runtime_dir(const char *dir, struct sq_instance_error *err)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return say(err, SQ_INSTANCE_E_SETUP, "cannot make runtime directory %s: %s", dir, strerror(errno));
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return say(err, SQ_INSTANCE_E_SETUP, "runtime directory %s is not a directory of ours", dir);
	if ((st.st_mode & 0077) && chmod(dir, 0700) < 0)
		return say(err, SQ_INSTANCE_E_SETUP, "cannot restrict %s to mode 0700: %s", dir, strerror(errno));
	return 0;
}

/* of a configured socket; its parent exists */
static int make_parent(const char *socket_path, struct sq_instance_error *err)
{
	struct sq_slice dir = sq_path_dir(sq_slice_z(socket_path));
	_cleanup_(sq_freep) char *path = sq_asprintf("%.*s", (int)dir.n, dir.p);

	if (!path)
		return sq_error_origin(-ENOMEM);
	if (dir.n && mkdir(path, 0700) < 0 && errno != EEXIST)
		return say(err, SQ_INSTANCE_E_SETUP, "cannot make the directory of the socket, %s: %s", path,
			   strerror(errno));
	return 0;
}

static int derive_paths(struct sq_instance *i, const char *socket_path, struct sq_instance_error *err)
{
	_cleanup_(sq_freep) char *dir = NULL;
	struct sq_slice stem;
	int r;

	if (socket_path) {
		r = socket_path[0] == '/' ? make_parent(socket_path, err) : 0;
		if (r)
			return r;
		i->socket_path = sq_strdup(socket_path);
	} else {
		dir = default_dir();
		if (!dir)
			return sq_error_origin(-ENOMEM);
		r = make_runtime_dir(dir, err);
		if (r)
			return r;
		i->socket_path = sq_asprintf("%s/sqryd.sock", dir);
	}
	if (!i->socket_path)
		return sq_error_origin(-ENOMEM);
	stem = sq_slice_z(i->socket_path);
	if (sq_slice_has_suffix(stem, SQ_LIT(".sock")))
		stem.n -= 5;
	i->pid_path = sq_asprintf("%.*s.pid", (int)stem.n, stem.p);
	i->lock_path = sq_asprintf("%.*s.lock", (int)stem.n, stem.p);
	i->log_path = sq_asprintf("%.*s.log", (int)stem.n, stem.p);
	i->ready_path = sq_asprintf("%.*s.ready", (int)stem.n, stem.p);
	return i->pid_path && i->lock_path && i->log_path && i->ready_path ? 0 : sq_error_origin(-ENOMEM);
}

int sq_instance_init(const char *socket_path, struct sq_instance *ret_i, struct sq_instance_error *err)
{
	struct sq_instance i = SQ_INSTANCE_NULL;
	int r = derive_paths(&i, socket_path, err);

	if (!r && strlen(i.socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		r = say(err, SQ_INSTANCE_E_SETUP, "socket path is %zu bytes long, the limit is 107: %s",
			strlen(i.socket_path), i.socket_path);
	if (!r && i.socket_path[0] != '/')
		r = say(err, SQ_INSTANCE_E_SETUP, "socket path must be absolute: %s", i.socket_path);
	if (r) {
		sq_instance_deinit(&i);
		return r;
	}
	*ret_i = i;
	return 0;
}

int sq_instance_init_passed(int fd, struct sq_instance *ret_i, struct sq_instance_error *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNSPEC };
	socklen_t n = sizeof(a) - 1;
	int flags = fcntl(fd, F_GETFL), r;

	if (flags < 0 || getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return say(err, SQ_INSTANCE_E_SETUP, "the socket that was passed cannot be used: %s", strerror(errno));
	if (a.sun_family != AF_UNIX || a.sun_path[0] != '/')
		return say(err, SQ_INSTANCE_E_SETUP, "the socket that was passed is not one in the file system");
	/* a ring answers -EAGAIN at once for a non-blocking socket */
	if (fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return say(err, SQ_INSTANCE_E_SETUP, "the socket that was passed cannot be used: %s", strerror(errno));
	r = sq_instance_init(a.sun_path, ret_i, err);
	if (r)
		return r;
	ret_i->listen_fd = fd;
	ret_i->is_passed = true;
	return 0;
}

void sq_instance_deinit(struct sq_instance *i)
{
	i->listen_fd = sq_fd_close(i->listen_fd);
	if (i->owns_files) {
		if (!i->is_passed)
			(void)unlink(i->socket_path);   /* may be gone already */
		(void)unlink(i->pid_path);
		(void)unlink(i->ready_path);
	}
	i->lock_fd = sq_fd_close(i->lock_fd);
	sq_free(i->socket_path);
	sq_free(i->pid_path);
	sq_free(i->lock_path);
	sq_free(i->log_path);
	sq_free(i->ready_path);
	*i = (struct sq_instance)SQ_INSTANCE_NULL;
}

pid_t sq_instance_pid(const struct sq_instance *i)
{
	char text[32] = "";
	FILE *f = fopen(i->pid_path, "re");
	long pid = 0;

	if (!f)
		return 0;
	if (fgets(text, sizeof(text), f))
		pid = strtol(text, NULL, 10);
	fclose(f);
	return pid > 0 ? (pid_t)pid : 0;
}

/* flock on NFS may be local to one client: two daemons could run */
static bool is_on_nfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == NFS_SUPER_MAGIC;
}

int sq_instance_adopt(struct sq_instance *i, int fd, struct sq_instance_error *err)
{
	struct stat held, named;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fstat(fd, &held) < 0 || stat(i->lock_path, &named) < 0 ||
	    held.st_dev != named.st_dev || held.st_ino != named.st_ino || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return say(err, SQ_INSTANCE_E_SETUP, "SQRYD_LOCK_FD=%d is not the lock %s", fd, i->lock_path);
	i->lock_fd = fd;
	return 0;
}

void sq_instance_hand_off(struct sq_instance *i)
{
	i->lock_fd = sq_fd_close(i->lock_fd);
}

static void address_of(const struct sq_instance *i, struct sockaddr_un *ret_a)
{
	*ret_a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_a->sun_path, i->socket_path, strlen(i->socket_path) + 1);   /* length checked by init */
}

int sq_instance_connect(const struct sq_instance *i)
{
	struct timeval limit = { .tv_sec = 5 };
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return sq_error_origin(-errno);
	address_of(i, &a);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));   /* a peer that hangs ends as EAGAIN */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		r = -errno;
		sq_fd_close(fd);
		return r;
	}
	return fd;
}

static int write_pid(struct sq_instance *i, struct sq_instance_error *err)
{
	_cleanup_(sq_freep) char *tmp = sq_asprintf("%s.%d", i->pid_path, (int)getpid());
	char text[32];
	int fd, n, r;

	if (!tmp)
		return sq_error_origin(-ENOMEM);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return say(err, SQ_INSTANCE_E_SETUP, "cannot write %s: %s", tmp, strerror(errno));
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	r = sq_fd_write_all(fd, text, (size_t)n);
	sq_fd_close(fd);
	if (!r && rename(tmp, i->pid_path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(tmp);
		return say(err, SQ_INSTANCE_E_SETUP, "cannot write %s: %s", i->pid_path, strerror(-r));
	}
	return 0;
}

void sq_instance_mark_ready(struct sq_instance *i)
{
	sq_fd_close(open(i->ready_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

/*
 * A connection alone proves nothing: the kernel takes a ring apart after its
 * process is gone, and until then the listening socket of a killed daemon
 * accepts. Whoever lives answers a hello.
 */
static bool is_answered(int fd)
{
	struct timeval limit = { .tv_usec = HELLO_LIMIT_MS * 1000 };
	struct sq_buf hello = SQ_BUF_NULL;
	size_t at = sq_frame_begin(&hello);
	bool answered = false;
	char byte;

	sq_hello_request(&hello, PACKAGE_VERSION);
	sq_frame_end(&hello, at);
	if (!sq_buf_error(&hello) && !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) &&
	    send(fd, hello.p, hello.n, MSG_NOSIGNAL) == (ssize_t)hello.n)
		answered = recv(fd, &byte, 1, 0) == 1;
	sq_buf_deinit(&hello);
	return answered;
}

static int try_lock(struct sq_instance *i, struct sq_instance_error *err)
{
	int fd = open(i->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return say(err, SQ_INSTANCE_E_SETUP, "cannot open lock file %s: %s", i->lock_path, strerror(errno));
	if (is_on_nfs(fd)) {
		sq_fd_close(fd);
		return say(err, SQ_INSTANCE_E_SETUP, "lock file %s is on NFS; set [socket] path to a local directory",
			   i->lock_path);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int e = errno;

		sq_fd_close(fd);
		if (e != EWOULDBLOCK)
			return say(err, SQ_INSTANCE_E_SETUP, "cannot lock %s: %s", i->lock_path, strerror(e));
		return say(err, SQ_INSTANCE_E_RUNNING, "sqryd is already running: pid %d, socket %s, lock %s",
			   (int)sq_instance_pid(i), i->socket_path, i->lock_path);
	}
	i->lock_fd = fd;
	return 0;
}

/* the holder of the lock was killed, but is not gone yet: wait for that. false: it lives, as far as we can tell */
static bool await_death(const struct sq_instance *i)
{
	pid_t pid = sq_instance_pid(i);
	int fd = sq_instance_connect(i), r;
	struct pollfd p = { .events = POLLIN };
	bool lives = fd >= 0 && is_answered(fd);

	sq_fd_close(fd);
	if (lives || !pid)
		return false;
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0)
		return errno == ESRCH;
	r = poll(&p, 1, DEATH_LIMIT_MS);
	sq_fd_close(p.fd);
	return r > 0;
}

int sq_instance_lock(struct sq_instance *i, struct sq_instance_error *err)
{
	int r = try_lock(i, err);

	return r == SQ_INSTANCE_E_RUNNING && await_death(i) ? try_lock(i, err) : r;
}

/* a socket of a dead daemon is taken away; anything else is somebody's */
static int clear_stale(const struct sq_instance *i, struct sq_instance_error *err)
{
	struct stat st;
	int fd;

	if (lstat(i->socket_path, &st) < 0)
		return errno == ENOENT ? 0 :
		       say(err, SQ_INSTANCE_E_SETUP, "cannot look at %s: %s", i->socket_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return say(err, SQ_INSTANCE_E_SETUP, "%s exists and is not a socket", i->socket_path);
	fd = sq_instance_connect(i);
	if (fd >= 0 && is_answered(fd)) {
		sq_fd_close(fd);
		return say(err, SQ_INSTANCE_E_SETUP, "another daemon listens on %s", i->socket_path);
	}
	sq_fd_close(fd);
	if (unlink(i->socket_path) < 0 && errno != ENOENT)
		return say(err, SQ_INSTANCE_E_SETUP, "cannot remove stale socket %s: %s", i->socket_path, strerror(errno));
	return 0;
}

int sq_instance_bind(struct sq_instance *i, struct sq_instance_error *err)
{
	struct sockaddr_un a;
	mode_t mask;
	int fd, r = write_pid(i, err);

	if (r)
		return r;
	i->owns_files = true;
	if (i->is_passed)
		return 0;
	r = clear_stale(i, err);
	if (r) {
		i->owns_files = false;   /* what stands there is not ours to unlink */
		(void)unlink(i->pid_path);
		return r;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return sq_error_origin(-errno);
	address_of(i, &a);
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0) {
		sq_fd_close(fd);
		return say(err, SQ_INSTANCE_E_SETUP, "cannot listen on %s: %s", i->socket_path, strerror(-r));
	}
	i->listen_fd = fd;
	return 0;
}

void sq_instance_take_over(struct sq_instance *i, int listen_fd, int lock_fd)
{
	struct sq_instance_error err;

	i->listen_fd = listen_fd;
	i->lock_fd = lock_fd;
	i->owns_files = true;
	(void)write_pid(i, &err);   /* liveness is not decided by it; the older pid stays */
}

void sq_instance_give_away(struct sq_instance *i)
{
	i->owns_files = false;
}
