/* SPDX-License-Identifier: MIT */
#include "bench/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time.h"
#include "sys/fd.h"

#define LOOK_MS 250             /* how often the memory of a group with a limit is read */

/* ---- /proc ---------------------------------------------------------------------- */

static void children_of(pid_t pid, struct sq_buf *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	if (sq_fd_read_file(AT_FDCWD, path, 1u << 20, ret))
		sq_buf_clear(ret);      /* it has ended */
}

static uint64_t resident(pid_t pid)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	unsigned long long size, rss = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (sq_fd_read_file(AT_FDCWD, path, 4096, &text) || !sq_buf_z(&text) ||
	    sscanf(sq_buf_z(&text), "%llu %llu", &size, &rss) != 2)
		return 0;
	return (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* a process and what it started, by main threads: good enough for a limit */
static uint64_t resident_below(pid_t pid, unsigned depth)
{
	_cleanup_(sq_buf_deinit) struct sq_buf list = SQ_BUF_NULL;
	uint64_t sum = resident(pid);
	char *at, *end;

	children_of(pid, &list);
	if (depth > 8 || !sq_buf_z(&list) || !list.n)
		return sum;
	for (at = list.p;; at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			return sum;
		sum += resident_below((pid_t)child, depth + 1);
	}
}

/* ---- one program ---------------------------------------------------------------- */

static void child(const struct sq_command *c)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(c->out ? c->out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
	    (c->dir && chdir(c->dir)))
		_exit(126);
	for (size_t i = 0; c->env && c->env[i]; i++)
		putenv((char *)c->env[i]);
	execvp(c->argv[0], (char *const *)c->argv);
	_exit(127);
}

/* until it ends or passes a limit */
static enum sq_run_end wait_within(const struct sq_command *c, pid_t pid, uint64_t start_ns)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	enum sq_run_end end = SQ_RUN_EXITED;

	while (fd >= 0) {
		double left = c->timeout_s - (double)(sq_now_ns() - start_ns) / 1e9;
		int ms = c->timeout_s > 0 ? (int)(left * 1000) + 1 : -1;
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (c->timeout_s > 0 && left <= 0) {
			end = SQ_RUN_TIMEOUT;
			break;
		}
		if (c->memory_bytes && (ms < 0 || ms > LOOK_MS))
			ms = LOOK_MS;
		if (poll(&p, 1, ms) > 0)
			break;
		if (c->memory_bytes && resident_below(pid, 0) > c->memory_bytes) {
			end = SQ_RUN_MEMORY;
			break;
		}
	}
	sq_fd_close(fd);
	return end;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int sq_process_run(const struct sq_command *c, struct sq_run *ret)
{
	_cleanup_(sq_freep) char *program = sq_process_find(c->argv[0]);
	struct sq_run run = { .end = SQ_RUN_ABSENT };
	struct rusage usage;
	uint64_t start = sq_now_ns();
	int status;
	pid_t pid;

	if (!program) {
		*ret = run;
		return 0;
	}
	pid = fork();
	if (pid < 0)
		return sq_error_origin(-errno);
	if (!pid)
		child(c);
	setpgid(pid, pid);              /* whoever is first; the other one fails */
	run.end = wait_within(c, pid, start);
	if (run.end != SQ_RUN_EXITED)
		kill(-pid, SIGKILL);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return sq_error_origin(-errno);
	run.wall_s = (double)(sq_now_ns() - start) / 1e9;
	kill(-pid, SIGKILL);            /* what it left behind in its group */
	if (run.end == SQ_RUN_EXITED && WIFSIGNALED(status))
		run.end = SQ_RUN_SIGNALLED;
	run.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	run.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	run.peak_bytes = (uint64_t)usage.ru_maxrss << 10;
	*ret = run;
	return 0;
}

bool sq_run_ok(const struct sq_run *r)
{
	return r->end == SQ_RUN_EXITED && !r->code;
}

static void last_line(const char *path, struct sq_buf *ret)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	size_t end, start;

	if (sq_fd_read_file(AT_FDCWD, path, 16u << 20, &text) < 0)
		return;
	for (end = text.n; end && (text.p[end - 1] == '\n' || text.p[end - 1] == ' '); end--)
		;
	for (start = end; start && text.p[start - 1] != '\n'; start--)
		;
	if (end - start > 160)
		end = start + 160;
	if (end > start) {
		sq_buf_puts(ret, ": ");
		sq_buf_add_escaped(ret, sq_slice(text.p + start, end - start));
	}
}

