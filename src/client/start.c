/* SPDX-License-Identifier: MIT */
#include "client/start.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time.h"
#include "client/path.h"

extern char **environ;

#define LOCK_POLL_MS 50         /* as the protocol has it; flock(2) knows no deadline */
#define KILL_AFTER_MS 1000      /* a child that does not end when asked to */
#define EXIT_START_TIMEOUT 69
#define EXIT_ALREADY_RUNNING 75

static int SQ_PRINTF(2, 3) fail(struct sqry_failure *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
	return SQRY_E_START;
}

static int make_directory(const struct sq_start *s)
{
	char dir[PATH_MAX];

	if (!s->is_default_socket)
		return 0;
	snprintf(dir, sizeof(dir), "%s", s->socket);
	if (mkdir(dirname(dir), 0700) < 0 && errno != EEXIST)
		return sq_error_origin(-errno);
	return 0;
}

/* the lock's descriptor, SQRY_E_TIMEOUT as -ETIMEDOUT, or -errno */
static int take_lock(const struct sq_start *s, uint64_t deadline_ns)
{
	char path[PATH_MAX];
	int fd, r;

	r = sq_client_sibling(s->socket, ".bootstrap.lock", path, sizeof(path));
	if (!r)
		r = make_directory(s);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return sq_error_origin(-errno);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		if (r == -EWOULDBLOCK && sq_now_ns() >= deadline_ns)
			r = -ETIMEDOUT;
		if (r != -EWOULDBLOCK && r != -EINTR) {
			close(fd);
			return sq_error_trace(r);
		}
		poll(NULL, 0, LOCK_POLL_MS);
	}
	return fd;
}

static bool is_executable(const char *path)
{
	return access(path, X_OK) == 0;
}

/* "" when only $PATH is left to search */
static void find_binary(const struct sq_start *s, char path[PATH_MAX])
{
	const char *given = s->sqryd_path ? s->sqryd_path : getenv("SQRYD_PATH");
	ssize_t n;
	char *slash;

	path[0] = '\0';
	if (given && *given) {
		snprintf(path, PATH_MAX, "%s", given);
		return;
	}
	n = readlink("/proc/self/exe", path, PATH_MAX - sizeof("sqryd"));
	path[SQ_MAX(n, (ssize_t)0)] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		snprintf(slash + 1, sizeof("sqryd"), "sqryd");
	if (!slash || !is_executable(path))
		path[0] = '\0';
}

/* our environment with the socket that the daemon shall listen on */
static char **make_environment(const char *socket)
{
	static const char name[] = "SQRY_DAEMON_SOCKET=";
	size_t n = 0, k = 0;
	char **env;

	while (environ[n])
		n++;
	env = sq_calloc(n + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], name, sizeof(name) - 1))
			env[k++] = environ[i];
	env[k] = sq_asprintf("%s%s", name, socket);
	if (!env[k]) {
		sq_free(env);
		return NULL;
	}
	return env;
}

static void free_environment(char **env)
{
	size_t n = 0;

	while (env[n])
		n++;
	sq_free(env[n - 1]); /* the rest is borrowed from environ */
	sq_free(env);
}

/* stdout and stdin to nowhere, stderr to @err, signals as at the start */
static int spawn_with(const char *path, int err, char **env, pid_t *ret_pid)
{
	char *argv[] = { "sqryd", "start", "--detach", "--spawned-by-client",
			 NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int e;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	e = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
	if (!e)
		e = posix_spawn_file_actions_adddup2(&files, 0, 1);
	if (!e)
		e = posix_spawn_file_actions_adddup2(&files, err, 2);
	if (!e && *path)
		e = posix_spawn(ret_pid, path, &files, &attr, argv, env);
	else if (!e)
		e = posix_spawnp(ret_pid, "sqryd", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -e;
}

/* exit status of the child, 128 + signal, -ETIMEDOUT, or -errno */
static int wait_for(pid_t pid, uint64_t deadline_ns)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int status = 0, n = 1;

	/* without pidfds the child's own time limit has to do */
	while (fd >= 0) {
		uint64_t now = sq_now_ns();

		n = poll(&p, 1, now < deadline_ns ?
			 (int)((deadline_ns - now) / 1000000) + 1 : 0);
		if (n >= 0 || errno != EINTR)
			break;
	}
	if (n == 0) {
		(void)kill(pid, SIGTERM); /* gone already: as good */
		if (poll(&p, 1, KILL_AFTER_MS) == 0)
			(void)kill(pid, SIGKILL);
	}
	if (fd >= 0)
		close(fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (n == 0)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* first line of what the child said, without "sqryd: " */
static void read_complaint(int fd, char *buf, size_t cap)
{
	ssize_t n = pread(fd, buf, cap - 1, 0);

	buf[SQ_MAX(n, (ssize_t)0)] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static int run_binary(const struct sq_start *s, uint64_t deadline_ns,
		      struct sqry_failure *f)
{
	char path[PATH_MAX], complaint[256] = "";
	char **env = make_environment(s->socket);
	int err, r;
	pid_t pid;

	if (!env)
		return sq_error_origin(-ENOMEM);
	find_binary(s, path);
	err = memfd_create("sqryd-stderr", MFD_CLOEXEC);
	r = err < 0 ? -errno : spawn_with(path, err, env, &pid);
	if (r < 0) {
		r = fail(f, "cannot run %s: %s; set SQRYD_PATH to the daemon's "
			 "program", *path ? path : "sqryd", strerror(-r));
	} else {
		r = wait_for(pid, deadline_ns);
		read_complaint(err, complaint, sizeof(complaint));
		if (r == -ETIMEDOUT || r == EXIT_START_TIMEOUT) {
			f->code = EXIT_START_TIMEOUT;
			r = fail(f, "the daemon was not ready in time%s%s",
				 *complaint ? ": " : "", complaint);
		} else if (r > 0 && r != EXIT_ALREADY_RUNNING) {
			f->code = r;
			r = fail(f, "%s did not start (exit status %d)%s%s",
				 *path ? path : "sqryd", r,
				 *complaint ? ": " : "", complaint);
		} else {
			r = 0; /* running, as far as its parent could tell */
		}
	}
	if (err >= 0)
		close(err);
	free_environment(env);
	return r;
}

int sq_start_daemon(const struct sq_start *s, struct sq_channel *ret_ch,
		    struct sqry_failure *f)
{
	uint64_t deadline = sq_channel_deadline(s->timeout_ms);
	int lock = take_lock(s, deadline);
	int r;

	if (lock == -ETIMEDOUT) {
		f->code = EXIT_START_TIMEOUT;
		return fail(f, "another client is starting the daemon and does "
			    "not finish");
	}
	if (lock < 0)
		return sq_error_trace(lock);
	/* the one that held the lock before may have started it */
	r = sq_channel_open(ret_ch, s->socket, s->connect_timeout_ms);
	if (r == SQRY_E_NOT_RUNNING) {
		r = run_binary(s, deadline, f);
		if (!r)
			r = sq_channel_open(ret_ch, s->socket,
					    s->connect_timeout_ms);
	}
	close(lock);
	return r;
}
