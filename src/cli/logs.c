/* SPDX-License-Identifier: MIT */
#include "cli/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/opts.h"

#define BLOCK 65536

/* $SQRY_DAEMON_LOG_FILE, else beside the socket; "" when that is too long */
static void find_log(const struct sq_cli *cli, char path[PATH_MAX])
{
	const char *env = getenv("SQRY_DAEMON_LOG_FILE");
	struct sq_slice s;

	if (env && *env) {
		snprintf(path, PATH_MAX, "%s", env);
		return;
	}
	if (cli->socket)
		snprintf(path, PATH_MAX, "%s", cli->socket);
	else if (sqry_socket_path(path, PATH_MAX))
		path[0] = '\0';
	s = sq_slice_z(path);
	if (sq_slice_has_suffix(s, SQ_LIT(".sock")))
		s.n -= strlen(".sock");
	if (s.n + sizeof(".log") <= PATH_MAX)
		snprintf(path + s.n, PATH_MAX - s.n, ".log");
}

/* where the last @lines lines begin */
static off_t find_tail(int fd, off_t size, int64_t lines)
{
	char block[BLOCK];
	off_t at = size;

	while (at > 0) {
		size_t n = at < BLOCK ? (size_t)at : BLOCK;
		ssize_t got = pread(fd, block, n, at - (off_t)n);

		if (got != (ssize_t)n)
			return 0; /* it shrank: show all */
		for (size_t i = n; i > 0; i--) {
			off_t behind = at - (off_t)n + (off_t)i;

			if (block[i - 1] == '\n' && behind < size && !--lines)
				return behind;
		}
		at -= (off_t)n;
	}
	return 0;
}

/* from *@at to the end */
static int copy_rest(int fd, off_t *at)
{
	char block[BLOCK];
	ssize_t n;

	while ((n = pread(fd, block, sizeof(block), *at)) > 0) {
		if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
			return -EIO;
		*at += n;
	}
	return fflush(stdout) ? -EIO : n < 0 ? -errno : 0;
}

/* the file was rotated away: @fd is the new one from now on */
static void reopen(const char *path, int *fd, off_t *at)
{
	struct stat ours, theirs;
	int new;

	if (fstat(*fd, &ours) < 0 || stat(path, &theirs) < 0)
		return;
	if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev) {
		if (theirs.st_size < *at)
			*at = 0;
		return;
	}
	new = open(path, O_RDONLY | O_CLOEXEC);
	if (new < 0)
		return;
	close(*fd);
	*fd = new;
	*at = 0;
}

/* the directory is watched, so that a rotation is seen too */
static int follow(const char *path, int *fd, off_t *at)
{
	struct sq_slice dir = sq_path_dir(sq_slice_z(path));
	char events[4096], name[PATH_MAX];
	int in = inotify_init1(IN_CLOEXEC);
	int r = 0;

	snprintf(name, sizeof(name), "%.*s", dir.n ? (int)dir.n : 1,
		 dir.n ? dir.p : ".");
	if (in < 0 || inotify_add_watch(in, name, IN_MODIFY | IN_CREATE |
					IN_MOVED_TO) < 0) {
		r = -errno;
		if (in >= 0)
			close(in);
		return r;
	}
	while (!r) {
		r = copy_rest(*fd, at);
		if (!r && read(in, events, sizeof(events)) < 0 && errno != EINTR)
			r = -errno;
		reopen(path, fd, at);
	}
	close(in);
	return r;
}

static int show(struct sq_cli *cli, const char *path, int64_t lines,
		bool follows)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t at;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = errno;
		if (fd >= 0)
			close(fd);
		return sq_cli_error(cli, EX_NOINPUT, "%s: %s; under systemd the log "
				    "is in \"journalctl -u sqryd\"", path,
				    strerror(r));
	}
	at = lines ? find_tail(fd, st.st_size, lines) : st.st_size;
	r = follows ? follow(path, &fd, &at) : copy_rest(fd, &at);
	close(fd);
	if (r < 0)
		return sq_cli_error(cli, EX_IOERR, "%s: %s", path, strerror(-r));
	return 0;
}

int sq_cmd_logs(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[OPTION...]",
		.about = "Show the end of the daemon's log file.\n",
	};
	int64_t lines = 50;
	bool follows = false;
	const struct sq_opt opts[] = {
		{ "lines", 'n', SQ_OPT_INT, &lines, 0, 1000000, "N",
		  "how many lines (50)" },
		{ "follow", 'f', SQ_OPT_FLAG, &follows, 0, 0, NULL,
		  "go on with what is appended" },
	};
	char path[PATH_MAX] = "";
	char **args;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, opts, SQ_ARRAY_SIZE(opts), argc, argv,
			      &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	find_log(cli, path);
	return show(cli, path, lines, follows);
}