void sq_run_text(const struct sq_run *r, const char *out, struct sq_buf *ret)
{
	switch (r->end) {
	case SQ_RUN_ABSENT:
		sq_buf_puts(ret, "not installed");
		return;
	case SQ_RUN_TIMEOUT:
		sq_buf_printf(ret, "no end after %.0f s, killed", r->wall_s);
		return;
	case SQ_RUN_MEMORY:
		sq_buf_printf(ret, "over its memory limit after %.0f s, killed", r->wall_s);
		return;
	case SQ_RUN_SIGNALLED:
		sq_buf_printf(ret, "killed by signal %d (%s)", r->code, sigabbrev_np(r->code));
		break;
	case SQ_RUN_EXITED:
		sq_buf_printf(ret, "exit status %d", r->code);
		break;
	}
	if (out)
		last_line(out, ret);
}

void sq_process_line(const char *const *argv, struct sq_buf *ret)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	/* no name: nothing is left of it however this process ends */
	_cleanup_(sq_fd_closep) int fd = memfd_create("line", MFD_CLOEXEC);
	char path[40];
	struct sq_command c = { .argv = argv, .timeout_s = 20, .out = path };
	struct sq_run run;
	size_t n = 0;

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!sq_process_run(&c, &run) && run.end == SQ_RUN_EXITED &&
	    !sq_fd_read_file(AT_FDCWD, path, 1u << 20, &text)) {
		while (n < text.n && n < 120 && text.p[n] != '\n')
			n++;
		sq_buf_add_escaped(ret, sq_slice(text.p, n));
	}
}

char *sq_process_find(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : sq_strdup(name);
	for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
		size_t n = strcspn(at, ":");
		char *full = sq_asprintf("%.*s/%s", (int)n, at, name);

		if (full && !access(full, X_OK))
			return full;
		sq_free(full);
		at += n + (at[n] == ':');
	}
	return NULL;
}

void sq_command_text(const struct sq_command *c, struct sq_buf *ret)
{
	if (c->dir)
		sq_buf_printf(ret, "cd %s && ", c->dir);
	for (size_t i = 0; c->env && c->env[i]; i++)
		sq_buf_printf(ret, "%s ", c->env[i]);
	for (size_t i = 0; c->argv[i]; i++)
		sq_buf_printf(ret, strpbrk(c->argv[i], " *$'\"") ? "%s'%s'" : "%s%s", i ? " " : "", c->argv[i]);
}

/* ---- the end of all ------------------------------------------------------------- */

void sq_process_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* who started it; 0: it has ended */
static pid_t parent_of(const char *pid)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	char path[64];
	const char *at;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (sq_fd_read_file(AT_FDCWD, path, 4096, &text) || !sq_buf_z(&text))
		return 0;
	at = strrchr(text.p, ')');      /* its name may hold anything */
	return at && sscanf(at + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/*
 * Every child with the group that it may lead. The list of /proc/PID/task is no
 * help here: it leaves out children while others of them end.
 */
static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid <= 0 || parent_of(e->d_name) != getpid())
			continue;
		if (getpgid(pid) == pid)
			kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	if (proc)
		closedir(proc);
}

/* what is gone leaves orphans, which become our children, so again for each; waitpid() says when none is left */
void sq_process_kill_all(void)
{
	do
		kill_children();
	while (waitpid(-1, NULL, 0) > 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	(void)(type == FTW_DP ? rmdir(path) : unlink(path));   /* what stays is seen by the caller's rmdir */
	return 0;
}

static int allow_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if ((type == FTW_D || type == FTW_DNR) && (st->st_mode & 0700) != 0700)
		(void)chmod(path, 0700);        /* then it can be emptied; if not, it stays */
	return 0;
}

void sq_remove_tree(const char *path)
{
	(void)nftw(path, allow_one, 64, FTW_PHYS);
	(void)nftw(path, remove_one, 64, FTW_PHYS | FTW_DEPTH);
}
